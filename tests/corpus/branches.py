"""Branches, early returns, short circuits, exceptions."""

import math

import numpy as np

from tests.corpus import program, vec


@program((0.7,), compiled=True)
def if_else(x):
    if x > 0.5:
        y = x * x
    else:
        y = -x
    return y


@program((0.2,))
def if_without_else(x):
    y = x
    if x < 0.5:
        y = y * y
    return y + x


@program((0.2, 0.4))
def elif_chain(x, y):
    if x > y:
        z = x
    elif x > y - 0.1:
        z = x * y
    elif x > y - 0.3:
        z = math.sin(x * y)
    else:
        z = 0.0
    return z * z


@program((-0.7,))
def early_returns(x):
    if x > 1.0:
        return x
    if x < 0.0:
        return x * x * x
    return 2.0 * x


@program((0.7,))
def ternary(x):
    return (x * x if x > 0.0 else -x) + (math.sin(x) if x > 1.0 else math.cos(x))


@program((0.7, 0.2))
def nested_ifs(x, y):
    z = 1.0
    if x > 0.0:
        if y > 0.5:
            z = x
        else:
            z = x * y
            if x * y > 0.1:
                z += y
    return z * x


@program((0.4, 2.0))
def chained_comparison(x, y):
    return x * y if 0.0 < x < y <= 3.0 else x


@program((0.4, 2.0))
def short_circuit(x, y):
    if x > 1.0 and math.log(x - 1.0) > 0.0 or y > 1.0:
        return x * y
    return x


@program((0.4, 2.0))
def boolean_value(x, y):
    a = x > 0.0
    b = not (y < 1.0)
    return x * a + y * b if a and b else 0.0 * x


@program((0.4,))
def or_default(x):
    y = x or 1.0
    return y * y


@program((vec(6),))
def branch_in_loop(x):
    s = 0.0
    for i in range(6):
        if x[i] > 0.0:
            s += x[i] * s + 1.0
        elif x[i] > -0.5:
            s = s * x[i]
        else:
            s -= x[i] ** 2
    return s


@program((vec(6),))
def alternating_branch(x):
    a = 1.0
    b = 1.0
    for i in range(6):
        if i % 2 == 0:
            a = a * x[i] + b
        else:
            b = b * x[i] + a
    return a * b


@program((vec(4),))
def branch_writes_array(x):
    y = np.zeros(4)
    for i in range(4):
        if x[i] > 0.0:
            y[i] = x[i] ** 2
        else:
            y[3 - i] += x[i]
    return np.sum(y * y)


@program((vec(4),))
def branch_selects_array(x):
    a = x * x
    b = np.sin(x)
    c = a if np.sum(x) > 0.0 else b
    return np.sum(c * a)


@program((1.5,))
def try_raise(x):
    try:
        if x > 1.0:
            raise ValueError
        y = x
    except ValueError:
        y = x * x
    return y


@program((0.5,))
def try_in_loop(x):
    s = 0.0
    for i in range(5):
        try:
            if i == 2:
                raise ValueError
            if i == 3:
                raise KeyError
            s += x
        except ValueError:
            s *= x
        except KeyError:
            s -= x * x
    return s


@program((0.5,))
def guarded_raise(x):
    if x < 0.0:
        raise ValueError("negative")
    return math.sqrt(x)


@program((0.5, 2))
def match_number(x, k):
    match k:
        case 0:
            return x
        case 1 | 2:
            return x * x * k
        case _:
            return -x


@program((0.5, "square"), wrt=0)
def match_string(x, name):
    match name:
        case "square":
            return x * x
        case "cube":
            return x**3
    return x


@program((0.6, 3))
def integer_dispatch_in_loop(x, n):
    y = x
    for i in range(6):
        if i % n == 0:
            y = math.sin(y)
        elif i % n == 1:
            y = y * x
        else:
            y = y + 1.0
    return y


@program((0.3, 1.4))
def sort_two(x, y):
    if x < y:
        x, y = y, x
    return x - y * y


@program((0.3, 1.4, -0.6))
def median_of_three(a, b, c):
    if a > b:
        a, b = b, a
    if b > c:
        b, c = c, b
    if a > b:
        a, b = b, a
    return b * b


@program((vec(4),))
def bubble_sort(x):
    y = x.copy()
    for i in range(3):
        for j in range(3 - i):
            if y[j] > y[j + 1]:
                t = y[j]
                y[j] = y[j + 1]
                y[j + 1] = t
    return y[0] * 1.0 + y[1] * y[2] + y[3] ** 3


@program((0.45,))
def piecewise_by_table(x):
    knots = (0.0, 0.25, 0.5, 1.0)
    for i in range(3):
        if knots[i] <= x < knots[i + 1]:
            return (x - knots[i]) ** 2 * (i + 1)
    return x


@program((0.3,))
def unset_in_one_branch(x):
    if x > 0.0:
        extra = x * 2.0
    y = x
    if x > 0.0:
        y += extra
    return y


@program((0.9, 0.4))
def huber(r, delta):
    a = abs(r)
    if a <= delta:
        return 0.5 * r * r
    return delta * (a - 0.5 * delta)


@program((vec(5), vec(5)))
def leaky_relu_loop(x, w):
    s = 0.0
    for a, b in zip(x, w):
        z = a * b
        s += z if z > 0.0 else 0.01 * z
    return s


@program((0.4, None), wrt=0)
def none_argument(x, y):
    if y is None:
        return x * x
    return x * y
