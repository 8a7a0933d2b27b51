"""Products and matrix functions that generated code may call, as plain NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np


def matmul(a: Any, b: Any) -> Any:
    return np.matmul(a, b)


def tensordot(a: Any, b: Any, axes: tuple[tuple[int, ...], tuple[int, ...]]) -> Any:
    return np.tensordot(a, b, axes)[()]


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
