"""Text with values in it that are known at run time only: a template and what stands in its fields.

    f"y={y:.3f}"      Partial(Static(str.format), ("y={:.3f}", y))
    "%5.2f" % y       Partial(Static(str.format), ("{:%5.2f}", y))

It can be joined to other text, printed and given as a warning, and is refused where its characters are asked for.
An array in it is the array as it was when the text was made.
"""

from __future__ import annotations

import builtins
import re
import string
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    UNKNOWN,
    Elaborator,
    items_of,
    known,
    refuse,
    static,
    type_of,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import ArrayRef, Partial, Static, Tuple, Value
from s2sad.ir.nodes import Effect
from s2sad.ir.primitives import tell
from s2sad.ir.types import Scalar

PERCENT = re.compile(r"%(?:\((?P<name>\w+)\))?(?P<spec>[#0\- +]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[hlL]?[diouxXeEfFgGcrsa%])")
EMPTY = Static("")
Pieces = list["str | tuple[str, Value]"]
"""Plain text, and fields: a conversion and a specification (``!r:.3f``) with the value."""


def is_text(value: Value) -> bool:
    """Whether a value is a text with values in it that are known at run time only."""
    return isinstance(value, Partial) and value.function == Static(str.format)


def of_pieces(elab: Elaborator, pieces: Sequence[str | tuple[str, Value]]) -> Value:
    """The text of some pieces, known now where all of them are."""
    template = ""
    values: list[Value] = []
    for piece in pieces:
        if isinstance(piece, str):
            template += piece.replace("{", "{{").replace("}", "}}")
            continue
        field, value = piece
        if is_text(value):
            assert isinstance(value, Partial)
            if field:
                refuse(elab, "Text of run-time values cannot be padded or cut.", "Format the values themselves.")
            template += static(elab, value.args[0])
            values += value.args[1:]
        elif (obj := known(elab, value)) is not UNKNOWN:
            template += _filled(field, obj).replace("{", "{{").replace("}", "}}")
        else:
            template += _named(elab, value, field)
            values.append(_held(elab, value))
    if not values:
        return Static(template.format())
    return Partial(Static(str.format), (Static(template), *values))


def _named(elab: Elaborator, value: Value, field: str) -> str:
    """A field; ``repr`` of a NumPy number says which it is."""
    type_ = type_of(elab, value)
    if field in ("!r", "!a", ":%r", ":%a") and isinstance(type_, Scalar) and not type_.weak:
        return f"np.{type_.dtype.type.__name__}({{!r}})"
    return "{" + field + "}"


def _filled(field: str, obj: Any) -> str:
    """A field with an object that is known now."""
    if field.startswith(":%"):
        return str(field[1:] % (obj,))
    return ("{" + field + "}").format(obj)


def _held(elab: Elaborator, value: Value) -> Value:
    """A value as it is now, whatever is written into it later."""
    if isinstance(value, ArrayRef):
        return elab.lift(elab.atom(value))
    if type_of(elab, value) is None:
        refuse(elab, "Only numbers and arrays known at run time can stand in a text.", "Format them one by one.",
               TypeMismatchError)  # fmt: skip
    return value


# -- formatting


@meaning(str.format)
def format_method(elab: Elaborator, template: Value, *args: Value, **kwargs: Value) -> Value:
    return of_pieces(elab, _fields(elab, static(elab, template), args, kwargs))


def bound_format(elab: Elaborator, template: str, args: Sequence[Value], kwargs: dict[str, Value]) -> Value:
    """``template.format(...)`` of a template that is known."""
    return of_pieces(elab, _fields(elab, template, args, kwargs))


def _fields(elab: Elaborator, template: str, args: Sequence[Value], kwargs: dict[str, Value]) -> Pieces:
    pieces: Pieces = []
    count = 0
    for literal, name, spec, conversion in string.Formatter().parse(template):
        pieces.append(literal)
        if name is None:
            continue
        if "{" in (spec or "") or not (name == "" or name.isdigit() or name in kwargs):
            refuse(elab, f"The field {name!r} of this template is not followed.", "Use an f-string.")
        value = kwargs[name] if name in kwargs else args[int(name or count)]
        count += name == ""
        pieces.append(((f"!{conversion}" if conversion else "") + (f":{spec}" if spec else ""), value))
    return pieces


@meaning(builtins.str)
def str_(elab: Elaborator, value: Value = EMPTY) -> Value:
    return of_pieces(elab, [("", value)])


@meaning(builtins.repr)
def repr_(elab: Elaborator, value: Value) -> Value:
    return of_pieces(elab, [("!r", value)])


