"""gmm: the log-posterior of a Gaussian mixture with a Wishart prior; its gradient in weights, means and precisions.

    t_ik = alpha_k + sum(q_k) - 0.5 |Q_k (x_i - mu_k)|^2
    F = -n d/2 log(2 pi) + sum_i logsumexp_k t_ik - n logsumexp(alpha) + prior

`Q_k` is lower triangular with diagonal exp(q_k) and its strict lower part in l_k, column by column.
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1, 2, 3)
SIZES = {"1000x2x5": {"n": 1000, "d": 2, "k": 5}, "1000x10x25": {"n": 1000, "d": 10, "k": 25},
         "1000x32x50": {"n": 1000, "d": 32, "k": 50}}  # fmt: skip
TINY = {"n": 5, "d": 3, "k": 2}


def make(n, d, k, seed=1):
    """alpha (k), mu (k, d), q (k, d), low (k, d (d - 1) / 2), x (n, d), gamma, m."""
    rng = np.random.default_rng(seed)
    tri = d * (d - 1) // 2
    return (rng.normal(size=k), rng.uniform(size=(k, d)), rng.normal(size=(k, d)), rng.normal(size=(k, tri)),
            rng.normal(size=(n, d)), 1.0, 0)  # fmt: skip


def log_multivariate_gamma(a, p):
    """log Gamma_p(a)."""
    out = 0.25 * p * (p - 1) * math.log(math.pi)
    for j in range(1, p + 1):
        out += math.lgamma(a + 0.5 * (1 - j))
    return out


def logsumexp(v):
    """log sum exp of a vector."""
    top = v[0]
    for i in range(1, len(v)):
        if v[i] > top:
            top = v[i]
    s = 0.0
    for i in range(len(v)):
        s += math.exp(v[i] - top)
    return top + math.log(s)


def objective(alpha, mu, q, low, x, gamma, m):
    """The log-posterior."""
    n, d = x.shape
    k = len(alpha)
    tri = low.shape[1]
    diagonal = np.empty((k, d))
    sums = np.empty(k)
    for c in range(k):
        s = 0.0
        for a in range(d):
            diagonal[c, a] = math.exp(q[c, a])
            s += q[c, a]
        sums[c] = s

    terms = np.empty(k)
    centred = np.empty(d)
    scaled = np.empty(d)
    total = 0.0
    for i in range(n):
        for c in range(k):
            for a in range(d):
                centred[a] = x[i, a] - mu[c, a]
                scaled[a] = diagonal[c, a] * centred[a]
            p = 0
            for b in range(d):
                for a in range(b + 1, d):
                    scaled[a] += low[c, p] * centred[b]
                    p += 1
            square = 0.0
            for a in range(d):
                square += scaled[a] * scaled[a]
            terms[c] = alpha[c] + sums[c] - 0.5 * square
        total += logsumexp(terms)

    degrees = d + m + 1
    constant = degrees * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_multivariate_gamma(0.5 * degrees, d)
    prior = k * constant
    for c in range(k):
        square = 0.0
        for a in range(d):
            square += diagonal[c, a] * diagonal[c, a]
        for p in range(tri):
            square += low[c, p] * low[c, p]
        prior -= 0.5 * gamma * gamma * square - m * sums[c]
    return -0.5 * n * d * math.log(2.0 * math.pi) + total - n * logsumexp(alpha) + prior


def derivative(s2sad):
    """The gradient in alpha, mu, q and low."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def adjoint(alpha, mu, q, low, x, gamma, m):
    """The gradient by hand: the terms of a point are kept until its weights are known."""
    n, d = x.shape
    k = len(alpha)
    tri = low.shape[1]
    diagonal = np.empty((k, d))
    sums = np.zeros(k)
    for c in range(k):
        for a in range(d):
            diagonal[c, a] = math.exp(q[c, a])
            sums[c] += q[c, a]

    alpha_bar = np.zeros(k)
    mu_bar = np.zeros((k, d))
    diagonal_bar = np.zeros((k, d))
    low_bar = np.zeros((k, tri))
    terms = np.empty(k)
    centred = np.empty((k, d))
    scaled = np.empty((k, d))
    scaled_bar = np.empty(d)
    centred_bar = np.empty(d)
    for i in range(n):
        top = -math.inf
        for c in range(k):
            for a in range(d):
                centred[c, a] = x[i, a] - mu[c, a]
                scaled[c, a] = diagonal[c, a] * centred[c, a]
            p = 0
            for b in range(d):
                for a in range(b + 1, d):
                    scaled[c, a] += low[c, p] * centred[c, b]
                    p += 1
            square = 0.0
            for a in range(d):
                square += scaled[c, a] * scaled[c, a]
            terms[c] = alpha[c] + sums[c] - 0.5 * square
            top = max(top, terms[c])
        s = 0.0
        for c in range(k):
            terms[c] = math.exp(terms[c] - top)
            s += terms[c]
        for c in range(k):
            weight = terms[c] / s
            alpha_bar[c] += weight
            for a in range(d):
                scaled_bar[a] = -weight * scaled[c, a]
                centred_bar[a] = diagonal[c, a] * scaled_bar[a]
                diagonal_bar[c, a] += centred[c, a] * scaled_bar[a]
            p = 0
            for b in range(d):
                for a in range(b + 1, d):
                    low_bar[c, p] += scaled_bar[a] * centred[c, b]
                    centred_bar[b] += low[c, p] * scaled_bar[a]
                    p += 1
            for a in range(d):
                mu_bar[c, a] -= centred_bar[a]

    top = -math.inf
    for c in range(k):
        top = max(top, alpha[c])
    s = 0.0
    for c in range(k):
        s += math.exp(alpha[c] - top)
    q_bar = np.empty((k, d))
    for c in range(k):
        for a in range(d):
            inner = diagonal_bar[c, a] - gamma * gamma * diagonal[c, a]
            q_bar[c, a] = inner * diagonal[c, a] + alpha_bar[c] + m
        for p in range(tri):
            low_bar[c, p] -= gamma * gamma * low[c, p]
        alpha_bar[c] -= n * math.exp(alpha[c] - top) / s
    return alpha_bar, mu_bar, q_bar, low_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def constants(d, k, n, gamma, m):
    """The part of the objective that does not depend on what is differentiated."""
    degrees = d + m + 1
    constant = degrees * d * (math.log(gamma) - 0.5 * math.log(2.0)) - log_multivariate_gamma(0.5 * degrees, d)
    return k * constant - 0.5 * n * d * math.log(2.0 * math.pi)


