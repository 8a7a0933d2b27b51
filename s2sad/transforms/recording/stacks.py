"""Recursion reversed: the two sweeps of a function that calls itself are two functions that share stacks.

    def f(x, n):                def f_0_forward(x, n, stack):          def f_0_reverse(n, y_bar, stack):
        if n == 0:                  if n == 0:                             if n == 0:
            return x                    return x, stack                        return y_bar, stack
        s = sin(x)                  s = sin(x)                             y = pop(stack);  s = pop(stack)
        y = f(s, n - 1)             y, stack = f_0_forward(s, n - 1, ...)  s_bar, stack = f_0_reverse(n - 1, ...)
        return s * y                push(stack, s);  push(stack, y)        s_bar += y * y_bar
                                    return s * y, stack                    ...

`adjoint` writes both as one function with open mentions; `close` makes the pair. What a block of the reverse sweep
mentions of the block that it reverses is pushed at the end of the one and popped at the start of the other; `nesting`
has proved that the two sweeps run these blocks in opposite order. All else is as in `recording`: numbers, and arrays
that nobody overwrites, are passed to both functions and read again; cheap arithmetic is done again. There is a stack
for each dtype and rank (`pushing`), made by the function that is not called itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Call, Const, Effect, For, Function, If, Let, Stmt, Var, While, int_var, replace
from s2sad.ir.primitives import UPDATES, dim, load
from s2sad.ir.types import Array, List, Type
from s2sad.transforms.adjoint import loop_forms
from s2sad.transforms.adjoint.calls import Pair, pair_called, without_effects
from s2sad.transforms.recording.decisions import Decision
from s2sad.transforms.recording.nesting import Nesting, Unpaired
from s2sad.transforms.recording.pushing import OuterThreader, Threader, empty, kind_of, parameters
from s2sad.transforms.recording.recording import Frame, Resolver, record
from s2sad.transforms.recording.scopes import Scope
from s2sad.transforms.recording.split import sweeps
from s2sad.transforms.recording.tapes import Export, Tape, Weaver

Pairs = Mapping[str, Pair]
Kept = dict[str, set[int]]
"""For each pair, the numbers of the parameters of its open adjoint that its reverse function has."""


def close(
    opened: Function, pairs: Pairs, clean: Callable[[Function], Function], *, fused: bool = True
) -> tuple[Function, dict[str, Function], list[Decision]]:
    """An open adjoint closed, the functions of the pairs that it calls, and what was decided.

    `clean` removes dead code from an open adjoint; `fused` is that of `record`.
    """
    kept = _passed(pairs)
    while True:
        opens = {name: clean(_trimmed(pair.opened, pairs, kept)) for name, pair in pairs.items()}
        halves = {name: Halves(pair, opens[name], pairs, kept[name]) for name, pair in pairs.items()}
        needed = _needed(halves, kept)
        if needed == kept:
            break
        kept = needed
    main = clean(_trimmed(opened, pairs, kept))
    Nesting(pairs).read(main.body)
    free = _free_loops(main.body)
    main, decisions = record(main, fused=fused)
    kinds = tuple(sorted({k for half in halves.values() for k in half.kinds()}, key=str))
    acts = any(isinstance(s, Effect) for half in halves.values() for s in walk.statements(half.before))
    builder = Builder(walk.names_of(main))
    with builder.block() as body:
        threader = OuterThreader(builder, pairs, {}, {}, free, "again" if acts else "forward")
        threader.block(main.body, 0, empty(builder, kinds))
    functions = {f.name: f for name, half in halves.items() for f in half.functions(kinds, sorted(kept[name]))}
    functions |= {f.name: f for f in map(_quiet, functions.values()) if acts and f.name.endswith("_again")}
    decisions = [*decisions, *(d for half in halves.values() for d in half.resolver.decisions)]
    return replace(main, body=tuple(body)), functions, decisions


def _quiet(function: Function) -> Function:
    """A forward function as it is called once more: it prints and raises nothing."""

    def change(block: Block) -> Block:
        return tuple(renamed(s) if isinstance(s, Call) else s for s in block)

    def renamed(stmt: Call) -> Call:
        return replace(stmt, function=re.sub("_forward$", "_again", stmt.function))

    quiet = without_effects(function)
    body = walk.map_blocks(quiet.body, change)
    return replace(quiet, name=re.sub("_forward$", "_again", function.name), body=body)


# -- what the reverse function is passed


def _passed(pairs: Pairs) -> Kept:
    """All parameters, but for lists and for arrays that are overwritten: by the function, or by a caller later."""
    kept = {name: {k for k, p in enumerate(pair.opened.params) if _fits(p, k, pair)} for name, pair in pairs.items()}
    while True:
        before = {name: set(numbers) for name, numbers in kept.items()}
        for name, pair in pairs.items():
            body = sweeps(pair.opened.body)[0]
            gone, made = _overwritten(body, pairs, kept), {t: s for s in walk.statements(body) for t in walk.defines(s)}
            kept[name] -= {k for k in range(pair.params) if pair.opened.params[k] in gone}
            for callee, args in _calls(body, pairs):
                kept[callee] -= {k for k, a in enumerate(args) if _source(a, made) in gone}
        if kept == before:
            return kept


def _fits(param: Var, number: int, pair: Pair) -> bool:
    return number >= pair.params or not isinstance(param.type, List)


def _calls(body: Block, pairs: Pairs) -> Iterator[tuple[str, tuple[Atom, ...]]]:
    """The calls of forward functions."""
    for stmt in walk.statements(body):
        found = pair_called(stmt.function, pairs) if isinstance(stmt, Call) else None
        if found is not None and found[1] == "forward":
            yield found[0], walk.operands(stmt)


def _source(atom: Atom, made: Mapping[Var, Stmt]) -> Atom:
    """The array that an array is a view of."""
    while isinstance(atom, Var) and isinstance(atom.type, Array):
        match made.get(atom):
            case Let(prim=prim, args=(array, *_)) if prim is load:
                atom = array
            case _:
                break
    return atom


def _overwritten(body: Block, pairs: Pairs, kept: Kept) -> set[Var]:
    """The arrays that something is written into later, in place most likely."""
    feeds: dict[Var, tuple[Atom, ...]] = {}
    gone: list[Atom] = [a for callee, args in _calls(body, pairs) for k, a in enumerate(args) if k not in kept[callee]]
    for stmt in walk.statements(body):
        match stmt:
            case Let(prim=prim, args=args) if prim in UPDATES:
                gone.append(args[0])
            case For(carried=carried) | While(carried=carried):
                feeds.update({c.phi: (c.init, c.next) for c in carried})
                feeds.update({c.out: (c.phi,) for c in carried})
            case If(joined=joined):
                feeds.update({j.out: (j.then, j.orelse) for j in joined})
            case _:
                pass
    found: set[Var] = set()
    while gone:
        atom = gone.pop()
        if isinstance(atom, Var) and isinstance(atom.type, (Array, List)) and atom not in found:
            found.add(atom)
            gone.extend(feeds.get(atom, ()))
    return found


def _trimmed(function: Function, pairs: Pairs, kept: Kept) -> Function:
    """The open adjoint, with calls of reverse functions that pass what is kept only."""

    def change(block: Block) -> Block:
        return tuple(trim(s) if isinstance(s, Call) else s for s in block)

    def trim(stmt: Call) -> Call:
        found = pair_called(stmt.function, pairs)
        if found is None or found[1] == "forward":
            return stmt
        return replace(stmt, args=tuple(a for k, a in enumerate(stmt.args) if k in kept[found[0]]))

    return replace(function, body=walk.map_blocks(function.body, change))


def _needed(halves: Mapping[str, Halves], kept: Kept) -> Kept:
    """Of what is kept, what the reverse functions read: not what they only pass on to calls that do not read it."""
    needed: Kept = {name: set() for name in halves}
    while True:
        before = {name: set(numbers) for name, numbers in needed.items()}
        for name, half in halves.items():
            read = half.reads(needed, kept)
            needed[name] |= {k for k in kept[name] if half.opened.params[k] in read}
        if needed == before:
            return needed


# -- the two functions of a pair


class Halves:
    """The sweeps of an open adjoint, each mention made good by a value that is popped. `kept` are the parameters that
    the reverse function has."""

    def __init__(self, pair: Pair, opened: Function, pairs: Pairs, kept: set[int]) -> None:
        self.opened, self.pairs = opened, pairs
        self.builder = Builder(walk.names_of(opened))
        before, after = sweeps(opened.body)
        after = loop_forms.fuse(replace(opened, body=after))[0].body
        self.free = _free_loops((*before, *after))
        outer, mirror = (int_var(self.builder.names.fresh("sweep")) for _ in range(2))
        once = (Const(0), Const(1), Const(1), ())
        loops = (For(outer, *once, before), For(mirror, *once, after, mirrors=outer))
        hidden = {p for k, p in enumerate(opened.params) if k not in kept}
        self.params = opened.params[: pair.params]
        self.results, bars = opened.results[: pair.results], opened.results[pair.results :]
        mirrors = Nesting(pairs).read(loops)
        self.resolver = StackResolver(replace(opened, body=loops), self.builder, mirrors, hidden)
        loops, self.bars = self.resolver.sweeps(*loops, bars)
        *head, first, second = Weaver(self.resolver.plan, self.builder).function(replace(opened, body=loops)).body
        assert isinstance(first, For) and isinstance(second, For)
        self.before, self.after = (*head, *first.body), second.body
        if next(_calls(self.after, pairs), None) is not None:
            raise Unpaired("its reverse sweep calls forward functions, with stacks of an unknown size")

    def kinds(self) -> set[Type]:
        """What the stacks hold that these push on."""
        return {kind_of(value) for frame in self.resolver.frames.values() for value, _ in frame}

    def reads(self, needed: Kept, kept: Kept) -> set[Atom]:
        """What the reverse function reads, if those that it calls read what is needed."""
        read: set[Atom] = set(self.bars)
        for stmt in walk.statements(self.after):
            found = pair_called(stmt.function, self.pairs) if isinstance(stmt, Call) else None
            args = walk.operands(stmt)
            if found is not None and found[1] == "reverse":
                args = tuple(a for k, a in zip(sorted(kept[found[0]]), args, strict=True) if k in needed[found[0]])
            read.update((*args, *walk.leaving(stmt)))
        return read

    def functions(self, kinds: tuple[Type, ...], kept: list[int]) -> Iterator[Function]:
        """The forward and the reverse function, with the stacks as their last parameters and results."""
        b, frames, mirrors, name = self.builder, self.resolver.frames, self.resolver.mirrors, self.opened.name
        threader = Threader(b, self.pairs, frames, mirrors, self.free)
        reverse_params = tuple(self.opened.params[k] for k in kept)
        both = (("forward", self.before, self.params, self.results), ("reverse", self.after, reverse_params, self.bars))
        for half, body, params, results in both:
            given = parameters(b, kinds)
            state = dict(given)
            with b.block() as written:
                threader.block(body, threader.enter(), state)
            params, results = (*params, *(v for v in given.values() if isinstance(v, Var))), (*results, *state.values())
            yield replace(self.opened, name=f"{name}_{half}", params=params, body=tuple(written), results=results)


@dataclass(eq=False, slots=True)
class Stacked(Tape):
    """A value that the reverse sweep pops: `final` is its name there."""


class StackResolver(Resolver):
    """Resolves the mentions of a reverse sweep that is a function of its own. Both sweeps stand in loops of one trip,
    so that all of the one is out of the other's sight; `hidden` parameters are the forward function's only."""

    def __init__(self, function: Function, builder: Builder, mirrors: Mapping[int, int], hidden: set[Var]) -> None:
        super().__init__(function, builder)
        self.mirrors = mirrors
        self.frames: dict[int, list[tuple[Var, Var]]] = {}
        for p in hidden:
            self.index.params.discard(p)
            self.index.scope[p] = self.index.scopes[1]
        self.wanted = self.index.mentioned()

    def sweeps(self, first: For, second: For, bars: tuple[Atom, ...]) -> tuple[tuple[For, For], tuple[Atom, ...]]:
        """The two loops with what they mention resolved, and the results of the reverse sweep."""
        before, _ = self.ended(first.body, self.enter(), ())
        after, found = self.ended(second.body, self.enter(), bars)
        return (replace(first, body=before), replace(second, body=after, mirrors=None)), tuple(found)

    def repeatable(self, stmt: Let, scope: Scope) -> bool:
        return (stmt.prim is dim and self.stays(stmt.args[0], scope)) or super().repeatable(stmt, scope)

    def tape(self, var: Var, frame: Frame) -> Tape:
        """What is popped for a value of the forward sweep; any tape for one of the reverse sweep itself."""
        if frame.common is not self.index.root:
            return super().tape(var, frame)
        block = self.further_in(var, self.pushed_in(frame), frame.place)
        key = (var, block.number)
        if key not in self.tapes:
            if isinstance(var.type, List):
                raise Unpaired("a list is needed again")
            self.note(var, "recorded", "on a stack")
            value = self.brought_out(var, block)
            popped = self.named(var.name, var.type)
            self.index.define(popped, self.index.scopes[self.mirrors[block.number]])
            self.frames.setdefault(block.number, []).append((value, popped))
            self.tapes[key] = Stacked(value, [], popped)
        return self.tapes[key]

    def pushed_in(self, frame: Frame) -> Scope:
        """The block at whose end a value is pushed: mirrored by one around the mention, once for each trip of each loop
        around the definition."""
        around = [s.number for s in frame.place.chain()]
        for scope in reversed(frame.path):
            if self.mirrors.get(scope.number) in around:
                return scope
            if scope.is_loop:
                break
        raise Unpaired("a loop has no mirror")

    def further_in(self, var: Var, block: Scope, mention: Scope) -> Scope:
        """The innermost branch of a block that sees a value and is mirrored around a mention of it, or the block."""
        mirrored = {after: self.index.scopes[before] for before, after in self.mirrors.items()}
        for scope in mention.chain():
            found = mirrored.get(scope.number, block)
            if found is block or scope.is_loop:
                break
            seen = block in found.chain() and self.index.order[var] < self.index.entry[found.number]
            if seen and not any(s.is_loop for s in found.under(block)):
                return found
        return block

    def brought_out(self, var: Var, block: Scope) -> Var:
        """The name of a value at the end of a block, around its definition or in its sight."""
        home = self.index.scope[var]
        if home in block.chain():
            return var
        lifted = Export(var, home.under(block), self.named(var.name, var.type))
        self.plan.add(lifted)
        self.index.define(lifted.final, block)
        return lifted.final

    def read(self, tape: Tape, frame: Frame) -> Atom:
        return tape.final if isinstance(tape, Stacked) else super().read(tape, frame)


def _free_loops(body: Block) -> set[Var]:
    """The indexes of the loops that run in the direction of those that they mirror."""
    loops = {s.index: s for s in walk.statements(body) if isinstance(s, (For, While))}
    found = ((s, loops.get(s.mirrors)) for s in loops.values() if isinstance(s, For) and s.mirrors is not None)
    return {s.index for s, loop in found if loop is not None and loop_forms.same_way(loop, s)}


__all__ = ["Unpaired", "close"]
