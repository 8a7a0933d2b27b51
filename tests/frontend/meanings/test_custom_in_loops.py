"""Functions with rules of their own, called on arrays that a loop computes."""

import numpy as np
import pytest

import s2sad


@s2sad.custom_vjp
def sine_by_vjp(v):
    return np.sin(v)


sine_by_vjp.defvjp(lambda v: (np.sin(v), v), lambda v, g: (np.cos(v) * g,))


@s2sad.custom_jvp
def sine_by_jvp(v):
    return np.sin(v)


@sine_by_jvp.defjvp
def sine_jvp(primals, tangents):
    return sine_by_jvp(primals[0]), np.cos(primals[0]) * tangents[0]


def summed(x, n, sine):
    s = 0.0
    for i in range(n):
        y = x * i
        s += np.sum(sine(y))
    return s


def repeated(x, n, sine):
    y = x.copy()
    for _ in range(n):
        y = sine(y)
    return np.sum(y)


@pytest.mark.parametrize("sine", [sine_by_vjp, sine_by_jvp])
@pytest.mark.parametrize("program", [summed, repeated])
def test_gradient_is_that_of_the_plain_function(program, sine) -> None:
    x = np.array([0.3, 0.7, 1.1])
    with s2sad.using(backend="python", verify=True):
        expected = s2sad.grad(lambda x: program(x, 4, np.sin))(x)
        np.testing.assert_allclose(s2sad.grad(lambda x: program(x, 4, sine))(x), expected, rtol=1e-12)
