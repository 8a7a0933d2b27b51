"""`is`: True and False are one object each, and other numbers are not told apart by it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import TypeMismatchError
from tests.refusals.checks import refused


def is_true(x, flag):
    return x * 2.0 if flag is True else x * 5.0


def is_not_false(x, flag):
    return x * 2.0 if flag is not False else x * 5.0


def is_another(x, y):
    return x if x is y else 2.0 * x  # here


@pytest.mark.parametrize("f", [is_true, is_not_false])
@pytest.mark.parametrize("flag", [True, False, np.True_, np.False_, 1, 0.0, None])
def test_is_true(f: Any, flag: Any) -> None:
    with using(backend="python", verify=True):
        assert s2sad.grad(f)(1.0, flag) == f(1.0, flag)
        assert s2sad.jit(lambda x: f(x, x > 0.5))(1.0) == f(1.0, True)


def test_numbers_are_not_told_apart_by_identity() -> None:
    refused(lambda: s2sad.grad(is_another)(1.0, 1.0), TypeMismatchError, "one object", "==", filename=__file__)
    with using(backend="python"):
        assert s2sad.grad(lambda x: is_another(x, x))(1.0) == 1.0
        assert s2sad.grad(is_another)(1.0, 1) == 2.0
