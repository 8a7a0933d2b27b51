"""Whole-array NumPy."""

import numpy as np

from tests.corpus import ints, pos, program, unit, vec


@program((vec(5),), compiled=True)
def sum_of_squares(x):
    return np.sum(x * x)


@program((vec(5), vec(5)))
def dot(x, y):
    return np.dot(x, y) + x @ y


@program((vec(3, 4), vec(4)))
def matrix_vector(a, x):
    return a @ x


@program((vec(3, 4), vec(4, 2)))
def matrix_matrix(a, b):
    return np.sum(np.sin(a @ b))


@program((vec(2, 3, 4), vec(2, 4, 2)))
def batched_matmul(a, b):
    return np.sum((a @ b) ** 2)


@program((vec(3), vec(4)))
def outer_product(x, y):
    return np.outer(x, y) * 2.0


@program((vec(3, 4), vec(4)))
def broadcast_row(a, b):
    return np.sum((a + b) * (a - b) / (1.0 + b * b))


@program((vec(3, 4), vec(3)))
def broadcast_column(a, b):
    return np.sum(np.tanh(a * b[:, None]))


@program((vec(3, 1), vec(1, 4)))
def broadcast_both(a, b):
    return np.sum(np.exp(a * b))


@program((vec(5), 0.7))
def scalar_broadcast(x, s):
    return np.sum(s * x + s / (2.0 + np.cos(x)))


@program((vec(1), vec(5)))
def size_one_dimension(a, b):
    return np.sum(a * b) + a[0]


@program((vec(0), 1.5))
def empty_array(x, s):
    return np.sum(x) + s * s


@program((vec(3, 4),))
def axis_sums(a):
    return np.sum(np.sum(a, axis=0) ** 2) + np.sum(np.sum(a, axis=1, keepdims=True) * a)


@program((vec(3, 4),))
def means(a):
    return np.mean(a) * np.sum(np.mean(a, axis=1) ** 2)


@program((vec(3, 4),))
def variance_by_hand(a):
    c = a - np.mean(a, axis=0, keepdims=True)
    return np.sum(c * c) / a.shape[0]


@program((pos(6),))
def products(x):
    return np.prod(x) + np.prod(x[1:4])


@program((vec(3, 4),))
def maxima(a):
    return np.max(a) + np.sum(np.max(a, axis=0) ** 2) + np.min(a) * np.sum(np.min(a, axis=1))


@program((vec(6),))
def logsumexp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


@program((vec(6),))
def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


