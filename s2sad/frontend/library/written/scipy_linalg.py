"""`scipy.linalg`: NumPy's functions under its names, triangular systems, functions of matrices."""

import numpy as np
import scipy.linalg as sl

import s2sad_rt as rt
from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of


@written(sl.inv)
def inv(a, overwrite_a=False, check_finite=True):
    return np.linalg.inv(a)


@written(sl.det)
def det(a, overwrite_a=False, check_finite=True):
    return np.linalg.det(a)


@written(sl.solve)
def solve(a, b, lower=False, overwrite_a=False, overwrite_b=False, check_finite=True, assume_a=None, transposed=False):
    if assume_a in ("pos", "sym", "her"):
        part = np.tril(a) if lower else np.triu(a)
        off = np.tril(a, -1) if lower else np.triu(a, 1)
        a = part + (off.T if assume_a == "sym" else np.conj(off.T))
    return np.linalg.solve(a.T if transposed else a, b)


@written(sl.solve_triangular)
def solve_triangular(a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=True):
    if trans in (0, "N"):
        return rt.solve_triangular(a, b, lower, unit_diagonal)
    turned = np.conj(a.T) if trans in (2, "C") else a.T
    return rt.solve_triangular(turned, b, not lower, unit_diagonal)


def of_each(function, A):
    """A function of matrices on each of a stack."""
    A = np.asarray(A)
    if A.ndim == 2:
        return function(A)
    flat = np.reshape(A, (-1, *A.shape[-2:]))
    out = []
    for k in range(flat.shape[0]):
        out.append(function(flat[k]))
    return np.reshape(np.stack(out), A.shape)


@written(sl.expm)
def expm(A):
    return of_each(rt.expm, A)


@written(sl.cholesky)
def cholesky(a, lower=False, overwrite_a=False, check_finite=True):
    return np.linalg.cholesky(a) if lower else np.linalg.cholesky(a, upper=True)


@written(sl.cho_factor)
def cho_factor(a, lower=False, overwrite_a=False, check_finite=True):
    return cholesky(a, lower), lower


@written(sl.cho_solve)
def cho_solve(c_and_lower, b, overwrite_b=False, check_finite=True):
    c, lower = c_and_lower
    if lower:
        return sl.solve_triangular(c, sl.solve_triangular(c, b, lower=True), trans=2, lower=True)
    return sl.solve_triangular(c, sl.solve_triangular(c, b, trans=2))


@written(sl.lstsq)
def lstsq(a, b, cond=None, overwrite_a=False, overwrite_b=False, check_finite=True, lapack_driver=None):
    x, squares, rank, s = np.linalg.lstsq(a, b, rcond=None)
    return x, squares if np.ndim(b) > 1 else squares[0], rank, s


@written(sl.pinv)
def pinv(a, atol=None, rtol=None, return_rank=False, check_finite=True):
    return np.linalg.pinv(a)


@written(sl.eigh)
def eigh(a, b=None, lower=True, eigvals_only=False, overwrite_a=False, overwrite_b=False):
    if b is not None:
        left = np.linalg.inv(np.linalg.cholesky(b))
        w, v = np.linalg.eigh(left @ symmetric(a, lower) @ np.conj(left.T))
        return w if eigvals_only else (w, np.conj(left.T) @ v)
    w, v = np.linalg.eigh(a, "L" if lower else "U")
    return w if eigvals_only else (w, v)


def symmetric(a, lower):
    return np.tril(a) + np.conj(np.tril(a, -1).T) if lower else np.triu(a) + np.conj(np.triu(a, 1).T)


@written(sl.eigvalsh)
def eigvalsh(a, b=None, lower=True):
    return eigh(a, b, lower, eigvals_only=True)


@written(sl.eigvals)
def eigvals(a):
    return np.linalg.eigvals(a)


