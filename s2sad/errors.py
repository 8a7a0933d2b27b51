"""Every error a user can see: where it stands in the user's file, why, and what to write instead.

    UnsupportedError: model.py:12
        12 |     for row in read_rows(path):
           |                ^^^^^^^^^^^^^^^
    read_rows is a generator, which the compiler cannot follow. Return a list of rows instead.
"""

from __future__ import annotations

import linecache
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pos:
    """A place in the user's file: 1-based line, 0-based columns."""

    filename: str
    line: int
    column: int = 0
    end_column: int | None = None

    @property
    def text(self) -> str:
        """The source line, stripped; empty when the file is gone."""
        return linecache.getline(self.filename, self.line).strip()


class S2sadError(Exception):
    """Base of all errors that s2sad raises about a user's program.

    `why` is one sentence, `instead` one more that says what to write; `pos` is the place in the user's file.
    """

    usual = "Write it with operations that are supported."
    """What to do instead, where nothing better is said."""

    def __init__(self, why: str, instead: str = "", pos: Pos | None = None) -> None:
        super().__init__(why)
        self.why, self.instead, self.pos = why, instead or self.usual, pos

    def __str__(self) -> str:
        lines = []
        if self.pos is not None:
            lines.append(f"{self.pos.filename}:{self.pos.line}")
            lines += self._excerpt(self.pos)
        lines.append(" ".join(part for part in (self.why, self.instead) if part))
        return "\n".join(lines)

    @staticmethod
    def _excerpt(pos: Pos) -> list[str]:
        text = linecache.getline(pos.filename, pos.line).rstrip("\n")
        if not text:
            return []
        stop = pos.end_column if pos.end_column and pos.end_column > pos.column else pos.column + 1
        number = str(pos.line)
        return [
            f"    {number} | {text}",
            f"    {' ' * len(number)} | {' ' * pos.column}{'^' * (min(stop, len(text)) - pos.column or 1)}",
        ]


class UnsupportedSyntaxError(S2sadError, SyntaxError):
    """Syntax outside the language (a generator, `async`, a starred call on a runtime list, ...)."""


class UnsupportedError(S2sadError, NotImplementedError):
    """A call or an operation that the compiler has no meaning or no derivative for."""


class TypeMismatchError(S2sadError, TypeError):
    """Values of kinds that cannot meet, wrong arguments of a transform, integers where derivatives are asked for."""

    usual = "Convert one of the values, or use another operation."


class DerivativeMismatchError(TypeMismatchError, ValueError):
    """A tangent or cotangent that is not like its value in shape, dtype or structure. A ValueError, as in JAX."""


class SourceNotFoundError(S2sadError, TypeError):
    """A function whose source cannot be found, or has changed since it was imported."""


class AliasError(S2sadError, ValueError):
    """A store whose effect on another name cannot be resolved."""


class ShapeError(S2sadError, ValueError):
    """Shapes that can never match."""

    usual = "Check the shapes: they must fit."


class NeedStatic(Exception):
    """Elaboration needs the value of an argument, not only its type; `index` is the number of the parameter leaf, `pos`
    the place that needs it."""

    def __init__(self, index: int, pos: Pos | None = None) -> None:
        super().__init__(index)
        self.index, self.pos = index, pos


class MutationWarning(UserWarning):
    """A differentiated function writes into its argument; the derivative works on a copy."""


class UncompiledWarning(UserWarning):
    """A function can only run under CPython, and runs there."""
