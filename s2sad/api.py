"""The public transforms. Names, arguments and behaviour are JAX's; nothing here knows about derivatives.

Every transform of a function gives a `Transformed`: an object that is called like the function, and that shows what was
made of it. What a transform means is written in `frontend.meanings`, for calls from outside and from inside of a
differentiated function alike.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from s2sad import tree
from s2sad.calling import applied, compiler, direct
from s2sad.calling.pullback import linear_transpose, linearize, vjp
from s2sad.calling.transformed import Transformed, transform
from s2sad.frontend.meanings.axes import check_specification
from s2sad.frontend.values import transforms

Function = Callable[..., Any]

__all__ = [
    "Transformed", "checkpoint", "grad", "hessian", "hvp", "jacfwd", "jacrev", "jit", "jvp", "linear_transpose",
    "linearize", "remat", "stop_gradient", "value_and_grad", "vjp", "vmap",
]  # fmt: skip


def grad(
    fun: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Transformed:
    """The gradient of a scalar-valued function.

    Args:
        fun: returns a real scalar (a pair of it and anything, with `has_aux`).
        argnums: which positional arguments to differentiate with respect to; a tuple gives a tuple.
        has_aux: `fun` returns ``(value, aux)``; the result is ``(gradient, aux)``.
        holomorphic: promise that a complex `fun` is holomorphic.
        allow_int: give zeros for integer arguments instead of refusing them.

    Returns a function of the same arguments, whose result mirrors the structure of those arguments.

    Raises TypeError, at the call, for integer arguments and for results that are not scalars or not real.
    """
    return transform("grad", fun, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic, allow_int=allow_int)


def value_and_grad(
    fun: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Transformed:
    """Like `grad`, but the function returns ``(value, gradient)``, or ``((value, aux), gradient)``."""
    options = {"argnums": argnums, "has_aux": has_aux, "holomorphic": holomorphic, "allow_int": allow_int}
    return transform("value_and_grad", fun, **options)


def jit(fun: Function, *, nogil: bool = False) -> Transformed:
    """The function itself, compiled.

    With `nogil` it lets other threads of Python run while it does; so does every function where the option `nogil`
    of `s2sad.config` is set. Its arrays must not be changed by another thread meanwhile.
    """
    return transform("jit", fun, nogil=nogil) if nogil else transform("jit", fun)


def vmap(
    fun: Function,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
) -> Transformed:
    """The function of a batch: mapped over an axis of its arguments.

    Args:
        fun: a function of one item of the batch.
        in_axes: which axis of each argument is mapped: an int, None (not mapped), or a tuple with one for each
            positional argument, where trees mirror containers. Keyword arguments are mapped over their first axis.
        out_axes: where the batch stands in each result; None for a result that is the same for all items.
        axis_name, spmd_axis_name: taken for the sake of JAX's signature, and without a use here.
        axis_size: the size of the batch, to be checked.

    Raises TypeError for axes that are none; ValueError, at the call, where they do not fit or where sizes disagree.
    """
    in_axes = check_specification(in_axes, out_axes)
    return transform("vmap", fun, in_axes=in_axes, out_axes=out_axes, axis_size=axis_size)


def jvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The value and the directional derivative: ``(fun(*primals), d fun(*primals)[tangents])``.

    `tangents` mirrors `primals`. With `has_aux`, `fun` returns ``(value, aux)`` and the result is a triple.
    Raises TypeError when structures, shapes or dtypes do not match.
    """
    return direct.program(direct.Directional, jvp, fun, bool(has_aux), "jvp").along(primals, tangents)


