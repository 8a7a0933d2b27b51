"""Functions of the IR that are called, not inlined: what recursion needs.

The runtime leaves of the arguments become parameters. Arrays that the body writes into (arguments, and arrays of
enclosing functions) come back as further results. The types of the results are found from below: a call within the body
whose result is not known yet cannot be reached, and the body is elaborated again until nothing new comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s2sad.errors import AliasError
from s2sad.frontend.elaborate import catching, convert
from s2sad.frontend.elaborate.leaves import leaves, transform, type_of
from s2sad.frontend.library.support import is_number
from s2sad.frontend.values.meeting import first_change, meet, same_value
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import (
    ArrayRef,
    Buffer,
    Content,
    Entries,
    ListRef,
    Location,
    Number,
    RuntimeItems,
    State,
    Static,
    Value,
)
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Call, Function, Var, replace
from s2sad.ir.types import Array, Dim, List, Size, Symbol, Type, known_dims, replace_in_dim, symbol, symbols_of

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Inline = Callable[[dict[str, Value]], Value]
MOST_ROUNDS = 12


@dataclass(eq=False, slots=True)
class Build:
    """A function being made, and what is known of it so far.

    `mutated` are the numbers of the parameters it writes into, `environment` the locations outside that it does;
    `template` is the returned value, and `returned` says for each of its leaves: the number of the result, the
    parameter it is (negative, minus one), or None for what is known now.
    """

    hint: str
    signature: Hashable
    level: int
    """Which signature it is: 1 without known sizes, 2 without known numbers."""
    name: str = ""
    params: list[Var] = field(default_factory=list)
    types: list[Type] | None = None
    mutated: list[int] = field(default_factory=list)
    environment: list[Location] = field(default_factory=list)
    template: Value | None = None
    returned: list[int | None] = field(default_factory=list)
    state: State = field(default_factory=dict)
    done: bool = False

    def accepts(self, signatures: tuple[Hashable, ...]) -> bool:
        """Whether a call with these signatures is a call of this function."""
        return self.signature == signatures[self.level]

    def knowledge(self) -> Any:
        """What a round may change."""
        return (self.types, list(self.mutated), list(self.environment), list(self.returned))


# -- arguments


def runtime_leaves(elab: Elaborator, build: Build, bound: dict[str, Value]) -> list[Value]:
    """The leaves of the arguments that are parameters, each array once."""
    found: list[Value] = []
    for value in bound.values():
        for leaf in leaves(elab, value):
            if is_parameter(elab, build, leaf) and not (isinstance(leaf, ArrayRef | ListRef) and leaf in found):
                found.append(leaf)
    return found


def is_parameter(elab: Elaborator, build: Build, leaf: Value) -> bool:
    """Whether a leaf is passed at run time."""
    match leaf:
        case Static(obj):
            return build.level == 2 and is_number(obj) and not isinstance(obj, bool)
        case _:
            return type_of(elab, leaf) is not None


def parameter_types(elab: Elaborator, atoms: Sequence[Atom], level: int) -> list[Type]:
    """The types of the parameters: sizes become symbols of their own, equal where they are equal now."""
    sizes: dict[Dim | None, Dim] = {}

    def fresh(d: Dim | None) -> Dim:
        return sizes[d] if d in sizes else sizes.setdefault(d, symbol(f"{elab.builder.names.fresh('n')}.0"))

    def general(type_: Type) -> Type:
        match type_:
            case Array(dtype, dims):
                return Array(dtype, tuple(d if isinstance(d, int) and not level else fresh(d) for d in dims))
            case _:
                return type_

    return [general(a.type) for a in atoms]


# -- making the function


def build(elab: Elaborator, build: Build, bound: dict[str, Value], inline: Inline) -> None:
    """Elaborate the body until what it returns and writes into is known, and add the function to the module."""
    build.name = elab.builder.names.fresh(build.hint.strip("<>"))
    entry, mark = dict(elab.state), elab.mark()
    for _ in range(MOST_ROUNDS):
        before = build.knowledge()
        elab.state = dict(entry)
        elab.reset(mark)
        body, results = _round(elab, build, bound, inline, entry)
        if build.types is None:
            elab.error(f"{build.hint} never returns.", "Give the recursion a case that ends it.")
        if build.knowledge() == before:
            break
    else:
        elab.error(f"What {build.hint} returns does not settle.", "Return values of the same types on every path.")
    elab.state = entry
    build.done = True
    elab.functions[build.name] = Function(build.name, tuple(build.params), body, tuple(results), pos=elab.pos)
    close_group(elab)


def _round(
    elab: Elaborator, build: Build, bound: dict[str, Value], inline: Inline, entry: State
) -> tuple[Block, list[Atom]]:
    """Elaborate the body once, with what earlier rounds found."""
    given = runtime_leaves(elab, build, bound)
    depth, pos = len(elab.stack), elab.pos
    with elab.builder.block() as body:
        atoms = [elab.atom(v) for v in given]
        types = parameter_types(elab, atoms, build.level)
    names = [a.name if isinstance(a, Var) else "n" for a in atoms]
    build.params = [elab.builder.var(n, t) for n, t in zip(names, types, strict=True)]
    inner = [_inside(elab, p) for p in build.params]
    for location in build.environment:
        content = entry[location]
        assert isinstance(content, Buffer)
        var = elab.builder.var(location.hint, content.atom.type)
        build.params.append(var)
        elab.state[location] = Buffer(var)
    catching.clear(elab)  # else this would not be called
    start = dict(elab.state)

    numbers = iter([k for k, g in enumerate(given) if not isinstance(g, ArrayRef | ListRef)])  # one may be given twice

    def swap(leaf: Value) -> Value:
        if not is_parameter(elab, build, leaf):
            return leaf
        return inner[given.index(leaf) if isinstance(leaf, ArrayRef | ListRef) else next(numbers)]

    results: list[Atom] = []
    arrays = [v for v in inner if isinstance(v, ArrayRef | ListRef)]
    with elab.builder.block() as body, elab.holding(arrays):
        try:
            arguments = {name: transform(elab, value, swap) for name, value in bound.items()}
            value = elab.resolve(inline(arguments))
            results = _results(elab, build, value, inner, given)
            build.state = dict(elab.state)
            results += _written(elab, build, start, inner)
        except Unreachable:
            pass
    elab.builder.pos = pos
    del elab.stack[depth:]
    return tuple(body), results


def _inside(elab: Elaborator, param: Var) -> Value:
    location = Location(param.name)
    match param.type:
        case Array():
            elab.state[location] = Buffer(param)
            return ArrayRef(location, param.type)
        case List():
            elab.state[location] = RuntimeItems(param)
            return ListRef(location)
        case _:
            return Number(param)


def _results(elab: Elaborator, build: Build, value: Value, inner: list[Value], given: list[Value]) -> list[Atom]:
    """The results for the leaves of the returned value."""
    atoms: list[Atom] = []
    returned: list[int | None] = []
    for leaf in leaves(elab, value):
        if isinstance(leaf, ArrayRef) and leaf in inner:
            returned.append(-1 - inner.index(leaf))
        elif type_of(elab, leaf) is None:
            returned.append(None)
        else:
            returned.append(len(atoms))
            atoms.append(elab.atom(leaf))
    known = {s for p in build.params for s in symbols_of(p.type)}
    types = [_outer(a.type, known) for a in atoms]
    if build.types is not None and len(build.types) == len(types) and build.returned == returned:
        met = [t for a, b in zip(build.types, types, strict=True) if (t := meet(a, b)) is not None]
        if len(met) < len(types):
            elab.mismatch(f"{build.hint} returns values of different kinds.", "Return the same kind on every path.")
        types = met
    build.types, build.returned, build.template = types, returned, value
    return [convert.convert(elab, a, t) for a, t in zip(atoms, types, strict=True)]


def _changed_name(elab: Elaborator, before: Content, location: Location) -> str:
    """What of a frame, a list or a dict changed, by the user's name where there is one."""
    now = elab.state.get(location, before)
    if isinstance(before, Entries) and isinstance(now, Entries):
        old = dict(before.items)
        names = [repr(k) for k, v in now.items if k in old and not same_value(v, old[k])]
        if names:
            return " and ".join(names)
    return location.hint


