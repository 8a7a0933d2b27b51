"""Polynomials nearest to a function: where the coefficients in `s2sad/backend/llvm/mathematics` come from.

    python tools/minimax.py            prints them all, with their errors; needs mpmath

A polynomial p of degree n makes the largest ``|p(t) - f(t)| w(t)`` on an interval smallest where that error takes its
largest value n + 2 times with changing signs: E. Remez's exchange finds such points (J.-M. Muller, Elementary
Functions, 3rd ed., 2016, chapter 3). The coefficients are then rounded one by one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp

Function = Callable[[Any], Any]
TINY = mp.mpf(10) ** -12


@dataclass(frozen=True, slots=True)
class Task:
    """A polynomial that is wanted: the function, the degree, the interval, and what errors are multiplied by."""

    name: str
    function: Function
    degree: int
    start: Any
    stop: Any
    weight: Function


def exchange(task: Task, rounds: int = 12) -> tuple[list[Any], Any]:
    """The coefficients, the constant one first, and the largest error."""
    n, middle, half = task.degree, (task.start + task.stop) / 2, (task.stop - task.start) / 2
    floor = max(task.weight(task.start + 2 * half * k / mp.mpf(37)) for k in range(1, 37)) * mp.mpf(10) ** -4
    points = [middle - half * mp.cos(mp.pi * (k + mp.mpf(1) / 2) / (n + 2)) for k in range(n + 2)]
    grid = [middle - half * mp.cos(mp.pi * k / (24 * (n + 2))) for k in range(24 * (n + 2) + 1)]
    wanted = [task.function(t) for t in grid]
    weights = [max(task.weight(t), floor) for t in grid]
    for _ in range(rounds):
        system, right = mp.matrix(n + 2, n + 2), mp.matrix(n + 2, 1)
        for i, t in enumerate(points):
            for j in range(n + 1):
                system[i, j] = t**j
            system[i, n + 1] = (-1) ** i / max(task.weight(t), floor)
            right[i] = task.function(t)
        solution = mp.lu_solve(system, right)
        coefficients = [solution[j] for j in range(n + 1)]
        errors = [(mp.polyval(coefficients[::-1], t) - f) * w for t, f, w in zip(grid, wanted, weights, strict=True)]
        peaks = _peaks(errors)
        while len(peaks) > n + 2:
            peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
        largest = max(abs(e) for e in errors)
        if len(peaks) < n + 2 or largest < abs(solution[n + 1]) * (1 + mp.mpf(10) ** -3):
            break
        points = [grid[k] for k in peaks]
    return coefficients, largest


def _peaks(errors: list[Any]) -> list[int]:
    """Where the error is largest, between each two changes of its sign."""
    peaks, start = [], 0
    for k in range(1, len(errors) + 1):
        if k == len(errors) or (errors[k] > 0) != (errors[k - 1] > 0):
            peaks.append(max(range(start, k), key=lambda i: abs(errors[i])))
            start = k
    return peaks


def _ratio(t: Any) -> Any:
    return mp.mpf(1) / 2 + t / 6 if abs(t) < TINY else (mp.expm1(t) - t) / t**2


def _series(z: Any) -> Any:
    s = mp.sqrt(z)
    return mp.mpf(2) / 3 if z < TINY else (mp.log((1 + s) / (1 - s)) - 2 * s) / s**3


def _sine(z: Any) -> Any:
    x = mp.sqrt(z)
    return -mp.mpf(1) / 6 if z < TINY else (mp.sin(x) / x - 1) / z


def _cosine(z: Any) -> Any:
    return mp.mpf(1) / 24 if z < TINY else (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2


def _arctangent(z: Any) -> Any:
    x = mp.sqrt(z)
    return -mp.mpf(1) / 3 if z < TINY else (mp.atan(x) / x - 1) / z


def _powers(z: Any) -> Any:
    s = mp.sqrt(z)
    return mp.mpf(3) / 5 if z < TINY else (3 / (2 * s) * mp.log((1 + s) / (1 - s)) - 3 - z) / z**2


def _error(z: Any) -> Any:
    x = mp.sqrt(z)
    return 2 / mp.sqrt(mp.pi) - 1 if z < TINY**2 else mp.erf(x) / x - 1


def _scaled(t: Any) -> Any:
    x = 4 * (1 + t) / (1 - t)
    return mp.exp(x * x) * mp.erfc(x) * (1 + 2 * x)


def tasks() -> list[Task]:
    """All of them; intervals are a little wider than needed, as reductions round."""
    wider = mp.mpf("1.0001")
    ln2, pi4 = mp.log(2) / 2 * wider, mp.pi / 4 * wider
    s = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * wider
    return [
        Task("RATIO", _ratio, 10, -ln2, ln2, lambda t: abs(t) if abs(t) < TINY else abs(t * t / mp.expm1(t))),
        Task("SERIES", _series, 6, mp.mpf(0), s**2, lambda z: z),
        Task("SINE", _sine, 5, mp.mpf(0), pi4**2, lambda z: z),
        Task("COSINE", _cosine, 5, mp.mpf(0), pi4**2, lambda z: z * z),
        Task("POWERS", _powers, 6, mp.mpf(0), s**2, lambda z: z * z),
        Task("ERROR", _error, 9, mp.mpf(0), mp.mpf("0.25") * wider, lambda z: mp.mpf(1)),
        Task("SCALED", _scaled, 23, -mp.mpf("3.5001") / mp.mpf("4.4999"), mp.mpf(24) / 32, lambda t: mp.mpf(1)),
        Task("ARCTANGENT", _arctangent, 12, mp.mpf(0), mp.mpf("0.50001") ** 2, lambda z: z),
    ]


def main() -> None:
    """Print them."""
    mp.mp.dps = 60
    for task in tasks():
        coefficients, error = exchange(task)
        print(f"{task.name} = ({', '.join(repr(float(c)) for c in coefficients)})  # 2^{float(mp.log(error, 2)):.1f}")


if __name__ == "__main__":
    main()
