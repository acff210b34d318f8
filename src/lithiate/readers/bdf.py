"""Battery Data Format (ontology 1.3.0), CSV and Parquet, with the checks that real files of it call for.

The name of a file proves nothing: five of six published files violate the format. Refused are times that a converter
multiplied (by 3600, 60 or 1000: told by the clock, by the capacity columns, or by a test of years), a current whose
charge is far from the capacity columns, a vendor's column that contradicts the required one, and currents that are
positive in discharge. Each refusal names the setting that corrects it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lithiate.errors import ReadError
from lithiate.readers import delimited, marks, text, values
from lithiate.readers.capacities import Charges, compared_charges, numeric, with_rounding_warning
from lithiate.readers.choices import Choices
from lithiate.readers.columns import SI_UNITS, Choice, Heading, choose_column, parse_heading
from lithiate.readers.source import (
    COMMON_SETTINGS,
    RawRecord,
    Reader,
    Source,
    converted_times,
    converted_times_error,
    flag_setting,
)

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
    "clock": "Unix Time",
}
"""Quantity -> label without its unit; the electrode potential and the row flags are lithiate's own words."""

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
    "unix_time_second": ("clock", "s"),
    "unix_time_s": ("clock", "s"),
}
_CONVERTED_TOLERANCE = 0.1
_REQUIRED = ("time", "voltage", "current")
_CAPACITIES = {
    "charging": ("charging_capacity_ah", "Charging Capacity / Ah", "Charge Capacity / Ah"),
    "discharging": ("discharging_capacity_ah", "Discharging Capacity / Ah", "Discharge Capacity / Ah"),
}
PARQUET_MAGIC = b"PAR1"
_FACTOR_OF_DOUBT = 10.0


def _term(name: str) -> tuple[str, str] | None:
    """Return quantity and unit that a column name of the format means, or None."""
    if name in _MACHINE_NAMES:
        return _MACHINE_NAMES[name]
    label, slash, unit = name.partition(" / ")
    for quantity, words in LABELS.items():
        if label == words and (slash or quantity == "step_type"):
            return quantity, unit.strip() or "1"
    return None


def is_bdf(names: Sequence[str]) -> bool:
    """Say whether the names of a table are those of the format."""
    terms = {term[0] for name in names if (term := _term(name.strip()))}
    machine = {_MACHINE_NAMES[name][0] for name in names if name in _MACHINE_NAMES}
    # Two machine names are nobody else's words; the labels alone are, unless all three stand together.
    return set(_REQUIRED) <= terms or len(machine & set(_REQUIRED)) >= 2


def _first_names(head: bytes) -> list[str]:
    decoded = text.head_text(head)
    return [] if decoded is None else text.split_line(decoded.split("\n", 1)[0], ",")


def sniff_csv(head: bytes, path: Path) -> bool:
    """Recognise the names of the format in the first line."""
    return is_bdf(_first_names(head))


def sniff_parquet(head: bytes, path: Path) -> bool:
    """Recognise a Parquet file; `read_parquet` says what is missing when its columns are others."""
    return head.startswith(PARQUET_MAGIC)


