"""Which values may share memory: what a statement's targets are made of, and the state of pairs at a point of the
program."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from s2sad.ir import walk
from s2sad.ir.infer import value_of
from s2sad.ir.nodes import Atom, Block, For, Function, If, Let, Params, Var, While
from s2sad.ir.primitives import (
    UPDATES,
    Primitive,
    cast,
    list_append,
    list_get,
    list_new,
    list_set,
    list_zeros,
    load,
    undef,
    zeros,
)
from s2sad.ir.types import Array, List, Scalar, Type, symbols_of

FRESH = frozenset({undef, zeros, cast, list_new, list_zeros})

CALLER = Var("<caller>", Scalar(np.dtype(np.bool_)))
"""Stands for whatever the caller of the function can see: always live, never overwritten."""


def is_buffer(atom: Atom) -> bool:
    """Whether a value is something that could be overwritten."""
    return isinstance(atom, Var) and isinstance(atom.type, (Array, List))


def shared_args(stmt: Let) -> tuple[Var, ...]:
    """The arguments whose memory the results of a Let (not an update) may share."""
    buffers = tuple(a for a in stmt.args if isinstance(a, Var) and is_buffer(a))
    if not buffers or stmt.prim in FRESH or not any(is_buffer(t) for t in stmt.targets):
        return ()
    if stmt.prim is load:
        fancy = any(isinstance(o.type, Array) for o in stmt.args[1:])
        return () if fancy else buffers[:1]
    if stmt.prim is list_get:
        return buffers[:1]
    shared = _shares(stmt.prim, tuple(a.type for a in stmt.args), stmt.params)
    return tuple(a for a, s in zip(stmt.args, shared, strict=True) if s and isinstance(a, Var) and is_buffer(a))


@lru_cache(maxsize=10_000)
def _shares(prim: Primitive, types: tuple[Type, ...], params: Params) -> tuple[bool, ...]:
    """For each argument, whether a result of the primitive may share its memory: found by running it on dummies of
    several layouts. When it cannot be run, all of them may."""
    found = [False] * len(types)
    ran = False
    for layout in ("C", "F", "strided"):
        dummies = [_dummy(t, layout) for t in types]
        try:
            with np.errstate(all="ignore"):
                out = prim.impl(*dummies, **dict(params))
        except Exception:
            continue
        ran = True
        outs = out if isinstance(out, tuple) else (out,)
        for k, d in enumerate(dummies):
            found[k] = found[k] or any(_overlap(d, o) for o in outs)
    return tuple(found) if ran else (True,) * len(types)


def _dummy(type: Type, layout: str) -> object:
    sizes = dict.fromkeys(symbols_of(type), 3)
    match type:
        case Scalar(dtype, weak):
            return dtype.type(1).item() if weak else dtype.type(1)
        case Array(dtype, dims):
            shape = tuple(max(value_of(d, sizes), 0) for d in dims)
            rng = np.random.default_rng(1)
            values = rng.integers(1, 3, shape) if dtype.kind in "iu" else rng.normal(size=shape)
            array = np.array(values.astype(dtype), order="F" if layout == "F" else "C")
            return np.repeat(array, 2, axis=-1)[..., ::2] if layout == "strided" and dims else array
        case List(item):
            return [_dummy(item, layout), _dummy(item, layout)]


def _overlap(a: object, b: object) -> bool:
    if isinstance(a, list):
        return a is b or any(_overlap(x, b) for x in a)
    if isinstance(b, list):
        return any(_overlap(a, x) for x in b)
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and (a is b or np.may_share_memory(a, b))


@dataclass(slots=True)
class Sources:
    """What each buffer of a function is made of, whatever the decisions: for finding where sharing began.

    `views` maps a target to the arguments it is a view of, `bound` a variable to those that it is another name of
    (phis, outs, joins, updates).
    """

    views: dict[Var, tuple[Var, ...]] = field(default_factory=dict)
    bound: dict[Var, tuple[Var, ...]] = field(default_factory=dict)

    def roots(self, var: Var) -> set[Var]:
        """The variables that the buffer (or a part) of `var` may come from, itself included."""
        found: set[Var] = set()
        todo = [var]
        while todo:
            v = todo.pop()
            if v not in found:
                found.add(v)
                todo.extend((*self.views.get(v, ()), *self.bound.get(v, ())))
        return found

    def views_between(self, var: Var, base_roots: set[Var]) -> set[Var] | None:
        """The view targets through which `var` comes to share with buffers of `base_roots`.

        None when it is such a buffer itself, by another name.
        """
        cuts: set[Var] = set()
        seen: set[Var] = set()
        todo = [var]
        while todo:
            v = todo.pop()
            if v in seen:
                continue
            seen.add(v)
            if v in self.views:
                if any(self.roots(b) & base_roots for b in self.views[v]):
                    cuts.add(v)
            elif v in self.bound:
                todo.extend(self.bound[v])
            elif v in base_roots:
                return None
        return cuts or None


def sources_of(function: Function) -> Sources:
    """Collect what the buffers of a function are made of."""
    sources = Sources()
    for stmt in walk.statements(function.body):
        match stmt:
            case Let() if stmt.prim in UPDATES:
                held = stmt.args[1:] if stmt.prim in (list_append, list_set) else ()
                _bind(sources, stmt.targets[0], (stmt.args[0], *held))
            case Let():
                for target in stmt.targets:
                    if is_buffer(target) and (shared := shared_args(stmt)):
                        sources.views[target] = shared
            case For() | While():
                for c in stmt.carried:
                    _bind(sources, c.phi, (c.init, c.next))
                    _bind(sources, c.out, (c.phi,))
            case If():
                for j in stmt.joined:
                    _bind(sources, j.out, (j.then, j.orelse))
            case _:
                pass
    return sources


def _bind(sources: Sources, target: Var, values: Iterable[Atom]) -> None:
    if is_buffer(target):
        sources.bound[target] = tuple(v for v in values if isinstance(v, Var) and is_buffer(v))


class Sharing:
    """At one point of the program: which buffers may share memory, and which may be less than a whole buffer of their
    own (views, items of lists)."""

    def __init__(self) -> None:
        self.pairs: dict[Var, set[Var]] = {}
        self.parts: set[Var] = set()

    def copy(self) -> Sharing:
        """The same state, to change on its own."""
        out = Sharing()
        out.pairs = {v: set(ws) for v, ws in self.pairs.items()}
        out.parts = set(self.parts)
        return out

    def holders(self, var: Var) -> set[Var]:
        """Every variable that may share memory with `var`, itself included."""
        return {var, *self.pairs.get(var, ())}

    def share(self, a: Var, b: Var) -> bool:
        """Whether two variables may share memory."""
        return a == b or b in self.pairs.get(a, ())

    def link(self, target: Var, *values: Var) -> None:
        """`target` may now share memory with the values and with all that share with them."""
        for value in values:
            for w in self.holders(value) - {target}:
                self.pairs.setdefault(target, set()).add(w)
                self.pairs.setdefault(w, set()).add(target)

    def size(self) -> int:
        """Grows with every fact: two states of one chain are equal when their sizes are."""
        return sum(map(len, self.pairs.values())) + len(self.parts)

    def merge(self, other: Sharing) -> None:
        """What may hold in either state."""
        for v, ws in other.pairs.items():
            self.pairs.setdefault(v, set()).update(ws)
        self.parts |= other.parts

    def forget(self, dead: Iterable[Var]) -> None:
        """Drop variables that are out of scope."""
        gone = set(dead)
        for v in gone & self.pairs.keys():
            for w in self.pairs.pop(v):
                if w not in gone:
                    self.pairs[w].discard(v)
        self.parts -= gone


def arrays_defined(block: Block) -> list[Var]:
    """The buffers defined anywhere in a block."""
    return [v for v in walk.all_defined(block) if is_buffer(v)]


__all__ = ["CALLER", "Sharing", "Sources", "arrays_defined", "is_buffer", "shared_args", "sources_of"]
