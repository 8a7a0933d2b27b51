"""Functions of real numbers by our own polynomials, on numbers and on vectors of them.

Read `lanes` (how a formula is written), `exponential`, `logarithm`, `trigonometric` (the formulas), then `library`
(what is put into a module, and how LLVM finds it).
"""
