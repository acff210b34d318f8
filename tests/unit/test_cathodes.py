import copy
import math

import numpy as np
import pytest

from lithiate import library
from lithiate.constants import FARADAY
from lithiate.errors import LibraryError, SpecError
from lithiate.library.faults import validate
from lithiate.library.files import read_data_file
from lithiate.library.forms import FORMS
from lithiate.library.schema import CathodeTable

NAMES = ["NCM811", "NMC532", "LCO", "NCA", "LFP"]


@pytest.fixture(params=NAMES)
def cathode(request):
    return library.load_cathode(request.param)


def test_the_cathodes_are_a_section():
    assert library.list_names("cathodes") == NAMES
    assert "cathodes" in library.SECTIONS
    with pytest.raises(LibraryError, match="LI-LIB-001"):
        library.load_cathode("NCM81")
    with pytest.raises(LibraryError, match="did you mean 'NCM811'"):
        library.describe("cathodes", "NCM81")


@pytest.mark.parametrize(
    ("name", "x", "volts"),
    [
        # Points of the table NCM811.ocp.sturm2019.
        ("NCM811", 0.215685, 4.299909),
        ("NCM811", 0.500685, 3.943707),
        ("NCM811", 0.980685, 3.544703),
        ("NCM811", 1.0, 3.023636),
        # Reference values of NMC532.ocp.mohtat2020, NCA.ocp.kim2011, LFP.ocp.afshar2017.
        ("NMC532", 0.5, 3.81478),
        ("NCA", 0.6, 3.83969),
        ("LFP", 0.5, 3.39757),
        # LCO.ocp.ramadass2004 gives it at 0.6 of a stoichiometry that it stretches by 1.13.
        ("LCO", 0.6 * 1.13, 4.00194),
    ],
)
def test_open_circuit_potential_is_that_of_its_source(name, x, volts):
    assert library.load_cathode(name).open_circuit_potential(x) == pytest.approx(volts, abs=1e-5)


def test_open_circuit_potential_falls_everywhere_and_beyond_its_ends(cathode):
    curve = cathode.open_circuit_potential
    x = np.linspace(curve.x[0] - 1e-3, curve.x[-1] + 1e-3, 20_001)
    assert (np.diff(curve(x)) < 0.0).all()


def test_formulas_are_followed_between_the_points():
    for name in NAMES[1:]:
        entry = read_data_file("cathodes.toml").data[name]["open_circuit_potential"]
        x = np.linspace(*entry["x_range"], 5_003)
        exact = FORMS[entry["form"]](x, **entry["coefficients"])
        assert np.abs(library.load_cathode(name).open_circuit_potential(x) - exact).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "milliampere_hours_per_gram"),
    [
        ("NCM811", 275.5 * (1.0 - 0.2157)),  # 216: from 4.3 V, where the table begins, to full
        ("LCO", 273.8 * (0.99668 - 0.5168)),  # about half the lithium, as the crystal gives at 4.2 V
        ("LFP", 169.9 * (0.9995 - 0.0048)),
    ],
)
def test_capacity_between_the_cut_offs(name, milliampere_hours_per_gram):
    cathode = library.load_cathode(name)
    charged, discharged = library.window_stoichiometries(cathode)
    assert cathode.capacity * (discharged - charged) / 3600.0 == pytest.approx(milliampere_hours_per_gram, rel=2e-4)
    rows = {row.field: row for row in library.describe("cathodes", name)}
    assert rows["window.specific_capacity"].value == pytest.approx(milliampere_hours_per_gram, rel=1e-3)
    assert (rows["window.specific_capacity"].unit, rows["window.specific_capacity"].status) == ("mAh/g", "computed")


