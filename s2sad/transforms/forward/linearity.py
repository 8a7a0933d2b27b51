"""Whether a function is linear in some of its parameters: what transposing it takes for granted.

    t * x + t[::-1]         linear in t
    t * t                   not: its derivative in t reads t
    where(t > 0, t, x)      not: what depends on t has a value without a derivative in it, here a branch or a mask

So everything that a result needs and that depends on these parameters must vary with them, and the derivative must read
none of it. Sizes are no values: reading the shape of t is not reading t.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from s2sad.errors import TypeMismatchError
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Call, Custom, For, Function, If, Let, Pos, Stmt, Var, While, replace
from s2sad.rules.elementwise import add, sub
from s2sad.transforms.forward import forward

Functions = Mapping[str, Function]


def check_linear(
    function: Function, wrt: tuple[int, ...], functions: Functions, why: str, instead: str, pos: Pos | None = None
) -> None:
    """Raise TypeMismatchError, at the place that is not linear (else at `pos`), where a function is not in `wrt`."""
    found = nonlinear(function, wrt, functions)
    if found is not None:
        raise TypeMismatchError(why, instead, getattr(found, "pos", None) or pos)


def nonlinear(
    function: Function, wrt: tuple[int, ...], functions: Functions, seen: frozenset[str] = frozenset()
) -> Stmt | None:
    """A statement that is not linear in the parameters in `wrt`; None where all are."""
    function = _without_opaque(function)
    flows = list(_flows(function.body))
    depends = _reach((function.params[k] for k in wrt), _turned(flows))
    needed = _reach(function.results, _graph(flows)) & depends
    constant = needed - forward.varied(function, wrt)
    for stmt, targets, _ in flows:
        if not constant.isdisjoint(targets):
            return stmt
    for stmt in walk.statements(function.body):
        if isinstance(stmt, Call) and stmt.function not in seen and not needed.isdisjoint(stmt.targets):
            given = tuple(k for k, a in enumerate(stmt.args) if a in depends)
            found = nonlinear(functions[stmt.function], given, functions, seen | {stmt.function})
            if found is not None:
                return found
    return _reading(forward.jvp(function, wrt, functions)[0], function, depends)


def _reading(derived: Function, function: Function, depends: set[Atom]) -> Stmt | None:
    """A statement that reads one of these values for a tangent in the derivative of a function."""
    dots = range(len(function.params), len(derived.params))
    varied = forward.varied(derived, tuple(dots))
    flows = [(stmt, targets, _read(stmt, atoms, varied, depends)) for stmt, targets, atoms in _flows(derived.body)]
    live = _reach(derived.results[len(function.results) :], _graph(flows)) - depends
    for stmt, targets, atoms in flows:
        if not live.isdisjoint(targets) and not depends.isdisjoint(atoms):
            return stmt
    return None


def _read(stmt: Stmt, atoms: list[Atom], varied: set[Var], depends: set[Atom]) -> list[Atom]:
    """Those of the operands of a statement in a derivative that matter.

    What is added to a tangent without being one is zero: a rule was given zeros for what does not vary. A function that
    is called out of line has been looked at itself.
    """
    match stmt:
        case Let(prim=prim) if prim in (add, sub):
            return [a for a in atoms if a in varied] or atoms
        case Call():
            return [a for a in atoms if a not in depends]
        case _:
            return atoms


def _without_opaque(function: Function) -> Function:
    """The function with calls whose rules say nothing of tangents (checkpoint, custom_vjp) written out."""
    names = walk.names_of(function)
    values: dict[Var, Atom] = {}

    def change(stmts: Block) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            if isinstance(stmt, Custom) and not _has_tangents(stmt.rule):
                body, results = walk.inline(_without_opaque(stmt.fun), stmt.args, names)
                out += body
                values.update(zip(stmt.targets, results, strict=True))
            else:
                out.append(stmt)
        return tuple(out)

    body = walk.substitute(walk.map_blocks(function.body, change), values)
    results = tuple(values.get(r, r) if isinstance(r, Var) else r for r in function.results)
    return replace(function, body=body, results=results)


def _has_tangents(rule: object) -> bool:
    """Whether the rule of a custom call is one for tangents."""
    return hasattr(rule, "jvp") and not getattr(rule, "reverse_only", False)


# -- what depends on what

Flow = tuple[Stmt, tuple[Var, ...], list[Atom]]
"""A statement, something that it defines, and what that is made of."""


def _flows(block: Block) -> Iterator[Flow]:
    for stmt in walk.statements(block):
        match stmt:
            case Let(targets, prim, args):
                if prim not in forward.CONSTANT:
                    yield stmt, targets, list(args)
            case For() | While():
                yield from _loop(stmt)
            case If():
                for j in stmt.joined:
                    yield stmt, (j.out,), [stmt.cond, j.then, j.orelse]
            case _:
                yield stmt, walk.defines(stmt), list(walk.operands(stmt))


def _loop(stmt: For | While) -> Iterator[Flow]:
    test = (stmt.start, stmt.stop, stmt.step, stmt.exit) if isinstance(stmt, For) else (stmt.test,)
    control = [a for a in test if a is not None]
    if isinstance(stmt, For):
        yield stmt, (stmt.index,), control[:3]
    if stmt.trips is not None:
        yield stmt, (stmt.trips,), control
    for c in stmt.carried:
        yield stmt, (c.phi,), [c.init, c.next]
        yield stmt, (c.out,), [c.phi, c.init, c.next, *control]


def _graph(flows: Iterable[Flow]) -> dict[Atom, list[Atom]]:
    """From each value to what it is made of."""
    return {t: atoms for _, targets, atoms in flows for t in targets}


def _turned(flows: Iterable[Flow]) -> dict[Atom, list[Atom]]:
    """From each value to what is made of it."""
    graph: dict[Atom, list[Atom]] = {}
    for _, targets, atoms in flows:
        for atom in atoms:
            graph.setdefault(atom, []).extend(targets)
    return graph


def _reach(start: Iterable[Atom], graph: Mapping[Atom, list[Atom]]) -> set[Atom]:
    """Everything that can be reached."""
    found: set[Atom] = set()
    todo = list(start)
    while todo:
        atom = todo.pop()
        if isinstance(atom, Var) and atom not in found:
            found.add(atom)
            todo += graph.get(atom, [])
    return found


__all__ = ["check_linear", "nonlinear"]
