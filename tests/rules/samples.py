"""A sample of arguments for every primitive with a rule: ``SAMPLES[name]`` is a list of `Sample`."""

from __future__ import annotations

from typing import Any

import numpy as np

rng = np.random.default_rng(7)


class Sample:
    """Arguments and params of one call. `compiled` is False for what is not tried under Numba."""

    def __init__(self, *args: Any, compiled: bool = True, **params: Any) -> None:
        self.args, self.params, self.compiled = args, params, compiled

    def __repr__(self) -> str:
        shapes = ", ".join(
            f"{np.asarray(a).dtype.char}{list(np.shape(a))}" for a in self.args if not isinstance(a, list)
        )
        return f"({shapes}{', ' if self.params else ''}{', '.join(f'{k}={v}' for k, v in self.params.items())})"


def real(*shape: int, low: float = -2.0, high: float = 2.0) -> Any:
    """Distinct numbers, away from integers and from each other."""
    count = int(np.prod(shape)) if shape else 1
    numbers = np.linspace(low, high, count + 2)[1:-1] + 0.2 * (high - low) / (count + 2) * rng.uniform(-1, 1, count)
    return rng.permutation(numbers).reshape(shape)[()]


def positive(*shape: int) -> Any:
    return real(*shape, low=0.2, high=3.0)


def small(*shape: int) -> Any:
    return real(*shape, low=-0.9, high=0.9)


def complex_(*shape: int) -> Any:
    return (real(*shape) + 1j * real(*shape) + (0.3 + 0.2j))[()]


def matrix(n: int, *stack: int) -> Any:
    """Well-conditioned matrices."""
    return rng.standard_normal((*stack, n, n)) * 0.4 + np.eye(n) * 2


def complex_matrix(n: int, *stack: int) -> Any:
    return matrix(n, *stack) + 0.4j * rng.standard_normal((*stack, n, n))


def definite(n: int, *stack: int) -> Any:
    a = rng.standard_normal((*stack, n, n))
    return a @ np.swapaxes(a, -1, -2) + n * np.eye(n)


def hermitian(n: int) -> Any:
    a = rng.standard_normal((n, n)) + 1j * rng.standard_normal((n, n))
    return a @ a.conj().T + n * np.eye(n)


def unary(make: Any, *extra: Sample) -> list[Sample]:
    return [Sample(make()), Sample(make(3)), Sample(make(2, 3)), *extra]


def binary(left: Any, right: Any | None = None) -> list[Sample]:
    right = right or left
    return [
        Sample(left(), right()),
        Sample(left(3), right()),
        Sample(left(2, 3), right(2, 3)),
        Sample(left(2, 3), right(3)),
        Sample(left(2, 1), right(1, 3)),
    ]


Z = Sample(complex_(3))
Z0 = Sample(complex_())
ZZ = Sample(complex_(2, 3), complex_(3))
ZR = Sample(complex_(3), real(3))
I3, J3 = np.array([1, -2, 3]), np.array([2, 3, -4])
B3, C3 = np.array([True, False, True]), np.array([True, True, False])
integers = [Sample(I3, J3), Sample(5, 3)]
booleans = [Sample(B3, C3), Sample(True, False)]

