import math
import tomllib

import attrs
import pytest

from lithiate import library
from lithiate.constants import LITHIUM_MOLAR_MASS
from lithiate.core.sourced import Sourced
from lithiate.errors import LibraryError, SpecError
from lithiate.library.files import DATA, read_data_file
from lithiate.library.schema import MassRatio
from lithiate.units import parse_quantity

COMPOSITE = "WN/Mo2N@HCN/Li"
ANODES = [COMPOSITE, "WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li", "Li foil"]


def write(tmp_path, text):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def composite_text():
    return (DATA / "anodes" / "wn-mo2n-hcn-li.toml").read_text(encoding="utf-8")


def test_the_five_anodes_are_there():
    assert library.list_names("anodes") == ANODES
    assert [library.load_anode(name).name for name in ANODES] == ANODES


def test_numbers_are_si():
    anode = library.load_anode(COMPOSITE)
    assert anode.thickness == pytest.approx(360e-6, rel=1e-14)
    assert anode.host_to_lithium_mass_ratio == 1 / 3
    assert anode.rms_surface_potential == pytest.approx(0.0357, rel=1e-14)
    assert anode.contact_angle == pytest.approx(math.radians(27.7), rel=1e-14)
    assert anode.host.bet_area == 206e3
    assert library.load_material("lithium").molar_mass == pytest.approx(LITHIUM_MOLAR_MASS, rel=1e-15)
    electrolyte = library.load_electrolyte("LiTFSI-DOL-DME-LiNO3")
    assert (electrolyte.salt_concentration, electrolyte.additive_concentration) == (1000.0, 150.0)
    assert electrolyte.diffusivity == 4e-10
    assert electrolyte.sources["transference_number"].range == (0.30, 0.55)
    assert not electrolyte.measured_set
    # 104.7 cm^3/mol of DME over F, for half a molecule and for one molecule per electron.
    assert electrolyte.sources["solvent_consumption"].range == pytest.approx(
        (0.5 * 104.7e-6 / 96485, 104.7e-6 / 96485), rel=0.03
    )
    separator = library.load_separator("Celgard 2400")
    assert (separator.thickness, separator.porosity, separator.tortuosity_factor) == pytest.approx((25e-6, 0.41, 2.5))


def test_every_entry_of_the_library_is_valid_and_has_a_source():
    for section in ("anodes", "cathodes", "materials", "substrates", "electrolytes", "separators"):
        for name in library.list_names(section):
            numbers = [row for row in library.describe(section, name) if row.unit]
            assert numbers
            for row in numbers:
                computed = row.field.startswith(("composition.", "infusion.", "window."))
                assert row.status in ({"computed"} if computed else {"measured", "assumed"})
                assert row.source


def test_measured_numbers_of_the_anodes_are_the_published_ones_and_nothing_else():
    published = read_data_file("reference/ding2022.toml").data["specimens"]
    for name in ANODES:
        specimen = dict(published.get(name, {}))
        if "cavity" in specimen:
            specimen["cavity_diameter"] = specimen.pop("cavity")
        measured = {
            field.removeprefix("host."): number
            for field, number in library.load_anode(name).sources.items()
            if number.status == "measured"
        }
        assert set(measured) == set(specimen)
        for field, number in measured.items():
            stated = specimen[field]
            if isinstance(stated, str):
                expected = MassRatio(value=stated, source="-", status="measured").value
            else:
                expected = parse_quantity(f"{stated['value']} {stated.get('unit', '1')}", number.unit)
            assert number.value == pytest.approx(expected, rel=1e-14)
            assert "10.20517/energymater.2022.53" in number.source


def test_what_the_paper_does_not_state_is_absent_or_assumed():
    for name in ("WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li"):
        anode = library.load_anode(name)
        assert anode.rms_surface_potential is None
        assert anode.youngs_modulus is None
        assert anode.sources["thickness"].status == "assumed"
        assert "not stated" in anode.sources["thickness"].source


