"""`vjp` in split form: a compiled forward sweep that runs once, and a compiled reverse sweep for its residuals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2sad import pipeline, signature, tree, variant
from s2sad.errors import TypeMismatchError
from s2sad.frontend.elaborate import Elaboration
from s2sad.ir import walk
from s2sad.ir.nodes import Module
from s2sad.ir.types import Array, List, Type
from s2sad.program import Program
from s2sad.transforms.split import Split


@dataclass(frozen=True, slots=True)
class Reverse:
    """A reverse sweep and what the forward sweep left for it. Call it with the cotangent of the value."""

    parts: Parts
    given: tuple[Any, ...]
    value: Any
    primals: Any

    def __call__(self, out_bar: Any) -> tuple[Any, ...]:
        seeds = _seeds(self.value, out_bar, self.parts.seeds)
        bars = self.parts.run(self.given, seeds)
        supply = iter(bars)
        return tree.map(
            lambda x: next(supply) if signature.is_runtime(x) and _inexact(x) else _no_derivative(x), self.primals
        )


def _inexact(x: Any) -> bool:
    return np.issubdtype(np.asarray(x).dtype, np.inexact)


def _no_derivative(x: Any) -> Any:
    return np.zeros(np.shape(x))[()] if signature.is_runtime(x) else x


def _seeds(value: Any, out_bar: Any, types: Sequence[Type]) -> list[Any]:
    """The cotangents of the inexact leaves of the value, checked against it."""
    leaves, structure = tree.flatten(value)
    bars, given = tree.flatten(out_bar)
    if structure != given:
        raise TypeMismatchError(
            f"Tree structure of cotangent input {given}, does not match structure of primal output {structure}.",
            "Mirror the value.",
        )
    seeds = []
    for x, bar in zip(leaves, bars, strict=True):
        if not (signature.is_runtime(x) and _inexact(x)):
            continue
        expected, found = np.asarray(x), np.asarray(bar)
        if expected.dtype != found.dtype or expected.shape != found.shape:
            raise TypeMismatchError(
                f"The cotangent of a pullback must be like the value, {expected.dtype}{expected.shape}, "
                f"but is {found.dtype}{found.shape}.",
                "Give it the dtype and the shape of the value.",
            )
        seeds.append(bar)
    return [
        signature.normal(found) if isinstance(t, Array) else found
        for found, t in zip(map(_plain, seeds), types, strict=True)
    ]


def _plain(bar: Any) -> Any:
    return bar if not isinstance(bar, np.ndarray) or bar.ndim else bar[()]


class Parts:
    """A split adjoint, loaded."""

    def __init__(self, split: Split, functions: dict[str, Any], params: int) -> None:
        lowered_reverse = Module(split.reverse, functions)
        self.split = split
        self._reverse = variant.load_function(lowered_reverse)
        self._converters = tuple(variant.converter(r) for r in split.reverse.results)
        self.seeds = tuple(p.type for p in split.reverse.params[params + len(split.residuals) :])
        used = walk.free_vars(split.reverse.body, split.reverse.results)
        self.kept = tuple(p in used for p in split.reverse.params[:params])

    def run(self, given: tuple[Any, ...], seeds: Sequence[Any]) -> list[Any]:
        """The cotangents of the inexact parameters."""
        return variant.converted(self._reverse(*given, *seeds), self._converters)


class SplitProgram(Program):
    """Gives, for each call, the value and a `Reverse`; None where the residuals cannot leave compiled code."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        super().__init__(function, name)
        self._parts: dict[int, Parts | None] = {}

    def forward(self, args: tuple[Any, ...], primals: Any) -> tuple[Any, Reverse] | None:
        """Run the forward sweep for `args`, in which `primals` are what is differentiated."""
        found, leaves = self.variant(args, {})
        if found.lowered.elaboration.mutated:
            self._check_mutated(found, args, {})
        parts = self._parts[id(found)]
        if parts is None:
            return None
        runtime = found.runtime(leaves)
        flat = found.flat(runtime)
        count = len(parts.split.residuals)
        results, residuals = flat[: len(flat) - count], flat[len(flat) - count :]
        # The caller may change its arrays before it pulls.
        kept = [
            np.array(v) if keep and isinstance(v, np.ndarray) else v
            for v, keep in zip(runtime, parts.kept, strict=True)
        ]
        value = found.rebuild(results)
        return value, Reverse(parts, (*kept, *residuals), value, primals)

    def _load(self, elaborated: variant.Lowered, leaves: Sequence[Any]) -> variant.Variant:
        functions = dict(elaborated.module.functions)
        split = elaborated.split
        assert split is not None
        portable = not any(isinstance(v.type, List) for v in split.residuals)
        parts = Parts(split, functions, len(elaborated.module.main.params)) if portable else None
        built = variant.load(elaborated, leaves)
        self._parts[id(built)] = parts
        return built

    def _finish(self, elaboration: Elaboration) -> tuple[Module, pipeline.Trace, Split | None]:
        return pipeline.lower_split(elaboration)

