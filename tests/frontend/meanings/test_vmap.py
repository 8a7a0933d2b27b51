"""`vmap` through the front door, against JAX and against loops over the batch; its refusals."""

from __future__ import annotations

from collections import namedtuple

import numpy as np
import pytest

import s2sad
from s2sad import grad, jit, jvp, value_and_grad, vjp, vmap

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)

RNG = np.random.default_rng(0)
X, A = RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3))
V = RNG.normal(size=4)


@pytest.fixture(autouse=True)
def plain():
    with s2sad.using(backend="python", verify=True):
        yield


def close(found, expected):
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12), found, expected)


# -- axes


def affine(a, x, b=0.0):
    return np.dot(a, x) + b


@pytest.mark.parametrize(
    ("in_axes", "shapes"),
    [
        ((None, 0), ((2, 3), (4, 3))),
        ((None, 1), ((2, 3), (3, 4))),
        ((None, -1), ((2, 3), (3, 4))),
        ((0, None), ((4, 2, 3), (3,))),
        ((2, 0), ((2, 3, 4), (4, 3))),
        (0, ((4, 2, 3), (4, 3))),
        ([None, 0], ((2, 3), (4, 3))),
    ],
)
@pytest.mark.parametrize("out_axes", [0, 1, -1])
def test_in_and_out_axes(in_axes, shapes, out_axes):
    args = [RNG.normal(size=s) for s in shapes]
    close(vmap(affine, in_axes, out_axes)(*args), jax.vmap(jax.numpy.dot, in_axes, out_axes)(*args))


def test_trees_of_axes():
    Pair = namedtuple("Pair", "w b")

    def f(p, d, n):
        return {"y": p.w * d["u"][0] + n, "z": [d["u"][1], p.b]}, None

    args = Pair(X, 2.0), {"u": (V, 3.0)}, np.arange(3.0)
    axes = Pair(0, None), {"u": (0, None)}, None
    close(vmap(f, axes)(*args), jax.vmap(f, axes)(*args))
    out_axes = ({"y": 1, "z": [None, None]}, None)
    close(vmap(f, axes, out_axes)(*args), jax.vmap(f, axes, out_axes)(*args))
    args = Pair(X, V), {"u": (V, X)}, 1.0
    close(vmap(f, (0, 0, None))(*args), jax.vmap(f, (0, 0, None))(*args))


def test_keywords_are_mapped():
    def f(x, *, y, z=1.0):
        return x * y + z

    close(vmap(f)(V, y=X[:, 0]), jax.vmap(f)(V, y=X[:, 0]))
    close(vmap(f, in_axes=(None,))(2.0, y=V, z=V), jax.vmap(f, in_axes=(None,))(2.0, y=V, z=V))


def test_a_result_that_is_the_same_for_all():
    close(vmap(lambda x: (x, 1.0))(V), jax.vmap(lambda x: (x, 1.0))(V))
    close(vmap(lambda x: (x, 1.0), out_axes=(0, None))(V), (V, 1.0))


def test_nested():
    def f(x, y):
        return x * y + np.sum(x)

    close(vmap(vmap(f, (0, None)), (None, 0))(X, A[:, 0]), jax.vmap(jax.vmap(f, (0, None)), (None, 0))(X, A[:, 0]))
    close(vmap(lambda x: vmap(lambda y: x @ y)(X))(X), X @ X.T)


def test_as_a_decorator_and_inside():
    @vmap
    def f(x):
        return x * x

    close(f(V), V * V)
    close(grad(lambda v: np.sum(vmap(lambda x: x**3)(v)))(V), 3 * V**2)
    close(jit(vmap(lambda x: x + 1))(V), V + 1)


def test_captured_values():
    scale, table = 2.0, A

    def f(k, x):
        return table[k] * scale * x

    close(vmap(f)(np.array([1, 0, 1]), np.ones(3)), A[[1, 0, 1]] * 2)


