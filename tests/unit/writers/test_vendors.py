"""The vendors' layouts: what is written goes through the readers and gives the same numbers."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lithiate as li
from lithiate.core.measurement import CyclingRecord, ImpedanceSpectra, PolarisationCurve, Provenance, RowFlag, Specimen
from lithiate.errors import WriteError
from lithiate.readers import read
from lithiate.writers import FORMATS, write

AREA = 1.131e-4
SPECIMEN = Specimen("cell 7", anode="Li foil", cell="symmetric", area=AREA, electrolyte="LiTFSI")
CYCLING = [".neware.csv", ".mpt", ".dta", ".bdf.csv"]
READERS = {".neware.csv": "neware-text", ".mpt": "biologic-text", ".dta": "gamry-text", ".bdf.csv": "bdf-csv"}


def cycling(**changes) -> CyclingRecord:
    arrays = {
        "time": [0.0, 1.0, 2.0, 2.5, 3.0, 4.0],
        "voltage": [-0.1, -0.05, 0.0, 0.0, 0.06, 0.07],
        "current": [-1e-3, -1e-3, 0.0, 0.0, 1e-3, 1e-3],
        **changes,
    }
    return CyclingRecord(specimen=SPECIMEN, provenance=Provenance("simulated"), **arrays)


def spectra(count: int = 3, **changes) -> ImpedanceSpectra:
    frequency = np.tile(np.logspace(5, -1, 12), count)
    scale = np.repeat(np.arange(1.0, count + 1.0), 12)
    impedance = 5.0 + 30.0 * scale / (1.0 + 2j * np.pi * frequency * 1e-3)
    arrays = {"frequency": frequency, "impedance": impedance, "offsets": np.arange(count + 1) * 12, **changes}
    return ImpedanceSpectra(specimen=SPECIMEN, provenance=Provenance("simulated"), **arrays)


def sweep(**changes) -> PolarisationCurve:
    voltage = np.linspace(0.0, -0.2, 41)
    arrays = {"voltage": voltage, "current": 1e-3 * np.sinh(voltage / 0.05), "time": np.arange(41) * 5.0, **changes}
    conditions = {"sweep_rate": 1e-3}
    return PolarisationCurve(specimen=SPECIMEN, provenance=Provenance("measured"), conditions=conditions, **arrays)


@pytest.fixture(scope="module")
def simulated() -> CyclingRecord:
    cell = li.SymmetricCell(li.load_anode("Li foil"), electrolyte="LiTFSI-DOL-DME-LiNO3")
    experiment = li.SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="0.5 mAh/cm^2", cycles=26)
    return li.simulate(cell, experiment)


@pytest.mark.parametrize("suffix", CYCLING)
def test_a_simulated_record_gives_the_same_analysis(simulated, tmp_path, suffix) -> None:
    (path,) = write(simulated, tmp_path / f"cell{suffix}")
    again = read(path, area=simulated.specimen.area, cell="symmetric")
    assert again.provenance.reader == READERS[suffix]
    assert again.warnings == ()
    np.testing.assert_allclose(again.time, simulated.time, rtol=1e-11, atol=6e-7)
    np.testing.assert_allclose(again.voltage, simulated.voltage, rtol=1e-8)
    np.testing.assert_allclose(again.current, simulated.current, rtol=1e-9)
    before, after = li.analyse(simulated), li.analyse(again)
    for name in ("voltage_hysteresis", "nucleation_overpotential", "plateau_overpotential"):
        assert getattr(after, name).value == pytest.approx(getattr(before, name).value, rel=1e-6), name
    if suffix != ".bdf.csv":
        assert np.unique(again.vendor_cycle_number).tolist() == list(range(1, 27))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(2, 30), suffix=st.sampled_from(CYCLING[:3]))
def test_round_trip_to_the_printed_digits(tmp_path, data, size, suffix) -> None:
    def column(elements):
        return np.array(data.draw(st.lists(elements, min_size=size, max_size=size)))

    record = cycling(
        time=np.cumsum(column(st.floats(1e-3, 1e5))),
        voltage=column(st.floats(-9, 9)),
        current=column(st.floats(-10, 10)),
        vendor_cycle_number=np.sort(column(st.integers(0, 99))) if data.draw(st.booleans()) else None,
    )
    (path,) = write(record, tmp_path / f"cell{suffix}")
    again = read(path)
    np.testing.assert_allclose(again.time, record.time, rtol=1e-11, atol=6e-7)
    np.testing.assert_allclose(again.voltage, record.voltage, rtol=1e-8, atol=1e-300)
    np.testing.assert_allclose(again.current, record.current, rtol=1e-9, atol=1e-300)
    if record.vendor_cycle_number is not None:
        np.testing.assert_array_equal(again.vendor_cycle_number, record.vendor_cycle_number)


@pytest.mark.parametrize(
    ("suffix", "origin"), [(".mpt", "simulated"), (".dta", "simulated"), (".neware.csv", "measured")]
)
def test_a_simulated_record_stays_one_where_the_layout_has_a_comment(tmp_path, suffix, origin) -> None:
    assert read(*write(cycling(), tmp_path / f"cell{suffix}")).provenance.origin == origin
    measured = evolve(cycling(), provenance=Provenance("measured"))
    assert read(*write(measured, tmp_path / f"measured{suffix}")).provenance.origin == "measured"


@pytest.mark.parametrize("suffix", [".mpt", ".neware.csv"])
def test_rests(tmp_path, suffix) -> None:
    flags = np.array([0, 0, RowFlag.REST, RowFlag.REST, 0, 0], dtype=np.uint8)
    again = read(*write(cycling(row_flags=flags), tmp_path / f"cell{suffix}"))
    assert again.row_flags.tolist() == flags.tolist()


def test_what_neware_counts(tmp_path) -> None:
    (path,) = write(cycling(), tmp_path / "cell.neware.csv")
    lines = path.read_text().splitlines()
    assert lines[0].split(",")[:8] == [
        "DataPoint",
        "Cycle Index",
        "Step Index",
        "Step Type",
        "Time",
        "Cumulative Time",
        "Current(A)",
        "Voltage(V)",
    ]
    rows = [line.split(",") for line in lines[1:]]
    assert [row[3] for row in rows] == ["CC DChg"] * 2 + ["Rest"] * 2 + ["CC Chg"] * 2
    assert [row[2] for row in rows] == list("112233")
    assert rows[3][4:6] == ["00:00:00.500000", "00:00:02.500000"]
    # 1 mA for 1 s in each direction: in the step, and in the cycle by direction
    capacities = np.array([[float(cell) for cell in row[8:11]] for row in rows]) * 3600.0
    np.testing.assert_allclose(capacities[:, 0], [0, 1e-3, 0, 0, 0, 1e-3], atol=1e-12)
    np.testing.assert_allclose(capacities[-1], [1e-3, 1e-3, 1e-3], rtol=1e-6)
    np.testing.assert_allclose(float(rows[1][11]) * 3600.0, 1e-3 * 0.075, rtol=1e-6)


def test_clock_of_a_long_test(tmp_path) -> None:
    record = cycling(time=[0.0, 3599.9999996, 3600.0, 360000.25, 1e7, 1.5e7])
    again = read(*write(record, tmp_path / "cell.neware.csv"))
    np.testing.assert_allclose(again.time, record.time, rtol=0, atol=6e-7)
    with pytest.raises(WriteError, match="begins at 0"):
        write(cycling(time=[-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]), tmp_path / "cell.neware.csv")


def test_an_electrode_potential_is_kept_or_refused(tmp_path) -> None:
    record = cycling(electrode_potential=np.linspace(0.1, 0.2, 6))
    again = read(*write(record, tmp_path / "cell.mpt"))
    np.testing.assert_allclose(again.voltage, record.voltage, rtol=1e-9)
    np.testing.assert_allclose(again.electrode_potential, record.electrode_potential, rtol=1e-9)
    for suffix in (".dta", ".neware.csv"):
        with pytest.raises(WriteError, match="has an electrode potential beside it") as error:
            write(record, tmp_path / f"cell{suffix}")
        assert error.value.code == "LI-WRITE-002"


@pytest.mark.parametrize("suffix", [".mpt", ".dta", ".neware.csv"])
def test_a_current_is_needed(tmp_path, suffix) -> None:
    with pytest.raises(WriteError, match="a column for the current, and this record has none"):
        write(cycling(current=None), tmp_path / f"cell{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mpt", ".dta"])
@pytest.mark.parametrize("timed", [False, True])
def test_spectra_round_trip(tmp_path, suffix, timed) -> None:
    record = spectra(time=np.arange(36.0) if timed else None)
    again = read(*write(record, tmp_path / f"cell{suffix}"), area=AREA, cell="symmetric")
    assert again.technique == "impedance"
    assert again.warnings == ()
    assert again.offsets.tolist() == record.offsets.tolist()
    np.testing.assert_allclose(again.frequency, record.frequency, rtol=1e-9)
    np.testing.assert_allclose(again.impedance, record.impedance, rtol=2e-9)
    assert (again.impedance.imag < 0).all()
    assert (again.time is None) is not timed
    if timed:
        np.testing.assert_allclose(again.time, record.time, rtol=1e-12)


@pytest.mark.parametrize("cycle", [[0, 10, 50], [50, 50, 51]])
def test_cycles_of_spectra_go_through_the_counter(tmp_path, cycle) -> None:
    assert read(*write(spectra(cycle=cycle), tmp_path / "cell.mpt")).cycle.tolist() == cycle


@pytest.mark.parametrize("suffix", [".mpt", ".dta"])
def test_sweep_round_trip(tmp_path, suffix) -> None:
    record = sweep()
    again = read(*write(record, tmp_path / f"cell{suffix}"), area=AREA, cell="symmetric")
    assert again.technique == "polarisation"
    assert again.conditions == {"sweep_rate": pytest.approx(1e-3, rel=1e-12)}
    assert again.warnings == ()
    for name in ("time", "voltage", "current"):
        np.testing.assert_allclose(getattr(again, name), getattr(record, name), rtol=1e-9, atol=1e-300, err_msg=name)
    untimed = read(*write(sweep(time=None), tmp_path / f"untimed{suffix}"))
    np.testing.assert_allclose(untimed.time, record.time, rtol=1e-9)
    with pytest.raises(WriteError, match="neither times nor a sweep rate"):
        write(evolve(sweep(time=None), conditions={}), tmp_path / f"none{suffix}")


def test_a_format_by_its_name(tmp_path) -> None:
    (path,) = write(cycling(), tmp_path / "data.csv", format="neware")
    assert path.name == "data.csv"
    assert read(path).provenance.reader == "neware-text"
    paths = write(cycling(), tmp_path / "data", format="lithiate")
    assert [path.name for path in paths] == ["data.parquet", "data.json"]
    with pytest.raises(WriteError, match="no format of this name.*did you mean 'neware'") as error:
        write(cycling(), tmp_path / "data.csv", format="newair")
    assert error.value.code == "LI-WRITE-002"


@pytest.mark.parametrize(
    "item", [item for item in FORMATS if item.techniques == ("cycling",)], ids=lambda item: item.name
)
def test_a_technique_that_a_format_does_not_hold(tmp_path, item) -> None:
    for record in (spectra(), sweep()):
        with pytest.raises(WriteError, match="does not hold this technique.*expected .mpt, .dta, .parquet") as error:
            write(record, tmp_path / f"cell{item.suffix}")
        assert error.value.code == "LI-WRITE-002"


def test_words_outside_the_code_page(tmp_path) -> None:
    record = evolve(cycling(), specimen=Specimen("Zelle\t7\nµ", anode="锂", area=AREA))
    for suffix in (".mpt", ".dta"):
        again = read(*write(record, tmp_path / f"cell{suffix}"))
        np.testing.assert_allclose(again.voltage, record.voltage, rtol=1e-9)


@pytest.mark.parametrize("make", [cycling, spectra, sweep])
def test_ec_lab_counts_its_header_lines(tmp_path, make) -> None:
    (path,) = write(make(), tmp_path / "cell.mpt")
    lines = path.read_bytes().decode("cp1252").split("\n")
    count = int(lines[1].removeprefix("Nb header lines : "))
    names = lines[count - 1].split("\t")
    assert {"time/s", "freq/Hz"} & set(names)
    assert len(lines[count].split("\t")) == len(names)
    float(lines[count].split("\t")[0])
    assert "Electrode surface area : 1.131 cm²" in lines


def test_signs_in_the_files(tmp_path) -> None:
    (mpt,) = write(spectra(), tmp_path / "cell.mpt")
    (dta,) = write(spectra(), tmp_path / "cell.dta")
    lines = mpt.read_bytes().decode("cp1252").splitlines()
    row = dict(zip(lines[-37].split("\t"), lines[-36].split("\t"), strict=True))
    assert float(row["-Im(Z)/Ohm"]) > 0 > float(row["Phase(Z)/deg"])
    # Other programs take the columns of a ZCURVE by their places.
    fields = dta.read_bytes().decode("cp1252").splitlines()[-12].split("\t")
    assert [fields[0], fields[1], float(fields[3])] == ["", "0", 1e5]
    assert float(fields[5]) < 0 < float(fields[4])


ALL_TECHNIQUES = [item.suffix for item in FORMATS if "impedance" in item.techniques and "cycling" in item.techniques]
PARTS = st.floats(1e-3, 1e9) | st.floats(-1e9, -1e-3)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.data(), counts=st.lists(st.integers(2, 12), min_size=1, max_size=4), suffix=st.sampled_from(ALL_TECHNIQUES)
)
def test_any_spectra_round_trip_to_the_printed_digits(tmp_path, data, counts, suffix) -> None:
    def column(elements, size):
        return np.array(data.draw(st.lists(elements, min_size=size, max_size=size)))

    # Every spectrum runs down from 1 MHz, so that each begins above the end of the one before.
    frequency = np.concatenate([1e6 / np.cumprod(column(st.floats(1.01, 10.0), n)) for n in counts])
    size = frequency.size
    impedance = column(PARTS, size) + 1j * column(PARTS, size)
    time = np.cumsum(column(st.floats(1e-3, 1e5), size)) if data.draw(st.booleans()) else None
    record = spectra(frequency=frequency, impedance=impedance, offsets=np.cumsum([0, *counts]), time=time)
    again = read(write(record, tmp_path / f"cell{suffix}")[0])
    assert again.offsets.tolist() == record.offsets.tolist()
    np.testing.assert_allclose(again.frequency, frequency, rtol=1e-9)
    # Each part has its own digits: a small one beside a large one is not lost.
    np.testing.assert_allclose(again.impedance.real, impedance.real, rtol=2e-9)
    np.testing.assert_allclose(again.impedance.imag, impedance.imag, rtol=2e-9)
    assert (again.time is None) == (time is None)
    if time is not None:
        np.testing.assert_allclose(again.time, time, rtol=1e-11)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), size=st.integers(2, 30), suffix=st.sampled_from(ALL_TECHNIQUES))
def test_any_sweep_round_trips_to_the_printed_digits(tmp_path, data, size, suffix) -> None:
    def column(elements):
        return np.array(data.draw(st.lists(elements, min_size=size, max_size=size)))

    rate = data.draw(st.floats(1e-6, 1.0))
    record = evolve(
        sweep(
            time=np.cumsum(column(st.floats(1e-3, 1e5))),
            voltage=column(st.floats(-9, 9)),
            current=column(st.floats(-10, 10)),
        ),
        conditions={"sweep_rate": rate},
    )
    again = read(write(record, tmp_path / f"cell{suffix}")[0])
    assert again.technique == "polarisation"
    assert again.conditions["sweep_rate"] == pytest.approx(rate, rel=1e-8)  # nine digits are printed
    for name, atol in (("time", 6e-7), ("voltage", 1e-300), ("current", 1e-300)):
        np.testing.assert_allclose(getattr(again, name), getattr(record, name), rtol=1e-8, atol=atol, err_msg=name)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    flags=st.lists(st.booleans(), min_size=6, max_size=6), suffix=st.sampled_from([".neware.csv", ".mpt", ".bdf.csv"])
)
def test_any_rests_round_trip(tmp_path, flags, suffix) -> None:
    rest = np.array(flags)
    record = cycling(
        current=np.where(rest, 0.0, [-1e-3, -1e-3, 2e-3, 1e-3, 1e-3, 3e-3]),
        row_flags=np.where(rest, RowFlag.REST, 0).astype(np.uint8),
    )
    assert (read(*write(record, tmp_path / f"cell{suffix}")).row_flags == RowFlag.REST).tolist() == flags
