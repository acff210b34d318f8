"""Soft shorts: filaments that form, conduct for a while, and heal."""

from __future__ import annotations

from lithiate._jit import njit


@njit
def birth_rate(rate: float, reach_a: float, reach_b: float, separator: float) -> float:
    """Return the birth rate of soft shorts [1/s].

    lambda = lambda_0 (mean(h L_d) / L_sep)^2: roughness times dead-layer thickness is how far deposits reach [m].
    Births are a Poisson process: the integrated rate crosses thresholds drawn from a unit exponential (time change), so
    that their times do not depend on the integrator's steps.
    """
    reach = 0.5 * (reach_a + reach_b) / separator
    return rate * reach * reach
