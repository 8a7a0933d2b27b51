"""Checking a rule by numbers: finite differences, jvp against vjp, second order, and the types it claims.

A rule runs on plain numbers, and on references it writes a straight-line program, which is run here too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2sad.ir import Array, Builder, Const, Let, Names, Primitive, Var
from s2sad.ir.builder import atom_of
from s2sad.ir.infer import value_of
from s2sad.ir.primitives import cast, dim, load, store, undef, zeros
from s2sad.ir.types import symbol, symbols_of, type_of_value
from s2sad.rules.registry import Rule, call_rule, partials_of, rule_of, unknown

STEP = 1e-5


def inexact(x: Any) -> bool:
    return not isinstance(x, list) and np.asarray(x).dtype.kind in "fc"


def fit(value: Any, primal: Any) -> Any:
    """A tangent or cotangent with the shape and dtype of its primal, as the transforms fit it."""
    primal = np.asarray(primal)
    value = np.asarray(value)
    if primal.dtype.kind != "c" and value.dtype.kind == "c":
        value = value.real
    value = value.sum(axis=tuple(range(max(value.ndim - primal.ndim, 0))))
    axes = tuple(k for k, n in enumerate(primal.shape) if n == 1 and value.ndim == primal.ndim and value.shape[k] != 1)
    value = value.sum(axis=axes, keepdims=True)
    return np.broadcast_to(value, primal.shape).astype(primal.dtype)[()]


# -- one application of a primitive


class NotKnown(Exception):
    """A tangent meets a partial that is `unknown`."""


def known_partials(rule: Rule, args: Sequence[Any], out: Any, params: dict[str, Any]) -> list[Any]:
    """The partials of an elementwise primitive; None where they are zero or not known."""
    return [None if p is unknown else p for p in partials_of(rule, args, out, params)]


def tangent(prim: Primitive, args: Sequence[Any], dots: Sequence[Any], out: Any, params: dict[str, Any]) -> Any:
    """The tangent of a call, from its rule; None where the rule says zero. Several results give a tuple."""
    if prim is load:
        return None if dots[0] is None else prim.impl(dots[0], *args[1:], **params)
    if prim is cast:
        return None if dots[0] is None else prim.impl(dots[0], **params)
    if prim is store:
        bar = np.zeros_like(args[0]) if dots[0] is None else dots[0]
        return prim.impl(bar, 0.0 if dots[1] is None else dots[1], *args[2:], **params)
    if prim in (dim, zeros, undef) or all(d is None for d in dots):
        return None
    rule = rule_of(prim)
    if rule.zero:
        return None
    if rule.partials is not None:
        partials = partials_of(rule, args, out, params)
        if any(p is unknown and d is not None for p, d in zip(partials, dots, strict=True)):
            raise NotKnown
        terms = [p * d for p, d in zip(partials, dots, strict=True) if p is not None and d is not None]
        return fit(sum(terms), out) if terms else None
    found = call_rule(rule.jvp, [*dots, *args], out, params)
    if prim.results > 1:
        return tuple(None if f is None else fit(f, o) for f, o in zip(found, out, strict=True))
    return None if found is None else fit(found, out)


def cotangents(prim: Primitive, args: Sequence[Any], bar: Any, out: Any, params: dict[str, Any]) -> list[Any]:
    """The cotangents of the arguments of a call, from its rule."""
    rule = rule_of(prim)
    if rule.partials is not None:
        found = tuple(None if p is None else p * bar for p in known_partials(rule, args, out, params))
    else:
        found = call_rule(rule.vjp, [bar, *args], out, params)
        assert isinstance(found, tuple), f"the vjp of {prim.name} returns no tuple"
    assert len(found) == len(args), f"{prim.name} has {len(args)} arguments, its rule gives {len(found)}"
    return [None if f is None or not inexact(a) else fit(f, a) for f, a in zip(found, args, strict=True)]


# -- straight-line programs


@dataclass
class Program:
    params: list[Var]
    lets: list[Let]
    results: list[Any]


def abstract(x: Any) -> Any:
    """The type of a value, with a symbol for each size above 1."""
    t = type_of_value(x)
    return Array(t.dtype, tuple(symbol(f"n{d}", 2) if d > 1 else d for d in t.dims)) if isinstance(t, Array) else t


def trace(function: Callable[..., Any], values: Sequence[Any]) -> Program:
    """What a function of references writes for arguments of these types; None stays None."""
    builder = Builder(Names())
    params = [None if v is None else Var(f"x{k}", abstract(v)) for k, v in enumerate(values)]
    out = function(*(None if p is None else builder.ref(p) for p in params))
    results = [None if o is None else atom_of(o) for o in (out if isinstance(out, tuple) else (out,))]
    return Program([p for p in params if p is not None], list(builder.statements), results)


def run(program: Program, values: Sequence[Any], dots: Sequence[Any] | None = None) -> tuple[list[Any], list[Any]]:
    """The results of a program and their tangents. Checks every value against the type that the program claims."""
    env: dict[Var, Any] = dict(zip(program.params, values, strict=True))
    tans: dict[Var, Any] = dict(zip(program.params, dots or [None] * len(values), strict=True))

    def value(atom: Any) -> Any:
        return atom.value if isinstance(atom, Const) else env[atom]

    for let in program.lets:
        args = [value(a) for a in let.args]
        with np.errstate(all="ignore"):
            out = let.prim.impl(*args, **dict(let.params))
            made = tangent(let.prim, args, [tans.get(a) for a in let.args], out, dict(let.params)) if dots else None
        outs = out if let.prim.results > 1 else (out,)
        made = made if let.prim.results > 1 and made is not None else (made,) * len(outs)
        for target, v, t in zip(let.targets, outs, made, strict=True):
            claims(let.prim, target, v, env)
            env[target], tans[target] = v, t
    results = [None if r is None else value(r) for r in program.results]
    return results, [None if r is None or isinstance(r, Const) else tans.get(r) for r in program.results]


def claims(prim: Primitive, target: Var, value: Any, env: dict[Var, Any]) -> None:
    """The type of a value must be what the program says."""
    if isinstance(value, list):
        return
    found, said = type_of_value(value), target.type
    assert type(found) is type(said), f"{prim.name} is said to give {said}, but gives {found}"
    assert found.dtype == said.dtype, f"{prim.name} is said to give {said}, but gives {found}"
    if isinstance(said, Array):
        assert len(found.dims) == len(said.dims), f"{prim.name} is said to give {said}, but gives {found}"
        for n, d in zip(found.dims, said.dims, strict=True):
            names = {s: s.name for s in symbols_of(Array(said.dtype, (d,)))}
            if all(name[0] == "n" and name[1:].isdigit() for name in names.values()):
                assert value_of(d, {s: int(name[1:]) for s, name in names.items()}) == n, (
                    f"{prim.name}: {said}, {found}"
                )


# -- the check


def check_rule(prim: Primitive, *args: Any, order: int = 2, rtol: float = 1e-6, **params: Any) -> None:
    """Check the rule of a primitive at a sample; raises AssertionError. An argument whose partial is not known is kept
    fixed."""
    rng = np.random.default_rng(0)

    def direction(x: Any) -> Any:
        x = np.asarray(x)
        v = rng.standard_normal(x.shape)
        return (v + 1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else v).astype(x.dtype)[()]

    def apply(*xs: Any) -> tuple[Any, ...]:
        with np.errstate(all="ignore"):
            out = prim.impl(*xs, **params)
        return out if prim.results > 1 else (out,)

    outs = apply(*args)
    out = outs if prim.results > 1 else outs[0]
    results, _ = run(trace(lambda *xs: prim(*xs, **params), args), args)
    for r, o in zip(results, outs, strict=True):
        np.testing.assert_allclose(r, o)
    if rule_of(prim).zero:
        return
    partials = partials_of(rule_of(prim), args, out, params) if rule_of(prim).partials is not None else args
    active = [inexact(a) and p is not unknown for a, p in zip(args, partials, strict=True)]
    dots = [direction(a) if on else None for a, on in zip(args, active, strict=True)]
    made = tangent(prim, args, dots, out, params)
    made = made if prim.results > 1 else (made,)
    made = tuple(np.zeros_like(o) if m is None else m for m, o in zip(made, outs, strict=True))
    for m, d in zip(made, differences(apply, args, dots), strict=True):
        np.testing.assert_allclose(m, d, rtol=rtol, atol=1e-7, err_msg=f"jvp of {prim.name}")

    bars = tuple(direction(o) for o in outs)
    found = cotangents(prim, args, bars if prim.results > 1 else bars[0], out, params)
    left = sum(np.sum(b * m).real for b, m in zip(bars, made, strict=True))
    right = sum(np.sum(f * d).real for f, d in zip(found, dots, strict=True) if f is not None)
    np.testing.assert_allclose(left, right, rtol=1e-8, atol=1e-9, err_msg=f"vjp of {prim.name}")
    for k, on in enumerate(active):  # a rule must cope with arguments that carry no tangent
        if on and sum(active) > 1:
            alone = tangent(prim, args, [d if j == k else None for j, d in enumerate(dots)], out, params)
            alone = alone if prim.results > 1 else (alone,)
            one = sum(np.sum(b * m).real for b, m in zip(bars, alone, strict=True) if m is not None)
            np.testing.assert_allclose(
                one, np.sum(found[k] * dots[k]).real if found[k] is not None else 0, rtol=1e-8, atol=1e-9
            )
    if order > 1:
        second_order(prim, args, active, dots, outs, bars, params, rtol)


def differences(function: Callable[..., Any], args: Sequence[Any], dots: Sequence[Any]) -> list[Any]:
    """Central differences of a function along a direction, refined by one extrapolation."""

    def at(h: float) -> list[Any]:
        return list(function(*(a if d is None else a + h * d for a, d in zip(args, dots, strict=True))))

    def slope(h: float) -> list[Any]:
        return [None if p is None else (np.asarray(p) - m) / (2 * h) for p, m in zip(at(h), at(-h), strict=True)]

    coarse, fine = slope(8 * STEP), slope(4 * STEP)
    return [None if c is None else (4 * f - c) / 3 for c, f in zip(coarse, fine, strict=True)]


def has_derivative(program: Program, given: Sequence[Any], k: int) -> bool:
    """Whether no partial is unknown on the way from value `k`."""
    change = [np.ones(np.shape(v)) if i == k else None for i, v in enumerate(given)]
    try:
        run(program, given, change)
    except NotKnown:
        return False
    return True


def second_order(
    prim: Primitive, args: Any, active: list[bool], dots: Any, outs: Any, bars: Any, params: dict[str, Any], rtol: float
) -> None:
    """The derivative of what the rule writes, against differences of it, in both modes."""
    rng = np.random.default_rng(1)
    rule = rule_of(prim)
    count = len(args)
    several = prim.results > 1

    def forward(*values: Any) -> Any:
        xs, ds = values[:count], values[count:]
        out = prim(*xs, **params)
        if rule.partials is None:
            return call_rule(rule.jvp, [*ds, *xs], out, params)
        partials = known_partials(rule, xs, out, params)
        terms = [p * d for p, d in zip(partials, ds, strict=True) if p is not None and d is not None]
        return sum(terms[1:], terms[0])

    def backward(*values: Any) -> Any:
        xs, bs = values[:count], values[count:]
        out = prim(*xs, **params)
        if rule.partials is None:
            return call_rule(rule.vjp, [bs if several else bs[0], *xs], out, params)
        return tuple(None if p is None else p * bs[0] for p in known_partials(rule, xs, out, params))

    for write, extra in ((forward, dots), (backward, bars)):
        values = [*args, *extra]
        program = trace(write, values)
        moves = [*active, *(True for _ in extra)]
        moves = [m for m, v in zip(moves, values, strict=True) if v is not None]
        given = [v for v in values if v is not None]
        moves = [
            m and inexact(v) and has_derivative(program, given, k)
            for k, (m, v) in enumerate(zip(moves, given, strict=True))
        ]
        change = [
            rng.standard_normal(np.shape(v)) if m and inexact(v) else None for m, v in zip(moves, given, strict=True)
        ]
        got_values, got = run(program, given, change)
        expected = differences(lambda *xs, p=program: run(p, xs)[0], given, change)
        for g, e, v in zip(got, expected, got_values, strict=True):
            if e is None or not inexact(v):
                continue
            np.testing.assert_allclose(
                0 * e if g is None else g, e, rtol=10 * rtol, atol=1e-6, err_msg=f"second order of {prim.name}"
            )
