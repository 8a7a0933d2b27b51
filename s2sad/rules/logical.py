"""Comparisons, logic, bits and tests of numbers: no derivative flows through any of them."""

from __future__ import annotations

import math
import operator

import numpy as np

from s2sad.ir.builder import operators
from s2sad.rules.registry import zero_derivative

# -- comparisons

lt = zero_derivative(operator.lt, np.less, spelling="_0 < _1")
le = zero_derivative(operator.le, np.less_equal, spelling="_0 <= _1")
gt = zero_derivative(operator.gt, np.greater, spelling="_0 > _1")
ge = zero_derivative(operator.ge, np.greater_equal, spelling="_0 >= _1")
eq = zero_derivative(operator.eq, np.equal, spelling="_0 == _1")
ne = zero_derivative(operator.ne, np.not_equal, spelling="_0 != _1")

# -- logic

logical_and = zero_derivative(np.logical_and)
logical_or = zero_derivative(np.logical_or)
logical_xor = zero_derivative(np.logical_xor)
logical_not = zero_derivative(np.logical_not)
not_ = zero_derivative(operator.not_, spelling="not _0", name="not_")

# -- bits

bitwise_and = zero_derivative(operator.and_, np.bitwise_and, spelling="_0 & _1", name="bitwise_and")
bitwise_or = zero_derivative(operator.or_, np.bitwise_or, spelling="_0 | _1", name="bitwise_or")
bitwise_xor = zero_derivative(operator.xor, np.bitwise_xor, spelling="_0 ^ _1", name="bitwise_xor")
invert = zero_derivative(operator.invert, np.invert, spelling="~_0")
left_shift = zero_derivative(operator.lshift, np.left_shift, spelling="_0 << _1", name="left_shift")
right_shift = zero_derivative(operator.rshift, np.right_shift, spelling="_0 >> _1", name="right_shift")

# -- tests of numbers

isnan = zero_derivative(np.isnan, math.isnan)
isinf = zero_derivative(np.isinf, math.isinf)
isfinite = zero_derivative(np.isfinite, math.isfinite)
signbit = zero_derivative(np.signbit)

# `==` of two references stays Python's identity: the passes keep them in dicts.
operators(lt=lt, le=le, gt=gt, ge=ge, invert=invert)
operators(**{"and": bitwise_and, "or": bitwise_or, "xor": bitwise_xor, "lshift": left_shift, "rshift": right_shift})
