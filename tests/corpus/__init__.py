"""A corpus of whole programs, as people write them, each with sample arguments.

The modules hold plain Python functions on `numpy` and `math`, grouped by theme. A program is declared by

    @program((vec(5), 0.3))
    def f(x, a): ...

The arguments are literals, arrays, containers of them, or specifications such as `vec(5)` that are drawn from a
generator seeded by the program's name, so a program's arguments are the same in every process.
Nothing here imports s2sad, except the programs in `nested.py` whose function takes derivatives itself.
"""

from __future__ import annotations

import copy
import importlib
import inspect
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MODULES = (
    "scalars", "arrays", "loops", "whiles", "branches", "inplace", "views", "functions", "recursions", "containers",
    "names", "choices", "lists", "structures", "growing", "copying", "iteration",
    "generators", "consuming", "reproducers", "attacks", "complex_numbers", "dtypes", "linear_algebra", "known",
    "science", "longer", "nested", "exceptions",
)  # fmt: skip

REGISTRY: dict[str, Program] = {}


@dataclass(frozen=True)
class Sample:
    """A specification of a random array, drawn when the arguments are made."""

    kind: str
    shape: tuple[int, ...]
    dtype: Any = np.float64

    def draw(self, rng: np.random.Generator) -> Any:
        """One array (or scalar, for the empty shape) of this kind."""
        if self.kind == "normal":
            x = rng.standard_normal(self.shape)
        elif self.kind == "positive":
            x = rng.uniform(0.5, 2.0, self.shape)
        elif self.kind == "unit":
            x = rng.uniform(0.05, 0.95, self.shape)
        elif self.kind == "complex":
            x = rng.standard_normal(self.shape) + 1j * rng.standard_normal(self.shape)
        elif self.kind == "spd":
            a = rng.standard_normal(self.shape)
            x = a @ a.T + self.shape[0] * np.eye(self.shape[0])
        else:
            raise ValueError(self.kind)
        return np.asarray(x).astype(self.dtype) if self.shape else np.dtype(self.dtype).type(x).item()


def vec(*shape: int, dtype: Any = np.float64) -> Sample:
    """A standard normal array."""
    return Sample("normal", shape, dtype)


def pos(*shape: int, dtype: Any = np.float64) -> Sample:
    """An array of values between 0.5 and 2."""
    return Sample("positive", shape, dtype)


def unit(*shape: int, dtype: Any = np.float64) -> Sample:
    """An array of values strictly between 0 and 1."""
    return Sample("unit", shape, dtype)


def cvec(*shape: int, dtype: Any = np.complex128) -> Sample:
    """A complex standard normal array."""
    return Sample("complex", shape, dtype)


def spd(n: int) -> Sample:
    """A well conditioned symmetric positive definite matrix."""
    return Sample("spd", (n, n))


def ints(*values: int) -> np.ndarray:
    """An index array."""
    return np.array(values, dtype=np.int64)


def materialise(x: Any, rng: np.random.Generator) -> Any:
    """Fresh arguments: specifications drawn, arrays copied, containers rebuilt."""
    if isinstance(x, Sample):
        return x.draw(rng)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(materialise(v, rng) for v in x))
    if isinstance(x, (tuple, list)):
        return type(x)(materialise(v, rng) for v in x)
    if isinstance(x, dict):
        return {k: materialise(v, rng) for k, v in x.items()}
    return copy.deepcopy(x)


def leaves(x: Any) -> list[Any]:
    """The numbers and arrays of a tree of tuples, lists, dicts (in key order) and namedtuples."""
    if isinstance(x, (tuple, list)):
        return [leaf for v in x for leaf in leaves(v)]
    if isinstance(x, dict):
        return [leaf for k in sorted(x) for leaf in leaves(x[k])]
    return [] if x is None else [x]


def is_inexact(x: Any) -> bool:
    """Whether a leaf can carry a derivative."""
    if isinstance(x, (bool, np.bool_, str)) or callable(x):
        return False
    return np.issubdtype(x.dtype, np.inexact) if hasattr(x, "dtype") else isinstance(x, (float, complex))


@dataclass(frozen=True)
class Program:
    """One program: the function, how its arguments are made, and what may be asked of it.

    `order` is the highest order of derivatives that is smooth at the sample; `step` says whether the program also
    means the derivative when it runs on complex numbers (the complex-step oracle); `reference` is a function of equal
    value without derivatives inside it; `mutates` marks a program that writes into its arguments; `backend` is
    'any' or 'python' (only CPython can run it); `compiled` chooses it for the tests that run Numba.
    """

    name: str
    function: Callable[..., Any]
    spec: Any
    wrt: tuple[int, ...]
    order: int = 2
    step: bool = True
    jax: Callable[..., Any] | None = None
    reference: Callable[..., Any] | None = None
    modes: tuple[str, ...] = ("fwd", "rev")
    mutates: bool = False
    backend: str = "any"
    compiled: bool = False
    rtol: float = 1e-7
    tags: frozenset[str] = field(default_factory=frozenset)

    def args(self) -> tuple[Any, ...]:
        """Fresh sample arguments, the same ones every time."""
        rng = np.random.default_rng(zlib.crc32(self.name.encode()))
        return materialise(self.spec(rng) if callable(self.spec) else self.spec, rng)

    @property
    def plain(self) -> Callable[..., Any]:
        """The function of equal value that takes no derivatives."""
        return self.reference or self.function


def program(
    args: Any, wrt: int | tuple[int, ...] | None = None, *, tags: tuple[str, ...] = (), **options: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a program. By default `wrt` is every argument whose leaves are all inexact."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        if name in REGISTRY:
            raise ValueError(f"two programs are called {name}")
        sample = materialise(args(np.random.default_rng(0)) if callable(args) else args, np.random.default_rng(0))
        chosen = (wrt,) if isinstance(wrt, int) else wrt
        if chosen is None:
            chosen = tuple(i for i, a in enumerate(sample) if leaves(a) and all(map(is_inexact, leaves(a))))
        REGISTRY[name] = Program(name, function, args, chosen, tags=frozenset(tags), **options)
        return function

    return register


def load() -> list[Program]:
    """Every program, in the order of the modules."""
    for module in MODULES:
        importlib.import_module(f"{__name__}.{module}")
    return list(REGISTRY.values())


def source_lines(p: Program) -> int:
    """The length of a program's function in lines."""
    return len(inspect.getsource(p.function).splitlines())
