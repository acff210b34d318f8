import copy
import math

import numpy as np
import pytest

from lithiate import library
from lithiate.constants import FARADAY, GAS_CONSTANT
from lithiate.core.cell import FullCell
from lithiate.errors import SpecError
from lithiate.library.electrolytes import transport_of
from lithiate.library.faults import validate
from lithiate.library.files import read_data_file
from lithiate.library.forms import FORMS, landesfeind_conductivity
from lithiate.library.schema import ElectrolyteTable

ETHER = "LiTFSI-DOL-DME-LiNO3"
MEASURED = ["LiPF6-EC-EMC", "LiPF6-EC-DMC", "LiPF6-EMC-FEC"]
STANDS_IN = ["LiPF6-EC-DEC", "LiPF6-EC-DEC-FEC"]
CURVES = {
    "conductivity": "conductivity_curve",
    "diffusivity": "diffusivity_curve",
    "transference_number": "transference_curve",
    "thermodynamic_factor": "thermodynamic_factor_curve",
}


def raw(name):
    return copy.deepcopy(dict(read_data_file("electrolytes.toml").data[name]))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Reference values at 1 mol/L of carbonate.LiPF6_EC_EMC_3_7 (..._EC_DMC_1_1, ..._EMC_FEC_19_1).landesfeind2019.
        ("LiPF6-EC-EMC", (0.913021, 2.89225e-10, 0.220913, 2.18176)),
        ("LiPF6-EC-DMC", (1.18187, 2.90496e-10, 0.325028, 2.20113)),
        ("LiPF6-EMC-FEC", (0.552947, 3.07326e-10, 0.129124, 1.16276)),
    ],
)
def test_measured_sets_are_those_of_their_source(name, expected):
    electrolyte = library.load_electrolyte(name)
    assert [getattr(electrolyte, field) for field in CURVES] == pytest.approx(expected, rel=5e-6)
    assert (electrolyte.family, electrolyte.measured_set) == ("carbonate", True)
    assert len({electrolyte.sources[field].source for field in CURVES}) == 1
    assert {electrolyte.sources[field].status for field in CURVES} == {"measured"}


@pytest.mark.parametrize(
    ("name", "curve", "concentration", "expected"),
    [
        # The formulas of the same entries, worked out apart.
        ("LiPF6-EC-EMC", "conductivity_curve", 200.0, 0.4369),
        ("LiPF6-EC-EMC", "conductivity_curve", 2000.0, 0.5939),
        ("LiPF6-EC-EMC", "thermodynamic_factor_curve", 500.0, 1.367),
        ("LiPF6-EC-EMC", "transference_curve", 3000.0, 0.148),
        ("LiPF6-EC-DMC", "conductivity_curve", 100.0, 0.3743),
        ("LiPF6-EC-DMC", "transference_curve", 200.0, 0.486),
        ("LiPF6-EMC-FEC", "thermodynamic_factor_curve", 2000.0, 3.211),
    ],
)
def test_curves_are_over_the_concentration_in_si(name, curve, concentration, expected):
    assert getattr(library.load_electrolyte(name), curve)(concentration) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("name", MEASURED + STANDS_IN)
def test_numbers_are_those_of_the_curves_at_the_salt_concentration(name):
    electrolyte = library.load_electrolyte(name)
    for field, curve in CURVES.items():
        number = getattr(electrolyte, field)
        assert number == getattr(electrolyte, curve)(electrolyte.salt_concentration)
        assert number == electrolyte.sources[field].value
        low, high = electrolyte.sources[field].range
        assert low < number < high


@pytest.mark.parametrize("name", MEASURED)
def test_curves_follow_their_formulas_between_the_points(name):
    electrolyte, table = library.load_electrolyte(name), raw(name)["transport"]
    c = np.linspace(0.05, 3.0, 1_501)
    for field, curve in CURVES.items():
        entry = table[field]
        exact = FORMS[entry["form"]](c, **entry["coefficients"]) * (0.1 if entry["unit"] == "mS/cm" else 1.0)
        assert np.abs(getattr(electrolyte, curve)(1000.0 * c) - exact).max() < 2e-3 * np.abs(exact).max()


