"""Functions by the text that names them on a command line.

    file.py:loss               a function of a file, which is run as a module
    package.model:loss         of a module that can be imported, from the current directory too
    file.py:loss,penalty       several
    file.py:model.loss         a method of an object
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from s2sad.errors import S2sadError


def find(target: str) -> list[tuple[str, Callable[..., Any]]]:
    """The functions a target names. Raises ValueError when the module or a function is not there."""
    place, _, names = target.rpartition(":")
    if not place or not all(names.split(",")):
        raise ValueError(f"{target!r} is not MODULE:FUNCTION")
    module = load(place)
    return [(name, function_of(module, place, name)) for name in map(str.strip, names.split(","))]


def function_of(module: ModuleType, place: str, name: str) -> Callable[..., Any]:
    """What `name` (with dots for attributes) stands for in a module. Raises ValueError when it is no function."""
    found: Any = module
    for part in name.split("."):
        owner = found
        if not hasattr(owner, part):
            raise ValueError(f"{place} has no function {name!r}")
        found = getattr(owner, part)
    if isinstance(found, type):
        raise ValueError(f"{name} is a class; name a function, or a method of an object: {place}:object.method")
    if not callable(found):
        raise ValueError(f"{name} is no function but of type {type(found).__name__}")
    if isinstance(owner, type) and inspect.isfunction(found) and not isinstance(vars(owner).get(part), staticmethod):
        raise ValueError(f"{name} is a method of a class; name it on an object: {place}:object.{part}")
    return found


def load(place: str) -> ModuleType:
    """Import a module by name, from the current directory too, or by the path of its file. Raises ValueError when
    that fails."""
    try:
        return load_file(Path(place)) if place.endswith(".py") else load_named(place)
    except S2sadError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, OSError) or (isinstance(error, ModuleNotFoundError) and error.name == place.split(".")[0]):
            raise ValueError(f"cannot import {place}: {error}") from None
        raise ValueError(f"cannot import {place}: {in_words(error)}") from None


def load_file(path: Path) -> ModuleType:
    """Run a file as a module. Its folder is where its own imports are looked for, too."""
    if not path.is_file():
        raise OSError(f"no such file: {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    return module


def load_named(name: str) -> ModuleType:
    """Import a module by its name."""
    sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)


def in_words(error: BaseException) -> str:
    """What a program of the user's raised, and where."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames and not isinstance(error, SyntaxError) else ""
    return f"{type(error).__name__}: {error}{place}"
