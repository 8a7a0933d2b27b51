"""The functions that a module calls, as LLVM: on a number, and the same formula on vectors.

    call double @math.exp.f64(double %x)

The formulas have the same bits in all these forms; which one it is, is a matter of speed:

* `math.exp.f64`, not inlined. An attribute tells LLVM's loop vectoriser which functions do the same on vectors (the
  "Vector Function ABI variants" of LLVM's language reference): `math.exp.f64.8` and its like. A loop that becomes one
  of vectors calls those. They are in the module once, however often they are called.
* `math.exp.f64.inline`, inlined before loops become vectors, which saves the call and what is kept over it: in
  innermost loops that may become vectors, if they have few such calls, as each is some fifty instructions to compile.
* The C library's, where no loop of the module that calls the function can become one of vectors, and the formula is
  slower in a chain of operations, each of which waits for the one before: tables, as the C library has them, are faster
  then. It is one or the other in the whole module, so that what is computed twice is the same twice.
* Where a module has no loops at all, the C library's with our functions on vectors: a loop of the user's own that calls
  the module may become one of vectors, and then all of the module's calls in a trip do.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence

from s2sad.backend.llvm.code import Code, Value, element_of, width_of
from s2sad.backend.llvm.mathematics import error, exponential, logarithm, power, trigonometric
from s2sad.backend.llvm.mathematics.exponential import plain_expit
from s2sad.backend.llvm.mathematics.lanes import PLAIN, Formula, Lanes, Real
from s2sad.backend.llvm.mathematics.loops import OURS, Loop, Vectors, innermost

FORMULAS: dict[str, Formula] = {
    name: vars(module)[name]
    for module in (error, exponential, logarithm, power, trigonometric)
    for name in module.__all__
}
"""By the name of the primitive."""
IN_C = {name: name for name in FORMULAS if name not in ("expit", "expm1", "sinh", "tanh")} | {"arctan": "atan"}
"""Functions for which the C library is faster in chains, and what it calls them."""
CALLED = frozenset(["sin", "cos", "tan", "pow"])
"""Those with a branch in them, for which LLVM makes no vectors where they are inlined."""
INLINED = 12
"""As many calls in one loop are inlined."""
PREFIX = f"{OURS}math"
DEFINITION = re.compile(r'define .*?@"?([\w.]+)"?\(')
USE = re.compile(rf'call (double|float) @"{re.escape(PREFIX)}\.(\w+)\.(f32|f64)"\(')

LANES = re.compile(rf'call <\d+ x (double|float)> @"{re.escape(PREFIX)}\.(\w+)\.(f32|f64)\.(\d+)"\((.*)\)')


def call(code: Code, name: str, args: Sequence[Value]) -> Value:
    """A call of a function, which `settled` decides about; on vectors, of its form on these."""
    args = code.alike(*args)
    type_ = args[0].type
    suffix = "f32" if element_of(type_) == "float" else "f64"
    if width := width_of(type_):
        suffix += f".{width}"
    return code.value(type_, f'call {type_} @"{PREFIX}.{name}.{suffix}"({", ".join(map(str, args))})')


def settled(texts: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The functions of a module with each call in one of the forms, and what these calls need, by its symbol."""
    needed = _on_lanes(texts)
    if not needed and not any(USE.search(text) for text in texts):
        return list(texts), {}
    bodies = [text.split("\n") for text in texts]
    loops = [list(innermost(lines)) for lines in bodies]
    ours = _in_vectors(bodies, loops)
    alone = not any(loops)
    for lines, found_loops in zip(bodies, loops, strict=True):
        inlined = _inlined(lines, found_loops)
        for k, line in enumerate(lines):
            if found := USE.search(line):
                lines[k] = _settled(line, found, ours, k in inlined, alone, needed)
    return ["\n".join(lines) for lines in bodies], needed


def _on_lanes(texts: Sequence[str]) -> dict[str, str]:
    """The functions on vectors that are called as such."""
    needed: dict[str, str] = {}
    for found in (f for text in texts for f in LANES.finditer(text)):
        type_, name, suffix, width, args = found.groups()
        arity = args.count(f"x {type_}>")
        symbol = f"{PREFIX}.{name}.{suffix}.{width}"
        needed |= _define(symbol, FORMULAS[name], int(width), type_, arity, "linkonce_odr", PLAIN)
    return needed


def _in_vectors(bodies: Sequence[Sequence[str]], loops: Sequence[Sequence[Loop]]) -> set[str]:
    """The functions of numbers that are called in loops which may become loops of vectors, or in functions that these
    loops call."""
    defined = {found[1]: lines for lines in bodies if (found := DEFINITION.match(lines[0]))}
    uses = {found[2] for lines in bodies for line in lines if (found := LANES.search(line))}
    for lines, found_loops in zip(bodies, loops, strict=True):
        for loop in found_loops:
            if loop.vectors is not Vectors.NO:
                parts = [[lines[k] for k in loop.lines], *(defined.get(symbol, ()) for symbol in loop.calls)]
                uses.update(found[2] for part in parts for line in part if (found := USE.search(line)))
    return uses


