"""kalman: the negative log-likelihood of a Kalman filter, matrices multiplied by loops; the gradient in all of them.

The state has n numbers, of which the first two are observed. With the gain k and the innovation e of covariance s,

    x = a x,  p = a p a' + q,  e = y - x[:2],  s = p[:2, :2] + r,  k = p[:, :2] / s,  x += k e,  p -= k p[:2]

and the result is 0.5 sum_t log det s + e' e / s.
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1, 2)
SIZES = {"n4, 200 steps": {"n": 4, "steps": 200}}
TINY = {"n": 3, "steps": 3}


def make(n, steps, seed=14):
    """a (n, n), q (n, n), r (2, 2), observations (steps, 2)."""
    rng = np.random.default_rng(seed)
    a = 0.9 * np.eye(n) + 0.1 * np.eye(n, k=n // 2) + 0.01 * rng.normal(size=(n, n))
    root = rng.normal(size=(n, n)) * 0.2
    return a, root @ root.T + 0.1 * np.eye(n), np.array([[0.5, 0.1], [0.1, 0.4]]), rng.normal(size=(steps, 2))


def multiply(a, b, out):
    """out = a b, by loops."""
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[k, j]
            out[i, j] = s


def multiply_transposed(a, b, out):
    """out = a b', by loops."""
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            s = 0.0
            for k in range(a.shape[1]):
                s += a[i, k] * b[j, k]
            out[i, j] = s


def objective(a, q, r, observed):
    """The negative log-likelihood."""
    n = len(a)
    x = np.zeros(n)
    p = np.eye(n)
    ahead = np.empty(n)
    product = np.empty((n, n))
    predicted = np.empty((n, n))
    gain = np.empty((n, 2))
    total = 0.0
    for t in range(len(observed)):
        for i in range(n):
            s = 0.0
            for k in range(n):
                s += a[i, k] * x[k]
            ahead[i] = s
        multiply(a, p, product)
        multiply_transposed(product, a, predicted)
        for i in range(n):
            for j in range(n):
                predicted[i, j] += q[i, j]

        e0 = observed[t, 0] - ahead[0]
        e1 = observed[t, 1] - ahead[1]
        s00 = predicted[0, 0] + r[0, 0]
        s01 = predicted[0, 1] + r[0, 1]
        s10 = predicted[1, 0] + r[1, 0]
        s11 = predicted[1, 1] + r[1, 1]
        det = s00 * s11 - s01 * s10
        i00, i01, i10, i11 = s11 / det, -s01 / det, -s10 / det, s00 / det
        total += 0.5 * (math.log(det) + e0 * (i00 * e0 + i01 * e1) + e1 * (i10 * e0 + i11 * e1))

        for i in range(n):
            gain[i, 0] = predicted[i, 0] * i00 + predicted[i, 1] * i10
            gain[i, 1] = predicted[i, 0] * i01 + predicted[i, 1] * i11
            x[i] = ahead[i] + gain[i, 0] * e0 + gain[i, 1] * e1
        for i in range(n):
            for j in range(n):
                p[i, j] = predicted[i, j] - gain[i, 0] * predicted[0, j] - gain[i, 1] * predicted[1, j]
    return total


