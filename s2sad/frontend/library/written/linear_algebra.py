"""Functions of `np.linalg` that are put together from decompositions and products."""

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of, normal, others


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


@written(np.linalg.svdvals)
def svdvals(x):
    return np.linalg.svd(x, compute_uv=False)


def inverse_by_svd(a, cutoff):
    """The pseudo-inverse that leaves out singular values up to `cutoff` times the largest."""
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    kept = s > cutoff * np.max(s, axis=-1, keepdims=True)
    over = np.where(kept, 1 / np.where(kept, s, 1.0), 0.0)
    return adjoint(vh) * over[..., None, :] @ adjoint(u)


@written(np.linalg.matrix_rank)
def matrix_rank(A, tol=None, hermitian=False, *, rtol=None):
    if np.ndim(A) < 2:
        return int(np.any(A != 0))
    s = np.linalg.svd(A, compute_uv=False)
    if tol is not None:
        return np.sum(s > tol, axis=-1)
    share = max(A.shape[-2], A.shape[-1]) * np.finfo(s.dtype).eps if rtol is None else rtol
    return np.sum(s > share * np.max(s, axis=-1, keepdims=True), axis=-1)


@written(np.linalg.lstsq)
def lstsq(a, b, rcond=None):
    x = np.linalg.pinv(a) @ b
    s = np.linalg.svd(a, compute_uv=False)
    rank = np.sum(s > np.finfo(s.dtype).eps * max(a.shape[0], a.shape[1]) * s[0])
    left = np.abs(b - a @ x) ** 2
    squares = np.atleast_1d(np.sum(left, axis=0))
    told = squares.shape[0] if a.shape[0] > a.shape[1] and rank == a.shape[1] else 0
    return x, squares[:told], rank, s


@written(np.linalg.cond)
def cond(x, p=None):
    if p is None or p == 2 or p == -2:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return np.linalg.norm(x, p, axis=(-2, -1)) * np.linalg.norm(np.linalg.inv(x), p, axis=(-2, -1))


def norm_of_svd(x, order, axes, keepdims):
    """The norm of matrices by their singular values: the largest, the smallest, or the sum."""
    s = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), compute_uv=False)
    reduce = np.sum if order == "nuc" else np.max if order > 0 else np.min
    out = reduce(s, axis=-1)
    return np.expand_dims(out, axes) if keepdims else out


@written(np.linalg.vector_norm)
def vector_norm(x, /, *, axis=None, keepdims=False, ord=2):
    if axis is None:
        out = np.linalg.norm(np.ravel(x), ord)
        return np.reshape(out, (1,) * np.ndim(x)) if keepdims else out
    if isinstance(axis, tuple):
        rest = others(x.ndim, axis)
        moved = np.moveaxis(x, rest, axes_of(len(rest)))
        flat = np.reshape(moved, (*[x.shape[k] for k in rest], -1))
        out = np.linalg.norm(flat, ord, axis=-1)
        return np.expand_dims(out, axis) if keepdims else out
    return np.linalg.norm(x, ord, axis, keepdims)


@written(np.linalg.matrix_norm)
def matrix_norm(x, /, *, keepdims=False, ord="fro"):
    return np.linalg.norm(x, ord, (-2, -1), keepdims)


@written(np.linalg.tensorinv)
def tensorinv(a, ind=2):
    rest = np.prod(a.shape[ind:])
    return np.reshape(np.linalg.inv(np.reshape(a, (rest, -1))), (*a.shape[ind:], *a.shape[:ind]))


@written(np.linalg.tensorsolve)
def tensorsolve(a, b, axes=None):
    if axes is not None:
        a = np.transpose(a, others(a.ndim, axes) + normal(axes, a.ndim))
    size = np.size(b)
    shape = a.shape[np.ndim(b) :]
    return np.reshape(np.linalg.solve(np.reshape(a, (size, size)), np.ravel(b)), shape)


@written(np.vecdot, np.linalg.vecdot)
def vecdot(x1, x2, /, *, axis=-1):
    return np.sum(np.conj(x1) * x2, axis=axis)


@written(np.matvec)
def matvec(x1, x2, /):
    return np.matmul(x1, x2[..., None])[..., 0]


@written(np.vecmat)
def vecmat(x1, x2, /):
    return np.matmul(np.conj(x1)[..., None, :], x2)[..., 0, :]


@written(np.linalg.trace)
def trace(x, /, *, offset=0):
    return np.trace(x, offset, -2, -1)


@written(np.linalg.diagonal)
def diagonal(x, /, *, offset=0):
    return np.diagonal(x, offset, -2, -1)


@written(np.linalg.matmul)
def matmul(x1, x2, /):
    return np.matmul(x1, x2)


@written(np.linalg.cross)
def cross(x1, x2, /, *, axis=-1):
    return np.cross(x1, x2, axis=axis)


def of_three(x, size):
    """Vectors of the plane as vectors of space."""
    return np.concatenate([x, np.zeros_like(x[..., :1])], axis=-1) if size == 2 else x


def component(vectors, k):
    """A component of each vector; of one vector a number."""
    return vectors[k] if vectors.ndim == 1 else vectors[..., k]


def cross_product(a, b, axisa, axisb, axisc, sizes):
    """The cross product of vectors of these sizes: of two in the plane, a number."""
    x, y = np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)
    if sizes == (2, 2):
        return component(x, 0) * component(y, 1) - component(x, 1) * component(y, 0)
    x, y = of_three(x, sizes[0]), of_three(y, sizes[1])
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ValueError("np.cross needs vectors of length 3, or of a length 2 that is known when this is compiled")
    parts = (
        component(x, 1) * component(y, 2) - component(x, 2) * component(y, 1),
        component(x, 2) * component(y, 0) - component(x, 0) * component(y, 2),
        component(x, 0) * component(y, 1) - component(x, 1) * component(y, 0),
    )
    return np.moveaxis(np.stack(parts, axis=-1), -1, axisc)
