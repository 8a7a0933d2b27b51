"""What is known of integers while a program is written: where counters run, and which forms are not negative.

    out = np.zeros(n - m + 1)               n - m + 1 >= 0, or this has raised an error
    for a in range(m):                      0 <= a <= m - 1
        y = x[a : a + n - m + 1]            n - (a + n - m + 1) >= n - (m - 1 + n - m + 1) = 0: all of it is in x

What is known in a block is forgotten at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from s2sad.ir.types import Array, Dim, Size, Symbol, Type, add_dims, is_number, lower_bound, replace_in_dim

Mark = tuple[dict[Symbol, tuple[Dim | None, Dim | None]], dict[Size, None]]

DEEPEST = 8
"""How many counters may bound each other."""


class Ranges:
    """The ranges of counters, and the forms that are not negative, at the place that is written."""

    def __init__(self) -> None:
        self._counters: dict[Symbol, tuple[Dim | None, Dim | None]] = {}
        self._sizes: dict[Size, None] = {}

    @contextmanager
    def scope(self) -> Iterator[None]:
        """What is learnt inside holds inside only."""
        before = self.mark()
        try:
            yield
        finally:
            self.reset(before)

    def mark(self) -> Mark:
        """What is known now, to `reset` to."""
        return dict(self._counters), dict(self._sizes)

    def reset(self, mark: Mark) -> None:
        """Know what was known at a mark, and no more."""
        self._counters, self._sizes = dict(mark[0]), dict(mark[1])

    def counter(self, index: Size, start: Dim | None, stop: Dim | None, step: int) -> None:
        """In the body of ``for index in range(start, stop, step)``; the step is 0 where it is not known."""
        ((symbol, _),) = index.terms
        last = None if stop is None else add_dims(stop, -1 if step > 0 else 1)
        low, high = (start, last) if step > 0 else (last, start) if step < 0 else (None, None)
        self._counters[symbol] = low, high
        if low is not None and high is not None:
            self._learn(add_dims(high, low, -1))

    def made(self, type_: Type) -> None:
        """An array of this type is there, so none of its sizes is negative."""
        for d in type_.dims if isinstance(type_, Array) else ():
            self._learn(d)

    def _learn(self, form: Dim | None) -> None:
        if isinstance(form, Size) and (len(form.terms) > 1 or any(is_number(s) for s, _ in form.terms)):
            self._sizes[form] = None

    def not_negative(self, form: Dim) -> bool:
        """Whether a form is proved to be 0 or more."""
        for _ in range(DEEPEST):
            if self._sure(form):
                return True
            smaller = self._smaller(form)
            if smaller is None:
                return False
            form = smaller
        return False

    def _sure(self, form: Dim) -> bool:
        return _least(form) >= 0 or any(_least(add_dims(form, known, -1)) >= 0 for known in self._sizes)

    def _smaller(self, form: Dim) -> Dim | None:
        """The form where the innermost of its counters is at the end of its range that makes it least."""
        coefficients = {} if isinstance(form, int) else dict(form.terms)
        for symbol, (low, high) in reversed(self._counters.items()):
            if c := coefficients.get(symbol):
                end = low if c > 0 else high
                return None if end is None else replace_in_dim(form, {symbol: end})
        return None


def _least(form: Dim) -> float:
    """The least value of a form in which plain numbers may be any."""
    terms = () if isinstance(form, int) else form.terms
    least = None if any(is_number(s) for s, _ in terms) else lower_bound(form)
    return float("-inf") if least is None else least
