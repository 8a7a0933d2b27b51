"""Generated modules on disk: in the user's own cache directory, named by the hash of all they depend on.

    path = store(source, "f_grad")       .../f_grad_3f2a9c....py, written if it is not there
    module = load_module(path)           checked against the hash in its name, then imported

The directory must belong to the user and be closed to others (mode 0700), because Numba keeps compiled code beside the
modules and runs it unasked; where it is not, or cannot be written, a temporary directory takes its place for the life
of the process, with a warning. Files are written whole or not at all, so that processes may share the directory and
be killed at any time; a file whose text does not have the hash in its name is never run.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib.metadata
import linecache
import os
import platform
import re
import shutil
import stat
import sys
import tempfile
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import nullcontext, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import platformdirs

from s2sad_rt.stale import GENERATED, discard, numba_cache

__all__ = ["CacheWarning", "clear", "clear_compiled", "count", "load_module", "size", "store", "where"]

LIMIT = 512 * 2**20
"""Bytes that the directory may hold; S2SAD_CACHE_LIMIT sets another number."""
MOST_LOADED = 256
"""How many generated modules are held for those who load the same text again."""
_KEEP_SECONDS = 3600
_HASH_LENGTH = 24
_OURS = re.compile(rf"\.?(?P<stem>\w+_[0-9a-f]{{{_HASH_LENGTH}}})\.")

_lock = threading.RLock()
_written = 0
_loaded: OrderedDict[str, None] = OrderedDict()
"""The names of the generated modules in `sys.modules`, the one used last at the end."""


class CacheWarning(UserWarning):
    """The cache directory cannot be used; a temporary one takes its place."""


def where() -> Path:
    """The directory of generated modules, made when it is not there: $S2SAD_CACHE_DIR, or the user's cache
    directory."""
    given = os.environ.get("S2SAD_CACHE_DIR")
    wanted = Path(given).expanduser().absolute() if given else platformdirs.user_cache_path("s2sad")
    return _usable(wanted)


@functools.cache
def _usable(wanted: Path) -> Path:
    """`wanted`, if it is private and can be written; else a temporary directory."""
    problem = _problem(wanted)
    return wanted if problem is None else _temporary(f"{wanted} {problem}")


def _problem(directory: Path) -> str | None:
    """What keeps a directory from being the cache."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode):
            return "is not a directory"
        if hasattr(os, "getuid"):
            if found.st_uid != os.getuid():
                return "belongs to another user"
            if found.st_mode & 0o077:
                return f"is open to other users (mode {stat.S_IMODE(found.st_mode):04o}; chmod 700 closes it)"
        with tempfile.TemporaryFile(dir=directory):
            return None
    except OSError as error:
        return f"cannot be used ({error.strerror})"


@functools.cache
def _session_directory() -> Path:
    """A directory for this process alone, removed when it ends."""
    directory = Path(tempfile.mkdtemp(prefix="s2sad-"))
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(directory, ignore_errors=True) if os.getpid() == owner else None)
    return directory


def _temporary(problem: str) -> Path:
    directory = _session_directory()
    warnings.warn(
        f"The cache directory {problem}. Compiled derivatives are kept in {directory} until this process ends; "
        "set S2SAD_CACHE_DIR to a directory of your own.",
        CacheWarning,
        stacklevel=4,
    )
    return directory


# -- names that say what a file depends on


@functools.cache
def stamp() -> str:
    """The versions that a generated module depends on, and the text of the run time library that it imports."""
    import s2sad_rt

    parts = [platform.python_implementation(), platform.python_version()]
    parts.append(f"boundscheck {os.environ.get('S2SAD_BOUNDSCHECK') != '0'}")
    for package in ("s2sad", "numba", "llvmlite", "numpy"):
        try:
            parts.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            parts.append(f"{package} -")
    digest = hashlib.sha256()
    for file in sorted(Path(s2sad_rt.__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return "\n".join([*parts, digest.hexdigest()])


def _digest(source: str) -> str:
    return hashlib.sha256(f"{stamp()}\n{source}".encode()).hexdigest()[:_HASH_LENGTH]


def _file_name(source: str, name: str) -> str:
    readable = re.sub(r"\W+", "_", name, flags=re.ASCII)[:60] or "module"
    return f"{readable}_{_digest(source)}.py"


# -- writing


def store(source: str, name: str) -> Path:
    """Write a generated module, unless it is there; `name` begins the file's name.

    Falls back to a temporary directory, with a warning, when the disk is full or the directory cannot be written.
    """
    directory, file_name = where(), _file_name(source, name)
    try:
        return _store_in(directory, file_name, source)
    except OSError as error:
        if directory == _session_directory():
            raise
        _fall_back(str(directory), error.strerror or str(error))
        return _store_in(_session_directory(), file_name, source)


@functools.cache
def _fall_back(directory: str, reason: str) -> None:
    """Warn, once for each reason."""
    _temporary(f"{directory} cannot be written ({reason})")


def _store_in(directory: Path, file_name: str, source: str) -> Path:
    path = directory / file_name
    data = source.encode()
    try:
        if path.read_bytes() == data:
            _mark_used(path)
            return path
    except FileNotFoundError:
        pass
    _write_whole(path, data)
    _make_room(directory)
    return path


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file so that others see all of it or nothing."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _mark_used(path: Path) -> None:
    """Note the time of use as the access time; the modification time belongs to Numba's own cache."""
    with suppress(OSError):
        os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))


