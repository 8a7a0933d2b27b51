"""Longer programs, as scientists and engineers write them."""

import math

import numpy as np

from tests.corpus import ints, pos, program, spd, unit, vec


def lotka_volterra(t, y, p, out):
    """The right-hand side, written into `out`."""
    out[0] = p[0] * y[0] - p[1] * y[0] * y[1]
    out[1] = p[2] * y[0] * y[1] - p[3] * y[1] + 0.01 * math.sin(t)


@program((pos(2), pos(4), 12), compiled=True)
def rk4_in_place(y0, p, steps):
    y = y0.copy()
    k1 = np.zeros(2)
    k2 = np.zeros(2)
    k3 = np.zeros(2)
    k4 = np.zeros(2)
    w = np.zeros(2)
    h = 1.0 / steps
    for s in range(steps):
        t = s * h
        lotka_volterra(t, y, p, k1)
        for i in range(2):
            w[i] = y[i] + 0.5 * h * k1[i]
        lotka_volterra(t + 0.5 * h, w, p, k2)
        for i in range(2):
            w[i] = y[i] + 0.5 * h * k2[i]
        lotka_volterra(t + 0.5 * h, w, p, k3)
        for i in range(2):
            w[i] = y[i] + h * k3[i]
        lotka_volterra(t + h, w, p, k4)
        for i in range(2):
            y[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
    return y[0] * y[1]


@program((vec(6), pos(), pos(), 0.3))
def kalman_filter(observations, q, r, x0):
    x = x0
    p = 1.0
    loglik = 0.0
    for z in observations:
        p = p + q
        innovation = z - x
        s = p + r
        k = p / s
        x = x + k * innovation
        p = (1.0 - k) * p
        loglik -= 0.5 * (math.log(2.0 * math.pi * s) + innovation * innovation / s)
    return loglik


@program((vec(5, 2), spd(2), pos(), vec(2, 2)))
def matrix_kalman_filter(observations, q, r, f):
    x = np.zeros(2)
    p = np.eye(2)
    h = np.array([[1.0, 0.5], [0.0, 1.0]])
    loglik = 0.0
    for t in range(observations.shape[0]):
        x = 0.3 * f @ x
        p = 0.09 * f @ p @ f.T + q
        innovation = observations[t] - h @ x
        s = h @ p @ h.T + r * np.eye(2)
        gain = p @ h.T @ np.linalg.inv(s)
        x = x + gain @ innovation
        p = p - gain @ h @ p
        loglik -= 0.5 * (math.log(np.linalg.det(s)) + innovation @ np.linalg.solve(s, innovation))
    return loglik


def logsumexp(v):
    """log sum exp of a vector, in loops."""
    m = v[0]
    for i in range(1, len(v)):
        if v[i] > m:
            m = v[i]
    s = 0.0
    for i in range(len(v)):
        s += math.exp(v[i] - m)
    return m + math.log(s)


@program((vec(3), vec(3, 3), vec(3, 4), ints(0, 3, 1, 2, 2, 0)), compiled=True)
def hmm_forward(start, transition, emission, symbols):
    n = len(start)
    alpha = np.zeros(n)
    new = np.zeros(n)
    work = np.zeros(n)
    for i in range(n):
        alpha[i] = start[i] + emission[i, symbols[0]]
    for t in range(1, len(symbols)):
        for j in range(n):
            for i in range(n):
                work[i] = alpha[i] + transition[i, j]
            new[j] = logsumexp(work) + emission[j, symbols[t]]
        for j in range(n):
            alpha[j] = new[j]
    return logsumexp(alpha)


@program((vec(3, 3), vec(3, 5)))
def viterbi_score(transition, emission):
    score = emission[:, 0].copy()
    for t in range(1, 5):
        new = np.zeros(3)
        for j in range(3):
            best = score[0] + transition[0, j]
            for i in range(1, 3):
                s = score[i] + transition[i, j]
                if s > best:
                    best = s
            new[j] = best + emission[j, t] ** 2
        score = new
    top = score[0]
    for j in range(1, 3):
        if score[j] > top:
            top = score[j]
    return top


def softmin3(a, b, c, gamma):
    """A smooth minimum of three numbers."""
    m = min(a, b, c)
    return m - gamma * math.log(math.exp((m - a) / gamma) + math.exp((m - b) / gamma) + math.exp((m - c) / gamma))


@program((vec(5), vec(4), 0.5), compiled=True)
def soft_dtw(x, y, gamma):
    n = len(x)
    m = len(y)
    r = np.full((n + 1, m + 1), 1e3)
    r[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            d = (x[i - 1] - y[j - 1]) ** 2
            r[i, j] = d + softmin3(r[i - 1, j], r[i, j - 1], r[i - 1, j - 1], gamma)
    return r[n, m]


@program((unit(4, 5), 0.7, 0.4))
def soft_edit_distance(mismatch, insertion, deletion):
    n, m = mismatch.shape
    d = np.zeros((n + 1, m + 1))
    for i in range(1, n + 1):
        d[i, 0] = d[i - 1, 0] + deletion
    for j in range(1, m + 1):
        d[0, j] = d[0, j - 1] + insertion
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            d[i, j] = softmin3(
                d[i - 1, j] + deletion, d[i, j - 1] + insertion, d[i - 1, j - 1] + mismatch[i - 1, j - 1], 0.3
            )
    return d[n, m]


@program((unit(5), unit(4), 6))
def soft_knapsack(values, sizes, capacity):
    best = np.zeros(capacity + 1)
    for i in range(4):
        w = i + 1
        for c in range(capacity, w - 1, -1):
            take = best[c - w] + values[i] * sizes[i]
            keep = best[c]
            best[c] = 0.1 * math.log(math.exp(take / 0.1) + math.exp(keep / 0.1))
    return best[capacity] + values[4]


def normal_cdf(x):
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


@program((100.0, 110.0, 0.05, 0.2, 1.5), compiled=True, rtol=1e-6)
def black_scholes(s, k, r, sigma, t):
    d1 = (math.log(s / k) + (r + 0.5 * sigma * sigma) * t) / (sigma * math.sqrt(t))
    d2 = d1 - sigma * math.sqrt(t)
    return s * normal_cdf(d1) - k * math.exp(-r * t) * normal_cdf(d2)


@program((100.0, 0.05, 0.2, vec(6, 5)), (0, 1, 2), rtol=1e-6)
def asian_option(s0, r, sigma, normals):
    paths, steps = normals.shape
    dt = 1.0 / steps
    total = 0.0
    for p in range(paths):
        s = s0
        mean = 0.0
        for k in range(steps):
            s *= math.exp((r - 0.5 * sigma * sigma) * dt + sigma * math.sqrt(dt) * normals[p, k])
            mean += s / steps
        payoff = mean - 99.0
        if payoff > 0.0:
            total += payoff
    return math.exp(-r) * total / paths


@program((100.0, 0.05, 0.25, 5), rtol=1e-6)
def american_put_binomial(s0, r, sigma, n):
    dt = 1.0 / n
    u = math.exp(sigma * math.sqrt(dt))
    p = (math.exp(r * dt) - 1.0 / u) / (u - 1.0 / u)
    v = np.zeros(n + 1)
    for i in range(n + 1):
        v[i] = max(103.0 - s0 * u ** (2 * i - n), 0.0)
    for k in range(n - 1, -1, -1):
        for i in range(k + 1):
            hold = math.exp(-r * dt) * (p * v[i + 1] + (1.0 - p) * v[i])
            v[i] = max(hold, 103.0 - s0 * u ** (2 * i - k))
    return v[0]


@program((vec(8), 0.3, 5), compiled=True)
def heat_equation(u0, c, steps):
    u = u0.copy()
    new = u0.copy()
    n = len(u)
    for _ in range(steps):
        for i in range(1, n - 1):
            new[i] = u[i] + c * (u[i - 1] - 2.0 * u[i] + u[i + 1])
        for i in range(n):
            u[i] = new[i]
    return np.sum(u * u)


@program((vec(8), 0.2, 4))
def burgers_upwind(u0, c, steps):
    u = u0.copy()
    n = len(u)
    for _ in range(steps):
        old = u.copy()
        for i in range(n):
            left = old[i - 1]
            right = old[(i + 1) % n]
            if old[i] > 0.0:
                u[i] = old[i] - c * old[i] * (old[i] - left)
            else:
                u[i] = old[i] - c * old[i] * (right - old[i])
    return np.sum(u * u)


@program((vec(4, 4), 3))
def wave_equation(u0, steps):
    n = u0.shape[0]
    now = u0.copy()
    old = u0.copy()
    for _ in range(steps):
        new = np.zeros((n, n))
        for i in range(1, n - 1):
            for j in range(1, n - 1):
                lap = now[i + 1, j] + now[i - 1, j] + now[i, j + 1] + now[i, j - 1] - 4.0 * now[i, j]
                new[i, j] = 2.0 * now[i, j] - old[i, j] + 0.1 * lap
        old = now
        now = new
    return np.sum(now * now)


@program((vec(3, 3), vec(3, 3), pos(3), 3), compiled=True)
def n_body(x0, v0, mass, steps):
    x = x0.copy()
    v = v0.copy()
    n = len(mass)
    dt = 0.02
    for _ in range(steps):
        for i in range(n):
            for j in range(i + 1, n):
                d2 = 0.1
                for k in range(3):
                    d2 += (x[i, k] - x[j, k]) ** 2
                w = dt / (d2 * math.sqrt(d2))
                for k in range(3):
                    dx = x[i, k] - x[j, k]
                    v[i, k] -= dx * mass[j] * w
                    v[j, k] += dx * mass[i] * w
        for i in range(n):
            for k in range(3):
                x[i, k] += dt * v[i, k]
    energy = 0.0
    for i in range(n):
        for k in range(3):
            energy += 0.5 * mass[i] * v[i, k] ** 2
    return energy + x[0, 0]


def minors(a, rows, columns, depth):
    """The determinant of the rows from `depth` on and the free columns, by expansion along the first row."""
    n = a.shape[0]
    if depth == n:
        return 1.0
    s = 0.0
    sign = 1.0
    for j in range(n):
        if columns[j] == 0:
            columns[j] = 1
            s += sign * a[depth, j] * minors(a, rows, columns, depth + 1)
            columns[j] = 0
            sign = -sign
    return s


@program((vec(4, 4),), compiled=True)
def determinant_by_minors(a):
    used = np.zeros(a.shape[0], dtype=np.int64)
    return minors(a, 0, used, 0)


@program((0.5, 2.0, 3.0))
def newton_two_by_two(x0, a, b):
    x = x0
    y = 1.0
    for _ in range(8):
        f = x * x + y * y - a * b
        g = x * y - a
        j11, j12, j21, j22 = 2.0 * x, 2.0 * y, y, x
        det = j11 * j22 - j12 * j21
        x = x - (j22 * f - j12 * g) / det
        y = y - (j11 * g - j21 * f) / det
    return x + 2.0 * y


@program((0.3, 2.0, 0.9))
def kepler_orbit(m, a, e):
    total = 0.0
    for k in range(3):
        big = m + k
        for _ in range(12):
            big = big - (big - e * 0.5 * math.sin(big) - (m + k)) / (1.0 - e * 0.5 * math.cos(big))
        x = a * (math.cos(big) - e * 0.5)
        y = a * math.sqrt(1.0 - 0.25 * e * e) * math.sin(big)
        total += x * x + 0.5 * y
    return total


@program((0.4, 1.6, 0.3))
def simpson_quadrature(a, b, k):
    n = 8
    h = (b - a) / n
    s = 0.0
    for i in range(n + 1):
        w = 1.0 if i in (0, n) else (4.0 if i % 2 == 1 else 2.0)
        x = a + i * h
        s += w * math.exp(-k * x) * math.cos(x * x)
    return s * h / 3.0


@program((0.4, 1.6))
def romberg_quadrature(a, b):
    r = np.zeros((5, 5))
    h = b - a
    r[0, 0] = 0.5 * h * (math.exp(-a * a) + math.exp(-b * b))
    for i in range(1, 5):
        h = 0.5 * h
        s = 0.0
        for k in range(1, 2**i, 2):
            x = a + k * h
            s += math.exp(-x * x)
        r[i, 0] = 0.5 * r[i - 1, 0] + h * s
        for j in range(1, i + 1):
            r[i, j] = r[i, j - 1] + (r[i, j - 1] - r[i - 1, j - 1]) / (4.0**j - 1.0)
    return r[4, 4]


@program((vec(6), 2.35))
def natural_spline(y, t):
    n = len(y)
    m = np.zeros(n)
    c = np.zeros(n)
    d = np.zeros(n)
    for i in range(1, n - 1):
        rhs = 6.0 * (y[i + 1] - 2.0 * y[i] + y[i - 1])
        w = 4.0 - c[i - 1]
        c[i] = 1.0 / w
        d[i] = (rhs - d[i - 1]) / w
    for i in range(n - 2, 0, -1):
        m[i] = d[i] - c[i] * m[i + 1]
    k = int(t)
    u = t - k
    return (
        y[k] * (1.0 - u)
        + y[k + 1] * u
        + ((1.0 - u) ** 3 - (1.0 - u)) * m[k] / 6.0
        + (u**3 - u) * m[k + 1] / 6.0
    )


@program((vec(4, 2), 0.4))
def de_casteljau(points, t):
    p = points.copy()
    n = p.shape[0]
    for r in range(1, n):
        for i in range(n - r):
            for k in range(2):
                p[i, k] = (1.0 - t) * p[i, k] + t * p[i + 1, k]
    return p[0]


@program((vec(6), 0.4))
def de_boor_basis(c, t):
    basis = np.zeros(4)
    basis[0] = 1.0
    for k in range(1, 4):
        saved = 0.0
        for r in range(k):
            left = t + (k - 1 - r)
            right = 1.0 - t + r
            temp = basis[r] / (right + left)
            basis[r] = saved + right * temp
            saved = left * temp
        basis[k] = saved
    s = 0.0
    for i in range(4):
        s += basis[i] * c[i + 1]
    return s * s


@program((vec(10), 0.3, 0.4, 0.5))
def garch_likelihood(returns, omega, alpha, beta):
    h = 1.0
    loglik = 0.0
    for r in returns:
        loglik += -0.5 * (math.log(h) + r * r / h)
        h = omega + alpha * r * r + beta * h
    return loglik


@program((vec(10), 0.3, 0.2, 0.7))
def arma_sum_of_squares(y, phi, theta, mu):
    e = np.zeros(len(y))
    s = 0.0
    for t in range(1, len(y)):
        e[t] = y[t] - mu - phi * (y[t - 1] - mu) - theta * e[t - 1]
        s += e[t] ** 2
    return s


@program((vec(8, 3), vec(3), np.array([0, 1, 1, 0, 1, 0, 0, 1])))
def logistic_regression(x, w, labels):
    s = 0.0
    for i in range(x.shape[0]):
        z = 0.0
        for j in range(x.shape[1]):
            z += x[i, j] * w[j]
        if labels[i] == 1:
            s += math.log1p(math.exp(-z))
        else:
            s += math.log1p(math.exp(z))
    return s / x.shape[0]


@program((vec(3), vec(3, 3), vec(3), 4))
def recurrent_network(h0, w, u, steps):
    h = h0.copy()
    loss = 0.0
    for t in range(steps):
        new = np.zeros(3)
        for i in range(3):
            z = u[i] * math.cos(t)
            for j in range(3):
                z += w[i, j] * h[j]
            new[i] = math.tanh(z)
        h = new
        loss += np.sum((h - 0.3) ** 2)
    return loss


@program((vec(5, 5), vec(2, 2)))
def convolution(image, kernel):
    out = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            s = 0.0
            for a in range(2):
                for b in range(2):
                    s += image[i + a, j + b] * kernel[a, b]
            out[i, j] = s if s > 0.0 else 0.0
    best = 0.0
    for i in range(0, 4, 2):
        for j in range(0, 4, 2):
            m = out[i, j]
            for a in range(2):
                for b in range(2):
                    if out[i + a, j + b] > m:
                        m = out[i + a, j + b]
            best += m * m
    return best


@program((vec(6, 2), 0.6, 0.1))
def gaussian_process_likelihood(x, scale, noise):
    n = x.shape[0]
    k = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            d = 0.0
            for a in range(2):
                d += (x[i, a] - x[j, a]) ** 2
            k[i, j] = math.exp(-0.5 * d / (scale * scale))
        k[i, i] += noise + 1.0
    y = np.sin(np.arange(n))
    lower = np.linalg.cholesky(k)
    z = np.linalg.solve(lower, y)
    s = 0.5 * (z @ z)
    for i in range(n):
        s += math.log(lower[i, i])
    return s


@program((0.1, 0.9, 0.4, 20))
def pendulum_leapfrog(q, p, k, steps):
    dt = 0.1
    for _ in range(steps):
        p -= 0.5 * dt * k * math.sin(q)
        q += dt * p
        p -= 0.5 * dt * k * math.sin(q)
    return 0.5 * p * p - k * math.cos(q)


@program((0.9, 0.4, 6))
def implicit_euler(y, k, steps):
    h = 0.2
    for _ in range(steps):
        z = y
        for _ in range(6):
            z = z - (z + h * k * z**3 - y) / (1.0 + 3.0 * h * k * z * z)
        y = z
    return y


@program((pos(4), 0.7))
def lennard_jones(x, eps):
    e = 0.0
    n = len(x)
    for i in range(n):
        for j in range(i):
            r = abs(x[i] - x[j]) + 0.8 * (i - j)
            if r > 3.0:
                continue
            s6 = (1.0 / r) ** 6
            e += 4.0 * eps * (s6 * s6 - s6)
    return e


@program((0.7, 0.4, 1.3))
def bouncing_ball(height, restitution, g):
    y = height
    v = 0.0
    bounces = 0
    for _ in range(40):
        v -= 0.05 * g
        y += 0.05 * v
        if y < 0.0:
            y = -restitution * y
            v = -restitution * v
            bounces += 1
            if bounces > 2:
                break
    return y + v * 0.3


@program((unit(3), vec(3, 3), 10))
def sinkhorn(weights, cost, iterations):
    a = weights / np.sum(weights)
    k = np.exp(-cost * cost)
    u = np.ones(3)
    v = np.ones(3)
    for _ in range(iterations):
        u = a / (k @ v)
        v = (1.0 / 3.0) / (k.T @ u)
    s = 0.0
    for i in range(3):
        for j in range(3):
            s += u[i] * k[i, j] * v[j] * cost[i, j] ** 2
    return s


@program((vec(3), pos(3)))
def ray_sphere(direction, centre):
    d = direction / np.sqrt(np.sum(direction * direction))
    c = centre * np.array([0.0, 0.0, 0.0]) + 3.0 * d + 0.1 * centre
    b = np.dot(d, c)
    disc = b * b - np.dot(c, c) + 1.0
    if disc < 0.0:
        return 0.0 * b
    return b - math.sqrt(disc)


@program((vec(4), vec(4), 0.7))
def softmax_policy_return(logits, rewards, discount):
    value = 0.0
    for t in range(5):
        z = 0.0
        q = 0.0
        for a in range(4):
            w = math.exp(logits[a])
            z += w
            q += w * (rewards[a] + discount * value)
        value = q / z
    return value


@program((unit(3, 3), vec(3), 12))
def value_iteration(transition, reward, n):
    v = np.zeros(3)
    for _ in range(n):
        new = np.zeros(3)
        for s in range(3):
            row = 0.0
            for t in range(3):
                row += transition[s, t]
            for t in range(3):
                new[s] += transition[s, t] / row * v[t]
            new[s] = reward[s] + 0.8 * new[s]
        v = new
    return np.sum(v)


@program((np.array([0.3, 0.6, 0.9, 0.2]), 1.9, 0.7))
def epidemic_sir(initial, beta, gamma):
    s, i, r = initial[0] + 1.0, initial[1] * 0.1, 0.0
    peak = i
    for _ in range(30):
        infection = 0.1 * beta * s * i
        recovery = 0.1 * gamma * i
        s, i, r = s - infection, i + infection - recovery, r + recovery
        if i > peak:
            peak = i
    return peak + r * initial[2]


@program((pos(5), vec(5)))
def trapezoid_on_uneven_grid(steps, y):
    x = np.zeros(6)
    for i in range(5):
        x[i + 1] = x[i] + steps[i]
    s = 0.0
    for i in range(4):
        s += 0.5 * (x[i + 1] - x[i]) * (y[i] + y[i + 1]) * math.exp(-x[i])
    return s


@program((vec(4, 2), 1.1))
def polygon_area_and_perimeter(p, k):
    area = 0.0
    length = 0.0
    n = len(p)
    for i in range(n):
        j = (i + 1) % n
        area += p[i, 0] * p[j, 1] - p[j, 0] * p[i, 1]
        length += math.hypot(p[j, 0] - p[i, 0], p[j, 1] - p[i, 1])
    return 0.5 * area * k + length


@program((vec(2, 6), 0.3))
def robot_arm(angles_and_lengths, target):
    x = 0.0
    y = 0.0
    angle = 0.0
    for j in range(angles_and_lengths.shape[1]):
        angle += angles_and_lengths[0, j]
        x += angles_and_lengths[1, j] * math.cos(angle)
        y += angles_and_lengths[1, j] * math.sin(angle)
    return (x - target) ** 2 + y * y


@program((vec(8), vec(2, 8)))
def fft_recursive_energy(re, w):
    def fft(x, y):
        n = len(x)
        if n == 1:
            return x, y
        er, ei = fft(x[::2], y[::2])
        odr, odi = fft(x[1::2], y[1::2])
        out_r = np.zeros(n)
        out_i = np.zeros(n)
        for k in range(n // 2):
            c = math.cos(2.0 * math.pi * k / n)
            s = -math.sin(2.0 * math.pi * k / n)
            tr = c * odr[k] - s * odi[k]
            ti = c * odi[k] + s * odr[k]
            out_r[k] = er[k] + tr
            out_i[k] = ei[k] + ti
            out_r[k + n // 2] = er[k] - tr
            out_i[k + n // 2] = ei[k] - ti
        return out_r, out_i

    a, b = fft(re, np.zeros(8))
    return np.sum(a * w[0]) + np.sum(b * b * w[1])
