"""np.linalg, and linear algebra by loops."""

import math

import numpy as np

from tests.corpus import pos, program, spd, vec


@program((vec(5),))
def norm(x):
    return np.linalg.norm(x) * x[0]


@program((vec(3, 4),))
def frobenius(a):
    return np.linalg.norm(a) + np.sum(np.linalg.norm(a, axis=1))


@program((spd(3),))
def determinant(a):
    return np.linalg.det(a)


@program((spd(3),))
def log_determinant(a):
    sign, value = np.linalg.slogdet(a)
    return sign * value


@program((spd(3),))
def inverse(a):
    return np.linalg.inv(a)


@program((spd(3), vec(3)))
def solve_vector(a, b):
    return np.sum(np.linalg.solve(a, b) ** 2)


@program((spd(3), vec(3, 2)))
def solve_matrix(a, b):
    return np.linalg.solve(a, b)


@program((vec(3, 3),))
def cholesky(a):
    s = a @ a.T + 3.0 * np.eye(3)
    return np.sum(np.linalg.cholesky(s) ** 3)


@program((vec(3, 3), vec(3)))
def gaussian_log_density(a, x):
    s = a @ a.T + 3.0 * np.eye(3)
    lower = np.linalg.cholesky(s)
    z = np.linalg.solve(lower, x)
    logdet = 0.0
    for i in range(3):
        logdet += math.log(lower[i, i])
    return -0.5 * z @ z - logdet - 1.5 * math.log(2.0 * math.pi)


@program((spd(4),), compiled=True)
def cholesky_loops(a):
    n = a.shape[0]
    lower = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= lower[i, k] * lower[j, k]
            if i == j:
                lower[i, j] = math.sqrt(s)
            else:
                lower[i, j] = s / lower[j, j]
    return np.sum(lower * lower * lower)


@program((spd(4), vec(4)))
def gauss_elimination(a, b):
    m = a.copy()
    x = b.copy()
    n = len(b)
    for k in range(n):
        for i in range(k + 1, n):
            f = m[i, k] / m[k, k]
            for j in range(k, n):
                m[i, j] -= f * m[k, j]
            x[i] -= f * x[k]
    for i in range(n - 1, -1, -1):
        for j in range(i + 1, n):
            x[i] -= m[i, j] * x[j]
        x[i] /= m[i, i]
    return np.sum(x * x)


@program((vec(4, 4),))
def pivoted_lu_determinant(a):
    m = a.copy()
    n = 4
    det = 1.0
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(m[i, k]) > abs(m[p, k]):
                p = i
        if p != k:
            det = -det
            for j in range(n):
                t = m[k, j]
                m[k, j] = m[p, j]
                m[p, j] = t
        det *= m[k, k]
        for i in range(k + 1, n):
            f = m[i, k] / m[k, k]
            for j in range(k, n):
                m[i, j] -= f * m[k, j]
    return det


@program((vec(4, 3),))
def gram_schmidt(a):
    q = np.zeros((4, 3))
    for j in range(3):
        v = a[:, j].copy()
        for i in range(j):
            r = np.dot(q[:, i], a[:, j])
            v -= r * q[:, i]
        q[:, j] = v / np.sqrt(np.sum(v * v))
    return np.sum(q**3)


@program((spd(3), 8))
def power_iteration(a, n):
    v = np.ones(3)
    for _ in range(n):
        v = a @ v
        v = v / np.linalg.norm(v)
    return v @ a @ v


@program((spd(4), vec(4)))
def conjugate_gradients(a, b):
    x = np.zeros(4)
    r = b.copy()
    p = r.copy()
    rr = r @ r
    for _ in range(3):
        ap = a @ p
        alpha = rr / (p @ ap)
        x = x + alpha * p
        r = r - alpha * ap
        new = r @ r
        p = r + new / rr * p
        rr = new
    return np.sum(x * x)


@program((pos(4), vec(5), pos(4), vec(5)))
def thomas_algorithm(lower, diagonal, upper, d):
    n = 5
    c = np.zeros(n)
    x = d.copy()
    b = diagonal * diagonal + 6.0
    c[0] = upper[0] / b[0]
    x[0] = x[0] / b[0]
    for i in range(1, n):
        m = b[i] - lower[i - 1] * c[i - 1]
        if i < n - 1:
            c[i] = upper[i] / m
        x[i] = (x[i] - lower[i - 1] * x[i - 1]) / m
    for i in range(n - 2, -1, -1):
        x[i] -= c[i] * x[i + 1]
    return np.sum(x * x)


@program((vec(3, 3), 5))
def matrix_exponential_series(a, n):
    term = np.eye(3)
    s = np.eye(3)
    for k in range(1, n + 1):
        term = term @ a / k
        s = s + term
    return np.sum(s * s)


@program((vec(3),))
def rodrigues(r):
    t = math.sqrt(r[0] * r[0] + r[1] * r[1] + r[2] * r[2])
    k = r / t
    m = np.array([[0.0, -k[2], k[1]], [k[2], 0.0, -k[0]], [-k[1], k[0], 0.0]])
    rot = np.eye(3) + math.sin(t) * m + (1.0 - math.cos(t)) * (m @ m)
    return rot @ np.array([1.0, 2.0, 3.0])


@program((vec(3, 2), vec(2, 4), vec(4)))
def chain_of_products(a, b, x):
    return np.sum(np.linalg.norm(a @ (b @ x)) * a)
