"""Writes into arrays."""

import math

import numpy as np

from tests.corpus import ints, program, vec


@program((vec(5),), compiled=True)
def fill(x):
    y = np.zeros(5)
    for i in range(5):
        y[i] = x[i] * x[i]
    return np.sum(y)


@program((vec(5),))
def fill_empty(x):
    y = np.empty_like(x)
    for i in range(len(x)):
        y[i] = math.sin(x[i])
    return y


@program((vec(6),))
def recurrence(x):
    y = np.zeros(6)
    y[0] = x[0]
    for i in range(1, 6):
        y[i] = y[i - 1] * x[i] + x[i - 1]
    return np.sum(y * y)


@program((vec(6),))
def recurrence_in_place(x):
    y = x.copy()
    for i in range(1, 6):
        y[i] += y[i - 1] * y[i]
    return y[5]


@program((vec(6),))
def backward_recurrence(x):
    y = x.copy()
    for i in range(4, -1, -1):
        y[i] = y[i] + 0.5 * y[i + 1] ** 2
    return y[0]


@program((vec(5),))
def overwritten_element(x):
    y = x.copy()
    s = y[2] * y[2]
    y[2] = y[1] * y[3]
    s += y[2] * y[2]
    y[2] = 5.0
    return s + y[2] * y[0]


@program((vec(5),))
def augmented_elements(x):
    y = np.ones(5)
    for i in range(5):
        y[i] += x[i]
        y[i] *= x[i]
        y[i] -= x[4 - i]
        y[i] /= 2.0 + x[i] ** 2
    return np.sum(y)


@program((vec(5),))
def augmented_arrays(x):
    y = x * x
    y += x
    y *= x
    y -= 1.0
    y /= 2.0
    return np.sum(y * y)


@program((vec(6),))
def slice_store(x):
    y = np.zeros(6)
    y[1:4] = x[:3] * x[3:]
    y[::2] += x[::2]
    y[4:] = 2.0
    return np.sum(y * x)


@program((vec(6),))
def shifted_slice(x):
    y = x.copy()
    y[1:] = y[:-1] * y[1:]
    return np.sum(y * y)


@program((vec(3, 4),))
def row_store(a):
    b = np.zeros((3, 4))
    for i in range(3):
        b[i] = a[2 - i] * (i + 1)
    b[1] += a[0] * a[1]
    return np.sum(b * b)


@program((vec(3, 4), vec(3)))
def column_store(a, v):
    b = a.copy()
    b[:, 1] = v
    b[:, 2] *= v
    return np.sum(b * b)


@program((vec(5), ints(0, 2, 2, 4)))
def fancy_store(x, index):
    y = np.zeros(5)
    y[index] = x[:4]
    return np.sum(y * x)


@program((vec(5), ints(0, 2, 4)))
def fancy_augmented(x, index):
    y = x.copy()
    y[index] *= x[:3]
    return np.sum(y * y)


@program((vec(5), ints(0, 2, 2, 4)))
def repeated_add_at(x, index):
    y = np.zeros(5)
    np.add.at(y, index, x[:4] ** 2)
    return np.sum(y * y)


@program((vec(5),))
def boolean_store(x):
    y = x.copy()
    y[x < 0.0] = 0.5
    y[x > 0.5] *= 2.0
    return np.sum(y * x)


@program((vec(5), 2))
def buffer_refilled(x, n):
    w = np.zeros(5)
    s = 0.0
    for _ in range(n + 1):
        for i in range(5):
            w[i] = x[i] * (1.0 + s)
        for i in range(5):
            s += w[i] * w[i] * 0.1
    return s


@program((vec(4), vec(4)))
def buffer_swap(x, y):
    a = x.copy()
    b = y.copy()
    for _ in range(3):
        for i in range(4):
            b[i] = a[i] * b[i] + a[3 - i]
        a, b = b, a
    return np.sum(a) + a[0] * b[1]


def axpy_into(y, a, x):
    """Write a x + y into y."""
    for i in range(len(y)):
        y[i] += a * x[i]


