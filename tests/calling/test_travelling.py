"""Functions that travel: pickled by name or by value, with their source, and copied."""

from __future__ import annotations

import copy
import doctest
import linecache
import pickle
import subprocess
import sys
import textwrap
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import s2sad

ROOT = Path(__file__).parents[2]
X = np.array([0.5, 1.5, 2.0])


@pytest.fixture(autouse=True)
def backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


@s2sad.grad
def slope(x):
    return np.sum(np.sin(x) ** 2)


@s2sad.jit
def value(x):
    return np.sum(np.sin(x) ** 2)


@s2sad.custom_jvp
def clipped(x):
    return np.sum(np.sin(x) ** 2)


@clipped.defjvp
def clipped_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return clipped(x), 3.0 * np.sum(x_dot)


@s2sad.custom_vjp
def scaled(x):
    return np.sum(x)


scaled.defvjp(lambda x: (np.sum(x), None), lambda residuals, bar: (bar * np.full(3, 7.0),))


class Model:
    @s2sad.grad
    def slope(self):
        return self * 2.0


def plain(x):
    return np.sum(np.sin(x) ** 2)


@pytest.mark.parametrize("function", [slope, value, clipped, scaled, Model.slope])
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_decorated_function_travels_by_its_name(function, protocol):
    assert pickle.loads(pickle.dumps(function, protocol)) is function
    assert copy.copy(function) is function and copy.deepcopy(function) is function


@pytest.mark.parametrize("kind", ["grad", "value_and_grad", "jacfwd", "hessian", "vmap", "jit"])
def test_a_transform_travels_by_what_it_is_made_of(kind):
    function = getattr(s2sad, kind)(plain)
    x = X if kind != "vmap" else np.ones((2, 3))
    for found in (pickle.loads(pickle.dumps(function)), copy.copy(function), copy.deepcopy(function)):
        assert found is not function and found.__name__ == function.__name__
        for a, b in zip(s2sad.tree.leaves(found(x)), s2sad.tree.leaves(function(x)), strict=True):
            np.testing.assert_array_equal(a, b)
    nested = s2sad.grad(slope_of_sum)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(nested))(X), nested(X))


def slope_of_sum(x):
    return np.sum(slope(x))


LIMIT = 3.0


def with_more(x, data):
    return np.sum(x**2) * LIMIT + np.sum(np.array(data)), {"count": len(data)}


def grown(x):
    found = []
    for v in x:
        found.append(v * v)
    return found


@pytest.mark.parametrize("travel", [lambda f: pickle.loads(pickle.dumps(f)), copy.copy, copy.deepcopy])
def test_linear_functions_travel_with_what_the_forward_sweep_left(travel, monkeypatch):
    _, pullback = s2sad.vjp(plain, X)
    np.testing.assert_array_equal(travel(pullback)(2.0)[0], pullback(2.0)[0])
    _, pushforward = s2sad.linearize(plain, X)
    np.testing.assert_array_equal(travel(pushforward)(X), pushforward(X))
    _, pullback, _ = s2sad.vjp(with_more, X, [1.0] * 20, has_aux=True)
    before = pullback(1.0)
    monkeypatch.setattr(sys.modules[__name__], "LIMIT", 5.0)  # it is at the point where it was
    x_bar, data_bar = travel(pullback)(1.0)
    np.testing.assert_array_equal(x_bar, before[0])
    assert data_bar == before[1] == [1.0] * 20
    transpose = s2sad.linear_transpose(np.sum, X)
    np.testing.assert_array_equal(travel(transpose)(1.0)[0], np.ones(3))


def made_by_exec(name: str, text: str) -> Callable[..., Any]:
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace: dict[str, Any] = {"np": np}
    exec(compile(text, name, "exec"), namespace)
    return namespace["f"]


def test_a_function_made_by_exec_whose_source_is_in_linecache():
    f = made_by_exec("<cell 1>", "def f(x):\n    return np.sum(x**3)\n")
    np.testing.assert_allclose(s2sad.grad(f)(X), 3 * X**2)


