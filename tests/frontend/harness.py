"""Running a function both ways: as it is, and as the IR that elaboration makes of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad import ir, tree
from s2sad.calling.signature import flatten, is_runtime, leaf_type
from s2sad.errors import NeedStatic
from s2sad.frontend.elaborate.elaborate import Abstract, Elaboration, Leaf
from s2sad.frontend.meanings.handlers import elaborate


def elaborated(function: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Elaboration, list[Any]]:
    """The elaboration for these arguments, and their runtime leaves."""
    leaves, structure = flatten(args, kwargs)
    statics: set[int] = set()
    while True:
        runtime = [k for k, x in enumerate(leaves) if is_runtime(x) and k not in statics]
        abstract = [Abstract(k, leaf_type(x, f"x{k}"), f"x{k}") if k in runtime else x for k, x in enumerate(leaves)]
        new_args, new_kwargs = tree.unflatten(structure, abstract)
        try:
            out = elaborate(function, new_args, new_kwargs)
        except NeedStatic as need:
            statics.add(need.index)
            continue
        return out, [leaves[k] for k in runtime]


def run(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The result of the elaborated function."""
    out, leaves = elaborated(function, *args, **kwargs)
    ir.verify(out.module, "elaboration")
    if any(isinstance(s, ir.Apply) for f in (out.module.main,) for s in ir.walk.statements(f.body)):
        raise AssertionError("the module holds transforms")
    flat = ir.python_function(out.module)(*leaves, *(read() for read in out.captured))
    parts, structure = tree.flatten(out.result, is_leaf=lambda x: isinstance(x, Leaf))
    return tree.unflatten(structure, [flat[x.number] if isinstance(x, Leaf) else x for x in parts])


def check(function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
    """Both ways give the same, and neither touches its arguments more than Python does."""
    expected = function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    found = run(function, *args, **kwargs)
    same(found, expected)


def same(found: Any, expected: Any) -> None:
    left, right = tree.leaves(found), tree.leaves(expected)
    assert len(left) == len(right), (found, expected)
    for a, b in zip(left, right, strict=True):
        if isinstance(b, (np.ndarray, np.generic, float, complex, int)):
            assert np.shape(a) == np.shape(b), (a, b)
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)
            assert np.asarray(a).dtype == np.asarray(b).dtype, (a, b, np.asarray(a).dtype, np.asarray(b).dtype)
        else:
            assert a == b or a is b, (a, b)
