"""The cache under abuse: other processes, killed ones, damaged and foreign files, directories that cannot be used."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

from s2sad import cache
from s2sad.backend import numba as numba_backend

SOURCE = "import s2sad_rt as rt\n\n\n@rt.jit\ndef f(x):\n    return x * 2.0\n"


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """A cache directory of its own."""
    place = tmp_path / "cache"
    monkeypatch.setenv("S2SAD_CACHE_DIR", str(place))
    yield place
    for name in [n for n in sys.modules if n.startswith("s2sad_generated.")]:
        del sys.modules[name]


def run(code: str, directory: Path, **env: str) -> subprocess.Popen:
    """A fresh process that uses the directory."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "S2SAD_CACHE_DIR": str(directory), **env},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )


LOAD = f"""
from s2sad.backend import numba
f = numba.load({SOURCE!r}, 'f')
print(f(3.0), sum(f.stats.cache_hits.values()))
"""


def test_the_directory_is_private(directory):
    path = cache.store(SOURCE, "f")
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert path.parent == cache.where() == directory
    assert path.read_text() == SOURCE
    assert path.name.startswith("f_")


def test_same_text_same_file(directory):
    assert cache.store(SOURCE, "f") == cache.store(SOURCE, "f")
    assert cache.store(SOURCE + "\n", "f") != cache.store(SOURCE, "f")


def test_a_module_knows_its_source(directory):
    import inspect

    module = cache.load_module(cache.store(SOURCE, "f"), plain=True)
    assert module.f(2.0) == 4.0
    assert "return x * 2.0" in inspect.getsource(module.f)


def test_a_foreign_file_is_not_run_and_is_rewritten(directory):
    path = cache.store(SOURCE, "f")
    path.write_text("raise SystemExit('foreign code ran')\n")
    with pytest.raises(ValueError, match="not what s2sad wrote"):
        cache.load_module(path)
    assert cache.store(SOURCE, "f") == path
    assert cache.load_module(path, plain=True).f(1.0) == 2.0


def test_a_truncated_file_is_rewritten(directory):
    path = cache.store(SOURCE, "f")
    path.write_bytes(path.read_bytes()[:10])
    assert cache.load_module(cache.store(SOURCE, "f"), plain=True).f(1.0) == 2.0


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="modes are POSIX")
def test_an_open_directory_is_refused(directory):
    directory.mkdir()
    directory.chmod(0o755)
    cache._usable.cache_clear()
    with pytest.warns(cache.CacheWarning, match="open to other users"):
        used = cache.where()
    assert used != directory
    assert stat.S_IMODE(used.stat().st_mode) == 0o700
    assert not list(directory.iterdir())


def test_a_file_in_place_of_the_directory(directory):
    directory.write_text("")
    with pytest.warns(cache.CacheWarning):
        assert cache.load_module(cache.store(SOURCE, "f"), plain=True).f(1.0) == 2.0


def test_a_full_disk_falls_back(directory, monkeypatch):
    cache.where()

    def full(path, data):
        if path.parent == directory:
            raise OSError(28, "No space left on device")
        return written(path, data)

    written = cache._write_whole
    monkeypatch.setattr(cache, "_write_whole", full)
    cache._fall_back.cache_clear()
    with pytest.warns(cache.CacheWarning, match="No space left"):
        path = cache.store(SOURCE, "f")
    assert path.parent != directory
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once is enough
        assert cache.load_module(cache.store(SOURCE, "f"), plain=True).f(1.0) == 2.0


def test_nothing_is_left_of_a_write_that_failed(directory, monkeypatch):
    def fail(*args):
        raise OSError(5, "Input/output error")

    cache.where()
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError):
        cache._write_whole(directory / "f.py", b"x")
    assert not list(directory.iterdir())


def test_size_and_clear(directory):
    assert cache.size() == 0
    path = cache.store(SOURCE, "f")
    other = directory / "notes.txt"
    other.write_text("the user's own")
    assert cache.size() == len(SOURCE)
    cache.clear()
    assert cache.size() == 0
    assert not path.exists()
    assert other.exists()


def test_the_least_recently_used_go_first(directory):
    paths = [cache.store(SOURCE + f"# {k}\n", "f") for k in range(4)]
    for k, path in enumerate(paths):
        os.utime(path, (1000 + k, 1000 + k))
    cache.store(SOURCE + "# 0\n", "f")  # used now
    cache.evict(directory, limit=3 * len(SOURCE), keep_seconds=60)
    assert [p.exists() for p in paths] == [True, False, False, True]


def test_what_was_just_used_stays(directory):
    paths = [cache.store(SOURCE + f"# {k}\n", "f") for k in range(4)]
    cache.evict(directory, limit=1)
    assert all(p.exists() for p in paths)


def test_a_use_leaves_the_modification_time(directory):
    path = cache.store(SOURCE, "f")
    os.utime(path, (1000, 1000))
    cache.store(SOURCE, "f")
    assert path.stat().st_mtime == 1000
    assert path.stat().st_atime > time.time() - 60


def test_processes_together(directory):
    processes = [run(LOAD, directory) for _ in range(3)]
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert out.split()[0] == "6.0", err


def test_the_second_process_finds_compiled_code_and_mends_it(directory):
    assert run(LOAD, directory).communicate(timeout=120)[0].split() == ["6.0", "0"]
    out, err = run(LOAD, directory).communicate(timeout=120)
    assert out.split() == ["6.0", "1"], err
    for suffix, damage in ((".nbc", b""), (".nbi", b""), (".nbc", b"garbage" * 9), (".nbi", b"garbage" * 9)):
        files = [p for p in (directory / "__pycache__").iterdir() if p.suffix == suffix]
        assert files
        for file in files:
            file.write_bytes(damage or file.read_bytes()[:50])
        out, err = run(LOAD, directory).communicate(timeout=120)
        assert out.split()[:1] == ["6.0"], (suffix, damage, err)


def test_killed_processes_do_no_harm(directory):
    for wait in (0.2, 0.5, 0.8):
        process = run(LOAD, directory)
        time.sleep(wait)
        process.kill()
        process.communicate()
    out, err = run(LOAD, directory).communicate(timeout=120)
    assert out.split()[0] == "6.0", err


def test_compiled_code_can_be_dropped(directory):
    function = numba_backend.load(SOURCE, "f")
    assert function(3.0) == 6.0
    path = cache.store(SOURCE, "f")
    assert cache.clear_compiled(path)
    assert not cache.clear_compiled(path)
    assert path.exists()
