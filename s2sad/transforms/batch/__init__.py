"""Batching: `batch` is the page.

    varying     what differs between items
    choice      an axis or a loop over the batch, and why
    parts       a statement in two: what is the same for all items, and what differs
    standing    what stands for each value in the batch
    control     loops and branches that are the same for all items
    lanes       the loop over the batch; `rows`, arrays filled in place in it
    sizes       values that say how large the batch is
"""
