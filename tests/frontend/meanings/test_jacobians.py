"""Jacobians, Hessians, products and linear functions, against JAX, in compositions and with containers."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad import (
    checkpoint,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    linear_transpose,
    linearize,
    remat,
    value_and_grad,
    vjp,
    vmap,
)
from s2sad.config import using

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")
jax.config.update("jax_enable_x64", True)

Point = namedtuple("Point", ["x", "y"])
X = np.array([0.3, -0.7, 1.1])
M = np.arange(6.0).reshape(2, 3) / 5


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with using(backend="python", verify=True):
        yield


def same(found: Any, expected: Any) -> None:
    """Equal trees of close arrays."""
    leaves, structure = s2sad.tree.flatten(found)
    wanted, other = s2sad.tree.flatten(expected)
    assert structure == other
    for a, b in zip(leaves, wanted, strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def containers(p: Any, s: Any, np: Any = np) -> Any:
    """From a dict and a number to a dict of tuples."""
    return {"a": p["W"] @ p["v"] * s, "b": (np.sum(np.sin(p["v"])) * s, Point(p["W"].T * s, s**3))}


P = {"W": M, "v": X}


@pytest.mark.parametrize("argnums", [0, 1, -1, (0, 1), (1,)])
@pytest.mark.parametrize("name", ["jacfwd", "jacrev"])
def test_containers(name: str, argnums: Any) -> None:
    found = getattr(s2sad, name)(containers, argnums)(P, 2.0)
    same(found, getattr(jax, name)(partial(containers, np=jnp), argnums)(P, 2.0))


def scalar(p: Any, s: Any, np: Any = np) -> Any:
    return np.sum(np.tanh(p["W"] @ p["v"]) ** 2) * s**2 + np.prod(p["v"])


@pytest.mark.parametrize("argnums", [0, (0, 1)])
@pytest.mark.parametrize("outer", ["jacfwd", "jacrev"])
@pytest.mark.parametrize("inner", ["jacfwd", "jacrev", "grad"])
def test_hessians_in_every_composition(outer: str, inner: str, argnums: Any) -> None:
    f, g = scalar, partial(scalar, np=jnp)
    found = getattr(s2sad, outer)(getattr(s2sad, inner)(f, argnums), argnums)(P, 2.0)
    expected = jax.hessian(g, argnums)(P, 2.0)
    same(found, expected)
    if outer == inner == "jacfwd":
        same(hessian(f, argnums)(P, 2.0), expected)


def test_hessian_of_a_container() -> None:
    same(hessian(containers, (0, 1))(P, 2.0), jax.hessian(partial(containers, np=jnp), (0, 1))(P, 2.0))


def test_third_derivatives() -> None:
    def f(x, np=np):
        return np.sum(np.sin(x) * x**2)

    def g(x):
        return f(x, jnp)

    same(jacfwd(hessian(lambda x: f(x)))(X), jax.jacfwd(jax.hessian(g))(X))


@pytest.mark.parametrize("name", ["jacfwd", "jacrev", "hessian"])
def test_has_aux(name: str) -> None:
    def f(x):
        return (x**2, {"sum": np.sum(x), "n": 3})

    found, aux = getattr(s2sad, name)(f, has_aux=True)(X)
    expected, _ = getattr(jax, name)(lambda x: (x**2, 0), has_aux=True)(X)
    same(found, expected)
    assert aux == {"sum": np.sum(X), "n": 3}


@pytest.mark.parametrize("name", ["jacfwd", "jacrev", "hessian"])
def test_holomorphic(name: str) -> None:
    z = np.array([1.0 + 2j, -0.5j])
    found = getattr(s2sad, name)(lambda z: np.sin(z) * z[0], holomorphic=True)(z)
    same(found, getattr(jax, name)(lambda z: jnp.sin(z) * z[0], holomorphic=True)(z))


def test_refusals() -> None:
    with pytest.raises(TypeError, match="jacfwd requires real-valued inputs"):
        jacfwd(np.sin)(1j)
    with pytest.raises(TypeError, match="jacrev requires real-valued outputs"):
        jacrev(lambda x: x * 1j)(1.0)
    with pytest.raises(TypeError, match="jacfwd requires"):
        jacfwd(np.sin)(3)
    with pytest.raises(TypeError, match="jacrev requires"):
        jacrev(np.sin)(np.arange(3))
    with pytest.raises(TypeError, match="holomorphic=True requires inputs with complex dtype"):
        jacfwd(np.sin, holomorphic=True)(1.0)
    with pytest.raises(TypeError, match="takes a function"):
        jacfwd(3)
    with pytest.raises(TypeError, match="argnums"):
        jacrev(np.sin, argnums=1)(1.0)


def test_numbers_empty_shapes_and_single_precision() -> None:
    assert jacfwd(np.sin)(1.0) == pytest.approx(np.cos(1.0))
    assert jacrev(lambda x: np.array([x, x**2]))(3.0).tolist() == [1.0, 6.0]
    assert jacfwd(lambda x: x * np.ones((2, 2)))(3.0).shape == (2, 2)
    assert jacrev(lambda x: x**2)(np.ones((1, 1))).tolist() == [[[[2.0]]]]
    assert jacfwd(lambda x: x**2)(np.float32(3.0)).dtype == np.float32
    assert jacrev(lambda x: x**2)(X.astype(np.float32)).dtype == np.float32


def test_as_decorators_and_inside() -> None:
    @jit
    @jacrev
    def squares(x: Any) -> Any:
        return x**2

    same(squares(X), np.diag(2 * X))

    def f(x: Any) -> Any:
        inner = jacfwd(lambda y: np.sin(y) * x)
        h = hessian(lambda y: np.sum(y**3 * x))(x)
        return np.sum(inner(x)) + np.trace(h)

    def g(x: Any) -> Any:
        return jnp.sum(jax.jacfwd(lambda y: jnp.sin(y) * x)(x)) + jnp.trace(jax.hessian(lambda y: jnp.sum(y**3 * x))(x))

    same(grad(f)(X), jax.grad(g)(X))


def test_batches_of_jacobians() -> None:
    def f(a, x, np=np):
        return np.sin(a * x)

    xs = np.stack([X, 2 * X])
    for name in ("jacfwd", "jacrev", "hessian"):
        found = vmap(getattr(s2sad, name)(lambda a, x: f(a, x), 1), in_axes=(None, 0))(X, xs)
        same(found, jax.vmap(getattr(jax, name)(lambda a, x: f(a, x, jnp), 1), in_axes=(None, 0))(X, xs))


def test_loops_and_branches() -> None:
    def f(x: Any, n: Any) -> Any:
        y = x.copy()
        for i in range(n):
            y[i % 3] = y[i % 3] * y[(i + 1) % 3]
            if y[0] > 0.05:
                y = y + x
        return y

    rows = []
    for k in range(3):
        up, low = X.copy(), X.copy()
        up[k] += 1e-6
        low[k] -= 1e-6
        rows.append((f(up, 5) - f(low, 5)) / 2e-6)
    np.testing.assert_allclose(jacfwd(f)(X, 5), np.array(rows).T, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(jacrev(f)(X, 5), np.array(rows).T, rtol=1e-6, atol=1e-8)


# -- products


def test_hessian_vector_products() -> None:
    f, g = (lambda x: np.sum(np.exp(x) * x[0])), (lambda x: jnp.sum(jnp.exp(x) * x[0]))
    v = np.array([1.0, -1.0, 0.5])
    same(hvp(f, (X,), (v,)), jax.hessian(g)(X) @ v)
    same(jit(lambda x: hvp(f, (x,), (v,)))(X), jax.hessian(g)(X) @ v)
    found = hvp(scalar, (P, 2.0), (P, 1.0))
    same(found, jax.jvp(jax.grad(partial(scalar, np=jnp), (0, 1)), (P, 2.0), (P, 1.0))[1])
    product, aux = hvp(lambda x: (np.sum(x**3), 7), (X,), (v,), has_aux=True)
    same(product, 6 * X * v)
    assert aux == 7


def test_hutchinson_trace() -> None:
    def f(x):
        return np.sum(np.sin(x) ** 2 * x)

    def trace(x: Any, probes: Any) -> Any:
        return np.mean(vmap(lambda v: np.vdot(v, hvp(f, (x,), (v,))))(probes))

    probes = np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [-1.0, 1.0, 1.0], [1.0, 1.0, -1.0]])
    expected = np.mean([v @ hessian(f)(X) @ v for v in probes])
    same(jit(trace)(X, probes), expected)


def test_gauss_newton_products() -> None:
    def gnvp(loss: Any, f: Any, x: Any, v: Any) -> Any:
        z, r_z = jvp(f, (x,), (v,))
        _, r_g = jvp(grad(loss), (z,), (r_z,))
        _, f_vjp = vjp(f, x)
        return f_vjp(r_g)[0]

    def f(x):
        return np.sin(M @ x)

    def loss(z):
        return np.sum(np.exp(z))

    v = np.array([1.0, 2.0, -1.0])
    J, H = jacrev(f)(X), hessian(loss)(f(X))
    same(gnvp(loss, f, X, v), J.T @ (H @ (J @ v)))
    same(jit(lambda x, v: gnvp(loss, f, x, v))(X, v), J.T @ (H @ (J @ v)))


def test_forward_mode_from_reverse_mode_only() -> None:
    def our_jvp(f: Any, x: Any, v: Any) -> Any:
        y, f_vjp = vjp(f, x)
        _, transposed = vjp(lambda u: f_vjp(u)[0], np.zeros_like(y))
        return transposed(v)[0]

    def f(x):
        return np.sin(M @ x)

    same(our_jvp(f, X, X), jvp(f, (X,), (X,))[1])
    same(jit(lambda x: our_jvp(f, x, x))(X), jvp(f, (X,), (X,))[1])


def test_a_gradient_step_inside_the_loss() -> None:
    def meta(loss: Any, grad: Any) -> Any:
        return grad(lambda p, x: loss(p - 0.1 * grad(loss)(p, x), x))

    def f(p, x, np=np):
        return np.sum((np.tanh(p * x) - 1) ** 2)

    same(meta(lambda p, x: f(p, x), grad)(X, 2 * X), meta(lambda p, x: f(p, x, jnp), jax.grad)(X, 2 * X))


# -- linear functions


def test_linearize() -> None:
    def f(p, s):
        return {"y": np.sin(p["v"]) * s, "n": 3}

    y, push = linearize(f, P, 2.0)
    assert y["n"] == 3
    for scale in (1.0, -2.0):
        out = push({"W": M, "v": scale * X}, 0.5)
        np.testing.assert_allclose(out["y"], np.cos(X) * X * 2.0 * scale + np.sin(X) * 0.5)
    _, push = linearize(np.sin, X)
    same(vmap(push)(np.eye(3)), np.diag(np.cos(X)))
    same(jit(push)(X), np.cos(X) * X)

    def inside(x: Any, v: Any) -> Any:
        y, push = linearize(lambda z: np.sin(z) * x, x)
        return y + push(v) + push(2 * v)

    same(jit(inside)(X, X), np.sin(X) * X + 3 * np.cos(X) * X * X)
    y, push, aux = linearize(lambda x: (x**2, x + 1), X, has_aux=True)
    same((y, push(X), aux), (X**2, 2 * X * X, X + 1))
    with pytest.raises(TypeError, match="structure"):
        push((X, X))


def test_linear_transpose() -> None:
    def f(p):
        return M @ p["v"] + 2 * p["W"][:, 0]

    transposed = linear_transpose(f, P)
    (found,) = transposed(np.array([1.0, 2.0]))
    same(found, {"W": np.array([[2.0, 0, 0], [4.0, 0, 0]]), "v": M.T @ [1.0, 2.0]})
    (found,) = linear_transpose(lambda x: M @ x, jax.ShapeDtypeStruct((3,), np.float64))(np.ones(2))
    same(found, M.sum(0))
    same(jit(lambda u: linear_transpose(lambda x: M @ x, X)(u)[0])(np.ones(2)), M.sum(0))
    same(vmap(linear_transpose(lambda x: M @ x, X))(np.eye(2))[0], M)
    with pytest.raises(TypeError, match="not linear"):
        linear_transpose(np.sin, X)(X)


def test_checkpoint() -> None:
    assert remat is checkpoint

    def f(x: Any, a: Any = 1.0) -> Any:
        for _ in range(4):
            x = np.sin(x * a) + x
        return np.sum(x)

    for g in (checkpoint(f), checkpoint(f, prevent_cse=False), partial(checkpoint, policy=None)(f)):
        same(value_and_grad(g)(X), value_and_grad(f)(X))
        same(grad(g, (0, 1))(X, 0.5), grad(f, (0, 1))(X, 0.5))
        same(hessian(g)(X), hessian(f)(X))
        same(grad(lambda x, g=g: g(g(x) * x, a=2.0))(X), grad(lambda x: f(f(x) * x, a=2.0))(X))
        same(vmap(grad(g))(np.stack([X, 2 * X])), vmap(grad(f))(np.stack([X, 2 * X])))
        same(jvp(g, (X,), (X,)), jvp(f, (X,), (X,)))

    @partial(checkpoint, static_argnums=(1,))
    def power(x: Any, kind: Any) -> Any:
        return x**3 if kind == "cube" else x

    assert grad(power)(2.0, "cube") == 12.0
    assert grad(lambda x: checkpoint(lambda y: np.sin(y) * x)(x))(1.0) == pytest.approx(np.cos(1.0) + np.sin(1.0))
    with pytest.raises(NotImplementedError):
        checkpoint(f, policy=lambda *_: True)


@pytest.mark.compiled
def test_compiled() -> None:
    with using(backend="numba"):
        same(hessian(scalar)(P, 2.0), jax.hessian(partial(scalar, np=jnp))(P, 2.0))
        same(jacrev(containers, (0, 1))(P, 2.0), jax.jacrev(partial(containers, np=jnp), (0, 1))(P, 2.0))
        same(linearize(np.sin, X)[1](X), np.cos(X) * X)
