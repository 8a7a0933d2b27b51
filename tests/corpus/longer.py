"""Whole small applications, each of some twenty to sixty lines, mixing what the other modules try apart."""

import math
from dataclasses import dataclass

import numpy as np

from tests.corpus import ints, pos, program, spd, unit, vec


@dataclass
class Particle:
    """A point mass."""

    x: float
    y: float
    vx: float
    vy: float

    def push(self, ax, ay, dt):
        """A leapfrog step under an acceleration."""
        self.vx += ax * dt
        self.vy += ay * dt
        self.x += self.vx * dt
        self.y += self.vy * dt


@program((1.0, 0.9, 0.2), tags=("objects",))
def orbit_with_drag(x, v, drag):
    p = Particle(x, 0.0, 0.0, v)
    swept = 0.0
    closest = x
    for step in range(40):
        r = math.hypot(p.x, p.y)
        if r < closest:
            closest = r
        speed = math.sqrt(p.vx * p.vx + p.vy * p.vy)
        ax = -p.x / r**3
        ay = -p.y / r**3
        if step > 10:
            ax -= drag * speed * p.vx
            ay -= drag * speed * p.vy
        before = (p.x, p.y)
        p.push(ax, ay, 0.05)
        swept += 0.5 * (before[0] * p.y - before[1] * p.x)
        if swept > 1.5:
            break
    return swept + closest * 0.1 + p.x * p.vy


@program((pos(3), 1.5), rtol=1e-6, order=1)
def adaptive_step_ode(p, t_end):
    """Heun-Euler with step-size control: the steps taken depend on the values."""
    y = p[0]
    t = 0.0
    h = 0.1
    steps = 0
    rejected = 0
    while t < t_end and steps < 200:
        if t + h > t_end:
            h = t_end - t
        k1 = -p[1] * y + math.sin(p[2] * t)
        z = y + h * k1
        k2 = -p[1] * z + math.sin(p[2] * (t + h))
        err = abs(0.5 * h * (k2 - k1))
        if err > 1e-3:
            h = 0.5 * h
            rejected += 1
            continue
        y = y + 0.5 * h * (k1 + k2)
        t = t + h
        steps += 1
        if err < 1e-4:
            h = h * 1.5
    return y * (1.0 + 0.001 * rejected)


@program((vec(4, 3), vec(3, 3), vec(3), pos()))
def two_layer_training(data, w0, v0, rate):
    """Three steps of hand-written back-propagation; its own gradient is asked for."""
    w = w0.copy()
    v = v0.copy()
    hidden = np.zeros(3)
    back = np.zeros(3)
    for _ in range(3):
        for i in range(data.shape[0]):
            out = 0.0
            for j in range(3):
                z = 0.0
                for k in range(3):
                    z += w[j, k] * data[i, k]
                hidden[j] = math.tanh(z)
                out += v[j] * hidden[j]
            e = out - data[i, 0] * data[i, 1]
            for j in range(3):
                back[j] = e * v[j] * (1.0 - hidden[j] ** 2)
            for j in range(3):
                v[j] -= 0.05 * rate * e * hidden[j]
                for k in range(3):
                    w[j, k] -= 0.05 * rate * back[j] * data[i, k]
    return np.sum(w * w) + np.sum(v * v * v)


@program((vec(6, 2), vec(2, 2), unit(2), 4))
def em_for_two_gaussians(x, mu0, weight0, rounds):
    """EM steps for spherical components, and the likelihood at the end."""
    n, d = x.shape
    k = 2
    mu = mu0.copy()
    weight = weight0 / np.sum(weight0)
    variance = np.ones(k)
    resp = np.zeros((n, k))
    loglik = 0.0
    for _ in range(rounds):
        loglik = 0.0
        for i in range(n):
            s = 0.0
            for j in range(k):
                q = 0.0
                for a in range(d):
                    q += (x[i, a] - mu[j, a]) ** 2
                resp[i, j] = weight[j] * math.exp(-0.5 * q / variance[j]) / variance[j]
                s += resp[i, j]
            for j in range(k):
                resp[i, j] /= s
            loglik += math.log(s)
        for j in range(k):
            total = 1e-3
            for i in range(n):
                total += resp[i, j]
            for a in range(d):
                m = 0.0
                for i in range(n):
                    m += resp[i, j] * x[i, a]
                mu[j, a] = m / total
            q = 0.1
            for i in range(n):
                for a in range(d):
                    q += resp[i, j] * (x[i, a] - mu[j, a]) ** 2
            variance[j] = q / (total * d)
            weight[j] = total / n
    return loglik


