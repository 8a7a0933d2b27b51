"""What compiled code takes for granted of the sizes of its parameters, checked where it begins.

    def f(x, W):                            def f(x, W):
        s = 0.0                                 if W.shape[1] != x.shape[0]:
        for i in range(W.shape[0]):                 raise ValueError('f(): W.shape[1] == x.shape[0] is needed')
            ...                                 s = 0.0
                                                ...

A call from Python sees to that before it (`calling`); whoever calls a module that is written for him need not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Const, Effect, Function, If, Module, Var, replace
from s2sad.ir.primitives import Primitive, dim, raise_
from s2sad.ir.types import Array, Dim, Size, Symbol
from s2sad.rules.elementwise import add, mul
from s2sad.rules.logical import lt, ne

Place = tuple[Var, int]


def checked(module: Module, guards: Iterable[tuple[Dim, Dim]] = ()) -> Module:
    """The module whose main function raises ValueError where its parameters are not of the sizes that it was made for:
    the literal and the least ones of its types, and those that `guards` say are equal."""
    return Module(_Checks(module.main).function(guards), module.functions)


class _Checks:
    def __init__(self, function: Function) -> None:
        self.subject = function
        self.builder = Builder(walk.names_of(function))
        self.places: dict[Symbol, Place] = {}
        """Where each size stands first."""

    def function(self, guards: Iterable[tuple[Dim, Dim]]) -> Function:
        with self.builder.block() as checks:
            for param, axis, size in self.sizes():
                self.size(param, axis, size)
            for a, b in guards:
                if a != b:
                    self.refuse(ne, self.atom(a), self.atom(b), f"{self.text(a)} == {self.text(b)}")
        return replace(self.subject, body=(*checks, *self.subject.body))

    def sizes(self) -> Iterator[tuple[Var, int, Dim]]:
        for p in self.subject.params:
            for axis, size in enumerate(p.type.dims if isinstance(p.type, Array) else ()):
                if size is not None:
                    yield p, axis, size

    def size(self, param: Var, axis: int, size: Dim) -> None:
        """Check one size of a parameter against what its type says."""
        here = f"{param.name}.shape[{axis}]"
        symbol = None if isinstance(size, int) else size.terms[0][0]
        if symbol is None or symbol in self.places:
            self.refuse(ne, self.extent(param, axis), self.atom(size), f"{here} == {self.text(size)}")
            return
        self.places[symbol] = param, axis
        if symbol.at_least:
            least = Const(symbol.at_least)
            self.refuse(lt, self.extent(param, axis), least, f"{here} >= {symbol.at_least}")

    def extent(self, param: Var, axis: int) -> Atom:
        """A size of a parameter as it is."""
        size: Atom = self.builder.emit(dim, (param,), {"axis": axis}, "n")
        return size

    def refuse(self, wrong: Primitive, left: Atom, right: Atom, needed: str) -> None:
        message = f"{self.subject.name}(): {needed} is needed"
        refusal = Effect(raise_, (), (("kind", "ValueError"), ("message", message)))
        self.builder.append(If(self.builder.emit(wrong, (left, right), hint="wrong"), (refusal,), (), ()))

    def atom(self, size: Dim) -> Atom:
        """A linear form, computed."""
        if isinstance(size, int):
            return Const(size)
        total: Atom | None = None
        for symbol, factor in size.terms:
            part = self.extent(*self.places[symbol])
            part = part if factor == 1 else self.builder.emit(mul, (part, Const(factor)), hint="n")
            total = part if total is None else self.builder.emit(add, (total, part), hint="n")
        assert total is not None
        return self.builder.emit(add, (total, Const(size.constant)), hint="n") if size.constant else total

    def text(self, size: Dim) -> str:
        """A linear form as an expression of Python."""
        if isinstance(size, int):
            return str(size)
        named = {s: f"{p.name}.shape[{k}]" for s, (p, k) in self.places.items()}
        return str(Size(tuple((Symbol(named[s]), c) for s, c in size.terms), size.constant))
