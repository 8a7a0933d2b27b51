"""Random programs of loops, branches, stores and swaps, against finite differences."""

from __future__ import annotations

import random

import numpy as np
import pytest

from tests.optimise.reader import read
from tests.transforms.adjoint.checks import check

ARRAYS, NUMBERS = ("a", "b", "x"), ("s", "t", "y")


class Writer:
    """Writes a program whose values stay small and whose branches are decided far from their edges."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.counters: list[str] = []
        self.made = 0

    def program(self) -> str:
        head = ["def f(x, y, n):", " s = y * 0.5", " t = 0.3", " a = np.zeros(4)", " b = np.empty(4)"]
        head += [" for z in range(4):", "  b[z] = x[z] * y"]
        self.block(1, 0, self.random.randint(3, 6))
        return "\n".join([*head, *self.lines, " return s + t * y, a, b * x, x"])

    def block(self, depth: int, loops: int, count: int) -> None:
        for _ in range(count):
            self.statement(depth, loops)

    def put(self, depth: int, text: str) -> None:
        self.lines.append(" " * depth + text)

    def statement(self, depth: int, loops: int) -> None:
        pick = self.random.choice
        match self.random.randint(0, 11 if loops < 3 else 7):
            case 0 | 1:
                self.put(depth, f"{pick(NUMBERS)} = {self.small()}")
            case 2 | 3:
                self.put(depth, f"{pick(ARRAYS)}[{self.index()}] = {self.small()}")
            case 4:
                self.put(depth, f"{pick(ARRAYS)}[{self.index()}] += {self.small()}")
            case 5:
                self.put(depth, f"{pick(NUMBERS)} += {self.small()}")
            case 6:
                name = pick(ARRAYS)
                self.put(depth, f"{name} = np.sin({pick(ARRAYS)} * {self.value()})")
            case 7:
                self.put(depth, "w = a")
                self.put(depth, "a = b")
                self.put(depth, "b = w")
            case 8 | 9:
                self.loop(depth, loops)
            case 10:
                self.branch(depth, loops)
            case _:
                self.while_loop(depth, loops)

    def loop(self, depth: int, loops: int) -> None:
        index = self.fresh()
        outer = self.random.choice(self.counters) if self.counters else "n"
        bounds = self.random.choice(["n", "4", f"1, {outer}", f"{outer}, n", "3, -1, -1", "0, 4, 2", "2, 2"])
        self.put(depth, f"for {index} in range({bounds}):")
        self.counters.append(index)
        self.block(depth + 1, loops + 1, self.random.randint(1, 3))
        if self.random.random() < 0.2:
            self.put(depth + 1, f"__exit__({index} > 1)")
        self.counters.pop()

    def while_loop(self, depth: int, loops: int) -> None:
        index = self.fresh()
        self.put(depth, f"{index} = 0")
        self.put(depth, f"while {index} < {self.random.choice(['n', '2', *self.counters])}:")
        self.counters.append(index)
        self.block(depth + 1, loops + 1, self.random.randint(1, 3))
        self.counters.pop()
        self.put(depth + 1, f"{index} = {index} + 1")

    def branch(self, depth: int, loops: int) -> None:
        test = f"{self.random.choice([*self.counters, 'n'])} > {self.random.choice(['1', '0', '3'])}"
        self.put(depth, f"if {test}:")
        self.block(depth + 1, loops + 1, self.random.randint(1, 3))
        self.put(depth, "else:")
        self.block(depth + 1, loops + 1, self.random.randint(1, 2))

    def fresh(self) -> str:
        self.made += 1
        return f"i{self.made}"

    def index(self) -> str:
        return self.random.choice([*self.counters, "0", "1", "3"]) if self.random.random() < 0.9 else "n - 1"

    def value(self) -> str:
        pick = self.random.choice
        return pick([pick(NUMBERS), f"{pick(ARRAYS)}[{self.index()}]"])

    def small(self) -> str:
        form = self.random.choice(["np.sin({} * {})", "{} * {} * 0.1", "np.sin({}) + {} * 0.2", "np.cos({} - {})"])
        return form.format(self.value(), self.value())


@pytest.mark.parametrize("seed", range(60))
def test_random_program(seed):
    text = Writer(seed).program()
    args = (np.array([0.7, 1.3, 0.4, 0.9]), 0.8, 3)
    check(read(text, x="f8[4]", n="i"), args, order=2 if seed % 3 == 0 else 1, tolerance=1e-5)
