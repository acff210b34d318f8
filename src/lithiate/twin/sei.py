"""Solid electrolyte interphase and dead lithium: what a half cycle costs."""

from __future__ import annotations

from lithiate._jit import njit

LARGEST_LOSS = 0.5
"""A loss never takes more than this share of a current [1]; beyond it the linear closures have no meaning."""


@njit
def additive_cover(additive: float, initial: float, half_protection: float) -> float:
    """Return how far the additive still protects, n / (n + K n_0), in 0-1; amounts as charge [C/m2]."""
    amount = max(additive, 0.0)
    return amount / (amount + half_protection * initial)


@njit
def loss_factor(cover: float, protection: float) -> float:
    """Return the factor on all loss rates, 1 + B (1 - cover): B is the rise when the additive is gone."""
    return 1.0 + protection * (1.0 - cover)


@njit
def roughness_factor(roughness: float, exponent: float) -> float:
    """Return the factor of roughness on losses, ((h + 0.3)/1.3)^n: 1 at h = 1."""
    return ((max(roughness, 0.0) + 0.3) / 1.3) ** exponent


@njit
def bounded_loss(share: float) -> float:
    """Return a loss share, never above `LARGEST_LOSS`."""
    return min(share, LARGEST_LOSS)


@njit
def film_resistance(fresh: float, interphase: float, doubling_charge: float) -> float:
    """Return the film resistance [ohm m2], R (1 + q_sei/q_double); charges in C/m2."""
    return fresh * (1.0 + max(interphase, 0.0) / doubling_charge)


@njit
def film_growth(current: float, interphase: float, film_charge: float) -> float:
    """Return the current at which a film grows at rest and always, i = i_0 / (1 + q/q_film) [A/m2].

    Growth limited by transport through the film (q ~ sqrt(t) once q is much larger than q_film; Peled, J. Electrochem.
    Soc. 126, 2047 (1979); Kolesnikov et al., Adv. Energy Mater. 10, 2000017 (2020)). An infinite `film_charge` gives
    growth limited by the reaction: constant. `current` [A/m2] is that of a fresh surface, charges in C/m2.
    """
    return current / (1.0 + max(interphase, 0.0) / film_charge)
