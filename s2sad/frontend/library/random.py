"""Random numbers of a generator that is seeded inside the function: known numbers, the same as NumPy's.

    rng = np.random.default_rng(5)      a generator, whose state is known while the function is compiled
    rng.normal(mu, sigma, 4)            mu + sigma * z, where z are NumPy's four standard normal numbers
    np.random.seed(5)                   the same for the functions np.random.normal, np.random.rand, ...

The state of a generator is the content of a location like any other: where two paths, or the trips of a loop, leave it
in different states, there is no drawing any more. Derivatives flow through location and scale, through nothing else.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from s2sad.frontend.library import operators
from s2sad.frontend.library.support import NONE, ONE, ZERO, Elaborator, refuse, static, wrap
from s2sad.frontend.library.table import DRAWS as FUNCTIONS
from s2sad.frontend.library.table import Meaning, MeaningFunction, meaning
from s2sad.frontend.values.values import ArrayRef, Entries, Location, ObjectRef, Partial, Static, Value

ADVICE = "Draw random numbers outside, and pass them in."
CLASSES = (np.random.Generator, np.random.RandomState)
STATE = "state@"
NORMAL, UNIFORM, EXPONENTIAL = "standard_normal", "random_sample", "standard_exponential"


def draw(function: Any) -> Callable[[MeaningFunction], MeaningFunction]:
    """Declare what a function of np.random means."""

    def declare(run: MeaningFunction) -> MeaningFunction:
        FUNCTIONS[function] = Meaning(run, fold=False)
        return run

    return declare


def new(elab: Elaborator, generator: Any, location: Location | None = None) -> ObjectRef:
    """A generator in the state of one of NumPy's."""
    ref = ObjectRef(location or Location("rng"), type(generator))
    elab.set(ref.location, Entries(((STATE, Static(pickle.dumps(generator))),)))
    return ref


@draw(np.random.default_rng)
def default_rng(elab: Elaborator, seed: Value = NONE) -> Value:
    if isinstance(seed, ObjectRef) and seed.cls is np.random.Generator:
        return seed
    return new(elab, np.random.default_rng(_seed(elab, seed)))


@draw(np.random.RandomState)
def random_state(elab: Elaborator, seed: Value = NONE) -> Value:
    return new(elab, np.random.RandomState(_seed(elab, seed)))


@draw(np.random.seed)
def seed_(elab: Elaborator, seed: Value = NONE) -> Value:
    new(elab, np.random.RandomState(_seed(elab, seed)), _shared(elab))
    return NONE


def _seed(elab: Elaborator, seed: Value) -> Any:
    if seed == NONE:
        refuse(elab, "A generator without a seed gives other numbers at each call.", ADVICE)
    return static(elab, seed)


def _shared(elab: Elaborator) -> Location:
    """The place of the generator that all functions of np.random have in common."""
    found = elab.outside.random
    if found is None:
        found = elab.outside.random = Location("random")
    return found


# -- drawing


def attribute(elab: Elaborator, ref: ObjectRef, name: str) -> Value:
    """A method of a generator."""
    if name.startswith("_") or not hasattr(ref.cls, name):
        refuse(elab, f"A {ref.cls.__name__} has no attribute {name!r} that is supported.", ADVICE)
    return Partial(Static(method), (ref, Static(name)))


