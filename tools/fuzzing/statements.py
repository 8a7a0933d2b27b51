"""Statements: assignments, stores, views, lists, loops and branches, each such that the program stays well defined."""

from __future__ import annotations

from dataclasses import replace

from tools.fuzzing.grammar import Name
from tools.fuzzing.loops import Loops

TRIPS = 40
"""How often a statement may run, about."""


class Statements(Loops):
    """Writes blocks of statements."""

    result: str = "number"
    """What the function being written returns: a number, or None where it may not be left early."""

    def statements(self, count: int, depth: int) -> None:
        """A few statements; those that hold blocks only to a depth."""
        for _ in range(count):
            if self.left <= 0:
                break
            self.left -= 1
            self.statement(depth)

    def statement(self, depth: int) -> None:
        """One statement, or the few lines that belong together."""
        nested = depth > 0 and self.trips < TRIPS
        # What is made in a block is lost behind it.
        new = 1 if len(self.frames) > 2 else 2
        self.first_that_applies([
            (2 * new, self._new_number), (8, self._update_number), (2 * new, self._new_array), (4, self._update_array),
            (8, self._store), (2 * new, self._view), (new, self._alias), (1, self._new_flag), (2, self._new_int),
            (2, self._list), (new, self._tuple), (new, self._dict), (1, self._swap), (3, self._write_by_call),
            (1, self._lambda), (1, self._unpack),
            (9 if nested else 0, lambda: self._loop(depth - 1)), (2 if nested else 0, lambda: self._while(depth - 1)),
            (5 if nested else 0, lambda: self._branch(depth - 1)), (1 if nested else 0, lambda: self._try(depth - 1)),
            (1 if nested else 0, lambda: self._match(depth - 1)), (2, self._rows), (1, self._filtered),
            (1 if nested else 0, lambda: self._closure(depth - 1)),
            (2 if self.loops else 0, self._leave_loop), (1, self._leave),
        ])  # fmt: skip

    # ------------------------------------------------------------ functions

    def _write_by_call(self) -> bool | None:
        known = [f for f in self.names("function") if f.gives is None or f.gives.kind != "float"]
        known += [f for f in self.names("function") if any(p.kind == "array" and not p.shared for p in f.takes)]
        if not known:
            return None
        f = self.pick(known)
        text = self.call(f, 1)
        if text is None:
            return None
        if f.gives is None or self.chance(0.1):
            self.put(text)
        elif f.gives.kind == "tuple":
            names = [Name(self.fresh("float"), "float") for _ in f.gives.keys]
            self.put(f"{', '.join(n.text for n in names)} = {text}")
            for n in names:
                self.declare(n)
        else:
            self.assign(text if f.gives.kind == "float" else f"{text} * 1.0", f.gives.kind, f.gives.shape)
        return True

    def _lambda(self) -> bool:
        u = Name("u" if "u" not in self.used else self.fresh("item"), "float", fixed=True)
        f = self.fresh("function")
        self.frames.append({u.text: u})
        body = self.number(2)
        self.frames.pop()
        self.put(f"{f} = lambda {u.text}: {body}")
        self.declare(Name(f, "function", takes=(u,), gives=Name("", "float"), fixed=True))
        return True

    def _closure(self, depth: int) -> bool | None:
        """A function inside the function, which reads what stands around it."""
        if self.loops:
            return None
        f, u = self.fresh("function"), Name(self.fresh("item"), "float", fixed=True)
        result, self.result = self.result, "number"
        loops, self.loops = self.loops, 0
        writes = self.chance(0.3)
        # What is outside is read only: an assignment would make a local of it.
        hidden, self.frames = (
            self.frames,
            [
                {k: replace(n, fixed=True, shared=n.shared or not writes) for k, n in frame.items()}
                for frame in self.frames
            ],
        )
        with self.block(f"def {f}({u.text}):", u):
            self.statements(self.random.randint(1, 2), min(depth, 1))
            self.put(f"return {self.number(2)}")
        self.frames, self.result, self.loops = hidden, result, loops
        self.declare(Name(f, "function", takes=(u,), gives=Name("", "float"), fixed=True))
        return True

    # ------------------------------------------------------------ control

    def _loop(self, depth: int) -> bool:
        header, names, trips = self.first_that_applies([
            (6, self._over_range), (3, self._over_array), (2, self._over_enumerated), (2, self._over_zipped),
            (1, self._over_list), (1, self._over_literals),
        ])  # fmt: skip
        start = len(self.lines)
        with self.block(header, *names, trips=trips):
            self.statements(self.random.randint(1, 3), depth)
            leaves = any(line.strip() == "break" for line in self.lines[start:])
        if leaves and self.chance(0.3):
            with self.block("else:"):
                self.statements(1, 0)
        return True

    def _try(self, depth: int) -> bool:
        """An error that is raised and caught."""
        name = self.assign(self.number(0), "float")
        with self.block("try:"):
            with self.block(f"if {self.condition()}:"):
                self.put("raise ValueError('out of range')")
            self.statements(1, depth)
            self.put(f"{name.text} = {self.number(1)}")
        with self.block("except ValueError:"):
            self.put(f"{name.text} = {self.number(1)}")
        return True

    def _match(self, depth: int) -> bool | None:
        known = self.names("int")
        if not known:
            return None
        with self.block(f"match {self.pick(known).text} % 3:"):
            for case in self.pick([("0", "_"), ("0 | 1", "2"), ("1", "2", "_")]):
                with self.block(f"case {case}:"):
                    self.statements(1, depth)
        return True

    def _while(self, depth: int) -> bool:
        k = self.fresh("index")
        n = self.random.randint(1, 4)
        self.put(f"{k} = 0")
        counter = Name(k, "int", low=0, high=n, fixed=True)
        headers = [f"while {k} < {self.size(n)}:", f"while {self.condition()} and {k} < {n}:", "while True:"]
        header = self.pick(headers)
        inside = replace(counter, low=1) if header != "while True:" and self.chance(0.5) else None
        with self.block(header, inside or replace(counter, high=n - 1), trips=n):
            self.may_continue = inside is not None
            if inside:
                self.put(f"{k} += 1")
            self.statements(self.random.randint(1, 3), depth)
            if not inside:
                self.put(f"{k} += 1")
            if header == "while True:":
                with self.block(f"if {k} >= {n}{self.pick(['', f' or {self.condition(0)}'])}:"):
                    self.put("break")
        self.declare(counter)
        return True

    def _branch(self, depth: int) -> bool:
        both = self.chance(0.3)
        name = Name(self.fresh("float"), "float")
        for k in range(self.pick([1, 2, 2, 2, 3]) if not both else 2):
            header = f"{'if' if k == 0 else 'elif'} {self.condition()}:"
            last = k > 0 and (both or self.chance(0.6))
            with self.block("else:" if last else header):
                self.statements(self.random.randint(1, 2), depth)
                if both:
                    self.put(f"{name.text} = {self.number(1)}")
            if last:
                break
        if both:
            self.declare(name)
        return True

    def _leave_loop(self) -> bool:
        with self.block(f"if {self.condition()}:"):
            if self.chance(0.3):
                self._update_number()
            self.put("continue" if self.may_continue and self.chance(0.5) else "break")
        return True

    def _leave(self) -> bool | None:
        if self.result != "number":
            return None
        with self.block(f"if {self.condition()}:"):
            self.put(f"return {self.number(1)}")
        return True
