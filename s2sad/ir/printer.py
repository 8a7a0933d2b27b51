"""Any stage of the compiler as Python source that runs.

Printed as it stands, the IR is pure: a store copies, then writes into the copy. The back end prints with the same
class, telling it which variables share a name (`names`) and which stores need no copy (`in_place`).
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, assert_never

from s2sad.ir import paths, walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Comment,
    Const,
    Custom,
    Effect,
    For,
    Function,
    If,
    Let,
    Module,
    Stmt,
    Var,
    While,
)
from s2sad.ir.primitives import (
    inc,
    list_append,
    list_drop,
    list_new,
    list_set,
    literal,
    print_,
    raise_,
    store,
)
from s2sad.ir.types import Array, List, Scalar

INDENT = "    "


def to_source(module: Module | Function, **options: Any) -> str:
    """The functions of a module, main last, as Python source."""
    if isinstance(module, Function):
        module = Module(module)
    functions = [*module.functions.values(), module.main]
    return "\n\n".join(Printer(**options).function(f) for f in functions)


class Printer:
    """Prints one function.

    `names` gives variables names other than their own; `in_place` holds the targets of stores (and list updates) that
    may overwrite their first argument; `copied` the targets of loads that must not stay views of what they read.
    """

    def __init__(
        self, names: Mapping[Var, str] | None = None, in_place: Collection[Var] = (), copied: Collection[Var] = ()
    ) -> None:
        self.names = names or {}
        self.in_place = in_place
        self.copied = copied
        self._used: set[Var] = set()

    # -- functions and blocks

    def function(self, function: Function) -> str:
        self._used = set(walk.free_vars(function.body, function.results)) | _all_uses(function)
        lines = [f"def {function.name}({', '.join(map(self.name, function.params))}):"]
        if function.doc:
            lines.append(f'{INDENT}"""{function.doc}"""')
        lines += self.block(function.body, 1)
        lines.append(f"{INDENT}return {', '.join(map(self.text, function.results))}".rstrip())
        return "\n".join(lines) + "\n"

    def block(self, block: Block, depth: int) -> list[str]:
        return [line for stmt in block for line in self.statement(stmt, depth)]

    def body(self, block: Block, tail: Sequence[str], depth: int) -> list[str]:
        """A nested block and what follows it, or `pass`."""
        return [*self.block(block, depth), *(INDENT * depth + t for t in tail)] or [INDENT * depth + "pass"]

    # -- statements

    def statement(self, stmt: Stmt, depth: int) -> list[str]:
        pad = INDENT * depth
        match stmt:
            case Let():
                return [pad + line for line in self.let(stmt)]
            case For():
                return self.for_loop(stmt, depth)
            case While():
                return self.while_loop(stmt, depth)
            case If():
                return self.branch(stmt, depth)
            case Call(targets, function, args):
                call = f"{function}({', '.join(map(self.argument, args))})"
                return [pad + (f"{self.target_list(targets)} = {call}" if targets else call)]
            case Effect():
                return [pad + self.effect(stmt)]
            case Comment(text):
                return [f"{pad}# {text}"]
            case Apply(targets, kind, fun, args, wrt, axes):
                options = f"wrt={wrt}" if kind != "batch" else f"axes={axes}"
                call = f"{kind}({fun.name}, {options})({', '.join(map(self.text, args))})"
                return [*self.nested(fun, depth), f"{pad}{self.target_list(targets)} = {call}"]
            case Custom(targets, fun, _, args):
                call = f"{fun.name}({', '.join(map(self.text, args))})"
                return [*self.nested(fun, depth), f"{pad}{self.target_list(targets)} = {call}"]
            case _:
                assert_never(stmt)

    def argument(self, atom: Atom) -> str:
        """An argument of a call. Numba would compile a function for the very integer ``0``, and again for others."""
        kind = type(atom.value) if isinstance(atom, Const) else None
        return f"{kind.__name__}({self.text(atom)})" if kind in (int, bool) else self.text(atom)

    def nested(self, function: Function, depth: int) -> list[str]:
        text = type(self)(self.names, self.in_place, self.copied).function(function)
        return [INDENT * depth + line for line in text.splitlines()]

    def let(self, stmt: Let) -> list[str]:
        params = dict(stmt.params)
        prim = stmt.prim
        if prim is store or prim is inc:
            return self.update(stmt, params)
        if prim in (list_append, list_set, list_drop):
            return self.list_update(stmt)
        if prim is list_new:
            # no comprehension: where one stands, Numba takes writes through views of unknown calls for dead code
            return [f"{self.name(stmt.targets[0])} = [{_sample(params['item'])}][:0]"]
        value = self.spell(stmt)
        if stmt.targets[0] in self.copied:
            value = ast.Call(ast.Attribute(value, "copy"), [], [])
        return [f"{self.target_list(stmt.targets)} = {source(value)}"]

    def spell(self, stmt: Let) -> ast.expr:
        """What a Let computes, as an expression."""
        return stmt.prim.spell([self.expr(a) for a in stmt.args], dict(stmt.params), tuple(a.type for a in stmt.args))

    def update(self, stmt: Let, params: dict[str, Any]) -> list[str]:
        (target,), (base, value, *operands) = stmt.targets, stmt.args
        lines = self.fresh_copy(target, base, "rt.copy({})")
        path: paths.Path = params["path"]
        place = paths.path_expr(self.expr(target), [self.expr(o) for o in operands], path)
        if not isinstance(place, ast.Subscript):
            place = ast.Subscript(place, ast.Constant(...), ast.Store())
        if stmt.prim is store:
            return [*lines, f"{source(place)} = {self.text(value)}"]
        if any(isinstance(o.type, Array) for o in operands):
            return [*lines, f"rt.add_at({source(place.value)}, {source(key_value(place.slice))}, {self.text(value)})"]
        return [*lines, f"{source(place)} += {self.text(value)}"]

    def list_update(self, stmt: Let) -> list[str]:
        (target,), (base, *rest) = stmt.targets, map(self.text, stmt.args)
        lines, after = self.fresh_copy(target, stmt.args[0], "{}.copy()"), []
        name = self.name(target)
        if lines and target in self.in_place and self.reads_name(target, stmt.args[1:]):
            name, lines, after = base, [], lines
        if stmt.prim is list_append:
            return [*lines, f"{name}.append({rest[0]})", *after]
        if stmt.prim is list_drop:
            return [*lines, f"{name}.pop()", *after]
        return [*lines, f"{name}[{rest[0]}] = {rest[1]}", *after]

    def reads_name(self, target: Var, atoms: Iterable[Atom]) -> bool:
        """Whether what an update reads has the name of its target: then the buffer gets that name afterwards."""
        return any(self.name(target) in self.reads(a) for a in atoms)

    def fresh_copy(self, target: Var, base: Atom, form: str) -> list[str]:
        if target in self.in_place:
            return self.assign(target, base)
        return [f"{self.name(target)} = {form.format(self.text(base))}"]

    def effect(self, stmt: Effect) -> str:
        params = dict(stmt.params)
        if stmt.prim is raise_:
            message = source(literal(params["message"])) if params.get("message") else ""
            return f"raise {params['kind']}({message})"
        if stmt.prim is print_:
            parts = (self.text(stmt.args[t]) if isinstance(t, int) else repr(t) for t in params["template"])
            return f"print({', '.join(parts)})"
        args = [self.expr(a) for a in stmt.args]
        return source(stmt.prim.spell(args, params, tuple(a.type for a in stmt.args)))

    # -- control flow

    def for_loop(self, stmt: For, depth: int) -> list[str]:
        pad = INDENT * depth
        entry = self.assign_all([(c.phi, c.init) for c in stmt.carried])
        if stmt.trips is not None and stmt.exit is not None:
            entry.append(f"{self.name(stmt.trips)} = 0")
        bounds = [stmt.start, stmt.stop, stmt.step]
        if stmt.step == Const(1):
            bounds = bounds[1:2] if stmt.start == Const(0) else bounds[:2]
        tail = self.assign_all([(c.phi, c.next) for c in stmt.carried])
        if stmt.exit is not None:
            stop = self.text(stmt.exit)
            if any(stmt.exit == c.phi for c in stmt.carried):
                tail.insert(0, f"{self.name(stmt.index)}_exit = {stop}")
                stop = f"{self.name(stmt.index)}_exit"
            if stmt.trips is not None:
                tail.append(f"{self.name(stmt.trips)} += 1")
            tail += [f"if {stop}:", f"{INDENT}break"]
        head = f"for {self.name(stmt.index)} in range({', '.join(map(self.text, bounds))}):"
        after = self.assign_all([(c.out, c.phi) for c in stmt.carried])
        if stmt.trips is not None and stmt.exit is None:
            after.append(f"{self.name(stmt.trips)} = len(range({', '.join(map(self.text, bounds))}))")
        return [
            *(pad + line for line in entry),
            pad + head,
            *self.body(stmt.body, tail, depth + 1),
            *(pad + line for line in after),
        ]

    def while_loop(self, stmt: While, depth: int) -> list[str]:
        pad, inner = INDENT * depth, INDENT * (depth + 1)
        entry = self.assign_all([(c.phi, c.init) for c in stmt.carried])
        tail = self.assign_all([(c.phi, c.next) for c in stmt.carried])
        after = self.assign_all([(c.out, c.phi) for c in stmt.carried])
        if stmt.index in self._used or stmt.trips is not None:
            entry.append(f"{self.name(stmt.index)} = 0")
            tail.append(f"{self.name(stmt.index)} += 1")
        if stmt.trips is not None:
            after.extend(self.assign(stmt.trips, stmt.index))
        lines = [pad + line for line in entry]
        pre = self.block(stmt.pre, depth + 1)
        if pre:
            leave = source(ast.UnaryOp(ast.Not(), self.expr(stmt.test)))
            lines += [f"{pad}while True:", *pre, f"{inner}if {leave}:", f"{inner}{INDENT}break"]
        else:
            lines.append(f"{pad}while {self.text(stmt.test)}:")
        return [*lines, *self.body(stmt.body, tail, depth + 1), *(pad + line for line in after)]

    def branch(self, stmt: If, depth: int) -> list[str]:
        pad = INDENT * depth
        then = self.assign_all([(j.out, j.then) for j in stmt.joined])
        orelse = self.assign_all([(j.out, j.orelse) for j in stmt.joined])
        lines = [f"{pad}if {self.text(stmt.cond)}:", *self.body(stmt.then, then, depth + 1)]
        if stmt.orelse or orelse:
            lines += [f"{pad}else:", *self.body(stmt.orelse, orelse, depth + 1)]
        return lines

    # -- assignments and atoms

    def assign(self, target: Var, value: Atom) -> list[str]:
        name, text = self.name(target), self.text(value)
        return [] if name == text else [f"{name} = {text}"]

    def assign_all(self, pairs: Sequence[tuple[Var, Atom]]) -> list[str]:
        """Assign in parallel: in an order in which nothing is read after it is written, or in one tuple."""
        todo = [(self.name(t), self.text(v), self.reads(v)) for t, v in pairs if self.name(t) != self.text(v)]
        lines: list[str] = []
        while todo:
            ready = [
                k for k, (n, _, _) in enumerate(todo) if not any(n in r for j, (_, _, r) in enumerate(todo) if j != k)
            ]
            if not ready:
                return [*lines, f"{', '.join(n for n, _, _ in todo)} = {', '.join(v for _, v, _ in todo)}"]
            name, value, _ = todo.pop(ready[0])
            lines.append(f"{name} = {value}")
        return lines

    def reads(self, atom: Atom) -> set[str]:
        """The names that an atom's expression reads."""
        return {node.id for node in ast.walk(self.expr(atom)) if isinstance(node, ast.Name)}

    def name(self, var: Var) -> str:
        return self.names.get(var, var.name)

    def target_list(self, targets: Sequence[Var]) -> str:
        return ", ".join(map(self.name, targets))

    def expr(self, atom: Atom) -> ast.expr:
        return ast.Name(self.name(atom)) if isinstance(atom, Var) else literal(atom.value)

    def text(self, atom: Atom) -> str:
        return source(self.expr(atom))


