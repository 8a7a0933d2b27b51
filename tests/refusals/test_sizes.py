"""Sizes that must be equal and are not are refused, also where only the derivative is asked for and the sum itself is
never computed."""

import numpy as np
import pytest

import s2sad

w = np.ones(3)


def stored(a, b):
    y = np.zeros(a.shape[0])
    y[:] = b
    return np.sum(y)


MISMATCHES = {
    "sum": (lambda x, y: (x + y).sum(), (np.ones(3), np.ones(2))),
    "dot": (lambda x, y: np.dot(x, y), (np.ones(3), np.ones(2))),
    "matrix": (lambda a, x: (a @ x).sum(), (np.ones((2, 3)), np.ones(2))),
    "solve": (lambda a, b: np.linalg.solve(a, b).sum(), (np.eye(3), np.ones(2))),
    "stack": (lambda x, y: np.stack([x, y]).sum(), (np.ones(3), np.ones(2))),
    "store": (stored, (np.ones(3), np.ones(2))),
    "captured": (lambda x: (x + w).sum(), (np.ones(4),)),
}


@pytest.mark.parametrize("name", MISMATCHES)
def test_mismatch_is_refused(name: str) -> None:
    function, args = MISMATCHES[name]
    fits = tuple(np.ones((3, 3)) if a.ndim == 2 else np.ones(3) for a in args)
    with s2sad.using(backend="python"):
        if name != "solve":
            s2sad.grad(function)(*fits)
        with pytest.raises(ValueError, match=r"size|shape|fit"):
            s2sad.grad(function)(*args)


def test_a_branch_may_tell_sizes_apart() -> None:
    def f(x, y):
        if x.shape[0] == y.shape[0]:
            return (x + y).sum()
        return 2 * x.sum()

    with s2sad.using(backend="python"):
        np.testing.assert_array_equal(s2sad.grad(f)(np.ones(3), np.ones(3)), np.ones(3))
        np.testing.assert_array_equal(s2sad.grad(f)(np.ones(3), np.ones(2)), np.full(3, 2.0))
