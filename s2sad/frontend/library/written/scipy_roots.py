"""Roots of functions of one number, of `scipy.optimize`: found as SciPy finds them, differentiated as solutions of the
equation (`implicit.solution`).
"""

from collections import namedtuple

import numpy as np
from scipy import optimize

from s2sad.frontend.library.implicit import solution
from s2sad.frontend.library.table import written
from s2sad.frontend.library.written import brackets
from s2sad.frontend.library.written import newton as iterations

XTOL = 2e-12
RTOL = 4 * np.finfo(float).eps
MAXITER = 100
Roots = namedtuple("Roots", ("root", "converged", "zero_der"))


class Root:
    """What SciPy says of a root besides its value (`scipy.optimize.RootResults`)."""

    def __init__(self, root, function_calls, iterations, converged, method):
        self.root = root
        self.function_calls = function_calls
        self.iterations = iterations
        self.converged = converged
        self.method = method

    @property
    def flag(self):
        return "converged" if self.converged else "convergence error"

    def __getitem__(self, name):
        return getattr(self, name)


def found(f, args, solve, method, full_output, disp):
    """The root that `solve` of the function finds, with what SciPy says of it."""
    given = args if isinstance(args, tuple) else (args,)

    def equation(x):
        return f(x, *given) * 1.0

    def checked(x):
        value = equation(x)
        if np.isnan(value):
            raise ValueError(f"The function value at x={x} is NaN; solver cannot continue.")
        return value

    root, calls, iterations, converged = solution(equation, lambda: solve(checked))
    if disp:
        if not converged:
            raise RuntimeError(f"Failed to converge after {iterations} iterations.")
        converged = True
    if full_output:
        return root, Root(root, calls, iterations, converged, method)
    return root


def check_tolerances(xtol, rtol, maxiter):
    if xtol <= 0:
        raise ValueError(f"xtol too small ({xtol:g} <= 0)")
    if rtol < RTOL:
        raise ValueError(f"rtol too small ({rtol:g} < {RTOL:g})")
    if maxiter < 0:
        raise ValueError("maxiter must be >= 0")


@written(optimize.brentq)
def brentq(f, a, b, args=(), xtol=XTOL, rtol=RTOL, maxiter=MAXITER, full_output=False, disp=True):
    check_tolerances(xtol, rtol, maxiter)

    def solve(g):
        return brackets.brent(g, a * 1.0, b * 1.0, xtol, rtol, maxiter, False)

    return found(f, args, solve, "brentq", full_output, disp)


@written(optimize.brenth)
def brenth(f, a, b, args=(), xtol=XTOL, rtol=RTOL, maxiter=MAXITER, full_output=False, disp=True):
    check_tolerances(xtol, rtol, maxiter)

    def solve(g):
        return brackets.brent(g, a * 1.0, b * 1.0, xtol, rtol, maxiter, True)

    return found(f, args, solve, "brenth", full_output, disp)


@written(optimize.bisect)
def bisect(f, a, b, args=(), xtol=XTOL, rtol=RTOL, maxiter=MAXITER, full_output=False, disp=True):
    check_tolerances(xtol, rtol, maxiter)

    def solve(g):
        return brackets.bisect(g, a * 1.0, b * 1.0, xtol, rtol, maxiter)

    return found(f, args, solve, "bisect", full_output, disp)


@written(optimize.ridder)
def ridder(f, a, b, args=(), xtol=XTOL, rtol=RTOL, maxiter=MAXITER, full_output=False, disp=True):
    check_tolerances(xtol, rtol, maxiter)

    def solve(g):
        return brackets.ridder(g, a * 1.0, b * 1.0, xtol, rtol, maxiter)

    return found(f, args, solve, "ridder", full_output, disp)


