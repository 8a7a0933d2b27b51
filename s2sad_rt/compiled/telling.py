"""`telling` for Numba: Python is called, with the numbers as its objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import objmode
from numba.extending import overload

from s2sad_rt import telling


@overload(telling.print, strict=False)
def _print(template: Any, *values: Any) -> Callable[..., None]:
    def told(template: Any, *values: Any) -> None:
        with objmode():
            telling.print(template, *values)

    return told


@overload(telling.print_error, strict=False)
def _print_error(template: Any, *values: Any) -> Callable[..., None]:
    def told(template: Any, *values: Any) -> None:
        with objmode():
            telling.print_error(template, *values)

    return told


@overload(telling.warn, strict=False)
def _warn(category: Any, template: Any, *values: Any) -> Callable[..., None]:
    def told(category: Any, template: Any, *values: Any) -> None:
        with objmode():
            telling.warn(category, template, *values)

    return told
