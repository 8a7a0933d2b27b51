"""The ways to check a program: for each the text of a function that applies transforms, and what it has to give.

The text is what runs, and what a report shows. In it, `x, n` stand for the parameters, `x_dot` for a tangent, `seed`
for a cotangent, and `x_batch` for a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests import oracles
from tests.corpus import is_inexact, leaves
from tools.fuzzing.case import Case
from tools.fuzzing.reference import Reference

LANES = 3
"""The size of a batch."""


@dataclass(frozen=True)
class Mode:
    """A way to check: `body` is the text, filled in by `fields`; `expected` the flat numbers it gives.

    `order` is that of its derivatives, `lanes` whether it takes batches; `without` are the passes that are left out.
    """

    name: str
    body: str
    expected: Callable[[Reference], np.ndarray]
    order: int = 1
    lanes: bool = False
    tolerance: float = 1e-9
    without: tuple[str, ...] = ()

    def text(self, case: Case) -> str:
        """The function `check` of this mode."""
        filled = fields(case)
        params = filled["batched"] if self.lanes else filled["all"]
        head = f"def check({params}, {filled['dots']}, seed):"
        body = self.body.format(**filled)
        if self.without:
            names = ", ".join(map(repr, self.without))
            body = "\n    ".join([f"with without({names}):", *(f"    {line}" for line in body.split("\n    "))])
        return f"{head}\n    {body}\n"

    def arguments(self, reference: Reference) -> list[Any]:
        """What `check` is called with."""
        args = batch(reference) if self.lanes else reference.case.fresh()
        seed = reference.seed if "seed" in self.body else 1.0
        return [*args, *reference.tangents, seed]


def fields(case: Case) -> dict[str, str]:
    """The texts that a mode's body is made of."""
    wrt, rest = case.params[: case.inexact], case.params[case.inexact :]
    dots = [f"{p}_dot" for p in wrt]

    def sequence(names: list[str] | tuple[str, ...]) -> str:
        return f"({', '.join(names)}{',' if len(names) == 1 else ''})"

    return {
        "loss": "loss" if case.has_loss else "f",
        "all": ", ".join(case.params),
        "wrt": ", ".join(wrt),
        "wrt_tuple": sequence(wrt),
        "all_tuple": sequence(case.params),
        "dots": ", ".join(dots),
        "dots_tuple": sequence(dots),
        "all_dots": ", ".join([*dots, *["0"] * len(rest)]),
        "all_dots_tuple": sequence([*dots, *["0"] * len(rest)]),
        "argnums": sequence([str(k) for k in range(case.inexact)]),
        "axes": sequence(["0"] * len(wrt) + ["None"] * len(rest)),
        "batched": ", ".join([*(f"{p}_batch" for p in wrt), *rest]),
        "count": str(case.inexact),
    }


# ---------------------------------------------------------------- what is expected


def flat(tree: Any) -> np.ndarray:
    """All numbers of a result, ints and bools too, in the order of the oracles."""
    found = [np.asarray(x).astype(np.float64).ravel() for x in leaves(tree)]
    return np.concatenate(found) if found else np.zeros(0)


def batch(reference: Reference) -> list[Any]:
    """The arguments, the inexact ones with an axis in front: themselves, and moved along the tangents."""
    wrt, rest = reference.case.fresh()[: reference.case.inexact], reference.case.args[reference.case.inexact :]
    moves = np.linspace(0.0, 0.4, LANES)
    return [*(np.stack([a + m * d for m in moves]) for a, d in zip(wrt, reference.tangents, strict=True)), *rest]


def lane(args: list[Any], reference: Reference, k: int) -> list[Any]:
    """The arguments of one item of a batch."""
    count = reference.case.inexact
    whole = [isinstance(a, np.ndarray) for a in reference.primals]
    items = [np.array(a[k]) if w else a[k].item() for a, w in zip(args[:count], whole, strict=True)]
    return [*items, *args[count:]]


