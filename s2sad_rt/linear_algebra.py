"""Products and matrix functions that generated code may call, as plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np


def matmul(a: Any, b: Any) -> Any:
    return np.matmul(a, b)


def tensordot(a: Any, b: Any, left: tuple[int, ...], right: tuple[int, ...]) -> Any:
    """The product summed over the axes `left` of a and `right` of b."""
    return np.tensordot(a, b, (left, right))[()]


def outer(a: Any, b: Any) -> Any:
    return np.outer(a, b)


def einsum(subscripts: str, *operands: Any) -> Any:
    return np.einsum(subscripts, *operands)[()]


def det(x: Any) -> Any:
    return np.linalg.det(x)


def slogdet(x: Any) -> Any:
    return tuple(np.linalg.slogdet(x))


def inv(x: Any) -> Any:
    return np.linalg.inv(x)


def solve(a: Any, b: Any) -> Any:
    return np.linalg.solve(a, b)


def cholesky(x: Any) -> Any:
    return np.linalg.cholesky(x)


def indefinite(x: Any) -> bool:
    """Whether Cholesky's factorisation fails for a matrix, or for one of a stack."""
    try:
        np.linalg.cholesky(x)
    except np.linalg.LinAlgError:
        return True
    return False


def cofactor(x: Any) -> Any:
    """The matrix of cofactors, of singular matrices too.

    With ``x = u diag(s) vh`` it is ``det(u) det(vh) conj(u) diag(p) conj(vh)``, p_i the product of all s_j but s_i.
    """
    u, s, vh = np.linalg.svd(x)
    n = s.shape[-1]
    others = np.ones_like(s)
    for i in range(n):
        for j in range(n):
            if i != j:
                others[..., i] *= s[..., j]
    scale = np.linalg.det(u) * np.linalg.det(vh)
    return np.conj(np.matmul(u * others[..., None, :], vh)) * scale[..., None, None]


def eigh(x: Any) -> Any:
    return tuple(np.linalg.eigh(x))


def eigh_upper(x: Any) -> Any:
    """`eigh`, reading the upper triangle."""
    return tuple(np.linalg.eigh(x, "U"))


def eig(x: Any) -> Any:
    """Eigenvalues and eigenvectors, complex even where they are real."""
    return tuple(np.linalg.eig(np.asarray(x) + 0j))


def svd(x: Any) -> Any:
    return tuple(np.linalg.svd(x, full_matrices=False))


def qr(x: Any) -> Any:
    return tuple(np.linalg.qr(x))


def pinv(x: Any) -> Any:
    return np.linalg.pinv(x)


def solve_triangular(a: Any, b: Any, lower: bool = False, unit: bool = False) -> Any:
    """x with ``a @ x = b``, reading one triangle of `a`; `unit`: its diagonal is taken to be 1."""
    a, b = np.asarray(a), np.asarray(b)
    x = np.array(b, dtype=np.result_type(_working(a), _working(b)))
    n = a.shape[-1]
    column = x if b.ndim == 1 else np.moveaxis(x, -2, 0)
    for i in range(n) if lower else reversed(range(n)):
        for j in range(i) if lower else range(i + 1, n):
            column[i] -= a[i, j] * column[j]
        if not unit:
            column[i] /= a[i, i]
    return x


PADE = (64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
        10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0)


def expm(x: Any) -> Any:
    """The exponential of a matrix."""
    return expm_of(x).astype(_working(x))


def _working(x: Any) -> np.dtype:
    return x.dtype if x.dtype.kind in "fc" else np.dtype(float)


def expm_of(x: Any) -> Any:
    """The exponential of a matrix: scaling and squaring with a Pade approximant of degree 13 (Higham 2005)."""
    n = x.shape[0]
    unit = np.eye(n)
    norm = 0.0
    for j in range(n):
        norm = max(norm, np.sum(np.abs(x[:, j])))
    squarings = 0
    while norm > 5.371920351148152 and norm < np.inf:
        norm /= 2.0
        squarings += 1
    a = x / 2.0**squarings
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = a6 @ (PADE[13] * a6 + PADE[11] * a4 + PADE[9] * a2) + PADE[7] * a6 + PADE[5] * a4 + PADE[3] * a2 + PADE[
        1
    ] * unit
    even = a6 @ (PADE[12] * a6 + PADE[10] * a4 + PADE[8] * a2) + PADE[6] * a6 + PADE[4] * a4 + PADE[2] * a2 + PADE[
        0
    ] * unit
    u = a @ odd
    out = np.linalg.solve(even - u, even + u)
    for _ in range(squarings):
        out = out @ out
    return out
