"""Results that the caller holds already: a function that overwrites a buffer handed to it need not return it.

    def f(a, i):                              def f(a, i):
        a_1 = store(a, 1.0, i)                    a[i] = 1.0
        y, a_2 = f(a_1, i - 1)                    y = f(a, i - 1)
        return y, a_2                             return y

It works on functions that are planned (`inplace`), where every update overwrites. A buffer that is returned costs the
compiler a count of references, and a place in a tuple, in each call.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from s2sad.backend import indexing
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Call, For, Function, If, Let, Var, While, replace
from s2sad.ir.primitives import UPDATES
from s2sad.ir.types import Array
from s2sad.memory.inplace import Owners

UNKNOWN, FRESH = -1, -2
"""What is not known yet; what is no parameter's buffer, or not always the same one's."""

Same = dict[str, tuple[int, ...]]
"""For each function, by result: the number of the parameter whose buffer it is, or `FRESH`."""


def trim(functions: Mapping[str, Function], main: Function, owners: Owners) -> tuple[dict[str, Function], Function]:
    """The functions without the results that their callers hold already, and main, which calls them so."""
    same = _same(functions, owners)
    trimmed = {name: _without(_calling(f, same), same[name]) for name, f in functions.items()}
    return trimmed, _calling(main, same)


def _same(functions: Mapping[str, Function], owners: Owners) -> Same:
    """Found from below: a call that is not known yet says nothing."""
    same: Same = {name: (UNKNOWN,) * len(f.results) for name, f in functions.items()}
    while True:
        before = dict(same)
        for name, function in functions.items():
            same[name] = _Origins(function, same).results(owners.get(name, frozenset()))
        if same == before:
            return {name: tuple(FRESH if k == UNKNOWN else k for k in found) for name, found in same.items()}


class _Origins:
    """Which parameter's buffer each variable of a function names."""

    def __init__(self, function: Function, same: Same) -> None:
        self.function, self.same = function, same
        self.origin: dict[Var, int] = {p: k for k, p in enumerate(function.params)}
        self.block(function.body)

    def results(self, owned: Iterable[int]) -> tuple[int, ...]:
        """The origins of the results, each parameter that is owned at most once."""
        found: list[int] = []
        for result in self.function.results:
            k = self.of(result)
            found.append(k if k == UNKNOWN or (k in owned and k not in found) else FRESH)
        return tuple(found)

    def of(self, atom: Atom) -> int:
        return self.origin.get(atom, FRESH) if isinstance(atom, Var) else FRESH

    def block(self, block: Block) -> None:
        for stmt in block:
            match stmt:
                case Let(prim=prim) if prim in UPDATES:
                    self.origin[stmt.targets[0]] = FRESH if _rebinds(stmt) else self.of(stmt.args[0])
                case Call():
                    for target, k in zip(stmt.targets, self.same.get(stmt.function, ()), strict=False):
                        self.origin[target] = k if k < 0 else self.of(stmt.args[k])
                case For() | While():
                    self.loop(stmt)
                case If():
                    self.block(stmt.then)
                    self.block(stmt.orelse)
                    self.origin.update({j.out: _meet(self.of(j.then), self.of(j.orelse)) for j in stmt.joined})
                case _:
                    pass

    def loop(self, stmt: For | While) -> None:
        self.origin.update({c.phi: self.of(c.init) for c in stmt.carried})
        while True:
            before = [self.of(c.phi) for c in stmt.carried]
            for inner in walk.blocks_of(stmt):
                self.block(inner)
            self.origin.update({c.phi: _meet(self.of(c.phi), self.of(c.next)) for c in stmt.carried})
            if before == [self.of(c.phi) for c in stmt.carried]:
                break
        self.origin.update({c.out: self.of(c.phi) for c in stmt.carried})


def _meet(a: int, b: int) -> int:
    if UNKNOWN in (a, b):
        return max(a, b) if FRESH not in (a, b) else FRESH
    return a if a == b else FRESH


def _rebinds(stmt: Let) -> bool:
    """Whether an update is written as one of a new array of the same name."""
    return isinstance(stmt.targets[0].type, Array) and indexing.needs_contiguous(dict(stmt.params)["path"])


def _without(function: Function, same: tuple[int, ...]) -> Function:
    kept = tuple(r for r, k in zip(function.results, same, strict=True) if k == FRESH)
    return replace(function, results=kept)


def _calling(function: Function, same: Same) -> Function:
    """The function, with what it handed to a callee in place of what that gave back."""
    aliases: dict[Var, Atom] = {}

    def change(block: Block) -> Block:
        return tuple(call(s) if isinstance(s, Call) and s.function in same else s for s in block)

    def call(stmt: Call) -> Call:
        kept = []
        for target, k in zip(stmt.targets, same[stmt.function], strict=True):
            if k == FRESH:
                kept.append(target)
            else:
                aliases[target] = stmt.args[k]
        return replace(stmt, targets=tuple(kept))

    return walk.with_aliases(function, walk.map_blocks(function.body, change), aliases)


__all__ = ["trim"]