def _inlined(lines: Sequence[str], loops: Sequence[Loop]) -> set[int]:
    """The lines with calls that are inlined."""
    chosen: set[int] = set()
    for loop in loops:
        uses = [k for k in loop.lines if (found := USE.search(lines[k])) and found[2] not in CALLED]
        if loop.vectors is not Vectors.NO and len(uses) <= INLINED:
            chosen |= set(uses)
    return chosen


def _settled(line: str, found: re.Match[str], ours: set[str], inline: bool, alone: bool, needed: dict[str, str]) -> str:
    """The line with its call in one form."""
    type_, name, suffix = found.groups()
    arity = line[found.end() :].count(type_)
    symbol = f"{PREFIX}.{name}.{suffix}"
    before, after = line[: found.start()], line[found.end() :]
    if name in ours or name not in (*IN_C, "expit"):
        form = inlined if inline else called
        needed.update(form(symbol, name, type_, arity, widths(type_)))
        return line.replace(f'"{symbol}"', f'"{symbol}.inline"') if inline else line
    if name == "expit":
        needed.update(_define(f"{symbol}.plain", plain_expit, 1, type_, arity, "linkonce_odr", f"noinline {PLAIN}"))
        function = f'"{symbol}.plain"'
    else:
        function = IN_C[name] + "f" * (type_ == "float")
        needed[function] = f"declare {type_} @{function}({', '.join([type_] * arity)}) {PLAIN}"
    line = f"{before}call {type_} @{function}({after}"
    if not alone:
        return line
    needed.update(on_vectors(symbol, name, type_, arity, widths(type_)))
    return f"{line} {variants(function.strip(chr(34)), symbol, arity, widths(type_))}"


@functools.cache
def widths(type_: str) -> tuple[int, ...]:
    """How many numbers a register of this machine holds; of the widest ones, also half of that, which LLVM prefers on
    some."""
    import llvmlite.binding as llvm
    from numba.core import config

    chosen = getattr(config, "CPU_FEATURES", None)
    features = llvm.get_host_cpu_features().flatten() if chosen is None else chosen
    double = (4, 8) if "+avx512f" in features else (4,) if "+avx" in features else (2,)
    return tuple(w * (2 if type_ == "float" else 1) for w in double)


def variants(function: str, symbol: str, arity: int, widths: tuple[int, ...]) -> str:
    """The attribute that says which functions on vectors do the same as a function."""
    mappings = (f"_ZGV_LLVM_N{width}{'v' * arity}_{function}({symbol}.{width})" for width in widths)
    return f'"vector-function-abi-variant"="{",".join(mappings)}"'


@functools.cache
def called(symbol: str, name: str, type_: str, arity: int, widths: tuple[int, ...]) -> dict[str, str]:
    """The function on a number, and those on vectors, each by its symbol, with what they declare."""
    attributes = f"noinline {PLAIN} {variants(symbol, symbol, arity, widths)}"
    found = _define(symbol, FORMULAS[name], 1, type_, arity, "linkonce_odr", attributes)
    return found | on_vectors(symbol, name, type_, arity, widths)


@functools.cache
def on_vectors(symbol: str, name: str, type_: str, arity: int, widths: tuple[int, ...]) -> dict[str, str]:
    """The functions on vectors, which nothing calls until the vectoriser does."""
    found: dict[str, str] = {}
    for width in widths:
        found |= _define(f"{symbol}.{width}", FORMULAS[name], width, type_, arity, "weak_odr", PLAIN)
    return found


@functools.cache
def inlined(symbol: str, name: str, type_: str, arity: int, widths: tuple[int, ...]) -> dict[str, str]:
    """The function on a number, to be inlined."""
    return _define(f"{symbol}.inline", FORMULAS[name], 1, type_, arity, "linkonce_odr", f"alwaysinline {PLAIN}")


def _define(
    symbol: str, formula: Formula, width: int, type_: str, arity: int, linkage: str, attributes: str
) -> dict[str, str]:
    """One function: float numbers are computed as doubles."""
    code = Code()
    lanes = Lanes(code, width)
    own, wide = lanes.of(type_), lanes.of("double")
    params = [Value(f"%x{k}", own) for k in range(arity)]
    given = params if own == wide else [code.value(wide, f"fpext {p} to {wide}") for p in params]
    result = formula(lanes, *(Real(lanes, v) for v in given)).value
    if own != wide:
        result = code.value(own, f"fptrunc {result} to {own}")
    code.do(f"ret {result}")
    head = f'define {linkage} {own} @"{symbol}"({", ".join(map(str, params))}) {attributes}'
    return {**code.declared, symbol: f"{head} {{\n{code.body()}\n}}"}


__all__ = ["CALLED", "FORMULAS", "IN_C", "call", "called", "inlined", "settled", "widths"]
