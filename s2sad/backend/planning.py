"""What of a module is decided before it is written in any language: what is copied, and what is not returned."""

from __future__ import annotations

from s2sad.backend import returning
from s2sad.ir.nodes import Function, Module
from s2sad.memory import inplace


def planned(module: Module) -> tuple[dict[str, Function], Function]:
    """The functions of a module and its main one, in which every update overwrites."""
    owners = inplace.owners_of(module.functions)
    functions = {
        name: inplace.plan(function, [function.params[k] for k in owners[name]], owners)
        for name, function in module.functions.items()
    }
    return returning.trim(functions, inplace.plan(module.main, (), owners), owners)
