"""The exponential function as the twin's loops need it: inlined, and several numbers at a time.

The C library's is a call that costs as much as thirty multiplications here, and the right-hand side takes some forty of
them. This one is branch-free, so that compiled loops over the salt's grid do several at once.
"""

from __future__ import annotations

import numpy as np

from lithiate._jit import njit

_LARGEST_ARGUMENT = 700.0
_LOG2_E = 1.4426950408889634
_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_EXPONENT_BIAS, _MANTISSA_BITS = 1023, 52


@njit
def exponential(x: float) -> float:
    """Return exp(x), to 3 units in the last place, for x cut to -700...700; NaN stays NaN.

    x = k ln 2 + r with |r| <= ln(2)/2: exp(x) = 2^k P(r), P the Taylor polynomial of degree 12 (its remainder is below
    2e-16), summed in pairs. ln 2 in two parts keeps r exact (Cody & Waite 1980).
    """
    cut = min(max(x, -_LARGEST_ARGUMENT), _LARGEST_ARGUMENT)
    k = np.floor(cut * _LOG2_E + 0.5)
    r = (cut - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    r8 = r4 * r4
    low = ((1.0 + r) + r2 * (0.5 + r * (1.0 / 6.0))) + r4 * (
        (1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0 + r * (1.0 / 5040.0))
    )
    high = (1.0 / 40320.0 + r * (1.0 / 362880.0)) + r2 * (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + r4 / 479001600.0
    power = np.int64((np.int64(k) + _EXPONENT_BIAS) << _MANTISSA_BITS).view(np.float64)
    return (low + r8 * high) * power