@program((vec(3, 4),))
def softmax_rows(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@program((vec(4, 3),))
def transpose_and_reshape(a):
    b = a.T.reshape(2, 6)
    return np.sum(b[0] * b[1]) + np.sum(np.ravel(a) ** 3)


@program((vec(2, 3, 4),))
def transpose_axes(a):
    return np.transpose(a, (2, 0, 1)) * 2.0


@program((vec(3), vec(4)))
def concatenated(x, y):
    z = np.concatenate((x, y, x))
    return np.sum(z[1:] * z[:-1])


@program((vec(3), vec(3)))
def stacked(x, y):
    return np.sum(np.stack((x, y, x * y)) ** 2)


@program((vec(6),))
def flipped_and_rolled(x):
    return np.sum(x * np.flip(x)) + np.sum(np.roll(x, 2) * x * x)


@program((vec(6),))
def where_selects(x):
    return np.sum(np.where(x > 0.1, x * x, np.sin(x)))


@program((vec(6),))
def where_with_guard(x):
    safe = np.where(x > 0.0, x, 1.0)
    return np.sum(np.where(x > 0.0, np.sqrt(safe), 0.0))


@program((vec(6),))
def clipped(x):
    return np.sum(np.clip(x, -0.5, 0.6) * x)


@program((vec(6), vec(6)))
def elementwise_extremes(x, y):
    return np.sum(np.maximum(x, y) * np.minimum(x, 0.2))


@program((vec(6), ints(0, 3, 3, 5)))
def gathered(x, index):
    return np.sum(x[index] ** 2)


@program((vec(4, 3), ints(2, 0, 2)))
def gathered_rows(a, index):
    return np.sum(a[index] * np.array([1.0, 2.0, 3.0]))


@program((vec(4, 3), ints(2, 0, 2), ints(1, 1, 2)))
def gathered_elements(a, i, j):
    return np.sum(np.sin(a[i, j]))


@program((vec(7),))
def slices(x):
    return np.sum(x[1:6:2] * x[:3]) + np.sum(x[::-1] * x) + x[-1] * x[-2]


@program((vec(4, 5),))
def slices_of_matrix(a):
    return np.sum(a[1:3, ::2] ** 2) + np.sum(a[:, 1] * a[:, -1]) + np.sum(a[..., 0])


@program((vec(7),))
def boolean_mask(x):
    return np.sum(x[x > 0.0] ** 2)


@program((vec(5),))
def newaxis_pairs(x):
    d = x[:, np.newaxis] - x[np.newaxis, :]
    return np.sum(d * d * np.exp(-d * d))


@program((pos(5),))
def ufuncs_positive(x):
    return np.sum(np.log(x) + np.sqrt(x) + np.log2(x) * np.log10(x) + x**1.5 + np.cbrt(x) + np.reciprocal(x))


@program((unit(5),))
def ufuncs_unit(x):
    return np.sum(np.arcsin(x) * np.arccos(x) + np.arctan(x) + np.arctanh(x) + np.log1p(x) + np.expm1(x) + np.sinh(x))


@program((vec(5),))
def ufuncs_any(x):
    return np.sum(np.sin(x) * np.cos(x) + np.tanh(x) + np.exp(x) - np.square(x) + np.negative(x) + np.arcsinh(x))


@program((vec(4), vec(4)))
def logaddexp(x, y):
    return np.sum(np.logaddexp(x, y))


@program((pos(4), pos(4)))
def hypot_arctan2(x, y):
    return np.sum(np.hypot(x, y) * np.arctan2(x, y))


@program((vec(3, 3),))
def trace_and_diagonal(a):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i, i] * np.sum(a[i])
    return s


@program((0.3, 1.7))
def linspace_quadrature(a, b):
    t = np.linspace(0.0, 1.0, 9)
    x = a + (b - a) * t
    y = np.exp(-x * x)
    return np.sum((y[1:] + y[:-1]) / 2.0 * (x[1:] - x[:-1]))


@program((vec(4),))
def arange_weights(x):
    return np.sum(x * np.arange(4) + x * x * np.arange(1.0, 5.0))


@program((vec(4),))
def likes(x):
    return np.sum(np.ones_like(x) * x + np.full(4, 2.5) * x * x + np.zeros_like(x))


@program((0.5, 1.5, 2.5))
def array_of_scalars(a, b, c):
    v = np.array([a * b, b, c * a])
    return np.sum(v * v) + v[1]


@program((0.5, 1.5))
def matrix_of_scalars(a, b):
    m = np.array([[a, b], [a * b, 1.0]])
    return np.sum(m @ m)


@program((vec(3, 4),))
def methods(a):
    return a.sum() * a.mean() + (a.T @ a).sum(axis=0).max() + a.copy().ravel()[3] + a.reshape(4, 3).T.sum() * a.size


@program((vec(3), vec(3)))
def inner_and_vdot(x, y):
    return np.inner(x, y) * np.vdot(x, y)


@program((vec(3, 4), unit(4), vec(2, 3), unit(2)))
def two_layer_network(w1, b1, w2, b2):
    x = np.array([0.3, -0.2, 0.9])
    h = np.tanh(x @ w1 + b1)
    y = w2 @ h[:3] + b2
    return np.sum(y * y)


@program((vec(5),))
def diff_by_slices(x):
    d = x[1:] - x[:-1]
    return np.sum(d**2) + np.sum((d[1:] - d[:-1]) ** 2)


@program((pos(4),))
def normalised(x):
    return x / np.sqrt(np.sum(x * x))


@program((vec(3, 3), vec(3)))
def quadratic_form(a, x):
    return x @ a @ x


@program((vec(4),))
def scalar_from_zero_dimensional(x):
    s = np.sum(x)
    return s * x[0]
