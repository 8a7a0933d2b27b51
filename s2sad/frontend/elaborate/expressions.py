"""Evaluating expressions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gast

from s2sad.errors import UnsupportedSyntaxError
from s2sad.frontend import library
from s2sad.frontend.elaborate import classes, comprehensions, functions
from s2sad.frontend.library import choices, faults
from s2sad.frontend.syntax.operators import BINARY, COMPARE, UNARY
from s2sad.frontend.values.frames import bind, lookup, owner_of
from s2sad.frontend.values.values import (
    Choice,
    DictRef,
    Entries,
    ListRef,
    Location,
    Maybe,
    Number,
    ObjectRef,
    Partial,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir.nodes import Atom, Const
from s2sad.rules.logical import not_

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def evaluate(elab: Elaborator, node: gast.expr) -> Value:
    """The value of an expression, surely there."""
    value = evaluate_raw(elab, node)
    if isinstance(value, Maybe):
        with elab.at(node):
            return elab.resolve(value)
    return value


def evaluate_raw(elab: Elaborator, node: gast.expr) -> Value:
    """The value of an expression; one that may be None is given as it is, to be tested, assigned or returned."""
    with elab.at(node):
        value = _evaluate(elab, node)
        if isinstance(value, Maybe) and value.absent == "unset" and not _is_internal(node):
            return elab.resolve(value)
        if isinstance(value, Maybe) and _is_internal(node) and value.absent == "unset":
            return value.value
        return value if isinstance(value, Maybe) else elab.resolve(value)


def _is_internal(node: gast.expr) -> bool:
    return isinstance(node, gast.Name) and "@" in node.id


def _evaluate(elab: Elaborator, node: gast.expr) -> Value:
    match node:
        case gast.Constant(value=value):
            return Static(value)
        case gast.Name(id=name):
            elab.latest = None  # it has a name
            return lookup(elab, elab.frame, name)
        case gast.BinOp(left=left, op=op, right=right):
            return binary(elab, BINARY[type(op)], evaluate(elab, left), evaluate(elab, right))
        case gast.UnaryOp(op=gast.Not(), operand=operand):
            return negation(elab, condition(elab, operand))
        case gast.UnaryOp(op=op, operand=operand):
            return unary(elab, UNARY[type(op)], evaluate(elab, operand))
        case gast.BoolOp(op=op, values=values):
            return short_circuit(elab, isinstance(op, gast.And), values)
        case gast.Compare(left=left, ops=ops, comparators=comparators):
            return comparison(elab, evaluate_raw(elab, left), ops, comparators)
        case gast.IfExp(test=test, body=body, orelse=orelse):
            cond = condition(elab, test)
            if isinstance(cond, bool):
                return evaluate_raw(elab, body if cond else orelse)
            return elab.branch(cond, lambda: evaluate_raw(elab, body), lambda: evaluate_raw(elab, orelse))
        case gast.Call(func=func, args=args, keywords=keywords):
            return call(elab, node, func, args, keywords)
        case gast.Attribute(value=base, attr=name):
            return classes.attribute(elab, evaluate(elab, base), name)
        case gast.Subscript(value=base, slice=key):
            return subscript(elab, evaluate(elab, base), evaluate(elab, key))
        case gast.Slice(lower=lower, upper=upper, step=step):
            return slice_of([Static(None) if p is None else evaluate(elab, p) for p in (lower, upper, step)])
        case gast.Tuple(elts=elts):
            return Tuple(tuple(items(elab, elts)))
        case gast.List(elts=elts):
            return new_list(elab, items(elab, elts))
        case gast.Dict(keys=keys, values=values):
            return dict_of(elab, keys, values)
        case gast.Set(elts=elts):
            return Static(frozenset(elab.static(v) for v in items(elab, elts)))
        case gast.Lambda():
            return functions.make_closure(elab, node)
        case gast.NamedExpr(target=target, value=value):
            return walrus(elab, target.id, evaluate_raw(elab, value))
        case gast.ListComp() | gast.SetComp() | gast.DictComp() | gast.GeneratorExp():
            return comprehensions.evaluate(elab, node)
        case gast.JoinedStr():
            return text(elab, node)
        case gast.FormattedValue(value=value):
            return evaluate(elab, value)
        case gast.Yield() | gast.YieldFrom():
            raise UnsupportedSyntaxError(
                "The value of a yield is what send() gives, or another generator returns, which is not followed.",
                "Pass it as an argument.",
                elab.pos,
            )
        case gast.Await():
            raise UnsupportedSyntaxError("Coroutines are not supported.", "Call a function instead.", elab.pos)
        case _:
            raise UnsupportedSyntaxError(f"{type(node).__name__} is not supported.", "Write it another way.", elab.pos)


# -- operators


def binary(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    if isinstance(left, Choice) or isinstance(right, Choice):
        return choices.each(elab, [left, right], lambda sides: binary(elab, op, *sides))
    if classes.has_methods(left) or classes.has_methods(right):
        return classes.binary(elab, op, left, right)
    faults.arithmetic(elab, op, left, right)
    return library.binary(elab, op, left, right)


def unary(elab: Elaborator, op: str, operand: Value) -> Value:
    if isinstance(operand, Choice):
        return choices.split(elab, operand, lambda option: unary(elab, op, option))
    if classes.has_methods(operand):
        return classes.call_method(elab, operand, f"__{op}__", [])
    return library.unary(elab, op, operand)


def subscript(elab: Elaborator, base: Value, key: Value) -> Value:
    if isinstance(base, Choice) or isinstance(key, Choice):
        return choices.each(elab, [base, key], lambda parts: subscript(elab, *parts))
    if isinstance(base, ObjectRef) or classes.is_outside_object(base):
        return classes.call_method(elab, base, "__getitem__", [key])
    faults.index(elab, base, key)
    return library.subscript(elab, base, key)


def negation(elab: Elaborator, truth: Any) -> Value:
    if isinstance(truth, bool):
        return Static(not truth)
    return elab.lift(elab.builder.emit(not_, (truth,)))


def short_circuit(elab: Elaborator, conjunction: bool, nodes: Sequence[gast.expr]) -> Value:
    """``a and b and c`` (or with `or`): the value of the first that decides."""
    first, *rest = nodes
    value = evaluate_raw(elab, first)
    if not rest:
        return value
    truth = elab.truth(value)
    if isinstance(truth, bool):
        return short_circuit(elab, conjunction, rest) if truth == conjunction else value
    value = Number(truth) if isinstance(value, Maybe) else value

    def decided() -> Value:
        return Static(not conjunction) if value == Number(truth) else value

    def undecided() -> Value:
        return short_circuit(elab, conjunction, rest)

    return elab.branch(truth, undecided, decided) if conjunction else elab.branch(truth, decided, undecided)


def condition(elab: Elaborator, node: gast.expr) -> bool | Atom:
    """Whether an expression counts as true; of `and` and `or` only that is asked, not which operand they give."""
    if not isinstance(node, gast.BoolOp):
        return elab.truth(evaluate_raw(elab, node))
    return _conditions(elab, isinstance(node.op, gast.And), node.values)


def _conditions(elab: Elaborator, conjunction: bool, nodes: Sequence[gast.expr]) -> bool | Atom:
    first, *rest = nodes
    truth = condition(elab, first)
    if not rest:
        return truth
    if isinstance(truth, bool):
        return _conditions(elab, conjunction, rest) if truth == conjunction else truth

    def decided() -> Value:
        return Static(not conjunction)

    def undecided() -> Value:
        found = _conditions(elab, conjunction, rest)
        return Static(found) if isinstance(found, bool) else Number(found)

    return elab.truth(elab.branch(truth, *((undecided, decided) if conjunction else (decided, undecided))))


def comparison(elab: Elaborator, left: Value, ops: Sequence[Any], nodes: Sequence[gast.expr]) -> Value:
    """``a < b <= c``: each operand runs once, and only as far as needed."""
    right = evaluate_raw(elab, nodes[0])
    value = compare(elab, COMPARE[type(ops[0])], left, right)
    if len(ops) == 1:
        return value
    truth = elab.truth(value)
    if isinstance(truth, bool):
        return comparison(elab, right, ops[1:], nodes[1:]) if truth else value
    return elab.branch(truth, lambda: comparison(elab, right, ops[1:], nodes[1:]), lambda: Static(False))


def compare(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    if op in ("is_", "is_not", "eq", "ne") and Static(None) in (left, right):
        return compare_none(elab, op, right if left == Static(None) else left)
    if op in ("is_", "is_not", "eq", "ne"):
        for value, swapped in ((left, False), (right, True)):
            if isinstance(value, Maybe) and value.absent == "None":
                return compare_maybe(elab, op, value, left if swapped else right)
    left, right = elab.resolve(left), elab.resolve(right)
    if isinstance(left, Choice) or isinstance(right, Choice):
        return choices.each(elab, [left, right], lambda sides: compare(elab, op, *sides))
    if isinstance(left, ObjectRef) or isinstance(right, ObjectRef):
        return classes.compare(elab, op, left, right)
    return library.compare(elab, op, left, right)


def compare_maybe(elab: Elaborator, op: str, value: Maybe, other: Value) -> Value:
    """Whether a value that may be None is another one."""

    def there() -> Value:
        return elab.number_truth(compare(elab, op, value.value, other))

    def absent() -> Value:
        return elab.number_truth(compare_none(elab, op, other))

    return elab.branch(value.there, there, absent)


def compare_none(elab: Elaborator, op: str, value: Value) -> Value:
    """``value is None`` and its like."""
    positive = op in ("is_", "eq")
    if isinstance(value, Maybe) and value.absent == "None":
        there = value.there
        if isinstance(there, Const):
            return Static(bool(there.value) != positive)
        return negation(elab, there) if positive else Number(there)
    return Static((value == Static(None)) == positive)


# -- containers


def items(elab: Elaborator, nodes: Sequence[gast.expr]) -> list[Value]:
    """The values of a display or of positional arguments, starred ones spread."""
    values: list[Value] = []
    for node in nodes:
        if isinstance(node, gast.Starred):
            values += library.unroll(elab, evaluate(elab, node.value))
        else:
            values.append(evaluate_raw(elab, node))
    return values


def new_list(elab: Elaborator, values: Sequence[Value]) -> ListRef:
    location = Location("items")
    elab.state[location] = StaticItems(tuple(values))
    return ListRef(location)


def dict_of(elab: Elaborator, keys: Sequence[gast.expr | None], values: Sequence[gast.expr]) -> DictRef:
    entries: dict[Any, Value] = {}
    for key, node in zip(keys, values, strict=True):
        if key is None:
            entries.update(mapping(elab, evaluate(elab, node)))
        else:
            name = elab.static(evaluate(elab, key))
            entries[name] = evaluate_raw(elab, node)
    location = Location("dict")
    elab.state[location] = Entries(tuple(entries.items()))
    return DictRef(location)


def slice_of(parts: list[Value]) -> Value:
    known = [p.obj for p in parts if isinstance(p, Static)]
    if len(known) == len(parts):
        return Static(slice(*known))
    return Partial(Static(slice), tuple(parts))


def walrus(elab: Elaborator, name: str, value: Value) -> Value:
    """``(name := value)``."""
    owner = owner_of(elab, elab.frame, name)
    if owner is None:
        elab.error(f"The global {name!r} would be assigned.", "Assign a local name.")
    value = value if isinstance(value, Maybe) else elab.name_result(value, name)
    bind(elab, owner.location, name, value)
    return value


def text(elab: Elaborator, node: gast.JoinedStr) -> Value:
    """An f-string: known now, or with fields for what is known at run time only."""
    parts: list[Any] = []
    for part in node.values:
        if isinstance(part, gast.FormattedValue):
            spec = "" if part.format_spec is None else elab.static(evaluate(elab, part.format_spec))
            conversion = "" if part.conversion == -1 else f"!{chr(part.conversion)}"
            parts.append((conversion + (f":{spec}" if spec else ""), evaluate(elab, part.value)))
        else:
            parts.append(elab.static(evaluate(elab, part)))
    return library.text.of_pieces(elab, parts)


def mapping(elab: Elaborator, value: Value) -> dict[str, Value]:
    """The items of a dict that is spread with ``**``."""
    if not isinstance(value, DictRef):
        elab.mismatch(f"{elab.describe(value).capitalize()} is no dict to spread with **.", "Give a dict.")
    content = elab.get(value.location)
    assert isinstance(content, Entries)
    return dict(content.items)


# -- calls


def call(
    elab: Elaborator, node: gast.Call, func: gast.expr, args: Sequence[gast.expr], keywords: Sequence[gast.keyword]
) -> Value:
    """A call: arguments in order, starred ones spread."""
    if isinstance(func, gast.Name) and func.id == "super" and not args:
        return classes.super_object(elab)
    function = evaluate(elab, func)
    if len(args) == 1 and not keywords and isinstance(args[0], gast.GeneratorExp):
        kind = next((f.__name__ for f in (sum, any, all) if function == Static(f)), None)
        if kind is not None:
            return comprehensions.run(elab, args[0], kind)
    positional = items(elab, args)
    named: dict[str, Value] = {}
    for keyword in keywords:
        if keyword.arg is None:
            named.update(mapping(elab, evaluate(elab, keyword.value)))
        else:
            named[keyword.arg] = evaluate_raw(elab, keyword.value)
    with elab.at(node):
        faults.call(elab, function, positional)
        return elab.call(function, positional, named)

