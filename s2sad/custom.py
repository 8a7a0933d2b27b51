"""Derivative rules of one's own: `custom_jvp`, `custom_vjp`, `checkpoint`. The interface is JAX's."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from s2sad.calling import compiler
from s2sad.calling.travelling import Reduced, reduced
from s2sad.frontend.values.transforms import Spec, register

Function = Callable[..., Any]


class _Custom:
    """A function with rules; called from outside, it is the function."""

    kind = ""

    def __init__(self, fun: Function, nondiff_argnums: Sequence[int] = ()) -> None:
        functools.update_wrapper(self, fun)
        self.fun = fun
        numbers = (nondiff_argnums,) if isinstance(nondiff_argnums, int) else tuple(nondiff_argnums)
        self.nondiff_argnums = numbers
        options = {"owner": self, "rule": type(self)._rule, "nondiff_argnums": numbers}
        self.__s2sad__ = Spec(self.kind, fun, options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.fun(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Reduced:
        """A pickle holds the name, if that is this function's, or the function and its rules."""
        state = {name: value for name, value in vars(self).items() if name in ("jvp", "rules")}
        return reduced(self, self.fun, type(self), self.fun, self.nondiff_argnums, state=state)

    def _rule(self) -> Any:
        raise NotImplementedError


class custom_jvp(_Custom):
    """A function whose tangent is given by a rule; reverse mode transposes it.

        @custom_jvp
        def f(x, y): ...

        @f.defjvp
        def f_jvp(primals, tangents):
            return value, tangent

    Arguments in `nondiff_argnums` (functions, say) come first in the rule's parameters, one by one.
    """

    kind = "custom_jvp"
    jvp: Function | None = None

    def defjvp(self, jvp: Function, symbolic_zeros: bool = False) -> Function:
        """Set the rule: ``jvp(*nondiff, primals, tangents) -> (value, tangent)``, linear in the tangents."""
        if symbolic_zeros:
            raise NotImplementedError("symbolic_zeros=True is not supported: tangents that are zero are zeros")
        self.jvp = jvp
        return jvp

    def defjvps(self, *jvps: Function | None) -> None:
        """Set a rule for each argument: ``rule(tangent, value, *args)``, whose results are summed; None means zero."""
        if self.nondiff_argnums:
            raise TypeError("Can't use ``defjvps`` with ``nondiff_argnums``.")
        count = _count_parameters(self.fun)
        if len(jvps) > count:
            raise TypeError(f"defjvps got {len(jvps)} rules for {count} arguments")
        self.jvp = _summed(self, jvps)

    def _rule(self) -> Function | None:
        return self.jvp


def _count_parameters(function: Function) -> int:
    return len(inspect.signature(function).parameters)


def _summed(owner: Function, jvps: tuple[Function | None, ...]) -> Function:
    """One rule from a rule for each argument."""

    def jvp(primals: Any, tangents: Any) -> Any:
        value = owner(*primals)
        total = None
        for rule, tangent in zip(jvps, tangents, strict=False):
            if rule is not None:
                term = rule(tangent, value, *primals)
                total = term if total is None else total + term
        if total is None:
            total = 0.0 * value
        return value, total

    return jvp


class custom_vjp(_Custom):
    """A function whose cotangents are given by rules, for reverse mode only.

        @custom_vjp
        def f(x, y): ...

        f.defvjp(f_fwd, f_bwd)

    ``f_fwd(*args) -> (value, residuals)``; ``f_bwd(*nondiff, residuals, value_bar)`` returns a tuple with a cotangent,
    or None, for each argument that is not in `nondiff_argnums`.
    """

    kind = "custom_vjp"
    rules: tuple[Function, Function] | None = None

    def defvjp(self, fwd: Function, bwd: Function, symbolic_zeros: bool = False) -> None:
        """Set the rules."""
        if symbolic_zeros:
            raise NotImplementedError("symbolic_zeros=True is not supported: cotangents that are zero are zeros")
        self.rules = fwd, bwd

    def _rule(self) -> tuple[Function, Function] | None:
        return self.rules


# Those made inside a differentiated function are followed as they are written here, but for these.
register(_Custom.__init__, lambda *call: compiler.custom_inside.make(*call))
register(_Custom.__call__, lambda *call: compiler.custom_inside.call_made(*call))
register(_count_parameters, lambda *call: compiler.custom_inside.count_parameters(*call))
