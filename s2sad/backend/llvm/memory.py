"""Memory: who owns it, and when it is given back.

Every array belongs to a block that Numba's runtime counts references to. What a function allocates is held by a place
on its stack, a slot, null until then. A slot is given back on every way out of the function: an error goes to one block
that gives back all. What a loop allocates is kept from trip to trip, and used again where it has the size that is asked
for and nobody else holds it by then. What a callee gave is given back where the branch or the trip ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm.code import I1, I32, I64, NULL, PTR, Code, Support, Value, i64
from s2sad.backend.llvm.values import Growing, View, memory_type, part_dtype

if TYPE_CHECKING:
    from s2sad.backend.llvm.faults import Faults

NRT = (
    ("NRT_MemInfo_alloc_aligned", "declare ptr @NRT_MemInfo_alloc_aligned(i64, i32)"),
    ("NRT_decref", "declare void @NRT_decref(ptr)"),
)
DATA = Support("""\
define internal noalias ptr @s2sad.data(ptr %block) noinline nounwind willreturn memory(argmem: read) {
  %place = getelementptr inbounds i8, ptr %block, i64 24
  %data = load ptr, ptr %place
  ret ptr %data
}
""")
"""The address of the data of a block, which is unlike every other address that the function holds."""
AGAIN = Support(
    """\
define internal ptr @s2sad.again(ptr %block, i64 %bytes) alwaysinline nounwind {
  %none = icmp eq ptr %block, null
  br i1 %none, label %new, label %look
look:
  %count = load i64, ptr %block
  %alone = icmp eq i64 %count, 1
  %place = getelementptr inbounds i8, ptr %block, i64 32
  %size = load i64, ptr %place
  %same = icmp eq i64 %size, %bytes
  %both = and i1 %alone, %same
  br i1 %both, label %old, label %new
old:
  ret ptr %block
new:
  call void @NRT_decref(ptr %block)
  %made = call ptr @NRT_MemInfo_alloc_aligned(i64 %bytes, i32 64)
  ret ptr %made
}
""",
    NRT,
)
"""A block of a size, the one that is there already if nobody else has it: the count is its first word, the size its
fifth."""
ALIGNMENT = 64
HOLD = Support(
    """\
