"""What a record is of: what the caller states, what its voltage lets infer, what stays unknown and is said loudly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from attrs import evolve
from numpy.typing import NDArray

from lithiate.core.measurement import CyclingRecord, Measurement
from lithiate.core.polarity import voltage_follows_current

Record = TypeVar("Record", bound=Measurement)

LARGEST_LABORATORY_AREA = 1.0
_HIGHEST_SYMMETRIC = 2.0
_MOST_UNEQUAL = 3.0
_HIGHEST_ONE_WAY = 1.0
_ONE_SIGN_SHARE = 0.99
_FULL_CELL = (2.5, 5.0)
_FULL_CELL_SHARE = 0.95
_LOWEST_CATHODE = 1.2
_HIGHEST_CATHODE = 5.5
_LEAST_SWING = 0.3
_LEAST_CUT_OFF = 0.3
_CUT_OFF_RISE = 5.0
_ON_SHARE = 0.01


def described(record: Record, given: Mapping[str, Any]) -> Record:
    """Return the record with what the caller stated about its specimen, and warnings for what nobody stated.

    ``LI-W-AREA`` where the area is missing (or larger than any laboratory electrode), ``LI-W-CELL`` where the kind of
    cell was inferred or is unknown.
    """
    specimen = evolve(record.specimen, **given)
    warnings = [text for text in record.warnings if not text.startswith(("LI-W-AREA", "LI-W-CELL"))]
    if specimen.area is None:
        warnings.append(
            'LI-W-AREA the electrode area is not stated: ALL AREAL NUMBERS ARE NULL; give --area "1.13 cm^2"'
        )
    elif specimen.area > LARGEST_LABORATORY_AREA:
        warnings.append(
            f"LI-W-AREA an area of {specimen.area:g} m^2 is larger than a laboratory electrode: a bare number is in "
            'm^2, text carries its unit ("1.13 cm^2")'
        )
    cycled = isinstance(record, CyclingRecord)
    if specimen.cell is None and isinstance(record, CyclingRecord) and looks_symmetric(record.voltage):
        specimen = evolve(specimen, cell="symmetric")
        warnings.append("LI-W-CELL the cell is taken as symmetric, inferred from a voltage that alternates about zero")
    elif specimen.cell is None and isinstance(record, CyclingRecord) and looks_full(record.voltage, record.current):
        specimen = evolve(specimen, cell="full")
        low, high = _FULL_CELL
        warnings.append(f"LI-W-CELL the cell is taken as full, inferred from a voltage between {low:g} and {high:g} V")
    elif (
        specimen.cell is None
        and isinstance(record, CyclingRecord)
        and looks_like_cathode(record.voltage, record.current)
    ):
        specimen = evolve(specimen, cell="full")
        swing = f"{np.quantile(record.voltage, 0.01):.3g} to {np.quantile(record.voltage, 0.99):.3g} V"
        warnings.append(
            f"LI-W-CELL the cell is taken as full, inferred from a voltage ({swing}) above {_LOWEST_CATHODE:g} V that "
            "rises while current > 0 flows and falls while current < 0 flows; --cell states another"
        )
    elif specimen.cell is None and isinstance(record, CyclingRecord) and looks_plated_one_way(record.voltage):
        warnings.append(
            "LI-W-CELL nothing says what the cell is: a voltage of one sign below 1 V may be Li||Li plated one way, "
            "Li||Cu that is only plated, or another half cell; --cell symmetric analyses it as one plating of a "
            "symmetric cell (plateau and shorts, no cycles), --cell plating names Li||Cu"
        )
    elif (
        specimen.cell is None
        and isinstance(record, CyclingRecord)
        and looks_plated_and_stripped(record.voltage, record.current)
    ):
        warnings.append(
            "LI-W-CELL nothing says what the cell is: a small negative voltage that ends at a positive cut-off in "
            "every cycle is that of Li||Cu, plated and stripped; --cell plating gives its coulombic efficiency"
        )
    elif specimen.cell is None:
        tells = ", and its voltage does not tell" if cycled else ""
        warnings.append(f"LI-W-CELL nothing says what the cell is{tells}: give --cell")
    elif "cell" not in given:
        # An own file keeps the remark that its kind of cell was inferred once.
        warnings.extend(text for text in record.warnings if text.startswith("LI-W-CELL"))
    return evolve(record, specimen=specimen, warnings=tuple(warnings))


def looks_full(voltage: NDArray[np.float64], current: NDArray[np.float64] | None) -> bool:
    """Say whether a voltage (n,) [V] is that of a cathode against lithium, charged and discharged.

    95 % of the rows lie between 2.5 and 5 V, and current flows both ways; without a current nothing tells. Cathodes
    that work lower (sulfur, vanadium oxides) fail this; `looks_like_cathode` tells them by more than the level.
    """
    low, high = _FULL_CELL
    if current is None or not (bool((current > 0.0).any()) and bool((current < 0.0).any())):
        return False
    return float(np.mean((voltage >= low) & (voltage <= high))) >= _FULL_CELL_SHARE


def looks_like_cathode(voltage: NDArray[np.float64], current: NDArray[np.float64] | None) -> bool:
    """Say whether a voltage (n,) [V] swings with the current as that of a cathode above 1.2 V against lithium does.

    Every row lies above 1.2 V and below 5.5 V, 98 % of the rows span at least 0.3 V, and the voltage rises while
    current > 0 flows and falls while current < 0 flows. Graphite and silicon go below that; titanates (1.55 V) as
    well as full cells of two inserting electrodes pass, whose cycles are counted as those of a cathode.
    """
    if current is None or not (float(voltage.min()) > _LOWEST_CATHODE and float(voltage.max()) < _HIGHEST_CATHODE):
        return False
    low, high = np.quantile(voltage, (0.01, 0.99))
    return float(high - low) >= _LEAST_SWING and voltage_follows_current(voltage, current)


def looks_plated_one_way(voltage: NDArray[np.float64]) -> bool:
    """Say whether a voltage (n,) [V] has one sign and is small throughout, as that of lithium plated one way.

    99 % of the rows have one sign, and 99 % are below 1 V. It does not tell Li||Li from
    Li||Cu or a half cell of graphite, so nothing is inferred from it.
    """
    magnitude = np.abs(voltage)
    positive, negative = float(np.mean(voltage > 0.0)), float(np.mean(voltage < 0.0))
    of_one_sign = max(positive, negative) >= _ONE_SIGN_SHARE
    return of_one_sign and float(np.quantile(magnitude, _ONE_SIGN_SHARE)) < _HIGHEST_ONE_WAY


def looks_plated_and_stripped(voltage: NDArray[np.float64], current: NDArray[np.float64] | None) -> bool:
    """Say whether a voltage (n,) [V] is that of lithium plated on a foreign metal and stripped to a cut-off.

    Its median is negative under current of one sign; under the other, each run of rows rises to at least 0.3 V and to
    five times that median. The last run may end with the record. Stripping of a part alone, as with a reservoir of
    lithium, fails this, and so does a half cell, whose voltage is positive.
    """
    if current is None or not bool(current.any()):
        return False
    on = np.abs(current) > _ON_SHARE * float(np.abs(current).max())
    voltage, sign = voltage[on], np.sign(current[on])
    first = np.append(0, np.flatnonzero(np.diff(sign)) + 1)
    if first.size < 3:
        return False
    highest = np.maximum.reduceat(voltage, first)
    for plating in (-1.0, 1.0):
        plateau = float(np.median(voltage[sign == plating]))
        stripped = np.flatnonzero(sign[first] != plating)
        judged = stripped[stripped < first.size - 1] if stripped.size > 1 else stripped
        if plateau < 0.0 and bool((highest[judged] >= max(_LEAST_CUT_OFF, -_CUT_OFF_RISE * plateau)).all()):
            return True
    return False


def looks_symmetric(voltage: NDArray[np.float64]) -> bool:
    """Say whether a voltage (n,) [V] alternates about zero as that of two like electrodes does.

    Both extremes lie within 2 V and differ less than threefold, and the sign changes more than once. A Li||Cu cell
    fails by its stripping limit, far above its plating overpotential; a long dead symmetric cell may fail as well.
    """
    low, high = float(voltage.min()), float(voltage.max())
    if not (low < 0.0 < high and max(-low, high) < _HIGHEST_SYMMETRIC):
        return False
    if max(-low, high) > _MOST_UNEQUAL * min(-low, high):
        return False
    changes = np.count_nonzero(np.diff(np.signbit(voltage[voltage != 0.0])))
    return bool(changes > 1)
