"""Containers as trees of leaves: `map`, `leaves`, `flatten`, `unflatten`, and how to register node types of one's own.

Tuples, lists, dicts (by sorted keys), namedtuples, `None` (no leaves), dataclasses and registered types are nodes;
everything else is a leaf. The work is optree's, in a namespace of our own. What these functions mean inside a function
that is transformed is in `frontend.meanings.pytrees`.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import optree

NAMESPACE = "s2sad"
MISSING: Any = object()
"""No initializer."""
CONTAINERS = (tuple, list, dict, OrderedDict, defaultdict)
T = TypeVar("T", bound=type)

_fields: dict[type, tuple[tuple[str, ...], tuple[str, ...]]] = {}
_registered: dict[type, tuple[Callable[[Any], tuple[Any, Any]], Callable[[Any, Any], Any]]] = {}
_leaves: set[type] = set()


def flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], optree.PyTreeSpec]:
    """The leaves of a tree, and its structure."""
    while True:
        leaves, structure = optree.tree_flatten(tree, is_leaf, namespace=NAMESPACE)
        unknown = {cls for cls in {type(x) for x in leaves} if is_node(cls) and cls not in _registered}
        if is_leaf is not None:
            unknown -= {type(x) for x in leaves if is_leaf(x)}
        if not unknown:
            return leaves, structure
        for cls in unknown:
            register_dataclass(cls)


def unflatten(structure: optree.PyTreeSpec, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves."""
    return optree.tree_unflatten(structure, leaves)


def leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves of a tree, in order."""
    return flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> optree.PyTreeSpec:
    """The structure of a tree."""
    return flatten(tree, is_leaf)[1]


def map(function: Callable[..., Any], tree: Any, *rest: Any, is_leaf: Callable[[Any], bool] | None = None) -> Any:
    """Apply a function to the corresponding leaves of trees of one structure.

    Raises ValueError where the other trees do not have the structure of the first.
    """
    leaves, structure = flatten(tree, is_leaf)
    others = [structure.flatten_up_to(other) for other in rest]
    return unflatten(structure, builtins.map(function, leaves, *others))


def reduce(
    function: Callable[[Any, Any], Any],
    tree: Any,
    initializer: Any = MISSING,
    is_leaf: Callable[[Any], bool] | None = None,
) -> Any:
    """Fold a function of two arguments over the leaves. Raises TypeError where there are none, and no initializer."""
    found = leaves(tree, is_leaf)
    return functools.reduce(function, found if initializer is MISSING else [initializer, *found])


def all(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> bool:
    """Whether all leaves count as true."""
    return builtins.all(leaves(tree, is_leaf))


def register_pytree_node(
    nodetype: type, flatten_func: Callable[[Any], tuple[Any, Any]], unflatten_func: Callable[[Any, Any], Any]
) -> None:
    """Register a container: ``flatten_func(x) -> (children, static)``, ``unflatten_func(static, children) -> x``.

    Raises ValueError when the type is registered already.
    """
    optree.register_pytree_node(nodetype, flatten_func, unflatten_func, namespace=NAMESPACE)
    _registered[nodetype] = (flatten_func, unflatten_func)


def register_dataclass(nodetype: T, data_fields: Iterable[str] | None = None, meta_fields: Iterable[str] = ()) -> T:
    """Register a dataclass: `data_fields` are its children (all fields but `meta_fields` by default)."""
    meta = tuple(meta_fields)
    if data_fields is None:
        data_fields = [f.name for f in dataclasses.fields(nodetype) if f.init and f.name not in meta]
    data = tuple(data_fields)

    def take_apart(x: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(getattr(x, n) for n in data), tuple(getattr(x, n) for n in meta)

    def put_together(static: tuple[Any, ...], children: Iterable[Any]) -> Any:
        return nodetype(**dict(zip(data, children, strict=True)), **dict(zip(meta, static, strict=True)))

    register_pytree_node(nodetype, take_apart, put_together)
    _fields[nodetype] = data, meta
    return nodetype


def registration(nodetype: type) -> tuple[Callable[[Any], tuple[Any, Any]], Callable[[Any, Any], Any]] | None:
    """How a user's node type is taken apart and put together, or None when it is not registered."""
    return _registered.get(nodetype)


def fields(nodetype: type) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """The names of the children and of the rest of a dataclass, registered or not; None for other types."""
    if nodetype in _fields:
        return _fields[nodetype]
    if nodetype in _registered or not dataclasses.is_dataclass(nodetype):
        return None
    return tuple(f.name for f in dataclasses.fields(nodetype) if f.init), ()


def is_container(cls: type) -> bool:
    """Whether a class is one of the tuples, lists and dicts that are taken apart. Other subclasses of them are not."""
    if cls in CONTAINERS:
        return True
    return issubclass(cls, tuple) and (optree.is_namedtuple_class(cls) or optree.is_structseq_class(cls))


def make_tuple(cls: type, items: Iterable[Any]) -> Any:
    """A tuple of a class, whatever its ``__new__`` takes."""
    if optree.is_structseq_class(cls):
        return cls(items)
    return tuple.__new__(cls, items)


def is_node(nodetype: type) -> bool:
    """Whether objects of a class (no tuple, list or dict) are taken apart."""
    return nodetype in _registered or (dataclasses.is_dataclass(nodetype) and nodetype not in _leaves)


def leaf(nodetype: T) -> T:
    """Declare that objects of a dataclass are never taken apart."""
    _leaves.add(nodetype)
    return nodetype
