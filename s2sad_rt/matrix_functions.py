"""Roots and logarithms of matrices, and Sylvester's equation, all by a Schur form (Higham, "Functions of matrices").

The functions whose names end in `_of` work on matrices of complex128 and are compiled as they stand. What has no real
principal value is nan for a real matrix: the dtype of a result cannot depend on values.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def schur_of(x: Any) -> Any:
    """``t, u`` with ``x = u @ t @ u.conj().T``, t upper triangular and u unitary: Hessenberg's form, then QR steps with
    Wilkinson's shift (Golub and Van Loan, section 7.5). nan where they do not converge."""
    n = x.shape[0]
    t, u = x.copy(), np.eye(n).astype(np.complex128)
    if not np.all(np.isfinite(x)):
        return np.full_like(x, np.nan), u
    for k in range(n - 2):
        v = t[k + 1 :, k].copy()
        size = np.sqrt(np.sum(np.abs(v) ** 2))
        if size == 0.0:
            continue
        v[0] += size * (v[0] / abs(v[0]) if v[0] != 0.0 else 1.0)
        v /= np.sqrt(np.sum(np.abs(v) ** 2))
        row = np.sum(np.conj(v).reshape(-1, 1) * t[k + 1 :, :], axis=0)
        t[k + 1 :, :] -= 2.0 * v.reshape(-1, 1) * row
        column = np.sum(t[:, k + 1 :] * v, axis=1)
        t[:, k + 1 :] -= 2.0 * column.reshape(-1, 1) * np.conj(v)
        column = np.sum(u[:, k + 1 :] * v, axis=1)
        u[:, k + 1 :] -= 2.0 * column.reshape(-1, 1) * np.conj(v)
        t[k + 2 :, k] = 0.0
    norm = np.sqrt(np.sum(np.abs(x) ** 2))
    high, tries = n - 1, 0
    while high > 0:
        low = high
        while low > 0:
            near = abs(t[low - 1, low - 1]) + abs(t[low, low])
            if abs(t[low, low - 1]) <= 2.3e-16 * (near if near > 0.0 else norm):
                t[low, low - 1] = 0.0
                break
            low -= 1
        if low == high:
            high, tries = high - 1, 0
            continue
        tries += 1
        if tries > 60:
            return np.full_like(x, np.nan), u
        qr_step(t, u, low, high, tries % 10 == 0)
    return t, u


def qr_step(t: Any, u: Any, low: int, high: int, unusual: bool) -> None:
    """One implicit QR step on the rows and columns `low` to `high`; an unusual shift where the usual one goes round."""
    a, b, c, d = t[high - 1, high - 1], t[high - 1, high], t[high, high - 1], t[high, high]
    half = 0.5 * (a - d)
    root = np.sqrt(half * half + b * c)
    first, second = d + half + root, d + half - root
    shift = first if abs(first - d) < abs(second - d) else second
    if unusual:
        shift = d + abs(c)
    p, q = t[low, low] - shift, t[low + 1, low]
    for k in range(low, high):
        if k > low:
            p, q = t[k, k - 1], t[k + 1, k - 1]
        size = np.sqrt(abs(p) ** 2 + abs(q) ** 2)
        if size > 0.0:
            p, q = p / size, q / size
            above, below = t[k, :].copy(), t[k + 1, :].copy()
            t[k, :] = np.conj(p) * above + np.conj(q) * below
            t[k + 1, :] = p * below - q * above
            for m in (t, u):
                left, right = m[:, k].copy(), m[:, k + 1].copy()
                m[:, k] = p * left + q * right
                m[:, k + 1] = np.conj(p) * right - np.conj(q) * left
        if k > low:
            t[k + 1, k - 1] = 0.0


def triangular_root_of(t: Any) -> Any:
    """The principal root of a triangular matrix, a superdiagonal after another (Björck and Hammarling 1983)."""
    n = t.shape[0]
    r = np.zeros_like(t)
    for j in range(n):
        r[j, j] = np.sqrt(t[j, j])
        for i in range(j - 1, -1, -1):
            rest = t[i, j] - np.sum(r[i, i + 1 : j] * r[i + 1 : j, j])
            both = r[i, i] + r[j, j]
            r[i, j] = rest / both if both != 0.0 else 0.0 if rest == 0.0 else np.nan
    return r


