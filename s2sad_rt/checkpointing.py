"""The binomial schedule of checkpoints: Griewank and Walther, "Algorithm 799: revolve" (ACM TOMS 26, 2000).

A chain of `steps` steps is to be reversed, one after the other from its end, where each needs the state before it. With
the first state and `snapshots - 1` more in memory, ``t(steps, snapshots)`` steps are run again at least:

    t(n, 1) = n * (n - 1) / 2
    t(n, s) = min over m of  m + t(n - m, s - 1) + t(m, s)        keep the state after m steps, reverse what follows
                                                                  it, and then the m steps before
            = r * n - C(s + r, r - 1)                             for the least r with n <= C(s + r, s)

A best m lies between ``C(s + r - 2, s)`` and ``C(s + r - 1, s)``, with n - m between ``C(s + r - 2, s - 1)`` and
``C(s + r - 1, s - 1)``.
"""

from __future__ import annotations


def revolve_advance(steps: int, snapshots: int) -> int:
    """How many steps to run before the next state is kept, when `steps` steps are to be reversed from a state that
    takes one of `snapshots` places. All but the last step where there is no other place."""
    if snapshots <= 1 or steps <= 2:
        return max(steps - 1, 0)
    before, reach, repeats = 0, 1, 0  # C(s + r - 2, s), where r >= 2, and C(s + r, s)
    last = 0
    while reach < steps:
        repeats += 1
        before, last = last, reach
        reach = reach * (snapshots + repeats) // repeats
    right = reach * snapshots // (snapshots + repeats)  # C(s + r - 1, s - 1)
    return max(before, steps - right, 1)
