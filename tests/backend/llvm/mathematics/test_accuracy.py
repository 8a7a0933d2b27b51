"""Errors of the formulas over dense and random arguments, against numbers of 64 bits; what they are at the edges."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm.mathematics.library import FORMULAS
from s2sad.backend.llvm.mathematics.table import ULPS
from s2sad.config import using
from tests.backend.llvm.mathematics.loops_of import exact, jitted, power, ulps

pytestmark = pytest.mark.compiled
ROOT = Path(__file__).parents[4]
RANGES: dict[str, list[tuple[float, float]]] = {
    "exp": [(-746, 711), (-1, 1), (-1e-8, 1e-8), (-746, -700)],
    "exp2": [(-1080, 1030), (-1, 1), (-1080, -1000)],
    "expm1": [(-50, 711), (-2, 2), (-0.5, 0.5), (-1e-5, 1e-5), (700, 712)],
    "sinh": [(-711, 711), (-2, 2), (-1e-5, 1e-5), (-40, 40), (709, 712)],
    "cosh": [(-711, 711), (-2, 2), (-40, 40), (709, 712)],
    "tanh": [(-25, 25), (-2, 2), (-0.3, 0.3), (-1e-5, 1e-5), (17, 20)],
    "expit": [(-745, 745), (-40, 40), (-2, 2)],
    "log": [(0.5, 2), (0.99, 1.01), (0, 1e-300), (0, 1e300)],
    "log2": [(0.5, 2), (0.99, 1.01), (0, 1e-300), (0, 1e300)],
    "log10": [(0.5, 2), (0.99, 1.01), (0, 1e-300), (0, 1e300)],
    "log1p": [(-1, 1), (-0.5, 0.5), (-1e-5, 1e-5), (-1, -0.9), (0, 20), (0, 1e300)],
    "sin": [(-1.1e6, 1.1e6), (-10, 10), (-1, 1), (-1e-4, 1e-4), (-1e9, 1e9)],
    "cos": [(-1.1e6, 1.1e6), (-10, 10), (-1, 1), (-1e9, 1e9)],
    "tan": [(-1.1e6, 1.1e6), (-10, 10), (-1, 1), (-1e-4, 1e-4), (-1e9, 1e9)],
    "erf": [(-6, 6), (-1, 1), (-1e-5, 1e-5), (0.45, 0.55)],
    "erfc": [(-6, 6), (-1, 1), (2, 6), (6, 27), (26, 27.3)],
    "arctan": [(-100, 100), (-3, 3), (-0.5, 0.5), (-1e-4, 1e-4), (-1e18, 1e18)],
}
EDGES = [
    0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-20, 1e-8, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 20.0, 22.0,
    40.0, 64.0, 100.0, 700.0, 708.5, 709.782712893384, 709.8, 710.4, 710.5, 711.0, 745.1, 745.2, 746.0, 1000.0, 1022.0,
    1023.0, 1024.0, 1074.0, 1075.0, 2.0**20, 2.0**30, 1e15, 1e22, 1e300, 1.7976931348623157e308, np.inf, np.nan,
]  # fmt: skip


def points(name: str) -> np.ndarray:
    """Arguments: dense in each range, random in each range, of any bits, near multiples of pi / 2, and near 1."""
    random = np.random.default_rng(0)
    found = [part for a, b in RANGES[name] for part in (np.linspace(a, b, 5_000), random.uniform(a, b, 15_000))]
    found.append(random.integers(0, 2**64, 20_000, dtype=np.uint64).view(float))
    quarter = np.longdouble("1.57079632679489661923132169163975144")
    found.append((random.integers(-600_000, 600_000, 10_000) * quarter).astype(float))
    found.append(1 + random.integers(-1000, 1000, 2_000) * 2.0**-53)
    return np.concatenate(found)


def test_every_formula_is_tried() -> None:
    assert set(RANGES) | {"pow"} == set(FORMULAS) == set(ULPS)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider numbers here")
@pytest.mark.parametrize("name", RANGES)
def test_errors_are_as_stated(name: str, tmp_path: Path) -> None:
    x = points(name)
    errors = ulps(jitted(tmp_path, name)(x), exact(name, x))
    worst = int(np.argmax(errors))
    assert errors[worst] <= ULPS[name], (errors[worst], x[worst])


@pytest.mark.parametrize("name", RANGES)
def test_edges_are_those_of_numpy(name: str, tmp_path: Path) -> None:
    x = np.array([*EDGES, *(-e for e in EDGES)])
    got = jitted(tmp_path, name)(x)
    with np.errstate(all="ignore"):
        want = exact(name, x).astype(float)
    assert np.array_equal(np.isnan(got), np.isnan(want))
    fine = ~np.isnan(want)
    assert np.array_equal(np.signbit(got[fine]), np.signbit(want[fine]))
    assert np.max(ulps(got, exact(name, x))) <= ULPS[name]
    whole = np.isin(want, [0.0, 0.5, 1.0, -1.0, np.inf, -np.inf])
    assert np.array_equal(got[whole], want[whole])


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "sin", "expit"])
def test_floats_are_rounded_once(name: str, tmp_path: Path) -> None:
    x = points(name)
    x = x[np.abs(x) < 1e30].astype(np.float32)
    assert np.max(ulps(jitted(tmp_path, name)(x), exact(name, x))) <= 0.51


@pytest.mark.parametrize("name", RANGES)
def test_a_number_is_the_same_in_every_form(name: str, tmp_path: Path) -> None:
    """Inlined in a loop of vectors, called on vectors, and in trips that are left over."""
    x = points(name)[::37][:1003]
    with np.errstate(all="ignore"):
        inlined = jitted(tmp_path, name)(x)
        called = jitted(tmp_path, name, "many")(x)[:, 0]
        left_over = [jitted(tmp_path, name)(x[k:])[0] for k in range(len(x) - 4, len(x) - 1)]
    assert np.array_equal(inlined.view(np.int64), called.copy().view(np.int64))
    assert np.array_equal(inlined[-4:-1], left_over, equal_nan=True)


def test_powers_are_exact(tmp_path: Path) -> None:
    k = np.arange(-1074.0, 1024.0)
    assert np.array_equal(jitted(tmp_path, "exp2")(k), np.ldexp(1.0, k.astype(int)))
    assert np.array_equal(jitted(tmp_path, "log2")(np.ldexp(1.0, k.astype(int))), k)
    assert np.array_equal(jitted(tmp_path, "log10")(10.0 ** np.arange(23)), np.arange(23.0))


def powers() -> tuple[np.ndarray, np.ndarray]:
    """Bases and exponents: of any size, near 1, where the logarithm is largest, negative, with results below the normal
    numbers."""
    random, n = np.random.default_rng(0), 10_000
    pairs = [
        (random.integers(1, 0x7FF0 << 48, n).view(float), random.uniform(-2, 2, n)),
        (random.uniform(0.1, 3, n), random.uniform(-3, 3, n)),
        (random.uniform(0.9, 1.1, n), random.uniform(-7000, 7000, n)),
        (random.uniform(0.7, 0.71, n), random.uniform(-2100, 2100, n)),
        (1 + random.integers(-2000, 2000, n) * 2.0**-53, random.uniform(-(2.0**29), 2.0**29, n)),
        (random.uniform(-5, 5, n), random.integers(-20, 20, n).astype(float)),
        (random.uniform(0, 1e-290, n), random.uniform(0.9, 1.2, n)),
        (random.uniform(0, 1e-310, n), random.uniform(-1, 1, n)),
    ]
    x, y = zip(*pairs, strict=True)
    return np.concatenate(x), np.concatenate(y)


@pytest.mark.skipif(np.finfo(np.longdouble).nmant < 60, reason="no wider numbers here")
def test_errors_of_powers_are_as_stated() -> None:
    x, y = powers()
    with np.errstate(all="ignore"):
        want = x.astype(np.longdouble) ** y.astype(np.longdouble)
    errors = ulps(s2sad.jit(power)(x, y), want)
    worst = int(np.argmax(errors))
    assert errors[worst] <= ULPS["pow"], (errors[worst], x[worst], y[worst])


def test_edges_of_powers_are_those_of_numpy() -> None:
    values = np.array([*EDGES, *(-e for e in EDGES), 3.0, -3.0, 2.0**31, 2.0**53 + 2, 0.1, 1e-5, 1074.5])
    x, y = (a.ravel() for a in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        want, got = x**y, s2sad.jit(power)(x, y)
    assert np.array_equal(np.isnan(got), np.isnan(want))
    fine = ~np.isnan(want)
    assert np.array_equal(np.signbit(got[fine]), np.signbit(want[fine]))
    assert np.max(ulps(got, want.astype(np.longdouble))) <= 2


def test_powers_of_integers_are_exact() -> None:
    x, y = (a.ravel().astype(float) for a in np.meshgrid(np.arange(-30, 31), np.arange(12)))
    assert np.array_equal(s2sad.jit(power)(x, y), [float(int(p) ** int(q)) for p, q in zip(x, y, strict=True)])


def test_without_them_the_library_is_called(tmp_path: Path) -> None:
    x = np.linspace(-3, 3, 1001)
    with using(polynomials=False):
        got = jitted(tmp_path, "tanh")(x)
    assert (
        np.array_equal(got, [float(np.tanh(np.longdouble(v))) for v in x]) or np.max(np.abs(got - np.tanh(x))) < 1e-15
    )


def test_the_table_in_the_documentation_is_this_one() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", (ROOT / "docs" / "accuracy.md").read_text(), re.MULTILINE)
    assert {name: float(error) for name, error in rows} == ULPS
