"""Nucleation: barriers that fall as lithium deposits, and the cover of the top."""

from __future__ import annotations

import math

from lithiate._jit import njit
from lithiate.twin.elementary import exponential


@njit
def fading_barrier(initial: float, persistent_share: float, deposited: float, nucleation_charge: float) -> float:
    """Return the mean nucleation barrier [V] after a charge has been deposited.

    b(q) = b_0 [f + (1 - f) exp(-q / q_n)], with the share f that persists. q and q_n in C/m2.
    Critical nuclei shrink with overpotential (r = 2 gamma Omega / (F eta), Pei et al., Nano Lett. 17, 1132 (2017)), so
    a layer of nuclei is complete after a charge far below that of the deposit.
    """
    return initial * (persistent_share + (1.0 - persistent_share) * exponential(-deposited / nucleation_charge))


@njit
def covered_share(deposit: float, covering_charge: float) -> float:
    """Return the share of the top that its deposit covers, 1 - exp(-q/q_cov).

    Charges in C/m2; a negative deposit counts as none.
    """
    return 1.0 - exponential(-max(deposit, 0.0) / covering_charge)


@njit
def mean_barrier(
    share: float, first: float, first_width: float, second: float, second_width: float
) -> tuple[float, float]:
    """Return barrier and width [V] of a surface whose two kinds of sites act as one.

    The alternative to kinds of sites side by side: adatoms or nuclei exchange faster than lithium arrives, so that the
    surface shows one barrier, the mean of the kinds weighted by their shares. The literature does not decide.
    """
    barrier = share * first + (1.0 - share) * second
    width = math.sqrt(share * first_width * first_width + (1.0 - share) * second_width * second_width)
    return barrier, width