SAMPLES: dict[str, list[Sample]] = {
    # arithmetic
    "add": [*binary(real), ZZ, ZR],
    "sub": [*binary(real), ZZ, ZR],
    "mul": [*binary(real), ZZ, ZR],
    "truediv": [*binary(real, positive), ZZ, ZR],
    "neg": unary(real, Z),
    "pos": unary(real, Z),
    "mod": binary(real, positive),
    "floordiv": binary(real, positive),
    "fmod": binary(real, positive),
    "pow": [
        *binary(positive),
        Sample(positive(3), 2.5),
        Sample(real(3), J3.astype(float)),
        Sample(complex_(3), 1.5 + 0.5j),
    ],
    "integer_pow": [Sample(real(3), n=n) for n in (0, 1, 2, 3, 5, -1, -2)]
    + [Sample(complex_(3), n=3), Sample(real(), n=4)],
    "square": unary(real, Z),
    "sqrt": unary(positive, Z),
    "cbrt": unary(positive),
    "reciprocal": unary(positive, Z),
    "hypot": binary(positive),
    # exponentials and logarithms
    **{
        name: unary(real, Z, Z0)
        for name in ("exp", "expm1", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsinh", "arctan")
    },
    **{name: unary(positive, Z, Z0) for name in ("log", "log2", "log10", "log1p")},
    "exp2": unary(real),
    "logaddexp": binary(real),
    "logaddexp2": binary(real),
    "arcsin": unary(small, Z),
    "arccos": unary(small, Z),
    "arctanh": unary(small, Z),
    "arccosh": [Sample(1 + positive(3)), Sample(1 + positive()), Z],
    "arctan2": binary(real, positive),
    "deg2rad": unary(real),
    "rad2deg": unary(real),
    "sinc": unary(real, Sample(np.array([1e-3, 0.5]))),
    "dsinc": [Sample(real(3), n=1), Sample(np.array([1e-4, 0.3, 4.2]), n=2), Sample(0.7, n=3)],
    # signs and choices
    "sign": unary(real),
    "abs_": unary(real, Z, Z0),
    "copysign": binary(real),
    "where": [
        Sample(B3, real(3), real(3)),
        Sample(True, real(), real()),
        Sample(B3, real(2, 3), real()),
        Sample(B3, 1.5, real(3)),
        Sample(B3, complex_(3), real(3)),
        Sample(False, real(3), real(3)),
    ],
    **{name: [*binary(real), Sample(real(3), 0.01)] for name in ("maximum", "minimum", "fmax", "fmin")},
    "heaviside": binary(real),
    "nan_to_num": [
        Sample(real(3), nan=0.0, posinf=None, neginf=None),
        Sample(real(), nan=1.0, posinf=2.0, neginf=None),
    ],
    "floor": unary(real),
    "ceil": unary(real),
    "trunc": unary(real),
    "rint": unary(real),
    "round_": [Sample(real(3), decimals=0), Sample(real(3), decimals=1), Sample(real(), decimals=1)],
    **{f"{name}_to_int": [Sample(float(real()) + 1.3)] for name in ("floor", "ceil", "trunc", "round")},
    "ldexp": [Sample(real(3), 2), Sample(real(3), I3), Sample(real(), 3)],
    # complex numbers
    "complex_": binary(real),
    "real": unary(real, Z, Z0),
    "imag": [Z, Z0, Sample(real(3)), Sample(real(3, 2)[:, 0])],
    "angle": [Z, Z0],
    "conj": [Z, Z0, Sample(real(3))],
    # comparisons and logic
    **{name: [*binary(real), *integers] for name in ("lt", "le", "gt", "ge", "eq", "ne")},
    **{f"logical_{name}": booleans for name in ("and", "or", "xor")},
    "logical_not": [Sample(B3), Sample(True)],
    "not_": [Sample(True)],
    **{f"bitwise_{name}": [*integers, Sample(B3, C3)] for name in ("and", "or", "xor")},
    "invert": [Sample(I3), Sample(B3)],
    "left_shift": [Sample(np.abs(I3), np.abs(J3)), Sample(5, 2)],
    "right_shift": [Sample(np.abs(I3), np.abs(J3)), Sample(5, 2)],
    **{name: unary(real) for name in ("isnan", "isinf", "isfinite", "signbit")},
    # special functions
    "erf": unary(real, Z, Z0, Sample(3 * complex_(2, 3))),
    "erfc": unary(real, Z, Z0, Sample(3 * complex_(2, 3))),
    "gamma": unary(positive),
    "lgamma": unary(positive),
    "digamma": unary(positive),
    "polygamma": [Sample(1, positive(3)), Sample(2, positive()), Sample(0, positive(3)), Sample(1, -positive(3)),
        Sample(np.array([0, 1, 2]), positive(2, 3)), Sample(np.array([0, 1, 2]), positive())],
    "erfinv": [*unary(small), Sample(np.array([0.999, -0.3]))],
    "expit": unary(real),
    "xlogy": binary(positive),
    "xlog1py": binary(positive),
    "jv": [Sample(0, real(3)), Sample(1, real()), Sample(2, 5 * positive(3)), Sample(1.3, positive(3))],
    "yv": [Sample(0, positive(3)), Sample(1, positive()), Sample(1.3, positive(3))],
    "iv": [Sample(0, real(3)), Sample(1, real()), Sample(1.3, positive(3))],
    "ive": [Sample(0, real(3)), Sample(1, real()), Sample(1.3, positive(3))],
    "kv": [Sample(0, positive(3)), Sample(1, positive()), Sample(1.3, positive(3))],
    "kve": [Sample(0, positive(3)), Sample(1, positive()), Sample(1.3, positive(3))],
    **{name: [Sample(2, positive(3)), Sample(1, positive()), Sample(2.3, positive(3)),
        Sample(positive(2, 1), positive(3))]
        for name in ("gammainc", "gammaincc")},
    "dgammainc": [Sample(2.3, positive(3), n=1), Sample(positive(2, 1), positive(3), n=1), Sample(2.3, 1.7, n=2)],
    "gamma_density": [*binary(positive), Sample(2.3, positive(3), n=1), Sample(-0.6, positive(3), n=2),
        Sample(1.0, 0.7, n=3)],
    **{name: [Sample(2, np.abs(small(3))), Sample(1, 0.3), Sample(positive(3), np.abs(small(3)))]
        for name in ("gammaincinv", "gammainccinv", "stdtrit")},
    **{name: [Sample(2, 3, np.abs(small(3))), Sample(1, 2, 0.4), Sample(1.3, positive(2, 1), np.abs(small(3)))]
        for name in ("betainc", "betaincc", "betaincinv", "betainccinv")},
    "dbetainc": [Sample(1.3, 2.4, np.abs(small(3)), i=1), Sample(1.7, 2.4, 0.3, j=1), Sample(1.3, 2.4, 0.6, i=2),
        Sample(1.3, 2.4, 0.6, i=1, j=1), Sample(0.4, 0.7, np.abs(small(3)), j=2)],
    "beta_density": [Sample(1.3, positive(2, 1), np.abs(small(3))), Sample(2, 3, 0.4), Sample(1.3, 0.4, 0.6, i=1, j=2),
        Sample(0.7, 2.4, np.abs(small(3)), j=1, k=1), Sample(3.7, 0.4, 0.2, i=1, k=2, m=1)],
    "stdtr": [Sample(2, real(3)), Sample(1, 0.4), Sample(positive(3), real(3))],
    "dstdtr": [Sample(2, real(3), n=1), Sample(positive(3), real(3), n=1), Sample(2.3, 1.8, n=2)],
    "student_density": [Sample(2, real(3)), Sample(positive(3), real(3), n=1), Sample(2.3, 1.8, n=2),
        Sample(2.3, 0.4, n=3)],
    "rgamma": unary(positive, Sample(np.array([0.0, -1.0, -2.5]))),
    "gammasgn": unary(real),
    "zeta": [Sample(2, positive(3)), Sample(4, positive()), Sample(2.5, positive(3))],
    "erfcinv": unary(lambda *n: 1 - small(*n)),
    "ndtri": unary(lambda *n: 0.5 + 0.5 * small(*n)),
    "log_ndtr": unary(real),
    "erfcx": unary(real),
    "erfi": unary(small),
    "dawsn": unary(real),
    "exprel": unary(real, Sample(np.array([0.0, 1e-3, -1e-3, 0.2]))),
    "expi": unary(positive),
    "exp1": unary(positive),
    "ellipk": unary(lambda *n: np.abs(small(*n))),
    "ellipe": unary(lambda *n: np.abs(small(*n))),
    "spence": unary(lambda *n: 1.2 + np.abs(small(*n))),
    "fft": [Sample(real(4), axis=0), Sample(complex_(3, 4), axis=1), Sample(complex_(3, 4), axis=0)],
    "ifft": [Sample(real(4), axis=0), Sample(complex_(3, 4), axis=1), Sample(complex_(3, 4), axis=0)],
    "rfft": [Sample(real(4), axis=0), Sample(real(3, 5), axis=1), Sample(real(3, 5), axis=0)],
    "irfft": [Sample(complex_(3), 4, axis=0), Sample(complex_(3, 3), 5, axis=1), Sample(complex_(3, 4), 5, axis=0)],
    "resized": [Sample(real(4), 6, axis=0), Sample(real(3, 5), 3, axis=1), Sample(complex_(3, 5), 4, axis=0)],
    "gcd": [Sample(12, 18)],
    "lcm": [Sample(4, 6, compiled=False)],
    "isqrt": [Sample(17, compiled=False)],
    "factorial": [Sample(5, compiled=False)],
    "comb": [Sample(5, 2, compiled=False)],
    "perm": [Sample(5, 2, compiled=False)],
    "trip_count": [Sample(0, 7, 2)],
    "revolve_advance": [Sample(10, 3)],
    "stop_gradient": [Sample(real(3))],
    # shapes
    "unbroadcast": [
        Sample(real(3, 4)),
        Sample(real(3, 4), 4),
        Sample(real(3, 4), 1, 4),
        Sample(real(2, 3, 4), 3, 1),
        Sample(real(3, 4), 3, 4),
    ],
    "broadcast_to": [Sample(real(), 3), Sample(real(4), 3, 4), Sample(real(3, 1), 2, 3, 4), Sample(complex_(4), 3, 4)],
    "reshape": [
        Sample(real(3, 4), 12),
        Sample(real(3, 4), 2, -1),
        Sample(real(), 1, 1),
        Sample(real(3, 4).T, 2, 6),
        Sample(real(1)),
    ],
    "transpose": [Sample(real(3, 4)), Sample(real(2, 3, 4), axes=(2, 0, 1)), Sample(real(3))],
    "flip": [Sample(real(3)), Sample(real(3, 4), axis=1), Sample(real(3, 4)), Sample(real(3, 4), axis=(0, 1))],
    "roll": [Sample(real(5), 2, axis=0), Sample(real(3, 4), -1, axis=1), Sample(real(3, 4), 3, axis=None)],
    "concatenate": [
        Sample(real(3), real(2)),
        Sample(real(2, 3), real(2, 2), real(2, 1), axis=1),
        Sample(real(3), complex_(2)),
    ],
    "stack": [
        Sample(real(), real()),
        Sample(real(3), real(3), real(3), axis=1),
        Sample(real(2, 3), real(2, 3)),
        Sample(real(3), real(3), axis=-1),
    ],
    "full": [Sample(real(), 3, 2, dtype=np.dtype(float)), Sample(real(), 4, dtype=np.dtype(float))],
    "arange": [Sample(0, 5, 1, dtype=np.dtype(int)), Sample(0.5, 4.7, 1.3, dtype=np.dtype(float))],
    "linspace": [
        Sample(real(), real(), 5, dtype=np.dtype(float)),
        Sample(0.3, 2.3, 4, endpoint=False, dtype=np.dtype(float)),
    ],
    "eye": [Sample(3, 4, k=1, dtype=np.dtype(float)), Sample(3, 3, k=0, dtype=np.dtype(float))],
    "diag": [Sample(real(3), k=0), Sample(real(3), k=-1), Sample(real(3), k=1)],
    "diagonal": [
        Sample(real(3, 4)),
        Sample(real(4, 3), offset=-1),
        Sample(real(3, 2, 4), offset=1, axis1=0, axis2=2),
        Sample(real(2, 3, 3), axis1=-2, axis2=-1),
    ],
    "from_diagonal": [Sample(real(3), 3, 4), Sample(real(2, 3), 3, 2, 4, offset=1, axis1=0, axis2=2)],
    "tril": [Sample(real(3, 4), k=0), Sample(real(2, 3, 3), k=-1)],
    "triu": [Sample(real(3, 4), k=0), Sample(real(2, 3, 3), k=1)],
    "sort": [Sample(real(5)), Sample(real(3, 4), axis=0), Sample(real(3, 4), axis=-1)],
    "argsort": [Sample(real(5)), Sample(real(3, 4), axis=0)],
    "nonzero": [Sample(np.array([1.0, 0.0, 2.0]))],
    "searchsorted": [Sample(np.sort(real(5)), 0.3, side="left"), Sample(np.sort(real(5)), real(3), side="right")],
    "take_along_axis": [
        Sample(real(5), np.array([3, 1, 1]), axis=0),
        Sample(real(3, 4), np.array([[0, 2, 2, 1]]), axis=0),
    ],
    "put_along_axis": [
        Sample(real(3), np.array([3, 1, 1]), 5, axis=0),
        Sample(real(2, 3), np.array([[0, 1, 1], [2, 0, 3]]), 4, axis=1),
    ],
    "array_of_list": [Sample([1.0, 2.0, 3.0]), Sample([real(3), real(3)])],
    "list_of_array": [Sample(real(3)), Sample(real(3, 2))],
    # reductions
    **{
        name: [
            Sample(real(4)),
            Sample(real(3, 4)),
            Sample(real(3, 4), axis=0),
            Sample(real(3, 4), axis=-1, keepdims=True),
            Sample(real(2, 3, 4), axis=(0, 2)),
            Sample(real(2, 3, 4), keepdims=True),
            *extra,
        ]
        for name, extra in (
            ("sum_", [Z]),
            (
                "prod",
                [
                    Z,
                    Sample(np.array([2.0, 0.0, 3.0])),
                    Sample(np.array([[2.0, 0.0, 0.0], [1.0, 2.0, 0.0]]), axis=1),
                    Sample(real(2, 3, 2), axis=(0, 2), keepdims=True),
                ],
            ),
            ("max_", []),
            ("min_", []),
            ("count_nonzero", []),
        )
    },
    "any_": [Sample(B3), Sample(real(3, 4) > 0, axis=0), Sample(real(3, 4) > 0, axis=1, keepdims=True)],
    "all_": [Sample(B3), Sample(real(3, 4) > 0, axis=0), Sample(real(3, 4) > 0, axis=1, keepdims=True)],
    "argmax": [
        Sample(real(4)),
        Sample(real(3, 4)),
        Sample(real(3, 4), axis=0),
        Sample(real(3, 4), axis=1, keepdims=True),
    ],
    "argmin": [
        Sample(real(4)),
        Sample(real(3, 4)),
        Sample(real(3, 4), axis=0),
        Sample(real(3, 4), axis=1, keepdims=True),
    ],
    "prod_along": [
        Sample(real(4), axis=0),
        Sample(real(4), real(4), axis=0),
        Sample(real(2, 3), real(2, 3), real(2, 3), axis=1),
        Sample(np.array([0.0, 2.0, 0.0]), real(3), axis=0),
    ],
    "prod_others": [
        Sample(real(4), axis=0),
        Sample(real(2, 3), real(2, 3), axis=1),
        Sample(np.array([0.0, 2.0, 0.0]), axis=0),
    ],
    "cumsum": [Sample(real(4), axis=0), Sample(real(3, 4), axis=1), Sample(real(3, 4), axis=0)],
    "cumprod": [Sample(real(4), axis=0), Sample(real(3, 4), axis=1), Sample(np.array([2.0, 0.0, 3.0, 0.0]), axis=0)],
    "cumprod_along": [Sample(real(4), real(4), axis=0), Sample(real(2, 3), real(2, 3), real(2, 3), axis=0)],
    "cumprod_adjoint": [Sample(real(4), real(4), axis=0), Sample(real(2, 3), real(2, 3), real(2, 3), axis=1)],
    # products
    "matmul": [
        Sample(real(a, b)[:, :] if a and b else real(a or b), real(*s))
        for (a, b), s in (((0, 3), (3,)), ((2, 3), (3,)), ((0, 3), (3, 2)), ((2, 3), (3, 4)))
    ]
    + [
        Sample(real(4, 2, 3), real(4, 3, 2)),
        Sample(real(4, 2, 3), real(3, 2)),
        Sample(real(3), real(4, 3, 2)),
        Sample(real(4, 2, 3), real(3)),
        Sample(real(2, 1, 2, 3), real(4, 3, 2)),
        Sample(complex_(2, 3), complex_(3, 2)),
        Sample(real(2, 3), complex_(3)),
    ],
    "outer": [Sample(real(3), real(2)), Sample(complex_(3), real(2))],
    "tensordot": [
        Sample(real(2, 3, 4), real(4, 3), axes=((1, 2), (1, 0))),
        Sample(real(2, 3), real(3, 2), axes=((1,), (0,))),
        Sample(real(2, 3), real(2, 3), axes=((0, 1), (0, 1))),
        Sample(real(2), real(3), axes=((), ())),
        Sample(real(3, 2, 4), complex_(3), axes=((0,), (0,))),
        Sample(real(2, 3, 4), real(4, 2, 5), axes=((2, 0), (0, 1))),
    ],
    "einsum": [
        Sample(real(2, 3), real(3, 4), subscripts="ij,jk->ik"),
        Sample(real(3, 3), subscripts="ii->"),
        Sample(real(3, 3), subscripts="ii->i"),
        Sample(real(2, 3), subscripts="ij->j"),
        Sample(real(2, 3), real(3), real(2), subscripts="ij,j,i->"),
        Sample(real(2, 3, 3), subscripts="ijj->ji"),
        Sample(real(4, 2, 3), real(4, 3, 2), subscripts="bij,bjk->bik"),
        Sample(real(2), complex_(3), subscripts="i,j->ji"),
        Sample(real(2, 3), real(2), subscripts="ij,k->k"),
        Sample(real(2, 3, 3, 3), subscripts="ijjj->i"),
    ],
    # linear algebra
    "det": [Sample(matrix(3)), Sample(matrix(2, 4)), Sample(complex_matrix(3))],
    "cofactor": [Sample(matrix(3)), Sample(matrix(2, 4)), Sample(complex_matrix(3))],
    "indefinite": [Sample(matrix(3)), Sample(matrix(2, 4))],
    "slogdet": [Sample(matrix(3)), Sample(matrix(2, 4)), Sample(complex_matrix(3))],
    "inv": [Sample(matrix(3)), Sample(matrix(2, 4)), Sample(complex_matrix(3))],
    "pinv": [Sample(real(4, 3)), Sample(real(3, 4)), Sample(complex_(3, 2)), Sample(matrix(3, 2))],
    "qr": [Sample(matrix(3)), Sample(real(4, 3)), Sample(complex_(4, 3)), Sample(matrix(3, 2)), Sample(real(3, 4)),
           Sample(complex_(2, 4)), Sample(matrix(4, 2)[:, :3])],
    "together": [Sample(np.array([1.0, 3.0, 3.0 + 1e-15])), Sample(np.array([[1.0, 1.0], [1.0, 2.0]]))],
    "svd": [Sample(matrix(3)), Sample(real(4, 3)), Sample(real(3, 4)), Sample(matrix(3, 2)), Sample(real(2, 4, 3)),
            Sample(real(2, 2, 3))],
    "eig": [Sample(matrix(3)), Sample(complex_matrix(3)), Sample(matrix(3, 2))],
    "expm": [Sample(matrix(3)), Sample(3 * matrix(2)), Sample(complex_matrix(2))],
    "sqrtm": [Sample(matrix(3)), Sample(np.eye(2)), Sample(complex_matrix(3)), Sample(np.eye(2) + np.eye(2, k=1))],
    "logm": [Sample(matrix(3)), Sample(np.eye(2)), Sample(complex_matrix(2))],
    "sylvester": [
        Sample(matrix(3), matrix(2), real(3, 2)),
        Sample(complex_matrix(2), matrix(3), real(2, 3)),
        Sample(matrix(2), matrix(2), complex_(2, 2)),
    ],
    "solve_triangular": [
        Sample(matrix(3), real(3), lower=True),
        Sample(matrix(3), real(3, 2), lower=False),
        Sample(matrix(3), real(3, 2), lower=True, unit=True),
        Sample(complex_matrix(3), real(3)),
    ],
    "solve": [
        Sample(matrix(3), real(3)),
        Sample(matrix(3), real(3, 2)),
        Sample(matrix(3, 4), real(4, 3, 2)),
        Sample(matrix(3, 4), real(3)),
        Sample(complex_matrix(3), complex_(3)),
        Sample(matrix(3, 4), real(3, 2)),
        Sample(matrix(3), real(4, 3, 2)),
    ],
}
"""What needs samples of its own kind is in `test_rules` (cholesky: its derivative is that on Hermitian matrices)."""