def source(node: ast.expr) -> str:
    """An expression as text."""
    return ast.unparse(ast.fix_missing_locations(node))


def key_value(key: ast.expr) -> ast.expr:
    """An index as a value of its own: slices become calls of `slice`."""
    match key:
        case ast.Slice(lower, upper, step):
            parts = [part or ast.Constant(None) for part in (lower, upper, step)]
            return ast.Call(ast.Name("slice", ast.Load()), parts, [])
        case ast.Tuple(entries):
            return ast.Tuple([key_value(e) for e in entries], ast.Load())
        case _:
            return key


def _sample(item: object) -> str:
    """An expression of the type of a list's items, for the type inference of the compiler."""
    match item:
        case Scalar(dtype, weak=True):
            return {"b": "False", "i": "0", "f": "0.0", "c": "0j"}[dtype.kind]
        case Scalar(dtype):
            return f"np.{dtype.name}(0)"
        case Array(dtype, dims):
            shape = "0" if len(dims) == 1 else f"({', '.join('0' * len(dims))})"
            return f"np.empty({shape}, np.{dtype.name})"
        case List(inner):
            return f"[{_sample(inner)}]"
    raise TypeError(f"no sample of {item}")


def _all_uses(function: Function) -> set[Var]:
    uses = {a for s in walk.statements(function.body) for a in (*walk.operands(s), *walk.leaving(s))}
    return {a for a in (*uses, *function.results) if isinstance(a, Var)}



