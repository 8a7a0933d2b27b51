"""Passes that make a function smaller or faster and leave its results alone: ``Function -> Function``.

    simplify    constants, algebra, decided branches, loads of what was just stored
    cse         what has been computed is not computed again
    dce         what nobody needs goes
    prune       carries and joins that say nothing
    once        `undef` for zeros that are overwritten; stores marked `once`; zeros nobody reads
    induction   counters in closed form; `while` loops that count become `for` loops
    hoist       loop invariants leave loops
    apart       decompositions of which the vectors alone are differentiated are marked

The order. `simplify` first, for `cse` compares arguments; `cse` before `once`, `induction` and `hoist`, which ask
whether two sizes are one; `prune` before `cse` where carries came from a transform; `induction` before `hoist`
(closed forms are made of invariants) and before `once` where a `while` fills an array; `dce` after each group, and
before `once`, for a value that is not needed any more still counts as a reader. `induction`, `once` and `hoist` run
before the adjoint is taken, of a function that another transform wrote as well as of the user's: a hoisted load makes
its cotangent a number, a closed form needs no tape, a store marked `once` no zeroing. `prune` and `dce` alone read
open adjoints, whose reverse sweep mentions values of the forward loops; all others read closed functions.

Each module has one public function, of its own name: ``cse.cse(function)``. Every pass may be run at any time and any
number of times. Each says in its docstring which rewrites it holds to be exact.
"""
