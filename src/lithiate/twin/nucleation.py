"""Nucleation: barriers that fall as lithium deposits, and the cover of the top."""

from __future__ import annotations

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
