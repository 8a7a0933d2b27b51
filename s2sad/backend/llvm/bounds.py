"""What is known of indexes: linear forms over sizes and loop counters, and the proof that one is in range.

    for i in range(n - 1):      i is a form of its own, 0 <= i <= n - 2
        y = x[i + 1]            the form i + 1; n - 1 - (i + 1) = n - 2 - i >= 0, so no check is needed

A form is exact as long as nothing wraps around: coefficients are small, and sizes are those of arrays in memory.

What would prove an index, if only it held, is assumed where it can be tested before the outermost loop (`Assumptions`):
that loop is written once without the checks, for where the tests hold, and once with them. A test never raises.
"""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.backend.llvm.code import Value
from s2sad.ir.nodes import Atom, Const, For, Let, Var, asked_size
from s2sad.ir.primitives import dim, undef, zeros
from s2sad.ir.types import INT, Array, Dim, Scalar, Size, Symbol, add_dims, lower_bound, replace_in_dim, scale_dim
from s2sad.rules import elementwise
from s2sad.rules.counting import trip_count

LARGEST = 2**20
"""Coefficients and constants above this are not followed: a product with a size might wrap around."""


UNKNOWN = -(2**62)
"""The least that an integer may be of which nothing is known."""
MOST = 32
"""How many assumptions are made of one loop."""


class Assumptions:
    """Forms that are taken not to be negative inside a loop, over symbols whose values are known before it."""

    def __init__(self, values: dict[Symbol, Value]) -> None:
        self.values = values
        self.made: dict[Dim, None] = {}

    def make(self, forms: Iterable[Dim | None]) -> bool:
        """Assume that forms are not negative; False where one cannot be tested, or cannot hold."""
        new = []
        for form in forms:
            if not isinstance(form, Size) or any(s not in self.values or abs(c) > 64 for s, c in form.terms):
                return False
            if form not in self.made:
                new.append(form)
        if len(self.made) + len(new) > MOST:
            return False
        self.made.update(dict.fromkeys(new))
        return True