def sqrtm_of(x: Any, real: bool, precision: float) -> Any:
    """The principal root of a matrix; nan if its square is not the matrix, to so many parts of its norm."""
    t, u = schur_of(x)
    adjoint = np.ascontiguousarray(np.conj(u).T)
    r = np.ascontiguousarray(u @ triangular_root_of(t)) @ adjoint
    if real:
        r = np.real(r) + 0j
    gap = np.sqrt(np.sum(np.abs(r @ r - x) ** 2))
    if gap <= precision * x.shape[0] * np.sum(np.abs(r) ** 2):
        return r
    return np.full_like(x, np.nan)


NODES = (
    -0.9602898564975363, -0.7966664774136267, -0.5255324099163290, -0.1834346424956498, 0.1834346424956498,
    0.5255324099163290, 0.7966664774136267, 0.9602898564975363,
)  # fmt: skip
WEIGHTS = (
    0.1012285362903763, 0.2223810344533745, 0.3137066458778873, 0.3626837833783620, 0.3626837833783620,
    0.3137066458778873, 0.2223810344533745, 0.1012285362903763,
)  # fmt: skip
"""Gauss and Legendre's rule with 8 points (Abramowitz and Stegun, table 25.4)."""


def logm_of(x: Any, real: bool, precision: float) -> Any:
    """The principal logarithm: roots of the Schur form until it is near 1, then the Padé approximant of degree 8, which
    is the Gauss-Legendre rule on ``integral of (t - 1) / (1 + s (t - 1)) ds`` (Higham, section 11.4 and (11.18)).

    A negative eigenvalue of a real matrix gives nan, and so does an eigenvalue 0.
    """
    t, u = schur_of(x)
    n = x.shape[0]
    none = np.full_like(x, np.nan)
    unit = np.eye(n).astype(np.complex128)
    diagonal = np.diag(t).copy()
    reach = precision * np.sqrt(np.sum(np.abs(x) ** 2))
    for w in diagonal:
        if w == 0.0 or not abs(w) < np.inf or (real and w.real < 0.0 and abs(w.imag) <= reach):
            return none
    roots = 0
    while np.sqrt(np.sum(np.abs(t - unit) ** 2)) > 0.25 and roots < 100:
        t = triangular_root_of(t)
        roots += 1
    gap = t - unit
    total = np.zeros_like(t)
    for k in range(8):
        total += 0.5 * WEIGHTS[k] * np.linalg.solve(unit + 0.5 * (1.0 + NODES[k]) * gap, gap)
    total *= 2.0**roots
    for k in range(n):
        total[k, k] = np.log(diagonal[k])
    out = np.ascontiguousarray(u @ total) @ np.ascontiguousarray(np.conj(u).T)
    if real:
        if np.sum(np.imag(out) ** 2) > precision * np.sum(np.real(out) ** 2):
            return none
        out = np.real(out) + 0j
    return out


def sylvester_of(a: Any, b: Any, q: Any) -> Any:
    """x with ``a @ x + x @ b = q``, by the Schur forms of a and b (Bartels and Stewart 1972)."""
    s, u = schur_of(a)
    t, v = schur_of(b)
    n, m = q.shape
    y = np.ascontiguousarray(np.conj(u).T) @ q @ v
    for k in range(m):
        for j in range(k):
            y[:, k] -= y[:, j] * t[j, k]
        for i in range(n - 1, -1, -1):
            rest = y[i, k] - np.sum(s[i, i + 1 :] * y[i + 1 :, k])
            both = s[i, i] + t[k, k]
            y[i, k] = rest / both if both != 0.0 else np.nan
    return u @ y @ np.ascontiguousarray(np.conj(v).T)


# -- with the dtype of their arguments


def sqrtm(x: Any) -> Any:
    """The principal square root of a matrix."""
    return _as(_number(x), sqrtm_of(_complex(x), _number(x).kind == "f", parts_of(_number(x))))


def logm(x: Any) -> Any:
    """The principal logarithm of a matrix."""
    return _as(_number(x), logm_of(_complex(x), _number(x).kind == "f", parts_of(_number(x))))


def sylvester(a: Any, b: Any, q: Any) -> Any:
    """x with ``a @ x + x @ b = q``."""
    return _as(_number(a, b, q), sylvester_of(*map(_complex, (a, b, q))))


def parts_of(number: np.dtype) -> float:
    """How far off, in parts of the norm, the square of a root may be."""
    return 100.0 * float(np.finfo(number).eps)


def _complex(x: Any) -> Any:
    return np.ascontiguousarray(x, np.complex128)


def _number(*xs: Any) -> np.dtype:
    dtype = np.result_type(*(np.asarray(x).dtype for x in xs))
    return dtype if dtype.kind in "fc" else np.dtype(float)


def _as(number: np.dtype, x: Any) -> Any:
    return (x if number.kind == "c" else x.real).astype(number)
