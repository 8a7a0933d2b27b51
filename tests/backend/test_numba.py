"""Emitted source under Numba: the same numbers, errors in words of s2sad, caches mended."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

import s2sad_rt as rt
from s2sad.backend import numba as numba_backend
from s2sad.backend import python as python_backend
from s2sad.backend.emit import emit
from s2sad.errors import UnsupportedError
from s2sad.ir import Array, Const, Function, If, Join, List, Module, Var, python_function
from s2sad.ir import primitives as P
from s2sad.ir.nodes import Call
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.types import BOOL, FLOAT, INT
from s2sad.rules.elementwise import add, mul, sub
from s2sad.rules.logical import lt
from tests.backend.programs import Program, arguments
from tests.backend.running import COUNT, NUMBER, VECTOR, Writer, same

pytestmark = pytest.mark.compiled

X, S, N = Var("x", VECTOR), Var("s", NUMBER), Var("n", COUNT)


@pytest.fixture(autouse=True, scope="module")
def directory(tmp_path_factory):
    """A cache of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("S2SAD_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        (tmp_path_factory.getbasetemp()).chmod(0o700)
        yield


def run(module: Module | Function, *args):
    """The results under Numba, checked against the pure printing; the arguments are left alone."""
    module = Module(module) if isinstance(module, Function) else module
    want = python_function(module)(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))
    given = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    out = numba_backend.load(emit(module), module.main.name)(*given)
    got = out if isinstance(out, tuple) else (out,)
    assert same(given, args)
    for w, g in zip(want, got, strict=True):
        np.testing.assert_allclose(g, w, rtol=1e-12)
    return got


@pytest.mark.parametrize("seed", range(6))
def test_random_programs(seed):
    with np.errstate(all="ignore"):
        run(Program(seed, lists=seed % 2 == 0).build(), *arguments(seed))


def test_recursion_with_a_work_array():
    w = Writer(N, X)
    cond = w.emit(lt, (N, 0))
    with w.block() as orelse:
        a = w.store(X, N, 2.0)
        less = w.emit(sub, (N, 1))
        deeper = w.var("x", VECTOR)
        w.append(Call((deeper,), "fill", (less, a)))
    out = w.var("x", VECTOR)
    w.append(If(cond, (), tuple(orelse), (Join(out, X, deeper),)))
    fill = Function("fill", (N, X), tuple(w.statements), (out,))
    filled = Var("y", VECTOR)
    main = Function("f", (X,), (Call((filled,), "fill", (Const(2), X)),), (filled,))
    run(Module(main, {"fill": fill}), np.zeros(4))


