"""Every program of the corpus gives the same results before and after each pass, and its tangents are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from s2sad.errors import NeedStatic, S2sadError
from s2sad.frontend.elaborate.elaborate import Abstract
from s2sad.frontend.meanings.handlers import elaborate
from s2sad.ir import Array, Module, python_function, verify, walk
from s2sad.ir.nodes import Apply, Custom, replace
from s2sad.ir.types import symbol, type_of_value
from s2sad.optimise import cse, dce, hoist, induction, once, prune, simplify
from s2sad.rules.control import stop_gradient
from s2sad.transforms.forward.forward import jvp
from tests.corpus import REGISTRY, load

PASSES = (
    simplify.simplify, cse.cse, dce.dce, induction.induction, once.once, hoist.hoist, prune.prune, simplify.simplify,
    cse.cse, dce.dce,
)  # fmt: skip
load()
NAMES = sorted(REGISTRY)


def leaf_type(value: Any, name: str) -> Any:
    """The type of an argument, sizes above 1 as symbols."""
    kind = type_of_value(value)
    if isinstance(kind, Array):
        return Array(kind.dtype, tuple(d if d < 2 else symbol(f"{name}_{k}", 2) for k, d in enumerate(kind.dims)))
    return kind


def abstract(value: Any, leaves: list[Any], name: str = "x") -> Any:
    """The argument with its numbers and arrays replaced by abstract leaves."""
    match value:
        case bool() | str() | None:
            return value
        case int() | float() | complex() | np.ndarray() | np.generic():
            leaves.append(value)
            return Abstract(len(leaves) - 1, leaf_type(value, f"{name}{len(leaves)}"), f"{name}{len(leaves)}")
        case tuple() if not hasattr(value, "_fields"):
            return tuple(abstract(v, leaves, name) for v in value)
        case list():
            return [abstract(v, leaves, name) for v in value]
        case dict():
            return {k: abstract(v, leaves, name) for k, v in value.items()}
        case _:
            return value


def elaborated(name: str) -> tuple[Module, list[Any]]:
    """A program as IR, and its flat arguments."""
    program = REGISTRY[name]
    leaves: list[Any] = []
    args = tuple(abstract(a, leaves) for a in program.args())
    try:
        found = elaborate(program.function, args, {})
    except (NeedStatic, S2sadError) as error:
        pytest.skip(f"the front end: {error}")
    bodies = [f.body for f in (found.module.main, *found.module.functions.values())]
    if any(isinstance(s, (Apply, Custom)) for body in bodies for s in walk.statements(body)):
        pytest.skip("holds a transform")
    return found.module, [*leaves, *(read() for read in found.captured)]


def results(module: Module, args: list[Any]) -> list[Any]:
    with np.errstate(all="ignore"):
        return list(python_function(module)(*[np.copy(a) if isinstance(a, np.ndarray) else a for a in args]))


def agree(got: list[Any], want: list[Any]) -> None:
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        if isinstance(w, list):
            agree(g, w)
        else:
            np.testing.assert_allclose(g, w, rtol=1e-12, atol=1e-12)
            assert np.asarray(g).dtype == np.asarray(w).dtype


def through_passes(module: Module, args: list[Any]) -> Module:
    """The module after all passes, each checked."""
    want = results(module, args)
    for change in PASSES:
        module = replace(module, main=change(module.main))
        verify(module, change.__name__)
        agree(results(module, args), want)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_passes_keep_results(name):
    through_passes(*elaborated(name))


@pytest.mark.parametrize("name", NAMES)
def test_tangents(name):
    module, args = elaborated(name)
    module = through_passes(module, args)
    main = module.main
    wrt = tuple(k for k, p in enumerate(main.params) if p.type.dtype.kind in "fc")
    if not wrt or any(not hasattr(r.type, "dtype") for r in main.results):
        pytest.skip("nothing to differentiate")
    if any(getattr(s, "prim", None) is stop_gradient for s in walk.statements(main.body)):
        pytest.skip("its derivative is not that of its value")
    derived, more = jvp(main, wrt, module.functions)
    tangent = Module(derived, {**module.functions, **more})
    verify(tangent, "jvp")
    rng = np.random.default_rng(0)
    seeds = [_seed(args[k], rng) for k in wrt]
    values = results(tangent, [*args, *seeds])
    agree(values[: len(main.results)], results(module, args))
    check_differences(module, args, wrt, seeds, values[len(main.results) :])
    through_passes(tangent, [*args, *seeds])


def _seed(value: Any, rng: np.random.Generator) -> Any:
    seed = rng.standard_normal(np.shape(value)).astype(np.asarray(value).dtype)
    return seed if isinstance(value, np.ndarray) else type(value)(seed)


def check_differences(module: Module, args: list[Any], wrt: tuple[int, ...], seeds: list[Any], dots: list[Any]) -> None:
    """The tangents against central differences (float32 arguments coarsely)."""
    single = any(np.asarray(args[k]).dtype in (np.float32, np.complex64) for k in wrt)
    step, tolerance = (1e-2, 3e-2) if single else (1e-6, 2e-5)
    ends = []
    for sign in (1, -1):
        moved = list(args)
        for k, seed in zip(wrt, seeds, strict=True):
            moved[k] = args[k] + np.asarray(args[k]).dtype.type(sign * step) * seed
        ends.append(results(module, moved))
    inexact = [k for k, r in enumerate(module.main.results) if r.type.dtype.kind in "fc"]
    assert len(inexact) == len(dots)
    for dot, k in zip(dots, inexact, strict=True):
        assert np.shape(dot) == np.shape(ends[0][k])
        difference = (np.asarray(ends[0][k], complex) - ends[1][k]) / (2 * step)
        np.testing.assert_allclose(dot, difference, rtol=tolerance, atol=tolerance * 10)
