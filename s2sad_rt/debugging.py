"""What uncompiled code gives to Python functions that it calls for their effect."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["readonly"]


def readonly(array: Any) -> Any:
    """The array, as a view that cannot be written into."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view
