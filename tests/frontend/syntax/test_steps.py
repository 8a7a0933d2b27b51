"""Statements in steps: one that may raise in each, in Python's order."""

from __future__ import annotations

import ast
import textwrap

import gast
import pytest

from s2sad.frontend.syntax.steps import function_in_steps


@pytest.mark.parametrize(("before", "after"), [
    ("s += w[i] / f(x)", "t@@1 = w[i]\nt@@2 = f(x)\nt@@3 = t@@1 / t@@2\ns += t@@3"),
    ("y = np.linalg.inv(A)", "y = np.linalg.inv(A)"),
    ("y = a[i] and b[j]", "t@@1 = a[i]\nt@@3 = t@@1\nif t@@3:\n    t@@2 = b[j]\n    t@@3 = t@@2\ny = t@@3"),
    ("a[i] += f(x)", "t@@2 = a[i]\nt@@1 = f(x)\na[i] += t@@1"),
    ("while f(x):\n    g(x)", "test@@1 = f(x)\nwhile test@@1:\n    g(x)\n    test@@1 = f(x)"),
    ("if c:\n    raise E\ny = 1", "if c:\n    raise E\nelse:\n    y = 1"),
])  # fmt: skip
def test_steps(before: str, after: str) -> None:
    tree = gast.ast_to_gast(ast.parse("def f():\n" + textwrap.indent(before, "    ")).body[0])
    text = ast.unparse(gast.gast_to_ast(function_in_steps(tree)))
    assert text == "def f():\n" + textwrap.indent(after, "    ")
