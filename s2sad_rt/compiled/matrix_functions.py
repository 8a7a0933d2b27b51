"""Roots and logarithms of matrices, and Sylvester's equation: the functions of `s2sad_rt`, compiled as they stand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from s2sad_rt import matrix_functions as plain
from s2sad_rt.compiled.template import dtype, number_type, overload_source

for _part in (plain.schur_of, plain.qr_step, plain.triangular_root_of):
    register_jitable(_part)


def _number(*ts: Any) -> np.dtype:
    number = np.result_type(*(dtype(t) for t in ts))
    return number if number.kind in "fc" else np.dtype(float)


def _whole(name: str) -> str:
    return f"np.ascontiguousarray({name}.astype(np.complex128))"


def _result(call: str, number: np.dtype) -> list[str]:
    part = "" if number.kind == "c" else ".real"
    return [f"return np.ascontiguousarray({call}{part}).astype(number)"]


def _of_one(function: Any, one: Any) -> None:
    compiled = register_jitable(one)

    @overload_source(function)
    def write(x: Any) -> Any:
        number = _number(x)
        names = {"one": compiled, "number": number_type(number), "real": number.kind == "f"}
        return _result(f"one({_whole('x')}, real, {plain.parts_of(number)!r})", number), names


_of_one(plain.sqrtm, plain.sqrtm_of)
_of_one(plain.logm, plain.logm_of)
_sylvester = register_jitable(plain.sylvester_of)


@overload_source(plain.sylvester)
def _of_sylvester(a: Any, b: Any, q: Any) -> Any:
    number = _number(a, b, q)
    names = {"one": _sylvester, "number": number_type(number)}
    return _result(f"one({_whole('a')}, {_whole('b')}, {_whole('q')})", number), names
