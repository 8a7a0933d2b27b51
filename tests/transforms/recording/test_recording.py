"""What recording decides, and the tapes that it makes."""

from __future__ import annotations

import pytest

from s2sad.ir import Array, Const, For, IRError, List, Module, While, walk
from s2sad.ir.nodes import replace
from s2sad.ir.primitives import list_append, store, undef
from s2sad.ir.types import is_inexact
from s2sad.transforms.adjoint import adjoint, loop_forms
from s2sad.transforms.recording import recording
from tests.optimise.reader import read
from tests.transforms.adjoint.checks import reverse_module


def recorded(text, **types):
    """The closed adjoint of a program, and how each mentioned value was provided."""
    f = read(text, **types)
    wrt = tuple(k for k, p in enumerate(f.params) if is_inexact(p.type))
    module, decisions = reverse_module(Module(f), wrt)
    return module.main, {d.variable: d.how for d in decisions}


def values(how):
    """The decisions about values, without those about loops."""
    return {name: way for name, way in how.items() if way in ("available", "reloaded", "recomputed", "recorded")}


def made(function, prim):
    """The variables that a primitive defines in a function."""
    return [s.targets[0] for s in walk.statements(function.body) if getattr(s, "prim", None) is prim]


def loops(function):
    return [s for s in function.body if isinstance(s, (For, While))]


def test_a_sum_leaves_no_forward_sweep_and_no_tape():
    f, how = recorded(
        "def f(x):\n s = 0.0\n for i in range(x.shape[0]):\n  y = np.sin(x[i])\n  s += y * y\n return s", x="f8[n]"
    )
    assert len(loops(f)) == 1
    assert not values(how)
    assert "fused" in how.values()
    assert not made(f, undef)


def test_a_map_in_place_leaves_no_forward_sweep():
    f, _ = recorded("def f(x):\n for i in range(x.shape[0]):\n  x[i] = np.sin(x[i])\n return x", x="f8[n]")
    assert len(loops(f)) == 1


def test_a_loop_whose_result_is_needed_stays():
    f, how = recorded(
        "def f(x):\n s = 0.0\n for i in range(x.shape[0]):\n  s += np.exp(x[i])\n return s * s", x="f8[n]"
    )
    assert len(loops(f)) == 2
    assert values(how) == {"exp": "recorded"}


def test_elements_of_an_array_that_stays_are_reloaded():
    f, how = recorded(
        "def f(x, n):\n s = 1.0\n for i in range(n):\n  s = s * x[i]\n return s", x="f8[n]", n="i"
    )
    assert values(how) == {"v": "reloaded", "s": "recorded"}
    assert len(made(f, undef)) == 1


def test_elements_of_an_array_that_is_overwritten_are_recorded():
    _, how = recorded(
        """
def f(x, y):
    a = np.zeros(3)
    a[0] = x
    for i in range(1, 3):
        a[i] = a[i - 1] * y
    return a[2]
"""
    )
    assert how["v"] == "recorded"


def test_integers_are_recomputed():
    _, how = recorded(
        "def f(x, n):\n s = 1.0\n for i in range(n):\n  k = i + i\n  s = np.sin(s) * x[k]\n return s", x="f8[n]", n="i"
    )
    assert how["k"] == "recomputed"


def test_one_leaf_is_recorded_for_what_is_made_of_it():
    _, how = recorded(
        """
def f(x, n):
    s = 1.0
    for i in range(n):
        t = s * x
        u = t + 1.0
        s = np.sin(t) * np.cos(u)
    return s
""", n="i")  # fmt: skip
    assert how["t"] == how["u"] == "recomputed"
    assert how["s"] == "recorded"


def test_tapes_are_arrays_over_known_trips_and_written_once():
    f, _ = recorded(
        """
def f(x, n, m):
    s = x
    for i in range(n):
        for j in range(m):
            s = np.sin(s)
    return s
""", n="i", m="i")  # fmt: skip
    (tape,) = made(f, undef)
    assert isinstance(tape.type, Array)
    assert tape.type.rank == 2
    stores = [s for s in walk.statements(f.body) if getattr(s, "prim", None) is store]
    assert all(dict(s.params)["once"] for s in stores)


def test_tapes_of_ragged_loops_are_lists():
    f, _ = recorded(
        "def f(x, n):\n s = x\n for i in range(n):\n  for j in range(i):\n   s = np.sin(s)\n return s", n="i"
    )
    appended = made(f, list_append)
    assert appended
    assert all(isinstance(v.type, List) for v in appended)


def test_a_value_of_a_branch_leaves_through_its_join():
    _, how = recorded("def f(x):\n if x > 0.0:\n  y = np.exp(x)\n else:\n  y = x * x\n return y")
    assert how["y"] == "available"


