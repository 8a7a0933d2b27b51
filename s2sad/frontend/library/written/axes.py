"""Axes and other counts that are known when a function is compiled, as tuples, over which loops are written out.

These functions are run by Python itself, on what is known: they take no values of the program.
"""

from s2sad.frontend.library.table import known_now


@known_now
def axes_of(rank):
    """``0, 1, ..., rank - 1``."""
    return tuple(range(rank))


steps = axes_of
"""As many things to do one after another."""


@known_now
def normal(axis, rank):
    """An axis, or several, counted from the front."""
    return axis % rank if isinstance(axis, int) else tuple(k % rank for k in axis)


@known_now
def others(rank, gone):
    """The axes that are not among these."""
    gone = (gone,) if isinstance(gone, int) else gone
    return tuple(k for k in range(rank) if k not in [g % rank for g in gone])


@known_now
def pairs_of(value, rank):
    """A number, a pair, or a pair for each axis, as the last of these."""
    if isinstance(value, (tuple, list)):
        if value and isinstance(value[0], (tuple, list)):
            return tuple(map(tuple, value)) * (rank if len(value) == 1 else 1)
        return ((value[0], value[-1]),) * rank
    return ((value, value),) * rank


@known_now
def pairs(rank, s, axes):
    """The axes of a transform of several axes and the sizes to cut them to, last first."""
    if axes is None:
        axes = range(-len(s), 0) if s is not None else range(rank)
    sizes = [None] * len(axes) if s is None else list(s)
    return tuple(zip(axes, sizes, strict=True))[::-1]
