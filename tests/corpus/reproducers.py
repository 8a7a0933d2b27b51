"""Programs of the classes that other tools are known to differentiate wrongly, or refuse.

Each is written for this corpus after the description in a public report; the report is named above it.
"""

import math

import numpy as np

from tests.corpus import ints, pos, program, vec


# Taichi 8802: loop-carried reads after writes
@program((vec(6),), compiled=True)
def read_after_write_carried(x):
    a = np.zeros(7)
    a[0] = 1.0
    for i in range(6):
        a[i + 1] = a[i] * x[i]
        a[i] = a[i + 1] + a[i]
    return np.sum(a * a)


# Taichi 8802
@program((vec(4), 5))
def same_cell_rewritten(x, n):
    acc = np.zeros(1)
    acc[0] = 1.0
    for t in range(n):
        for i in range(4):
            acc[0] = acc[0] * (1.0 + 0.1 * x[i]) + 0.01 * t
    return acc[0]


# Warp 1694: a variable from before a dynamic loop used after it
@program((0.7, 5), compiled=True)
def value_from_before_loop_after_it(x, n):
    y = math.exp(x)
    z = x
    for _ in range(n):
        z = z * y
        y = y * 0.9
    return z * y + x


# Warp 1694
@program((0.7, 1.3, 4))
def many_values_across_loop(x, y, n):
    a = x * y
    b = math.sin(a)
    for i in range(n):
        a = a * b + i
        b = b + x * a
    return a + b * x * y


# Warp 1293: nested dynamic loops
@program((vec(4, 4), 3, 4))
def nested_dynamic_loops(a, n, m):
    s = 1.0
    for i in range(n):
        t = s
        for j in range(m):
            t = t * a[i, j] + s
        s = math.sin(t) * s + t
    return s


# Warp 1293
@program((vec(5), ints(2, 0, 3, 1, 4)))
def inner_count_from_array(x, counts):
    s = 1.0
    for i in range(5):
        for _ in range(counts[i]):
            s = s * x[i] + 1.0
    return s


# Warp 1552: continue
@program((vec(7),), compiled=True)
def continue_with_carried(x):
    s = 1.0
    skipped = 1.0
    for i in range(7):
        if x[i] < 0.0:
            skipped = skipped * x[i]
            continue
        s = s * x[i] + skipped
    return s * skipped


# Warp 1552
@program((vec(4, 4),))
def continue_in_inner_loop(a):
    s = 0.0
    for i in range(4):
        for j in range(4):
            if i == j:
                continue
            if a[i, j] < -1.0:
                break
            s = s * 0.5 + a[i, j] * a[j, i]
    return s


# Warp 1697: v[i] = v[i] + x
@program((vec(3), 4))
def component_plus(x, n):
    v = np.zeros(3)
    for k in range(n):
        for i in range(3):
            v[i] = v[i] + x[i] * (k + 1) * v[(i + 1) % 3] + x[i]
    return np.sum(v * v)


# Tangent 66: an integer input
@program((2, 1.5), wrt=1)
def integer_base(n, x):
    y = n
    y = y * x
    return y * n + n**2 * x


# Tangent 66: an integer accumulator that becomes a float
@program((1.5, 4))
def integer_accumulator(x, n):
    s = 0
    p = 1
    for _ in range(n):
        p = p * x
        s = s + p
    return s


# Tangent 62: slices
@program((vec(6),))
def slice_reads_and_writes(x):
    y = x[1:4]
    z = y[:2] * y[1:]
    w = x.copy()
    w[2:5] = w[0:3] * 2.0
    return np.sum(z) + np.sum(w * w)


# Tangent 58: enumerate
@program((vec(5),))
def enumerate_and_carry(x):
    s = 1.0
    for i, v in enumerate(x):
        s = s * v + i
    return s


# Tangent 31: triangular nests
@program((vec(4, 4), vec(4)))
def triangular_solve(a, b):
    x = np.zeros(4)
    for i in range(4):
        s = b[i]
        for j in range(i):
            s -= a[i, j] * x[j]
        x[i] = s / (a[i, i] + 4.0)
    return np.sum(x * x)


# Tangent 31
@program((vec(4, 4),))
def strict_upper_then_lower(a):
    p = 1.0
    for i in range(4):
        for j in range(i + 1, 4):
            p = p * 0.5 + a[i, j]
        for j in range(i):
            p = p * a[i, j] + 1.0
    return p


# autograd 58, 177: array assignment
@program((vec(4),))
def assignment_into_zeros(x):
    y = np.zeros((2, 2))
    y[0, 0] = x[0]
    y[0, 1] = x[1] * x[2]
    y[1] = x[2:] * y[0]
    return np.sum(y**2)


# autograd 136: repeated indices
@program((vec(3), ints(0, 0, 2, 0)))
def repeated_gather(x, index):
    return np.sum(x[index] * np.array([1.0, 2.0, 3.0, 4.0])) ** 2


# autograd 136
@program((vec(3), ints(0, 0, 2, 0)))
def repeated_store(x, index):
    y = x.copy()
    y[index] = np.array([1.0, 2.0, 3.0, 4.0]) * x[0]
    return np.sum(y * x)


