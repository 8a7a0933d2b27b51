"""From a call of Python's to compiled code, and back.

    signature     arguments: which are values, which are known; the key of what was compiled
    variant       a function compiled for one signature
    binding       what it reads of the outside at each call, for one of the functions that it is right for
    program       a function and its variants: finds or makes the one for a call
    entry         the way into compiled code, written for one signature; `strict`, Numba's dispatcher at the end of it
    families      programs that functions with the same code share, a fresh lambda say
    direct        the programs of functions that are called with a function, as `jvp` is
    compiler      all that is imported when the first function is compiled
    transformed   what every transform gives: an object that is called like the function
    splitting     `vjp` and `linearize` in two sweeps; `pullback`, what they give
    inspection    source, stages, decisions of what was compiled
    typetext      types as text
    in_njit       calls from the user's own compiled code; `numba_types`, and `kept`, what of it is kept on disk
"""
