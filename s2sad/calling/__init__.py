"""From a call of Python's to compiled code, and back.

    signature     arguments: which are values, which are known; the key of what was compiled
    variant       a function compiled for one signature
    program       a function and its variants: finds or makes the one for a call
    compiler      all that is imported when the first function is compiled
    transformed   what every transform gives: an object that is called like the function
    splitting     `vjp` and `linearize` in two sweeps; `pullback`, what they give
    inspection    source, stages, decisions of what was compiled
    typetext      types as text
    in_njit       calls from the user's own compiled code; `numba_types`, and `kept`, what of it is kept on disk
"""
