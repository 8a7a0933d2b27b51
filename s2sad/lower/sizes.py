"""Sizes as atoms: what a loop runs to. Sizes that the call checks to be equal are one."""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir.types import Dim, Size, Symbol, add_dims, replace_in_dim, scale_dim


class Equalities:
    """The pairs of sizes that are known to be equal, solved for symbols."""

    def __init__(self, pairs: Iterable[tuple[Dim, Dim]] = ()) -> None:
        self.solved: dict[Symbol, Dim] = {}
        for a, b in pairs:
            self._learn(self.canonical(a), self.canonical(b))

    def _learn(self, a: Dim, b: Dim) -> None:
        """Solve ``a = b`` for a symbol that stands in it once."""
        difference = add_dims(a, b, -1)
        if isinstance(difference, int):
            return
        for symbol, coefficient in reversed(difference.terms):
            if coefficient in (1, -1):
                rest = add_dims(difference, Size(((symbol, coefficient),)), -1)
                value = scale_dim(rest, -coefficient)
                self.solved = {s: replace_in_dim(d, {symbol: value}) for s, d in self.solved.items()}
                self.solved[symbol] = value
                return

    def canonical(self, dim: Dim) -> Dim:
        """The one form of all sizes that are known to equal this one."""
        return replace_in_dim(dim, self.solved) if self.solved else dim

    def dims(self, dims: Iterable[Dim | None]) -> tuple[Dim, ...]:
        """The dims of a variable, each in its one form."""
        return tuple(self.canonical(d) for d in dims if d is not None)
