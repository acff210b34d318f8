"""Real impedance spectra in the texts of their instruments: points, ends, signs, what the files state of themselves.

Numbers were noted from the files by hand; Im Z < 0 is capacitive in all of them.
"""

from __future__ import annotations

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from lithiate.cli import app
from lithiate.errors import ReadError
from lithiate.readers import read

pytestmark = pytest.mark.realdata

# Name under "impedance": reader, points, first and last frequency [Hz], first and last impedance [ohm].
FILES = {
    "vendors/exampleData.csv": (
        "impedance-table",
        66,
        (3.1623e-3, 1e4),
        (0.0494998978 - 0.0204386985j, 0.0157714827 + 0.0101574746j),
    ),
    "vendors/exampleDataAutolab.txt": (
        "autolab-text",
        41,
        (1e4, 0.1),
        (0.013785863964281 + 0.007191946305823j, 0.0345697771923854 - 0.00390292888845954j),
    ),
    "vendors/exampleDataCHInstruments.txt": ("chi-text", 73, (99610.0, 0.1), (98.91 - 2.748j, 5685.0 - 15860.0j)),
    "vendors/exampleDataParstat.txt": (
        "parstat-text",
        31,
        (1e4, 10.0),
        (-0.00049816280376 + 0.01751434799764j, 0.02709464914572 - 0.00399791080334j),
    ),
    "vendors/exampleDataPowersuite.txt": (
        "powersuite-text",
        30,
        (0.1, 2e6),
        (423929.46 - 49014.063j, -470.54113 - 1397.7358j),
    ),
    "vendors/exampleDataVersaStudio.par": (
        "versastudio-text",
        61,
        (1e5, 0.02154435),
        (55.31571 + 4.575431j, 1516.313 - 122.8279j),
    ),
    "vendors/exampleDataZPlot.z": ("zplot-text", 21, (3e5, 3e3), (147.77 - 11.335j, 613.68 - 137.13j)),
    "vendors/exampleDataZPlot_noComments.z": ("zplot-text", 31, (3e5, 3e2), (642.62 - 85.821j, 1305.3 - 195.01j)),
    "dummy_circuits/Circuit1_EIS_1.z": ("zplot-text", 48, (5e4, 1.0), (29.036 + 0.63662j, 75.803 - 0.16244j)),
    "dummy_circuits/Circuit1_EIS_2.z": ("zplot-text", 48, (5e4, 1.0), (29.001 + 0.5992j, 75.82 - 0.17374j)),
    "dummy_circuits/Circuit2_EIS_1.z": ("zplot-text", 56, (3e5, 1.0), (147.77 - 11.335j, 654.19 + 0.64271j)),
    "dummy_circuits/Circuit2_EIS_2.z": ("zplot-text", 56, (3e5, 1.0), (147.68 - 11.662j, 652.44 - 2.118j)),
    "dummy_circuits/Circuit3_EIS_1.z": ("zplot-text", 53, (1.5e5, 1.0), (1493.7 + 10.377j, 6137.5 + 17.89j)),
    "dummy_circuits/Circuit3_EIS_2.z": ("zplot-text", 53, (1.5e5, 1.0), (1492.0 + 11.789j, 6138.2 - 10.151j)),
    "drt/1ZARC.csv": ("impedance-table", 81, (0.01, 1e6), (59.20397432 + 0.59133019j, 10.31783166 + 31.16422514j)),
    "drt/2ZARC0.csv": ("impedance-table", 81, (0.01, 1e6), (69.81198465 - 0.58376506j, 9.92522315 + 0.28345208j)),
    "drt/2ZARC3.csv": ("impedance-table", 81, (0.01, 1e6), (109.43066794 - 1.2650298j, 9.37040849 - 0.61995155j)),
    "one_spectrum_three_formats/PEIS_LPSCl_IonBlocking_-25C_RelaxIS.txt": (
        "relaxis-text",
        79,
        (0.10002180954, 7000018.5),
        (1799427.625 - 8093785.5j, 359.241455078 - 290.920379639j),
    ),
    "temperature_series/s04147-140deg.txt": (
        "impedance-table",
        42,
        (1e6, 0.03),
        (22142.3 - 54311.5j, 3272660.0 - 1408530.0j),
    ),
    "temperature_series/s04147-200deg.txt": (
        "impedance-table",
        40,
        (1e6, 0.069838),
        (15859.6 - 18347.1j, 235592.0 - 137609.0j),
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_its_points(shared_data, name) -> None:
    reader, points, frequencies, impedances = FILES[name]
    spectra = read(shared_data / "impedance" / name)
    assert spectra.technique == "impedance"
    assert spectra.provenance.reader == reader
    assert spectra.provenance.origin == "measured"
    assert spectra.offsets.tolist() == [0, points]
    np.testing.assert_allclose(spectra.frequency[[0, -1]], frequencies, rtol=1e-7)
    np.testing.assert_allclose(spectra.impedance[[0, -1]], impedances, rtol=1e-7)
    steps = np.diff(spectra.frequency)
    assert (steps < 0).all() or (steps > 0).all()
    assert not any(text.startswith("LI-W-SIGN") for text in spectra.warnings)


def test_three_formats_of_one_spectrum_agree(shared_data) -> None:
    folder = shared_data / "impedance/one_spectrum_three_formats"
    binary, text, relaxis = (
        read(folder / f"PEIS_LPSCl_IonBlocking_-25C{end}") for end in (".mpr", ".txt", "_RelaxIS.txt")
    )
    # RelaxIS begins at the lowest frequency.
    for other in (text.frequency, relaxis.frequency[::-1]):
        np.testing.assert_allclose(other, binary.frequency, rtol=1e-4)
    for other in (text.impedance, relaxis.impedance[::-1]):
        np.testing.assert_allclose(other.real, binary.impedance.real, rtol=1e-4)
        np.testing.assert_allclose(other.imag, binary.impedance.imag, rtol=1e-4)
    assert relaxis.provenance.details["stored"]["parameters"] == "DC=-0.080042, TM=33.741076, J=-5E-6, FV2=1"


# Name under "impedance/vendors": the beginning of a coded warning, words in it.
WARNINGS = {
    "exampleDataZPlot.z": ("LI-W-ABORTED", "announces 56 points and holds 21"),
    "exampleDataZPlot_noComments.z": ("LI-W-ABORTED", "announces 79 points and holds 31"),
    "exampleDataPowersuite.txt": ("LI-W-SPECTRUM", "2 of 30 points have a negative real part"),
    "exampleDataParstat.txt": ("LI-W-SPECTRUM", "1 of 31 points have a negative real part"),
    "exampleData.csv": ("LI-W-COLUMNS", "taken as frequency [Hz], Z' and Z''"),
    "exampleDataGamryABORT.DTA": ("LI-W-ABORTED", "the points before are kept"),
}


@pytest.mark.parametrize("name", WARNINGS)
def test_what_is_odd_in_a_file_is_said(shared_data, name) -> None:
    code, words = WARNINGS[name]
    warnings = read(shared_data / "impedance/vendors" / name).warnings
    assert any(text.startswith(code) and words in text for text in warnings)


def test_what_the_files_state_of_themselves(shared_data) -> None:
    folder = shared_data / "impedance"
    zplot = read(folder / "dummy_circuits/Circuit1_EIS_1.z")
    assert zplot.provenance.details["stored"]["open_circuit_potential"] == "0.0033"
    assert "start" not in zplot.provenance.details  # 10-12-2018 reads in two ways
    np.testing.assert_allclose(zplot.time[[0, 1]], [2.59, 3.28])
    versastudio = read(folder / "vendors/exampleDataVersaStudio.par")
    assert versastudio.provenance.details["stored"]["technique"] == "Potentiostatic EIS"
    assert versastudio.provenance.details["start"] == 1531993230.0  # 2018-07-19 09:40:30
    np.testing.assert_allclose(versastudio.time[[0, 1]], [1.812, 2.147])
    chi = read(folder / "vendors/exampleDataCHInstruments.txt")
    assert chi.provenance.details["stored"]["technique"] == "A.C. Impedance"
    assert chi.provenance.details["stored"]["instrument"] == "CHI660E"
    assert chi.provenance.details["start"] == 1582214108.0  # 2020-02-20 15:55:08
    assert chi.specimen.area is None


def temperature_series(shared_data):
    files = sorted((shared_data / "impedance/temperature_series").glob("s04147-*deg.txt"))
    assert len(files) == 7
    return files


def test_seven_files_are_one_series_of_temperatures(shared_data) -> None:
    files = temperature_series(shared_data)
    record = read(files, settings={"temperatures": "names"})
    assert np.diff(record.offsets).tolist() == [42, 42, 42, 41, 41, 41, 40]
    np.testing.assert_allclose(record.temperature, np.arange(140.0, 201.0, 10.0) + 273.15)
    np.testing.assert_allclose(record.impedance.real[record.offsets[:-1]][[0, 6]], [22142.3, 15859.6])
    stated = ", ".join(f"{celsius} degC" for celsius in range(140, 201, 10))
    np.testing.assert_allclose(read(files, settings={"temperatures": stated}).temperature, record.temperature)
    silent = read(files)
    assert silent.temperature is None
    (text,) = [text for text in silent.warnings if text.startswith("LI-W-TEMPERATURE")]
    assert "140, 150, 160, 170, 180, 190, 200 degC" in text


def test_the_command_analyses_a_series(shared_data) -> None:
    names = [str(path) for path in temperature_series(shared_data)]
    done = CliRunner().invoke(app, ["analyse", *names, "--set", "temperatures=names", "--json"])
    assert done.exit_code == 0, done.output
    result = json.loads(done.stdout)
    assert result["spectrum_count"] == 7
    # An activation energy needs the temperatures of the series.
    assert any(estimate["quantity"] == "activation_energy" for estimate in result["estimates"])


def test_direct_current_alone_is_said(shared_data, tmp_path) -> None:
    lines = (shared_data / "impedance/vendors/exampleDataParstat.txt").read_text().splitlines(keepends=True)
    path = tmp_path / "rest.txt"
    path.write_text("".join(line for line in lines if line.split("\t")[3] in ("0", "Frequency (Hz)")))
    with pytest.raises(ReadError, match="holds d.c. data alone.*781 rows, all with a frequency of 0") as error:
        read(path)
    assert error.value.code == "LI-READ-009"


def test_fit_reports_and_arrays_are_refused(shared_data) -> None:
    folder = shared_data / "impedance"
    names = ["EIS_fit_report", "Batch_EISfit_Report", "Arrhenius_Analysis_Report"]
    paths = [folder / f"temperature_series/{name}.txt" for name in names]
    for path in [*paths, folder / "battery_series/battery_data.npy"]:
        with pytest.raises(ReadError) as error:
            read(path)
        assert error.value.code == "LI-READ-002"
