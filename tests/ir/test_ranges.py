"""What is proved of sizes from counters and from arrays that are there."""

from __future__ import annotations

import numpy as np

from s2sad.ir.ranges import Ranges
from s2sad.ir.types import Array, add_dims, symbol

N, M = symbol("x.0", 2), symbol("kernel.0", 2)
ROWS = add_dims(add_dims(N, M, -1), 1)
OUTER, INNER, K = symbol("i"), symbol("j"), symbol("k")


def made(*dims):
    """Ranges that know of an array of these dims."""
    ranges = Ranges()
    ranges.made(Array(np.dtype(float), dims))
    return ranges


def test_a_number_of_the_program_may_be_negative():
    assert not Ranges().not_negative(K)
    assert Ranges().not_negative(N) and not Ranges().not_negative(add_dims(N, -3))
    assert made(K).not_negative(K) and not made(add_dims(K, 3)).not_negative(K)


def test_a_window_is_inside():
    ranges = made(ROWS)
    assert not ranges.not_negative(add_dims(N, add_dims(OUTER, ROWS), -1))
    ranges.counter(OUTER, 0, M, 1)
    assert ranges.not_negative(OUTER)
    assert ranges.not_negative(add_dims(N, add_dims(OUTER, ROWS), -1))
    assert not ranges.not_negative(add_dims(add_dims(N, add_dims(OUTER, ROWS), -1), -1))


def test_counters_bound_each_other_and_run_down_too():
    ranges = Ranges()
    ranges.counter(OUTER, 0, N, 1)
    ranges.counter(INNER, OUTER, -1, -1)
    assert ranges.not_negative(INNER) and ranges.not_negative(add_dims(add_dims(N, INNER, -1), -1))
    assert not ranges.not_negative(add_dims(INNER, -1))
    assert ranges.not_negative(add_dims(OUTER, INNER, -1))


def test_a_step_that_is_not_known_bounds_nothing():
    ranges = Ranges()
    ranges.counter(OUTER, 0, N, 0)
    assert not ranges.not_negative(OUTER)


def test_what_is_learnt_in_a_block_is_forgotten():
    ranges = Ranges()
    with ranges.scope():
        ranges.counter(OUTER, 0, K, 1)
        assert ranges.not_negative(add_dims(K, -1))
    assert not ranges.not_negative(OUTER) and not ranges.not_negative(K)
