"""Closures, lambdas, partial, recursion, methods, functions as values."""

import functools
import math
from dataclasses import dataclass

import numba
import numpy as np

from tests.corpus import program, vec

SCALE = 1.5
TABLE = np.array([1.0, -2.0, 0.5])


def double(x):
    """Twice x."""
    return 2.0 * x


def poly(x, a=1.0, *, b=2.0):
    """A polynomial with a default and a keyword-only argument."""
    return a * x * x + b * x


@program((0.7,), compiled=True)
def calls_helper(x):
    return double(x) * double(double(x)) + poly(x) + poly(x, 3.0, b=x)


@program((0.7,))
def reads_globals(x):
    return SCALE * x * x + TABLE[1] * x


@program((vec(3),))
def reads_global_array(x):
    s = 0.0
    for i in range(3):
        s += TABLE[i] * x[i] ** 2
    return s


@program((0.7, 1.2))
def inner_function(x, y):
    def f(z):
        return z * y + x

    return f(x) * f(y)


@program((0.7,))
def late_binding(x):
    k = 1.0

    def f(z):
        return k * z

    a = f(x)
    k = x
    return a * f(x)


@program((0.7,))
def nonlocal_state(x):
    total = 0.0

    def add(v):
        nonlocal total
        total += v * x

    add(x)
    add(2.0)
    add(total)
    return total


def make_power(n):
    """A function that raises to the power n."""

    def power(x):
        return x**n

    return power


@program((0.7,))
def factory_of_closures(x):
    cube = make_power(3)
    square = make_power(2)
    return cube(x) - square(cube(x)) + make_power(x)(2.0)


@program((0.7,))
def lambdas_on_one_line(x):
    f, g, h = (lambda v: v * v), (lambda v: v + x), (lambda v: math.sin(v))
    return f(g(h(x))) * h(f(x))


@program((0.7,))
def list_of_functions(x):
    y = x
    for f in [math.sin, math.cos, double, lambda v: v * x]:
        y = f(y) + y
    return y


@program((0.7,))
def dict_of_functions(x):
    table = {"a": math.exp, "b": lambda v: v * v}
    return table["a"](x) * table["b"](x)


@program((0.7,))
def closures_made_in_loop(x):
    fs = []
    for k in range(3):
        fs.append(lambda v, k=k: v ** (k + 1))
    s = 0.0
    for f in fs:
        s += f(x)
    return s


def apply_twice(f, x):
    """f(f(x))."""
    return f(f(x))


@program((0.7, 0.3))
def function_argument(x, a):
    return apply_twice(lambda v: v * v + a, x) * apply_twice(double, x)


@program((0.7,))
def partial_application(x):
    f = functools.partial(poly, a=x)
    g = functools.partial(poly, x, 2.0, b=3.0)
    return f(2.0) * g()


def total(*args, **kwargs):
    """The sum of positional and keyword arguments."""
    s = 0.0
    for a in args:
        s = s + a
    for name in kwargs:
        s = s + 2.0 * kwargs[name]
    return s


@program((0.7, 1.2))
def star_arguments(x, y):
    pair = (x * y, y)
    options = {"p": x, "q": y * y}
    return total(x, *pair) * total(y, **options)


@program((0.7, 1.2, 0.3))
def star_parameters(*xs):
    s = 0.0
    for i, x in enumerate(xs):
        s += x ** (i + 1)
    return s


def factorial_like(x, n):
    """x (x + 1) ... (x + n - 1) by recursion."""
    if n == 0:
        return 1.0
    return (x + n - 1) * factorial_like(x, n - 1)


@program((0.7, 5), compiled=True)
def recursion(x, n):
    return factorial_like(x, n) * x


def tree_value(x, depth):
    """A binary recursion."""
    if depth == 0:
        return math.sin(x)
    return tree_value(x * 0.5, depth - 1) * tree_value(x + 0.1, depth - 1) + x


@program((0.7, 4))
def binary_recursion(x, depth):
    return tree_value(x, depth)


def halve(x):
    """Recursion whose depth depends on the value."""
    if x < 0.5:
        return x * x
    return halve(x / 2.0) * x


@program((5.3,))
def recursion_on_value(x):
    return halve(x)


def cumulate(a, i):
    """Recursion that writes into its argument."""
    if i < len(a):
        a[i] += a[i - 1] * a[i]
        cumulate(a, i + 1)


@program((vec(5),))
def recursion_mutating(x):
    y = x.copy()
    cumulate(y, 1)
    return np.sum(y * y)


def is_even(x, n):
    """Mutual recursion, one half."""
    return x if n == 0 else is_odd(x * 1.1, n - 1)


def is_odd(x, n):
    """Mutual recursion, the other half."""
    return -x if n == 0 else is_even(math.sin(x), n - 1)


@program((0.7, 5))
def mutual_recursion(x, n):
    return is_even(x, n)


def adaptive(f, a, b, fa, fb, depth):
    """Adaptive trapezoid rule."""
    m = 0.5 * (a + b)
    fm = f(m)
    coarse = 0.5 * (b - a) * (fa + fb)
    fine = 0.25 * (b - a) * (fa + 2.0 * fm + fb)
    if depth == 0 or abs(coarse - fine) < 1e-2:
        return fine
    return adaptive(f, a, m, fa, fm, depth - 1) + adaptive(f, m, b, fm, fb, depth - 1)


@program((0.7,), rtol=1e-5)
def adaptive_quadrature(k):
    def f(t):
        return math.exp(-k * t * t) * math.sin(3.0 * t)

    return adaptive(f, 0.0, 2.0, f(0.0), f(2.0), 5)