def derivative(s2sad):
    """The gradient in a, q and r."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def adjoint(a, q, r, observed):
    """The gradient by hand: x, p and the predicted covariance of every step are kept."""
    n = len(a)
    steps = len(observed)
    x = np.zeros((steps + 1, n))
    p = np.zeros((steps + 1, n, n))
    predicted = np.empty((steps, n, n))
    products = np.empty((steps, n, n))
    gains = np.empty((steps, n, 2))
    inverses = np.empty((steps, 4))
    errors = np.empty((steps, 2))
    ahead = np.empty(n)
    for i in range(n):
        p[0, i, i] = 1.0
    for t in range(steps):
        cov = predicted[t]
        gain = gains[t]
        for i in range(n):
            s = 0.0
            for k in range(n):
                s += a[i, k] * x[t, k]
            ahead[i] = s
        multiply(a, p[t], products[t])
        multiply_transposed(products[t], a, cov)
        for i in range(n):
            for j in range(n):
                cov[i, j] += q[i, j]
        e0 = observed[t, 0] - ahead[0]
        e1 = observed[t, 1] - ahead[1]
        s00, s01 = cov[0, 0] + r[0, 0], cov[0, 1] + r[0, 1]
        s10, s11 = cov[1, 0] + r[1, 0], cov[1, 1] + r[1, 1]
        det = s00 * s11 - s01 * s10
        i00, i01, i10, i11 = s11 / det, -s01 / det, -s10 / det, s00 / det
        errors[t, 0] = e0
        errors[t, 1] = e1
        inverses[t, 0] = i00
        inverses[t, 1] = i01
        inverses[t, 2] = i10
        inverses[t, 3] = i11
        for i in range(n):
            gain[i, 0] = cov[i, 0] * i00 + cov[i, 1] * i10
            gain[i, 1] = cov[i, 0] * i01 + cov[i, 1] * i11
            x[t + 1, i] = ahead[i] + gain[i, 0] * e0 + gain[i, 1] * e1
        for i in range(n):
            for j in range(n):
                p[t + 1, i, j] = cov[i, j] - gain[i, 0] * cov[0, j] - gain[i, 1] * cov[1, j]

    a_bar = np.zeros((n, n))
    q_bar = np.zeros((n, n))
    r_bar = np.zeros((2, 2))
    x_bar = np.zeros(n)
    p_bar = np.zeros((n, n))
    cov_bar = np.empty((n, n))
    ahead_bar = np.empty(n)
    left = np.empty((n, n))
    right = np.empty((n, n))
    for t in range(steps - 1, -1, -1):
        cov = predicted[t]
        gain = gains[t]
        i00, i01, i10, i11 = inverses[t, 0], inverses[t, 1], inverses[t, 2], inverses[t, 3]
        e0, e1 = errors[t, 0], errors[t, 1]
        # p = cov - gain cov[:2] and x = ahead + gain e
        e0_bar = 0.5 * (2.0 * i00 * e0 + (i01 + i10) * e1)
        e1_bar = 0.5 * (2.0 * i11 * e1 + (i01 + i10) * e0)
        j00, j01, j10, j11 = 0.5 * e0 * e0, 0.5 * e0 * e1, 0.5 * e1 * e0, 0.5 * e1 * e1
        for i in range(n):
            for j in range(n):
                cov_bar[i, j] = p_bar[i, j]
        for i in range(n):
            e0_bar += x_bar[i] * gain[i, 0]
            e1_bar += x_bar[i] * gain[i, 1]
            g0 = x_bar[i] * e0
            g1 = x_bar[i] * e1
            for j in range(n):
                g0 -= p_bar[i, j] * cov[0, j]
                g1 -= p_bar[i, j] * cov[1, j]
                cov_bar[0, j] -= gain[i, 0] * p_bar[i, j]
                cov_bar[1, j] -= gain[i, 1] * p_bar[i, j]
            # gain = cov[:, :2] inverse
            cov_bar[i, 0] += g0 * i00 + g1 * i01
            cov_bar[i, 1] += g0 * i10 + g1 * i11
            j00 += cov[i, 0] * g0
            j01 += cov[i, 0] * g1
            j10 += cov[i, 1] * g0
            j11 += cov[i, 1] * g1
        # inverse of s, and log det s: s_bar = inverse' (0.5 - inverse_bar inverse')
        m00, m01 = 0.5 - (j00 * i00 + j01 * i01), -(j00 * i10 + j01 * i11)
        m10, m11 = -(j10 * i00 + j11 * i01), 0.5 - (j10 * i10 + j11 * i11)
        s00, s01 = i00 * m00 + i10 * m10, i00 * m01 + i10 * m11
        s10, s11 = i01 * m00 + i11 * m10, i01 * m01 + i11 * m11
        cov_bar[0, 0] += s00
        cov_bar[0, 1] += s01
        cov_bar[1, 0] += s10
        cov_bar[1, 1] += s11
        r_bar[0, 0] += s00
        r_bar[0, 1] += s01
        r_bar[1, 0] += s10
        r_bar[1, 1] += s11
        for i in range(n):
            ahead_bar[i] = x_bar[i]
        ahead_bar[0] -= e0_bar
        ahead_bar[1] -= e1_bar
        # cov = a p a' + q: a_bar += cov_bar a p' + cov_bar' a p, p_bar = a' cov_bar a
        for i in range(n):
            for j in range(n):
                q_bar[i, j] += cov_bar[i, j]
                s = 0.0
                for k in range(n):
                    s += cov_bar[i, k] * a[k, j]
                left[i, j] = s
        for i in range(n):
            for j in range(n):
                s = ahead_bar[i] * x[t, j]
                u = 0.0
                for k in range(n):
                    s += left[i, k] * p[t, j, k] + cov_bar[k, i] * products[t, k, j]
                    u += a[k, i] * left[k, j]
                a_bar[i, j] += s
                right[i, j] = u
        for i in range(n):
            s = 0.0
            for k in range(n):
                s += a[k, i] * ahead_bar[k]
                p_bar[i, k] = right[i, k]
            x_bar[i] = s
    return a_bar, q_bar, r_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan`, matrix products and `solve`."""
    import jax
    import jax.numpy as jnp

    def f(a, q, r, observed):
        n = a.shape[0]

        def step(carry, y):
            x, p = carry
            x = a @ x
            p = a @ p @ a.T + q
            e = y - x[:2]
            s = p[:2, :2] + r
            inverse = jnp.linalg.inv(s)
            gain = p[:, :2] @ inverse
            return (x + gain @ e, p - gain @ p[:2]), jnp.log(jnp.linalg.det(s)) + e @ inverse @ e

        _, terms = jax.lax.scan(step, (jnp.zeros(n), jnp.eye(n)), observed)
        return 0.5 * jnp.sum(terms)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))
