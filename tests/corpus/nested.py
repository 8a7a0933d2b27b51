"""Programs that take derivatives themselves. Each has a reference of equal value, written with the derivative done."""

import math

import numpy as np

from tests.corpus import program, vec

try:
    from s2sad import checkpoint, grad, jvp, stop_gradient, value_and_grad, vjp
except ImportError:  # the references run without the compiler
    checkpoint = grad = jvp = stop_gradient = value_and_grad = vjp = None


def derivative_of_sine_reference(x):
    return math.cos(x) * x


@program((0.7,), reference=derivative_of_sine_reference)
def derivative_of_sine(x):
    return grad(math.sin)(x) * x


def inner_gradient_reference(x, a):
    return 3.0 * a * x * x + 2.0 * x


@program((0.7, 1.3), reference=inner_gradient_reference, compiled=True)
def inner_gradient(x, a):
    return grad(lambda z: a * z**3 + z * z)(x)


def perturbation_confusion_reference(x):
    return x


@program((0.7,), reference=perturbation_confusion_reference)
def perturbation_confusion(x):
    return x * grad(lambda y: x + y)(2.0)


def second_derivative_reference(x):
    return -math.sin(x) * x


@program((0.7,), reference=second_derivative_reference)
def second_derivative(x):
    return grad(grad(math.sin))(x) * x


def nested_capture_reference(x):
    return x * (x + 6.0 * x * x * 2.0)


@program((0.7,), reference=nested_capture_reference)
def nested_capture(x):
    return x * grad(lambda y: x * y + 3.0 * x * x * y * y)(2.0)


def newton_by_grad_reference(a):
    x = 1.0
    for _ in range(6):
        x = x - (x * x - a) / (2.0 * x)
    return x


@program((2.0,), reference=newton_by_grad_reference)
def newton_by_grad(a):
    def f(x):
        return x * x - a

    x = 1.0
    for _ in range(6):
        x = x - f(x) / grad(f)(x)
    return x


def descent_reference(x, rate):
    for _ in range(5):
        g = np.zeros(3)
        for i in range(3):
            g[i] = 4.0 * (x[i] - 1.0) ** 3 + 2.0 * x[i]
        x = x - rate * g
    return np.sum(x * x)


@program((vec(3), 0.02), reference=descent_reference)
def descent(x, rate):
    def loss(y):
        s = 0.0
        for i in range(len(y)):
            s += (y[i] - 1.0) ** 4 + y[i] ** 2
        return s

    for _ in range(5):
        x = x - rate * grad(loss)(x)
    return np.sum(x * x)


def value_and_slope_reference(x):
    return math.exp(x) * x * (math.exp(x) * (1.0 + x))


@program((0.4,), reference=value_and_slope_reference)
def value_and_slope(x):
    value, slope = value_and_grad(lambda z: z * math.exp(z))(x)
    return value * slope


def directional_reference(x, v):
    return np.sum(2.0 * x * v) * np.sum(x * x)


@program((vec(3), vec(3)), reference=directional_reference)
def directional(x, v):
    y, dy = jvp(lambda z: np.sum(z * z), (x,), (v,))
    return dy * y


def pullback_reference(x):
    return np.sum(x * x * math.sin(x[0]))


@program((vec(3),), reference=pullback_reference)
def pullback(x):
    y, pull = vjp(lambda z: z * z * 0.5, x)
    (g,) = pull(x)
    return np.sum(g * math.sin(x[0]))


def saddle_reference(x, y):
    for _ in range(4):
        z = y
        for _ in range(4):
            z = z + 0.1 * (x - 2.0 * z)
        x = x - 0.1 * (2.0 * x + z)
    return x * x + x * z - z * z


@program((0.8, -0.3), reference=saddle_reference)
def saddle(x, y):
    """min over x of max over y of x^2 + x y - y^2, by nested gradient steps."""

    def f(u, v):
        return u * u + u * v - v * v

    for _ in range(4):
        z = y
        for _ in range(4):
            z = z + 0.1 * grad(lambda v: f(x, v))(z)
        x = x - 0.1 * grad(lambda u: f(u, z))(x)
    return f(x, z)


def particle_reference(w):
    charges = ((10.0, 10.0 - w), (10.0, 0.0))
    x, y = 0.0, 8.0
    vx, vy = 0.75, 0.0
    for _ in range(12):
        ax = ay = 0.0
        for cx, cy in charges:
            d = (x - cx) ** 2 + (y - cy) ** 2
            ax += (x - cx) / d**1.5
            ay += (y - cy) / d**1.5
        vx += 0.1 * ax
        vy += 0.1 * ay
        x += 0.1 * vx
        y += 0.1 * vy
    return x * x + y * y


@program((0.3,), reference=particle_reference)
def particle(w):
    """A charged particle; its acceleration is minus the gradient of the potential."""
    charges = ((10.0, 10.0 - w), (10.0, 0.0))

    def potential(px, py):
        p = 0.0
        for cx, cy in charges:
            p += 1.0 / math.sqrt((px - cx) ** 2 + (py - cy) ** 2)
        return p

    x, y = 0.0, 8.0
    vx, vy = 0.75, 0.0
    for _ in range(12):
        gx, gy = grad(potential, argnums=(0, 1))(x, y)
        vx -= 0.1 * gx
        vy -= 0.1 * gy
        x += 0.1 * vx
        y += 0.1 * vy
    return x * x + y * y