class Spring:
    """A plain object with attributes, methods, a property and a call."""

    def __init__(self, k, rest=1.0):
        self.k = k
        self.rest = rest

    @property
    def stiffness(self):
        """Twice k."""
        return 2.0 * self.k

    def energy(self, x):
        """Energy at length x."""
        return 0.5 * self.k * (x - self.rest) ** 2

    def stretch(self, d):
        """Move the rest length."""
        self.rest = self.rest + d
        return self

    @staticmethod
    def cube(x):
        """x cubed."""
        return x * x * x

    def __call__(self, x):
        return self.energy(x) * self.stiffness


SPRING = Spring(3.0)


@program((0.7,))
def captured_object(x):
    return SPRING.energy(x) + SPRING(x) + Spring.cube(x)


@program((0.7, 2.0))
def object_made_inside(x, k):
    s = Spring(k, rest=x * 0.1)
    before = s(x)
    s.stretch(x).k = 3.0 * k
    return before * s.energy(x + 1.0)


@program((0.7,))
def bound_method_as_value(x):
    f = SPRING.energy
    return f(x) * f(x * x)


@dataclass
class Body:
    """A dataclass with a method."""

    x: float
    v: float = 0.0

    def step(self, dt):
        """One Euler step in place."""
        self.v = self.v - math.sin(self.x) * dt
        self.x = self.x + self.v * dt


@program((0.7,))
def dataclass_state(x):
    b = Body(x)
    for _ in range(4):
        b.step(0.1)
    return b.x * b.v


class Base:
    """A base class with a hook."""

    def value(self, x):
        """Calls the hook."""
        return self.hook(x) * x


class Sine(Base):
    """Overrides the hook."""

    def hook(self, x):
        """sin x."""
        return math.sin(x)


@program((0.7,))
def inheritance(x):
    return Sine().value(x)


@program((0.7,))
def isinstance_dispatch(x):
    def f(v):
        if isinstance(v, tuple):
            return v[0] * v[1]
        return v * v

    return f(x) + f((x, 3.0))


@program((vec(4),))
def map_and_reduce_by_hand(x):
    def fold(f, start, values):
        out = start
        for v in values:
            out = f(out, v)
        return out

    return fold(lambda a, v: a * 0.5 + v * v, 1.0, x)


@program((0.3,))
def returns_closure_result_of_loop(x):
    def iterate(f, n):
        y = x
        for _ in range(n):
            y = f(y)
        return y

    return iterate(math.sin, 3) + iterate(lambda v: v * v + x, 2)


@program((vec(4),))
def closure_writes_captured_array(x):
    y = np.zeros(4)

    def put(i, v):
        y[i] = v * v

    for i in range(4):
        put(i, x[3 - i])
    return np.sum(y * x)


@program((0.6,))
def ufunc_as_value(x):
    f = np.tanh
    g = np.multiply
    return g(f(x), np.add(x, 1.0))


@program((vec(3, 3),))
def helper_returns_two(a):
    def moments(v):
        m = np.sum(v) / len(v)
        return m, np.sum((v - m) ** 2) / len(v)

    s = 0.0
    for row in a:
        m, q = moments(row)
        s += m * q
    return s


@numba.njit
def compiled_helper(x, n):
    """An `@njit` function of the user's."""
    s = 0.0
    for i in range(n):
        s += math.sin(x * i)
    return s


@numba.njit
def compiled_caller(v):
    """An `@njit` function that calls another one and writes."""
    out = np.zeros(len(v))
    for i in range(len(v)):
        out[i] = compiled_helper(v[i], i + 1) * v[i]
    return out


@program((0.7, 4), compiled=True)
def njit_helper(x, n):
    return compiled_helper(x, n) * x


@program((vec(3),))
def njit_helpers_on_arrays(x):
    return np.sum(compiled_caller(x) ** 2)


@program((vec(4), 0.5))
@numba.njit
def njit_function_itself(x, a):
    s = 0.0
    for v in x:
        s += a * v * v
    return s


@program((0.7,))
def default_evaluated_once(x):
    def f(v, k=2.0 * SCALE):
        return v * k

    return f(x) * f(x, x)


@program((0.7, 3))
def recursion_in_closure(x, n):
    def go(k):
        if k == 0:
            return x
        return math.sin(go(k - 1)) + k * x

    return go(n)


@program((vec(4),))
def recursion_divide_and_conquer(x):
    def total(lo, hi):
        if hi - lo == 1:
            return x[lo] ** 2
        mid = (lo + hi) // 2
        return total(lo, mid) * 0.5 + total(mid, hi)

    return total(0, 4)


@program((0.7,))
def immediately_called_lambda(x):
    return (lambda a, b=x: a * b)(3.0) * (lambda: x)()


@program((0.7,))
def returns_function(x):
    def choose(flag):
        return math.sin if flag else math.cos

    return choose(True)(x) * choose(False)(x)


@program((0.7,))
def prints_and_docstrings(x):
    """A docstring, a pass, and a bare expression."""
    pass
    x * 2.0
    y: float = x * x
    return y


class Layer:
    """Weights as attributes of an object made outside."""

    def __init__(self):
        self.w = np.array([[0.5, -0.3], [0.2, 0.8]])
        self.b = np.array([0.1, -0.1])
        self.inner = Spring(2.0)

    def __call__(self, x):
        return np.tanh(self.w @ x + self.b) * self.inner.k


LAYER = Layer()


@program((vec(2),))
def callable_object_with_arrays(x):
    return np.sum(LAYER(LAYER(x)))


@program((0.7,))
def try_finally_free_nested_calls(x):
    def a(v):
        return b(v) + 1.0

    def b(v):
        return c(v) * v

    def c(v):
        return math.exp(-v)

    return a(b(c(x)))
