"""BioLogic's binary: modules, columns, checks, records and spectra, from files that the tests build themselves."""

from __future__ import annotations

import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lithiate.core.measurement import RowFlag
from lithiate.errors import LithiateError, ReadError
from lithiate.readers import read, read_all
from lithiate.readers.biologic_binary import read_file
from lithiate.readers.biologic_columns import COLUMNS, FLAG_BITS
from lithiate.readers.biologic_modules import MAGIC

# Version -> struct of the number of columns, of an id, number of places for ids, byte before the rows.
LAYOUTS = {0: ("B", "B", 95, b""), 2: ("B", "H", 200, b""), 3: ("B", "H", 200, b"\1"), 10: ("H", "H", 500, b"\1")}
LAYOUTS[11] = LAYOUTS[10]
SHIFTS = {"A": 0, "B": 112}
GCPL = [1, 2, 3, 21, 31, 65, 131, 4, 7, 13, 5, 6, 39, 467, 468]
PEIS = [32, 37, 38, 36, 35, 4, 77, 76, 24, 131]


def module(name, payload, version=0, new=False):
    head = b"MODULE" + name.encode().ljust(10) + name.encode().ljust(25)
    if new:
        return head + struct.pack("<IIII", 0xFFFFFFFF, len(payload), 0, version) + b"01/16/25" + payload
    return head + struct.pack("<II", len(payload), version) + b"01/16/25" + payload


def data(ids, rows, version=3, new=None):
    """Return a data module of packed rows, given as bytes."""
    of_count, of_id, places, mark = LAYOUTS[version]
    listed = struct.pack(f"<{len(ids)}{of_id}", *ids).ljust(places * struct.calcsize(of_id), b"\0")
    head = struct.pack("<I" + of_count, len(rows), len(ids)) + listed + mark
    return module("VMP data", head + b"".join(rows), version, version > 3 if new is None else new)


def packed(ids, columns):
    """Return rows as bytes; `columns` is id -> values, flags of one byte under the id of the first of them."""
    flags = [number for number in ids if number in FLAG_BITS]
    fields = [number for number in ids if number not in flags[1:]]
    count = len(next(iter(columns.values())))
    kinds = [(str(n), "u1" if n in FLAG_BITS else COLUMNS[n][0]) for n in fields]
    table = np.zeros(count, dtype=kinds)
    for number in fields:
        table[str(number)] = columns.get(number, 0)
    return [row.tobytes() for row in table]


def settings_module(technique=4, area=(0.785, 2), mass=(1.5, 2), active=7.0, capacity=2.0, new=False):
    payload = bytearray(700)
    payload[0] = technique
    payload[7:14] = b"\x06spring"
    struct.pack_into("<f", payload, 263, active)
    struct.pack_into("<f", payload, 529, area[0])
    struct.pack_into("<f", payload, 588, mass[0])
    payload[592], payload[593] = area[1], mass[1]
    struct.pack_into("<f", payload, 604, capacity)
    return module("VMP Set", bytes(payload), 10 if new else 0, new)


def log_module(day=45000.5, channel=8, serial=335, low=-5.0, high=5.0, layout="B"):
    shift = SHIFTS[layout]
    payload = bytearray(1200)
    payload[9] = channel
    struct.pack_into("<H", payload, 59 + shift, serial)
    struct.pack_into("<ff", payload, 392 + shift, low, high)
    struct.pack_into("<d", payload, 473 + shift, day)
    payload[839 + shift : 845 + shift] = b"\x0511.61"
    return module("VMP LOG", bytes(payload))


def loop_module(starts):
    return module("VMP loop", struct.pack(f"<{len(starts) + 1}I", len(starts), *starts) + bytes(256))


