"""Whole programs: helper functions, the function `f`, its arguments, and a `loss` of what it returns.

write(seed) -> Case
"""

from __future__ import annotations

import ast
import random
from dataclasses import replace
from typing import Any

import numpy as np

from tools.fuzzing.case import Case
from tools.fuzzing.grammar import Name
from tools.fuzzing.statements import Statements

PARAMETERS = {"float": ("x", "a", "b"), "array": ("x", "y", "data", "points", "A"), "int": ("n", "m")}
SHAPES = ((), (0,), (1,), (2,), (3,), (3,), (4,), (1, 3), (2, 2), (2, 3), (3, 3), (3, 2), (2, 2, 2), (0, 2))
WEIGHTS = (1, 1, 3, 6, 8, 8, 5, 2, 4, 6, 4, 3, 2, 1)


def write(seed: int) -> Case:
    """The program of a seed: the same one in every process."""
    w = Statements(random.Random(seed))
    for _ in range(w.random.choices([0, 1, 2], [5, 4, 1])[0]):
        w.left = w.random.randint(1, 4)
        _helper(w)
    w.left = w.pick([4, 6, 8, 8, 10, 12, 16])
    functions = dict(w.frames[0])
    return _main(w, functions)


# ---------------------------------------------------------------- helpers


def _helper(w: Statements) -> None:
    """A function of numbers, of an array that it writes into, or one that calls itself."""
    outer = w.used
    name = w.fresh("function")
    match w.random.randint(0, 4):
        case 0 | 1:
            takes = tuple(Name(t, "float") for t in w.random.sample(("a", "b", "c"), w.random.randint(1, 2)))
            if w.chance(0.3):
                takes += (Name("weight", "float", length=1),)
            gives: Name | None = Name("", "float")
            if w.chance(0.3):
                gives = Name("", "tuple", keys=(Name("", "float"), Name("", "float")))
        case 2 | 3:
            shape = w.pick([(2,), (3,), (3,), (2, 3), (3, 3), (2, 2)])
            takes = (Name("v", "array", shape), Name("s", "float"))
            gives = w.pick([Name("", "float"), None, Name("", "array", shape)])
        case _:
            _recursive(w, name)
            return
    w.used = {*outer, name, *(p.text for p in takes)}
    w.result = "number" if gives and gives.kind == "float" else ""
    before = dict(w.frames[0])
    with _function(w, name, takes):
        w.statements(w.random.randint(1, 3), 2)
        if gives and gives.kind == "float":
            w.put(f"return {w.number(2)}")
        elif gives and gives.kind == "tuple":
            w.put(f"return {w.number(1)}, {w.number(1)}")
        elif gives:
            w.put(f"return {takes[0].text}")
    w.frames[0] = before
    w.used = {*outer, name}
    w.declare(Name(name, "function", takes=takes, gives=gives, fixed=True))


def _recursive(w: Statements, name: str) -> None:
    n = Name("n", "int", low=0, high=3, fixed=True)
    takes = (Name("a", "float"), n)
    before = dict(w.frames[0])
    outer, w.used = w.used, {*w.used, name, "a", "n"}
    w.result = ""
    with _function(w, name, takes):
        with w.block("if n <= 0:"):
            w.put(f"return {w.number(1)}")
        w.statements(w.random.randint(0, 2), 1)
        calls = [f"{name}({w.number(1)}, n - 1)", f"{name}(a * 0.5, n - 2)"]
        w.put(f"return {w.pick(calls)} * {w.number(0)} * 0.5 + {w.number(1)}")
    w.frames[0] = before
    w.used = {*outer, name}
    w.declare(Name(name, "function", takes=takes, gives=Name("", "float"), fixed=True))


def _function(w: Statements, name: str, takes: tuple[Name, ...]) -> Any:
    w.indent = 0
    w.trips = 2
    params = ", ".join(f"{p.text}=0.5" if p.length else p.text for p in takes)
    return w.block(f"def {name}({params}):", *(replace(p, length=0) for p in takes))


