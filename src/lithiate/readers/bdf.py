"""Battery Data Format (ontology 1.3.0), CSV and Parquet, with the checks that real files of it call for.

The name of a file proves nothing: five of six published files violate the format. Refused are times of years
(seconds multiplied by 3600), a current whose charge is far from the capacity columns (factors of 1000 and 3600), a
vendor's column that contradicts the required one, and currents that are positive in discharge steps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import delimited, text, values
from lithiate.readers.columns import SI_UNITS, Choice, Heading, choose_column, parse_heading
from lithiate.readers.source import COMMON_SETTINGS, RawRecord, Reader, Source, flag_setting, number_setting

if TYPE_CHECKING:
    import polars as pl

LABELS = {
    "time": "Test Time",
    "voltage": "Voltage",
    "current": "Current",
    "cycle": "Cycle Count",
    "step_type": "Step Type",
    "electrode_potential": "Electrode Potential",
    "row_flags": "Row Flags",
}
"""Quantity -> label without its unit; the last two are lithiate's own words."""

_MACHINE_NAMES: dict[str, tuple[str, str]] = {
    "test_time_second": ("time", "s"),
    "test_time_s": ("time", "s"),
    "test_time_millisecond": ("time", "ms"),
    "voltage_volt": ("voltage", "V"),
    "voltage_v": ("voltage", "V"),
    "current_ampere": ("current", "A"),
    "current_a": ("current", "A"),
    "cycle_count": ("cycle", "1"),
    "step_type": ("step_type", "1"),
}
_REQUIRED = ("time", "voltage", "current")
_CAPACITIES = {
    "charging": ("charging_capacity_ah", "Charging Capacity / Ah", "Charge Capacity / Ah"),
    "discharging": ("discharging_capacity_ah", "Discharging Capacity / Ah", "Discharge Capacity / Ah"),
}
_FACTOR_OF_DOUBT = 10.0
_ROUNDING = 0.1
_PARQUET = b"PAR1"


def _term(name: str) -> tuple[str, str] | None:
    """Return quantity and unit that a column name of the format means, or None."""
    if name in _MACHINE_NAMES:
        return _MACHINE_NAMES[name]
    label, slash, unit = name.partition(" / ")
    for quantity, words in LABELS.items():
        if label == words and (slash or quantity == "step_type"):
            return quantity, unit.strip() or "1"
    return None


def _is_bdf(names: Sequence[str]) -> bool:
    terms = {term[0] for name in names if (term := _term(name.strip()))}
    machine = {_MACHINE_NAMES[name][0] for name in names if name in _MACHINE_NAMES}
    # Two machine names are nobody else's words; the labels alone are, unless all three stand together.
    return set(_REQUIRED) <= terms or len(machine & set(_REQUIRED)) >= 2


def _first_names(head: bytes) -> list[str]:
    decoded = text.decode(head, final=False)
    return [] if decoded is None else text.split_line(decoded.split("\n", 1)[0], ",")


def sniff_csv(head: bytes, path: Path) -> bool:
    """Recognise the names of the format in the first line."""
    return _is_bdf(_first_names(head))


def sniff_parquet(head: bytes, path: Path) -> bool:
    """Recognise a Parquet file; `read_parquet` says what is missing when its columns are others."""
    return head.startswith(_PARQUET)


