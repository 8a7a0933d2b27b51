"""Settings of all tests."""

from __future__ import annotations

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks."""
    config.addinivalue_line("markers", "compiled: compiles with Numba (slower; deselect with -m 'not compiled')")
