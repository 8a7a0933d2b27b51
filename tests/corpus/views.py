"""Views: writes through one name show through another."""

import numpy as np

from tests.corpus import program, unit, vec


@program((vec(3, 4),))
def row_view(a):
    b = a.copy()
    r = b[1]
    r[0] = b[0, 0] * 2.0
    r[2] *= b[2, 2]
    return np.sum(b * b)


@program((vec(3, 4),), compiled=True)
def row_view_reads_later_writes(a):
    b = a.copy()
    r = b[1]
    b[1, 3] = b[0, 0] * b[1, 3]
    return r[3] * r[3] + np.sum(r)


@program((vec(3, 3),))
def transpose_view(a):
    b = a.copy()
    t = b.T
    t[0, 2] = b[1, 1] ** 2
    return np.sum(b * a) + b[2, 0]


@program((vec(6),))
def reshape_view(x):
    y = x.copy()
    m = y.reshape(2, 3)
    m[1, 1] = y[0] * y[5]
    m[0] *= 2.0
    return np.sum(y * y)


@program((vec(8),))
def slice_of_slice(x):
    y = x.copy()
    v = y[1:7][::2]
    v[1] = y[0] * 3.0
    v += y[:3]
    return np.sum(y * y)


@program((vec(6),))
def reversed_view(x):
    y = x.copy()
    r = y[::-1]
    r[0] = y[0] * y[1]
    return np.sum(y * r)


@program((vec(6),))
def overlapping_views(x):
    y = x.copy()
    a = y[:4]
    b = y[2:]
    a[3] = b[0] * b[3]
    b[0] = a[3] + a[0]
    return np.sum(a * b)


@program((vec(3, 4),))
def rows_in_loop(a):
    b = a.copy()
    for i in range(3):
        r = b[i]
        for j in range(1, 4):
            r[j] += r[j - 1] * r[j]
    return np.sum(b[:, 3])


@program((vec(3, 4),))
def iterated_rows_written(a):
    b = a.copy()
    for r in b:
        r[1] = r[0] * r[2]
    return np.sum(b * b)


@program((vec(2, 3, 4),))
def view_of_view(a):
    b = a.copy()
    m = b[1]
    r = m[2]
    r[1] = b[0, 0, 0] * r[3]
    return np.sum(b[1] * b[0])


@program((vec(3, 3),))
def column_view(a):
    b = a.copy()
    c = b[:, 1]
    c[0] = 2.0 * c[2]
    b[2, 1] = c[0] * c[1]
    return np.sum(c * c) + np.sum(b)


@program((vec(6),))
def copy_is_not_a_view(x):
    y = x.copy()
    c = y[1:4].copy()
    c[0] = 5.0 * x[0]
    return np.sum(y * y) + np.sum(c * c)


@program((vec(3, 3),))
def reshaped_transpose_is_a_copy(a):
    b = a.copy()
    c = b.T.reshape(-1)
    c[4] = 100.0
    return np.sum(b * b) + np.sum(c * a.reshape(-1))


@program((vec(4),))
def fancy_read_is_a_copy(x):
    y = x.copy()
    c = y[np.array([0, 1, 2])]
    c[0] = 9.0
    return y[0] * y[1] + np.sum(c * c)


@program((vec(2, 4),))
def double_index_store(a):
    b = a.copy()
    b[0][1] += b[1][2] * 2.0
    b[1][:2] = b[0][2:]
    return np.sum(b * b)


def scale_first(v, s):
    """Multiply the first element of v."""
    v[0] *= s
    return v


@program((vec(3, 3), 1.7))
def view_from_helper(a, s):
    b = a.copy()
    d = scale_first(b[2], s)
    d[1] = d[0] * b[0, 0]
    return np.sum(b * b)


@program((vec(6),))
def ravel_view(x):
    m = x.copy().reshape(2, 3)
    f = m.ravel()
    f[4] = f[0] * f[1]
    return np.sum(m[1] * m[0])


@program((vec(5),))
def newaxis_view(x):
    y = x.copy()
    c = y[:, None]
    c[2, 0] = y[0] ** 2
    return np.sum(y * y * y)


@program((vec(4, 4),))
def block_view(a):
    b = a.copy()
    block = b[1:3, 1:3]
    block += b[:2, :2]
    block[0, 0] = block[1, 1] * block[0, 1]
    return np.sum(b * b)


@program((vec(3, 4), 1))
def view_at_runtime_index(a, k):
    b = a.copy()
    r = b[k]
    r *= b[k + 1]
    return np.sum(b * b) + r[0]


@program((vec(5),))
def view_kept_across_loop(x):
    y = x.copy()
    head = y[:2]
    for i in range(2, 5):
        head[0] += y[i] * head[1]
        y[i] = head[0]
    return y[0] * y[4]


@program((vec(2, 3),))
def rows_unpacked(a):
    b = a.copy()
    p, q = b
    p[0] = q[1] * 2.0
    q += p
    return np.sum(b * b)


# -- slices of a runtime size, and arrays made of them anew in each trip


@program((vec(2, 3), vec(5, 7)), compiled=True)
def convolved_by_slices(kernel, picture):
    rows, columns = picture.shape[0] - kernel.shape[0] + 1, picture.shape[1] - kernel.shape[1] + 1
    out = np.zeros((rows, columns))
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            out = out + kernel[a, b] * picture[a : a + rows, b : b + columns]
    return np.sum(np.tanh(out))


@program((vec(9), 4))
def windows_backwards(x, width):
    out = np.zeros(width)
    for i in range(len(x) - width, -1, -1):
        out = np.sin(out + x[i : i + width]) * x[: len(out)]
    return np.sum(out * out)


@program((unit(8), 2, 5), compiled=True)
def clipped_window(x, low, high):
    u = x[low:high] * 1.0
    for _ in range(3):
        u = u + np.sin(u) * x[low:high]
    return np.sum(u**2)


@program((unit(8), 7, 12))
def clipped_window_of_one(x, low, high):
    u = x[low:high] * 1.0
    for _ in range(3):
        u = u + np.sin(u) * x[low:high]
    return np.sum(u**2)


@program((unit(8), 3, 3))
def swapped_windows(x, width, n):
    u = x[:width] * 1.0
    v = np.cos(u)
    for i in range(n):
        for j in range(i + 1):
            u, v = v + x[j : j + width], u * v
    return np.sum(u * v)


@program((unit(8), 4.0, 3))
def windows_in_a_while(x, bound, width):
    u, k = x[:width] * 1.0, 0
    while np.sum(u) < bound:
        u = u * (1.0 + x[k : k + width])
        k += 1
    return np.sum(u * u)


@program((unit(8), 3, 4))
def windows_in_branches(x, width, n):
    u, s = x[:width] * 1.0, 0.0
    for i in range(n):
        if x[i] > 0.5:
            u = u + x[:width] * x[i]
        else:
            u = x[i + 1 : i + 1 + width] * (s + 1.0)
        s = s + np.sum(u * x[i : i + width])
    return np.sum(u) + s


@program((vec(6), -2))
def number_of_elements_to_drop_is_negative(x, k):
    return x[0] * np.sum(np.arange(k + 3)[k:] * 2.0 + np.ones(k + 3)[k:])