def read_csv(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read BDF text; see `record_of_terms` for what is refused."""
    decoded = text.decode(source.content)
    if decoded is None:
        raise ReadError("the text is damaged", code="LI-READ-003", where=source.name, got="bytes that are no text")
    layout = text.find_layout(text.head_lines(decoded), source.name, partial(text.line_in_file, source.content))
    names = [heading.text for heading in layout.headings]
    line = text.row_lines(source.content, layout)
    tolerate = flag_setting(settings, "tolerate_bad_rows", source.name)
    columns = text.load_columns(decoded, layout, range(layout.width), source.name, line=line, tolerate=tolerate)
    return record_of_terms(names, columns, settings, source.name, line)


def read_parquet(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Read BDF Parquet; see `record_of_terms` for what is refused."""
    frame = parquet_frame(source)
    columns = dict(enumerate(frame.get_columns()))
    return record_of_terms(frame.columns, columns, settings, source.name)


def parquet_frame(source: Source) -> pl.DataFrame:
    """Return the table of a Parquet file (``LI-READ-003`` when it is damaged)."""
    import polars as pl

    try:
        return pl.read_parquet(source.content)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ReadError(
            "the Parquet file is damaged", code="LI-READ-003", where=source.name, got=str(error).splitlines()[0]
        ) from error


def record_of_terms(
    names: Sequence[str],
    columns: Mapping[int, pl.Series],
    settings: Mapping[str, str],
    where: str,
    line: values.Lines | None = None,
) -> RawRecord:
    """Build a record from the columns of the format.

    Raises
    ------
    ReadError
        ``LI-READ-004`` when a required quantity is missing, ``LI-READ-005`` for an unknown unit, ``LI-READ-010`` when
        columns contradict each other.
    """
    import polars as pl

    terms = [(name, _term(name.strip())) for name in names]
    at: dict[str, list[int]] = {}
    for index, (_name, term) in enumerate(terms):
        if term is not None:
            at.setdefault(term[0], []).append(index)
    choices = Choices(
        time=_choice(terms, at, "time", settings, where),
        voltage=_choice(terms, at, "voltage", settings, where),
        current=_choice(terms, at, "current", settings, where),
        cycle=at.get("cycle", [None])[0],
        step_type=at.get("step_type", [None])[0],
        clock=at.get("clock", [None])[0],
    )
    tolerate = flag_setting(settings, "tolerate_bad_rows", where)
    plain, warning = marks.numbers_with_points(
        columns, choices.of_numbers, (), settings, where, line=line, tolerate=tolerate
    )
    raw = delimited.assemble(plain, choices, settings, where, line=line)
    raw = raw if warning is None else raw.changed(warning)
    raw = _with_seconds(raw, names, columns, settings, where)
    _refuse_contradictions(raw, names, columns, at, settings, where)
    raw = _with_extensions(raw, columns, at, settings, where)
    return _with_capacity_check(raw, names, columns, settings, where).changed(software=f"polars {pl.__version__}")


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
            other = numeric(columns[index], array.size)
            term = _term(names[index].strip())
            if other is None or term not in (None, (quantity, SI_UNITS[quantity])):
                continue
            if not np.allclose(other, array, rtol=1e-3, atol=1e-12 + 1e-3 * float(np.nanmedian(np.abs(array)))):
                raise ReadError(
                    f"two columns hold the {quantity} and have other values",
                    code="LI-READ-010",
                    where=where,
                    got=f"{names[at[quantity][0]]!r} and {names[index]!r}",
                    expected=f"one of them, chosen with --set {quantity}_column=NAME and {quantity}_unit=UNIT (a bare "
                    f"vendor's name has its vendor's unit: mostly {SI_UNITS[quantity]})",
                )


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
        flags = numeric(columns[at["row_flags"][0]], size)
        if flags is not None:
            raw = raw.changed(row_flags=flags.astype(np.uint8))
    return raw


def _with_seconds(
    raw: RawRecord,
    names: Sequence[str],
    columns: Mapping[int, pl.Series],
    settings: Mapping[str, str],
    where: str,
) -> RawRecord:
    """Refuse times that a converter multiplied; divide them where ``time_unit=s`` says what the instrument's were."""
    found = _factor_by_charge(raw, names, columns)
    if found is None:
        return raw
    if settings.get("time_unit") == "s":
        return raw.changed(converted_times(*found), time=raw.time / found[0])
    raise converted_times_error(*found, where)


def _factor_by_charge(
    raw: RawRecord, names: Sequence[str], columns: Mapping[int, pl.Series]
) -> tuple[float, str] | None:
    charges = _charges(raw, names, columns)
    if charges is None:
        return None
    # A factor of 1000 in the charge may as well be one of the current: of 3600 and 60 there is no doubt.
    for factor in (3600.0, 60.0):
        if abs(charges.ratio / factor - 1.0) < _CONVERTED_TOLERANCE:
            return factor, charges.words
    return None


def _with_capacity_check(
    raw: RawRecord, names: Sequence[str], columns: Mapping[int, pl.Series], settings: Mapping[str, str], where: str
) -> RawRecord:
    """Compare the charge that flowed with the capacity columns: warn of 10 %, refuse a factor of 10 or a wrong sign."""
    charges = _charges(raw, names, columns)
    if raw.current is None or charges is None:
        return raw
    ratio = charges.ratio
    if ratio > 0.0 and not 1.0 / _FACTOR_OF_DOUBT < ratio < _FACTOR_OF_DOUBT:
        near = ratio if ratio > 1.0 else 1.0 / ratio
        unit = "mA" if ratio > 1.0 else "kA"
        by_unit = f"--set current_unit={unit} for a current {'larger' if ratio > 1.0 else 'smaller'} by 1000"
        raise ReadError(
            "the current and the times do not fit the capacity columns",
            code="LI-READ-010",
            where=where,
            got=charges.words,
            expected=f"a ratio near 1; {by_unit}{', which fits here' if 900.0 < near < 1100.0 else ''}, or another "
            "column of the current (--set current_column=NAME)",
        )
    _refuse_reversed(raw, names, columns, settings, where)
    return with_rounding_warning(raw, charges)


def _refuse_reversed(
    raw: RawRecord, names: Sequence[str], columns: Mapping[int, pl.Series], settings: Mapping[str, str], where: str
) -> None:
    """Refuse a current that is positive while discharge is counted, and negative while charge is."""
    if raw.current is None or flag_setting(settings, "invert_current", where):
        return
    against = total = 0.0
    for direction, sign in (("charging", 1.0), ("discharging", -1.0)):
        array = _capacity(direction, names, columns, raw.time.size)
        if array is None:
            return
        rises = np.maximum(np.diff(array), 0.0)
        # A counter may be ahead of the current by a row where the direction turns.
        against += float(rises[sign * raw.current[1:] < 0.0].sum())
        total += float(rises[raw.current[1:] != 0.0].sum())
    if total > 0.0 and against > 0.9 * total:
        raise ReadError(
            "the current is positive where the discharge is counted, and negative where the charge is",
            code="LI-READ-010",
            where=where,
            got=f"{against / total:.0%} of the capacity that was counted, against the sign of the current",
            expected="current > 0 that charges; --set invert_current=true turns it round",
        )


def _capacity(
    direction: str, names: Sequence[str], columns: Mapping[int, pl.Series], size: int
) -> NDArray[np.float64] | None:
    index = next((i for i, name in enumerate(names) if name.strip() in _CAPACITIES[direction]), None)
    return None if index is None else numeric(columns[index], size)


def _charges(raw: RawRecord, names: Sequence[str], columns: Mapping[int, pl.Series]) -> Charges | None:
    arrays = [_capacity(direction, names, columns, raw.time.size) for direction in _CAPACITIES]
    return compared_charges(raw, [array for array in arrays if array is not None])


_SETTINGS = (*delimited.TEXT_SETTINGS, *COMMON_SETTINGS)
CSV = Reader("bdf-csv", "Battery Data Format, CSV", _SETTINGS, sniff_csv, read_csv)
PARQUET = Reader("bdf-parquet", "Battery Data Format, Parquet", _SETTINGS, sniff_parquet, read_parquet)
