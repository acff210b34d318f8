"""Impedance spectra tied to the cycling record of the same cell: when each was taken, and the voltage then."""

from __future__ import annotations

from typing import Any

import numpy as np
from attrs import fields, frozen
from numpy.typing import NDArray

from lithiate.analysis.coded_warnings import coded
from lithiate.analysis.cycling import HalfCycles, segment_half_cycles
from lithiate.analysis.plain import finite_list
from lithiate.analysis.robust import BoolArray, FloatArray, IntArray
from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra

WINDOW = 900.0
"""Time with current [s] before a spectrum whose |V| and |I| are taken; a quarter of a half cycle where that is less."""

SPECTRA_BESIDE = 3
"""Spectra before and after an event whose medians are compared."""

ARC_COLLAPSE = 0.5
"""An arc is said to collapse when less than this share of it is left."""

RESISTANCE_FALL = 0.85
"""A resistance is said to fall when less than this share of it is left."""

BELOW_IMPEDANCE = 0.5
"""|V|/|I| below this share of the lowest frequency's Re Z: the current passed beside what the spectrum saw."""

_UNITS = {"time": "s", "start": "s", "end": "s", "voltage_before": "V", "current_before": "A"}


@frozen(eq=False, kw_only=True)
class LinkedSpectra:
    """One row a spectrum, as arrays of length m in SI units; NaN where something is not known.

    Parameters
    ----------
    number : (m,) int64
        Spectrum of the series, from 1.
    time, start, end : (m,) float64, s
        Middle, first and last row on the record's clock.
    half_cycle : (m,) int64
        Half cycle (from 1) that had begun last before the spectrum; 0 before the first.
    within : (m,) bool
        Whether that half cycle was not over yet.
    high_frequency, low_frequency : (m,) float64, Hz
        Highest and lowest frequency of the spectrum.
    high_frequency_resistance, low_frequency_resistance : (m,) float64, ohm
        Re Z at these frequencies.
    arc : (m,) float64, ohm
        Their difference.
    voltage_before, current_before : (m,) float64, V and A
        Medians of |V| and |I| over the last 15 minutes with current before the spectrum (a quarter of the usual
        half cycle, where that is less).
    dc_resistance : (m,) float64, ohm
        Their quotient; NaN without a current column.
    warnings : tuple of str
    """

    number: IntArray
    time: FloatArray
    start: FloatArray
    end: FloatArray
    half_cycle: IntArray
    within: BoolArray
    high_frequency: FloatArray
    low_frequency: FloatArray
    high_frequency_resistance: FloatArray
    low_frequency_resistance: FloatArray
    arc: FloatArray
    voltage_before: FloatArray
    current_before: FloatArray
    dc_resistance: FloatArray
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return int(self.number.size)

    def table(self) -> dict[str, tuple[NDArray[Any], str]]:
        """Return the rows as columns with their SI units; times on the record's clock."""
        columns = {}
        for entry in fields(type(self)):
            if entry.name == "warnings":
                continue
            unit = _UNITS.get(entry.name, "1")
            if entry.name.endswith("_frequency"):
                unit = "Hz"
            elif entry.name == "arc" or entry.name.endswith("_resistance"):
                unit = "ohm"
            columns[entry.name] = (getattr(self, entry.name), unit)
        return columns

    def to_dict(self) -> dict[str, Any]:
        """Return the table as plain types for JSON, in SI; what is not known is None."""
        columns = {name: finite_list(values) for name, (values, _unit) in self.table().items()}
        return {"spectra": columns, "warnings": list(self.warnings)}


def link_spectra(
    spectra: ImpedanceSpectra, record: CyclingRecord, half_cycles: HalfCycles | None = None
) -> LinkedSpectra:
    """Tie each spectrum to the half cycle of a cycling record in or after which it was taken.

    Parameters
    ----------
    spectra : ImpedanceSpectra
        With times on the clock of the record (the files of one experiment share it). Without times, the number of
        complete cycles before each spectrum is used, if it is given.
    record : CyclingRecord
    half_cycles : HalfCycles, optional
        Of the record, where they are known.

    Returns
    -------
    LinkedSpectra
        With a warning where clocks do not overlap; nothing is shifted to make them.
    """
    cycles = half_cycles or segment_half_cycles(
        record.time, record.voltage, record.current, record.row_flags, area=record.specimen.area
    )
    start, end, warnings = _times(spectra, record, cycles)
    begun = np.searchsorted(cycles.start, start, side="right")
    known = np.isfinite(start)
    begun = np.where(known, begun, 0)
    within = known & (begun > 0) & (start < cycles.end[np.maximum(begun, 1) - 1])
    real = [spectra.impedance.real[spectra.rows(k)] for k in range(len(spectra))]
    frequency = [spectra.frequency[spectra.rows(k)] for k in range(len(spectra))]
    high = np.array([z[int(np.argmax(f))] for z, f in zip(real, frequency, strict=True)])
    low = np.array([z[int(np.argmin(f))] for z, f in zip(real, frequency, strict=True)])
    voltage, current = _before(start, record, cycles)
    with np.errstate(divide="ignore", invalid="ignore"):
        dc = np.where(current > 0.0, voltage / current, np.nan)
    return LinkedSpectra(
        number=np.arange(1, len(spectra) + 1),
        time=0.5 * (start + end),
        start=start,
        end=end,
        half_cycle=begun.astype(np.int64),
        within=within,
        high_frequency=np.array([float(f.max()) for f in frequency]),
        low_frequency=np.array([float(f.min()) for f in frequency]),
        high_frequency_resistance=high,
        low_frequency_resistance=low,
        arc=low - high,
        voltage_before=voltage,
        current_before=current,
        dc_resistance=dc,
        warnings=warnings,
    )


