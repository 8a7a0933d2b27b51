"""How the functions of a row are compiled: as LLVM of our own, with bridges, or through Numba's front end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypedDict
from unittest.mock import patch


class Share(TypedDict):
    """functions: how many were compiled. njit: why some of them went through Numba's front end. bridges: the primitives
    that do in lines of their own, and how many such lines there are."""

    functions: int
    njit: list[str]
    bridges: dict[str, int]


def no_share() -> Share:
    """Of nothing."""
    return {"functions": 0, "njit": [], "bridges": {}}


@contextmanager
def watched(share: Share) -> Iterator[None]:
    """What is compiled inside counts."""
    from s2sad.backend.llvm import module as llvm
    from s2sad.backend.llvm.values import Uncovered
    from s2sad.ir.nodes import Effect, Let

    write = llvm.write

    def counted(module: Any) -> llvm.Unit:
        share["functions"] += 1
        try:
            unit = write(module)
        except Uncovered as reason:
            share["njit"].append(str(reason))
            raise
        for bridge in unit.bridges.values():
            for stmt in bridge.function.body:
                assert isinstance(stmt, Let | Effect)
                share["bridges"][stmt.prim.name] = share["bridges"].get(stmt.prim.name, 0) + 1
        return unit

    with patch.object(llvm, "write", counted):
        yield


__all__ = ["Share", "no_share", "watched"]
