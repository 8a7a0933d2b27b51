"""A function as a closed piece of IR, for transforms to be applied to.

The leaves to differentiate become its first parameters; every runtime value that it uses besides (other arguments,
captured values, hidden parameters) becomes a further one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s2sad.frontend.elaborate.leaves import can_vary, leaves, refuse_returned, transform, type_of
from s2sad.frontend.values.meeting import first_change
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import ArrayRef, Buffer, ListRef, Location, Number, RuntimeItems, State, Static, Value
from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Atom, Block, Const, Function, Let, Stmt, Var, asked_size, replace
from s2sad.ir.paths import Index
from s2sad.ir.primitives import dim, load, zeros
from s2sad.ir.types import Array, List, Scalar, Type, is_inexact, known_dims, symbols_of

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True, slots=True)
class Closed:
    """A closed function and what to call it with.

    `outs` are the values it returned, whose leaves are `results` of `fun`, `counts` for each; a leaf that is not a
    number or an array has no result.
    """

    fun: Function
    args: tuple[Atom, ...]
    wrt: tuple[int, ...]
    outs: tuple[Value, ...]
    out_leaves: tuple[tuple[int | None, ...], ...]
    state: State

    def rebuild(self, elab: Elaborator, which: int, atoms: Sequence[Value]) -> Value:
        """One of the returned values with other leaves: ``atoms[k]`` for the k-th result."""
        supply = iter(self.out_leaves[which])
        outer, elab.state = elab.state, {**self.state, **elab.state}
        seen = set(elab.state)

        def change(leaf: Value) -> Value:
            number = next(supply)
            return leaf if number is None else atoms[number]

        value = transform(elab, self.outs[which], change)
        elab.state = outer | {x: content for x, content in elab.state.items() if x not in seen}
        return value


Split = Callable[["Elaborator", Value], tuple[Value, ...]]


def close(elab: Elaborator, name: str, wrt: Sequence[Value], run: Callable[[list[Value]], tuple[Value, ...]]) -> Closed:
    """The function that takes these leaves and returns what `run` of them returns."""
    entry, pos = elab.state, elab.pos
    primals = [elab.atom(v) for v in wrt]
    params = [Var(elab.builder.names.fresh(_hint(a)), a.type) for a in primals]
    elab.stand_ins.update(zip(params, primals, strict=True))
    elab.state = dict(entry)
    values = [_inner(elab, p) for p in params]
    for given, value in zip(wrt, values, strict=True):
        _same_origin(elab, given, value)
    results: list[Atom] = []
    with elab.builder.block() as body:
        try:
            outs = run(values)
            for out in outs:
                refuse_returned(elab, out)
            out_leaves = tuple(tuple(_result(elab, leaf, results) for leaf in leaves(elab, out)) for out in outs)
        except Unreachable:
            body_so_far = list(body)
            elab.state = entry
            elab.builder.pos = pos
            unreachable = True
        else:
            unreachable = False
    if unreachable:
        elab.builder.extend(walk.substitute(tuple(body_so_far), dict(zip(params, primals, strict=True))))
        raise Unreachable
    inner = elab.state
    _check_unchanged(elab, entry, inner)
    elab.state, elab.builder.pos = dict(entry), pos
    elab.latest = None
    block = _sizes_of_own(tuple(body), params)
    captured = [v for v in walk.free_vars(block, results) if v not in params]
    fun = Function(elab.builder.names.fresh(name), (*params, *captured), block, tuple(results), pos=pos)
    varying = tuple(k for k, p in enumerate(params) if is_inexact(p.type))
    return Closed(fun, (*primals, *captured), varying, outs, out_leaves, inner)


def _sizes_of_own(body: Block, params: Sequence[Var]) -> Block:
    """The body with sizes read of a parameter where they were read of something outside: its values are not used."""
    places = {d: (p, k) for p in params if isinstance(p.type, Array) for k, d in enumerate(p.type.dims)}
    outside = walk.free_vars(body).keys() - set(params)

    def own(stmt: Stmt) -> Stmt:
        match stmt:
            case Let(prim=prim, args=(array,)) if prim is dim and array in outside and asked_size(stmt) in places:
                param, axis = places[asked_size(stmt)]
                return replace(stmt, args=(param,), params=(("axis", axis),))
            case _:
                return stmt

    return walk.map_blocks(body, lambda block: tuple(map(own, block))) if outside and places else body


def _hint(atom: Atom) -> str:
    return atom.name if isinstance(atom, Var) else "x"


def _inner(elab: Elaborator, param: Var) -> Value:
    """A parameter as a value inside the closed function: arrays are copies, as far as writing goes."""
    location = Location(param.name)
    match param.type:
        case Array():
            elab.state[location] = Buffer(param)
            return ArrayRef(location, param.type)
        case List():
            elab.state[location] = RuntimeItems(param)
            return ListRef(location)
        case _:
            return Number(param)


def _same_origin(elab: Elaborator, given: Value, value: Value) -> None:
    """A write into the copy counts as one into the argument that was given."""
    if isinstance(given, ArrayRef) and isinstance(value, ArrayRef):
        elab.origins[value.location] = elab.origins.get(given.location, frozenset())
        if given.location in elab.outside.labelled:
            elab.outside.labelled[value.location] = elab.outside.labelled[given.location]


def private(elab: Elaborator, value: Value) -> Value:
    """The value with arrays of its own, for a function that may write into its arguments."""

    def copied(leaf: Value) -> Value:
        if not isinstance(leaf, ArrayRef):
            return leaf
        if leaf.path:
            own = elab.lift(elab.atom(leaf))
            elab.latest = None
            return own
        location = Location(leaf.location.hint)
        elab.state[location] = elab.get(leaf.location)
        own = ArrayRef(location, leaf.type)
        _same_origin(elab, leaf, own)
        return own

    return transform(elab, value, copied)


def _result(elab: Elaborator, leaf: Value, results: list[Atom]) -> int | None:
    """The number of the result that a leaf becomes. Arrays of rank 0 become numbers."""
    if type_of(elab, leaf) is None:
        return None
    atom = elab.atom(leaf)
    if isinstance(atom.type, Array) and not atom.type.dims:
        atom = elab.builder.emit(load, (atom,), {"path": (Index(()),)})
    results.append(atom)
    return len(results) - 1


def _check_unchanged(elab: Elaborator, entry: State, inner: State) -> None:
    """Refuse a function that wrote into what it captured."""
    location = first_change(elab, entry, inner)
    if location in elab.followed:
        elab.error(
            "What is raised in a function that a transform is applied to cannot be caught outside of it.",
            "Put the try into that function, or test for the case beforehand with an if.",
        )
    if location is not None:
        elab.error(
            f"A transformed function changes {location.hint}, which it captured.",
            "Make a copy inside the function, or pass it as an argument and return it.",
        )


# -- applying transforms


def result_types(elab: Elaborator, closed: Closed) -> list[Type]:
    """The types of the results, as far as sizes are known outside the function."""
    known = {s for a in closed.args for s in symbols_of(a.type)}

    def outer(type_: Type) -> Type:
        match type_:
            case Array(dtype, dims):
                return Array(dtype, known_dims(dims, known))
            case _:
                return type_

    return [outer(r.type) for r in closed.fun.results]


def apply(elab: Elaborator, kind: str, closed: Closed, seeds: Sequence[Atom]) -> tuple[list[Value], list[Value]]:
    """Write the `Apply`; gives the results of the function, and the derivatives."""
    types = result_types(elab, closed)
    results = [elab.builder.var(_name(r, "out"), t) for r, t in zip(closed.fun.results, types, strict=True)]
    if kind in ("vjp", "transpose"):
        derived = [elab.builder.var(f"{_hint(closed.args[k])}_bar", closed.args[k].type) for k in closed.wrt]
    else:
        derived = [elab.builder.var(f"{results[n].name}_dot", results[n].type) for n in varying_results(closed)]
    targets = (*results, *derived)
    elab.builder.append(Apply(targets, kind, closed.fun, (*closed.args, *seeds), closed.wrt, pos=elab.pos))
    lifted = [elab.lift(v) for v in targets]
    elab.latest = None
    return lifted[: len(results)], lifted[len(results) :]


def varying_results(closed: Closed) -> list[int]:
    """The inexact results of the function that belong to its value: what else it returns has no derivative."""
    return [n for n in closed.out_leaves[0] if n is not None and is_inexact(closed.fun.results[n].type)]


def _name(atom: Atom, default: str) -> str:
    return atom.name if isinstance(atom, Var) else default


def inline(elab: Elaborator, closed: Closed) -> list[Value]:
    """The results of the function itself, computed here."""
    block, results = walk.inline(closed.fun, closed.args, elab.builder.names)
    elab.builder.extend(block)
    values = [elab.lift(r) for r in results]
    elab.latest = None
    return values


def zero_like(elab: Elaborator, atom: Atom, type_: Type, dtype: object = None) -> Atom | None:
    """Zeros of a type, the sizes taken from what is known; None when a size is not."""
    from s2sad.frontend.elaborate.convert import size_atom

    if isinstance(type_, Scalar):
        return Const(type_.dtype.type(0).item() if type_.weak else type_.dtype.type(0))
    if not isinstance(type_, Array):
        return None
    dims = [None if d is None else size_atom(elab, d) for d in type_.dims]
    if any(d is None for d in dims):
        return None
    return elab.builder.emit(zeros, dims, {"dtype": type_.dtype})


def zero_of_leaf(elab: Elaborator, leaf: Value) -> Value:
    """The derivative of a leaf through which none flows: a float zero of its shape."""
    import numpy as np

    from s2sad.frontend import library

    if isinstance(leaf, ArrayRef):
        return library.call(elab, np.zeros, [library.attribute(elab, leaf, "shape")], {})
    return Static(0.0)


__all__ = ["Closed", "apply", "can_vary", "close", "inline", "varying_results", "zero_like", "zero_of_leaf"]
