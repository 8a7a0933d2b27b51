"""Arrays that are not made until they must be: what each element is, and who has computed it.

    delayed      an array whose elements are computed where they are read
    at home      its elements were computed in some loop, once each, and are known there
    stored       a buffer was filled in that loop: what is read elsewhere is read from it

A delayed array is computed by each of its readers where that costs next to nothing. Else it is computed once: where its
one reader reads each element once, in the reader's loop; where it has several readers, in the loop of the first, and
as soon as another loop asks for it, it is stored there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from s2sad.ir.builder import atom_of
from s2sad.ir.nodes import Atom, Const, Let, Var, array_type, replace
from s2sad.ir.paths import element_path
from s2sad.ir.primitives import load, store, undef
from s2sad.ir.types import Dim, Scalar
from s2sad.lower.regions import Entangled, Key, Loop, Region, Thread, before
from s2sad.lower.writer import Writer

CHEAP = 4
"""The cost up to which an element is computed again rather than stored and read."""
DEEPEST = 40
"""How many delayed arrays may be made of each other in a row."""

Index = tuple[Atom, ...]
Axes = tuple[int | None, ...]
"""For each axis of an array, the axis of its reader whose index it is read at; None where it is another one."""
Need = tuple[Atom, Axes | None]
"""What is read in a loop, and how its axes are; None where it is read as a whole."""


@dataclass(eq=False, slots=True)
class Home:
    """Where the elements of an array were computed: the loops, the element in the innermost, and its index."""

    region: Region
    loops: tuple[Loop, ...]
    value: Atom
    index: Index


@dataclass(eq=False, slots=True)
class Delayed:
    """An array that has not been made. `element` is None where it can only be had at its home.

    `axes` says of each argument how its axes are read. `cost` is that of an element without those of its arguments.
    `let` is what it stands for in the program; `view` says that this makes no copy. `reads` are the arrays that later
    updates may overwrite and its elements are computed from.
    """

    var: Var
    dims: tuple[Dim, ...]
    element: Callable[[Index], Atom] | None
    args: tuple[Atom, ...] = ()
    axes: tuple[Axes, ...] = ()
    cost: int = 0
    depth: int = 0
    let: Let | None = None
    view: bool = False
    reads: frozenset[Var] = frozenset()
    home: Home | None = None
    thread: Thread | None = None
    spread: Any = None
    """A sum over leading axes that waits for the increment that it is for."""
    region: Region | None = None
    """The block of the program that it is defined in."""
    why: str = ""
    """Why it had to be stored."""


@dataclass(eq=False, slots=True)
class Elements:
    """An array as element rules see it."""

    arrays: Arrays
    atom: Atom
    dims: tuple[Dim, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.dims = self.arrays.dims(self.atom)

    @property
    def dtype(self) -> Any:
        return self.atom.type.dtype

    def size(self, axis: int) -> Any:
        """The size of an axis, an int or a reference."""
        found = self.arrays.extent(self.dims[axis])
        return found.value if isinstance(found, Const) else self.arrays.writer.ref(found)

    def __getitem__(self, index: Sequence[Any]) -> Any:
        return self.arrays.writer.ref(self.arrays.element(self.atom, self.arrays.atoms(index)))


class Arrays:
    """The arrays of a function while it is lowered. `uses` counts the uses of each that are still to come."""

    def __init__(self, writer: Writer, uses: dict[Var, int], updated: set[Atom], fuse: bool) -> None:
        self.writer, self.uses, self.updated, self.fuse = writer, uses, updated, fuse
        self.shared = {v for v, n in uses.items() if n > 1}
        self.delayed: dict[Var, Delayed] = {}
        self.aliases: dict[Var, Atom] = {}
        self.readers: dict[Var, list[Delayed]] = {}
        self.sums: dict[Var, tuple[Thread, Loop]] = {}
        """The arrays that loops of this block only add to, with the outermost of these loops."""

    # -- what is known

    def dims(self, array: Atom) -> tuple[Dim, ...]:
        """The dims of an array, equal ones the same."""
        return self.writer.equalities_known.dims(array_type(array).dims)

    def extent(self, size: Dim) -> Atom:
        """A size that is known to be at hand."""
        found = self.writer.extent(size)
        if found is None:
            raise Entangled(f"no array that is at hand has the size {size}")
        return found

    def pending(self, array: Atom) -> Delayed | None:
        """The delayed array that a variable is, if it has not been stored."""
        found = self.delayed.get(array) if isinstance(array, Var) else None
        return found if found is not None and found.thread is None else None

    def add(self, made: Delayed) -> None:
        """Delay an array; without `fuse` it is made at once."""
        self.delayed[made.var] = made
        for base in made.reads:
            self.readers.setdefault(base, []).append(made)
        if not made.view and ((not self.fuse and made.element is not None) or made.depth > DEEPEST):
            self.make(made, f"made of {made.depth} arrays in a row" if self.fuse else "loops are not joined")

    def known(self, var: Var, value: Atom, loops: Sequence[Loop], index: Index) -> None:
        """Note an array whose elements loops that stand have computed."""
        made = Delayed(var, self.dims(var), None, region=self.writer.top)
        made.home = Home(loops[-1].body if loops else self.writer.top, tuple(loops), value, index)
        self.writer.note(("element", var, index), value, index)
        self.add(made)
        if not self.fuse:
            self.make(made, "loops are not joined")

    def alias(self, var: Var, atom: Atom) -> None:
        """Let an atom stand for a variable of the program from here on."""
        self.aliases[var] = atom
        if isinstance(atom, Var):
            self.uses[atom] = self.uses.get(atom, 0) + self.uses.get(var, 0)
            if var in self.shared:
                self.shared.add(atom)
            if isinstance(var.type, Scalar) and var.type.dtype.kind in "iu":
                self.writer.integers[var.name] = atom

    # -- elements

    def refs(self, index: Sequence[Atom]) -> tuple[Any, ...]:
        """An index as rules see it: ints and references."""
        return tuple(i.value if isinstance(i, Const) else self.writer.ref(i) for i in index)

    def atoms(self, index: Sequence[Any]) -> Index:
        """An index that a rule gave, as atoms."""
        return tuple(atom_of(i) for i in index)

    def element(self, array: Atom, index: Index) -> Atom:
        """The element of an array, computed or read here."""
        made = self.delayed.get(array) if isinstance(array, Var) else None
        if made is None:
            return self.load(array, index)
        key = ("element", made.var, index)
        found = self.writer.recall(key)
        if found is not None:
            return found
        if made.thread is None and not self._computes(made, index):
            self.make(made, "read by more than one loop, or by one more than once")
        if made.spread is not None:
            return self.load(array, index)
        if made.thread is not None:
            self._in_order(made, index)
            return self.load(made.thread.at(self.writer.here), index)
        value = self.compute(made, index)
        if made.home is None and self._whole(made, index):
            self._settle(made, value, index)
        return value

    def _in_order(self, made: Delayed, index: Index | None) -> None:
        """Refuse to read, while the loops that store an array still run, an element of another trip; or all of them."""
        home = made.home
        for loop in () if home is None else home.loops:
            if self.writer.here.within(loop.body):
                axis = home.index.index(loop.index) if home is not None and loop.index in home.index else None
                if index is None or axis is None or index[axis] != loop.index:
                    raise Entangled(str(made.var))

    def compute(self, made: Delayed, index: Index) -> Atom:
        """An element computed here, whoever has it elsewhere."""
        assert made.element is not None
        value = made.element(index)
        self.writer.note(("element", made.var, index), value, index)
        return value

    def _computes(self, made: Delayed, index: Index) -> bool:
        """Whether a reader computes the element itself."""
        if made.element is None:
            return False
        if self._again(made):
            return True
        if self._repeats(index) or made.home is not None:
            return False
        return made.var not in self.shared or self._whole(made, index)

    def cost(self, made: Delayed, most: int = CHEAP) -> int:
        """What computing an element again costs, where what is at home is read; counted until it is above `most`."""
        total = made.cost
        for arg in made.args:
            source = self.pending(arg)
            if source is not None and total <= most:
                total += 1 if source.home is not None and source.cost else self.cost(source, most - total)
        return total

    def _loops(self, index: Index) -> frozenset[Loop]:
        found = frozenset[Loop]()
        for atom in index:
            found |= self.writer.loops_of.get(atom, frozenset()) if isinstance(atom, Var) else frozenset()
        return found

    def _repeats(self, index: Index) -> bool:
        """Whether the same element would be computed by several trips of a loop."""
        loops = self._loops(index)
        region = max((loop.body for loop in loops), key=lambda r: r.depth, default=self.writer.top)
        return region.depth - self.writer.top.depth > len(loops)

    def _whole(self, made: Delayed, index: Index) -> bool:
        """Whether the loops around go through every element once, this being the one for their indexes."""
        if any(d == 1 and i != Const(0) for i, d in zip(index, made.dims, strict=True)):
            return False  # an index of a loop that may have no trip
        loops = [self._only_loop(atom, d) for atom, d in zip(index, made.dims, strict=True) if d != 1]
        return None not in loops and len(set(loops)) == len(loops) and not self._repeats(index)

    def _only_loop(self, atom: Atom, size: Dim) -> Loop | None:
        """The loop whose index an atom is, where it runs through this size."""
        loops = self.writer.loops_of.get(atom, frozenset()) if isinstance(atom, Var) else frozenset[Loop]()
        for loop in loops:
            if loop.index == atom and loop.extent == size:
                return loop
        return None

    def load(self, array: Atom, index: Index) -> Atom:
        """An element read from memory."""
        root = self.writer.root()
        if root is not None and isinstance(array, Var):
            root.reads.add(array)
        hint = str(array)
        return self.writer.emit(load, (array, *index), {"path": element_path(len(index))}, hint)

    def reads(self, atom: Atom) -> frozenset[Var]:
        """The arrays that may be overwritten, and that an element of this one is computed from."""
        made = self.pending(atom)
        if made is not None:
            return made.reads
        return frozenset((atom,)) if isinstance(atom, Var) and atom in self.updated else frozenset()

    # -- making

    def _settle(self, made: Delayed, value: Atom, index: Index) -> None:
        """Note where the elements of an array are computed."""
        loops = sorted(self._loops(index), key=lambda loop: loop.region.depth)
        made.home = Home(loops[-1].body if loops else self.writer.top, tuple(loops), value, index)

    def make(self, made: Delayed, why: str) -> None:
        """Store a delayed array, in the block of the program that it is defined in; say `why`."""
        if made.thread is not None:
            return
        made.why = made.why or why
        writer = self.writer
        if made.region is not writer.top:
            with writer.block_of_program(made.region):
                self.make(made, why)
            return
        if made.spread is not None:
            made.spread.push()
            return
        if made.home is None:
            loops, index = self.nest(made.dims, ((made.var, tuple(range(len(made.dims)))),))
            with writer.inside(loops[-1].body if loops else writer.top):
                value = self.compute(made, index)
            made.home = Home(loops[-1].body if loops else writer.top, tuple(loops), value, index)
        home = made.home
        buffer = self.buffer(made.var, made.dims, home.loops[0] if home.loops else None)
        thread = made.thread = Thread({writer.top: buffer})
        version = writer.through(thread, home.loops, made.var if home.loops else None)
        target = made.var if not home.loops else Var(writer.names.fresh(made.var.name), made.var.type)
        params = (("once", True), ("path", element_path(len(home.index))))
        writer.append(Let((target,), store, (version, home.value, *home.index), params, writer.pos))
        thread.versions[home.region] = target

    def buffer(self, like: Var, dims: Sequence[Dim], root: Loop | None, prim: Any = undef, *values: Atom) -> Var:
        """A new array before the loop `root`, or at the end."""
        writer = self.writer
        with writer.inside(writer.top if root is None else root.body):  # what can be seen before the loop
            sizes = tuple(self.extent(d) for d in dims)
        target = Var(writer.names.fresh(like.name), like.type)
        let = Let((target,), prim, (*values, *sizes), (("dtype", like.type.dtype),), writer.pos)
        if root is None:
            writer.append(let)
        else:
            writer.put(let, root.region, before(root.key))
        return target

    def concrete(self, atom: Atom, why: str) -> Atom:
        """An atom for use as a whole, and `why`: the array is made if it has not been."""
        made = self.delayed.get(atom) if isinstance(atom, Var) else None
        if made is None:
            return atom
        if made.thread is None and made.view and made.let is not None and all(map(self._at_hand, made.args)):
            return self._viewed(made, made.let, why)
        self.make(made, why)
        if made.thread is None:
            return atom
        self._in_order(made, None)
        return made.thread.at(self.writer.here)

    def _viewed(self, made: Delayed, let: Let, why: str) -> Atom:
        """An array as the view that the program has of another, where the program has it."""
        found = self.writer.recall(("view", made.var))
        if found is None:
            assert made.region is not None
            found = Var(self.writer.names.fresh(made.var.name), made.var.type)
            with self.writer.block_of_program(made.region):
                args = tuple(self.concrete(a, why) for a in let.args)
                self.writer.append(replace(let, targets=(found,), args=args))
                self.writer.note(("view", made.var), found, ())
        return found

    def _at_hand(self, atom: Atom) -> bool:
        """Whether an argument exists as a whole, or as a view of what does."""
        made = self.pending(atom)
        return made is None or (made.view and all(map(self._at_hand, made.args)))

    def flush(self, bases: Iterable[Atom]) -> None:
        """Make what is still to be read and is computed from arrays that are about to be updated."""
        for base in bases:
            for made in self.readers.pop(base, ()) if isinstance(base, Var) else ():
                if made.thread is None and made.var in self.delayed and self.uses.get(made.var, 0) > 0:
                    self.make(made, "made of what is overwritten before the last read")

    # -- loops

    def nest(
        self,
        dims: Sequence[Dim],
        needs: Sequence[Need],
        updated: Atom | None = None,
        inner: Region | None = None,
        first: int = 0,
    ) -> tuple[list[Loop], Index]:
        """Loops over these dims in which what `needs` names can be read: existing ones where there are any.

        They stand in the region `inner`, or in the block of the program. The axes of a need count these dims from
        `first` on.
        """
        writer = self.writer
        root = None if inner is not None else writer.root()
        region = inner or writer.top
        loops: list[Loop] = []
        index: list[Atom] = []
        ones = frozenset(k for k, d in enumerate(dims, first) if d == 1)
        for place, d in enumerate(dims, first):
            if d == 1:
                index.append(Const(0))
                continue
            loop = region.open.get(d) if self.fuse else None
            if loop is None or not self._may_join(loop, place, ones, needs, root, updated):
                with writer.inside(region):
                    stop = self.extent(d)
                loop = writer.loop(d, stop, region, root)
            loops.append(loop)
            index.append(loop.index)
            region, root = loop.body, None
        return loops, tuple(index)

    def may_extend(self, loop: Loop, dims: Sequence[Dim], needs: Sequence[Need]) -> bool:
        """Whether `nest` would begin with this loop."""
        place = next((k for k, d in enumerate(dims) if d != 1), None)
        if place is None or loop.region is not self.writer.top or loop.region.open.get(dims[place]) is not loop:
            return False
        ones = frozenset(k for k, d in enumerate(dims) if d == 1)
        return self._may_join(loop, place, ones, needs, None, None)

    def _may_join(
        self,
        loop: Loop,
        place: int,
        ones: frozenset[int],
        needs: Sequence[Need],
        root: Loop | None,
        updated: Atom | None,
    ) -> bool:
        """Whether values can be had in a loop that exists, as the loop over axis `place` of their reader."""
        if root is not None and not loop.key < root.key:
            return False
        if updated is not None and updated in loop.reads:
            return False
        seen: set[Need] = set()
        return all(self._fits(need, loop, place, ones, seen) for need in needs)

    def _fits(self, need: Need, loop: Loop, place: int, ones: frozenset[int], seen: set[Need]) -> bool:
        atom, axes = need
        if not isinstance(atom, Var) or need in seen:
            return True
        seen.add(need)
        made = self.delayed.get(atom)
        if made is None:
            return atom not in loop.updates and self._defined(*self.writer.places[atom], loop)
        if made.home is not None and (made.thread is not None or not self._again(made)):
            return self._at_home(made.home, loop, place, axes)
        if axes is None or made.spread is not None or not (self._again(made) or self._inline(made, axes, ones)):
            return all(self._fits((arg, None), loop, place, ones, seen) for arg in made.args)
        return all(
            self._fits((arg, tuple(None if k is None else axes[k] for k in own)), loop, place, ones, seen)
            for arg, own in zip(made.args, made.axes, strict=True)
        )

    def _inline(self, made: Delayed, axes: Axes, ones: frozenset[int]) -> bool:
        """Whether a reader computes the elements where it reads them; else they may be made before its loops.

        `ones` are the axes of the reader that need no loop.
        """
        places = {k for k, d in zip(axes, made.dims, strict=True) if d != 1}
        return None not in places and all(
            k in places or k in ones for k in range(max((k for k in places if k is not None), default=0))
        )

    def _again(self, made: Delayed) -> bool:
        """Whether every reader computes the elements."""
        return made.element is not None and (made.cost == 0 or self.cost(made) <= CHEAP)

    def _defined(self, region: Region, key: Key, loop: Loop) -> bool:
        return region is not loop.region or key < loop.key

    def _at_home(self, home: Home, loop: Loop, place: int, axes: Axes | None) -> bool:
        """Whether what is known in one loop can be had in another: in a later one, or in the same trip of the same."""
        if not home.region.within(loop.region):
            return True
        below = home.region.above(loop.region)
        if below is None:
            return not isinstance(home.value, Var) or self._defined(*self.writer.places[home.value], loop)
        assert below.loop is not None
        if below.loop is loop:
            return axes is not None and loop.index in home.index and axes[home.index.index(loop.index)] == place
        return below.loop.key < loop.key
