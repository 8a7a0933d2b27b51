"""Walking IR trees: what a statement defines, uses and contains; substitution, renaming and inlining."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, assert_never

from s2sad.ir.builder import Names
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
    Join,
    Let,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.types import Array, Dim, List, Scalar, Size, Symbol, Type, replace_symbols, symbols_of


def blocks_of(stmt: Stmt) -> tuple[Block, ...]:
    """The blocks nested directly in a statement."""
    match stmt:
        case For():
            return (stmt.body,)
        case While():
            return (stmt.pre, stmt.body)
        case If():
            return (stmt.then, stmt.orelse)
        case _:
            return ()


def defines(stmt: Stmt) -> tuple[Var, ...]:
    """The variables a statement defines for what follows it in its block."""
    match stmt:
        case Let() | Call() | Apply() | Custom():
            return stmt.targets
        case For() | While():
            outs = tuple(c.out for c in stmt.carried)
            return outs if stmt.trips is None else (*outs, stmt.trips)
        case If():
            return tuple(j.out for j in stmt.joined)
        case Effect() | Comment():
            return ()
        case _:
            assert_never(stmt)


def binds(stmt: Stmt) -> tuple[Var, ...]:
    """The variables a statement defines for the blocks nested in it."""
    match stmt:
        case For() | While():
            return (stmt.index, *(c.phi for c in stmt.carried))
        case _:
            return ()


def operands(stmt: Stmt) -> tuple[Atom, ...]:
    """The atoms a statement uses itself, outside its nested blocks (entry values of loops, conditions, arguments)."""
    match stmt:
        case Let() | Call() | Apply() | Custom() | Effect():
            return stmt.args
        case For():
            return (stmt.start, stmt.stop, stmt.step, *(c.init for c in stmt.carried))
        case While():
            return tuple(c.init for c in stmt.carried)
        case If():
            return (stmt.cond,)
        case Comment():
            return ()
        case _:
            assert_never(stmt)


def leaving(stmt: Stmt) -> tuple[Atom, ...]:
    """The atoms a statement uses at the end of its nested blocks (next values, exits, tests, both sides of joins)."""
    match stmt:
        case For():
            return tuple(c.next for c in stmt.carried) + (() if stmt.exit is None else (stmt.exit,))
        case While():
            return (stmt.test, *(c.next for c in stmt.carried))
        case If():
            return tuple(a for j in stmt.joined for a in (j.then, j.orelse))
        case _:
            return ()


def statements(block: Block) -> Iterator[Stmt]:
    """Every statement of a block, nested ones after the one they stand in."""
    for stmt in block:
        yield stmt
        for inner in blocks_of(stmt):
            yield from statements(inner)


def all_defined(block: Block) -> Iterator[Var]:
    """Every variable defined anywhere in a block."""
    for stmt in statements(block):
        yield from binds(stmt)
        yield from defines(stmt)


def free_vars(block: Block, results: Iterable[Atom] = ()) -> dict[Var, None]:
    """The variables used in a block (or by `results`) but not defined in it, in order of first use."""
    defined = set(all_defined(block))
    used: dict[Var, None] = {}
    for stmt in statements(block):
        for atom in (*operands(stmt), *leaving(stmt)):
            if isinstance(atom, Var) and atom not in defined:
                used.setdefault(atom)
    for atom in results:
        if isinstance(atom, Var) and atom not in defined:
            used.setdefault(atom)
    return used


def names_of(function: Function) -> Names:
    """A supply of names that are new in `function`: of no variable, and of no size, which may outlive the variable it
    is named after."""
    called = (s.function for s in statements(function.body) if isinstance(s, Call))
    variables = (*function.params, *all_defined(function.body))
    sizes = {s.name.split(".")[0] for type in {v.type for v in variables} for s in symbols_of(type)}
    return Names([function.name, *called, *(v.name for v in variables), *sizes])


def rewrite(
    stmt: Stmt, use: Callable[[Atom], Atom], define: Callable[[Var], Var], block: Callable[[Block], Block]
) -> Stmt:
    """The statement with its uses, definitions and nested blocks mapped."""
    match stmt:
        case Let() | Call() | Apply() | Custom():
            return replace(stmt, args=tuple(map(use, stmt.args)), targets=tuple(map(define, stmt.targets)))
        case Effect():
            return replace(stmt, args=tuple(map(use, stmt.args)))
        case For():
            start, stop, step = use(stmt.start), use(stmt.stop), use(stmt.step)
            inits = [use(c.init) for c in stmt.carried]
            index, phis = define(stmt.index), [define(c.phi) for c in stmt.carried]
            body = block(stmt.body)
            carried = tuple(
                replace(c, phi=phi, init=init, next=use(c.next), out=define(c.out))
                for phi, init, c in zip(phis, inits, stmt.carried, strict=True)
            )
            mirrors = stmt.mirrors and use(stmt.mirrors)
            return replace(
                stmt, index=index, start=start, stop=stop, step=step, carried=carried, body=body,
                exit=None if stmt.exit is None else use(stmt.exit), trips=stmt.trips and define(stmt.trips),
                mirrors=mirrors if isinstance(mirrors, Var) else None,
            )
        case While():
            inits = [use(c.init) for c in stmt.carried]
            index, phis = define(stmt.index), [define(c.phi) for c in stmt.carried]
            pre = block(stmt.pre)
            test = use(stmt.test)
            body = block(stmt.body)
            carried = tuple(
                replace(c, phi=phi, init=init, next=use(c.next), out=define(c.out))
                for phi, init, c in zip(phis, inits, stmt.carried, strict=True)
            )
            return replace(
                stmt,
                index=index,
                carried=carried,
                pre=pre,
                test=test,
                body=body,
                trips=stmt.trips and define(stmt.trips),
            )
        case If():
            cond = use(stmt.cond)
            then, orelse = block(stmt.then), block(stmt.orelse)
            joined = tuple(Join(define(j.out), use(j.then), use(j.orelse)) for j in stmt.joined)
            return replace(stmt, cond=cond, then=then, orelse=orelse, joined=joined)
        case Comment():
            return stmt
        case _:
            assert_never(stmt)


def substitute(block: Block, mapping: Mapping[Var, Atom]) -> Block:
    """The block with uses of variables replaced; definitions stay as they are."""

    def use(atom: Atom) -> Atom:
        return mapping.get(atom, atom) if isinstance(atom, Var) else atom

    def walk(inner: Block) -> Block:
        return tuple(rewrite(s, use, lambda v: v, walk) for s in inner)

    return walk(block) if mapping else block


def with_aliases(function: Function, body: Block, aliases: Mapping[Var, Atom]) -> Function:
    """The function with a new body, in it and in the results each alias replaced by what it stands for."""
    ends = settle(aliases)
    results = tuple(ends.get(r, r) if isinstance(r, Var) else r for r in function.results)
    return replace(function, body=substitute(body, ends), results=results)


def settle(aliases: Mapping[Var, Atom]) -> dict[Var, Atom]:
    """Aliases followed to their ends; a cycle is broken where it closes."""
    ends: dict[Var, Atom] = {}
    for var in aliases:
        atom, seen = aliases[var], {var}
        while isinstance(atom, Var) and atom in aliases and atom not in seen:
            seen.add(atom)
            atom = aliases[atom]
        if atom != var:
            ends[var] = atom
    return ends


def clone(
    block: Block, names: Names, mapping: Mapping[Var, Atom] | None = None, sizes: Mapping[Symbol, Dim] | None = None
) -> tuple[Block, dict[Var, Atom]]:
    """A copy of a block whose definitions have new names (and new size symbols, where they define any).

    `mapping` replaces free variables, `sizes` size symbols. Returns the copy and the mapping from old to new variables.
    """
    atoms: dict[Var, Atom] = dict(mapping or {})
    symbols: dict[Symbol, Dim] = dict(sizes or {})
    integers: dict[str, Atom] = {v.name: a for v, a in atoms.items() if isinstance(v.type, Scalar)}
    own = _own_symbols(block)

    def retype(type: Type) -> Type:
        for s in symbols_of(type):
            if s in own and s not in symbols:
                symbols[s] = resized(s)
        return replace_symbols(type, symbols)

    def resized(s: Symbol) -> Dim:
        """The symbol for the copy: that of the integer it is named after, else one that no variable is named like."""
        integer = integers.get(s.name)
        if isinstance(integer, Const):
            return int(integer.value)
        name = f"{names.fresh(s.name.split('.')[0])}.0" if integer is None else integer.name
        return Size(((Symbol(name, s.at_least), 1),))

    def define(v: Var) -> Var:
        fresh = Var(names.fresh(v.name), retype(v.type))
        atoms[v] = fresh
        if isinstance(v.type, Scalar):
            integers[v.name] = fresh
        return fresh

    def use(atom: Atom) -> Atom:
        return atoms.get(atom, atom) if isinstance(atom, Var) else atom

    def walk(inner: Block) -> Block:
        return tuple(retype_params(rewrite(s, use, define, walk)) for s in inner)

    def retype_params(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let) and any(isinstance(v, (Array, List)) for _, v in stmt.params):
            params = tuple((k, retype(v) if isinstance(v, (Array, List)) else v) for k, v in stmt.params)
            return replace(stmt, params=params)
        return stmt

    return walk(block), atoms


def _own_symbols(block: Block) -> set[Symbol]:
    """The size symbols that no free variable of the block brings with it."""
    outside = {s for v in free_vars(block) for s in symbols_of(v.type)}
    inside = {s for v in all_defined(block) for s in symbols_of(v.type)}
    return inside - outside


def inline(function: Function, args: tuple[Atom, ...], names: Names) -> tuple[Block, tuple[Atom, ...]]:
    """The body of a function for these arguments, with new names, and its results."""
    sizes: dict[Symbol, Dim] = {}
    for param, arg in zip(function.params, args, strict=True):
        _unify(param.type, arg.type, sizes)
    block, mapping = clone(function.body, names, dict(zip(function.params, args, strict=True)), sizes)
    return block, tuple(mapping.get(r, r) if isinstance(r, Var) else r for r in function.results)


def _unify(param: Type, arg: Type, sizes: dict[Symbol, Dim]) -> None:
    match param, arg:
        case Array(dims=left), Array(dims=right):
            for p, a in zip(left, right, strict=True):
                if (
                    a is not None
                    and isinstance(p, Size)
                    and len(p.terms) == 1
                    and p.terms[0][1] == 1
                    and p.constant == 0
                ):
                    sizes.setdefault(p.terms[0][0], a)
        case List(item=left), List(item=right):
            _unify(left, right, sizes)
        case _:
            pass


def map_blocks(block: Block, change: Callable[[Block], Block]) -> Block:
    """Apply `change` to every block, innermost first, and last to this one."""

    def keep(x: Any) -> Any:
        return x

    return change(tuple(rewrite(s, keep, keep, lambda inner: map_blocks(inner, change)) for s in block))


def const_value(atom: Atom) -> Any:
    """The number that a constant stands for, or None."""
    return atom.value if isinstance(atom, Const) else None
