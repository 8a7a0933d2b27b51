"""Random programs are differentiated rightly, and the fuzzer finds, makes small and reports what is not."""

from __future__ import annotations

import ast
import random

import numpy as np
import pytest
from typer.testing import CliRunner

from s2sad.rules.elementwise import cos, sin
from s2sad.rules.registry import RULES
from tools import fuzz
from tools.fuzzing import programs
from tools.fuzzing.case import Case
from tools.fuzzing.checking import Outcome, Settings, check
from tools.fuzzing.modes import BY_NAME
from tools.fuzzing.passes import OPTIONAL, without
from tools.fuzzing.reporting import test_text as text_of_test
from tools.fuzzing.shrinking import shrink

CHUNKS, SIZE = 10, 20
DRAWN = (
    "value", "jvp", "vjp", "linearize", "jacrev", "jacfwd", "hvp", "hessian", "vmap", "rev_over_rev", "rev_over_fwd",
    "without_all",
)  # fmt: skip
"""One of these is drawn for each program, beside its gradient."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_programs(chunk: int) -> None:
    """Two hundred programs, always the same: their gradient, and one more mode each."""
    for seed in range(chunk * SIZE, (chunk + 1) * SIZE):
        case = programs.write(seed)
        modes = [fuzz.EVERY["value_and_grad"], fuzz.EVERY[random.Random(seed).choice(DRAWN)]]
        failed = [o for o in check(case, Settings(modes=modes)) if o.failed]
        assert not failed, f"seed {seed}, {failed[0].mode}: {failed[0].message}\n\n{case}"


def test_most_programs_are_a_test() -> None:
    """Few programs are skipped, and they are deterministic, diverse and short enough to read."""
    written = [programs.write(seed) for seed in range(60)]
    assert [repr(c) for c in written] == [repr(programs.write(seed)) for seed in range(60)]
    outcomes = [check(c, Settings(modes=[])) for c in written]
    assert sum(bool(o) for o in outcomes) < 15
    kinds = {type(n).__name__ for c in written for n in ast.walk(ast.parse(c.source))}
    assert kinds >= {
        "For",
        "While",
        "If",
        "IfExp",
        "Break",
        "Continue",
        "AugAssign",
        "Lambda",
        "ListComp",
        "Dict",
        "Slice",
    }
    assert max(c.source.count("\n") for c in written) < 80


# ---------------------------------------------------------------- what is wrong is found


def wrong(outcomes: list[Outcome]) -> Outcome | None:
    """The first failure."""
    return next((o for o in outcomes if o.failed), None)


def test_a_wrong_rule_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a partial of sin that is wrong by a hundredth, an early seed fails, and shrinks to a sine of little else."""
    monkeypatch.setattr(RULES[sin], "partials", lambda x: 1.01 * cos(x))
    settings = Settings(modes=[BY_NAME["grad"]])
    for seed in range(60):
        case = programs.write(seed)
        if "sin(" in case.source and (found := wrong(check(case, settings))):
            break
    else:
        pytest.fail("no seed shows it")
    smallest = shrink(case, lambda c: any(o.like(found) for o in check(c, settings)))
    assert "sin(" in smallest.source
    assert len(smallest.source.splitlines()) <= 8, smallest.source
    text = text_of_test(smallest, BY_NAME["grad"], found, seed, settings)
    names: dict[str, object] = {"__name__": "pasted"}
    exec(compile(text, "pasted.py", "exec"), names)
    assert f"def test_seed_{seed}_grad()" in text


