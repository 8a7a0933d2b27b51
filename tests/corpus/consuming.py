"""Functions that go over all of an iterable: sums, extremes, sorting by keys, iterators of a length known late."""

import bisect
import functools
import heapq
import itertools
from collections import deque

import numpy as np

from tests.corpus import pos, program, vec


@program((vec(5),), compiled=True)
def sum_of_a_map(x):
    return sum(map(lambda p: p * p, x))


@program((vec(5),), step=False)
def maps_of_several(x):
    return sum(map(lambda a, b: a * b * b, x, x[::-1])) + max(map(lambda v: v * v, x)) * min(map(abs, x))


@program((vec(5),), step=False)
def extremes_by_a_key(x):
    i = max(range(len(x)), key=lambda i: x[i])
    return min(x, key=abs) * 2 + max(x, key=abs) ** 2 + x[i] ** 3 + max(x[:0], key=abs, default=x[1])


@program((vec(6),))
def filter_by_values(x):
    return sum(filter(lambda v: v > 0, x)) * sum(v * v for v in filter(None, x))


@program((vec(5),), step=False, compiled=True)
def ranks(x):
    s = 0.0
    for r, i in enumerate(sorted(range(len(x)), key=lambda i: -x[i])):
        s += x[i] ** 2 * (r + 1)
    return s


@program((vec(5),), step=False)
def sorted_by_a_key(x):
    a = sorted(x, key=abs, reverse=True)
    b = sorted([x[0], x[1], x[2]], key=lambda v: (v > 0, -v))
    c = list(x)
    c.sort(key=lambda v: np.sin(v) * 2)
    return a[0] * 2 + a[1] * a[4] + b[0] * 4 + b[1] ** 2 * b[2] + c[0] * 5 + c[2] ** 2


