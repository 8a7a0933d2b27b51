"""A small reader of kernels for the tests of passes: Python text in, IR out, with nothing optimised on the way.

    f = read('''
    def f(x, n):
        s = 0.0
        for i in range(n):
            s += x[i]
        return s
    ''', x="f8[n]", n="i")

Types: ``f`` float, ``i`` int, ``b`` bool, ``c`` complex (weak scalars); ``f8 f4 c16 i8`` with optional dims. A store is
``a[i] = v``, an increment ``a[i] += v``; `print(x)` is an effect; ``break`` is written ``__exit__(flag)``.
"""

from __future__ import annotations

import ast
import textwrap

import numpy as np

from s2sad.ir import Array, Builder, Carry, Const, Effect, For, Function, If, Join, Names, Scalar, Var, While
from s2sad.ir import primitives as p
from s2sad.ir.nodes import int_var
from s2sad.ir.paths import SLOT, Index, Slice
from s2sad.ir.types import symbol
from s2sad.rules import elementwise as e
from s2sad.rules.logical import eq, ge, gt, le, lt

WEAK = {"f": np.float64, "i": np.int64, "b": np.bool_, "c": np.complex128}


BINARY = {ast.Add: e.add, ast.Sub: e.sub, ast.Mult: e.mul, ast.Div: e.truediv}
BINARY[ast.FloorDiv] = e.floordiv
COMPARE = {ast.Lt: lt, ast.Gt: gt, ast.Eq: eq, ast.GtE: ge, ast.LtE: le}
CALLS = {"sin": e.sin, "cos": e.cos, "exp": e.exp, "sqrt": e.sqrt, "where": e.where, "minimum": e.minimum,
         "maximum": e.maximum}  # fmt: skip


def parse_type(text: str):
    """The type that such a text names."""
    if text in WEAK:
        return Scalar(np.dtype(WEAK[text]), weak=True)
    dtype, _, dims = text.partition("[")
    if not dims:
        return Scalar(np.dtype(dtype))
    sizes = [d.strip() for d in dims.rstrip("]").split(",")]
    return Array(np.dtype(dtype), tuple(int(d) if d.isdigit() else symbol(d, 2) for d in sizes))


def read(text: str, **types: str) -> Function:
    """The function of this text, for parameters of these types (float where none is given)."""
    (tree,) = ast.parse(textwrap.dedent(text)).body
    params = tuple(Var(a.arg, parse_type(types.get(a.arg, "f"))) for a in tree.args.args)
    reader = _Reader(Builder(Names([v.name for v in params])), {v.name: v for v in params})
    with reader.b.block() as body:
        results = reader.run(tree.body)
    return Function(tree.name, params, tuple(body), results)


