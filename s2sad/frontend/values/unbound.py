"""Names that are bound to nothing where they are read."""

from __future__ import annotations

from dataclasses import dataclass

from s2sad.errors import UnsupportedError
from s2sad.frontend.values.values import Location


class UnboundName(UnsupportedError, UnboundLocalError):
    """A name that is bound to nothing where it is read."""


@dataclass(slots=True, eq=False)
class Pending:
    """Names of a frame that are not bound before a loop, while its body is elaborated for the first time."""

    frame: Location
    names: frozenset[str]
    error: UnboundName | None = None
    """The first read of one of them."""
