"""Places outside of the elaborated code: where a value was found, as a way that can be walked again.

    the function that is compiled -> __closure__[0] -> its contents -> ["weights"]

A way begins at the function itself or at an object that stays what it is, and goes on by steps. Walked from the very
function, it reads what stands there now; walked from another function with the same code, what stands there for that.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from s2sad.data import Kind


class Missing:
    """What reading a name that is not there gives."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()


@dataclass(frozen=True, slots=True)
class Root:
    """The function that is compiled."""

    obj: Any

    def read(self, base: Any) -> Any:
        return self.obj


@dataclass(frozen=True, slots=True)
class Given:
    """An object that stays what it is."""

    obj: Any

    def read(self, base: Any) -> Any:
        return self.obj


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an object; MISSING where there is none."""

    name: str

    def read(self, base: Any) -> Any:
        return getattr(base, self.name, MISSING)


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a container."""

    key: Any

    def read(self, base: Any) -> Any:
        return base[self.key]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a function's closure."""

    number: int

    def read(self, base: Any) -> Any:
        return base.__closure__[self.number]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a cell holds; MISSING where that is nothing yet."""

    def read(self, base: Any) -> Any:
        try:
            return base.cell_contents
        except ValueError:
            return MISSING


@dataclass(frozen=True, slots=True)
class Global:
    """A global of a function; MISSING where there is none."""

    name: str

    def read(self, base: Any) -> Any:
        return base.get(self.name, MISSING)


@dataclass(frozen=True, slots=True)
class Read:
    """What a function that takes nothing gives."""

    function: Callable[[], Any]

    def read(self, base: Any) -> Any:
        return self.function()


@dataclass(frozen=True, slots=True)
class Reading:
    """What an object is read as."""

    how: Kind

    def read(self, base: Any) -> Any:
        return self.how.read(base)


Step = Root | Given | Attribute | Item | Cell | Contents | Global | Read | Reading


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Somewhere outside: how to get there, what identifies it, and a name for what stands there."""

    step: Step
    key: Hashable
    name: str
    base: Place | None = None
    in_container: bool = False

    def __call__(self) -> Any:
        """What stands here now."""
        return self.step.read(None if self.base is None else self.base())

    def item(self, key: Any, name: str = "") -> Place:
        """The place of an item of the container here, which has a name of its own where it is an argument."""
        label = name or f"{self.name}_{key}"
        return Place(Item(key), (self.key, "item", repr(key)), label, self, in_container=not name)

    def attribute(self, name: str) -> Place:
        """The place of an attribute of the object here."""
        return Place(Attribute(name), (self.key, "attribute", name), name, self)

    def read_by(self, how: Kind) -> Place:
        """The place of the array that the object here is read as."""
        return Place(Reading(how), (self.key, "read"), self.name, self, self.in_container)

    def cell(self, number: int) -> Place:
        """The place of a cell of the function here."""
        return Place(Cell(number), (self.key, "cell", number), self.name, self)


def given(obj: Any, name: str) -> Place:
    """The place of an object that is at hand. It is kept alive, and its identity is in the key."""
    return Place(Given(obj), ("object", id(obj), name), name)


def glob(namespace: dict[str, Any], name: str) -> Place:
    """The place of a global name."""
    return Place(Global(name), ("global", id(namespace), name), name, given(namespace, "globals"))
