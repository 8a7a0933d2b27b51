"""Sizes that decide, sizes that must fit, and numbers that become arrays."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def by_length(x):
    if len(x) == 3:
        return np.sum(x * np.ones(3))
    return 100.0 * x[0]


@pytest.mark.parametrize("kind", ["grad", "jacfwd", "jacrev"])
def test_a_program_for_one_size_is_not_used_for_another(kind):
    derivative = getattr(s2sad, kind)(by_length)
    for n in (2, 3, 4, 3, 2):
        expected = np.ones(3) if n == 3 else 100.0 * np.eye(n)[0]
        np.testing.assert_array_equal(derivative(np.ones(n)), expected)


def appended(x):
    w = x
    for _ in range(2):
        w = np.concatenate((w, np.ones(1)))
    return np.sum(w**2)


def stacked(x):
    w = np.zeros((0, 2))
    for i in range(3):
        w = np.vstack((w, x * i))
    return np.sum(w**3)


def doubled(x):
    w = x
    for _ in range(2):
        w = np.concatenate([w, w * x[1]])
    return np.sum(w)


@pytest.mark.parametrize("f", [appended, stacked, doubled])
def test_an_array_that_grows_in_a_loop_is_not_reversed(f):
    with pytest.raises(s2sad.UnsupportedError, match="changes its shape"):
        s2sad.grad(f)(np.ones(2))
    np.testing.assert_allclose(s2sad.jacfwd(f)(np.ones(2)), differences(f, np.ones(2)), rtol=1e-6)


def shrunk(x, n):
    u = x[:n] * 1.0
    for i in range(3):
        u = x[i:n] * np.sum(u)
    return np.sum(u)


def test_a_size_that_the_run_finds_to_change_is_an_error_of_reverse_mode_only():
    """Of a slice whose bounds are not known, the size may be the same in every trip."""
    x = np.linspace(0.5, 1.0, 6)
    with pytest.raises(ValueError, match=r"changes its shape.*at line \d+: for i in range\(3\)"):
        s2sad.grad(shrunk)(x, 4)
    np.testing.assert_allclose(s2sad.jacfwd(shrunk)(x, 4), differences(lambda x: shrunk(x, 4), x), rtol=1e-6)


def differences(f, x, h=1e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(len(x))])


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_sizes_that_do_not_fit_are_found_though_the_sum_is_not_computed(backend):
    def f(x):
        y = np.zeros(3)
        if x[0] > 0.5:
            y = x * 2
        return np.sum(y + np.ones(3))

    with s2sad.using(backend=backend):
        np.testing.assert_array_equal(s2sad.grad(f)(np.ones(3)), np.full(3, 2.0))
        for n in (2, 4):
            with pytest.raises(ValueError, match=r"broadcast|does not fit where the size is 3"):
                s2sad.grad(f)(np.ones(n))


# -- a number on one path, an array on another


def penalty(w, scale):
    out = 1.0
    if scale > 0:
        out = out + scale * w**2
    return np.sum(out)


def either(w, scale):
    r = w[0] if scale > 0 else w * 2.0
    return r.sum() if scale > 0 else np.size(r) * w[0]


def after_a_loop(w, n):
    out = 1.0
    for _ in range(int(n)):
        out = out + w
    return np.sum(-out * 2.0)


@pytest.mark.parametrize("f", [penalty, either, after_a_loop])
def test_where_it_would_tell_it_is_refused(f):
    with pytest.raises(s2sad.UnsupportedError, match="an array on one path and a number on another"):
        s2sad.jit(f)(np.ones(5), 0.0)


def started_at_zero(w, n):
    out = 0.0
    for _ in range(int(n)):
        out = out + w
    return np.sum(out)


def surely_run(w, n):
    out = 1.0
    for _ in range(3):
        for _ in range(2):
            out = out * w
    return np.sum(out)


def whole_again(w, n):
    out = 1.0
    for _ in range(int(n)):
        out = out + w
    return np.sum(out * w)


@pytest.mark.parametrize("f", [started_at_zero, surely_run, whole_again])
@pytest.mark.parametrize("n", [0.0, 2.0])
def test_where_it_does_not_tell_it_is_right(f, n):
    w = np.array([0.5, 1.5])
    np.testing.assert_allclose(s2sad.jit(f)(w, n), f(w, n))
    np.testing.assert_allclose(s2sad.grad(f)(w, n), differences(lambda w: f(w, n), w), rtol=1e-6, atol=1e-9)


# -- rules that read what is outside of them

SCALE = 2.0


def test_a_rule_reads_a_captured_number_in_a_batch():
    @s2sad.custom_vjp
    def f(x):
        return 2.0 * x

    f.defvjp(lambda x: (2.0 * x, None), lambda r, g: (SCALE * g,))
    np.testing.assert_array_equal(s2sad.vmap(s2sad.grad(f))(np.ones(2)), np.full(2, 2.0))


def test_a_rule_that_differentiates_is_linearized():
    @s2sad.custom_jvp
    def f(x):
        return x

    f.defjvp(lambda p, t: (p[0], s2sad.vjp(lambda z: z * 2.0, p[0])[1](t[0])[0]))
    assert s2sad.linearize(f, 1.0)[1](1.0) == 2.0
    assert s2sad.vjp(f, 1.0)[1](1.0) == (2.0,)


def test_reverse_over_reverse_of_items_of_growing_size():
    def f(x):
        items = [x[0:1]]
        for _ in range(2):
            items.append(np.concatenate([items[-1], x[1:2]]))
        return np.sum(items[-1] ** 2)

    np.testing.assert_allclose(s2sad.jacrev(s2sad.grad(f))(np.array([0.3, -0.7])), np.diag([2.0, 4.0]))
