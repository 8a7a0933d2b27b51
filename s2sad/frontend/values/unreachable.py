"""How elaboration leaves code that control cannot get past."""

from __future__ import annotations


class Unreachable(Exception):
    """Raised while elaborating when control cannot go on: after a raise, or in a recursion not known to return yet."""
