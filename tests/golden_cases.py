"""The functions whose emitted derivatives a reviewer reads, in `tests/golden/`."""

import math

import numpy as np

import s2sad


def polynomial(x):
    return x**3 + 2 * x**2 - 3 * x + 1


def weighted_sum(w, x):
    s = 0.0
    for i in range(x.shape[0]):
        s += w[i] * math.sin(x[i])
    return s


def product(x):
    p = 1.0
    for i in range(x.shape[0]):
        p = p * x[i]
    return p


def recurrence(x, n):
    f = np.zeros(n + 1)
    f[0] = x
    for i in range(n):
        f[i + 1] = math.sin(f[i]) * x
    return f[n]


def heron(a):
    x = a
    previous = 0.0
    while abs(x - previous) > 1e-9:
        previous = x
        x = 0.5 * (x + a / x)
    return x


def clamped(x, limit):
    if x > limit:
        y = limit + math.log(x - limit + 1.0)
    elif x < -limit:
        y = -limit
    else:
        y = x
    return y * y


def nearest(points, p):
    best = np.inf
    for i in range(points.shape[0]):
        d = (points[i, 0] - p[0]) ** 2 + (points[i, 1] - p[1]) ** 2
        if d < best:
            best = d
    return best


def matrix_vector(a, x):
    y = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y[i] += a[i, j] * x[j]
    return np.sum(y * y)


def logistic(w, x, t):
    p = 1 / (1 + np.exp(-(x @ w)))
    return -np.mean(t * np.log(p) + (1 - t) * np.log(1 - p))


def first_above(x, limit):
    s = 0.0
    for v in x:
        s += v * v
        if s > limit:
            break
    return s


def smooth(u, steps):
    u = u.copy()
    for _ in range(steps):
        for i in range(1, u.shape[0] - 1):
            u[i] += 0.1 * (u[i - 1] - 2.0 * u[i] + u[i + 1])
    return np.sum(u**2)


def step(w, x):
    def loss(v):
        return np.sum((v * x - 1.0) ** 2)

    return loss(w - 0.1 * s2sad.grad(loss)(w))


CASES = {
    "polynomial": (polynomial, (1.5,)),
    "weighted_sum": (weighted_sum, (np.ones(4), np.ones(4))),
    "product": (product, (np.ones(4),)),
    "recurrence": (recurrence, (0.5, 5)),
    "heron": (heron, (2.0,)),
    "clamped": (clamped, (0.5, 1.0)),
    "nearest": (nearest, (np.ones((4, 2)), np.zeros(2))),
    "matrix_vector": (matrix_vector, (np.ones((3, 4)), np.ones(4))),
    "logistic": (logistic, (np.ones(3), np.ones((4, 3)), np.ones(4))),
    "first_above": (first_above, (np.ones(4), 2.0)),
    "smooth": (smooth, (np.ones(6), 3)),
    "step": (step, (np.ones(3), np.ones(3))),
}
