"""The parameters of a function, with the types that a signature text or their annotations give them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from s2sad.calling import typetext, variant


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


def positional(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The positional parameters. Raises ValueError for keyword-only ones without a default."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return [
            inspect.Parameter(n, inspect.Parameter.POSITIONAL_ONLY)
            for n in variant.parameter_names(function)
        ]
    for p in found:
        if p.kind is p.KEYWORD_ONLY and p.default is p.empty:
            raise ValueError(f"{p.name!r} is keyword-only and has no default; give it one with functools.partial")
    return [p for p in found if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)]


def _annotated(
    function: Callable[..., Any], parameters: Sequence[inspect.Parameter], made: typetext.Arguments
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