def gcpl_columns(rows=6):
    """A rest, then charge and discharge at 2 mA, one row in 10 s."""
    k = np.arange(rows)
    mode = np.where(k < 2, 3, 1)
    current = np.where(k < 2, 0.0, np.where(k < rows - 1, 2.0, -2.0))
    dq = current * 10.0 / 3600.0
    return {
        1: mode | 0x40 | 0x80 * (k == 1),
        131: np.where(k < 2, 0, 1),
        4: 10.0 * k,
        7: dq,
        13: np.cumsum(dq),
        5: current,
        6: 3.0 + 0.1 * k,
        39: 10,
        467: np.cumsum(dq),
        468: np.where(current < 0, 1, 0),
    }


def gcpl_file(rows=6, version=3, **more):
    table = data(GCPL, packed(GCPL, gcpl_columns(rows)), version)
    return MAGIC + settings_module(**more) + table + log_module()


def peis_columns(frequency, cycle=1, sequence=0, **more):
    frequency = np.asarray(frequency, dtype=float)
    real, minus_imaginary = 10.0 + np.arange(frequency.size), 1.0 + np.arange(frequency.size)
    columns = {
        32: frequency,
        37: real,
        38: minus_imaginary,
        36: np.hypot(real, minus_imaginary),
        35: np.degrees(-np.arctan2(minus_imaginary, real)),
        4: np.arange(frequency.size) * 2.0 + 100.0,
        77: 0.05,
        76: 1.5,
        24: cycle,
        131: sequence,
    }
    return {**columns, **{int(name[1:]): value for name, value in more.items()}}


def peis_file(frequency, ids=PEIS, loops=None, technique=0x1D, **more):
    content = MAGIC + settings_module(technique) + data(ids, packed(ids, peis_columns(frequency, **more)))
    return content + (b"" if loops is None else loop_module(loops))


def refused(write_file, content, **given):
    with pytest.raises(ReadError) as error:
        read(write_file(content, "a.mpr"), **given)
    return error.value


@pytest.mark.parametrize("version", [3, 11])
def test_an_id_with_a_high_byte_stays_whole(version) -> None:
    """Taken as big-endian from one byte before, 467 would be 211, and the id before it another one."""
    content = MAGIC + data([1, 3, 4, 467], [struct.pack("<Bdd", 3, 1.0, 2.5)], version)
    table = read_file(content, "a.mpr").table
    assert list(table.layout.columns) == [1, 3, 4, 467]
    assert table.layout.size == 17
    assert table.load([467])[467].tolist() == [2.5 * 3.6]
    assert table.stored(467).tolist() == [2.5]


@pytest.mark.parametrize("version", LAYOUTS)
def test_cycling(write_file, version) -> None:
    ids = [number for number in GCPL if version > 0 or number < 256]
    content = MAGIC + settings_module() + data(ids, packed(ids, gcpl_columns()), version) + log_module()
    record = read(write_file(content, "cell.csv"))
    assert (record.technique, record.provenance.reader) == ("cycling", "biologic-binary")
    assert record.time.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]
    np.testing.assert_array_equal(record.voltage, np.float32(3.0 + 0.1 * np.arange(6)))
    np.testing.assert_allclose(record.current, [0, 0, 2e-3, 2e-3, 2e-3, -2e-3], rtol=1e-15)
    assert record.row_flags.tolist() == [RowFlag.REST, RowFlag.REST, 0, 0, 0, 0]
    assert record.electrode_potential is None
    if version:
        assert record.vendor_cycle_number.tolist() == [0, 0, 0, 0, 0, 1]
    assert [text for text in record.warnings if "dq/dt" in text or "SUSPECT" in text] == [
        "LI-W-CURRENT the file has no current: it is derived from dq/dt, and 0 in the first row"
    ]


def test_what_the_other_modules_state(write_file) -> None:
    record = read(write_file(gcpl_file(), "a.mpr"))
    details = record.provenance.details
    assert details["start"] == (45000.5 - 25569) * 86400  # 2023-03-15 12:00
    assert details["identity"] == {"channel": "SN 335"}
    stored = details["stored"]
    assert stored == {
        "technique": "GCPL",
        "technique_code": 4,
        "comment": "spring",
        "stored_area": pytest.approx(0.785e-4),
        "stored_characteristic_mass": pytest.approx(1.5e-6),
        "stored_active_mass": pytest.approx(7e-6),
        "stored_battery_capacity": pytest.approx(7.2),
        "recorded_with": "11.61",
        "set_currents": [2e-3, -2e-3],
        "vendor_cycle_number": "half cycle",
    }
    assert record.specimen.area is None
    assert record.specimen.cathode_mass is None
    assert b"spring" in gcpl_file()


