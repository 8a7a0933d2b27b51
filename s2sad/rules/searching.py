"""Places found in arrays: ints, through which no derivative flows."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.ir.primitives import Primitive
from s2sad.ir.types import INT, Array
from s2sad.rules.registry import rule_of


def _places(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    return (Array(INT, (None,)),)


nonzero = Primitive("nonzero", lambda x: np.nonzero(x)[0], "np.nonzero(_0)[0]", type_rule=_places)
"""``nonzero(x)``: the places of the elements of a vector that are not 0."""
searchsorted = Primitive(
    "searchsorted", lambda a, v, side="left": np.searchsorted(a, v, side), "np.searchsorted(_0, _1, _side)"
)
"""``searchsorted(a, v; side)``: where `v` would go in the sorted vector `a`."""

for _prim in (nonzero, searchsorted):
    rule_of(_prim).zero = True
