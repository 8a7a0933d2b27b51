"""The language between the passes: pure, typed, structured, printable as Python.

    module   = main function, functions called out of line
    function = name, params, body, results                       flat: containers are gone
    stmt     = Let(targets, primitive, args, params)             one primitive applied; params are static
             | For(index, start, stop, step, carried, body, exit, trips, mirrors)
             | While(index, carried, pre, test, body, trips)
             | If(cond, then, orelse, joined)
             | Call(targets, function, args)                     out of line: recursion, large shared callees
             | Apply(targets, kind, fun, args, wrt | axes)       a transform applied inside
             | Custom(targets, fun, rule, args)                  a call with a derivative of its own
             | Effect(primitive, args, params)                   print, raise: in order, forward sweep only
             | Comment(text)
    carry    = phi, init, next, out                              a value carried by a loop
    join     = out, then, orelse                                 a value that leaves a branch
    atom     = Var(name, type) | Const(value)
    type     = Scalar(dtype, weak) | Array(dtype, dims) | List(item)

A value never changes: ``a[i] = v`` is ``a1 = store(a0, v, i)``. Every variable is defined once in its function, and is
seen by what follows it in its block and by the blocks nested there; a loop or a branch names what it carries or joins.
Control flow is nested, so reversing a program is reversing a tree. Views are paths: ``A[1][j] = v`` is one store in A.

Read `nodes`, then `primitives`, `builder` (how it is written), `walk` (how it is read), `printer`, `verifier`.
"""

from s2sad.ir.builder import Builder, Names, Ref
from s2sad.ir.interpret import python_function
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Carry,
    Comment,
    Const,
    Custom,
    Effect,
    For,
    Function,
    If,
    Join,
    Let,
    Module,
    Pos,
    Stmt,
    Var,
    While,
)
from s2sad.ir.primitives import Primitive
from s2sad.ir.printer import to_source
from s2sad.ir.types import Array, List, Scalar, Type
from s2sad.ir.verifier import IRError, verify

__all__ = [
    "Apply", "Array", "Atom", "Block", "Builder", "Call", "Carry", "Comment", "Const", "Custom", "Effect", "For",
    "Function", "IRError", "If", "Join", "Let", "List", "Module", "Names", "Pos", "Primitive", "Ref", "Scalar", "Stmt",
    "Type", "Var", "While", "python_function", "to_source", "verify",
]
