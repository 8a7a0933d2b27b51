"""What Numba keeps of the user's cached ``@njit`` functions: right in the next process, and compiled anew when a
derivative inside is not what it was."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from numba import njit

import s2sad
from s2sad.calling.kept import Reach

ROOT = Path(__file__).parent.parent

FUNCTIONS = """
import numpy as np
import scipy.special as special
import s2sad
from numba import njit

@njit
def scaled(x):
    return FACTOR * x

def of_number(x):
    return scaled(x) ** 2

def of_array(x):
    out = []
    for v in x:
        out.append(FACTOR * v)
    total = 0.0
    for v in out:
        total += v * v
    return total + np.sum(special.erfi(x))

def item(x, i):
    return x[i] ** 2

grad_of_number = s2sad.grad(of_number)
"""

CALLERS = """
import json, sys
import numba, numpy as np, s2sad
import functions

if "later" in sys.argv:  # Numba's count of functions is another one
    numba.njit(lambda x: x)(1.0)

of_array, item = s2sad.grad(functions.of_array), s2sad.grad(functions.item)
dispatcher = of_array.compiled("f8[:]")
cached = numba.njit(cache=True)

@cached
def of_module(x):
    return functions.grad_of_number(x)

@cached
def of_cached(x):
    return of_module(x[0]) + of_array(x)

@cached
def of_dispatcher(x):
    return dispatcher(x)

@cached
def of_item(x, i):
    return item(x, i)

@numba.njit(cache=True, parallel=True)
def parallel(x):
    out = np.zeros(len(x))
    for i in numba.prange(len(x)):
        out[i] = functions.grad_of_number(x[i])
    return out

@numba.guvectorize(["(f8[:],f8[:])"], "(n)->(n)", cache=True)
def generalized(x, out):
    out[:] = of_array(x)

@numba.cfunc("f8(f8)", cache=True)
def callback(x):
    return functions.grad_of_number(x)

def made(g):
    @cached
    def closure(x):
        return g(x)
    return closure

closure = made(of_array)

x = np.array([0.5, 0.25])
values = [of_module(3.0), of_cached(x), of_dispatcher(x), closure(x), parallel(x), generalized(x), callback.ctypes(3.0)]
values.append(of_item(x, 1))
try:
    of_item(x, 5)
except IndexError as error:
    assert "out of bounds" in str(error)
else:
    raise AssertionError
hits = [sum(f.stats.cache_hits.values()) for f in (of_module, of_cached, of_dispatcher, closure, parallel, of_item)]
print(json.dumps([[np.asarray(v).tolist() for v in values], [*hits, callback.cache_hits]]))
"""


class Scripts:
    """A directory of scripts, run by fresh processes with caches of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def run(self, name: str, *args: str, **more: str) -> subprocess.CompletedProcess:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "PYTHONDONTWRITEBYTECODE": "1",  # an edit within a second is seen
            "S2SAD_CACHE_DIR": str(self.directory / "cache"),
            **more,
        }
        command = [sys.executable, str(self.directory / name), *args]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


def expected(factor: float) -> list:
    x = np.array([0.5, 0.25])
    array = 2 * factor**2 * x + 2 / np.sqrt(np.pi) * np.exp(x**2)
    number = 2 * factor**2
    return [3 * number, number * x[0] + array, array, array, number * x, array, 3 * number, [0.0, 0.5]]


@pytest.mark.compiled
def test_kept_code_serves_the_next_process_until_a_function_changes(scripts):
    """`functions.py` is edited, of which Numba's cache of `callers.py` knows nothing."""

    def check(factor: float, hits: list[int], *args: str) -> None:
        values, found = json.loads(scripts.run("callers.py", *args).stdout)
        for value, wanted in zip(values, expected(factor), strict=True):
            np.testing.assert_allclose(value, wanted)
        assert found == hits

    scripts.write("callers.py", CALLERS)
    scripts.write("functions.py", FUNCTIONS.replace("FACTOR", "2.0"))
    check(2.0, [0] * 7)
    check(2.0, [1] * 7)
    shutil.rmtree(scripts.directory / "cache")
    check(2.0, [1] * 7)
    scripts.write("functions.py", FUNCTIONS.replace("FACTOR", "3.0"))
    check(3.0, [0, 0, 0, 0, 0, 1, 0], "later")
    check(3.0, [1] * 7)