def test_what_nobody_entered_is_not_stated(write_file) -> None:
    content = gcpl_file(area=(1e-3, 2), mass=(1e-3, 1), active=1e-3, capacity=0.0)
    stored = read(write_file(content, "a.mpr")).provenance.details["stored"]
    assert [name for name in stored if name.startswith("stored_")] == []


@pytest.mark.parametrize(("area", "expected"), [((78.5, 3), 0.785e-4), ((0.785, 2), 0.785e-4), ((0.785, 9), None)])
def test_units_of_the_stored_area(write_file, area, expected) -> None:
    stored = read(write_file(gcpl_file(area=area), "a.mpr")).provenance.details["stored"]
    assert stored.get("stored_area") == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(("layout", "serial", "channel"), [("A", 0, "8"), ("B", 0, "9"), ("A", 6987, "SN 6987")])
def test_layouts_of_the_log(write_file, layout, serial, channel) -> None:
    table = data(GCPL, packed(GCPL, gcpl_columns()))
    content = MAGIC + table + log_module(day=42000.25, serial=serial, layout=layout)
    details = read(write_file(content, "a.mpr")).provenance.details
    assert details["start"] == (42000.25 - 25569) * 86400
    assert details["identity"] == {"channel": channel}


def test_without_a_log_there_is_no_start(write_file) -> None:
    table = data(GCPL, packed(GCPL, gcpl_columns()))
    for content in (MAGIC + table, MAGIC + table + log_module(day=0.0)):
        details = read(write_file(content, "a.mpr")).provenance.details
        assert "start" not in details
        assert "identity" not in details


def test_flags_of_one_byte() -> None:
    ids = [1, 2, 3, 21, 31, 65, 4]
    content = MAGIC + data(ids, [struct.pack("<Bd", byte, 0.0) for byte in (0b11101101, 0b01010010)])
    table = read_file(content, "a.mpr").table
    assert {n: table.stored(n).tolist() for n in FLAG_BITS} == {
        1: [1, 2],
        2: [1, 0],
        3: [1, 0],
        21: [0, 1],
        31: [1, 0],
        65: [1, 0],
    }
    assert table.load([1, 65]) == {1: pytest.approx([1, 2]), 65: pytest.approx([1, 0])}
    assert table.layout.size == 9


def test_the_word_module_in_a_payload_and_modules_that_are_not_known(write_file) -> None:
    other = module("VMP future", b"MODULE" + b"VMP data  " * 9, 7)
    record = read(write_file(MAGIC + other + gcpl_file()[len(MAGIC) :] + other, "a.mpr"))
    assert record.time.size == 6


def test_a_current_that_is_stored_is_used_as_it_is(write_file) -> None:
    ids = [1, 4, 6, 8, 7, 24]
    columns = {1: [1, 1], 4: [0.0, 1.0], 6: [1.0, 2.0], 8: [1.5, -2.5], 7: [0.0, 9.0], 24: [1.0, 2.0]}
    record = read(write_file(MAGIC + data(ids, packed(ids, columns)), "a.mpr"))
    assert record.current.tolist() == [1.5e-3, -2.5e-3]
    assert record.vendor_cycle_number.tolist() == [1, 2]
    assert not any("dq/dt" in text for text in record.warnings)


def test_rows_of_one_time_keep_the_derived_current_before_them(write_file) -> None:
    ids = [4, 7, 6]
    columns = {4: [0.0, 3600.0, 3600.0, 7200.0], 7: [0.0, 1.0, 0.0, 2.0], 6: [1.0] * 4}
    record = read(write_file(MAGIC + data(ids, packed(ids, columns)), "a.mpr"))
    np.testing.assert_allclose(record.current, [0.0, 1e-3, 1e-3, 2e-3])


