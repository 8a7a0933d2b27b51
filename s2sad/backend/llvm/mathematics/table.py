"""How far the formulas are from the functions, in units in the last place of a double: bounds on what was found over
millions of arguments. `docs/accuracy.md` has the same table; a test compares both with numbers of 64 bits."""

from __future__ import annotations

ULPS = {
    "exp": 1.1, "exp2": 1.2, "expm1": 1.4, "sinh": 2.1, "cosh": 1.5, "tanh": 1.9, "expit": 1.3,
    "log": 0.9, "log2": 0.9, "log10": 0.9, "log1p": 0.9,
    "sin": 0.9, "cos": 0.9, "tan": 1.5, "arctan": 1.3, "erf": 1.7, "erfc": 2.1, "pow": 1.8,
}  # fmt: skip

__all__ = ["ULPS"]
