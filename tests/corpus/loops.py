"""Loops over ranges, arrays and containers."""

import math

import numpy as np

from tests.corpus import pos, program, unit, vec


@program((vec(6),), compiled=True)
def sum_loop(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
    return s


@program((vec(6),))
def integer_start(x):
    s = 0
    for i in range(len(x)):
        s += x[i] * 0.5
    return s


@program((0.9, 5), compiled=True)
def power_by_loop(x, n):
    p = 1.0
    for _ in range(n):
        p *= x
    return p


@program((0.9, 0))
def zero_trips(x, n):
    y = x
    for _ in range(n):
        y = y * y
    return y


@program((0.9, 4))
def value_after_loop(x, n):
    y = x
    for i in range(n):
        y = math.sin(y) + i * x
    return y * x + i


@program((vec(7),))
def start_stop_step(x):
    s = 0.0
    for i in range(1, len(x), 2):
        s += x[i] * x[i - 1]
    return s


@program((vec(7),))
def backwards(x):
    s = 0.0
    for i in range(len(x) - 1, -1, -1):
        s = s * 0.5 + x[i]
    return s


@program((vec(7),))
def backwards_step_two(x):
    s = 1.0
    for i in range(6, 0, -2):
        s = s * x[i] + math.cos(s)
    return s


@program((vec(5),))
def over_elements(x):
    s = 0.0
    for v in x:
        s += v**3
    return s


@program((vec(4, 3),))
def over_rows(a):
    s = 0.0
    for row in a:
        s += np.prod(row)
    return s


@program((vec(5),))
def enumerated(x):
    s = 0.0
    for i, v in enumerate(x):
        s += i * v * v
    return s


@program((vec(5),))
def enumerated_from_one(x):
    s = 0.0
    for k, v in enumerate(x, 1):
        s += v**k
    return s


@program((vec(5), vec(5)))
def zipped(x, y):
    s = 0.0
    for a, b in zip(x, y):
        s += a * math.sin(b)
    return s


@program((vec(5), vec(4)))
def zipped_unequal(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y)):
        s += a * b * (i + 1)
    return s


@program((vec(5),))
def reversed_elements(x):
    s = 0.0
    for v in reversed(x):
        s = s * 0.7 + v * v
    return s


@program((vec(5),))
def reversed_range(x):
    s = 1.0
    for i in reversed(range(5)):
        s = s * x[i] + i
    return s


@program((vec(4, 5),), compiled=True)
def nested(a):
    s = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            s += math.sin(a[i, j]) * (i + j)
    return s


@program((vec(5, 5),))
def triangular(a):
    s = 0.0
    for i in range(5):
        for j in range(i + 1):
            s += a[i, j] * a[j, i]
    return s


@program((vec(5, 5),))
def triangular_products(a):
    s = 0.0
    for i in range(5):
        p = 1.0
        for j in range(i, 5):
            p *= a[i, j]
        s += p * p
    return s


@program((vec(3),))
def triple_nest(x):
    s = 0.0
    for i in range(3):
        for j in range(i):
            for k in range(j, 3):
                s += x[i] * x[j] * x[k]
    return s


@program((vec(6),))
def breaks(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i]
        if s > 2.0:
            break
        s *= 1.1
    return s


@program((vec(6),))
def continues(x):
    s = 0.0
    for i in range(len(x)):
        if x[i] < 0.0:
            continue
        s = s * 0.9 + x[i] ** 2
    return s


@program((vec(6),))
def breaks_and_continues(x):
    s = 1.0
    for i in range(len(x)):
        if i == 1:
            continue
        if s > 5.0:
            break
        s = s * (1.0 + x[i] ** 2)
    return s


@program((vec(6), 9.0))
def loop_else(x, limit):
    s = 0.0
    for v in x:
        s += abs(v)
        if s > limit:
            break
    else:
        s = s * s
    return s


@program((vec(6),))
def returns_from_loop(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] ** 2
        if s > 1.5:
            return s * x[0]
    return -s


@program((vec(4, 4),))
def inner_break(a):
    s = 0.0
    for i in range(4):
        t = 0.0
        for j in range(4):
            t += a[i, j] ** 2
            if t > 1.0:
                break
        s += t * (i + 1)
    return s


@program((0.8, 6))
def fibonacci_carry(x, n):
    a, b = x, 1.0
    for _ in range(n):
        a, b = b, a + b * x
    return b


@program((0.8, 5))
def three_carried(x, n):
    a = b = c = x
    for i in range(n):
        a, b, c = b, c, math.sin(a) + b * c + i
    return a * b + c


@program((vec(6),))
def running_maximum(x):
    m = x[0]
    for i in range(1, len(x)):
        if x[i] > m:
            m = x[i]
    return m * m


@program((vec(6),))
def maximum_and_position(x):
    best = x[0]
    at = 0
    for i in range(1, len(x)):
        if x[i] > best:
            best = x[i]
            at = i
    return best * x[at - 1]


@program((vec(6),))
def builtin_maximum(x):
    m = -1e9
    for v in x:
        m = max(m, v)
    return m * 2.0


@program((vec(5), unit(5)))
def horner(c, t):
    s = 0.0
    for j in range(5):
        p = 0.0
        for i in range(4, -1, -1):
            p = p * t[j] + c[i]
        s += p * p
    return s