def test_three_electrodes(write_file) -> None:
    ids = [4, 6, 9, 8]
    columns = {4: [0.0, 1.0], 6: [0.5, 0.75], 9: [-0.25, 0.125], 8: [1.0, 1.0]}
    record = read(write_file(MAGIC + data(ids, packed(ids, columns)), "a.mpr"))
    assert record.voltage.tolist() == [0.75, 0.625]
    assert record.electrode_potential.tolist() == [0.5, 0.75]
    columns[9] = [0.0, 0.0]  # the counter electrode is the reference
    record = read(write_file(MAGIC + data(ids, packed(ids, columns)), "b.mpr"))
    assert record.voltage.tolist() == [0.5, 0.75]
    assert record.electrode_potential is None


@pytest.mark.parametrize("technique", [0x06, 0x33, 0x6C])
def test_a_sweep_is_a_polarisation_curve(write_file, technique) -> None:
    ids = [4, 6, 11]
    columns = {4: [0.0, 1.0, 2.0], 6: [0.0, 0.5, 0.25], 11: [0.0, 1.0, 2.0]}
    curve = read(write_file(MAGIC + settings_module(technique) + data(ids, packed(ids, columns)), "a.mpr"))
    assert curve.technique == "polarisation"
    assert curve.current.tolist() == [0.0, 1e-3, 2e-3]


def test_a_spectrum(write_file) -> None:
    spectra = read(write_file(peis_file([1e3, 1e2, 10.0]), "a.mpr"))
    assert spectra.technique == "impedance"
    assert spectra.impedance.tolist() == [10 - 1j, 11 - 2j, 12 - 3j]
    assert spectra.frequency.tolist() == [1e3, 1e2, 10.0]
    assert spectra.time.tolist() == [100.0, 102.0, 104.0]
    assert spectra.cycle is None
    assert not any("SUSPECT" in text for text in spectra.warnings)


@pytest.mark.parametrize(
    ("frequency", "more", "offsets"),
    [
        ([100, 10, 1, 100, 10, 1], {}, [0, 3, 6]),
        ([1, 10, 100, 1, 10, 100], {}, [0, 3, 6]),
        ([100, 10, 9, 9.5, 9.5, 6], {}, [0, 6]),  # jitter is no turn
        ([100, 10, 9, 8, 7, 6], {"cycle": [1, 1, 1, 2, 2, 2]}, [0, 3, 6]),
        ([100, 10, 9, 8, 7, 6], {"_469": [1, 1, 2, 2, 2, 2], "ids": [*PEIS, 469]}, [0, 2, 6]),
        ([100, 10, 9, 8, 7, 6], {"sequence": [0, 0, 0, 0, 1, 1]}, [0, 4, 6]),
        ([100, 10, 9, 8, 7, 6], {"loops": [0, 2, 6]}, [0, 2, 6]),
        ([100, 10, 9, 8, 7, 6], {"loops": [0, 2, 7]}, [0, 6]),  # a list that does not fit the table
        ([1, 10, 100, 100, 10, 1], {"sequence": [0, 0, 0, 1, 1, 1]}, [0, 3, 6]),  # up, then down
        ([100, 10, 0, 100, 10, 1], {}, [0, 2, 5]),  # one row without a frequency
    ],
)
def test_several_spectra(write_file, frequency, more, offsets) -> None:
    assert read(write_file(peis_file(frequency, **more), "a.mpr")).offsets.tolist() == offsets


