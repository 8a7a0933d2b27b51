"""What the functions of `s2sad.tree` mean on abstract values.

    tree.map(lambda p, g: p - lr * g, params, grads)

Their structures are those that `s2sad.tree` gives outside, and may come from there.
"""

from __future__ import annotations

import builtins
import inspect
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import optree

from s2sad import tree
from s2sad.errors import ShapeError
from s2sad.frontend import library
from s2sad.frontend.elaborate.leaves import Level, Node, Stop, level, lists_of_numbers, node_of, nowhere, transform
from s2sad.frontend.elaborate.leaves import leaves as leaves_of
from s2sad.frontend.values.transforms import Handler, register
from s2sad.frontend.values.values import DictRef, Entries, ListRef, ObjectRef, Static, StaticItems, Tuple, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

NONE = Static(None)
LEAF = object()
"""What stands for a leaf in a skeleton."""


# -- skeletons


def skeleton(elab: Elaborator, value: Value, stop: Stop = nowhere) -> Any:
    """The containers of a value as Python's own, with one object in place of every leaf."""

    def walk(part: Value) -> Any:
        return skeleton(elab, part, stop)

    value = elab.resolve(value)
    match value:
        case _ if stop(value):
            return LEAF
        case Static(None):
            return None
        case Static(tuple() as items) if tree.is_container(type(items)):
            return tree.make_tuple(type(items), [walk(Static(x)) for x in items])
        case Tuple(items, cls) if tree.is_container(cls):
            return tree.make_tuple(cls, [walk(v) for v in items])
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return [walk(v) for v in content.items]
        case DictRef(location):
            content = elab.get(location)
            assert isinstance(content, Entries)
            return library.python_dict(elab, value, [(k, walk(v)) for k, v in content.items])
        case ObjectRef() | Static() if (node := node_of(elab, value)) is not None:
            return _object(elab, node, [walk(child) for child in node.children])
        case _:
            return LEAF


def _object(elab: Elaborator, node: Node, parts: list[Any]) -> Any:
    names, rest = tree.fields(node.cls), elab.static(node.rest)
    if names is None:
        registration = tree.registration(node.cls)
        assert registration is not None
        return registration[1](rest, parts)
    if tree.registration(node.cls) is None:
        tree.register_dataclass(node.cls)
    out: Any = object.__new__(node.cls)
    for name, part in (*zip(names[0], parts, strict=False), *zip(names[1], rest, strict=False)):
        object.__setattr__(out, name, part)
    return out


def check_known(elab: Elaborator, value: Value) -> None:
    """Refuse a tree whose leaves are not known one by one."""
    if lists_of_numbers(elab, elab.resolve(value)):
        elab.error(
            "The numbers of a long list are leaves of a tree, of which the compiler does not know how many there are.",
            "Make the list an array.",
        )


# -- the functions


