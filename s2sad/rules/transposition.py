"""A vjp from a jvp: the tangent's program is linear in the tangents, so running it backwards gives the cotangents.

    declare:   by_transposition(eigh)        after its jvp
    tangent:   m = u.T @ x_dot @ u;  w_dot = diagonal(m)
    backwards: m_bar = from_diagonal(w_bar);  x_bar = u @ m_bar @ u.T

What does not depend on a tangent is computed as it stands. Rules written so need one formula, not two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from s2sad.ir.builder import Builder, Names, Ref, atom_of
from s2sad.ir.nodes import Atom, Const, Let, Stmt, Var, array_type, asked_size, replace
from s2sad.ir.primitives import Primitive, cast, dim
from s2sad.ir.types import Array, is_complex, is_inexact, type_of_value
from s2sad.rules.cotangent import is_ref
from s2sad.rules.registry import call_rule, partials_of, rule_of, vjp

Values = Sequence[Any]


def by_transposition(prim: Primitive, given: Callable[[Values], dict[str, Any]] | None = None) -> None:
    """Derive the vjp of a primitive from its jvp. `given` says by which params, for the cotangents there are."""

    @vjp(prim)
    def transposed(*bars_and_args: Any, out: Any, **params: Any) -> tuple[Any, ...]:
        bars, *args = bars_and_args
        bars = bars if prim.results > 1 else (bars,)
        params = {**params, **given(bars)} if given else params
        outs = out if prim.results > 1 else (out,)
        if any(is_ref(a) for a in args):
            return _write(prim, bars, args, outs, params)
        return _compute(prim, bars, args, outs, params)


def _write(prim: Primitive, bars: Values, args: Values, outs: Values, params: dict[str, Any]) -> Any:
    """Write the transposed program; the result has a reference for each argument, or None."""
    builder: Builder = next(a for a in args if is_ref(a))._builder
    atoms = [atom_of(a) for a in args]
    dots = [builder.var("dot", a.type) if is_inexact(a.type) else None for a in atoms]
    forward = rule_of(prim).jvp
    assert forward is not None
    with builder.block() as tangent:
        given = [None if d is None else builder.ref(d) for d in dots]
        made = call_rule(forward, [*given, *args], outs if prim.results > 1 else outs[0], params)
    made = made if prim.results > 1 else (made,)
    linear = {d for d in dots if d is not None}
    steps: list[Let] = []
    with builder.block() as written:
        for stmt in tangent:
            assert isinstance(stmt, Let)
            if linear.intersection(stmt.args) and stmt.prim is not dim:
                linear.update(stmt.targets)
                steps.append(stmt)
            else:
                builder.append(stmt)
        known: dict[Atom, Ref] = {}
        for target, bar in zip(made, bars, strict=True):
            if target is not None and bar is not None:
                _add(known, atom_of(target), builder.ref(atom_of(bar)))
        for stmt in reversed(steps):
            _back(builder, stmt, known, linear)
    results = [None if d is None else known.get(d) for d in dots]
    shapes = [a for a in (*atoms, *map(atom_of, outs)) if isinstance(a.type, Array)]
    builder.extend(_needed([_settled(s, linear, shapes) for s in written], [r.atom for r in results if r is not None]))
    return tuple(results)


def _back(builder: Builder, stmt: Let, known: dict[Atom, Ref], linear: set[Var]) -> None:
    """The cotangents of what one linear statement reads."""
    bars = tuple(known.pop(t, None) for t in stmt.targets)
    if all(b is None for b in bars):
        return
    bar = bars if stmt.prim.results > 1 else bars[0]
    args = [builder.ref(a) for a in stmt.args]
    if stmt.prim is cast:
        found: Any = (bar,)
    else:
        rule = rule_of(stmt.prim)
        outs = tuple(builder.ref(t) for t in stmt.targets)
        out = outs if stmt.prim.results > 1 else outs[0]
        if rule.partials is not None:
            partials = partials_of(rule, args, out, dict(stmt.params))
            found = tuple(
                p * bar if a in linear and p is not None else None for p, a in zip(partials, stmt.args, strict=True)
            )
        else:
            assert rule.vjp is not None
            found = call_rule(rule.vjp, [bar, *args], out, dict(stmt.params))
    for arg, contribution in zip(stmt.args, found, strict=True):
        if arg in linear and contribution is not None:
            _add(known, arg, _fitted(builder, contribution, arg))


def _add(known: dict[Atom, Ref], atom: Atom, bar: Ref) -> None:
    known[atom] = known[atom] + bar if atom in known else bar


def _fitted(builder: Builder, bar: Ref, primal: Atom) -> Ref:
    """A cotangent of the dtype and shape of what it belongs to."""
    from s2sad.rules.broadcasting import unbroadcast
    from s2sad.rules.elementwise import real

    dims = primal.type.dims if isinstance(primal.type, Array) else ()
    if isinstance(bar.type, Array) and bar.type.dims != dims:
        bar = unbroadcast(bar, *(builder.ref(d) for d in builder.dim_atoms(primal))) if dims else unbroadcast(bar)
    if is_complex(bar.type) and not is_complex(primal.type):
        bar = real(bar)
    return bar if bar.dtype == primal.type.dtype else cast(bar, dtype=primal.type.dtype)


def _settled(stmt: Stmt, linear: set[Var], shapes: Sequence[Atom]) -> Stmt:
    """A statement that asks a tangent for its size asks an argument or a result of the same size instead."""
    if not isinstance(stmt, Let) or stmt.prim is not dim or stmt.args[0] not in linear:
        return stmt
    size = asked_size(stmt)
    for array in shapes:
        dims = array_type(array).dims
        if size in dims:
            return replace(stmt, args=(array,), params=(("axis", dims.index(size)),))
    raise NotImplementedError(f"no argument has the size of {stmt.args[0]}")


def _needed(block: Sequence[Any], roots: Sequence[Atom]) -> list[Any]:
    live = set(roots)
    kept = []
    for stmt in reversed(block):
        if live.intersection(stmt.targets):
            kept.append(stmt)
            live.update(stmt.args)
    return kept[::-1]


def _compute(prim: Primitive, bars: Values, args: Values, outs: Values, params: dict[str, Any]) -> Any:
    """The cotangents for numbers: write the program for their types, and run it."""
    builder = Builder(Names())
    env: dict[Atom, Any] = {}

    def bind(value: Any) -> Any:
        if value is None:
            return None
        var = builder.var("x", type_of_value(value))
        env[var] = value
        return builder.ref(var)

    found = _write(prim, [bind(b) for b in bars], [bind(a) for a in args], [bind(o) for o in outs], params)

    def value(atom: Atom) -> Any:
        return atom.value if isinstance(atom, Const) else env[atom]

    for stmt in builder.statements:
        assert isinstance(stmt, Let)
        out = stmt.prim.impl(*map(value, stmt.args), **dict(stmt.params))
        env.update(zip(stmt.targets, out if stmt.prim.results > 1 else (out,), strict=True))
    return tuple(None if f is None else np.asarray(value(f.atom))[()] for f in found)