def test_spectra_with_direct_current_rows_between_them(write_file) -> None:
    content = peis_file([0, 0, 100, 10, 0, 0, 100, 10], cycle=[1, 1, 1, 1, 2, 2, 2, 2], technique=0x1E)
    record, spectra = read_all(write_file(content, "a.mpr"), cell="symmetric")
    assert (record.technique, spectra.technique) == ("cycling", "impedance")
    assert record.time.tolist() == [100.0, 102.0, 108.0, 110.0]
    np.testing.assert_allclose(record.voltage, 0.05, rtol=1e-6)
    assert record.current.tolist() == [1.5e-3] * 4
    assert spectra.offsets.tolist() == [0, 2, 4]
    assert spectra.time.tolist() == [104.0, 106.0, 112.0, 114.0]  # on the clock of the record
    assert spectra.cycle.tolist() == [0, 1]


def test_impedances_at_one_frequency_leave_the_record(write_file) -> None:
    record = read(write_file(peis_file([0, 0, 100, 0, 0, 100], cycle=[1, 1, 1, 2, 2, 2]), "a.mpr"))
    assert record.technique == "cycling"
    assert record.time.size == 4


def test_names_of_analog_inputs() -> None:
    external = bytearray(200)
    external[54:62], external[99:113] = b"\x07Force/N", b"\x0dTemperatur/\xb0C"
    ids = [4, 6, 16, 17]
    columns = {4: [0.0, 1.0], 6: [1.0, 1.0], 16: [163.0, 164.0], 17: [27.6, 27.6]}
    content = MAGIC + module("VMP ExtDev", bytes(external)) + data(ids, packed(ids, columns))
    file = read_file(content, "a.mpr")
    assert [file.column_name(number) for number in ids] == ["time/s", "Ewe/V", "Force/N", "Temperatur/°C"]


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_one_column_that_is_not_known(write_file, width) -> None:
    rows = [struct.pack("<d", t) + b"\x7f" * width + struct.pack("<f", 1.5 + t) for t in (0.0, 1.0)]
    record = read(write_file(MAGIC + data([4, 999, 6], rows), "a.mpr"))
    assert record.voltage.tolist() == [1.5, 2.5]
    assert any("LI-W-COLUMNS the column ids 999 are not known" in text for text in record.warnings)


def test_columns_that_are_not_known(write_file) -> None:
    def rows(width, times=(0.0, 1.0)):
        return [struct.pack("<d", t) + bytes(2 * width) + struct.pack("<f", 1.5) for t in times]

    for width in (4, 8):
        assert read(write_file(MAGIC + data([4, 998, 999, 6], rows(width)), "a.mpr")).voltage.tolist() == [1.5, 1.5]
    error = refused(write_file, MAGIC + data([4, 998, 999, 6], rows(3)))
    assert error.code == "LI-READ-002"
    assert "ids 998, 999, 6 bytes" in str(error)
    # The widths are assumed, so a table that fails a check is none.
    error = refused(write_file, MAGIC + data([4, 998, 999, 6], rows(4, (1.0, 0.0))))
    assert "assumed widths do not stand the checks" in str(error)
    assert refused(write_file, MAGIC + data([4, 999, 6], rows(3, (0.0, 1.0)))).code == "LI-READ-002"


def test_ids_on_which_lists_disagree_go_by_the_size_of_the_row(write_file) -> None:
    for width in (4, 8):
        rows = [struct.pack("<d", t) + bytes(2 * width) + struct.pack("<f", 1.5) for t in (0.0, 1.0)]
        assert read(write_file(MAGIC + data([4, 498, 499, 6], rows), "a.mpr")).voltage.tolist() == [1.5, 1.5]


