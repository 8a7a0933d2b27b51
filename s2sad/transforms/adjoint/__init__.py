"""Reverse mode: `adjoint` is the page, and what it hands on stands beside it.

    cotangents    the map from values to cotangents
    structure     loads, stores, increments, casts, lists
    loops         a loop in the other direction; `ranges`, `loop_forms` (order-free), `replay`, `selection` and
                  `choosing` (min, max)
    calls         functions out of line, and those with rules of their own; `custom`
    checkpointing loops from snapshots
    sweep         the sweep as these see it
"""
