"""Derivatives as modules of their own: what a command writes to disk, with documentation and argument checks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from s2sad.backend.emit import WIDTH, emit_functions, header
from s2sad.calling import typetext
from s2sad.errors import UnsupportedError
from s2sad.exporting.derivatives import Export
from s2sad.ir.primitives import literal
from s2sad.ir.printer import source

ARRAY_LIMIT = 10_000
"""Elements of a captured array that is written into a module; larger ones make a file nobody wants to open."""


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
    lowered, kept = exported.lowered, exported.kept
    describe = typetext.Describer(exported.params, lowered.elaboration.guards)
    checks = [_quoted(f"{p.name}: {describe.check(p.type)}") for p in exported.params]
    checks += [f"where={_quoted(' and '.join(describe.conditions))}"] if describe.conditions else []
    decorator = "\n".join(_filled("@rt.export(", checks, ")")) + "\n"
    values = [get() for get in lowered.elaboration.captured]
    if values:
        text = _with_constants(exported, values, decorator)
    else:
        text = emit_functions(kept, doc=_doc(exported), main_decorator=decorator)
    for helper in kept.functions:
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
    hidden = exported.kept.main.params[len(exported.params) :]
    constants = {f"{name}_{var.name}": value for var, value in zip(hidden, values, strict=True)}
    written = "".join(
        line + "\n" for n, value in constants.items() for line in _filled(f"{n} = ", *_constant(value, n))
    )
    text = emit_functions(exported.kept, doc=None, main_name=f"_{name}")
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
    results = [describe(r.type) for r in exported.kept.main.results]
    if exported.results:
        results = [f"{label}: {text}" for label, text in zip(exported.results, results, strict=True)]
    several = ["    a tuple of"] if len(results) > 1 else []
    lines += ["Returns:", *several, *(f"    {r}" for r in results or ["None"])]
    return "\n".join(lines)
