"""Calls: of functions of the same module, and, by bridges, of what only Numba can compile.

A bridge is a Python function of one statement that stands in the generated module and is compiled by Numba. What it
takes and gives crosses over as every other function's arguments and results do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s2sad.backend.llvm import growing
from s2sad.backend.llvm.code import I32, PTR, Value
from s2sad.backend.llvm.values import Growing, Uncovered, fields, number_of, parts_of, result_struct
from s2sad.ir.nodes import Atom, Call, Effect, Function, Let, Var, replace
from s2sad.ir.primitives import UPDATES
from s2sad.ir.types import Array, List, Scalar, Type
from s2sad.transforms.recording.decisions import Decision

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


Form = tuple[str, int | None, str]
"""dtype, rank (None: a number) and layout of what crosses over; of a list, those of its items and `LISTED`."""
LISTED = "list"


@dataclass(frozen=True, slots=True)
class Bridge:
    """A function that Numba compiles: its names in Python and in LLVM, the IR that it is written from, and the forms of
    what it takes and gives."""

    name: str
    symbol: str
    function: Function
    params: tuple[Form, ...]
    results: tuple[Form, ...]

    @property
    def types(self) -> list[str]:
        """The LLVM types of its parameters."""
        types = [PTR, PTR, PTR]
        for param, (_, rank, layout) in zip(self.function.params, self.params, strict=True):
            *rest, last = fields(param.type)
            types += [*rest, *(["i64"] * rank if layout == "A" and rank else []), last]
        return types


def form(type_: Type, layout: str = "C") -> Form:
    """How a value of that type crosses over."""
    match type_:
        case Scalar(dtype):
            return dtype.name, None, ""
        case Array(dtype, dims):
            return dtype.name, len(dims), layout
        case List(Scalar() | Array() as item):
            return (*form(item)[:2], LISTED)
        case List():
            raise Uncovered("a list of lists as a result")


def call(writer: Writer, stmt: Call) -> None:
    """A call of a function of the same module."""
    lent: list[tuple[Growing, Value]] = []
    args: list[Value] = []
    for atom in stmt.args:
        if isinstance(items := writer.anything(atom), Growing):
            lent.append((items, growing.lend(writer, items)))
            args.append(lent[-1][1])
        else:
            args += _handed(writer, atom, contiguous=True)
    _invoke(writer, writer.unit.symbol(stmt.function), args, stmt.targets, stmt.targets, lent)


def bridge(writer: Writer, stmt: Let | Effect) -> None:
    """One statement, by way of Numba."""
    variables = list(dict.fromkeys(a for a in stmt.args if isinstance(a, Var)))
    targets = stmt.targets if isinstance(stmt, Let) else ()
    if any(isinstance(v.type, List) for v in (*variables, *targets)):
        raise Uncovered(f"{stmt.prim.name} of a list")
    writes = isinstance(stmt, Let) and stmt.prim in UPDATES
    returned = () if writes else targets
    views = {v: writer.view(v) for v in variables if isinstance(v.type, Array)}
    params = tuple(form(v.type, "A" if v in views and views[v].strides is not None else "C") for v in variables)
    function = _alone(stmt, variables, targets, returned)
    why = "there are no instructions of ours for it"
    writer.unit.decisions.append(Decision(stmt.prim.name.rstrip("_"), "compiled by Numba", why, pos=stmt.pos))
    found = writer.unit.bridge(function, params, tuple(form(t.type) for t in returned))
    args = [a for v in variables for a in _handed(writer, v, contiguous=False)]
    _invoke(writer, found.symbol, args, returned, targets)
    if writes:
        writer.env[targets[0]] = writer.view(stmt.args[0])


def _alone(stmt: Let | Effect, variables: Sequence[Var], targets: Sequence[Var], returned: Sequence[Var]) -> Function:
    """The statement as a function, with names that do not depend on where it stands."""
    names: dict[Atom, Var] = {v: Var(f"a{k}", v.type) for k, v in enumerate(variables)}
    results = {t: Var(f"r{k}", t.type) for k, t in enumerate(targets)}
    stmt = replace(stmt, args=tuple(names.get(a, a) for a in stmt.args), pos=None)
    if isinstance(stmt, Let):
        stmt = replace(stmt, targets=tuple(results[t] for t in targets))
    params = tuple(names[v] for v in variables)
    return Function("bridge", params, (stmt,), tuple(results[t] for t in returned))


def _handed(writer: Writer, atom: Atom, contiguous: bool) -> list[Value]:
    """An argument in its parts; a view has its strides among them, before the owner."""
    if isinstance(atom.type, Scalar):
        number = writer.number(atom, atom.type.dtype)
        return parts_of(number)
    view = writer.view(atom)
    view = writer.contiguous(view) if contiguous else view
    return [view.data, *view.shape, *(view.strides or ()), view.owner]


def _invoke(
    writer: Writer,
    symbol: str,
    args: Sequence[Value],
    returned: Sequence[Var],
    targets: Sequence[Var],
    lent: Sequence[tuple[Growing, Value]] = (),
) -> None:
    """Call a function of ours, take back the lists that were lent to it, hand on its error, and name its results."""
    code = writer.code
    struct = result_struct([t.type for t in returned])
    record = code.alloca(struct)
    entry = [record, Value("%excinfo", PTR), Value("%fault", PTR)]
    status = code.value(I32, f"call i32 @{symbol}({', '.join(str(a) for a in (*entry, *args))})")
    for items, header in lent:
        growing.take_back(writer, items, header)
    writer.faults.propagate(status)
    place = 0
    for target in returned:
        values = []
        for type_ in fields(target.type):
            address = code.value(PTR, f"getelementptr inbounds {struct}, {record}, i32 0, i32 {place}")
            values.append(code.load(type_, address))
            place += 1
        if isinstance(target.type, Scalar):
            writer.env[target] = number_of(values)
        else:
            writer.env[target] = growing.held(writer, target.type, values)


__all__ = ["Bridge", "bridge", "call", "form"]
