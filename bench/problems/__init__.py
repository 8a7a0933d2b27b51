"""Five problems of GradBench, as a Python user writes them in plain loops.

Each module has `SIZES` (name to keyword arguments of `make`), `make(**size)` (deterministic arguments), the primal
function `objective`, `ARGNUMS`, `derivative(s2sad)` (what is timed, as a function of the arguments of `make`), and
`jax_twin()`, and where natural `torch_twin()` and `autograd_twin()`: the same derivative by another tool, a function of
the same NumPy arguments. `flat(result)` in `run.py` makes the results comparable.
"""

NAMES = ("gmm", "ba", "lstm", "ode", "kmeans")