def test_recursion_in_a_second_process(tmp_path):
    """Numba's cache crashed on code that calls another version of a function that is being compiled."""
    script = tmp_path / "script.py"
    script.write_text(RECURSION)
    env = {**os.environ, "S2SAD_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(2):
        done = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["[0.1875", "0.0625", "0.0625]"]


RECURSION = """
import numpy as np
import s2sad

def product(x, depth):
    if depth == 0:
        return x[0]
    return x[depth] * product(x, depth - 1)

def f(x):
    return product(x, int(x[0] * 0) + 2) + product(x, 0) * 0.125

print(s2sad.grad(f)(np.array([0.25, 0.25, 0.25])))
"""


def test_no_results():
    assert numba_backend.load(emit(Module(Function("f", (S,), (), ()))), "f")(1.0) is None


PATHS = [
    ((Index((SLOT,)),), (np.array([0, 2, 2]),)),
    ((Index((SLOT, SLOT)),), (np.array([0, 1]), np.array([1, -1]))),
    ((Index((SLOT, Slice(1, 3))),), (np.array([2, 0]),)),
    ((View("T"),), ()),
    ((Index((Slice(1, 3),)), Index((Ellipsis,))), ()),
    ((Index((SLOT,)), Index((Ellipsis,))), (1,)),
    ((View("T"), Index((Ellipsis, 1))), ()),
    ((View("reshape", (12,)), Index((SLOT,))), (5,)),
    ((View("swapaxes", (0, 1)), Index((Slice(0, 2),))), ()),
    ((Index((SLOT,)),), (np.arange(12).reshape(3, 4) % 2 == 0,)),
]


@pytest.mark.parametrize("path, operands", PATHS)
def test_paths(path, operands):
    m = Var("m", Array(FLOAT, (3, 4)))
    arrays = [Var(f"k{j}", Array(o.dtype, o.shape)) for j, o in enumerate(operands) if isinstance(o, np.ndarray)]
    atoms = [arrays[j] if isinstance(o, np.ndarray) else Const(o) for j, o in enumerate(operands)]
    w = Writer(m, *arrays)
    a = w.emit(P.store, (m, 1.5, *atoms), {"path": path}, "m")
    a = w.emit(P.inc, (a, 1.0, *atoms), {"path": path}, "m")
    part = w.emit(P.load, (a, *atoms), {"path": path}, "part")
    indexes = [o for o in operands if isinstance(o, np.ndarray)]
    run(w.function(a, w.emit(add, (part, 1.0))), np.arange(12.0).reshape(3, 4), *indexes)


KEYS = [
    np.array([0, 3, -1]),
    (np.array([0, 3, -1]), np.array([1, 1, 4])),
    (np.array([[0, 1, 2], [2, 1, -1]]), np.array([[1], [2]])),
    (2, slice(None), np.array([0, 2, -1])),
    (slice(None, None, -1), 2, np.array([0, 1])),
    (np.array([True, False, True, True]), slice(0, None, 2)),
    (Ellipsis, np.array([0, 0])),
    (np.array([0, 1]), slice(None), np.array([0, 0])),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_updates_at_index_arrays(key):
    @rt.jit
    def all_three(a, b, key, value):
        rt.add_at(a, key, value)
        rt.put_at(b, key, value)
        return rt.take_at(a, key)

    rng = np.random.default_rng(0)
    a = rng.normal(size=(4, 5, 3))
    value = rng.normal(size=a[key].shape[-1:])
    added, put = a.copy(), a.copy()
    np.add.at(added, key, value)
    put[key] = value
    a1, b1 = a.copy(), a.copy()
    taken = all_three(a1, b1, key, value)
    np.testing.assert_allclose(a1, added)
    np.testing.assert_allclose(b1, put)
    np.testing.assert_allclose(taken, added[key])


def test_an_index_out_of_bounds_raises():
    @rt.jit
    def add_at(a, key):
        rt.add_at(a, key, 1.0)

    with pytest.raises(IndexError):
        add_at(np.zeros(3), np.array([3]))


def test_lists_of_arrays():
    w = Writer(X)
    items = w.emit(P.list_new, (), {"item": VECTOR}, "items")

    def body(i, items, x):
        return [w.emit(P.list_append, (items, x), hint="items"), w.store(x, i, 7.0)]

    items, x = w.loop(3, [items, X], [List(VECTOR), VECTOR], ["items", "x"], body)
    first, last = w.emit(P.list_get, (items, 0)), w.emit(P.list_get, (items, 2))
    run(w.function(first, last, x), np.arange(4.0))


def test_zeros_of_lists():
    w = Writer(X)
    items = w.emit(P.list_new, (), {"item": VECTOR}, "items")
    items = w.emit(P.list_append, (items, X), hint="items")
    zeros = w.emit(P.list_zeros, (items,))
    numbers = w.emit(P.list_append, (w.emit(P.list_new, (), {"item": NUMBER}), 3.0))
    blank = w.emit(P.list_get, (w.emit(P.list_zeros, (numbers,)), 0))
    run(w.function(w.emit(P.list_get, (zeros, 0)), blank), np.arange(4.0))


def test_numbers_of_every_kind():
    x32 = Var("x", Array(np.dtype(np.float32), (4,)))
    flag = Var("flag", Array(BOOL, (4,)))
    w = Writer(x32, flag, N)
    element = w.load(x32, N)
    wide = w.emit(P.cast, (element,), {"dtype": FLOAT, "weak": True})
    narrow = w.emit(mul, (x32, 2.0))
    whole = w.emit(P.cast, (w.load(flag, 0),), {"dtype": INT, "weak": True})
    results = run(w.function(wide, narrow, whole, w.load(flag, 1)), np.arange(4, dtype=np.float32), np.arange(4) > 1, 2)
    assert results[1].dtype == np.float32


def test_what_numba_cannot_compile_is_refused():
    source = "import s2sad_rt as rt\n\n\n@rt.jit\ndef f(x):\n    return {x: [x, 'a']}\n"
    function = numba_backend.load(source, "f")
    with pytest.raises(UnsupportedError, match=r"Numba cannot compile f.*backend = 'python'"):
        function(1.0)
    assert python_backend.load(source, "f")(1.0) == {1.0: [1.0, "a"]}


def test_errors_of_the_program_pass():
    source = "import s2sad_rt as rt\n\n\n@rt.jit\ndef f(x):\n"
    source += "    if x < 0:\n        raise ValueError('negative')\n    return x\n"
    function = numba_backend.load(source, "f")
    assert function(1.0) == 1.0
    with pytest.raises(ValueError, match="negative"):
        function(-1.0)


def test_compiled_ahead_of_the_call():
    w = Writer(X, S)
    function = numba_backend.load(emit(Module(w.function(w.emit(mul, (X, S))))), "f")
    entry = numba_backend.compiled(function, (VECTOR, NUMBER))
    assert len(entry.signatures) == 1
    np.testing.assert_array_equal(entry(np.ones(4), 2.0), np.full(4, 2.0))
    assert len(entry.signatures) == 1


def test_plain_python_is_the_same_file():
    text = emit(Module(Function("f", (S,), (), (S,))))
    plain = python_backend.load(text, "f")
    assert plain(2.0) == 2.0
    assert not hasattr(plain, "py_func")
    assert plain.__code__.co_filename == numba_backend.load(text, "f").py_func.__code__.co_filename