# PyTorch 36470: f[i] = f[i-1] * x
@program((0.9, 6), compiled=True)
def in_place_recurrence(x, n):
    f = np.ones(7)
    for i in range(1, n + 1):
        f[i] = f[i - 1] * x
    return f[n] + f[2]


# Zygote 683: a fill loop
@program((vec(5),))
def fill_loop(x):
    y = np.empty(5)
    for i in range(5):
        y[i] = x[i] ** 2
    return y


# clad 2061: trip counts whose bound changes
@program((0.8, 6))
def bound_changed_in_loop(x, n):
    s = x
    m = n
    for i in range(m):
        m = m - 2
        s = s * x + i + m
    return s


# clad 2061: a while whose bound is changed by its body
@program((0.8, 6))
def while_bound_moves(x, n):
    i = 0
    s = x
    while i < n:
        s = s * x + 1.0
        i += 1
        if i % 2 == 0:
            n = n - 1
    return s * n


# clad 2061: steps other than one, and an early exit
@program((vec(9), 3))
def step_and_exit(x, step):
    s = 1.0
    for i in range(1, 9, step):
        s = s * x[i] + 0.5
        if s > 50.0:
            break
    return s * i


# clad 2061: the index is written in the body
@program((vec(6),))
def index_written_in_body(x):
    s = 0.0
    for i in range(3):
        i = i * 2
        s = s * 0.5 + x[i] * x[i + 1]
    return s + i


# aliased views
@program((vec(3, 3),))
def aliased_rows(a):
    m = a.copy()
    p = m[0]
    q = m[0]
    p[1] = q[0] * q[2]
    q[2] = p[1] * 3.0
    return np.sum(m * m)


# stale accumulators: reset in the outer loop
@program((vec(4, 3),))
def accumulator_reset(a):
    total = 1.0
    for i in range(4):
        acc = 0.0
        for j in range(3):
            acc += a[i, j] * total
        total = total + acc * acc * 0.1
    return total


# a work buffer only partly refilled
@program((vec(6),))
def partly_refilled_buffer(x):
    w = np.ones(4)
    s = 0.0
    for i in range(5):
        for j in range(i):
            w[j % 4] = w[j % 4] * 0.5 + x[j]
        s += np.sum(w * w)
    return s


# dynamic lists, with values changed after they were appended
@program((0.7, 5))
def value_changed_after_append(x, n):
    out = []
    y = x
    for i in range(n):
        out.append(y)
        y = y * x + i
    s = y
    for v in out:
        s = s * 0.3 + v * v
    return s


# the loop variable after the loop
@program((vec(5), 4))
def loop_variable_after(x, n):
    s = 0.0
    for i in range(n):
        s += x[i]
    return s * x[i] + x[i + 1] * i


# a loop that may run zero times, with its result used
@program((vec(4), 0))
def zero_trips_then_use(x, n):
    y = x[0]
    for i in range(n):
        y = y * x[i]
    return y * x[1]


# a branch that overwrites what the other keeps, in a loop
@program((vec(6),))
def overwritten_in_branch(x):
    y = x[0]
    s = 0.0
    for i in range(6):
        if i % 3 == 1:
            y = x[i]
        elif i % 3 == 2:
            y = y * x[i]
        s += y * y
    return s


# two loops share one array, the second reads what the first replaced
@program((vec(5),))
def two_passes_over_one_array(x):
    a = x.copy()
    for i in range(4):
        a[i] = a[i] * a[i + 1]
    for i in range(4, 0, -1):
        a[i] = a[i] + a[i - 1] ** 2
    return a[4] * a[0]


# overwritten input, old value needed
@program((1.2, 0.4))
def overwritten_scalar(x, y):
    x = x * x
    y = y + x
    x = math.sin(x) * y
    y = x * y
    return x + y


# while inside for inside while
@program((pos(3),))
def three_dynamic_levels(x):
    s = 0.1
    k = 0
    while k < 2:
        for v in x:
            t = v
            while t > 0.3:
                t = t * 0.55
                s = s + t * v
            s = s * 0.9 + t
        k += 1
    return s


# a scalar used as accumulator and as factor of itself
@program((vec(5),))
def self_product_accumulator(x):
    s = 1.0
    for i in range(5):
        s += s * x[i]
        s *= s * 0.3
    return s


# read of an element at a data-dependent index after it was overwritten
@program((vec(5), ints(1, 3, 0, 2, 4)))
def permuted_chain(x, p):
    y = x.copy()
    for i in range(5):
        j = p[i]
        y[j] = y[i] * y[j] + x[p[j]]
    return np.sum(y * y)


# the maximum of a loop, with its winner used later
@program((vec(4, 3),))
def nearest_centre(points):
    s = 0.0
    for i in range(4):
        best = 1e9
        for k in range(2):
            d = 0.0
            for j in range(3):
                d += (points[i, j] - k) ** 2
            if d < best:
                best = d
        s += best * best
    return s