def test_a_wrong_second_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A derivative of cos that is wrong shows in the second one of sin."""
    case = Case("import numpy as np\n\ndef f(x):\n    return np.sum(np.sin(x))", ("x",), (np.array([0.4, 0.9]),), 1)
    settings = Settings(modes=[BY_NAME["grad"], BY_NAME["hvp"], BY_NAME["rev_over_rev"]])
    assert wrong(check(case, settings)) is None
    monkeypatch.setattr(RULES[cos], "partials", lambda x: 2.0 * sin(x))
    assert [o.kind for o in check(case, settings)] == ["ok", "wrong", "wrong"]


def test_a_wrong_pass_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """What only a pass breaks is right without it."""
    from s2sad import pipeline
    from s2sad.ir.nodes import replace

    def backwards(function):  # type: ignore[no-untyped-def]
        return replace(function, results=function.results[::-1])

    case = Case("def f(x, y):\n    return x * y * y", ("x", "y"), (0.5, 0.7), 2)
    monkeypatch.setattr(pipeline, "FINAL", (*pipeline.FINAL, ("hoist", backwards)))
    modes = [fuzz.EVERY["value_and_grad"], fuzz.EVERY["without_hoist"]]
    assert [o.kind for o in check(case, Settings(modes=modes))] == ["wrong", "ok"]


def test_changed_arguments_and_crashes_are_told_apart() -> None:
    """A refusal is none of them, and says why without the names of its program."""
    source = "import numpy as np\n\ndef f(x):\n    global seen\n    seen = x\n    return x * x"
    outcome = check(Case(source, ("x",), (0.5,), 1), Settings(modes=[BY_NAME["grad"]]))[0]
    assert outcome.kind == "refused" and "x" not in outcome.detail.split()


# ---------------------------------------------------------------- what is no test is skipped


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return abs(x - 0.5)", "kink"),
        ("while x < 2.0:\n        x = x * 1.0\n    return x", "end"),
        ("return [x][1]", "IndexError"),
        ("return 1e5 * x", "large"),
        ("return 1 if x > 0 else x", "int"),
    ],
)
def test_unsuitable_programs_are_skipped(body: str, why: str) -> None:
    """At a kink, without an end, raising, large."""
    case = Case(f"def f(x):\n    {body}", ("x",), (0.5,), 1)
    outcomes = check(case, Settings(modes=[BY_NAME["grad"]]))
    assert [o.kind for o in outcomes] == ["skipped"] and why in outcomes[0].detail


def test_passes_are_left_out_and_come_back() -> None:
    """An unknown pass is an error."""
    from s2sad import pipeline

    before = pipeline.PRIMAL
    with without("cse"):
        assert {name for name, _ in before} - {name for name, _ in pipeline.PRIMAL} == {"cse"}
    assert pipeline.PRIMAL is before and "cse" in OPTIONAL
    with pytest.raises(ValueError, match="no optional pass"), without("csee"):
        pass


def test_shrinking_keeps_what_matters() -> None:
    """Whatever a failure depends on stays, all else goes."""
    case = next(c for c in map(programs.write, range(20)) if "for " in c.source)
    smallest = shrink(case, lambda c: "def f(" in c.source and "for " in c.source)
    assert len(smallest.source.splitlines()) < 7, smallest


# ---------------------------------------------------------------- the command line


def test_command_line() -> None:
    """Showing, listing, running; an unknown mode is an error."""
    runner = CliRunner()
    shown = runner.invoke(fuzz.app, ["--seed", "3", "--show"])
    assert shown.exit_code == 0 and "def f(" in shown.output
    assert "rev_over_rev" in runner.invoke(fuzz.app, ["--list"]).output
    assert runner.invoke(fuzz.app, ["--modes", "grd"]).exit_code == 2
    assert "--backend" in runner.invoke(fuzz.app, ["--help"]).output


def test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run counts its outcomes; one with failures says so by its exit code, with a test to paste."""
    monkeypatch.setattr(fuzz, "checked_seeds", lambda seeds, jobs, until, *options: map(failing, seeds))
    done = CliRunner().invoke(fuzz.app, ["--count", "2"])
    assert (
        done.exit_code == 1
        and "def test_pasted" in done.output
        and "ok 2, skipped 0, refused 0, failed 2" in done.output
    )


def failing(seed: int) -> fuzz.Checked:
    """A seed of which one of two checks failed."""
    return fuzz.Checked(seed, (Outcome("jvp", "ok"), Outcome("grad", "wrong")), ("def test_pasted(): ...",))
