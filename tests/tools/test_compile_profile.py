"""`tools/compile_profile.py`: its clock, what it puts under it, and the command."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numba
import pytest
from typer.testing import CliRunner

from s2sad import cache, pipeline
from s2sad.config import using
from s2sad.exporting import Request
from tools import compile_profile
from tools.clock import Clock, Stage, replaced

MODEL = """
import numpy as np

def loss(x, w):
    total = 0.0
    for i in range(x.shape[0]):
        total += np.tanh(x[i] * w[i])
    return total

def refused(x):
    yield x

def failing(x):
    if x > 0:
        raise KeyError("x")
    return x
"""
SIGNATURE = "f8[:], f8[:]"
runner = CliRunner()


@pytest.fixture
def model(tmp_path: Path) -> Iterator[str]:
    """A file with functions."""
    file = tmp_path / "profiled_model.py"
    file.write_text(MODEL)
    path = list(sys.path)
    yield str(file)
    sys.path[:] = path
    sys.modules.pop("profiled_model", None)


def ticking(*times: float) -> Clock:
    """A clock that is read at these times."""
    left = iter((0.0, *times))
    return Clock(lambda: next(left))


# -- the clock


def test_a_stage_is_charged_for_what_is_not_in_an_inner_one() -> None:
    clock = ticking(1.0, 3.0, 7.0, 12.0)
    with clock.stage("g", "outer"), clock.stage("g", "inner"):
        pass
    assert [(s.name, s.seconds) for s in clock.stages.values()] == [("outer", 2.0 + 5.0), ("inner", 4.0)]
    assert clock.total == 11.0


def test_time_outside_of_all_stages_is_nobodys() -> None:
    clock = ticking(1.0, 2.0, 10.0, 13.0)
    for _ in range(2):
        with clock.stage("g", "a"):
            pass
    assert list(clock.stages.values()) == [Stage("g", "a", 4.0, 2)]


def test_a_stage_ends_where_it_fails() -> None:
    clock = ticking(1.0, 2.0, 3.0, 4.0)
    with pytest.raises(KeyError), clock.stage("g", "a"):
        raise KeyError
    with clock.stage("g", "b"):
        pass
    assert clock.stages["g", "a"].seconds == 1.0


def test_sizes_are_summed() -> None:
    clock = Clock()
    halved = clock.timed(lambda items: items[::2], "g", "halve", len)
    assert halved(halved([1, 2, 3, 4])) == [1]
    stage = clock.stages["g", "halve"]
    assert (stage.runs, stage.before, stage.after) == (2, 6, 3)


def test_functions_are_replaced_by_name_and_in_lists_and_put_back() -> None:
    def old() -> int:
        return 1

    module = ModuleType("profiled.module")
    vars(module).update(old=old, passes=(("a", old), ("b", len)), other=("a", "b"))
    before = dict(vars(module))
    sys.modules["profiled.module"] = module
    try:
        with pytest.raises(KeyError), replaced({old: max}, "profiled"):
            assert module.old is max
            assert module.passes == (("a", max), ("b", len))
            assert module.other is before["other"]
            raise KeyError
    finally:
        del sys.modules["profiled.module"]
    assert vars(module) == before


# -- what is observed


def test_the_users_cache_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S2SAD_CACHE_DIR", str(tmp_path / "mine"))
    own, numbas = cache.where(), numba.config.CACHE_DIR
    with compile_profile.empty_cache() as place:
        assert cache.where() == place
        assert cache.count() == 0
    assert (cache.where(), numba.config.CACHE_DIR) == (own, numbas)
    assert not place.exists()


def test_no_cache_directory_is_named_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("S2SAD_CACHE_DIR", raising=False)
    with compile_profile.empty_cache():
        pass
    assert "S2SAD_CACHE_DIR" not in os.environ


def test_every_stage_of_ours_is_seen(model: str) -> None:
    passes, lower = pipeline.FINAL, pipeline.lower
    with using(backend="python"):
        clock, _ = compile_profile.profile(f"{model}:loss", Request("grad", None, SIGNATURE))
    assert pipeline.FINAL is passes
    assert pipeline.lower is lower
    runs = {stage.name: stage.runs for stage in clock.stages.values()}
    for name in ("find the source", "elaborate", "adjoint", "record", "emit", "write to the cache", "the call itself"):
        assert runs[name] >= 1, name
    for name, _ in (*pipeline.PRIMAL, *pipeline.DERIVATIVE, *pipeline.FINAL):
        stage = clock.stages[compile_profile.PASS, name]
        assert stage.runs >= 1
        assert stage.before is not None
    assert all(stage.seconds >= 0 for stage in clock.stages.values())


@pytest.mark.compiled
def test_numba_and_llvm_are_seen(model: str, tmp_path: Path) -> None:
    output = tmp_path / "profile.json"
    result = runner.invoke(compile_profile.app, [f"{model}:loss", "-s", SIGNATURE, "--json", str(output)])
    assert result.exit_code == 0
    assert "type inference" in result.stdout
    found = json.loads(output.read_text())
    stages = {(s["group"], s["name"]): s for s in found["stages"]}
    for key in (("Numba", "type inference"), ("Numba", "native lowering"), ("LLVM", "machine code")):
        assert stages[key]["seconds"] > 0, key
    assert stages["Numba", "write to its cache"]["runs"] == 1
    assert sum(s["share"] for s in found["stages"]) == pytest.approx(1.0)
    assert sum(s["seconds"] for s in found["stages"]) == pytest.approx(found["seconds"])


# -- the command


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (["{}:nothing"], 2),
        (["{}:loss", "-s", "f8[:]"], 2),
        (["{}:loss", "-m", "no_such_mode"], 2),
        (["{}:refused"], 3),
        (["{}:failing"], 1),
    ],
)
def test_exit_codes(model: str, args: list[str], code: int) -> None:
    with using(backend="python"):
        assert runner.invoke(compile_profile.app, [a.format(model) for a in args]).exit_code == code