def _outer(type_: Type, known: set[Symbol]) -> Type:
    """A result's type without the sizes that only the body knows."""
    match type_:
        case Array(dtype, dims):
            return Array(dtype, known_dims(dims, known))
        case _:
            return type_


def _written(elab: Elaborator, build: Build, start: State, inner: list[Value]) -> list[Atom]:
    """The new versions of the arrays that the body wrote into; refuses what else it changed."""
    out: list[Atom] = []
    mutated = list(build.mutated)
    changed = dict(start)
    for k, value in enumerate(inner):
        if isinstance(value, ArrayRef | ListRef):
            content = elab.state.get(value.location, start[value.location])
            changed.pop(value.location)
            if content != start[value.location] and k not in mutated:
                mutated.append(k)
    mutated.sort()
    environment = list(build.environment)
    while (location := first_change(elab, changed, elab.state)) is not None:
        if not isinstance(changed[location], Buffer):
            elab.error(
                f"The recursive function {build.hint} changes {_changed_name(elab, changed[location], location)}, "
                "which is "
                "defined outside of it.",
                "Pass it as an argument and return it; arrays may be written into.",
            )
        if location not in environment:
            environment.append(location)
        changed.pop(location)
    build.mutated, build.environment = mutated, environment
    for place in (*(_location(inner[k]) for k in mutated), *environment):
        written = elab.state.get(place, start.get(place))
        assert isinstance(written, Buffer | RuntimeItems)
        out.append(written.atom)
    return out


def _location(value: Value) -> Location:
    """Where an array or a list stands."""
    assert isinstance(value, ArrayRef | ListRef)
    return value.location


# -- calling it


