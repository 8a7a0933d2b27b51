"""What is timed: programs as a Python user writes them, in plain loops or in NumPy's arrays.

A module is a row of the table for each of its sizes. It has

* `objective`, the primal function, and `ARGNUMS`, what it is differentiated in;
* `SIZES` (name to keyword arguments of `make`), `TINY` for tests, `make(**size)`: deterministic arguments;
* `derivative(s2sad)`: what is timed, as a function of the arguments of `make`; `GRADIENT = False` where that is not the
  gradient of the objective (a Hessian, a product with it, blocks of a Jacobian);
* `jax_objective()` and `jax_twin()`: the same function and the same derivative as a user of JAX writes them, with
  `scan`, `vmap` and arrays, not loop for loop; where natural `torch_twin()`, `autograd_twin()`, `enzyme_twin()`;
* in the loop programs `hand()`: the derivative written by hand for Numba, one reverse sweep in scalars and work arrays,
  as somebody who writes C for speed writes it, without fast-math.

Results may be nested tuples, lists and dicts of numbers and arrays, in the same order by every tool.
"""

LOOPS = ("gmm", "lstm", "ode", "kmeans", "llsq", "scalars", "stencil", "softdtw", "smithwaterman", "option", "garch",
         "kalman", "hmm", "nbody", "sir", "sir_hessian", "ba")  # fmt: skip
ARRAYS = ("logsumexp", "logistic", "mlp", "pair", "pair_hessian", "td", "hvp", "gp", "convolution", "convolution_anew")
NAMES = LOOPS + ARRAYS
FAMILIES = {"loops": LOOPS, "arrays": ARRAYS}
