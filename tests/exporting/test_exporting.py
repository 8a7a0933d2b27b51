"""Modules written to disk: what their functions are called, say, check and compute."""

from __future__ import annotations

import importlib.util
import inspect
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from s2sad import exporting
from s2sad.errors import S2sadError

SCALE = 2.5
TABLE = np.array([0.5, 1.5, -2.0])
ODD = np.array([[np.nan, np.inf, -np.inf]])
PHASES = np.array([1 + 2j, complex(0.0, np.inf)])
NOTHING = np.zeros((0, 3))
BIG = np.zeros(20_000)


def loss(x, W):
    total = 0.0
    for i in range(W.shape[0]):
        s = 0.0
        for j in range(x.shape[0]):
            s += W[i, j] * x[j]
        total += np.tanh(s) ** 2
    return total


def scaled(x):
    return SCALE * np.sum(x * TABLE)


def power(x: float, y: float, k: int = 2) -> float:
    return x**k * y


def fib(x, n):
    if n < 2:
        return x
    return fib(x, n - 1) + 0.5 * fib(x, n - 2)


def fib_squared(x, n):
    return fib(x * x, n)


def grown(x, n):
    out = []
    for i in range(n):
        out.append(x * i)
    return np.sum(np.array(out) ** 2)


def keyword(x, *, k=3.0):
    return x * k


def affine(p, x):
    return np.sum(p["w"] * x[0] + p["b"] * x[1])


def two(x, y):
    return x * y, x + y


def numbered(x_1, x_2, x):
    return x_1 * x_2**2 * x


def odd_constants(x):
    return x * np.sum(ODD[0, 1:]) + np.sum(PHASES).real + NOTHING.shape[0] + np.sum(NOTHING)


def big(x):
    return x * BIG[0]


def vector(x):
    return np.sin(x) * x[0]


def summed(*values):
    total = 0.0
    for v in values:
        total += v * v
    return total


def holder(x):
    x[0] = 2 * x[0]
    return x.sum()


def of_integers(n):
    return n * 2


def shapes(x, n):
    return np.sum(x.reshape(n, -1) ** 2)


def written(tmp_path: Path, *functions, wrt=None, signature=None, mode="grad", name="emitted"):
    """The module that is written for functions, imported from its file."""
    request = exporting.Request(mode, wrt, signature)
    text = exporting.module_source([exporting.export(f, f.__name__, request) for f in functions])
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    return loaded(path)