def meaning(function: Callable[..., Any]) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Declare what a function of `s2sad.tree` means: a function of the elaborator and of its bound arguments."""
    signature = inspect.signature(function)

    def declare(run: Callable[..., Value]) -> Callable[..., Value]:
        def handler(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                elab.mismatch(f"tree.{function.__name__}(): {error}.", "Give a tree, and a function where one is due.")
            for value in (*args, *kwargs.values()):
                check_known(elab, value)
            out = run(elab, *bound.args, **bound.kwargs)
            elab.latest = None  # a container may hold it
            return out

        checked: Handler = handler
        register(function, checked)
        return run

    return declare


@meaning(tree.map)
def map_(elab: Elaborator, function: Value, first: Value, *rest: Value, is_leaf: Value = NONE) -> Value:
    """The trees of `rest` have the structure of the first; what they hold at its leaves may be trees in turn."""
    stop = stopping(elab, is_leaf)
    others = zip(*(matching(elab, first, other, stop) for other in rest), strict=True) if rest else None

    def change(leaf: Value) -> Value:
        return elab.resolve(elab.call(function, [leaf, *(next(others) if others is not None else ())], {}))

    return transform(elab, first, change, stop)


@meaning(tree.leaves)
def leaves(elab: Elaborator, value: Value, is_leaf: Value = NONE) -> Value:
    return library.new_list(elab, leaves_of(elab, value, stopping(elab, is_leaf)))


@meaning(tree.structure)
def structure(elab: Elaborator, value: Value, is_leaf: Value = NONE) -> Value:
    return Static(tree.structure(skeleton(elab, value, stopping(elab, is_leaf))))


@meaning(tree.flatten)
def flatten(elab: Elaborator, value: Value, is_leaf: Value = NONE) -> Value:
    return Tuple((leaves(elab, value, is_leaf), structure(elab, value, is_leaf)))


@meaning(tree.unflatten)
def unflatten(elab: Elaborator, structure: Value, leaves: Value) -> Value:
    spec = elab.static(structure)
    if not isinstance(spec, optree.PyTreeSpec):
        elab.mismatch(f"{elab.describe(structure).capitalize()} is no structure of a tree.", "Use tree.structure.")
    items = library.unroll(elab, leaves)
    if len(items) != spec.num_leaves:
        why = f"A tree of {spec.num_leaves} leaves cannot be made of {len(items)}."
        raise ShapeError(why, "Give a leaf for each place in it.", elab.pos)
    return elab.resolve(spec.walk(items, lambda *node: make_node(elab, *node)))


@meaning(tree.reduce)
def reduce(
    elab: Elaborator, function: Value, value: Value, initializer: Value | None = None, is_leaf: Value = NONE
) -> Value:
    items = leaves_of(elab, value, stopping(elab, is_leaf))
    if initializer is not None:
        items.insert(0, initializer)
    if not items:
        elab.mismatch("tree.reduce of a tree without leaves has no value.", "Give an initializer.")
    out, *more = items
    for item in more:
        out = elab.resolve(elab.call(function, [out, item], {}))
    return out


@meaning(tree.all)
def all_(elab: Elaborator, value: Value, is_leaf: Value = NONE) -> Value:
    return library.call(elab, builtins.all, [leaves(elab, value, is_leaf)], {})


# -- parts


def stopping(elab: Elaborator, is_leaf: Value) -> Stop:
    """What `is_leaf` says, of which the answers are known while the function is compiled."""
    if is_leaf == NONE:
        return nowhere
    return lambda value: bool(elab.static(elab.number_truth(elab.call(is_leaf, [value], {}))))


def matching(elab: Elaborator, like: Value, other: Value, stop: Stop) -> list[Value]:
    """The parts of a tree at the places of the leaves of another one, of which it has the structure."""
    like, other = elab.resolve(like), elab.resolve(other)
    expected = None if stop(like) else level(elab, like)
    if expected is None:
        return [other]
    found = level(elab, other)
    if found is None or found.kind != expected.kind:
        raise ShapeError(
            f"The trees given to tree.map must have the same structure: one has {_shown(elab, other, found)} where the "
            f"first has {_shown(elab, like, expected)}.",
            "Give trees that are alike.",
            elab.pos,
        )
    pairs = zip(expected.children, found.children, strict=True)
    return [part for a, b in pairs for part in matching(elab, a, b, stop)]


def _shown(elab: Elaborator, value: Value, node: Level | None) -> str:
    """A node, with what the trees it fits must have."""
    what = elab.describe(value)
    if node is None or node.kind is None:
        return what
    _, rest = node.kind
    if isinstance(value, DictRef):
        return f"{what} with keys {', '.join(map(repr, rest))}" if rest else f"{what} that is empty"
    return f"{what} of length {rest}" if isinstance(value, ListRef | Tuple) else f"{what} with {rest!r}"


def make_node(elab: Elaborator, cls: type, data: Any, children: Sequence[Value]) -> Value:
    """The node of a structure that has these children."""
    if cls is type(None):
        return Static(None)
    if cls is list:
        return library.new_list(elab, children)
    if cls in (dict, OrderedDict):
        return library.new_dict(elab, zip(data, children, strict=True), cls)
    if cls is defaultdict:
        factory, keys = data
        return library.new_dict(elab, zip(keys, children, strict=True), cls, Static(factory))
    if issubclass(cls, tuple):
        return Tuple(tuple(children), cls)
    names, registration = tree.fields(cls), tree.registration(cls)
    if names is not None:
        given = (*zip(names[0], children, strict=True), *zip(names[1], map(Static, data), strict=True))
        return elab.call(Static(cls), [], dict(given))
    if registration is None:
        elab.error(f"A {cls.__name__} in a tree is not supported.", "Use a list, a tuple, a dict or a dataclass.")
    return elab.call(Static(registration[1]), [library.wrap(elab, data), Tuple(tuple(children))], {})
