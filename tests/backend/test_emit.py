"""The text that is emitted, and that it means what the IR means."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from s2sad.backend.emit import WIDTH, emit, emit_functions, header
from s2sad.ir import Array, Comment, Const, For, Function, If, Join, List, Module, Pos, Scalar, Var, While
from s2sad.ir import primitives as P
from s2sad.ir.nodes import Call, Carry, int_var
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.types import FLOAT, symbol
from s2sad.rules.elementwise import add, exp, mul, neg, sub
from s2sad.rules.logical import lt
from tests.backend.programs import Program
from tests.backend.running import COUNT, NUMBER, VECTOR, Writer, check, emitted

X, S, N = Var("x", VECTOR), Var("s", NUMBER), Var("n", COUNT)
LONG = Array(FLOAT, (symbol("w.0", 2),))


def body(function: Function) -> str:
    """The emitted lines of a function, without its head."""
    text = emit_functions(Module(function), doc="-", decorate=False)
    return "\n".join(line.removeprefix("    ") for line in text.splitlines()[2:])


def test_a_sum():
    w = Writer(Var("w", LONG))
    param = w.params[0]
    n = w.dim_atom(param, 0)

    def step(i, s):
        return [w.emit(add, (s, w.emit(mul, (w.load(param, i), 2.0))), hint="s")]

    (s,) = w.loop(n, [0.0], [NUMBER], ["s"], step)
    assert body(w.function(s)) == "s = 0.0\nfor i in range(w.shape[0]):\n    s += w[i] * 2.0\nreturn s"


def test_same_input_same_bytes():
    for seed in range(20):
        assert emit(Module(Program(seed).build())) == emit(Module(Program(seed).build()))


def test_brackets_follow_precedence():
    w = Writer(S, X)
    difference = w.emit(sub, (S, 1.0))
    product = w.emit(mul, (difference, w.emit(neg, (S,))))
    function = w.function(w.emit(sub, (S, w.emit(sub, (product, w.emit(exp, (S,)))))))
    assert body(function) == "return s - ((s - 1.0) * -s - np.exp(s))"
    check(function, (0.7, np.ones(4)))


def test_a_load_does_not_move_past_an_update():
    w = Writer(X, S)
    a = w.store(X, 0, 1.0)
    old = w.load(a, 0)
    b = w.store(a, 0, S)
    function = w.function(w.emit(add, (old, w.load(b, 0))), b)
    check(function, (np.zeros(4), 5.0))
    assert emitted(function)(np.zeros(4), 5.0)[0] == 6.0


def test_a_load_of_another_buffer_moves():
    w = Writer(X, S)
    a = w.emit(P.zeros, (Const(4),), {"dtype": FLOAT}, "a")
    e = w.load(X, 0)
    a = w.store(a, 1, S)
    a = w.store(a, 2, e)
    assert body(w.function(a)) == "a = np.zeros(4)\na[1] = s\na[2] = x[0]\nreturn a"


def test_a_value_used_twice_keeps_its_name():
    w = Writer(S)
    e = w.emit(exp, (S,), hint="e")
    assert body(w.function(w.emit(mul, (e, e)))) == "e = np.exp(s)\nreturn e * e"


def test_values_do_not_move_into_loops():
    w = Writer(S)
    e = w.emit(exp, (S,), hint="e")
    (t,) = w.loop(3, [0.0], [NUMBER], ["t"], lambda i, t: [w.emit(add, (t, e), hint="t")])
    assert body(w.function(t)).startswith("e = np.exp(s)\nt = 0.0\nfor i in range(3):\n    t += e")


def test_carried_names_that_swap():
    w = Writer(S)
    a, b = w.loop(3, [0.0, S], [NUMBER] * 2, ["a", "b"], lambda i, a, b: [b, w.emit(add, (a, b), hint="b")])
    function = w.function(a, b)
    check(function, (1.0,))


def test_arrays_are_not_augmented():
    w = Writer(X)
    (out,) = w.loop(2, [X], [VECTOR], ["x"], lambda i, x: [w.emit(add, (x, 1.0), hint="x")])
    function = w.function(out)
    assert "+=" not in body(function)
    check(function, (np.zeros(4),))


def test_a_loop_that_is_left_early():
    w = Writer(S)
    index = int_var(w.names.fresh("i"))
    phi, out, trips = w.var("t", NUMBER), w.var("t", NUMBER), w.var("count", COUNT)
    with w.block() as stmts:
        t = w.emit(add, (phi, S), hint="t")
        leave = w.emit(lt, (3.0, t))
    w.append(For(index, Const(0), Const(9), Const(1), (Carry(phi, Const(0.0), t, out),), tuple(stmts), leave, trips))
    function = w.function(out, trips)
    check(function, (1.0,))
    assert emitted(function)(1.0) == (4.0, 4)


def test_an_exit_that_is_the_old_value():
    w = Writer(S)
    flag = Scalar(np.dtype(bool), weak=True)
    index = int_var(w.names.fresh("i"))
    phi, out, t, t_out = w.var("stop", flag), w.var("stop", flag), w.var("t", NUMBER), w.var("t", NUMBER)
    with w.block() as stmts:
        after = w.emit(add, (t, 1.0), hint="t")
        test = w.emit(lt, (S, after))
    carried = (Carry(phi, Const(False), test, out), Carry(t, Const(0.0), after, t_out))
    w.append(For(index, Const(0), Const(9), Const(1), carried, tuple(stmts), phi))
    check(w.function(out, t_out), (2.5,))


def test_while_with_its_test_inline():
    w = Writer(S)
    index = int_var(w.names.fresh("k"))
    phi, out = w.var("t", NUMBER), w.var("t", NUMBER)
    with w.block() as pre:
        test = w.emit(lt, (w.emit(mul, (phi, 2.0)), S))
    with w.block() as stmts:
        t = w.emit(add, (phi, 1.0), hint="t")
    w.append(While(index, (Carry(phi, Const(0.0), t, out),), tuple(pre), test, tuple(stmts)))
    function = w.function(out)
    assert body(function) == "t = 0.0\nwhile t * 2.0 < s:\n    t += 1.0\nreturn t"
    check(function, (7.0,))


def test_the_last_branch_returns():
    w = Writer(S)
    cond = w.emit(lt, (S, 0.0))
    with w.block() as then:
        a = w.emit(neg, (S,), hint="a")
    out = w.var("a", NUMBER)
    w.append(If(cond, tuple(then), (), (Join(out, a, S),)))
    function = w.function(out)
    assert body(function) == "if s < 0.0:\n    a = -s\n    return a\nreturn s"
    check(function, (-2.0,))
    check(function, (2.0,))


@pytest.mark.parametrize(
    "path, operands",
    [
        ((Index((SLOT,)),), (np.array([0, 2, 2]),)),
        ((Index((SLOT, SLOT)),), (np.array([0, 1]), np.array([1, 1]))),
        ((Index((SLOT, Slice(1, 3))),), (np.array([2, 0]),)),
        ((View("T"), Index((SLOT,))), (1,)),
        ((View("reshape", (12,)), Index((SLOT,))), (5,)),
        ((View("T"),), ()),
        ((View("swapaxes", (0, 1)), Index((Slice(0, 2),))), ()),
        ((Index((Slice(None, None, -1),)), View("T")), ()),
        ((Index((SLOT,)),), (np.arange(12).reshape(3, 4) % 2 == 0,)),
    ],
)
@pytest.mark.parametrize("prim", [P.store, P.inc])
def test_paths(path, operands, prim):
    m = Var("m", Array(FLOAT, (3, 4)))
    arrays = [Var(f"k{j}", Array(o.dtype, o.shape)) for j, o in enumerate(operands) if isinstance(o, np.ndarray)]
    atoms = [arrays[j] if isinstance(o, np.ndarray) else Const(o) for j, o in enumerate(operands)]
    w = Writer(m, *arrays)
    a = w.emit(prim, (m, 1.5, *atoms), {"path": path}, "m")
    part = w.emit(P.load, (a, *atoms), {"path": path}, "part")
    function = w.function(a, w.emit(add, (part, 1.0)))
    check(function, (np.arange(12.0).reshape(3, 4), *(o for o in operands if isinstance(o, np.ndarray))))


def test_a_list_that_grows():
    w = Writer(S)
    items = w.emit(P.list_new, (), {"item": NUMBER}, "items")

    def step(i, items):
        return [w.emit(P.list_append, (items, S), hint="items")]

    (out,) = w.loop(3, [items], [List(NUMBER)], ["items"], step)
    function = w.function(w.emit(P.list_get, (out, 2)), w.emit(P.list_len, (out,)))
    wanted = "items = [0.0][:0]\nfor i in range(3):\n    items.append(s)\n"
    assert body(function).startswith(wanted)
    check(function, (2.0,))


def test_source_lines_stand_above_what_comes_from_them():
    w = Writer(S)
    w.append(Comment("forward sweep"))
    w.pos = Pos(__file__, 1)
    a = w.emit(exp, (S,), hint="a")
    w.pos = Pos(__file__, 3)
    b = w.emit(mul, (a, a), hint="b")
    lines = body(w.function(w.emit(mul, (b, b)), b)).splitlines()
    assert lines[:3] == ["# forward sweep", "# test_emit.py:1  " + __doc__.join(['"""'] * 2), "a = np.exp(s)"]
    assert lines[3].startswith("# test_emit.py:3")


