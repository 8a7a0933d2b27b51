"""pair_hessian: the Hessian of `pair`, an array (n, 3, n, 3)."""

from bench.problems.pair import ARGNUMS, TINY, jax_objective, make, objective

__all__ = ["ARGNUMS", "GRADIENT", "SIZES", "TINY", "derivative", "jax_objective", "jax_twin", "make", "objective"]
GRADIENT = False
SIZES = {"16 particles": {"n": 16}}


def derivative(s2sad):
    """The Hessian."""
    return s2sad.hessian(objective)


def jax_twin():
    """The same Hessian by JAX."""
    import jax

    return jax.jit(jax.hessian(jax_objective()))
