"""Work arrays leave loops where nothing of them outlives a trip, and the plan of what overwrites needs no copy more."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import For, Module, While, to_source, verify, walk
from s2sad.ir.primitives import UPDATES, undef, zeros
from s2sad.memory import buffers as module
from s2sad.memory.buffers import buffers
from tests.backend.programs import Program, arguments
from tests.backend.running import check, copies
from tests.optimise.checks import check_example, same
from tests.optimise.reader import read

ARGS = (np.arange(1.0, 6.0), 1.5)


def inside(function):
    """How many allocations stand in loops."""
    loops = (s for s in walk.statements(function.body) if isinstance(s, (For, While)))
    return len({s.targets[0] for loop in loops for b in walk.blocks_of(loop) for s in walk.statements(b)
                if getattr(s, "prim", None) in (undef, zeros)})  # fmt: skip


def moved(body: str, result: str = "s", *, counts=(0, 1, 3), left: int = 0, copied: int = 0, head: str = ""):
    """The program with its work arrays moved; it gives the same results, in the plan and without."""
    lines = "".join(f"    {line}\n" for line in [*head.splitlines(), "s = y - y", *body.splitlines()])
    f = read(f"def f(x, y, k):\n    n = x.shape[0]\n{lines}    return {result}\n", x="f8[n]", y="f8", k="i")
    out = buffers(f)
    verify(out)
    assert inside(out) == left, to_source(out)
    assert copies(out) <= copies(f) + copied, to_source(out)
    for count in counts:
        same(f, out, *ARGS, count)
        check(Module(out), (*ARGS, count))
    return out


FILL = "for i in range(k):\n w = np.{made}(n)\n for j in range(n):\n  w[j] = x[j] * i\n"


def test_example():
    check_example(module, buffers, x="f8[n]", k="i")


@pytest.mark.parametrize("made", ["empty", "zeros"])
def test_a_filled_array_is_allocated_once(made):
    moved(FILL.format(made=made) + " for j in range(n):\n  s += w[j] * w[j]")


def test_says_what_is_allocated_once():
    f = read(
        """
def f(x, k):
    n = x.shape[0]
    s = 0.0
    for i in range(k):
        w = np.empty(n)
        for j in range(n):
            w[j] = x[j] * i
        s += w[1]
    return s
""", x="f8[n]", k="i")  # fmt: skip
    said = [str(d) for d in module.kept(f, buffers(f))]
    assert said == ["w is allocated once: every trip of the loop fills it anew"]
    assert not list(module.kept(f, f))


def test_zeros_are_stored_again():
    moved("for i in range(k):\n w = np.zeros(n)\n w[0] = w[0] + y\n w[1] += x[1]\n s += w[0] * w[1] + w[2]")


def test_zeros_alone():
    moved("for i in range(k):\n w = np.zeros(n)\n s += w[1]")


def test_out_of_two_loops():
    out = moved("for i in range(k):\n for j in range(n):\n  w = np.zeros(n)\n  w[j] += x[j]\n  s += w[j] * w[0]")
    assert sum(getattr(s, "prim", None) is undef for s in out.body) == 1


def test_of_two_axes_it_is_empty_before_a_loop_without_trips():
    moved("for i in range(k):\n w = np.zeros((n, 3))\n w[1, 2] += y\n s += w[1, 2] * x[0]")


def test_a_negative_size_before_a_loop_without_trips():
    body = "for i in range(k):\n w = np.zeros(m)\n w[0] = y\n s += w[0]"
    moved(body, head="m = k - 3", counts=(0, -1, 4, 5))
    f = read(f"def f(y, k):\n    m = k - 3\n    s = y\n{body}\n    return s\n".replace("\nfor", "\n    for").replace(
        "\n w", "\n        w").replace("\n s", "\n        s"), y="f8", k="i")  # fmt: skip
    with pytest.raises(ValueError, match="negative"):
        check(Module(buffers(f)), (1.5, 1))


def test_a_carried_array_stays():
    moved("a = np.zeros(n)\n" + FILL.format(made="empty") + " s += a[1]\n a = w", left=1)


def test_an_array_that_is_returned_stays():
    body = "a = np.zeros(n)\nfor i in range(k):\n w = np.zeros(n)\n w[0] = y\n a = w"
    moved(body, "a", left=1)


def test_of_which_a_view_is_carried_stays():
    moved("a = x[1:3]\n" + FILL.format(made="empty") + " s += a[1]\n a = w[1:3]", left=1)


def test_of_which_a_view_is_read_goes():
    moved(FILL.format(made="empty") + " a = w[1:3]\n s += a[1] * a[0]")


def test_an_old_version_that_is_read_is_copied_as_before():
    moved("for i in range(k):\n w = np.zeros(n)\n w[0] = y\n v = w\n w[0] = x[2]\n s += v[0] * w[0]")


def test_in_a_branch():
    moved("for i in range(k):\n w = np.zeros(n)\n if s > 3.0:\n  w[0] = y\n else:\n  w[1] = x[2]\n s += w[0] + w[1]")


def test_a_swap_in_an_inner_loop():
    moved(
        "for i in range(k):\n v = np.zeros(n)\n w = np.zeros(n)\n for j in range(n):\n  v[j] = y\n  t = v\n  v = w\n"
        "  w = t\n s += v[0] * 2.0 + w[1]",
        left=2,
    )


def test_a_size_made_in_the_loop_stays():
    moved("for i in range(k):\n m = i + 1\n w = np.zeros(m)\n w[0] = y\n s += w[0]", left=1)


@pytest.mark.parametrize("block", range(5))
def test_random_programs(block):
    with np.errstate(all="ignore"):
        for seed in range(40 * block, 40 * block + 40):
            function = buffers(Program(seed, lists=seed % 2 == 0).build())
            verify(function)
            check(function, arguments(seed))


def test_the_checks_catch_a_move_of_what_lives_on(monkeypatch):
    def last_version(self, loop, array):
        updates = [s for s in loop.body if getattr(s, "prim", None) in UPDATES]
        return updates[-1].targets[0] if updates else None

    monkeypatch.setattr(module._Moving, "last_version", last_version)
    with pytest.raises(AssertionError):
        moved("a = np.zeros(n)\nfor i in range(k):\n w = np.zeros(n)\n w[0] = y\n s += a[0]\n a = w", left=1)
