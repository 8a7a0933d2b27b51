"""Copies, and increments through indexes that may repeat."""

from __future__ import annotations

from typing import Any

import numpy as np


def copy(a: np.ndarray) -> np.ndarray:
    """The array in memory of its own, C-contiguous."""
    return a.copy()


def copy_list(items: list[Any]) -> list[Any]:
    """The list with copies of its items, at every depth."""
    return [copy_list(v) if isinstance(v, list) else v.copy() if isinstance(v, np.ndarray) else v for v in items]


def list_zeros(items: list[Any]) -> list[Any]:
    """Zeros shaped as the items of a list, at every depth."""
    return [list_zeros(v) if isinstance(v, list) else np.zeros_like(v)[()] for v in items]


def add_at(a: np.ndarray, key: Any, value: Any) -> None:
    """``a[key] += value``, repeated indices accumulating."""
    np.add.at(a, key, value)


def put_at(a: np.ndarray, key: Any, value: Any) -> None:
    """``a[key] = value``, the last of repeated indices winning."""
    a[key] = value


def take_at(a: np.ndarray, key: Any) -> np.ndarray:
    """``a[key]``, a copy."""
    return a[key]