# -- refusals


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: vmap(affine, {"a": 0}), TypeError, "in_axes must be an int, None, or a tuple"),
        (lambda: vmap(affine, (0, "a")), TypeError, r"in_axes must be an int, None, or \(nested\) container"),
        (lambda: vmap(affine, 0, "a"), TypeError, "out_axes must be an int, None"),
        (lambda: vmap(affine, (0,))(A, X), ValueError, r"len\(in_axes\)=1, len\(args\)=2"),
        (lambda: vmap(affine, (0, (1, 2)))(A, X), ValueError, "tree prefix"),
        (lambda: vmap(affine, (None, None))(A, X), ValueError, "at least one non-None value in in_axes"),
        (lambda: vmap(affine)(X, X[:2]), ValueError, "inconsistent sizes"),
        (lambda: vmap(affine)(1.0, X), ValueError, "rank should be at least 1, but is only 0"),
        (lambda: vmap(affine, 2)(X, X), ValueError, "rank should be at least 3, but is only 2"),
        (lambda: vmap(lambda x: x * 2, out_axes=None)(V), ValueError, "mapped output but out_axes is None"),
        (lambda: vmap(lambda: 1.0)(), ValueError, "at least one argument"),
        (lambda: vmap(lambda x: x, axis_size=3)(V), ValueError, "inconsistent sizes"),
        (lambda: vmap(3), TypeError, "takes a function"),
    ],
)
def test_refusals(make, kind, message):
    with pytest.raises(kind, match=message):
        make()


# -- what is not mapped


def test_a_size_without_an_axis() -> None:
    for given in ({"in_axes": None, "axis_size": 4}, {"in_axes": None, "axis_size": 4, "out_axes": -1}):
        close(vmap(lambda x: 2 * x, **given)(A), jax.vmap(lambda x: 2 * x, **given)(A))
    options = {"axis_size": 4, "out_axes": (0, 1)}
    close(vmap(lambda: (3.0, A), **options)(), jax.vmap(lambda: (3.0, A), **options)())
    assert vmap(lambda: 3.0, axis_size=4, out_axes=None)() == 3.0
    close(vmap(lambda y: vmap(lambda x: x * y, None, axis_size=2)(y))(V), np.stack([V * V, V * V], 1))
    close(grad(lambda x: np.sum(vmap(np.sin, None, axis_size=4)(x)))(2.0), 4 * np.cos(2.0))


def written(x, y):
    y[0] = x * 2
    return y * x


def in_a_dict(x, d):
    d["y"][0] = x * 2
    d["l"].append(x)
    return d["y"] * x + d["l"][-1]


@pytest.mark.filterwarnings("ignore::s2sad.MutationWarning")
def test_an_unmapped_argument_is_each_items_own() -> None:
    x, y = np.arange(3.0), np.ones(2)
    expected = np.stack([written(v, y.copy()) for v in x])
    close(vmap(written, (0, None))(x, y), expected)
    close(jit(lambda x, y: (vmap(written, (0, None))(x, y), y))(x, y), (expected, y))
    close(jit(lambda x, y: vmap(written, (0, None))(x, y[1]))(x, np.stack([y + 1, y])), expected)
    close(vmap(vmap(written, (0, None)), (None, 0))(x, np.stack([y, y])), np.stack([expected, expected]))
    close(grad(lambda x, y: np.sum(vmap(written, (0, None))(x, y)), (0, 1))(x, y), (4 * x + 1, np.array([0.0, 3.0])))
    close(grad(lambda x, y: np.sum(written(x, y)))(2.0, y[::-1]), 9.0)
    lists = [in_a_dict(v, {"y": y.copy(), "l": [1.0]}) for v in x]
    close(vmap(in_a_dict, (0, None))(x, {"y": y, "l": [1.0]}), np.stack(lists))


# -- items of different shapes


def positive(x):
    return x[x > 0]


def collected(x):
    out = []
    for v in x:
        if v > 0:
            out.append(v)
    return np.array(out)


def summed(x):
    return 2 * np.cumsum(x[x > 0])


def repeated(x):
    return x[0] * np.ones((int(x[2]), 2))


