"""Python in: the program is read, and run on types, which writes IR.

    syntax      the source of a function, as a tree in a small kernel language
    values      what a name is bound to while the tree is run; what is read of the outside
    library     what builtins, NumPy and SciPy mean on such values
    elaborate   the interpreter: statements, expressions, branches and loops, calls
    meanings    what `grad`, `vmap`, custom rules and the like mean, inside a function and outside

Each may know those above it. `elaborate` calls what a transform means through the table in `values.transforms`.
"""
