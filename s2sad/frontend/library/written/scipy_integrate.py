"""`scipy.integrate`: rules for sampled functions, and an integrator of differential equations.

`odeint` steps by the pair of orders 5 and 4 of Dormand and Prince (J. Comput. Appl. Math. 6, 1980), of which a
derivative runs every step that was accepted. The sizes of the steps are constants to it, but for the last one to each
time, which depends on the time: so the derivative is that of the method, and exact by the times as well.
"""

import numpy as np
from scipy import integrate

from s2sad.frontend.library.implicit import integrated
from s2sad.frontend.library.table import written
from s2sad.frontend.library.written import quadrature, runge_kutta
from s2sad.rules.control import stop_gradient

TABLEAU = np.array([
    [0, 0, 0, 0, 0, 0, 0],
    [1 / 5, 0, 0, 0, 0, 0, 0],
    [3 / 40, 9 / 40, 0, 0, 0, 0, 0],
    [44 / 45, -56 / 15, 32 / 9, 0, 0, 0, 0],
    [19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729, 0, 0, 0],
    [9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656, 0, 0],
    [35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84, 0],
])  # fmt: skip
"""How the slopes of the stages before are weighted in each stage; the last one is at the solution of order 5."""
NODES = np.array([0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1])
ERROR = TABLEAU[6] - np.array([5179 / 57600, 0, 7571 / 16695, 393 / 640, -92097 / 339200, 187 / 2100, 1 / 40])
MOST_STEPS = 100_000