# ---------------------------------------------------------------- the function


def _main(w: Statements, functions: dict[str, Name]) -> Case:
    rng = np.random.default_rng(w.random.randrange(2**32))
    params, args = _parameters(w, rng)
    w.used |= {p.text for p in params}
    w.frames[0] = dict(functions)
    form = w.random.choices(["number", "array", "tuple", "dict"], [7, 2, 2, 1])[0]
    w.result = "number" if form == "number" else ""
    with _function(w, "f", tuple(params)):
        w.trips = 1
        arrays = [p for p in params if p.shape]
        if arrays and w.chance(0.5):
            copied = w.pick(arrays)
            w.assign(f"{copied.text}.copy()", "array", copied.shape)
        if w.chance(0.5):
            w.assign(w.pick(["0.0", "1.0", "0", w.number(0)]), "float")
        w.statements(w.random.randint(3, 6), w.pick([1, 2, 2, 3]))
        w.put(f"return {_result(w, form)}")
    lines = ["import math", "import numpy as np", *w.lines]
    if form != "number":
        names = ", ".join(p.text for p in params)
        lines += [f"def loss({names}):", f"    out = f({names})", f"    return {_LOSSES[form]}"]
    source = ast.unparse(ast.parse("\n".join(lines)))
    inexact = sum(p.kind != "int" for p in params)
    return Case(source, tuple(p.text for p in params), tuple(args), inexact)


_LOSSES = {
    "array": "np.sum(out) + np.sum(np.sin(out))",
    "tuple": "out[0] + np.sum(np.sin(out[1])) * out[0]",
    "dict": "out['value'] ** 2 + np.sum(out['array'] * 0.5)",
}
"""A number made of what `f` returns."""


def _result(w: Statements, form: str) -> str:
    array = w.array(w.new_shape(), 1)
    if form == "array":
        return array
    names = w.frames[-1].values()
    known = [n.text for n in names if n.kind == "float"]
    known += [f"np.sum({n.text})" for n in names if n.kind == "array" and not n.shared]
    known += [f"np.sum({n.text} * {w.array(n.shape, 0)})" for n in names if n.kind == "array" and not n.shared]
    known += [f"sum({n.text})" for n in names if n.kind == "list"]
    known = known or [w.number(1)]
    number = " + ".join(w.random.sample(known, min(len(known), w.random.randint(2, 6))))
    number = f"{number} * {w.number(1)}" if w.chance(0.3) else number
    if form == "tuple":
        return f"({number}, {array})"
    return f"{{'value': {number}, 'array': {array}}}" if form == "dict" else number


def _parameters(w: Statements, rng: np.random.Generator) -> tuple[list[Name], list[Any]]:
    """Floats and arrays first, then ints."""
    params: list[Name] = []
    args: list[Any] = []
    taken: set[str] = set()
    for _ in range(w.random.choices([1, 2, 3], [3, 5, 2])[0]):
        kind = w.pick(["float", "array", "array"])
        text = next(t for t in PARAMETERS[kind] if t not in taken)
        taken.add(text)
        if kind == "float":
            params.append(Name(text, "float"))
            args.append(round(float(rng.uniform(-1.2, 1.2)), 2))
        else:
            shape = w.random.choices(SHAPES, WEIGHTS)[0]
            # Seldom, the function writes into what it is given.
            params.append(Name(text, "array", shape, shared=not shape or not w.chance(0.06)))
            args.append(np.asarray(np.round(rng.uniform(-1.2, 1.2, shape), 2)))
    for text in PARAMETERS["int"][: w.random.choices([0, 1, 2], [5, 4, 1])[0]]:
        value = w.pick([0, 1, 2, 3, 3, 4])
        params.append(Name(text, "int", low=value, high=value, fixed=True))
        args.append(value)
    return params, args