def test_substrates_are_anodes_without_lithium():
    anode = library.load_anode("Cu foil")
    assert (anode.kind, anode.material, anode.thickness) == ("substrate", "Cu foil", pytest.approx(1e-5))
    assert library.anode_with(anode, {"thickness": "20 um"}).thickness == pytest.approx(2e-5)
    assert library.anode_with(anode, {}) == anode
    copper = library.load_substrate("Cu foil")
    assert (copper.nucleation_barrier, copper.current_density) == pytest.approx((0.05, 5.0))
    assert (copper.reaction, copper.low_current_barrier) == ("inert", pytest.approx(0.04))
    rows = {row.field: row for row in library.describe("substrates", "Ag")}
    assert (rows["nucleation_barrier"].value, rows["nucleation_barrier"].unit) == (pytest.approx(5.0), "mV")
    assert rows["nucleation_barrier"].range == pytest.approx((0.0, 18.0))
    assert rows["reaction"].value == "alloys"


def test_no_number_on_substrates_claims_to_be_measured():
    for name in library.list_names("substrates"):
        substrate = library.load_substrate(name)
        assert {number.status for number in substrate.sources.values()} == {"assumed"}
        # One condition for all, so that they can be compared.
        assert substrate.current_density == pytest.approx(5.0)
        assert substrate.reaction == "inert" or substrate.lithium_per_formula > 0
        assert substrate.material is None or substrate.material in library.list_names("materials")


def test_material_takes_its_barrier_from_the_substrate_made_of_it():
    silver, alone = library.load_material("Ag"), library.load_substrate("Ag")
    assert silver.nucleation_barrier == alone.nucleation_barrier
    assert (silver.reaction, silver.lithium_per_formula) == ("alloys", 2.25)
    assert silver.sources["nucleation_barrier"] == alone.sources["nucleation_barrier"]
    assert library.load_material("Mo").nucleation_barrier is None


PARTICLES = """
[host.particles]
Ag = { value = 0.1, unit = "1", source = "weighed", status = "measured" }
"""


def test_host_with_other_particles_is_read_and_overridden(tmp_path):
    metals = ("molybdenum_mass", "tungsten_mass")
    lines = [line for line in composite_text().splitlines() if not line.startswith(metals)]
    anode = library.load_anode(write(tmp_path, "\n".join(lines) + PARTICLES))
    assert anode.host.particles == (("Ag", 0.1),)
    assert (anode.host.molybdenum_mass_fraction, anode.host.tungsten_mass_fraction) == (0.0, 0.0)
    assert anode.sources["host.particles.Ag"].status == "measured"
    assert library.anode_with(anode, {}) == anode
    changed = library.anode_with(anode, {"host.particles.ZnO": 0.05, "host": {"particles": {"Ag": 0.2}}})
    assert changed.host.particles == (("Ag", 0.2), ("ZnO", 0.05))
    assert changed.sources["host.particles.ZnO"].source == "override"
    with pytest.raises(SpecError, match=r"host.particles.Agg: the name is not in the library's materials.*mean 'Ag'"):
        library.anode_with(anode, {"host.particles.Agg": 0.1})
    with pytest.raises(SpecError, match="unknown key; did you mean 'source'"):
        library.anode_with(anode, {"host.particles.Ag": {"value": 0.1, "unit": "1", "sorce": "x"}})
    with pytest.raises(SpecError, match="leave no room for carbon; got 1.1 together"):
        library.anode_with(anode, {"host": {"particles": {"Ag": 0.6, "Au": 0.5}}})