@pytest.mark.parametrize("function", [positive, collected, summed, repeated], ids=lambda f: f.__name__)
def test_items_of_different_shapes(function) -> None:
    even, ragged = np.array([[1.0, -1.0, 2.0], [-3.0, 4.0, 2.0]]), np.array([[1.0, 1.0, 2.0], [1.0, -1.0, 1.0]])
    close(vmap(function)(even), np.stack([function(x) for x in even]))
    for transformed in (vmap(function), grad(lambda x: np.sum(vmap(function)(x))), s2sad.jacfwd(vmap(function))):
        with pytest.raises(ValueError, match=r"differs between items of the batch, at line \d+: "):
            transformed(ragged)


def test_derivatives_of_items_of_one_shape() -> None:
    x = np.array([[1.0, -1.0, 2.0], [3.0, 4.0, -1.0]])
    close(grad(lambda x: np.sum(vmap(positive)(x) ** 2))(x), 2 * np.maximum(x, 0))
    close(s2sad.jacrev(vmap(positive))(x), s2sad.jacfwd(vmap(positive))(x))
    close(vmap(s2sad.jacfwd(positive))(x), np.stack([np.eye(3)[v > 0] for v in x]))


# -- messages


@pytest.mark.parametrize(("call", "parts"), [
    (lambda: vmap(affine, (0,))(A, X), ["len(args)=2. Give one axis for each."]),
    (lambda: vmap(affine, (None, None))(A, X), ["or axis_size must be specified. Give an axis"]),
    (lambda: vmap(affine)(None, None), ["at least one argument containing an array or axis_size", "got none. Pass"]),
    (lambda: vmap(affine, 2)(X, X), ["but is only 2. Map over"]),
    (lambda: vmap(lambda x: x * 2, out_axes=2)(V), ["out_axes has axis 2", "out of bounds", "from -1 to 0."]),
    (lambda: vmap(lambda x: x * 2, out_axes=(0, 0))(V), ["out_axes specification", "mirror those of the value."]),
    (lambda: vmap(lambda x: x * 2, out_axes=None)(V), ["mapped output but out_axes is None. Give"]),
    (lambda: vmap(affine)(A, X), [
        "sizes for array axes to be mapped:\n",
        "  * one axis had size 2: axis 0 of argument a of type float64[2,3];\n",
        "  * one axis had size 4: axis 0 of argument x of type float64[4,3]. Map over",
    ]),
    (lambda: vmap(lambda x: x * 2, axis_size=3)(V), ["  * the `axis_size` argument was 3;\n", "had size 4"]),
    (lambda: vmap(lambda d, y: d["a"] * y)({"a": V, "b": V[:1]}, V), ["  * some axes (2 of them) had size 4, e.g. ax"]),
    (lambda: vmap(lambda x: [v for v in x if v > 0])(X), ["cannot be a result of vmap."]),
])  # fmt: skip
def test_what_refusals_say(call, parts) -> None:
    with pytest.raises(s2sad.S2sadError) as caught:
        call()
    assert caught.value.pos is not None and caught.value.pos.filename == __file__
    for part in parts:
        assert part in str(caught.value)


def test_sizes_known_at_run_time_only() -> None:
    def f(x):
        return vmap(lambda a, b: a * b)(x[x > 0], x)

    close(jit(f)(V * V), V**4)
    with pytest.raises(ValueError, match=r"inconsistent sizes .*, at line \d+: return vmap"):
        jit(f)(np.array([1.0, -1.0, 1.0]))


# -- control flow


def newton_sqrt(a):
    x = a
    while abs(x * x - a) > 1e-9:
        x = 0.5 * (x + a / x)
    return x


def first_above(x, limit):
    for i in range(len(x)):
        if x[i] > limit:
            return i
    return -1


def power(x, n):
    return 1.0 if n == 0 else x * power(x, n - 1)


def growing(x):
    out = []
    for i in range(len(x)):
        if x[i] > 0:
            out.append(x[i] * 2)
    return sum(out)


def in_place(x):
    x[0] = x[1] * 2
    x[1:] += x[0]
    return x