def test_a_column_known_from_lists_alone_is_told(write_file) -> None:
    ids = [4, 6, 462]
    content = MAGIC + data(ids, packed(ids, {4: [0.0, 1.0], 6: [1.0, 1.0], 462: [25.0, 25.0]}))
    assert any("462 (Temperature/°C) are known from lists" in text for text in read(write_file(content)).warnings)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("time", {4: [0.0, 10.0, 20.0, 30.0, 40.0, 40.0 - 1e-9]}, "the time decreases"),
        ("negative", {4: 10.0 * np.arange(6) - 5.0}, "a time is -5 s"),
        ("mode", {1: [3, 3, 1, 1, 0x40, 1]}, "a control mode is none of 1, 2, 3"),
        ("range", {6: [3.0, 3.1, 3.2, 3.3, 9.0, 3.5]}, "Ewe leaves its control range of -5 to 5 V: 3 to 9 V"),
        ("charge", {13: [0.0] * 5 + [1.0]}, "the increments of charge do not add up to"),
        ("half cycle", {468: [0, 0, 1, 0, 1, 1]}, "the half cycle decreases"),
        ("sequence", {131: [0, 0, 1, 1, 1, 1000]}, "the number of a sequence is 1000"),
    ],
)
def test_suspect_tables_are_kept_and_named(write_file, name, change, words) -> None:
    content = MAGIC + data(GCPL, packed(GCPL, {**gcpl_columns(), **change})) + log_module()
    path = write_file(content, "a.mpr")
    tolerant = {"tolerate_bad_rows": "true"} if name == "time" else {}
    record = read(path, settings=tolerant)
    told = [text for text in record.warnings if text.startswith("LI-W-SUSPECT the file may have been misread: ")]
    assert len(told) == 1
    assert words in told[0]


@pytest.mark.parametrize(
    ("change", "words"), [({36: [10.0] * 3}, "not the modulus"), ({35: [-4.0] * 3}, "the phase is not that")]
)
def test_suspect_impedances(change, words, write_file) -> None:
    columns = {**peis_columns([1e3, 1e2, 10.0]), **change}
    spectra = read(write_file(MAGIC + data(PEIS, packed(PEIS, columns)), "a.mpr"))
    assert any("LI-W-SUSPECT" in text and words in text for text in spectra.warnings)


def test_damaged_files(write_file) -> None:
    whole = gcpl_file()
    rows = packed(GCPL, gcpl_columns())
    table = data(GCPL, rows)
    stated = table.index(struct.pack("<I", 6) + bytes([len(GCPL)]))
    cases = {
        "the head of the file is damaged": whole[:40] + b"x" + whole[41:],
        "the file has no table": MAGIC + settings_module() + log_module(),
        "the table does not part into its rows": MAGIC + table[:stated] + struct.pack("<I", 5) + table[stated + 4 :],
        "a column stands twice": MAGIC + data([4, 4, 6], [bytes(20)] * 2),
        "do not make up a row": MAGIC + data([4, 6], [bytes(13)] * 2),
        "the list of columns is damaged; got 'bytes": MAGIC + table.replace(b"\1" + rows[0], b"\2" + rows[0], 1),
        "the list of columns is damaged; got '0": MAGIC + data([], [bytes(13)] * 2),
        "no module begins at byte": whole + b"rest",
    }
    for words, content in cases.items():
        error = refused(write_file, content)
        assert words in str(error)
        assert error.code == "LI-READ-003"
        assert error.where == "a.mpr"


def test_formats_that_are_not_known(write_file) -> None:
    table = data(GCPL, packed(GCPL, gcpl_columns()))
    error = refused(write_file, MAGIC + table + table)
    assert (error.code, error.what) == ("LI-READ-002", "the file has several tables")
    other = module("VMP data", table[57:], 4)
    error = refused(write_file, MAGIC + other)
    assert error.code == "LI-READ-002"
    assert "version 4" in str(error)


def test_a_test_without_rows(write_file) -> None:
    error = refused(write_file, MAGIC + settings_module(0x1C) + data(GCPL, []) + log_module())
    assert (error.code, error.what) == ("LI-READ-001", "the test holds no rows")


def test_missing_columns(write_file) -> None:
    error = refused(write_file, MAGIC + data([4, 8], packed([4, 8], {4: [0.0, 1.0], 8: [1.0, 1.0]})))
    assert error.code == "LI-READ-004"
    assert "no voltage" in str(error)
    error = refused(write_file, MAGIC + data([6, 8], packed([6, 8], {6: [0.0, 1.0], 8: [1.0, 1.0]})))
    assert "no time" in str(error)


