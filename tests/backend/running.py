"""Running emitted source in tests, and writing small functions in IR."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.backend.emit import emit
from s2sad.ir import Array, Builder, Carry, Const, For, Function, Module, Names, Scalar, Var, python_function, walk
from s2sad.ir import primitives as P
from s2sad.ir.nodes import int_var
from s2sad.ir.paths import element_path
from s2sad.ir.types import FLOAT, INT
from s2sad.memory import inplace

VECTOR = Array(FLOAT, (4,))
NUMBER = Scalar(FLOAT, weak=True)
COUNT = Scalar(INT, weak=True)


def emitted(module: Module | Function) -> Callable[..., tuple[Any, ...]]:
    """The emitted main function, run by CPython, giving a tuple."""
    module = Module(module) if isinstance(module, Function) else module
    namespace: dict[str, Any] = {}
    with rt.plain_python():
        exec(compile(emit(module), "<emitted>", "exec"), namespace)

    def call(*args: Any) -> tuple[Any, ...]:
        out = namespace[module.main.name](*args)
        return out if isinstance(out, tuple) else (out,)

    return call


def same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    """Whether two sequences of numbers and arrays are equal, nan to nan."""
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


def check(function: Module | Function, args: Sequence[Any]) -> None:
    """The emitted code gives what the pure printing gives, leaves its arguments alone, returns memory of its own."""
    want = python_function(function)(*map(_copy, args))
    given = [_copy(a) for a in args]
    got = emitted(function)(*given)
    text = emit(function if isinstance(function, Module) else Module(function))
    assert same(got, want), text
    assert same(given, args), f"an argument was overwritten\n{text}"
    arrays = [g for g in (*given, *got) if isinstance(g, np.ndarray)]
    shared = any(np.shares_memory(a, b) for k, a in enumerate(arrays) for b in arrays[:k])
    assert not shared, f"results share memory\n{text}"


def _copy(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


def copies(function: Function) -> int:
    """How many copies the plan writes."""
    planned = inplace.plan(function)
    return sum(getattr(s, "prim", None) is inplace.copy for s in walk.statements(planned.body))


class Writer(Builder):
    """A builder with short forms for tests."""

    def __init__(self, *params: Var) -> None:
        super().__init__(Names([p.name for p in params]))
        self.params = params

    def store(self, a: Var, i: Any, value: Any) -> Var:
        return self.emit(P.store, (a, value, i), {"path": element_path(1)}, a.name)

    def inc(self, a: Var, i: Any, value: Any) -> Var:
        return self.emit(P.inc, (a, value, i), {"path": element_path(1)}, a.name)

    def load(self, a: Var, i: Any, hint: str = "e") -> Var:
        return self.emit(P.load, (a, i), {"path": element_path(len(a.type.dims))}, hint)

    def loop(
        self, count: Any, inits: Sequence[Any], types: Sequence[Any], names: Sequence[str], body: Callable[..., Any]
    ) -> list[Var]:
        """A For over ``range(count)``; `body(index, *phis)` returns the next values. Returns the outs."""
        index = int_var(self.names.fresh("i"))
        phis = [self.var(n, t) for n, t in zip(names, types, strict=True)]
        with self.block() as stmts:
            nexts = body(index, *phis)
        outs = [self.var(n, t) for n, t in zip(names, types, strict=True)]
        inits = [a if isinstance(a, (Var, Const)) else Const(a) for a in inits]
        carried = tuple(Carry(p, i, n, o) for p, i, n, o in zip(phis, inits, nexts, outs, strict=True))
        count = count if isinstance(count, Var) else Const(count)
        self.append(For(index, Const(0), count, Const(1), carried, tuple(stmts), pos=self.pos))
        return outs

    def function(self, *results: Any) -> Function:
        return Function("f", self.params, tuple(self.statements), results)
