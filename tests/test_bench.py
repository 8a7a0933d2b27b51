"""The benchmark program: what it chooses, samples, keeps and compares."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bench import memory, retarget, timing, tools
from bench.compare import compare, lost
from bench.problems import ARRAYS, LOOPS, NAMES
from bench.results import Call, Cell, Results, Row, load, means, save
from bench.share import no_share, watched
from bench.table import readable, tables
from bench.worker import run_job


def cell(median: float, first: float = 1.0) -> Cell:
    """A cell with narrow quartiles."""
    return Cell(median, 0.99 * median, 1.01 * median, first)


@pytest.fixture
def results() -> Results:
    """A run of two rows and a kind of call."""
    times = {"s2sad": 2e-3, "jax": 4e-3, "hand": 1e-3, "jit": 1e-3, "njit": 5e-4}
    one = Row("one", "10", "loops", True, {tool: cell(seconds) for tool, seconds in times.items()})
    two = Row(
        "two", "20", "arrays", True, {"s2sad": cell(2e-5), "jax": cell(1e-5)}, notes=["njit: no"], info={"njit": 0.5}
    )
    call = Call("scalar", {"s2sad": cell(2e-6), "numba": cell(1e-7)})
    return Results({"python": "3"}, [one, two], [call], {"numba": {"import": 0.1}})


def test_choice() -> None:
    """Names, families and sections, with commas or without, in the order of the table; nothing is everything."""
    from bench.run import chosen

    assert chosen([]) == [*NAMES, "calls", "start"]
    assert chosen(["ode,gmm"]) == ["gmm", "ode"]
    assert chosen(["arrays", "calls"]) == [*ARRAYS, "calls"]
    with pytest.raises(ValueError, match="no such row: nothing"):
        chosen(["gmm,nothing"])


def test_families() -> None:
    """Every problem is in one family."""
    assert len(set(NAMES)) == len(NAMES) == len(LOOPS) + len(ARRAYS)


def test_results_are_read_back(results: Results, tmp_path: Path) -> None:
    """What is saved is what is loaded."""
    save(results, tmp_path / "r.json")
    assert load(tmp_path / "r.json") == results


def test_another_file_is_refused(tmp_path: Path) -> None:
    """A list of rows, as an older program wrote, is no file of results."""
    (tmp_path / "old.json").write_text("[]")
    with pytest.raises(ValueError, match="not a file of results"):
        load(tmp_path / "old.json")


def test_means(results: Results) -> None:
    """Geometric means over the rows of a family that have both tools; the primal is the faster one."""
    results.rows.append(Row("three", "1", "loops", True, {"s2sad": cell(8e-3), "jax": cell(4e-3)}))
    found = means(results.rows, "loops")
    assert found["s2sad / jax"] == (pytest.approx(1.0), 2)
    assert found["s2sad / hand"] == (pytest.approx(2.0), 1)
    assert found["gradient / primal"] == (pytest.approx(4.0), 1)
    results.rows[0].gradient = False
    assert "gradient / primal" not in means(results.rows, "loops")


def test_failures(results: Results) -> None:
    """A wrong derivative and what s2sad cannot do fail the run; another tool's failure is a note."""
    assert results.failures == []
    results.rows[0].wrong.append("WRONG: s2sad differs by 1")
    results.calls[0].notes += ["jax: no", "s2sad: no"]
    assert results.failures == ["one 10: WRONG: s2sad differs by 1", "scalar: s2sad: no"]


def test_tables_have_every_row(results: Results) -> None:
    """All that was measured is shown."""
    assert [table.row_count for table in tables(results)] == [2, 2, 2, 1, 1]
    results.rows[0].info["compiled"] = {"functions": 2, "njit": ["a reason"], "bridges": {"solve": 2}}
    share = tables(results)[3]
    assert share.row_count == 1 and "1 of 2" in str(share.title)
    assert [list(column.cells) for column in share.columns[2:]] == [["2"], ["a reason"], ["2 solve"]]


def test_what_is_compiled_is_counted() -> None:
    """Functions, why some go through Numba's front end, and what needs a bridge."""
    module = SimpleNamespace(objective=lambda a, b: np.sum(np.linalg.pinv(a) @ b))
    share = no_share()
    with watched(share):
        tools.runner(module, "jit", (np.eye(2), np.ones(2)))()
    assert share == {"functions": 1, "njit": [], "bridges": {"pinv": 1}}


def test_readable() -> None:
    """Three digits and a unit."""
    assert [readable(t) for t in (1.234, 2e-3, 3.4567e-6, 5e-8, None)] == ["1.23 s", "2 ms", "3.46 us", "50 ns", ""]


