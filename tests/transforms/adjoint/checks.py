"""Checking an adjoint: the closed result against finite differences, in every order, verified after every step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from s2sad.ir import python_function, verify
from s2sad.ir.nodes import Function, Module
from s2sad.ir.types import is_inexact
from s2sad.optimise.dce import dce
from s2sad.transforms.adjoint import adjoint
from s2sad.transforms.recording import recording, stacks


def reverse(function: Function, wrt: tuple[int, ...]) -> Function:
    """The closed adjoint of a function that calls no other."""
    return reverse_module(Module(function), wrt)[0].main


def reverse_module(
    module: Module, wrt: tuple[int, ...], stacked: bool = True
) -> tuple[Module, list[recording.Decision]]:
    """The closed adjoint, and what recording decided. Out-of-line functions are reversed by pairs that share stacks if
    `stacked`, else by running them again."""
    opened, pairs = adjoint.paired(module.main, wrt, module.functions)
    if pairs and stacked:
        closed_main, functions, decisions = stacks.close(opened, pairs, dce)
        result = Module(dce(closed_main), {**module.functions, **functions})
        verify(result, "stacks")
        return result, decisions
    opened, more = adjoint.vjp(module.main, wrt, module.functions)
    main, decisions = close(opened, {**module.functions, **more})
    closed = {name: close(function, {**module.functions, **more})[0] for name, function in more.items()}
    result = Module(main, {**module.functions, **closed})
    verify(result, "dce")
    return result, decisions


def close(opened: Function, functions: Mapping[str, Function]) -> tuple[Function, list[recording.Decision]]:
    """An adjoint with its mentions made good, checked at every step."""
    verify(Module(opened, functions), "adjoint", mentions=True)
    cleaned = dce(opened)
    verify(Module(cleaned, functions), "dce", mentions=True)
    closed, decisions = recording.record(cleaned)
    verify(Module(closed, functions), "recording", mentions=True)
    return dce(closed), decisions


def check(
    function: Function | Module, args: tuple[Any, ...], order: int = 1, tolerance: float = 1e-6, seed: int = 0,
    stacked: bool = True,
) -> None:
    """Compare the adjoint with finite differences along random directions; then that of the adjoint, up to `order`."""
    rng = np.random.default_rng(seed)
    module = function if isinstance(function, Module) else Module(function)
    function = module.main
    wrt = tuple(k for k, p in enumerate(function.params) if is_inexact(p.type))
    derived, _ = reverse_module(module, wrt, stacked)
    primal, pullback = python_function(module), python_function(derived)
    outs = primal(*args)
    inexact = [k for k, r in enumerate(function.results) if is_inexact(r.type)]
    seeds = [_noise(rng, outs[k]) for k in inexact]
    found = pullback(*args, *seeds)
    for out, again in zip(outs, found, strict=False):
        np.testing.assert_allclose(again, out, rtol=1e-12, atol=1e-12)
    for k, bar in zip(wrt, found[len(outs) :], strict=True):
        assert np.shape(bar) == np.shape(args[k])
        assert np.iscomplexobj(bar) == np.iscomplexobj(args[k])
        direction = _noise(rng, args[k])

        def along(t: float, k: int = k, direction: Any = direction) -> Any:
            moved = [a + t * direction if j == k else a for j, a in enumerate(args)]
            results = primal(*moved)
            return sum(np.sum(results[j] * s).real for j, s in zip(inexact, seeds, strict=True))

        expected, actual = _slope(along), np.sum(bar * direction).real
        scale = max(1.0, abs(expected))
        assert abs(expected - actual) <= tolerance * scale, (
            f"{order} more: d/d{function.params[k].name} is {actual}, should be {expected}"
        )
    if order > 1:
        check(derived, (*args, *seeds), order - 1, 20 * tolerance, seed + 1, stacked=False)


def _noise(rng: np.random.Generator, like: Any) -> Any:
    noise = rng.normal(size=np.shape(like))
    if np.iscomplexobj(like):
        noise = noise + 1j * rng.normal(size=np.shape(like))
    return np.asarray(noise).item() if np.ndim(like) == 0 else noise


def _slope(f: Any, step: float = 2e-5) -> Any:
    """The derivative at 0, by a five-point formula."""
    return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step)
