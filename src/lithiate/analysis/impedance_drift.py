"""What consecutive spectra tell of the drift while they were recorded: all rows brought to the same instant."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from lithiate.analysis.one_spectrum import falling_order
from lithiate.analysis.robust import FloatArray
from lithiate.errors import AnalysisError
from lithiate.formulas.circuit import ComplexArray


@frozen(eq=False, kw_only=True)
class SpectraDrift:
    """Consecutive spectra, interpolated to instants at which all rows belong together; rows by falling frequency.

    Parameters
    ----------
    frequency : (n,) float64, Hz
    instant : (m - 1,) float64, s
        The end of each spectrum but the last.
    impedance : (m - 1, n) complex128
        At these instants, in the unit of the measured one.
    change : (m - 1,) float64
        Of |Z| at the lowest frequency while the spectrum was recorded, over |Z|, from its rate up to the next spectrum.
    largest_change : (m - 1,) float64
        The same of Z (its absolute value) at the frequency where it is largest; noise counts in full.
    """

    frequency: FloatArray
    instant: FloatArray
    impedance: ComplexArray
    change: FloatArray
    largest_change: FloatArray


def estimate_drift(frequency: FloatArray, impedance: ComplexArray, time: FloatArray) -> SpectraDrift:
    """Interpolate consecutive spectra in time, row by row, and tell how much the cell changed during each.

    Z(f, T) = Z_k(f) + (T - t_k(f))/(t_{k+1}(f) - t_k(f)) (Z_{k+1}(f) - Z_k(f)), T the end of spectrum k.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        Of all spectra, each once, in any order.
    impedance : (m, n) complex128, ohm or ohm m2
    time : (m, n) float64, s
        Of each row; each spectrum after the one before.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001`` when there are fewer than two spectra, shapes differ, or spectra overlap in time; and see
        `lithiate.analysis.one_spectrum.falling_order`.

    Notes
    -----
    Valid where the change from one spectrum to the next is linear in time: the error is an eighth of its second
    derivative times the square of the period. For a drift seen within one spectrum see `check_kramers_kronig`.

    References
    ----------
    Stoynov & Savova-Stoynov, J. Electroanal. Chem. 183, 133 (1985).
    """
    frequency, time = np.asarray(frequency, dtype=np.float64), np.asarray(time, dtype=np.float64)
    impedance = np.asarray(impedance, dtype=np.complex128)
    if impedance.ndim != 2 or impedance.shape[0] < 2 or time.shape != impedance.shape:
        raise AnalysisError(
            "the drift between spectra needs several of them, with times",
            code="LI-ANA-001",
            got=f"impedance {impedance.shape}, time {time.shape}",
            expected="both (spectra, frequencies), two spectra at least",
        )
    orders = [falling_order(frequency, row, f"drift, spectrum {k + 1}") for k, row in enumerate(impedance)]
    frequency, impedance, time = frequency[orders[0]], impedance[:, orders[0]], time[:, orders[0]]
    instant = time[:-1].max(axis=1)
    if not (np.isfinite(time).all() and (instant <= time[1:].min(axis=1)).all()):
        raise AnalysisError(
            "spectra overlap in time", code="LI-ANA-001", got="a row before the end of the spectrum before"
        )
    step = np.diff(impedance, axis=0)
    period = np.diff(time, axis=0)
    share = (instant[:, None] - time[:-1]) / np.where(period > 0.0, period, 1.0)
    duration = np.ptp(time[:-1], axis=1)[:, None] / np.where(period > 0.0, period, 1.0)
    relative = step / np.abs(impedance[:-1]) * duration
    sizes = np.diff(np.abs(impedance), axis=0) / np.abs(impedance[:-1]) * duration
    return SpectraDrift(
        frequency=frequency,
        instant=instant,
        impedance=np.asarray(impedance[:-1] + share * step, dtype=np.complex128),
        change=np.asarray(sizes[:, -1], dtype=np.float64),
        largest_change=np.asarray(np.abs(relative).max(axis=1), dtype=np.float64),
    )
