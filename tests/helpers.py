"""The one place where tests of whole programs meet the public interface."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

import s2sad
from s2sad.config import using
from tests.corpus import Program
from tests.oracles import chosen


def backend(name: str = "python") -> AbstractContextManager[Any]:
    """Run the generated source under 'python' (CPython) or 'numba', with every pass verified."""
    return using(backend=name, verify=True)


def transform(kind: str, function: Callable[..., Any], **options: Any) -> Any:
    """`s2sad.grad`, `value_and_grad` or `jit` of a function, by name."""
    return getattr(s2sad, kind)(function, **options)


def argnums(p: Program) -> int | tuple[int, ...]:
    """The `argnums` of a program as a user would give them."""
    return p.wrt[0] if len(p.wrt) == 1 else p.wrt


def as_tuple(p: Program, gradient: Any) -> tuple[Any, ...]:
    """A gradient as a tuple over `p.wrt`."""
    return (gradient,) if len(p.wrt) == 1 else tuple(gradient)


def of_chosen(p: Program, args: tuple[Any, ...]) -> Callable[..., Any]:
    """The program as a function of its differentiated arguments, the others captured."""
    f = p.function
    match len(args), p.wrt:
        case n, wrt if wrt == tuple(range(n)):
            return f
        case 2, (0,):
            b = args[1]
            return lambda x: f(x, b)
        case 2, (1,):
            a = args[0]
            return lambda y: f(a, y)
        case 3, (0,):
            b, c = args[1:]
            return lambda x: f(x, b, c)
        case 3, (0, 1):
            c = args[2]
            return lambda x, y: f(x, y, c)
        case 4, (0, 1):
            c, d = args[2:]
            return lambda x, y: f(x, y, c, d)
        case 5, (0, 1, 2, 3):
            e = args[4]
            return lambda x, y, z, w: f(x, y, z, w, e)
        case 4, (0, 1, 2):
            d = args[3]
            return lambda x, y, z: f(x, y, z, d)
    raise NotImplementedError(f"{p.name}: arguments {p.wrt} of {len(args)}")


def jvp(p: Program, direction: tuple[Any, ...]) -> tuple[Any, Any]:
    """Value and tangent of a program at its sample."""
    args = p.args()
    return s2sad.jvp(of_chosen(p, args), chosen(args, p.wrt), direction)


def vjp(p: Program) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """Value and pullback of a program at its sample."""
    args = p.args()
    return s2sad.vjp(of_chosen(p, args), *chosen(args, p.wrt))


def jvp_of_vjp(p: Program, weights: Any, direction: tuple[Any, ...]) -> tuple[Any, ...]:
    """The derivative along a direction of the cotangents of the arguments."""
    args = p.args()
    f = of_chosen(p, args)

    def cotangents(*xs: Any) -> Any:
        _, pull = s2sad.vjp(f, *xs)
        return pull(weights)

    _, out = s2sad.jvp(cotangents, chosen(args, p.wrt), direction)
    return out


def is_scalar(value: Any) -> bool:
    """Whether a result is one real number, so that `grad` applies."""
    return isinstance(value, (float, np.floating)) or (
        isinstance(value, np.ndarray) and value.shape == () and np.issubdtype(value.dtype, np.floating)
    )


def snapshot(args: tuple[Any, ...]) -> Any:
    """A comparable picture of arguments, to see whether they were written into."""
    from tests.corpus import leaves

    return [(np.asarray(x).dtype.str, np.shape(x), np.asarray(x).tobytes()) for x in leaves(args)]
