"""The `s2sad` command as a person uses it: what it writes, prints and refuses, and its exit codes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from s2sad import cli

MODEL = '''
import numpy as np
import s2sad

def loss(x, W):
    """A loss."""
    total = 0.0
    for i in range(W.shape[0]):
        s = 0.0
        for j in range(x.shape[0]):
            s += W[i, j] * x[j]
        total += np.tanh(s) ** 2
    return total

def penalty(x: float, y: float, k: int = 2) -> float:
    return x**k + np.sin(y)

def affine(p, x):
    return np.sum(p["w"] * x + p["b"])

def generator(x):
    yield x

@s2sad.custom_jvp
def wrong(x):
    return x * x

@wrong.defjvp
def wrong_jvp(primals, tangents):
    return primals[0] ** 2, 3.0 * primals[0] * tangents[0]

def fails(x):
    raise RuntimeError("told to")

class Model:
    rate = 3.0

    def f(self, x):
        return self.rate * x * x

    @staticmethod
    def free(x):
        return x * x

model = Model()
square = lambda x: x * x
number = 3
'''
SIGNATURE = ("-s", "f8[:], f8[:,:]")
DONE, FAILED, USAGE, REFUSED = range(4)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A directory with model.py in it, and nothing imported from it that stays."""
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("S2SAD_PLAIN_PYTHON", "1")
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        file = getattr(sys.modules[name], "__file__", None) or ""
        if file.startswith(str(tmp_path)):
            del sys.modules[name]


def run(*args: str, code: int = DONE) -> str:
    """What a command prints; its exit code must be `code`."""
    ran = CliRunner().invoke(cli.app, list(args))
    assert ran.exit_code == code, (ran.output, ran.exception)
    return ran.output


def test_emit(here):
    assert run("emit", "model.py:loss", *SIGNATURE, "-o", "out.py") == "wrote out.py: loss_grad\n"
    text = Path("out.py").read_text()
    assert '__all__ = ["loss_grad"]' in text
    assert "# model.py:12  total += np.tanh(s) ** 2" in text
    assert sorted(p.name for p in here.iterdir() if p.is_file()) == ["model.py", "out.py"]


def test_emit_writes_what_is_compiled_or_what_is_read():
    texts = []
    for more in ((), ("--readable",)):
        run("emit", "model.py:loss", "-s", "f8[4], f8[:,4]", "-o", "out.py", "--force", *more)
        texts.append(Path("out.py").read_text())
    assert "raise ValueError('loss_grad(): x.shape[0] == 4 is needed')" in texts[0] and "ValueError" not in texts[1]


def test_emit_by_module_name_methods_lambdas_and_several():
    out = run("emit", "model:square,penalty", "model:model.f", "model:Model.free", "-o", "out.py")
    assert out == "wrote out.py: square_grad, penalty_grad, model_f_grad, Model_free_grad\n"


def test_emit_never_overwrites_unasked():
    Path("out.py").write_text("mine")
    out = run("emit", "model.py:loss", *SIGNATURE, "-o", "out.py", code=FAILED)
    assert "out.py exists; pass --force to overwrite it" in out
    assert Path("out.py").read_text() == "mine"
    run("emit", "model.py:loss", *SIGNATURE, "-o", "out.py", "--force")
    assert "loss_grad" in Path("out.py").read_text()


def test_a_file_keeps_its_mode():
    Path("out.py").touch(mode=0o640)
    Path("out.py").chmod(0o640)
    run("emit", "model.py:penalty", "-o", "out.py", "--force")
    assert stat.S_IMODE(Path("out.py").stat().st_mode) == 0o640


@pytest.mark.parametrize(("place", "message"), [
    ("nowhere/out.py", "there is no directory nowhere"),
    (".", ". is a directory"),
])  # fmt: skip
def test_a_file_that_cannot_be(place, message):
    assert message in run("emit", "model.py:penalty", "-o", place, code=FAILED)
    assert message in run("emit", "model.py:penalty", "-o", place, "--force", code=FAILED)


