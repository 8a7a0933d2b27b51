"""The examples run under CPython with every pass verified; S2SAD_SEEDS_BACKEND=numba compiles them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from s2sad.config import using


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    """The backend of all examples."""
    with using(backend=os.environ.get("S2SAD_SEEDS_BACKEND", "python"), verify=True):
        yield