def test_window_lies_on_the_curve(cathode):
    charged, discharged = library.window_stoichiometries(cathode)
    assert 0.0 < charged < cathode.initial_stoichiometry < 1.0
    assert charged < discharged <= 1.0
    at_rest = cathode.open_circuit_potential(np.array([discharged, charged]))
    # Where a cut-off lies beyond the table, its last point stands: 3.02 V in place of 2.8 V for NCM811.
    assert at_rest == pytest.approx(cathode.voltage_window, abs=0.23 if cathode.name == "NCM811" else 1e-9)


@pytest.mark.parametrize(
    ("name", "concentration"),
    # Crystallographic, mol/m3 over a whole x; the one of NMC532 is that of its source.
    [("NCM811", 49146.0), ("NMC532", 35380.0), ("LCO", 51630.0), ("NCA", 49000.0), ("LFP", 22798.0)],
)
def test_capacity_belongs_to_the_scale_of_the_stoichiometry(name, concentration):
    cathode = library.load_cathode(name)
    assert cathode.capacity * cathode.density / FARADAY == pytest.approx(concentration, rel=2e-3)


def test_numbers_are_si_and_an_electrode_can_be_made():
    cathode = library.load_cathode("NCM811")
    assert cathode.voltage_window == (2.8, 4.3)
    assert cathode.nominal_capacity == pytest.approx(0.2 * 3600 * 1000)
    assert cathode.exchange_current_density == 2.41
    # 2 mg/cm2 of 4.78 g/cm3 that takes 43 % of the room.
    assert cathode.thickness(0.02) == pytest.approx(9.73e-6, rel=1e-3)
    assert 7e-4 < cathode.diffusivity / cathode.particle_radius**2 < 4e-3
    # 0.014904 mV/K at the first point, and the last slope goes on beyond 0.7437.
    assert cathode.entropic_coefficient(0.2157) == pytest.approx(1.4904e-5)
    assert abs(cathode.entropic_coefficient(1.0)) < 7e-5
    assert hash(cathode) == hash(library.load_cathode("NCM811"))


def test_active_fraction_follows_from_porosity_and_recipe(cathode):
    volumes = np.array([0.90 / cathode.density, 0.05 / 1900.0, 0.05 / 1780.0])
    share = (1.0 - cathode.porosity) * volumes[0] / volumes.sum()
    assert cathode.active_volume_fraction == pytest.approx(share, abs=0.01)


def test_every_number_has_a_source_and_nothing_recalled_counts_as_measured(cathode):
    rows = library.describe("cathodes", cathode.name)
    numbers = [row for row in rows if row.unit]
    assert {row.status for row in numbers} <= {"measured", "assumed", "computed"}
    assert all(row.source for row in numbers)
    assert all(row.status == "assumed" for row in numbers if "recalled" in row.source or "assumed" in row.source)
    by_field = {row.field: row for row in rows}
    curve = cathode.open_circuit_potential
    words = f"{curve.y[0]:.4g} to {curve.y[-1]:.4g} over x = {curve.x[0]:.4g} to {curve.x[-1]:.4g}"
    assert by_field["open_circuit_potential"].value == words
    assert {"lower_voltage", "upper_voltage", "open_circuit_potential"} <= set(cathode.sources)


def changed(name, **changes):
    """Return the table of a cathode with values changed; None takes an entry away."""
    table = copy.deepcopy(dict(read_data_file("cathodes.toml").data[name]))
    for key, value in changes.items():
        if value is None:
            del table[key]
        elif isinstance(value, dict):
            table[key] = {k: v for k, v in {**table[key], **value}.items() if v is not None}
        else:
            table[key]["value"] = value
            table[key].pop("range", None)
    return table


