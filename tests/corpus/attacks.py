"""Programs that once broke the compiler, each as small as shows it."""

import math

import numpy as np

from tests.corpus import pos, program, vec


@program((pos(8),))
def step_made_in_outer_loop(x):
    """The step of an inner loop is a value of the outer one, which the tape needs again."""
    s = 1.0
    for h in range(1, 4):
        for i in range(0, len(x), 2 * h):
            s = s * x[i]
    return s


@program((pos(8),), compiled=True)
def butterflies(x):
    a, h = x.copy(), 1
    while h < len(a):
        for i in range(0, len(a), h * 2):
            for j in range(i, i + h):
                u, v = a[j], a[j + h]
                a[j], a[j + h] = u + v * x[j], u - v
        h *= 2
    return (a * a * x).sum()


@program((vec(),), compiled=True)
def array_of_rank_zero_stored(x):
    """Two cotangents of an array of rank 0 add up to a number."""
    a = np.zeros(())
    a[()] = x * x
    a += x
    return a * x


@program((pos(5),), compiled=True)
def array_and_sum_of_one_list(x):
    """A list whose cotangents come from several uses."""
    items = []
    for v in x:
        items.append(v * v)
        if len(items) > 2:
            items[0] = items[-1] * items[1]
    a, s = np.array(items), 0.0
    for v in items:
        s += v * a[0]
    return s + sum(items)


def raise_all(a, i):
    if i >= len(a):
        return 0.0
    a[i] *= a[i - 1]
    s = raise_all(a, i + 1)
    a[i] += s
    return s * a[0] + math.sin(a[i])


@program((pos(4),))
def recursion_writes_before_and_after(x):
    work = x.copy()
    return raise_all(work, 0) + work.sum()


@program((np.array(1.3), 0.7), compiled=True)
def array_of_rank_zero_added(x, y):
    """Numba adds no array of rank 0 to an element."""
    a = np.zeros(2)
    a[0] = x * y
    a[1] += x
    return a[0] * a[1]


@program((vec(), 3), compiled=True)
def truth_as_float(x, n):
    """Numba makes no float of a bool."""
    return float(n > 2) * x * x + float(x > 0) * x


@program((pos(4, 2),))
def rows_unpacked_in_product(points):
    """The number of values in a row is checked when it runs, inside the loop."""
    s = 1.0
    for a, b in points:
        s = s * a + b
    return s
