"""Complex numbers, in JAX's convention (transposes without conjugation)."""

import cmath

import numpy as np

from tests.corpus import cvec, program, vec


@program((0.3 + 0.8j,), step=False)
def modulus_squared(z):
    return abs(z) ** 2


@program((0.3 + 0.8j,), step=False)
def holomorphic_polynomial(z):
    return z * z * z - 2.0 * z + 1j


@program((0.3 + 0.8j,), step=False)
def holomorphic_exponential(z):
    return np.exp(z) * np.sin(z) / (1.0 + z * z)


@program((0.3 + 0.8j,), step=False)
def real_and_imaginary(z):
    return z.real * z.imag + z.real**3


@program((0.3 + 0.8j,), step=False)
def conjugate_product(z):
    w = z * z
    return (w * np.conj(z)).real + w.imag


@program((cvec(4),), step=False)
def power_of_array(z):
    return np.sum(np.abs(z) ** 2 * 0.5) + np.sum(np.real(z) * np.imag(z))


@program((cvec(4), cvec(4)), step=False)
def complex_dot(a, b):
    return np.vdot(a, b).real + np.sum(a * b).imag


@program((vec(4),), step=False)
def real_through_complex(x):
    z = x + 1j * x[::-1]
    w = np.exp(1j * z) * z
    return np.sum(np.abs(w) ** 2)


@program((0.4, 1.2), step=False)
def complex_from_parts(a, b):
    z = complex(a, b)
    w = z**2 + 1.0 / z
    return w.real * w.imag


@program((0.4, 1.2), step=False)
def cmath_functions(a, b):
    z = cmath.exp(complex(a, b)) + cmath.sqrt(complex(b, a))
    return abs(z) + cmath.phase(z)


@program((-0.4 + 0.3j, 5), step=False)
def mandelbrot_iteration(c, n):
    z = 0j
    for _ in range(n):
        z = z * z + c
    return abs(z)


@program((vec(8),), step=False)
def fourier_by_loops(x):
    n = len(x)
    s = 0.0
    for k in range(n):
        z = 0j
        for t in range(n):
            z += x[t] * cmath.exp(-2j * cmath.pi * k * t / n)
        s += abs(z) ** 2 * k
    return s


@program((0.7, 0.2), step=False)
def impedance(r, c):
    total = 0.0
    for k in range(1, 4):
        w = 10.0 * k
        z = r + 1.0 / (1j * w * c)
        total += abs(1.0 / z) ** 2
    return total


@program((cvec(3),), step=False)
def complex_fill(z):
    w = np.zeros(3, dtype=np.complex128)
    for i in range(3):
        w[i] = z[i] * z[2 - i] + 1j
    return np.sum(w.real**2 + w.imag)


@program((cvec(2, 2), cvec(2)), step=False)
def complex_matrix(a, x):
    y = a @ x
    return np.sum(np.abs(y) ** 2)


@program((cvec(3, dtype=np.complex64),), step=False)
def single_complex(z):
    return np.sum(np.abs(z) ** 2)