def test_nothing_changed(results: Results) -> None:
    """A run does not differ from itself, nor from one on a machine of half the speed."""
    assert compare(results, results)[0] == []
    slow = copy.deepcopy(results)
    for c in [c for group in (*slow.rows, *slow.calls) for c in group.cells.values()]:
        c.median, c.low, c.high, c.first = 2 * c.median, 2 * c.low, 2 * c.high, 2 * c.first
    changes, factors = compare(slow, results)
    assert changes == [] and factors["calls"] == pytest.approx(2.0)


def test_what_changed(results: Results) -> None:
    """Slower and faster beyond noise, at any call and at the first; what is within noise is not named."""
    now = copy.deepcopy(results)
    now.rows[0].cells["s2sad"] = cell(3e-3)
    now.rows[0].cells["jit"] = cell(1.05e-3)
    now.rows[1].cells["s2sad"] = cell(1e-5, first=3.0)
    changes, _ = compare(now, results)
    found = {c.what: c.slower for c in changes}
    assert found == {"one 10: s2sad": True, "two 20: s2sad": False, "two 20: s2sad, first call": True}


def test_wide_quartiles_are_noise(results: Results) -> None:
    """A measurement that was unsteady needs a larger change."""
    now = copy.deepcopy(results)
    now.rows[0].cells["s2sad"] = Cell(2.4e-3, 1.5e-3, 3.5e-3, 1.0)
    assert compare(now, results)[0] == []


def test_what_is_no_longer_done(results: Results) -> None:
    """A row that was measured and now has no time of ours; rows that were not asked for do not count."""
    now = copy.deepcopy(results)
    del now.rows[0].cells["s2sad"]
    del now.rows[1]
    assert lost(now, results) == ["one 10: s2sad"]


def test_tools_take_turns() -> None:
    """Every call is made, and the slower one is slower."""

    def busy(n: int) -> Any:
        return lambda: sum(range(n))

    times = timing.side_by_side({"short": busy(100), "long": busy(20_000)}, 0.02)
    assert times["short"][1] < times["long"][1]
    assert all(low <= median <= high for low, median, high in times.values())


def test_peak_memory() -> None:
    """An array of 32 MB is seen, and so is that a call allocates next to nothing."""
    large, small = memory.peak_of(lambda: np.ones(4_000_000)), memory.peak_of(lambda: 1.0)
    if large is None or small is None:
        pytest.skip("the system does not tell")
    assert 28e6 < large < 40e6 and small < 1.1e6


def test_wrong_answers_are_seen() -> None:
    """Each array is compared by itself: an error in a small one does not hide behind a large one."""
    assert tools.distance((1e9, np.ones(2)), [1e9, np.ones(2)]) == 0.0
    assert tools.distance((1e9, np.array([1.0, 1.1])), (1e9, np.ones(2))) == pytest.approx(0.1)
    assert tools.distance((np.nan,), (1.0,)) == math.inf
    assert tools.distance((1.0,), (1.0, 2.0)) == math.inf


def test_disagreements() -> None:
    """A derivative against JAX's, against differences where there is no JAX; a primal against the program."""
    module = SimpleNamespace(objective=lambda x: float(np.sum(x**3)), ARGNUMS=0)
    x = np.arange(1.0, 4.0)
    right = 3.0 * x * x
    assert tools.disagreements(module, (x,), {"s2sad": right, "jax": right, "hand": right, "jit": 36.0}) == []
    assert "hand" in tools.disagreements(module, (x,), {"s2sad": right, "jax": right, "hand": 2 * right})[0]
    assert tools.disagreements(module, (x,), {"s2sad": right}) == []
    assert "s2sad" in tools.disagreements(module, (x,), {"s2sad": 2 * right})[0]
    assert "primal" in tools.disagreements(module, (x,), {"jit": 35.0})[0]
    module.GRADIENT = False
    assert "no other tool" in tools.disagreements(module, (x,), {"s2sad": right})[0]


def test_other_names() -> None:
    """A function and its helpers over another module in place of NumPy."""
    from bench.problems import hvp

    seen = []
    fake = SimpleNamespace(tanh=lambda x: seen.append("tanh") or np.tanh(x), dot=np.dot, sum=np.sum, log=np.log)
    w, _, inputs, targets = hvp.make(**hvp.TINY)
    assert retarget.over(hvp.loss, fake)(w, inputs, targets) == hvp.loss(w, inputs, targets)
    assert seen == ["tanh"]


def test_a_job_that_fails() -> None:
    """A process that ends early is reported, with where it was."""
    found, early = run_job(["row", "nothing", "1", "0.1"], 60.0, lambda at: None)
    assert found == {} and "No module named 'bench.problems.nothing'" in early
    assert "stopped after 0 s" in run_job(["row", "garch", "2000 returns", "0.1"], 0.01, lambda at: None)[1]
