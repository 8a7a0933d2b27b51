"""Derivatives for users to keep: named on the command line, made for a signature, written as modules of their own.

    targets        file.py:loss                       the functions that a text names
    parameters     "f8[:], f8[:,:]"                   their arguments, known by type only
    derivatives    export(loss, "loss", request)      the derivative, lowered
    modules        module_source([export])            the module, which needs `s2sad_rt` and no s2sad
    sampling       random(loss, "f8[:], f8[:,:]", 0)  arguments to try a function with
"""

from s2sad.exporting.derivatives import TITLES, Export, Request, export
from s2sad.exporting.modules import module_source

__all__ = ["TITLES", "Export", "Request", "export", "module_source"]
