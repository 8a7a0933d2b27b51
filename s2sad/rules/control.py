"""Values that derivatives do not pass."""

from __future__ import annotations

from s2sad.rules.registry import zero_derivative

stop_gradient = zero_derivative(lambda x: x, elementwise=True, spelling="_0", name="stop_gradient")
"""``stop_gradient(x)``: x itself, a constant to every transform."""