def jacfwd(
    fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Transformed:
    """The Jacobian of a function, one column a tangent (forward mode): best with more results than arguments.

    Args:
        fun: returns numbers, arrays or containers of them (a pair of it and anything, with `has_aux`).
        argnums: which positional arguments to differentiate with respect to; a tuple gives a tuple.
        has_aux: `fun` returns ``(value, aux)``; the result is ``(jacobian, aux)``.
        holomorphic: promise that a complex `fun` is holomorphic.

    Returns a function of the same arguments. Its result has the tree of the value, with the tree of the arguments at
    each leaf: an array of the shape of the result leaf followed by that of the argument leaf.

    Raises TypeError, at the call, for integer arguments, and for complex ones without `holomorphic`.
    """
    return transform("jacfwd", fun, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic)


def jacrev(
    fun: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Transformed:
    """Like `jacfwd`, but one row a cotangent (reverse mode): best where there are fewer results than arguments."""
    options = {"argnums": argnums, "has_aux": has_aux, "holomorphic": holomorphic, "allow_int": allow_int}
    return transform("jacrev", fun, **options)


def hessian(
    fun: Function, argnums: int | Sequence[int] = 0, has_aux: bool = False, holomorphic: bool = False
) -> Transformed:
    """The Jacobian of the Jacobian: ``jacfwd(jacrev(fun))``. See `jacfwd` for arguments and results."""
    return transform("hessian", fun, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic)


def hvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The product of the Hessian of a scalar-valued function with a vector, forward over reverse.

    `primals` and `tangents` are tuples, as for `jvp`. The result mirrors the argument where there is one, and is a
    tuple that mirrors `primals` where there are several. With `has_aux`, `fun` returns ``(value, aux)`` and the result
    is a pair.
    """
    return direct.program(direct.Directional, hvp, fun, bool(has_aux), "hvp").along(primals, tangents)


def checkpoint(
    fun: Function | None = None, *, prevent_cse: bool = True, policy: Any = None,
    static_argnums: int | Sequence[int] = (), snapshots: int | None = None,
) -> Any:
    """The function itself, of which reverse mode keeps the arguments only, and runs it again when it needs more.

    With `snapshots`, each loop at the top level of `fun` is reversed with memory for so many copies of what it
    carries, by the schedule that runs the fewest trips again (Griewank and Walther, Algorithm 799, revolve). Without
    `fun` the result is a decorator: ``@checkpoint(snapshots=10)``.

    Args:
        prevent_cse: taken for the sake of JAX's signature, and without a use here.
        policy: only None, which is to keep nothing; NotImplementedError for others.
        static_argnums: positional arguments that are known when the function is compiled.
        snapshots: how many states of a loop to hold at a time, at least 1; None to hold what the loop needs.
    """
    if snapshots is not None:
        compiler.handlers.custom.checked_snapshots(snapshots)
    if policy is not None:
        raise NotImplementedError(
            "checkpoint: only policy=None is supported, which keeps the arguments and nothing else"
        )
    numbers = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
    if fun is None:
        return functools.partial(
            checkpoint, prevent_cse=prevent_cse, policy=policy, static_argnums=static_argnums, snapshots=snapshots
        )
    return transform("checkpoint", fun, nondiff_argnums=numbers, snapshots=snapshots)


remat = checkpoint


def stop_gradient(x: Any) -> Any:
    """`x`, through which no derivative flows."""
    return tree.map(lambda leaf: np.array(leaf, subok=True)[()] if isinstance(leaf, np.ndarray) else leaf, x)


for _maker in (grad, value_and_grad, jacfwd, jacrev, hessian, jit, vmap, checkpoint):
    transforms.register(_maker, transforms.maker(_maker))
transforms.register(jvp, lambda *call: compiler.handlers.differentiation.jvp(*call))
transforms.register(hvp, lambda *call: compiler.handlers.jacobians.hvp(*call))
transforms.register(stop_gradient, lambda *call: compiler.handlers.differentiation.stop_gradient(*call))


for transform_of_function in (grad, value_and_grad, jit, vmap, jacfwd, jacrev, hessian):
    applied.offer(transform_of_function)  # in @njit code
for direct_transform in (jvp, hvp):
    applied.offer_direct(direct_transform)