@meaning(builtins.format)
def format_(elab: Elaborator, value: Value, spec: Value = EMPTY) -> Value:
    field = static(elab, spec)
    return of_pieces(elab, [(f":{field}" if field else "", value)])


def binary(elab: Elaborator, op: str, left: Value, right: Value) -> Value | None:
    """``text + text`` and ``template % values``; None for all else."""
    template = known(elab, left)
    if op == "mod" and isinstance(template, str):
        return of_pieces(elab, _percent(elab, template, right))
    if is_text(left) or is_text(right):
        if op == "add" and all(is_text(v) or isinstance(known(elab, v), str) for v in (left, right)):
            return of_pieces(elab, [("", left), ("", right)])
        refuse_use(elab)
    return None


def refuse_use(elab: Elaborator) -> None:
    """Refuse to look into a text."""
    refuse(
        elab,
        "A text of values known at run time can be printed or given as a warning, and nothing else.",
        "Use the values themselves.",
    )


def _percent(elab: Elaborator, template: str, right: Value) -> Pieces:
    values = list(right.items) if isinstance(right, Tuple) else [right]
    pieces: Pieces = []
    end = 0
    for found in PERCENT.finditer(template):
        pieces.append(template[end : found.start()])
        end = found.end()
        spec = found["spec"]
        if found["name"] or "*" in spec:
            refuse(elab, "Formatting by names or with a width given as * is not followed.", "Use an f-string.")
        if spec == "%":
            pieces.append("%")
        elif not values:
            refuse(elab, "not enough arguments for format string", kind=TypeMismatchError)
        else:
            pieces.append(("" if spec == "s" else f":%{spec}", values.pop(0)))
    if values:
        refuse(elab, "not all arguments converted during string formatting", kind=TypeMismatchError)
    return [*pieces, template[end:]]


# -- saying it


def print_text(elab: Elaborator, values: Sequence[Value], sep: Value, end: Value, file: Value) -> Value:
    """``print`` of text, or with a separator, an end or a stream of one's own."""
    between, after = (d if static(elab, v) is None else static(elab, v) for v, d in ((sep, " "), (end, "\n")))
    stream = static(elab, file)
    if stream is not None and stream not in (sys.stdout, sys.stderr):
        refuse(elab, "print into a file of one's own is not supported.", "Print to sys.stdout or sys.stderr.")
    pieces: Pieces = []
    for k, value in enumerate(values):
        pieces += ([between] if k else []) + _shown(elab, value)
    name = "print_error" if stream is sys.stderr else "print"
    say(elab, name, (), of_pieces(elab, [*pieces, after]))
    return NONE


def _shown(elab: Elaborator, value: Value) -> Pieces:
    """A value as `print` shows it; the items of a container that are known at run time, one by one."""
    items = None if is_text(value) or known(elab, value) is not UNKNOWN else items_of(elab, value)
    if items is None:
        return [("", value)]
    brackets = "()" if isinstance(value, Tuple) else "[]"
    pieces: Pieces = [brackets[0]]
    for k, item in enumerate(items):
        pieces += ([", "] if k else []) + [("!r", item)]
    return [*pieces, brackets[1]]


def say(elab: Elaborator, name: str, first: tuple[str, ...], text: Value) -> None:
    """Append the effect."""
    template, *values = text.args if isinstance(text, Partial) else (Static(static(elab, text)),)
    if not isinstance(text, Partial):
        template = Static(static(elab, text).replace("{", "{{").replace("}", "}}"))
    atoms = tuple(elab.atom(v) for v in values)
    params = (("first", first), ("name", name), ("template", static(elab, template)))
    elab.builder.append(Effect(tell, atoms, params, elab.pos))


@meaning(warnings.warn, fold=False)
def warn(
    elab: Elaborator, message: Value, category: Value = NONE, stacklevel: Value = NONE,
    source: Value = NONE,
) -> Value:  # fmt: skip
    """A warning, given when the program runs."""
    kind: type = UserWarning if category == NONE else static(elab, category)
    if not isinstance(kind, type) or getattr(builtins, kind.__name__, None) is not kind:
        refuse(elab, "Only warnings of Python's own categories can be given.", "Use UserWarning or RuntimeWarning.")
    say(elab, "warn", (kind.__name__,), of_pieces(elab, [("", message)]))
    return NONE


def is_plain(elab: Elaborator, values: Sequence[Value], settings: Sequence[Value]) -> bool:
    """Whether `print` shows numbers and known text only, in the usual way."""
    return not any(is_text(v) for v in values) and all(s in (NONE, FALSE) for s in settings)
