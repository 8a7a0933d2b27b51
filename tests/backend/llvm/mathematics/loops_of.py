"""Loops over elements, each of one function: what `test_accuracy` compiles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import s2sad

TEMPLATE = '''"""Written by a test."""
import math

import numpy as np
import scipy.special


def loop(x):
    y = np.empty(x.shape[0], dtype=x.dtype)
    for i in range(x.shape[0]):
        y[i] = {call}(x[i])
    return y


def chain(x, a, b, n):
    for i in range(n):
        x = {call}(x) * b + a
    return x


def many(x):
    y = np.empty((x.shape[0], 16), dtype=x.dtype)
    for i in range(x.shape[0]):
        y[i, 0] = {call}(x[i] * 1.0)
        y[i, 1] = {call}(x[i] * 0.5)
        y[i, 2] = {call}(x[i] * 0.25)
        y[i, 3] = {call}(x[i] * 0.125)
        y[i, 4] = {call}(x[i] * 0.0625)
        y[i, 5] = {call}(x[i] * 0.03125)
        y[i, 6] = {call}(x[i] * 0.015625)
        y[i, 7] = {call}(x[i] * 0.0078125)
        y[i, 8] = {call}(x[i] + 1.0)
        y[i, 9] = {call}(x[i] + 0.5)
        y[i, 10] = {call}(x[i] + 0.25)
        y[i, 11] = {call}(x[i] + 0.125)
        y[i, 12] = {call}(x[i] + 0.0625)
        y[i, 13] = {call}(x[i] + 0.03125)
        y[i, 14] = {call}(x[i] + 0.015625)
        y[i, 15] = {call}(x[i] + 0.0078125)
    return y
'''
CALLS = {"expit": "scipy.special.expit", "erf": "math.erf", "erfc": "math.erfc"}


def function_of(folder: Path, name: str, kind: str) -> Callable[..., Any]:
    """One of the functions above."""
    path = folder / f"{name}.py"
    path.write_text(TEMPLATE.format(call=CALLS.get(name, f"np.{name}")))
    namespace: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path), "exec"), namespace)
    found: Callable[..., Any] = namespace[kind]
    return found


def power(x, y):  # type: ignore[no-untyped-def]
    """Powers in a loop."""
    z = np.empty(x.shape[0])
    for i in range(x.shape[0]):
        z[i] = x[i] ** y[i]
    return z


def jitted(folder: Path, name: str, kind: str = "loop") -> Any:
    """The same, compiled by s2sad."""
    return s2sad.jit(function_of(folder, name, kind))


def exact(name: str, x: np.ndarray) -> np.ndarray:
    """What the function is, with 64 bits."""
    with np.errstate(all="ignore"):
        wide = x.astype(np.longdouble)
        match name:
            case "expit":
                return 1 / (1 + np.exp(-wide))
            case "erf" | "erfc":
                return _error(x, complement=name == "erfc")
            case _:
                found: np.ndarray = getattr(np, name)(wide)
                return found


def _error(x: np.ndarray, complement: bool) -> np.ndarray:
    """The error function: its series without cancellation (Abramowitz & Stegun 7.1.6), for large numbers the continued
    fraction of the complement (7.1.14)."""
    scale = 2 / np.sqrt(4 * np.arctan(np.longdouble(1)))
    size = np.minimum(np.abs(x), 40)
    first = (size.view(np.int64) & -(1 << 27)).view(float).astype(np.longdouble)
    size = size.astype(np.longdouble)
    gauss = np.exp(-first * first) * np.exp(-(size - first) * (size + first))
    near = size < 2
    term, series = size[near], np.zeros_like(size[near])
    for n in range(60):
        series += term
        term = term * 2 * size[near] ** 2 / (2 * n + 3)
    below, beyond = np.zeros_like(size), np.zeros_like(size)
    below[near] = scale * gauss[near] * series
    far, tail = size[~near], np.zeros_like(size[~near])
    for n in range(100, 0, -1):
        tail = np.longdouble(n) / 2 / (far + tail)
    beyond[~near] = scale / 2 * gauss[~near] / (far + tail)
    erf, erfc = np.where(near, below, 1 - beyond), np.where(near, 1 - below, beyond)
    found: np.ndarray = np.where(x < 0, 1 + erf, erfc) if complement else np.where(np.signbit(x), -erf, erf)
    return np.where(np.isnan(x), np.nan, found)


def ulps(got: np.ndarray, want: np.ndarray) -> np.ndarray:
    """Errors in units in the last place; inf where one is nan or inf and the other is not that."""
    with np.errstate(all="ignore"):
        near = want.astype(got.dtype)
        error = np.abs(got.astype(np.longdouble) - want) / np.spacing(np.abs(near)).astype(np.longdouble)
    both = np.isfinite(near) & np.isfinite(got)
    same = (near == got) | (np.isnan(near) & np.isnan(got))
    found: np.ndarray = np.where(both, error, np.where(same, 0, np.inf)).astype(float)
    return found
