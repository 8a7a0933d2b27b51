"""Assignments: numbers, arrays, stores into them, and views of them."""

from __future__ import annotations

from tools.fuzzing.expressions import Expressions
from tools.fuzzing.grammar import Name


class Assignments(Expressions):
    """Writes statements that give names their values, or change what they hold."""

    # ------------------------------------------------------------ numbers

    def _new_number(self) -> bool:
        text = self.number(self.pick([1, 1, 2]))
        if self.chance(0.15):
            text = self.pick(["0.0", "1.0", "0", "1"])
        self.assign(text, "float")
        return True

    def assign(self, text: str, kind: str, shape: tuple[int, ...] = (), **known: object) -> Name:
        """`name = text` with a new name."""
        name = Name(self.fresh(kind), kind, shape, **known)  # type: ignore[arg-type]
        self.put(f"{name.text} = {text}")
        return self.declare(name)

    def _changeable(self, kind: str) -> list[Name]:
        return [n for n in self.names(kind) if not n.fixed]

    def _update_number(self) -> bool | None:
        known = self._changeable("float")
        if not known:
            return None
        s = self.pick(known).text
        forms = [f"{s} += 0.1 * {self.number(1)}", f"{s} = {s} * 0.5 + {self.number(1)}", f"{s} = {self.number(2)}",
                 f"{s} = math.tanh({s} + {self.number(1)})", f"{s} *= math.cos({self.number(1)})",
                 f"{s} -= {self.number(0)} * 0.2", f"{s} /= (2.0 + {self.number(0)} ** 2)",
                 f"{s} += math.sin({self.number(1)})", f"{s} = {s} * {self.number(0)} * 0.5"]  # fmt: skip
        self.put(self.pick(forms))
        return True

    def _new_flag(self) -> bool:
        known = self._changeable("bool")
        if known and self.chance(0.5):
            flag = self.pick(known).text
            self.put(f"{flag} = {self.pick([flag, 'not ' + flag])} {self.pick(['and', 'or'])} {self.condition()}")
        else:
            self.assign(self.condition(), "bool")
        return True

    def _new_int(self) -> bool:
        counters = [n for n in self._changeable("int") if n.low is None]
        if counters and self.chance(0.7):
            k = self.pick(counters).text
            self.put(self.pick([f"{k} += 1", f"{k} = {k} * 2 % 5", f"{k} += {self.integer()}", f"{k} = 3 - {k}"]))
        elif self.chance(0.4):
            self.assign(str(self.random.randint(0, 2)), "int")
        else:
            high = self.random.randint(0, 2)
            self.assign(
                f"{self.integer()} * {self.random.randint(1, 3)} % {high + 1}", "int", low=0, high=high, fixed=True
            )
        return True

    def _swap(self) -> bool | None:
        kind = self.pick(["float", "array"])
        known = [n for n in self._changeable(kind) if not n.shared]
        pairs = [(a, b) for a in known for b in known if a.text != b.text and a.shape == b.shape]
        if not pairs:
            return None
        a, b = self.pick(pairs)
        self.put(f"{a.text}, {b.text} = {b.text}, {a.text}{self.pick(['', ' * 0.5'])}")
        return True

    # ------------------------------------------------------------ arrays

    def new_shape(self) -> tuple[int, ...]:
        """The shape of a new array: most often one that is there already."""
        known = [a.shape for a in self.names("array") if a.shape]
        if known and self.chance(0.8):
            return self.pick(known)
        n = self.pick([1, 2, 3, 3, 4])
        return self.pick([(n,), (n,), (n, self.pick([1, 2, 3]))])

    def _new_array(self) -> bool:
        shape = self.new_shape()
        text = self.array(shape, self.pick([1, 1, 2]))
        copies = [a for a in self.names("array") if a.shape == shape]
        if copies and self.chance(0.3):
            text = f"{self.pick(copies).text}.copy()"
        elif self.chance(0.2):
            text = self.pick([f"np.zeros({self.shape(shape)})", f"np.ones({self.shape(shape)})"])
        # A part of another array may be a view of what is the caller's, or of what is `fixed`.
        self.assign(text if text.startswith("np.") or text.endswith(".copy()") else f"{text} + 0.0", "array", shape)
        return True

    def _update_array(self) -> bool | None:
        known = [a for a in self.names("array") if not a.shared]
        if not known:
            return None
        a = self.pick(known)
        forms = [f"{a.text} += 0.3 * {self.array(a.shape, 1)}", f"{a.text} *= {self.number(0)}",
                 f"{a.text} *= np.cos({self.array(a.shape, 0)})", f"{a.text} -= {self.number(1)} * 0.2"]  # fmt: skip
        if not a.fixed:
            forms += [f"{a.text} = np.tanh({a.text} + {self.array(a.shape, 1)})",
                      f"{a.text} = {a.text} * 0.5 + {self.array(a.shape, 1)}"]  # fmt: skip
        self.put(self.pick(forms))
        return True

    def _writable(self) -> list[Name]:
        return [a for a in self.names("array") if not a.shared and 0 not in a.shape]

    def _store(self) -> bool | None:
        known = self._writable()
        if not known:
            return None
        a = self.pick(known)
        op = self.pick(["=", "=", "=", "+=", "*=", "-="])
        x, n = a.text, a.shape[0] if a.shape else 0
        if not a.shape:
            self.put(f"{x}[()] {op} {self.number(1)}")
            return True
        place = ", ".join(self.index(k) for k in a.shape)
        if op == "=" and self.chance(0.4):
            self.put(f"{x}[{place}] = {x}[{place}] * {self.number(0)} * 0.5 + {self.number(1)}")
            return True
        forms = [f"{x}[{place}] {op} {self.number(1)}"] * 5
        forms += [f"{x}[:] {op} {self.array(a.shape, 1)}"]
        if op != "-=":
            forms += [f"{x}[{x} > {self.threshold()}] {op} {self.number(0)}"]
        if len(a.shape) == 1 and n > 1:
            rest = self.array((n - 1,), 0)
            forms += [f"{x}[1:] {op} {rest}", f"{x}[:-1] {op} {rest}", f"{x}[1:] {op} {x}[:-1]",
                      f"{x}[::2] {op} {self.number(0)}", f"{x}[np.array([{n - 1}, 0])] {op} {self.array((2,), 0)}",
                      f"{x}[{self.index(n)}], {x}[{self.index(n)}] = ({self.number(0)}, {self.number(0)})"]  # fmt: skip
        if len(a.shape) == 2:
            row = self.array(a.shape[1:], 1)
            forms += [f"{x}[{self.index(n)}] {op} {row}"] * 3
            forms += [f"{x}[:, {self.index(a.shape[1])}] {op} {self.array((n,), 0)}"]
            forms += [f"{x}[::-1] {op} {self.array(a.shape, 0)}", f"{x}[{self.index(n)}, ::-1] {op} {row}"]
            forms += [f"{x}[{self.index(n)}, :] {op} {self.number(0)}", f"{x}[np.array([{n - 1}])] {op} {row}"]
            forms += [f"{x}[{self.index(n)}][{self.index(a.shape[1])}] {op} {self.number(1)}"]
        self.put(self.pick(forms))
        return True

    def _view(self) -> bool | None:
        known = [a for a in self.names("array") if a.shape and 0 not in a.shape]
        if not known:
            return None
        a = self.pick(known)
        shapes = {(1,): 1, a.shape: 2, a.shape[::-1]: 2, a.shape[1:] or a.shape: 4}
        if len(a.shape) == 1 and a.shape[0] > 1:
            shapes[(a.shape[0] - 1,)] = 3
        if len(a.shape) == 2:
            shapes[(a.shape[0] * a.shape[1],)] = 1
        shape = self.random.choices(list(shapes), list(shapes.values()))[0]
        text = self.view(shape, a)
        if text is None:
            return None
        v = self.assign(text, "array", shape, shared=a.shared, fixed=True)
        if not v.shared:
            place = ", ".join(self.index(n) for n in shape)
            self.put(f"{v.text}[{place}] {self.pick(['=', '+=', '*='])} {self.number(1)}")
        return True

    def _alias(self) -> bool | None:
        known = self._writable()
        if not known:
            return None
        a = self.pick(known)
        b = self.assign(a.text, "array", a.shape)
        if a.shape:
            self.put(f"{b.text}[{', '.join(self.index(n) for n in a.shape)}] {self.pick(['=', '*='])} {self.number(1)}")
        return True