def over_lanes(reference: Reference) -> np.ndarray:
    """`f` of each item of the batch, each leaf with the batch in front."""
    rows = [leaves(reference.f.function(*lane(batch(reference), reference, k))) for k in range(LANES)]
    return flat([np.stack([np.asarray(row[j]) for row in rows]) for j in range(len(rows[0]))])


def blocks(reference: Reference) -> np.ndarray:
    """The Jacobian as `jacfwd` lays it out: a block for each result leaf and each argument."""
    outs = np.cumsum([np.size(x) for x in leaves(reference.value) if is_inexact(x)])[:-1]
    ins = np.cumsum([np.size(x) for x in reference.primals])[:-1]
    parts = [b for row in np.split(reference.jacobian, outs, axis=0) for b in np.split(row, ins, axis=1)]
    return np.concatenate([b.ravel() for b in parts])


def hessian_blocks(reference: Reference) -> np.ndarray:
    """The Hessian as `hessian` lays it out."""
    ins = np.cumsum([np.size(x) for x in reference.primals])[:-1]
    parts = [b for row in np.split(reference.hessian, ins, axis=0) for b in np.split(row, ins, axis=1)]
    return np.concatenate([b.ravel() for b in parts])


def value_and_tangent(r: Reference) -> np.ndarray:
    return np.concatenate([flat(r.value), r.jacobian @ r.direction])


def value_and_gradient(r: Reference) -> np.ndarray:
    return np.concatenate([flat(r.loss.function(*r.case.fresh())), r.gradient])


def value_and_cotangent(r: Reference) -> np.ndarray:
    return np.concatenate([flat(r.value), oracles.parts(r.seed) @ r.jacobian])


VALUE = "return s2sad.jit(f)({all})"
GRADIENT = "return s2sad.value_and_grad({loss}, argnums={argnums})({all})"
OF_LOSS = "lambda {wrt}: {loss}({all})"
TANGENT = f"lambda {{wrt}}: s2sad.jvp({OF_LOSS}, {{wrt_tuple}}, {{dots_tuple}})[1]"

MODES = (
    Mode("value", VALUE, lambda r: flat(r.value), 0, tolerance=1e-12),
    Mode("jvp", "return s2sad.jvp(f, {all_tuple}, {all_dots_tuple})", value_and_tangent),
    Mode(
        "vjp", "value, pullback = s2sad.vjp(f, {all})\n    return value, pullback(seed)[:{count}]",
        value_and_cotangent,
    ),
    Mode("grad", "return s2sad.grad({loss}, argnums={argnums})({all})", lambda r: r.gradient),
    Mode("value_and_grad", GRADIENT, value_and_gradient),
    Mode(
        "linearize", "value, pushforward = s2sad.linearize(f, {all})\n    return value, pushforward({all_dots})",
        value_and_tangent,
    ),
    Mode("jacfwd", "return s2sad.jacfwd(f, argnums={argnums})({all})", blocks),
    Mode("jacrev", "return s2sad.jacrev(f, argnums={argnums})({all})", blocks),
    Mode("vmap", "return s2sad.vmap(f, in_axes={axes})({batched})", over_lanes, 0, lanes=True),
    Mode("hvp", f"return s2sad.hvp({OF_LOSS}, {{wrt_tuple}}, {{dots_tuple}})", lambda r: r.hessian_product, 2),
    Mode("hessian", "return s2sad.hessian({loss}, argnums={argnums})({all})", hessian_blocks, 2),
    Mode(
        "rev_over_rev",
        "_, pullback = s2sad.vjp(lambda {wrt}: s2sad.grad({loss}, argnums={argnums})({all}), {wrt})\n"
        "    return pullback({dots_tuple})",
        lambda r: r.hessian_product, 2,
    ),
    Mode(
        "fwd_over_fwd", f"return s2sad.jvp({TANGENT}, {{wrt_tuple}}, {{dots_tuple}})[1]",
        lambda r: np.array([r.direction @ r.hessian_product]), 2,
    ),
    Mode("rev_over_fwd", f"return s2sad.grad({TANGENT}, argnums={{argnums}})({{wrt}})", lambda r: r.hessian_product, 2),
)  # fmt: skip

BY_NAME = {m.name: m for m in MODES}