def meta_learning_reference(w, data):
    s = 0.0
    for v in data:
        inner = w - 0.1 * 2.0 * (w - v)
        s += (inner - v * v) ** 2
    return s


@program((0.3, vec(4)), reference=meta_learning_reference)
def meta_learning(w, data):
    s = 0.0
    for v in data:
        adapted = w - 0.1 * grad(lambda u, v=v: (u - v) ** 2)(w)
        s += (adapted - v * v) ** 2
    return s


def euler_lagrange_reference(q, v):
    return (-9.8 * math.sin(q)) * v


@program((0.4, 0.2), reference=euler_lagrange_reference)
def euler_lagrange(q, v):
    def lagrangian(a, b):
        return 0.5 * b * b + 9.8 * math.cos(a)

    force = grad(lagrangian)(q, v)
    mass = grad(grad(lagrangian, argnums=1), argnums=1)(q, v)
    return force / mass * v


def hessian_vector_reference(x, v):
    return np.sum(v * (12.0 * x * x * v))


@program((vec(3), vec(3)), reference=hessian_vector_reference)
def hessian_vector(x, v):
    def f(z):
        return np.sum(z**4)

    _, hv = jvp(grad(f), (x,), (v,))
    return np.sum(v * hv)


def gradient_in_branch_reference(x):
    return 2.0 * x * x if x > 0.5 else x


@program((0.8,), reference=gradient_in_branch_reference)
def gradient_in_branch(x):
    if x > 0.5:
        y = grad(lambda z: z * z)(x) * x
    else:
        y = x
    return y


def gradient_of_loop_reference(x):
    return 5.0 * x**4 * x


@program((0.8,), reference=gradient_of_loop_reference)
def gradient_of_loop(x):
    def power(z):
        p = 1.0
        for _ in range(5):
            p *= z
        return p

    return grad(power)(x) * x


def gradient_of_dict_reference(a, b):
    return b * 2.0 * a + a * a


@program((0.8, 0.6), reference=gradient_of_dict_reference)
def gradient_of_dict(a, b):
    g = grad(lambda p: p["a"] ** 2 * p["b"])({"a": a, "b": b})
    return g["a"] + g["b"]


def stopped_reference(x):
    return x * 0.7 + math.sin(0.7) * x


@program((0.7,), reference=stopped_reference, order=1, tags=("stop_gradient",))
def stopped(x):
    return x * stop_gradient(x) + math.sin(stop_gradient(x)) * x


def decorated_reference(x):
    return 2.0 * x * x


@program((0.7,), reference=decorated_reference)
def decorated(x):
    @grad
    def slope(z):
        return z * z

    return slope(x) * x


def gradient_of_array_program_reference(x):
    return np.sum((2.0 * x * (x[0] + 1.0)) ** 2)


@program((vec(3),), reference=gradient_of_array_program_reference)
def gradient_of_array_program(x):
    a = x[0] + 1.0
    g = grad(lambda z: a * np.sum(z * z))(x)
    return np.sum(g * g)


def third_order_reference(x):
    return -math.cos(x) + 24.0 * x


@program((0.7,), reference=third_order_reference)
def third_order(x):
    return grad(grad(grad(lambda z: math.sin(z) + z**4)))(x)


def implicit_root_reference(a):
    x = a ** (1.0 / 3.0)
    return x * x


@program((2.0,), reference=implicit_root_reference, rtol=1e-6)
def implicit_root(a):
    def residual(x):
        return x**3 - a

    x = 1.5
    while abs(residual(x)) > 1e-14:
        x = x - residual(x) / grad(residual)(x)
    x = x - residual(x) / grad(residual)(x)
    return x * x


def auxiliary_keeps_outer_derivative_reference(x, y):
    return 2.0 * x * y * (x * y) + x * x * y


@program((0.7, 1.3), reference=auxiliary_keeps_outer_derivative_reference)
def auxiliary_keeps_outer_derivative(x, y):
    """What a function returns beside its value depends on the outer arguments as anything else does."""
    (value, aux), slope = value_and_grad(lambda a: (a * a * y, a * y), has_aux=True)(x)
    return slope * aux + value


def checkpoint_of_derivative_reference(x):
    def slope(z):
        return (math.sin(z * z) + z * z * math.cos(z * z)) * x

    return slope(x) * slope(2.0 * x)


@program((0.7,), reference=checkpoint_of_derivative_reference)
def checkpoint_of_derivative(x):
    slope = checkpoint(lambda z: grad(lambda y: math.sin(y * z) * y)(z) * x)
    return slope(x) * slope(2.0 * x)


def descend(x, n):
    if n == 0:
        return x
    return descend(x - 0.1 * grad(lambda z: z**4)(x), n - 1) * x


def descend_reference(x, n):
    if n == 0:
        return x
    return descend_reference(x - 0.4 * x**3, n - 1) * x


@program((0.7, 3), reference=descend_reference)
def derivative_in_recursion(x, n):
    return descend(x, n)
