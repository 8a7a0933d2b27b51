"""Each primitive lowered alone against the primitive: samples, dtypes, ranks, empty axes and axes of size 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from s2sad.backend.emit import emit
from s2sad.backend.python import run
from s2sad.ir import Array, Builder, Const, Function, Let, Module, Names, Var, python_function, to_source, verify, walk
from s2sad.ir.paths import SLOT, Index, Path, Slice, View, count_slots
from s2sad.ir.primitives import inc, load, store
from s2sad.ir.types import symbol, type_of_value
from s2sad.lower.lower import lower_function
from s2sad.lower.reductions import SCANS
from s2sad.rules.products import PRODUCTS
from s2sad.rules.registry import ELEMENT, PLACES, REDUCTIONS, RULES
from tests.rules.samples import SAMPLES, Sample

PRIMITIVES = {p.name: p for p in RULES}
RULED = (*ELEMENT, *PLACES, *REDUCTIONS, *PRODUCTS, *SCANS, *(p for p in RULES if p.elementwise))
LOWERED = {p.name for p in RULED}
FLAT = [(n, s) for n, samples in SAMPLES.items() if n in LOWERED for s in samples]


def abstract(value: Any, name: str, literal: bool) -> Any:
    """The type of an argument, its sizes as symbols unless they are to be `literal`; equal ones are one symbol."""
    kind = type_of_value(value)
    if literal or not isinstance(kind, Array):
        return kind
    return Array(kind.dtype, tuple(d if d < 2 else symbol(f"n{d}", 2) for d in kind.dims))


def written(prim: Any, args: Any, params: dict[str, Any], literal: bool) -> tuple[Function, list[Any]]:
    """A function that applies a primitive, and its arguments. Ints are constants."""
    builder = Builder(Names())
    variables, values, atoms = [], [], []
    for k, a in enumerate(args):
        if isinstance(a, (bool, int)):
            atoms.append(Const(a))
            continue
        variables.append(builder.var(f"x{k}", abstract(a, f"x{k}", literal)))
        values.append(a)
        atoms.append(variables[-1])
    with np.errstate(all="ignore"):
        out = builder.emit(prim, atoms, params)
    outs = out if isinstance(out, tuple) else (out,)
    return Function("f", tuple(variables), tuple(builder.statements), outs), values


def arrays_left(function: Function) -> list[Let]:
    """The statements that compute with whole arrays."""
    lets = [s for s in walk.statements(function.body) if isinstance(s, Let)]
    return [
        s
        for s in lets
        if s.prim.name not in ("load", "store", "inc", "undef", "zeros", "full", "dim")
        and any(isinstance(a.type, Array) for a in s.args)
    ]


def check(prim: Any, args: Any, params: dict[str, Any], left: bool = False) -> None:
    """The lowered program against the primitive's meaning; nothing on whole arrays is `left` in it."""
    with np.errstate(all="ignore"):
        for literal in (True, False):
            function, values = written(prim, args, params, literal)
            want = python_function(function)(*values)
            loops = lower_function(function)
            verify(Module(loops), "lower")
            assert left or not arrays_left(loops), to_source(loops)
            got = python_function(loops)(*values)
            for g, w in zip(got, want, strict=True):
                assert np.asarray(g).dtype == np.asarray(w).dtype
                assert np.shape(g) == np.shape(w)
                np.testing.assert_allclose(g, w, rtol=2e-5 if np.asarray(w).dtype.char in "fF" else 1e-12)


@pytest.mark.parametrize(("name", "sample"), FLAT, ids=[f"{n}{s}" for n, s in FLAT])
@pytest.mark.filterwarnings("ignore")
def test_samples(name: str, sample: Sample) -> None:
    if any(isinstance(a, list) for a in sample.args):
        pytest.skip("lists")
    check(PRIMITIVES[name], sample.args, sample.params, left=True)


rng = np.random.default_rng(0)


