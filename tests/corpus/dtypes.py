"""Single precision, integers and mixtures (NumPy 2: a Python number never widens an array)."""

import math

import numpy as np

from tests.corpus import program, vec

SINGLE = np.float32


@program((vec(5, dtype=SINGLE),), step=False, compiled=True)
def single_sum(x):
    return np.sum(x * x)


@program((vec(5, dtype=SINGLE),), step=False)
def single_with_python_numbers(x):
    return np.sum(2.0 * x * x + 1.5 * np.sin(x))


@program((vec(5, dtype=SINGLE),), step=False)
def single_loop(x):
    y = np.zeros(5, dtype=np.float32)
    for i in range(5):
        y[i] = x[i] * x[4 - i] * 0.5
    return np.sum(y)


@program((np.float32(0.75),), step=False)
def single_scalar(x):
    return x * x + np.exp(x) * 2.0


@program((vec(4, dtype=SINGLE), vec(4)), step=False)
def single_meets_double(x, y):
    return np.sum(x * y)


@program((vec(4),), step=False)
def double_through_single(x):
    y = x.astype(np.float32).astype(np.float64)
    return np.sum(x * x) + 0.0 * np.sum(y)


@program((vec(4, dtype=SINGLE), vec(3, 4, dtype=SINGLE)), step=False)
def single_matrix_vector(x, a):
    return a @ x


@program((vec(4), np.array([1, 2, 3, 4])))
def integer_weights(x, k):
    return np.sum(x * k) + np.sum(x**k)


@program((vec(4), np.array([True, False, True, True])))
def boolean_weights(x, m):
    return np.sum(x * x * m) + np.sum(x[m])


@program((0.7,))
def integers_inside(x):
    n = 7
    m = n // 2 + n % 3
    return x**m * n + x * (m << 1) + x / n


@program((vec(6),))
def counts_as_floats(x):
    n = 0
    for v in x:
        if v > 0.0:
            n += 1
    return np.sum(x * x) / float(n + 1)


@program((vec(4),))
def integer_division_index(x):
    s = 0.0
    for i in range(8):
        s += x[i // 2] * x[(i * 3) % 4]
    return s


@program((0.7,))
def float_of_int_power(x):
    return float(3) * x ** int(2.9) + math.sqrt(4) * x


@program((vec(3, dtype=SINGLE), 2.5), step=False)
def single_array_python_scalar(x, s):
    return np.sum(x * s)


@program((vec(2, 3, dtype=SINGLE),), step=False)
def single_mean_axis(a):
    return np.mean(a, axis=0)


@program((vec(4),), step=False)
def integer_array_conversion(x):
    k = np.arange(4)
    w = k.astype(np.float64) / 4
    return np.sum(x * w) + x[k[2]] ** 2
