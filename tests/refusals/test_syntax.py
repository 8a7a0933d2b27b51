"""Syntax outside the language."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import s2sad
from tests.refusals.checks import refused

TOTAL = 0.0


def generator(x):  # here
    yield x


def delegating(x):  # here
    yield from [x]


async def coroutine(x):  # here
    return x


def takes_what_is_sent(x):
    total = 0.0
    while True:
        total += yield total  # here


def sends(x):
    for v in takes_what_is_sent(x):
        return v


def takes_from_a_used_generator(x):
    g = generator(x)
    for v in g:
        if v > 0:
            break
    return sum(g)  # here


def reversed_generator(x):
    return sum(reversed(generator(x)))  # here


def side_by_side(x):
    def running():
        for i in range(1, len(y)):
            y[i] += y[i - 1]
            yield y[i]

    y = np.array([x, x, x])
    s = 0.0
    for a, b in zip(generator(x), running(), strict=False):  # here
        s += a * b
    return s


def with_a_file(x):
    with open("x") as file:  # here
        file.write("1")
    return x


def with_a_suppressor(x):
    with Suppressor():  # here
        return x


def with_a_lock(x):
    with LOCK:  # here
        return x


LOCK = threading.Lock()


class Suppressor:
    def __enter__(self):
        return self

    def __exit__(self, *args):
        return True


def writes_a_global(x):
    global TOTAL
    TOTAL = x  # here
    return x


def deletes_a_global(x):
    global TOTAL
    del TOTAL  # here
    return x


def defines_a_class(x):
    class Local:  # here
        rate = 2.0

    return Local.rate * x


def catches_what_a_gradient_raises(x):
    try:
        y = s2sad.grad(lambda v: v * (1.0 / x))(x)  # here
    except ZeroDivisionError:
        y = 0.0
    return y


def stars_a_growing_list(x):
    out = []
    for i in range(int(x)):
        out.append(x * i)
    return max(*out)  # here


def reads_what_is_deleted(x):
    y = 2 * x
    del y
    return y  # noqa: F821  # here


def deletes_a_captured_name(x):
    y = 2 * x

    def inner():
        nonlocal y
        del y

    inner()
    return y  # here


def rebinds_in_recursion(x):
    total = 0.0

    def inner(n):
        nonlocal total
        if n <= 0:
            return
        total += x
        inner(n - 1)

    inner(x)  # here
    return total


def never_bound(x):
    return undefined_name * x  # noqa: F821  # here


def inner_async(x):
    async def inner():  # here
        return x

    return x


@pytest.mark.parametrize(("function", "kind", "why", "instead"), [
    (generator, SyntaxError, "generator is a generator", "Return a list"),
    (delegating, SyntaxError, "is a generator", "Return a list"),
    (coroutine, SyntaxError, "coroutine is a coroutine", "Return"),
    (sends, SyntaxError, "value of a yield", "Pass it as an argument"),
    (takes_from_a_used_generator, NotImplementedError, "used up in part", "list"),
    (reversed_generator, TypeError, "cannot be reversed", "Make a list"),
    (side_by_side, NotImplementedError, "one of them changes things", "Make a list"),
    (with_a_file, NotImplementedError, "does not read, open", ""),
    (with_a_suppressor, NotImplementedError, "may suppress what its body raises", ""),
    (with_a_lock, NotImplementedError, "runs code that is not followed", ""),
    (writes_a_global, NotImplementedError, "'TOTAL' would be assigned", "Return the value"),
    (deletes_a_global, NotImplementedError, "'TOTAL' would be deleted", ""),
    (defines_a_class, SyntaxError, "'class' is not supported", "Move it out"),
    (inner_async, SyntaxError, "'async def' is not supported", "Move it out"),
    (catches_what_a_gradient_raises, NotImplementedError, "a transform is applied to", "into that function"),
    (stars_a_growing_list, NotImplementedError, "known at run time only", "Use a loop"),
    (reads_what_is_deleted, UnboundLocalError, "'y' is not bound", "Assign it"),
    (deletes_a_captured_name, UnboundLocalError, "'y' is not bound", "Assign it"),
    (never_bound, UnboundLocalError, "'undefined_name' is not bound", "Assign it"),
    (rebinds_in_recursion, NotImplementedError, "changes 'total'", "Pass it as an argument"),
], ids=lambda f: getattr(f, "__name__", None))  # fmt: skip
def test_syntax(function, kind, why, instead):
    refused(lambda: s2sad.grad(function)(2.5), kind, why, instead, filename=__file__)