def test_no_half_written_file(here, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    assert "out.py: No space left on device" in run("emit", "model.py:penalty", "-o", "out.py", code=FAILED)
    assert sorted(p.name for p in here.iterdir() if p.is_file()) == ["model.py"]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write anywhere")
def test_no_permission(here):
    (here / "closed").mkdir(mode=0o500)
    assert "Permission denied" in run("emit", "model.py:penalty", "-o", "closed/out.py", code=FAILED)


def test_one_refusal_writes_nothing(here):
    run("emit", "model.py:penalty,generator", "-o", "out.py", code=REFUSED)
    assert not Path("out.py").exists()


@pytest.mark.parametrize(("target", "message"), [
    ("model.py", "'model.py' is not MODULE:FUNCTION"),
    ("model.py:", "is not MODULE:FUNCTION"),
    (":loss", "is not MODULE:FUNCTION"),
    ("model.py:loss,", "is not MODULE:FUNCTION"),
    ("model.py:nothing", "model.py has no function 'nothing'"),
    ("model.py:number", "number is no function but of type int"),
    ("model.py:Model", "Model is a class"),
    ("model.py:Model.f", "Model.f is a method of a class; name it on an object: model.py:object.f"),
    ("nothing.py:f", "cannot import nothing.py: no such file"),
    ("no_such_module:f", "cannot import no_such_module: No module named"),
])  # fmt: skip
def test_targets_that_are_not_there(target, message):
    assert message in run("emit", target, "-o", "out.py", code=USAGE)


@pytest.mark.parametrize(("text", "message"), [
    ("1 / 0", "ZeroDivisionError: division by zero"),
    ("def f(:", "SyntaxError"),
    ("import no_such_thing", "No module named 'no_such_thing'"),
    ("raise SystemExit(0)", "SystemExit"),
])  # fmt: skip
@pytest.mark.parametrize("target", ["broken.py:f", "broken:f"])
def test_modules_that_cannot_be_imported(text, message, target):
    Path("broken.py").write_text(text)
    out = run("emit", target, "-o", "out.py", code=USAGE)
    assert message in out
    assert "broken.py" in out


@pytest.mark.parametrize(("options", "message"), [
    (("-s", "f8[:]"), "the signature has 1 type; the parameters are x, W"),
    (("-s", ""), "the signature has 0 types"),
    (("-s", "f8[:], f8[:,:], f8"), "the signature has 3 types"),
    (("-s", "f8[:], whatever"), "'whatever' is not a type"),
    (("-s", "f8[:"), "cannot read the signature"),
    ((*SIGNATURE, "--wrt", "q"), "there is no parameter 'q'"),
    ((*SIGNATURE, "--mode", "magic"), "'magic' is not one of"),
])  # fmt: skip
def test_wrong_usage(options, message):
    out = " ".join(run("emit", "model.py:loss", *options, "-o", "out.py", code=USAGE).replace("│", " ").split())
    assert message in out
    assert not Path("out.py").exists()


def test_a_refusal_shows_the_line_the_reason_and_the_mend():
    out = run("show", "model.py:generator", code=REFUSED)
    assert out.startswith("UnsupportedSyntaxError: ")
    assert "model.py:" in out
    assert "| def generator(x):" in out
    assert "^^^^" in out
    assert "is a generator, which cannot be returned. Return a list" in out


def test_lines_are_not_broken():
    """Carets stand under what they point at, however narrow the terminal."""
    out = run("show", "model.py:affine", "-s", "f8, f8", code=REFUSED)
    assert '    return np.sum(p["w"] * x + p["b"])\n' in out


def test_without_a_signature_the_guess_is_said():
    assert "No signature was given, so x, W were taken for numbers." in run("show", "model.py:loss", code=REFUSED)


@pytest.mark.parametrize("mode", ["grad", "value_and_grad", "jvp", "vjp", "jacfwd", "jacrev", "hessian", "hvp", "jit"])
def test_every_mode(mode):
    name = "loss" if mode == "jit" else f"loss_{mode}"
    assert name in run("emit", "model.py:loss", *SIGNATURE, "--mode", mode, "-o", "out.py")
    compile(Path("out.py").read_text(), "out.py", "exec")


def test_several_parameters_and_containers():
    run("emit", "model.py:affine", "-s", "{w: f8[:], b: f8}, f8", "--wrt", "p,x", "-o", "out.py")
    assert "def affine_grad(p_b, p_w, x):" in Path("out.py").read_text()


def test_show():
    assert "def loss_grad(x, W):" in run("show", "model.py:loss", *SIGNATURE)
    assert "\x1b" not in run("show", "model.py:loss", *SIGNATURE)
    stages = run("show", "model.py:loss", *SIGNATURE, "--after", "nothing", code=USAGE)
    assert "no stage 'nothing': the stages are elaborate, " in stages
    for stage in stages.strip().rpartition("the stages are ")[2].split(", "):
        assert "def " in run("show", "model.py:loss", *SIGNATURE, "--after", stage)


def test_colours_on_a_terminal(monkeypatch):
    from rich.console import Console

    monkeypatch.setattr(cli, "out", Console(force_terminal=True, color_system="standard", soft_wrap=True))
    assert "\x1b[" in run("show", "model.py:penalty")
    assert "\x1b[" not in run("show", "model.py:penalty", "--plain")


def test_explain():
    out = run("explain", "model.py:loss", *SIGNATURE)
    assert out.startswith("loss_grad:\n")
    assert "line 8: the loop over i is fused" in out
    assert "nothing is recorded" in run("explain", "model.py:penalty", "--mode", "jvp")


def test_one_function_where_one_is_needed():
    assert "names 2 functions" in run("show", "model.py:loss,penalty", code=USAGE)


def test_check():
    assert "derivatives agree" in run("check", "model.py:loss", "-s", "f8[3], f8[5,3]", "--order", "2")
    assert "derivatives agree" in run("check", "model.py:loss", *SIGNATURE)
    assert "derivatives agree" in run("check", "model.py:affine", "-s", "{w: f8[:], b: f8}, f8", "--seed", "3")
    assert "derivatives agree" in run("check", "model:penalty")


def test_check_with_arguments_of_a_file():
    np.savez("args.npz", x=np.ones(3), W=np.ones((2, 3)))
    assert "derivatives agree" in run("check", "model.py:loss", "--args", "args.npz")
    np.savez("few.npz", x=np.ones(3))
    assert "few.npz has no array 'W'; it has x" in run("check", "model.py:loss", "--args", "few.npz", code=USAGE)
    assert "cannot be read" in run("check", "model.py:loss", "--args", "model.py", code=USAGE)
    assert "cannot be read" in run("check", "model.py:loss", "--args", "nothing.npz", code=USAGE)
    assert "either" in run("check", "model.py:loss", *SIGNATURE, "--args", "args.npz", code=USAGE)


def test_check_says_what_is_wrong():
    assert "the derivatives disagree" in run("check", "model.py:wrong", code=FAILED)
    out = run("check", "model.py:loss", "-s", "f8[5], f8[5,3]", code=FAILED)
    assert "IndexError" in out
    assert "model.py:11" in out
    assert "RuntimeError: told to" in run("check", "model.py:fails", code=FAILED)
    assert "nothing to differentiate" in run("check", "model.py:penalty", "-s", "i8, i8", code=USAGE)


def test_cache(here, monkeypatch):
    from s2sad import cache

    monkeypatch.setenv("S2SAD_CACHE_DIR", str(here / "cache"))
    assert run("cache", "where") == f"{here / 'cache'}\n"
    assert run("cache", "size") == "0 files, 0 bytes\n"
    cache.store("x = 1\n", "x")
    assert run("cache", "size") == "1 files, 6 bytes\n"
    assert run("cache", "clear") == "removed 6 bytes\n"
    assert run("cache", "size") == "0 files, 0 bytes\n"


@pytest.mark.parametrize("command", ["emit", "show", "explain", "check"])
def test_help_has_examples_and_exit_codes(command):
    out = " ".join(run(command, "--help").split())
    assert f"s2sad {command} model.py:loss -s" in out
    assert "Exit codes: 0 done; 1 " in out
    assert "Exit codes: 0 done; 1 " in " ".join(run("--help").split())


def test_as_a_process(here):
    """The real command, with a narrow terminal that is none: no colours, plain codes."""
    command = [sys.executable, "-m", "s2sad.cli"]
    env = {**os.environ, "COLUMNS": "40"}
    ran = subprocess.run(
        [*command, "emit", "model.py:penalty,square", "-o", "out.py"], env=env, cwd=here, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (DONE, "wrote out.py: penalty_grad, square_grad\n", "")
    ran = subprocess.run([*command, "show", "model.py:generator"], env=env, cwd=here, capture_output=True, text=True)
    assert ran.returncode == REFUSED
    assert "\x1b" not in ran.stderr
    assert ran.stdout == ""