@program((pos(5), unit(5), ints(0, 1, 1, 2, 4, 3), ints(1, 2, 3, 3, 0, 4)))
def page_rank(strength, teleport, sources, targets):
    """Power iteration on a sparse graph in edge lists until it settles."""
    n = len(strength)
    out = np.zeros(n)
    for e in range(len(sources)):
        out[sources[e]] += strength[targets[e]]
    rank = np.full(n, 1.0 / n)
    jump = teleport / np.sum(teleport)
    iterations = 0
    change = 1.0
    while change > 1e-10 and iterations < 60:
        new = np.zeros(n)
        for e in range(len(sources)):
            i, j = sources[e], targets[e]
            new[j] += 0.6 * rank[i] * strength[j] / out[i]
        lost = 1.0 - np.sum(new)
        new += lost * jump
        change = 0.0
        for i in range(n):
            change += abs(new[i] - rank[i])
        rank = new
        iterations += 1
    s = 0.0
    for i in range(n):
        s += rank[i] ** 2 * (i + 1)
    return s


@program((vec(7), pos(4)))
def holt_winters(y, p):
    """Exponential smoothing with trend and a season of three kept in a ring."""
    alpha = 1.0 / (1.0 + math.exp(-p[0]))
    beta = 1.0 / (1.0 + math.exp(-p[1]))
    gamma = 1.0 / (1.0 + math.exp(-p[2]))
    level = y[0]
    trend = 0.1 * p[3]
    season = np.zeros(3)
    sse = 0.0
    forecasts = []
    for t in range(1, len(y)):
        k = t % 3
        forecast = level + trend + season[k]
        forecasts.append(forecast)
        error = y[t] - forecast
        sse += error * error
        old = level
        level = alpha * (y[t] - season[k]) + (1.0 - alpha) * (level + trend)
        trend = beta * (level - old) + (1.0 - beta) * trend
        season[k] = gamma * (y[t] - level) + (1.0 - gamma) * season[k]
    for i in range(1, len(forecasts)):
        sse += 0.1 * (forecasts[i] - forecasts[i - 1]) ** 2
    return sse / len(y)


@program((vec(5), vec(5), 0.3, 0.8))
def needleman_wunsch_affine(a, b, gap_open, gap_extend):
    """Smoothed global alignment with affine gaps: three tables filled together."""

    def soft(u, v, w):
        m = max(u, v, w)
        return m + 0.2 * math.log(math.exp((u - m) / 0.2) + math.exp((v - m) / 0.2) + math.exp((w - m) / 0.2))

    n, m = len(a), len(b)
    far = -50.0
    match = np.full((n + 1, m + 1), far)
    up = np.full((n + 1, m + 1), far)
    left = np.full((n + 1, m + 1), far)
    match[0, 0] = 0.0
    for i in range(1, n + 1):
        up[i, 0] = -gap_open - i * gap_extend
    for j in range(1, m + 1):
        left[0, j] = -gap_open - j * gap_extend
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            score = math.exp(-((a[i - 1] - b[j - 1]) ** 2))
            match[i, j] = score + soft(match[i - 1, j - 1], up[i - 1, j - 1], left[i - 1, j - 1])
            up[i, j] = soft(match[i - 1, j] - gap_open, up[i - 1, j] - gap_extend, left[i - 1, j] - gap_open)
            left[i, j] = soft(match[i, j - 1] - gap_open, left[i, j - 1] - gap_extend, up[i, j - 1] - gap_open)
    return soft(match[n, m], up[n, m], left[n, m])


