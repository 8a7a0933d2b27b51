"""A module of the IR as LLVM, and the Python module around it that Numba loads, caches and calls.

    unit = write(module)      the functions as LLVM, the bridges, the places that errors come from
    unit.source(doc)          a Python module whose main function, compiled by Numba, calls them

Raises `Uncovered` where something has no instructions yet.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from s2sad.backend import planning
from s2sad.backend.emit import header, source_of
from s2sad.backend.llvm.calls import Bridge, Form, form
from s2sad.backend.llvm.code import SELDOM_LOOP, Support
from s2sad.backend.llvm.faults import LIKELY, Sites
from s2sad.backend.llvm.function import Writer
from s2sad.backend.llvm.mathematics import library
from s2sad.ir.nodes import Function, Module, Pos
from s2sad.transforms.recording.decisions import Decision

OURS = "s2sad.unit"
"""What the names of the functions of one module begin with, until its hash is known."""


SELDOM = '!2 = !{!"llvm.loop.unroll.disable"}\n!3 = !{!"llvm.loop.vectorize.enable", i1 false}'
"""What is said of loops that seldom run."""
FIRST_LOOP = 4
LOOP = re.compile(f"{re.escape(SELDOM_LOOP)}$", re.MULTILINE)


@dataclass(slots=True)
class Unit:
    """A module on its way to LLVM."""

    main: Function
    sites: Sites = field(default_factory=Sites)
    bridges: dict[str, Bridge] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    loops: list[str] = field(default_factory=list)
    support: dict[Support, None] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    """What was decided on the way, for `.explain()`: bridges, and what else its writers append."""

    def symbol(self, name: str) -> str:
        """The name in LLVM of a function of the module."""
        return f'"{OURS}.{name}"'

    def bridge(self, function: Function, params: tuple[Form, ...], results: tuple[Form, ...]) -> Bridge:
        """The bridge that a statement takes; statements alike share one."""
        key = f"{params} {source_of(function)}"
        if key not in self.bridges:
            name = f"bridge_{len(self.bridges)}"
            self.bridges[key] = Bridge(name, self.symbol(name), function, params, results)
        return self.bridges[key]

    def write(self, function: Function, *, main: bool = False) -> None:
        """Write one of the functions."""
        writer = Writer(self, function)
        text = writer.text(self.symbol("main" if main else function.name), main=main)
        self.declared.update(writer.code.declared)
        self.support.update(writer.code.support)
        text = LOOP.sub(self._loop, text)
        self.texts.append(text)

    def _loop(self, _: re.Match[str]) -> str:
        """The node of a loop that seldom runs: each has one of its own."""
        number = FIRST_LOOP + len(self.loops)
        self.loops.append(f"!{number} = distinct !{{!{number}, !2, !3}}")
        return f"!llvm.loop !{number}"

    @property
    def places(self) -> list[Pos | None]:
        """The places in the user's files, by the number that an error has."""
        return self.sites.places

    @property
    def llvm(self) -> str:
        """The LLVM module."""
        texts, functions = library.settled(self.texts)
        declared = self.declared | functions
        for support in self.support:
            declared.update(support.needs)
        calls = [f"declare i32 @{b.symbol}({', '.join(b.types)})" for b in self.bridges.values()]
        parts = [*(support.text for support in self.support), *texts, *calls, *declared.values()]
        return "\n".join([*parts, "", LIKELY, SELDOM, *self.loops, ""])

    def source(self) -> str:
        """The Python module."""
        text = self.llvm
        parts = [source_of(b.function, name=b.name) for b in self.bridges.values()]
        main = self.main
        forms = [tuple(form(v.type) for v in values) for values in (main.params, main.results)]
        bridges = ", ".join(
            f"({b.name}, {_plain(b.symbol)!r}, {b.params!r}, {b.results!r})" for b in self.bridges.values()
        )
        params = ", ".join(p.name for p in main.params)
        parts.append(
            "_native = rt.native(\n"
            f"    {_plain(self.symbol('main'))!r}, params={forms[0]!r}, results={forms[1]!r},\n"
            f"    raised={tuple(self.sites.raised)!r}, bridges=({bridges}{',' if bridges else ''}),\n"
            f'    text=r"""\n{text}""",\n)\n'
        )
        parts.append(f"@rt.jit\ndef {main.name}({params}):\n    return _native({params})\n")
        body = "\n\n".join(parts)
        # of all that the module says: bridges are linked by it as well
        unique = f"s2sad.{hashlib.sha256(body.encode()).hexdigest()[:16]}"
        return f"{header(body)}\n\n{body}".replace(OURS, unique)


def _plain(symbol: str) -> str:
    return symbol.strip('"')


def write(module: Module) -> Unit:
    """The module as LLVM. Raises `Uncovered`."""
    functions, main = planning.planned(module)
    for value in (*main.params, *main.results):
        form(value.type)
    unit = Unit(main)
    for function in functions.values():
        unit.write(function)
    unit.write(main, main=True)
    return unit


__all__ = ["Unit", "write"]
