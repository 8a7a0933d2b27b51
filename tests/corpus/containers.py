"""Tuples, lists, dicts, namedtuples and dataclasses of static structure."""

import math
from collections import namedtuple
from dataclasses import dataclass

import numpy as np

from tests.corpus import program, vec

Point = namedtuple("Point", "x y")


@dataclass
class Pair:
    """Two numbers."""

    a: float
    b: float


@program(((0.5, 1.5),), compiled=True)
def tuple_argument(p):
    return p[0] * p[1] + math.sin(p[0])


@program(({"w": vec(3), "b": 0.4},))
def dict_argument(params):
    return np.sum(np.tanh(params["w"] * 2.0 + params["b"]))


@program(([(vec(2, 3), vec(3)), (vec(3, 1), vec(1))], vec(2)))
def network_of_layers(layers, x):
    for w, b in layers:
        x = np.tanh(x @ w + b)
    return np.sum(x)


@program(({"a": {"x": 0.3, "y": [0.4, vec(2)]}, "c": (0.5,)},))
def deeply_nested(tree):
    return tree["a"]["x"] * tree["a"]["y"][0] * np.sum(tree["a"]["y"][1] ** 2) + tree["c"][0] ** 2


@program((Point(0.5, 1.5),))
def namedtuple_argument(p):
    q = Point(p.y, p.x * p.y)
    return q.x * q.y + p._replace(x=q.y).x ** 2


@program((0.5, 1.5))
def dataclass_inside(x, y):
    p = Pair(x * y, y)
    p.a = p.a + p.b
    q = Pair(b=p.a, a=x)
    return p.a * q.b + q.a


@program((0.5, 1.5))
def returns_dict(x, y):
    return {"sum": x + y, "product": x * y, "pair": (x * x, y)}


@program((0.5, 1.5))
def list_mutated(x, y):
    v = [x, y, x * y]
    v[0] = v[1] * v[2]
    v[2] += v[0]
    v.append(v[0] * v[2])
    v.insert(0, x)
    last = v.pop()
    return v[0] * v[1] + v[3] * last


@program((0.5, 1.5))
def dict_mutated(x, y):
    d = {"a": x}
    d["b"] = d["a"] * y
    d["a"] += d["b"]
    d.update(c=x * x)
    return d["a"] * d["b"] + d.get("c", 1.0) + d.get("missing", y)


@program(({"p": 0.5, "q": 1.5, "r": 2.5},))
def dict_items(d):
    s = 0.0
    for i, (_name, value) in enumerate(d.items()):
        s += value ** (i + 1)
    for value in d.values():
        s *= value
    return s


@program((0.5, 1.5))
def tuples_in_loop(x, y):
    state = (x, y)
    for _ in range(4):
        state = (state[1], state[0] * state[1] + x)
    return state[0] * state[1]


@program((0.5, 1.5))
def nested_tuple_in_loop(x, y):
    state = ((x, y), 1.0)
    for i in range(3):
        (a, b), c = state
        state = ((b, a * c), c + x * i)
    return state[0][0] * state[1] + state[0][1]


@program((0.5,))
def dict_state_in_loop(x):
    d = {"pos": x, "vel": 1.0}
    for _ in range(5):
        d["vel"] = d["vel"] - 0.1 * math.sin(d["pos"])
        d["pos"] = d["pos"] + 0.1 * d["vel"]
    return d["pos"] * d["vel"]


@program((0.5,))
def object_state_in_loop(x):
    p = Pair(x, 1.0)
    for _ in range(5):
        p = Pair(p.a + 0.1 * p.b, p.b - 0.1 * p.a**3)
    return p.a * p.b


@program(([vec(3), vec(3), vec(3)],))
def list_of_arrays(xs):
    s = xs[0]
    for x in xs[1:]:
        s = s * x + 1.0
    return np.sum(s)


@program((0.5, 1.5, 2.5))
def comprehension(x, y, z):
    v = [a * a for a in (x, y, z)]
    w = {k: a * x for k, a in zip("ab", v)}
    return sum(v) * w["a"] + w["b"]


@program((vec(5),))
def generator_sum(x):
    return sum(v * v for v in x) + sum(x[i] * i for i in range(5) if i % 2 == 0)


@program((0.5, 1.5, 0.2))
def builtin_aggregates(x, y, z):
    v = (x, y, z)
    return max(v) * min(v) + sum(v) + len(v) * x


@program((vec(4),))
def all_any_guards(x):
    if all(v > -10.0 for v in x) and any(v > -9.0 for v in x):
        return np.sum(x * x)
    return 0.0 * x[0]


@program((0.5, 1.5))
def concatenated_tuples(x, y):
    t = (x, y) + (x * y,) + (y,) * 2
    return t[2] * t[-1] + sum(t[1:3])


@program((0.5, 1.5))
def tuple_swap_in_list(x, y):
    v = [x, y]
    v[0], v[1] = v[1], v[0] * v[1]
    return v[0] - v[1] ** 2


@program((0.5, 1.5))
def list_alias(x, y):
    a = [x, y]
    b = a
    b[0] = y * y
    return a[0] * b[1]


@program((0.5, 1.5))
def returns_nested(x, y):
    return [(x * y, {"k": x}), [y]]


@program((vec(4),))
def dict_of_arrays_mutated(x):
    d = {"u": x.copy(), "v": np.zeros(4)}
    for i in range(4):
        d["v"][i] = d["u"][3 - i] ** 2
        d["u"][i] += d["v"][i]
    return np.sum(d["u"] * d["v"])


@program((0.5, 1.5))
def static_indices(x, y):
    names = ["x", "y"]
    values = {"x": x, "y": y}
    s = 1.0
    for i, n in enumerate(names):
        s = s * values[n] + i
    return s


@program(((0.5, (1.5, 2.5)),))
def nested_unpacking(t):
    a, (b, c) = t
    return a * b + math.cos(c * a)
