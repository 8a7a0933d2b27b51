"""The public objects: what they show, hold and promise."""

from __future__ import annotations

import copy
import functools
import importlib
import inspect
import os
import pickle
import subprocess
import sys
import threading
import warnings
from dataclasses import dataclass

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import AliasError, MutationWarning

RATE = 2.0
POWER = 2
KERNEL = np.ones(3)


@pytest.fixture(autouse=True)
def python():
    """Under CPython, which is quick."""
    with using(backend="python", verify=True):
        yield


def f(x, y=2.0):
    return x * x * y


# -- looking


def test_what_was_made_can_be_looked_at(tmp_path):
    gradient = s2sad.grad(f)
    for look in (lambda: gradient.source, gradient.show, gradient.explain, lambda: gradient.save(tmp_path / "a.py")):
        with pytest.raises(RuntimeError, match="has not been compiled yet"):
            look()
    assert gradient(3.0) == 12.0
    assert "def grad_f(x, " in gradient.source
    assert gradient.show() == gradient.show("emit") == gradient.source
    assert "def " in gradient.show(after="vjp")
    assert gradient.explain().startswith("grad_f:")
    assert gradient.save(tmp_path / "a.py", readable=True).read_text() == gradient.source
    with pytest.raises(FileExistsError, match="exists"):
        gradient.save(tmp_path / "a.py")
    gradient.save(tmp_path / "a.py", force=True)
    with pytest.raises(KeyError, match="the stages are elaborate"):
        gradient.show("nothing")


def test_lower_compiles_nothing_and_tells_signatures_apart():
    gradient = s2sad.grad(lambda x: np.sum(x * x))
    of_vector, of_matrix = gradient.lower(np.ones(3)), gradient.lower(np.ones((2, 2)))
    assert "float64[:]" in of_vector.source
    assert "float64[:, :]" in of_matrix.source
    assert of_vector.stages[-1] == "emit"
    assert "source" in repr(of_vector)


def test_names_and_signature():
    gradient = s2sad.value_and_grad(f)
    assert repr(gradient) == "<s2sad value_and_grad of f>"
    assert gradient.__name__ == "value_and_grad_f"
    assert list(inspect.signature(gradient).parameters) == ["x", "y"]
    assert repr(s2sad.grad(functools.partial(f, y=1.0))) == "<s2sad grad of f>"
    assert repr(s2sad.grad(lambda x: x)) == "<s2sad grad of lambda>"
    with pytest.raises(TypeError, match="grad takes a function, not int: 3"):
        s2sad.grad(3)


# -- what can be transformed


class Model:
    rate = 3.0

    def value(self, x):
        return self.rate * x * x

    @functools.partial(s2sad.grad, argnums=1)
    def slope(self, x):
        return self.rate * x * x

    @staticmethod
    @s2sad.grad
    def free(x):
        return x**3

    def __call__(self, x):
        return self.rate * x


@dataclass
class Point:
    x: float
    y: float


def test_methods_decorators_and_partials():
    model = Model()
    assert s2sad.grad(model.value)(2.0) == model.slope(2.0) == Model.slope(model, 2.0) == 12.0
    assert Model.free(2.0) == model.free(2.0) == 12.0
    assert s2sad.grad(model)(2.0) == 3.0
    assert s2sad.grad(functools.partial(f, y=5.0))(2.0) == 20.0
    assert s2sad.grad(functools.partial(f, 3.0))(2.0) == 9.0
    assert s2sad.grad(np.sin)(0.0) == 1.0


def test_keywords_aux_and_containers():
    assert s2sad.grad(f)(3.0, y=3.0) == 18.0

    def with_aux(p):
        return p["a"] * p["b"][0], {"seen": p["a"], "name": "text", "no": None}

    found = s2sad.value_and_grad(with_aux, has_aux=True)
    (value, aux), p_bar = found({"a": 2.0, "b": (3.0,)})
    assert (value, p_bar) == (6.0, {"a": 3.0, "b": (2.0,)})
    assert aux == {"seen": 2.0, "name": "text", "no": None}
    assert s2sad.grad(lambda p: p.x * p.y**2)(Point(2.0, 3.0)) == Point(9.0, 12.0)


