"""Stacks as values of the IR: pushing, popping, and passing them from statement to statement.

    stack of numbers    an array and its top      push   stack[min(top, size - 1)] = v;  top += 1
                                                  pop    top -= 1;  v = stack[top]
    stack of arrays     a list                    push   stack.append(copy of v)

The last place of an array holds nothing: what finds no other place goes there, while the top goes on counting. Nothing
is checked on the way, and nothing of the forward sweep reads it. The outermost caller then knows how large the array
must be, and calls once more:

    y, stack_1, top_1 = f_0_forward(x, stack, top)
    if top_1 >= size of stack:
        stack_2 = an array of twice top_1, with the first `top` of the stack
        y, stack_1, top_1 = f_0_forward(x, stack_2, top)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Call, Carry, Const, For, If, Join, Let, Stmt, Var, While, replace
from s2sad.ir.paths import SLOT, Index, Slice
from s2sad.ir.primitives import cast, dim, list_append, list_drop, list_get, list_len, list_new, load, store, undef
from s2sad.ir.types import Array, List, Scalar, Type
from s2sad.rules.elementwise import add, maximum, minimum, mul, sub
from s2sad.rules.logical import ge, logical_or
from s2sad.transforms.adjoint.calls import Pair, pair_called
from s2sad.transforms.adjoint.ranges import reversed_range

Frames = Mapping[int, list[tuple[Var, Var]]]
"""By the number of a block of the forward sweep: what is pushed there, and what it is called when it is popped."""
State = dict[tuple[Type, str], Atom]
"""The stacks at a point of a program: for each kind its 'stack', and the 'top' of one that is an array."""

SIZE = 1 << 16
"""The places of a new stack. Memory that is not touched costs nothing."""
PLACE = (Index((SLOT,)),)
START = (Index((Slice(0, SLOT),)),)


def kind_of(value: Var) -> Type:
    """What the stack of a value holds."""
    if isinstance(value.type, Array):
        return Array(value.type.dtype, (None,) * value.type.rank)
    return Scalar(value.type.dtype)


def _name(key: tuple[Type, str]) -> str:
    kind, part = key
    return f"{kind.dtype.name.strip('_')}{'s' if isinstance(kind, Array) else ''}_{part}"


def parameters(b: Builder, kinds: Iterable[Type]) -> State:
    """The stacks as parameters of a function."""
    state: State = {}
    for kind in kinds:
        if isinstance(kind, Array):
            state[kind, "stack"] = b.var(_name((kind, "stack")), List(kind))
        else:
            state[kind, "stack"] = b.var(_name((kind, "stack")), Array(kind.dtype, (None,)))
            state[kind, "top"] = b.var(_name((kind, "top")), Const(0).type)
    return state


def empty(b: Builder, kinds: Iterable[Type]) -> State:
    """New stacks."""
    state: State = {}
    for kind in kinds:
        name = _name((kind, "stack"))
        if isinstance(kind, Array):
            state[kind, "stack"] = b.emit(list_new, (), {"item": kind}, hint=name)
        else:
            state[kind, "stack"] = b.emit(undef, (Const(SIZE),), {"dtype": kind.dtype}, hint=name)
            state[kind, "top"] = Const(0)
    return state


class Threader:
    """Writes pushes and pops, and passes the stacks on: through calls, loops and branches.

    What is pushed in a block of `frames` is popped in its mirror. Of the loops that are `free` to run either way, those
    that hold any of this run in mirrored order.
    """

    def __init__(
        self, builder: Builder, pairs: Mapping[str, Pair], frames: Frames, mirrors: Mapping[int, int], free: set[Var]
    ) -> None:
        self.builder, self.pairs, self.free = builder, pairs, free
        self.pushed = frames
        self.popped = {mirrors[number]: frame for number, frame in frames.items()}
        self.number = 0

    def enter(self) -> int:
        """The number of the block that is entered now."""
        self.number += 1
        return self.number

    def fresh(self, key: tuple[Type, str], like: Atom) -> Var:
        return self.builder.var(_name(key), like.type)

    # -- blocks

    def block(self, block: Block, number: int, state: State) -> None:
        """Write a block; `state` holds the stacks at its start, and then at its end."""
        self.builder.pos = None
        for value, name in reversed(self.popped.get(number, ())):
            self.pop(kind_of(value), name, state)
        for stmt in block:
            self.builder.pos = getattr(stmt, "pos", None)
            self.builder.append(self.statement(stmt, state))
        self.builder.pos = None
        for value, _ in self.pushed.get(number, ()):
            self.push(value, state)

    def nested(self, block: Block, number: int, state: State) -> Block:
        """Write a block of its own."""
        with self.builder.block() as written:
            self.block(block, number, state)
        return tuple(written)

    def push(self, value: Var, state: State) -> None:
        """Push a number, or a copy of an array."""
        b, kind = self.builder, kind_of(value)
        stack, name = state[kind, "stack"], _name((kind, "stack"))
        if isinstance(kind, Array):
            room = b.emit(undef, b.dim_atoms(value), {"dtype": kind.dtype}, hint=value.name)
            item = b.emit(store, (room, value), {"path": (Index((...,)),), "once": True}, hint=value.name)
            state[kind, "stack"] = b.emit(list_append, (stack, item), hint=name)
        else:
            top, size = state[kind, "top"], b.emit(dim, (stack,), {"axis": 0}, hint="size")
            place = b.emit(minimum, (top, b.emit(sub, (size, Const(1)), hint="last")), hint="place")
            state[kind, "stack"] = b.emit(store, (stack, value, place), {"path": PLACE}, hint=name)
            state[kind, "top"] = b.emit(add, (top, Const(1)), hint=_name((kind, "top")))

    def pop(self, kind: Type, name: Var, state: State) -> None:
        """Pop what was pushed last, as `name`."""
        b, stack = self.builder, state[kind, "stack"]
        params = (("path", PLACE),)
        if isinstance(kind, Array):
            top = b.emit(sub, (b.emit(list_len, (stack,)), Const(1)), hint="top")
            b.append(Let((name,), list_get, (stack, top)))
            state[kind, "stack"] = b.emit(list_drop, (stack,), hint=_name((kind, "stack")))
            return
        top = b.emit(sub, (state[kind, "top"], Const(1)), hint=_name((kind, "top")))
        state[kind, "top"] = top
        if name.type.weak:
            item = b.emit(load, (stack, top), dict(params), hint=name.name)
            b.append(Let((name,), cast, (item,), (("dtype", name.type.dtype), ("weak", True))))
        else:
            b.append(Let((name,), load, (stack, top), params))

    # -- statements

    def statement(self, stmt: Stmt, state: State) -> Stmt:
        """A statement with the stacks that it needs."""
        match stmt:
            case Call() if (found := pair_called(stmt.function, self.pairs)) is not None:
                return self.call(stmt, found[1], state)
            case For() | While():
                return self.loop(stmt, state)
            case If():
                return self.branch(stmt, state)
            case _:
                return stmt

    def call(self, stmt: Call, half: str, state: State) -> Stmt:
        """A call with the stacks as further arguments and results, which have the sizes that they had."""
        args = (*stmt.args, *state.values())
        after = {key: self.builder.var(_name(key), atom.type) for key, atom in state.items()}
        state.update(after)
        return replace(stmt, args=args, targets=(*stmt.targets, *after.values()))

    def loop(self, stmt: For | While, state: State) -> For | While:
        phis = {key: self.fresh(key, atom) for key, atom in state.items()}
        ends: State = dict(phis)
        number = self.enter()
        if isinstance(stmt, While):  # nothing is pushed in a condition
            stmt = replace(stmt, pre=self.nested(stmt.pre, 0, dict(phis)))
        body = self.nested(stmt.body, number, ends)
        carried = list(stmt.carried)
        unchanged: dict[Var, Atom] = {}
        for key, phi in phis.items():
            if ends[key] == phi:
                unchanged[phi] = state[key]
            else:
                out = self.fresh(key, phi)
                carried.append(Carry(phi, state[key], ends[key], out))
                state[key] = out
        body = walk.substitute(body, unchanged)
        if isinstance(stmt, For) and stmt.index in self.free and len(carried) > len(stmt.carried):
            start, stop, step = reversed_range(self.builder, stmt)
            stmt = replace(stmt, start=start, stop=stop, step=step)
        return replace(stmt, carried=tuple(carried), body=body)

    def branch(self, stmt: If, state: State) -> If:
        sides, ends = [], []
        for block in (stmt.then, stmt.orelse):
            end = dict(state)
            sides.append(self.nested(block, self.enter(), end))
            ends.append(end)
        joined = list(stmt.joined)
        for key, before in dict(state).items():
            then, orelse = (end[key] for end in ends)
            if then != before or orelse != before:
                state[key] = out = self.fresh(key, before)
                joined.append(Join(out, then, orelse))
        return replace(stmt, then=sides[0], orelse=sides[1], joined=tuple(joined))


class OuterThreader(Threader):
    """Passes stacks through the function that makes them, and makes them larger where a call needs that. Calls that are
    made once more are of the function called `again`: the forward function, or one that does not print."""

    def __init__(
        self,
        builder: Builder,
        pairs: Mapping[str, Pair],
        frames: Frames,
        mirrors: Mapping[int, int],
        free: set[Var],
        again: str,
    ) -> None:
        super().__init__(builder, pairs, frames, mirrors, free)
        self.again = again

    def fresh(self, key: tuple[Type, str], like: Atom) -> Var:
        """Sizes are not those of earlier versions."""
        type_ = Array(like.type.dtype, (None,)) if isinstance(like.type, Array) else like.type
        return self.builder.var(_name(key), type_)

    def call(self, stmt: Call, half: str, state: State) -> Stmt:
        numbers = [kind for kind, part in state if part == "top"]
        if half == "reverse" or not numbers:
            return super().call(stmt, half, state)
        b, before, again = self.builder, dict(state), dict(state)
        self.builder.append(first := super().call(self.renamed(stmt), half, state))
        full = self.full(numbers, state)
        with b.block() as then:
            for kind in numbers:
                again[kind, "stack"] = self.larger(kind, before[kind, "top"], state)
            name = stmt.function.removesuffix("forward") + self.again
            then.append(second := super().call(replace(self.renamed(stmt), function=name), half, again))
        assert isinstance(first, Call) and isinstance(second, Call)
        pairs = zip(stmt.targets, second.targets, first.targets, strict=False)
        joined = [Join(target, more, once) for target, more, once in pairs]
        for key in state:
            out = self.fresh(key, state[key])
            joined.append(Join(out, again[key], state[key]))
            state[key] = out
        return If(full, tuple(then), (), tuple(joined), stmt.pos)

    def renamed(self, stmt: Call) -> Call:
        return replace(stmt, targets=tuple(self.builder.var(t.name, t.type) for t in stmt.targets))

    def full(self, kinds: Iterable[Type], state: State) -> Atom:
        """Whether a stack was too small."""
        b, found = self.builder, None
        for kind in kinds:
            size = b.emit(dim, (state[kind, "stack"],), {"axis": 0}, hint="size")
            over = b.emit(ge, (state[kind, "top"], size), hint="full")
            found = over if found is None else b.emit(logical_or, (found, over), hint="full")
        assert found is not None
        return found

    def larger(self, kind: Type, before: Atom, state: State) -> Atom:
        """A larger stack, with what was on it before the call."""
        b, name = self.builder, _name((kind, "stack"))
        old = b.emit(dim, (state[kind, "stack"],), {"axis": 0}, hint="size")
        size = b.emit(maximum, (b.emit(mul, (state[kind, "top"], Const(2))), old), hint="size")
        room = b.emit(undef, (size,), {"dtype": kind.dtype}, hint=name)
        if before == Const(0):
            return room
        kept = b.emit(load, (state[kind, "stack"], before), {"path": START}, hint=name)
        return b.emit(store, (room, kept, before), {"path": START}, hint=name)


__all__ = ["Frames", "OuterThreader", "Threader", "empty", "kind_of", "parameters"]