@program((vec(4), 0.6), compiled=True)
def helper_writes(x, a):
    y = np.zeros(4)
    axpy_into(y, a, x)
    axpy_into(y, 2.0 * a, x * x)
    return np.sum(y * y)


@program((vec(4), 0.6))
def helper_writes_row(x, a):
    m = np.ones((2, 4))
    axpy_into(m[1], a, x)
    axpy_into(m[0], a, m[1])
    return np.sum(m * m)


@program((vec(5),), compiled=True)
def prefix_sums(x):
    c = np.zeros(6)
    for i in range(5):
        c[i + 1] = c[i] + x[i]
    s = 0.0
    for i in range(6):
        s += c[i] * c[5 - i]
    return s


@program((vec(4, 4),))
def stencil_in_place(a):
    u = a.copy()
    for _ in range(2):
        for i in range(1, 3):
            for j in range(1, 3):
                u[i, j] = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]) + u[i, j] ** 2 * 0.1
    return np.sum(u * u)


@program((vec(3, 3), vec(3, 3)))
def matmul_loops(a, b):
    c = np.zeros((3, 3))
    for i in range(3):
        for j in range(3):
            for k in range(3):
                c[i, j] += a[i, k] * b[k, j]
    return c


@program((vec(5), ints(3, 1, 4, 1, 0)))
def scatter_loop(x, index):
    y = np.zeros(5)
    for i in range(5):
        y[index[i]] += x[i] * x[i]
    return np.sum(y**2)


@program((vec(5), ints(3, 1, 4, 1, 0)))
def scatter_overwrites(x, index):
    y = x.copy()
    for i in range(5):
        y[index[i]] = y[i] * x[index[i]]
    return np.sum(y)


@program((vec(6),))
def swap_elements(x):
    y = x.copy()
    for i in range(3):
        y[i], y[5 - i] = y[5 - i] * y[i], y[i]
    return np.sum(y * np.arange(6))


@program((vec(3), 0.2))
def ring_buffer(x, a):
    b = x.copy()
    s = 0.0
    for i in range(8):
        b[i % 3] = b[(i + 1) % 3] * a + b[(i + 2) % 3]
        s += b[i % 3] ** 2
    return s


@program((vec(5),))
def integer_work_array(x):
    count = np.zeros(3, dtype=np.int64)
    s = 0.0
    for i in range(5):
        k = i % 3
        count[k] += 1
        s += x[i] * count[k]
    return s * s


@program((vec(4),))
def alias_by_name(x):
    y = x.copy()
    z = y
    z[0] = 7.0 * x[1]
    y[1] += z[0]
    return np.sum(y * z)


@program((vec(4),), mutates=True)
def writes_argument(x):
    for i in range(1, 4):
        x[i] = x[i] * x[i - 1]
    return x[3]


@program((vec(4),), mutates=True)
def scales_argument(x):
    x *= 2.0
    return np.sum(x * x)


@program((vec(4),))
def array_not_mutated_by_rebinding(x):
    y = x
    y = y * 2.0
    return np.sum(x * y)


@program((vec(3, 4),))
def cumulative_by_rows(a):
    b = a.copy()
    for i in range(1, 3):
        b[i] += b[i - 1] * a[i]
    return np.sum(b[2] ** 2)


@program((vec(4),))
def scalar_store_clears(x):
    y = x * x
    y[:] = 0.0
    y[1] = x[1]
    return np.sum(y * y)


@program((vec(2, 3, 2),))
def three_dimensional(a):
    b = np.zeros((2, 3, 2))
    for i in range(2):
        for j in range(3):
            for k in range(2):
                b[i, j, k] = a[1 - i, j, k] * a[i, 2 - j, 1 - k]
    return np.sum(b * b)


@program((vec(4),))
def out_of_order_fill(x):
    y = np.ones(4)
    for i in (2, 0, 3):
        y[i] = x[i] * y[(i + 1) % 4]
    return np.sum(y)


@program((vec(5),))
def store_then_load_then_store(x):
    y = np.zeros(2)
    s = 0.0
    for i in range(5):
        y[0] = x[i]
        y[1] = y[0] * y[1] + 1.0
        s += y[1] * y[0]
        y[0] = s
    return s + y[0]
