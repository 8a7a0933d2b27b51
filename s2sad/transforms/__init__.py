"""IR to IR: from a function to its derivative, or to that of a batch.

    activity     what varies with the inputs and reaches the results
    forward      tangents beside values
    adjoint      the reverse sweep, which mentions what it needs of the forward sweep
    recording    makes the mentions good: recorded, reloaded or computed again; split into two sweeps
    batch        a function of one item as one of many

Each may know those above it. The page to read first in each has its name.
"""
