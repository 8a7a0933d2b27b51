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


@program((vec(),))
def array_of_rank_zero_stored(x):
    """Two cotangents of an array of rank 0 add up to a number."""
    a = np.zeros(())
    a[()] = x * x
    a += x
    return a * x


@program((pos(5),))
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
