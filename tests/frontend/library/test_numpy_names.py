"""NumPy's functions by name and keyword: values, both modes, second order, and compiled."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.frontend.library import names

CASES: list[names.Case] = []
case = names.collector(CASES)
rng = np.random.default_rng(0)
R = rng.normal
A = R(size=(3, 4))
B = R(size=(3, 4))
S = R(size=(3, 3))
T = R(size=(2, 3, 4))
V = R(size=5)
W = R(size=5)
P = rng.uniform(0.3, 2.0, size=(3, 4))
PV = rng.uniform(0.3, 2.0, size=5)
SPD = S @ S.T + 3 * np.eye(3)
C = R(size=(3, 3)) + 1j * R(size=(3, 3))
CV = R(size=4) + 1j * R(size=4)
HPD = C @ C.conj().T + 3 * np.eye(3)
BATCH = R(size=(2, 3, 3)) + 3 * np.eye(3)
I4 = np.array([2, 0, 1, 1])

# -- elementwise

for _f in (np.sin, np.cos, np.tan, np.exp, np.exp2, np.expm1, np.sinh, np.cosh, np.tanh, np.arcsinh, np.arctan, np.abs,
           np.absolute, np.fabs, np.negative, np.positive, np.square, np.deg2rad, np.rad2deg, np.degrees, np.radians,
           np.sinc, np.nan_to_num, np.real_if_close, np.cbrt):  # fmt: skip
    case(_f.__name__, _f, A)
    case(f"{_f.__name__} of a number", _f, 0.7)
for _f in (np.log, np.log2, np.log10, np.log1p, np.sqrt, np.reciprocal):
    case(_f.__name__, _f, P)
for _f in (np.arcsin, np.arccos, np.arctanh):
    case(_f.__name__, _f, np.tanh(A))
case("arccosh", np.arccosh, P + 1)
for _f in (
    np.sin,
    np.exp,
    np.log,
    np.sqrt,
    np.conj,
    np.conjugate,
    np.real,
    np.imag,
    np.abs,
    np.angle,
    np.square,
    np.tanh,
):
    case(f"{_f.__name__} of complex", _f, CV)
case("angle deg", lambda z: np.angle(z, deg=True), CV)
for _f in (np.add, np.subtract, np.multiply, np.divide, np.true_divide, np.maximum, np.minimum, np.fmax, np.fmin,
           np.hypot, np.arctan2, np.logaddexp, np.logaddexp2, np.copysign):  # fmt: skip
    case(_f.__name__, _f, A, B)
    case(f"{_f.__name__} broadcast", _f, A, R(size=4))
    case(f"{_f.__name__} with a number", _f, 0.3, B)
case("power", np.power, P, B)
ZEROS = np.array([0.0, 1.5, -2.0])
for _f in (lambda x: x**0.0, lambda x: x**1.0, lambda x: x**2.0, lambda x: np.power(x, 3.0)):
    case("power by a whole float", _f, ZEROS)
    case("power by a whole float", _f, 0.0)
    case("power by a whole float of complex", _f, CV)
case("power by a whole float", lambda x: math.pow(x, 2.0), 0.0)
case("power by a whole float", lambda x: x**-2.0, P)
case("float_power", np.float_power, P, 1.5)
case("mod", np.mod, 5 * P, P + 0.2)
case("remainder", np.remainder, 5 * P, P + 0.2)
case("fmod", np.fmod, 5 * P, P + 0.2)
case("clip", lambda x: np.clip(x, -0.5, 0.5), A)
case("where", lambda x, y: np.where(x > y, x * x, y), A, B)
case("heaviside", lambda x: np.heaviside(x, 0.5) * x, A)
case("ldexp", lambda x: np.ldexp(x, 3), A)
case("modf", np.modf, A)
case("divmod", lambda x: np.divmod(x, 0.7)[1], P)
case("float_power", np.float_power, P, B)
for _f in (np.floor, np.ceil, np.round, np.rint, np.fix, np.trunc, np.sign, np.isfinite, np.isinf, np.isnan,
           np.isneginf, np.isposinf, np.iscomplex, np.isreal, np.signbit, np.around):  # fmt: skip
    case(_f.__name__, lambda x, f=_f: f(x) * 1.0, A, order=1)
for _f in (np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or,
           np.logical_xor, np.floor_divide, np.isclose):  # fmt: skip
    case(_f.__name__, lambda x, y, f=_f: f(x, y) * 1.0, A, B, order=1)
case("logical_not", lambda x: np.logical_not(x > 0) * x, A)
case("allclose", lambda x: x * np.allclose(x, x), A)
case("unwrap", np.unwrap, np.cumsum(R(size=9) * 3))
case("unwrap", lambda x: np.unwrap(x, axis=0), np.cumsum(R(size=(5, 3)) * 3, axis=0))
case("i0", np.i0, PV)
case("real_if_close", np.real_if_close, CV)
case("isreal", lambda z: np.isreal(z) * z, CV, order=1)
case("astype", lambda x: np.astype(x, np.float32).astype(np.float64) if hasattr(np, "astype") else x, A, order=0)
case("complex of real", lambda x: np.real((x + 1j) ** 2), A)

# -- reductions

for _f in (np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.std, np.var, np.ptp, np.nansum, np.nanprod,
           np.nanmean, np.nanmax, np.nanmin, np.nanstd, np.nanvar, np.median, np.nanmedian):  # fmt: skip
    case(_f.__name__, _f, A)
    case(f"{_f.__name__} axis", lambda x, f=_f: f(x, axis=0), A)
    case(f"{_f.__name__} axis", lambda x, f=_f: f(x, axis=-1), T)
    case(f"{_f.__name__} axes", lambda x, f=_f: f(x, axis=(0, 2)), T)
    case(f"{_f.__name__} axes", lambda x, f=_f: f(x, axis=(-1, 1), keepdims=True), T)
    case(f"{_f.__name__} keepdims", lambda x, f=_f: f(x, axis=1, keepdims=True), A)
    case(f"{_f.__name__} keepdims", lambda x, f=_f: f(x, keepdims=True), A)
for _f in (np.sum, np.mean):
    case(f"{_f.__name__} where", lambda x, f=_f: f(x, axis=1, where=x > -0.5), A)
    case(f"{_f.__name__} where", lambda x, f=_f: f(x, where=np.array([True, False, True, True]), keepdims=True), A)
for _f in (np.std, np.var, np.nanstd, np.nanvar):
    case(f"{_f.__name__} ddof", lambda x, f=_f: f(x, axis=1, ddof=1), A)
for _f in (np.sum, np.mean, np.std, np.var, np.prod):
    case(f"{_f.__name__} of complex", _f, C)
for _f in (np.std, np.var):
    case(f"{_f.__name__} of one element", _f, 3.5)
    case(f"{_f.__name__} of one element", lambda x, f=_f: f(x, axis=1), R(size=(3, 1)))
    case(f"{_f.__name__} of one element", lambda x, f=_f: f(x[x > np.max(x) - 1e-3]), V)
case("nanstd of one element", lambda x: np.nanstd(np.where(x < np.max(x) - 1e-3, np.nan, x)), V)
NAN = np.where(A > 0.8, np.nan, A)
for _f in (np.nansum, np.nanmean, np.nanmax, np.nanmin, np.nanstd, np.nanvar, np.nanprod, np.nancumsum, np.nancumprod):
    case(f"{_f.__name__} with nan", lambda x, f=_f: f(np.where(A > 0.8, np.nan, x), axis=0), A)
for _f in (np.argmax, np.argmin, np.count_nonzero, np.any, np.all, np.nanargmax, np.nanargmin):
    case(_f.__name__, lambda x, f=_f: f(x, axis=1) * 1.0, A, order=1)
for _f in (np.cumsum, np.cumprod, np.nancumsum):
    case(_f.__name__, _f, A)
    case(f"{_f.__name__} axis", lambda x, f=_f: f(x, axis=-1), T)
case("cumulative_sum", lambda x: np.cumulative_sum(x, axis=1), A)
case("cumulative_prod", lambda x: np.cumulative_prod(x, axis=1), A)
case("diff", np.diff, V)
case("diff", lambda x: np.diff(x, n=2, axis=0), S)
case("diff", lambda x: np.diff(x, axis=1, prepend=0.0, append=1.0), A)
case("ediff1d", np.ediff1d, V)
case("average", lambda x, w: np.average(x, weights=w), V, PV)
case("average", lambda x, w: np.average(x, axis=1, weights=w), A, PV[:4])
case("average returned", lambda x, w: np.average(x, axis=1, weights=w, returned=True), A, P)
case("gradient", np.gradient, V)
case("gradient", lambda x: np.gradient(x), A)
case("gradient", lambda x: np.gradient(x, axis=-1), A)
case("gradient", lambda x: np.gradient(x, 0.3, axis=0), A)
case("gradient", lambda x: np.gradient(x, axis=(0, 1)), A)
case("gradient", lambda x: np.gradient(x, np.array([0.0, 0.5, 1.5, 1.7])), R(size=4))
case("gradient", lambda x: np.gradient(x, edge_order=2), V)
case("trapezoid", np.trapezoid, V)
case("trapezoid", lambda y, x: np.trapezoid(y, x), V, np.cumsum(PV))
case("trapezoid", lambda y, x: np.trapezoid(y, x, axis=0), A, np.array([0.0, 0.4, 1.0]))
case("trapezoid", lambda y: np.trapezoid(y, dx=0.3, axis=0), A)
case("trapezoid", lambda y, x: np.trapezoid(y, x), A, np.sort(B, axis=1))
case("percentile", lambda x: np.percentile(x, 30.0), A)
case("percentile", lambda x: np.percentile(x, 30.0, axis=1), A)
case("percentile", lambda x: np.percentile(x, [10, 50, 90], axis=1), A)
case("quantile", lambda x: np.quantile(x, 0.3, axis=(0, 1), keepdims=True), A)
case("quantile", lambda x: np.quantile(x, np.array([0.2, 0.7]), axis=0), A)
case("quantile", lambda x: np.quantile(x, 0.3, method="lower"), V)
case("nanquantile", lambda x: np.nanquantile(x, 0.3), V)
case("nanpercentile", lambda x: np.nanpercentile(x, 30), V)
case("corrcoef", np.corrcoef, R(size=(3, 6)))
case("corrcoef", lambda x, y: np.corrcoef(x, y), V, W)
case("cov", np.cov, R(size=(3, 6)))
case("cov", np.cov, V)
case("cov", lambda x, y: np.cov(x, y), V, W)
case("cov", lambda x: np.cov(x, rowvar=False, ddof=0), A)
case("cov", lambda x: np.cov(x, bias=True), A)
case("logaddexp.reduce", lambda x: np.logaddexp.reduce(x, axis=1), A)
case("multiply.reduce", lambda x: np.multiply.reduce(x, axis=1), A)
case("multiply.accumulate", lambda x: np.multiply.accumulate(x), V)
case("maximum.accumulate", lambda x: np.maximum.accumulate(x), V)
case("minimum.accumulate", lambda x: np.minimum.accumulate(x), V)
case("add.reduce", lambda x: np.add.reduce(x, axis=(0, 1)), A)
case("subtract.outer", lambda x, y: np.subtract.outer(x, y), V, W)

# -- shapes

case("reshape", lambda x: np.reshape(x, (2, -1)), A)
case("reshape", lambda x: np.reshape(x, (2, -1), order="F"), A)
case("reshape", lambda x: x.reshape(2, 6, order="F"), A)
case("ravel", np.ravel, A)
case("ravel", lambda x: np.ravel(x, order="F"), A)
case("flatten", lambda x: x.flatten(), A)
case("transpose", np.transpose, T)
case("transpose", lambda x: np.transpose(x, (1, 0, 2)), T)
case("transpose", lambda x: np.transpose(x, (0, 2, -2)), T)
case("permute_dims", lambda x: np.permute_dims(x, (1, 0, 2)), T)
case("moveaxis", lambda x: np.moveaxis(x, 0, -1), T)
case("moveaxis", lambda x: np.moveaxis(x, (0, 1), (-1, 0)), T)
case("rollaxis", lambda x: np.rollaxis(x, 2, 1), T)
case("swapaxes", lambda x: np.swapaxes(x, 0, -1), T)
case("expand_dims", lambda x: np.expand_dims(x, (0, 2)), A)
case("squeeze", np.squeeze, R(size=(1, 3, 1)))
case("squeeze", lambda x: np.squeeze(x, axis=(0, 2)), R(size=(1, 3, 1)))
case("squeeze", lambda x: np.squeeze(x, axis=-1), R(size=(1, 3, 1)))
for _f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    case(_f.__name__, _f, V)
    case(_f.__name__, _f, 1.5)
case("broadcast_to", lambda x: np.broadcast_to(x, (2, 3, 4)), A)
case("broadcast_arrays", lambda x, y: np.broadcast_arrays(x, y), A, R(size=4))
case("broadcast_shapes", lambda x: np.broadcast_to(x, np.broadcast_shapes((3, 4), (1, 4))), A)
case("resize", lambda x: np.resize(x, (3, 4)), V)
case("flip", np.flip, A)
case("flip", lambda x: np.flip(x, axis=(0, -1)), T)
case("fliplr", np.fliplr, A)
case("flipud", np.flipud, A)
case("rot90", np.rot90, A)
case("rot90", lambda x: np.rot90(x, k=3, axes=(1, 2)), T)
case("roll", lambda x: np.roll(x, 2), A)
case("roll", lambda x: np.roll(x, (1, 2), axis=(0, 1)), A)
case("roll", lambda x: np.roll(x, 1, axis=-1), A)
case("tile", lambda x: np.tile(x, (2, 1, 3)), A)
case("tile", lambda x: np.tile(x, 2), A)
case("repeat", lambda x: np.repeat(x, 2), A)
case("repeat", lambda x: np.repeat(x, 3, axis=-1), A)
case("repeat", lambda x: np.repeat(x, [1, 0, 2], axis=0), A)
case("concatenate", lambda x, y: np.concatenate((x, y), axis=-1), A, B)
case("concatenate", lambda x, y: np.concatenate([x, y], axis=None), A, V)
case("concat", lambda x, y: np.concat([x, y]), A, B)
case("stack", lambda x, y: np.stack([x, y], axis=-1), A, B)
case("vstack", lambda x, y: np.vstack((x, y)), A, B)
case("hstack", lambda x, y: np.hstack((x, y)), A, B)
case("dstack", lambda x, y: np.dstack((x, y)), A, B)
case("column_stack", lambda x, y: np.column_stack((x, y)), V, W)
case("row_stack", lambda x, y: np.vstack((x, y)), V, W)
for _f in (np.vstack, np.hstack, np.dstack, np.column_stack, np.concatenate):
    for _x in (V, A, T):
        if _f is not np.concatenate or _x is not V:
            case(f"{_f.__name__} of one array", _f, _x)
for _axis in (1, -1, None):
    case("concatenate of one array", lambda x, k=_axis: np.concatenate(x, axis=k), T)
if hasattr(np, "row_stack"):
    case("row_stack of one array", lambda x: np.row_stack(x), A)
case("append", lambda x, y: np.append(x, y), A, V)
case("append", lambda x, y: np.append(x, y, axis=0), A, B)
case("block", lambda x, y: np.block([[x, y], [y, x]]), A, B)
case("block", lambda x, y: np.block([x, y]), V, W)
case("split", lambda x: np.split(x, 2, axis=1), A)
case("split", lambda x: np.split(x, [1, 3], axis=-1), A)
case("array_split", lambda x: np.array_split(x, 3), V)
case("hsplit", lambda x: np.hsplit(x, 2), A)
case("vsplit", lambda x: np.vsplit(x, [1]), A)
case("dsplit", lambda x: np.dsplit(x, 2), T)
case("pad", lambda x: np.pad(x, 1), A)
case("pad", lambda x: np.pad(x, ((1, 2), (0, 1)), mode="constant", constant_values=2.0), A)
case("pad", lambda x: np.pad(x, {0: (1, 2)}), A)
case("pad edge", lambda x: np.pad(x, {-1: 1}, mode="edge"), A)
for _mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "minimum", "mean"):
    case(f"pad {_mode}", lambda x, m=_mode: np.pad(x, ((1, 2), (2, 1)), mode=m), A)
case("insert", lambda x, y: np.insert(x, 2, y), V, 0.5)
case("insert", lambda x, y: np.insert(x, 1, y, axis=1), A, R(size=3))
case("delete", lambda x: np.delete(x, 2), V)
case("delete", lambda x: np.delete(x, [0, 2], axis=1), A)
case("delete", lambda x: np.delete(x, slice(1, 3), axis=1), A)
case("tri", lambda x: np.tri(3, 4, 1) * x, A)
case("tril", lambda x: np.tril(x, k=-1), A)
case("triu", lambda x: np.triu(x, k=1), T)
case("diag", np.diag, V)
case("diag", lambda x: np.diag(x, k=1), A)
case("diagflat", lambda x: np.diagflat(x, 1), V)
case("diagonal", lambda x: np.diagonal(x, offset=1), A)
case("diagonal", lambda x: np.diagonal(x, 0, -1, -2), T)
case("trace", np.trace, A)
case("trace", lambda x: np.trace(x, offset=1, axis1=0, axis2=2), T)
case("tril_indices", lambda x: x[np.tril_indices(3)], S)
case("triu_indices", lambda x: x[np.triu_indices(3, 1)], S)
case("tril_indices_from", lambda x: x[np.tril_indices_from(x)], S)
case("triu_indices_from", lambda x: x[np.triu_indices_from(x, 1)], S)
case("diag_indices", lambda x: x[np.diag_indices(3)], S)
case("diag_indices_from", lambda x: x[np.diag_indices_from(x)], S)
case("indices", lambda x: x * np.indices((3, 4))[1], A)
case("meshgrid", lambda x, y: np.meshgrid(x, y, indexing="ij"), V, W)
case("meshgrid", lambda x, y: np.meshgrid(x, y), V, R(size=3))
case("ravel_multi_index", lambda x: np.ravel(x)[np.ravel_multi_index((np.array([0, 2]), np.array([1, 3])), (3, 4))], A)
case("isin", lambda x: x * np.isin(np.arange(5), np.array([1, 3, 7])), V)
case("matvec", np.matvec, T, R(size=(2, 4)))
case("vecmat", np.vecmat, R(size=(2, 3)), T)
case("ix_", lambda x: x[np.ix_([0, 2], [1, 3])], A)
case("mgrid", lambda x: x * np.mgrid[0:3, 0:4][0], A)
case("ogrid", lambda x: x * np.ogrid[0:3, 0:4][0], A)
case("r_", lambda x, y: np.r_[x, y], V, W)
case("c_", lambda x, y: np.c_[x, y], V, W)
case("r_", lambda x: np.r_[x, 1:10], V)
case("r_", lambda x: np.r_[0:3:2, x, 0:1:5j, 7.5], V)
case("r_", lambda x: np.r_[0 : x[0] : 5j, x, :3], V)
case("c_", lambda x: np.c_[x, 1:6, 0:1:5j], V)
case("full", lambda x: np.full((2, 2), x), 1.5)
case("full_like", lambda x, y: np.full_like(x, y), A, 1.5)
case("linspace", lambda x, y: np.linspace(x, y, 5), 0.3, 1.5)
case("linspace", lambda x, y: np.linspace(x, y, 5), V, W)
case("logspace", lambda x, y: np.logspace(x, y, 4), 0.3, 1.0)
case("geomspace", lambda x, y: np.geomspace(x, y, 4), 0.3, 1.0)
case("zeros_like", lambda x: np.zeros_like(x) + x, A)
case("array", lambda x, y: np.array([[x, y], [y, x * y]]), 0.3, 1.0)
case("array", lambda x: np.array([x, x]), A)
case("fromfunction", lambda x: np.fromfunction(lambda i, j: i + x * j, (3, 3)), 1.5)
case("vectorize", lambda x: np.vectorize(lambda v: v * v if v > 0 else -v)(x), A)
case("apply_along_axis", lambda x: np.apply_along_axis(lambda v: np.sum(v * v), 1, x), A)
case("apply_along_axis", lambda x: np.apply_along_axis(np.cumsum, 0, x), A)
case("apply_over_axes", lambda x: np.apply_over_axes(np.sum, x, [0, 2]), T)
case("piecewise", lambda x: np.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v * v]), V)
case("piecewise", lambda x: np.piecewise(x, [x < 0], [0.5, lambda v: v * v]), V)
case("select", lambda x: np.select([x < 0, x < 1], [x, x * x], default=2.0), V)
case("choose", lambda x, y: np.choose(np.array([0, 1, 1, 0, 1]), [x, y]), V, W)
case("copy", np.copy, A)
case("copyto", lambda x, y: np.concatenate([x, y]), V, W)
case("array_equal", lambda x: x * np.array_equal(x, x), A)
case("array_equiv", lambda x: x * np.array_equiv(x[0], x), A)
case("require", lambda x: np.ascontiguousarray(x.T), A)

# -- order

ONE = R(size=1)
for _f in (np.sort, np.median, np.unique, lambda x: np.quantile(x, [0.3, 0.5]), lambda x: np.partition(x, 0),
           lambda x: np.take_along_axis(x, np.array([0]), 0), lambda x: np.sort(x[None], axis=0)):  # fmt: skip
    case(f"{_f.__name__} of one number", _f, ONE)
case("interp at one point", lambda x, p, y: np.interp(x, p, y), ONE, ONE.copy(), R(size=1))
case("sort", np.sort, A)
case("sort", lambda x: np.sort(x, axis=0), A)
case("sort", lambda x: np.sort(x, axis=None), A)
case("argsort", lambda x: x[np.argsort(x)], V)
case("argsort", lambda x: np.take_along_axis(x, np.argsort(x, axis=0), axis=0), A)
case("lexsort", lambda x, y: x[np.lexsort((x, y))], V, W)
case("partition", lambda x: np.partition(x, 2)[2], V)
case("argpartition", lambda x: x[np.argpartition(x, 2)[:2]].sum(), V)
case("searchsorted", lambda x: x * np.searchsorted(np.array([-1.0, 0.0, 1.0]), x), V)
case("searchsorted", lambda x: x[np.searchsorted(np.array([0.0, 1.0]), 0.5, side="right")], V)
case("digitize", lambda x: x * np.digitize(x, np.array([-1.0, 0.0, 1.0])), V)
case("interp", lambda x, y: np.interp(x, np.arange(5.0), y), PV, V)
case("interp", lambda x, y: np.interp(x, np.arange(5.0), y, left=-1.0, right=2.0), 6 * V, W)
case("unique", lambda x: x * len(np.unique(np.array([1, 1, 2]))), V)
case("histogram", lambda x: x * np.histogram(np.array([1.0, 1.5, 2.0]), bins=3)[0][0], V)
case("bincount", lambda w: np.bincount(np.array([0, 1, 1, 2, 0]), weights=w, minlength=3), V)
case("flatnonzero", lambda x: x[np.flatnonzero(x > 0)], V)
case("nonzero", lambda x: x[np.nonzero(x > 0)], A)
case("argwhere", lambda x: np.sum(x) * len(np.argwhere(x > 0)), A)
case("extract", lambda x: np.extract(x > 0, x), V)
case("compress", lambda x: np.compress([True, False, True], x, axis=0), A)
case("compress", lambda x: x.compress([True, False, True], axis=0), A)
case("take", lambda x: np.take(x, [0, 2, 2], axis=1), A)
case("take", lambda x: np.take(x, 5), A)
case("take_along_axis", lambda x: np.take_along_axis(x, np.array([[0, 1], [1, 1], [3, 0]]), axis=1), A)


def _put_along(x, v):
    y = x * 1.0
    np.put_along_axis(y, np.array([[0], [2], [1]]), v, axis=1)
    return y


case("put_along_axis", _put_along, A, R(size=(3, 1)))


def _put(x, v):
    y = x * 1.0
    np.put(y, [1, 5], v)
    return y


case("put", _put, A, R(size=2))


def _fill_diagonal(x, v):
    y = x * 1.0
    np.fill_diagonal(y, v)
    return y


case("fill_diagonal", _fill_diagonal, A, 0.5)


def _copyto(x, v):
    y = x * 1.0
    np.copyto(y, v)
    return y


case("copyto", _copyto, A, R(size=4))


def _add_at(x, v):
    y = x * 1.0
    np.add.at(y, np.array([0, 0, 2]), v)
    return y


case("add.at", _add_at, V, R(size=3))

# -- products

for _f in (np.dot, np.matmul, np.inner, np.vdot, np.outer, np.multiply, np.vecdot, np.linalg.vecdot):
    case(f"{_f.__name__} of vectors", _f, V, W)
case("vdot of complex", np.vdot, CV, R(size=4) + 1j * R(size=4))
case("vecdot of complex", np.vecdot, CV, R(size=4) + 1j * R(size=4))
for _f in (np.dot, np.matmul):
    case(f"{_f.__name__} of matrices", _f, A, R(size=(4, 2)))
    case(f"{_f.__name__} with a vector", _f, A, R(size=4))
    case(f"{_f.__name__} with a vector", _f, R(size=3), A)
    case(f"{_f.__name__} of stacks", _f, T, R(size=(4, 2)))
case("matmul of stacks", np.matmul, T, R(size=(2, 4, 5)))
case("matmul of stacks", np.matmul, R(size=(5, 1, 2, 3)), R(size=(2, 3, 2)))
case("dot of stacks", np.dot, T, R(size=(2, 4, 3)))
case("dot with a number", np.dot, 2.0, A)
case("inner of matrices", np.inner, A, B)
case("inner of stacks", np.inner, T, A)
case("outer of matrices", np.outer, A, V)
case("kron", np.kron, A, S)
case("kron", np.kron, V, A)
for _axes in (0, 1, 2, ([1], [1]), ([0, 1], [1, 2]), (1, 1), ((0, 1), (1, 2))):
    case(
        "tensordot",
        lambda x, y, axes=_axes: np.tensordot(x, y, axes),
        A if _axes != 1 else A.T,
        T
        if _axes in (0, ([0, 1], [1, 2]), ((0, 1), (1, 2)), ([1], [1]), (1, 1)) and _axes not in (([1], [1]), (1, 1))
        else B,
    )
case("tensordot", lambda x, y: np.tensordot(x, y, axes=[(-1,), (-1,)]), T, A)
for _text, _args in (
    ("ij,jk->ik", (A, R(size=(4, 2)))),
    ("ij,jk", (A, R(size=(4, 2)))),
    ("ii", (S,)),
    ("ii->i", (S,)),
    ("ij->ji", (A,)),
    ("ij->", (A,)),
    ("ij->j", (A,)), ("i,j->ij", (V, W)), ("i,i", (V, W)), ("...ij,...jk->...ik", (T, R(size=(4, 2)))), (
        "bij,bj->bi", (T, R(size=(2, 4)))
    ),
    ("ij,ij,ij->i", (A, B, P)), ("i...->...", (T,)), ("...i->...", (T,)), (
        "ijk,jik->k", (R(size=(2, 2, 3)), R(size=(2, 2, 3)))
    ),
    ("ij...,j->i...", (T, R(size=3))), ("iij->j", (R(size=(3, 3, 2)),)), ("i,->i", (V, 2.0)), ("ij,kl->ikjl", (S, A)), (
        "ab,b...", (A, R(size=(4, 2)))
    ),
):  # fmt: skip
    case(f"einsum {_text}", lambda *xs, t=_text: np.einsum(t, *xs), *_args)
case("einsum of lists", lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [0, 2]), A, R(size=(4, 2)))
case("einsum of lists", lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), A, R(size=(4, 2)))
case("einsum optimize", lambda x, y: np.einsum("ij,jk->ik", x, y, optimize=True), A, R(size=(4, 2)))
case("einsum of complex", lambda x, y: np.einsum("ij,jk->ik", x, y), C, S)
case("cross", np.cross, R(size=3), R(size=3))
case("cross", np.cross, R(size=(4, 3)), R(size=(4, 3)))
case("cross", lambda x, y: np.cross(x, y, axis=0), S, S.T)
case("cross in the plane", lambda x, y: np.cross(x[:2], y[:2]), V, W)
case("cross in the plane", lambda x, y: np.cross(x[:2], y), V, R(size=3))
case("cross in the plane", lambda x, y: np.cross(x[:, :2], y[:, :2]), A, B)
case("convolve", np.convolve, V, R(size=3))
for _mode in ("full", "same", "valid"):
    case("convolve", lambda x, y, m=_mode: np.convolve(x, y, m), V, R(size=3))
    case("correlate", lambda x, y, m=_mode: np.correlate(x, y, m), V, R(size=3))
    case("correlate", lambda x, y, m=_mode: np.correlate(x, y, mode=m), R(size=3), V)
case("polyval", lambda p, x: np.polyval(p, x), V, A)
case("polyval", lambda p, x: np.polyval(p, x), V, 0.4)
case("polyder", lambda p: np.polyder(p), V)
case("polyint", lambda p: np.polyint(p), V)
case("polymul", lambda p, q: np.polymul(p, q), V, R(size=3))
case("polyadd", lambda p, q: np.polyadd(p, q), V, R(size=3))
case("polyfit", lambda x, y: np.polyfit(x, y, 2), V, W, rtol=1e-4)
case("vander", np.vander, V)
case("vander", lambda x: np.vander(x, 3, increasing=True), V)
case("hamming", lambda x: x * np.hamming(5) * np.hanning(5) * np.blackman(5) * np.bartlett(5) * np.kaiser(5, 2.0), V)

# -- linear algebra

L = np.linalg
for _f in (L.inv, L.det, L.slogdet, L.pinv, L.cond, L.svd, L.qr, L.norm, L.eig, L.eigvals):
    case(
        f"linalg.{_f.__name__}",
        lambda x, f=_f: f(x) if f not in (L.svd, L.qr, L.eig) else _abs(f(x)),
        S,
        typed=_f not in (L.eigvals, L.eig),
    )
case("linalg.svdvals", L.svdvals, A)


def _abs(parts):
    """What does not depend on signs and phases."""
    return tuple(np.abs(p) for p in parts)


for _f in (L.inv, L.det, L.pinv, L.slogdet, L.norm):
    case(f"linalg.{_f.__name__} of complex", _f, C)
for _f in (L.inv, L.det, L.pinv, L.slogdet):
    case(f"linalg.{_f.__name__} of stacks", _f, BATCH)
case("linalg.pinv", L.pinv, A)
case("linalg.pinv", L.pinv, A.T)
case("linalg.pinv", lambda x: L.pinv(x, hermitian=True), SPD, order=0)
case("linalg.solve", L.solve, S, A)
case("linalg.solve", L.solve, S, R(size=3))
case("linalg.solve", L.solve, BATCH, R(size=(2, 3, 2)))
case("linalg.solve of complex", L.solve, C, A)
case("linalg.lstsq", lambda a, b: L.lstsq(a, b, rcond=None)[0], A.T, R(size=4))
case("linalg.lstsq", lambda a, b: L.lstsq(a, b)[0], A.T, R(size=(4, 2)))
case("linalg.lstsq", lambda a, b: L.lstsq(a, b, rcond=None)[1], A.T, R(size=4))
case("linalg.lstsq", lambda a, b: L.lstsq(a, b, rcond=None)[3], A.T, R(size=4))
case("linalg.lstsq", lambda a, b: L.lstsq(a, b, rcond=None)[0], A, R(size=3))
case("linalg.cholesky", lambda x: L.cholesky(x @ x.T + 3 * np.eye(3)), S)
case("linalg.cholesky", lambda x: L.cholesky((x + x.T) / 2, upper=True), SPD)
case("linalg.cholesky of complex", lambda x: L.cholesky(x @ np.conj(x.T) + 3 * np.eye(3)), C)
case("linalg.cholesky of stacks", lambda x: L.cholesky(x @ np.swapaxes(x, -1, -2) + 3 * np.eye(3)), BATCH)
case("linalg.eigh", lambda x: L.eigh(x + x.T)[0], S)
case("linalg.eigh", lambda x: np.abs(L.eigh(x + x.T)[1]), S)
case("linalg.eigh", lambda x: np.abs(L.eigh(x + x.T).eigenvectors) * L.eigh(x + x.T).eigenvalues, S)
case("linalg.eigh UPLO", lambda x: L.eigh(x + x.T, "U")[0], S)
case("linalg.eigh UPLO", lambda x: L.eigh(x + x.T, UPLO="L")[0], S)
case("linalg.eigh of complex", lambda x: L.eigh(x + np.conj(x.T))[0], C)
case("linalg.eigh of complex", lambda x: np.abs(L.eigh(x + np.conj(x.T))[1]), C)
case("linalg.eigh of stacks", lambda x: L.eigh(x + np.swapaxes(x, -1, -2))[0], BATCH)
case("linalg.eigvalsh", lambda x: L.eigvalsh(x + x.T), S)
case("linalg.eigvalsh", lambda x: L.eigvalsh(x + x.T, UPLO="U"), S)
case("linalg.eigh of one triangle", lambda x: L.eigh(x, "L")[0], S)
case("linalg.eigh of one triangle", lambda x: L.eigh(x, "U")[1], S)
case("linalg.eigvalsh of one triangle", L.eigvalsh, S)
case("linalg.eigvalsh of one triangle", lambda x: L.eigvalsh(x, "U"), C)
case("linalg.eig", lambda x: np.abs(L.eig(x).eigenvalues), S, typed=False)
case("linalg.eig of stacks", lambda x: np.abs(L.eig(x)[0]), BATCH)
case("linalg.eig of complex", lambda x: np.abs(L.eig(x)[1]), C)
case("linalg.eig of complex", lambda x: L.eig(x)[0], C)
case("linalg.eigvals of complex", lambda x: L.eigvals(x), C)
case("linalg.svd", lambda x: np.abs(L.svd(x, full_matrices=False)[0]), A)
case("linalg.svd", lambda x: _abs(L.svd(x, full_matrices=False)), A.T)
case("linalg.svd", lambda x: L.svd(x, compute_uv=False), A)
case("linalg.svd", lambda x: L.svd(x, compute_uv=False), T)
case("linalg.svd", lambda x: L.svd(x, full_matrices=False).S, A)
case("linalg.svd", lambda x: np.abs(L.svd(x)[0]) * L.svd(x)[1], S)
case("linalg.svd of complex", lambda x: _abs(L.svd(x, full_matrices=False)), C)
case("linalg.svd of stacks", lambda x: _abs(L.svd(x, full_matrices=False)), T)
case("linalg.qr", lambda x: L.qr(x).R, A.T)
case("linalg.qr", lambda x: L.qr(x, mode="r"), A.T)
case("linalg.qr", lambda x: L.qr(x, mode="reduced")[0], A.T)
for _x in (A, S, T):
    case("linalg.qr complete", lambda x: tuple(L.qr(x, mode="complete")), _x)
    case("linalg.qr of a wide matrix", lambda x: L.qr(x, mode="r"), _x)
case("linalg.qr of a wide complex matrix", lambda x: tuple(L.qr(x)), R(size=(2, 3)) + 1j * R(size=(2, 3)))
case("linalg.qr of stacks", lambda x: L.qr(x)[1], BATCH)
case("linalg.qr of complex", lambda x: L.qr(x)[1], C)
case("linalg.matrix_power", lambda x: L.matrix_power(x, 3), S)
case("linalg.matrix_power", lambda x: L.matrix_power(x, -2), SPD)
case("linalg.matrix_power", lambda x: L.matrix_power(x, 0), SPD)
case("linalg.matrix_power of stacks", lambda x: L.matrix_power(x, 3), BATCH)
case("linalg.matrix_rank", lambda x: x * L.matrix_rank(x), S)
case("linalg.multi_dot", lambda x, y: L.multi_dot([x, y, x]), S, SPD)
case("linalg.tensorinv", lambda x: L.tensorinv(x, ind=1), S)
case("linalg.tensorsolve", lambda a, b: L.tensorsolve(a, b), S, R(size=3))
case("linalg.trace", lambda x: L.trace(x), BATCH)
case("linalg.diagonal", lambda x: L.diagonal(x), BATCH)
case("linalg.outer", L.outer, V, W)
case("linalg.cross", L.cross, R(size=3), R(size=3))
case("linalg.matmul", L.matmul, S, A)
case("linalg.vector_norm", lambda x: L.vector_norm(x, axis=1, ord=3), A)
case("linalg.vector_norm", lambda x: L.vector_norm(x), A)
case("linalg.matrix_norm", lambda x: L.matrix_norm(x), T)
case("linalg.matrix_norm", lambda x: L.matrix_norm(x, ord="nuc"), T)
for _p in (None, 1, -1, 2, -2, 3, 0.5, np.inf, -np.inf, 0):
    case(f"linalg.norm of a vector {_p}", lambda x, p=_p: L.norm(x, p), V)
for _p in (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
    case(f"linalg.norm of a matrix {_p}", lambda x, p=_p: L.norm(x, ord=p), A)
    case(f"linalg.norm of matrices {_p}", lambda x, p=_p: L.norm(x, ord=p, axis=(0, 2)), T)
case("linalg.norm nuc keepdims", lambda x: L.norm(x, "nuc", axis=(2, 1), keepdims=True), T)
for _p in (None, 1, 2, 3, np.inf, -np.inf):
    case(f"linalg.norm axis {_p}", lambda x, p=_p: L.norm(x, p, axis=-1, keepdims=True), A)
    case(f"linalg.norm axis {_p}", lambda x, p=_p: L.norm(x, ord=p, axis=0), T)
case("linalg.norm of complex 2", lambda x: L.norm(x, 2), C)
case("linalg.norm of complex nuc", lambda x: L.norm(x, "nuc"), C)
case("linalg.norm of complex 3", lambda x: L.norm(x, 3), CV)
for _p in (None, 2, -2, 1, "fro", np.inf):
    case(f"linalg.cond {_p}", lambda x, p=_p: L.cond(x, p), S)

# -- Fourier transforms

F = np.fft
for _f in (F.fft, F.ifft, F.hfft):
    case(f"fft.{_f.__name__}", _f, CV)
for _f in (F.fft, F.ifft, F.rfft, F.ihfft):
    case(f"fft.{_f.__name__} of real", _f, V)
for _f in (F.fft, F.ifft, F.rfft, F.ihfft):
    case(f"fft.{_f.__name__} axis", lambda x, f=_f: f(x, axis=0), A)
    case(f"fft.{_f.__name__} n", lambda x, f=_f: f(x, 3), A)
    case(f"fft.{_f.__name__} n", lambda x, f=_f: f(x, n=6, axis=-2), A)
    case(f"fft.{_f.__name__} norm", lambda x, f=_f: f(x, norm="ortho"), A)
    case(f"fft.{_f.__name__} norm", lambda x, f=_f: f(x, norm="forward"), A)
for _f in (F.irfft, F.hfft):
    case(f"fft.{_f.__name__}", _f, CV)
    case(f"fft.{_f.__name__} n", lambda x, f=_f: f(x, 7), CV)
    case(f"fft.{_f.__name__} n", lambda x, f=_f: f(x, n=6, axis=0, norm="ortho"), C)
    case(f"fft.{_f.__name__} n", lambda x, f=_f: f(x, n=3, norm="forward"), CV)
    case(f"fft.{_f.__name__} of real", _f, V)
for _f in (F.fft2, F.ifft2, F.rfft2, F.fftn, F.ifftn, F.rfftn):
    case(f"fft.{_f.__name__}", _f, A)
    case(f"fft.{_f.__name__} axes", lambda x, f=_f: f(x, axes=(0, 2)), T)
    case(f"fft.{_f.__name__} s", lambda x, f=_f: f(x, s=(4, 3), axes=(0, 1)), A)
    case(f"fft.{_f.__name__} norm", lambda x, f=_f: f(x, norm="ortho"), T)
for _f in (F.irfft2, F.irfftn):
    case(f"fft.{_f.__name__}", _f, C)
    case(f"fft.{_f.__name__} s", lambda x, f=_f: f(x, s=(3, 5), axes=(0, 1)), C)
    case(f"fft.{_f.__name__} axes", lambda x, f=_f: f(x, axes=(1, 0), norm="ortho"), C)
case("fft.fftn", lambda x: F.fftn(x, axes=(0,)), T)
case("fft.fftshift", F.fftshift, A)
case("fft.fftshift", lambda x: F.fftshift(x, axes=1), A)
case("fft.ifftshift", lambda x: F.ifftshift(x, axes=(0, -1)), A)
case("fft.fftfreq", lambda x: x * F.fftfreq(5, d=0.1), V)
case("fft.rfftfreq", lambda x: x * F.rfftfreq(8, d=0.1), V)
case("fft power", lambda x: np.sum(np.abs(F.fft(x)) ** 2), V)
case("fft round trip", lambda x: np.real(F.ifft(F.fft(x) * F.fft(np.arange(5.0)))), V)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("c", CASES, ids=str)
def test_name(c: names.Case) -> None:
    names.check(c)


COMPILED = (
    "linalg.eig", "percentile#2", "apply_along_axis#1", "linalg.cholesky of stacks", "fft.rfft2 s", "linalg.lstsq#2",
    "sinc", "prod axis", "nanmin axis", "nancumprod with nan", "piecewise#1", "linalg.det", "linalg.slogdet",
    "nan_to_num", "angle of complex", "heaviside", "ldexp", "round", "i0", "nanmedian", "argmax", "argmin",
    "count_nonzero", "corrcoef", "roll", "triu", "linspace", "dot of stacks", "einsum ij,jk->ik", "linalg.svd",
    "linalg.qr", "linalg.det of stacks", "linalg.slogdet of stacks", "linalg.solve#2", "linalg.cholesky",
    "linalg.eigh", "fft.ifft", "fft.irfft of real", "vectorize", "interp#1", "gradient#1", "pad reflect", "insert#1",
    "unwrap", "linalg.norm of a matrix nuc", "fft.irfftn", "convolve#1", "median axis", "quantile#1",
    "put_along_axis", "linalg.eigh of one triangle#1", "std of one element#2", "r_#2", "hstack of one array#2",
    "sort of one number", "interp at one point", "power by a whole float#4", "cross in the plane#2",
)  # fmt: skip
"""Cases that between them use every function that the generated code of all cases calls."""


@pytest.mark.compiled
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", names.in_groups(CASES, COMPILED), ids=lambda g: g[0].name)
def test_compiled(group: list[names.Case]) -> None:
    names.compiled(group)
