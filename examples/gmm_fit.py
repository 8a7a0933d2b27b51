"""Fit a mixture of Gaussians to the Old Faithful eruptions by maximum likelihood, with a gradient written by s2sad.

    python examples/gmm_fit.py [--components 2] [--output build/demo]

The likelihood below is plain Python. The script shows the generated gradient, checks it against finite differences,
fits, times the gradient beside the alternatives, draws the fit, and at last writes the gradient as a module of its own
and uses that in a process that is not able to import s2sad.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

DATA = Path(__file__).parent / "data" / "old_faithful.csv"
LOG_2_PI = math.log(2.0 * math.pi)


def logsumexp(v):
    """log(sum(exp(v))), safe for large entries."""
    top = v[0]
    for j in range(1, len(v)):
        if v[j] > top:
            top = v[j]
    s = 0.0
    for j in range(len(v)):
        s += math.exp(v[j] - top)
    return top + math.log(s)


def negative_log_likelihood(theta, x):
    """Minus the log-likelihood of points x (n, 2) under a mixture of k Gaussians.

    A row of theta (k, 6) is a component: the logarithm of its weight up to a constant, its mean (2), the logarithm of
    the diagonal of the lower triangular square root of its precision (2), and that root's entry below the diagonal.
    """
    n = x.shape[0]
    k = theta.shape[0]
    terms = np.empty(k)
    total = 0.0
    for i in range(n):
        for j in range(k):
            u = x[i, 0] - theta[j, 1]
            v = x[i, 1] - theta[j, 2]
            a = math.exp(theta[j, 3]) * u
            b = theta[j, 5] * u + math.exp(theta[j, 4]) * v
            terms[j] = theta[j, 0] + theta[j, 3] + theta[j, 4] - 0.5 * (a * a + b * b)
        total += logsumexp(terms)
    return n * (logsumexp(theta[:, 0]) + LOG_2_PI) - total


def start(x: np.ndarray, k: int) -> np.ndarray:
    """Components of equal weight and unit precision at the quantiles of the data."""
    theta = np.zeros((k, 6))
    for j in range(k):
        theta[j, 1:3] = np.quantile(x, (j + 0.5) / k, axis=0)
    theta[:, 3:5] = math.log(2.0)
    return theta


def components(theta: np.ndarray, mean: np.ndarray, scale: np.ndarray) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Weight, mean and covariance of each component, in the units of the data, the heaviest last."""
    weights = np.exp(theta[:, 0] - logsumexp(theta[:, 0]))
    out = []
    for w, row in zip(weights, theta, strict=True):
        root = np.array([[math.exp(row[3]), 0.0], [row[5], math.exp(row[4])]])
        covariance = np.linalg.inv(root.T @ root) * np.outer(scale, scale)
        out.append((float(w), mean + scale * row[1:3], covariance))
    return sorted(out, key=lambda c: c[0])


def central_differences(f: Callable[..., float], theta: np.ndarray, x: np.ndarray, h: float = 1e-5) -> np.ndarray:
    """The gradient of f in theta by central differences."""
    gradient = np.zeros_like(theta)
    for place in np.ndindex(*theta.shape):
        high, low = theta.copy(), theta.copy()
        high[place] += h
        low[place] -= h
        gradient[place] = (f(high, x) - f(low, x)) / (2.0 * h)
    return gradient


def median_microseconds(call: Callable[[], object], repeats: int = 200) -> float:
    """The median time of a call."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return 1e6 * float(np.median(times))


def picture(x: np.ndarray, fitted: list[tuple[float, np.ndarray, np.ndarray]], path: Path) -> None:
    """The data, and ellipses that hold half and 95 % of each component."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.patches import Ellipse

    figure, axes = plt.subplots(figsize=(6.0, 4.5), layout="constrained")
    axes.plot(x[:, 0], x[:, 1], ".", color="0.4", markersize=4)
    colours = ("#1b9e77", "#d95f02", "#7570b3", "#e7298a")
    for number, (weight, mean, covariance) in enumerate(fitted):
        colour = colours[number % len(colours)]
        values, vectors = np.linalg.eigh(covariance)
        angle = math.degrees(math.atan2(vectors[1, 1], vectors[0, 1]))
        for share in (0.5, 0.95):
            height, width = 2.0 * np.sqrt(-2.0 * math.log(1.0 - share) * values)
            axes.add_patch(Ellipse(mean, width, height, angle=angle, fill=False, color=colour, linewidth=1.5))
        axes.plot(*mean, "+", color=colour, markersize=12, label=f"weight {weight:.3f}")
    axes.set_xlabel("duration of the eruption [min]")
    axes.set_ylabel("time to the next one [min]")
    axes.set_title("Old Faithful: a Gaussian mixture by maximum likelihood", fontsize=10)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


WITHOUT_S2SAD = """
import importlib.util, sys
import numpy as np

class Forbid:
    def find_spec(self, name, path=None, target=None):
        if name == "s2sad" or name.startswith("s2sad."):
            raise ImportError("s2sad is forbidden in this process")

sys.meta_path.insert(0, Forbid())
try:
    import s2sad
except ImportError:
    pass
else:
    raise SystemExit("s2sad could be imported")
module_path, arguments, answer = sys.argv[1:]
spec = importlib.util.spec_from_file_location("mixture_gradient", module_path)
module = sys.modules["mixture_gradient"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
data = np.load(arguments)
value, gradient = module.negative_log_likelihood_value_and_grad(data["theta"], data["x"])
assert not any(name == "s2sad" or name.startswith("s2sad.") for name in sys.modules)
np.savez(answer, value=value, gradient=gradient)
"""