def loaded(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # Numba compiles recursion only in modules that are there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def no_traces(tmp_path):
    """Forget the modules that a test loads."""
    known = set(sys.modules)
    yield
    for name in set(sys.modules) - known:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def plain(monkeypatch):
    """Emitted modules run as plain Python."""
    monkeypatch.setenv("S2SAD_PLAIN_PYTHON", "1")


X, W = np.array([0.5, -0.2, 0.3]), np.arange(6.0).reshape(2, 3)


def differences(f, x, eps=1e-6):
    steps = np.eye(x.size).reshape(-1, *x.shape) * eps
    return np.array([(f(x + s) - f(x - s)) / (2 * eps) for s in steps]).reshape(x.shape)


def test_names_documentation_and_value(tmp_path, plain):
    module = written(tmp_path, loss, signature="f8[:], f8[:,:]")
    assert module.__all__ == ["loss_grad"]
    assert list(inspect.signature(module.loss_grad).parameters) == ["x", "W"]
    doc = module.loss_grad.__doc__
    assert "The gradient of `loss` with respect to x." in doc
    assert "x: float64 array of shape (n,)" in doc
    assert "W: float64 array of shape (m, k)" in doc
    found = module.loss_grad(X, W)
    np.testing.assert_allclose(found, differences(lambda x: loss(x, W), X), rtol=1e-6)
    np.testing.assert_array_equal(module.loss_grad(W=W, x=X), found)


def test_a_memmap_is_an_array(tmp_path, plain):
    stored = np.memmap(tmp_path / "numbers", dtype=float, mode="w+", shape=X.shape)
    stored[:] = X
    module = written(tmp_path, loss, signature="f8[:], f8[:,:]")
    np.testing.assert_array_equal(module.loss_grad(stored, W), module.loss_grad(X, W))


def test_the_users_parameter_names_stay(tmp_path, plain):
    module = written(tmp_path, numbered, wrt="x_2")
    assert "def numbered_grad(x_1, x_2, x):" in Path(module.__file__).read_text()
    assert module.numbered_grad(x_2=3.0, x_1=2.0, x=5.0) == 60.0


@pytest.mark.parametrize(("args", "message"), [
    ((X.astype(np.float32), W), "x must have dtype float64, not float32"),
    ((X, X), "W must have 2 dimensions, not 1"),
    ((list(X), W), "x must be an array of float64, not list"),
    ((1.0, W), "x must be an array of float64, not float"),
    ((np.ma.masked_array(X, mask=X > 0), W), "x must be an array of float64, not MaskedArray"),
    ((X, W.view(np.matrix)), "W must be an array of float64, not matrix"),
    ((X, np.asfortranarray(W)), "W must be C-contiguous"),
    ((X[::-1], W), "x must be C-contiguous"),
    ((X,), "2 arguments, not 1"),
    ((X.astype(">f8"), W), "x must have dtype float64"),
])  # fmt: skip
def test_arguments_are_checked(tmp_path, plain, args, message):
    module = written(tmp_path, loss, signature="f8[:], f8[:,:]")
    with pytest.raises(TypeError, match="loss_grad") as caught:
        module.loss_grad(*args)
    assert message in str(caught.value)


def test_sizes_that_the_code_was_made_for_are_checked(tmp_path, plain):
    module = written(tmp_path, loss, signature="f8[3], f8[:,3]")
    module.loss_grad(X, W)
    with pytest.raises(TypeError, match="W must have size 3 along axis 1, not 4"):
        module.loss_grad(X, np.zeros((2, 4)))


def dotted(x, W, y):
    return np.sum((W @ x) * y[1:])


def test_sizes_that_must_be_equal_are_checked(tmp_path, plain):
    module = written(tmp_path, dotted, signature="f8[:], f8[:,:], f8[:]")
    x, A, y = np.ones(3), np.ones((2, 3)), np.ones(3)
    np.testing.assert_allclose(module.dotted_grad(x, A, y), [2.0] * 3)
    with pytest.raises(TypeError, match="W must have size 4 along axis 1, not 3"):
        module.dotted_grad(np.ones(4), A, y)
    forward = written(tmp_path, vector, mode="jvp", signature="f8[:]", name="forward")
    with pytest.raises(TypeError, match="x_dot must have size 3 along axis 0, not 2"):
        forward.vector_jvp(X, np.ones(2))
    reverse = written(tmp_path, vector, mode="vjp", signature="f8[:]", name="reverse")
    with pytest.raises(TypeError, match="out_bar must have size 3 along axis 0, not 4"):
        reverse.vector_vjp(X, np.ones(4))


def test_numbers_are_checked(tmp_path, plain):
    module = written(tmp_path, fib, signature="f8, i8")
    assert module.fib_grad(1, np.int32(4)) == module.fib_grad(1.0, 4)
    for bad in (2.5, "4", None, np.array(4), 4j):
        with pytest.raises(TypeError, match="n must be a number of type int64"):
            module.fib_grad(1.0, bad)
    with pytest.raises(TypeError, match="unexpected keyword argument 'm'"):
        module.fib_grad(1.0, m=4)
    with pytest.raises(TypeError, match="missing the argument 'n'"):
        module.fib_grad(x=1.0)


@pytest.mark.parametrize("size", [0, 1, 5])
def test_any_size_will_do(tmp_path, plain, size):
    def f(x, y):
        return np.sum(x * np.exp(y))

    module = written(tmp_path, f, signature="f8[:], f8[:]", wrt="x,y")
    x, y = np.linspace(0, 1, size), np.linspace(1, 2, 1)
    x_bar, y_bar = module.f_grad(x, y)
    np.testing.assert_allclose(x_bar, np.broadcast_to(np.exp(y), x.shape))
    np.testing.assert_allclose(y_bar, [x.sum() * np.exp(1.0)])


def test_captured_values_are_written_into_the_module(tmp_path, plain):
    module = written(tmp_path, scaled, signature="f8[3]")
    text = Path(module.__file__).read_text()
    assert "scaled_grad_SCALE = 2.5\n" in text
    assert "scaled_grad_TABLE = np.array([0.5, 1.5, -2.0], np.float64)\n" in text
    np.testing.assert_allclose(module.scaled_grad(np.ones(3)), SCALE * TABLE)


def test_constants_of_every_kind(tmp_path, plain):
    module = written(tmp_path, odd_constants, mode="jit", signature="f8")
    constants = {n.removeprefix("odd_constants_"): v for n, v in vars(module).items() if isinstance(v, np.ndarray)}
    for name, value in (("ODD", ODD), ("PHASES", PHASES), ("NOTHING", NOTHING)):
        np.testing.assert_array_equal(constants[name], value)
        assert constants[name].dtype == value.dtype
    with np.errstate(invalid="ignore"):
        assert np.isnan(module.odd_constants(2.0))


def test_a_large_captured_array_is_refused(tmp_path):
    with pytest.raises(S2sadError, match=r"20000 elements.*Make it a parameter"):
        written(tmp_path, big, signature="f8")


def test_defaults_annotations_and_known_numbers(tmp_path, plain):
    assert written(tmp_path, power).power_grad(3.0, 2.0) == 12.0
    three = written(tmp_path, power, signature="f8, f8, 3", name="three").power_grad
    assert list(inspect.signature(three).parameters) == ["x", "y"]
    assert three(3.0, 2.0) == 54.0
    assert written(tmp_path, keyword, name="other").keyword_grad(1.0) == 3.0


def test_recursion_and_lists(tmp_path, plain):
    module = written(tmp_path, fib, fib_squared, signature="f8, i8")
    assert module.fib_grad(1.5, 5) == fib(1.0, 5)
    np.testing.assert_allclose(module.fib_squared_grad(1.5, 5), 3.0 * fib(1.0, 5))
    np.testing.assert_allclose(written(tmp_path, grown, signature="f8, i8", name="g").grown_grad(1.5, 4), 3.0 * 14)


def test_helpers_of_several_functions_do_not_meet(tmp_path, plain):
    """Each export brings its own version of a recursive helper."""
    request = exporting.Request("grad", None, "f8, i8")
    text = exporting.module_source([exporting.export(f, f.__name__, request) for f in (fib, fib_squared)])
    names = [line.split("(")[0] for line in text.splitlines() if line.startswith("def ")]
    assert len(names) == len(set(names)) >= 4


def test_containers_are_taken_apart(tmp_path, plain):
    module = written(tmp_path, affine, signature="{w: f8[:], b: f8}, (f8, f8)", wrt="p,x")
    assert list(inspect.signature(module.affine_grad).parameters) == ["p_b", "p_w", "x_0", "x_1"]
    b_bar, w_bar, x_0, x_1 = module.affine_grad(2.0, np.ones(3), 0.5, 0.25)
    assert (b_bar, x_0, x_1) == (0.75, 3.0, 6.0)
    np.testing.assert_array_equal(w_bar, [0.5] * 3)
    assert "gradient for p_b: float64 scalar" in module.affine_grad.__doc__


def test_every_mode(tmp_path, plain):
    def module(mode, f=vector, signature="f8[:]", wrt=None):
        made = written(tmp_path, f, mode=mode, signature=signature, wrt=wrt, name=f"{f.__name__}_{mode}")
        return getattr(made, f.__name__ if mode == "jit" else f"{f.__name__}_{mode}")

    jacobian = np.diag(np.cos(X) * X[0])
    jacobian[:, 0] += np.sin(X)
    t = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(module("jit")(X), vector(X))
    np.testing.assert_allclose(module("jacfwd")(X), jacobian)
    np.testing.assert_allclose(module("jacrev")(X), jacobian)
    for found, expected in zip(module("jvp")(X, t), (vector(X), jacobian @ t), strict=True):
        np.testing.assert_allclose(found, expected)
    for found, expected in zip(module("vjp")(X, t), (vector(X), t @ jacobian), strict=True):
        np.testing.assert_allclose(found, expected)
    assert list(inspect.signature(module("jvp")).parameters) == ["x", "x_dot"]
    assert list(inspect.signature(module("vjp")).parameters) == ["x", "out_bar"]

    value, x_bar = module("value_and_grad", loss, "f8[:], f8[:,:]")(X, W)
    assert value == loss(X, W)
    hessian = module("hessian", loss, "f8[:], f8[:,:]")(X, W)
    gradient = module("grad", loss, "f8[:], f8[:,:]")
    np.testing.assert_allclose(gradient(X, W), x_bar)
    expected = [(gradient(X + e, W) - gradient(X - e, W)) / 2e-6 for e in np.eye(3) * 1e-6]
    np.testing.assert_allclose(hessian, expected, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(module("hvp", loss, "f8[:], f8[:,:]")(X, W, t), hessian @ t)
    assert module("vjp", two, "f8, f8", "x,y")(2.0, 3.0, 1.0, 10.0) == (6.0, 5.0, 13.0, 12.0)


def test_parameters_without_bounds(tmp_path, plain):
    assert written(tmp_path, summed, signature="f8, f8, f8", wrt="values_1").summed_grad(1.0, 2.0, 3.0) == 4.0


def test_arguments_are_never_written(tmp_path, plain):
    x = np.ones(3)
    np.testing.assert_array_equal(written(tmp_path, holder, signature="f8[:]").holder_grad(x), [2.0, 1.0, 1.0])
    np.testing.assert_array_equal(x, 1.0)


@pytest.mark.parametrize(("function", "request_", "message"), [
    (loss, ("grad", None, "f8[:]"), "the signature has 1 type; the parameters are x, W"),
    (loss, ("grad", None, "f8[:], f8[:,:], f8"), "the signature has 3 types"),
    (loss, ("grad", None, "f8[:], whatever"), "'whatever' is not a type that s2sad knows"),
    (loss, ("grad", None, "f8[:"), "cannot read the signature"),
    (loss, ("grad", None, "f2[:], f8[:,:]"), "not a type that s2sad knows"),
    (loss, ("grad", "q", "f8[:], f8[:,:]"), "no parameter 'q'; the parameters are x, W"),
    (loss, ("grad", "x,x", "f8[:], f8[:,:]"), "named twice"),
    (loss, ("grad", "x", "i8[:], f8[:,:]"), "'x' holds no floats"),
    (of_integers, ("grad", None, "i8"), "no parameter is a float"),
    (of_integers, ("vjp", "n", "f8, f8"), "the signature has 2 types"),
])  # fmt: skip
def test_requests_that_make_no_sense(function, request_, message):
    with pytest.raises(ValueError) as caught:
        exporting.export(function, function.__name__, exporting.Request(*request_))
    assert message in str(caught.value)


def test_a_number_that_must_be_known(tmp_path, plain):
    with pytest.raises(S2sadError, match="is needed while the function is compiled") as caught:
        exporting.export(power_of_axis, "power_of_axis", exporting.Request("grad", None, "f8[:,:], i8"))
    assert caught.value.pos.filename == __file__
    assert written(tmp_path, power_of_axis, signature="f8[:,:], 1").power_of_axis_grad(W).shape == W.shape


def power_of_axis(x, axis):
    return np.sum(np.sum(x, axis=axis) ** 2)


def test_an_error_stands_at_the_users_line(tmp_path):
    with pytest.raises(S2sadError, match="scalar-output") as caught:
        exporting.export(vector, "vector", exporting.Request("hvp", None, "f8[:]"))
    assert caught.value.pos.filename == __file__
    with pytest.raises(S2sadError, match="No signature was given"):
        exporting.export(loss, "loss", exporting.Request("grad"))


def test_two_functions_of_one_name(tmp_path):
    with pytest.raises(ValueError, match="one name"):
        written(tmp_path, power, power)


def test_the_text_is_tidy_and_always_the_same(tmp_path):
    command = [
        sys.executable, "-c",
        "from s2sad import exporting as e; from tests.exporting import test_exporting as t; import sys;"
        "r = e.Request('grad', None, 'f8, i8');"
        "sys.stdout.write(e.module_source([e.export(f, f.__name__, r) for f in (t.fib, t.fib_squared, t.grown)]));"
        "r = e.Request('jacrev', None, '{w: f8[:], b: f8, longer: f8[:]}, (f8, f8)');"
        "sys.stdout.write(e.module_source([e.export(t.affine, 'affine', r), e.export(t.scaled, 'scaled', "
        "e.Request('grad', None, 'f8[3]'))]))",
    ]  # fmt: skip
    root = Path(__file__).parents[2]
    texts = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        ran = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        texts.add(ran.stdout)
    (text,) = texts
    assert all(line == line.rstrip() and len(line) <= 120 for line in text.splitlines())


@pytest.mark.compiled
def test_compiled_and_called_from_njit(tmp_path):
    from numba import njit

    module = written(tmp_path, scaled, signature="f8[3]", name="emitted_scaled")
    recursive = written(tmp_path, fib, grown, signature="f8, i8", name="emitted_fib")
    scaled_grad, fib_grad, grown_grad = module.scaled_grad, recursive.fib_grad, recursive.grown_grad

    @njit
    def caller(x, n):
        return scaled_grad(x) * fib_grad(1.5, n) + grown_grad(0.5, n)

    expected = SCALE * TABLE * fib(1.0, 4) + 14.0
    np.testing.assert_allclose(scaled_grad(np.ones(3)), SCALE * TABLE)
    np.testing.assert_allclose(caller(np.ones(3), 4), expected)


@pytest.mark.compiled
def test_it_runs_where_s2sad_cannot_be_imported(tmp_path):
    path = tmp_path / "alone.py"
    request = exporting.Request("value_and_grad", None, "f8[:], f8[:,:]")
    path.write_text(exporting.module_source([exporting.export(loss, "loss", request)]))
    code = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name == "s2sad" or name.startswith("s2sad."):
            raise ImportError(name)
sys.meta_path.insert(0, Forbidden())
import numpy as np, alone
value, x_bar = alone.loss_value_and_grad(np.array([0.5, -0.2, 0.3]), np.arange(6.0).reshape(2, 3))
print(value, *x_bar)
"""
    for plain_python in ("", "1"):
        env = {**os.environ, "S2SAD_PLAIN_PYTHON": plain_python, "PYTHONPATH": str(tmp_path)}
        ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        value, *x_bar = map(float, ran.stdout.split())
        np.testing.assert_allclose(value, loss(X, W))
        np.testing.assert_allclose(x_bar, differences(lambda x: loss(x, W), X), rtol=1e-6)
