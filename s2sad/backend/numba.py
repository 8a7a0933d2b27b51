"""Running a module with Numba: stored in the cache, imported from there, compiled on the first call.

    loaded = load_module(module, source)    through LLVM of our own where that can be written, else the emitted source
    function = load(source, "f_grad")       a Numba dispatcher, of the text without the user's line numbers
    entry = compiled(function, types)       compiled for these types now

What Numba cannot compile raises `UnsupportedError`; nothing falls back to plain Python in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from s2sad import cache
from s2sad.backend.llvm import module as llvm
from s2sad.backend.llvm.values import Uncovered
from s2sad.backend.text import releasing_gil, without_positions
from s2sad.config import config
from s2sad.errors import Pos, UnsupportedError
from s2sad.ir.nodes import Module
from s2sad.ir.types import Array, List, Scalar, Type
from s2sad.transforms.recording.decisions import Decision
from s2sad_rt.compiling import compiles
from s2sad_rt.native_errors import NativeError


@dataclass(frozen=True, slots=True)
class Loaded:
    """A function that runs, and the places in the user's files that its errors come from, by their number."""

    function: Callable[..., Any]
    places: Sequence[Pos | None] = ()

    def located(self, error: NativeError) -> Exception:
        """The error as Python's or NumPy's own, with the line of the user's where it happened."""
        kind = next(c for c in type(error).__mro__ if c.__module__ != NativeError.__module__)
        pos = self.places[error.site] if error.site < len(self.places) else None
        text = str(error)
        if pos is not None:
            line = f": {pos.text}" if pos.text else ""
            text += f" ({PurePath(pos.filename).name}:{pos.line}{line})"
        found = kind(text)
        assert isinstance(found, Exception)
        return found


def load_module(module: Module, source: Callable[[], str], nogil: bool = False) -> Loaded:
    """The main function of a module. `source` gives its text as it is emitted, for what LLVM cannot be written of.
    With `nogil` other threads of Python run while it does."""
    name = module.main.name
    if config.llvm and compiles():
        try:
            unit = llvm.write(module)
        except Uncovered:
            pass
        else:
            text = unit.source()
            return Loaded(load(releasing_gil(text) if nogil else text, name), unit.places)
    return Loaded(load(source(), name))


def decisions(module: Module) -> list[Decision]:
    """What is to be said of how a module is compiled."""
    try:
        return llvm.write(module).decisions
    except Uncovered as uncovered:
        return [Decision(module.main.name, "compiled by Numba as a whole", f"no instructions of ours for {uncovered}")]


def load(source: str, name: str) -> Callable[..., Any]:
    """The function `name` of a generated module, ready to be called (and compiled then)."""
    path = cache.store(without_positions(source), name)
    function = getattr(cache.load_module(path), name)
    dispatcher = getattr(function, "function", function)  # an exported function has the compiled one inside
    if hasattr(dispatcher, "_compile_for_args") and "_compile_for_args" not in vars(dispatcher):
        dispatcher._compile_for_args = _Guarded(dispatcher, name, path)
    return function


def compiled(function: Callable[..., Any], types: Sequence[Type]) -> Callable[..., Any]:
    """The dispatcher, compiled for arguments of these types (arrays C-contiguous) before it is called."""
    signature = tuple(numba_type(t) for t in types)
    dispatcher: Any = getattr(function, "function", function)
    guard = vars(dispatcher).get("_compile_for_args")
    compile_now = dispatcher.compile if guard is None else guard.compile
    compile_now(signature)
    return function


def numba_type(type: Type) -> Any:
    """The Numba type of an argument."""
    import numba

    match type:
        case Scalar(dtype):
            return numba.from_dtype(dtype)
        case Array(dtype, dims):
            return numba.types.Array(numba.from_dtype(dtype), len(dims), "C")
        case List(item):
            return numba.types.List(numba_type(item), reflected=True)


class _Guarded:
    """Compiles for new arguments; mends a damaged or full cache, and says what failed in words of s2sad.

    Numba's dispatcher calls this only when it meets types that it has no code for, so that calls stay as fast as they
    are.
    """

    def __init__(self, dispatcher: Any, name: str, path: Path) -> None:
        self.dispatcher, self.name, self.path = dispatcher, name, path
        self.plain_compile = dispatcher._compile_for_args

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._mending(lambda: self.plain_compile(*args, **kwargs))

    def compile(self, signature: tuple[Any, ...]) -> Any:
        """Compile for a signature."""
        return self._mending(lambda: self.dispatcher.compile(signature))

    def _mending(self, attempt: Callable[[], Any]) -> Any:
        """Nothing of the user's runs in `attempt`, so whatever it raises is about compiling or the cache."""
        try:
            return attempt()
        except OSError:  # the disk is full, or the directory gone: compile without keeping the result
            self._stop_caching()
        except Exception:  # damaged cache files, or code that cannot be compiled: only without them is it known which
            cache.clear_compiled(self.path)
        return self._final(attempt)

    def _final(self, attempt: Callable[[], Any]) -> Any:
        try:
            return attempt()
        except Exception as error:
            raise UnsupportedError(
                f"Numba cannot compile {self.name}: {_reason(error)}",
                f"Set s2sad.config.backend = 'python' to run the same code under CPython (the source is {self.path}).",
            ) from error

    def _stop_caching(self) -> None:
        from numba.core.caching import NullCache

        module = cache.load_module(self.path)
        for value in vars(module).values():
            if hasattr(value, "_compile_for_args") and hasattr(value, "_cache"):
                value._cache = NullCache()


def _reason(error: Exception) -> str:
    """The part of Numba's message that says what is wrong, and in which line of the generated source."""
    lines = [line.strip() for line in str(error).splitlines()]
    noise = ("Failed in", "During:", ">>>", "- Of which", "- [", "There are")
    kept = [line for line in lines if line and not line.startswith(noise)]
    return " ".join(kept[:6])

