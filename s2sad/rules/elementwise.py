"""Elementwise arithmetic and functions: each is declared by its partial derivatives."""

from __future__ import annotations

import math
import operator

import numpy as np

from s2sad.ir.builder import operators
from s2sad.rules.registry import scalar_rule

# -- arithmetic


@scalar_rule(np.add, operator.add, impl=operator.add, spelling="_0 + _1")
def add(x, y):
    return 1, 1


@scalar_rule(np.subtract, operator.sub, impl=operator.sub, spelling="_0 - _1")
def sub(x, y):
    return 1, -1


@scalar_rule(np.multiply, operator.mul, impl=operator.mul, spelling="_0 * _1")
def mul(x, y):
    return y, x


@scalar_rule(np.divide, operator.truediv, impl=operator.truediv, spelling="_0 / _1")
def truediv(x, y, *, out):
    return 1 / y, -out / y


@scalar_rule(np.negative, operator.neg, impl=operator.neg, spelling="-_0")
def neg(x):
    return -1


operators(add=add, sub=sub, mul=mul, truediv=truediv, neg=neg)


@scalar_rule(np.sin, math.sin)
def sin(x):
    return cos(x)


@scalar_rule(np.cos, math.cos)
def cos(x):
    return -sin(x)


@scalar_rule(np.exp, math.exp)
def exp(x, *, out):
    return out
