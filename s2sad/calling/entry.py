"""The way into compiled code, written for one signature: straight lines of Python from arguments to results.

    def entry(args, kwargs):                    grad of a function of an array and a number
        try:
            if kwargs or config.target is not k0: return MISS
            a0, a1 = args
            if type(a0) is not ndarray or a0.dtype is not k1 or not aligned: return MISS
            s0 = len(a0)
            if s0 < 2: return MISS
            if type(a1) is not float: return MISS
            if k2['np'] is not k3: return MISS  what was read of the outside: is it as it was?
        except Exception:
            return MISS
        ...
        return (r0, r1)                         the result, put together

Rank and contiguity of an array, and whether it may be written into, are seen to by Numba's own dispatcher in C, over
the one piece of code that there is for this signature (`strict`). It is not to be trusted with byte order, alignment
and subclasses. Whatever does not match gives `MISS`, and goes the long way (`calling.program`).
"""

from __future__ import annotations

import functools
import inspect
import keyword
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np
import optree

from s2sad import tree
from s2sad.calling import signature
from s2sad.calling.binding import alike
from s2sad.calling.program import MISS, EntryFunction
from s2sad.calling.strict import Unmatched, strict
from s2sad.calling.transformed import Transformed
from s2sad.calling.variant import Variant
from s2sad.config import config
from s2sad.data import Packed
from s2sad.frontend.elaborate.elaborate import Leaf
from s2sad.frontend.values.places import MISSING, Attribute, Cell, Contents, Global, Item, Place, Read, Reading, Root
from s2sad.frontend.values.readlog import (
    PLAIN,
    Entry,
    Same,
    SameData,
    SameShape,
    SameType,
    same_object,
)
from s2sad.ir.types import Array, Dim, Scalar, Size, Symbol
from s2sad.labelled import Labelled

MOVABLE = (FunctionType, MethodType, CellType, functools.partial, Transformed)
"""What may stand in the place of another of its kind, in a function that is compiled to the same."""
BOXED = ("float64", "int64", "bool", "complex128")
"""Numbers that Numba gives as Python's own."""


def entry(
    variant: Variant,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    leaves: Sequence[Any],
    structure: Any,
    pairs: Sequence[tuple[int, int]] = (),
    raw: bool = False,
    any_root: bool = False,
) -> Callable[..., Any] | None:
    """The entry for calls like this one, which `variant` is for; None where there is none.

    `leaves` are those of the arguments, as they were given. `pairs` are numbers of leaves of which two must have the
    same shape. With `raw` it gives what the compiled function takes and returns. With `any_root` its third argument is
    the function that is called, which may be any that is compiled to the same.
    """
    given = variant.given(leaves)
    if any(isinstance(x, np.ndarray) and signature.normal(x) is not x for x in given):
        return None  # an array is copied for each call
    kinds = [x.kind for x in leaves if isinstance(x, Packed)]
    aligned = [kind for kind in kinds if isinstance(kind, Labelled) and kind.by_labels]
    if len(aligned) > 1 and not all(kind.counted for kind in aligned):
        return None  # their labels are held against each other
    call = strict(variant.loaded.function, given)
    if call is None:
        return None
    writer = _Writer(variant, leaves, any_root)
    try:
        writer.arguments(args, kwargs, structure)
        writer.outside()
        writer.guards(pairs)
    except NotImplementedError:
        return None
    return writer.made(call, raw)