def of(dtype: Any, *shape: int) -> Any:
    values = rng.integers(-4, 5, shape) if np.dtype(dtype).kind in "iu" else rng.normal(size=shape) * 2
    if np.dtype(dtype).kind == "u":
        values = np.abs(values)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.normal(size=shape)
    return (values > 0 if np.dtype(dtype).kind == "b" else values).astype(dtype)


DTYPES = (bool, np.int8, np.int32, np.int64, np.uint8, np.uint64, np.float32, np.float64, np.complex64, np.complex128)
SHAPES = ((), (0,), (1,), (5,), (2, 3), (1, 3), (2, 1), (0, 3), (3, 0), (2, 3, 4), (2, 1, 4))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_shapes(shape: tuple[int, ...], dtype: Any) -> None:
    x = of(dtype, *shape)
    for name in ("add", "mul", "maximum", "lt", "where", "truediv"):
        args = (of(bool, *shape), x, of(dtype, *shape)) if name == "where" else (x, of(dtype, *shape))
        check(PRIMITIVES[name], args, {}, left=True)
    for name, reduction in (("sum_", np.sum), ("prod", np.prod), ("max_", np.max), ("any_", np.any), ("all_", np.all)):
        for axis in (None, *range(len(shape))):
            for keepdims in (False, True):
                try:
                    reduction(x, axis=axis)
                except ValueError:
                    continue
                if shape:
                    check(PRIMITIVES[name], (x,), {"axis": axis, "keepdims": keepdims}, left=True)
    if len(shape) > 1:
        check(PRIMITIVES["transpose"], (x,), {}, left=True)
        check(PRIMITIVES["concatenate"], (x, x), {"axis": 1})
    if shape:
        check(PRIMITIVES["flip"], (x,), {"axis": 0})


PATHS: list[tuple[Path, tuple[Any, ...], tuple[int, ...]]] = [
    ((Index((Slice(None, None, -1),)),), (), (5,)),
    ((Index((Slice(1, None),)),), (), (5, 3)),
    ((Index((Slice(None, -1),)),), (), (5, 3)),
    ((Index((Slice(-3, -1),)),), (), (5,)),
    ((Index((Slice(1, 5, 2),)),), (), (5,)),
    ((Index((Slice(), None, Slice(1, None))),), (), (3, 4)),
    ((Index((Ellipsis, None)),), (), (3, 4)),
    ((Index((-1,)),), (), (3, 4)),
    ((Index((SLOT,)),), (-2,), (3, 4)),
    ((Index((Slice(), SLOT)),), (1,), (3, 4)),
    ((View("T"),), (), (2, 3)),
    ((View("T"), Index((1,))), (), (2, 3)),
    ((View("transpose", (1, 2, 0)),), (), (2, 3, 4)),
    ((View("swapaxes", (0, -1)),), (), (2, 3, 4)),
    ((View("reshape", (6,)),), (), (2, 3)),
    ((View("reshape", (3, 2)),), (), (2, 3)),
    ((View("reshape", (2, 1, 3)),), (), (2, 3)),
    ((View("ravel"),), (), (2, 3)),
    ((View("expand_dims", (1,)),), (), (2, 3)),
    ((View("diagonal"),), (), (3, 3)),
]
FANCY: list[tuple[Path, tuple[Any, ...], tuple[int, ...]]] = [
    ((Index((SLOT,)),), (np.array([0, 2, 0, -1]),), (4,)),
    ((Index((SLOT,)),), (np.array([[0, 2], [1, 1]]),), (4, 3)),
    ((Index((Slice(), SLOT)),), (np.array([0, 2, 2]),), (4, 3)),
    ((Index((SLOT, SLOT)),), (np.array([0, 2, 2]), np.array([1, 1, 0])), (4, 3)),
    ((Index((SLOT, Slice(), SLOT)),), (np.array([0, 1]), np.array([1, 0])), (2, 3, 2)),
    ((Index((SLOT, SLOT)),), (np.array([[0], [1]]), np.array([1, 1, 0])), (4, 3)),
    ((Index((1, SLOT)),), (np.array([0, 2]),), (4, 3)),
]


