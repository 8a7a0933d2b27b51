"""Decompositions are marked when derivatives go through their vectors alone."""

from __future__ import annotations

from typing import Any

import pytest

from s2sad.ir import Builder, Names, Var
from s2sad.ir.nodes import Function, Let
from s2sad.ir.types import FLOAT, Array
from s2sad.optimise.apart import apart
from s2sad.rules.decompositions import eig, eigh, svd
from s2sad.rules.elementwise import exp
from s2sad.rules.logical import gt


def mark(prim: Any, values: int, use: Any) -> Any:
    """The param `reads` of a decomposition, of whose vectors and of `use` of whose values a function is made."""
    builder = Builder(Names())
    x = Var("x", Array(FLOAT, (3, 3)))
    out = builder.emit(prim, (x,))
    vectors = out[-1]
    results = (vectors, builder.emit(*use(out[values]))) if use else (vectors,)
    function = apart(Function("f", (x,), tuple(builder.statements), results))
    (found,) = (s for s in function.body if isinstance(s, Let) and s.prim is prim)
    return dict(found.params).get("reads")


@pytest.mark.parametrize(("prim", "values"), [(eigh, 0), (eig, 0), (svd, 1)])
def test_marks(prim, values):
    assert mark(prim, values, None) == "vectors"
    assert mark(prim, values, lambda w: (gt, (w, w))) == "vectors"
    assert mark(prim, values, lambda w: (exp, (w,))) is None
