"""The Gauss-Kronrod rule of 21 points on intervals, of which that with the largest error is halved until the sum of the
errors is small enough.

That is QUADPACK's strategy (Piessens et al., 1983), on which `scipy.integrate.quad` stands, with its estimate of the
error and its change of variable for unbounded ranges. What QUADPACK gains by extrapolation at a singular point is
gained here by more halves.
"""

import numpy as np

NODES = np.array([
    -0.995657163025808080735527280689003, -0.973906528517171720077964012084452, -0.930157491355708226001207180059508,
    -0.865063366688984510732096688423493, -0.780817726586416897063717578345042, -0.679409568299024406234327365114874,
    -0.562757134668604683339000099272694, -0.433395394129247190799265943165784, -0.294392862701460198131126603103866,
    -0.148874338981631210884826001129720, 0.0, 0.148874338981631210884826001129720,
    0.294392862701460198131126603103866, 0.433395394129247190799265943165784, 0.562757134668604683339000099272694,
    0.679409568299024406234327365114874, 0.780817726586416897063717578345042, 0.865063366688984510732096688423493,
    0.930157491355708226001207180059508, 0.973906528517171720077964012084452, 0.995657163025808080735527280689003,
])  # fmt: skip
KRONROD = np.array([
    0.011694638867371874278064396062192, 0.032558162307964727478818972459390, 0.054755896574351996031381300244580,
    0.075039674810919952767043140916190, 0.093125454583697605535465083366, 0.109387158802297641899210590325805,
    0.123491976262065851077958109831074, 0.134709217311473325928054001771707, 0.142775938577060080797094273138717,
    0.147739104901338491374841515972068, 0.149445554002916905664936468389821, 0.147739104901338491374841515972068,
    0.142775938577060080797094273138717, 0.134709217311473325928054001771707, 0.123491976262065851077958109831074,
    0.109387158802297641899210590325805, 0.093125454583697605535465083366, 0.075039674810919952767043140916190,
    0.054755896574351996031381300244580, 0.032558162307964727478818972459390, 0.011694638867371874278064396062192,
])  # fmt: skip
GAUSS = np.zeros(21)
GAUSS[1:10:2] = (
    0.066671344308688137593568809893332, 0.149451349150580593145776339657697, 0.219086362515982043995534934228163,
    0.269266719309996355091226921569469, 0.295524224714752870173892994651338,
)  # fmt: skip
GAUSS[11::2] = GAUSS[9::-2]
EPS = 2.220446049250313e-16
MORE = 10
"""How many times as many intervals as SciPy may be made."""


def over(f, a, b, points, epsabs, epsrel, limit, zero):
    """The integral of a function with values like `zero`, and an estimate of its error. A bound may be infinite."""
    low, high = min(a, b), max(a, b)
    sign = -1.0 if b < a else 1.0
    whole_line = low == -np.inf and high == np.inf
    if points is None and (low == -np.inf or high == np.inf):
        origin = 0.0 if whole_line else high if low == -np.inf else low
        direction = -1.0 if high != np.inf else 1.0

        def changed(t):
            away = (1.0 - t) / t
            value = f(origin + direction * away)
            if whole_line:
                value = value + f(-away)
            return value / (t * t)

        value, error = adapted(changed, np.array([0.0, 1.0]), epsabs, epsrel, limit, zero)
        return sign * value, error
    if points is None:
        edges = np.array([low, high])
    else:
        if low == -np.inf or high == np.inf:
            raise ValueError("Infinity inputs cannot be used with break points.")
        edges = np.concatenate([np.array([low]), np.clip(np.sort(np.asarray(points)), low, high), np.array([high])])
    value, error = adapted(f, edges, epsabs, epsrel, limit, zero)
    return sign * value, error


def adapted(f, edges, epsabs, epsrel, limit, zero):
    """The integral over neighbouring intervals, between these edges, and an estimate of its error."""
    room = MORE * limit + len(edges)
    low, high, errors = np.zeros(room), np.zeros(room), np.zeros(room)
    values = np.zeros((room, *np.shape(zero)))
    begin, count = 0, len(edges) - 1
    low[:count], high[:count] = edges[:-1], edges[1:]
    value, error = zero, 0.0
    done = False
    while not done:
        for k in range(begin, count):
            values[k], errors[k] = kronrod(f, low[k], high[k], zero)
        value, error = np.sum(values[:count], axis=0), np.sum(errors[:count])
        worst = np.argmax(errors[:count])
        a, b = low[worst], high[worst]
        middle = 0.5 * (a + b)
        done = error <= max(epsabs, epsrel * np.max(np.abs(value))) or count == room or a == middle or b == middle
        if not done:
            # The halves of the worst interval come last, the one that was last takes its place.
            begin = count - 1
            low[worst], high[worst] = low[begin], high[begin]
            values[worst], errors[worst] = values[begin], errors[begin]
            low[begin], high[begin] = a, middle
            low[count], high[count] = middle, b
            count = count + 1
    return value, error


def kronrod(f, a, b, zero):
    """The integral from a to b by 21 points, and an estimate of its error: the largest one of an element."""
    half = 0.5 * (b - a)
    middle = 0.5 * (a + b)
    values = np.zeros((21, *np.shape(zero)))
    fine, coarse, magnitude, spread = zero, zero, zero, zero
    for k in range(21):
        value = f(middle + half * NODES[k])
        values[k] = value
        fine = fine + KRONROD[k] * value
        coarse = coarse + GAUSS[k] * value
        magnitude = magnitude + KRONROD[k] * np.abs(value)
    for k in range(21):
        spread = spread + KRONROD[k] * np.abs(values[k] - 0.5 * fine)
    error = half * np.max(np.abs(fine - coarse))
    most = half * np.max(spread)
    if most != 0.0 and error != 0.0:
        error = most * min(1.0, (200.0 * error / most) ** 1.5)
    return half * fine, max(1.1e-14 * half * np.max(magnitude), error)
