"""Generator functions and generator expressions: gone over in loops, by functions, in part, side by side."""

import functools

import numpy as np

from tests.corpus import pos, program, vec


def even_places(n):
    for i in range(n):
        if i % 2 == 0:
            yield i


def halves(a):
    while a > 0.1:
        yield a
        a = a * 0.5


def pairs(n):
    for i in range(n):
        for j in range(i):
            yield i, j


def scaled(items, k):
    for item in items:
        yield item * k


def early(x, n):
    if n < 0:
        return
    yield x[0]
    if x[0] > 0.5:
        yield x[1]
    else:
        yield x[2]
    yield x[3]


def leaves(low, high, x):
    if high - low == 1:
        yield x[low]
    else:
        middle = (low + high) // 2
        yield from leaves(low, middle, x)
        yield from leaves(middle, high, x)


def both(x):
    yield from halves(x[0] ** 2)
    for v in halves(x[2] ** 2):
        yield v * v


@program((vec(5),), compiled=True)
def loop_over_a_generator(x):
    s = 0.0
    for i in even_places(len(x)):
        s += x[i] ** 2
    return s


@program((vec(6),), compiled=True)
def break_out_of_a_generator(x):
    s = 0.0
    for i in even_places(len(x)):
        if x[i] > 0.8:
            break
        s += x[i] ** 3
    else:
        s = s * 2
    return s


@program((vec(6),))
def return_out_of_a_generator(x):
    for i in even_places(len(x)):
        if x[i] > 0.1:
            return x[i] ** 3
    return x[0] * x[1]


@program((vec(5),))
def generator_under_enumerate(x):
    s, first = 0.0, True
    for k, i in enumerate(even_places(len(x)), 1):
        if not first:
            s += x[i] * before * k  # noqa: F821
        before = x[i]  # noqa: F841
        first = False
    return s


@program((pos(3),), compiled=True)
def generator_with_a_while(x):
    s = 0.0
    for v in halves(x[0]):
        s = s * x[1] + v
    return s


@program((pos(3),))
def sum_and_extremes_of_generators(x):
    return sum(halves(x[0])) + max(halves(x[1])) - 2.0 * min(halves(x[2]))


@program((pos(4),))
def delegation(x):
    s = 1.0
    for v in both(x):
        if v < 0.3:
            continue
        s *= v
    return s


@program((vec(5),), compiled=True)
def tuples_from_a_generator(x):
    s = 0.0
    for i, j in pairs(len(x)):
        s += (x[i] - x[j]) ** 2 * x[j]
    return s


@program((vec(4),))
def generators_of_generators(x):
    return sum(scaled(scaled(halves(x[0] ** 2), x[1]), 2.0)) + sum(scaled((v * v for v in x), x[0]))


@program((vec(4),))
def generator_that_returns_early(x):
    return sum(v**2 for v in early(x, 3)) + sum(early(x, -1))


@program((vec(4),))
def recursive_generator(x):
    s = 0.0
    for k, v in enumerate(leaves(0, 4, x)):
        s += k * v * v
    return s


@program((vec(4),))
def generator_unpacked_and_stepped(x):
    a, b, c = early(x, 3)
    g = early(x, 3)
    return a * b * c + next(g) * next(g) ** 2 + sum(g)


@program((vec(4),))
def generator_used_up(x):
    g = even_places(len(x))
    s = 0.0
    for i in g:
        s += x[i] ** 2
    for i in g:
        s += 100 * x[i]
    return s


@program((pos(3),))
def generator_in_a_loop(x):
    total = 0.0
    for i in range(3):
        for v in halves(x[0] + i):
            if v < 0.4:
                break
            total += v * v * i * x[1]
    return total


@program((vec(4),), mutates=False)
def generator_whose_consumer_writes(x):
    y = x * 2
    for i in even_places(len(y)):
        y[i] = y[i] ** 2
    return np.sum(y)


@program((vec(4),))
def generator_that_sees_what_its_consumer_writes(x):
    def prefixes():
        for i in range(len(y)):
            yield y[i]

    y = x.copy()
    s = 0.0
    for k, v in enumerate(prefixes()):
        s += v * v
        if k + 1 < len(y):
            y[k + 1] += v
    return s


@program((vec(4),))
def generator_that_writes(x):
    def running(y):
        for i in range(1, len(y)):
            y[i] += y[i - 1]
            yield y[i]

    y = x.copy()
    s = 0.0
    for v in running(y):
        s += v * y[0]
    return s + np.sum(y**2)


@program((vec(4),))
def closure_that_yields(x):
    def inner():
        for v in x:
            yield v * k

    k = 3.0
    return sum(inner()) * x[0]


class Grid:
    def __init__(self, x):
        self.x = x

    def cells(self):
        for i in range(len(self.x)):
            yield i, self.x[i]

    def __iter__(self):
        yield from self.x


@program((vec(4),))
def generator_methods(x):
    g = Grid(x)
    return sum(i * v * v for i, v in g.cells()) + sum(g) * x[0]


@program((pos(3),))
def generators_side_by_side(x):
    s = 0.0
    for a, b in zip(halves(x[0]), halves(x[1])):
        s += a * b
    return s


@program((vec(5),))
def generator_beside_arrays(x):
    s = sum(a * x[i % 5] for a, i in zip(x, even_places(100)))
    return s + sum(a * x[i] * k for i, a, k in zip(even_places(5), x, [1, 2, 3]))


@program((vec(5),))
def next_of_generators(x):
    first = next(v for v in x if v * v > 0.01)
    return first**2 * x[0] + next((v for v in x if v > 100), x[2] ** 2) * next(i + 2.0 for i in even_places(len(x)))


@program((pos(3),))
def list_and_array_of_a_generator(x):
    h = list(halves(x[0]))
    return np.sum(np.array(h) ** 2) * len(h) + np.sum(np.fromiter((v * 3 for v in x), float)) * h[-1]


@program((pos(4),))
def quantifiers_over_generators(x):
    s = x[3] if any(v > 0.3 for v in halves(x[2])) else x[0] ** 2
    if all(v < 100.0 for v in halves(x[0])):
        s = s * x[1]
    return s


@program((vec(4),), step=False)
def best_tuple(x):
    v, i = max((v, i) for i, v in enumerate(x))
    return v * v * i


@program((vec(4),))
def reduced(x):
    whole = functools.reduce(lambda a, b: a * b, (v for v in x))
    return whole + functools.reduce(lambda a, b: a * 0.5 + b * b, halves(x[0] ** 2), x[1])


def endless(a):
    while True:
        yield a
        a = a * 0.7


@program((pos(3),))
def endless_generator(x):
    s = 0.0
    for v in endless(x[0]):
        if v < 0.2:
            break
        s += v * v
    for k, v in zip(range(4), endless(x[1])):
        s += v * k
    return s


def rows_of(a):
    for row in a:
        yield row * 2.0


@program((vec(4),))
def arrays_from_a_generator(x):
    a = np.outer(x, x)
    s = np.zeros(4)
    for row in rows_of(a):
        s = s + row * row[0]
    return np.sum(s * x)


@program((vec(4),))
def generator_stepped_then_gone_over(x):
    g = (v * 2 for v in x)
    a = next(g)
    b = next(g)
    total = 0.0
    for v in g:
        total += v * a * a + b
    h = halves(x[1] ** 2 + 0.5)
    return total + next(h) * x[0] + sum(v * v for v in h)