def use_emitted(folder: Path, theta: np.ndarray, x: np.ndarray) -> tuple[float, np.ndarray]:
    """Write the gradient with `s2sad emit`; value and gradient by that module, in a process without s2sad."""
    module = folder / "mixture_gradient.py"
    target = f"{Path(__file__).resolve()}:negative_log_likelihood"
    command = [sys.executable, "-c", "from s2sad.cli import main; main()", "emit", target, "--mode", "value_and_grad",
               "--wrt", "theta", "--signature", "f8[:,:], f8[:,:]", "-o", str(module), "--force"]  # fmt: skip
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    np.savez(folder / "arguments.npz", theta=theta, x=x)
    files = [str(path) for path in (module, folder / "arguments.npz", folder / "answer.npz")]
    subprocess.run([sys.executable, "-c", WITHOUT_S2SAD, *files], check=True)
    answer = np.load(files[2])
    return float(answer["value"]), answer["gradient"]


def main(argv: list[str] | None = None) -> int:
    """The demonstration; the exit code is 0 when every check holds."""
    from rich.console import Console
    from rich.syntax import Syntax
    from rich.table import Table
    from scipy.optimize import minimize

    import s2sad

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--components", type=int, default=2, help="how many Gaussians (default 2)")
    parser.add_argument("--output", type=Path, default=Path("build/demo"), help="a folder (default build/demo)")
    options = parser.parse_args(argv)
    k = options.components
    options.output.mkdir(parents=True, exist_ok=True)
    console = Console(width=None if sys.stdout.isatty() else 120)

    data = np.loadtxt(DATA, delimiter=",", skiprows=1)
    mean, scale = data.mean(axis=0), data.std(axis=0)
    x = (data - mean) / scale
    theta0 = start(x, k)

    console.rule("1. the gradient that s2sad writes")
    primal = s2sad.jit(negative_log_likelihood)
    gradient = s2sad.value_and_grad(negative_log_likelihood)
    begin = time.perf_counter()
    gradient(theta0, x)
    first = time.perf_counter() - begin
    console.print(Syntax(gradient.source, "python", theme="ansi_dark", background_color="default"))
    console.print(f"written, compiled and called in {first:.2f} s")

    console.rule("2. the check")
    rng = np.random.default_rng(0)
    theta = theta0 + 0.2 * rng.standard_normal(theta0.shape)
    value, exact = gradient(theta, x)
    differences = central_differences(primal, theta, x)
    error = float(np.max(np.abs(exact - differences)) / np.max(np.abs(differences)))
    console.print(f"value {value:.10f}, by CPython {negative_log_likelihood(theta, x):.10f}")
    console.print(f"gradient against central differences: relative error {error:.1e}")

    console.rule("3. the fit")

    inside = 0.0

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal inside
        begin = time.perf_counter()
        negative, slope = gradient(flat.reshape(k, 6), x)
        inside += time.perf_counter() - begin
        return negative, slope.ravel()

    begin = time.perf_counter()
    limits = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-6}
    fit = minimize(objective, theta0.ravel(), method="L-BFGS-B", jac=True, options=limits)
    seconds = time.perf_counter() - begin
    best = fit.x.reshape(k, 6)
    likelihood = -fit.fun - len(x) * float(np.sum(np.log(scale)))
    fitted = components(best, mean, scale)
    spent = f"{1e3 * seconds:.1f} ms, {1e3 * inside:.1f} ms of it in {fit.nfev} gradients"
    console.print(f"{fit.nit} iterations in {spent}")
    console.print(f"log-likelihood {likelihood:.4f}")
    table = Table("weight", "mean duration", "mean waiting", "sd duration", "sd waiting", "correlation")
    for weight, centre, covariance in fitted:
        sd = np.sqrt(np.diag(covariance))
        table.add_row(f"{weight:.4f}", *(f"{v:.4f}" for v in (*centre, *sd, covariance[0, 1] / (sd[0] * sd[1]))))
    console.print(table)

    console.rule("4. the time")
    times = Table("microseconds", "a call", "primals")
    base = median_microseconds(lambda: primal(theta, x))
    by_s2sad = median_microseconds(lambda: gradient(theta, x))
    by_differences = median_microseconds(lambda: central_differences(primal, theta, x), 20)
    by_cpython = median_microseconds(lambda: negative_log_likelihood(theta, x), 5)
    for label, t in (
        ("primal, compiled", base),
        ("value and gradient by s2sad", by_s2sad),
        (f"gradient by central differences ({2 * theta.size} primals)", by_differences),
        ("primal, CPython", by_cpython),
    ):
        times.add_row(label, f"{t:.1f}", f"{t / base:.1f}")
    console.print(times)
    picture(data, fitted, options.output / "old_faithful.png")
    console.print(f"saved {options.output / 'old_faithful.png'}")

    console.rule("5. the gradient as a module, where s2sad cannot be imported")
    alone_value, alone = use_emitted(options.output, best, x)
    here_value, here = gradient(best, x)
    same = alone_value == here_value and np.array_equal(alone, here)
    close = math.isclose(alone_value, here_value, rel_tol=1e-13) and np.allclose(alone, here, rtol=1e-10, atol=1e-9)
    verdict = "the same" if same else "close" if close else "OTHER"
    console.print(f"{options.output / 'mixture_gradient.py'}: value {alone_value:.10f}, {verdict} numbers")

    return 0 if error < 1e-6 and fit.success and close else 1


if __name__ == "__main__":
    raise SystemExit(main())
