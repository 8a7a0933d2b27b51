"""Minima and roots of functions of several numbers, of `scipy.optimize`, differentiated as points where the gradient,
or the function, is zero (`implicit.solution`).
"""

import numpy as np
from scipy import optimize

from s2sad.frontend.library.implicit import gradient, jacobian, solution
from s2sad.frontend.library.table import written
from s2sad.frontend.library.written import descent

SMOOTH = ("BFGS", "L-BFGS-B", "CG", "NEWTON-CG", "NELDER-MEAD", "POWELL")


class Found:
    """What SciPy says of a solution (`scipy.optimize.OptimizeResult`)."""

    def __init__(self, x, fun, nit, success):
        self.x = x
        self.fun = fun
        self.nit = nit
        self.success = success

    def __getitem__(self, name):
        return getattr(self, name)


@written(optimize.minimize)
def minimize(fun, x0, args=(), method=None, jac=None, hess=None, bounds=None, constraints=(), tol=None, options=None):
    """`jac` and `hess` are not called: the gradient is found exactly."""
    if bounds is not None or len(constraints) > 0:
        raise NotImplementedError("minimize is supported without bounds= and constraints=: substitute the variables")
    if method is not None and method.upper() not in SMOOTH:
        raise NotImplementedError(f"minimize is supported without method={method!r}: leave it out")
    given = args if isinstance(args, tuple) else (args,)
    named = {} if options is None else dict(options)
    start = np.atleast_1d(np.asarray(x0)) * 1.0

    def f(x):
        value = fun(x, *given)
        value = value[0] if jac is True else value
        return (value[0] if np.ndim(value) == 1 else value) * 1.0

    def slope(x):
        return gradient(f, x)

    tolerance = named.get("gtol", 1e-5 if tol is None else tol)
    most = named.get("maxiter", 200 * len(start))
    x, count, success = solution(slope, lambda: descent.bfgs(f, slope, start, tolerance, most))
    return Found(x, f(x), count, success)


@written(optimize.fsolve)
def fsolve(func, x0, args=(), fprime=None, full_output=0, col_deriv=0, xtol=1.49012e-8, maxfev=0):
    if full_output:
        raise NotImplementedError("fsolve is supported without full_output=: use scipy.optimize.root")
    x, _, converged = zero_of(func, x0, args, xtol, maxfev)
    if not converged:
        raise RuntimeError("fsolve: the iteration is not making good progress")
    return x


@written(optimize.root)
def root(fun, x0, args=(), method="hybr", jac=None, tol=None, options=None):
    if method.lower() not in ("hybr", "lm"):
        raise NotImplementedError(f"root is supported with method='hybr' and 'lm', not {method!r}")
    named = {} if options is None else dict(options)
    given = args if isinstance(args, tuple) else (args,)

    def plain(x, *more):
        value = fun(x, *more)
        return value[0] if jac is True else value

    xtol = named.get("xtol", 1.49012e-8 if tol is None else tol)
    x, count, converged = zero_of(plain, x0, given, xtol, named.get("maxfev", 0))
    return Found(x, np.asarray(plain(x, *given)), count, converged)


def zero_of(func, x0, args, xtol, most):
    """A zero of a function of vectors."""
    given = args if isinstance(args, tuple) else (args,)
    start = np.atleast_1d(np.asarray(x0)) * 1.0

    def f(x):
        return np.atleast_1d(np.asarray(func(x, *given))) * 1.0

    steps = most if most > 0 else 200 * (len(start) + 1)
    return solution(f, lambda: descent.dogleg(f, lambda x: jacobian(f, x), start, xtol, steps))