REBOUND = """
import sys
import numba, s2sad

first, second = s2sad.grad(lambda x: x * x), s2sad.grad(lambda x: x * x * x)
g = first if sys.argv[1] == "first" else second

@numba.njit(cache=True)
def use(x):
    return g(x)

print(use(2.0), sum(use.stats.cache_hits.values()))
"""


@pytest.mark.compiled
def test_another_transform_of_the_same_name(scripts):
    scripts.write("script.py", REBOUND)
    runs = ["first", "first", "second", "second"]
    assert [scripts.run("script.py", a).stdout.split() for a in runs] == [
        ["4.0", "0"], ["4.0", "1"], ["12.0", "0"], ["12.0", "1"]
    ]  # fmt: skip


OF_WRITTEN = """
import numba
from written import f_grad

@numba.njit(cache=True)
def use(x):
    return f_grad(x)

print(use(2.0), sum(use.stats.cache_hits.values()))
"""


@pytest.mark.compiled
def test_a_written_module_that_changes(scripts):
    scripts.write("script.py", OF_WRITTEN)
    first = s2sad.grad(lambda x: x * x).lower(1.0).source
    second = s2sad.grad(lambda x: x * x * x).lower(1.0).source
    found = []
    for text in (first, first, second, second):
        scripts.write("written.py", text.replace("grad_lambda", "f_grad"))
        found.append(scripts.run("script.py").stdout.split())
    assert found == [["4.0", "0"], ["4.0", "1"], ["12.0", "0"], ["12.0", "1"]]


RECURSIVE = """
import numpy as np
import numba, s2sad

def halves(x, n):
    if n == 0:
        return x.copy()
    return np.sum(halves(x[::2], n - 1)) * x

g = s2sad.grad(lambda x, n: np.sum(halves(x, n)))
dispatcher = g.compiled("f8[:]", "i8")

@numba.njit(cache=True)
def of_transform(x, n):
    return g(x, n)

@numba.njit(cache=True)
def of_dispatcher(x, n):
    return dispatcher(x, n)

for caller in (of_transform, of_dispatcher):
    assert np.array_equal(caller(np.ones(8), 2), [56, 8, 24, 8, 56, 8, 24, 8])
"""


@pytest.mark.compiled
def test_callers_of_what_cannot_be_kept_are_not_kept(scripts):
    """Numba's cache crashed on recursion over types that change, inside of a caller as well. Recursion in LLVM of our
    own is kept as everything else is."""
    scripts.write("script.py", RECURSIVE)
    for _ in range(2):
        assert "Cannot cache" not in scripts.run("script.py").stderr
    for _ in range(2):
        done = scripts.run("script.py", S2SAD_LLVM="0")
        assert done.stderr.count('Cannot cache compiled function "of_') == 2


SAME_COUNT = """
import sys
import numpy as np, scipy.special as special, s2sad

def first(x):
    return np.sum(special.erfinv(x) * special.erfinv(x * 0.5) + special.erfinv(x * 0.25))

def second(x):
    return np.sum(special.digamma(x) * special.digamma(x * 0.5) + special.digamma(x * 0.25))

x = np.linspace(0.2, 0.9, 3)
for name in sys.argv[1:]:
    function = globals()[name]
    assert np.isclose(s2sad.jit(function)(x), function(x)), name
"""


@pytest.mark.compiled
def test_kept_code_is_not_taken_for_code_compiled_now(scripts):
    """Numba numbers functions in the order they are compiled, and links by name and number: what this package writes
    for two functions must differ in name."""
    scripts.write("script.py", SAME_COUNT)
    scripts.run("script.py", "first")
    scripts.run("script.py", "second", "first")


def test_reach_follows_globals_closures_modules_and_compiled_functions():
    g, h = s2sad.grad(lambda x: x * x), s2sad.grad(lambda x: x)
    module = types.ModuleType("module")
    module.g, module.unused, module.itself = g, h, module

    @njit
    def helper(x):
        return h(x) + module.itself.g(x)

    def caller(x):
        return [helper(v) + g(v) for v in x] + recursive(x)

    @njit
    def recursive(x):
        return recursive(x) + h(x)

    reach = Reach(caller)
    assert reach.transforms == [g, h]
    assert sorted(reach.edges) == [
        "0.g = transform 0", "0.helper = function 1", "0.recursive = function 2", "1.h = transform 1",
        "1.module.g = transform 0", "2.h = transform 1", "2.recursive = function 2",
    ]  # fmt: skip