def test_copies_and_pickles():
    gradient = s2sad.grad(f)
    gradient(1.0)
    for twin in (copy.copy(gradient), copy.deepcopy(gradient), pickle.loads(pickle.dumps(gradient))):
        assert twin(3.0) == 12.0
    assert pickle.loads(pickle.dumps(s2sad.grad(s2sad.grad(f))))(3.0) == 4.0
    assert pickle.loads(pickle.dumps(s2sad.vmap(np.sin, out_axes=0)))(np.zeros(2)).shape == (2,)


# -- threads


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_threads_call_a_fresh_gradient_at_once(backend):
    def loop(x, n):
        for i in range(n):
            x = np.sin(x) + 0.01 * i
        return x

    def recursive(x, n):
        return x if n < 1 else recursive(x, n - 1) * 0.5

    shared = s2sad.grad(loop)
    barrier = threading.Barrier(8)
    found, errors = {}, []

    def work(k):
        try:
            with using(backend=backend, verify=True):
                barrier.wait()
                found[k] = (shared(0.5, 4 + k % 2), s2sad.grad(recursive)(1.0, 3), s2sad.grad(lambda x: x**k)(1.0))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with using(backend=backend):
        assert found == {k: (s2sad.grad(loop)(0.5, 4 + k % 2), 0.125, float(k)) for k in range(8)}


# -- never stale


def test_closures_change():
    rate, inner = 2.0, lambda x: x * x
    kernel = np.array([1.0, 2.0])
    gradient = s2sad.grad(lambda x: rate * inner(x) + np.sum(kernel) * x)  # noqa: F821
    assert gradient(3.0) == 12.0 + 3.0
    rate = 3.0
    assert gradient(3.0) == 18.0 + 3.0
    kernel[0] = 5.0
    assert gradient(3.0) == 18.0 + 7.0
    inner = lambda x: x  # noqa: E731
    assert gradient(3.0) == 3.0 + 7.0
    kernel = np.ones(4)
    assert gradient(3.0) == 3.0 + 4.0
    rate = 3
    assert gradient(3.0) == 3.0 + 4.0
    del rate
    with pytest.raises((NameError, NotImplementedError)):
        gradient(3.0)


def by_globals(x):
    return RATE * helper(x) ** POWER * KERNEL[0]


def helper(x):
    return x


def test_globals_change(monkeypatch):
    gradient = s2sad.grad(by_globals)
    assert gradient(3.0) == 12.0
    monkeypatch.setitem(globals(), "RATE", 3.0)
    assert gradient(3.0) == 18.0
    monkeypatch.setitem(globals(), "RATE", 3)
    assert gradient(3.0) == 18.0
    monkeypatch.setitem(globals(), "POWER", 3)
    assert gradient(3.0) == 81.0
    monkeypatch.setitem(globals(), "KERNEL", np.full(5, 2.0))
    assert gradient(3.0) == 162.0
    monkeypatch.setitem(globals(), "helper", lambda x: 2 * x)
    assert gradient(3.0) == 8 * 162.0
    monkeypatch.setattr(helper_holder, "function", lambda x: x * 7)
    assert s2sad.grad(lambda x: helper_holder.function(x))(1.0) == 7.0


class Holder:
    function = staticmethod(lambda x: x)


helper_holder = Holder()


def test_attributes_change():
    model = Model()
    gradient = s2sad.grad(model.value)
    assert gradient(1.0) == 6.0
    model.rate = 5.0
    assert gradient(1.0) == 10.0
    model.rate = 5
    assert gradient(1.0) == 10.0
    model.value = None
    Model.rate = 7.0
    del model.rate
    try:
        assert gradient(1.0) == 14.0
    finally:
        Model.rate = 3.0


def test_defaults_and_code_change():
    def g(x, k=2.0, *, j=3.0):
        return k * j * x

    gradient = s2sad.grad(g)
    assert gradient(1.0) == 6.0
    g.__defaults__ = (5.0,)
    assert gradient(1.0) == 15.0
    g.__kwdefaults__ = {"j": 1.0}
    assert gradient(1.0) == 5.0

    def other(x, k=2.0, *, j=3.0):
        return x * x

    g.__code__ = other.__code__
    assert gradient(3.0) == 6.0


