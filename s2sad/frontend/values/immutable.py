"""Objects of Python's library that never change: operations on those known when a function is compiled are just done.

    (end - start).days / 365.25        366 / 365.25, where `start` and `end` are dates

What was read of the outside stands in the read log by value, so another date is another program.
"""

from __future__ import annotations

import datetime
import decimal
import fractions
import ipaddress
import pathlib
import re
import sys
import types
import uuid
import zoneinfo
from typing import Any

import numpy as np

from s2sad.frontend.values.places import Place, Read

VALUES = (
    datetime.date, datetime.time, datetime.timedelta, datetime.tzinfo, zoneinfo.ZoneInfo, decimal.Decimal,
    fractions.Fraction, pathlib.PurePath, re.Pattern, re.Match, uuid.UUID, ipaddress.IPv4Address,
    ipaddress.IPv6Address, ipaddress.IPv4Network, ipaddress.IPv6Network, np.datetime64, np.timedelta64,
)  # fmt: skip
"""Classes whose objects compute by themselves: all that an operation or a method gives follows from them."""
MODULES = frozenset({
    "base64", "binascii", "bisect", "calendar", "colorsys", "datetime", "decimal", "fractions", "genericpath", "html",
    "ipaddress", "json", "keyword", "ntpath", "pathlib", "posixpath", "re", "statistics", "string", "struct",
    "textwrap", "unicodedata", "urllib", "uuid", "zoneinfo",
})  # fmt: skip
"""Modules whose functions give what follows from their arguments, but for those in `IMPURE`."""
IMPURE = frozenset({
    "now", "today", "utcnow", "getcontext", "setcontext", "localcontext", "home", "cwd", "abspath", "expanduser",
    "expandvars", "realpath", "relpath", "samefile", "exists", "lexists", "isfile", "isdir", "islink", "ismount",
    "getsize", "getmtime", "getatime", "getctime", "load", "dump", "uuid1", "uuid4", "getnode", "samples",
    "setfirstweekday", "purge", "urlopen", "urlretrieve", "reset_tzpath", "clear_cache", "shuffle", "astimezone",
    "timestamp", "fromtimestamp", "pack_into",
})  # fmt: skip
"""Names of what asks the clock, the machine or the file system, or changes something."""
STANDARD = sys.stdlib_module_names


def is_value(obj: Any) -> bool:
    """Whether an object is of a class of Python's or NumPy's whose objects never change, and not of a subclass."""
    return isinstance(obj, VALUES) and is_value_class(type(obj))


def is_value_class(cls: type) -> bool:
    return issubclass(cls, VALUES) and _module(cls) in STANDARD | {"numpy"}


def is_steady(function: Any) -> bool:
    """Whether calling a function, a class or a method with known arguments gives what it would give at any
    time, and does nothing else."""
    name = getattr(function, "__name__", "")
    if name in IMPURE or name.startswith("_"):
        return False
    owner = getattr(function, "__self__", None)
    if isinstance(function, type):
        return is_value_class(function)
    if isinstance(owner, pathlib.PurePath):  # a Path has methods that ask the file system, besides
        return hasattr(pathlib.PurePath, name)
    if isinstance(owner, type):
        return is_value_class(owner)
    if owner is not None and not isinstance(owner, types.ModuleType):
        return is_value(owner)
    known = isinstance(function, types.FunctionType | types.BuiltinFunctionType)
    return known and _module(function) in {*MODULES, *(f"_{m}" for m in MODULES)}


def _module(obj: Any) -> str:
    return (getattr(obj, "__module__", None) or "").split(".")[0]


def surroundings(objects: Any) -> Place | None:
    """What operations on some objects depend on besides: those of decimals, on the precision that is set."""
    if not any(isinstance(x, decimal.Decimal) or x is decimal.Decimal for x in objects):
        return None
    return Place(Read(_decimal_context), "decimal context", "context")


def _decimal_context() -> tuple[Any, ...]:
    context = decimal.getcontext()
    return context.prec, context.rounding, context.Emin, context.Emax, context.capitals, context.clamp