@pytest.mark.parametrize("name", MEASURED)
def test_curves_are_physical_where_they_are_given(name):
    electrolyte = library.load_electrolyte(name)
    c = np.linspace(1.0, 3000.0, 3_000)
    assert electrolyte.conductivity_curve(0.0) >= 0.0
    assert (electrolyte.conductivity_curve(c) > 0.0).all()
    assert (electrolyte.diffusivity_curve(c) > 0.0).all()
    assert (electrolyte.thermodynamic_factor_curve(c) > 0.0).all()
    # 0 within the error of the measurement in EMC-FEC around 2 mol/L.
    assert -0.01 < electrolyte.transference_curve(c).min() < electrolyte.transference_curve(c).max() < 0.65


@pytest.mark.parametrize("name", STANDS_IN)
def test_stand_in_gives_its_whole_set_and_makes_it_assumed(name):
    electrolyte, other = library.load_electrolyte(name), library.load_electrolyte("LiPF6-EC-EMC")
    for field, curve in CURVES.items():
        assert getattr(electrolyte, curve) == getattr(other, curve)
        assert electrolyte.sources[field].status == "assumed"
        assert electrolyte.sources[field].source.startswith("LiPF6-EC-EMC stands in: Landesfeind")
    assert not electrolyte.measured_set
    assert "stands in" in raw(name)["note"]


def test_the_default_of_a_full_cell_has_no_additive():
    electrolyte = library.load_electrolyte(FullCell("Li foil").electrolyte)
    assert electrolyte.name == "LiPF6-EC-DEC"
    assert (electrolyte.additive, electrolyte.additive_concentration, electrolyte.additive_electrons) == (
        None,
        0.0,
        0.0,
    )
    assert (electrolyte.family, library.load_electrolyte(ETHER).family) == ("carbonate", "ether")
    assert library.load_electrolyte(ETHER).conductivity_curve is None


@pytest.mark.parametrize("name", MEASURED)
def test_activation_energy_is_the_slope_of_the_conductivity(name):
    p = raw(name)["transport"]["conductivity"]["coefficients"]["p"]
    cold, warm = (landesfeind_conductivity(np.array([1.0]), p, temperature=t)[0] for t in (283.15, 323.15))
    slope = GAS_CONSTANT * math.log(warm / cold) / (1.0 / 283.15 - 1.0 / 323.15)
    assert library.load_electrolyte(name).conductivity_activation_energy == pytest.approx(slope, rel=0.02)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        # Molar volume [cm3/mol] and share by volume of each solvent.
        ("LiPF6-EC-DEC", [(66.7, 0.5), (121.9, 0.5)]),
        ("LiPF6-EC-EMC", [(66.7, 3 / 1.321), (103.5, 7 / 1.006)]),
        ("LiPF6-EC-DMC", [(66.7, 1 / 1.321), (84.7, 1 / 1.063)]),
        ("LiPF6-EMC-FEC", [(103.5, 1.0)]),
    ],
)
def test_solvent_consumption_is_half_a_molecule_to_one_per_electron(name, parts):
    mixed = sum(share for _, share in parts) / sum(share / volume for volume, share in parts) * 1e-6
    number = library.load_electrolyte(name).sources["solvent_consumption"]
    assert number.range == pytest.approx((0.5 * mixed / FARADAY, mixed / FARADAY), rel=0.02)
    assert number.value == pytest.approx(0.5 * sum(number.range))


def test_concentration_of_the_additive():
    # 5 wt% of EMC (1.006) and FEC (1.454 g/cm3) beside 59 cm3 of salt in a litre; 10 wt% of 1.27 g/cm3; 106.05 g/mol.
    solvents = (1000.0 - 59.0) / (0.95 / 1.006 + 0.05 / 1.454)
    assert library.load_electrolyte("LiPF6-EMC-FEC").additive_concentration == pytest.approx(
        0.05 * solvents / 106.05 * 1e3, rel=0.02
    )
    assert library.load_electrolyte("LiPF6-EC-DEC-FEC").additive_concentration == pytest.approx(
        0.1 * 1270.0 / 106.05 * 1e3, rel=0.02
    )