def test_host_without_lithium_says_what_it_stands_on(tmp_path):
    ratio = next(line for line in composite_text().splitlines() if line.startswith("host_to_lithium"))
    with pytest.raises(SpecError, match=r"either host_to_lithium_mass_ratio or.*got neither"):
        library.load_anode(write(tmp_path, composite_text().replace(ratio, "")))
    with pytest.raises(SpecError, match=r"either host_to_lithium_mass_ratio or.*got both"):
        library.load_anode(write(tmp_path, composite_text().replace(ratio, f'{ratio}\nmaterial = "Cu foil"')))
    bare = library.load_anode(write(tmp_path, composite_text().replace(ratio, 'material = "Cu foil"')))
    assert (bare.host_to_lithium_mass_ratio, bare.material) == (None, "Cu foil")
    assert library.anode_with(bare, {"thickness": "80 um"}).material == "Cu foil"
    with pytest.raises(SpecError, match="material: the name is not in the library's substrates"):
        library.load_anode(write(tmp_path, composite_text().replace(ratio, 'material = "Cu foli"')))


def test_copy_of_a_library_file_with_one_change_works(tmp_path):
    path = write(tmp_path, composite_text().replace('value = 360, unit = "um"', 'value = 0.2, unit = "mm"'))
    for argument in (path, str(path)):
        anode = library.load_anode(argument)
        assert anode.thickness == 2e-4
        assert anode.sources["thickness"].printed_unit == "mm"
    assert anode.host == library.load_anode(COMPOSITE).host


def test_all_faults_of_a_file_are_reported_at_once_with_their_lines(tmp_path):
    text = (
        composite_text()
        .replace('bet_area = { value = 206, unit = "m^2/g"', 'bet_area = { value = 206, unit = "V"')
        .replace("value = 360", "value = -360")
        .replace('value = "1:3"', 'value = "0:3"')
        .replace("pore_volume =", "pore_volum =")
        .replace('"ICP-MS" }\ntungsten', '"ICP-MS", sorce = "x" }\ntungsten')
        .replace("tungsten_nitride_inert = true", 'tungsten_nitride_inert = "yes"')
        .replace('value = 35.7, unit = "mV"', "value = 35.7")
        .replace('value = 86.0, unit = "GPa"', 'value = nan, unit = "GPa"')
        .replace(
            'contact_angle = { value = 27.7, unit = "deg", ',
            'contact_angle = { value = 27.7, unit = "deg", range = [30, 40], ',
        )
    )
    path = write(tmp_path, text)
    lines = {line.split(" = ")[0]: number for number, line in enumerate(text.splitlines(), start=1)}
    with pytest.raises(SpecError) as caught:
        library.load_anode(path)
    message = str(caught.value)
    assert caught.value.code == "LI-SPEC-002"
    assert "10 faults" in message
    for key, words in {
        "thickness": "thickness.value: the value is out of its limits; got -360 um; expected more than 0 m",
        "host_to_lithium_mass_ratio": "host_to_lithium_mass_ratio.value: not a ratio of positive numbers; got '0:3'",
        "rms_surface_potential": "rms_surface_potential.unit: a required key is missing",
        "youngs_modulus": "youngs_modulus.value: input should be a finite number; got nan",
        "contact_angle": "contact_angle.range: the range must be [low, high] around the value; got [30.0, 40.0]",
        "bet_area": "host.bet_area.unit: the unit has the wrong dimension; got 'V'; expected a unit of",
        "pore_volum": "host.pore_volum: unknown key; did you mean 'pore_volume'?",
        "molybdenum_mass_fraction": "host.molybdenum_mass_fraction.sorce: unknown key; did you mean 'source'?",
        "tungsten_nitride_inert": "host.tungsten_nitride_inert: input should be a valid boolean; got 'yes'",
        "[host]": "host.pore_volume: a required key is missing",
    }.items():
        assert f"{path}:{lines[key]}: {words}" in message


