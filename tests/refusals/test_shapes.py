"""Reverse mode does not follow an array whose shape changes from trip to trip: it says so."""

import numpy as np
import pytest

import s2sad


def differences(x, n):
    for _ in range(n):  # here
        x = x[1:] - x[:-1]
    return np.sum(x * x)


def test_shape_that_changes_in_a_loop() -> None:
    with s2sad.using(backend="python"), pytest.raises(s2sad.UnsupportedError, match="from trip to trip"):
        s2sad.grad(differences)(np.arange(6.0), 2)
