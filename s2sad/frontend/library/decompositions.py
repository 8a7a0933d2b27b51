"""Decompositions in `np.linalg`: eigenvalues, singular values, QR, pseudo-inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.errors import ShapeError
from s2sad.frontend.library import operators
from s2sad.frontend.library.attributes import size_value
from s2sad.frontend.library.creation import as_array
from s2sad.frontend.library.linear_algebra import matrices
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    TRUE,
    Elaborator,
    composite,
    fit,
    operand,
    refuse,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import ArrayRef, Broken, Static, Tuple, Value
from s2sad.ir.builder import atom_of
from s2sad.ir.types import FLOAT
from s2sad.rules import decompositions, matrix_functions

EighResult, EigResult, SVDResult, QRResult = (
    type(f(np.eye(1))) for f in (np.linalg.eigh, np.linalg.eig, np.linalg.svd, np.linalg.qr)
)


def inexact_matrices(elab: Elaborator, a: Value, name: str, square: bool = True) -> Value:
    """The argument of a decomposition, with elements that LAPACK works on."""
    if square:
        matrices(elab, a, name)
    array = as_array(elab, a)
    if array.type.rank < 2:
        refuse(elab, f"np.linalg.{name} needs a matrix, not an array of rank {array.type.rank}.", kind=ShapeError)
    return elab.lift(fit(elab, operand(elab, array), FLOAT)) if array.type.dtype.kind in "biu" else array


def _several(elab: Elaborator, function: Any, matrix: Value, type_: type, **params: Any) -> Tuple:
    out = composite(elab, function, matrix, **params)
    assert isinstance(out, Tuple)
    return Tuple(out.items, type_)


def _first(found: Value) -> Value:
    assert isinstance(found, Tuple)
    return found.items[0]


# -- eigenvalues

LOWER = Static("L")


@meaning(np.linalg.eigh)
def eigh(elab: Elaborator, a: Value, UPLO: Value = LOWER) -> Value:
    upper = static(elab, UPLO).upper() == "U"
    return _several(elab, decompositions.eigh, inexact_matrices(elab, a, "eigh"), EighResult, upper=upper)


@meaning(np.linalg.eigvalsh)
def eigvalsh(elab: Elaborator, a: Value, UPLO: Value = LOWER) -> Value:
    return _first(eigh(elab, a, UPLO))


@meaning(np.linalg.eig)
def eig(elab: Elaborator, a: Value) -> Value:
    return _several(elab, decompositions.eig, inexact_matrices(elab, a, "eig"), EigResult)


@meaning(np.linalg.eigvals)
def eigvals(elab: Elaborator, a: Value) -> Value:
    return _first(eig(elab, a))


# -- singular values


@meaning(np.linalg.svd)
def svd(
    elab: Elaborator, a: Value, full_matrices: Value = TRUE, compute_uv: Value = TRUE, hermitian: Value = FALSE
) -> Value:
    matrix = inexact_matrices(elab, a, "svd", square=False)
    u, s, vh = _several(elab, decompositions.svd, matrix, SVDResult).items
    if not static(elab, compute_uv):
        return s
    if static(elab, full_matrices):
        return _full(elab, as_array(elab, matrix), u, s, vh)
    return Tuple((u, s, vh), SVDResult)


FULL = "np.linalg.svd with full_matrices=True of a matrix that is not square: its further vectors are arbitrary"


def _full(elab: Elaborator, matrix: ArrayRef, u: Value, s: Value, vh: Value) -> Value:
    """All of u and vh: those of the reduced form for a square matrix; for others they have no derivative."""
    rows, columns = matrix.type.dims[-2:]
    if rows == columns:
        return Tuple((u, s, vh), SVDResult)
    if isinstance(rows, int) and isinstance(columns, int):
        why = f"{FULL}. Use full_matrices=False."
        return Tuple((Broken(why) if rows > columns else u, s, Broken(why) if rows < columns else vh), SVDResult)
    sizes = (size_value(elab, matrix, matrix.type.rank - k) for k in (2, 1))
    square = elab.truth(operators.compare(elab, "eq", *sizes))
    elab.check(atom_of(square), "ValueError", f"{FULL}; use full_matrices=False")
    return Tuple((u, s, vh), SVDResult)


@meaning(np.linalg.pinv)
def pinv(elab: Elaborator, a: Value, rcond: Value = NONE, hermitian: Value = FALSE, *, rtol: Value = NONE) -> Value:
    from s2sad.frontend.library.written.linear_algebra import inverse_by_svd

    matrix = inexact_matrices(elab, a, "pinv", square=False)
    cutoff = rtol if rcond == NONE else rcond
    if cutoff != NONE:
        return elab.call(Static(inverse_by_svd), [matrix, cutoff], {})
    return composite(elab, decompositions.pinv, matrix)


# -- QR

REDUCED = Static("reduced")


@meaning(np.linalg.qr)
def qr(elab: Elaborator, a: Value, mode: Value = REDUCED) -> Value:
    matrix = as_array(elab, inexact_matrices(elab, a, "qr", square=False))
    out = _several(elab, decompositions.qr, matrix, QRResult)
    match static(elab, mode):
        case "reduced":
            return out
        case "r":
            return out.items[1]
        case "complete":
            return _complete(elab, matrix, out)
    refuse(
        elab, f"np.linalg.qr with mode={static(elab, mode)!r} is not supported.", "Use 'reduced', 'complete' or 'r'."
    )


COMPLETE = "np.linalg.qr with mode='complete' of a matrix with more rows than columns: the vectors added are arbitrary"


def _complete(elab: Elaborator, matrix: ArrayRef, out: Tuple) -> Value:
    """All of q and r: those of the reduced form, where there are no more rows than columns."""
    rows, columns = matrix.type.dims[-2:]
    if rows == columns:
        return out
    if isinstance(rows, int) and isinstance(columns, int):
        if rows > columns:
            refuse(elab, f"{COMPLETE}.", "Use mode='reduced'.")
        return out
    sizes = (size_value(elab, matrix, matrix.type.rank - k) for k in (2, 1))
    wide = elab.truth(operators.compare(elab, "le", *sizes))
    elab.check(atom_of(wide), "ValueError", f"{COMPLETE}; use mode='reduced'")
    return out


# -- triangular systems, functions of matrices: `s2sad_rt`'s names, for what is written in terms of them


@meaning(rt.solve_triangular)
def solve_triangular(elab: Elaborator, a: Value, b: Value, lower: Value = FALSE, unit: Value = FALSE) -> Value:
    flags = {"lower": bool(static(elab, lower)), "unit": bool(static(elab, unit))}
    return composite(
        elab, decompositions.solve_triangular, matrices(elab, a, "solve_triangular"), as_array(elab, b), **flags
    )


def _of_matrix(function: Any, prim: Any) -> None:
    @meaning(function)
    def of_matrix(elab: Elaborator, x: Value) -> Value:
        return composite(elab, prim, inexact_matrices(elab, x, prim.name))


_of_matrix(rt.expm, decompositions.expm)
_of_matrix(rt.sqrtm, matrix_functions.sqrtm)
_of_matrix(rt.logm, matrix_functions.logm)


@meaning(rt.sylvester)
def sylvester(elab: Elaborator, a: Value, b: Value, q: Value) -> Value:
    left, right = (inexact_matrices(elab, x, "solve_sylvester") for x in (a, b))
    return composite(elab, matrix_functions.sylvester, left, right, inexact_matrices(elab, q, "solve_sylvester", False))