PROGRAMS = {
    "while": (newton_sqrt, (0,), (np.array([1.0, 2.0, 3.0, 4.0]),)),
    "return": (first_above, (0, None), (X, 0.4)),
    "recursion": (power, (0, 0), (V, np.array([0, 3, 1, 2]))),
    "list": (growing, (0,), (X,)),
    "in place": (in_place, (0,), (X,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_control_that_differs(name):
    f, axes, args = PROGRAMS[name]
    rows = [f(*(a[k].copy() if ax == 0 else a for a, ax in zip(args, axes, strict=True))) for k in range(4)]
    kept = [np.copy(a) for a in args]
    close(vmap(f, axes)(*args), np.array(rows))
    close(list(args), kept)


@pytest.mark.parametrize("name", ["while", "list", "in place"])
def test_derivatives_of_control_that_differs(name):
    f, _, args = PROGRAMS[name]

    def total(x):
        return np.sum(np.sin(f(x)))

    expected = np.array([grad(total)(x) for x in args[0]])
    close(vmap(grad(total))(*args), expected)
    close(grad(lambda xs: np.sum(vmap(total)(xs)))(*args), expected)


# -- with the other transforms


def td_loss(theta, s_tm1, r_t, s_t):
    v_tm1 = np.dot(theta, s_tm1)
    target = r_t + np.dot(theta, s_t)
    return -0.5 * ((s2sad.stop_gradient(target) - v_tm1) ** 2)


def test_gradients_of_each_example():
    theta = np.array([0.1, -0.1, 0.0])
    s_tm1, r_t, s_t = np.array([1.0, 2.0, -1.0]), np.array(1.0), np.array([2.0, 1.0, 0.0])
    batch = np.stack([s_tm1, s_tm1]), np.stack([r_t, r_t]), np.stack([s_t, s_t])
    found = jit(vmap(grad(td_loss), in_axes=(None, 0, 0, 0)))(theta, *batch)
    close(found, np.array([[1.2, 2.4, -1.2]] * 2))


def sigmoid(x):
    return 0.5 * (np.tanh(x / 2) + 1)


def test_products_with_jacobians():
    inputs = RNG.normal(size=(5, 3))

    def predict(w):
        return sigmoid(np.dot(inputs, w))

    w = RNG.normal(size=3)
    jac = jax.jacobian(lambda w: 0.5 * (jax.numpy.tanh(inputs @ w / 2) + 1))(w)

    def jacrev(x):
        y, pull = vjp(predict, x)
        (j,) = vmap(pull, in_axes=0)(np.eye(len(y)))
        return j

    def jacfwd(x):
        return vmap(lambda s: jvp(predict, (x,), (s,))[1], in_axes=1, out_axes=1)(np.eye(len(x)))

    close(jacrev(w), jac)
    close(jit(jacrev)(w), jac)
    close(jit(jacfwd)(w), jac)
    _, pull = vjp(predict, w)
    bars = RNG.normal(size=(7, 5))
    close(vmap(pull)(bars)[0], bars @ jac)
    hessian = vmap(lambda v: jvp(grad(lambda w: np.sum(predict(w))), (w,), (v,))[1])(np.eye(3))
    close(hessian, jax.hessian(lambda w: jax.numpy.sum(0.5 * (jax.numpy.tanh(inputs @ w / 2) + 1)))(w))


def test_value_and_gradient_of_containers():
    def loss(p, x):
        return np.sum(np.tanh(p["w"] @ x + p["b"]))

    p = {"w": A, "b": np.ones(2)}
    value, bars = vmap(value_and_grad(loss), in_axes=(None, 0))(p, X)

    def jax_loss(p, x):
        return jax.numpy.sum(jax.numpy.tanh(p["w"] @ x + p["b"]))

    close((value, bars), jax.vmap(jax.value_and_grad(jax_loss), in_axes=(None, 0))(p, X))


def log1pexp(x):
    return np.log(1.0 + np.exp(x))


def test_gradients_of_scalars():
    close(vmap(jit(grad(log1pexp)))(np.arange(3.0)), np.array([0.5, 0.7310585786, 0.8807970780]))
    close(vmap(grad(np.sin))(V), np.cos(V))


def test_sizes_are_checked_when_it_runs():
    f = vmap(lambda x, y: x + y)
    close(f(V, V), 2 * V)
    with pytest.raises(ValueError, match="inconsistent sizes"):
        f(V, np.ones(5))
    close(f(np.ones(1), np.ones(1)), np.array([2.0]))
    close(f(np.ones(0), np.ones(0)), np.zeros(0))
