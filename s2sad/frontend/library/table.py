"""The table of meanings: what a Python callable is, run on abstract values.

    @meaning(np.reshape)
    def reshape(elab, a, shape, order=C_ORDER): ...

The parameters of a meaning are those of the function it stands for, as far as they are supported; a keyword that a
meaning does not name is refused. Methods are keyed by their descriptors (`np.ndarray.sum`, `list.append`).
"""

from __future__ import annotations

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from s2sad.frontend.library.support import Elaborator, UnsupportedError, function_name, refuse
from s2sad.frontend.values.values import Static, Value

MeaningFunction = Callable[..., Value]


@dataclass(frozen=True, slots=True)
class Meaning:
    """How to run a callable on abstract values. `fold`: with known arguments only, Python itself is run. `written`: the
    function in the language of users that is run, where there is one."""

    function: MeaningFunction
    fold: bool = True
    written: Callable[..., Any] | None = None

    @property
    def signature(self) -> inspect.Signature:
        """What the meaning takes: the elaborator, and what the callable takes."""
        return _signature(self)


@functools.cache
def _signature(entry: Meaning) -> inspect.Signature:
    """Found when it is asked for: the table is long, and a program calls little of what is in it."""
    if entry.written is None:
        return inspect.signature(entry.function)
    own = inspect.signature(entry.written)
    first = inspect.Parameter("elab", inspect.Parameter.POSITIONAL_ONLY)
    return own.replace(parameters=[first, *own.parameters.values()])


MEANINGS: dict[Any, Meaning] = {}


DRAWS: dict[Any, Meaning] = {}
"""The functions of np.random: what they give depends on a generator that the function has seeded, or not."""


def add(function: Any, entry: Meaning) -> None:
    """Fill one place of the table, once: which of two meanings holds must not depend on the order of imports."""
    assert function not in MEANINGS, f"{function} has two meanings"
    MEANINGS[function] = entry


def meaning(*callables: Any, fold: bool = True) -> Callable[[MeaningFunction], MeaningFunction]:
    """Declare what some callables mean."""

    def declare(function: MeaningFunction) -> MeaningFunction:
        entry = Meaning(function, fold)
        for key in callables:
            add(key, entry)
        return function

    return declare


def written(*callables: Any, fold: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare that a Python function, in the language that users write, stands for some callables: it is run as a
    function of theirs would be, and what it writes stands at their call of it."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        def run_it(elab: Elaborator, /, *args: Value, **kwargs: Value) -> Value:
            return elab.call(Static(function), list(args), kwargs)

        for key in callables:
            add(key, Meaning(run_it, fold, function))
        return function

    return declare


INSTANCES: dict[type, Callable[..., Any]] = {}
"""What calls of objects of these classes mean, which were made outside: the function in the language of users."""


def called(cls: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare that a Python function, in the language that users write, stands for calls of the objects of a class: it
    is given the object, then what the call is."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        INSTANCES[cls] = function
        return function

    return declare


def find_called(obj: Any) -> Callable[..., Any] | None:
    """What a call of an object means by its class, or None."""
    return next((INSTANCES[cls] for cls in type(obj).__mro__ if cls in INSTANCES), None)


def known_now(function: Callable[..., Any]) -> Callable[..., Any]:
    """Declare that a function of ours is run by Python itself, on arguments that are known."""

    def evaluate(elab: Elaborator, /, *args: Value) -> Value:
        from s2sad.frontend.library.support import static, wrap

        return wrap(elab, function(*(static(elab, a) for a in args)))

    add(function, Meaning(evaluate))
    return function


LATER = {
    "scipy.special": ("s2sad.rules.scipy_names", "s2sad.frontend.library.written.scipy_special"),
    "scipy.linalg": ("s2sad.frontend.library.written.scipy_linalg",),
    "scipy.signal": ("s2sad.frontend.library.written.scipy_signal",),
    "scipy.integrate": ("s2sad.frontend.library.written.scipy_integrate",),
    "scipy.optimize": (
        "s2sad.frontend.library.written.scipy_roots",
        "s2sad.frontend.library.written.scipy_minima",
    ),
    "scipy.interpolate": ("s2sad.frontend.library.written.scipy_interpolate",),
    "scipy.stats": ("s2sad.frontend.library.written.scipy_stats",),
    "scipy.fft": ("s2sad.frontend.library.written.scipy_fft",),
}
"""The modules that fill the tables (this one, and those of the rules) for modules of SciPy, which are slow to import:
once the user has imported those."""


def load(name: str) -> None:
    """Fill the tables for a module of SciPy."""
    for later in LATER.get(name, ()):
        importlib.import_module(later)  # before it goes from the list: other threads wait for it here
    LATER.pop(name, None)


def load_all() -> None:
    """Fill the tables for every module of SciPy that there is something for, for those who want to see it all."""
    for name in list(LATER):
        load(name)


def find(function: Any) -> Meaning | None:
    """The meaning of a callable, or None."""
    for name in [name for name in LATER if name in sys.modules]:
        load(name)
    try:
        return MEANINGS.get(function) or DRAWS.get(function)
    except TypeError:  # an unhashable callable
        return None


def run(elab: Elaborator, function: Any, entry: Meaning, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Run a meaning, refusing arguments that it does not name."""
    try:
        entry.signature.bind(elab, *args, **kwargs)
    except TypeError as error:
        name = function_name(function)
        refuse(
            elab,
            f"This call of {name} is not supported: {error}.",
            "Write it with the arguments that are.",
            UnsupportedError,
        )
    return entry.function(elab, *args, **kwargs)
