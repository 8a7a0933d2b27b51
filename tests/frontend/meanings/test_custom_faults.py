"""Custom rules that do not say what they must, and custom functions made where they are differentiated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import s2sad
from s2sad import checkpoint, custom_jvp, custom_vjp, grad, hessian, jacrev, jit, jvp, linear_transpose, vjp, vmap
from s2sad.config import using

X = np.array([0.3, -0.7, 1.1])
A = np.array([[3.0, 1.0, 0.0], [1.0, 4.0, 0.5], [0.0, 0.5, 5.0]])


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with using(backend="python", verify=True):
        yield


# -- derivatives that a rule does not give


def make_app() -> Any:
    @partial(custom_vjp, nondiff_argnums=(0,))
    def app(f: Any, x: Any) -> Any:
        return f(x)

    app.defvjp(lambda f, x: (f(x), x), lambda f, x, g: (5 * g,))
    return app


app = make_app()


def in_a_loop(a: Any) -> Any:
    s = 0.0
    for i in range(3):
        s += app(lambda x, k=i: x * a * k, 2.0)
    return s


@pytest.mark.parametrize("transform", [grad, jacrev, hessian])
@pytest.mark.parametrize(
    "program", [lambda a: app(lambda x: x * a, 3.0), lambda a: app(lambda x: x * a, a), in_a_loop]
)
def test_a_captured_variable_is_not_differentiated(transform: Any, program: Any) -> None:
    with pytest.raises(NotImplementedError, match=r"app\(lambda x(.|\n)*\^\^\^(.|\n)*app has a derivative rule"):
        transform(program)(2.0)


def stopped(a: Any) -> Any:
    b = s2sad.stop_gradient(a)
    return app(lambda x: x * b, a)


def test_a_captured_constant_is_fine() -> None:
    assert grad(lambda a, b: app(lambda x: x * b, a))(2.0, 3.0) == 5.0
    assert grad(stopped)(2.0) == 5.0


def make_clip() -> Any:
    @partial(custom_vjp, nondiff_argnums=(0,))
    def clip(most: Any, x: Any) -> Any:
        return x

    clip.defvjp(lambda most, x: (x, None), lambda most, _, g: (np.clip(g, -most, most),))
    return clip


def test_a_number_in_a_nondiff_position() -> None:
    clip = make_clip()
    assert grad(clip, 1)(0.5, 3.0) == 0.5
    assert jit(lambda c: grad(lambda x: clip(c, x * 3))(2.0))(0.5) == 1.5
    with pytest.raises(NotImplementedError, match="nondiff_argnums"):
        grad(clip)(0.5, 3.0)
    with pytest.raises(NotImplementedError, match="nondiff_argnums"):
        grad(lambda c: clip(c, 3 * c))(0.5)


def test_a_rule_may_read_a_global_array() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return np.sin(x)

    f.defjvp(lambda p, t: (f(p[0]), A @ t[0]))
    np.testing.assert_allclose(grad(lambda x: np.sum(f(x)))(X), A.sum(0))
    np.testing.assert_allclose(vjp(f, X)[1](X)[0], X @ A)


# -- rules that are not linear in their tangents


def by_rows(x: Any, t: Any) -> Any:
    s = np.zeros(3)
    for i in range(3):
        for j in range(i + 1):
            if x[j] > 0:
                s[i] += t[j] * x[i]
            else:
                s[i] -= t[j]
    return s


def until(x: Any, t: Any) -> Any:
    y, n = t, 0
    while np.sum(x) * 2**n < 3:
        y = y * 2 + t
        n += 1
    return y


def listed(x: Any, t: Any) -> Any:
    out = []
    for i in range(len(x)):
        out.append(t[i] * x[0])
    return np.array(out)


def recursive(t: Any, n: int) -> Any:
    return t if n == 0 else 2 * recursive(t, n - 1) + t


def power(t: Any, n: int) -> Any:
    return t if n == 0 else power(t, n - 1) * t


def doubled(x: Any, t: Any) -> Any:
    while np.sum(t) < 3:
        t = t * 2
    return t


@custom_jvp
def half(v: Any) -> Any:
    return v * 0.5


half.defjvps(lambda t, out, v: 0.5 * t)


@custom_jvp
def product(u: Any, v: Any) -> Any:
    return u * v


product.defjvp(lambda p, t: (product(*p), t[0] * p[1] + p[0] * t[1]))


@custom_vjp
def twice(v: Any) -> Any:
    return v * 2


twice.defvjp(lambda v: (v * 2, None), lambda _, g: (2 * g,))


@custom_vjp
def sine(v: Any) -> Any:
    return np.sin(v)


sine.defvjp(lambda v: (np.sin(v), v), lambda v, g: (np.cos(v) * g,))


LINEAR: dict[str, Callable[[Any, Any], Any]] = {
    "product": lambda x, t: x * t,
    "quotient": lambda x, t: t / x,
    "nothing": lambda x, t: np.zeros(3),
    "branch": lambda x, t: np.cos(x) * t if x[0] > 0 else -t,
    "size": lambda x, t: t * t.size if t.ndim == 1 else t,
    "mask": lambda x, t: np.where(x > 0, t, 2 * t),
    "matrix": lambda x, t: np.outer(x, x) @ t + A @ t + x * np.dot(x, t),
    "einsum": lambda x, t: np.einsum("ij,j->i", A, t),
    "solve": lambda x, t: np.linalg.solve(A + np.diag(x), t),
    "triangular": lambda x, t: scipy.linalg.solve_triangular(A, t, lower=True),
    "reshape": lambda x, t: t.reshape(3, 1)[::-1, 0].copy(),
    "items": lambda x, t: np.array([t[0], t[2], t[1]]) * x,
    "index": lambda x, t: t[np.argsort(x)] + np.take(t, [1, 0, 2]),
    "parts": lambda x, t: np.concatenate([t[1:], t[:1]]) + np.roll(t, 1),
    "sums": lambda x, t: np.cumsum(t) - np.mean(t) + np.diff(t, append=0.0),
    "complex": lambda x, t: (np.conj(t * 1j) * 1j).real + (x * t * 1j).imag,
    "fft": lambda x, t: np.fft.ifft(np.fft.fft(t) * np.exp(x)).real,
    "jvp": lambda x, t: jvp(np.sin, (x,), (t,))[1],
    "vmap": lambda x, t: vmap(lambda a, b: a * b)(x, t),
    "checkpoint": lambda x, t: checkpoint(lambda u: u * x)(t),
    "custom jvp": lambda x, t: half(t) + product(t, x) + product(x[0], t),
    "custom vjp": lambda x, t: twice(t),
    "recursion": lambda x, t: recursive(t * x[0], 4),
    "rows": by_rows,
    "while": until,
    "list": listed,
}

NOT_LINEAR: dict[str, Callable[[Any, Any], Any]] = {
    "square": lambda x, t: t * t,
    "quotient": lambda x, t: x / t,
    "norm": lambda x, t: t * np.linalg.norm(t),
    "branch": lambda x, t: t if t[0] > 0 else -t,
    "rounding": lambda x, t: t + np.round(t),
    "sort": lambda x, t: np.sort(t),
    "maximum": lambda x, t: np.maximum(t, 0.0),
    "mask": lambda x, t: np.where(t > 0, t, 0.0),
    "sign": lambda x, t: x * np.sign(t),
    "index": lambda x, t: x * t[np.argmax(t)],
    "matrix": lambda x, t: np.outer(t, t) @ x,
    "function": lambda x, t: np.expm1(t),
    "stopped": lambda x, t: s2sad.stop_gradient(t),
    "checkpoint": lambda x, t: checkpoint(lambda u: u * u)(t),
    "custom jvp": lambda x, t: product(t, t),
    "custom vjp": lambda x, t: sine(t),
    "recursion": lambda x, t: power(t, 3),
    "while": doubled,
}


def with_tangent(rule: Callable[[Any, Any], Any]) -> Any:
    @custom_jvp
    def f(x: Any) -> Any:
        return np.sin(x)

    f.defjvp(lambda p, t: (f(p[0]), rule(p[0], t[0])))
    return f


@pytest.mark.parametrize("name", LINEAR)
def test_a_linear_rule_is_transposed(name: str) -> None:
    f = with_tangent(LINEAR[name])
    (found,) = vjp(f, X)[1](np.array([1.0, 2.0, 3.0]))
    columns = [np.dot([1.0, 2.0, 3.0], jvp(f, (X,), (e,))[1]) for e in np.eye(3)]
    np.testing.assert_allclose(found, columns, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", NOT_LINEAR)
def test_a_rule_that_is_not_linear_is_refused(name: str) -> None:
    f = with_tangent(NOT_LINEAR[name])
    with pytest.raises(TypeError, match=r"test_custom_faults.py:\d+(.|\n)*\^(.|\n)*not linear in its tangents"):
        grad(lambda x: np.sum(f(x)))(X)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: np.abs(x),
        lambda x: np.where(x > 0, x, 2 * x),
        lambda x: np.maximum(x, 0.0),
        lambda x: np.round(x),
        lambda x: x if x > 0 else 2 * x,
        lambda x: x * x,
        np.sin,
    ],
)
def test_linear_transpose_refuses_what_is_not_linear(function: Any) -> None:
    with pytest.raises(TypeError, match="not linear"):
        linear_transpose(function, 2.0)(1.0)
    with pytest.raises(TypeError, match="not linear"):
        jit(lambda g: linear_transpose(function, 2.0)(g))(1.0)


def test_linear_transpose_of_a_program() -> None:
    for function in (lambda t: by_rows(X, t), lambda t: until(X, t), lambda t: np.linalg.solve(A, t)):
        (found,) = linear_transpose(function, X)(X)
        np.testing.assert_allclose(found, [X @ function(e) for e in np.eye(3)])


# -- cotangents that are not like their arguments


def backward(cotangent: Callable[[Any, Any], Any], x: Any = X) -> Any:
    @custom_vjp
    def f(x: Any) -> Any:
        return np.sum(x)

    f.defvjp(lambda x: (np.sum(x), x), lambda x, g: (cotangent(x, g),))
    return grad(f)(x)


@pytest.mark.parametrize(
    "cotangent",
    [
        lambda x, g: np.ones(2),
        lambda x, g: np.ones((3, 1)),
        lambda x, g: np.ones((1, 3)),
        lambda x, g: np.sum(x),
        lambda x, g: 1.0,
    ],
)
def test_a_cotangent_has_the_shape_of_its_argument(cotangent: Any) -> None:
    with pytest.raises(ValueError, match=r"must have the shape of its primal, \(.*\), but has \("):
        backward(cotangent)


def test_a_cotangent_of_a_real_argument_is_real() -> None:
    with pytest.raises(TypeError, match="is complex, where its primal is real"):
        backward(lambda x, g: 1j * x)
    with pytest.raises(TypeError, match="is complex"):
        backward(lambda x, g: 2j, 1.0)


def test_a_cotangent_is_a_number() -> None:
    with pytest.raises(TypeError, match="must be a number or an array"):
        backward(lambda x, g: "zero")


def test_cotangents_that_are_cast() -> None:
    assert backward(lambda x, g: 2, 1.0) == 2.0
    assert backward(lambda x, g: np.ones(()), 1.0) == 1.0
    np.testing.assert_array_equal(backward(lambda x, g: np.ones(3, np.float32)), np.ones(3))
    assert backward(lambda x, g: np.ones(3), X.astype(np.float32)).dtype == np.float32
    np.testing.assert_array_equal(backward(lambda x, g: g * np.ones_like(x)), np.ones(3))


def test_a_tangent_of_a_real_value_is_real() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return x * x

    f.defjvp(lambda p, t: (f(p[0]), 1j * t[0]))
    with pytest.raises(TypeError, match="is complex, where its primal is real"):
        jvp(f, (2.0,), (1.0,))


def test_the_value_of_a_rule_is_like_that_of_the_function() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return x * x

    f.defjvp(lambda p, t: (np.ones(2), t[0] * np.ones(2)))
    with pytest.raises(TypeError, match="where the function has"):
        jvp(f, (2.0,), (1.0,))

    @custom_vjp
    def g(x: Any) -> Any:
        return x * x

    g.defvjp(lambda x: (np.ones(2), x), lambda x, bar: (x,))
    with pytest.raises(TypeError, match="where the function has"):
        grad(g)(2.0)


@pytest.mark.parametrize("zero", [None, {"c": None}])
def test_none_in_the_cotangent_of_a_container(zero: Any) -> None:
    def make(transform: Any, gradient: Any) -> Any:
        @transform
        def f(d: Any) -> Any:
            return d["a"] * d["b"]["c"]

        if zero is None:
            f.defvjp(lambda d: (d["a"] * d["b"]["c"], d), lambda d, g: ({"a": g, "b": None},))
        else:
            f.defvjp(lambda d: (d["a"] * d["b"]["c"], d), lambda d, g: ({"a": g, "b": {"c": None}},))
        return gradient(f)({"a": 1.0, "b": {"c": 2.0}})

    assert make(custom_vjp, grad) == make(jax.custom_vjp, jax.grad) == {"a": 1.0, "b": {"c": 0.0}}


def test_a_cotangent_mirrors_the_containers() -> None:
    @custom_vjp
    def f(d: Any) -> Any:
        return d["a"] * d["b"]["c"]

    f.defvjp(lambda d: (f(d), d), lambda d, g: ({"a": g, "b": 1.0},))
    with pytest.raises(TypeError, match="tree structure of the arguments"):
        grad(f)({"a": 1.0, "b": {"c": 2.0}})


def test_forward_mode_is_refused_in_the_words_of_the_seeds() -> None:
    with pytest.raises(TypeError, match=r"can't apply forward-mode autodiff \(jvp\) to a custom_vjp function\."):
        jvp(sine, (1.0,), (1.0,))


# -- custom functions made inside


def by_defjvps(s: Any, np: Any, a: Any) -> Any:
    q = s.custom_jvp(lambda x: x * x)
    q.defjvps(lambda t, out, x: 3 * x * t)
    return q(a) * a


def by_decorator(s: Any, np: Any, a: Any) -> Any:
    @s.custom_jvp
    def q(x: Any, k: Any = 2.0) -> Any:
        return np.sin(x) * k

    @q.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        x, k = primals
        return q(x, k), 5 * np.cos(x) * tangents[0] + tangents[1]

    s = 0.0
    for i in range(3):
        s = s + q(a * i) + q(x=a, k=a)
    return s


def by_vjp(s: Any, np: Any, a: Any) -> Any:
    @s.custom_vjp
    def q(x: Any) -> Any:
        return np.sin(x)

    def fwd(x: Any) -> Any:
        return q(x), x

    def bwd(x: Any, g: Any) -> Any:
        return (7 * g * np.cos(x),)

    q.defvjp(fwd, bwd)
    return q(q(a)) * a


def with_nondiff(s: Any, np: Any, a: Any) -> Any:
    @partial(s.custom_vjp, nondiff_argnums=(0,))
    def q(n: Any, x: Any) -> Any:
        return x**n

    q.defvjp(lambda n, x: (x**n, x), lambda n, x, g: (10 * n * x * g,))
    return q(3, a)


def scaled(s: Any, f: Any, factor: float) -> Any:
    @s.custom_jvp
    def g(x: Any) -> Any:
        return f(x)

    g.defjvp(lambda p, t: (f(p[0]), factor * t[0] * p[0]))
    return g


def by_a_factory(s: Any, np: Any, a: Any) -> Any:
    return scaled(s, np.sin, 3.0)(a) * scaled(s, np.cos, 4.0)(a)


@pytest.mark.parametrize("program", [by_defjvps, by_decorator, by_vjp, with_nondiff, by_a_factory])
@pytest.mark.parametrize("transform", ["value", "grad", "second"])
def test_made_inside(program: Any, transform: str) -> None:
    def ours(a: Any) -> Any:
        return program(s2sad, np, a)

    def theirs(a: Any) -> Any:
        return program(jax, jnp, a)

    f: Any
    g: Any
    if transform == "value":
        f, g = jit(ours), theirs
    elif transform == "grad":
        f, g = grad(ours), jax.grad(theirs)
    else:
        f, g = grad(grad(ours)), jax.grad(jax.grad(theirs))
    with jax.enable_x64(True):
        np.testing.assert_allclose(f(1.3), g(1.3), rtol=1e-12)


def test_made_inside_with_a_rule_that_captures() -> None:
    def f(a: Any, most: Any, weights: Any) -> Any:
        def bounded(g: Any) -> Any:
            return np.clip(g, -most, most)

        q = custom_vjp(lambda x: x)
        q.defvjp(lambda x: (x, None), lambda _, g: (bounded(g) * np.sum(weights[1:]),))
        return q(a) * 3

    assert grad(f)(1.0, 0.5, X) == 0.5 * (X[1] + X[2])
    np.testing.assert_allclose(
        vmap(grad(f), in_axes=(0, None, None))(X, 0.5, X), np.full(3, 0.5 * (X[1] + X[2]))
    )
    with using(backend="numba"):
        assert grad(f)(1.0, 0.5, X) == 0.5 * (X[1] + X[2])


class Scaled:
    def __init__(self, k: float) -> None:
        self.k = k

    def __call__(self, a: Any) -> Any:
        s = 0.0
        for i in range(3):
            q = custom_vjp(lambda x: x * self.k)
            q.defvjp(fwd=lambda x: (x * self.k, x), bwd=lambda x, g, k=i: (g * self.k * k,))
            s += q(a)
        return s


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_made_in_a_loop_of_a_method(backend: str) -> None:
    with using(backend=backend):
        assert grad(Scaled(2.0))(1.0) == 6.0


def by_jvp_of_a_closure(a: Any) -> Any:
    q = custom_jvp(lambda x: x * a)
    q.defjvps(lambda t, out, x: 2 * t)
    return q(2.0)


def by_vjp_of_a_closure(a: Any) -> Any:
    q = custom_vjp(lambda x: x * a)
    q.defvjp(lambda x: (x * a, None), lambda _, g: (2 * g,))
    return q(2.0)


@pytest.mark.parametrize("program", [by_jvp_of_a_closure, by_vjp_of_a_closure])
def test_what_is_made_inside_may_not_capture_what_is_differentiated(program: Any) -> None:
    with pytest.raises(NotImplementedError, match="differentiated with respect to a_1, which it captures"):
        grad(program)(1.3)


def test_rules_that_are_missing_inside() -> None:
    with pytest.raises(TypeError, match="No JVP defined"):
        grad(lambda a: custom_jvp(lambda x: x)(a))(1.0)
    with pytest.raises(TypeError, match="No VJP defined"):
        grad(lambda a: custom_vjp(lambda x: x)(a))(1.0)
