"""A series of impedance spectra as a table: what changes over cycles, time, state and temperature."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from lithiate.analysis.circuits.arcs import track_arcs
from lithiate.analysis.circuits.series import SeriesFit
from lithiate.analysis.half_cycle_table import Table
from lithiate.analysis.impedance_drift import estimate_drift
from lithiate.analysis.impedance_tables import numbers
from lithiate.analysis.kramers_kronig_result import KramersKronigCheck
from lithiate.analysis.robust import FloatArray
from lithiate.core.measurement import ImpedanceSpectra
from lithiate.errors import AnalysisError

if TYPE_CHECKING:
    from lithiate.analysis.impedance_result import SpectrumResistances

SPECTRA_BESIDE = 3
"""Spectra before and after a fall whose medians are compared."""
ARC_COLLAPSE = 0.5
"""An arc collapses where less than this share of it is left for good."""

SUDDEN = 2.0
"""A collapse is this many times as far, in logarithm, as what the arcs had fallen by over as many spectra before it."""
SAME_TEMPERATURE = 3.0
"""Range of temperatures [K] over which arcs may be compared."""
LASTING = 0.9
"""Share of the spectra after a collapse whose arcs are smaller than before."""

_NAN = math.nan


@frozen(eq=False)
class ImpedanceSeries:
    """One row a spectrum.

    Parameters
    ----------
    columns : dict of str to (array (m,), SI unit)
        ``spectrum`` (from 1), ``time`` (of its middle), ``cycle``, ``temperature``, ``state``;
        ``high_frequency``, ``low_frequency``, Re Z there and their difference ``width``; the resistances of the reading
        with their standard uncertainties; ``arc_1_resistance`` ... of the circuit's arcs, each followed through the
        series, with uncertainty, time constant and capacitance; ``misfit`` of the circuit (root mean square over |Z|);
        ``kramers_kronig`` (the verdict), ``noise`` (share of |Z|) and ``drift`` (of |Z| at the lowest frequency during
        the spectrum, from the next one). NaN where something is not known. Resistances
        are those of the cell times its area where that is known.
    interfaces : int or None
        Like interfaces that share the resistances of the cell; None where they are not alike or not known.
    arcs : int
        Arcs that are followed.
    """

    columns: Table
    interfaces: int | None
    arcs: int

    def __len__(self) -> int:
        return int(self.columns["spectrum"][0].size)

    def values(self, name: str) -> FloatArray:
        """Return a column by its name."""
        return np.asarray(self.columns[name][0], dtype=np.float64)


@frozen
class ArcCollapse:
    """A lasting fall of the arcs: spectrum (from 1) after which, medians before and after, what was measured."""

    spectrum: int
    before: float
    after: float
    measure: str
    text: str


def impedance_series(
    record: ImpedanceSpectra,
    readings: Sequence[SpectrumResistances],
    fitted: SeriesFit | None,
    checks: Sequence[KramersKronigCheck | None],
    interfaces: int | None,
) -> ImpedanceSeries:
    """Return the table of a series.

    Parameters
    ----------
    record : ImpedanceSpectra
    readings, checks : sequences of one entry a spectrum
    fitted : SeriesFit or None
    interfaces : int or None
    """
    area = record.specimen.area
    unit, scale = ("ohm", 1.0) if area is None else ("ohm m^2", area)
    count = len(record)
    columns: Table = {"spectrum": (np.arange(1, count + 1), "1")}
    columns |= _conditions(record)
    ends = np.array([_ends(record, k) for k in range(count)])
    for place, (name, its, factor) in enumerate(
        (
            ("high_frequency", "Hz", 1.0),
            ("low_frequency", "Hz", 1.0),
            ("high_frequency_resistance", unit, scale),
            ("low_frequency_resistance", unit, scale),
        )
    ):
        columns[name] = (ends[:, place] * factor, its)
    columns["width"] = ((ends[:, 3] - ends[:, 2]) * scale, unit)
    for name in ("ohmic_resistance", "interfacial_resistance", "sei_resistance", "charge_transfer_resistance"):
        found = [getattr(reading, name) for reading in readings]
        columns[name] = (numbers(e.value for e in found), unit)
        columns[f"{name}_uncertainty"] = (numbers(e.standard_uncertainty for e in found), unit)
    if interfaces is not None:
        each = columns["interfacial_resistance"][0] / interfaces
        columns["interfacial_resistance_per_interface"] = (each, unit)
    arcs = 0
    if fitted is not None:
        of_arcs, arcs = _arcs(fitted, unit, scale)
        columns |= of_arcs
        columns["misfit"] = (numbers(each.fit.root_mean_square if each else None for each in fitted.spectra), "1")
    columns["noise"] = (numbers(float(np.median(check.noise)) if check else None for check in checks), "1")
    columns["drift"] = (_drift(record), "1")
    columns["kramers_kronig"] = (np.array([check.verdict if check else "not checked" for check in checks]), "")
    return ImpedanceSeries(columns, interfaces, arcs)


def _conditions(record: ImpedanceSpectra) -> Table:
    found: Table = {}
    if record.time is not None:
        middles = [0.5 * (record.time[record.rows(k)][0] + record.time[record.rows(k)][-1]) for k in range(len(record))]
        found["time"] = (np.array(middles), "s")
    if record.cycle is not None:
        found["cycle"] = (record.cycle, "1")
    if record.temperature is not None:
        found["temperature"] = (record.temperature, "K")
    if record.state is not None:
        found["state"] = (np.array(record.state), "")
    return found


def _ends(record: ImpedanceSpectra, k: int) -> tuple[float, float, float, float]:
    rows = record.rows(k)
    high, low = int(np.argmax(record.frequency[rows])), int(np.argmin(record.frequency[rows]))
    real = record.impedance[rows].real
    return float(record.frequency[rows][high]), float(record.frequency[rows][low]), float(real[high]), float(real[low])


def _drift(record: ImpedanceSpectra) -> FloatArray:
    """Return how much |Z| at the lowest frequency changed during each spectrum, by its rate up to the next; or NaN."""
    change, count = np.full(len(record), _NAN), len(record)
    sizes = np.diff(record.offsets)
    if record.time is None or count < 2 or (sizes != sizes[0]).any():
        return change
    frequency = record.frequency.reshape(count, -1)
    if not np.allclose(frequency, frequency[0], rtol=1e-3):
        return change
    try:
        found = estimate_drift(frequency[0], record.impedance.reshape(count, -1), record.time.reshape(count, -1))
        change[:-1] = found.change
    except AnalysisError:
        return change
    return change


def _arcs(fitted: SeriesFit, unit: str, scale: float) -> tuple[Table, int]:
    """Return the columns of the arcs, each followed through the series, and how many there are."""
    tracks = track_arcs([each.arcs if each else () for each in fitted.spectra])
    columns: Table = {}
    for track in range(tracks.shape[1]):
        rows = []
        for each, place in zip(fitted.spectra, tracks[:, track], strict=True):
            if each is None or place < 0:
                rows.append((_NAN,) * 4)
                continue
            arc = each.arcs[place]
            known = each.parameters[arc.resistance_name]
            spread = known.standard_uncertainty
            # A resistance that the spectrum does not tell is no number in a table.
            shown = arc.resistance if spread is not None else _NAN
            rows.append(
                (shown * scale, _NAN if spread is None else spread * scale, arc.time_constant, arc.capacitance / scale)
            )
        values = np.array(rows)
        name = f"arc_{track + 1}"
        per = "F" if unit == "ohm" else "F/m^2"
        for column, (what, its) in enumerate(
            (("resistance", unit), ("resistance_uncertainty", unit), ("time_constant", "s"), ("capacitance", per))
        ):
            columns[f"{name}_{what}"] = (values[:, column], its)
    return columns, int(tracks.shape[1])


def find_arc_collapse(series: ImpedanceSeries) -> ArcCollapse | None:
    """Return the first lasting fall of the arcs to less than half, a sign of a soft short; None without one.

    Medians of three spectra before and after each place are compared; the first after it must have fallen, the median
    of all that follow stay below the share, and nine of ten of them below what was before. A steady decline is none:
    the fall is at least twice, in logarithm, that over the three spectra before. A fresh native film that breaks open
    does the same in the first cycles: the words say so.
    """
    if "temperature" in series.columns and float(np.ptp(series.values("temperature"))) > SAME_TEMPERATURE:
        return None
    for name in ("interfacial_resistance", "width"):
        values = series.values(name)
        known = np.flatnonzero(np.isfinite(values))
        if known.size >= max(2 * SPECTRA_BESIDE, 0.8 * len(series)):
            return _collapse(series, name, known, values[known])
    return None


def _collapse(series: ImpedanceSeries, name: str, known: np.ndarray, values: FloatArray) -> ArcCollapse | None:
    best: tuple[float, int, float, float] | None = None
    for k in range(SPECTRA_BESIDE, values.size - SPECTRA_BESIDE + 1):
        near, after = values[k - SPECTRA_BESIDE : k], values[k:]
        before, at_once = float(np.median(near)), float(np.median(after[:SPECTRA_BESIDE]))
        # The median of those that follow may be low one spectrum too early.
        fallen = before > 0.0 and max(at_once, float(after[0])) < ARC_COLLAPSE * before
        if not fallen or at_once <= 0.0:
            continue
        far = values[max(0, k - 2 * SPECTRA_BESIDE) : k - SPECTRA_BESIDE]
        trend = float(np.median(far)) / before if far.size else 1.0
        sudden = before / at_once > max(trend, 1.0) ** SUDDEN
        lasting = float(np.median(after)) < ARC_COLLAPSE * before and float(np.mean(after < before)) > LASTING
        if sudden and lasting and (best is None or at_once / before < best[0]):
            best = at_once / before, k, before, at_once
    if best is None:
        return None
    _, k, before, left = best
    unit, factor = ("ohm cm2", 1e4) if series.columns[name][1] == "ohm m^2" else ("ohm", 1.0)
    what = name.replace("_", " ") if name != "width" else "Re Z from the highest to the lowest frequency"
    text = (
        f"the arcs collapsed after spectrum {known[k - 1] + 1}: {what} {before * factor:.3g} before, "
        f"{left * factor:.3g} {unit} after (medians of {SPECTRA_BESIDE}): a soft short, or a film that broke open"
    )
    return ArcCollapse(int(known[k - 1]) + 1, before, left, name, text)
