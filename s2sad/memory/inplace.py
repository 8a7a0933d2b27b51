"""Decides what overwrites: the only place that does.

    plan(function) -> the same function with every copy it needs written out, after which every update may overwrite

    def f(x):                       def f(x):
        x_1 = store(x, 1.0, 0)          t = copy(x)                  a parameter is the caller's
        y = load(x_1, 1)                x_1 = store(t, 1.0, 0)
        x_2 = store(x_1, y, 2)          y = load(x_1, 1)
        return x_2                      x_2 = store(x_1, y, 2)       x_1 is dead here: no copy

One walk forwards over the tree carries which buffers may share memory (`sharing`), to a fixed point at loops. An update
may overwrite when nothing that may share memory with its base is read afterwards, on any path (`liveness`). Where it
may not, and all that is in the way are views of the base, those views are copied as they are made; otherwise the base
is.

Where a loop or a branch hands a buffer on to a name that is updated later, the copy is made on the way in: a parameter
that a loop updates is copied once, before it. These copies only move work out of loops; the rule for updates alone
makes the result right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from s2sad.errors import UnsupportedError
from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Carry,
    Comment,
    Custom,
    Effect,
    For,
    Function,
    If,
    Join,
    Let,
    Pos,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.primitives import list_append, list_set
from s2sad.ir.types import Array, List
from s2sad.memory.copying import copy
from s2sad.memory.liveness import Liveness, Point, Scope
from s2sad.memory.sharing import CALLER, UPDATES, Sharing, arrays_defined, is_buffer, shared_args, sources_of

Owners = Mapping[str, frozenset[int]]
"""For each function called out of line, the parameters that it owns: the caller hands over a buffer that nobody else
reads."""


def plan(function: Function, owned: Collection[Var] = (), owners: Owners | None = None) -> Function:
    """The function with the copies it needs. `owned` parameters are its own, to overwrite; `owners` says which those
    of its callees are."""
    cut: set[Var] = set()
    while True:
        planner = _Planner(function, frozenset(cut), frozenset(owned), owners or {})
        planned = planner.run()
        if planner.wanted_cuts <= cut:
            return planned
        cut |= planner.wanted_cuts


def owners_of(functions: Mapping[str, Function]) -> Owners:
    """The parameters that out-of-line functions would otherwise copy, so that a recursion over a work array copies
    nothing on its way down; also those that they only hand on to one another."""
    found: Owners = {name: frozenset() for name in functions}
    while True:
        before = found
        found = {name: before[name] | _copied(function, before) for name, function in functions.items()}
        if found == before:
            return found


def _copied(function: Function, owners: Owners) -> set[int]:
    """The parameters that a function copies, given what it and its callees own."""
    owned = [function.params[k] for k in owners[function.name]]
    planned = plan(function, owned, owners)
    copied = {s.args[0] for s in walk.statements(planned.body) if isinstance(s, Let) and s.prim is copy}
    return {k for k, p in enumerate(function.params) if p in copied}


class _Result(NamedTuple):
    """A walked block, and the state at its end."""

    block: list[Stmt]
    sharing: Sharing


class _Planner:
    """One walk over a function, for a given set of views to copy (`cut`); notes the views that it would rather have
    cut."""

    def __init__(self, function: Function, cut: frozenset[Var], owned: frozenset[Var], owners: Owners) -> None:
        self.function, self.cut, self.owned, self.owners = function, cut, owned, owners
        self.wanted_cuts: set[Var] = set()
        self.live = Liveness(function, contents=True)
        self.sources = sources_of(function)
        self.dying = self.live.dying(is_buffer)
        self.updated = _updated_names(function, owners)
        self.names = walk.names_of(function)
        self._copies: dict[tuple[Any, ...], Var] = {}
        self._copied: set[Var] = set()

    def run(self) -> Function:
        """Walk the function."""
        sharing = Sharing()
        for p in self.function.params:
            if is_buffer(p) and p not in self.owned:
                sharing.link(p, CALLER)
        body = self.block(self.function.body, self.live.root, 0, sharing)
        results: list[Atom] = []
        for k, r in enumerate(self.function.results):
            if isinstance(r, Var) and is_buffer(r) and self._result_shares(r, self.function.results[:k], body.sharing):
                r = self._copy(r, ("result", k), body.block, None)
            results.append(r)
        return replace(self.function, body=tuple(body.block), results=tuple(results))

    def _result_shares(self, result: Var, earlier: Iterable[Atom], sharing: Sharing) -> bool:
        """Whether a result may share memory with the caller's arrays or an earlier result, or is a part of something
        larger, read-only perhaps."""
        if result in sharing.parts or sharing.share(result, CALLER):
            return True
        return any(isinstance(e, Var) and sharing.share(result, e) for e in earlier)

    # -- blocks and statements

    def block(self, block: Block, scope: Scope, first: int, sharing: Sharing) -> _Result:
        """Walk a block whose first statement has position `first` in `scope`; changes `sharing`."""
        out: list[Stmt] = []
        for position, stmt in enumerate(block, first):
            at = Point(scope, position)
            self.statement(stmt, at, sharing, out)
            sharing.forget(self.dying.get(at, ()))
        return _Result(out, sharing)

    def statement(self, stmt: Stmt, at: Point, sharing: Sharing, out: list[Stmt]) -> None:
        match stmt:
            case Let() if stmt.prim in UPDATES:
                out.append(self.update(stmt, at, sharing, out))
            case Let():
                self.let(stmt, sharing, out)
            case For() | While():
                self.loop(stmt, at, sharing, out)
            case If():
                self.branch(stmt, at, sharing, out)
            case Call():
                out.append(self.call(stmt, at, sharing, out))
            case Effect() | Comment():
                out.append(stmt)
            case Apply() | Custom():
                raise UnsupportedError("A transform is left in the program that is to be emitted.", pos=stmt.pos)

    def let(self, stmt: Let, sharing: Sharing, out: list[Stmt]) -> None:
        """A value that may be a view of its arguments."""
        shared = shared_args(stmt)
        if not shared:
            out.append(stmt)
            return
        if stmt.targets[0] in self.cut:
            out += self._cut(stmt)
            return
        out.append(stmt)
        for target in stmt.targets:
            if is_buffer(target):
                sharing.link(target, *shared)
                sharing.parts.add(target)

    def _cut(self, stmt: Let) -> list[Stmt]:
        """A view, copied as it is made."""
        raw = tuple(self._fresh(t, ("cut", t)) for t in stmt.targets)
        copies = [Let((t,), copy, (r,), (), stmt.pos) for t, r in zip(stmt.targets, raw, strict=True)]
        return [replace(stmt, targets=raw), *copies]

    def update(self, stmt: Let, at: Point, sharing: Sharing, out: list[Stmt]) -> Let:
        """A store, an increment or a change of a list."""
        (target,), (base, *rest) = stmt.targets, stmt.args
        assert isinstance(base, Var)
        inside = sharing.holders(base) - {base} if isinstance(base.type, List) else set()
        if self._in_the_way(base, at, sharing):
            base = self._copy(base, ("base", target), out, stmt.pos)
            inside = set()
        rest = [self._apart(a, base, (target, k), sharing, out, stmt.pos) for k, a in enumerate(rest)]
        for w in inside:
            sharing.link(target, w)
        if stmt.prim in (list_append, list_set) and isinstance(item := rest[-1], Var) and is_buffer(item):
            if item in sharing.parts or sharing.share(item, CALLER):  # one item is copied, not the list each time
                rest[-1] = self._copy(item, ("item", target), out, stmt.pos)
            else:
                sharing.link(target, item)
        return replace(stmt, args=(base, *rest))

    def call(self, stmt: Call, at: Point, sharing: Sharing, out: list[Stmt]) -> Call:
        """A call out of line: its results are fresh, unless they are made of buffers that it was given to own."""
        args = list(stmt.args)
        for k in sorted(self.owners.get(stmt.function, ())):
            arg = args[k]
            others = [a for j, a in enumerate(args) if j != k and isinstance(a, Var) and is_buffer(a)]
            if isinstance(arg, Var) and (arg in others or self._in_the_way(arg, at, sharing, others)):
                args[k] = self._copy(arg, ("handed", id(stmt), k), out, stmt.pos)
        return replace(stmt, args=tuple(args))

    def _apart(
        self, arg: Atom, base: Var, key: tuple[Any, ...], sharing: Sharing, out: list[Stmt], pos: Pos | None
    ) -> Atom:
        """An operand of an update, copied if the update would change it while it is read."""
        arrays = isinstance(arg.type, Array) and isinstance(base.type, Array)
        if arrays and isinstance(arg, Var) and sharing.share(arg, base):
            return self._copy(arg, ("operand", *key), out, pos)
        return arg

    # -- what is in the way of overwriting

    def _in_the_way(self, base: Var, at: Point, sharing: Sharing, extra: Iterable[Var] = ()) -> bool:
        """Whether `base` must be copied before its buffer is changed after `at`: because it is only a part, or
        because something else that may share its memory is read later (`extra` is taken to be)."""
        if base in sharing.parts:
            return True
        others = set(extra)
        live = [
            w for w in sharing.holders(base)
            if w == CALLER or (_clashes(base, w) and (w in others or self.live.after(w, at)))
        ]
        if not live:
            return False
        cuts: set[Var] = set()
        roots = self.sources.roots(base)
        for w in live:
            found = None if w in (CALLER, base) else self.sources.views_between(w, roots)
            if found is None or found & self.cut:
                return True
            cuts |= found
        self.wanted_cuts |= cuts
        return False

    def _copy(self, var: Var, key: tuple[Any, ...], out: list[Stmt], pos: Pos | None) -> Var:
        fresh = self._fresh(var, key)
        out.append(Let((fresh,), copy, (var,), (), pos))
        return fresh

    def _fresh(self, var: Var, key: tuple[Any, ...]) -> Var:
        """A variable for a copy, the same one however often a loop is walked."""
        if key not in self._copies:
            self._copies[key] = Var(self.names.fresh(var.name), var.type)
            self._copied.add(self._copies[key])
        return self._copies[key]

    # -- control flow

    def loop(self, stmt: For | While, at: Point, sharing: Sharing, out: list[Stmt]) -> None:
        """A loop, walked until what its carried names may share no longer grows."""
        scope = self.live.scope(stmt)
        carried = self._entries(stmt, scope, sharing, out)
        local = [v for b in walk.blocks_of(stmt) for v in arrays_defined(b)]
        head = sharing.copy()
        _bind_all(head, [(c.phi, c.init) for c in carried])
        while True:
            before = head.size()
            state = head.copy()
            blocks = self._body(stmt, scope, state)
            done = self._ends(stmt, carried, scope, state, blocks[-1])
            _bind_all(state, [(_end_of(c), c.next) for c in done])
            state.forget([*local, *(c.phi for c in done), *(state.pairs.keys() & self._copied)])
            _rename(state, {_end_of(c): c.phi for c in done})
            head.merge(state)
            if head.size() == before:
                break
        final = head.copy()
        _bind_all(final, [(c.out, c.phi) for c in done])
        final.forget([*local, *(c.phi for c in done)])
        sharing.pairs, sharing.parts = final.pairs, final.parts
        out.append(_rebuilt(stmt, done, blocks))

    def _body(self, stmt: For | While, scope: Scope, state: Sharing) -> list[list[Stmt]]:
        """Walk the nested blocks."""
        blocks: list[list[Stmt]] = []
        first = 0
        for inner in walk.blocks_of(stmt):
            blocks.append(self.block(inner, scope, first, state).block)
            first += len(inner) + 1
        return blocks

    def _entries(self, stmt: For | While, scope: Scope, sharing: Sharing, out: list[Stmt]) -> list[Carry]:
        """The carried values, with copies of those entry values that the loop must not update."""
        done: list[Carry] = []
        for k, c in enumerate(stmt.carried):
            if isinstance(c.init, Var) and is_buffer(c.init) and c.phi in self.updated:
                others = [*(d.init for d in done), *(d.init for d in stmt.carried[k + 1 :])]
                extra = [o for o in others if isinstance(o, Var)]
                if self._in_the_way(c.init, Point(scope, -1), sharing, extra) or c.init in extra:
                    c = replace(c, init=self._copy(c.init, ("init", c.phi), out, stmt.pos))
            done.append(c)
        return done

    def _ends(
        self, stmt: For | While, carried: list[Carry], scope: Scope, state: Sharing, tail: list[Stmt]
    ) -> list[Carry]:
        """The carried values, with copies of those that the next iteration must not update."""
        done: list[Carry] = []
        for k, c in enumerate(carried):
            if isinstance(c.next, Var) and is_buffer(c.next) and c.phi in self.updated and c.next != c.phi:
                others = [*(d.next for d in done), *(d.next for d in carried[k + 1 :])]
                extra = [o for o in others if isinstance(o, Var)]
                if self._in_the_way(c.next, Point(scope, scope.end), state, extra) or c.next in extra:
                    c = replace(c, next=self._copy(c.next, ("next", c.phi), tail, stmt.pos))
            done.append(c)
        return done

    def branch(self, stmt: If, at: Point, sharing: Sharing, out: list[Stmt]) -> None:
        """A branch: each side from the same state, then what may hold after either."""
        sides: list[_Result] = []
        joined = list(stmt.joined)
        for number, block in enumerate((stmt.then, stmt.orelse)):
            side = self.block(block, self.live.scope(stmt, number), 0, sharing.copy())
            atoms = self._sides(stmt, number, at, side)
            joined = [_with_side(j, number, a) for j, a in zip(joined, atoms, strict=True)]
            _bind_all(side.sharing, [(j.out, a) for j, a in zip(joined, atoms, strict=True)])
            side.sharing.forget(arrays_defined(tuple(side.block)))
            sides.append(side)
        sides[0].sharing.merge(sides[1].sharing)
        sharing.pairs, sharing.parts = sides[0].sharing.pairs, sides[0].sharing.parts
        then, orelse = (tuple(s.block) for s in sides)
        out.append(replace(stmt, then=then, orelse=orelse, joined=tuple(joined)))

    def _sides(self, stmt: If, number: int, at: Point, side: _Result) -> list[Atom]:
        """The values that leave a branch, with copies of those that are updated later and must not be."""
        atoms: list[Atom] = [(j.then, j.orelse)[number] for j in stmt.joined]
        for k, join in enumerate(stmt.joined):
            atom = atoms[k]
            if isinstance(atom, Var) and is_buffer(atom) and join.out in self.updated:
                extra = [o for o in (*atoms[:k], *atoms[k + 1 :]) if isinstance(o, Var)]
                if self._in_the_way(atom, at, side.sharing, extra) or atom in extra:
                    atoms[k] = self._copy(atom, ("side", join.out, number), side.block, stmt.pos)
        return atoms


# -- helpers


def _clashes(base: Var, other: Var) -> bool:
    """Whether a change of `base` shows in `other`, given that they share: a list that grows does not change its
    items."""
    return not isinstance(base.type, List) or isinstance(other.type, List)


def _end_of(carry: Carry) -> Var:
    """What stands for a carried value between the end of an iteration and the head of the next."""
    return Var(f"<end>{carry.phi.name}", carry.phi.type)


def _bind_all(sharing: Sharing, pairs: Iterable[tuple[Var, Atom]]) -> None:
    """Give buffers further names."""
    for target, value in pairs:
        if isinstance(value, Var) and is_buffer(value):
            sharing.link(target, value)
            if value in sharing.parts:
                sharing.parts.add(target)


def _rename(sharing: Sharing, names: dict[Var, Var]) -> None:
    sharing.pairs = {names.get(v, v): {names.get(w, w) for w in ws} for v, ws in sharing.pairs.items()}
    sharing.parts = {names.get(v, v) for v in sharing.parts}


def _rebuilt(stmt: For | While, carried: list[Carry], blocks: list[list[Stmt]]) -> Stmt:
    match stmt:
        case For():
            return replace(stmt, carried=tuple(carried), body=tuple(blocks[0]))
        case While():
            return replace(stmt, carried=tuple(carried), pre=tuple(blocks[0]), body=tuple(blocks[1]))


def _with_side(join: Join, number: int, atom: Atom) -> Join:
    return replace(join, then=atom) if number == 0 else replace(join, orelse=atom)


def _updated_names(function: Function, owners: Owners) -> set[Var]:
    """The phis and joins whose buffer is changed where they are at hand: inside the loop of the phi, after the branch
    of the join. Their buffers are better made their own on the way in."""
    phis, outs, joins = _rebindings(function)
    wanted = _returned_joins(function, joins)
    todo: list[Atom] = list(_changed(function, owners))
    seen: set[Atom] = set()
    while todo:
        v = todo.pop()
        if v in seen or not isinstance(v, Var):
            continue
        seen.add(v)
        if v in phis:
            wanted.add(v)
            todo += [phis[v].init, phis[v].next]
        elif v in outs:
            todo.append(outs[v].init)
        elif v in joins:
            wanted.add(v)
            todo += [joins[v].then, joins[v].orelse]
    return wanted


def _changed(function: Function, owners: Owners) -> Iterator[Atom]:
    """The buffers that are changed."""
    for stmt in walk.statements(function.body):
        match stmt:
            case Let() if stmt.prim in UPDATES:
                yield stmt.args[0]
            case Call():
                yield from (stmt.args[k] for k in owners.get(stmt.function, ()))
            case _:
                pass


def _returned_joins(function: Function, joins: dict[Var, Join]) -> set[Var]:
    """The joins that are results: each branch returns a value of its own."""
    todo = list(function.results)
    found: set[Var] = set()
    while todo:
        v = todo.pop()
        if isinstance(v, Var) and v in joins and v not in found:
            found.add(v)
            todo += [joins[v].then, joins[v].orelse]
    return found


def _rebindings(function: Function) -> tuple[dict[Var, Carry], dict[Var, Carry], dict[Var, Join]]:
    """The carries by phi and by out, and the joins by out, of buffers."""
    phis: dict[Var, Carry] = {}
    outs: dict[Var, Carry] = {}
    joins: dict[Var, Join] = {}
    for stmt in walk.statements(function.body):
        match stmt:
            case For(carried=carried) | While(carried=carried):
                phis.update((c.phi, c) for c in carried if is_buffer(c.phi))
                outs.update((c.out, c) for c in carried if is_buffer(c.out))
            case If(joined=joined):
                joins.update((j.out, j) for j in joined if is_buffer(j.out))
            case _:
                pass
    return phis, outs, joins


__all__ = ["copy", "plan"]
