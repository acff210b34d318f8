"""Whether a spectrum obeys the Kramers-Kronig relations: which rows do not, and which end of it."""

from __future__ import annotations

import math

import numpy as np
from attrs import frozen

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.kramers_kronig_result import DriftEstimate, KramersKronigCheck
from lithiate.analysis.one_spectrum import falling_order
from lithiate.analysis.robust import BoolArray, FloatArray
from lithiate.formulas.circuit import ComplexArray

FALSE_ALARMS = 0.01
"""Share of faultless spectra that may fail (normal noise; measured by docs/measure_kramers_kronig.py)."""
_ALARMS = {"rows": 0.3 * FALSE_ALARMS, "smooth": 0.15 * FALSE_ALARMS, "drift": 0.15 * FALSE_ALARMS}
"""Nominal rates of the three tests. Their sum is less than the whole: the number of elements is chosen by the data."""
ACCURACY = 1e-3
"""Share of |Z| that no instrument is better than: what is smaller breaks nothing, however significant."""
_FINEST = 1e-5
"""Share of |Z| below which residuals are rounding and the elements' own shape, not noise."""
EXTENSION = 0.5
"""Decades by which time constants go beyond 1/(2 pi f) of the first and the last row."""
SMALLEST_MU = 0.85
MOST_OFFENDING = 0.2
"""Share of the rows that may be left out as offending."""
_LARGEST_CUT = 0.5
"""Share of the decades that may be cut off an end to find where the spectrum breaks."""
_FEWEST_LEFT = 8
"""Degrees of freedom that must be left for rows to be tested one by one."""
_DENSEST = 5.0
"""Elements a decade, at most."""
_PATIENCE = 8
"""Numbers of elements tried beyond the best one."""


def check_kramers_kronig(
    frequency: FloatArray, impedance: ComplexArray, *, time: FloatArray | None = None
) -> KramersKronigCheck:
    """Check whether a spectrum is that of a linear, causal system that stood still: the linear Kramers-Kronig test.

    Z = R + i w L + 1/(i w C) + sum_k R_k/(1 + i w tau_k), tau_k equally spaced in logarithm, every resistance of any
    sign, obeys the Kramers-Kronig relations whatever its values. It is fitted to real and imaginary part together by
    linear least squares; weights are those of `row_scales`.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        In any order, each once.
    impedance : (n,) complex128, ohm or ohm m2
        Im Z < 0 is capacitive.
    time : (n,) float64, s, optional
        Of each row. Without it rows count as measured from high to low frequency, each for the same number of periods.

    Raises
    ------
    AnalysisError
        ``LI-ANA-001``, see `lithiate.analysis.one_spectrum.falling_order`.

    Notes
    -----
    The number of elements has the least information criterion AICc (Hurvich & Tsai, Biometrika 76, 297 (1989)). It
    cannot hide a violation by too many elements: with both parts fitted, at most half of any violation is fitted.

    Three tests share `FALSE_ALARMS`, all exact for normal noise in proportion to `row_scales` and a number of elements
    that was known before: (1) each row against all others, by the deleted residuals of its two parts (F, Bonferroni),
    the worst row left out until none is offending; (2) a smooth part of Re Z, one spline a decade, that Im Z does not
    explain (F); (3) a change of the cell in proportion to time (F). What is below `ACCURACY` breaks nothing.

    Do not trust it where the noise follows neither |Z| nor a constant, as where an instrument changes its range, and
    not against non-linearity, which often obeys the relations.

    References
    ----------
    Boukamp, J. Electrochem. Soc. 142, 1885 (1995), doi:10.1149/1.2044210; Schoenleber, Klotz & Ivers-Tiffee,
    Electrochim. Acta 131, 20 (2014), doi:10.1016/j.electacta.2014.01.034.
    """
    frequency, impedance = np.asarray(frequency, dtype=np.float64), np.asarray(impedance, dtype=np.complex128)
    order = falling_order(frequency, impedance, "Kramers-Kronig check")
    frequency, impedance = frequency[order], impedance[order]
    clock = progress(frequency, None if time is None else np.asarray(time, dtype=np.float64)[order])
    size = row_scales(frequency, impedance)
    elements, by_mu = _choose_elements(frequency, impedance, size)
    keep, found = _leave_out(frequency, impedance, size, clock, elements)
    below, above = None, None
    if found.smooth_breaks or found.drift_breaks:
        below, above = _broken_end(frequency[keep], impedance[keep], size[keep], clock[keep], elements)
    fitted = _fitted(frequency, elements, found)
    verdict = _verdict(found, keep, below, above)
    return KramersKronigCheck(
        frequency=frequency,
        impedance=impedance,
        fitted=fitted,
        residual=(impedance - fitted) / np.abs(fitted),
        noise=np.asarray(found.noise * size / np.abs(fitted), dtype=np.float64),
        elements=elements,
        mu=found.mu,
        elements_by_mu=by_mu,
        offending=~keep,
        systematic=found.systematic,
        probability=found.probability,
        drift=found.drift,
        broken_below=below,
        broken_above=above,
        verdict=verdict,
        warnings=_warnings(frequency, keep, found, verdict, (below, above)),
    )


