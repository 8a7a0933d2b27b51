"""Running the pipeline without some of its passes, none of which another one may rely on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from s2sad import pipeline
from s2sad.calling import direct, families

LISTS = ("PRIMAL", "DERIVATIVE", "FINAL")
OPTIONAL = tuple(dict.fromkeys(name for which in LISTS for name, _ in getattr(pipeline, which)))
"""The passes that can be left out, by name: all of them."""


def forget_programs() -> None:
    """Have what is compiled next compiled anew, whatever other functions share."""
    families.clear()
    direct.clear()


@contextmanager
def without(*names: str) -> Iterator[None]:
    """The pipeline without these passes, for the length of a `with` block; nothing compiled before is used in it."""
    unknown = set(names) - set(OPTIONAL)
    if unknown:
        raise ValueError(f"there is no optional pass {', '.join(sorted(unknown))}; there are {', '.join(OPTIONAL)}")
    before = {which: getattr(pipeline, which) for which in LISTS}
    forget_programs()
    try:
        for which in LISTS:
            setattr(pipeline, which, tuple(p for p in before[which] if p[0] not in names))
        yield
    finally:
        for which in LISTS:
            setattr(pipeline, which, before[which])
        forget_programs()
