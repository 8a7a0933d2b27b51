"""What stands for each value of a function in the batch of it.

    x: [B, n]  varies: it stands for all the x of the items, along its first axis
    A: [n, n]  is the same for all: it stands for itself

`control` and `lanes` write loops and branches with it; `batch` goes through the function, and says what comes to stand
for what.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Const, Function, Let, Var
from s2sad.ir.types import Array, Dim, List, Scalar, Type, symbols_of
from s2sad.ir.verifier import IRError
from s2sad.rules.shape import broadcast_to, full
from s2sad.transforms.batch.sizes import Sizes


class Standing(ABC):
    """What stands for the values of `function` now, in a batch of `dim` items, which the atom `size` counts.

    `env` maps each of its variables to what stands for it; those in `batched` have the batch as their first axis. What
    is in `varying`, and only that, becomes batched. `b` is where the batched function is written.
    """

    def __init__(self, function: Function, size: Dim, varying: set[Var]) -> None:
        self.dim, self.varying = size, varying
        self.b = Builder(walk.names_of(function))
        self.b.names.reserve(symbol_names(function))
        self.sizes = Sizes(self.b)
        self.env: dict[Var, Atom] = {}
        self.batched: set[Var] = set()
        self.size: Atom = Const(size) if isinstance(size, int) else Const(0)
        self._named: set[str] = {p.name for p in function.params}
        self._origin: dict[Atom, Let] = {}

    @abstractmethod
    def block(self, block: Block, needed: Iterable[Atom], whole: bool = False) -> None:
        """Batch a block. `needed` are the values that leave it; `whole` asks for one loop over the batch."""

    def plain(self, atom: Atom) -> Atom:
        """What stands for a value that is the same for all items; hidden parameters stand for themselves."""
        if atom in self.varying:
            raise IRError(f"{atom} is read as one value for all items, but differs between them")
        return self.now(atom)

    def now(self, atom: Atom) -> Atom:
        """What stands for a value, batched or not."""
        return self.env.get(atom, atom) if isinstance(atom, Var) else atom

    def whole(self, atom: Atom) -> Atom:
        """The batch of a value, made of copies where it is the same for all items."""
        return self.env[atom] if isinstance(atom, Var) and atom in self.batched else self.spread(self.plain(atom))

    def spread(self, atom: Atom) -> Atom:
        """The same value for every item."""
        if isinstance(atom.type, List):
            raise NotImplementedError(f"vmap: the list {atom} is not an array, and cannot be batched")
        if (made := self._origin.get(atom)) is not None:
            return self.b.emit(made.prim, (self.size, *made.args), dict(made.params), str(atom))
        match atom.type:
            case Scalar(dtype=dtype):
                return self.b.emit(full, (atom, self.size), {"dtype": dtype})
            case Array():
                return self.b.emit(broadcast_to, (atom, self.size, *self.b.dim_atoms(atom)), {}, str(atom))

    def allocation(self, v: Var) -> Let | None:
        """What allocated a value that is the same for all items, if it is an array nothing was stored into."""
        return self._origin.get(self.env[v])

    def named(self, v: Var, type: Type) -> Var:
        """A variable that keeps the name of `v`, unless another has it already."""
        if v.name in self._named:
            return Var(self.b.names.fresh(v.name), type)
        self._named.add(v.name)
        return Var(v.name, type)

    def batched_var(self, v: Var) -> Var:
        """A variable for the batch of `v`."""
        return self.named(v, self.batch_of(v.type))

    def batch_of(self, type: Type) -> Array:
        """The type of a batch of values of a type."""
        if isinstance(type, List):
            raise NotImplementedError("vmap: a list is not an array, and cannot be batched")
        return Array(type.dtype, (self.dim, *(type.dims if isinstance(type, Array) else ())))

    def define(self, old: Iterable[Var], new: Iterable[Atom], batched: bool = True) -> None:
        """From here on these values stand for those variables."""
        for v, atom in zip(old, new, strict=True):
            if batched != (v in self.varying):
                raise IRError(f"{v} is {'' if batched else 'not '}batched, but was found to be otherwise")
            self.env[v] = atom
            self.sizes.note(atom)
            if batched:
                self.batched.add(v)

    def learn_sizes(self, group: Block, outs: Iterable[Var]) -> None:
        """Let `sizes` know which values in scope are the sizes that a group works with."""
        if any(isinstance(v.type, Array) for v in outs):
            same = walk.free_vars(group)
            self.sizes.learn(group, [(v, self.env[v]) for v in same if v not in self.batched])


def symbol_names(function: Function) -> set[str]:
    """The names of the size symbols of a function."""
    every = (*function.params, *walk.all_defined(function.body))
    return {s.name for v in every for s in symbols_of(v.type)}