@program((spd(3), vec(3), vec(4, 3)))
def bayesian_update(prior, mean0, observations):
    """Sequential conjugate updates with Cholesky factors by hand."""
    d = len(mean0)
    precision = prior.copy()
    mean = mean0.copy()
    evidence = 0.0
    for t in range(observations.shape[0]):
        z = observations[t]
        new = precision.copy()
        for i in range(d):
            for j in range(d):
                new[i, j] += z[i] * z[j]
        rhs = np.zeros(d)
        for i in range(d):
            for j in range(d):
                rhs[i] += precision[i, j] * mean[j]
            rhs[i] += z[i] * math.sin(t + 1.0)
        lower = np.zeros((d, d))
        for i in range(d):
            for j in range(i + 1):
                s = new[i, j]
                for k in range(j):
                    s -= lower[i, k] * lower[j, k]
                if i == j:
                    lower[i, i] = math.sqrt(s)
                else:
                    lower[i, j] = s / lower[j, j]
        for i in range(d):
            for k in range(i):
                rhs[i] -= lower[i, k] * rhs[k]
            rhs[i] /= lower[i, i]
        for i in range(d - 1, -1, -1):
            for k in range(i + 1, d):
                rhs[i] -= lower[k, i] * rhs[k]
            rhs[i] /= lower[i, i]
        for i in range(d):
            evidence += math.log(lower[i, i])
        mean = rhs
        precision = new
    return evidence + np.sum(mean * mean)


@program((vec(5, 2), vec(5, 2), 0.4), compiled=True)
def spring_network(x0, v0, stiffness):
    """A chain of masses with damping and a floor that pushes back."""
    n = x0.shape[0]
    x = x0.copy()
    v = v0.copy()
    force = np.zeros((n, 2))
    energy = 0.0
    for step in range(6):
        force[:] = 0.0
        for i in range(n - 1):
            dx = x[i + 1, 0] - x[i, 0]
            dy = x[i + 1, 1] - x[i, 1]
            length = math.sqrt(dx * dx + dy * dy)
            f = stiffness * (length - 1.0) / length
            force[i, 0] += f * dx
            force[i, 1] += f * dy
            force[i + 1, 0] -= f * dx
            force[i + 1, 1] -= f * dy
        for i in range(n):
            if x[i, 1] < -0.5:
                force[i, 1] += 2.0 * (-0.5 - x[i, 1])
            for a in range(2):
                v[i, a] = 0.98 * (v[i, a] + 0.05 * force[i, a])
                x[i, a] += 0.05 * v[i, a]
        if step % 2 == 1:
            energy += 0.5 * np.sum(v * v)
    return energy + np.sum(x[:, 1])


@program((unit(4, 4), vec(4), 3))
def policy_gradient_simulation(logits, rewards, horizon):
    """The distribution over states under a stochastic policy, pushed forward in time."""
    n = rewards.shape[0]
    transition = np.zeros((n, n))
    for i in range(n):
        top = logits[i, 0]
        for j in range(1, n):
            if logits[i, j] > top:
                top = logits[i, j]
        total = 0.0
        for j in range(n):
            transition[i, j] = math.exp(3.0 * (logits[i, j] - top))
            total += transition[i, j]
        for j in range(n):
            transition[i, j] /= total
    state = np.zeros(n)
    state[0] = 1.0
    value = 0.0
    discount = 1.0
    for _ in range(horizon):
        following = np.zeros(n)
        for i in range(n):
            for j in range(n):
                following[j] += state[i] * transition[i, j]
        state = following
        discount *= 0.9
        entropy = 0.0
        for i in range(n):
            value += discount * state[i] * rewards[i]
            if state[i] > 1e-12:
                entropy -= state[i] * math.log(state[i])
        value += 0.01 * entropy
    return value


@program((100.0, 0.03, 0.2, 0.5, vec(4, 4)), (0, 1, 2, 3), rtol=1e-6)
def heston_barrier_option(s0, rate, vol0, kappa, normals):
    """Paths with stochastic volatility, knocked out by a barrier."""
    paths, steps = normals.shape
    dt = 1.0 / steps
    total = 0.0
    alive_paths = 0
    for p in range(paths):
        s = s0
        variance = vol0 * vol0
        alive = True
        for k in range(steps):
            z = normals[p, k]
            w = normals[(p + 1) % paths, k]
            root = math.sqrt(max(variance, 1e-8) * dt)
            s = s * math.exp((rate - 0.5 * variance) * dt + root * z)
            variance = variance + kappa * (0.04 - variance) * dt + 0.1 * root * w
            if s < 60.0:
                alive = False
                break
        if not alive:
            continue
        alive_paths += 1
        payoff = s - 95.0
        total += payoff if payoff > 0.0 else 0.01 * payoff
    return math.exp(-rate) * total / max(alive_paths, 1)


