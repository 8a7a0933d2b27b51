"""Higher-order derivatives, stopped gradients, per-example gradients, Hessian-vector products, Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad import grad, jacfwd, jacrev, jit, jvp, stop_gradient, vmap
from tests.seeds.model import ADVANCED_B as B
from tests.seeds.model import ADVANCED_W as W
from tests.seeds.model import INPUTS, close, loss, predict

THETA = np.array([0.1, -0.1, 0.0])
S_TM1 = np.array([1.0, 2.0, -1.0])
R_T = np.array(1.0)
S_T = np.array([2.0, 1.0, 0.0])

JACOBIAN = [
    [0.05069415, 0.1091874, 0.07506633],
    [0.14170025, -0.17390487, 0.02415345],
    [0.12579198, 0.01451446, -0.31447992],
    [0.00574409, -0.0193281, 0.01078958],
]
HESSIAN = [
    [
        [0.02058932, 0.04434624, 0.03048803],
        [0.04434623, 0.09551499, 0.06566654],
        [0.03048803, 0.06566655, 0.04514575],
    ],
    [
        [-0.0743913, 0.09129842, -0.01268033],
        [0.09129842, -0.11204806, 0.01556223],
        [-0.01268034, 0.01556223, -0.00216142],
    ],
    [
        [0.01176856, 0.00135791, -0.02942139],
        [0.00135791, 0.00015668, -0.00339478],
        [-0.0294214, -0.00339478, 0.07355348],
    ],
    [
        [-0.00418412, 0.014079, -0.00785936],
        [0.014079, -0.04737393, 0.02644569],
        [-0.00785936, 0.02644569, -0.01476286],
    ],
]


def hessian(f: Any) -> Any:
    return jacfwd(grad(f))


def test_hessian_of_a_dot_product() -> None:
    def f(x: Any) -> Any:
        return np.dot(x, x)

    close(hessian(f)(np.array([1.0, 2.0, 3.0])), 2 * np.eye(3))


# -- higher-order optimisation

LEARNING_RATE = 0.1


def loss_fn(params: Any, data: Any) -> Any:
    return np.sum((np.sin(params) * data - 1.0) ** 2)


def meta_loss_fn(params: Any, data: Any) -> Any:
    """The loss after a step of gradient descent."""
    grads = grad(loss_fn)(params, data)
    return loss_fn(params - LEARNING_RATE * grads, data)


def test_a_gradient_step_inside_the_loss() -> None:
    params, data = np.array([0.3, -0.4]), np.array([1.5, 2.0])
    found = grad(meta_loss_fn)(params, data)
    eps = 1e-6
    steps = [(meta_loss(params + eps * e, data) - meta_loss(params - eps * e, data)) / (2 * eps) for e in np.eye(2)]
    close(found, steps, 1e-7)


def meta_loss(params: Any, data: Any) -> Any:
    """`meta_loss_fn`, its gradient written by hand."""
    grads = 2 * (np.sin(params) * data - 1.0) * np.cos(params) * data
    return loss_fn(params - LEARNING_RATE * grads, data)


# -- stopped gradients


def value_fn(theta: Any, state: Any) -> Any:
    return np.dot(theta, state)


def squared_loss(theta: Any, s_tm1: Any, r_t: Any, s_t: Any) -> Any:
    v_tm1 = value_fn(theta, s_tm1)
    target = r_t + value_fn(theta, s_t)
    return (target - v_tm1) ** 2


def squared_td_loss(theta: Any, s_tm1: Any, r_t: Any, s_t: Any) -> Any:
    v_tm1 = value_fn(theta, s_tm1)
    target = r_t + value_fn(theta, s_t)
    return (stop_gradient(target) - v_tm1) ** 2


def naive_loss(theta: Any, s_tm1: Any, r_t: Any, s_t: Any) -> Any:
    v_tm1 = value_fn(theta, s_tm1)
    target = r_t + value_fn(theta, s_t)
    return -0.5 * ((target - v_tm1) ** 2)


def td_loss(theta: Any, s_tm1: Any, r_t: Any, s_t: Any) -> Any:
    v_tm1 = value_fn(theta, s_tm1)
    target = r_t + value_fn(theta, s_t)
    return -0.5 * ((stop_gradient(target) - v_tm1) ** 2)


def test_temporal_differences() -> None:
    at = (THETA, S_TM1, R_T, S_T)
    close(grad(squared_loss)(*at), [2.4, -2.4, 2.4])
    close(grad(squared_td_loss)(*at), [-2.4, -4.8, 2.4])
    close(grad(naive_loss)(*at), [-1.2, 1.2, -1.2])
    close(grad(td_loss)(*at), [1.2, 2.4, -1.2])
    s_grad = grad(value_fn)(THETA, S_TM1)
    close((R_T + value_fn(THETA, S_T) - value_fn(THETA, S_TM1)) * s_grad, [1.2, 2.4, -1.2])


def test_straight_through_estimators() -> None:
    def f(x: Any) -> Any:
        return np.round(x)

    def shifted(x: Any) -> Any:
        return x + stop_gradient(f(x) - x)

    def exact(x: Any) -> Any:
        zero = x - stop_gradient(x)
        return zero + stop_gradient(f(x))

    assert f(3.2) == 3.0
    for straight_through in (shifted, exact):
        assert straight_through(3.2) == 3.0
        assert grad(straight_through)(3.2) == 1.0
    assert grad(f)(3.2) == 0.0


def test_gradients_for_each_example() -> None:
    states, rewards, nexts = np.stack([S_TM1, S_TM1]), np.stack([R_T, R_T]), np.stack([S_T, S_T])
    expected = [[1.2, 2.4, -1.2], [1.2, 2.4, -1.2]]
    gradient = grad(td_loss)
    close(gradient(THETA, S_TM1, R_T, S_T), expected[0])
    close(vmap(gradient)(np.stack([THETA, THETA]), states, rewards, nexts), expected)
    mapped = vmap(gradient, in_axes=(None, 0, 0, 0))
    close(mapped(THETA, states, rewards, nexts), expected)
    close(jit(mapped)(THETA, states, rewards, nexts), expected)
    squared = jit(vmap(grad(squared_td_loss), in_axes=(None, 0, 0, 0)))
    close(squared(THETA, states, rewards, nexts), [[-2.4, -4.8, 2.4]] * 2)


# -- Hessian-vector products


def hvp(f: Any, primals: Any, tangents: Any) -> Any:
    """Forward over reverse."""
    return jvp(grad(f), primals, tangents)[1]


def hvp_revfwd(f: Any, primals: Any, tangents: Any) -> Any:
    """Reverse over forward."""

    def g(primals):
        return jvp(f, primals, tangents)[1]

    return grad(g)(primals)


def hvp_revrev(f: Any, primals: Any, tangents: Any) -> Any:
    """Reverse over reverse, for one argument."""
    (x,) = primals
    (v,) = tangents
    return grad(lambda x: np.vdot(grad(f)(x), v))(x)


def test_three_ways_of_a_hessian_vector_product() -> None:
    def f(X: Any) -> Any:
        return np.sum(np.tanh(X) ** 2)

    rng = np.random.default_rng(0)
    X, V = rng.standard_normal((6, 5)), rng.standard_normal((6, 5))
    expected = np.tensordot(jacfwd(jacrev(f))(X), V, 2)
    close(hvp(f, (X,), (V,)), expected, 1e-9)
    close(hvp_revfwd(f, (X,), (V,))[0], expected, 1e-9)
    close(hvp_revrev(f, (X,), (V,)), expected, 1e-9)


# -- Jacobians


def test_jacobians_of_the_predictions() -> None:
    def f(W):
        return predict(W, B, INPUTS)

    for jacobian in (jacfwd(f)(W), jacrev(f)(W)):
        assert jacobian.shape == (4, 3) and jacobian.dtype == np.float32
        close(jacobian, JACOBIAN)


def test_jacobian_by_a_dict() -> None:
    def predict_dict(params: Any, inputs: Any) -> Any:
        return predict(params["W"], params["b"], inputs)

    found = jacrev(predict_dict)({"W": W, "b": B}, INPUTS)
    close(found["W"], JACOBIAN)
    close(found["b"], [0.09748876, 0.16102302, 0.24190766, 0.00776229])


def test_hessian_of_the_predictions() -> None:
    def f(W):
        return predict(W, B, INPUTS)

    for outer in (jacfwd, jacrev):
        for inner in (jacfwd, jacrev):
            found = outer(inner(f))(W)
            assert found.shape == (4, 3, 3)
            close(found, HESSIAN)


def test_hessian_of_the_loss_is_symmetric() -> None:
    found = hessian(loss)(W.astype(float), float(B))
    close(found, found.T, 1e-9)
