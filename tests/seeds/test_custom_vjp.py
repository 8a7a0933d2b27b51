"""Rules for reverse mode alone: clipping, implicit differentiation, debugging in the backward pass."""

from __future__ import annotations

import bdb
import io
import pdb
import sys
from collections import namedtuple
from functools import partial
from typing import Any

import numpy as np
import pytest

from s2sad import UncompiledWarning, custom_vjp, grad, jit, jvp, vjp, vmap
from s2sad.config import using
from tests.seeds.model import close


def make_product() -> Any:
    @custom_vjp
    def f(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    def f_fwd(x: Any, y: Any) -> Any:
        return f(x, y), (np.cos(x), np.sin(x), y)

    def f_bwd(res: Any, g: Any) -> Any:
        cos_x, sin_x, y = res
        return (cos_x * g * y, sin_x * g)

    f.defvjp(f_fwd, f_bwd)
    return f


def test_in_short() -> None:
    f = make_product()
    close(grad(f)(2.0, 3.0), -1.2484405)
    close(grad(f, (0, 1))(2.0, 3.0), (-1.2484405, np.sin(2.0)))


def test_gradient_clipping() -> None:
    @custom_vjp
    def clip_gradient(lo: Any, hi: Any, x: Any) -> Any:
        return x

    def clip_gradient_fwd(lo: Any, hi: Any, x: Any) -> Any:
        return x, (lo, hi)

    def clip_gradient_bwd(res: Any, g: Any) -> Any:
        lo, hi = res
        return (None, None, np.clip(g, lo, hi))

    clip_gradient.defvjp(clip_gradient_fwd, clip_gradient_bwd)

    def clip_sin(x: Any) -> Any:
        x = clip_gradient(-0.75, 0.75, x)
        return np.sin(x)

    t = np.linspace(0, 10, 1000)
    close(vmap(grad(np.sin))(t), np.cos(t))
    close(clip_sin(t), np.sin(t))
    close(vmap(grad(clip_sin))(t), np.clip(np.cos(t), -0.75, 0.75))


# -- implicit differentiation of a fixed point


@partial(custom_vjp, nondiff_argnums=(0,))
def fixed_point(f: Any, a: Any, x_guess: Any) -> Any:
    x_prev, x = x_guess, f(a, x_guess)
    while np.abs(x_prev - x) > 1e-6:
        x_prev, x = x, f(a, x)
    return x


def fixed_point_fwd(f: Any, a: Any, x_init: Any) -> Any:
    x_star = fixed_point(f, a, x_init)
    return x_star, (a, x_star)


def fixed_point_rev(f: Any, res: Any, x_star_bar: Any) -> Any:
    a, x_star = res
    _, vjp_a = vjp(lambda a: f(a, x_star), a)
    (a_bar,) = vjp_a(fixed_point(partial(rev_iter, f), (a, x_star, x_star_bar), x_star_bar))
    return a_bar, np.zeros_like(x_star)


def rev_iter(f: Any, packed: Any, u: Any) -> Any:
    a, x_star, x_star_bar = packed
    _, vjp_x = vjp(lambda x: f(a, x), x_star)
    return x_star_bar + vjp_x(u)[0]


fixed_point.defvjp(fixed_point_fwd, fixed_point_rev)


def newton_sqrt(a: Any) -> Any:
    def update(a, x):
        return 0.5 * (x + a / x)

    return fixed_point(update, a, a)


def test_a_fixed_point() -> None:
    close(newton_sqrt(2.0), 1.4142135)
    close(jit(vmap(newton_sqrt))(np.array([1.0, 2.0, 3.0, 4.0])), [1.0, 1.4142135, 1.7320509, 2.0])


def test_derivatives_of_a_fixed_point() -> None:
    close(grad(newton_sqrt)(2.0), 0.35355338)
    close(grad(grad(newton_sqrt))(2.0), -0.088388346)
    close(grad(np.sqrt)(2.0), 0.35355338)
    close(grad(grad(np.sqrt))(2.0), -0.08838835)


def test_a_batch_of_derivatives_of_fixed_points() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0])
    close(vmap(grad(newton_sqrt))(a), 0.5 * a**-0.5)
    close(vmap(grad(grad(newton_sqrt)))(a), -0.25 * a**-1.5)


def test_the_iterations_themselves_can_be_differentiated() -> None:
    def iterated(a: Any) -> Any:
        x_prev, x = a, 0.5 * (a + a / a)
        while np.abs(x_prev - x) > 1e-6:
            x_prev, x = x, 0.5 * (x + a / x)
        return x

    close(grad(iterated)(2.0), 0.35355338)
    close(grad(grad(iterated))(2.0), -0.08838835)


# -- basic usage


def test_one_argument() -> None:
    @custom_vjp
    def f(x: Any) -> Any:
        return np.sin(x)

    def f_fwd(x: Any) -> Any:
        return f(x), np.cos(x)

    def f_bwd(cos_x: Any, y_bar: Any) -> Any:
        return (cos_x * y_bar,)

    f.defvjp(f_fwd, f_bwd)
    close(f(3.0), 0.14112)
    close(grad(f)(3.0), -0.9899925)


def make_chatty() -> Any:
    @custom_vjp
    def f(x: Any) -> Any:
        print("called f!")
        return np.sin(x)

    def f_fwd(x: Any) -> Any:
        print("called f_fwd!")
        return f(x), np.cos(x)

    def f_bwd(cos_x: Any, y_bar: Any) -> Any:
        print("called f_bwd!")
        return (cos_x * y_bar,)

    f.defvjp(f_fwd, f_bwd)
    return f


