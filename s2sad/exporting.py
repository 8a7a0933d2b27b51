"""Derivatives as modules of their own: what a command writes to disk, with documentation and argument checks."""

from __future__ import annotations

import inspect as python_inspect
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from s2sad import api, inspection, tree, typetext, variant
from s2sad.backend.emit import WIDTH, emit_functions, header
from s2sad.errors import S2sadError, UnsupportedError
from s2sad.frontend.elaborate import Abstract, Leaf
from s2sad.ir.primitives import literal
from s2sad.ir.printer import source
from s2sad.ir.types import is_inexact
from s2sad.program import Program

ARRAY_LIMIT = 10_000
"""Elements of a captured array that is written into a module; larger ones make a file nobody wants to open."""

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


@dataclass(frozen=True, slots=True)
class Export:
    """One function for a module: its parameters, its documentation and its lowered derivative."""

    lowered: variant.Lowered
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
    return Export(lowered, params, title, labels)


# -- parameters


def parse_arguments(
    function: Callable[..., Any], signature: str | None, made: typetext.Arguments
) -> tuple[list[str], list[Any]]:
    """The names of the parameters that the signature text has types for, and their arguments; without a text, those
    that annotations give, float64 numbers by default, up to the first parameter with a default."""
    parameters = positional(function)
    if signature is None:
        return _annotated(function, parameters, made)
    texts = typetext.split(signature)
    names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    rest = [p.name for p in parameters if p.kind is p.VAR_POSITIONAL]
    names += [f"{rest[0]}_{k}" for k in range(len(texts) - len(names))] if rest else []
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    if not len(needed) <= len(texts) <= len(names):
        types = "1 type" if len(texts) == 1 else f"{len(texts)} types"
        raise ValueError(f"the signature has {types}; the parameters are {', '.join(names) or 'none'}")
    names = names[: len(texts)]
    return names, [made.parse(node, name) for node, name in zip(texts, names, strict=True)]


