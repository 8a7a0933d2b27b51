"""Calls, closures, arguments of every form, objects, containers of functions."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections import namedtuple

import numpy as np
import pytest

from tests.frontend.harness import check

SCALE = 2.5
OFFSETS = [1.0, 2.0, 3.0]
WEIGHTS = np.array([0.5, 1.5])
TABLE = {"a": 2.0, "w": np.array([1.0, 2.0, 3.0])}
COUNT = 3
Point = namedtuple("Point", ["x", "y"])


def double(x):
    return 2 * x


def with_defaults(x, y=3.0, *rest, z=4.0, **more):
    total = x + y * z
    for r in rest:
        total += r
    for name in more:
        total += more[name]
    return total


@pytest.mark.parametrize("call", [
    lambda x: with_defaults(x),
    lambda x: with_defaults(x, 2.0, 3.0, 4.0, z=x),
    lambda x: with_defaults(*[x, 2.0], **{"z": 1.0, "q": x}),
    lambda x: with_defaults(y=x, x=1.0, k=5.0),
])
def test_arguments(call):
    check(call, 1.5)


def test_globals_and_containers_of_them():
    def f(x):
        return x * SCALE + OFFSETS[1] + WEIGHTS[0] * TABLE["a"] + np.sum(TABLE["w"]) + COUNT + math.pi

    check(f, 1.5)


def make_power(n, c):
    def power(x):
        return c * x**n

    return power


def test_closures():
    check(make_power(3, 0.5), 2.0)

    def f(x):
        total = 0.0
        k = 1.0

        def add(y):
            nonlocal total
            total += k * y

        add(x)
        k = 10.0
        add(x)
        return total

    check(f, 2.0)


def test_late_binding():
    def f(x):
        def times_i():
            return lambda y: y * i

        fs = []
        for k in range(3):
            i = k
            fs.append(times_i())
        gs = [lambda y, i=i: y * i for i in range(3)]
        return fs[0](x) + gs[1](x) + sum(g(x) for g in gs)

    check(f, 2.0)


def test_closures_made_in_a_loop_over_runtime_values():
    def f(x):
        def times_entry(i):
            return lambda y: y * x[i]

        s = 0.0
        for i in range(len(x)):
            g = times_entry(i)
            s += g(2.0)
        return s

    check(f, np.array([1.0, 2.0, 3.0]))


def test_lambdas_on_one_line():
    fs = [lambda x: x + 1, lambda x: x * 2, lambda x: x - 3]
    for f in fs:
        check(f, 1.5)
    check(lambda x: (lambda y: y * x)(x + 1) + (lambda: x)(), 2.0)


def test_partials_and_functions_in_containers():
    table = {"p": functools.partial(make_power(2, 1.0)), "d": double, "q": functools.partial(with_defaults, y=7.0)}

    def f(x):
        return table["p"](x) + table["d"](x) + table["q"](x) + functools.partial(with_defaults, x)(2.0)

    check(f, 2.0)


class Model:
    rate = 0.25

    def __init__(self, w, k):
        self.w = w
        self.k = k

    @property
    def twice(self):
        return 2 * self.k

    @staticmethod
    def square(x):
        return x * x

    @classmethod
    def make(cls, w):
        return cls(w, 3)

    def __call__(self, x):
        return self.apply(x) + self.rate

    def apply(self, x):
        s = 0.0
        for i in range(self.k):
            s += self.w[i] * x + self.square(x) * self.twice
        return s


class Child(Model):
    def __init__(self, w, k, extra):
        super().__init__(w, k)
        self.extra = extra

    def apply(self, x):
        return super().apply(x) * self.extra


def test_objects_from_outside():
    model = Model(np.array([1.0, 2.0, 3.0]), 3)
    check(model, 1.5)
    check(model.apply, 1.5)
    check(lambda m, x: m.apply(x) + m(x), model, 2.0)
    check(Child(np.array([1.0, 2.0, 3.0]), 3, 0.5), 1.5)


def test_objects_made_inside():
    def f(w, x):
        model = Model.make(w)
        model.k = 2
        model.gain = x * 2
        child = Child(w, 2, x)
        child.extra += 1.0
        return model(x) + child(x) + model.gain

    check(f, np.array([1.0, 2.0, 3.0]), 1.5)


@dataclasses.dataclass
class Params:
    a: float
    b: np.ndarray
    c: int = 2

    def total(self):
        return self.a + self.b.sum() * self.c


def test_dataclasses_and_namedtuples():
    check(lambda p: p.total() + p.a, Params(2.0, np.array([1.0, 2.0])))
    check(lambda x: Params(x, np.array([x, 1.0])).total() + Params(x, b=np.ones(2), c=5).total(), 2.0)
    check(lambda p: p.x * p.y + p[0], Point(2.0, 3.0))

    def f(x):
        p = Point(x, y=x * 2)
        a, b = p
        return Point(a * b, p.y)

    check(f, 2.0)


class Vec:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vec(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Vec(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __getitem__(self, i):
        return self.x if i == 0 else self.y

    def norm(self):
        return (self.x**2 + self.y**2) ** 0.5


def test_operators_of_classes():
    def f(x):
        v = Vec(x, 1.0) + 2.0 * Vec(x, x) * x
        return v.norm() + v[0] + v[1]

    check(f, 1.5)


def test_state_of_an_object_in_a_loop():
    def f(x):
        v = Vec(0.0, 1.0)
        for i in range(len(x)):
            v.x += x[i]
            if v.x > 2:
                v.y = v.y * 2
            v = v + Vec(0.5, 0)
        return v.x * v.y

    check(f, np.array([1.0, 2.0, 3.0]))


def decorate(factor):
    def wrap(f):
        @functools.wraps(f)
        def inner(*args, **kwargs):
            return factor * f(*args, **kwargs)

        return inner

    return wrap


@decorate(3.0)
def decorated(x):
    return x + 1


def test_decorators():
    check(decorated, 2.0)

    def f(x):
        @decorate(x)
        def g(y):
            return y * y

        return g(3.0)

    check(f, 2.0)


def apply_twice(f, x, *args):
    return f(f(x, *args), *args)


def test_functions_as_arguments():
    check(lambda x: apply_twice(lambda a, b: a * b + 1, x, 3.0), 2.0)
    check(apply_twice, double, 3.0)
    check(lambda x: apply_twice(np.sin, x) + apply_twice(math.exp, x), 0.5)


def test_kwargs_at_the_call():
    check(with_defaults, 1.0, z=2.0, q=3.0)
