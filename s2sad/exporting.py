"""Derivatives as modules of their own: the functions a command writes to disk, with documentation and argument checks."""

from __future__ import annotations

import inspect as python_inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from s2sad import api, inspection, variant
from s2sad.backend.emit import emit_functions, header
from s2sad.errors import TypeMismatchError, UnsupportedError
from s2sad.frontend.elaborate import Abstract
from s2sad.ir.nodes import Atom
from s2sad.ir.primitives import literal
from s2sad.ir.printer import source
from s2sad.ir.types import Array, Scalar, Type, replace_symbols, symbols_of

ARRAY_LIMIT = 10_000
"""Elements of a captured array that is written into a module; larger ones make a file nobody wants to open."""
SAMPLE_SIZE = 4


@dataclass(frozen=True, slots=True)
class Export:
    """One function for a module: its public name, its parameters and its lowered derivative."""

    name: str
    title: str
    lowered: variant.Lowered
    params: tuple[tuple[str, Type], ...]


def export(function: Callable[..., Any], name: str, mode: str, wrt: str | None, signature: str | None) -> Export:
    """The derivative of a function for a signature.

    Raises ValueError for a signature or a `wrt` that does not fit the parameters, and `S2sadError`s.
    """
    lowered, params, title = _lower(function, name, mode, wrt, signature)
    return Export(lowered.name, title, lowered, params)


def inspect(function: Callable[..., Any], name: str, mode: str, wrt: str | None, signature: str | None) -> inspection.Inspection:
    """What `export` would write, to look at."""
    return inspection.Inspection(_lower(function, name, mode, wrt, signature)[0])


def _lower(
    function: Callable[..., Any], name: str, mode: str, wrt: str | None, signature: str | None
) -> tuple[variant.Lowered, tuple[tuple[str, Type], ...], str]:
    names = variant.parameter_names(function)
    types = parameter_types(function, names, signature)
    names = names[: len(types)]
    chosen = _chosen(names, types, wrt)
    base = name.replace(".", "_").removeprefix("_")
    params = list(zip(names, types, strict=True))
    if mode in ("grad", "value_and_grad"):
        argnums = chosen[0] if wrt is None or "," not in wrt else tuple(chosen)
        derived: Callable[..., Any] = api.transform(mode, function, argnums=argnums, has_aux=False, holomorphic=False, allow_int=False)
    elif mode == "jit":
        derived = api.jit(function)
    elif mode == "jvp":
        derived = _forward(function, len(names), chosen)
        params += [(f"{names[k]}_dot", types[k]) for k in chosen]
    else:
        derived = _reverse(function, len(names), chosen)
        params.append((_free_name("out_bar", names), _result_type(function, params)))
    public = f"{base}_{mode}" if mode != "jit" else base
    abstract = [Abstract(k, t, n) for k, (n, t) in enumerate(params)]
    lowered = api.Program(derived, public).lower(tuple(abstract), {})
    wanted = ", ".join(names[k] for k in chosen)
    titles = {
        "grad": f"The gradient of `{name}` with respect to {wanted}.",
        "value_and_grad": f"The value of `{name}`, and its gradient with respect to {wanted}.",
        "jvp": f"The value of `{name}`, and its derivative in the direction of the tangents of {wanted}.",
        "vjp": f"The value of `{name}`, and the cotangents of {wanted} for a cotangent of the result.",
        "jit": f"`{name}`, compiled.",
    }
    return lowered, tuple(params), titles[mode]


def _forward(function: Callable[..., Any], count: int, chosen: Sequence[int]) -> Callable[..., Any]:
    def forward(*args: Any) -> Any:
        def of_chosen(*selected: Any) -> Any:
            full = list(args[:count])
            for k, value in zip(chosen, selected):  # noqa: B905
                full[k] = value
            return function(*full)

        return api.jvp(of_chosen, tuple([args[k] for k in chosen]), args[count:])

    return forward


def _reverse(function: Callable[..., Any], count: int, chosen: Sequence[int]) -> Callable[..., Any]:
    def reverse(*args: Any) -> Any:
        def of_chosen(*selected: Any) -> Any:
            full = list(args[:count])
            for k, value in zip(chosen, selected):  # noqa: B905
                full[k] = value
            return function(*full)

        value, pullback = api.vjp(of_chosen, *[args[k] for k in chosen])
        return value, pullback(args[count])

    return reverse


def _result_type(function: Callable[..., Any], params: Sequence[tuple[str, Type]]) -> Type:
    abstract = [Abstract(k, t, n) for k, (n, t) in enumerate(params)]
    results = api.Program(api.jit(function), "primal").lower(tuple(abstract), {}).module.main.results
    if len(results) != 1:
        raise ValueError("vjp writes functions with one result; this one has several")
    return results[0].type


def _free_name(hint: str, taken: Sequence[str]) -> str:
    while hint in taken:
        hint += "_"
    return hint


def _chosen(names: Sequence[str], types: Sequence[Type], wrt: str | None) -> list[int]:
    if wrt is None:
        inexact = [k for k, t in enumerate(types) if np.issubdtype(t.dtype, np.inexact)]
        if not inexact:
            raise TypeMismatchError("No parameter is a float, so there is nothing to differentiate with respect to.")
        return inexact[:1]
    wanted = [w.strip() for w in wrt.split(",")]
    for w in wanted:
        if w not in names:
            raise ValueError(f"no parameter {w!r}: the parameters are {', '.join(names)}")
    return [names.index(w) for w in wanted]