def progress(frequency: FloatArray, time: FloatArray | None) -> FloatArray:
    """Return the share of the sweep that is over after each row, 0-1, from times or from equal numbers of periods."""
    elapsed = np.cumsum(1.0 / frequency) if time is None else time - time.min()
    return np.asarray(elapsed / elapsed.max() if elapsed.max() > 0.0 else np.zeros_like(elapsed), dtype=np.float64)


def _design(frequency: FloatArray, size: FloatArray, elements: int, ends: tuple[float, float]) -> FloatArray:
    """Return the columns of all elements over |Z|, (2 n, elements + 3): real parts above imaginary parts.

    The last three are the resistor, the inductor at the highest, and the capacitor at the lowest frequency.
    """
    reach, count = 10.0**EXTENSION, frequency.size
    tau = np.exp(np.linspace(-math.log(ends[0] * reach), math.log(reach / ends[1]), elements))
    turns = frequency[:, None] * tau
    columns = np.zeros((2 * count, elements + 3))
    columns[:count, :elements] = 1.0 / (1.0 + turns**2)
    columns[count:, :elements] = -turns * columns[:count, :elements]
    columns[:count, elements] = 1.0
    columns[count:, elements + 1] = frequency / ends[0]
    columns[count:, elements + 2] = -ends[1] / frequency
    columns[:count] /= size[:, None]
    columns[count:] /= size[:, None]
    return columns


def _stacked(values: ComplexArray) -> FloatArray:
    return np.concatenate([values.real, values.imag])


def _joined(rows: FloatArray) -> ComplexArray:
    half = rows.size // 2
    return np.asarray(rows[:half] + 1j * rows[half:], dtype=np.complex128)


def row_scales(frequency: FloatArray, impedance: ComplexArray) -> FloatArray:
    """Return what the noise of each row is proportional to: |Z| of a smooth fit, or the median of it for all rows.

    Constant noise is taken where ln|residual| follows ln|Z| with a slope nearer to 0 than to 1, and below 1 by more
    than four standard errors. Weights by the measured |Z| would go with its noise: a bias that the tests would see.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        Falling.
    impedance : (n,) complex128

    Returns
    -------
    (n,) float64, unit of `impedance`
    """
    ends = float(frequency[0]), float(frequency[-1])
    decades, size = math.log10(ends[0] / ends[1]), np.abs(impedance)
    # Few elements for a smooth |Z|, which needs not be exact; more for residuals that are noise alone.
    for density in (1.5, 1.5, 4.0):
        elements = max(2, int(min(density * decades, 0.5 * frequency.size)))
        basis, _ = np.linalg.qr(_design(frequency, size, elements, ends))
        target = _stacked(impedance / size)
        residual = _joined(target - basis @ (basis.T @ target)) * size
        size = np.abs(impedance - residual) if density < 4.0 else size
    log, noise = np.log(size), np.log(np.maximum(np.abs(residual) / size, _FINEST))
    # Medians of halves: a single wrong row, and what it does to the fit of its neighbours, must not decide.
    large = log > np.median(log)
    if not large.any():
        return np.asarray(size, dtype=np.float64)
    distance = float(log[large].mean() - log[~large].mean())
    slope = float(np.median(noise[large]) - np.median(noise[~large])) / distance
    # ln of a normal residual's absolute value has the standard deviation pi/sqrt(24) in two dimensions, a median's is
    # a quarter larger than a mean's.
    error = 1.25 * math.pi / math.sqrt(24.0) * math.sqrt(4.0 / size.size) / distance
    if -slope > max(0.5, 4.0 * error):
        return np.full(size.shape, float(np.median(size)))
    return np.asarray(size, dtype=np.float64)


