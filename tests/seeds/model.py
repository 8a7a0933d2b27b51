"""The data of the documents' examples. What they draw with `key(0)` is written out, in single precision."""

from __future__ import annotations

from typing import Any

import numpy as np

INPUTS = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]], np.float32)
TARGETS = np.array([True, True, False, True])
W = np.array([-0.3683878481388092, -2.275688886642456, 0.011447565630078316], np.float32)
B = np.float32(0.8535516262054443)
ADVANCED_W = np.array([-2.442455768585205, -2.0356805324554443, 0.20554423332214355], np.float32)
ADVANCED_B = np.float32(1.2956359386444092)
"""What the same key gives in the later document, made with another release of the generator."""


def sigmoid(x: Any) -> Any:
    """The logistic function."""
    return 0.5 * (np.tanh(x / 2) + 1)


def predict(W: Any, b: Any, inputs: Any) -> Any:
    """The probability of a label being true."""
    return sigmoid(np.dot(inputs, W) + b)


def loss(W: Any, b: Any) -> Any:
    """The negative log-likelihood of the training examples."""
    preds = predict(W, b, INPUTS)
    label_probs = preds * TARGETS + (1 - preds) * (1 - TARGETS)
    return -np.sum(np.log(label_probs))


def close(actual: Any, documented: Any, rtol: float = 1e-5, atol: float = 1e-6) -> None:
    """Compare with figures as they are documented: in single precision."""
    np.testing.assert_allclose(actual, documented, rtol=rtol, atol=atol)
