"""Dates, enumerations, decimals and other objects whose value is known when a function is compiled; contexts."""

import contextlib
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import pathlib
import re
import types
import warnings

import numpy as np

from tests.corpus import program, vec

DATES = [dt.date(2024, 1, 1), dt.date(2024, 7, 1), dt.date(2025, 1, 1)]
SETTINGS = types.SimpleNamespace(rate=1.5, steps=3, start=dt.date(2024, 1, 2))
WEIGHT = fractions.Fraction(1, 3)
STEP = decimal.Decimal("0.1")
LABEL = "%s-%d"
NAMED = re.match(r"(?P<kind>\w+)-(\d+)", "exp-12")
PLACE = pathlib.PurePosixPath("/data") / "run.csv"


class Kind(enum.Enum):
    FAST = 1
    SLOW = 2


class Part(enum.Flag):
    LEFT = 1
    RIGHT = 2


class Doubled:
    def __init__(self, value):
        self.value = value

    def __enter__(self):
        self.value = self.value * 2.0
        return self

    def __exit__(self, kind, error, trace):
        self.value = self.value + 1.0


@program((0.03,), compiled=True)
def discounted(rate):
    total = 0.0
    for before, after in zip(DATES[:-1], DATES[1:]):
        total += np.exp(-rate * ((after - before).days / 365.25)) * ((after - before) / dt.timedelta(days=30))
    return total + rate * max(DATES).year + min(DATES).day


@program((0.3,))
def dates_made_inside(x):
    first = dt.datetime.strptime("2024-01-01", "%Y-%m-%d")
    return x**2 * (dt.datetime(2024, 3, 1, 12) - first).total_seconds() * first.replace(month=5).month


@program((0.3,))
def exact_numbers(x):
    return x**2 * float(STEP * 3 + STEP / 7) + WEIGHT * x - x**2 / WEIGHT + float(WEIGHT.limit_denominator(2))


@program((0.3,))
def members(x):
    kind = Kind(2) if Part.LEFT & (Part.LEFT | Part.RIGHT) else Kind["FAST"]
    return x**kind.value * sum(k.value for k in Kind) if kind is Kind.SLOW else x


@program((0.3,))
def text_and_matches(x):
    label = LABEL % (NAMED["kind"], int(NAMED.group(2)) + 1)
    found = re.findall(r"\d", f"{label}:{2.5:.3f}")
    return x**2 * len(found) * len(label.upper().split("-")[0]) * len(PLACE.with_suffix(".txt").name)


@program((0.3,))
def parsed(x):
    table = json.loads('{"a": [1, 2.5], "b": {"c": 3}}')
    return x ** table["b"]["c"] * table["a"][1]


@program((0.3,))
def sets_of_known_things(x):
    both = {1, 2} | {2, 3}
    return x ** len(both) * len({1, 2}.intersection(both)) * sum(both) if 3 in both else x


@program((0.3,))
def attributes_of_namespaces(x):
    own = types.SimpleNamespace(value=x, count=2)
    own.scaled = own.value * SETTINGS.rate * SETTINGS.steps
    return own.scaled**own.count * SETTINGS.start.day


@program((vec(4),), compiled=True)
def contexts(x):
    with np.errstate(all="ignore"), contextlib.nullcontext(2.0) as two, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        y = np.log(np.abs(x)) * two
        if x[0] > 100.0:
            return y[0]
    return np.sum(y)


@program((0.3,))
def context_of_a_class(x):
    with Doubled(x) as d:
        y = d.value * x
        if x > 100.0:
            return y
    return y * d.value * math.e
