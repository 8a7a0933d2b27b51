"""Formulas on one number, or on the lanes of a vector of them, written as Python that reads as mathematics.

    lanes = Lanes(code, width=8)
    x = lanes.given("%x")
    y = lanes.fma(x, x, 1.0) / 2.0              fmuladd <8 x double> ..., fdiv <8 x double> ...
    (y > 1.0).select(y, -y)

The same formula written at every width does the same roundings, so a number does not depend on whether the loop that it
was computed in became one of vectors. `fma` is fused where the target has such an instruction and two roundings where
it has none: on one kind of processor always the same.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from s2sad.backend.llvm.code import I1, I64, Code, Value

PLAIN = "nounwind willreturn memory(none)"
"""What is said of every function of numbers, those of the C library too."""
ROUNDER = 1.5 * 2.0**52
"""Added to a number below 2^51, it leaves the nearest integer in the low bits, and subtracted again that integer."""


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """Writes instructions on `width` doubles at once; of width 1, on a number."""

    code: Code
    width: int = 1

    def of(self, element: str) -> str:
        """The type of as many elements as there are lanes."""
        return element if self.width == 1 else f"<{self.width} x {element}>"

    def splat(self, text: str, element: str) -> Value:
        """The same literal in all lanes."""
        return Value(text if self.width == 1 else f"splat ({element} {text})", self.of(element))

    def real(self, number: Real | float) -> Real:
        """A number in all lanes."""
        if isinstance(number, Real):
            return number
        bits = struct.unpack("<Q", struct.pack("<d", number))[0]
        return Real(self, self.splat(f"0x{bits:016X}", "double"))

    def bits(self, number: Bits | int) -> Bits:
        """64 bits in all lanes."""
        return number if isinstance(number, Bits) else Bits(self, self.splat(str(number), I64))

    def intrinsic(self, name: str, *args: Real) -> Real:
        """One of LLVM's own functions of numbers."""
        return Real(self, self.code.call("double", f"llvm.{name}.f64", *(a.value for a in args)))

    def fma(self, a: Real | float, b: Real | float, c: Real | float) -> Real:
        """``a * b + c``."""
        return self.intrinsic("fmuladd", self.real(a), self.real(b), self.real(c))

    def polynomial(self, x: Real, coefficients: Sequence[float]) -> Real:
        """``c[0] + c[1] x + ...`` by pairs, pairs of pairs and so on (G. Estrin, 1960): as many multiplications as
        coefficients, but the longest chain of them is as long as the logarithm of that."""
        terms: list[Real | float] = list(coefficients)
        power = x
        while len(terms) > 1:
            pairs = [self.fma(b, power, a) for a, b in zip(terms[::2], terms[1::2], strict=False)]
            terms = [*pairs, *terms[len(terms) // 2 * 2 :]]
            if len(terms) > 1:
                power = power * power
        return self.real(terms[0])

    def rounded(self, x: Real, scale: float = 1.0) -> tuple[Real, Bits]:
        """The integer nearest to ``scale * x``, which is below 2^51: as a number, and in the low bits of what has upper
        bits of no use."""
        shifted = x + ROUNDER if scale == 1.0 else self.fma(x, scale, ROUNDER)
        return shifted - ROUNDER, shifted.bits()

    def two(self, low_bits: Bits) -> Real:
        """2 to the power of an integer between -1022 and 1023 in the low 12 bits."""
        return (low_bits.shifted(52) + self.bits(1023 << 52)).real()

    def rarely(self, where: Mask, plain: Real, function: str, *args: Real) -> Real:
        """`plain`, but where the mask holds, what the C library's function gives: nothing but a test where it holds in
        no lane."""
        code, before = self.code, self.code.label
        slow, end = code.fresh("slow"), code.fresh("join")
        code.branch(where.any(), slow, end)
        code.start(slow)
        if self.width == 1:
            careful = code.call("double", function, *(a.value for a in args), attributes=PLAIN)
        else:
            careful = self._each(where, plain, function, args)
        last = code.label
        code.jump(end)
        code.start(end)
        line, out = code.reserve(), Value("%" + code.fresh("r"), self.of("double"))
        code.phi(line, out, [(plain.value, before), (careful, last)])
        return Real(self, out)

    def _each(self, where: Mask, plain: Real, function: str, args: Sequence[Real]) -> Value:
        """The function of each lane, kept where the mask holds."""
        code, out = self.code, plain.value
        for k in range(self.width):
            numbers = [code.value("double", f"extractelement {a.value}, i32 {k}") for a in args]
            found = code.call("double", function, *numbers, attributes=PLAIN)
            out = code.value(out.type, f"insertelement {out}, {found}, i32 {k}")
        return code.value(out.type, f"select {where.value}, {out}, {plain.value}")


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Whether something holds, for each lane."""

    lanes: Lanes
    value: Value

    def select(self, a: Real | float, b: Real | float) -> Real:
        """`a` where it holds, else `b`."""
        code, left, right = self.lanes.code, self.lanes.real(a).value, self.lanes.real(b).value
        return Real(self.lanes, code.value(left.type, f"select {self.value}, {left}, {right}"))

    def __or__(self, other: Mask) -> Mask:
        return Mask(self.lanes, self.lanes.code.binary("or", self.value, other.value))

    def __and__(self, other: Mask) -> Mask:
        return Mask(self.lanes, self.lanes.code.binary("and", self.value, other.value))

    def __invert__(self) -> Mask:
        lanes = self.lanes
        return Mask(lanes, lanes.code.binary("xor", self.value, lanes.splat("true", I1)))

    def any(self) -> Value:
        """Whether it holds in some lane."""
        return self.value if self.lanes.width == 1 else self.lanes.code.reduced("or", self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Bits:
    """64 bits, for each lane."""

    lanes: Lanes
    value: Value

    def _binary(self, operation: str, other: Bits | int) -> Bits:
        return Bits(self.lanes, self.lanes.code.binary(operation, self.value, self.lanes.bits(other).value))

    def __add__(self, other: Bits | int) -> Bits:
        return self._binary("add", other)

    def __sub__(self, other: Bits | int) -> Bits:
        return self._binary("sub", other)

    def __and__(self, other: Bits | int) -> Bits:
        return self._binary("and", other)

    def __or__(self, other: Bits | int) -> Bits:
        return self._binary("or", other)

    def __xor__(self, other: Bits | int) -> Bits:
        return self._binary("xor", other)

    def shifted(self, left: int) -> Bits:
        """Shifted to the left, or to the right without sign."""
        return self._binary("shl", left) if left > 0 else self._binary("lshr", -left)

    def real(self) -> Real:
        """The number of those bits."""
        lanes = self.lanes
        return Real(lanes, lanes.code.value(lanes.of("double"), f"bitcast {self.value} to {lanes.of('double')}"))

    def nonzero(self) -> Mask:
        """Whether one of them is set."""
        lanes = self.lanes
        zero = lanes.bits(0).value.text
        return Mask(lanes, lanes.code.value(lanes.of(I1), f"icmp ne {self.value}, {zero}"))


@dataclass(frozen=True, slots=True, eq=False)
class Real:
    """A double, for each lane."""

    lanes: Lanes
    value: Value

    def _binary(self, operation: str, other: Real | float) -> Real:
        return Real(self.lanes, self.lanes.code.binary(operation, self.value, self.lanes.real(other).value))

    def __add__(self, other: Real | float) -> Real:
        return self._binary("fadd", other)

    def __sub__(self, other: Real | float) -> Real:
        return self._binary("fsub", other)

    def __mul__(self, other: Real | float) -> Real:
        return self._binary("fmul", other)

    def __truediv__(self, other: Real | float) -> Real:
        return self._binary("fdiv", other)

    def __radd__(self, other: float) -> Real:
        return self.lanes.real(other) + self

    def __rsub__(self, other: float) -> Real:
        return self.lanes.real(other) - self

    def __rmul__(self, other: float) -> Real:
        return self.lanes.real(other) * self

    def __rtruediv__(self, other: float) -> Real:
        return self.lanes.real(other) / self

    def __neg__(self) -> Real:
        return Real(self.lanes, self.lanes.code.value(self.value.type, f"fneg {self.value}"))

    def __abs__(self) -> Real:
        return self.lanes.intrinsic("fabs", self)

    def signed_as(self, other: Real) -> Real:
        """With the sign of another number."""
        return self.lanes.intrinsic("copysign", self, other)

    def _compare(self, operation: str, other: Real | float) -> Mask:
        lanes, right = self.lanes, self.lanes.real(other).value
        return Mask(lanes, lanes.code.value(lanes.of(I1), f"fcmp {operation} {self.value}, {right.text}"))

    def __lt__(self, other: Real | float) -> Mask:
        return self._compare("olt", other)

    def __gt__(self, other: Real | float) -> Mask:
        return self._compare("ogt", other)

    def __le__(self, other: Real | float) -> Mask:
        return self._compare("ole", other)

    def __ge__(self, other: Real | float) -> Mask:
        return self._compare("oge", other)

    def equals(self, other: Real | float) -> Mask:
        """Whether it is the same number; nan is no number."""
        return self._compare("oeq", other)

    def isnan(self) -> Mask:
        """Whether it is not a number."""
        return self._compare("uno", self)

    def at_most(self, bound: float) -> Real:
        """The smaller of it and a bound; nan stays."""
        return (self > bound).select(bound, self)

    def at_least(self, bound: float) -> Real:
        """The larger of it and a bound; nan stays."""
        return (self < bound).select(bound, self)

    def leading(self) -> Real:
        """Its first 21 bits: the product of two such numbers is exact."""
        return (self.bits() & -(1 << 32)).real()

    def bits(self) -> Bits:
        """Its bits."""
        lanes = self.lanes
        return Bits(lanes, lanes.code.value(lanes.of(I64), f"bitcast {self.value} to {lanes.of(I64)}"))


Formula = Callable[..., Real]

__all__ = ["PLAIN", "Bits", "Formula", "Lanes", "Mask", "Real"]