class Facts:
    """What is known inside one function, at the place that is being written."""

    def __init__(self) -> None:
        self._forms: dict[Var, Dim] = {}
        self._ranges: dict[Symbol, tuple[Dim | None, Dim | None]] = {}
        self._sizes: list[Var] = []
        self._same: dict[Symbol, Dim] = {}
        self._at_least: dict[Symbol, Dim] = {}
        self._spans: dict[Symbol, tuple[Dim, Dim, int]] = {}
        """The ranges whose numbers of trips symbols stand for."""

    def copied(self) -> Facts:
        """The same facts, to be added to apart."""
        other = Facts()
        for name, known in vars(self).items():
            setattr(other, name, known.copy())
        return other

    def mark(self) -> int:
        """Where a block begins."""
        return len(self._sizes)

    def forget(self, mark: int) -> None:
        """End the block: that something had a certain size inside says nothing of what runs without it."""
        while len(self._sizes) > mark:
            self._forms.pop(self._sizes.pop(), None)

    def form(self, atom: Atom) -> Dim | None:
        """The form of an integer, or None."""
        if isinstance(atom, Const):
            value = atom.value
            small = isinstance(value, int) and not isinstance(value, bool) and abs(value) < LARGEST
            return value if small else None
        if atom not in self._forms and isinstance(atom.type, Scalar) and atom.type.dtype == INT:
            return Size(((opaque(atom), 1),))
        return self._forms.get(atom)

    def size(self, d: Dim | None) -> Dim | None:
        """A size, in symbols that are not defined by others."""
        return replace_in_dim(d, self._same)

    def let(self, stmt: Let) -> None:
        """Note what a statement tells."""
        target = stmt.targets[0]
        if stmt.prim is dim:
            self._note(target, self.size(asked_size(stmt)))
        elif stmt.prim in (undef, zeros) and isinstance(target.type, Array):
            for size, d in zip(stmt.args, target.type.dims, strict=True):
                if not (isinstance(size, Var) and isinstance(d, Size) and d == Size(((d.terms[0][0], 1),))):
                    continue
                if size in self._forms:
                    if (form := self._forms[size]) != d:
                        self._same[d.terms[0][0]] = form
                else:
                    self._note(size, d)
                    self._sizes.append(size)
        elif isinstance(target.type, Scalar) and target.type.dtype.kind == "i" and target.type.dtype.itemsize == 8:
            self._note(target, self._computed(stmt))

    def _computed(self, stmt: Let) -> Dim | None:
        forms = [self.form(a) for a in stmt.args]
        match stmt.prim, forms:
            case elementwise.add, (Size() | int() as a, Size() | int() as b):
                return add_dims(a, b)
            case elementwise.sub, (Size() | int() as a, Size() | int() as b):
                return add_dims(a, b, -1)
            case elementwise.neg, (Size() | int() as a,):
                return scale_dim(a, -1)
            case elementwise.mul, ((Size() | int() as a, int() as k) | (int() as k, Size() | int() as a)):
                return scale_dim(a, k)
            case prim, (Size() | int() as start, Size() | int() as stop, int() as step) if prim is trip_count:
                span = add_dims(stop, start, -1)
                if step == 1 and self.not_negative(span):
                    return span
                trips = Symbol(f"trips {stmt.targets[0].name}")
                self._spans[trips] = start, stop, step
                if step == 1:
                    self._at_least[trips] = span
                return Size(((trips, 1),))
            case elementwise.mod, (_, int() as k) if k > 0:
                rest = Symbol(f"rest {stmt.targets[0].name}")
                self._ranges[rest] = 0, k - 1
                return Size(((rest, 1),))
        return None

    def _note(self, var: Var, form: Dim | None) -> None:
        if isinstance(form, Size) and any(abs(c) > LARGEST for _, c in form.terms):
            return
        if form is not None and abs(form.constant if isinstance(form, Size) else form) <= LARGEST:
            self._forms[var] = form

    def counter(self, stmt: For) -> None:
        """Note the range of a loop's counter, for its body."""
        start, stop = self.form(stmt.start), self.form(stmt.stop)
        symbol = Symbol(f"loop {stmt.index.name}")
        step = stmt.step.value if isinstance(stmt.step, Const) else 0
        if step > 0:
            self._ranges[symbol] = start, None if stop is None else add_dims(stop, -1)
        elif (mirrored := self._mirrored(start, stop, step)) is not None:
            self._ranges[symbol] = mirrored
        elif step < 0:
            self._ranges[symbol] = None if stop is None else add_dims(stop, 1), start
        else:
            self._ranges[symbol] = None, None
        self._forms[stmt.index] = Size(((symbol, 1),))

    def _mirrored(self, start: Dim | None, stop: Dim | None, step: int) -> tuple[Dim, Dim] | None:
        """The least and the largest of a range that a loop runs through backwards, from ``first + (trips - 1) * step``
        to `first`; inside there is a trip."""
        span = None if start is None or stop is None else add_dims(start, stop, -1)
        if isinstance(span, Size) and len(span.terms) == 1 and (trips := span.terms[0][0]) in self._spans:
            first, end, by = self._spans[trips]
            if by == -step > 0 and span == Size(((trips, by),)) and stop == add_dims(first, by, -1):
                return first, add_dims(end, -1)
        return None

    def ended(self, stmt: For) -> None:
        """Forget the counter of a loop that has ended."""
        self._ranges.pop(Symbol(f"loop {stmt.index.name}"), None)

    def least(self, form: Dim) -> Dim | None:
        """The form where every counter is at the end of its range that makes it least; None where none is known."""
        for symbol in reversed(self._ranges):
            if isinstance(form, Size) and (c := dict(form.terms).get(symbol)):
                low, high = self._ranges[symbol]
                end = low if c > 0 else high
                if end is None:
                    return None
                form = replace_in_dim(form, {symbol: end})
        return form

    def not_negative(self, form: Dim) -> bool:
        """Whether a form is proved to be 0 or more."""
        end = self.least(form)
        least = None if end is None else lower_bound(end)
        if least is None and isinstance(end, Size):
            smaller = {s: self._at_least[s] for s, c in end.terms if c > 0 and s in self._at_least}
            end = self.least(replace_in_dim(end, smaller)) if smaller else None
            least = None if end is None else lower_bound(end)
        return least is not None and least >= 0

    def at_least_zero(self, atom: Atom) -> bool:
        """Whether an integer is proved not to be negative."""
        form = self.form(atom)
        return form is not None and self.not_negative(form)

    def below(self, atom: Atom, size: Dim | None) -> bool:
        """Whether an integer is proved to be less than a size."""
        form = self.form(atom)
        return form is not None and size is not None and self.not_negative(add_dims(add_dims(size, form, -1), -1))


def opaque(var: Var) -> Symbol:
    """The symbol for an integer of which nothing is known."""
    return Symbol(f"integer {var.name}", UNKNOWN)


__all__ = ["Assumptions", "Facts", "opaque"]