def method(generator: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    """Stands for a method of a generator."""
    return getattr(generator, name)(*args, **kwargs)


@meaning(method, fold=False)
def call_method(elab: Elaborator, ref: Value, name: Value, *args: Value, **kwargs: Value) -> Value:
    assert isinstance(ref, ObjectRef)
    text = static(elab, name)
    own = SCALED.get(text)
    return _drawn(elab, ref, text, args, kwargs) if own is None else own(elab, ref, *args, **kwargs)


def _drawn(elab: Elaborator, ref: ObjectRef, name: str, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Value:
    """What NumPy's own generator gives for known arguments; its state goes on."""
    content = elab.state.get(ref.location)
    state = dict(content.items).get(STATE) if isinstance(content, Entries) else None
    if not isinstance(state, Static):
        _lost(elab)
    generator = pickle.loads(state.obj)
    if name not in DRAWS:
        refuse(elab, f".{name} of a generator is not supported.", ADVICE)
    try:
        named = {k: _given(elab, v) for k, v in kwargs.items()}
        out = getattr(generator, name)(*(_given(elab, a) for a in args), **named)
    except (TypeError, ValueError) as error:
        refuse(elab, f"{type(error).__name__}: {str(error).rstrip('.')}.")
    new(elab, generator, ref.location)
    return wrap(elab, out)


def _given(elab: Elaborator, value: Value) -> Any:
    """A known argument of a draw; arrays are known as lists."""
    if isinstance(value, ArrayRef):
        refuse(elab, "What is drawn by an array whose numbers are known at run time only is not known.", ADVICE)
    return static(elab, value)


def _lost(elab: Elaborator) -> NoReturn:
    refuse(elab, "Random numbers are drawn here from a generator whose state is known at run time only, as in a loop.",
           ADVICE)  # fmt: skip


def _size(elab: Elaborator, size: Value, *parameters: Value) -> Value:
    if size == NONE and any(isinstance(p, ArrayRef) for p in parameters):
        refuse(elab, "How many random numbers are drawn is known at run time only.", "Give size= as a known number.")
    return size


def normal(elab: Elaborator, ref: ObjectRef, loc: Value = ZERO, scale: Value = ONE, size: Value = NONE) -> Value:
    """``loc + scale * z``."""
    z = _drawn(elab, ref, NORMAL, (_size(elab, size, loc, scale),), {})
    return _moved(elab, loc, operators.binary(elab, "mul", scale, z))


def uniform(
    elab: Elaborator, ref: ObjectRef, low: Value = ZERO, high: Value = ONE, size: Value = NONE
) -> Value:
    """``low + (high - low) * u``."""
    name = "random" if ref.cls is np.random.Generator else UNIFORM
    u = _drawn(elab, ref, name, (_size(elab, size, low, high),), {})
    return _moved(elab, low, operators.binary(elab, "mul", operators.binary(elab, "sub", high, low), u))


def exponential(elab: Elaborator, ref: ObjectRef, scale: Value = ONE, size: Value = NONE) -> Value:
    """``scale * e``."""
    return operators.binary(elab, "mul", scale, _drawn(elab, ref, EXPONENTIAL, (_size(elab, size, scale),), {}))


def _moved(elab: Elaborator, loc: Value, scaled: Value) -> Value:
    return operators.binary(elab, "add", loc, scaled)


SCALED: dict[str, Callable[..., Value]] = {"normal": normal, "uniform": uniform, "exponential": exponential}
DRAWS = frozenset({
    NORMAL, UNIFORM, EXPONENTIAL, "random", "integers", "randint", "rand", "randn", "choice", "permutation", "poisson",
    "binomial", "gamma", "standard_gamma", "beta", "chisquare", "standard_t", "standard_cauchy", "laplace", "logistic",
    "lognormal", "gumbel", "geometric", "multivariate_normal", "multinomial", "dirichlet", "triangular", "rayleigh",
    "weibull", "pareto", "power", "vonmises", "wald", "sample", "ranf",
})  # fmt: skip
"""What is drawn by known arguments."""


# -- the functions of np.random


def _shared_method(name: str) -> Any:
    def run(elab: Elaborator, /, *args: Value, **kwargs: Value) -> Value:
        location = _shared(elab)
        if location not in elab.state:
            refuse(elab, f"np.random.{name}, not seeded in the function, gives other numbers each time.", ADVICE)
        ref = ObjectRef(location, np.random.RandomState)
        return call_method(elab, ref, Static(name), *args, **kwargs)

    return run


for _name in sorted(vars(np.random)):
    _function = getattr(np.random, _name)
    if callable(_function) and not isinstance(_function, type) and _function not in FUNCTIONS and _name[0].islower():
        draw(_function)(_shared_method(_name))
