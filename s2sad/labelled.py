"""Arrays of other libraries, which are data to be read as NumPy reads them.

    pandas.Series, pandas.Index, polars.Series, xarray.DataArray, jax.Array, torch.Tensor

They are told by the module of their class and by ``__array__``; no library is imported for that. What such an array
means otherwise than NumPy is refused: pandas and xarray line up what they compute by labels and leave NaN out of sums,
``.std()`` divides by n - 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError

LIBRARIES = frozenset({"pandas", "polars", "xarray", "jax", "jaxlib", "torch", "tensorflow", "pyarrow", "cupy"})
TABLES = frozenset({"DataFrame", "Dataset", "Table", "LazyFrame", "RecordBatch"})
BY_LABELS = frozenset({"pandas", "xarray"})
"""The libraries that line up by labels what they compute, and leave NaN out of sums."""
TO_NUMPY = {"jax": "np.asarray({})", "jaxlib": "np.asarray({})", "torch": "{}.detach().numpy()", "xarray": "{}.values"}
"""How an array is given to NumPy, where it is not by ``.to_numpy()``."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What an array of another library is: the library, the class, and whether its labels are 0, 1, 2, ... What the
    program has computed of one is `made`."""

    library: str
    name: str
    counted: bool = True
    made: bool = False

    @property
    def by_labels(self) -> bool:
        """Whether the library lines up by labels what it computes."""
        return self.library in BY_LABELS and not self.name.endswith("Index")

    @property
    def text(self) -> str:
        """What it is, for messages."""
        name = "Series" if self.name == "iloc" else self.name
        return "a JAX array" if self.library in ("jax", "jaxlib") else f"a {self.library} {name}"

    def to_numpy(self, name: str) -> str:
        """How a user gives one of this name to NumPy."""
        return TO_NUMPY.get(self.library, "{}.to_numpy()").format(name)

    def read(self, obj: Any) -> np.ndarray:
        """The array as NumPy reads it. TypeMismatchError where that is no array of numbers, or means something else;
        ValueError where it is another kind of array."""
        if labelled(obj) != self:
            raise ValueError
        if self.name in TABLES:
            why = f"{capital(self.text)} holds columns, which are arrays each."
            raise TypeMismatchError(why, f"Pass its columns, or {self.to_numpy('frame')}.")
        try:
            found = np.asarray(obj)
        except Exception as error:
            why = f"NumPy cannot read {self.text}: {str(error).splitlines()[0].rstrip('.')}."
            raise TypeMismatchError(why, f"Pass {self.to_numpy('x')}.") from error
        if found.dtype.kind not in "biufc" or found.dtype == np.float16 or found.dtype == np.longdouble:
            raise TypeMismatchError(
                f"NumPy reads {self.text} as an array of dtype {found.dtype}, which is not supported.",
                "Convert it to float64 or int64.",
            )
        if self.library in BY_LABELS and found.dtype.kind in "fc" and np.isnan(found).any():
            raise TypeMismatchError(
                f"{capital(self.text)} holds NaN, which {self.library} leaves out of sums, and NumPy does not.",
                f"Pass {self.to_numpy('y')}, or leave them out with .dropna().",
            )
        return np.ascontiguousarray(found, found.dtype.newbyteorder("=")).reshape(found.shape)


def capital(text: str) -> str:
    """The words at the beginning of a sentence."""
    return text[0].upper() + text[1:]


def refusal(name: str, kind: Labelled) -> tuple[str, str]:
    """Why there is no derivative by an array of another library, and what to write instead."""
    return f"{name} is {kind.text}, by which there is no derivative.", f"Pass {kind.to_numpy(name)}."


def labelled(obj: Any) -> Labelled | None:
    """What an array of another library is; None for all else."""
    cls = type(obj)
    library = (getattr(cls, "__module__", None) or "").partition(".")[0]
    if library not in LIBRARIES or isinstance(obj, type | np.ndarray) or not hasattr(cls, "__array__"):
        return None
    name = "Array" if library in ("jax", "jaxlib") else cls.__name__
    return Labelled(library, name, is_counted(labels_of(obj)))


def labels_of(obj: Any) -> Any:
    """The labels of an array; None where it has none."""
    library = type(obj).__module__.partition(".")[0]
    if library == "pandas":
        return getattr(obj, "index", None)
    return dict(obj.coords) or tuple(obj.dims) if library == "xarray" else None


def is_counted(labels: Any) -> bool:
    """Whether labels are the places: 0, 1, 2, ..."""
    if labels is None:
        return True
    return (getattr(labels, "start", None), getattr(labels, "step", None)) == (0, 1)


def check_labels(arrays: list[Any]) -> None:
    """Refuse arrays of as many elements that would be lined up by different labels."""
    for k, other in enumerate(arrays):
        for one in arrays[:k]:
            if np.size(one) == np.size(other) and not same_labels(labels_of(one), labels_of(other)):
                kind = labelled(other)
                assert kind is not None
                why = f"{capital(kind.text)} has other labels than another argument, and {kind.library} lines up"
                raise TypeMismatchError(f"{why} by them what it computes.", f"Pass {kind.to_numpy('y')} of each.")


def same_labels(a: Any, b: Any) -> bool:
    """Whether two sets of labels are the same, in one order."""
    if a is b:
        return True
    if a is None or b is None or isinstance(a, dict | tuple) or isinstance(b, dict | tuple):
        return False
    return bool(a.equals(b))