def _times(
    spectra: ImpedanceSpectra, record: CyclingRecord, cycles: HalfCycles
) -> tuple[FloatArray, FloatArray, tuple[str, ...]]:
    """Return the first and the last time of each spectrum on the record's clock [s], and what is wrong with them."""
    if spectra.time is not None:
        start, end = spectra.time[spectra.offsets[:-1]], spectra.time[spectra.offsets[1:] - 1]
        outside = (end < record.time[0] - WINDOW) | (start > record.time[-1] + WINDOW)
        count = int(np.count_nonzero(outside))
        if count == 0:
            return start, end, ()
        text = (
            f"{count} of {len(spectra)} spectra lie outside of the cycling record ({_hours(start[0])} to "
            f"{_hours(end[-1])} h against {_hours(record.time[0])} to {_hours(record.time[-1])} h): other clocks?"
        )
        return start, end, (coded("LI-W-ANA-110", text),)
    if spectra.cycle is not None:
        place = np.minimum(2 * spectra.cycle, len(cycles))
        edges = np.append(cycles.start[0], cycles.end)
        at = np.asarray(edges[place], dtype=np.float64)
        text = "the spectra have no times: each stands at the end of the cycle that it was taken after"
        return at, at.copy(), (coded("LI-W-ANA-110", text),)
    nowhere = np.full(len(spectra), np.nan)
    text = "the spectra have neither times nor cycle numbers: they cannot be tied to the cycling record"
    return nowhere, nowhere.copy(), (coded("LI-W-ANA-110", text),)


def _before(start: FloatArray, record: CyclingRecord, cycles: HalfCycles) -> tuple[FloatArray, FloatArray]:
    """Return the median |V| and |I| of the rows with current within the window before each start."""
    window = min(WINDOW, 0.25 * float(np.median(cycles.on_time)))
    rows = cycles.rows.index
    at, magnitude = record.time[rows], np.abs(record.voltage[rows])
    flowing = None if record.current is None or not record.current.any() else np.abs(record.current[rows])
    voltage, current = np.full(start.size, np.nan), np.full(start.size, np.nan)
    stop = np.searchsorted(at, start, side="left")
    for k in np.flatnonzero(np.isfinite(start) & (stop > 0)):
        # The window ends where the current did, so that a rest before the spectrum does not empty it.
        last = int(stop[k]) - 1
        if start[k] - at[last] > max(window, float(np.median(cycles.duration))):
            continue
        chosen = slice(int(np.searchsorted(at, at[last] - window, side="left")), last + 1)
        voltage[k] = np.median(magnitude[chosen])
        if flowing is not None:
            current[k] = np.median(flowing[chosen])
    return voltage, current


def spectra_evidence(spectra: LinkedSpectra, not_before: float, not_after: float) -> tuple[str, ...]:
    """Return what spectra before and after an event say of it, in words.

    The medians of three spectra to each side are compared: an arc of which less than half is left has collapsed, Re Z
    at the lowest frequency has fallen below 85 %, |V|/|I| lies below half of it.
    """
    before = np.flatnonzero(spectra.end <= not_before)[-SPECTRA_BESIDE:]
    after = np.flatnonzero(spectra.start >= not_after)[:SPECTRA_BESIDE]
    if before.size == 0 or after.size == 0:
        return ()
    words = []
    for column, what, share in (
        (spectra.arc, "the arc of the spectra collapsed", ARC_COLLAPSE),
        (spectra.low_frequency_resistance, "Re Z at the lowest frequency fell", RESISTANCE_FALL),
    ):
        old, new = float(np.median(column[before])), float(np.median(column[after]))
        if old > 0.0 and new < share * old:
            words.append(f"{what} from {old:.3g} to {new:.3g} ohm")
    ratio = float(np.median((spectra.dc_resistance / spectra.low_frequency_resistance)[after]))
    if ratio < BELOW_IMPEDANCE:
        words.append(f"|V|/|I| is {ratio:.2g} of Re Z at the lowest frequency")
    return tuple(words)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600.0:.4g}"
