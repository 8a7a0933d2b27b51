"""LLVM written from the IR, in place of Numba's front end, which would find out again what the IR knows.

Read `module` (what is made of a module), then `function` (the walk), `scalars` (the table of instructions), `indexing`
and `bounds` (elements, views, and which need no check), `memory` (who owns what), `control` (loops and branches),
`lanes` (loops as vectors), `matrices` (by LAPACK), `calls` (other functions, and bridges to what Numba compiles).
"""
