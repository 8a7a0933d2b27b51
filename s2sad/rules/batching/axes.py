"""What batch rules share: which arguments are batched, ranks without the batch axis, and broadcasting beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from s2sad.ir.paths import Index, Slice
from s2sad.ir.primitives import Primitive, load


class Axes(tuple[int | None, ...]):
    """The batch axis of each argument of a primitive: 0 or None.

    `size` is the size of the batch (a reference or an int); `spread` makes a batched value of one that is not.
    """

    size: Any
    spread: Callable[[Any], Any]

    def __new__(cls, axes: Iterable[int | None], size: Any, spread: Callable[[Any], Any]) -> Axes:
        self = super().__new__(cls, axes)
        self.size, self.spread = size, spread
        return self

    def only(self, *places: int) -> bool:
        """Whether no argument but those at `places` is batched."""
        return all(axis is None or k in places for k, axis in enumerate(self))

    def batch(self, place: int, value: Any) -> Any:
        """The argument at a place, batched if it was not."""
        return self.spread(value) if self[place] is None else value


def rank_of(value: Any, axis: int | None) -> int:
    """The rank of a value without its batch axis."""
    return value.ndim - (axis is not None)


def align(value: Any, rank: int) -> Any:
    """A batched value whose rank without the batch axis is raised to `rank` by axes of size 1 after the batch axis."""
    missing = rank - (value.ndim - 1)
    if missing <= 0:
        return value
    return load(value, path=(Index((Slice(), *(None,) * missing)),))


def aligned(axes: Sequence[int | None], args: Sequence[Any]) -> list[Any]:
    """The arguments of something that broadcasts, so that the batch axes meet."""
    rank = max((rank_of(x, a) for x, a in zip(args, axes, strict=True)), default=0)
    return [x if a is None else align(x, rank) for x, a in zip(args, axes, strict=True)]


def batched_elementwise(prim: Primitive, axes: Axes, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """An elementwise primitive on a batch."""
    return prim(*aligned(axes, args), **params)


def shift(axis: int, rank: int) -> int:
    """An axis of a value of this rank, counted in the value with a batch axis before it."""
    return axis % rank + 1