class _Reader:
    def __init__(self, builder: Builder, env: dict) -> None:
        self.b, self.env = builder, env
        self.exit = None

    def run(self, body):
        for stmt in body:
            match stmt:
                case ast.Return(value):
                    items = value.elts if isinstance(value, ast.Tuple) else [value]
                    return tuple(self.eval(v) for v in items)
                case ast.Assign([target], value):
                    self.assign(target, self.eval(value, target.id if isinstance(target, ast.Name) else None))
                case ast.AugAssign(target, op, value):
                    self.augment(target, op, value)
                case ast.For():
                    self.for_(stmt)
                case ast.While():
                    self.while_(stmt)
                case ast.If():
                    self.if_(stmt)
                case ast.Expr(ast.Call(ast.Name("print"), args)):
                    template = tuple(range(len(args)))
                    self.b.append(Effect(p.print_, tuple(map(self.eval, args)), (("template", template),)))
                case ast.Expr(ast.Call(ast.Name("__exit__"), [flag])):
                    self.exit = self.eval(flag)
                case ast.Expr(ast.Constant()) | ast.Pass():
                    pass
        return ()

    def assign(self, target, value):
        match target:
            case ast.Name(name):
                self.env[name] = value
            case ast.Subscript(ast.Name(name), key):
                path, operands = self.path(key)
                self.env[name] = self.b.emit(p.store, (self.env[name], value, *operands), {"path": path}, name)

    def augment(self, target, op, value):
        if isinstance(target, ast.Subscript):
            path, operands = self.path(target.slice)
            name = target.value.id
            args = (self.env[name], self.eval(value), *operands)
            self.env[name] = self.b.emit(p.inc, args, {"path": path}, name)
        else:
            self.env[target.id] = self.b.emit(BINARY[type(op)], (self.env[target.id], self.eval(value)), hint=target.id)

    def path(self, key):
        entries, operands = [], []
        for k in key.elts if isinstance(key, ast.Tuple) else [key]:
            if isinstance(k, ast.Slice):
                parts = []
                for part in (k.lower, k.upper, k.step):
                    atom = None if part is None else self.eval(part)
                    if isinstance(atom, Var):
                        operands.append(atom)
                    parts.append(SLOT if isinstance(atom, Var) else atom.value if atom else None)
                entries.append(Slice(*parts))
                continue
            atom = self.eval(k)
            if isinstance(atom, Const):
                entries.append(atom.value)
            else:
                entries.append(SLOT)
                operands.append(atom)
        return (Index(tuple(entries)),), operands

    def eval(self, node, hint=None):
        match node:
            case ast.Constant(value):
                return Const(value)
            case ast.UnaryOp(ast.USub(), ast.Constant(value)):
                return Const(-value)
            case ast.Name(name):
                return self.env[name]
            case ast.UnaryOp(ast.USub(), operand):
                return self.b.emit(e.neg, (self.eval(operand),), hint=hint)
            case ast.BinOp(left, op, right):
                return self.b.emit(BINARY[type(op)], (self.eval(left), self.eval(right)), hint=hint)
            case ast.Compare(left, [op], [right]):
                return self.b.emit(COMPARE[type(op)], (self.eval(left), self.eval(right)), hint=hint)
            case ast.Subscript(ast.Attribute(value, "shape"), ast.Constant(axis)):
                return self.b.dim_atom(self.eval(value), axis)
            case ast.Subscript(value, key):
                path, operands = self.path(key)
                return self.b.emit(p.load, (self.eval(value), *operands), {"path": path}, hint or "v")
            case ast.Call(ast.Attribute(_, name), args) if name in CALLS:
                return self.b.emit(CALLS[name], [self.eval(a) for a in args], hint=hint)
            case ast.Call(ast.Attribute(_, "zeros" | "empty" as name), args):
                prim = p.zeros if name == "zeros" else p.undef
                dims = args[0].elts if isinstance(args[0], ast.Tuple) else [args[0]]
                return self.b.emit(prim, [self.eval(d) for d in dims], {"dtype": np.dtype(np.float64)}, hint)
            case ast.Call(ast.Name("float" | "int" as name), [arg]):
                params = {"dtype": np.dtype(WEAK[name[0]]), "weak": True}
                return self.b.emit(p.cast, (self.eval(arg),), params, hint)
        raise NotImplementedError(ast.dump(node))

    def for_(self, stmt):
        bounds = [self.eval(a) for a in stmt.iter.args]
        start, stop, step = {1: (Const(0), *bounds, Const(1)), 2: (*bounds, Const(1))}.get(len(bounds), bounds)
        names = self.carried(stmt.body)
        index, inits = int_var(self.b.names.fresh(stmt.target.id)), [self.env[n] for n in names]
        phis = self.phis(names, inits)
        outer = {**self.env}
        outer_exit, self.exit = self.exit, None
        with self.b.block() as body:
            self.env = {**outer, **dict(zip(names, phis, strict=True)), stmt.target.id: index}
            self.run(stmt.body)
            nexts = [self.env[n] for n in names]
        carried = self.leave(names, phis, inits, nexts, outer)
        self.b.append(For(index, start, stop, step, carried, tuple(body), self.exit))
        self.exit = outer_exit

    def while_(self, stmt):
        names = self.carried(stmt.body)
        inits = [self.env[n] for n in names]
        phis = self.phis(names, inits)
        index = int_var(self.b.names.fresh("k"))
        outer = {**self.env}
        self.env = {**outer, **dict(zip(names, phis, strict=True))}
        with self.b.block() as pre:
            test = self.eval(stmt.test)
        with self.b.block() as body:
            self.run(stmt.body)
            nexts = [self.env[n] for n in names]
        carried = self.leave(names, phis, inits, nexts, outer)
        self.b.append(While(index, carried, tuple(pre), test, tuple(body)))

    def phis(self, names, inits):
        return [self.b.var(n, a.type) for n, a in zip(names, inits, strict=True)]

    def leave(self, names, phis, inits, nexts, outer):
        outs = [self.b.var(n, v.type) for n, v in zip(names, phis, strict=True)]
        self.env = {**outer, **dict(zip(names, outs, strict=True))}
        return tuple(Carry(*c) for c in zip(phis, inits, nexts, outs, strict=True))

    def carried(self, body):
        return [n for n in _assigned(body) if n in self.env]

    def if_(self, stmt):
        cond = self.eval(stmt.test)
        outer = {**self.env}
        sides = []
        for part in (stmt.body, stmt.orelse):
            self.env = {**outer}
            with self.b.block() as block:
                self.run(part)
            sides.append((tuple(block), self.env))
        (then, left), (orelse, right) = sides
        names = [n for n in _assigned([*stmt.body, *stmt.orelse]) if n in left and n in right]
        outs = [self.b.var(n, left[n].type) for n in names]
        joined = tuple(Join(o, left[n], right[n]) for n, o in zip(names, outs, strict=True))
        self.env = {**outer, **dict(zip(names, outs, strict=True))}
        self.b.append(If(cond, then, orelse, joined))


def _assigned(body):
    """Names assigned or stored into, in order."""
    names = {}
    for node in (n for s in body for n in ast.walk(s)):
        targets = [node.target] if isinstance(node, ast.AugAssign) else getattr(node, "targets", [])
        for target in targets:
            base = target.value if isinstance(target, ast.Subscript) else target
            names.setdefault(base.id)
    return list(names)
