"""Functions whose source is not there, is another one by now, or cannot be followed."""

from __future__ import annotations

import importlib
import os
import sys

import numpy as np
import pytest

import s2sad
from tests.refusals.checks import refused


def test_no_source():
    namespace: dict = {}
    exec("def f(x):\n    return x", namespace)
    refused(lambda: s2sad.grad(namespace["f"])(1.0), TypeError, "source of f cannot be found", "file", filename=None)


def calls_one_without_source(x):
    return sourceless(x)  # here


sourceless = eval("lambda x: x * 2")


def test_a_helper_without_source():
    refused(lambda: s2sad.grad(calls_one_without_source)(1.0), TypeError, "cannot be found", filename=None)


def test_a_file_that_changed(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "changed_since.py"
    file.write_text("def f(x):  # here\n    return 2.0 * x\n")
    module = importlib.import_module("changed_since")
    file.write_text("def f(x):  # here\n    return 3.0 * x\n")
    os.utime(file, (1, 1))
    try:
        call = lambda: s2sad.grad(module.f)(1.0)  # noqa: E731
        error = refused(call, TypeError, "has changed since f was imported", "Import", filename=None)
        assert error.pos.filename == str(file)
    finally:
        del sys.modules["changed_since"]


def of_another_library(x):
    return np.linalg.lstsq(np.eye(2) * x, np.ones(2))[0].sum()  # here


def of_a_keyword(x):
    return np.sum(np.ones(2) * x, where=[True, False])  # here


def of_a_wrong_keyword(x):
    return np.sum(x, colour=1)  # here


def endless(x):  # here
    return endless(x)


def too_few(x):
    return helper(x)  # here


def helper(x, y):
    return x * y


@pytest.mark.parametrize(("function", "kind", "why"), [
    (of_a_wrong_keyword, NotImplementedError, "colour"),
    (endless, NotImplementedError, "endless never returns"),
    (too_few, TypeError, "helper() is called without 'y'"),
])  # fmt: skip
def test_calls(function, kind, why):
    refused(lambda: s2sad.grad(function)(1.5), kind, why, filename=__file__)


@pytest.mark.parametrize("function", [of_another_library, of_a_keyword])
def test_calls_that_may_be_supported_one_day(function):
    """Right, or refused at the line: nothing in between."""
    try:
        found = s2sad.grad(function)(1.5)
    except s2sad.S2sadError as error:
        assert "# here" in error.pos.text
    else:
        eps = 1e-6
        assert abs(found - (function(1.5 + eps) - function(1.5 - eps)) / (2 * eps)) < 1e-6
