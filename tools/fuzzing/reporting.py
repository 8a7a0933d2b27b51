"""What is told of a failure: a test to paste, with the smallest program, its arguments and what is expected."""

from __future__ import annotations

import ast
import re

import numpy as np

from tools.fuzzing.case import Case, literal, loaded
from tools.fuzzing.checking import Outcome, Settings, tolerance_of
from tools.fuzzing.modes import Mode
from tools.fuzzing.reference import Reference


def test_text(case: Case, mode: Mode, outcome: Outcome, seed: int, settings: Settings) -> str:
    """A pytest module that fails as the case does."""
    with loaded(case) as one:
        reference = Reference(one)
        expected = np.asarray(mode.expected(reference))
        given = mode.arguments(reference)
        tolerance = tolerance_of(mode, reference)
    check = ast.parse(mode.text(case))
    assert isinstance(check.body[0], ast.FunctionDef)
    names = [a.arg for a in check.body[0].args.args]
    used = {n.id for n in ast.walk(check) if isinstance(n, ast.Name)}
    kept = [(n, v) for n, v in zip(names, given, strict=True) if n in used]
    check.body[0].args.args = [ast.arg(n) for n, _ in kept]
    source = re.sub(r"^import .*\n+", "", case.source, flags=re.MULTILINE)
    passes = ["from tools.fuzzing.passes import without"] if mode.without else []
    lines = [
        *(["import math", ""] if "math." in source else []),
        "import numpy as np", "", "import s2sad", "from s2sad.config import using",
        "from tests.oracles import assert_close", "from tools.fuzzing.modes import flat", *passes, "", "",
        source.strip(), "", "", ast.unparse(check), "", "",
        f"def test_seed_{seed}_{mode.name}():",
        f'    """{outcome.kind}: {_first_line(outcome)}"""',
        *(f"    {n} = {literal(v)}" for n, v in kept),
        f"    with using(backend={settings.backend!r}, verify={settings.verify}):",
        f"        actual = check({', '.join(n for n, _ in kept)})",
        f"    assert_close(flat(actual), {np.round(expected, 12).tolist()}, rtol={tolerance}, atol={tolerance})",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _first_line(outcome: Outcome) -> str:
    text = outcome.detail if outcome.kind == "crash" else outcome.message
    return " ".join((text.splitlines() or [""])[0].split())[:90].replace('"', "'").replace("\\", "/")
