"""What an instrument recorded or the twin produced: one type for both, told apart by `Provenance` alone."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import numpy as np
from attrs import Attribute, field, frozen
from numpy.typing import ArrayLike, NDArray

from lithiate.errors import DataError, ReadError

SCHEMA_VERSION = 1
CELLS = ("symmetric", "plating", "full", "three-electrode")


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
    `cell` is one of `CELLS`, or None where nothing says it.
    """

    name: str
    anode: str | None = None
    cell: str | None = None
    cell_id: str | None = None
    area: float | None = None
    electrolyte: str | None = None

    def __attrs_post_init__(self) -> None:
        if self.cell is not None and self.cell not in CELLS:
            raise DataError("unknown kind of cell", code="LI-DATA-001", got=self.cell, expected=", ".join(CELLS))
        if self.area is not None and not (np.isfinite(self.area) and self.area > 0):
            raise DataError("the electrode area must be positive", code="LI-DATA-001", got=f"{self.area} m^2")


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


def _same_length(instance: CyclingRecord, attribute: Attribute[Any], value: NDArray[Any] | None) -> None:
    if value is not None and value.shape != instance.time.shape:
        raise DataError(
            f"'{attribute.name}' does not fit 'time'",
            code="LI-DATA-001",
            got=f"shape {value.shape}",
            expected=f"shape {instance.time.shape}",
        )


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
        falls = np.flatnonzero(np.diff(self.time) < 0)
        if falls.size:
            row = int(falls[0]) + 1
            raise ReadError(
                f"time decreases in {falls.size} places, first at row {row + 1}",
                code="LI-READ-007",
                where=where,
                got=f"{self.time[row - 1]:.10g} s, then {self.time[row]:.10g} s",
                expected="times that never decrease (--set drop_bad_rows=true leaves such rows out)",
            )

    @property
    def areal_current(self) -> NDArray[np.float64] | None:
        """Current density [A/m2], or None where current or area is not known."""
        if self.current is None or self.specimen.area is None:
            return None
        return self.current / self.specimen.area


def _require_finite(values: NDArray[np.float64], name: str, code: str, where: str) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if bad.size:
        raise ReadError(
            f"'{name}' is not a finite number in {bad.size} rows, first at row {int(bad[0]) + 1}",
            code=code,
            where=where,
            got=str(values[bad[0]]),
            expected="finite numbers (--set drop_bad_rows=true leaves such rows out)",
        )
