"""The kernel language: no jumps, the same meaning."""

from __future__ import annotations

import ast
import textwrap

import gast

from s2sad.frontend.syntax.desugar import desugar


def kernel(text: str) -> str:
    tree = gast.ast_to_gast(ast.parse(textwrap.dedent(text)).body[0])
    return ast.unparse(gast.gast_to_ast(desugar(tree)))


def test_early_return_nests():
    assert kernel("""
        def f(x):
            if x > 0:
                return 1
            y = x
            return y
    """) == textwrap.dedent("""\
        def f(x):
            if x > 0:
                return 1
            else:
                y = x
                return y""")


def test_break():
    assert kernel("""
        def f(x):
            for i in x:
                if i:
                    break
                y = i
    """) == textwrap.dedent("""\
        def f(x):
            left@1 = False
            for i in x:
                left@1 = False
                if i:
                    left@1 = True
                else:
                    y = i
                __exit__(left@1)""")


def test_no_jump_is_left():
    text = kernel("""
        def f(x):
            for i in x:
                while i:
                    if i == 1:
                        continue
                    if i == 2:
                        if x:
                            break
                        y = 2
                    try:
                        if y:
                            raise ValueError
                    except ValueError:
                        return 3
                else:
                    return 1
            match i:
                case 1 | 2:
                    return 5
                case _:
                    pass
            return 4
    """)
    for word in ("break", "continue", "match"):
        assert word not in text
    assert "__exit__" in text