def call(elab: Elaborator, build: Build, bound: dict[str, Value]) -> Value:
    """Write the call, put back what it wrote into, and give what it returns."""
    if build.types is None:
        raise Unreachable
    given = runtime_leaves(elab, build, bound)
    _check_aliases(elab, build, given)
    atoms = [elab.atom(v) for v in given]
    for location in build.environment:
        content = elab.get(location)
        assert isinstance(content, Buffer)
        atoms.append(content.atom)
    sizes = _sizes(build.params, atoms)
    types = [*build.types, *(build.params[k].type for k in build.mutated)]
    types += [build.params[len(given) + k].type for k in range(len(build.environment))]
    known = {s for p in build.params for s in symbols_of(p.type)}
    targets = [elab.builder.var(build.hint.strip("<>"), _at_call(_outer(t, known), sizes)) for t in types]
    extra = elab.frees.get(build.name, ())
    elab.builder.append(Call(tuple(targets), build.name, (*atoms, *extra), elab.pos))
    count = len(build.types)
    for k, var in zip(build.mutated, targets[count:], strict=False):
        _write_back(elab, given[k], var)
    for location, var in zip(build.environment, targets[count + len(build.mutated) :], strict=True):
        elab.mutated |= elab.origins.get(location, frozenset())
        elab.set(location, Buffer(var))
    return _returned(elab, build, given, targets[:count])


def _at_call(type_: Type, sizes: dict[Symbol, Dim]) -> Type:
    """A result's type in terms of the arguments of a call."""
    match type_:
        case Array(dtype, dims):
            return Array(dtype, tuple(replace_in_dim(d, sizes) for d in dims))
        case _:
            return type_


def _sizes(params: Sequence[Var], atoms: Sequence[Atom]) -> dict[Symbol, Dim]:
    """What the size symbols of the parameters are in a call."""
    sizes: dict[Symbol, Dim] = {}
    for param, atom in zip(params, atoms, strict=True):
        if isinstance(param.type, Array) and isinstance(atom.type, Array):
            for p, a in zip(param.type.dims, atom.type.dims, strict=True):
                if a is not None and isinstance(p, Size) and len(p.terms) == 1 and p.constant == 0:
                    sizes.setdefault(p.terms[0][0], a)
    return sizes


def _check_aliases(elab: Elaborator, build: Build, given: list[Value]) -> None:
    """Refuse two different views of one array when one of them is written into."""
    written = [_location(given[k]) for k in build.mutated] + build.environment
    used = [v.location for v in given if isinstance(v, ArrayRef)] + build.environment
    for location in written:
        if used.count(location) > 1:
            raise AliasError(
                f"{build.hint} writes into an array that it also gets in another way.",
                "Pass the array once, or a copy.",
                elab.pos,
            )


def _write_back(elab: Elaborator, value: Value, var: Var) -> None:
    match value:
        case ArrayRef(location, path=()):
            elab.mutated |= elab.origins.get(location, frozenset())
            elab.set(location, Buffer(var))
        case ArrayRef():
            elab.write_array(value, (), (), var)
        case ListRef(location):
            elab.set(location, RuntimeItems(var))


def _returned(elab: Elaborator, build: Build, given: list[Value], targets: list[Var]) -> Value:
    """The returned value, with the results of this call as its leaves."""
    supply = iter(build.returned)
    assert build.template is not None

    def change(leaf: Value) -> Value:
        number = next(supply)
        if number is None:
            return leaf
        return given[-1 - number] if number < 0 else elab.lift(targets[number])

    outer = elab.state
    elab.state = {**build.state, **outer}
    seen = set(elab.state)
    value = transform(elab, build.template, change)
    made = {x: content for x, content in elab.state.items() if x not in seen}
    elab.state = outer
    elab.state.update(made)
    return value


# -- captured values as parameters


def close_group(elab: Elaborator) -> None:
    """When no function is being made any more: give every new one the values it captured as parameters."""
    if any(a.build is not None and not a.build.done for a in elab.active):
        return
    new = [name for name in elab.functions if name not in elab.frees]
    frees: dict[str, dict[Var, None]] = {name: {} for name in new}
    changed = True
    while changed:
        changed = False
        for name in new:
            free = _free(elab.functions[name], frees)
            if len(free) != len(frees[name]):
                frees[name], changed = free, True
    for name in new:
        elab.frees[name] = tuple(frees[name])
    for name in new:
        function = elab.functions[name]
        body = walk.map_blocks(function.body, lambda block: tuple(_pass_on(s, elab, new) for s in block))
        elab.functions[name] = replace(function, params=(*function.params, *frees[name]), body=body)


def _free(function: Function, frees: dict[str, dict[Var, None]]) -> dict[Var, None]:
    """The variables that a function uses and does not define, those that its callees need included."""
    free = walk.free_vars(function.body, function.results)
    inside = {*walk.all_defined(function.body), *function.params}
    for stmt in walk.statements(function.body):
        if isinstance(stmt, Call):
            free |= frees.get(stmt.function, {})
    return {v: None for v in free if v not in inside}


def _pass_on(stmt: Any, elab: Elaborator, new: list[str]) -> Any:
    if isinstance(stmt, Call) and stmt.function in new:
        return replace(stmt, args=(*stmt.args, *elab.frees[stmt.function]))
    return stmt
