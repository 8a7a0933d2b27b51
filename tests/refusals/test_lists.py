"""Lists whose length is known at run time only hold numbers and arrays, not further lists."""

import numpy as np
import pytest

import s2sad


def table_of_lists(x):
    n = len(x)
    d = [[0.0] * n for _ in range(n)]  # here
    for i in range(1, n):
        d[i][0] = d[i - 1][0] + x[i] ** 2
    return d[n - 1][0]


def test_list_of_lists() -> None:
    with pytest.raises(s2sad.S2sadError) as caught:
        s2sad.grad(table_of_lists)(np.ones(3))
    assert "test_lists.py" in str(caught.value)
    assert "^" in str(caught.value)
    assert caught.value.instead
