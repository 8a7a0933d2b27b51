"""What the reverse sweep gets from the forward sweep: `recording` is the page.

    scopes      where everything is defined
    cut         which values are recorded
    tapes       where values are recorded; `room`, what is reserved for them
    decisions   what was decided for each value, and why, for `explain`
    stacks      the two sweeps of a function called out of line; `pushing`, `nesting`
    split       one adjoint as a forward and a reverse function
"""