def test_a_redefined_helper_module(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "helper_of_test_api.py"
    file.write_text("def scale(x):\n    return 2.0 * x\n")
    module = importlib.import_module("helper_of_test_api")
    gradient = s2sad.grad(lambda x: module.scale(x))
    assert gradient(1.0) == 2.0
    file.write_text("def scale(x):\n    return 31.5 * x\n")
    os.utime(file, (1, 1))
    importlib.reload(module)
    assert gradient(1.0) == 31.5
    del sys.modules["helper_of_test_api"]


# -- memory


def test_arguments_never_change_and_are_warned_of():
    def g(x, y):
        x[0] = 3.0 * x[1]
        x += y
        return np.sum(x * x)

    x, y = np.array([1.0, 2.0]), np.array([0.5, 0.25])
    gradient = s2sad.grad(g, (0, 1))
    with pytest.warns(MutationWarning, match="writes into an argument"):
        gradient(x, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # once is enough
        gradient(x, y)
    np.testing.assert_array_equal(x, [1.0, 2.0])
    with pytest.raises(AliasError, match=r"shares memory.*Pass a copy"):
        gradient(x, x)
    with pytest.raises(AliasError):
        gradient(x[:2], x[::-1])
    with pytest.raises(AliasError):
        s2sad.vjp(g, x, x)
    with pytest.raises(AliasError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        s2sad.jvp(g, (x, x), (y, y))


def test_a_written_argument_that_is_captured_too():
    kernel = np.ones(3)

    def g(x):
        x[0] = 5.0 * x[1]
        return kernel[0] * x[1]

    with pytest.raises(AliasError, match="from outside the function"):
        s2sad.grad(g)(kernel)


def test_results_share_no_memory():
    x, captured = np.arange(3.0), np.ones(3)
    ct = np.ones(3)
    value, pull = s2sad.vjp(lambda x: x, x)
    results = [
        s2sad.jit(lambda x: x)(x), s2sad.jit(lambda x: x[1:])(x), *s2sad.jit(lambda x: (x, x.T))(x),
        s2sad.jit(lambda x: captured)(x), value, *pull(ct), *s2sad.jvp(lambda x: x, (x,), (ct,)),
        s2sad.linearize(lambda x: x, x)[1](ct), s2sad.grad(lambda x: (x.sum(), x), has_aux=True)(x)[1],
        s2sad.grad(lambda x: np.sum(x * captured))(x), s2sad.stop_gradient(x),
    ]  # fmt: skip
    for k, a in enumerate(results):
        assert not any(np.may_share_memory(a, b) for b in (x, captured, ct, *results[:k])), k


def test_a_pullback_remembers():
    x = np.array([1.0, 2.0])
    _, pull = s2sad.vjp(lambda x: np.sum(x * x), x)
    x[:] = 100.0
    np.testing.assert_array_equal(pull(1.0)[0], [2.0, 4.0])
    np.testing.assert_array_equal(pull(2.0)[0], [4.0, 8.0])


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_what_the_caller_does_afterwards_does_no_harm(backend):
    def both(x):
        return np.exp(x), x

    with using(backend=backend):
        x = np.array([1.0, 2.0])
        expected = np.exp(x)
        value, pull = s2sad.vjp(np.exp, x)
        _, push = s2sad.linearize(np.exp, x)
        _, pull_of_aux, _ = s2sad.vjp(both, x, has_aux=True)
        aux_value, _ = both(x)
        value[:] = x[:] = 0.0
        np.testing.assert_allclose(pull(np.ones(2))[0], expected)
        np.testing.assert_allclose(push(np.ones(2)), expected)
        np.testing.assert_allclose(pull_of_aux(np.ones(2))[0], expected)
        bar = pull(np.ones(2))[0]
        bar[:] = 7.0
        np.testing.assert_allclose(pull(np.ones(2))[0], expected)
        np.testing.assert_allclose(aux_value, expected)


# -- a second process


@pytest.mark.compiled
def test_a_second_process_compiles_nothing(tmp_path):
    (tmp_path / "once.py").write_text(
        "import numpy as np, s2sad, time\n"
        "def f(x, n):\n    for i in range(n):\n        x = np.sin(x) + 0.1 * i\n    return x\n"
        "g = s2sad.grad(f)\n"
        "g(0.5, 10)\n"
        "import sys\n"
        "made = [m for name, m in sys.modules.items() if name.startswith('s2sad_generated.')]\n"
        "found = [v for m in made for v in vars(m).values() if hasattr(v, 'stats')]\n"
        "print(sum(sum(v.stats.cache_hits.values()) for v in found))\n"
    )
    env = {**os.environ, "S2SAD_CACHE_DIR": str(tmp_path / "cache")}
    hits = []
    for _ in range(2):
        ran = subprocess.run([sys.executable, "once.py"], cwd=tmp_path, env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        hits.append(int(ran.stdout))
    assert hits == [0, 1]