def loaded(path: Path, operands: tuple[Any, ...], shape: tuple[int, ...], literal: bool) -> tuple[Any, Builder, Any]:
    builder = Builder(Names())
    x = builder.var("x", abstract(np.zeros(shape), "x", literal))
    slots = [Const(o) if isinstance(o, int) else builder.var("i", abstract(o, "i", literal)) for o in operands]
    return x, builder, slots


@pytest.mark.parametrize(("path", "operands", "shape"), PATHS + FANCY, ids=str)
@pytest.mark.parametrize("literal", (True, False))
def test_loads(path: Path, operands: Any, shape: Any, literal: bool) -> None:
    """What stands at a path of an array, and of one that is not made, times 2."""
    assert count_slots(path) == len(operands)
    x, builder, slots = loaded(path, operands, shape, literal)
    exp = builder.emit(PRIMITIVES["exp"], (x,))
    outs = []
    for base in (x, exp):
        found = builder.emit(load, (base, *slots), {"path": path})
        outs.append(builder.emit(PRIMITIVES["mul"], (found, Const(2.0))))
    compare(builder, (x, *slots), outs, (of(float, *shape), *(o for o in operands if not isinstance(o, int))))


@pytest.mark.parametrize(("path", "operands", "shape"), PATHS[:-1] + FANCY, ids=str)
@pytest.mark.parametrize("prim", (store, inc), ids=("store", "inc"))
@pytest.mark.parametrize("literal", (True, False))
def test_updates(path: Path, operands: Any, shape: Any, prim: Any, literal: bool) -> None:
    """A number, and a view of the array itself, written at a path; then read with what stood there before."""
    x, builder, slots = loaded(path, operands, shape, literal)
    found = builder.emit(load, (x, *slots), {"path": path})
    if not isinstance(found.type, Array):
        pytest.skip("one element")
    copy = builder.emit(PRIMITIVES["mul"], (x, Const(0.5)))
    first = builder.emit(prim, (copy, Const(1.5), *slots), {"path": path})
    value = builder.emit(PRIMITIVES["sin"], (builder.emit(load, (first, *slots), {"path": path}),))
    turned = builder.emit(PRIMITIVES["flip"], (value,), {"axis": 0})
    second = builder.emit(prim, (first, turned, *slots), {"path": path})
    both = builder.emit(PRIMITIVES["add"], (first, second))
    results = (first, second, both)
    compare(builder, (x, *slots), results, (of(float, *shape), *(o for o in operands if not isinstance(o, int))))


def compare(builder: Builder, params: Any, outs: Any, args: Any) -> None:
    """The program as it is lowered, and as it is emitted, against itself."""
    variables = tuple(p for p in params if isinstance(p, Var))
    function = Function("f", variables, tuple(builder.statements), tuple(outs))
    want = python_function(function)(*args)
    loops = lower_function(function)
    verify(Module(loops), "lower")
    for got in (python_function(loops)(*args), run(emit(Module(loops)), "f", {})(*args)):
        for g, w in zip(got if isinstance(got, tuple) else (got,), want, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-12)


def test_a_reader_of_rows_that_are_computed_later_is_no_part_of_the_loop() -> None:
    """``v = exp(x); s = v.sum(1); t = v[::-1] * s[:, None]``: no loop reads a row of v that it has not computed."""
    builder = Builder(Names())
    x = builder.var("x", Array(np.dtype(float), (symbol("n", 2), symbol("n", 2))))
    v = builder.emit(PRIMITIVES["exp"], (x,))
    s = builder.emit(PRIMITIVES["sum_"], (v,), {"axis": 1})
    turned = builder.emit(PRIMITIVES["transpose"], (v,))
    flipped = builder.emit(load, (v,), {"path": (Index((Slice(None, None, -1),)),)})
    a = builder.emit(PRIMITIVES["mul"], (turned, s))
    b = builder.emit(PRIMITIVES["mul"], (flipped, s))
    c = builder.emit(PRIMITIVES["add"], (a, b))
    total = builder.emit(PRIMITIVES["sum_"], (c,), {"axis": 0})
    compare(builder, (x,), (a, total, c), (of(float, 4, 4),))
