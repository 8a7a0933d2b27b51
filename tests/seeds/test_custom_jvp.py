"""Rules for forward mode, which reverse mode transposes."""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from typing import Any

import numpy as np
import pytest

from s2sad import custom_jvp, grad, jit, jvp, vmap
from tests.seeds.model import close

# -- in short


def check_product(f: Any) -> None:
    """The figures of ``sin(x) * y``."""
    close(f(2.0, 3.0), 2.7278922)
    y, y_dot = jvp(f, (2.0, 3.0), (1.0, 0.0))
    close(y, 2.7278922)
    close(y_dot, -1.2484405)
    close(grad(f)(2.0, 3.0), -1.2484405)


def test_a_rule_for_all_arguments() -> None:
    @custom_jvp
    def f(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        x, y = primals
        x_dot, y_dot = tangents
        primal_out = f(x, y)
        tangent_out = np.cos(x) * x_dot * y + np.sin(x) * y_dot
        return primal_out, tangent_out

    check_product(f)


def test_a_rule_for_each_argument() -> None:
    @custom_jvp
    def f(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    f.defjvps(
        lambda x_dot, primal_out, x, y: np.cos(x) * x_dot * y,
        lambda y_dot, primal_out, x, y: np.sin(x) * y_dot,
    )
    check_product(f)


# -- numerical stability


def plain_log1pexp(x: Any) -> Any:
    return np.log(1.0 + np.exp(x))


def check_softplus(f: Any) -> None:
    """The figures that every version of the function gives."""
    close(jit(f)(3.0), 3.0485873)
    close(jit(grad(f))(3.0), 0.95257413)
    close(vmap(jit(grad(f)))(np.arange(3.0)), [0.5, 0.7310586, 0.8807971])


def test_a_derivative_that_overflows() -> None:
    close(plain_log1pexp(3.0), 3.0485873)
    check_softplus(plain_log1pexp)
    with np.errstate(over="ignore", invalid="ignore"):
        found = grad(plain_log1pexp)(np.float32(100.0))
        assert np.isnan(found)
        assert np.isnan(grad(plain_log1pexp)(1000.0))


def test_a_derivative_that_does_not() -> None:
    @custom_jvp
    def log1pexp(x: Any) -> Any:
        return np.log(1.0 + np.exp(x))

    @log1pexp.defjvp
    def log1pexp_jvp(primals: Any, tangents: Any) -> Any:
        (x,) = primals
        (x_dot,) = tangents
        ans = log1pexp(x)
        ans_dot = (1 - 1 / (1 + np.exp(x))) * x_dot
        return ans, ans_dot

    assert grad(log1pexp)(100.0) == 1.0
    check_softplus(log1pexp)


def test_the_same_with_defjvps() -> None:
    @custom_jvp
    def log1pexp(x: Any) -> Any:
        return np.log(1.0 + np.exp(x))

    log1pexp.defjvps(lambda t, ans, x: (1 - 1 / (1 + np.exp(x))) * t)
    assert grad(log1pexp)(100.0) == 1.0
    check_softplus(log1pexp)


# -- a convention at the boundary


def test_no_convention_gives_nan() -> None:
    def f(x: Any) -> Any:
        return x / (1 + np.sqrt(x))

    with np.errstate(divide="ignore", invalid="ignore"):
        assert np.isnan(grad(f)(0.0))


def test_a_convention_at_zero() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return x / (1 + np.sqrt(x))

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        (x,) = primals
        (x_dot,) = tangents
        ans = f(x)
        ans_dot = ((np.sqrt(x) + 2) / (2 * (np.sqrt(x) + 1) ** 2)) * x_dot
        return ans, ans_dot

    assert grad(f)(0.0) == 1.0


def test_a_convention_with_defjvps() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return x / (1 + np.sqrt(x))

    f.defjvps(lambda t, ans, x: ((np.sqrt(x) + 2) / (2 * (np.sqrt(x) + 1) ** 2)) * t)
    assert grad(f)(0.0) == 1.0


# -- basic usage


def test_one_argument() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return np.sin(x)

    def f_jvp(primals: Any, tangents: Any) -> Any:
        (x,) = primals
        (t,) = tangents
        return f(x), np.cos(x) * t

    assert f.defjvp(f_jvp) is f_jvp
    close(f(3.0), 0.14112)
    y, y_dot = jvp(f, (3.0,), (1.0,))
    close((y, y_dot), (0.14112, -0.9899925))
    close(grad(f)(3.0), -0.9899925)
    close(grad(grad(f))(3.0), -0.14112)


def test_two_arguments() -> None:
    @custom_jvp
    def f(x: Any, y: Any) -> Any:
        return x**2 * y

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        x, y = primals
        x_dot, y_dot = tangents
        return f(x, y), 2 * x * y * x_dot + x**2 * y_dot

    assert grad(f)(2.0, 3.0) == 12.0


def test_defjvps_of_one_argument() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        return np.sin(x)

    f.defjvps(lambda t, ans, x: np.cos(x) * t)
    close(grad(f)(3.0), -0.9899925)


def test_defjvps_of_two_arguments() -> None:
    @custom_jvp
    def f(x: Any, y: Any) -> Any:
        return x**2 * y

    f.defjvps(
        lambda x_dot, primal_out, x, y: 2 * x * y * x_dot,
        lambda y_dot, primal_out, x, y: x**2 * y_dot,
    )
    assert [grad(f)(2.0, 3.0), grad(f, 0)(2.0, 3.0), grad(f, 1)(2.0, 3.0)] == [12.0, 12.0, 4.0]


def test_none_for_a_zero() -> None:
    @custom_jvp
    def f(x: Any, y: Any) -> Any:
        return x**2 * y

    f.defjvps(lambda x_dot, primal_out, x, y: 2 * x * y * x_dot, None)
    assert [grad(f)(2.0, 3.0), grad(f, 0)(2.0, 3.0), grad(f, 1)(2.0, 3.0)] == [12.0, 12.0, 0.0]


def test_keywords_and_defaults() -> None:
    @custom_jvp
    def f(x: Any, y: Any = 3.0) -> Any:
        return x**2 * y

    f.defjvps(
        lambda x_dot, primal_out, x, y: 2 * x * y * x_dot,
        lambda y_dot, primal_out, x, y: x**2 * y_dot,
    )
    assert grad(lambda x: f(x))(2.0) == 12.0
    assert grad(lambda y: f(2.0, y=y))(3.0) == 4.0
    assert grad(f)(2.0, y=3.0) == 12.0


def test_when_the_rule_is_called(capsys: pytest.CaptureFixture[str]) -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        print("called f!")
        return np.sin(x)

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        print("called f_jvp!")
        (x,) = primals
        (t,) = tangents
        return f(x), np.cos(x) * t

    def printed() -> list[str]:
        return capsys.readouterr().out.splitlines()

    close(f(3.0), 0.14112)
    assert printed() == ["called f!"]
    close(vmap(f)(np.arange(3.0)), [0.0, 0.84147096, 0.9092974])
    assert set(printed()) == {"called f!"}
    close(jit(f)(3.0), 0.14112)
    assert printed() == ["called f!"]
    _y, y_dot = jvp(f, (3.0,), (1.0,))
    close(y_dot, -0.9899925)
    assert printed() == ["called f_jvp!", "called f!"]
    close(grad(f)(3.0), -0.9899925)
    assert printed() == ["called f_jvp!", "called f!"]
    close(grad(grad(f))(3.0), -0.14112)
    assert printed() == ["called f_jvp!", "called f_jvp!", "called f!"]


def test_python_control_flow() -> None:
    @custom_jvp
    def f(x: Any) -> Any:
        if x > 0:
            return np.sin(x)
        else:
            return np.cos(x)

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        (x,) = primals
        (x_dot,) = tangents
        ans = f(x)
        if x > 0:
            return ans, 2 * x_dot
        else:
            return ans, 3 * x_dot

    assert [grad(f)(1.0), grad(f)(-1.0)] == [2.0, 3.0]


# -- containers

Point = namedtuple("Point", ["x", "y"])


def test_containers() -> None:
    @custom_jvp
    def f(pt: Any) -> Any:
        x, y = pt.x, pt.y
        return {"a": x**2, "b": (np.sin(x), np.cos(y))}

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        (pt,) = primals
        (pt_dot,) = tangents
        ans = f(pt)
        ans_dot = {"a": 2 * pt.x * pt_dot.x, "b": (np.cos(pt.x) * pt_dot.x, -np.sin(pt.y) * pt_dot.y)}
        return ans, ans_dot

    def fun(pt: Any) -> Any:
        dct = f(pt)
        return dct["a"] + dct["b"][0]

    pt = Point(1.0, 2.0)
    value = f(pt)
    close((value["a"], *value["b"]), (1.0, 0.84147096, -0.41614684))
    found = grad(fun)(pt)
    assert isinstance(found, Point)
    close(found, (2.5403023, 0.0))


# -- arguments that are not differentiated


def test_a_function_as_argument() -> None:
    @partial(custom_jvp, nondiff_argnums=(0,))
    def app(f: Any, x: Any) -> Any:
        return f(x)

    @app.defjvp
    def app_jvp(f: Any, primals: Any, tangents: Any) -> Any:
        (x,) = primals
        (x_dot,) = tangents
        return f(x), 2.0 * x_dot

    assert app(lambda x: x**3, 3.0) == 27.0
    assert grad(app, 1)(lambda x: x**3, 3.0) == 2.0


def test_two_functions_as_arguments() -> None:
    @partial(custom_jvp, nondiff_argnums=(0, 2))
    def app2(f: Any, x: Any, g: Any) -> Any:
        return f(g(x))

    @app2.defjvp
    def app2_jvp(f: Any, g: Any, primals: Any, tangents: Any) -> Any:
        (x,) = primals
        (x_dot,) = tangents
        return f(g(x)), 3.0 * x_dot

    assert app2(lambda x: x**3, 3.0, lambda y: 5 * y) == 3375.0
    assert grad(app2, 1)(lambda x: x**3, 3.0, lambda y: 5 * y) == 3.0
