"""The interpreter on abstract values, one construct a module: `elaborate` is its door, `elaborator` its state.

An interpreter is one mutual recursion (a statement holds expressions, a call holds statements), and so is this folder.
"""
