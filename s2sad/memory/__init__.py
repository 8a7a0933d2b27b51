"""What overwrites what: the IR is pure, and only here it is decided which stores are in place and what is copied.

    liveness    which values are read later
    sharing     which values may be one buffer
    buffers     work arrays of loops, allocated once; `lists` of numbers likewise
    inplace     the plan: what overwrites, what is copied first
    copying     how a copy is made
"""
