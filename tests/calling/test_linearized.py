"""`vjp` and `linearize` keep what their forward sweep left: the function is not run again, and later changes of what it
read do not show."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def waves(z, w):
    a = np.sin(z) * w
    for _ in range(3):
        a = a * z + np.cumsum(a)
    return a, np.sum(a * a)


Z, T, W = np.array([0.3, 0.7]), np.array([1.0, 2.0]), np.array([1.0, 1.5])


def close(a, b):
    for x, y in zip(s2sad.tree.leaves(a), s2sad.tree.leaves(b), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_captured_arrays_are_frozen() -> None:
    w = W.copy()

    def f(z):
        return waves(z, w)

    push, pull = s2sad.linearize(f, Z)[1], s2sad.vjp(f, Z)[1]
    expected, pulled = s2sad.jvp(f, (Z,), (T,))[1], pull((T, 1.0))
    each = s2sad.jacfwd(f)(Z)
    w *= 10.0
    close(push(T), expected)
    close(pull((T, 1.0)), pulled)
    close(s2sad.jit(push)(T), expected)
    close(s2sad.vmap(push)(np.eye(2)), (each[0].T, each[1]))
    close(s2sad.vmap(lambda a: pull((a, 0.0)))(np.eye(2)), (each[0],))


def test_primals_are_frozen() -> None:
    x = np.array([1.0, 2.0])
    _, pull = s2sad.vjp(lambda z: z**2, x)
    x -= 1.0
    close(pull(np.ones(2)), (np.array([2.0, 4.0]),))
    close(s2sad.vmap(pull)(np.eye(2)), (np.diag([2.0, 4.0]),))
    close(s2sad.jit(pull)(np.ones(2)), (np.array([2.0, 4.0]),))


def test_variables_of_a_loop_are_frozen() -> None:
    pushes, pulls = [], []
    for q in (1.0, 2.0):
        pushes.append(s2sad.linearize(lambda z: z * q, 1.0)[1])  # noqa: B023
        pulls.append(s2sad.vjp(lambda z: z * q, 1.0)[1])  # noqa: B023
    assert [push(1.0) for push in pushes] == [1.0, 2.0]
    assert [pull(1.0)[0] for pull in pulls] == [1.0, 2.0]
    close(s2sad.vmap(pulls[0])(np.ones(1)), (np.ones(1),))


def test_aux() -> None:
    def f(z):
        a, b = waves(z, W)
        return a, {"b": b, "n": 3}

    value, push, aux = s2sad.linearize(f, Z, has_aux=True)
    _, pull, again = s2sad.vjp(f, Z, has_aux=True)
    assert aux["n"] == again["n"] == 3
    close((value, aux["b"]), waves(Z, W))
    close(push(T), s2sad.jvp(lambda z: waves(z, W)[0], (Z,), (T,))[1])
    close(pull(T), s2sad.vjp(lambda z: waves(z, W)[0], Z)[1](T))
    close(s2sad.jit(pull)(T), pull(T))
    close(s2sad.jit(push)(T), push(T))


def test_a_pushforward_is_differentiated_by_its_tangents() -> None:
    push = s2sad.linearize(lambda z: waves(z, W), Z)[1]

    def square(s):
        return np.sum(push(s * T)[0] ** 2)

    close(s2sad.grad(square)(1.0), 2.0 * square(1.0))


def test_complex_functions() -> None:
    def f(a, b):
        return np.abs(a) ** 2 * b, np.conj(a) * 1j * b, np.real(a) * b

    a, b = np.array([1 + 2j, 0.5 - 1j]), np.array([0.3, 0.4])
    dots = np.array([0.1 + 0.7j, 1.0 - 2j]), np.array([1.0, 2.0])
    close(s2sad.linearize(f, a, b)[1](*dots), s2sad.jvp(f, (a, b), dots)[1])


def test_integers_and_containers() -> None:
    def f(d):
        return {"product": d["x"] * d["n"], "count": d["n"] + 1}

    at = {"x": np.array([1.0, 2.0]), "n": 3}
    push = s2sad.linearize(f, at)[1]
    for run in (push, s2sad.jit(push)):
        found = run({"x": T, "n": 0})
        close(found["product"], 3.0 * T)
        assert found["count"] == 0
    with pytest.raises(TypeError, match="structure"):
        push(T)


def test_the_value_is_that_of_a_rule() -> None:
    @s2sad.custom_jvp
    def f(x):
        return x

    f.defjvp(lambda primals, tangents: (primals[0] + 100.0, tangents[0]))
    assert s2sad.linearize(f, 2.0)[0] == s2sad.vjp(f, 2.0)[0] == s2sad.jvp(f, (2.0,), (1.0,))[0] == 102.0


def test_a_vjp_rule_is_not_pushed_through() -> None:
    @s2sad.custom_vjp
    def f(x):
        return x * x

    f.defvjp(lambda x: (x * x, x), lambda r, g: (3.0 * r * g,))
    value, push = s2sad.linearize(f, 2.0)
    assert value == 4.0
    with pytest.raises(TypeError, match="forward-mode"):
        push(1.0)


def test_recursion_and_loops_of_unknown_length() -> None:
    def recursive(x, n):
        return x if n < 1 else recursive(x * np.sin(x), n - 1) * x

    def until(x):
        s = x
        while s < 10.0:
            s = s * x + 1.0
        return s

    close(s2sad.linearize(lambda x: recursive(x, 3), 1.3)[1](1.0), s2sad.grad(lambda x: recursive(x, 3))(1.3))
    push = s2sad.linearize(until, 1.3)[1]
    close(push(1.0), s2sad.grad(until)(1.3))
    close(s2sad.vmap(push)(np.ones(2)), np.full(2, s2sad.grad(until)(1.3)))


def test_the_function_is_not_run_again() -> None:
    """The pushforward has no forward sweep in it: only what the reverse sweep reads."""
    linear = s2sad.linearize(lambda x: np.sum(np.sin(x) ** 3), Z)[1]._linearized
    assert linear is not None
    names = [s.prim.name for s in linear.parts.pushforward.main.body if hasattr(s, "prim")]
    assert "sin" not in names
