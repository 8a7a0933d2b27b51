"""Split form: forward then reverse give what the joint form gives."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import python_function, verify
from s2sad.ir.types import is_inexact
from s2sad.optimise.dce import dce
from s2sad.transforms.adjoint import adjoint
from s2sad.transforms.recording import recording
from s2sad.transforms.recording.split import split
from tests.optimise.reader import read
from tests.transforms.adjoint.test_loops import PROGRAMS


@pytest.mark.parametrize("name", PROGRAMS)
def test_split_and_joint_agree(name):
    text, types, args = PROGRAMS[name]
    f = read(text, **types)
    wrt = tuple(k for k, p in enumerate(f.params) if is_inexact(p.type))
    opened, _ = adjoint.vjp(f, wrt, {})
    joint = dce(recording.record(dce(opened))[0])
    parts = split(dce(recording.record(dce(opened), fused=False)[0]), len(f.params), len(f.results))
    verify(parts.forward, "split")
    verify(parts.reverse, "split")
    forward, reverse = python_function(parts.forward), python_function(parts.reverse)
    values = forward(*args)
    outs, residuals = values[: len(f.results)], values[len(f.results) :]
    for scale in (1.0, -0.7):
        seeds = [scale * np.ones_like(o)[()] for o in outs]
        expected = python_function(joint)(*args, *seeds)
        found = (*outs, *reverse(*args, *residuals, *seeds))
        for a, b in zip(found, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_residuals_hold_no_parameters_and_no_sizes():
    f = read("def f(x, n):\n s = 0.5\n for i in range(n):\n  s = np.sin(s) * x[i]\n return s", x="f8[n]", n="i")
    opened, _ = adjoint.vjp(f, (0,), {})
    parts = split(dce(recording.record(dce(opened), fused=False)[0]), 2, 1)
    assert all("tape" in v.name for v in parts.residuals)
    assert parts.reverse.params[:2] == f.params