@program((vec(5),), step=False)
def sorted_maps_and_generators(x):
    s = 0.0
    for k, v in enumerate(sorted(map(lambda v: v * v, x), key=lambda v: (v // 3, -v), reverse=True)):
        s += (k + 1) * v
    return s + sorted((v * v for v in x), reverse=True)[0] * x[1]


@program((vec(5),), step=False)
def rows_sorted_by_a_key(x):
    a = np.outer(x, x) + np.diag(x)
    rows = sorted(a, key=lambda r: r[0])
    return rows[0][1] * rows[-1][2]


@program((vec(4),))
def reduced_arrays(x):
    return functools.reduce(lambda a, b: a * b + 1.0, x) + functools.reduce(lambda a, b: a + b, map(np.exp, x), x[0])


@program((vec(2),))
def pop_that_is_not_reached(x):
    stack = [x[0]]
    while len(stack) > 1 and stack[-1] > 0.0:
        b = stack.pop()
        a = stack.pop()
        stack.append(a * b)
    return stack[0] * x[1]


@program((pos(3),), compiled=True)
def stack_of_halves(x):
    stack = [x[2]]
    s = 0.0
    while stack:
        a = stack.pop()
        if a > 0.2:
            stack.append(a / 2)
            stack.append(a / 3)
        else:
            s += a * a
    return s


@program((vec(6),))
def monotone_stack(x):
    stack = []
    for i in range(len(x)):
        while stack and stack[-1] > x[i]:
            stack.pop()
        stack.append(x[i])
    return sum(v * v for v in stack)


@program((vec(3),))
def postfix(x):
    stack = []
    for token in [0, 1, "+", 2, "*"]:
        if token == "+":
            stack.append(stack.pop() + stack.pop())
        elif token == "*":
            stack.append(stack.pop() * stack.pop())
        else:
            stack.append(x[token])
    return stack.pop()


@program((vec(5),))
def taken_from_anywhere(x):
    items = list(x)
    items.insert(1, x[0] * 2)
    del items[0]
    items.remove(x[2])
    v = items.pop(0)
    return v * items[0] + items[-1] ** 2 * len(items)


@program((vec(5),))
def queue_from_the_front(x):
    items = [v * v for v in x if v > -5.0]
    s = 0.0
    while items:
        s = s * 0.5 + items.pop(0)
    return s


@program((pos(4),))
def itertools_of_late_lengths(x):
    n = len(x)
    s = sum(a * b for a, b in itertools.combinations(x, 2)) + sum(a * a * b for a, b in itertools.pairwise(x))
    s += sum(x[i] * x[j] * (i + 2 * j) for i, j in itertools.product(range(n), repeat=2))
    s += sum(v * k for k, v in zip(itertools.count(1), x)) + sum(v * k for v, k in zip(x, itertools.repeat(x[0])))
    for total in itertools.accumulate(x):
        s += total * total
    for most in itertools.accumulate(x, max, initial=0.1):
        s += most * x[1]
    return s + sum(itertools.chain(x, map(np.sin, x), [x[0] ** 2]))


@program((pos(5),))
def itertools_that_choose(x):
    s = sum(v * v for v in itertools.takewhile(lambda v: v < 100.0, x)) * x[0]
    s += sum(itertools.islice(x, 1, 4)) * x[1] + sum(itertools.islice(halving(x[2]), 1, None, 2))
    s += sum(v**3 for v in itertools.dropwhile(lambda v: v > 1.0, x))
    s += sum(itertools.compress(x, (v > 0.5 for v in x))) * x[3]
    for a, b, c in itertools.permutations(x, 3):
        s += a * b * b * c
    for k in itertools.count():
        if k * k > len(x):
            break
        s += x[k] ** 2
    return s + sum(map(lambda a, b: a * b, x, x[1:]))


def halving(a):
    while a > 0.05:
        yield a
        a = a / 2


@program((pos(5),), compiled=True)
def heaps(x):
    heap = []
    for v in x:
        heapq.heappush(heap, v * v)
    a = heapq.heappop(heap)
    b = heapq.heappop(heap)
    heapq.heappush(heap, a + b)
    merged = [v * 2 for v in x]
    heapq.heapify(merged)
    total = 0.0
    while len(merged) > 1:
        least = heapq.heappop(merged) + heapq.heappop(merged)
        total += least * least
        heapq.heappush(merged, least)
    return a * 3 + b + heap[0] ** 2 + total + sum(heapq.nsmallest(2, x)) * heapq.nlargest(3, x)[1]


@program((pos(5),), step=False)
def kept_in_order(x):
    ordered = []
    for v in x:
        bisect.insort(ordered, v)
    s = 0.0
    for k, v in enumerate(ordered):
        s += (k + 1) * v
    return s + x[bisect.bisect_left(ordered, x[2])] ** 2 + ordered[bisect.bisect_right([0.1, 0.9], x[0])]


@program((pos(5),), compiled=True)
def moving_window(x):
    window = deque(maxlen=3)
    s = 0.0
    for v in x:
        window.append(v * v)
        s = s + sum(window) * window[0] + window[-1] / len(window)
    return s


@program((pos(4),), compiled=True)
def queue_of_halves(x):
    queue = deque([x[0]])
    s = 0.0
    while queue:
        v = queue.popleft()
        if v > 0.3:
            queue.append(v * 0.5)
            queue.appendleft(v * 0.25)
        else:
            s = s * 0.9 + v * v
    ring = deque(x)
    ring.rotate(1)
    ring.extendleft([s, x[1]])
    return s + ring[0] * ring[1] + ring[2] ** 2 + ring.pop() * ring[-1]


@program((vec(5),))
def itertools_in_groups(x):
    s = 0.0
    for k, (positive, group) in enumerate(itertools.groupby(x, key=lambda v: v > 0)):
        s = s * 0.7 + sum(v * v for v in group) * (k + 1) + (x[0] if positive else x[1])
    for a, b in itertools.zip_longest(x, x[1:] * x[:-1], fillvalue=1.0):
        s += a * b
    return s
