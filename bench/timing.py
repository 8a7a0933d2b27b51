"""Times of calls, side by side: tools take turns, so that a slow moment of the machine falls on all of them.

A sample is wall-clock time. Where the kernel took the core away during it (another program ran), it is the CPU time of
the process if that is less: else a call longer than a time slice would look slower than a short one on a busy machine.
Calls shorter than 20 us are timed in groups.
"""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

TURNS = 5
SAMPLES = 400
"""At most as many samples a turn."""


@dataclass
class Stopwatch:
    """Samples of one call."""

    call: Callable[[], Any]
    samples: list[float] = field(default_factory=list)
    group: int = 1

    def sample(self) -> float:
        """Time the call once more, or a group of calls."""
        switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
        cpu = time.process_time()
        wall = time.perf_counter()
        for _ in range(self.group):
            self.call()
        wall = time.perf_counter() - wall
        cpu = time.process_time() - cpu
        if resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw != switches:
            wall = min(wall, cpu)
        return wall / self.group

    def turn(self, budget: float) -> None:
        """Samples for as long as the budget lasts: at least one, unless those of earlier turns took too long."""
        if self.samples and self.group * sum(self.samples) > 2 * TURNS * budget:
            return
        end = time.perf_counter() + budget
        for _ in range(SAMPLES):
            self.samples.append(self.sample())
            if time.perf_counter() > end:
                break

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Lower quartile, median, upper quartile."""
        if len(self.samples) < 2:
            return (self.samples[0],) * 3
        low, middle, high = statistics.quantiles(self.samples, n=4, method="inclusive")
        return low, middle, high


def side_by_side(calls: dict[str, Callable[[], Any]], budget: float) -> dict[str, tuple[float, float, float]]:
    """The quartiles of every call, each with a budget in seconds; the calls have run before."""
    watches = {name: Stopwatch(call) for name, call in calls.items()}
    gc.collect()
    gc.disable()
    try:
        for watch in watches.values():
            once = watch.sample()
            watch.group = max(1, int(2e-5 / max(once, 1e-8)))
            if once > budget:
                watch.samples.append(once)
        for _ in range(TURNS):
            for watch in watches.values():
                watch.turn(budget / TURNS)
    finally:
        gc.enable()
    return {name: watch.quartiles for name, watch in watches.items()}