def _choose_elements(frequency: FloatArray, impedance: ComplexArray, size: FloatArray) -> tuple[int, int | None]:
    """Return the number of elements with the least AICc, and the one that the rule of mu would take."""
    rows = 2 * frequency.size
    target = _stacked(impedance / size)
    ends = float(frequency[0]), float(frequency[-1])
    decades = math.log10(ends[0] / ends[1]) + 2.0 * EXTENSION
    most = max(2, int(min(_DENSEST * decades, 0.6 * frequency.size)))
    best, chosen, by_mu = math.inf, 2, None
    for elements in range(2, most + 1):
        basis, triangle = np.linalg.qr(_design(frequency, size, elements, ends))
        part = basis.T @ target
        misfit = target - basis @ part
        if by_mu is None and _mu(triangle, part, elements) < SMALLEST_MU:
            by_mu = elements
        parameters = elements + 4
        criterion = rows * math.log(float(misfit @ misfit) / rows + _FINEST**2)
        criterion += 2.0 * parameters * rows / max(rows - parameters - 1, 1)
        if criterion < best:
            best, chosen = criterion, elements
        if elements >= chosen + _PATIENCE:
            break
    return chosen, by_mu


def _mu(triangle: FloatArray, part: FloatArray, elements: int) -> float:
    """Return 1 - sum |R_k < 0| / sum |R_k >= 0|, equation 6 of Schoenleber et al. (2014)."""
    from scipy.linalg import solve_triangular

    resistances = solve_triangular(triangle, part, check_finite=False)[:elements]
    positive = float(resistances[resistances > 0.0].sum())
    return 1.0 + float(resistances[resistances < 0.0].sum()) / positive if positive > 0.0 else 0.0


@frozen(eq=False, kw_only=True)
class _Found:
    """A fit of some rows, and the tests of it."""

    coefficients: FloatArray
    ends: tuple[float, float]
    noise: float
    mu: float
    worst: int | None
    rows_tested: bool
    systematic: float
    probability: float
    drift: DriftEstimate

    @property
    def smooth_breaks(self) -> bool:
        """Whether Re Z has a smooth part that Im Z does not explain."""
        return self.probability < _ALARMS["smooth"] and self.systematic > ACCURACY

    @property
    def drift_breaks(self) -> bool:
        """Whether the cell changed in proportion to time."""
        return self.drift.probability < _ALARMS["drift"] and self.drift.size > ACCURACY


def _test(frequency: FloatArray, impedance: ComplexArray, size: FloatArray, clock: FloatArray, elements: int) -> _Found:
    """Fit the elements and run the three tests."""
    from scipy.linalg import solve_triangular

    ends = float(frequency[0]), float(frequency[-1])
    basis, triangle = np.linalg.qr(_design(frequency, size, elements, ends))
    target = _stacked(impedance / size)
    part = basis.T @ target
    misfit = target - basis @ part
    fitted = impedance - _joined(misfit) * size
    splines = _splines(frequency)
    smooth, _ = _beyond(basis, np.concatenate([splines, np.zeros_like(splines)]))
    explained = smooth.T @ misfit
    probability, left = _chance(misfit, explained, basis.shape[1])
    drift = _drift(basis, misfit, fitted, size, clock, splines)
    whole = math.sqrt(float(misfit @ misfit) / (misfit.size - basis.shape[1]))
    whole_basis = np.concatenate([basis, smooth], axis=1)
    rows_tested = target.size - whole_basis.shape[1] >= _FEWEST_LEFT
    return _Found(
        coefficients=solve_triangular(triangle, part, check_finite=False),
        ends=ends,
        noise=left if min(probability, drift.probability) < FALSE_ALARMS else whole,
        mu=_mu(triangle, part, elements),
        worst=_worst_row(whole_basis, misfit - smooth @ explained) if rows_tested else None,
        rows_tested=rows_tested,
        systematic=float(np.abs(_joined(smooth @ explained)).max()),
        probability=probability,
        drift=drift,
    )