FALLING_NOT = {"x": [0.2, 0.5, 1.0], "y": [4.3, 3.0, 3.1]}


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("NCM811", {"porosity": 0.6}, "make no electrode; got 0.43 and 0.6"),
        ("NCM811", {"porosity": 0.0}, "make no electrode"),
        ("NCM811", {"tortuosity_factor": 0.9}, "a tortuosity factor is at least 1; got 0.9"),
        ("NCM811", {"upper_voltage": 4.4}, "outside the open-circuit potential; got 2.8 to 4.4 V"),
        ("NCM811", {"lower_voltage": 1.0}, "outside the open-circuit potential; got 1 to 4.3 V"),
        ("LFP", {"lower_voltage": 3.7, "upper_voltage": 3.6}, "got 3.7 to 3.6 V"),
        (
            "NCM811",
            {"initial_stoichiometry": 0.1},
            "initial stoichiometry is outside the open-circuit potential; got 0.1",
        ),
        ("NCM811", {"initial_stoichiometry": 1.0}, "expected 0.215685 to 1, below 1"),
        ("NCM811", {"slow_share": None}, "slow_above, slow_share and slow_width together"),
        ("NCM811", {"slow_share": 0.0}, "slow_share must be more than 0"),
        ("NCM811", {"diffusivity": -1e-15}, "diffusivity.value: the value is out of its limits"),
        ("NCM811", {"capacity": {"unit": "mAh"}}, "capacity.unit: the unit has the wrong dimension"),
        ("NCM811", {"open_circuit_potential": None}, "open_circuit_potential: a required key is missing"),
        ("NCM811", {"open_circuit_potential": FALLING_NOT}, "the curve must fall everywhere; it does not at x = 0.5"),
        ("NCM811", {"open_circuit_potential": {"x": [0.5, 0.2], "y": [4.0, 3.0]}}, "make no function"),
        ("NCM811", {"open_circuit_potential": {"x": [0.2, 1.2], "y": [4.4, 2.0]}}, "lies between 0 and 1"),
        ("NCM811", {"open_circuit_potential": {"y": [3.0]}}, "make no function"),
        ("NCM811", {"open_circuit_potential": {"y": None}}, "either 'x' and 'y' or 'form'"),
        ("NCM811", {"open_circuit_potential": {"unit": "mAh"}}, "open_circuit_potential.unit: the unit has the wrong"),
        ("LFP", {"open_circuit_potential": {"form": "polynomial_and_kne"}}, "did you mean 'polynomial_and_knee'"),
        ("LFP", {"open_circuit_potential": {"coefficients": {}}}, "the coefficients do not fit the form"),
        ("LFP", {"open_circuit_potential": {"form": "__import__"}}, "the form is not known; got '__import__'"),
        ("LCO", {"open_circuit_potential": {"x_range": [1.0, 0.475]}}, "make no function"),
        ("LFP", {"open_circuit_potential": {"count": None}}, "either 'x' and 'y' or 'form'"),
        (
            "NCA",
            {"open_circuit_potential": {"x_range": [0.41, 1.0]}},
            "the curve is out of its limits; got down to -202",
        ),
    ],
)
def test_what_makes_no_electrode_is_refused(name, changes, words):
    with pytest.raises(SpecError) as caught:
        validate(CathodeTable, changed(name, **changes), source="mine")
    assert caught.value.code == "LI-SPEC-002"
    assert words in str(caught.value)


def test_unchanged_tables_are_valid():
    for name in NAMES:
        assert isinstance(validate(CathodeTable, changed(name), source="mine"), CathodeTable)


def test_list_of_another_length_is_refused():
    lists = {"polynomial": [3.4], "factors": [0.5, -0.9], "rates": [-150.0], "offsets": [0.0, -30.0]}
    with pytest.raises(SpecError, match="shorter"):
        validate(CathodeTable, changed("LFP", open_circuit_potential={"coefficients": lists}), source="mine")


def test_diffusion_slows_towards_full_lithiation():
    cathode = library.load_cathode("NCM811")

    def share(x):
        rest = 1.0 - cathode.slow_share
        return cathode.slow_share + rest / (1.0 + math.exp((x - cathode.slow_above) / cathode.slow_width))

    # "Drops one to two decades near x = 1" (NCM811.diffusivity.range).
    assert share(0.5) == pytest.approx(1.0, rel=1e-6)
    assert 0.01 <= share(0.995) <= 0.1