def test_a_selection_reverses_one_trip():
    f, how = recorded(
        """
def f(x, n):
    best = 1.0
    for i in range(n):
        d = np.sin(x[i])
        if d < best:
            best = d
    return best
""", x="f8[n]", n="i")  # fmt: skip
    assert not values(how)
    assert not made(f, undef)


def test_a_trip_of_cheap_inner_loops_is_replayed():
    f, how = recorded(
        """
def f(x, n, steps):
    y = np.zeros(n)
    for t in range(steps):
        u = np.empty(n)
        w = np.empty(n)
        for i in range(n):
            u[i] = y[i] * x[i] + x[0]
        for i in range(n):
            w[i] = u[i] * u[i]
        for i in range(n):
            y[i] = y[i] * w[i] + u[i]
    return y
""", x="f8[m]", n="i", steps="i")  # fmt: skip
    assert how["y_1"] == "recorded"
    assert sum(v.type.rank == 2 for v in made(f, undef)) == 1


def test_a_branch_condition_is_recorded_as_bits():
    f, how = recorded(
        """
def f(x, n):
    s = x
    for i in range(n):
        if np.sin(s) > 0.5:
            s = s * x
    return s
""", n="i")  # fmt: skip
    assert how["gt"] == "recorded"
    assert any(v.type.dtype.kind == "b" for v in made(f, undef))


def test_bytes_are_given_where_they_are_known():
    f = read("def f(x):\n s = x\n for i in range(10):\n  s = np.sin(s)\n return s")
    opened, _ = adjoint.vjp(f, (0,), {})
    _, decisions = recording.record(opened)
    assert [d.bytes for d in decisions if d.how == "recorded"] == [80]


def test_an_open_adjoint_cannot_be_reversed():
    f = read("def f(x, n):\n s = x\n for i in range(n):\n  s = np.sin(s)\n return s", n="i")
    opened, _ = adjoint.vjp(f, (0,), {})
    with pytest.raises(IRError, match="open mentions"):
        adjoint.vjp(opened, (0,), {})


def explained(text, **types):
    """What is said of a program, line by line."""
    f = read(text, **types)
    wrt = tuple(k for k, p in enumerate(f.params) if is_inexact(p.type))
    return [str(d) for d in reverse_module(Module(f), wrt)[1]]


def test_says_the_form_of_each_loop_and_what_stood_in_the_way():
    said = explained(
        """
def f(x, n):
    s = 0.0
    for i in range(x.shape[0]):
        s += np.exp(x[i])
    t = s
    for k in range(n):
        t = np.sin(t)
    return t
""", x="f8[m]", n="i")  # fmt: skip
    assert "the loop over k is reversed: backwards, for t_bar is not only added to" in said
    why = "its reverse only adds, in any order; not fused, for what it makes is needed before it is reversed"
    assert f"the loop over i is free: {why}" in said
    assert "t is recorded: 8 bytes a trip of the loop over k" in said
    assert "exp is recorded: 8 bytes a trip of the loop over i" in said


REPLAYED = """
def f(x, n):
    y = np.zeros(x.shape[0])
    for t in range(n):
        for i in range(x.shape[0]):
            y[i] = x[i] - x[i] * y[i]
        for i in range(1, x.shape[0]):
            y[i] = y[i] - y[i] * y[i - 1]
        for i in range(1, x.shape[0]):
            y[i] = y[i] + y[i] * y[i - 1]
    return y[0]
"""


def test_says_what_is_replayed_and_the_size_of_an_array():
    said = explained(REPLAYED, x="f8[m]", n="i")
    assert any(s.startswith("the loop over t is replayed: each trip is run again from what is carried") for s in said)
    assert "y is recorded: 8 * m bytes a trip of the loop over t" in [s.replace("y_1", "y") for s in said], said


@pytest.mark.parametrize(("step", "free"), [("s += np.exp(x[i])", True), ("s = s * x[i]", False)])
def test_a_loop_that_need_not_run_backwards_any_more_runs_forwards(step, free):
    f = read(f"def f(x):\n s = 1.0\n for i in range(x.shape[0]):\n  {step}\n return s", x="f8[m]")
    opened, _ = adjoint.vjp(f, (0,), {})

    def backwards(block):
        return tuple(
            replace(s, start=s.stop, stop=Const(-1), step=Const(-1)) if isinstance(s, For) and s.mirrors else s
            for s in block
        )

    opened = replace(opened, body=walk.map_blocks(opened.body, backwards))
    (loop, reverse) = loops(loop_forms.straightened(opened))
    assert ((reverse.start, reverse.step) == (loop.start, loop.step)) == free
