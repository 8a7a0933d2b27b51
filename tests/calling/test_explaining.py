"""What `.explain()` says of loops, arrays and code, and what stood in the way."""

from __future__ import annotations

import re

import numpy as np
import pytest

import s2sad


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    monkeypatch.setattr(s2sad.config, "backend", "python")


def said(function, *args):
    """What is said of a gradient, as its sections, each a list of lines without their line numbers."""
    gradient = s2sad.grad(function)
    gradient(*args)
    name, *lines = gradient.explain().splitlines()
    assert name == f"{gradient.__name__}:"
    sections: dict[str, list[str]] = {}
    for line in lines:
        if not line.startswith("    "):
            title = line.strip(" :")
        else:
            sections.setdefault(title, []).append(re.sub(r"^line \d+: ", "", line.strip()))
    return sections


def network(x, weights, target):
    hidden = np.tanh(weights @ x)
    return np.mean((np.exp(hidden) - target) ** 2)


def test_one_loop_computes_several_arrays_and_stores_what_a_library_takes():
    found = said(network, np.ones(20), np.ones((9, 20)), np.ones(9))
    assert found["the derivative"] == ["no value of a forward sweep is needed; nothing is recorded"]
    (loop,) = (t for t in found["its arrays"] if "computed by one loop" in t)
    assert {"hidden", "exp", "sub"} <= set(loop.partition(" are ")[0].split(", "))
    assert "matmul_bar is stored: taken whole by matmul" in found["its arrays"]
    assert "matmul is left whole: long sums are left to BLAS" in found["its arrays"]
    assert "its code" not in found


def solved(x):
    return x @ np.linalg.pinv(np.outer(x, x) + np.eye(4)) @ x


def test_what_has_no_instructions_of_ours_is_named():
    found = said(solved, np.arange(4.0))
    assert any("pinv is left whole: pinv is a call of a library" in t for t in found["its arrays"])
    (code,) = (t for t in found["its code"] if "pinv" in t)
    assert re.match(r".*pinv\b.* compiled by Numba: there are no instructions of ours for it", code)


def unsure(x, low, high, target):
    return np.sum((x[low:high] - target) ** 2)


def test_sizes_that_may_differ_stand_in_the_way():
    found = said(unsure, np.ones(6), 1, 4, np.ones(3))
    assert any(re.search(r"left whole: it is not known whether .* and target.shape\[0\] are equal", t) or
               "left whole: its size is known once it is made" in t for t in found["its arrays"])  # fmt: skip


def stepped(x, n):
    y = x
    for _ in range(n):
        y = np.sin(y) * x
    return np.sum(y)


def test_tapes_are_said_with_their_bytes_and_what_a_loop_carries_is_stored():
    found = said(stepped, np.ones(3), 4)
    assert any(re.search(r"recorded: 8 \* x.shape\[0\] bytes a trip of the loop", t) for t in found["the derivative"])
    assert any("stored: carried by a loop of the program" in t for t in found["its arrays"])


def test_values_that_are_alike_share_a_line():
    gradient = s2sad.grad(stepped)
    gradient(np.ones(3), 4)
    lines = gradient.explain().splitlines()
    assert len(lines) == len(set(lines))


def test_where_the_lowering_is_off_nothing_is_said_of_it():
    with s2sad.using(lower=False):
        assert "its arrays" not in said(network, np.ones(20), np.ones((9, 20)), np.ones(9))