def test_a_function_without_source_says_what_to_do():
    namespace: dict[str, Any] = {}
    exec("def f(x):\n    return x * x\n", namespace)
    with pytest.raises(s2sad.S2sadError, match=r"cannot be read.*Define it in a file.*python -c"):
        s2sad.grad(namespace["f"])(1.0)


def test_a_function_of_a_doctest():
    text = """
    >>> import s2sad
    >>> def f(x):
    ...     return x**3
    >>> s2sad.grad(f)(2.0)
    12.0
    """
    test = doctest.DocTestParser().get_doctest(text, {}, "cubed", None, None)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0


SENDER = """
import sys
import numpy as np
import s2sad
import cloudpickle

scale = np.array([1.0, 2.0])

def squared(x):
    return x * x

def loss(x):
    return np.sum(squared(x) * scale)

@s2sad.grad
def decorated(x):
    return np.sum(squared(x)) * 3.0

@s2sad.custom_jvp
def own(x):
    return squared(x)

@own.defjvp
def own_jvp(primals, tangents):
    return own(primals[0]), 5.0 * tangents[0]

x = np.array([1.0, 3.0])
sent = [
    (s2sad.grad(loss), x), (decorated, x), (s2sad.grad(lambda x: np.sum(squared(x))), x), (s2sad.grad(own), 2.0),
    (s2sad.vjp(loss, x)[1], 1.0), (s2sad.linearize(loss, x)[1], x), (own, 2.0),
]
expected = [f(x) for f, x in sent]
with open(sys.argv[1], "wb") as file:
    file.write(cloudpickle.dumps((sent, expected)))
"""
RECEIVER = """
import pickle, sys
import numpy as np
sent, expected = pickle.load(open(sys.argv[1], "rb"))
for (f, x), y in zip(sent, expected):
    np.testing.assert_array_equal(f(x), y)
print("all right")
"""


def run(folder: Path, text: str, *args: str) -> str:
    script = folder / "script.py"
    script.write_text(textwrap.dedent(text))
    environment = {"PYTHONPATH": ":".join([str(ROOT), *sys.path]), "S2SAD_BACKEND": "python", "PATH": ""}
    done = subprocess.run(
        [sys.executable, str(script), *args], capture_output=True, text=True, env=environment, cwd=folder, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_functions_of_main_take_their_source_along(tmp_path):
    pytest.importorskip("cloudpickle")
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    run(here, SENDER, str(tmp_path / "sent"))
    (here / "script.py").unlink()
    assert "all right" in run(there, RECEIVER, str(tmp_path / "sent"))


WORKERS = """
import joblib
import numpy as np
import s2sad

def squared(x):
    return x * x

slope = s2sad.grad(lambda x: np.sum(squared(x)))

def work(x):
    return slope(x)[0]

if __name__ == "__main__":
    print(joblib.Parallel(n_jobs=2)(joblib.delayed(work)(np.full(2, float(k))) for k in range(3)))
"""


def test_workers_of_joblib(tmp_path):
    pytest.importorskip("joblib")
    assert "0.0" in (out := run(tmp_path, WORKERS)) and "4.0" in out


SPAWNED = """
import multiprocessing as mp
import numpy as np
import s2sad

@s2sad.grad
def slope(x):
    return np.sum(x**2)

if __name__ == "__main__":
    with mp.get_context("spawn").Pool(1) as pool:
        print(pool.map(slope, [np.ones(2), np.zeros(2)]))
"""


def test_a_decorated_function_of_main_goes_to_spawned_processes(tmp_path):
    assert run(tmp_path, SPAWNED).strip() == "[array([2., 2.]), array([0., 0.])]"


def test_a_source_that_came_along_is_right_where_the_file_is_another_one(tmp_path):
    from s2sad import carried

    name, text = str(tmp_path / "model.py"), "def f(x):\n    return x**4\n"
    namespace: dict[str, Any] = {}
    exec(compile(text, name, "exec"), namespace)
    Path(name).write_text("def f(x):\n    return x**5\n")
    f = namespace["f"]
    assert isinstance(f, types.FunctionType)
    with pytest.raises(s2sad.S2sadError, match="has changed"):
        s2sad.grad(f)(1.0)
    carried.keep({name: text})
    assert s2sad.grad(f)(2.0) == 32.0
