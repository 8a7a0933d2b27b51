"""Loops with functions of numbers become loops of vectors."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm.mathematics.library import FORMULAS, settled
from s2sad.backend.llvm.mathematics.loops import Loop, Vectors, innermost
from s2sad.calling.numba_types import callable_for
from tests.backend.llvm.mathematics.loops_of import jitted


def machine_code(function: Any, *types: Any) -> str:
    """The LLVM of a function after all passes, compiled afresh."""
    compiled = numba.njit(callable_for(function, types, {}).flat.py_func)  # type: ignore[attr-defined]
    compiled.compile(types)
    return str(compiled.inspect_llvm(types))


@pytest.mark.compiled
@pytest.mark.parametrize("name", [name for name in FORMULAS if name != "pow"])
def test_loops_become_vectors(name: str, tmp_path: Path) -> None:
    text = machine_code(jitted(tmp_path, name), numba.float64[::1])
    assert re.search(r"load <\d+ x double>", text)


@pytest.mark.compiled
def test_many_calls_are_not_inlined(tmp_path: Path) -> None:
    text = machine_code(jitted(tmp_path, "exp", "many"), numba.float64[::1])
    assert len(re.findall(r"call <\d+ x double> @.*math.exp", text)) >= 16


@pytest.mark.compiled
def test_a_chain_calls_the_library(tmp_path: Path) -> None:
    numbers = (numba.float64,) * 3
    text = machine_code(jitted(tmp_path, "exp", "chain"), *numbers, numba.int64)
    assert "@exp(" in text and "math.exp" not in text
    text = machine_code(jitted(tmp_path, "expit", "chain"), *numbers, numba.int64)
    assert "@exp(" in text and "fmuladd" not in text
    text = machine_code(jitted(tmp_path, "tanh", "chain"), *numbers, numba.int64)
    assert "math.tanh" in text


@pytest.mark.compiled
@pytest.mark.parametrize("x", [-800.0, -745.0, -1.5, -0.0, 2.0, 40.0, math.nan])
def test_a_chain_of_logistic_functions(x: float, tmp_path: Path) -> None:
    got = jitted(tmp_path, "expit", "chain")(x, 0.0, 1.0, 1)
    assert got == pytest.approx(math.exp(x) / (1 + math.exp(x)) if x == x else x, rel=1e-15, abs=0, nan_ok=True)


LOOP = """\
entry:
  br label %head1
head1:
  %i = phi i64 [ 0, %entry ], [ %n, %end2 ]
  br i1 %c, label %head2, label %out
head2:
  %j = phi i64 [ 0, %head1 ], [ %m, %head2 ]
  {inside}
  br i1 %d, label %head2, label %end2
end2:
  br label %head1
out:
  ret i32 0"""
EXP = 'call double @"s2sad.unit.math.exp.f64"(double %x)'


def found(inside: str) -> list[Loop]:
    return list(innermost(LOOP.format(inside=inside).split("\n")))


def test_the_innermost_loop_is_found() -> None:
    assert found(f"%t = {EXP}") == [Loop(range(5, 9), Vectors.YES)]


@pytest.mark.parametrize(
    ("inside", "want"),
    [
        ("%s = phi double [ 0.0, %head1 ], [ %t, %head2 ]\n  %t = fadd double %s, %x", Vectors.NO),
        ("%s = phi double [ 0.0, %head1 ], [ %t, %head2 ]\n  %t = fadd reassoc double %s, %x", Vectors.YES),
        ("br label %join\njoin:\n  %s = phi double [ 0.0, %head2 ]\n  %t = fadd double %s, %x", Vectors.YES),
        ('%t = call i32 @"s2sad.unit.g"(double %x)', Vectors.OPEN),
        ("br i1 %fine, label %go_on, label %fail", Vectors.OPEN),
        ("%p = call ptr @NRT_MemInfo_alloc_aligned(i64 8, i32 64)", Vectors.NO),
        ("%t = call i64 @llvm.smax.i64(i64 %a, i64 %b)", Vectors.YES),
    ],
)
def test_what_keeps_a_loop_from_vectors(inside: str, want: Vectors) -> None:
    assert [loop.vectors for loop in found(inside)] == [want]


def test_the_form_of_a_call_is_chosen() -> None:
    inlined, needed = settled([LOOP.format(inside=f"%t = {EXP}")])
    assert 'exp.f64.inline"(double %x)' in inlined[0] and "s2sad.unit.math.exp.f64.inline" in needed
    alone, needed = settled([f"entry:\n  %t = {EXP}\n  ret i32 0"])
    assert 'call double @exp(double %x) "vector-function-abi-variant"' in alone[0]
    assert "s2sad.unit.math.exp.f64" not in needed and any("math.exp.f64." in symbol for symbol in needed)
    both, needed = settled([LOOP.format(inside=f"%t = {EXP}"), f"entry:\n  %t = {EXP}\n  ret i32 0"])
    assert 'exp.f64"(double %x)' in both[1] and "exp" not in needed


def test_functions_called_in_loops_are_looked_into() -> None:
    callee = f'define internal i32 @"s2sad.unit.g"(double %x) {{\nentry:\n  %t = {EXP}\n  ret i32 0\n}}'
    _, needed = settled([callee, LOOP.format(inside='%s = call i32 @"s2sad.unit.g"(double %x)')])
    assert "s2sad.unit.math.exp.f64" in needed
    _, needed = settled([callee, LOOP.format(inside="%s = fadd double %x, %x")])
    assert list(needed) == ["exp"]


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) + math.sin(x)


@pytest.mark.compiled
def test_a_loop_of_the_users_becomes_one_of_vectors() -> None:
    slope = s2sad.grad(logistic)

    @numba.njit
    def slopes(x: Any) -> Any:
        y = np.empty_like(x)
        for i in range(len(x)):
            y[i] = slope(x[i])
        return y

    x = np.linspace(-3, 3, 1001)
    assert np.allclose(slopes(x), np.exp(-x) / (1 + np.exp(-x)) ** 2 + np.cos(x), rtol=1e-14)
    text = slopes.inspect_llvm(slopes.signatures[0])
    assert all(re.search(rf"call <\d+ x double> @.*math.{name}", text) for name in ("exp", "cos"))