@pytest.mark.parametrize("left", [6, 5, 3, 2])
def test_a_file_that_is_cut_off_says_how_many_rows_are_there(write_file, left) -> None:
    start = MAGIC + settings_module() + data(GCPL, packed(GCPL, gcpl_columns()))
    content = (start + log_module())[: len(start) - (6 - left) * 49 + 17]
    error = refused(write_file, content)
    assert error.code == "LI-READ-003"
    assert f"{left} of 6 rows are there as a whole" in str(error)
    assert "--set tolerate_bad_rows=true" in str(error)
    record = read(write_file(content, "a.mpr"), settings={"tolerate_bad_rows": "true"})
    assert record.time.tolist() == [10.0 * k for k in range(left)]
    assert any(f"LI-W-ROWS {left} of 6 rows were read of a file that is cut off" in text for text in record.warnings)


def test_every_cut_is_refused(write_file) -> None:
    content = gcpl_file()
    inside = range(len(MAGIC), len(content))
    ends = [len(MAGIC) + len(settings_module())]  # a chain that ends with a module is whole, and here without a table
    for end in inside[:: len(inside) // 150]:
        error = refused(write_file, content[:end])
        assert error.code == "LI-READ-003"
    assert refused(write_file, content[: ends[0]]).what == "the file has no table"


def exported(ids, table, extra):
    """Return the text that EC-Lab prints of a table: 8 or 16 digits, exponents of three, a comma, a tab at the end."""

    def printed(value, kind):
        mantissa, exponent = f"{value:.{7 if kind == '<f4' else 15}E}".split("E")
        return f"{mantissa}E{int(exponent):+04d}".replace(".", ",")

    columns = [(COLUMNS[n][1], [printed(v, COLUMNS[n][0]) for v in table.stored(n).tolist()]) for n in ids]
    columns += [(name, [printed(value, "<f8") for value in values]) for name, values in extra.items()]
    lines = ["EC-Lab ASCII FILE", "Nb header lines : 5", "", "Battery Capacity Determination"]
    lines.append("\t".join(name for name, _ in columns) + "\t")
    lines += ["\t".join(row) for row in zip(*(cells for _, cells in columns), strict=True)]
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("seed", range(3))
def test_binary_and_text_of_one_test_are_read_alike(write_file, seed) -> None:
    rng = np.random.default_rng(seed)
    ids = [4, 7, 13, 174, 6, 24]
    time, dq = np.cumsum(rng.uniform(0.01, 30.0, 200)), rng.normal(0.0, 1e-3, 200)
    potential = rng.uniform(-0.5, 4.0, 200)
    columns = {4: time, 7: dq, 13: np.cumsum(dq), 174: potential, 6: potential + 1e-3, 24: np.arange(200) // 50}
    content = MAGIC + settings_module(0x88) + data(ids, packed(ids, columns))
    current = np.append(0.0, 3600.0 * dq[1:] / np.diff(time))
    text = exported(ids, read_file(content, "a.mpr").table, {"<I>/mA": current})
    binary, printed = read(write_file(content, "a.mpr")), read(write_file(text, "a.mpt", encoding="cp1252"))
    assert (binary.provenance.reader, printed.provenance.reader) == ("biologic-binary", "biologic-text")
    np.testing.assert_allclose(binary.time, printed.time, rtol=1e-15)
    np.testing.assert_allclose(binary.voltage, printed.voltage, rtol=1e-7)
    np.testing.assert_allclose(binary.current, printed.current, rtol=2e-15, atol=1e-20)
    np.testing.assert_array_equal(binary.vendor_cycle_number, printed.vendor_cycle_number)


def test_a_file_whose_head_states_no_rows_yet(write_file) -> None:
    """As an instrument may leave it that writes the number of rows at the end."""
    table = bytearray(data([4, 6], packed([4, 6], {4: [0.0, 1.0, 2.0], 6: [1.0, 2.0, 3.0]})))
    struct.pack_into("<I", table, 57, 0)
    struct.pack_into("<I", table, 41, 0xFFFFFF)
    error = refused(write_file, MAGIC + bytes(table))
    assert "3 of an unknown number of rows are there as a whole" in str(error)
    record = read(write_file(MAGIC + bytes(table), "a.mpr"), settings={"tolerate_bad_rows": "true"})
    assert record.voltage.tolist() == [1.0, 2.0, 3.0]


def test_lengths_that_lie_take_no_memory() -> None:
    """A table that states four thousand million rows is refused before anything is made for them."""
    table = bytearray(data([4, 6], [bytes(12)] * 3))
    struct.pack_into("<I", table, 57, 0xFFFFFFFF)
    with pytest.raises(ReadError, match="does not part into its rows"):
        read_file(MAGIC + bytes(table), "a.mpr")
    struct.pack_into("<I", table, 41, 0xFFFFFFF0)
    with pytest.raises(ReadError, match="3 of 4294967295 rows"):
        read_file(MAGIC + bytes(table), "a.mpr")
    assert read_file(MAGIC + bytes(table), "a.mpr", tolerant=True).table.rows == 3


NUMBERS = {
    "<f4": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "<f8": st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300),
    "<u2": st.integers(0, 2**16 - 1),
    "<u4": st.integers(0, 2**32 - 1),
}
KNOWN = sorted(number for number in COLUMNS if number not in range(498, 503))


@settings(deadline=None, max_examples=60)
@given(
    ids=st.lists(st.sampled_from([*KNOWN, *FLAG_BITS]), min_size=1, max_size=30, unique=True),
    version=st.sampled_from([2, 3, 10, 11]),
    new=st.booleans(),
    draw=st.data(),
)
def test_columns_come_back_as_they_were_written(ids, version, new, draw) -> None:
    flags = [number for number in ids if number in FLAG_BITS]
    columns = {
        number: draw.draw(st.lists(NUMBERS[COLUMNS[number][0]], min_size=3, max_size=3), label=str(number))
        for number in ids
        if number not in flags
    }
    if flags:
        columns[flags[0]] = draw.draw(st.lists(st.integers(0, 255), min_size=3, max_size=3))
    table = read_file(MAGIC + data(ids, packed(ids, columns), version, new), "a.mpr").table
    assert table.rows == 3
    assert list(table.layout.columns) == ids
    for number in ids:
        if number in flags:
            bits = FLAG_BITS[number][1]
            expected = [(byte & bits) >> int(math.log2(bits & -bits)) for byte in columns[flags[0]]]
        else:
            expected = np.asarray(columns[number], dtype=COLUMNS[number][0]).tolist()
        assert table.stored(number).tolist() == expected


@settings(deadline=None, max_examples=250)
@given(
    kind=st.sampled_from(["gcpl", "peis", "new"]),
    places=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.floats(0.0, 1.0) | st.none(),
    tolerant=st.booleans(),
)
def test_wrong_bytes_give_a_record_or_a_reason(tmp_path_factory, kind, places, cut, tolerant) -> None:
    content = bytearray(
        {
            "gcpl": gcpl_file(),
            "new": gcpl_file(version=11),
            "peis": peis_file([0, 0, 100, 10, 0, 0, 100, 10], cycle=[1, 1, 1, 1, 2, 2, 2, 2], loops=[0, 4, 8]),
        }[kind]
    )
    for place, byte in places:
        content[len(MAGIC) + int(place * (len(content) - len(MAGIC) - 1))] = byte
    path = tmp_path_factory.getbasetemp() / "wrong.mpr"
    path.write_bytes(content if cut is None else content[: int(cut * len(content))])
    try:
        records = read_all(path, settings={"tolerate_bad_rows": "true" if tolerant else "false"})
    except LithiateError as error:
        assert error.code.startswith(("LI-READ-0", "LI-DATA-001"))  # noqa: PT017 - either outcome is right
    else:
        assert all(np.isfinite(record.time).all() for record in records if record.time is not None)
