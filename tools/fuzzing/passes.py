"""Running the pipeline without some of its passes, none of which another one may rely on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from s2sad import api, pipeline

LISTS = ("PRIMAL", "DERIVATIVE", "FINAL")
OPTIONAL = tuple(dict.fromkeys(name for which in LISTS for name, _ in getattr(pipeline, which)))
"""The passes that can be left out, by name: all of them."""


@contextmanager
def without(*names: str) -> Iterator[None]:
    """The pipeline without these passes, for the length of a `with` block; nothing compiled before is used in it."""
    unknown = set(names) - set(OPTIONAL)
    if unknown:
        raise ValueError(f"there is no optional pass {', '.join(sorted(unknown))}; there are {', '.join(OPTIONAL)}")
    before = {which: getattr(pipeline, which) for which in LISTS}
    api.program_of.cache_clear()
    try:
        for which in LISTS:
            setattr(pipeline, which, tuple(p for p in before[which] if p[0] not in names))
        yield
    finally:
        for which in LISTS:
            setattr(pipeline, which, before[which])
        api.program_of.cache_clear()
