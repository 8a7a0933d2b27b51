"""A function and its compiled variants: finds the variant that fits a call, or makes it."""

from __future__ import annotations

import functools
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad import plain
from s2sad.calling import compiler, signature
from s2sad.calling.families import Family, family
from s2sad.config import config
from s2sad.data import MOST_APART, Listed, Packed, Packing
from s2sad.errors import AliasError, MutationWarning, S2sadError, ShapeError, TypeMismatchError

if TYPE_CHECKING:
    from s2sad.calling.variant import Lowered, Variant
    from s2sad.frontend.elaborate.elaborate import Elaboration
    from s2sad.ir.nodes import Module
    from s2sad.pipeline import Trace
    from s2sad.transforms.recording.split import Split

VARIANTS_KEPT = 64
"""How many variants of one signature are kept when closures and globals keep changing."""
MOST_SIGNATURES = 256
"""For how many signatures, a static argument being part of one, the variants of one function are kept."""
MOST_ENTRIES = 32
"""How many signatures of one function have a way in of their own."""
CALLS_BEFORE_ENTRY = 4
"""How often a function that found the program of another one is called, before a way in of its own is written."""
MISS: Any = object()
"""What an entry gives for a call that it is not for."""
EntryFunction = Callable[[tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of a call as leaves: their structure, and the key of the variants that fit; whether lists of
    numbers are taken apart."""

    leaves: list[Any]
    structure: Any
    base: Any
    apart: bool


class Program:
    """Compiles `function` for each signature it is called with. Safe to call from several threads.

    `entries` are the ways into compiled code that calls take, each for one signature; a call that none of them is for
    goes the long way, `__call__`.
    """

    split = False
    """Whether calls want what compiled code returns as it is."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name
        self.latest: Lowered | None = None
        self.entries: tuple[EntryFunction, ...] = ()
        self._entered: tuple[Variant, ...] = ()
        self._variants: dict[Any, list[Variant]] = {}
        self._statics: dict[Any, frozenset[int]] = {}
        self._family: Family | None = None
        self._lock = threading.RLock()
        self._warned = False
        self._calls = 0

    def pairs(self, leaves: Sequence[Any]) -> Sequence[tuple[int, int]]:
        """The numbers of leaves whose shapes must be equal."""
        return ()

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function the long way, and write an entry for calls like this one."""
        self._calls += 1
        if self._calls <= CALLS_BEFORE_ENTRY and not self.split:
            for entry, variant in self.family.entries:
                out = entry(args, kwargs, self.function)
                if out is not MISS:
                    self.latest = variant.lowered
                    return out
        found, runtime = self.variant(args, kwargs)
        if found.lowered.elaboration.mutated:
            self._check_mutated(found, args, kwargs)
        out = found(runtime)
        self._open(found, args, kwargs)
        return out

    def _open(self, found: Variant, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Write an entry: for this function, or for all that have the program in common, while there may be many of
        them that are called once."""
        if found.lowered.elaboration.mutated:
            return
        shared = found.binding.root is not found.lowered.function
        with self._lock:
            leaves, structure = signature.flatten(args, kwargs, found.apart)
            pairs = self.pairs(leaves)
            if shared and self._calls <= CALLS_BEFORE_ENTRY and not self.split:
                made = compiler.entry.entry(found, args, kwargs, leaves, structure, pairs, any_root=True)
                self.family.open(made, found)
                return
            kept = [(e, v) for e, v in zip(self.entries, self._entered, strict=True) if v.holds()]
            if len(kept) >= MOST_ENTRIES:
                return
            made = compiler.entry.entry(found, args, kwargs, leaves, structure, pairs, self.split)
            if made is not None:
                self._entered = (found, *(v for _, v in kept))
                self.entries = (made, *(e for e, _ in kept))

    def variant(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Variant, list[Any]]:
        """The variant for these arguments, and what its compiled function takes for them."""
        call = self._call(args, kwargs)
        found = self._find(call.base, call) if call.apart else self._packed_or_apart(call, args, kwargs)
        if found.apart != call.apart:
            call = self._call(args, kwargs, apart=True)
        runtime = found.runtime(call.leaves)
        if not found.fits(runtime):
            # Sizes differ that the program takes to be equal: it is elaborated again for these very sizes.
            found = self._find((call.base, tuple(map(np.shape, call.leaves))), call, exact=True)
            runtime = found.runtime(call.leaves)
            if not found.fits(runtime):
                raise ShapeError(
                    f"{self.name}: an array that the function captures does not fit its arguments.", "Check the shapes."
                )
        return found, runtime

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any], apart: bool | None = None) -> Call:
        """A call's leaves, arrays in the form that compiled code expects, their structure, and the key of both. Lists
        of numbers are taken `apart`, where that is not said, if they had to be before."""
        leaves: list[Any] = []
        try:
            leaves, structure = signature.flatten(args, kwargs, bool(apart))
            for k, leaf in enumerate(leaves):
                if plain.is_foreign(leaf):
                    plain.check(leaf, compiler.variant.leaf_names(self.function, structure)[k])
            leaves = [signature.normal(x) if isinstance(x, np.ndarray) else x for x in leaves]
        except TypeMismatchError as error:
            compiler.variant.locate(error, [self.function, *leaves])
            raise
        orders = signature.key_orders((args, kwargs))
        base = (structure, orders, tuple(map(signature.leaf_key, leaves)), config.target, bool(apart))
        if apart is None and base in self.family.apart:
            return self._call(args, kwargs, apart=True)
        return Call(leaves, structure, base, bool(apart))

    @property
    def family(self) -> Family:
        """The family of the function."""
        if self._family is None:
            self._family = family(self.function, self.name)
        return self._family

    def _packed_or_apart(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Variant:
        """The variant for a call; where the program uses a list as no array can be used, for its items one by one."""
        packing = Packing()
        try:
            return self._find(call.base, call, packing=packing)
        except S2sadError:
            packed = [x.array.size for x in call.leaves if isinstance(x, Packed) and isinstance(x.kind, Listed)]
            if not packing.count and not packed:
                raise
            if packing.count + sum(packed) > MOST_APART:
                raise
        apart = self._call(args, kwargs, apart=True)
        found = self._find(apart.base, apart)
        self.family.apart.add(call.base)
        return found

    def _find(self, base: Any, call: Call, exact: bool = False, packing: Packing | None = None) -> Variant:
        """The variant for a key, built if there is none."""
        known = self._known(base, call.leaves)
        if known is None:
            with self._lock:  # another thread may have built it by now
                known = self._known(base, call.leaves) or self._shared(base, call.leaves)
                known = known or self._build(base, call, exact, packing or Packing(not call.apart))
        return known

    def _known(self, base: Any, leaves: Sequence[Any]) -> Variant | None:
        """The variant for a key that was built before and still holds."""
        candidates = self._variants.get(self._full_key(base, leaves), ())
        return next((v for v in candidates if v.holds()), None)

    def _shared(self, base: Any, leaves: Sequence[Any]) -> Variant | None:
        """The variant that another function with the same code was compiled to."""
        found = self.family.find(self.function, base, leaves)
        if found is not None:
            self._keep(found, base, leaves)
        return found

    def _keep(self, found: Variant, base: Any, leaves: Sequence[Any]) -> None:
        self.latest = found.lowered
        self._statics[base] = found.lowered.statics
        kept = self._variants.setdefault(self._full_key(base, leaves), [])
        kept[:] = [v for v in kept if v.holds()][-VARIANTS_KEPT:]
        kept.append(found)
        for known in (self._variants, self._statics):
            if len(known) > MOST_SIGNATURES:
                del known[next(iter(known))]

    def lower(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Lowered:
        """The function lowered for these arguments, not compiled. With `Abstract`s for values, all else is known."""
        call = self._call(args, kwargs)
        given = [isinstance(x, compiler.elaborate.Abstract) for x in call.leaves]
        statics = frozenset(k for k, x in enumerate(given) if not x) if any(given) else frozenset()
        if statics:
            call = self._call(args, kwargs, apart=True)
            given = [isinstance(x, compiler.elaborate.Abstract) for x in call.leaves]
            statics = frozenset(k for k, x in enumerate(given) if not x)
        packing = Packing(not call.apart)
        return compiler.variant.lower(
            self.function, call.leaves, call.structure, statics, self.name, packing=packing
        )

    def _full_key(self, base: Any, leaves: Sequence[Any]) -> Any:
        return base, tuple((k, leaves[k]) for k in sorted(self._statics.get(base, ())))

    def _build(self, base: Any, call: Call, exact: bool, packing: Packing) -> Variant:
        statics = self._statics.get(base, frozenset())
        lowered = compiler.variant.lower(
            self.function, call.leaves, call.structure, statics, self.name, self._finish, exact, packing
        )
        built = self._load(lowered, call.leaves)
        built.exact, built.apart = exact, call.apart
        self._keep(built, base, call.leaves)
        self.family.add(base, call.leaves, built)
        return built

    def _finish(self, elaboration: Elaboration) -> tuple[Module, Trace, Split | None]:
        return compiler.variant.joint(elaboration)

    def _load(self, lowered: Lowered, leaves: Sequence[Any]) -> Variant:
        return compiler.variant.load(lowered, leaves)

    def _check_mutated(self, found: Variant, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Refuse a written argument that shares memory with what else the function reads; warn of it, once."""
        leaves = [signature.bare(x) for x in signature.flatten(args, kwargs, found.apart)[0]]
        captured = found.binding.values()
        for k in found.lowered.elaboration.mutated:
            for j, other in enumerate([*leaves, *captured]):
                if j != k and isinstance(other, np.ndarray) and np.may_share_memory(leaves[k], other):
                    which = "another one" if j < len(leaves) else "an array from outside the function"
                    error = AliasError(
                        f"{self.name} writes into one of its arguments, which shares memory with {which}.",
                        "Pass a copy of one of them." if j < len(leaves) else "Pass a copy.",
                    )
                    compiler.variant.locate(error, [self.function, *leaves])
                    raise error
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.name}: the function writes into an argument; the derivative works on a copy of it, "
                "and the caller's array stays as it is.",
                MutationWarning,
                stacklevel=4,
            )


def function_name(function: Any) -> str:
    """A readable name: the function's own, through partials and transforms; ``lambda`` for a lambda."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name
