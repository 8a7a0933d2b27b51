"""Lists that grow in loops."""

import math

import numpy as np

from tests.corpus import pos, program, vec


@program((vec(5),), compiled=True)
def append_then_sum(x):
    out = []
    for v in x:
        out.append(v * v)
    return sum(out)


@program((vec(5),))
def append_then_array(x):
    out = []
    for i in range(len(x)):
        out.append(math.sin(x[i]) * i)
    return np.sum(np.array(out) ** 2)


@program((0.9, 6))
def trajectory(x, n):
    path = [x]
    for _ in range(n):
        path.append(path[-1] * math.cos(path[-1]) + x)
    return path[-1] * path[2] + path[n - 1]


@program((0.9, 6))
def reads_two_back(x, n):
    f = [x, 1.0]
    for i in range(2, n):
        f.append(f[i - 1] * x + f[i - 2])
    return f[-1]


@program((vec(6),))
def filtered(x):
    kept = []
    for v in x:
        if v > 0.0:
            kept.append(v * v)
    s = 0.0
    for k in kept:
        s = s * 0.5 + k
    return s * len(kept)


@program((7.0,))
def while_append(x):
    out = []
    while x > 0.5:
        out.append(x)
        x = x * 0.6
    s = 0.0
    for i in range(len(out)):
        s += out[i] * out[len(out) - 1 - i]
    return s


@program((vec(5),))
def elements_written(x):
    out = []
    for v in x:
        out.append(v)
    for i in range(1, len(out)):
        out[i] = out[i] * out[i - 1]
    return out[4] + out[2]


@program((vec(5),))
def stack_with_pop(x):
    stack = []
    for v in x:
        stack.append(v)
    s = 1.0
    while len(stack) > 0:
        s = s * stack.pop() + 1.0
    return s


@program((vec(3, 4),))
def rows_appended(a):
    rows = []
    for i in range(3):
        rows.append(a[i] * (i + 1.0))
    return np.sum(np.stack(rows) ** 2)


@program((vec(3, 4),))
def arrays_carried_and_appended(a):
    h = np.zeros(4)
    hs = []
    for i in range(3):
        h = np.tanh(h + a[i])
        hs.append(h)
    s = 0.0
    for v in hs:
        s += np.sum(v * v)
    return s


@program((vec(5),))
def comprehension_over_array(x):
    y = [v * math.exp(-v) for v in x]
    z = np.array([y[i] * y[4 - i] for i in range(5)])
    return np.sum(z)


@program((vec(5),))
def comprehension_with_condition(x):
    y = [v * v for v in x if v < 0.5]
    return sum(y) * len(y)


@program((pos(4),))
def ragged_nested(x):
    s = 0.0
    for v in x:
        steps = []
        while v < 5.0:
            steps.append(v)
            v = v * 1.4
        t = 1.0
        for u in steps:
            t = t * math.sin(u) + u
        s += t
    return s


@program((vec(4),))
def list_built_twice(x):
    out = []
    s = 0.0
    for k in range(2):
        out = []
        for v in x:
            out.append(v * (k + 1.0) + s)
        for v in out:
            s += v * v * 0.1
    return s + out[0]


@program((vec(5),))
def repeated_list(x):
    out = [0.0] * 5
    for i in range(5):
        out[i] = x[i] * x[4 - i]
    return out[0] * out[1] + out[2]


@program((0.8, 4))
def pascal_rows(x, n):
    row = [1.0]
    for _ in range(n):
        new = [1.0]
        for j in range(1, len(row)):
            new.append(row[j - 1] * x + row[j])
        new.append(x)
        row = new
    s = 0.0
    for v in row:
        s += v * v
    return s


@program((vec(4),))
def list_of_pairs(x):
    pairs = []
    for i in range(4):
        pairs.append((x[i], x[i] * i))
    s = 1.0
    for a, b in pairs:
        s = s * a + b
    return s


@program((vec(4),))
def builtin_extremes_of_lists(x):
    y = [v * v for v in x]
    return max(y) * min(y) + max(x) + sum(y, 1.0)


@program((vec(5),))
def last_element_updated(x):
    out = [1.0]
    for v in x:
        out.append(out[-1] * v)
        out[-1] += 0.5
        out[0] = out[0] * 0.9
    return out[-1] + out[0] * out[2]


@program((vec(4),))
def list_returned_from_helper(x):
    def squares(v):
        out = []
        for a in v:
            out.append(a * a)
        return out

    y = squares(x)
    return y[0] * y[3] + sum(squares(np.array(y)))


@program((0.9,))
def history_until_convergence(a):
    xs = [0.5]
    while len(xs) < 2 or abs(xs[-1] - xs[-2]) > 1e-13:
        xs.append(a * math.cos(xs[-1]))
    return xs[-1] + 0.1 * xs[1] * xs[2]


@program((vec(6),))
def lists_in_branches(x):
    up = []
    down = []
    for v in x:
        if v > 0.0:
            up.append(v)
        else:
            down.append(v * v)
    s = 1.0
    for u in up:
        s = s + u * len(down)
    for d in down:
        s = s * 0.8 + d
    return s


@program((vec(3, 3),))
def list_of_rows_indexed(a):
    rows = [a[i] * a[i] for i in range(3)]
    return np.sum(rows[0] * rows[2]) + rows[1][2]
