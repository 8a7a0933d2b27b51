"""One value under several names: parameters, attributes, items, and the variables they are assigned to."""

import functools

import numpy as np

from tests.corpus import program, vec


class Box:
    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value


def chain(x, n):
    """The parameter is read in the loop after it was given another name."""
    s = x
    for _ in range(n):
        s = np.sin(s) * x
    return s


@program((0.7,), compiled=True)
def operation_as_argument(x):
    return chain(x * 2.0, 4)


@program((0.7,))
def operation_as_argument_twice(x):
    return chain(x * chain(x, 3), 4)


@program((0.7,))
def array_operation_as_argument(x):
    def scaled(v):
        w = v
        w[0] = 3.0
        return np.sum(w * v)

    return scaled(np.ones(3) * x)


@program((0.7,))
def default_and_its_copy(x):
    def square(a=x * 2.0):
        b = a
        return a * b

    return square() * square()


@program((0.7,))
def star_arguments_and_their_copies(x):
    def product(*args, **kwargs):
        a, b = args[0], kwargs["u"]
        return args[0] * a * b * kwargs["u"]

    return product(x * 2.0, u=x * 3.0)


@program((0.7,))
def partial_argument_and_its_copy(x):
    def product(a, b):
        c = a
        return a * b * c

    return functools.partial(product, x * 2.0)(x * 3.0)


@program((0.7,))
def captured_parameter_and_its_copy(x):
    def outer(a):
        b = a

        def inner():
            return a * b

        return inner

    return outer(x * 2.0)()


@program((0.7,))
def setdefault_keeps_what_it_returns(x):
    d = {}
    y = d.setdefault("k", x * 2.0)
    return y + d["k"] * x


@program((0.7,))
def attribute_and_name_at_once(x):
    box = Box(0.0)
    box.value = y = x * 2.0
    return y * box.value


@program((0.7,))
def item_and_name_at_once(x):
    d = {}
    d["k"] = y = x * 2.0
    return y * d["k"]


@program((0.7,))
def attribute_and_its_copy(x):
    box = Box(x * 2.0)
    y = box.value
    z = box.get()
    return y * z * box.value


@program((0.7,))
def tuple_and_its_items(x):
    (a,), c = b = ((x * 2.0,), x * 3.0)
    return a * b[1] * c * b[0][0]


@program((0.7,))
def items_of_a_list_that_is_named_in_the_loop(x):
    s = 0.0
    for v in (values := [x * 2.0, x * 3.0]):
        s = s + v * values[0]
    return s


@program((0.7,))
def walrus_on_a_parameter(x):
    return (lambda v: ((y := v), v * y)[1])(x * 2.0)


@program((0.7,))
def appended_and_returned(x):
    kept = []
    y = (lambda v: (kept.append(v), v)[1])(x * 2.0)
    return y * kept[0]


@program((0.7,))
def dict_items_and_their_copies(x):
    d = {"a": x * 2.0}
    for k, v in d.items():
        w = v
        s = v * w * d[k]
    return s


@program((vec(3),))
def arrays_made_in_both_branches(x):
    """Recorded in turn at second order: what stands for one in the other branch has its size."""
    s = 0.0
    for k in range(3):
        y = np.sin(x) * x[k] if x[k] > 0 else np.cos(x) * x[k]
        s += np.sum(y * y)
    return s


@program((vec(4), 3))
def arrays_made_in_nested_branches(x, n):
    s = 0.0
    for k in range(n):
        if x[k] > 0:
            y = np.sin(x[:n]) * x[k]
            if x[k] > 0.5:
                z = y * y
                s += np.sum(z * y)
            else:
                z = np.exp(x)
                s += np.sum(z * z) * x[k]
        s += np.sum(x) * x[k]
    return s
