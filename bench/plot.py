"""The results as a picture: the derivative's time over s2sad's, by row and tool, on a logarithmic axis."""

from __future__ import annotations

from pathlib import Path

from bench.results import Row

COLOURS = {"hand": "#1b9e77", "jax": "#7570b3", "torch": "#d95f02", "autograd": "#e6ab02", "enzyme": "#e7298a"}


def plot(rows: list[Row], path: Path) -> None:
    """Save one line of dots for each row: right of 1 a tool is slower than s2sad."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    shown = [r for r in rows if "s2sad" in r.cells][::-1]
    figure, axes = plt.subplots(figsize=(7.5, 1.4 + 0.24 * len(shown)), layout="constrained")
    axes.axvline(1.0, color="#333333", linewidth=1)
    for tool, colour in COLOURS.items():
        ratios = [(r.ratio(tool, "s2sad"), y) for y, r in enumerate(shown)]
        points = [(x, y) for x, y in ratios if x is not None]
        if points:
            axes.plot(*zip(*points, strict=True), "o", label=tool, color=colour, markersize=5)
    axes.set_xscale("log")
    axes.set_xlabel("time of a derivative / time by s2sad")
    axes.set_yticks(range(len(shown)), [f"{r.problem}  {r.size}" for r in shown], fontsize=7)
    axes.set_ylim(-0.7, len(shown) - 0.3)
    axes.grid(axis="y", color="#eeeeee")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=len(COLOURS), loc="lower center", bbox_to_anchor=(0.5, 1.0))
    figure.savefig(path, dpi=150)
    plt.close(figure)