def read_csv(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read BDF text; see `_record` for what is refused."""
    import polars as pl

    decoded = text.decode(source.content)
    if decoded is None:
        raise ReadError("the text is damaged", code="LI-READ-003", where=source.name, got="bytes that are no text")
    layout = text.find_layout(text.head_lines(decoded), source.name)
    names = [heading.text for heading in layout.headings]
    columns = text.load_columns(decoded, layout, range(layout.width), source.name)
    return _record(names, columns, settings, source.name).changed(software=f"polars {pl.__version__}")


def read_parquet(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read BDF Parquet; see `_record` for what is refused."""
    import polars as pl

    try:
        frame = pl.read_parquet(source.content)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ReadError(
            "the Parquet file is damaged", code="LI-READ-003", where=source.name, got=str(error).splitlines()[0]
        ) from error
    columns = dict(enumerate(frame.get_columns()))
    return _record(frame.columns, columns, settings, source.name).changed(software=f"polars {pl.__version__}")


def _record(
    names: Sequence[str], columns: Mapping[int, pl.Series], settings: Mapping[str, str], where: str
) -> RawRecord:
    """Build a record from the columns of the format.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when a required quantity is missing, ``LI-READ-005`` for an unknown unit, ``LI-READ-010`` when
        columns contradict each other.
    """
    terms = [(name, _term(name.strip())) for name in names]
    at: dict[str, list[int]] = {}
    for index, (_name, term) in enumerate(terms):
        if term is not None:
            at.setdefault(term[0], []).append(index)
    choices = delimited.Choices(
        time=_choice(terms, at, "time", settings, where),
        voltage=_choice(terms, at, "voltage", settings, where),
        current=_choice(terms, at, "current", settings, where),
        cycle=at.get("cycle", [None])[0],
        step_type=at.get("step_type", [None])[0],
        clock=None,
    )
    raw = delimited.assemble(columns, choices, settings, where)
    _refuse_contradictions(raw, names, columns, at, settings, where)
    raw = _with_extensions(raw, columns, at, settings, where)
    return _with_capacity_check(raw, names, columns, settings, where)


def _choice(
    terms: Sequence[tuple[str, tuple[str, str] | None]],
    at: Mapping[str, list[int]],
    quantity: str,
    settings: Mapping[str, str],
    where: str,
) -> Choice:
    """Choose the column of a required quantity: the caller's, or the first that the format names."""
    own = settings.get(f"{quantity}_column")
    if own is None and quantity not in at:
        raise ReadError(
            f"the Battery Data Format requires a {quantity}, and no column is one",
            code="LI-READ-004",
            where=where,
            got="columns " + ", ".join(repr(name) for name, _term in terms[:40]),
            expected=f"'{LABELS[quantity]} / UNIT', or --set {quantity}_column=NAME "
            "(a file of lithiate's own needs its JSON sidecar beside it)",
        )
    if own is not None:
        headings = [parse_heading(name) for name, _term in terms]
        pick = {f"{quantity}_column": own}
    else:
        # A heading in the words of `choose_column` carries the unit of the label or of the machine name.
        headings = [
            Heading(name, quantity if i == at[quantity][0] else "", term[1] if term else None)
            for i, (name, term) in enumerate(terms)
        ]
        pick = {}
    unit = {key: value for key, value in settings.items() if key == f"{quantity}_unit"}
    return choose_column(headings, quantity, {**pick, **unit}, where)


def _refuse_contradictions(
    raw: RawRecord,
    names: Sequence[str],
    columns: Mapping[int, pl.Series],
    at: Mapping[str, list[int]],
    settings: Mapping[str, str],
    where: str,
) -> None:
    """Refuse a second column of a quantity, in the format's words or the bare vendor's one, with other values."""
    for quantity in _REQUIRED:
        if f"{quantity}_column" in settings:
            continue
        array = getattr(raw, quantity)
        bare = [i for i, name in enumerate(names) if name.strip().lower() == LABELS[quantity].lower()]
        for index in [*at[quantity][1:], *bare]:
            other = _numeric(columns[index], array.size)
            term = _term(names[index].strip())
            if other is None or term not in (None, (quantity, SI_UNITS[quantity])):
                continue
            if not np.allclose(other, array, rtol=1e-3, atol=1e-12 + 1e-3 * float(np.nanmedian(np.abs(array)))):
                raise ReadError(
                    f"two columns hold the {quantity} and have other values",
                    code="LI-READ-010",
                    where=where,
                    got=f"{names[at[quantity][0]]!r} and {names[index]!r}",
                    expected=f"one of them, chosen with --set {quantity}_column=NAME and {quantity}_unit=UNIT",
                )


def _numeric(series: pl.Series, size: int) -> NDArray[np.float64] | None:
    import polars as pl

    found = series.head(size).cast(pl.Float64, strict=False)
    return None if found.null_count() else found.to_numpy()


def _with_extensions(
    raw: RawRecord,
    columns: Mapping[int, pl.Series],
    at: Mapping[str, list[int]],
    settings: Mapping[str, str],
    where: str,
) -> RawRecord:
    """Add lithiate's own columns: the electrode potential, and the row flags in place of those from step types."""
    size = raw.time.size
    if "electrode_potential" in at:
        index = at["electrode_potential"][0]
        drop = flag_setting(settings, "tolerate_bad_rows", where)
        array = values.numbers(
            columns[index].head(size), "Electrode Potential / V", decimal_comma=False, drop=drop, where=where
        )
        raw = raw.changed(electrode_potential=array)
    if "row_flags" in at:
        flags = _numeric(columns[at["row_flags"][0]], size)
        if flags is not None:
            raw = raw.changed(row_flags=flags.astype(np.uint8))
    return raw


def _with_capacity_check(
    raw: RawRecord, names: Sequence[str], columns: Mapping[int, pl.Series], settings: Mapping[str, str], where: str
) -> RawRecord:
    """Compare the charge that flowed with the capacity columns: warn of 10 %, refuse a factor of ten."""
    if raw.current is None:
        return raw
    counted = _counted_charge(names, columns, raw.time.size)
    # A time that falls back for a row must not count the way back to it as a long step.
    steps = np.diff(np.maximum.accumulate(raw.time)) / (number_setting(settings, "time_divisor", where) or 1.0)
    flowed = float(np.nansum(np.abs(raw.current[:-1]) * steps))
    if counted is None or counted <= 0.0 or flowed <= 0.0:
        return raw
    ratio = flowed / counted
    found = f"{flowed / 3600.0:.4g} Ah from current and time, {counted / 3600.0:.4g} Ah counted (ratio {ratio:.4g})"
    if not 1.0 / _FACTOR_OF_DOUBT < ratio < _FACTOR_OF_DOUBT:
        raise ReadError(
            "the current and the times do not fit the capacity columns",
            code="LI-READ-010",
            where=where,
            got=found,
            expected="a ratio near 1; near 3600 --set time_divisor=3600, near 0.001 another column or unit of the "
            "current (--set current_column=NAME, current_unit=UNIT)",
        )
    if abs(ratio - 1.0) > _ROUNDING:
        return raw.changed(f"LI-W-CURRENT the current is rounded or incomplete: {found}")
    return raw


def _counted_charge(names: Sequence[str], columns: Mapping[int, pl.Series], size: int) -> float | None:
    """Return the charge [C] that the capacity columns counted in both directions; resets do not count."""
    total, found = 0.0, False
    for spellings in _CAPACITIES.values():
        index = next((i for i, name in enumerate(names) if name.strip() in spellings), None)
        array = None if index is None else _numeric(columns[index], size)
        if array is not None:
            found = True
            total += float(np.maximum(np.diff(array), 0.0).sum()) * 3600.0
    return total if found else None


_SETTINGS = (*delimited.COLUMN_SETTINGS, *COMMON_SETTINGS)
CSV = Reader("bdf-csv", "Battery Data Format, CSV", _SETTINGS, sniff_csv, read_csv)
PARQUET = Reader("bdf-parquet", "Battery Data Format, Parquet", _SETTINGS, sniff_parquet, read_parquet)