# -- reading


def load_module(path: Path, *, plain: bool = False) -> ModuleType:
    """Import a stored module; with `plain`, its functions stay plain Python.

    Raises ValueError when the text does not have the hash in its name: such a file is not run.
    """
    name = f"{GENERATED}.{path.stem}" + (".plain" if plain else "")
    with _lock:
        if (known := sys.modules.get(name)) is not None and known.__file__ == str(path):
            _loaded.move_to_end(name)
            return known
        source = path.read_bytes().decode()
        if not path.stem.endswith(_digest(source)):
            raise ValueError(f"{path} is not what s2sad wrote")
        return _import(name, path, source, plain)


def _import(name: str, path: Path, source: str, plain: bool) -> ModuleType:
    """Run the text that was checked, not what the file may hold by now. The module must be known while it runs: Numba's
    cache looks it up by name."""
    from s2sad_rt import plain_python

    module = ModuleType(name)
    module.__file__ = str(path)
    linecache.cache[str(path)] = (len(source), None, source.splitlines(True), str(path))
    sys.modules[name] = module
    try:
        with plain_python() if plain else nullcontext():
            exec(compile(source, str(path), "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    _loaded[name] = None
    _loaded.move_to_end(name)
    if len(_loaded) > MOST_LOADED:
        _forget(_loaded.popitem(last=False)[0])
    return module


def _forget(name: str) -> None:
    """Let go of a module. Its functions live on where they are in use, and its text is in the file."""
    module = sys.modules.pop(name, None)
    if module is not None and module.__file__ is not None:
        linecache.cache.pop(module.__file__, None)


class _OnlyLoaded(MetaPathFinder):
    """Generated modules cannot be imported by name: they are there once they are loaded.

    Code that Numba kept names those it was made of. One that this process has not loaded was made of something else
    than what is there now.
    """

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] == GENERATED and (kept := numba_cache()) is not None:
            raise discard(kept, f"{fullname} is not in use")
        return None


sys.meta_path.insert(0, _OnlyLoaded())


# -- room


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    """The files that s2sad and Numba keep in the directory, each with the stem of its module."""
    for folder in (directory, directory / "__pycache__"):
        with suppress(OSError):
            for path in folder.iterdir():
                if (match := _OURS.match(path.name)) and path.is_file():
                    yield match["stem"], path


def size() -> int:
    """How many bytes the cache holds."""
    return sum(_bytes(path) for _, path in _files(where()))


def count() -> int:
    """How many files the cache holds."""
    return sum(1 for _ in _files(where()))


def _bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def clear() -> None:
    """Remove every module and all compiled code. What is loaded keeps working."""
    for _, path in _files(where()):
        path.unlink(missing_ok=True)


def clear_compiled(path: Path) -> bool:
    """Remove what Numba keeps for one module; whether there was anything."""
    found = [f for stem, f in _files(path.parent) if stem == path.stem and f != path and f.suffix != ".tmp"]
    for file in found:
        file.unlink(missing_ok=True)
    return bool(found)


def _make_room(directory: Path) -> None:
    """Remove the modules that were not used for longest, when there is more than the limit. Looks at every 64th
    write."""
    global _written
    with _lock:
        _written += 1
        if _written % 64 != 1:
            return
    limit = int(os.environ.get("S2SAD_CACHE_LIMIT", LIMIT))
    evict(directory, limit)


def evict(directory: Path, limit: int, keep_seconds: float = _KEEP_SECONDS) -> None:
    """Remove the modules least recently used until 4/5 of `limit` bytes are left, none used in `keep_seconds`."""
    modules: dict[str, list[Path]] = {}
    for stem, path in _files(directory):
        modules.setdefault(stem, []).append(path)
    total = sum(_bytes(p) for paths in modules.values() for p in paths)
    if total <= limit:
        return
    now = time.time()
    for used, stem in sorted((_last_use(paths), stem) for stem, paths in modules.items()):
        if total <= limit * 4 // 5 or now - used < keep_seconds:
            return
        for path in modules[stem]:
            total -= _bytes(path)
            path.unlink(missing_ok=True)


def _last_use(paths: list[Path]) -> float:
    times = [0.0]
    for path in paths:
        with suppress(OSError):
            found = path.stat()
            times.append(max(found.st_atime, found.st_mtime))
    return max(times)