def test_description_has_the_curves_in_words():
    rows = {row.field: row for row in library.describe("electrolytes", "LiPF6-EC-EMC")}
    assert rows["conductivity_curve"].value == "1.443 to 2.867 over 0.05 to 3 mol/L"
    assert (rows["conductivity_curve"].unit, rows["conductivity_curve"].status) == ("mS/cm", "measured")
    assert not [field for field in rows if field.startswith("transport")]
    assert "conductivity_curve" not in {row.field for row in library.describe("electrolytes", ETHER)}


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("LiPF6-EC-EMC", {"stand_in": "LiPF6-EC-DMC"}, "one of the three alone"),
        ("LiPF6-EC-DEC", {"stand_in": None}, "one of the three alone"),
        (ETHER, {"diffusivity": None}, "one of the three alone"),
        ("LiPF6-EC-EMC", {"diffusivity": raw(ETHER)["diffusivity"]}, "one of the three alone"),
        ("LiPF6-EC-DEC", {"measured_set": True}, "a measured set has a table 'transport' of its own"),
        ("LiPF6-EC-DEC", {"additive": "FEC"}, "additive_electrons together"),
        ("LiPF6-EC-DEC", {"family": "ester"}, "family: input should be 'ether' or 'carbonate'; got 'ester'"),
        ("LiPF6-EC-DEC", {"family": None}, "family: a required key is missing"),
    ],
)
def test_mixed_or_incomplete_sets_are_refused(name, change, words):
    table = {key: value for key, value in {**raw(name), **change}.items() if value is not None}
    with pytest.raises(SpecError) as caught:
        validate(ElectrolyteTable, table, source="mine")
    assert caught.value.code == "LI-SPEC-002"
    assert words in str(caught.value)


def test_only_a_measured_set_stands_in():
    table = validate(ElectrolyteTable, {**raw("LiPF6-EC-DEC"), "stand_in": ETHER}, source="mine")
    with pytest.raises(
        SpecError, match=r"electrolytes.toml:\d+: an electrolyte without curves cannot stand in; got 'LiT"
    ):
        transport_of(table, "LiPF6-EC-DEC")


def test_conductivity_that_turns_negative_without_salt_is_refused():
    table = raw("LiPF6-EMC-FEC")
    table["transport"]["conductivity"] |= {"x_range": [0.05, 3.0], "count": 60}
    with pytest.raises(SpecError, match=r"transport.conductivity: the curve is out of its limits; got down to -0.002"):
        validate(ElectrolyteTable, table, source="mine")


def test_faulty_curve_is_named_with_its_place():
    table = raw("LiPF6-EC-EMC")
    table["transport"]["diffusivity"]["form"] = "landesfeind_difusivity"
    table["transport"]["conductivity"]["coefficients"] = {"p": [1.0]}
    table["transport"]["transference_number"]["relative_uncertainty"] = 2.0
    with pytest.raises(SpecError) as caught:
        validate(ElectrolyteTable, table, source="mine")
    message = str(caught.value)
    assert "3 faults" in message
    assert "transport.diffusivity: the form is not known" in message
    assert "did you mean 'landesfeind_diffusivity'?" in message
    assert "transport.conductivity: not enough values to unpack" in message
    assert "transport.transference_number.relative_uncertainty" in message


@pytest.mark.parametrize("name", ["Celgard 2325", "Celgard 2500", "Whatman GF/A"])
def test_separators_have_their_resistance(name):
    # MacMullin number tau/eps: 10 and 4.5 by the stack method, 1.5 for glass fibre.
    separator = library.load_separator(name)
    number = {"Celgard 2325": 10.0, "Celgard 2500": 4.5, "Whatman GF/A": 1.5}[name]
    assert separator.tortuosity_factor / separator.porosity == pytest.approx(number, rel=0.02)
