"""Lists of a length known at run time only: sliced, unpacked, written into, taken from at either end."""

import numpy as np

from tests.corpus import program, vec


def multiples(x, n):
    return [x * i for i in range(n)]


@program((0.5, 6))
def unpacked(x, n):
    a, b, c, d, e, f = multiples(x, n)
    return a + 2 * b * c * x + d * e + f


@program((0.5, 6))
def slices(x, n):
    items = multiples(x, n)
    return (
        sum(items[1:]) * x
        + sum(items[:-2])
        + sum(items[::-1][:2])
        + sum(items[4:1:-1]) * 2
        + sum(items[-3:-1])
        + len(items[10:])
        + len(items[2:1])
        + sum(items[::2])
    )


@program((0.5, 6))
def reversed_in_place(x, n):
    items = multiples(x, n)
    items.reverse()
    return items[0] * x + items[1]


@program((0.5, 6))
def insertions(x, n):
    items = multiples(x, n)
    items.insert(2, 7 * x)
    items.insert(-1, x * x)
    items.insert(100, 3 * x)
    s = 0.0
    for i, v in enumerate(items):
        s += (i + 1) * v
    return s


@program((0.5, 6))
def queue(x, n):
    items = multiples(x, n)
    s = 0.0
    while len(items) > 2:
        s = s * 2 + items.pop(0)
    return s + items[0] * items[-1]


@program((0.5, 6))
def popped_from_the_middle(x, n):
    items = multiples(x, n)
    a = items.pop(-2)
    return a * items[3] + sum(items)


@program((0.5, 6))
def de_casteljau(x, n):
    pts = [x, 2 * x, x * x, 1.0]
    while len(pts) > 1:
        pts = [0.5 * a + 0.5 * b for a, b in zip(pts[:-1], pts[1:])]
    return pts[0]


@program((0.5, 6))
def de_casteljau_of_unknown_degree(x, n):
    pts = multiples(x, n)
    while len(pts) > 1:
        pts = [0.5 * a + 0.5 * b * x for a, b in zip(pts[:-1], pts[1:])]
    return pts[0]


@program((0.5, 6))
def transposed_lists(x, n):
    m = [[x * (i + 1) + j for j in range(2)] for i in range(2)]
    t = [list(r) for r in zip(*m)]
    return t[0][1] * m[0][1] + t[1][0]


@program((0.5, 6))
def extensions(x, n):
    a = multiples(x, n)
    b = [x]
    b.extend(a)
    b += a
    c = a + b
    return sum(c) + c[3] * c[-1] + len(c)


@program((0.5, 6))
def backtrace(x, n):
    back = []
    s = x
    for i in range(n):
        s = s * 1.1 + i
        back.append(s * x)
    back.reverse()
    path = []
    for b in back:
        path.append(b + x)
    return path[0] * path[-1]


@program((0.5, 6))
def short_comprehension_unpacked(x, n):
    a, b = [x * i for i in range(2)]
    return a + b * b


@program((0.5, 6))
def short_comprehension_unpacked_in_part(x, n):
    a, *b = [x * i + 1 for i in range(3)]
    return a * b[0] * b[1]


@program((vec(2),))
def arrays_of_growing_size_in_a_list(x):
    """The size of an item is that of its trip: a name must not bring back the size of another one."""
    items = [x[0:1]]
    for _ in range(2):
        items.append(np.concatenate([items[-1], x[1:2]]))
    return np.sum(items[-1] ** 2)