@program((vec(4, 4), pos(4, 4)))
def multigrid_two_levels(f, k):
    """Smooth, restrict, solve coarsely, prolong, smooth: with views of blocks."""
    n = f.shape[0]
    u = np.zeros((n + 2, n + 2))
    r = np.zeros((n, n))

    def smooth(times):
        for _ in range(times):
            for i in range(1, n + 1):
                for j in range(1, n + 1):
                    s = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                    u[i, j] = (s + f[i - 1, j - 1]) / (4.0 + k[i - 1, j - 1])

    smooth(2)
    for i in range(n):
        for j in range(n):
            s = u[i, j + 1] + u[i + 2, j + 1] + u[i + 1, j] + u[i + 1, j + 2]
            r[i, j] = f[i, j] + s - (4.0 + k[i, j]) * u[i + 1, j + 1]
    for bi in range(0, n, 2):
        for bj in range(0, n, 2):
            block = r[bi : bi + 2, bj : bj + 2]
            correction = np.sum(block) / 16.0
            u[bi + 1 : bi + 3, bj + 1 : bj + 3] += correction
    smooth(1)
    return np.sum(u * u)


@program((vec(3), vec(3), pos(3), 0.7))
def inverse_kinematics(angles0, target, lengths, damping):
    """Gauss-Newton with a numerically safe 2 x 2 solve, until it moves little."""
    angles = angles0 * 0.3
    reach = 0.5 * (lengths[0] + lengths[1] + lengths[2])
    tx = reach * math.cos(target[0])
    ty = reach * math.sin(target[0])
    rounds = 0
    moved = 1.0
    while moved > 1e-4 and rounds < 8:
        x = y = total = 0.0
        jac = np.zeros((2, 3))
        for j in range(3):
            total = total + angles[j]
            dx = lengths[j] * math.cos(total)
            dy = lengths[j] * math.sin(total)
            x += dx
            y += dy
            for i in range(j + 1):
                jac[0, i] -= dy
                jac[1, i] += dx
        a = damping
        b = 0.0
        d = damping
        for j in range(3):
            a += jac[0, j] ** 2
            b += jac[0, j] * jac[1, j]
            d += jac[1, j] ** 2
        det = a * d - b * b
        ex, ey = tx - x, ty - y
        px, py = (d * ex - b * ey) / det, (a * ey - b * ex) / det
        moved = 0.0
        for j in range(3):
            change = jac[0, j] * px + jac[1, j] * py
            angles[j] += change
            moved += change * change
        rounds += 1
    return np.sum(angles * angles) + (x - tx) ** 2


@program((vec(6), 0.5, 0.2))
def cox_partial_likelihood(risk, tie, ridge):
    """Risk sets by a backward sweep, with a tie handled by its own branch."""
    times = (1, 2, 2, 3, 4, 5)
    observed = (1, 1, 1, 0, 1, 1)
    n = len(risk)
    cumulative = np.zeros(n + 1)
    for i in range(n - 1, -1, -1):
        cumulative[i] = cumulative[i + 1] + math.exp(risk[i])
    loglik = 0.0
    i = 0
    while i < n:
        j = i
        group = 0.0
        events = 0
        while j < n and times[j] == times[i]:
            if observed[j]:
                loglik += risk[j]
                group += math.exp(risk[j])
                events += 1
            j += 1
        for e in range(events):
            loglik -= math.log(cumulative[i] - tie * e / events * group)
        i = j
    for v in risk:
        loglik -= 0.5 * ridge * v * v
    return loglik


@program((vec(3, 2), vec(2, 2), unit(2)))
def ctc_like_forward(emissions, skips, start):
    """A forward pass over a lattice with lists of rows, in log space."""
    steps = emissions.shape[0]
    rows = [np.log(start)]
    for t in range(steps):
        last = rows[-1]
        new = np.zeros(2)
        for s in range(2):
            a = last[s]
            b = last[1 - s] + skips[1 - s, s]
            m = a if a > b else b
            new[s] = m + math.log(math.exp(a - m) + math.exp(b - m)) + emissions[t, s]
        rows.append(new)
    total = 0.0
    for t in range(len(rows)):
        r = rows[t]
        total += (t + 1.0) * (r[0] - r[1]) ** 2
    final = rows[-1]
    return total + np.logaddexp(final[0], final[1])
