"""`docs/kinks.md` is the table: every row is run, and run in JAX."""

from __future__ import annotations

import functools
import importlib.util
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import s2sad

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)

TABLE = Path(__file__).parent.parent / "docs" / "kinks.md"
NUMBERS = {"nan": math.nan, "inf": math.inf}


class Kink(NamedTuple):
    """One row: an expression of some arguments, their values, and the figures of the table."""

    expression: str
    names: tuple[str, ...]
    args: tuple[Any, ...]
    value: Any
    derivatives: tuple[Any, ...]


def rows() -> list[Kink]:
    found = []
    for line in TABLE.read_text().splitlines():
        match = re.fullmatch(r"\| `(.+)` \| `(.+) = (.+)` \| (.+) \| (.+) \|", line)
        if match is None:
            continue
        names = tuple(match[2].split(", "))
        args, value, derivatives = (eval(f"({text},)", dict(NUMBERS)) for text in (match[3], match[4], match[5]))
        found.append(Kink(match[1], names, tuple(map(float64, args)), float64(value[0]), derivatives))
    return found


def float64(value: Any) -> Any:
    return np.asarray(value, np.float64)[()]


KINKS = rows()


@pytest.fixture(scope="module")
def functions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """The expressions as functions of a module of their own: of NumPy's names, and of JAX's."""
    numpy, ours = "import numpy as np\nimport scipy.special\n\n", ""
    for k, kink in enumerate(KINKS):
        ours += f"\ndef f{k}({', '.join(kink.names)}):\n    return {kink.expression}\n\n"
    jaxs = "import jax.numpy as np\nimport jax as scipy\nimport jax.scipy.special\n\n" + ours.replace(
        "scipy.special", "jax.scipy.special"
    )
    folder = tmp_path_factory.mktemp("kinks")
    return load(folder / "of_numpy.py", numpy + ours), load(folder / "of_jax.py", jaxs)


def load(path: Path, text: str) -> Any:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_read() -> None:
    lines = [x for x in TABLE.read_text().splitlines() if x.startswith("| `")]
    assert len(KINKS) == len(lines) > 70


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("k", range(len(KINKS)), ids=[f"{x.expression} at {x.args}" for x in KINKS])
def test_kink(functions, k):
    """Value and reverse mode are those of the table and of JAX; forward mode, by one argument, is JAX's."""
    kink, close = KINKS[k], functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6)
    ours, theirs = (getattr(module, f"f{k}") for module in functions)
    exactly = functools.partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-12)
    with np.errstate(all="ignore"):
        value = s2sad.jit(ours)(*kink.args)
        close(value, kink.value)
        exactly(value, theirs(*kink.args))
        for n, derivative in enumerate(kink.derivatives):
            got = s2sad.jacrev(ours, argnums=n)(*kink.args)
            close(got, derivative)
            exactly(got, jax.jacrev(theirs, argnums=n)(*kink.args))
            exactly(s2sad.jacfwd(ours, argnums=n)(*kink.args), jax.jacfwd(theirs, argnums=n)(*kink.args))
