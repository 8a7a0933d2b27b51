"""Code that lets other threads of Python run."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import s2sad
from s2sad.config import config, using

pytestmark = pytest.mark.compiled


@pytest.fixture(autouse=True)
def numba_backend():
    with using(backend="numba"):
        yield


def wave(x, n):
    total = 0.0
    for _ in range(n):
        for k in range(x.shape[0]):
            total += np.sin(total + x[k])
    return total


def test_results_of_many_threads_are_those_of_one():
    arrays = [np.linspace(0.0, 1.0 + k, 20 + k % 3) for k in range(40)]
    plain = [s2sad.value_and_grad(wave)(x, 20) for x in arrays]
    with using(nogil=True):
        made = s2sad.value_and_grad(wave)
        with ThreadPoolExecutor(4) as pool:
            for _ in range(3):
                for (value, grad), (expected, bar) in zip(pool.map(lambda x: made(x, 20), arrays), plain, strict=True):
                    assert value == expected
                    np.testing.assert_array_equal(grad, bar)
        assert "nogil=True" in made.source


@pytest.mark.parametrize("nogil", [False, True])
def test_another_thread_runs_meanwhile_or_not(nogil):
    made = s2sad.jit(wave, nogil=nogil)
    assert ("@rt.jit(nogil=True)" in made.lower(np.ones(3), 1).source) == nogil
    x = np.linspace(0.0, 1.0, 1000)
    made(x, 1)
    steps, done = [0], threading.Event()

    def count():
        while not done.is_set():
            steps[0] += 1
            time.sleep(0)  # waits for the GIL, which no other thread gives up within the interval set below

    before_interval = sys.getswitchinterval()
    thread = threading.Thread(target=count)
    inside = 0
    try:
        sys.setswitchinterval(1000.0)
        thread.start()
        for _ in range(100 if nogil else 1):
            before = steps[0]
            made(x, 1000)
            inside = steps[0] - before
            if inside:
                break
    finally:
        done.set()
        sys.setswitchinterval(before_interval)
        thread.join()
    assert bool(inside) == nogil


def test_the_option_is_part_of_what_is_compiled():
    made = s2sad.grad(lambda x: x * x)
    assert made(2.0) == 4.0
    assert "nogil" not in made.source
    with using(nogil=True):
        assert made(2.0) == 4.0
        assert "nogil" in made.source
    assert made(2.0) == 4.0
    assert not config.nogil


def test_the_environment_sets_it():
    code = "import s2sad; print(s2sad.config.nogil)"
    for value, expected in (("1", "True"), ("0", "False"), ("", "False")):
        out = subprocess.run(
            [sys.executable, "-c", code], env={"S2SAD_NOGIL": value, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert out.stdout.strip() == expected
