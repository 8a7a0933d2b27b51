"""Batching of hand-written IR, against a Python loop over the batch."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from s2sad.ir import Builder, Function, Names, Var, to_source
from s2sad.ir import primitives as p
from s2sad.ir.nodes import For
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.walk import statements
from s2sad.rules import linalg, products, reductions, shape
from tests.optimise.reader import parse_type, read
from tests.transforms.batch.batching import check, loops_over_batch

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
V = RNG.normal(size=4)


def build(write, *types):
    """A function of parameters a, b, ... of these types, whose body and results `write` gives from references."""
    params = tuple(Var(name, parse_type(t)) for name, t in zip("abcd", types, strict=False))
    b = Builder(Names([v.name for v in params]))
    with b.block() as body:
        out = write(*map(b.ref, params))
    outs = out if isinstance(out, tuple) else (out,)
    return Function("f", params, tuple(body), tuple(o.atom for o in outs))


# -- straight lines take an axis


def test_numbers_become_vectors():
    f = read("def f(x, y):\n    z = np.sin(x) * y + 2.0\n    return z, y")
    out = check(f, (0, None), (V, 3.0))
    assert not loops_over_batch(out)
    assert not loops_over_batch(check(f, (0, 0), (V, V)))


def test_ranks_align_after_the_batch_axis():
    f = build(lambda a, b, c: a * b + c, "f8[n]", "f", "f8[m,n]")
    for axes in [(0, None, None), (None, 0, None), (None, None, 0), (0, 0, 0), (1, 0, 2), (0, None, -1)]:
        a = X if axes[0] == 0 else X.T if axes[0] == 1 else X[0]
        b = V if axes[1] is not None else 2.0
        c = RNG.normal(size=(2, 3))
        if axes[2] is not None:
            c = np.stack([c, c + 1, c + 2, c + 3], axes[2])
        assert not loops_over_batch(check(f, axes, (a, b, c)))


def test_results_go_where_they_are_asked_to():
    f = build(lambda a, b: (a * 2, b + 1), "f8[n]", "f")
    check(f, (0, None), (X, 2.0), out_axes=(1, None))
    check(f, (1, None), (X.T, 2.0), out_axes=(-1, 0))
    with pytest.raises(ValueError, match="mapped output but out_axes is None"):
        check(f, (0, None), (X, 2.0), out_axes=(None, 0))


@pytest.mark.parametrize("prim", [reductions.sum_, reductions.max_, reductions.prod])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(prim, axis, keepdims):
    f = build(lambda a: prim(a, axis=axis, keepdims=keepdims), "f8[2,3,n]")
    assert not loops_over_batch(check(f, (1,), (RNG.normal(size=(2, 4, 3, 5)),)))


FAMILIES = {
    "cumsum": lambda a: reductions.cumsum(a, axis=-1),
    "argmax": lambda a: reductions.argmax(a, axis=1),
    "transpose": lambda a: shape.transpose(a),
    "axes": lambda a: shape.transpose(a, axes=(1, 0)),
    "flip": lambda a: shape.flip(a, axis=None),
    "roll": lambda a: shape.roll(a, 1, axis=-1),
    "sort": lambda a: shape.sort(a, axis=-1),
    "tril": lambda a: shape.tril(a, k=0),
    "diagonal": lambda a: shape.diagonal(a, offset=1),
    "concatenate": lambda a: shape.concatenate(a, a, axis=1),
    "stack": lambda a: shape.stack(a, a, axis=-1),
    "reshape": lambda a: shape.reshape(a, 3, 2),
    "ravel": lambda a: shape.reshape(a, -1),
    "broadcast": lambda a: shape.broadcast_to(a, 5, 2, 3),
    "unbroadcast": lambda a: shape.unbroadcast(a, 1),
    "unbroadcast all": lambda a: shape.unbroadcast(a),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families(name):
    f = build(FAMILIES[name], "f8[2,3]")
    assert not loops_over_batch(check(f, (0,), (RNG.normal(size=(4, 2, 3)),)))


@pytest.mark.parametrize("ranks", [(1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 3), (3, 3)])
@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_products_of_matrices(ranks, axes):
    types = ["f8[3]" if r == 1 else "f8[" + "2," * (r - 2) + "3,3]" for r in ranks]
    f = build(products.matmul, *types)
    shapes = [((4,) if a == 0 else ()) + (2,) * (r - 2) + (3,) * min(r, 2) for r, a in zip(ranks, axes, strict=True)]
    args = [RNG.normal(size=s) for s in shapes]
    assert not loops_over_batch(check(f, axes, args))


def test_a_batch_of_matrix_vector_products_is_one_product():
    f = build(products.matmul, "f8[m,n]", "f8[n]")
    out = check(f, (None, 0), (RNG.normal(size=(2, 3)), X))
    assert "b @ " in to_source(out.function)


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
def test_other_products(axes):
    a = RNG.normal(size=(4, 2, 3)) if axes[0] == 0 else RNG.normal(size=(2, 3))
    b = RNG.normal(size=(4, 3, 5)) if axes[1] == 0 else RNG.normal(size=(3, 5))
    check(build(lambda x, y: products.tensordot(x, y, axes=1), "f8[2,3]", "f8[3,5]"), axes, (a, b))
    check(build(lambda x, y: products.einsum(x, y, subscripts="ij,jk->ki"), "f8[2,3]", "f8[3,5]"), axes, (a, b))
    check(build(products.outer, "f8[2,3]", "f8[3,5]"), axes, (a, b))


# -- paths

PATHS = {
    "element": (Index((1, 2)),),
    "row": (Index((1,)),),
    "column": (Index((..., 0)),),
    "slice": (Index((Slice(1, None), Slice(None, None, -1))),),
    "new": (Index((None, 0, None)),),
    "T": (View("T"), Index((0,))),
    "swap": (View("swapaxes", (0, -1)), Index((Slice(), 1))),
    "reshape": (View("reshape", (3, 2)), Index((2,))),
    "ravel": (View("ravel"),),
    "diagonal": (View("diagonal"),),
    "expand": (View("expand_dims", (-1,)),),
}


@pytest.mark.parametrize("name", PATHS)
def test_loads_and_stores(name):
    path = PATHS[name]
    full = RNG.normal(size=(4, 2, 3))
    f = build(lambda a: p.load(a, path=path), "f8[2,3]")
    assert not loops_over_batch(check(f, (0,), (full,)))
    if name == "diagonal":
        return
    for axes in [(0, None), (None, 0), (0, 0)]:
        for prim in (p.store, p.inc):
            g = build(partial(prim, path=path), "f8[2,3]", "f8")
            check(g, axes, (full if axes[0] == 0 else full[0], V if axes[1] == 0 else np.float64(2.0)))


def test_fancy_indexes_that_are_the_same_for_all():
    index = np.array([1, 0, 1])
    full = RNG.normal(size=(4, 2, 3))
    for entries in [(SLOT,), (Slice(), SLOT), (1, SLOT), (SLOT, 0)]:
        f = build(partial(p.load, path=(Index(entries),)), "f8[2,3]", "i8[3]")
        assert not loops_over_batch(check(f, (0, None), (full, index)))
    f = build(lambda a, i: p.load(a, i, path=(Index((0, Slice(), SLOT)),)), "f8[2,2,3]", "i8[3]")
    check(f, (0, None), (RNG.normal(size=(4, 2, 2, 3)), index))


def test_indexes_that_differ():
    index = np.array([1, 0, 1, 1])
    f = build(lambda a, i: p.load(a, i, path=(Index((SLOT,)),)), "f8[2,3]", "i8")
    assert not loops_over_batch(check(f, (None, 0), (RNG.normal(size=(2, 3)), index)))
    check(f, (0, 0), (RNG.normal(size=(4, 2, 3)), index))
    g = build(lambda a, i, v: p.inc(a, v, i, path=(Index((SLOT,)),)), "f8[2,3]", "i8", "f8")
    for axes in [(0, 0, 0), (None, 0, None), (None, 0, 0), (0, 0, None)]:
        a = RNG.normal(size=(4, 2, 3)) if axes[0] == 0 else RNG.normal(size=(2, 3))
        check(g, axes, (a, index, V if axes[2] == 0 else np.float64(2.0)))
    h = build(lambda a, i: p.load(a, i, path=(Index((SLOT,)),)), "f8[7]", "i8[3]")
    check(h, (0, 0), (RNG.normal(size=(4, 7)), RNG.integers(0, 7, size=(4, 3))))
    s = build(lambda a, i: reductions.sum_(p.load(a, i, path=(Index((Slice(SLOT, None),)),))), "f8[7]", "i8")
    check(s, (0, 0), (RNG.normal(size=(4, 7)), index))


# -- control


def test_a_branch_on_what_differs_is_a_loop_over_the_batch():
    f = read("""
        def f(x, a):
            y = x
            if x > 0.0:
                y = x * a
            return y
    """)
    out = check(f, (0, None), (V, 3.0))
    assert loops_over_batch(out)
    assert "the condition differs" in str(out.decisions[0])
    assert not loops_over_batch(check(f, (None, 0), (1.0, V)))


def test_a_loop_of_array_work_carries_the_batch():
    f = read("""
        def f(x, a, n):
            s = x
            for i in range(n):
                s = np.sin(s * a) + x
            return s
    """, x="f8[n]", n="i")
    out = check(f, (0, None, None), (X, 0.7, 3))
    assert not loops_over_batch(out)
    assert not loops_over_batch(check(f, (None, 0, None), (X[0], V, 3)))
    assert loops_over_batch(check(f, (0, None, 0), (X, 0.7, np.array([0, 3, 1, 2]))))


def test_a_loop_of_scalar_work_goes_inside_one_loop_over_the_batch():
    f = read("""
        def f(x, y):
            s = 0.0
            n = x.shape[0]
            out = np.empty(n)
            for i in range(n):
                s += x[i] * y
                out[i] = s
            t = s * 2.0
            return t, out
    """, x="f8[n]")
    out = check(f, (0, None), (X, 2.0))
    loops = [s for s in out.function.body if isinstance(s, For)]
    assert [s.index.name for s in loops] == ["lane"]
    assert "x[lane, i]" in to_source(out.function)
    check(f, (1, 0), (X.T, V[:4]))
    check(f, (None, 0), (X[0], V))


def test_iterations_that_differ():
    f = read("""
        def f(a):
            x = a
            while x * x - a > 0.000001:
                x = 0.5 * (x + a / x)
            return x
    """)
    assert loops_over_batch(check(f, (0,), (np.array([1.0, 2.0, 3.0, 4.0]),)))
    g = read("""
        def g(x, n):
            s = 0.0
            for i in range(n):
                s += x[i]
                big = s > 0.5
                __exit__(big)
            return s
    """, x="f8[n]", n="i")
    check(g, (0, None), (X, 3))
    check(g, (0, 0), (X, np.array([3, 0, 1, 2])))


def test_array_work_beside_what_loops_over_the_batch():
    f = read("""
        def f(x, y):
            z = np.sin(x) * 2.0
            w = y
            if y > 0.0:
                w = y * z[0]
            v = w * 2.0
            u = z * v
            return u, w
    """, x="f8[n]")
    out = check(f, (0, 0), (X, V))
    assert loops_over_batch(out)
    assert "np.sin(x)" in to_source(out.function)


def test_what_is_the_same_is_computed_once():
    f = read("""
        def f(x, y):
            z = np.sin(y)
            if x > 0.0:
                z = z * x
            return z
    """)
    out = check(f, (0, None), (V, 2.0))
    assert any("np.sin" in line and line.startswith("    z = ") for line in to_source(out.function).splitlines())


def test_a_buffer_is_made_for_the_whole_batch():
    f = read("""
        def f(x, m):
            out = np.zeros(m)
            row = np.sin(x)
            for i in range(m):
                out[i] = row[0] * 2.0
                row = row * 1.5
            return out
    """, x="f8[n]", m="i")
    out = check(f, (0, None), (X, 3))
    assert not loops_over_batch(out)
    assert "np.zeros((batch, m))" in to_source(out.function).replace("4, m", "batch, m")


def test_shapes_that_are_known_inside_only():
    f = read("""
        def f(x, m):
            k = m * 2
            y = x
            out = np.zeros(1)
            if x > 0.0:
                y = x * 3.0
            return y
    """, m="i")
    check(f, (0, None), (V, 3))
    g = build(lambda a, i: p.load(a, i, path=(Index((Slice(SLOT, None),)),)), "f8[7]", "i8")
    check(g, (0, 0), (RNG.normal(size=(4, 7)), np.array([2, 2, 2, 2])))
    with pytest.raises(ValueError, match="shape"):
        check(g, (0, 0), (RNG.normal(size=(4, 7)), np.array([2, 3, 2, 6])))


def test_a_batch_of_batches():
    f = read("""
        def f(x, y):
            s = y
            for i in range(x.shape[0]):
                if x[i] > 0.0:
                    s += x[i] * y
            return s
    """, x="f8[n]")
    from tests.transforms.batch.batching import batched

    inner = batched(f, (0, None), "C").function
    check(inner, (0, 0), (RNG.normal(size=(3, 4, 5)), RNG.normal(size=3)))
    g = build(lambda a, b: products.matmul(a, b), "f8[2,3]", "f8[3]")
    inner = batched(g, (None, 0), "C").function
    check(inner, (0, None), (RNG.normal(size=(5, 2, 3)), RNG.normal(size=(4, 3))))
    check(inner, (0, 1), (RNG.normal(size=(5, 2, 3)), RNG.normal(size=(4, 5, 3))))
    assert sum(1 for _ in statements(inner.body)) < 8


# -- linear algebra


@pytest.mark.parametrize("prim", [linalg.det, linalg.inv, linalg.cholesky, linalg.slogdet])
def test_matrices_become_stacks(prim):
    root = RNG.normal(size=(4, 3, 3))
    f = build(prim, "f8[3,3]")
    assert not loops_over_batch(check(f, (0,), (root @ root.swapaxes(1, 2) + np.eye(3),)))


@pytest.mark.parametrize("axes", [(0, None), (None, 0), (0, 0)])
@pytest.mark.parametrize("rank", [1, 2])
def test_linear_systems(axes, rank):
    f = build(linalg.solve, "f8[3,3]", "f8[3]" if rank == 1 else "f8[3,2]")
    a = RNG.normal(size=(4, 3, 3) if axes[0] == 0 else (3, 3)) + 3 * np.eye(3)
    b = RNG.normal(size=((4,) if axes[1] == 0 else ()) + ((3,) if rank == 1 else (3, 2)))
    assert not loops_over_batch(check(f, axes, (a, b)))
