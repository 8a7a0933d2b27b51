"""Functions, objects and names of which one is chosen at run time."""

import numpy as np

from tests.corpus import program, vec


def square(x):
    return x * x


def cube(x):
    return x**3


class Spring:
    def __init__(self, stiffness):
        self.stiffness = stiffness

    def energy(self, x):
        return 0.5 * self.stiffness * x * x


class Pendulum(Spring):
    def energy(self, x):
        return self.stiffness * (1.0 - np.cos(x))


def scaled(k):
    return lambda x: k * x * x


@program((0.7,), compiled=True)
def function_chosen_by_a_condition(x):
    h = square if x > 0.5 else cube
    return h(x) + h(2 * x)


@program((0.7, 2))
def function_of_a_list(x, which):
    return [square, cube, np.sin][which](x)


@program((0.4, np.array([0, 2, 1, 1, -1])))
def functions_of_a_list_in_a_loop(x, which):
    s = 0.0
    for w in which:
        s += [square, cube, np.sin][w](x) * s + x
    return s


@program((0.6, 7), compiled=True)
def function_that_changes_in_a_loop(x, n):
    h, s = square, 0.0
    for i in range(n):
        s += h(x + i)
        h = cube if s > 2.0 else np.sin
    return s


@program((0.7, 5))
def function_that_changes_in_a_while(x, n):
    h, s, i = square, x, 0
    while i < n and s < 10.0:
        s, i = s + h(s), i + 1
        if s > 1.0:
            h = np.cos
    return s


@program((0.7,))
def object_of_one_of_two_classes(x):
    body = Spring(2.0) if x > 0.5 else Pendulum(3.0)
    return body.energy(x) * body.stiffness


@program((0.7, 1))
def closure_of_a_list(x, which):
    return [scaled(1.0), scaled(x), scaled(3.0)][which](x)


@program((0.7, 3))
def function_of_a_dict(x, key):
    return {0: square, 3: cube, 7: np.exp}[key](x)


@program((0.7, 5))
def number_of_a_dict_in_a_loop(x, n):
    weights, s = {1: 2.0, 2: x}, 0.0
    for k in range(n):
        s += weights[k % 2 + 1] * x ** (k + 1)
    return s


@program((0.7, 1))
def name_chosen_by_a_condition(x, n):
    mode = "fast" if n > 2 else "slow"
    if mode == "fast":
        return x * x
    return x**3


@program((0.7, 6))
def key_that_changes_in_a_loop(x, n):
    functions, key = {"smooth": np.tanh, "sharp": square}, "smooth"
    for _ in range(n):
        x = functions[key](x)
        key = "sharp" if key == "smooth" else "smooth"
    return x


@program((0.7, 1))
def tuples_of_two_lengths(x, n):
    t = (x, 2.0) if n > 0 else (x, 1.0, x)
    return len(t) * t[0] * t[-1]


@program((vec(4),))
def function_chosen_for_each_element(x):
    s = 0.0
    for v in x:
        f = np.sin if v > 0 else (lambda t: t * t)
        s += f(v) * v
    return s


def applied(f, g, x):
    return f(g(x))


@program((0.7,))
def chosen_functions_are_passed_on(x):
    f = np.exp if x > 0 else square
    return applied(f, cube if x > 0.5 else f, x)
