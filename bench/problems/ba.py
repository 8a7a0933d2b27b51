"""ba: bundle adjustment; reprojection residuals and the block of the sparse Jacobian of each observation.

A camera is 11 numbers [r(3), C(3), f, u0, v0, k1, k2], a point 3; an observation has a weight and a 2-D feature.
The block of an observation is 2 x 15: its camera, its point, its weight. The weight residual 1 - w^2 has one entry.
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1, 2)
GRADIENT = False
SIZES = {"5 cameras, 100 obs": {"cameras": 5, "points": 20, "observations": 100},
         "49 cameras, 31843 obs": {"cameras": 49, "points": 7776, "observations": 31843}}  # fmt: skip
TINY = {"cameras": 2, "points": 3, "observations": 4}


def make(cameras, points, observations, seed=2):
    """Cameras (n, 11), points (m, 3), weights (p), camera and point of each observation (p, 2), features (p, 2)."""
    rng = np.random.default_rng(seed)
    cams = rng.normal(size=(cameras, 11)) * 0.3
    cams[:, 5] -= 4.0
    cams[:, 6] += 1.0
    x = rng.normal(size=(points, 3))
    w = rng.uniform(0.5, 1.5, observations)
    where = np.stack((np.arange(observations) % cameras, rng.integers(0, points, observations)), axis=1)
    return cams, x, w, where.astype(np.int64), rng.normal(size=(observations, 2))


def project(cam, x):
    """The image of a point: Rodrigues rotation of x - C by r, perspective division, radial distortion."""
    r0, r1, r2 = cam[0], cam[1], cam[2]
    x0, x1, x2 = x[0] - cam[3], x[1] - cam[4], x[2] - cam[5]
    square = r0 * r0 + r1 * r1 + r2 * r2
    if square != 0.0:
        theta = math.sqrt(square)
        c = math.cos(theta)
        s = math.sin(theta)
        w0, w1, w2 = r0 / theta, r1 / theta, r2 / theta
        t = (w0 * x0 + w1 * x1 + w2 * x2) * (1.0 - c)
        y0 = x0 * c + (w1 * x2 - w2 * x1) * s + w0 * t
        y1 = x1 * c + (w2 * x0 - w0 * x2) * s + w1 * t
        y2 = x2 * c + (w0 * x1 - w1 * x0) * s + w2 * t
    else:
        y0 = x0 + r1 * x2 - r2 * x1
        y1 = x1 + r2 * x0 - r0 * x2
        y2 = x2 + r0 * x1 - r1 * x0
    u = y0 / y2
    v = y1 / y2
    rho = u * u + v * v
    scale = 1.0 + cam[9] * rho + cam[10] * rho * rho
    return u * scale * cam[6] + cam[7], v * scale * cam[6] + cam[8]


def error(cam, x, w, feature):
    """The weighted reprojection error, two numbers."""
    u, v = project(cam, x)
    return w * (u - feature[0]), w * (v - feature[1])


def residuals(cams, x, w, where, features):
    """All residuals: reprojection (p, 2) and weights (p)."""
    p = len(w)
    reprojection = np.empty((p, 2))
    weight = np.empty(p)
    for i in range(p):
        a, b = error(cams[where[i, 0]], x[where[i, 1]], w[i], features[i])
        reprojection[i, 0] = a
        reprojection[i, 1] = b
        weight[i] = 1.0 - w[i] * w[i]
    return reprojection, weight


def objective(cams, x, w, where, features):
    """Half the sum of the squared residuals: what the gradient tests use."""
    s = 0.0
    for i in range(len(w)):
        a, b = error(cams[where[i, 0]], x[where[i, 1]], w[i], features[i])
        c = 1.0 - w[i] * w[i]
        s += 0.5 * (a * a + b * b + c * c)
    return s


def blocks_of(s2sad):
    """The function that fills the Jacobian blocks, written by a user with `vjp` inside a loop."""
    vjp = s2sad.vjp

    def blocks(cams, x, w, where, features):
        p = len(w)
        jacobian = np.empty((p, 2, 15))
        weight = np.empty(p)
        for i in range(p):
            feature = features[i]
            cam, point = cams[where[i, 0]], x[where[i, 1]]
            _, pull = vjp(lambda c, y, v, feature=feature: error(c, y, v, feature), cam, point, w[i])
            for row in range(2):
                cam_bar, point_bar, w_bar = pull((1.0 - row, 0.0 + row))
                for a in range(11):
                    jacobian[i, row, a] = cam_bar[a]
                for a in range(3):
                    jacobian[i, row, 11 + a] = point_bar[a]
                jacobian[i, row, 14] = w_bar
            weight[i] = -2.0 * w[i]
        return jacobian, weight

    return blocks


def derivative(s2sad):
    """The Jacobian blocks (p, 2, 15) and the derivatives of the weight residuals (p)."""
    return s2sad.jit(blocks_of(s2sad))


def pull_project(cam, x, u_bar, v_bar, out):
    """The adjoint of `project` at a camera that rotates: writes the 11 cotangents of the camera and 3 of the point."""
    r0, r1, r2 = cam[0], cam[1], cam[2]
    x0, x1, x2 = x[0] - cam[3], x[1] - cam[4], x[2] - cam[5]
    theta = math.sqrt(r0 * r0 + r1 * r1 + r2 * r2)
    c = math.cos(theta)
    s = math.sin(theta)
    w0, w1, w2 = r0 / theta, r1 / theta, r2 / theta
    dot = w0 * x0 + w1 * x1 + w2 * x2
    t = dot * (1.0 - c)
    c0, c1, c2 = w1 * x2 - w2 * x1, w2 * x0 - w0 * x2, w0 * x1 - w1 * x0
    y0 = x0 * c + c0 * s + w0 * t
    y1 = x1 * c + c1 * s + w1 * t
    y2 = x2 * c + c2 * s + w2 * t
    u = y0 / y2
    v = y1 / y2
    rho = u * u + v * v
    scale = 1.0 + cam[9] * rho + cam[10] * rho * rho

    both = u_bar * u + v_bar * v
    out[6] = both * scale
    out[7] = u_bar
    out[8] = v_bar
    scale_bar = both * cam[6]
    out[9] = scale_bar * rho
    out[10] = scale_bar * rho * rho
    rho_bar = scale_bar * (cam[9] + 2.0 * cam[10] * rho)
    a_bar = u_bar * scale * cam[6] + 2.0 * u * rho_bar
    b_bar = v_bar * scale * cam[6] + 2.0 * v * rho_bar
    p0, p1 = a_bar / y2, b_bar / y2
    p2 = -(u * a_bar + v * b_bar) / y2

    t_bar = p0 * w0 + p1 * w1 + p2 * w2
    dot_bar = t_bar * (1.0 - c)
    c_bar = p0 * x0 + p1 * x1 + p2 * x2 - t_bar * dot
    s_bar = p0 * c0 + p1 * c1 + p2 * c2
    q0, q1, q2 = p0 * s, p1 * s, p2 * s
    z0 = p0 * c + dot_bar * w0 + q1 * w2 - q2 * w1
    z1 = p1 * c + dot_bar * w1 + q2 * w0 - q0 * w2
    z2 = p2 * c + dot_bar * w2 + q0 * w1 - q1 * w0
    g0 = p0 * t + dot_bar * x0 + q2 * x1 - q1 * x2
    g1 = p1 * t + dot_bar * x1 + q0 * x2 - q2 * x0
    g2 = p2 * t + dot_bar * x2 + q1 * x0 - q0 * x1
    theta_bar = c * s_bar - s * c_bar - (g0 * w0 + g1 * w1 + g2 * w2) / theta
    out[0] = g0 / theta + theta_bar * w0
    out[1] = g1 / theta + theta_bar * w1
    out[2] = g2 / theta + theta_bar * w2
    out[3], out[4], out[5] = -z0, -z1, -z2
    out[11], out[12], out[13] = z0, z1, z2


def adjoint(cams, x, w, where, features):
    """The blocks by hand: one reverse sweep for each of the two coordinates."""
    n = len(w)
    jacobian = np.empty((n, 2, 15))
    weight = np.empty(n)
    for i in range(n):
        cam, point = cams[where[i, 0]], x[where[i, 1]]
        u, v = project(cam, point)
        pull_project(cam, point, w[i], 0.0, jacobian[i, 0])
        pull_project(cam, point, 0.0, w[i], jacobian[i, 1])
        jacobian[i, 0, 14] = u - features[i, 0]
        jacobian[i, 1, 14] = v - features[i, 1]
        weight[i] = -2.0 * w[i]
    return jacobian, weight


def hand():
    """The blocks by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_error():
    """The reprojection error of one observation in JAX."""
    import jax.numpy as jnp

    def f(cam, point, w, feature):
        r = cam[:3]
        x = point - cam[3:6]
        theta = jnp.sqrt(jnp.sum(r * r))
        axis = r / theta
        c, s = jnp.cos(theta), jnp.sin(theta)
        y = x * c + jnp.cross(axis, x) * s + axis * (jnp.dot(axis, x) * (1.0 - c))
        image = y[:2] / y[2]
        rho = jnp.sum(image * image)
        image = image * (1.0 + cam[9] * rho + cam[10] * rho * rho) * cam[6] + cam[7:9]
        return w * (image - feature)

    return f


def jax_objective():
    """Half the sum of squares in JAX."""
    import jax
    import jax.numpy as jnp

    f = jax_error()

    def g(cams, x, w, where, features):
        e = jax.vmap(f)(cams[where[:, 0]], x[where[:, 1]], w, features)
        return 0.5 * jnp.sum(e * e) + 0.5 * jnp.sum((1.0 - w * w) ** 2)

    return g


def jax_twin():
    """The same Jacobian blocks by JAX."""
    import jax
    import jax.numpy as jnp

    blocks = jax.vmap(jax.jacrev(jax_error(), argnums=(0, 1, 2)))

    @jax.jit
    def jacobian(cams, x, w, where, features):
        a, b, c = blocks(cams[where[:, 0]], x[where[:, 1]], w, features)
        return jnp.concatenate((a, b, c[:, :, None]), axis=2), -2.0 * w

    return jacobian