def test_faulty_value_does_not_hide_a_reversed_range():
    entry = {"value": -1, "unit": "um", "range": [3, 2], "source": "ours", "status": "measured"}
    with pytest.raises(SpecError, match=r"2 faults\n.*value: .*\n.*range: the range must be \[low, high\]"):
        library.anode_with(library.load_anode(COMPOSITE), {"thickness": entry})


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('kind = "host"', 'kind = "hots"', "kind: input should be 'host', 'foil' or 'substrate'; got 'hots'"),
        ('kind = "host"', 'kind = "foil"', "host: unknown key"),
        ("schema_version = 1", "schema_version = 9", "schema_version: input should be 1; got 9"),
        ("value = 0.1213", "value = 0.9", "host: metals and particles leave no room for carbon; got 1.0303 together"),
        ("value = 0.1213", "value = 12.13", "got 12.13; expected at least 0 and at most 1"),
        (
            'value = 0.35, unit = "cm^3/g"',
            'value = 0.35, unit = "cm^3/gg"',
            "the unit is not known; got 'cm^3/gg'; did you mean 'cm^3/g'?",
        ),
        ("value = 24", 'value = "24"', "host.cavity_diameter.value: input should be a valid number; got '24'"),
        ("value = 24", "value = true", "host.cavity_diameter.value: input should be a valid number; got True"),
    ],
)
def test_fault_is_named(tmp_path, old, new, words):
    text = composite_text()
    assert old in text
    with pytest.raises(SpecError) as caught:
        library.load_anode(write(tmp_path, text.replace(old, new)))
    assert words in str(caught.value)


def test_unknown_name_has_a_nearest_match():
    with pytest.raises(LibraryError) as caught:
        library.load_anode("WN/Mo2N@HCN")
    assert (caught.value.code, caught.value.nearest) == ("LI-LIB-001", COMPOSITE)
    for call in (library.load_electrolyte, library.load_separator, library.load_material):
        with pytest.raises(LibraryError, match="LI-LIB-001"):
            call("schema_version")
    with pytest.raises(LibraryError, match="did you mean 'anodes'"):
        library.list_names("anode")
    with pytest.raises(LibraryError, match="did you mean 'Li foil'"):
        library.describe("anodes", "Li foll")


def test_missing_file_is_not_taken_for_a_name(tmp_path):
    with pytest.raises(SpecError, match="LI-SPEC-003"):
        library.load_anode(str(tmp_path / "absent.toml"))


def test_overrides_change_the_named_fields_alone():
    anode = library.load_anode(COMPOSITE)
    changed = library.anode_with(
        anode,
        {
            "host_to_lithium_mass_ratio": "1:4",
            "thickness": "400 um",
            "host.bet_area": "300 m^2/g",
            "host": {"tungsten_nitride_inert": False, "molybdenum_mass_fraction": 0.2},
            "rms_surface_potential": {"value": 30, "unit": "mV", "source": "ours", "status": "measured"},
        },
    )
    host = attrs.evolve(anode.host, bet_area=300e3, tungsten_nitride_inert=False, molybdenum_mass_fraction=0.2)
    expected = attrs.evolve(
        anode,
        host_to_lithium_mass_ratio=0.25,
        thickness=4e-4,
        host=host,
        rms_surface_potential=0.03,
    )
    assert changed == expected
    assert set(changed.sources) == set(anode.sources)
    assert changed.sources["thickness"] == Sourced(4e-4, "m", "override", "assumed", "um")
    assert changed.sources["rms_surface_potential"].status == "measured"
    for name in ("youngs_modulus", "contact_angle", "host.pore_volume", "host.tungsten_mass_fraction"):
        assert changed.sources[name] == anode.sources[name]


@pytest.mark.parametrize("name", ANODES)
def test_no_override_changes_nothing(name):
    anode = library.load_anode(name)
    same = library.anode_with(anode, {})
    assert same == anode
    assert same.sources == anode.sources
    assert hash(same) == hash(anode)


def test_variant_can_be_named():
    assert library.anode_with(library.load_anode(COMPOSITE), {"name": "composite 1:4"}).name == "composite 1:4"


