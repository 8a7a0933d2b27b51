"""Every spelling means under Numba what it means under CPython: values, dtypes and shapes, in float64 and float32."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

import s2sad_rt as rt
import s2sad_rt.compiled
from s2sad.ir import Builder, Const, Names, Var
from s2sad.ir.printer import Printer
from s2sad.rules.registry import RULES
from tests.rules.check import abstract
from tests.rules.samples import SAMPLES, Sample, definite, hermitian

PRIMITIVES = {p.name: p for p in RULES}
FLAT = [
    (name, s)
    for name, samples in SAMPLES.items()
    for s in samples
    if s.compiled and not any(isinstance(a, list) for a in s.args)
]
FLAT += [("eigh", Sample(definite(3))), ("eigh", Sample(definite(2, 4))), ("eigh", Sample(hermitian(3)))]
FLAT += [("eigh", Sample(definite(3), upper=True)), ("eigh", Sample(hermitian(3), upper=True))]
FLAT += [("cholesky", Sample(definite(3))), ("cholesky", Sample(definite(2, 4))), ("cholesky", Sample(hermitian(3)))]
LEVELS = np.diag([1.0, 3.0, 3.0])
FLAT += [("turned", Sample(x, LEVELS, **flags)) for x in (definite(3), hermitian(3)) for flags in (
    {}, {"alone": True}, {"plus": True}, {"back": True}, {"plus": True, "alone": True, "back": True})]
FLAT += [("turned", Sample(definite(3, 2), np.stack([LEVELS, 2 * LEVELS]))), ("turned", Sample(definite(3, 2), LEVELS))]
FLAT += [("level", Sample(np.array([1.0, 2.0]), *[x] * 3, kind="general")) for x in (definite(2), hermitian(2))]
FLAT += [("level", Sample(np.array([[1.0, 2.0], [3.0, 4.0]]), *[definite(2, 2)] * 3, kind="lower"))]
GROUP = 12
GROUPS = [FLAT[k : k + GROUP] for k in range(0, len(FLAT), GROUP)]
FEW = [entry for k, entry in enumerate(FLAT) if k > 0 and FLAT[k - 1][0] == entry[0] and FLAT[k - 2][0] != entry[0]]
"""The second sample of each primitive."""
FEW_GROUPS = [FEW[k : k + GROUP] for k in range(0, len(FEW), GROUP)]


def in_single(sample: Sample) -> Sample:
    """The sample with float32 and complex64 arguments."""
    smaller = {"d": np.float32, "D": np.complex64}

    def single(a: Any) -> Any:
        if isinstance(a, (np.ndarray, np.generic)) and a.dtype.char in smaller:
            return a.astype(smaller[a.dtype.char])
        return a

    params = {k: np.dtype(np.float32) if k == "dtype" and v == np.float64 else v for k, v in sample.params.items()}
    return Sample(*map(single, sample.args), **params)


def dagger(a: Any) -> Any:
    return np.conj(np.swapaxes(a, -1, -2))


def spectrum(w: Any, v: Any) -> tuple[Any, Any]:
    return np.sort(w, axis=-1), (v * w[..., None, :]) @ np.linalg.inv(v)


INVARIANTS: dict[str, Callable[..., tuple[Any, ...]]] = {
    "eig": spectrum,
    "eigh": lambda w, v: (w, (v * w[..., None, :]) @ dagger(v)),
    "svd": lambda u, s, vh: ((u * s[..., None, :]) @ vh, s, dagger(vh) @ vh),
}
"""What does not depend on the order and the phases that a LAPACK is free to choose, and chooses by the processor."""


def together(group: list[tuple[str, Sample]]) -> tuple[str, list[Any], list[tuple[str, int]]]:
    """The source of one function that makes all the calls of a group, its arguments, and the results of each call."""
    builder = Builder(Names())
    params, values, results, calls = [], [], [], []
    for name, sample in group:
        atoms = []
        for a in sample.args:
            if isinstance(a, list):
                continue
            if isinstance(a, (bool, int)):
                atoms.append(Const(a))
                continue
            params.append(Var(f"x{len(params)}", abstract(a)))
            values.append(a)
            atoms.append(params[-1])
        if len(atoms) < len(sample.args):
            continue
        with np.errstate(all="ignore"):
            out = builder.emit(PRIMITIVES[name], atoms, sample.params)
        outs = [*out] if isinstance(out, tuple) else [out]
        results += outs
        calls.append((name, len(outs)))
    lines = [line for stmt in builder.statements for line in Printer().statement(stmt, 1)]
    text = f"def f({', '.join(p.name for p in params)}):\n" + "\n".join(lines)
    return f"{text}\n    return ({', '.join(r.name for r in results)},)\n", values, calls


def agree(group: list[tuple[str, Sample]], rtol: float) -> None:
    text, values, calls = together(group)
    namespace = {"np": np, "math": math, "rt": rt}
    exec(text, namespace)
    with np.errstate(all="ignore"):
        plain = namespace["f"](*values)
        function = numba.njit(namespace["f"], error_model="numpy")
        compiled = function(*values)
    types = function.nopython_signatures[0].return_type
    first = 0
    for name, count in calls:
        where = f"results {first} to {first + count - 1} ({name}) of\n{text}"
        ours, theirs = plain[first : first + count], compiled[first : first + count]
        for k, (a, b) in enumerate(zip(ours, theirs, strict=True), first):
            assert isinstance(b, np.ndarray) == isinstance(a, np.ndarray), where
            if isinstance(a, np.ndarray):
                assert b.dtype == a.dtype, where
                assert b.shape == a.shape, where
            elif isinstance(a, np.generic):
                assert str(types[k]) == str(numba.typeof(a)), where
        if name in INVARIANTS:
            ours, theirs = INVARIANTS[name](*ours), INVARIANTS[name](*theirs)
        for a, b in zip(ours, theirs, strict=True):
            if not isinstance(a, list):
                np.testing.assert_allclose(np.asarray(b), np.asarray(a), rtol=rtol, atol=rtol, err_msg=where)
        first += count


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(len(GROUPS)))
def test_double(number):
    agree(GROUPS[number], 1e-10)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("number", range(len(FEW_GROUPS)))
def test_single(number):
    agree([(n, in_single(s)) for n, s in FEW_GROUPS[number]], 2e-4)
