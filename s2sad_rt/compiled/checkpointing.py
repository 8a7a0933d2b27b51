"""The schedule of checkpoints, compiled."""

from numba.extending import register_jitable

from s2sad_rt import checkpointing

revolve_advance = register_jitable(checkpointing.revolve_advance)
