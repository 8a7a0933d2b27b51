"""The derivatives of the incomplete gamma and beta functions, and of Student's distribution, compiled as they stand."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType
from typing import Any

from numba.extending import register_jitable

from s2sad_rt import gamma_ratios, incomplete_beta, incomplete_gamma, student
from s2sad_rt.compiled.numbers import _float, map_lines
from s2sad_rt.compiled.template import dtype, number_type, overload_source

OF_ARRAYS: dict[Callable[..., Any], tuple[Callable[..., Any], int]] = {
    incomplete_gamma.dgammainc: (incomplete_gamma.dgammainc_number, 2),
    incomplete_gamma.gamma_density: (incomplete_gamma.gamma_density_number, 2),
    incomplete_beta.dbetainc: (incomplete_beta.dbetainc_number, 3),
    incomplete_beta.beta_density: (incomplete_beta.beta_density_number, 3),
    student.dstdtr: (student.dstdtr_number, 2),
    student.student_density: (student.student_density_number, 2),
}
"""Each by its function of numbers, whose first so many arguments are numbers, and the rest orders of derivatives."""
UNDIFFERENTIATED: dict[Callable[..., Any], Callable[..., Any]] = {
    incomplete_gamma.gamma_density: incomplete_gamma.gamma_density_itself,
    incomplete_beta.beta_density: incomplete_beta.beta_density_itself,
    student.student_density: student.student_density_itself,
}
"""What compiles faster where no order is given."""

for _module in (gamma_ratios, incomplete_gamma, incomplete_beta, student):
    for _function in list(vars(_module).values()):
        own = isinstance(_function, FunctionType) and _function.__module__ == _module.__name__
        if own and _function not in OF_ARRAYS:
            register_jitable(_function)


def _declare(function: Callable[..., Any], number: Callable[..., Any], count: int) -> None:
    names = list(inspect.signature(function).parameters)

    def write(*ts: Any) -> Any:
        plain = all(isinstance(t, int) for t in ts[count:])
        one = UNDIFFERENTIATED.get(function, number) if plain else number
        wanted = _float(*(dtype(t) for t in ts[:count]))
        orders = "" if one is not number else "".join(f", {name}" for name in names[count:])
        lines = map_lines(f"one({{}}{orders})", names[:count], ts[:count])
        return lines, {"one": one, "number": number_type(wanted)}

    overload_source(function)(write)


for _of_arrays, (_number, _count) in OF_ARRAYS.items():
    _declare(_of_arrays, _number, _count)
