"""The derivative of a function for a signature, lowered: what a command writes, shows or explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from s2sad import api, tree
from s2sad.calling import inspection, typetext, variant
from s2sad.calling.program import Program
from s2sad.errors import S2sadError
from s2sad.exporting.parameters import params_guessed, parse_arguments
from s2sad.frontend.elaborate.elaborate import Abstract, Leaf
from s2sad.ir.nodes import Module
from s2sad.ir.types import is_inexact

GRADIENTS = ("grad", "value_and_grad", "jacfwd", "jacrev", "hessian")
TITLES = {
    "grad": "The gradient of `{name}` with respect to {wrt}.",
    "value_and_grad": "The value of `{name}`, and its gradient with respect to {wrt}.",
    "jvp": "The value of `{name}`, and its derivative in the direction of the tangents of {wrt}.",
    "vjp": "The value of `{name}`, and the cotangents of {wrt} for a cotangent of the value.",
    "jacfwd": "The Jacobian of `{name}` with respect to {wrt}, in forward mode.",
    "jacrev": "The Jacobian of `{name}` with respect to {wrt}, in reverse mode.",
    "hessian": "The Hessian of `{name}` with respect to {wrt}.",
    "hvp": "The product of the Hessian of `{name}` with respect to {wrt} with a direction.",
    "jit": "`{name}`, compiled.",
}
"""What is made of a function, and how its docstring begins."""


@dataclass(frozen=True, slots=True)
class Request:
    """What to make of a function: the mode, the parameters to differentiate with respect to, the types of all."""

    mode: str
    wrt: str | None = None
    signature: str | None = None
    holomorphic: bool = False
    readable: bool = False
    """Whether to write the derivative that is read, in place of what is compiled."""


@dataclass(frozen=True, slots=True)
class Export:
    """One function for a module: its parameters, its documentation and its lowered derivative."""

    lowered: variant.Lowered
    kept: Module
    """What is written of it."""
    params: tuple[Abstract, ...]
    title: str
    results: tuple[str, ...]
    """What each result is; empty where that goes without saying."""

    @property
    def name(self) -> str:
        """The public name."""
        return self.lowered.name


def export(function: Callable[..., Any], name: str, request: Request) -> Export:
    """The derivative of a function for a signature.

    Raises ValueError for a signature or a `wrt` that does not fit the parameters, and `S2sadError`s.
    """
    arguments = typetext.Arguments()
    names, args = parse_arguments(function, request.signature, arguments)
    chosen = [] if request.mode == "jit" else _chosen(names, args, request.wrt)
    base = typetext.identifier(name).removeprefix("_")
    public = base if request.mode == "jit" else f"{base}_{request.mode}"
    try:
        derived, args = _derived(function, names, args, chosen, request, arguments)
        numbered, params = _numbered(args)
        lowered = Program(derived, public).lower(numbered, {})
    except S2sadError as error:
        variant.locate(error, [function])
        if request.signature is None and params_guessed(function):
            error.instead += f" (No signature was given, so {', '.join(names)} were taken for numbers.)"
        raise
    inspection.refuse_python_calls(lowered)
    title = TITLES[request.mode].format(name=name, wrt=", ".join(names[k] for k in chosen))
    labels = _labels(
        request.mode, [x.name for k in chosen for x in tree.leaves(numbered[k])], len(lowered.module.main.results)
    )
    return Export(lowered, lowered.kept(request.readable), params, title, labels)


def _chosen(names: Sequence[str], args: Sequence[Any], wrt: str | None) -> list[int]:
    """The numbers of the parameters to differentiate with respect to."""
    if wrt is None:
        inexact = [k for k, arg in enumerate(args) if _differentiable(arg)]
        if not inexact:
            raise ValueError("no parameter is a float, so there is nothing to differentiate with respect to")
        return inexact[:1]
    wanted = [w.strip() for w in wrt.split(",")]
    for w in wanted:
        if w not in names:
            raise ValueError(f"there is no parameter {w!r}; the parameters are {', '.join(names)}")
        if not _differentiable(args[names.index(w)]):
            raise ValueError(f"{w!r} holds no floats, so there is no derivative with respect to it")
    if len(set(wanted)) < len(wanted):
        raise ValueError(f"a parameter is named twice: {wrt}")
    return [names.index(w) for w in wanted]


def _differentiable(arg: Any) -> bool:
    leaves = tree.leaves(arg)
    return bool(leaves) and all(isinstance(x, Abstract) and is_inexact(x.type) for x in leaves)


def _numbered(args: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Abstract, ...]]:
    """The arguments with each leaf numbered by its place, and those leaves that are parameters."""
    leaves, structure = tree.flatten(tuple(args))
    numbered = [replace(x, index=k) if isinstance(x, Abstract) else x for k, x in enumerate(leaves)]
    return tree.unflatten(structure, numbered), tuple(x for x in numbered if isinstance(x, Abstract))


# -- what is made of the function


def _derived(
    function: Callable[..., Any],
    names: Sequence[str],
    args: list[Any],
    chosen: Sequence[int],
    request: Request,
    made: typetext.Arguments,
) -> tuple[Callable[..., Any], list[Any]]:
    """The function to compile, and its arguments."""
    mode = request.mode
    if mode == "jit":
        return api.jit(function), args
    if mode in GRADIENTS:
        argnums = chosen[0] if len(chosen) == 1 else tuple(chosen)
        return getattr(api, mode)(function, argnums=argnums, holomorphic=request.holomorphic), args
    if mode == "vjp":
        return _reverse(function, len(args), chosen), [*args, _cotangents(function, args, made)]
    tangents = [made.like(args[k], f"{names[k]}_dot") for k in chosen]
    return _forward(function, len(args), chosen, mode), [*args, *tangents]


def _forward(function: Callable[..., Any], count: int, chosen: Sequence[int], mode: str) -> Callable[..., Any]:
    product = api.jvp if mode == "jvp" else api.hvp

    def forward(*args: Any) -> Any:
        def of_chosen(*selected: Any) -> Any:
            full = list(args[:count])
            for k, value in zip(chosen, selected, strict=True):
                full[k] = value
            return function(*full)

        return product(of_chosen, tuple([args[k] for k in chosen]), args[count:])

    return forward


def _reverse(function: Callable[..., Any], count: int, chosen: Sequence[int]) -> Callable[..., Any]:
    def reverse(*args: Any) -> Any:
        def of_chosen(*selected: Any) -> Any:
            full = list(args[:count])
            for k, value in zip(chosen, selected, strict=True):
                full[k] = value
            return function(*full)

        value, pullback = api.vjp(of_chosen, *[args[k] for k in chosen])
        return value, pullback(args[count])

    return reverse


def _cotangents(function: Callable[..., Any], args: Sequence[Any], made: typetext.Arguments) -> Any:
    """A cotangent for each result of the function, in the containers of the value."""
    numbered, _ = _numbered(args)
    primal = Program(api.jit(function), "primal").lower(numbered, {})
    results = primal.module.main.results
    leaves, structure = tree.flatten(primal.elaboration.result, is_leaf=lambda x: isinstance(x, Leaf))
    if not leaves or not all(isinstance(x, Leaf) and is_inexact(results[x.number].type) for x in leaves):
        raise ValueError("vjp needs a function whose results are all floats")
    several = len(leaves) > 1
    bars = [made.leaf(results[x.number].type, f"out_bar_{k}" if several else "out_bar") for k, x in enumerate(leaves)]
    return tree.unflatten(structure, bars)


def _labels(mode: str, wrt: Sequence[str], count: int) -> tuple[str, ...]:
    """What each of `count` flat results is."""
    values = max(count - len(wrt), 0)
    match mode:
        case "grad":
            found = [f"gradient for {w}" for w in wrt]
        case "value_and_grad":
            found = ["value", *(f"gradient for {w}" for w in wrt)]
        case "vjp":
            found = [*_counted("value", values), *(f"cotangent of {w}" for w in wrt)]
        case "jvp":
            found = [*_counted("value", count // 2), *_counted("tangent", count // 2)]
        case "hvp":
            found = [f"product for {w}" for w in wrt]
        case "jacfwd" | "jacrev":
            found = [f"derivative of value {k} for {w}" for k in range(count // len(wrt)) for w in wrt]
            found = [f"derivative for {w}" for w in wrt] if count == len(wrt) else found
        case "hessian":
            found = [f"derivative for {v}, {w}" for v in wrt for w in wrt]
        case _:
            found = []
    return tuple(found) if len(found) == count and count > 1 else ()


def _counted(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name} {k}" for k in range(count)]