@program((vec(6), 3))
def index_recurrence(x, n):
    s = 0.0
    p = 0
    for _ in range(n):
        s += x[p] * x[p + 1]
        p += 2
    return s


@program((vec(10),))
def packed_triangle_index(x):
    s = 0.0
    k = 0
    for i in range(4):
        for j in range(i + 1):
            s += x[k] * (i - j + 1) * x[k]
            k += 1
    return s


@program((0.2, 40))
def logistic_map(x, n):
    for _ in range(n):
        x = 2.7 * x * (1.0 - x)
    return x


@program((vec(5),))
def loop_variable_reused(x):
    s = 0.0
    for i in range(5):
        s += x[i]
    for i in range(5):
        s = s * 0.5 + x[i] * s
    return s


@program((vec(5),))
def sequence_of_loops(x):
    s = 0.0
    for v in x:
        s += v
    m = s / len(x)
    q = 0.0
    for v in x:
        q += (v - m) ** 2
    return q / (len(x) - 1)


@program((vec(6),))
def temporary_overwritten(x):
    t = 0.0
    s = 0.0
    for i in range(6):
        t = x[i] * x[i]
        s += t * math.sin(t)
        t = s
    return t + s


@program((vec(6),))
def accumulate_products(x):
    s = 1.0
    t = 0.0
    for v in x:
        t += s * v
        s *= math.cos(v)
    return t


@program((vec(4), 0.3))
def loop_invariant_work(x, a):
    s = 0.0
    for i in range(4):
        w = math.exp(a) * math.sin(a)
        s += w * x[i]
    return s


@program(((0.5, 1.5, 2.5), vec(3)))
def static_tuple_loop(weights, x):
    s = 0.0
    for i, w in enumerate(weights):
        s += w * x[i] ** 2
    return s


@program((vec(8), 3))
def strided_by_argument(x, step):
    s = 0.0
    for i in range(0, len(x), step):
        s += x[i] ** 2
    return s


@program((vec(4, 3),))
def rows_and_elements(a):
    s = 0.0
    for row in a:
        t = 1.0
        for v in row:
            t = t * v + 1.0
        s += t * t
    return s


@program((vec(5),))
def unused_iterations(x):
    y = 0.0
    for i in range(5):
        y = x[i] * x[i]
    return y


@program((vec(5),))
def negative_indices(x):
    s = 0.0
    for i in range(1, 6):
        s += x[-i] * i * x[i - 1]
    return s


@program((vec(3), 0.1, 10))
def gradient_descent_by_hand(x, rate, n):
    y = x.copy()
    for _ in range(n):
        y = y - rate * (4.0 * y**3 - 2.0 * y)
    return np.sum(y**2)


@program((vec(9), 8, 3))
def runtime_negative_step(x, n, k):
    s = 0.5
    for i in range(n, 0, -k):
        s = s * x[i] + x[i - 1]
    return s


@program((vec(6), 2, 5))
def runtime_bounds(x, lo, hi):
    s = 1.0
    for i in range(lo, hi):
        s = s * 0.7 + x[i] ** 2
    return s


@program((vec(4, 4),))
def zipped_rows_and_columns(a):
    s = 0.0
    for row, column in zip(a, a.T):
        s += np.dot(row, column) * row[0]
    return s


@program((vec(5),))
def early_exit_flag(x):
    done = False
    s = 0.0
    for v in x:
        if not done:
            s += v * v
            done = s > 1.0
    return s * x[0]


@program((vec(3), 50))
def long_loop(x, n):
    a, b, c = x[0], x[1], x[2]
    for i in range(n):
        a, b, c = a + 0.01 * b * c, b - 0.02 * a * c, c + 0.01 * a * b
        if i % 10 == 0:
            a *= 0.9
    return a * b * c


@program((vec(3, 3),))
def break_out_of_two_loops(a):
    s = 1.0
    stop = False
    for i in range(3):
        for j in range(3):
            s += a[i, j] ** 2
            if s > 4.0:
                stop = True
                break
        if stop:
            break
        s *= 0.9
    return s


@program((vec(5), vec(3)), compiled=True)
def nearest_by_where(x, centres):
    total = 0.0
    for i in range(len(x)):
        best = 1e300
        for j in range(len(centres)):
            d = x[i] - centres[j]
            best = np.where(d * d < best, d * d, best)
        total += best * x[i]
    return total


@program((vec(5), vec(3)), compiled=True)
def farthest_by_maximum(x, centres):
    total = 0.0
    for i in range(len(x)):
        best = 0.0
        for j in range(len(centres) - 1, -1, -1):
            s = 0.0
            for k in range(2):
                s += (x[i] - centres[j]) * (x[i] - centres[j]) * (k + 1.0)
            best = np.maximum(s, best)
        total += best * x[i]
    return total


@program((pos(6), 0.4))
def least_with_its_place_by_min(x, y):
    best, place = 10.0, -1
    for i in range(0, len(x), 2):
        d = np.sqrt(x[i] + y) / y
        place = i if d < best else place
        best = min(best, d)
    return best * place


@program((vec(4), 0.4))
def choice_with_a_start_that_wins(x, y):
    best = y
    for v in x:
        best = np.maximum(best, v * v - 100.0)
    return best * y
