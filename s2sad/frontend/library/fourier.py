"""`np.fft`: the transforms along one axis. Those of several axes, and shifts, are `written.fft`."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.errors import ShapeError
from s2sad.frontend.library.creation import as_array
from s2sad.frontend.library.reductions import one_axis
from s2sad.frontend.library.support import LAST, NONE, Elaborator, composite, emit_atom, fit, operand, refuse, static
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import Value
from s2sad.ir import Atom
from s2sad.ir.types import FLOAT
from s2sad.rules import elementwise, fourier
from s2sad.rules.cotangent import number, shape_of

FORWARD = {None: 0.0, "backward": 0.0, "ortho": -0.5, "forward": -1.0}
"""The power of the size by which a transform is scaled, by `norm`."""
INVERSE = {None: 0.0, "backward": 0.0, "ortho": 0.5, "forward": 1.0}
"""The same for the inverse transforms, which NumPy divides by the size."""


def _source(elab: Elaborator, a: Value) -> tuple[Atom, int]:
    array = as_array(elab, a)
    if array.type.rank == 0:
        refuse(elab, "A Fourier transform takes an array, not a number.", kind=ShapeError)
    atom = operand(elab, array)
    return (fit(elab, atom, FLOAT) if atom.type.dtype.kind in "biu" else atom), array.type.rank


def _sized(elab: Elaborator, atom: Any, size: Value, place: int) -> Any:
    """The array cut to a size, or filled with zeros."""
    wanted = elab.atom(size)
    if elab.builder.size_of(wanted) == atom.type.dims[place]:
        return atom
    return emit_atom(elab, fourier.resized, (atom, wanted), axis=place)


def _power(elab: Elaborator, norm: Value, powers: dict[Any, float]) -> float:
    name = static(elab, norm)
    if name not in powers:
        refuse(elab, f"norm={name!r} is not one of 'backward', 'ortho' and 'forward'.")
    return powers[name]


def _scale(x: Any, size: Any, power: float) -> Any:
    if power == 0.0:
        return x
    factor = size if power == 1.0 else 1 / size if power == -1.0 else size**power
    return x * factor


def _whole(prim: Any, powers: dict[Any, float], *functions: Any, real: bool = False) -> None:
    @meaning(*functions)
    def transform(elab: Elaborator, a: Value, n: Value = NONE, axis: Value = LAST, norm: Value = NONE) -> Value:
        atom, rank = _source(elab, a)
        place, power = one_axis(elab, axis, rank), _power(elab, norm, powers)
        atom = atom if n == NONE else _sized(elab, atom, n, place)
        if real and atom.type.dtype.kind == "c":
            refuse(elab, f"np.fft.{functions[0].__name__} takes real numbers.", "Use np.fft.fft.")
        return composite(
            elab, lambda x: _scale(prim(x, axis=place), shape_of(x)[place], power), elab.lift(atom)
        )


_whole(fourier.fft, FORWARD, np.fft.fft)
_whole(fourier.ifft, INVERSE, np.fft.ifft)
_whole(fourier.rfft, FORWARD, np.fft.rfft, real=True)


@meaning(np.fft.irfft)
def irfft(elab: Elaborator, a: Value, n: Value = NONE, axis: Value = LAST, norm: Value = NONE) -> Value:
    from s2sad.frontend.library import operators
    from s2sad.frontend.library.attributes import size_value
    from s2sad.frontend.library.support import ONE

    atom, rank = _source(elab, a)
    place, power = one_axis(elab, axis, rank), _power(elab, norm, INVERSE)
    if n == NONE:
        last = operators.binary(elab, "sub", size_value(elab, as_array(elab, elab.lift(atom)), place), ONE)
        size = operators.binary(elab, "add", last, last)
    else:
        half = operators.binary(elab, "floordiv", n, operators.binary(elab, "add", ONE, ONE))
        atom, size = _sized(elab, atom, operators.binary(elab, "add", half, ONE), place), n

    def inverse(x: Any, count: Any) -> Any:
        made = x if x.dtype.kind == "c" else elementwise.complex_(x, number(0, x))
        return _scale(fourier.irfft(made, count, axis=place), count, power)

    return composite(elab, inverse, elab.lift(atom), size)
