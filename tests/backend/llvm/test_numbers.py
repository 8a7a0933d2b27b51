"""Every primitive on numbers that has instructions, on every dtype, at edge values, against what NumPy gives."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import s2sad
from s2sad.backend import numba as backend
from s2sad.backend.llvm import module as llvm
from s2sad.backend.llvm import scalars
from s2sad.ir.infer import result_types
from s2sad.ir.nodes import Function, Let, Module, Var
from s2sad.ir.types import Array, Scalar
from s2sad.rules import control, elementwise, logical

pytestmark = pytest.mark.compiled
DTYPES = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
          "complex64", "complex128")  # fmt: skip
PARAMS = {elementwise.integer_pow: [{"n": n} for n in (0, 1, 2, 3, 5, 8)]}
TIES = ("maximum", "minimum", "fmax", "fmin")
"""Those for which NumPy's own loops do not agree which zero they choose."""
LIBRARY = {elementwise.arctan2: 2, elementwise.hypot: 2, elementwise.pow: 2}
"""How many arguments those take whose instructions are written for any number."""


def edges(dtype: str) -> np.ndarray:
    kind = np.dtype(dtype).kind
    if kind == "b":
        values = [False, True]
    elif kind in "iu":
        info = np.iinfo(dtype)
        values = [0, 1, 2, 3, 7, info.max, info.max - 1, info.min, info.min + 1] + ([-1, -2, -7] if kind == "i" else [])
    elif kind == "f":
        info = np.finfo(dtype)
        values = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 2.5, 3.0, np.nan, np.inf, -np.inf, info.max, info.min, info.tiny]
    else:
        parts = [0.0, -1.5, 2.0, np.inf, np.nan]
        values = [complex(a, b) for a in parts for b in parts]
    return np.array(values, dtype)


def cases(dtype: str):
    """The primitives that the dtype has, each with its params and how many arguments it takes."""
    for prim, (_, entry) in scalars.TABLE.items():
        named = entry.__code__.co_argcount - 2  # besides the code and the case
        count = named if named > 0 else LIBRARY.get(prim, 1)
        for params in PARAMS.get(prim, [{}]):
            yield prim, count, params


@pytest.mark.parametrize("dtype", DTYPES)
def test_primitives_at_edge_values(dtype):
    grid = edges(dtype)
    first, second = (np.array(v, dtype) for v in zip(*itertools.product(grid, grid), strict=True))
    array = Array(np.dtype(dtype), (len(first),))
    x, y, c = Var("x", array), Var("y", array), Var("c", Array(np.dtype(bool), (len(first),)))
    chosen = first != second
    lets, expected, names = [], [], []
    for prim, count, params in cases(dtype):
        given = {1: (x,), 2: (x, y), 3: (c, x, y)}[count]
        numbers = {1: (first,), 2: (first, second), 3: (chosen, first, second)}[count]
        with np.errstate(all="ignore"):
            try:
                value = np.asarray(prim.impl(*numbers, **params))
                types = result_types(prim, given, params, lambda a: None)
            except (TypeError, ValueError, OverflowError):
                continue
        if value.dtype.kind not in "biufc" or value.dtype.itemsize > 16 or value.dtype == np.float16:
            continue
        target = Var(f"out_{len(lets)}", Array(types[0].dtype, (len(first),)))
        let = Let((target,), prim, given, tuple(sorted(params.items())))
        with s2sad.using(polynomials=False):
            unit = llvm.write(Module(Function("one", (x, y, c), (let,), (target,))))
        if unit.bridges:
            continue
        lets.append(let)
        expected.append(value)
        names.append((prim.name, params))
    assert len(names) >= (20 if dtype == "bool" else 24)
    module = Module(Function("all_of_them", (x, y, c), tuple(lets), tuple(t.targets[0] for t in lets)))
    with s2sad.using(polynomials=False):
        found = backend.load_module(module, lambda: "").function(first, second, chosen)
    for name, value, wanted in zip(names, found, expected, strict=True):
        assert value.dtype == wanted.dtype, name
        rtol = 1e-6 if wanted.dtype in (np.float32, np.complex64) else 1e-14
        if wanted.dtype.kind == "c":
            finite = np.isfinite(wanted)
            np.testing.assert_allclose(value[finite], wanted[finite], rtol=rtol, atol=1e-30, err_msg=str(name))
            np.testing.assert_array_equal(np.isfinite(value), finite, err_msg=str(name))
        elif wanted.dtype.kind == "f":
            np.testing.assert_allclose(value, wanted, rtol=rtol, atol=0, err_msg=str(name))
            zero = (wanted == 0) & (name[0] not in TIES)
            np.testing.assert_array_equal(np.signbit(value[zero]), np.signbit(wanted[zero]), err_msg=str(name))
        else:
            np.testing.assert_array_equal(value, wanted, err_msg=str(name))


def test_the_table_has_the_arithmetic_of_the_language():
    needed = (elementwise.add, elementwise.where, logical.lt, elementwise.exp, control.stop_gradient, elementwise.mod)
    assert all(p in scalars.TABLE for p in needed)
    assert Scalar(np.dtype(float)).dtype == float
