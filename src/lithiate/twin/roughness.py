"""Roughness of the top deposit: what feeds it, what levels it."""

from __future__ import annotations

from lithiate._jit import njit

SMALLEST_ROUGHNESS = 0.05
"""Roughness below which its feedback on itself is that of this value [1]."""


@njit
def roughness_growth(
    drive: float, current: float, reference_current: float, current_exponent: float, roughness: float, feedback: float,
    limit: float,
) -> float:  # fmt: skip
    """Return the growth of roughness while the top plates [1/s].

    dh/dt = s (i/i_0)^n h^p (1 - h/h_max) i. Without feedback (p = 0) the source is heterogeneity of the surface alone:
    roughness saturates. p = 1: protrusions draw current in proportion to their height (amplification). p = -1: deposit
    at random, h ~ sqrt(charge). The literature does not decide; p is a choice of closure.

    Parameters
    ----------
    drive : float, m2/C
        Source s, from the surface's heterogeneity.
    current, reference_current : float, A/m2
    roughness, limit : float
        Height of the roughness over its scale [1].
    """
    rate = drive * (current / reference_current) ** current_exponent * (1.0 - roughness / limit) * current
    if feedback == 0.0:
        return rate
    return rate * max(roughness, SMALLEST_ROUGHNESS) ** feedback


@njit
def roughness_levelling(rate: float, roughness: float, current: float) -> float:
    """Return the loss of roughness while the top strips, -l h i [1/s]: protrusions dissolve first.

    `rate` l in m2/C, `current` in A/m2.
    """
    return -rate * roughness * current