def positional(function: Callable[..., Any]) -> list[python_inspect.Parameter]:
    """The positional parameters. Raises ValueError for keyword-only ones without a default."""
    try:
        found = list(python_inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [
            python_inspect.Parameter(n, python_inspect.Parameter.POSITIONAL_ONLY)
            for n in variant.parameter_names(function)
        ]
    for p in found:
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty:
            raise ValueError(f"{p.name!r} is keyword-only and has no default; give it one with functools.partial")
    return [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]


def _annotated(
    function: Callable[..., Any], parameters: Sequence[python_inspect.Parameter], made: typetext.Arguments
) -> tuple[list[str], list[Any]]:
    annotations = _annotations(function)
    names, args = [], []
    for p in parameters:
        if p.default is not p.empty or p.kind is p.VAR_POSITIONAL:
            break
        annotation = annotations.get(p.name, float)
        text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
        try:
            args.append(made.leaf(typetext.parse_type(text, p.name), p.name))
        except ValueError:
            raise ValueError(
                f'the annotation {text!r} of {p.name!r} does not say its type; give a signature, as in -s "f8[:], f8"'
            ) from None
        names.append(p.name)
    return names, args


def _annotations(function: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = getattr(function, "__annotations__", None) or {}
    return found


def params_guessed(function: Callable[..., Any]) -> bool:
    """Whether a parameter has neither a default nor an annotation, so that its type is a guess."""
    known = _annotations(function)
    return any(p.default is p.empty and p.name not in known for p in positional(function))


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


# -- the module


def module_source(exports: Sequence[Export]) -> str:
    """One module for several functions. Raises ValueError when two have the same name."""
    names = [e.name for e in exports]
    if len(set(names)) < len(names):
        raise ValueError(f"two functions would have one name: {', '.join(sorted(names))}")
    taken = set(names)
    parts = [_export_source(e, taken) for e in exports]
    body = "\n\n".join(parts)
    return f"{header(body)}\n__all__ = [{', '.join(_quoted(n) for n in names)}]\n\n\n{body}"


def _quoted(text: str) -> str:
    return f'"{text}"'


def _export_source(exported: Export, taken: set[str]) -> str:
    """The functions of one export; `taken` holds the names of the module, which those of this export are added to."""
    lowered = exported.lowered
    describe = typetext.Describer(exported.params, lowered.elaboration.guards)
    checks = [_quoted(f"{p.name}: {describe.check(p.type)}") for p in exported.params]
    checks += [f"where={_quoted(' and '.join(describe.conditions))}"] if describe.conditions else []
    decorator = "\n".join(_filled("@rt.export(", checks, ")")) + "\n"
    values = [get() for get in lowered.elaboration.captured]
    if values:
        text = _with_constants(exported, values, decorator)
    else:
        text = emit_functions(lowered.module, doc=_doc(exported), main_decorator=decorator)
    for helper in lowered.module.functions:
        if helper in taken:
            text = re.sub(rf"\b{helper}\b", _fresh(f"{exported.name}_{helper}", taken), text)
        else:
            taken.add(helper)
    return text


def _fresh(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _with_constants(exported: Export, values: Sequence[Any], decorator: str) -> str:
    """A function that captures values: they become constants of the module, which a public function passes on."""
    name = exported.name
    hidden = exported.lowered.module.main.params[len(exported.params) :]
    constants = {f"{name}_{var.name}": value for var, value in zip(hidden, values, strict=True)}
    written = "".join(
        line + "\n" for n, value in constants.items() for line in _filled(f"{n} = ", *_constant(value, n))
    )
    text = emit_functions(exported.lowered.module, doc=None, main_name=f"_{name}")
    params = [p.name for p in exported.params]
    head = _filled(f"def {name}(", params, "):")
    call = _filled(f"    return _{name}(", [*params, *constants], ")")
    doc = textwrap.indent(f'"""{_doc(exported)}\n"""', "    ")
    return f"{written}\n\n{text}\n\n{decorator}@rt.jit\n" + "\n".join([*head, doc, *call]) + "\n"


def _filled(start: str, pieces: Sequence[str], end: str) -> list[str]:
    """``start + pieces + end`` in lines of no more than `WIDTH` characters, broken between pieces."""
    whole = f"{start}{', '.join(pieces)}{end}"
    if len(whole) <= WIDTH or len(pieces) < 2:
        return [whole]
    pad = " " * (len(start) - len(start.lstrip()) + 4)
    text = textwrap.fill(
        ", ".join(p.replace(" ", "\0") for p in pieces),
        WIDTH, initial_indent=pad, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    return [start.rstrip(), *text.replace("\0", " ").splitlines(), f"{pad[:-4]}{end}"]


def _constant(value: Any, name: str) -> tuple[Sequence[str], str]:
    """A captured value as Python: the pieces that a line may be broken between, and what follows them."""
    if not isinstance(value, np.ndarray):
        return [source(literal(value))], ""
    if value.size > ARRAY_LIMIT:
        raise UnsupportedError(
            f"The function captures an array of {value.size} elements ({name}), too large to write into a module.",
            "Make it a parameter.",
        )
    shape = "" if value.ndim == 1 else f".reshape({', '.join(map(str, value.shape))})" if value.ndim else ".reshape(())"
    pieces = list(_elements(value.ravel()))
    first, *rest = pieces or [""]
    return [f"np.array([{first}", *rest], f"], np.{value.dtype.name}){shape}"


def _elements(values: np.ndarray) -> Iterator[str]:
    for x in values.tolist():
        yield f"complex({_number(x.real)}, {_number(x.imag)})" if isinstance(x, complex) else _number(x)


def _number(x: Any) -> str:
    return repr(x) if np.isfinite(x) else {"nan": "np.nan", "inf": "np.inf", "-inf": "-np.inf"}[repr(x)]


def _doc(exported: Export) -> str:
    describe = typetext.Describer(exported.params, exported.lowered.elaboration.guards)
    lines = [exported.title, ""]
    if exported.params:
        lines += ["Args:", *(f"    {p.name}: {describe(p.type)}" for p in exported.params), ""]
    results = [describe(r.type) for r in exported.lowered.module.main.results]
    if exported.results:
        results = [f"{label}: {text}" for label, text in zip(exported.results, results, strict=True)]
    several = ["    a tuple of"] if len(results) > 1 else []
    lines += ["Returns:", *several, *(f"    {r}" for r in results or ["None"])]
    return "\n".join(lines)