def jax_objective():
    """The vectorised JAX program."""
    import jax.numpy as jnp
    from jax.scipy.special import logsumexp as lse

    def f(alpha, mu, q, low, x, gamma, m):
        n, d = x.shape
        k = alpha.shape[0]
        columns, rows = np.triu_indices(d, 1)
        lower = jnp.zeros((k, d, d)).at[:, rows, columns].set(low)
        lower = lower.at[:, np.arange(d), np.arange(d)].set(jnp.exp(q))
        scaled = jnp.einsum("kab,nkb->nka", lower, x[:, None, :] - mu)
        sums = jnp.sum(q, axis=1)
        terms = alpha + sums - 0.5 * jnp.sum(scaled * scaled, axis=2)
        square = jnp.sum(jnp.exp(q) ** 2) + jnp.sum(low * low)
        prior = -0.5 * gamma * gamma * square + m * jnp.sum(sums)
        return constants(d, k, n, gamma, m) + jnp.sum(lse(terms, axis=1)) - n * lse(alpha) + prior

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS), static_argnums=(5, 6))


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(alpha, mu, q, low, x, gamma, m):
        leaves = [torch.tensor(v, requires_grad=True) for v in (alpha, mu, q, low)]
        a, u, p, w = leaves
        data = torch.as_tensor(x)
        n, d = data.shape
        columns, rows = np.triu_indices(d, 1)
        lower = torch.diag_embed(torch.exp(p))
        lower = lower.index_put((torch.arange(len(a))[:, None], torch.as_tensor(rows), torch.as_tensor(columns)), w)
        scaled = torch.einsum("kab,nkb->nka", lower, data[:, None, :] - u)
        sums = p.sum(1)
        terms = a + sums - 0.5 * (scaled * scaled).sum(2)
        prior = -0.5 * gamma * gamma * ((torch.exp(p) ** 2).sum() + (w * w).sum()) + m * sums.sum()
        value = torch.logsumexp(terms, 1).sum() - n * torch.logsumexp(a, 0) + prior
        return tuple(g.numpy() for g in torch.autograd.grad(value, leaves))

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp
    from autograd.scipy.special import logsumexp as lse

    def f(alpha, mu, q, low, x, gamma, m):
        n, d = x.shape
        columns, rows = np.triu_indices(d, 1)
        place = np.zeros((low.shape[1], d, d))
        place[np.arange(low.shape[1]), rows, columns] = 1.0
        lower = anp.einsum("kp,pab->kab", low, place) + anp.exp(q)[:, :, None] * np.eye(d)
        scaled = anp.einsum("kab,nkb->nka", lower, x[:, None, :] - mu)
        sums = anp.sum(q, axis=1)
        terms = alpha + sums - 0.5 * anp.sum(scaled * scaled, axis=2)
        prior = -0.5 * gamma * gamma * (anp.sum(anp.exp(q) ** 2) + anp.sum(low * low)) + m * anp.sum(sums)
        return anp.sum(lse(terms, axis=1)) - n * lse(alpha) + prior

    return autograd.grad(f, ARGNUMS)
