"""Arrays and numbers whose class gives them a meaning of their own: right where they are plain, else refused."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import TypeMismatchError
from tests.refusals.checks import refused


class Quantity(np.ndarray):
    """An array with a unit."""


class Metres(float):
    """A number with a unit."""

    def __mul__(self, other):
        return Metres(float(self) * other)


class Half(np.float64):
    def __rmul__(self, other):
        return other / 2


class Digit(int):
    def __add__(self, other):
        return Digit((int(self) + other) % 10)


class Label(float):
    """A number with a name: it computes as any other."""


class Mode(enum.IntEnum):
    LOW = 1
    HIGH = 3


class Part(enum.IntFlag):
    LEFT = 1
    RIGHT = 2


@dataclass
class Box:
    w: Any


PLAIN = np.array([[1.0, 2.0], [3.0, 4.0]])
FOREIGN = {
    "np.ma.MaskedArray": np.ma.masked_array(PLAIN, mask=PLAIN > 3),
    "np.ma.MaskedConstant": np.ma.masked,
    "np.matrix": np.matrix(PLAIN),
    "np.rec.recarray": np.rec.array([(1.0, 2.0)], dtype=[("a", float), ("b", float)]),
    "np.char.chararray": np.char.array(["a"]),
    "Quantity": PLAIN.view(Quantity),
    "Metres": Metres(3.0),
    "Half": Half(3.0),
    "Digit": Digit(7),
}


def energy(x):  # here
    return np.sum(x * x)


WEIGHTS = FOREIGN["np.matrix"]


CALLS: dict[str, Any] = {
    "jit": lambda x: s2sad.jit(energy)(x),
    "grad": lambda x: s2sad.grad(energy)(x),
    "keyword": lambda x: s2sad.jit(energy)(x=x),
    "jacfwd": lambda x: s2sad.jacfwd(energy)(x),
    "hessian": lambda x: s2sad.hessian(energy)(x),
    "vmap": lambda x: s2sad.vmap(energy)(x),
    "lower": lambda x: s2sad.grad(energy).lower(x),
    "vjp": lambda x: s2sad.vjp(energy, x),
    "linearize": lambda x: s2sad.linearize(energy, x),
    "jvp": lambda x: s2sad.jvp(energy, (x,), (x,)),
    "tangent": lambda x: s2sad.jvp(energy, (np.ones(np.shape(x)),), (x,)),
    "hvp": lambda x: s2sad.hvp(energy, (x,), (x,)),
    "direction": lambda x: s2sad.hvp(energy, (np.ones(np.shape(x)),), (x,)),
    "transpose": lambda x: s2sad.linear_transpose(energy, x)(1.0),
}
CONTAINERS: dict[str, Any] = {
    "tuple": lambda x: s2sad.jit(lambda p: energy(p[0]))((x,)),  # here
    "list": lambda x: s2sad.jit(lambda p: energy(p[0]))([x]),  # here
    "dict": lambda x: s2sad.jit(lambda p: energy(p["w"]))({"w": x}),  # here
    "dataclass": lambda x: s2sad.jit(lambda p: energy(p.w))(Box(x)),  # here
}


@pytest.mark.parametrize("cls", FOREIGN)
def test_an_argument_is_refused_by_name(cls: str) -> None:
    for call in ("jit", "grad"):
        refused(lambda call=call: CALLS[call](FOREIGN[cls]), TypeMismatchError, cls, "Pass ", filename=__file__)


@pytest.mark.parametrize("cls", ["np.ma.MaskedArray", "np.matrix"])
@pytest.mark.parametrize("call", [*CALLS, *CONTAINERS])
def test_wherever_it_is_given(call: str, cls: str) -> None:
    function = {**CALLS, **CONTAINERS}[call]
    refused(lambda: function(FOREIGN[cls]), TypeMismatchError, cls, "Pass np.", filename=__file__)


@pytest.mark.parametrize("cls", ["np.ma.MaskedArray", "np.matrix"])
def test_after_a_plain_array_of_its_shape(cls: str) -> None:
    with using(backend="python"):
        gradient = s2sad.grad(energy)
        for _ in range(2):
            gradient(PLAIN)
    refused(lambda: gradient(FOREIGN[cls]), TypeMismatchError, f"x is of class {cls}", filename=__file__)


@pytest.mark.parametrize("cls", ["np.ma.MaskedArray", "np.matrix"])
def test_a_cotangent_and_a_tangent(cls: str) -> None:
    def square(x):
        return x * x

    with using(backend="python"):
        pull, push = s2sad.vjp(square, PLAIN)[1], s2sad.linearize(square, PLAIN)[1]
    for call in (pull, push):
        refused(lambda call=call: call(FOREIGN[cls]), TypeMismatchError, cls, "Pass np.", filename=None)
    back = s2sad.linear_transpose(lambda x: 2.0 * x, PLAIN)
    refused(lambda: back(FOREIGN[cls]), TypeMismatchError, f"out_bar is of class {cls}", filename=None)
    message = f"is of class {cls}"
    refused(lambda: s2sad.test_util.check_grads(energy, (FOREIGN[cls],), 1), TypeMismatchError, message, filename=None)


def captures(value):
    def f(t):
        return t * np.sum(np.asarray(value))  # here

    return f


class Holder:
    def __init__(self, value):
        self.value = value

    def __call__(self, t):
        return t * len(self.value)  # here


def returns_it(value):
    def f(t):
        return t, value  # here

    return f


def by_default(value):
    def f(t, w=value):  # here
        return t * np.sum(w)

    return f


@pytest.mark.parametrize("cls", [c for c in FOREIGN if c != "np.rec.recarray"])  # whose fields are read
@pytest.mark.parametrize("make", [captures, Holder, returns_it])
def test_a_captured_one_is_refused_where_it_is_read(make: Any, cls: str) -> None:
    refused(lambda: s2sad.jit(make(FOREIGN[cls]))(2.0), TypeMismatchError, cls, "Pass ", filename=__file__)


def multiplies_an_item(cls):
    return lambda t: t * FOREIGN[cls]  # here


def sums_an_item(cls):
    return lambda t: t * np.sum(FOREIGN[cls])  # here


def compares_an_item(cls):
    return lambda t: t if np.any(FOREIGN[cls] == t) else -t  # here


def asks_the_shape_of_an_item(cls):
    return lambda t: t * np.ndim(FOREIGN[cls])  # here


def converts_an_item(cls):
    return lambda t: np.asarray(FOREIGN[cls]) + t  # here


ITEMS = [multiplies_an_item, sums_an_item, compares_an_item, asks_the_shape_of_an_item, converts_an_item]


@pytest.mark.parametrize("cls", ["np.ma.MaskedArray", "np.ma.MaskedConstant", "np.matrix", "Quantity", "Half"])
@pytest.mark.parametrize("make", ITEMS)
def test_an_item_is_refused_where_it_is_used(make: Any, cls: str) -> None:
    refused(lambda: s2sad.jit(make(cls))(2.0), TypeMismatchError, f"FOREIGN_{cls} is of", filename=__file__)


def test_an_item_that_is_not_used_is_not_refused() -> None:
    data = {"seen": FOREIGN["np.matrix"], "count": 3.0}
    with using(backend="python"):
        assert s2sad.grad(lambda t: t * data["count"])(2.0) == 3.0


def test_a_default_is_refused() -> None:
    for cls, value in FOREIGN.items():
        if cls == "np.rec.recarray":  # whose fields are read
            continue
        refused(lambda value=value: s2sad.jit(by_default(value))(2.0), TypeMismatchError, cls, "Pass ", filename=None)


def test_a_rule_that_returns_one() -> None:
    @s2sad.custom_jvp
    def f(x):
        return x * 2.0

    @f.defjvp
    def f_jvp(primals, tangents):
        return f(*primals), WEIGHTS * tangents[0]  # here

    refused(lambda: s2sad.jvp(f, (PLAIN,), (PLAIN,)), TypeMismatchError, "np.matrix", filename=__file__)


def masks(x):
    return np.sum(np.ma.masked_array(x, mask=x > 1))  # here


def masks_by_constant(x):
    return np.sum(np.where(x > 1, np.ma.masked, x))  # here


def multiplies_matrices(x):
    return np.sum(np.asmatrix(x) * np.asmatrix(x))  # here


def makes_a_matrix(x):
    return np.sum(np.matrix(x) * 2)  # here


def views_as_a_matrix(x):
    return np.sum(x.view(np.matrix) * x)  # here


@pytest.mark.parametrize("f", [masks, masks_by_constant, multiplies_matrices, makes_a_matrix, views_as_a_matrix])
def test_made_inside(f: Any) -> None:
    refused(lambda: s2sad.grad(f)(PLAIN), s2sad.errors.S2sadError, "", filename=__file__)


def test_fields_are_said_to_be_fields() -> None:
    table = np.zeros(2, dtype=[("a", float), ("b", float)])
    refused(lambda: s2sad.jit(energy)(table), TypeMismatchError, "has fields", "one by one", filename=__file__)
    refused(lambda: s2sad.jit(captures(table))(2.0), TypeMismatchError, "is not numeric", filename=__file__)
    objects = np.array([1.0, 2.0], dtype=object)
    refused(lambda: s2sad.jit(energy)(objects), TypeMismatchError, "object is not numeric", filename=__file__)
    refused(lambda: s2sad.jit(captures(objects))(2.0), TypeMismatchError, "is not numeric", filename=__file__)


# -- what is plain


def test_a_memmap_is_an_array(tmp_path: Path) -> None:
    stored = np.memmap(tmp_path / "numbers", dtype=float, mode="w+", shape=PLAIN.shape)
    stored[:] = PLAIN
    with using(backend="python", verify=True):
        for array in (stored, stored[1:], np.memmap(tmp_path / "numbers", float, "r", shape=(4,))):
            value, gradient = s2sad.value_and_grad(energy)(array)
            assert value == energy(np.asarray(array)) and type(gradient) is np.ndarray
            np.testing.assert_array_equal(gradient, 2 * np.asarray(array))
        gradient = s2sad.grad(captures(stored))
        assert gradient(2.0) == 10.0
        stored[0, 0] = 11.0
        assert gradient(2.0) == 20.0
        np.testing.assert_array_equal(s2sad.vjp(lambda x: x * x, PLAIN)[1](stored)[0], 2 * PLAIN * stored)


@pytest.mark.parametrize(
    "array", [PLAIN.astype(">f8"), np.asfortranarray(PLAIN), np.broadcast_to(1.0, (2, 2)), PLAIN[::-1]]
)
def test_other_layouts_are_plain(array: np.ndarray) -> None:
    array = array.view()
    array.flags.writeable = False
    with using(backend="python", verify=True):
        np.testing.assert_array_equal(s2sad.grad(energy)(array), 2 * array)
        assert s2sad.grad(captures(array))(2.0) == np.sum(array)


def test_a_number_with_a_name_is_a_number() -> None:
    with using(backend="python", verify=True):
        assert s2sad.grad(energy)(Label(3.0)) == 6.0
        assert s2sad.grad(captures(Label(3.0)))(2.0) == 3.0


def test_stop_gradient_keeps_the_mask() -> None:
    masked = s2sad.stop_gradient(FOREIGN["np.ma.MaskedArray"])
    assert np.ma.count_masked(masked) == 1


# -- enumerations


def by_identity(x, mode):
    return x * 2.0 if mode is Mode.HIGH else x * 5.0


def by_equality(x, mode):
    return x * 2.0 if mode == Mode.HIGH else x * 5.0


def by_class(x, mode):
    return x * 2.0 if isinstance(mode, enum.Enum) else x * 5.0


def by_name(x, mode):
    return x * len(mode.name)


def by_value(x, mode):
    return x * mode + (-mode) * x**mode + x / mode.value


def by_bits(x, mode):
    return x * (mode & Part.RIGHT) + x * bool(mode & Part.LEFT)


@pytest.mark.parametrize("f", [by_identity, by_equality, by_class, by_name, by_value, by_bits])
@pytest.mark.parametrize("mode", [Mode.LOW, Mode.HIGH, Part.LEFT, Part.LEFT | Part.RIGHT])
def test_members_of_enumerations_are_what_they_are(f: Any, mode: Any) -> None:
    x, h = 1.5, 1e-6
    with using(backend="python", verify=True):
        assert s2sad.jit(f)(x, mode) == f(x, mode)
        slope = (f(x + h, mode) - f(x - h, mode)) / (2 * h)
        np.testing.assert_allclose(s2sad.grad(f)(x, mode), slope, rtol=1e-8)
        np.testing.assert_allclose(s2sad.grad(lambda x: f(x, mode))(x), slope, rtol=1e-8)
        assert s2sad.jit(lambda x, n: x * 2.0 if n == mode else x)(x, int(mode)) == 2.0 * x


def test_a_member_is_returned_as_it_is() -> None:
    with using(backend="python", verify=True):
        out = s2sad.jit(lambda x, mode: (x, mode))(1.0, Mode.HIGH)
    assert out[1] is Mode.HIGH
