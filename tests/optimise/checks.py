"""What every test of a pass does: the docstring's example, and the same answers before and after."""

from __future__ import annotations

import re
import textwrap

import numpy as np

from s2sad.ir import Function, python_function, to_source, verify

from .reader import read


def examples(doc: str) -> list[tuple[str, str]]:
    """The pairs of functions in a docstring that 'becomes' stands between."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+", doc + "\n", re.M)
    functions = [textwrap.dedent(b).strip("\n") + "\n" for b in blocks if b.strip().startswith("def ")]
    return list(zip(functions[::2], functions[1::2], strict=True))


def check_example(module, apply, **types: str) -> None:
    """The first example of the module's docstring holds."""
    before, after = examples(module.__doc__)[0]
    out = apply(read(before, **types))
    verify(out, module.__name__)
    assert to_source(out) == after


def same(before: Function, after: Function, *args, exact: bool = True) -> None:
    """Both are well formed and give the same results for these arguments."""
    verify(before, "reading")
    verify(after, "the pass")
    with np.errstate(all="ignore"):
        want = python_function(before)(*args)
        got = python_function(after)(*args)
    assert len(want) == len(got)
    for w, g in zip(want, got, strict=True):
        np.testing.assert_allclose(g, w, rtol=0 if exact else 1e-12, atol=0 if exact else 1e-12)
        assert np.asarray(g).dtype == np.asarray(w).dtype
