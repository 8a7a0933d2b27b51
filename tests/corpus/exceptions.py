"""Exceptions that are caught: of operations, of called functions, in loops, nested, raised again, with `finally`."""

from __future__ import annotations

import contextlib
import math

import numpy as np

from tests.corpus import program, spd

X = np.array([1.5, -0.7, 2.25])
SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])


def positive_log(v):
    if v <= 0:
        raise ValueError("not positive")
    return np.log(v)


@program((X,), compiled=True)
def raised_by_a_called_function(x):
    s = 0.0
    for v in x:
        try:
            s += positive_log(v)
        except ValueError:
            continue
    return s


@program((X,), compiled=True)
def index_out_of_bounds(x):
    s = 0.0
    for i in range(5):
        try:
            s += x[i] * x[i - 1]
        except IndexError:
            s *= x[0]
    return s


@program((np.array([0.3, 2.0]),), compiled=True)
def singular_matrix(x):
    s = 0.0
    for k in range(3):
        A = SINGULAR + (k - 1) * np.eye(2)
        try:
            y = np.linalg.solve(A, x)
        except np.linalg.LinAlgError:
            y = x * x
        s += np.sum(y * x)
    return s


@program((spd(2),), step=False, compiled=True)
def jitter_until_definite(A):
    B = A - 5.0 * np.eye(2)
    shift = 0.0
    while True:
        try:
            L = np.linalg.cholesky((B + B.T) / 2 + shift * np.eye(2))
            break
        except np.linalg.LinAlgError:
            shift += 2.0
    return 2 * np.sum(np.log(np.diag(L)))


@program((1.3,), compiled=True)
def python_divisions(x):
    s = 0.0
    for i in range(-2, 3):
        try:
            s += (6 // i) * x + x / float(i) + 7 % i
        except ZeroDivisionError:
            s += x**3
    return s


@program((np.array([0.8, 1.7]),), step=False, compiled=True)
def functions_of_math(x):
    s = 0.0
    for k in range(4):
        try:
            s += math.sqrt(x[1] - k) + math.exp(400.0 * k * x[0]) * 1e-200 + math.log(x[0] + k - 1)
        except ValueError:
            s += x[0] * x[1]
        except OverflowError:
            s -= x[1]
    return s


@program((X,))
def handlers_in_order(x):
    s = 0.0
    for i in range(5):
        try:
            v = x[i]
            if v > 2.0:
                raise OverflowError("large")
            s += positive_log(v)
        except LookupError:
            s *= 1.5
            s += x[0]
        except ArithmeticError as e:
            s += x[2] if str(e) == "large" else 0.0
        except Exception:
            s -= x[1] * x[1]
    return s


def checked_item(x, i):
    if x[i] < 0:
        raise KeyError("negative")
    return x[i + 1] * x[i]


def two_items(x, i):
    total = 0.0
    for j in range(2):
        total += checked_item(x, i + j)
    return total


@program((np.array([1.0, 2.0, 0.5, 0.3, -2.0]),), compiled=True)
def several_calls_deep(x):
    s = 0.0
    for i in range(6):
        try:
            s += two_items(x, i)
        except KeyError:
            s -= x[0] * x[i]
        except LookupError:
            s *= x[1]
    return s


@program((X,))
def finally_whatever_happens(x):
    def first_large(limit):
        n = 0.0
        for v in x:
            try:
                if v > limit:
                    return v * v + n
                if v < 0:
                    continue
            finally:
                n = n + v
        return n

    return first_large(2.0) * first_large(9.0)


@program((X,))
def finally_then_caught(x):
    s = x[0]
    try:
        try:
            s = s * positive_log(x[1])
        finally:
            s = s + 2.0 * x[0]
    except ValueError:
        s = s * x[2]
    return s


@program((X,))
def else_of_a_try(x):
    s = 0.0
    for i in range(4):
        try:
            v = x[i]
        except IndexError:
            break
        else:
            if v < 0:
                continue
            s += v**3
        finally:
            s += 0.25 * x[0]
    return s


@program((X,))
def raised_again(x):
    y = x[0]
    try:
        try:
            y = y * positive_log(x[1])
        except ValueError as e:
            if x[2] > 9.0:
                raise
            raise RuntimeError("deeper") from e
    except ValueError:
        y = y * 2.0
    except RuntimeError:
        y = y * x[2]
    return y


@program((X,))
def what_was_done_before_stays(x):
    out = np.zeros(3)
    try:
        for i in range(5):
            out[i] = x[i] ** 2
    except IndexError:
        out = out * x[0]
    return np.sum(out)


@program((X,))
def suppressed(x):
    y = x[0]
    with contextlib.suppress(ValueError, IndexError):
        y = y * positive_log(x[2])
        y = y * x[7]
        y = y + 100.0
    return y


@program((X,))
def in_comprehensions(x):
    try:
        return sum([positive_log(v) for v in x])
    except ValueError:
        return x[0] * x[1]


@program((X, 1))
def only_as_far_as_needed(x, i):
    try:
        y = x[i] * 2 if i < len(x) and x[i] > 0 else x[0] ** 2
        y += x[i + 4] if i > 5 else x[i]
    except IndexError:
        y = -x[0]
    return y


@program((1.3, 0), compiled=True)
def from_a_recursion(x, k):
    def grow(v, n):
        if n > 60:
            raise RecursionError("too deep")
        return v if v > 3.0 else grow(v * v + 0.01, n + 1)

    s = 0.0
    for w in (1.0, 0.1):
        try:
            s += grow(x * w, k)
        except RecursionError:
            s += 7.0 * x
    return s


@program((X,))
def keys_and_lists(x):
    d = {"a": x[0], "b": x[1]}
    items = [x[2]]
    s = 0.0
    for key in ("a", "c", "b"):
        try:
            s += d[key] ** 2
        except KeyError:
            d[key] = x[2]
    for i in range(3):
        try:
            s += items[i] * i
        except IndexError:
            items.append(x[0] * i)
    return s + d["c"]


@program((X,))
def until_the_end(x):
    i, s = 0, 0.0
    try:
        while x[i] != 5.0:
            s += x[i] ** 2
            i += 1
    except IndexError:
        s *= x[0]
    return s


@program((X,))
def nothing_fails(x):
    try:
        y = np.sum(np.sin(x) * x)
    except Exception:
        y = 0.0
    return y
