"""`vjp` and `linearize` in split form: a compiled forward sweep that runs once, and what reads its residuals.

    value, residuals = forward(primals)
    primals_bar = reverse(primals, residuals, value_bar)            the pullback
    value_dot = pushforward(primals, residuals, primals_dot)        its transpose
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2sad import data, pipeline, plain, tree
from s2sad.calling import signature, variant
from s2sad.calling.program import MISS, Program
from s2sad.errors import DerivativeMismatchError, TypeMismatchError
from s2sad.frontend.elaborate.elaborate import Elaboration, Leaf
from s2sad.ir import walk
from s2sad.ir.nodes import Custom, Function, Module
from s2sad.ir.types import Array, Dim, List, Type
from s2sad.transforms.recording.split import Split

FLOATS = (float, np.float64)
Guards = Sequence[tuple[Dim, Dim]]
"""Sizes of arguments that are equal."""


@dataclass(frozen=True, slots=True)
class Linearized:
    """A function at a point: what its forward sweep left. `pull` and `push` may be called many times.

    `given` are the parameters and residuals that both read, frozen; `value` and `primals` say what cotangents and
    tangents are like.
    """

    parts: Parts
    given: tuple[Any, ...]
    value: Any
    aux: Any
    primals: Any
    apart: bool = False
    """Whether the numbers of lists among the primals are leaves each."""

    @property
    def results(self) -> list[Any]:
        """The inexact leaves of the value, for which there are cotangents."""
        return [x for x in self.parts.value.leaves(self.value) if signature.is_runtime(x) and _inexact(x)]

    def pull(self, out_bar: Any) -> Any:
        """The cotangents of the primals for one of the value."""
        if _alike(self.value, out_bar):
            bars = self.parts.pull(self.given, [out_bar])
        else:
            seeds = self.parts.matching(self.value, out_bar)
            bars = self.parts.pull(self.given, _ready(seeds, self.parts.seeds))
        if type(self.primals) is tuple and all(map(_is_inexact_leaf, self.primals)):
            return tuple(bars)
        return _filled(self.form, self.primals, bars)

    @property
    def form(self) -> data.Form:
        """The structure of the primals."""
        return data.form(self.primals, self.apart)

    def push(self, tangents: Any) -> Any:
        """The tangent of the value for tangents of the primals."""
        if tree.structure(tangents) != tree.structure(self.primals):
            raise DerivativeMismatchError(
                "The tangents of a linearized function must have the tree structure of the primals it was made at: "
                f"{tree.structure(self.primals)}, not {tree.structure(tangents)}.",
                "Give a tangent for each primal.",
            )
        dots = _varying(self.form, self.primals, tangents, _check_tangent)
        return _filled(self.parts.value, self.value, self.parts.push(self.given, self.results, dots))


def _alike(value: Any, bar: Any) -> bool:
    """Whether a cotangent is, at a glance, like a value that is one number or array, and as compiled code takes it."""
    if type(value) is np.ndarray:
        return (
            type(bar) is np.ndarray
            and bar.dtype == value.dtype
            and bar.dtype.kind in "fc"
            and bar.shape == value.shape != ()
            and signature.normal(bar) is bar
        )
    return type(value) in FLOATS and type(bar) in FLOATS


def _is_inexact_leaf(x: Any) -> bool:
    return type(x) in FLOATS or (type(x) is np.ndarray and x.dtype.kind in "fc")


def _inexact(x: Any) -> bool:
    return np.issubdtype(np.asarray(x).dtype, np.inexact)


def _filled(form: data.Form, like: Any, derivatives: Sequence[Any]) -> Any:
    """A tree like another, of derivatives where it is inexact and of zeros elsewhere."""
    supply = iter(derivatives)
    leaves = form.leaves(like)
    return form.tree(next(supply) if signature.is_runtime(x) and _inexact(x) else _no_derivative(x) for x in leaves)


def _no_derivative(x: Any) -> Any:
    return np.zeros(np.shape(x))[()] if signature.is_runtime(x) else x


def _varying(form: data.Form, like: Any, given: Any, check: Callable[[Any, Any], None]) -> list[Any]:
    """The leaves of `given` that stand for inexact ones of `like`, which has its structure, each checked against it."""
    pairs = zip(form.leaves(like), form.leaves(given), strict=True)
    found = [(x, leaf) for x, leaf in pairs if signature.is_runtime(x) and _inexact(x)]
    for x, leaf in found:
        check(x, leaf)
    return [leaf for _, leaf in found]


def _check_tangent(primal: Any, tangent: Any) -> None:
    plain.check(tangent, "A tangent")
    if np.asarray(primal).dtype != np.asarray(tangent).dtype:
        raise TypeMismatchError(
            "primal and tangent arguments to jvp do not match; dtypes must be equal. "
            f"Got primal dtype {np.asarray(primal).dtype} and tangent dtype {np.asarray(tangent).dtype}.",
            "Give the tangent the dtype of its primal.",
        )


def _check_cotangent(value: Any, bar: Any) -> None:
    plain.check(bar, "A cotangent")
    expected, found = np.asarray(value), np.asarray(bar)
    if expected.dtype != found.dtype or expected.shape != found.shape:
        raise DerivativeMismatchError(
            f"The cotangent of a pullback must be like the value, {expected.dtype}{expected.shape}, "
            f"but is {found.dtype}{found.shape}.",
            "Give it the dtype and the shape of the value.",
        )


def _ready(values: Sequence[Any], types: Sequence[Type]) -> list[Any]:
    """Values as compiled code takes them."""
    return [
        signature.normal(np.asarray(found)) if isinstance(t, Array) else found
        for found, t in zip(map(_plain, values), types, strict=True)
    ]


def _plain(bar: Any) -> Any:
    return bar if not isinstance(bar, np.ndarray) or bar.ndim else bar[()]


class Parts:
    """A split adjoint, loaded. The pushforward is made when it is first asked for; with `reverse_only` there is none,
    as a custom rule is in the way."""

    def __init__(
        self,
        split: Split,
        functions: dict[str, Function],
        params: int,
        reverse_only: bool,
        guards: Guards,
        value: data.Form,
    ) -> None:
        self.split = split
        self.value = value
        self.guards = guards
        self.reverse_only = reverse_only
        self.functions = functions
        first = params + len(split.residuals)
        self.seeds = tuple(p.type for p in split.reverse.params[first:])
        self.results = tuple(r.type for r in split.reverse.results)
        self.pullback = Module(split.reverse, functions)
        self.pull = _sweep(self.pullback, guards)
        used = walk.free_vars(split.reverse.body, split.reverse.results)
        self.kept = tuple(p in used for p in split.reverse.params[:params])

    def matching(self, value: Any, out_bar: Any) -> list[Any]:
        """The cotangents of the inexact leaves of the value, checked against it."""
        structure, given = tree.structure(value), tree.structure(out_bar)
        if structure != given:
            raise DerivativeMismatchError(
                f"Tree structure of cotangent input {given}, does not match structure of primal output {structure}.",
                "Mirror the value.",
            )
        return _varying(self.value, value, out_bar, _check_cotangent)

    @functools.cached_property
    def pushforward(self) -> Module:
        """The transpose of the reverse sweep: what is given, values, tangents -> tangents."""
        return Module(*pipeline.pushforward(self.split, self.functions))

    @functools.cached_property
    def _push(self) -> Sweep:
        return _sweep(self.pushforward, self.guards)

    def push(self, given: tuple[Any, ...], values: Sequence[Any], tangents: Sequence[Any]) -> list[Any]:
        """The tangents of the inexact results."""
        return self._push(given, [*_ready(values, self.seeds), *_ready(tangents, self.results)])


def _has_vjp_rule(module: Module) -> bool:
    """Whether a function calls one with a `custom_vjp` rule."""
    blocks = (module.main.body, *(f.body for f in module.functions.values()))
    customs = (s for block in blocks for s in walk.statements(block) if isinstance(s, Custom))
    return any(getattr(s.rule, "reverse_only", False) for s in customs)


Sweep = Callable[[tuple[Any, ...], Sequence[Any]], list[Any]]
"""A compiled function of what is given and of cotangents or tangents, to the derivatives in order."""


def _sweep(module: Module, guards: Guards) -> Sweep:
    function = variant.load_function(module, guards)
    converters = tuple(variant.converter(r) for r in module.main.results)
    return lambda given, seeds: variant.converted(function(*given, *seeds), converters)


class SplitProgram(Program):
    """Gives, for each call, the function linearized; None where the residuals cannot leave compiled code.

    With `has_aux` the function returns a value and what else it has found.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        super().__init__(function, name)
        self.has_aux = bool(getattr(function, "keywords", {}).get("has_aux", False))

    split = True

    def forward(self, args: tuple[Any, ...], primals: Any) -> Linearized | None:
        """Run the forward sweep for `args`, in which `primals` are what is differentiated."""
        found, runtime, out = self._swept(args)
        parts = found.parts
        if parts is None:
            return None
        flat = variant.converted(out, found.converters)
        count = len(parts.split.residuals)
        results, residuals = flat[: len(flat) - count], flat[len(flat) - count :]
        # The caller may change its arrays before it pulls.
        kept = [
            np.array(v) if keep and isinstance(v, np.ndarray) else v
            for v, keep in zip(runtime, parts.kept, strict=True)
        ]
        value, aux = found.rebuild(results) if self.has_aux else (found.rebuild(results), None)
        return Linearized(parts, (*kept, *residuals), value, aux, primals, found.apart)

    def restored(
        self, args: tuple[Any, ...], primals: Any, given: tuple[Any, ...], value: Any, aux: Any
    ) -> Linearized:
        """The function linearized in another process, of what its forward sweep left there."""
        found, runtime = self.variant(args, {})
        parts = found.parts
        if parts is None or len(given) != len(runtime) + len(parts.split.residuals):
            raise pickle.UnpicklingError(f"{self.name} is compiled otherwise here than where this was pickled")
        return Linearized(parts, given, value, aux, primals, found.apart)

    def _swept(self, args: tuple[Any, ...]) -> tuple[variant.Variant, Sequence[Any], Any]:
        """The variant for a call, what its compiled function takes, and what that returns."""
        for entry, found in zip(self.entries, self._entered, strict=False):
            got = entry(args, {})
            if got is not MISS:
                return found, *got
        found, runtime = self.variant(args, {})
        if found.lowered.elaboration.mutated:
            self._check_mutated(found, args, {})
        if found.parts is None:
            return found, runtime, None
        out = found.run(runtime)
        self._open(found, args, {})
        return found, runtime, out

    def _load(self, elaborated: variant.Lowered, leaves: Sequence[Any]) -> variant.Variant:
        functions = dict(elaborated.module.functions)
        split = elaborated.split
        parts = None
        if split is not None and not any(isinstance(v.type, List) for v in (*split.residuals, *split.forward.results)):
            reverse_only = _has_vjp_rule(elaborated.elaboration.module)
            guards = elaborated.elaboration.guards
            value = _form_of(self._of_value(elaborated.elaboration))
            parts = Parts(split, functions, len(elaborated.module.main.params), reverse_only, guards, value)
        built = variant.load(elaborated, leaves)
        built.parts = parts
        return built

    def _finish(self, elaboration: Elaboration) -> tuple[Module, pipeline.Trace, Split | None]:
        leaves = tree.leaves(self._of_value(elaboration), is_leaf=lambda x: isinstance(x, Leaf))
        return pipeline.lower_split(elaboration, sum(isinstance(x, Leaf) for x in leaves))

    def _of_value(self, elaboration: Elaboration) -> Any:
        """The structure of the value that is differentiated."""
        out = elaboration.result
        return out[0] if self.has_aux and isinstance(out, tuple) and len(out) == 2 else out


def _form_of(result: Any) -> data.Form:
    """The structure of what a function returns."""
    leaves, structure = tree.flatten(result, is_leaf=lambda x: isinstance(x, Leaf))
    return data.Form(structure, tuple([x.kind if isinstance(x, Leaf) else None for x in leaves]))

