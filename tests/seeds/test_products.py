"""How it is made: jvp and vjp, products with whole matrices, Jacobians written from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from s2sad import grad, jacfwd, jacrev, jit, jvp, vjp, vmap
from tests.seeds.model import ADVANCED_B as B
from tests.seeds.model import ADVANCED_W as W
from tests.seeds.model import INPUTS, close, predict


def f(W: Any) -> Any:
    """The predictions as a function of the weights alone."""
    return predict(W, B, INPUTS)


def test_push_forward_and_pull_back() -> None:
    rng = np.random.default_rng(1)
    v = rng.standard_normal(3).astype(np.float32)
    y, u = jvp(f, (W,), (v,))
    close(y, f(W))
    close(u, jacfwd(f)(W) @ v)
    y, vjp_fun = vjp(f, W)
    u = rng.standard_normal(y.shape).astype(np.float32)
    (w,) = vjp_fun(u)
    close(w, u @ jacrev(f)(W))


def test_vector_valued_gradients() -> None:
    def vgrad(f: Any, x: Any) -> Any:
        y, vjp_fn = vjp(f, x)
        return vjp_fn(np.ones(y.shape))[0]

    close(vgrad(lambda x: 3 * x**2, np.ones((2, 2))), [[6.0, 6.0], [6.0, 6.0]])
    close(jit(lambda x: vgrad(lambda z: 3 * z**2, x))(np.ones((2, 2))), [[6.0, 6.0], [6.0, 6.0]])


def test_matrix_jacobian_products() -> None:
    def loop_mjp(f: Any, x: Any, M: Any) -> Any:
        _y, vjp_fun = vjp(f, x)
        return np.vstack([vjp_fun(mi) for mi in M])

    def vmap_mjp(f: Any, x: Any, M: Any) -> Any:
        _y, vjp_fun = vjp(f, x)
        (outs,) = vmap(vjp_fun)(M)
        return outs

    U = np.random.default_rng(0).standard_normal((128, 4)).astype(np.float32)
    expected = U @ jacrev(f)(W)
    close(loop_mjp(f, W, M=U), expected, 1e-4, 1e-5)
    close(vmap_mjp(f, W, M=U), expected, 1e-4, 1e-5)
    close(jit(lambda W, U: vmap_mjp(f, W, U))(W, U), expected, 1e-4, 1e-5)


def test_jacobian_matrix_products() -> None:
    def loop_jmp(f: Any, W: Any, M: Any) -> Any:
        return np.vstack([jvp(f, (W,), (mi,))[1] for mi in M])

    def vmap_jmp(f: Any, W: Any, M: Any) -> Any:
        def _jvp(s):
            return jvp(f, (W,), (s,))[1]

        return vmap(_jvp)(M)

    S = np.random.default_rng(0).standard_normal((16, 3)).astype(np.float32)
    expected = S @ jacfwd(f)(W).T
    close(loop_jmp(f, W, M=S), expected, 1e-4, 1e-5)
    close(vmap_jmp(f, W, M=S), expected, 1e-4, 1e-5)


def our_jacrev(f: Any) -> Any:
    def jacfun(x: Any) -> Any:
        y, vjp_fun = vjp(f, x)
        (J,) = vmap(vjp_fun, in_axes=0)(np.eye(len(y)))
        return J

    return jacfun


def our_jacfwd(f: Any) -> Any:
    def jacfun(x: Any) -> Any:
        def _jvp(s):
            return jvp(f, (x,), (s,))[1]

        Jt = vmap(_jvp, in_axes=1)(np.eye(len(x)))
        return np.transpose(Jt)

    return jacfun


def test_jacobians_of_our_own() -> None:
    x = W.astype(float)
    close(our_jacrev(f)(x), jacrev(f)(x))
    close(our_jacfwd(f)(x), jacfwd(f)(x))
    close(jit(our_jacrev(f))(x), jacrev(f)(x))
    close(jit(our_jacfwd(f))(x), jacfwd(f)(x))
    close(jacfwd(our_jacrev(f))(x), jacfwd(jacrev(f))(x))


def branching(x: Any) -> Any:
    try:
        if x < 3:
            return 2 * x**3
        else:
            raise ValueError
    except ValueError:
        return np.pi * x


def test_compiling_the_linear_part() -> None:
    y, f_vjp = vjp(branching, 4.0)
    close(y, 4 * math.pi)
    close(jit(f_vjp)(1.0), (3.1415927,))
    close(f_vjp(1.0), (3.1415927,))
    close(grad(branching)(2.0), 24.0)
