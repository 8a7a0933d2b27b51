"""Expressions: numbers, arrays, conditions and indexes, as text. Values stay small, and seldom meet a kink.

The text has all its parentheses; `programs` writes the whole program anew without those that say nothing.
"""

from __future__ import annotations

from tools.fuzzing.grammar import Grammar, Name

Shape = tuple[int, ...]


class Expressions(Grammar):
    """Writes expressions from the names in scope."""

    # ------------------------------------------------------------ integers

    def size(self, n: int) -> str:
        """The text of a size: a number, or something that has it."""
        options = [str(n)]
        for a in self.names("array"):
            if a.shape and a.shape[0] == n:
                options += [f"len({a.text})", f"{a.text}.shape[0]"]
            if len(a.shape) > 1 and a.shape[-1] == n:
                options.append(f"{a.text}.shape[-1]")
        options += [v.text for v in self.names("int") if v.low == v.high == n] * 2
        return self.pick(options)

    def index(self, n: int) -> str:
        """An index into an axis of n > 0 elements."""
        options = [str(self.random.randrange(n)), str(-self.random.randint(1, n))]
        for v in self.names("int"):
            if v.low is None or v.high is None:
                options.append(f"{v.text} % {n}")
                continue
            inside = v.low >= 0 and v.high < n
            if inside:
                options += [v.text] * 6 + [f"{n - 1} - {v.text}", f"{self.size(n)} - 1 - {v.text}"]
            if v.low >= 1 and v.high <= n:
                options += [f"{v.text} - 1"] * 4
            if v.low >= 0 and v.high + 1 < n:
                options += [f"{v.text} + 1"] * 3
            options.append(f"({v.text} + {self.random.randint(1, 3)}) % {self.size(n)}")
        return self.pick(options)

    def integer(self) -> str:
        """A small integer."""
        options = [str(self.random.randint(1, 3))]
        options += [v.text for v in self.names("int")] * 3
        options += [f"len({v.text})" for v in self.names("list")]
        return self.pick(options)

    # ------------------------------------------------------------ conditions

    def condition(self, depth: int = 1) -> str:
        """A condition on values that are known when the program runs."""
        return self.first_that_applies([
            (6, lambda: f"({self.number(depth)} {self.pick('<>')} {self.threshold()})"),
            (2, lambda: f"({self.number(depth)} {self.pick('<>')} {self.number(depth)})"),
            (3, self._integer_condition),
            (2, lambda: self._name("bool")),
            (1, lambda: f"(not {self._name('bool')})" if self.names("bool") else None),
            (1, lambda: f"(-0.9 < {self.number(depth)} < {self.threshold()})"),
            (1, lambda: f"({self.condition(0)} {self.pick(['and', 'or'])} {self.condition(0)})" if depth else None),
            (1, self._condition_on_array),
        ])  # fmt: skip

    def threshold(self) -> str:
        """A number that values seldom are."""
        return f"{self.random.choice([-0.35, -0.15, 0.05, 0.25, 0.45, 0.65]):.2f}"

    def _integer_condition(self) -> str | None:
        known = self.names("int")
        if not known:
            return None
        v = self.pick(known).text
        return self.pick([f"({v} % 2 == 0)", f"({v} > 1)", f"({v} == 1)", f"({v} != 2)", f"({v} <= 1)"])

    def _condition_on_array(self) -> str | None:
        a = self._any_array()
        return a and f"{self.pick(['np.any', 'np.all'])}({a} > {self.threshold()})"

    def _name(self, kind: str) -> str | None:
        known = self.names(kind)
        return self.pick(known).text if known else None

    def _any_array(self, least: int = 0) -> str | None:
        known = [a for a in self.names("array") if 0 not in a.shape and len(a.shape) >= least]
        return self.pick(known).text if known else None

    # ------------------------------------------------------------ numbers

    def number(self, depth: int = 2) -> str:
        """A float."""
        if depth <= 0:
            return self.first_that_applies([
                (8, lambda: self._name("float")), (5, self._element), (1, self.literal),
                (1, self._item), (1, self._entry),
            ])  # fmt: skip
        return self.first_that_applies([
            (3, lambda: self.number(0)),
            (8, lambda: self._arithmetic(depth)),
            (6, lambda: self._function_of(self.number(depth - 1))),
            (5, lambda: self._reduction(depth)),
            (3, self._element),
            (2, self._item),
            (2, self._entry),
            (2, lambda: self._call("float", (), depth)),
            (1, lambda: f"({self.number(depth - 1)} if {self.condition(0)} else {self.number(depth - 1)})"),
            (1, lambda: f"({self.integer()} * {self.number(depth - 1)} * 0.3)"),
            (1, lambda: f"{self.pick(['max', 'min'])}({self.number(depth - 1)}, {self.number(0)})"),
            (1, lambda: f"float({self.condition(0)})"),
        ])  # fmt: skip

    def literal(self) -> str:
        """A number as written."""
        return self.pick(["0.5", "0.1", "1.5", "2.0", "0.7", "-0.4", "1.0", "0.3"])

    def _arithmetic(self, depth: int) -> str:
        a, b = self.number(depth - 1), self.number(depth - 1)
        forms = [f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} * {b})", f"({a} / (1.5 + {b} * {b}))"]
        return self.pick([*forms, f"({a} ** 2)", f"(-{a})", f"({a} + {self.literal()})", f"({self.literal()} * {a})"])

    def _function_of(self, a: str) -> str:
        m = self.pick(["math", "np"])
        forms = [f"{m}.sin({a})", f"{m}.cos({a})", f"{m}.tanh({a})", f"{m}.exp(-{a} * {a})", f"{m}.sin({a})"]
        forms += [f"{m}.sqrt(1.0 + {a} * {a})", f"{m}.log(1.5 + {a} * {a})", f"abs({a})", f"math.atan({a})"]
        return self.pick(forms)

    def _element(self) -> str | None:
        known = [a for a in self.names("array") if 0 not in a.shape]
        if not known:
            return None
        a = self.pick(known)
        if not a.shape:
            return f"{a.text}[()]"
        if len(a.shape) == 2 and self.chance(0.15):
            return f"{a.text}[{self.index(a.shape[0])}][{self.index(a.shape[1])}]"
        return f"{a.text}[{', '.join(self.index(n) for n in a.shape)}]"

    def _item(self) -> str | None:
        grown = [x for x in self.names("rows") if x.length]
        if grown and self.chance(0.5):
            x = self.pick(grown)
            forms = [f"np.sum({x.text}[-1])", f"np.sum(np.stack({x.text}) ** 2) * 0.1"]
            return self.pick([*forms, f"sum(np.sum(entry) for entry in {x.text}) * 0.2"])
        known = [x for x in self.names("list") if x.length]
        if not known:
            return None
        x = self.pick(known)
        forms = [f"{x.text}[-1]", f"{x.text}[0]", f"{x.text}[{self.index(x.length)}]", f"sum({x.text}) * 0.2"]
        return self.pick(forms)

    def _entry(self) -> str | None:
        entries = [e for kind in ("dict", "tuple") for d in self.names(kind) for e in d.keys if e.kind == "float"]
        return self.pick(entries).text if entries else None

    def _reduction(self, depth: int) -> str | None:
        known = self.names("array")
        if not known:
            return None
        shape = self.pick(known).shape
        a = self.array(shape, depth - 1)
        forms = [f"np.sum({a})", f"np.sum({a} * {self.array(shape, 0)})", f"({a}).sum()"]
        if len(shape) == 1:
            b = self.array(shape, 0)
            forms += [f"np.dot({a}, {b})", f"({a} @ {b})"]
        if 0 not in shape:
            forms += [f"np.mean({a})", f"np.max({a})", f"np.prod(np.cos({a}))", f"np.min({a})"]
            forms += [f"np.linalg.norm({a} + 2.0)", f"({a}).ravel()[np.argmax({self.array(shape, 0)})]"]
        if len(shape) == 1:
            forms += [f"np.einsum('i,i->', {a}, {self.array(shape, 0)})", f"np.inner({a}, {self.array(shape, 0)})"]
        if len(shape) == 2 and shape[0] == shape[1]:
            forms += [f"np.trace({a})", f"np.linalg.det(np.eye({shape[0]}) * 2.0 + {a} * 0.3)"]
        if len(shape) == 2:
            axis = self.pick([0, 1])
            forms.append(f"np.sum(np.sum({a}, axis={axis}) ** 2)")
        return self.pick(forms)

    def _call(self, kind: str, shape: Shape, depth: int) -> str | None:
        """A call of a function that gives what is wanted, on arguments that fit."""
        known = [f for f in self.names("function") if f.gives and (f.gives.kind, f.gives.shape) == (kind, shape)]
        return self.call(self.pick(known), depth - 1) if known else None

    def call(self, f: Name, depth: int = 0) -> str | None:
        """A call of a function; None where nothing fits, such as an array that it may write into."""
        args: list[str | None] = []
        for p in f.takes:
            if p.length and self.chance(0.4):
                continue
            argument = self.argument(p, depth)
            args.append(argument and (f"{p.text}={argument}" if p.length else argument))
        return None if None in args else f"{f.text}({', '.join(a for a in args if a)})"

    def argument(self, p: Name, depth: int) -> str | None:
        """An argument for a parameter."""
        if p.kind == "float":
            return self.number(depth)
        if p.kind == "int":
            return str(self.random.randint(p.low or 0, p.high or 0))
        if p.shared:
            return self.array(p.shape, depth)
        known = [v.text for v in self.names("array") if v.shape == p.shape and not v.shared]
        return self.pick(known) if known else None

    # ------------------------------------------------------------ arrays

    def array(self, shape: Shape, depth: int = 1) -> str:
        """An array of floats of a shape."""
        if depth <= 0:
            return self.first_that_applies([
                (20, lambda: self._array_name(shape)), (4, lambda: self._part(shape)), (1, lambda: self._made(shape)),
                (2, lambda: self._array_entry(shape)),
            ])  # fmt: skip
        return self.first_that_applies([
            (4, lambda: self.array(shape, 0)),
            (5, lambda: self._elementwise(shape, depth)),
            (5, lambda: self._function_of_array(self.array(shape, depth - 1))),
            (5, lambda: self._structural(shape, depth)),
            (2, lambda: self._call("array", shape, depth)),
            (1, lambda: self._comprehension(shape, depth)),
        ])  # fmt: skip

    def _array_name(self, shape: Shape) -> str | None:
        known = [a.text for a in self.names("array") if a.shape == shape]
        return self.pick(known) if known else None

    def _array_entry(self, shape: Shape) -> str | None:
        entries = [e.text for kind in ("dict", "tuple") for d in self.names(kind) for e in d.keys
                   if (e.kind, e.shape) == ("array", shape)]  # fmt: skip
        for x in self.names("rows"):
            if x.shape == shape and x.length:
                entries += [f"{x.text}[-1]", f"{x.text}[{self.index(x.length)}]"]
        return self.pick(entries) if entries else None

    def _made(self, shape: Shape) -> str:
        text = self.shape(shape)
        forms = [f"np.zeros({text})", f"np.ones({text})", f"np.full({text}, {self.number(0)})"]
        if len(shape) == 1:
            forms += [f"np.arange({self.size(shape[0])}) * 0.3", f"np.linspace(0.0, 1.0, {self.size(shape[0])})"]
        if len(shape) == 2 and shape[0] == shape[1]:
            forms.append(f"np.eye({self.size(shape[0])})")
        return f"({self.pick(forms)})"

    def shape(self, shape: Shape) -> str:
        """The text of a shape, as `np.zeros` takes it."""
        if len(shape) == 1:
            return self.size(shape[0])
        same = [f"{a.text}.shape" for a in self.names("array") if a.shape == shape]
        return self.pick([*same, f"({', '.join(self.size(n) for n in shape)})"])

    def view(self, shape: Shape, of: Name) -> str | None:
        """A view of an array that has a shape, if there is one."""
        a, have = of.text, of.shape
        forms: list[str] = []
        if len(have) == 1 and len(shape) == 1:
            n, m = have[0], shape[0]
            if n == m:
                forms += [f"{a}[::-1]", f"{a}[:]"]
            if 0 < m < n:
                forms += [f"{a}[{n - m}:]", f"{a}[:{m}]", f"{a}[:-{n - m}]"]
            if m and m == (n + 1) // 2:
                forms.append(f"{a}[::2]")
        if len(have) == 2 and len(shape) == 1:
            if have[1] == shape[0] and have[0]:
                forms += [f"{a}[{self.index(have[0])}]"] * 2 + [f"{a}[{self.index(have[0])}, :]"]
            if have[0] == shape[0] and have[1]:
                forms.append(f"{a}[:, {self.index(have[1])}]")
            if have[0] * have[1] == shape[0]:
                forms += [f"{a}.reshape(-1)", f"{a}.ravel()"]
        if len(have) == 2 and len(shape) == 2:
            if have[::-1] == shape:
                forms.append(f"{a}.T")
            if have[1] == shape[1] and 0 < shape[0] < have[0]:
                forms.append(f"{a}[{have[0] - shape[0]}:]")
            if have == shape:
                forms += [f"{a}[::-1]", f"{a}[:, ::-1]"]
        if len(have) == 3 and len(shape) == 2 and have[1:] == shape and have[0]:
            forms += [f"{a}[{self.index(have[0])}]"]
        return self.pick(forms) if forms else None

    def _part(self, shape: Shape) -> str | None:
        views = [v for a in self.names("array") if (v := self.view(shape, a))]
        return self.pick(views) if views else None

    def _elementwise(self, shape: Shape, depth: int) -> str:
        a, b = self.array(shape, depth - 1), self.array(shape, depth - 1)
        s = self.number(0)
        forms = [f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"({a} * {s})", f"({s} - {a})", f"({a} * 0.5)",
                 f"({a} / (2.0 + {b} * {b}))", f"np.maximum({a}, {b})", f"np.minimum({a}, {s})",
                 f"np.where({a} > {self.threshold()}, {b}, {a} * {s})", f"np.clip({a}, -0.8, {s} + 1.0)"]  # fmt: skip
        if len(shape) == 2:
            row = self.array(shape[1:], 0)
            forms += [f"({a} * {row})", f"({a} + {self.array(shape[:1], 0)}[:, None])"]
        return self.pick(forms)

    def _function_of_array(self, a: str) -> str:
        forms = [f"np.sin({a})", f"np.cos({a})", f"np.tanh({a})", f"np.exp(-{a} * {a})", f"np.sqrt(1.0 + {a} ** 2)"]
        return self.pick([*forms, f"np.abs({a})", f"({a} ** 2)", f"(-{a})", f"np.log(1.5 + {a} ** 2)"])

    def _structural(self, shape: Shape, depth: int) -> str | None:
        below = depth - 1
        forms: list[str] = []
        if len(shape) == 1:
            n = shape[0]
            a = self.array(shape, below)
            forms += [f"np.cumsum({a}) * 0.3", f"np.roll({a}, 1)", f"np.flip({a})"]
            known = [b for b in self.names("array") if len(b.shape) == 2 and b.shape[0] == n]
            if known:
                b = self.pick(known)
                forms += [f"np.tanh({b.text} @ {self.array(b.shape[1:], 0)})", f"np.sum({b.text}, axis=1)"]
                forms += [f"np.einsum('ij,j->i', {b.text}, {self.array(b.shape[1:], 0)})"]
                if b.shape[1] == n:
                    forms.append(f"np.diag({b.text})")
                    if n:
                        forms.append(f"np.linalg.solve(np.eye({n}) * 5.0 + {b.text}, {a})")
                if b.shape[1]:
                    forms += [f"np.max({b.text}, axis=1)", f"np.mean({b.text}, axis=-1)", f"np.prod({b.text}, axis=1)"]
            if n:
                order = ", ".join(str(self.random.randrange(n)) for _ in range(n))
                forms.append(f"{self.array(shape, 0)}[np.array([{order}])]")
            if 0 < n <= 3:
                forms.append(f"np.array([{', '.join(self.number(below) for _ in range(n))}])")
            if n:
                forms += [f"np.cumprod(np.cos({a}))", f"np.diff({a}, prepend=0.0)", f"np.sort({a})"]
                forms += [f"np.convolve({a}, {self.array((n,), 0)})[:{n}]", f"np.repeat({self.array((1,), 0)}, {n})"]
                forms.append(f"np.take({a}, [{self.random.randrange(n)}] * {n})")
            if n > 1:
                forms += [f"np.hstack(({self.array((n - 1,), 0)}, {self.number(0)}))"]
                forms += [f"np.concatenate(({self.array((n - 1,), 0)}, {self.array((1,), 0)}))"]
                forms.append(f"np.append({self.array((n - 1,), 0)}, {self.number(0)})")
        if len(shape) == 2:
            n, m = shape
            forms += [f"np.outer({self.array((n,), 0)}, {self.array((m,), 0)})", f"({self.array((m, n), below)}).T"]
            forms.append(f"np.cumsum({self.array(shape, 0)}, axis={self.pick([0, 1])}) * 0.4")
            known = [b for b in self.names("array") if len(b.shape) == 2 and b.shape[0] == n]
            if known:
                b = self.pick(known)
                forms.append(f"np.tanh({b.text} @ {self.array((b.shape[1], m), 0)})")
            if 0 < n <= 3:
                forms.append(f"np.stack([{', '.join(self.array((m,), 0) for _ in range(n))}])")
            if n > 1:
                forms.append(f"np.concatenate(({self.array((n - 1, m), 0)}, {self.array((1, m), 0)}))")
            forms.append(f"({self.array((n * m,), 0)}).reshape({n}, {m})")
            forms += [f"np.tril({self.array(shape, 0)})", f"np.broadcast_to({self.array((m,), 0)}, ({n}, {m}))"]
            forms += [f"{self.array((n,), 0)}[:, None] * {self.array((m,), 0)}[None, :]"]
            forms += [f"np.tile({self.array((m,), 0)}, ({n}, 1))", f"np.swapaxes({self.array((m, n), 0)}, 0, 1)"]
            if n == m:
                forms.append(f"np.diag({self.array((n,), 0)})")
                if n:
                    forms.append(f"np.linalg.inv(np.eye({n}) * 5.0 + {self.array(shape, 0)})")
            if m and m <= 3:
                forms.append(f"np.column_stack([{', '.join(self.array((n,), 0) for _ in range(m))}])")
        return f"({self.pick(forms)})" if forms else None

    def _comprehension(self, shape: Shape, depth: int) -> str | None:
        if len(shape) != 1 or not shape[0]:
            return None
        e = Name(self.fresh("item"), "float", fixed=True)
        source = self.array(shape, 0)
        self.frames.append({e.text: e})
        body = self.number(depth - 1)
        self.frames.pop()
        self.used.discard(e.text)
        return f"np.array([{body} for {e.text} in {source}])"