@written(sl.svd)
def svd(a, full_matrices=True, compute_uv=True):
    if not compute_uv:
        return np.linalg.svd(a, compute_uv=False)
    u, s, vh = np.linalg.svd(a, full_matrices=full_matrices)
    return u, s, vh


@written(sl.svdvals)
def svdvals(a):
    return np.linalg.svd(a, compute_uv=False)


@written(sl.norm)
def norm(a, ord=None, axis=None, keepdims=False, check_finite=True):
    return np.linalg.norm(a, ord, axis, keepdims)


@written(sl.sqrtm)
def sqrtm(A):
    return of_each(rt.sqrtm, A)


@written(sl.logm)
def logm(A):
    return of_each(rt.logm, A)


@written(sl.lu)
def lu(a, permute_l=False, overwrite_a=False, check_finite=True, p_indices=False):
    """By Gauss's elimination with the largest pivots: the derivative is that of the steps."""
    work = np.asarray(a) * 1.0
    m, n = work.shape[0], work.shape[1]
    rank = min(m, n)
    order = np.arange(m)
    for j in range(rank):
        column = work[j:, j]
        size = np.abs(np.real(column)) + np.abs(np.imag(column)) if np.iscomplexobj(column) else np.abs(column)
        best = j + np.argmax(size)
        row, place = work[best].copy(), order[best]
        work[best], order[best] = work[j].copy(), order[j]
        work[j], order[j] = row, place
        if row[j] != 0.0:
            factors = work[j + 1 :, j] / row[j]
            work[j + 1 :, j] = factors
            work[j + 1 :, j + 1 :] -= factors[:, None] * row[j + 1 :]
    lower = np.tril(work[:, :rank], -1) + np.eye(m, rank)
    upper = np.triu(work[:rank])
    places = np.argsort(order)
    if permute_l:
        return lower[places], upper
    return places if p_indices else (order[None, :] == np.arange(m)[:, None]) * 1.0, lower, upper


@written(sl.block_diag)
def block_diag(*arrs):
    mats = [np.atleast_2d(a) for a in arrs]
    width = sum([m.shape[1] for m in mats])
    rows, start = [], 0
    for m in mats:
        before = np.zeros((m.shape[0], start))
        start = start + m.shape[1]
        rows.append(np.concatenate([before, m, np.zeros((m.shape[0], width - start))], axis=1))
    return np.concatenate(rows, axis=0)


@written(sl.toeplitz)
def toeplitz(c, r=None):
    c = np.ravel(c)
    r = np.conj(c) if r is None else np.ravel(r)
    values = np.concatenate([c[::-1], r[1:]])
    n, m = c.shape[0], r.shape[0]
    return values[(n - 1 - np.arange(n))[:, None] + np.arange(m)[None, :]]


@written(sl.circulant)
def circulant(c):
    n = c.shape[-1]
    return c[(np.arange(n)[:, None] - np.arange(n)[None, :]) % n]


@written(sl.hankel)
def hankel(c, r=None):
    c = np.ravel(c)
    r = np.zeros_like(c) if r is None else np.ravel(r)
    values = np.concatenate([c, r[1:]])
    return values[np.arange(c.shape[0])[:, None] + np.arange(r.shape[0])[None, :]]


@written(sl.solve_sylvester)
def solve_sylvester(a, b, q):
    return rt.sylvester(a, b, q)


@written(sl.solve_banded)
def solve_banded(l_and_u, ab, b, overwrite_ab=False, overwrite_b=False, check_finite=True):
    below, above = l_and_u
    n = ab.shape[1]
    whole = np.zeros((n, n), dtype=ab.dtype)
    for k in axes_of(below + above + 1):
        shift = above - k
        row = ab[k, max(shift, 0) :] if shift >= 0 else ab[k, :shift]
        whole = whole + np.diag(row, shift)
    return np.linalg.solve(whole, b)


@written(sl.khatri_rao)
def khatri_rao(a, b):
    return np.reshape(a[:, None, :] * b[None, :, :], (-1, a.shape[1]))
