"""Copies of containers, containers read at runtime indexes, and their order."""

import copy

import numpy as np

from tests.corpus import program


class Pair:
    def __init__(self, v):
        self.v = v
        self.w = np.ones(2) * v


@program((0.5,))
def copies_of_nested_lists(x):
    m = [[x, 1.0], [2.0, x]]
    c = copy.deepcopy(m)
    c[0][0] = 5.0
    d = copy.copy(m)
    d[1][0] = x * x
    d[0] = [0.0]
    return m[0][0] * c[0][0] + m[1][0] + len(d[0])


@program((0.5,))
def copies_of_objects(x):
    p = Pair(x)
    q = copy.copy(p)
    q.v = 3.0
    q.w[0] = 7 * x
    r = copy.deepcopy(p)
    r.w[1] = 9 * x
    return p.v + q.v * p.w[0] + r.w[1] + p.w[1]


@program((0.5,))
def copies_share_what_was_shared(x):
    a = np.ones(2) * x
    items = [a, a]
    c = copy.deepcopy(items)
    c[0][0] = 5 * x
    return c[1][0] + a[0]


@program((0.5,))
def nested_lists_at_runtime_indexes(x):
    m = [[x, 1.0], [2.0, x * x]]
    s = 0.0
    n = int(x * 0) + 2
    for i in range(n):
        for j in range(n):
            s = s * 1.5 + m[i][j]
    return s


@program((0.5,))
def tuples_at_runtime_indexes(x):
    m = [(x, 1.0), (2.0, x * x)]
    s = 0.0
    n = int(x * 0) + 2
    for i in range(n):
        a, b = m[i]
        s += a * b
        s = s + m[i][0]
    return s


@program((0.5,))
def ordering_of_tuples(x):
    return x if (x, 1.0) < (2.0, 0) else x * 3


@program((0.5,))
def ordering_of_equal_tuples_and_lists(x):
    return x if (x, 1.0) >= (x, 1.0) and [x, 2.0] <= [x, 2.0, 1.0] and not (x, 2) < (x, 1.5) else x * 3


@program((0.5,))
def least_of_some_tuples(x):
    best = (x * 2, 1.0)
    for k in range(4):
        c = (x * k, 3.0)
        if c < best:
            best = c
    return best[0] * best[1] + x * x
