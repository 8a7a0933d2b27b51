"""Taking gradients: the first document of the basics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from s2sad import grad, value_and_grad
from s2sad.test_util import check_grads
from tests.seeds.model import INPUTS, TARGETS, B, W, close, loss, predict

W_GRAD = [-0.16965583, -0.8774644, -1.4901346]
B_GRAD = -0.29227245


def test_a_ufunc_and_its_derivatives() -> None:
    close(grad(np.tanh)(2.0), 0.070650816)
    close(grad(grad(np.tanh))(2.0), -0.13621868)
    close(grad(grad(grad(np.tanh)))(2.0), 0.25265405)


def test_four_derivatives_of_a_cubic() -> None:
    def f(x):
        return x**3 + 2 * x**2 - 3 * x + 1

    dfdx = grad(f)
    d2fdx = grad(dfdx)
    d3fdx = grad(d2fdx)
    d4fdx = grad(d3fdx)
    assert [d(1.0) for d in (dfdx, d2fdx, d3fdx, d4fdx)] == [4.0, 10.0, 6.0, 0.0]


def test_argnums() -> None:
    close(grad(loss, argnums=0)(W, B), W_GRAD)
    close(grad(loss)(W, B), W_GRAD)
    close(grad(loss, 1)(W, B), B_GRAD)
    w_grad, b_grad = grad(loss, (0, 1))(W, B)
    close(w_grad, W_GRAD)
    close(b_grad, B_GRAD)
    assert w_grad.dtype == np.float32 and b_grad.dtype == np.float32


def loss2(params_dict: Any) -> Any:
    preds = predict(params_dict["W"], params_dict["b"], INPUTS)
    label_probs = preds * TARGETS + (1 - preds) * (1 - TARGETS)
    return -np.sum(np.log(label_probs))


def test_gradient_of_a_dict() -> None:
    found = grad(loss2)({"W": W, "b": B})
    assert list(found) == ["W", "b"]
    close(found["W"], W_GRAD)
    close(found["b"], B_GRAD)


def test_value_and_gradient() -> None:
    value, (w_grad, b_grad) = value_and_grad(loss, (0, 1))(W, B)
    close(value, 3.0519385)
    close(loss(W, B), 3.0519385)
    close(w_grad, W_GRAD)
    close(b_grad, B_GRAD)


def test_against_numerical_differences() -> None:
    """In double precision the differences agree to more digits than the documents' single precision shows."""
    w, b = W.astype(float), float(B)
    eps = 1e-4
    b_grad_numerical = (loss(w, b + eps / 2.0) - loss(w, b - eps / 2.0)) / eps
    close(grad(loss, 1)(w, b), b_grad_numerical)
    vec = np.random.default_rng(0).standard_normal(w.shape)
    unitvec = vec / np.sqrt(np.vdot(vec, vec))
    numerical = (loss(w + eps / 2.0 * unitvec, b) - loss(w - eps / 2.0 * unitvec, b)) / eps
    close(np.vdot(grad(loss)(w, b), unitvec), numerical)


def test_check_grads_to_second_order() -> None:
    check_grads(loss, (W.astype(float), float(B)), order=2)
    check_grads(loss, (W, B), order=2)


def test_a_gradient_needs_a_scalar() -> None:
    with pytest.raises(TypeError, match="scalar-output"):
        grad(np.tanh)(W)
