"""Tangents as values: the zero of a value, a tangent fitted to its primal's type, and the tangent of one elementwise
call.

    z = x * y     ->     z_dot = y * x_dot + x * y_dot

A tangent is an atom, or None where it is zero. Broadcasting, dtypes and real parts are settled here, so that rules
need not know of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from s2sad.ir import walk
from s2sad.ir.builder import Builder, Ref, atom_of
from s2sad.ir.nodes import Atom, Const, Let, Stmt, Var, replace
from s2sad.ir.paths import Index
from s2sad.ir.primitives import cast, list_zeros, load, undef, zeros
from s2sad.ir.types import Array, List, Scalar, element, is_complex
from s2sad.ir.verifier import alike
from s2sad.rules.registry import CALLABLES, Rule, not_known, partials_of, unknown
from s2sad.rules.shape import broadcast_to

Tangent = Atom | None


def dot_name(name: str) -> str:
    """What the tangent of a value is called: ``x_dot`` for ``x`` and for ``x_3``."""
    return re.sub(r"_\d+$", "", name) + "_dot"


def zero_like(b: Builder, atom: Atom, blank: bool = False) -> Atom:
    """A zero of the type of a value; for an array nobody has stored into yet (`blank`), an undefined one does."""
    match atom.type:
        case Scalar(dtype, weak):
            return Const(dtype.type(0).item() if weak else dtype.type(0))
        case Array(dtype):
            return b.emit(undef if blank else zeros, b.dim_atoms(atom), {"dtype": dtype}, dot_name(str(atom)))
        case List():
            return b.emit(list_zeros, (atom,), {}, dot_name(str(atom)))


def fit(b: Builder, tangent: Any, primal: Var) -> Atom:
    """A tangent with the dtype and the shape of its primal."""
    ref = b.ref(tangent)
    if is_complex(ref.type) and not is_complex(primal.type):
        ref = CALLABLES[np.real](ref)
    if element(ref.type) != element(primal.type):
        ref = b.ref(b.emit(cast, (ref,), {"dtype": element(primal.type)}))
    match primal.type, ref.type:
        case Array(dims=wanted), (Scalar() | Array()) as found:
            if isinstance(found, Scalar) or len(found.dims) != len(wanted) or found.dims != wanted:
                ref = b.ref(b.emit(broadcast_to, (ref, *b.dim_atoms(primal))))
        case Scalar(), Array():
            ref = b.ref(b.emit(load, (ref,), {"path": (Index(()),)}))
    return ref.atom


def named(b: Builder, atom: Atom, primal: Var) -> Atom:
    """The tangent under the name and the type of its primal, where the last statement has just made it."""
    last = b.statements[-1] if b.statements else None
    if isinstance(last, Let) and last.targets == (atom,) and alike(atom.type, primal.type):
        target = Var(b.names.fresh(dot_name(primal.name)), primal.type)
        b.statements[-1] = replace(last, targets=(target,))
        return target
    return atom


def elementwise(b: Builder, stmt: Let, rule: Rule, tangents: Sequence[Tangent]) -> Tangent:
    """The tangent of an elementwise primitive: the sum of its partials times the tangents of its arguments."""
    out = stmt.targets[0]
    with b.block() as scratch:
        partials = partials_of(rule, [b.ref(a) for a in stmt.args], b.ref(out), dict(stmt.params))
    for k, (partial, tangent) in enumerate(zip(partials, tangents, strict=True)):
        if partial is unknown and tangent is not None:
            raise not_known(stmt, k)
    pairs = [(p, d) for p, d in zip(partials, tangents, strict=True) if d is not None and not _is_zero(p)]
    b.extend(needed(scratch, [p for p, _ in pairs]))
    total: Ref | None = None
    for partial, tangent in pairs:
        total = _add(total, partial, b.ref(tangent))
    return None if total is None else named(b, fit(b, total, out), out)


def _is_zero(partial: Any) -> bool:
    return partial is None or (isinstance(partial, (int, float)) and partial == 0)


def _add(total: Ref | None, partial: Any, tangent: Ref) -> Ref:
    """``total + partial * tangent``, without multiplying by one."""
    unit = partial if isinstance(partial, (int, float)) and partial in (1, -1) else None
    if unit is None:
        tangent = partial * tangent
    if total is None:
        return -tangent if unit == -1 else tangent
    return total - tangent if unit == -1 else total + tangent


def needed(block: Sequence[Stmt], roots: Iterable[Any]) -> list[Stmt]:
    """The statements of a straight-line block that the roots need."""
    live = {atom_of(r) for r in roots}
    kept = []
    for stmt in reversed(block):
        if live.intersection(walk.defines(stmt)) or walk.blocks_of(stmt):
            kept.append(stmt)
            live.update(walk.operands(stmt), walk.leaving(stmt), *map(walk.free_vars, walk.blocks_of(stmt)))
    return kept[::-1]