@written(optimize.newton)
def newton(
    func, x0, fprime=None, args=(), tol=1.48e-8, maxiter=50, fprime2=None, x1=None, rtol=0.0, full_output=False,
    disp=True,
):
    if tol <= 0:
        raise ValueError(f"tol too small ({tol:g} <= 0)")
    if maxiter < 1:
        raise ValueError("maxiter must be greater than 0")

    def of(function):
        return None if function is None else lambda x: function(x, *args) * 1.0

    f, slope, curvature = of(func), of(fprime), of(fprime2)
    if np.ndim(x0) > 0:
        return newton_of_array(f, slope, curvature, np.asarray(x0) * 1.0, tol, maxiter, full_output)
    start = x0 * 1.0

    def solve():
        if slope is not None:
            return iterations.newton(f, slope, curvature, start, tol, rtol, maxiter, disp)
        if x1 is not None and x1 == start:
            raise ValueError("x1 and x0 must be different")
        other = iterations.second_start(start) if x1 is None else x1 * 1.0
        return iterations.secant(f, start, other, tol, rtol, maxiter, disp)

    root, calls, count, converged = solution(f, solve)
    if disp:
        if not converged:
            raise RuntimeError(f"Failed to converge after {count} iterations, value is {root}.")
        converged = True
    if not full_output:
        return root
    method = "secant" if slope is None else "newton" if curvature is None else "halley"
    return root, Root(root, calls, count, converged, method)


def newton_of_array(f, slope, curvature, start, tol, maxiter, full_output):
    """A root an element. SciPy warns of elements without one; only where no element has one it raises."""

    def solve():
        if slope is None:
            return iterations.secants(f, start, tol, maxiter)
        return iterations.newtons(f, slope, curvature, start, tol, maxiter)

    root, converged, zero_der = solution(f, solve, elementwise=True)
    if not np.any(converged) and not np.any(zero_der):
        raise RuntimeError(f"all failed to converge after {maxiter} iterations")
    return Roots(root, converged, zero_der) if full_output else root


@written(optimize.root_scalar)
def root_scalar(
    f, args=(), method=None, bracket=None, fprime=None, fprime2=None, x0=None, x1=None, xtol=None, rtol=None,
    maxiter=None, options=None,
):
    given = args if isinstance(args, tuple) else (args,)
    named = {} if options is None else dict(options)
    for name, value in (("xtol", xtol), ("rtol", rtol), ("maxiter", maxiter)):
        if value is not None:
            named[name] = value
    if fprime is True:
        return root_by_one_call(f, given, method, bracket, fprime2, x0, x1, named)
    name = (method or usual_method(bracket, x0, x1, fprime, fprime2)).lower()
    if name in BRACKETING:
        if bracket is None:
            raise ValueError(f"Bracket needed for {name}")
        return BRACKETING[name](f, bracket[0], bracket[1], given, **named, full_output=True, disp=False)[1]
    if name not in ("newton", "secant", "halley"):
        raise ValueError(f"Unknown solver {name}")
    if x0 is None:
        raise ValueError(f"x0 must not be None for {name}")
    if "xtol" in named:
        named["tol"] = named.pop("xtol")
    if name == "secant":
        return newton(f, x0, None, given, x1=x1, **named, full_output=True, disp=False)[1]
    if name == "halley":
        return newton(f, x0, fprime, given, fprime2=fprime2, **named, full_output=True, disp=False)[1]
    return newton(f, x0, fprime if fprime else difference(f), given, **named, full_output=True, disp=False)[1]


def root_by_one_call(f, args, method, bracket, fprime2, x0, x1, options):
    """The root of a function that gives its derivatives too: with `fprime2` True also the second one."""

    def part(k):
        return lambda x, *a: f(x, *a)[k]

    second = part(2) if fprime2 is True else fprime2
    found = root_scalar(part(0), args, method, bracket, part(1), second, x0, x1, options=options)
    calls = found.function_calls + (0 if bracket is not None else 1 if second is None else 2)
    found.function_calls = calls if bracket is not None else calls // (2 if second is None else 3)
    return found


def usual_method(bracket, x0, x1, fprime, fprime2):
    """The method that SciPy takes where none is named."""
    if bracket is not None:
        return "brentq"
    if x0 is None:
        raise ValueError("Unable to select a solver as neither bracket nor starting point provided.")
    if fprime:
        return "halley" if fprime2 else "newton"
    return "newton" if x1 is None else "secant"


def difference(f):
    """The slope of a function by a difference, with the step that SciPy takes."""

    def slope(x, *args):
        step = np.finfo(float).eps ** 0.5 * (1.0 if x >= 0 else -1.0) * max(1.0, abs(x))
        after = x + step
        return (f(after, *args) - f(x, *args)) / (after - x)

    return slope


BRACKETING = {"brentq": brentq, "brenth": brenth, "bisect": bisect, "ridder": ridder}