def test_when_the_rules_are_called(capsys: pytest.CaptureFixture[str]) -> None:
    f = make_chatty()

    def printed() -> list[str]:
        return capsys.readouterr().out.splitlines()

    close(f(3.0), 0.14112)
    close(jit(f)(3.0), 0.14112)
    assert printed() == ["called f!", "called f!"]
    close(grad(f)(3.0), -0.9899925)
    assert printed() == ["called f_fwd!", "called f!", "called f_bwd!"]


def test_a_pullback_calls_the_backward_rule(capsys: pytest.CaptureFixture[str]) -> None:
    f = make_chatty()
    y, f_vjp = vjp(f, 3.0)
    close(y, 0.14112)
    capsys.readouterr()
    close(f_vjp(1.0), (-0.9899925,))
    assert "called f_bwd!" in capsys.readouterr().out


def test_forward_mode_is_refused() -> None:
    f = make_chatty()
    with pytest.raises(TypeError, match=r"can't apply forward-mode .*\(jvp\) to a custom_vjp function"):
        jvp(f, (3.0,), (1.0,))


# -- what only CPython can run


def make_debugged(bwd: Any) -> Any:
    @custom_vjp
    def debug(x: Any) -> Any:
        return x

    def debug_fwd(x: Any) -> Any:
        return x, x

    debug.defvjp(debug_fwd, bwd)

    def foo(x: Any) -> Any:
        y = x**2
        y = debug(y)
        return np.sin(y)

    return foo


def test_a_backward_rule_that_keeps_a_log() -> None:
    log: list[Any] = []

    def debug_bwd(x: Any, g: Any) -> Any:
        log.append((x, g))
        return (g,)

    foo = make_debugged(debug_bwd)
    with using(backend="numba"), pytest.warns(UncompiledWarning) as said:
        gradient = grad(foo)
        close(gradient(3.0), 6 * np.cos(9.0))
        close(gradient(2.0), 4 * np.cos(4.0))
    assert len([w for w in said if w.category is UncompiledWarning]) == 1
    close(log, [(9.0, np.cos(9.0)), (4.0, np.cos(4.0))])
    assert "log.append((" in gradient.source


@pytest.mark.parametrize("in_tuple", [True, False])
def test_a_debugger_in_the_backward_pass(in_tuple: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def debug_bwd(x: Any, g: Any) -> Any:
        import pdb

        pdb.set_trace()
        return (g,)

    def debug_bwd_bare(x: Any, g: Any) -> Any:
        import pdb

        pdb.set_trace()
        return g

    out = io.StringIO()
    session = pdb.Pdb(stdin=io.StringIO("p x\np g\nw\nup\nl\nq\n"), stdout=out, nosigint=True)
    monkeypatch.setattr(pdb, "set_trace", lambda: session.set_trace(sys._getframe().f_back))
    foo = make_debugged(debug_bwd if in_tuple else debug_bwd_bare)
    with pytest.raises(bdb.BdbQuit):
        grad(foo)(3.0)
    printed = out.getvalue()
    assert "(Pdb) 9.0\n" in printed and "-0.91113026" in printed
    assert "-> return\n" in printed  # in the small function with the rule's names, called
    assert "debug_bwd" in printed.split("up")[-1]  # from the derivative


def test_a_debugger_runs_on_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def debug_bwd(x: Any, g: Any) -> Any:
        breakpoint()
        return (g,)

    seen: list[Any] = []
    monkeypatch.setattr(sys, "breakpointhook", lambda: seen.append(dict(sys._getframe(1).f_locals)))
    with using(backend="numba"), pytest.warns(UncompiledWarning):
        close(grad(make_debugged(debug_bwd))(3.0), 6 * np.cos(9.0))
    close([seen[0]["x"], seen[0]["g"]], [9.0, -0.91113025])


# -- containers

Point = namedtuple("Point", ["x", "y"])


def test_containers() -> None:
    @custom_vjp
    def f(pt: Any) -> Any:
        x, y = pt.x, pt.y
        return {"a": x**2, "b": (np.sin(x), np.cos(y))}

    def f_fwd(pt: Any) -> Any:
        return f(pt), pt

    def f_bwd(pt: Any, g: Any) -> Any:
        a_bar, (b0_bar, b1_bar) = g["a"], g["b"]
        x_bar = 2 * pt.x * a_bar + np.cos(pt.x) * b0_bar
        y_bar = -np.sin(pt.y) * b1_bar
        return (Point(x_bar, y_bar),)

    f.defvjp(f_fwd, f_bwd)

    def fun(pt: Any) -> Any:
        dct = f(pt)
        return dct["a"] + dct["b"][0]

    found = grad(fun)(Point(1.0, 2.0))
    assert isinstance(found, Point)
    close(found, (2.5403023, 0.0))


def test_a_function_as_argument() -> None:
    @partial(custom_vjp, nondiff_argnums=(0,))
    def app(f: Any, x: Any) -> Any:
        return f(x)

    def app_fwd(f: Any, x: Any) -> Any:
        return f(x), x

    def app_bwd(f: Any, x: Any, g: Any) -> Any:
        return (5 * g,)

    app.defvjp(app_fwd, app_bwd)
    assert app(lambda x: x**2, 4.0) == 16.0
    assert grad(app, 1)(lambda x: x**2, 4.0) == 5.0