@written(integrate.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    return np.trapezoid(y, x, dx, axis)


@written(integrate.cumulative_trapezoid)
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    y = np.moveaxis(np.asarray(y), axis, -1)
    width = dx if x is None else np.diff(x)
    out = np.cumsum(width * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
    if initial is not None:
        out = np.concatenate([np.full_like(out[..., :1], initial), out], axis=-1)
    return np.moveaxis(out, -1, axis)


@written(integrate.simpson)
def simpson(y, x=None, *, dx=1.0, axis=-1):
    """Parabolas through three points after another; an even number of points ends with Cartwright's correction."""
    y = np.moveaxis(np.asarray(y), axis, -1)
    if x is None:
        widths = dx * np.ones(y.shape[-1] - 1)
    else:
        x = np.asarray(x)
        widths = np.diff(x if x.ndim == 1 else np.moveaxis(x, axis, -1))
    count = y.shape[-1]
    if count % 2 == 1:
        return parabolas(y, widths)
    if count == 2:
        return 0.5 * widths[..., -1] * (y[..., -1] + y[..., -2])
    h, k = widths[..., -2], widths[..., -1]
    last = (2 * k * k + 3 * h * k) / (6 * (h + k))
    middle = (k * k + 3 * h * k) / (6 * h)
    first = k * k * k / (6 * h * (h + k))
    end = last * y[..., -1] + middle * y[..., -2] - first * y[..., -3]
    return parabolas(y[..., :-1], widths[..., :-1]) + end


def parabolas(y, widths):
    h, k = widths[..., ::2], widths[..., 1::2]
    first, middle, last = y[..., :-2:2], y[..., 1:-1:2], y[..., 2::2]
    both = h + k
    return np.sum(both / 6.0 * (first * (2.0 - k / h) + middle * (both * both / (h * k)) + last * (2.0 - h / k)), -1)


@written(integrate.quad)
def quad(func, a, b, args=(), full_output=0, epsabs=1.49e-8, epsrel=1.49e-8, limit=50, points=None):
    if full_output:
        raise NotImplementedError("quad is supported without full_output=: its result is (value, error)")
    given = args if isinstance(args, tuple) else (args,)

    def integrate_by(f, low, high, scale, zero):
        return quadrature.over(f, low, high, points, epsabs * scale, epsrel, limit, zero)

    return integrated(integrate_by, lambda x: func(x, *given) * 1.0, a * 1.0, b * 1.0)


@written(integrate.dblquad)
def dblquad(func, a, b, gfun, hfun, args=(), epsabs=1.49e-8, epsrel=1.49e-8):
    def inner(x):
        low = gfun(x) if callable(gfun) else gfun
        high = hfun(x) if callable(hfun) else hfun
        return quad(lambda y: func(y, x, *args), low, high, (), 0, epsabs, epsrel)[0]

    return quad(inner, a, b, (), 0, epsabs, epsrel)


@written(integrate.fixed_quad)
def fixed_quad(func, a, b, args=(), n=5):
    nodes, weights = np.polynomial.legendre.leggauss(n)
    y = (b - a) * (nodes + 1) / 2.0 + a
    return (b - a) / 2.0 * np.sum(weights * func(y, *args), axis=-1), None


@written(integrate.romb)
def romb(y, dx=1.0, axis=-1):
    """Richardson's table over trapezoidal rules of twice as many points each."""
    y = np.moveaxis(np.asarray(y), axis, -1)
    count = y.shape[-1] - 1
    if count < 1 or count & (count - 1) != 0:
        raise ValueError("Number of samples must be one plus a non-negative power of 2.")
    row = [(y[..., 0] + y[..., -1]) / 2.0 * (count * dx)]
    step = count
    while step > 1:
        after = [0.5 * (row[0] + step * dx * np.sum(y[..., step // 2 :: step], axis=-1))]
        for k in range(len(row)):
            after.append(after[k] + (after[k] - row[k]) / (4 ** (k + 1) - 1))
        row, step = after, step // 2
    return row[-1]


@written(integrate.odeint)
def odeint(func, y0, t, args=(), rtol=None, atol=None, h0=0.0, hmax=0.0, mxstep=0, tfirst=False):
    y = np.atleast_1d(np.asarray(y0)) * 1.0
    t = np.asarray(t) * 1.0

    def slope(now, y):
        return np.asarray(func(now, y, *args) if tfirst else func(y, now, *args)) * np.ones(y.shape)

    def error_of(y, after, estimate):
        """The estimated error of a step in units of the tolerance, and a constant."""
        # A tenth of what is asked for in a step: the errors of steps add up.
        scale = 0.1 * ((1.49012e-8 if rtol is None else rtol) * np.maximum(np.abs(y), np.abs(after))
                       + (1.49012e-8 if atol is None else atol))  # fmt: skip
        return np.sqrt(np.mean((stop_gradient(estimate) / stop_gradient(scale)) ** 2))

    out = np.zeros((len(t), len(y)))
    out[0] = y
    h = h0
    for i in range(1, len(t)):
        now, end = t[i - 1], t[i]
        h = first_step(slope, now, end, y) if h == 0.0 else h
        steps = 0
        while now != end:
            if steps == (mxstep if mxstep > 0 else MOST_STEPS):
                raise RuntimeError("odeint takes too many steps: the equation may be stiff, or have no solution")
            steps = steps + 1
            h = np.copysign(min(abs(h), hmax) if hmax > 0.0 else abs(h), stop_gradient(end - now))
            last = abs(h) >= abs(end - now)
            size = end - now if last else h
            after, estimate = dormand_prince(slope, now, y, size)
            error = error_of(y, after, estimate)
            if error <= 1.0:
                y = after
                now = end if last else now + size
            h = stop_gradient(size) * min(5.0, max(0.2, 0.9 * (error + 1e-12) ** -0.2)) if error < np.inf else h / 10.0
        out[i] = y
    return out


def first_step(slope, now, end, y):
    """A first step in which the solution changes by some hundredths."""
    rate = np.max(np.abs(stop_gradient(slope(now, y))))
    least = min(abs(end - now), 0.01 * (np.max(np.abs(y)) + 1e-3) / (rate + 1e-10))
    return stop_gradient(least) * np.sign(stop_gradient(end - now))


def dormand_prince(slope, now, y, h):
    """The solution after a step, and an estimate of its error."""
    slopes = np.zeros((7, len(y)))
    for j in range(7):
        slopes[j] = slope(now + NODES[j] * h, y + h * (TABLEAU[j] @ slopes))
    return y + h * (TABLEAU[6] @ slopes), h * (ERROR @ slopes)


class Solution:
    """What `scipy.integrate.solve_ivp` gives."""

    def __init__(self, t, y, nfev, success):
        self.t = t
        self.y = y
        self.nfev = nfev
        self.njev = 0
        self.nlu = 0
        self.sol = None
        self.t_events = None
        self.y_events = None
        self.success = success

    @property
    def status(self):
        return 0 if self.success else -1

    def __getitem__(self, name):
        return getattr(self, name)


@written(integrate.solve_ivp)
def solve_ivp(
    fun, t_span, y0, method="RK45", t_eval=None, dense_output=False, events=None, vectorized=False, args=None,
    max_step=np.inf, rtol=1e-3, atol=1e-6, first_step=None,
):
    if method not in ("RK45", "RK23", "DOP853"):
        raise NotImplementedError(f"solve_ivp is supported with method='RK45', 'RK23' and 'DOP853', not {method!r}")
    if events is not None or dense_output:
        raise NotImplementedError("solve_ivp is supported without events= and dense_output=: use t_eval=")
    if vectorized:
        raise NotImplementedError("solve_ivp is supported without vectorized=: it changes nothing for these methods")
    y = np.asarray(y0) * 1.0
    if y.ndim != 1:
        raise ValueError("`y0` must be 1-dimensional.")
    start, end = t_span[0] * 1.0, t_span[1] * 1.0
    at = None if t_eval is None else np.asarray(t_eval) * 1.0
    if at is not None:
        if np.any(at < min(start, end)) or np.any(at > max(start, end)):
            raise ValueError("Values in `t_eval` are not within `t_span`.")
        if np.any(np.diff(at) * (1.0 if end > start else -1.0) <= 0):
            raise ValueError("Values in `t_eval` are not properly sorted.")
    given = () if args is None else args
    t, rows, calls, reached = runge_kutta.solve(
        lambda t, y: fun(t, y, *given), start, end, y, method, at, max_step, max(rtol, 100 * 2.220446049250313e-16),
        atol, first_step,
    )
    return Solution(t, rows.T, calls, reached)