define internal void @s2sad.hold(ptr %block) noinline nounwind {
  call void @NRT_incref(ptr %block)
  ret void
}
""",
    (("NRT_incref", "declare void @NRT_incref(ptr)"),),
)
"""One reference more, out of the sight of the pass of Numba's that takes away pairs of a reference more and one less:
it does not see that between the two a list may let go of the same block."""


def data_of(code: Code, block: Value) -> Value:
    """The address of the data of a block that is new."""
    return code.ours(DATA, PTR, "s2sad.data", block, flags="noalias ")


class Memory:
    """The slots of a function, by the block of the program that fills them."""

    def __init__(self, code: Code, faults: Faults) -> None:
        self.code, self.faults = code, faults
        self.all: list[Value] = []
        self._scopes: list[list[Value]] = [[]]
        self._kept: set[Value] = set()
        self.on_the_way_out: list[Callable[[], None]] = []
        """What else is written on every way out of the function."""
        self._loops = 0

    def state(self) -> tuple[list[list[Value]], int, int]:
        """What is held, to come back to."""
        return [list(scope) for scope in self._scopes], len(self.all), self._loops

    def restore(self, state: tuple[list[list[Value]], int, int]) -> None:
        """Forget what was allocated since."""
        self._scopes, count, self._loops = state
        del self.all[count:]

    @property
    def in_loop(self) -> bool:
        """Whether what is written is inside a loop."""
        return self._loops > 0

    # -- scopes

    def enter(self, loop: bool) -> None:
        """Begin a branch, or the body of a loop."""
        self._scopes.append([])
        self._loops += loop

    def leave(self, loop: bool) -> None:
        """End it: give back what it holds and does not keep."""
        self._loops -= loop
        self.give_back(self.held())
        self._scopes.pop()

    def merge(self) -> None:
        """End it, and leave all that it holds to the scope around it."""
        inner = self._scopes.pop()
        self._scopes[-1].extend(inner)

    def held(self) -> list[Value]:
        """The slots of the scope that is open, without those whose contents are kept."""
        return [slot for slot in self._scopes[-1] if slot not in self._kept]

    def give_back(self, slots: Sequence[Value]) -> None:
        """Give back what slots hold, and empty them."""
        for slot in slots:
            self.release(slot)
            self.code.store(NULL, slot)

    def slot(self, *, outside: bool = False, kept: bool = False) -> Value:
        """A new place for a reference, given back with the scope that is open, or with the one around it; one that is
        `kept`, at the end of the function."""
        place = self.code.alloca(PTR, NULL)
        if kept:
            self._kept.add(place)
        self._scopes[-2 if outside else -1].append(place)
        self.all.append(place)
        return place

    # -- references

    def hold(self, owner: Value) -> Value:
        """Count one reference more."""
        self.code.call("void", "NRT_incref", owner)
        return owner

    def hold_item(self, owner: Value) -> Value:
        """Count one reference more to what lies in a list, or is put there, and to a list."""
        self.code.ours(HOLD, "void", "s2sad.hold", owner)
        return owner

    def let_go(self, owner: Value) -> None:
        """Count one reference less."""
        self.code.call("void", "NRT_decref", owner)

    def release(self, slot: Value) -> None:
        """Count the reference in a slot no more; nothing where the slot is empty."""
        self.let_go(self.code.load(PTR, slot))

    def taken(self, view: View | Growing) -> Value:
        """A reference to a value's memory, to be kept elsewhere: taken over from the innermost scope where that is
        about to give it back, or one more."""
        if isinstance(view, View) and view.slot is not None and view.slot in self._scopes[-1]:
            self._scopes[-1].remove(view.slot)
            owner = self.code.load(PTR, view.slot)
            self.code.store(NULL, view.slot)
            return owner
        return self.shared(view)

    def shared(self, view: View | Growing) -> Value:
        """One reference more to a value's memory."""
        if isinstance(view, View):
            return self.hold(view.owner)
        return self.hold_item(self.code.load(PTR, view.block))

    def give_back_all(self) -> None:
        """For the way out of a function."""
        for write in self.on_the_way_out:
            write()
        for slot in self.all:
            self.release(slot)

    # -- allocation

    def allocate(
        self,
        dtype: np.dtype,
        shape: Sequence[Value],
        not_negative: Sequence[bool],
        zero: bool = False,
        *,
        fresh: bool = False,
    ) -> View:
        """A new array. Raises what NumPy raises where a size is negative, or too large. A `fresh` one is never one that
        was there before."""
        code = self.code
        count, too_large = i64(1), None
        for size, known in zip(shape, not_negative, strict=True):
            if not known and not size.text.isdigit():
                self.faults.unless(code.compare("icmp sge", size, i64(0)), "negative size")
            if count.text.isdigit() and size.text.isdigit():
                count = i64(int(count.text) * int(size.text))
            elif count.text == "1":
                count = size
            elif size.text != "1":
                pair = "{ i64, i1 }"
                both = code.call(pair, "llvm.umul.with.overflow.i64", count, size)
                count = code.value(I64, f"extractvalue {both}, 0")
                over = code.value(I1, f"extractvalue {both}, 1")
                too_large = over if too_large is None else code.binary("or", too_large, over)
        if not count.text.isdigit():
            fits = code.compare("icmp ult", count, i64(2**58))
            if too_large is not None:
                fits = code.select(too_large, Value("false", I1), fits)
            self.faults.unless(fits, "too large")
        size_in_bytes = code.mul(count, i64(dtype.itemsize))
        slot = self.slot()
        if self.in_loop and not fresh:
            self._kept.add(slot)
            block = code.ours(AGAIN, PTR, "s2sad.again", code.load(PTR, slot), size_in_bytes)
        else:
            block = code.call(PTR, "NRT_MemInfo_alloc_aligned", size_in_bytes, Value(str(ALIGNMENT), I32))
        code.store(block, slot)
        self.faults.unless(code.compare("icmp ne", block, NULL), "no memory")
        data = data_of(code, block)
        if zero:
            code.clear(data, size_in_bytes)
        return View(dtype, data, tuple(shape), None, block, slot)

    # -- elements

    def strides(self, view: View) -> tuple[Value, ...]:
        """The strides of a view in elements."""
        if view.strides is not None:
            return view.strides
        strides, step = [], i64(1)
        for size in reversed(view.shape):
            strides.append(step)
            step = self.code.mul(step, size)
        return tuple(reversed(strides))

    def offset(self, view: View, indexes: Sequence[Value]) -> Value:
        """How many elements into a view an element lies."""
        code = self.code
        total = i64(0)
        if view.strides is None:
            for size, index in zip(view.shape, indexes, strict=True):
                total = code.add(code.mul(total, size), index)
            return total
        for stride, index in zip(view.strides, indexes, strict=True):
            total = code.add(total, code.mul(index, stride))
        return total

    def address(self, view: View, offset: Value) -> Value:
        """The address of the element that lies so far in."""
        scaled = self.code.mul(offset, i64(2)) if view.dtype.kind == "c" else offset
        return self.code.element(memory_type(view.dtype), view.data, scaled)

    def part(self, view: View, number: int) -> View:
        """The real or imaginary parts of a complex array, in place."""
        part = part_dtype(view.dtype)
        strides = tuple(self.code.mul(s, i64(2)) for s in self.strides(view))
        data = self.code.element(memory_type(part), view.data, i64(number))
        return replace(view, dtype=part, data=data, strides=strides)


__all__ = ["NRT", "Memory", "data_of"]