class _Writer:
    """The lines of an entry, and the objects that they mention."""

    def __init__(self, variant: Variant, leaves: Sequence[Any], any_root: bool) -> None:
        self.variant, self.leaves, self.any_root = variant, leaves, any_root
        self.callables: dict[int, str] = {}
        """The variables of functions in whose place others may stand."""
        self.lines: list[str] = []
        self.constants: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.names: dict[int, str] = {}
        """The variables of the argument leaves."""
        self.shapes: dict[int, str] = {}
        self.sizes: dict[Symbol, str] = {}
        self.places: dict[int, str] = {}
        self.count = 0
        params = variant.lowered.elaboration.params
        self.types = {k: p.type for k, p in zip(variant.indexes, params, strict=False)}
        self.hidden = [p.type for p in params[len(variant.indexes) :]]

    def constant(self, obj: Any) -> str:
        """The name of an object."""
        number = self.numbers.setdefault(id(obj), len(self.constants))
        if number == len(self.constants):
            self.constants.append(obj)
        return f"k{number}"

    def variable(self, hint: str = "v") -> str:
        self.count += 1
        return f"{hint}{self.count}"

    def refuse(self, condition: str) -> None:
        self.lines.append(f"if {condition}: return MISS")

    # -- arguments

    def arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any], structure: Any) -> None:
        """Take the arguments apart."""
        target = self.constant(config.target)
        self.refuse(f"{f'len(kwargs) != {len(kwargs)}' if kwargs else 'kwargs'} or config.target is not {target}")
        self.next = 0
        positional, named = structure.children()
        self.items("args", args, positional.children())
        if kwargs and _takes_any_keyword(self.variant.binding.root):
            self.refuse(f"(*kwargs,) != {self.constant(tuple(kwargs))}")
        for key, child in zip(named.entries(), named.children(), strict=True):
            part = self.variable("a")
            self.lines.append(f"{part} = kwargs[{key!r}]")
            self.part(part, kwargs[key], child)

    def items(self, name: str, values: Sequence[Any], specs: Sequence[Any]) -> None:
        """Take a sequence apart whose class is known."""
        parts = [self.variable("a") for _ in values]
        self.lines.append(f"{', '.join(parts)}{',' if len(parts) == 1 else ''} = {name}" if parts else f"() = {name}")
        for part, value, spec in zip(parts, values, specs, strict=True):
            self.part(part, value, spec)

    def mapping(self, name: str, value: dict[Any, Any], spec: Any) -> None:
        """Take a dict apart, in its own order; its leaves are numbered in the order of the structure."""
        parts = {key: self.variable("a") for key in value}
        if parts:
            self.lines.append(f"{', '.join(parts.values())}, = {name}.values()")
        for key, child in zip(spec.entries(), spec.children(), strict=True):
            self.part(parts[key], value[key], child)

    def part(self, name: str, value: Any, spec: Any) -> None:
        """Check one part of the arguments, and take it apart."""
        cls = type(value)
        if spec.is_leaf():
            self.leaf(name, self.next)
            self.next += 1
            return
        if value is None:
            self.refuse(f"{name} is not None")
            return
        self.refuse(f"type({name}) is not {self.constant(cls)}")
        if cls in (dict, OrderedDict, defaultdict):
            keys = self.constant(tuple(value))
            self.refuse(f"(*{name},) != {keys}")
            if not all(isinstance(k, str) for k in value):  # 1 == 1.0 == True
                self.refuse(f"[type(k) for k in {name}] != {self.constant([type(k) for k in value])}")
            if cls is defaultdict:
                self.refuse(f"{name}.default_factory is not {self.constant(value.default_factory)}")
            self.mapping(name, value, spec)
        elif cls in (tuple, list) or (tree.is_container(cls) and cls.__iter__ is tuple.__iter__):
            self.items(name, [*value], spec.children())
        elif tree.registration(cls) is not None and (found := tree.fields(cls)) is not None:
            data, meta = found
            for field in meta:
                same = same_object(getattr(value, field))
                self.refuse(f"not {self.constant(same)}({name}.{field})")
            parts = [self.variable("a") for _ in data]
            self.lines += [f"{part} = {name}.{field}" for part, field in zip(parts, data, strict=True)]
            for part, field, child in zip(parts, data, spec.children(), strict=True):
                self.part(part, getattr(value, field), child)
        else:
            self.registered(name, value)

    def registered(self, name: str, value: Any) -> None:
        """A node of the user's, taken apart by the user's own function."""
        leaves, spec = tree.flatten(value)
        parts = [self.variable("a") for _ in leaves]
        flat = self.variable("f")
        self.lines.append(f"{flat}, spec = flatten({name})")
        self.refuse(f"spec != {self.constant(spec)}")
        self.lines.append(f"{''.join(p + ', ' for p in parts) or '()'} = {flat}")
        for part in parts:
            self.leaf(part, self.next)
            self.next += 1

    def leaf(self, name: str, number: int) -> None:
        """Check a leaf: its class, and its sizes where it is an array."""
        leaf = self.leaves[number]
        if number not in self.types:
            self.static(name, leaf)
            return
        self.names[number] = name
        if isinstance(leaf, Packed):
            array = self.variable("a")
            self.lines.append(f"{array} = {self.constant(leaf.kind.read)}({name})")
            self.names[number] = name = array
        if isinstance(type_ := self.types[number], Array):
            self.shapes[number] = self.array(name, type_)
        else:
            self.refuse(f"type({name}) is not {self.constant(type(leaf))}")

    def static(self, name: str, leaf: Any) -> None:
        """A leaf that is known: the very object, or text that is equal."""
        known = self.constant(leaf)
        if isinstance(leaf, str | bytes):
            self.refuse(
                f"{name} is not {known} and (type({name}) is not {self.constant(type(leaf))} or {name} != {known})"
            )
        elif isinstance(leaf, PLAIN):
            self.refuse(f"{name} is not {known} and not {self.constant(SameData(leaf))}({name})")
        else:
            self.refuse(f"{name} is not {known}")

    def array(self, name: str, type_: Array) -> str:
        """Check an array; the expression of its shape."""
        dtype = self.constant(type_.dtype)
        self.refuse(
            f"type({name}) is not ndarray or ({name}.dtype is not {dtype} and {name}.dtype != {dtype}) "
            f"or ({name}.base is not None and not {name}.flags.aligned)"
        )
        if not type_.dims:
            return f"{name}.shape"
        parts = [self.variable("s") for _ in type_.dims]
        self.lines.append(f"{', '.join(parts)}, = {name}.shape" if len(parts) > 1 else f"{parts[0]} = len({name})")
        tests = []
        for part, dim in zip(parts, type_.dims, strict=True):
            if isinstance(dim, Size):
                ((symbol, _),) = dim.terms
                self.sizes.setdefault(symbol, part)
                tests.append(f"{part} < {signature.SMALL}")
            else:
                tests.append(f"{part} != {dim}")
        self.refuse(" or ".join(tests))
        return f"({', '.join(parts)},)"

    # -- the outside

    def outside(self) -> None:
        """Check what was read of the outside, and read the captured values."""
        if self.any_root:
            self.may_be("root", self.variant.binding.root)
        for number, item in enumerate(self.variant.binding.entries):
            if self.any_root or not item.fixed:
                self.condition(number, item)
        self.captured = [self.value(p) for p in self.variant.binding.captured]
        for name, type_ in zip(self.captured, self.hidden, strict=True):
            if isinstance(type_, Array):
                self.array(name, type_)

    def condition(self, number: int, item: Entry) -> None:
        """Check one thing that was read."""
        binding, same = self.variant.binding, item.same
        if isinstance(same, Same):
            pin = binding.pins.get(number, same.old)
            if self.any_root and isinstance(pin, MOVABLE) and self.is_moved(item.place):
                self.may_be(self.value(item.place), pin)
                return
            if self.any_root or not self.is_fixed(item.place):
                self.refuse(f"{self.step(item.place)} is not {self.constant(pin)}")
            self.places[id(item.place)] = self.constant(pin)
        elif isinstance(same, SameType):
            name = self.value(item.place)
            key = same.key
            if not isinstance(key, tuple):
                self.refuse(f"type({name}) is not {self.constant(key)}")
        elif isinstance(same, SameShape):
            name = self.value(item.place)
            shape = f"(*{name},)" if isinstance(same.keys, tuple) else f"len({name})"
            self.refuse(f"type({name}) is not {self.constant(same.type)} or {shape} != {self.constant(same.keys)}")
        elif isinstance(same, SameData):
            name = self.value(item.place)
            self.refuse(f"{name} is not {self.constant(same.old)} and not {self.constant(same)}({name})")
        else:
            self.refuse(f"not {self.constant(same)}({self.value(item.place)})")

    def may_be(self, name: str, old: Any) -> None:
        """Check that a function may stand in the place of another one, and of that one only."""
        if id(old) in self.callables:
            self.refuse(f"{name} is not {self.callables[id(old)]}")
            return
        if not isinstance(old, CellType):
            known = self.constant(old)
            self.refuse(f"{name} is not {known} and not {self.constant(alike)}({known}, {name})")
        for other in self.callables.values():
            self.refuse(f"{name} is {other}")
        self.callables[id(old)] = name

    def is_moved(self, place: Place) -> bool:
        """Whether the way to a place begins at the function that is called."""
        while place.base is not None:
            if self.places.get(id(place), "v").startswith("k"):
                return False
            place = place.base
        return isinstance(place.step, Root)

    def value(self, place: Place) -> str:
        """The variable of what stands at a place now, read once."""
        if id(place) not in self.places:
            step = self.step(place)
            if not (step.isidentifier()):
                name = self.variable()
                self.lines.append(f"{name} = {step}")
                step = name
            self.places[id(place)] = step
        return self.places[id(place)]

    def step(self, place: Place) -> str:
        """The expression that reads a place, from what stands at the place before."""
        binding = self.variant.binding
        if isinstance(place.step, Read):
            return f"{self.constant(place.step)}.read(None)"
        if self.any_root and self.is_moved(place):
            if place.base is None:
                return "root"
        elif place.base is None or self.is_fixed(place):
            return self.constant(binding.read(place))
        base = self.value(place.base)
        match place.step:
            case Attribute(name) if name.isidentifier() and not keyword.iskeyword(name):
                return f"{base}.{name}" if binding.read(place) is not MISSING else f"getattr({base}, {name!r}, MISSING)"
            case Item(key):
                return f"{base}[{key!r}]" if type(key) in (int, str) else f"{base}[{self.constant(key)}]"
            case Cell(number):
                return f"{base}.__closure__[{number}]"
            case Reading(how):
                return f"{self.constant(how.read)}({base})"
            case Global(name):
                absent = binding.read(place) is MISSING
                return f"{base}.get({name!r}, MISSING)" if absent else f"{base}[{name!r}]"
            case Contents():
                return (
                    f"{self.constant(place.step)}.read({base})"
                    if binding.read(place) is MISSING
                    else f"{base}.cell_contents"
                )
        raise NotImplementedError

    def is_fixed(self, place: Place) -> bool:
        """Whether what stands at a place cannot change: the function of a transform, a cell of a function."""
        match place.step:
            case Root() | Cell():
                return True
            case Attribute("__s2sad__"):
                return True
            case Attribute("function") if place.base is not None:
                return place.base.step == Attribute("__s2sad__")
            case Attribute("args" | "func") if place.base is not None and self.is_fixed(place.base):
                return isinstance(self.variant.binding.read(place.base), functools.partial)
            case Item() if place.base is not None and place.base.base is not None and self.is_fixed(place.base):
                return place.base.step == Attribute("args")
        return False

    # -- sizes

    def guards(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Check the sizes that the program takes to be equal, and the shapes that must be."""
        tests = [f"{self.dim(a)} != {self.dim(b)}" for a, b in self.variant.guards]
        tests += [f"{self.shapes[a]} != {self.shapes[b]}" for a, b in pairs if a in self.shapes and b in self.shapes]
        if tests:
            self.refuse(" or ".join(tests))

    def dim(self, dim: Dim) -> str:
        if isinstance(dim, int):
            return str(dim)
        return " + ".join([*(f"{c} * {self.sizes[s]}" if c != 1 else self.sizes[s] for s, c in dim.terms)]
                          + ([str(dim.constant)] if dim.constant else []))  # fmt: skip

    # -- the function

    def made(self, call: Callable[..., Any], raw: bool) -> EntryFunction:
        """The entry itself."""
        runtime = [*(self.names[k] for k in self.variant.indexes), *self.captured]
        given = "".join(f"{x}, " for x in runtime)
        result = [f"return ({given}), out"] if raw else self.result()
        variant = self.variant

        def users(error: Exception, values: tuple[Any, ...]) -> BaseException:
            """What the user raises where compiled code raises `error`."""
            return variant.users(error, values) or error

        body = ["try:", *(f"    {x}" for x in self.lines), "except Exception:", "    return MISS"]
        body += ["try:", f"    out = call({given})", "except Unmatched:", "    return MISS"]
        body += ["except Exception as error:", f"    found = users(error, ({given}))"]
        body += ["    if found is error: raise", "    raise found from None", *result]
        names = "".join(f"k{n}, " for n in range(len(self.constants)))
        head = "def make(constants, call, users, ndarray, MISS, MISSING, Unmatched, config, flatten):"
        lines = [
            head,
            *([f"    {names}= constants"] if names else []),
            f"    def entry(args, kwargs{', root' if self.any_root else ''}):",
        ]
        source = "\n".join([*lines, *(f"        {x}" for x in body), "    return entry"])
        namespace: dict[str, Any] = {}
        exec(_code(source), namespace)
        made: EntryFunction = namespace["make"](
            self.constants, call, users, np.ndarray, MISS, MISSING, Unmatched, config, tree.flatten
        )
        return made

    def result(self) -> list[str]:
        """Lines that put the result together."""
        results = self.variant.lowered.module.main.results
        flat = [f"r{n}" for n in range(len(results))]
        lines = [f"{', '.join(flat)} = out"] if flat else []
        for n, found in enumerate(results):
            match found.type:
                case Scalar(dtype, weak=True) if dtype.name in BOXED:
                    pass
                case Scalar():
                    flat[n] = f"{self.constant(self.variant.converters[n])}({flat[n]})"
        return [*lines, f"return {self.structure(self.variant.lowered.elaboration.result, flat)}"]

    def structure(self, result: Any, flat: Sequence[str]) -> str:
        """The expression of a result."""
        cls = type(result)
        if isinstance(result, Leaf):
            value = flat[result.number]
            return value if result.kind is None else f"{self.constant(result.kind.back)}({value})"
        if result is None:
            return "None"
        if cls in (tuple, list):
            items = "".join(f"{self.structure(x, flat)}, " for x in result)
            return f"({items})" if cls is tuple else f"[{items}]"
        if cls is dict:
            return "{" + ", ".join(f"{self.constant(k)}: {self.structure(x, flat)}" for k, x in result.items()) + "}"
        if issubclass(cls, tuple) and tree.is_container(cls):
            items = "".join(f"{self.structure(x, flat)}, " for x in result)
            make = tree.make_tuple if optree.is_structseq_class(cls) else tuple.__new__
            return f"{self.constant(make)}({self.constant(cls)}, ({items}))"
        leaves, structure = tree.flatten(result, is_leaf=lambda x: isinstance(x, Leaf))
        if len(leaves) == 1 and leaves[0] is result:
            return self.constant(result)
        items = "".join(f"{self.structure(x, flat)}, " for x in leaves)
        return f"{self.constant(tree.unflatten)}({self.constant(structure)}, ({items}))"


def _takes_any_keyword(function: Callable[..., Any]) -> bool:
    """Whether a function may look at the order in which keywords are given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return True
    return any(p.kind is p.VAR_KEYWORD for p in parameters)


@functools.lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    """The code of an entry, which entries of one form share."""
    return compile(source, "<s2sad entry>", "exec")