def _splines(frequency: FloatArray) -> FloatArray:
    """Return cubic splines of the logarithm of the frequency, one a decade, (n, k)."""
    from scipy.interpolate import BSpline

    log = np.log10(frequency)
    pieces = int(min(max(1, round(float(np.ptp(log)))), max(1, frequency.size // 4 - 3)))
    inner = np.linspace(log.min(), log.max(), pieces + 1)
    knots = np.concatenate([np.full(3, inner[0]), inner, np.full(3, inner[-1])])
    return np.asarray(BSpline.design_matrix(log, knots, 3).toarray(), dtype=np.float64)


def _beyond(basis: FloatArray, columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return an orthonormal basis of what `columns` have beyond `basis`, and the columns' coordinates in it."""
    rest = columns - basis @ (basis.T @ columns)
    left, values, right = np.linalg.svd(rest, full_matrices=False)
    kept = values > 1e-2 * values[0]
    return left[:, kept], values[kept, None] * right[kept]


def _chance(misfit: FloatArray, explained: FloatArray, parameters: int) -> tuple[float, float]:
    """Return the probability that noise alone explains as much (F test), and the noise that is left."""
    from scipy.special import fdtrc

    gain, more = float(explained @ explained), explained.size
    freedom = max(misfit.size - parameters - more, 1)
    left = max(float(misfit @ misfit) - gain, 0.0) / freedom + _FINEST**2
    return float(fdtrc(more, freedom, gain / more / left)), math.sqrt(left)


def _drift(
    basis: FloatArray,
    misfit: FloatArray,
    impedance: ComplexArray,
    size: FloatArray,
    clock: FloatArray,
    splines: FloatArray,
) -> DriftEstimate:
    """Test for a change of Re Z or of Z as a whole in proportion to time; estimate that of Re Z."""
    nothing = np.zeros(clock.size)
    if not np.ptp(clock) > 0.0:
        return DriftEstimate(size=0.0, change=None, standard_uncertainty=None, probability=1.0, reason="no time passes")
    growth = np.concatenate([clock * abs(impedance[-1]) / size, nothing])[:, None]
    both = np.concatenate([growth, _stacked(clock * impedance / size)[:, None]], axis=1)
    more, _ = _beyond(basis, both)
    probability, left = _chance(misfit, more.T @ misfit, basis.shape[1])
    alone, length = _beyond(basis, growth)
    change, spread = float((alone.T @ misfit)[0] / length[0, 0]), left / abs(float(length[0, 0]))
    known = np.concatenate([basis, more], axis=1)
    others, _ = _beyond(known, np.concatenate([splines, np.zeros_like(splines)]))
    unlike, _ = _chance(misfit - more @ (more.T @ misfit), others.T @ misfit, known.shape[1])
    if unlike < FALSE_ALARMS:
        reason = "Re Z and Im Z disagree otherwise than by a change in proportion to time"
        return DriftEstimate(
            size=abs(change), change=None, standard_uncertainty=None, probability=probability, reason=reason
        )
    return DriftEstimate(size=abs(change), change=change, standard_uncertainty=spread, probability=probability)


def _worst_row(basis: FloatArray, misfit: FloatArray) -> int | None:
    """Return the row that does not go together with the others, None when all do."""
    from scipy.special import fdtrc

    count, freedom = misfit.size // 2, misfit.size - basis.shape[1]
    upper, lower = basis[:count], basis[count:]
    real, imaginary = misfit[:count], misfit[count:]
    own_real, own_imaginary = 1.0 - (upper**2).sum(axis=1), 1.0 - (lower**2).sum(axis=1)
    cross = -(upper * lower).sum(axis=1)
    determinant = np.maximum(own_real * own_imaginary - cross**2, 1e-12)
    squares = real**2 * own_imaginary + imaginary**2 * own_real - 2.0 * real * imaginary * cross
    gain = squares / determinant
    left = np.maximum(float(misfit @ misfit) - gain, 0.0) / (freedom - 2) + _FINEST**2
    # What the row is off by from where the others put it, real and imaginary part.
    off = np.hypot(real * own_imaginary - imaginary * cross, imaginary * own_real - real * cross) / determinant
    chance = np.where(off > ACCURACY, fdtrc(2, freedom - 2, gain / 2.0 / left), 1.0)
    worst = int(np.argmin(chance))
    return worst if chance[worst] * count < _ALARMS["rows"] else None


def _leave_out(
    frequency: FloatArray, impedance: ComplexArray, size: FloatArray, clock: FloatArray, elements: int
) -> tuple[BoolArray, _Found]:
    """Leave out the worst row until none is offending; return the rows that are kept and the tests of them."""
    keep = np.ones(frequency.size, dtype=np.bool_)
    found = _test(frequency, impedance, size, clock, elements)
    while found.worst is not None and np.sum(~keep) < int(MOST_OFFENDING * keep.size):
        keep[np.flatnonzero(keep)[found.worst]] = False
        found = _test(frequency[keep], impedance[keep], size[keep], clock[keep], elements)
    return keep, found


def _broken_end(
    frequency: FloatArray, impedance: ComplexArray, size: FloatArray, clock: FloatArray, elements: int
) -> tuple[float | None, float | None]:
    """Return the frequency below which, or above which, rows must be left out for the others to pass."""
    log = np.log10(frequency)
    decades = float(np.ptp(log))
    for cut in np.arange(1.0 / 3.0, _LARGEST_CUT * decades, 1.0 / 3.0):
        rest = max(2, round(elements * (1.0 - cut / decades)))
        for low in (True, False):
            part = log > log[-1] + cut if low else log < log[0] - cut
            if part.sum() < 12:
                continue
            found = _test(frequency[part], impedance[part], size[part], clock[part], rest)
            if not (found.smooth_breaks or found.drift_breaks):
                kept = frequency[part]
                return (float(kept[-1]), None) if low else (None, float(kept[0]))
    return None, None


def _fitted(frequency: FloatArray, elements: int, found: _Found) -> ComplexArray:
    """Return what the elements give in all rows, those left out included."""
    unweighted = _design(frequency, np.ones_like(frequency), elements, found.ends)
    return _joined(unweighted @ found.coefficients)


def _verdict(found: _Found, keep: BoolArray, below: float | None, above: float | None) -> str:
    if found.smooth_breaks or found.drift_breaks:
        if below is not None:
            return "low-frequency end"
        return "high-frequency end" if above is not None else "inconsistent"
    if keep.all():
        return "consistent"
    return "offending rows" if np.sum(~keep) < int(MOST_OFFENDING * keep.size) else "inconsistent"


def _warnings(
    frequency: FloatArray, keep: BoolArray, found: _Found, verdict: str, ends: tuple[float | None, float | None]
) -> tuple[str, ...]:
    texts = []
    if not found.rows_tested:
        texts.append(coded("LI-W-ANA-137", f"{keep.size} rows are too few to tell a single one that is wrong"))
    if not keep.all():
        named = ", ".join(f"{value:.4g}" for value in frequency[~keep])
        texts.append(coded("LI-W-ANA-130", f"rows that do not go together with the others: {named} Hz"))
    size = f"smooth residuals of up to {100.0 * found.systematic:.2g} % of |Z|"
    drift = found.drift
    if verdict == "low-frequency end":
        text = f"below {ends[0]:.3g} Hz Re Z is not what Im Z asks for ({size}), as with drift while it was recorded"
        if drift.change is not None and drift.standard_uncertainty is not None:
            spread = 100.0 * drift.standard_uncertainty
            text += f"; Re Z at the lowest frequency changed by {100.0 * drift.change:+.2g} +/- {spread:.1g} % of |Z|"
        texts.append(coded("LI-W-ANA-131", text))
    elif verdict == "high-frequency end":
        text = f"above {ends[1]:.3g} Hz Re Z is not what Im Z asks for ({size}): leads, or the instrument's limits"
        texts.append(coded("LI-W-ANA-132", text))
    elif verdict == "inconsistent":
        texts.append(coded("LI-W-ANA-133", f"Re Z and Im Z do not belong together ({size}), at neither end alone"))
    return tuple(texts)
