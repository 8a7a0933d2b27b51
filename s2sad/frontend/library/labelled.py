"""Arrays of other libraries, which NumPy's functions and operators take as arrays, and what else they are asked for.

    y.values, y.to_numpy()      the array
    y.iloc[i], y[i]             an element; of y[i] only where the labels are 0, 1, 2, ...
    y.sum(), y.mean()           as NumPy's

What their library means otherwise is refused. `Outside.labelled` says which arrays are such ones, and what has been
computed of them element by element is one in turn.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from s2sad.frontend.library.support import Elaborator, known, refuse, type_of
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import ArrayRef, Buffer, Location, Partial, Static, Value
from s2sad.ir import Scalar
from s2sad.labelled import Labelled

ALIKE = frozenset({"shape", "ndim", "T", "sum", "mean", "min", "max", "prod", "size", "astype", "abs", "dot"})
"""What means the same of an array of NumPy."""
ARRAYS = frozenset({"values", "array", "data"})
METHODS = frozenset({"to_numpy", "numpy", "detach", "cpu"})
PLACES = frozenset({"iloc", "iat"})


def as_numpy(array: np.ndarray) -> np.ndarray:
    """Stands for ``.to_numpy()``, of which every library has its own."""
    return np.asarray(array)


@meaning(as_numpy, fold=False)
def to_numpy(elab: Elaborator, array: Value) -> Value:
    assert isinstance(array, ArrayRef)
    return plain(elab, array)


def kind_of(elab: Elaborator, ref: ArrayRef) -> Labelled | None:
    """What array of another library this is; None for NumPy's own."""
    return elab.outside.labelled.get(ref.location)


def plain(elab: Elaborator, ref: ArrayRef, kind: Labelled | None = None) -> ArrayRef:
    """The same array as one of NumPy's, or as another kind; it may only be read."""
    location = Location(ref.location.hint, captured=True)
    content = elab.get(ref.location)
    assert isinstance(content, Buffer)
    elab.set(location, content)
    if kind is not None:
        elab.outside.labelled[location] = kind
    return ArrayRef(location, ref.type, ref.path, ref.operands)


def name_of(ref: ArrayRef, kind: Labelled) -> str:
    """The name of an array that comes from outside; of what has been computed, a gap."""
    return "(...)" if kind.made else ref.location.hint


def check_index(elab: Elaborator, ref: ArrayRef, kind: Labelled, key: Value) -> None:
    """Refuse a subscript that goes by labels, or gives an array that keeps some."""
    name = name_of(ref, kind)
    if not kind.by_labels:
        return
    type_ = type_of(elab, key)
    index = known(elab, key)
    if not isinstance(type_, Scalar) or type_.dtype.kind not in "iu":
        why = f"A part of {kind.text} keeps its labels, by which {kind.library} lines up what it computes."
        refuse(elab, why, f"Write {kind.to_numpy(name)} first.")
    if not kind.counted or (kind.name != "iloc" and isinstance(index, int) and index < 0):
        why = f"{name}[...] finds an element of {kind.text} by its label, and the labels are not the places."
        refuse(elab, why, f"Write {name}.iloc[...], or {kind.to_numpy(name)} first.")


def attribute(elab: Elaborator, ref: ArrayRef, kind: Labelled, name: str) -> Value | None:
    """An attribute of an array of another library; None where it is NumPy's."""
    alike = name in ALIKE and (kind.library, name) != ("torch", "size")
    if alike or kind.library in ("jax", "jaxlib", "cupy"):
        return None
    if name in ARRAYS:
        return plain(elab, ref)
    if name in METHODS:
        return Partial(Static(as_numpy), (ref,))
    if name in PLACES and kind.library == "pandas":
        return plain(elab, ref, replace(kind, name="iloc", counted=True))
    refuse(
        elab,
        f".{name} of {kind.text} is not known to mean what it does of an array of NumPy.",
        f"Write {kind.to_numpy(name_of(ref, kind))} first.",
    )
