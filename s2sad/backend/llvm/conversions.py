"""A number of one dtype as one of another, as NumPy converts it."""

from __future__ import annotations

import numpy as np

from s2sad.backend.llvm.code import I64, Code, Value, element_of
from s2sad.backend.llvm.values import Complex, Number, constant, number_type, part_dtype


def convert(code: Code, number: Number, source: np.dtype, target: np.dtype) -> Number:
    """The number as one of dtype `target`; a complex one loses its imaginary part, unless that is asked for."""
    if source == target:
        return number
    if target.kind == "b":
        return truth(code, number, source)
    if target.kind == "c":
        part = part_dtype(target)
        if isinstance(number, Complex):
            inner = part_dtype(source)
            return Complex(real(code, number.re, inner, part), real(code, number.im, inner, part))
        zero = constant(0.0, part)
        assert isinstance(zero, Value)
        return Complex(real(code, number, source, part), zero)
    if isinstance(number, Complex):
        return real(code, number.re, part_dtype(source), target)
    return real(code, number, source, target)


def truth(code: Code, number: Number, source: np.dtype) -> Value:
    """Whether a number is not zero; nan is not."""
    if isinstance(number, Complex):
        part = part_dtype(source)
        return code.binary("or", truth(code, number.re, part), truth(code, number.im, part))
    if source.kind == "b":
        return number
    zero = constant(0, source)
    assert isinstance(zero, Value)
    return code.compare("fcmp une" if source.kind == "f" else "icmp ne", number, zero)


def real(code: Code, number: Value, source: np.dtype, target: np.dtype) -> Value:
    """One real number as another; none becomes a bool."""
    have, want = number_type(source), number_type(target)
    if source == target or (have == want and source.kind in "iu" and target.kind in "iu"):
        return number
    if number.text in ("true", "false") or number.text.lstrip("-").isdigit():
        value = {"true": 1, "false": 0}.get(number.text) if source.kind == "b" else int(number.text)
        if source.kind == "u" and value is not None:
            value %= 1 << (8 * source.itemsize)
        found = constant(value, target)
        assert isinstance(found, Value)
        return found
    match source.kind, target.kind:
        case "b", ("i" | "u"):
            return code.cast("zext", number, want)
        case "b", "f":
            return code.cast("uitofp", number, want)
        case (("i" | "u"), ("i" | "u")):
            wider = target.itemsize > source.itemsize
            return code.cast(("zext" if source.kind == "u" else "sext") if wider else "trunc", number, want)
        case (("i" | "u"), "f"):
            return code.cast("uitofp" if source.kind == "u" else "sitofp", number, want)
        case "f", "f":
            return code.cast("fpext" if target.itemsize > source.itemsize else "fptrunc", number, want)
        case "f", _:
            return _to_integer(code, number, target)
    raise AssertionError(f"no conversion of {source} to {target}")



def _to_integer(code: Code, number: Value, target: np.dtype) -> Value:
    """Towards zero. What does not fit, nan with it, becomes the smallest integer, as processors of the x86 family and
    NumPy on them have it; LLVM itself leaves it open."""
    scale = constant(2.0**63, np.dtype("f4" if element_of(number.type) == "float" else "f8"))
    low = constant(-(2.0**63), np.dtype("f4" if element_of(number.type) == "float" else "f8"))
    assert isinstance(scale, Value) and isinstance(low, Value)
    below, above = code.compare("fcmp olt", number, scale), code.compare("fcmp oge", number, low)
    plain = code.cast("fptosi", number, I64)
    fits = code.binary("and", below, above)
    out = code.select(fits, plain, Value(str(-(2**63)), I64))
    if target.kind == "u" and target.itemsize == 8:
        upper = code.binary("fsub", number, scale)
        high = code.cast("fptosi", upper, I64)
        flipped = code.binary("xor", high, Value(str(-(2**63)), I64))
        large = code.binary("and", code.compare("fcmp oge", number, scale), code.compare("fcmp olt", upper, scale))
        out = code.select(large, flipped, out)
    want = number_type(target)
    return out if want == I64 else code.cast("trunc", out, want)


__all__ = ["convert", "real", "truth"]