def test_long_lines_are_broken():
    names = [f"a_rather_long_name_for_number_{k}" for k in range(5)]
    params = [Var(n, NUMBER) for n in names]
    w = Writer(*params)
    total = params[0]
    for p in params[1:]:
        total = w.emit(add, (total, w.emit(exp, (w.emit(mul, (p, p)),))))
    text = emit(Module(w.function(total)))
    assert all(len(line) <= WIDTH for line in text.splitlines())
    ast.parse(text)


def test_modules():
    callee = Function("g", (S,), (), (S,))
    out = Var("t", NUMBER)
    module = Module(Function("f", (S,), (Call((out,), "g", (S,)),), (out,)), {"g": callee})
    text = emit(module, doc='What "it" does.\n\nArgs:\n    s: a number')
    assert text.startswith("# Generated by s2sad")
    assert text.index("def g(s)") < text.index("def f(s)")
    assert ast.get_docstring(ast.parse(text).body[-1]).startswith('What "it" does.\n\nArgs:')
    renamed = emit_functions(module, main_name="other", main_decorator="@rt.export('s: float64')\n")
    assert "@rt.export('s: float64')\n@rt.jit\ndef other(s):" in renamed
    assert "import numpy" not in header("def f(x):\n    return x\n")
    assert "import math\n\nimport numpy as np" in header("def f(x):\n    return np.sin(math.exp(x))\n")


def test_names_of_the_module_are_not_reused():
    w = Writer(S)
    total = w.emit(exp, (S,), hint="f")
    again = w.emit(mul, (total, total), hint="np")
    function = w.function(w.emit(mul, (again, again)))
    check(function, (0.5,))
    assert "    f = " not in emit(Module(function))


