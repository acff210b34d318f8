"""What an instrument recorded or the twin produced: one type for both, told apart by `Provenance` alone."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from attrs import Attribute, field, frozen
from numpy.typing import ArrayLike, NDArray

from lithiate.errors import DataError, ReadError

SCHEMA_VERSION = 1
CELLS = ("symmetric", "plating", "full", "three-electrode")
SIMULATED_MARK = "simulated by lithiate"
"""Words in the comment of a vendor's layout by which its reader tells a simulated record from a measured one."""


class RowFlag(enum.IntFlag):
    """Bits of `CyclingRecord.row_flags`; 0 is a plain row."""

    PLAIN = 0
    INTERPOLATED = 1
    REST = 2
    EVENT = 4


@frozen
class Specimen:
    """What was measured: the anode, the cell around it, its area.

    `area` [m2] is the electrode area, None where it was not stated (areal numbers are then null).
    `cell` is one of `CELLS`, or None where nothing says it. `cathode_mass` [kg] is the active material of the cathode,
    None where there is none or it was not stated (specific capacities are then null).
    """

    name: str
    anode: str | None = None
    cell: str | None = None
    cell_id: str | None = None
    area: float | None = None
    electrolyte: str | None = None
    cathode: str | None = None
    cathode_mass: float | None = None

    def __attrs_post_init__(self) -> None:
        for name in ("area", "cathode_mass"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise DataError(f"{name.replace('_', ' ')} must be positive", code="LI-DATA-001", got=f"{value:g} (SI)")
        if self.cell is not None and self.cell not in CELLS:
            raise DataError("unknown kind of cell", code="LI-DATA-001", got=self.cell, expected=", ".join(CELLS))


@frozen
class Provenance:
    """Where a measurement comes from. No analysis may look at this."""

    origin: str = field(validator=lambda _i, _a, v: _one_of(v, ("simulated", "measured")))
    source: str = ""
    reader: str | None = None
    sha256: str | None = None
    software: str | None = None
    details: Mapping[str, Any] = field(factory=dict)


def _one_of(value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DataError("value is not allowed", code="LI-DATA-001", got=value, expected=", ".join(allowed))


@frozen(eq=False, kw_only=True)
class Measurement:
    """What every measurement has.

    Parameters
    ----------
    specimen, provenance : Specimen, Provenance
    conditions : mapping of str to float
        SI numbers by name (``temperature``, ``current_density``, ...), as stated with the record.
    warnings : tuple of str
        Coded warnings, ``"LI-W-... text"``, carried into the results and the report.
    """

    specimen: Specimen
    provenance: Provenance
    conditions: Mapping[str, float] = field(factory=dict)
    warnings: tuple[str, ...] = ()
    technique: str = "cycling"
    schema_version: int = SCHEMA_VERSION


def _array(value: ArrayLike | None) -> NDArray[np.float64] | None:
    return None if value is None else np.ascontiguousarray(value, dtype=np.float64)


def _complex_array(value: ArrayLike) -> NDArray[np.complex128]:
    return np.ascontiguousarray(value, dtype=np.complex128)


def _integer_array(value: ArrayLike | None) -> NDArray[np.int64] | None:
    return None if value is None else np.ascontiguousarray(value, dtype=np.int64)


def _words(value: Iterable[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(value)


def _require_shape(name: str, value: NDArray[Any] | None, other: str, shape: tuple[int, ...]) -> None:
    if value is not None and value.shape != shape:
        raise DataError(
            f"'{name}' does not fit '{other}'",
            code="LI-DATA-001",
            got=f"shape {value.shape}",
            expected=f"shape {shape}",
        )


def _same_length(instance: CyclingRecord, attribute: Attribute[Any], value: NDArray[Any] | None) -> None:
    _require_shape(attribute.name, value, "time", instance.time.shape)


@frozen(eq=False, kw_only=True)
class CyclingRecord(Measurement):
    """A cycling record: voltage (and current, where it was recorded) against time.

    Parameters
    ----------
    time : (n,) float64, s
        Test time, finite, never decreasing, n >= 2.
    voltage : (n,) float64, V
        Working minus counter electrode, finite.
    current : (n,) float64 or None, A
        Positive current oxidises the working electrode; None where no column gave it.
    electrode_potential : (n,) float64 or None, V
        Working electrode against the reference electrode, where there is one.
    vendor_cycle_number : (n,) int64 or None
        The instrument's own cycle counter, kept beside ours.
    row_flags : (n,) uint8
        Bits of `RowFlag`.

    Raises
    ------
    ReadError
        ``LI-READ-007/008/009`` when times decrease, values are not finite, or there are fewer than two rows.
    DataError
        ``LI-DATA-001`` when the arrays do not have one length.
    """

    time: NDArray[np.float64] = field(converter=_array)
    voltage: NDArray[np.float64] = field(converter=_array, validator=_same_length)
    current: NDArray[np.float64] | None = field(default=None, converter=_array, validator=_same_length)
    electrode_potential: NDArray[np.float64] | None = field(default=None, converter=_array, validator=_same_length)
    vendor_cycle_number: NDArray[np.int64] | None = field(default=None, validator=_same_length)
    row_flags: NDArray[np.uint8] = field(validator=_same_length)

    @row_flags.default
    def _no_flags(self) -> NDArray[np.uint8]:
        return np.zeros(self.time.shape, dtype=np.uint8)

    def __attrs_post_init__(self) -> None:
        where = self.provenance.source or self.specimen.name
        if self.time.ndim != 1 or self.time.size < 2:
            raise ReadError(
                "a cycling record needs at least two rows",
                code="LI-READ-009",
                where=where,
                got=f"{self.time.size} rows",
            )
        _require_finite(self.time, "time", "LI-READ-007", where)
        _require_finite(self.voltage, "voltage", "LI-READ-008", where)
        if self.current is not None:
            _require_finite(self.current, "current", "LI-READ-008", where)
        _require_rising(self.time, where)

    @property
    def areal_current(self) -> NDArray[np.float64] | None:
        """Current density [A/m2], or None where current or area is not known."""
        if self.current is None or self.specimen.area is None:
            return None
        return self.current / self.specimen.area


@frozen(eq=False, kw_only=True)
class ImpedanceSpectra(Measurement):
    """Impedance spectra of one cell: one, or a series with cycles, temperature or state, one after the other.

    Parameters
    ----------
    frequency : (n,) float64, Hz
        Positive, all spectra concatenated, each in the order in which it was recorded.
    impedance : (n,) complex128, ohm
        Of the cell, not per area; a negative imaginary part is capacitive.
    offsets : (m + 1,) int64
        Spectrum k holds the rows ``offsets[k]:offsets[k + 1]``: from 0 to n, increasing, two rows at least each. By
        default all rows are one spectrum.
    time : (n,) float64 or None, s
        Test time of each row, never decreasing.
    cycle : (m,) int64 or None
        Number of complete cycles before each spectrum, 0 for a fresh cell.
    temperature : (m,) float64 or None, K
        Of the cell during each spectrum; where it is None, ``conditions["temperature"]`` may state one for all.
    state : tuple of m str, or None
        What the cell was in at each spectrum, in words (``"fresh"``, ``"after plating"``, ``"charged"``).

    Raises
    ------
    ReadError
        ``LI-READ-007/008/009`` when times decrease, values are not finite or frequencies not positive, or a spectrum
        has fewer than two rows.
    DataError
        ``LI-DATA-001`` when arrays do not fit together.
    """

    technique: str = "impedance"
    frequency: NDArray[np.float64] = field(converter=_array)
    impedance: NDArray[np.complex128] = field(converter=_complex_array)
    offsets: NDArray[np.int64] = field(converter=_integer_array)
    time: NDArray[np.float64] | None = field(default=None, converter=_array)
    cycle: NDArray[np.int64] | None = field(default=None, converter=_integer_array)
    temperature: NDArray[np.float64] | None = field(default=None, converter=_array)
    state: tuple[str, ...] | None = field(default=None, converter=_words)

    @offsets.default
    def _one_spectrum(self) -> NDArray[np.int64]:
        return np.array([0, self.frequency.size], dtype=np.int64)

    def __attrs_post_init__(self) -> None:
        where = self.provenance.source or self.specimen.name
        rows = self.frequency.shape
        if self.frequency.ndim != 1:
            raise DataError("'frequency' must have one dimension", code="LI-DATA-001", where=where, got=f"shape {rows}")
        _require_shape("impedance", self.impedance, "frequency", rows)
        _require_shape("time", self.time, "frequency", rows)
        self._check_offsets(where)
        spectra = (len(self),)
        _require_shape("cycle", self.cycle, "offsets", spectra)
        _require_shape("temperature", self.temperature, "offsets", spectra)
        _require_shape("state", None if self.state is None else np.array(self.state), "offsets", spectra)
        _require_finite(self.frequency, "frequency", "LI-READ-008", where)
        _require_finite(self.impedance, "impedance", "LI-READ-008", where)
        _require_positive(self.frequency, "frequency", where)
        if self.time is not None:
            _require_finite(self.time, "time", "LI-READ-007", where)
            _require_rising(self.time, where)
        if self.temperature is not None:
            _require_finite(self.temperature, "temperature", "LI-READ-008", where)
            _require_positive(self.temperature, "temperature", where)
        if self.cycle is not None and bool((self.cycle < 0).any()):
            raise DataError(
                "a spectrum cannot come before cycle 0", code="LI-DATA-001", where=where, got=str(self.cycle.min())
            )

    def _check_offsets(self, where: str) -> None:
        ends = self.offsets
        if ends.ndim != 1 or ends.size < 2 or ends[0] != 0 or ends[-1] != self.frequency.size:
            raise DataError(
                "'offsets' must run from 0 to the number of rows",
                code="LI-DATA-001",
                where=where,
                got=str(ends.tolist()[:8]),
                expected=f"0 ... {self.frequency.size}",
            )
        if int(np.diff(ends).min()) < 2:
            short = int(np.argmin(np.diff(ends)))
            raise ReadError(
                f"spectrum {short + 1} of {ends.size - 1} has fewer than two rows",
                code="LI-READ-009",
                where=where,
                got=f"{int(np.diff(ends)[short])} rows",
            )

    def __len__(self) -> int:
        return int(self.offsets.size) - 1

    def rows(self, spectrum: int) -> slice:
        """Return the rows of one spectrum (from 0)."""
        return slice(int(self.offsets[spectrum]), int(self.offsets[spectrum + 1]))

    @property
    def areal_impedance(self) -> NDArray[np.complex128] | None:
        """Impedance times area [ohm m2], or None where the area is not known."""
        return None if self.specimen.area is None else self.impedance * self.specimen.area


@frozen(eq=False, kw_only=True)
class PolarisationCurve(Measurement):
    """A polarisation curve: current against voltage, swept slowly.

    Parameters
    ----------
    voltage : (n,) float64, V
        Working minus counter electrode, in the order in which it was swept, n >= 2.
    current : (n,) float64, A
        Positive current oxidises the working electrode.
    electrode_potential : (n,) float64 or None, V
        Working electrode against the reference electrode, where there is one.
    time : (n,) float64 or None, s
        Test time, never decreasing. The rate of the sweep is ``conditions["scan_rate"]`` [V/s] where it was stated.

    Raises
    ------
    ReadError
        ``LI-READ-007/008/009`` when times decrease, values are not finite, or there are fewer than two rows.
    DataError
        ``LI-DATA-001`` when the arrays do not have one length.
    """

    technique: str = "polarisation"
    voltage: NDArray[np.float64] = field(converter=_array)
    current: NDArray[np.float64] = field(converter=_array)
    electrode_potential: NDArray[np.float64] | None = field(default=None, converter=_array)
    time: NDArray[np.float64] | None = field(default=None, converter=_array)

    def __attrs_post_init__(self) -> None:
        where = self.provenance.source or self.specimen.name
        if self.voltage.ndim != 1 or self.voltage.size < 2:
            raise ReadError(
                "a polarisation curve needs at least two rows",
                code="LI-READ-009",
                where=where,
                got=f"{self.voltage.size} rows",
            )
        for name in ("voltage", "current", "electrode_potential", "time"):
            values = getattr(self, name)
            if values is not None:
                _require_shape(name, values, "voltage", self.voltage.shape)
                _require_finite(values, name, "LI-READ-007" if name == "time" else "LI-READ-008", where)
        if self.time is not None:
            _require_rising(self.time, where)

    @property
    def areal_current(self) -> NDArray[np.float64] | None:
        """Current density [A/m2], or None where the area is not known."""
        return None if self.specimen.area is None else self.current / self.specimen.area


def _require_rising(time: NDArray[np.float64], where: str) -> None:
    falls = np.flatnonzero(np.diff(time) < 0)
    if falls.size:
        row = int(falls[0]) + 1
        raise ReadError(
            f"time decreases in {falls.size} places, first at row {row + 1}",
            code="LI-READ-007",
            where=where,
            got=f"{time[row - 1]:.10g} s, then {time[row]:.10g} s",
            expected="times that never decrease (--set tolerate_bad_rows=true leaves such rows out)",
        )


def _require_positive(values: NDArray[np.float64], name: str, where: str) -> None:
    bad = np.flatnonzero(values <= 0.0)
    if bad.size:
        raise ReadError(
            f"'{name}' is not positive in {bad.size} places, first at number {int(bad[0]) + 1}",
            code="LI-READ-008",
            where=where,
            got=str(values[bad[0]]),
            expected="numbers above 0",
        )


def _require_finite(values: NDArray[np.float64] | NDArray[np.complex128], name: str, code: str, where: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ReadError(
            f"'{name}' is not a finite number in {bad.size} rows, first at row {int(bad[0]) + 1}",
            code=code,
            where=where,
            got=str(values[bad[0]]),
            expected="finite numbers (--set tolerate_bad_rows=true leaves such rows out)",
        )