def parameter_types(function: Callable[..., Any], names: Sequence[str], signature: str | None) -> list[Type]:
    """The types of a signature text, or those that annotations give (float64 scalars by default)."""
    if signature is not None:
        parts = _split(signature)
        if len(parts) > len(names):
            raise ValueError(f"the signature has {len(parts)} types, the function has {len(names)} parameters")
        return [inspection.parse_type(text, name) for text, name in zip(parts, names, strict=False)]
    annotations = getattr(function, "__annotations__", {})
    types = []
    for name, parameter in python_inspect.signature(function).parameters.items():
        if parameter.default is not parameter.empty:
            break
        annotation = annotations.get(name, float)
        text = getattr(annotation, "__name__", str(annotation))
        if text not in ("float", "int", "bool", "complex"):
            raise ValueError(f"the type of parameter {name!r} is not known; give --signature, as in \"f8[:], f8\"")
        types.append(inspection.parse_type(text, name))
    return types


def _split(signature: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for k, char in enumerate(signature):
        depth += (char == "[") - (char == "]")
        if char == "," and depth == 0:
            parts.append(signature[start:k])
            start = k + 1
    return [p.strip() for p in [*parts, signature[start:]]]


# -- the module


def module_source(exports: Sequence[Export]) -> str:
    """One module for several functions. Raises ValueError when two have the same name."""
    names = [e.name for e in exports]
    if len(set(names)) < len(names):
        raise ValueError(f"two functions would have one name: {', '.join(names)}")
    body = "\n\n".join(_export_source(e) for e in exports)
    return f"{header(body)}\n__all__ = {names!r}\n\n\n{body}"


def _export_source(exported: Export) -> str:
    lowered = exported.lowered
    checks = ", ".join(repr(f"{name}: {type_text(t)}") for name, t in exported.params)
    decorator = f"@rt.export({checks})\n"
    captured = lowered.elaboration.captured
    if not captured:
        return emit_functions(lowered.module, doc=_doc(exported), main_decorator=decorator)
    values = {f"{exported.name}_constant_{k}": get() for k, get in enumerate(captured)}
    private = f"_{exported.name}"
    text = emit_functions(lowered.module, doc=None, main_name=private)
    constants = "".join(f"{name} = {_constant(value)}\n" for name, value in values.items())
    params = ", ".join(n for n, _ in exported.params)
    call = ", ".join([*(n for n, _ in exported.params), *values])
    doc = _doc(exported).replace("\n", "\n    ").rstrip()
    return (
        f"{constants}\n\n{text}\n\n{decorator}@rt.jit\ndef {exported.name}({params}):\n"
        f'    """{doc}\n    """\n    return {private}({call})\n'
    )


def _constant(value: Any) -> str:
    if not isinstance(value, np.ndarray):
        return source(literal(value))
    if value.size > ARRAY_LIMIT:
        raise UnsupportedError(
            f"The function captures an array of {value.size} elements, too large to write into a module.",
            "Make it a parameter.",
        )
    return f"np.array({value.tolist()!r}, np.{value.dtype.name})".replace("nan", "np.nan").replace("inf", "np.inf")


def _doc(exported: Export) -> str:
    lines = [exported.title, "", "Args:"]
    lines += [f"    {name}: {_describe(t)}" for name, t in exported.params]
    lines += ["", "Returns:"]
    results: tuple[Atom, ...] = exported.lowered.module.main.results
    lines += [f"    {_describe(r.type)}" for r in results]
    return "\n".join(lines)


def _describe(t: Type) -> str:
    if isinstance(t, Array):
        shape = ", ".join(str(d) for d in t.dims) + ("," if t.rank == 1 else "")
        return f"{t.dtype.name} array of shape ({shape})"
    return f"{t.dtype.name} scalar" if isinstance(t, Scalar) else str(t)


def type_text(t: Type) -> str:
    """A type as `rt.export` checks it: dtype and rank, with literal sizes where the code was made for them."""
    if isinstance(t, Array):
        return f"{t.dtype.name}[{', '.join(str(d) if isinstance(d, int) else ':' for d in t.dims)}]"
    return t.dtype.name if isinstance(t, Scalar) else str(t)


# -- arguments to check with


def sample_arguments(function: Callable[..., Any], signature: str | None, file: Path | None, seed: int) -> list[Any]:
    """Arguments from an .npz file by parameter name, or random ones of the signature (sizes `:` are 4)."""
    names = variant.parameter_names(function)
    if file is not None:
        with np.load(file) as stored:
            missing = [n for n in names if n not in stored.files]
            given = {n: stored[n] for n in names if n in stored.files}
        if missing and len(given) + len(missing) == len(names) and names.index(missing[0]) < len(given):
            raise ValueError(f"{file} has no array {missing[0]!r}")
        return [given[n] if given[n].ndim else given[n].item() for n in names if n in given]
    rng = np.random.default_rng(seed)
    return [_random(rng, t) for t in parameter_types(function, names, signature)]


def _random(rng: np.random.Generator, t: Type) -> Any:
    sizes = dict.fromkeys(symbols_of(t), SAMPLE_SIZE)
    fixed = replace_symbols(t, dict(sizes))
    shape = fixed.dims if isinstance(fixed, Array) else ()
    if t.dtype.kind in "iub":
        value = rng.integers(1, 4, shape)
    else:
        value = rng.uniform(0.5, 1.5, shape)
        if t.dtype.kind == "c":
            value = value + 1j * rng.uniform(0.5, 1.5, shape)
    return np.asarray(value, t.dtype) if isinstance(t, Array) else np.asarray(value, t.dtype).item()
