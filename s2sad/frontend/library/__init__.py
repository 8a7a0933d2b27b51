"""What builtins, `math`, NumPy, attributes, subscripts, operators and iteration mean on abstract values.

The elaborator calls the functions below. Each takes the elaborator (as `support.Elaborator` describes it) and abstract
values (`frontend.values.values`), writes IR through it, and gives abstract values.

`table` holds what each Python callable means; the modules that fill it are named for what they hold. Values that are
lazy in Python (`range`, `enumerate`, `zip`, `reversed`, `map` of things known at run time, and slices with bounds known
at run time) are ``Partial(Static(range), args)`` and so on; ``call(elab, slice, [start, stop, step], {})`` is a slice.
"""

from __future__ import annotations

from s2sad.frontend.library import (
    builtins,
    columns,
    combinatorics,
    composites,
    containers,
    copies,
    creation,
    decompositions,
    fourier,
    iterators,
    joining,
    kinds,
    layouts,
    linear_algebra,
    mapped,
    numba_names,
    numbers,
    random,
    reductions,
    selection,
    shape,
    sorting,
    text,
    ufuncs,
    written,
)
from s2sad.frontend.library.attributes import attribute
from s2sad.frontend.library.calls import call, fold, has_meaning, is_library
from s2sad.frontend.library.dicts import mapping, new_dict, python_dict
from s2sad.frontend.library.indexing import assign_subscript, augment_subscript, subscript
from s2sad.frontend.library.iteration import Indexed, Items, Iteration, Range, Stream, iterate, unroll
from s2sad.frontend.library.operators import augment, binary, compare, unary
from s2sad.frontend.library.support import describe, new_list, wrap

__all__ = [
    "Indexed",
    "Items",
    "Iteration",
    "Range",
    "Stream",
    "assign_subscript",
    "attribute",
    "augment",
    "augment_subscript",
    "binary",
    "builtins",
    "call",
    "columns",
    "combinatorics",
    "compare",
    "composites",
    "containers",
    "copies",
    "creation",
    "decompositions",
    "describe",
    "fold",
    "fourier",
    "has_meaning",
    "is_library",
    "iterate",
    "iterators",
    "joining",
    "kinds",
    "layouts",
    "linear_algebra",
    "mapped",
    "mapping",
    "new_dict",
    "new_list",
    "numba_names",
    "numbers",
    "python_dict",
    "random",
    "reductions",
    "selection",
    "shape",
    "sorting",
    "subscript",
    "text",
    "ufuncs",
    "unary",
    "unroll",
    "wrap",
    "written",
]
