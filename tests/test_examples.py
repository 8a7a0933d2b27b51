"""The data set and the demonstration."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import oracles

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture(scope="module")
def demo() -> Any:
    """The demonstration as a module."""
    spec = importlib.util.spec_from_file_location("gmm_fit", EXAMPLES / "gmm_fit.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["gmm_fit"] = module
    spec.loader.exec_module(module)
    return module


def test_old_faithful_is_the_published_data() -> None:
    """Size, means, standard deviations, correlation and quartiles as R prints them."""
    x = np.loadtxt(EXAMPLES / "data" / "old_faithful.csv", delimiter=",", skiprows=1)
    assert x.shape == (272, 2)
    np.testing.assert_allclose(x.mean(axis=0), [3.487783, 70.89706], rtol=1e-6)
    np.testing.assert_allclose(x.std(axis=0, ddof=1), [1.141371, 13.59497], rtol=1e-6)
    np.testing.assert_allclose(np.corrcoef(x.T)[0, 1], 0.9008112, rtol=1e-6)
    np.testing.assert_allclose(np.quantile(x, [0.25, 0.5, 0.75], axis=0), [[2.16275, 58], [4, 76], [4.45425, 82]])


def test_likelihood_by_numpy(demo: Any) -> None:
    """The loops are the mixture's density, written out with matrices."""
    rng = np.random.default_rng(0)
    theta, x = rng.normal(size=(3, 6)), rng.normal(size=(7, 2))
    total = np.zeros(7)
    for weight, mean, covariance in demo.components(theta, np.zeros(2), np.ones(2)):
        z = x - mean
        quadratic = np.einsum("ia,ab,ib->i", z, np.linalg.inv(covariance), z)
        total += weight * np.exp(-0.5 * quadratic) / (2 * np.pi * np.sqrt(np.linalg.det(covariance)))
    np.testing.assert_allclose(demo.negative_log_likelihood(theta, x), -np.sum(np.log(total)), rtol=1e-12)


@pytest.mark.compiled
def test_the_demonstration_runs(demo: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole of it; the maximum is the published one (R's mclust: -1130.264)."""
    assert demo.main(["--output", str(tmp_path)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "log-likelihood -1130.26" in printed
    assert "the same numbers" in printed or "close numbers" in printed
    assert (tmp_path / "old_faithful.png").stat().st_size > 10_000


def test_gradient_under_cpython(demo: Any) -> None:
    """The gradient's source, uncompiled, against differences."""
    from tests import helpers

    rng = np.random.default_rng(1)
    theta, x = rng.normal(size=(2, 6)), rng.normal(size=(5, 2))
    with helpers.backend():
        got = helpers.transform("grad", demo.negative_log_likelihood)(theta, x)
    expected = oracles.differences(
        lambda t: np.array([demo.negative_log_likelihood(t.reshape(2, 6), x)]), theta.ravel(), 1e-3
    )
    oracles.assert_close(got.ravel(), expected[0], rtol=1e-7, atol=1e-8)
