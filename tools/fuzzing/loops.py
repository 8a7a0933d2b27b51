"""What loops go over: ranges, arrays, lists, and several at once."""

from __future__ import annotations

from dataclasses import replace

from tools.fuzzing.containers import Containers
from tools.fuzzing.grammar import Name

Header = tuple[str, list[Name], int]
"""The text of a `for`, the names it gives, and how many trips it makes at most."""


class Loops(Containers):
    """Writes the headers of loops."""

    def _over_range(self) -> Header:
        i = self.fresh("index")
        sizes = [n for a in self.names("array") for n in a.shape] or [3]
        sizes += [v.high for v in self.names("int") if v.low == v.high and v.high is not None] * 2
        n = self.pick([*sizes, self.random.randint(1, 4)])
        size = self.size(n)
        forms = [(f"range({size})", 0, n - 1, n)] * 4
        if n > 1:
            forms += [(f"range(1, {size})", 1, n - 1, n - 1), (f"range({size} - 1)", 0, n - 2, n - 1)]
        if n:
            forms += [(f"range({size} - 1, -1, -1)", 0, n - 1, n), (f"range(0, {size}, 2)", 0, n - 1, (n + 1) // 2),
                      (f"reversed(range({size}))", 0, n - 1, n)]  # fmt: skip
        inner = [v for v in self.names("int") if v.low is not None and v.high is not None and v.low >= 0 and v.high < 5]
        if inner:
            v = self.pick(inner)
            assert v.high is not None
            forms += [(f"range({v.text})", 0, v.high - 1, v.high), (f"range({v.text} + 1)", 0, v.high, v.high)]
        text, low, high, trips = self.pick(forms)
        # A loop without trips: its counter is in any range.
        return f"for {i} in {text}:", [Name(i, "int", low=low, high=max(high, low), fixed=True)], trips

    def _arrays_to_go_over(self) -> list[Name]:
        return [a for a in self.names("array") if a.shape]

    def _items_of(self, a: Name) -> Name:
        kind = "float" if len(a.shape) == 1 else "array"
        return Name(self.fresh("item"), kind, a.shape[1:], shared=a.shared, fixed=kind == "array" or self.chance(0.7))

    def _over_array(self) -> Header | None:
        known = self._arrays_to_go_over()
        if not known:
            return None
        a = self.pick(known)
        v = self._items_of(a)
        forms = [a.text, a.text, a.text, f"reversed({a.text})", f"{a.text}[::-1]", f"{a.text}[1:]", f"{a.text}[:2]"]
        text = self.pick(forms)
        return f"for {v.text} in {text}:", [v], a.shape[0]

    def _over_enumerated(self) -> Header | None:
        known = self._arrays_to_go_over()
        if not known:
            return None
        a = self.pick(known)
        v, n = self._items_of(a), a.shape[0]
        start = self.pick([0, 0, 0, 1])
        i = Name(self.fresh("index"), "int", low=start, high=max(n - 1, 0) + start, fixed=True)
        return f"for {i.text}, {v.text} in enumerate({a.text}{', 1' if start else ''}):", [i, v], n

    def _over_zipped(self) -> Header | None:
        known = self._arrays_to_go_over()
        if not known:
            return None
        a, b = self.pick(known), self.pick(known)
        v, w = self._items_of(a), self._items_of(b)
        n = min(a.shape[0], b.shape[0])
        if self.chance(0.3):
            i = Name(self.fresh("index"), "int", low=0, high=max(n - 1, 0), fixed=True)
            return f"for {i.text}, ({v.text}, {w.text}) in enumerate(zip({a.text}, {b.text})):", [i, v, w], n
        return f"for {v.text}, {w.text} in zip({a.text}, {b.text}):", [v, w], n

    def _over_list(self) -> Header | None:
        known = [x for kind in ("list", "rows") for x in self.names(kind) if not x.fixed]
        if not known:
            return None
        x = self.pick(known)
        kind = "float" if x.kind == "list" else "array"
        v = Name(self.fresh("item"), kind, x.shape, fixed=True, shared=kind == "array" and self.chance(0.5))
        # The list stays as it is while the loop goes over it.
        return f"for {v.text} in {x.text}:", [v, replace(x, fixed=True)], x.length + 2

    def _over_literals(self) -> Header:
        v = Name(self.fresh("item"), "float", fixed=True)
        texts = self.pick(["(0.2, 0.5)", "[0.1, -0.3, 0.6]", "(1.0, 0.5, 0.25)"])
        return f"for {v.text} in {texts}:", [v], 3
