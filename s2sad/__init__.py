"""s2sad: derivatives of ordinary numeric Python, as readable, compiled Python.

    >>> import s2sad
    >>> def f(x, n):
    ...     s = 0.0
    ...     for i in range(n):
    ...         s += x**i
    ...     return s
    >>> s2sad.grad(f)(2.0, 4)
    17.0

The names are JAX's. See `docs/` for a tour.
"""

from s2sad import test_util, tree
from s2sad.api import (
    Transformed,
    checkpoint,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    linear_transpose,
    linearize,
    remat,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)
from s2sad.calling import in_njit
from s2sad.config import config, using
from s2sad.custom import custom_jvp, custom_vjp
from s2sad.errors import (
    AliasError,
    MutationWarning,
    S2sadError,
    ShapeError,
    SourceNotFoundError,
    TypeMismatchError,
    UncompiledWarning,
    UnsupportedError,
    UnsupportedSyntaxError,
)

__version__ = "0.1.0"

__all__ = [
    "AliasError",
    "MutationWarning",
    "S2sadError",
    "ShapeError",
    "SourceNotFoundError",
    "Transformed",
    "TypeMismatchError",
    "UncompiledWarning",
    "UnsupportedError",
    "UnsupportedSyntaxError",
    "checkpoint",
    "config",
    "custom_jvp",
    "custom_vjp",
    "grad",
    "hessian",
    "hvp",
    "in_njit",
    "jacfwd",
    "jacrev",
    "jit",
    "jvp",
    "linear_transpose",
    "linearize",
    "remat",
    "stop_gradient",
    "test_util",
    "tree",
    "using",
    "value_and_grad",
    "vjp",
    "vmap",
]
