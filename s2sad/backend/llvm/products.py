"""Matrix products, and the arrays that are views of others as a whole (``transpose``, ``reshape``).

Two functions do all products of vectors and small matrices: one adds multiples of the rows of the second factor to the
rows of the result, the other takes inner products, each along the axis that lies together in memory. Matrices above
`LARGE` multiplications go to BLAS, by the function that Numba itself calls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from s2sad.backend.llvm import indexing
from s2sad.backend.llvm.code import I8, I32, Support, Value, i64
from s2sad.backend.llvm.values import View, number_type
from s2sad.ir.nodes import Let
from s2sad.ir.types import Array, List
from s2sad.rules.products import matmul
from s2sad.rules.shape import reshape, transpose

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

LARGE = 2**15
TEXT = """\
define internal void @s2sad.rows.TYPE(ptr noalias %c, ptr %a, i64 %ai, i64 %ak, ptr %b, i64 %bk, i64 %m, i64 %n, \
i64 %k) noinline nounwind {
entry:
  br label %rows
rows:
  %i = phi i64 [ 0, %entry ], [ %i.next, %row.done ]
  %i.more = icmp slt i64 %i, %m
  br i1 %i.more, label %row, label %done
row:
  %c.at = mul nsw i64 %i, %n
  %c.row = getelementptr inbounds TYPE, ptr %c, i64 %c.at
  %bytes = mul nsw i64 %n, SIZE
  call void @llvm.memset.p0.i64(ptr %c.row, i8 0, i64 %bytes, i1 false)
  %a.at = mul nsw i64 %i, %ai
  br label %terms
terms:
  %p = phi i64 [ 0, %row ], [ %p.next, %term.done ]
  %p.more = icmp slt i64 %p, %k
  br i1 %p.more, label %term, label %row.done
term:
  %a.step = mul nsw i64 %p, %ak
  %a.index = add nsw i64 %a.at, %a.step
  %a.place = getelementptr inbounds TYPE, ptr %a, i64 %a.index
  %x = load TYPE, ptr %a.place
  %b.at = mul nsw i64 %p, %bk
  %b.row = getelementptr inbounds TYPE, ptr %b, i64 %b.at
  br label %columns
columns:
  %j = phi i64 [ 0, %term ], [ %j.next, %column ]
  %j.more = icmp slt i64 %j, %n
  br i1 %j.more, label %column, label %term.done
column:
  %b.place = getelementptr inbounds TYPE, ptr %b.row, i64 %j
  %y = load TYPE, ptr %b.place
  %c.place = getelementptr inbounds TYPE, ptr %c.row, i64 %j
  %old = load TYPE, ptr %c.place
  %xy = fmul contract TYPE %x, %y
  %new = fadd contract TYPE %old, %xy
  store TYPE %new, ptr %c.place
  %j.next = add nsw i64 %j, 1
  br label %columns
term.done:
  %p.next = add nsw i64 %p, 1
  br label %terms
row.done:
  %i.next = add nsw i64 %i, 1
  br label %rows
done:
  ret void
}
define internal void @s2sad.inner.TYPE(ptr noalias %c, ptr %a, i64 %ai, ptr %b, i64 %bj, i64 %m, i64 %n, i64 %k) \
noinline nounwind {
entry:
  br label %rows
rows:
  %i = phi i64 [ 0, %entry ], [ %i.next, %row.done ]
  %i.more = icmp slt i64 %i, %m
  br i1 %i.more, label %row, label %done
row:
  %a.at = mul nsw i64 %i, %ai
  %a.row = getelementptr inbounds TYPE, ptr %a, i64 %a.at
  %c.at = mul nsw i64 %i, %n
  %c.row = getelementptr inbounds TYPE, ptr %c, i64 %c.at
  br label %columns
columns:
  %j = phi i64 [ 0, %row ], [ %j.next, %column.done ]
  %j.more = icmp slt i64 %j, %n
  br i1 %j.more, label %column, label %row.done
column:
  %b.at = mul nsw i64 %j, %bj
  %b.row = getelementptr inbounds TYPE, ptr %b, i64 %b.at
  br label %terms
terms:
  %p = phi i64 [ 0, %column ], [ %p.next, %term ]
  %sum = phi TYPE [ 0.0, %column ], [ %sum.next, %term ]
  %p.more = icmp slt i64 %p, %k
  br i1 %p.more, label %term, label %column.done
term:
  %a.place = getelementptr inbounds TYPE, ptr %a.row, i64 %p
  %x = load TYPE, ptr %a.place
  %b.place = getelementptr inbounds TYPE, ptr %b.row, i64 %p
  %y = load TYPE, ptr %b.place
  %xy = fmul contract TYPE %x, %y
  %sum.next = fadd reassoc contract TYPE %sum, %xy
  %p.next = add nsw i64 %p, 1
  br label %terms
column.done:
  %c.place = getelementptr inbounds TYPE, ptr %c.row, i64 %j
  store TYPE %sum, ptr %c.place
  %j.next = add nsw i64 %j, 1
  br label %columns
row.done:
  %i.next = add nsw i64 %i, 1
  br label %rows
done:
  ret void
}
"""
GEMM = "numba_xxgemm"


def let(writer: Writer, stmt: Let) -> bool:
    """Write a product or a whole view; False where it is none, or has no instructions for these types."""
    (target, *_), types = stmt.targets, [a.type for a in stmt.args]
    if stmt.prim is matmul and not any(isinstance(t, List) for t in types):
        return _matmul(writer, stmt)
    if not types or not isinstance(types[0], Array):
        return False
    if stmt.prim is transpose:
        view = writer.view(stmt.args[0])
        rank, axes = len(view.shape), dict(stmt.params).get("axes")
        order = range(rank)[::-1] if axes is None else [a % rank for a in axes]
        writer.env[target] = indexing.reordered(writer, view, order)
        return True
    if stmt.prim is reshape:
        writer.env[target] = indexing.reshaped(writer, writer.view(stmt.args[0]), stmt.args[1:])
        return True
    return False


class _Factor(NamedTuple):
    """A matrix, `turned` where its columns lie together rather than its rows; `step` from one to the next."""

    view: View
    step: Value
    turned: bool


def _factor(writer: Writer, view: View) -> _Factor:
    """A matrix whose rows or columns lie together; a copy where neither do."""
    if view.strides is not None:
        down, across = view.strides
        if across.text == "1":
            return _Factor(view, down, turned=False)
        if down.text == "1":
            return _Factor(view, across, turned=True)
        view = writer.copied(view)
    return _Factor(view, view.shape[1], turned=False)


def _matmul(writer: Writer, stmt: Let) -> bool:
    """``a @ b`` of vectors and matrices of floats of one dtype."""
    code, memory, target = writer.code, writer.memory, stmt.targets[0]
    dtype = target.type.dtype
    if dtype.kind != "f" or any(a.type.dtype != dtype or not isinstance(a.type, Array) for a in stmt.args):
        return False
    left, right = (writer.view(a) for a in stmt.args)
    ranks = len(left.shape), len(right.shape)
    if not all(rank in (1, 2) for rank in ranks):
        return False
    count, other = left.shape[-1], right.shape[0]
    if count != other:
        writer.faults.unless(code.compare("icmp eq", count, other), "product", count, other)
    shape = [*left.shape[:-1], *right.shape[1:]]
    if ranks == (1, 1):
        out = View(dtype, code.alloca(number_type(dtype)), (), None, left.owner)
    else:
        out = memory.allocate(dtype, shape, [True] * len(shape))
    _Product(writer, out, count).write(left, right)
    if isinstance(target.type, Array):
        writer.env[target] = out if shape else writer.copied(out)
    else:
        writer.env[target] = code.load(number_type(dtype), out.data)
    return True


class _Product:
    """One product, written into `out`."""

    def __init__(self, writer: Writer, out: View, count: Value) -> None:
        self.writer, self.code, self.out, self.count = writer, writer.code, out, count
        self.kind = number_type(out.dtype)

    def write(self, left: View, right: View) -> None:
        """By the function that goes along what lies together."""
        ranks, shape = (len(left.shape), len(right.shape)), self.out.shape
        if ranks == (2, 2):
            self._matrices(left, right)
        elif ranks == (1, 1):
            self._inner(self._vector(left), i64(0), self._vector(right), i64(0), i64(1), i64(1))
        else:
            matrix = _factor(self.writer, left if ranks == (2, 1) else right)
            vector = self._vector(right if ranks == (2, 1) else left)
            if matrix.turned == (ranks == (1, 2)):  # the sums go along what lies together
                self._inner(matrix.view.data, matrix.step, vector, i64(0), shape[0], i64(1))
            else:
                self._rows(vector, i64(0), i64(1), matrix.view.data, matrix.step, i64(1), shape[0])

    def _vector(self, view: View) -> Value:
        return self.writer.contiguous(view).data

    def _matrices(self, left: View, right: View) -> None:
        code, (m, n) = self.code, self.out.shape
        a, b = _factor(self.writer, left), _factor(self.writer, right)
        if a.turned and b.turned:
            b = _factor(self.writer, self.writer.copied(b.view))
        large, small, done = code.fresh("large"), code.fresh("small"), code.fresh("done")
        work = code.mul(code.mul(m, n), self.count)
        code.branch(code.compare("icmp sgt", work, i64(LARGE)), large, small)
        code.start(large)
        self._gemm(a, b)
        code.jump(done)
        code.start(small)
        if b.turned:
            self._inner(a.view.data, a.step, b.view.data, b.step, m, n)
        else:
            down, across = (i64(1), a.step) if a.turned else (a.step, i64(1))
            self._rows(a.view.data, down, across, b.view.data, b.step, m, n)
        code.jump(done)
        code.start(done)

    def _rows(self, a: Value, down: Value, across: Value, b: Value, step: Value, m: Value, n: Value) -> None:
        args = [self.out.data, a, down, across, b, step, m, n, self.count]
        self.code.ours(support(self.kind), "void", f"s2sad.rows.{self.kind}", *args)

    def _inner(self, a: Value, step: Value, b: Value, other: Value, m: Value, n: Value) -> None:
        args = [self.out.data, a, step, b, other, m, n, self.count]
        self.code.ours(support(self.kind), "void", f"s2sad.inner.{self.kind}", *args)

    def _gemm(self, a: _Factor, b: _Factor) -> None:
        """BLAS goes by columns, so that what it is given is ``b.T @ a.T``."""
        code, (m, n) = self.code, self.out.shape
        one, zero = code.alloca(self.kind), code.alloca(self.kind)
        code.store(Value("1.0", self.kind), one)
        code.store(Value("0.0", self.kind), zero)
        letters = [_letter("d" if self.kind == "double" else "s"), *(_letter("t" if x.turned else "n") for x in (b, a))]
        sizes = [n, m, self.count]
        args = [*letters, *sizes, one, b.view.data, b.step, a.view.data, a.step, zero, self.out.data, n]
        status = code.call(I32, GEMM, *args)
        self.writer.faults.unless(code.compare("icmp eq", status, Value("0", I32)), "blas")


def _letter(letter: str) -> Value:
    return Value(str(ord(letter)), I8)


def support(kind: str) -> Support:
    """The functions, for one type of numbers."""
    text = TEXT.replace("TYPE", kind).replace("SIZE", "8" if kind == "double" else "4")
    return Support(text, (("llvm.memset.p0.i64", "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"),))


__all__ = ["let"]
