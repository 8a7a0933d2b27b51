"""The text of one LLVM function, written instruction by instruction.

    x = code.value("double", "fadd double %a, %b")      %t1 = fadd double %a, %b
    code.do("store double %t1, ptr %p")
    code.jump(label); code.start(label)

Instructions are text from the start: LLVM's assembly is read by LLVM itself, many times faster than objects could be
made and printed.

Arithmetic is on numbers, or on vectors of them, lane by lane: a number beside a vector is the same in all lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Value(NamedTuple):
    """A name or a literal, and its LLVM type."""

    text: str
    type: str

    def __str__(self) -> str:
        return f"{self.type} {self.text}"


PTR = "ptr"
I1, I8, I32, I64 = "i1", "i8", "i32", "i64"
TRUE, FALSE = Value("true", I1), Value("false", I1)
NULL = Value("null", PTR)


SELDOM_LOOP = "!llvm.loop !seldom"
"""Ends the last block of a loop that seldom runs, until the module gives it a node of its own."""


def i64(n: int) -> Value:
    """A literal of 64 bits."""
    return Value(str(n), I64)


def vector(element: str, width: int) -> str:
    """The type of a vector; of width 0, that of a number."""
    return f"<{width} x {element}>" if width else element


def width_of(type_: str) -> int:
    """How many lanes a type has; 0 for a number."""
    return int(type_[1 : type_.index(" ")]) if type_.startswith("<") else 0


def element_of(type_: str) -> str:
    """The type of one lane."""
    return type_[type_.index("x ") + 2 : -1] if type_.startswith("<") else type_


@dataclass(frozen=True, slots=True)
class Support:
    """Functions of ours that are the same in every module: their text, and the declarations of what they call."""

    text: str
    needs: tuple[tuple[str, str], ...] = ()


class Code:
    """The blocks of a function, in the order in which they were begun; the entry block first."""

    def __init__(self) -> None:
        self.allocas: list[str] = []
        self.lines: list[str] = []
        self.declared: dict[str, str] = {}
        self.support: dict[Support, None] = {}
        self.label = "entry"
        self._count = 0

    # -- names and instructions

    def fresh(self, stem: str = "t") -> str:
        """A name that no other has, without its sign."""
        self._count += 1
        return f"{stem}{self._count}"

    def do(self, text: str) -> None:
        """An instruction without a value."""
        self.lines.append(f"  {text}")

    def value(self, type_: str, text: str) -> Value:
        """An instruction with a value of that type."""
        name = "%" + self.fresh()
        self.lines.append(f"  {name} = {text}")
        return Value(name, type_)

    def binary(self, operation: str, a: Value, b: Value) -> Value:
        """``operation type a, b``, of the type of `a`."""
        a, b = self.alike(a, b)
        return self.value(a.type, f"{operation} {a.type} {a.text}, {b.text}")

    def compare(self, operation: str, a: Value, b: Value) -> Value:
        """A comparison, such as ``icmp slt``."""
        a, b = self.alike(a, b)
        return self.value(vector(I1, width_of(a.type)), f"{operation} {a.type} {a.text}, {b.text}")

    def select(self, condition: Value, a: Value, b: Value) -> Value:
        """`a` where the condition holds, else `b`."""
        if a == b:
            return a
        if width := width_of(condition.type):
            a, b = self.splat(a, width), self.splat(b, width)
        a, b = self.alike(a, b)
        return self.value(a.type, f"select {condition}, {a}, {b}")

    def cast(self, operation: str, value: Value, target: str) -> Value:
        """A number, or each lane of a vector, as one of another type, such as ``sitofp``."""
        type_ = vector(target, width_of(value.type))
        return self.value(type_, f"{operation} {value} to {type_}")

    def call(self, type_: str, function: str, *args: Value, attributes: str = "") -> Value:
        """A call of a function that is declared on the way; of a function of numbers on vectors, for each lane."""
        args = self.alike(*args)
        width = width_of(args[0].type) if args else 0
        if width and not function.startswith("llvm."):
            return self.each_lane(lambda *a: self.call(type_, function, *a, attributes=attributes), args)
        if width:
            stem, suffix = function.rsplit(".", 1)
            type_, function = vector(type_, width), f"{stem}.v{width}{suffix}"
        self.declare(type_, function, [a.type for a in args], attributes)
        return self._called(type_, f"call {type_} @{function}({', '.join(map(str, args))})")

    # -- vectors

    def splat(self, value: Value, width: int) -> Value:
        """The same number in all lanes; a vector as it is."""
        if value.type.startswith("<") or not width:
            return value
        type_ = vector(value.type, width)
        if not value.text.startswith("%"):
            return Value(f"splat ({value})", type_)
        first = self.value(type_, f"insertelement {type_} poison, {value}, i64 0")
        return self.value(type_, f"shufflevector {first}, {type_} poison, <{width} x i32> zeroinitializer")

    def alike(self, *values: Value) -> tuple[Value, ...]:
        """Numbers, or vectors where one of them is."""
        width = max((width_of(v.type) for v in values), default=0)
        return tuple(self.splat(v, width) for v in values) if width else values

    def lane(self, value: Value, k: int | Value) -> Value:
        """One lane of a vector; a number as it is."""
        if not value.type.startswith("<"):
            return value
        return self.value(element_of(value.type), f"extractelement {value}, i64 {k if isinstance(k, int) else k.text}")

    def gathered(self, numbers: Sequence[Value]) -> Value:
        """The vector of some numbers."""
        type_ = vector(numbers[0].type, len(numbers))
        found = Value("poison", type_)
        for k, number in enumerate(numbers):
            found = self.value(type_, f"insertelement {found}, {number}, i64 {k}")
        return found

    def reduced(self, operation: str, value: Value, start: Value | None = None) -> Value:
        """All lanes in one, such as their sum; of floats in any order, from `start`."""
        type_ = element_of(value.type)
        short = {"double": "f64", "float": "f32"}.get(type_, type_)
        name = f"llvm.vector.reduce.{operation}.v{width_of(value.type)}{short}"
        args = (value,) if start is None else (start, value)
        self.declare(type_, name, [a.type for a in args])
        flags = "" if start is None else "reassoc "
        return self.value(type_, f"call {flags}{type_} @{name}({', '.join(map(str, args))})")

    def each_lane(self, function: Callable[..., Value], args: Sequence[Value]) -> Value:
        """A function of numbers, applied to each lane."""
        width = width_of(args[0].type)
        return self.gathered([function(*(self.lane(a, k) for a in args)) for k in range(width)])

    def ours(self, support: Support, type_: str, function: str, *args: Value, flags: str = "") -> Value:
        """A call of a function of ours. `flags` are those of its result."""
        self.support[support] = None
        return self._called(type_, f"call {flags}{type_} @{function}({', '.join(map(str, args))})")

    def _called(self, type_: str, text: str) -> Value:
        if type_ == "void":
            self.do(text)
            return NULL
        return self.value(type_, text)

    def declare(self, type_: str, function: str, args: list[str], attributes: str = "") -> None:
        """Declare a function of the module's."""
        self.declared.setdefault(function, f"declare {type_} @{function}({', '.join(args)}) {attributes}".rstrip())

    # -- memory

    def load(self, type_: str, pointer: Value) -> Value:
        """What a pointer points at."""
        return self.value(type_, f"load {type_}, {pointer}")

    def store(self, value: Value, pointer: Value) -> None:
        """Write through a pointer."""
        self.do(f"store {value}, {pointer}")

    def clear(self, pointer: Value, size: Value) -> None:
        """Set so many bytes to 0."""
        self.call("void", "llvm.memset.p0.i64", pointer, Value("0", I8), size, FALSE)

    def element(self, type_: str, pointer: Value, index: Value) -> Value:
        """The address of an element."""
        if index.text == "0":
            return pointer
        return self.value(PTR, f"getelementptr inbounds {type_}, {pointer}, {index}")

    def alloca(self, type_: str, initial: Value | None = None) -> Value:
        """A place on the stack, made on entry; with an initial value, if one is given."""
        name = "%" + self.fresh("slot")
        self.allocas.append(f"  {name} = alloca {type_}")
        if initial is not None:
            self.allocas.append(f"  store {initial}, ptr {name}")
        return Value(name, PTR)

    # -- integer arithmetic of addresses, which does not wrap

    def add(self, a: Value, b: Value) -> Value:
        """The sum of two numbers of ours, folded where both are known."""
        if a.text == "0":
            return b
        if b.text == "0":
            return a
        return _folded(a, b, "+") or self.binary("add nsw", a, b)

    def sub(self, a: Value, b: Value) -> Value:
        """The difference of two numbers of ours."""
        return a if b.text == "0" else _folded(a, b, "-") or self.binary("sub nsw", a, b)

    def mul(self, a: Value, b: Value) -> Value:
        """The product of two numbers of ours."""
        if "0" in (a.text, b.text):
            return i64(0)
        if a.text == "1":
            return b
        if b.text == "1":
            return a
        return _folded(a, b, "*") or self.binary("mul nsw", a, b)

    def larger(self, a: Value, b: Value) -> Value:
        """The larger of two signed numbers."""
        return self.call(I64, "llvm.smax.i64", a, b)

    def smaller(self, a: Value, b: Value) -> Value:
        """The smaller of two signed numbers."""
        return self.call(I64, "llvm.smin.i64", a, b)

    def product(self, sizes: Iterable[Value]) -> Value:
        """The product of sizes."""
        total = i64(1)
        for size in sizes:
            total = self.mul(total, size)
        return total

    def from_front(self, index: Value, size: Value) -> Value:
        """An index that counts from the end where it is negative, as one from the front."""
        below = self.compare("icmp slt", index, i64(0))
        return self.select(below, self.binary("add", index, size), index)

    # -- blocks

    def start(self, label: str) -> None:
        """Begin a block."""
        self.lines.append(f"{label}:")
        self.label = label

    def jump(self, label: str) -> None:
        """End the block."""
        self.do(f"br label %{label}")

    def again(self, label: str, *, seldom: bool = False) -> None:
        """End the last block of a loop; one that `seldom` runs is neither unrolled nor vectorised."""
        if not seldom:
            self.jump(label)
            return
        self.do(f"br label %{label}, {SELDOM_LOOP}")

    def branch(self, condition: Value, then: str, orelse: str) -> None:
        """End the block, one way or the other."""
        self.do(f"br {condition}, label %{then}, label %{orelse}")

    def reserve(self) -> int:
        """A line for what is known later, such as a phi."""
        self.lines.append("")
        return len(self.lines) - 1

    def phi(self, line: int, value: Value, incoming: list[tuple[Value, str]]) -> None:
        """Write a phi on the line that was reserved for it."""
        pairs = ", ".join(f"[ {v.text}, %{label} ]" for v, label in incoming)
        self.lines[line] = f"  {value.text} = phi {value.type} {pairs}"

    def body(self) -> str:
        """The blocks as text."""
        return "\n".join(["entry:", *self.allocas, *(line for line in self.lines if line)])


def _folded(a: Value, b: Value, operation: str) -> Value | None:
    """The result, where both are literals."""
    try:
        left, right = int(a.text), int(b.text)
    except ValueError:
        return None
    return i64({"+": left + right, "-": left - right, "*": left * right}[operation])


__all__ = [
    "FALSE", "I1", "I8", "I32", "I64", "NULL", "PTR", "SELDOM_LOOP", "TRUE", "Code", "Support", "Value", "element_of",
    "i64", "vector", "width_of",
]  # fmt: skip
