"""Every program of the corpus, its gradient and second derivative give the same results lowered as not, each way."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.errors import S2sadError
from s2sad.ir import verify
from s2sad.lower.lower import lowered
from tests.corpus import REGISTRY, load
from tests.optimise.test_corpus import elaborated, results

load()
NAMES = sorted(REGISTRY)


def check(module: Any, guards: Any, args: list[Any], rtol: float = 1e-9) -> None:
    """The lowered module against the module, with and without fusion, and small arrays in numbers alone."""
    want = results(module, args)
    for off in ((), ("fuse",), ("elements",)):
        with s2sad.using(passes_off=off):
            loops = lowered(module, guards)
        verify(loops, f"lower without {off}")
        close(results(loops, args), want, rtol)


def close(got: list[Any], want: list[Any], rtol: float) -> None:
    assert len(got) == len(want)
    for g, w in zip(got, want, strict=True):
        if isinstance(w, list):
            close(g, w, rtol)
            continue
        assert np.asarray(g).dtype == np.asarray(w).dtype
        assert np.shape(g) == np.shape(w)
        single = np.asarray(w).dtype in (np.float32, np.complex64)
        scale = float(np.max(np.abs(w), initial=0, where=np.isfinite(w))) if np.asarray(w).dtype.kind in "fc" else 0
        np.testing.assert_allclose(g, w, rtol=2e-4 if single else rtol, atol=(1e-5 if single else rtol) * scale)


@pytest.mark.parametrize("name", NAMES)
def test_program(name: str) -> None:
    module, args = elaborated(name)
    check(module, (), args)


def derivative(name: str, kind: str) -> None:
    """A derivative as it is compiled, against the module before it was lowered."""
    p = REGISTRY[name]
    args = p.args()
    argnums = p.wrt[0] if len(p.wrt) == 1 else p.wrt
    transformed = s2sad.grad(p.function, argnums=argnums)
    if kind == "second":
        transformed = s2sad.jacfwd(transformed, argnums=argnums)
    with s2sad.using(backend="python"), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found, leaves = transformed._program.variant(args, {})
        except (S2sadError, TypeError) as error:
            pytest.skip(f"no {kind}: {error}")
        check(found.lowered.module, found.guards, found.runtime(leaves))


@pytest.mark.parametrize("name", NAMES)
def test_gradient(name: str) -> None:
    derivative(name, "first")


@pytest.mark.parametrize("name", NAMES[::4])
def test_second_derivative(name: str) -> None:
    derivative(name, "second")