def test_field_that_was_not_stated_can_be_given():
    anode = library.anode_with(library.load_anode("HCN/Li"), {"rms_surface_potential": "50 mV"})
    assert anode.rms_surface_potential == 0.05


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        ({"thicknes": "400 um"}, "thicknes: unknown key; did you mean 'thickness'?"),
        ({"thickness": "400"}, "thickness.unit: the unit has the wrong dimension"),
        ({"thickness": "-1 um"}, "thickness.value: the value is out of its limits"),
        ({"host_to_lithium_mass_ratio": "0:1"}, "not a ratio of positive numbers; got '0:1'"),
        ({"host_to_lithium_mass_ratio": 0}, "host_to_lithium_mass_ratio.value: the value is out of its limits"),
        ({"host.bet_area": "3 V"}, "host.bet_area.unit: the unit has the wrong dimension; got 'V'"),
        ({"host": 3}, "host: input should be a valid dictionary"),
        ({"name.x": 3}, "name: input should be a valid string"),
        ({"host.bet_area.x": 3}, "host.bet_area.x: unknown key"),
    ],
)
def test_wrong_override_is_refused(overrides, words):
    with pytest.raises(SpecError) as caught:
        library.anode_with(library.load_anode(COMPOSITE), overrides)
    assert caught.value.code == "LI-SPEC-002"
    assert str(caught.value).startswith("override of 'WN/Mo2N@HCN/Li': 1 fault\n")
    assert words in str(caught.value)


def test_override_that_is_no_quantity_is_refused():
    with pytest.raises(SpecError, match="thickness.value: input should be a valid number; got 'a lot'"):
        library.anode_with(library.load_anode(COMPOSITE), {"thickness": "a lot"})


def test_foil_has_no_ratio_to_override():
    with pytest.raises(SpecError, match="host_to_lithium_mass_ratio: unknown key"):
        library.anode_with(library.load_anode("Li foil"), {"host_to_lithium_mass_ratio": "1:3"})


def test_description_is_in_units_of_print():
    rows = {row.field: row for row in library.describe("anodes", COMPOSITE)}
    assert rows["thickness"].value == pytest.approx(360.0)
    assert (rows["thickness"].unit, rows["thickness"].status) == ("um", "measured")
    assert rows["host.tungsten_nitride_inert"].value is True
    rows = {row.field: row for row in library.describe("electrolytes", "LiTFSI-DOL-DME-LiNO3")}
    assert rows["solvent_consumption"].range == pytest.approx((1.9, 3.9))
    assert "unmeasured set" in str(rows["note"].value)


def test_published_values_are_carried_over():
    rows = library.published_values()
    document = tomllib.loads((DATA / "reference" / "ding2022.toml").read_text(encoding="utf-8"))
    # 22 entries; the rate entry holds three C-rates and the XPS entry nine peaks.
    assert len(rows) == len(document["values"]) + 2 + 8
    by_key = {
        (row.experiment, row.anodes, row.quantity, tuple(row.conditions.values()), row.component): row for row in rows
    }
    ether = "symmetric 1 mA/cm2, 1 mAh/cm2, ether"
    hysteresis = by_key[ether, (COMPOSITE,), "voltage_hysteresis", (), None]
    assert (hysteresis.value, hysteresis.unit, hysteresis.role) == (16.0, "mV", "calibrate")
    onset = by_key[ether, (COMPOSITE,), "hysteresis_onset_time", (), None]
    assert (onset.value, onset.at_least, onset.role) == (None, 1400.0, "check")
    assert by_key[ether, ("HCN/Li", "Li foil"), "description", (), None].statement.startswith("distinct voltage")
    ten_c = by_key["rate, NCM811, carbonate", (COMPOSITE,), "specific_capacity", (10.0,), None]
    assert (ten_c.value, dict(ten_c.conditions)) == (138.5, {"c_rate": 10.0})
    assert by_key["xps", (COMPOSITE,), "binding_energy", (), "F 1s LiF"].value == 684.7
    assert len(library.published_values(ether)) == 5
    for row in rows:
        assert sum(item is not None for item in (row.value, row.at_least, row.statement)) == 1
