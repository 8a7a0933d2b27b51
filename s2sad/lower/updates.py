"""Updates as loops: what is stored or added is computed element by element, straight into its place."""

from __future__ import annotations

from typing import Any

from s2sad.ir.nodes import Atom, Const, Let, Var, array_type
from s2sad.ir.paths import element_path
from s2sad.ir.primitives import cast, inc, store, undef, zeros
from s2sad.ir.types import Array
from s2sad.lower.arrays import Arrays, Elements
from s2sad.lower.indexing import path_map
from s2sad.lower.regions import Thread
from s2sad.rules.elementwise import real
from s2sad.rules.numbers import is_exact
from s2sad.rules.registry import PLACES, call_rule

WRITTEN = "written into later"
"""Why an array is stored that a statement updates."""


def update(arrays: Arrays, let: Let) -> bool:
    """A store or an increment of more than one element."""
    writer = arrays.writer
    base, value, *operands = let.args
    params = dict(let.params)
    if not is_exact(base.type.dtype) or not is_exact(value.type.dtype) or not isinstance(base, Var):
        return False
    found = path_map(arrays, base, operands, params["path"])
    if found is None or found.part or not found.dims or any(writer.extent(d) is None for d in found.dims):
        return False
    own = arrays.dims(value) if isinstance(value.type, Array) else ()
    surplus = max(len(own) - len(found.dims), 0)
    last = found.dims[len(found.dims) - len(own) + surplus :]
    if any(d != 1 for d in own[:surplus]) or any(a not in (1, b) for a, b in zip(own[surplus:], last, strict=True)):
        return False
    base = arrays.concrete(base, WRITTEN)
    made = arrays.pending(value)
    if made is not None and made.spread is not None:
        if let.prim is inc and own == found.dims:
            return _added(arrays, let, base, made.spread, found, operands)
        value = arrays.concrete(value, "a sum over leading axes")
    first = len(found.dims) - len(own)
    axes = tuple(None if d == 1 else first + k for k, d in enumerate(own))
    needs = [(base, None), *((o, None) for o in operands), (value, axes)]
    thread, loops, index = _nest(arrays, let, base, found.dims, needs)
    with writer.inside(loops[-1].body if loops else writer.top):
        at = tuple(Const(0) if d == 1 else index[first + k] for k, d in enumerate(own))
        number = arrays.element(value, at) if isinstance(value.type, Array) else value
        number = fitted(arrays, number, base)
        _write(arrays, thread, loops, let, number, found.at(index))
    return True


def _nest(arrays: Arrays, let: Let, base: Atom, dims: Any, needs: Any) -> Any:
    """Loops for an update, and its thread: those that add to the same array already, where that is all they do."""
    known = arrays.sums.get(base) if isinstance(base, Var) and let.prim is inc else None
    if (
        isinstance(base, Var)
        and known is not None
        and arrays.uses[base] == 0
        and arrays.may_extend(known[1], dims, needs[1:])
    ):
        loops, index = arrays.nest(dims, needs[1:])
        return known[0], loops, index
    loops, index = arrays.nest(dims, needs, updated=base)
    return Thread({arrays.writer.top: base}), loops, index


def _added(arrays: Arrays, let: Let, base: Atom, spread: Any, found: Any, operands: Any) -> bool:
    """An increment by a sum over leading axes: each term of the sum is added where it belongs."""
    del arrays.delayed[spread.target]
    needs = [(base, None), *((o, None) for o in operands), (spread.x, tuple(range(len(spread.dims))))]
    thread, loops, at = _nest(arrays, let, base, spread.dims, needs)
    with arrays.writer.inside(loops[-1].body):
        number = fitted(arrays, arrays.element(spread.x, at), base)
        _write(arrays, thread, loops, let, number, found.at(spread.index(at)))
    return True


def fitted(arrays: Arrays, number: Atom, base: Atom) -> Atom:
    """A number with the dtype of the array that it goes into."""
    dtype = base.type.dtype
    if number.type.dtype == dtype or isinstance(number, Const):
        return number
    if number.type.dtype.kind == "c" and dtype.kind != "c":
        number = arrays.writer.emit(real, (number,))
    return arrays.writer.emit(cast, (number,), {"dtype": dtype})


def _write(arrays: Arrays, thread: Thread, loops: Any, let: Let, number: Atom, index: Any) -> None:
    writer, target = arrays.writer, let.targets[0]
    version = writer.through(thread, loops, target if loops else None)
    after = Var(writer.names.fresh(target.name), target.type) if loops else target
    params: tuple[tuple[str, Any], ...] = (("path", element_path(array_type(target).rank)),)
    if let.prim is not inc and dict(let.params).get("once"):
        params = (("once", True), *params)
    writer.append(Let((after,), let.prim, (version, number, *index), params, let.pos))
    if loops:
        thread.versions[loops[-1].body] = after
        loops[0].updates.update({v for v in (let.args[0], target) if isinstance(v, Var)})
        loops[0].updates.add(version)
        if let.prim is inc:
            arrays.sums[target] = (thread, loops[0])


def place_whole(arrays: Arrays, let: Let) -> bool:
    """A primitive that puts whole arguments into its result: each is written there by loops of its own."""
    writer, target = arrays.writer, let.targets[0]
    args = [Elements(arrays, a) if isinstance(a.type, Array) else writer.ref(a) for a in let.args]
    background, pieces = call_rule(PLACES[let.prim], args, None, dict(let.params))
    dims = arrays.dims(target)
    if any(writer.extent(d) is None for x, _ in pieces for d in getattr(x, "dims", ())):
        return False
    version: Var = arrays.buffer(target, dims, None, undef if background == "undef" else zeros)
    for k, (x, place) in enumerate(pieces):
        own = x.dims if isinstance(x, Elements) else ()
        out = target if k == len(pieces) - 1 else Var(writer.names.fresh(target.name), target.type)
        loops, index = arrays.nest(own, ((x.atom, tuple(range(len(own)))), (version, None)))
        thread = Thread({writer.top: version})
        piece = Let((out,), store, (version,), (("once", True),), let.pos)
        with writer.inside(loops[-1].body if loops else writer.top):
            number = arrays.element(x.atom, index) if isinstance(x, Elements) else x.atom
            at = arrays.atoms(place(arrays.refs(index)))
            _write(arrays, thread, loops, piece, fitted(arrays, number, target), at)
        version = out
    return True
