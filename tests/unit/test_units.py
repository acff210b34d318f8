import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lithiate import library, units
from lithiate.core.techniques import QUANTITIES
from lithiate.errors import UnitError
from lithiate.units import convert, parse_c_rate, parse_quantity, parse_ratio, split_quantity

TABLE = [*units._DIMENSIONS, *units._FIELD_UNITS]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1 mA/cm^2", "A/m^2", 10.0),
        ("1 mA/cm2", "A/m^2", 10.0),
        ("1 mA cm-2", "A/m^2", 10.0),
        ("1 mA·cm⁻²", "A/m^2", 10.0),
        ("3 mAh/cm²", "C/m^2", 108000.0),
        ("1.13 cm^2", "m^2", 1.13e-4),
        ("1.13 cm2", "m^2", 1.13e-4),
        ("0.35 cm3/g", "m^3/kg", 3.5e-4),
        ("206 m^2/g", "m^2/kg", 206e3),
        ("25 degC", "K", 298.15),
        ("-20 °C", "K", 253.15),
        ("300 K", "K", 300.0),
        ("1400 h", "s", 5040000.0),
        ("10 min", "s", 600.0),
        ("0.5 1/h", "1/s", 0.5 / 3600),
        ("5 ohm cm2", "ohm m^2", 5e-4),
        ("5 ohm*cm^2", "ohm m^2", 5e-4),
        ("5 Ω cm²", "ohm m^2", 5e-4),
        ("25 um", "m", 25e-6),
        ("25 µm", "m", 25e-6),
        ("25 \N{GREEK SMALL LETTER MU}m", "m", 25e-6),
        ("4.16 Å", "m", 4.16e-10),
        ("30 uL/cm^2", "m", 3e-4),
        ("75 uL", "m^3", 7.5e-8),
        ("1 wt%", "1", 0.01),
        ("61.5 %", "1", 0.615),
        ("16mV", "V", 0.016),
        ("1e-3 A", "A", 1e-3),
        ("1 A", "mA", 1000.0),
        ("−5 mV", "V", -0.005),
        ("180 deg", "rad", math.pi),
        ("1 psi", "Pa", 6894.757293168),
        ("0.42", "1", 0.42),
        (0.42, "1", 0.42),
        (2, "1", 2.0),
    ],
)
def test_quantity_is_read_in_its_unit(text, unit, expected):
    assert parse_quantity(text, unit) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("text", [5, 5.0, "5", "5 "])
def test_number_without_unit_is_refused_with_an_example(text):
    with pytest.raises(UnitError, match=r"a\.toml:3: a unit is missing.*'?5.* V, such as \"5 mV\".*LI-UNIT-001"):
        parse_quantity(text, "V", where="a.toml:3")


@pytest.mark.parametrize(
    ("text", "unit", "code", "nearest"),
    [
        ("5 s", "V", "LI-UNIT-002", None),
        ("1 C", "1/s", "LI-UNIT-002", None),
        ("5 V", "1", "LI-UNIT-002", None),
        ("5 mv", "V", "LI-UNIT-001", "mV"),
        ("5 mA/cm^2)", "A/m^2", "LI-UNIT-001", "mA/cm^2"),
        ("5 furlongz", "m", "LI-UNIT-001", None),
        ("1 2 V", "V", "LI-UNIT-001", None),
        ("1,5 V", "V", "LI-UNIT-001", None),
        ("1:3", "1", "LI-UNIT-001", None),
        ("nan V", "V", "LI-UNIT-001", None),
        ("inf V", "V", "LI-UNIT-001", None),
        ("1e999 V", "V", "LI-UNIT-001", None),
        (math.nan, "1", "LI-UNIT-001", None),
        (math.inf, "1", "LI-UNIT-001", None),
        (True, "1", "LI-UNIT-001", None),
        (None, "1", "LI-UNIT-001", None),
        ("", "V", "LI-UNIT-001", None),
        ("volt", "V", "LI-UNIT-001", None),
    ],
)
def test_wrong_quantity_is_refused(text, unit, code, nearest):
    with pytest.raises(UnitError) as caught:
        parse_quantity(text, unit)
    assert caught.value.code == code
    if nearest:
        assert caught.value.nearest == nearest


@pytest.mark.parametrize("unit", TABLE)
def test_table_agrees_with_pint(unit):
    # pint is the oracle: the table exists for speed alone.
    quick, slow = units._resolve(unit), units._resolve_with_pint(unit)
    assert quick.dimension == slow.dimension
    assert quick.factor == pytest.approx(slow.factor, rel=1e-12)


def _printed_units():
    found = {q.unit for q in QUANTITIES.values()} | {q.si_unit for q in QUANTITIES.values()}
    for section in library.SECTIONS:
        for name in library.list_names(section):
            found |= {row.unit for row in library.describe(section, name)}
    found |= {value.unit for value in library.published_values()}
    return sorted(found - {""})


@pytest.mark.parametrize("unit", _printed_units())
def test_every_unit_that_is_printed_reads_back(unit):
    assert parse_quantity(f"{2.5!r} {unit}", unit) == 2.5


@pytest.mark.parametrize("quantity", QUANTITIES.values(), ids=lambda quantity: quantity.name)
def test_unit_of_print_has_the_dimension_of_the_si_unit(quantity):
    value = convert(1.0, quantity.unit, quantity.si_unit)
    assert convert(value, quantity.si_unit, quantity.unit) == pytest.approx(1.0, rel=1e-15)


def test_array_is_converted_into_a_new_array():
    volts = np.array([0.0, 1.5, -2.0])
    millivolts = convert(volts, "V", "mV")
    np.testing.assert_array_equal(millivolts, [0.0, 1500.0, -2000.0])
    same = convert(volts, "V", "V")
    assert same is not volts
    np.testing.assert_array_equal(convert(np.array([0.0, 25.0]), "degC", "K"), [273.15, 298.15])
    np.testing.assert_array_equal(convert(np.array([273.15, 298.15]), "K", "degC"), [0.0, 25.0])


@pytest.mark.parametrize(
    ("value", "from_unit", "to_unit", "expected"), [(0.7, "V", "mV", 700.0), (360, "um", "m", 3.6e-4)]
)
def test_decimals_stay_decimals(value, from_unit, to_unit, expected):
    assert convert(value, from_unit, to_unit) == expected


@given(st.floats(min_value=-1e12, max_value=1e12), st.sampled_from(TABLE), st.sampled_from(TABLE))
def test_conversion_goes_there_and_back(value, one, other):
    if units._resolve(one).dimension != units._resolve(other).dimension:
        with pytest.raises(UnitError):
            convert(value, one, other)
    else:
        assert convert(convert(value, one, other), other, one) == pytest.approx(value, rel=1e-14, abs=1e-300)


@given(st.text(max_size=20) | st.from_regex(r"[0-9]{1,3} ?[a-zA-Z%/^*() 0-9-]{0,8}", fullmatch=True))
def test_any_text_is_a_finite_number_or_a_unit_error(text):
    try:
        value = parse_quantity(text, "V")
    except UnitError:
        return
    assert math.isfinite(value)


@pytest.mark.parametrize(
    ("text", "expected"), [("1:3", 1 / 3), ("1:2", 0.5), (" 2 : 1 ", 2.0), (0.25, 0.25), ("0.25", 0.25)]
)
def test_ratio(text, expected):
    assert parse_ratio(text) == expected


@pytest.mark.parametrize(
    "text", ["0:3", "1:0", "1:-3", "-1:-3", "1:2:3", "1:", "a:b", "nan:1", "1:inf", 0, -1, "", True]
)
def test_wrong_ratio_is_refused(text):
    with pytest.raises(UnitError, match="LI-UNIT-003"):
        parse_ratio(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(0.5, 0.5), (1, 1.0), ("0.5C", 0.5), ("10 C", 10.0), ("C/5", 0.2), ("2 1/h", 2.0), ("1e-1", 0.1)],
)
def test_c_rate(text, expected):
    assert parse_c_rate(text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("text", [0, -1, "C/0", "1 A", "C", "", "nan", True, math.inf, "1 h"])
def test_wrong_c_rate_is_refused(text):
    with pytest.raises(UnitError, match="LI-UNIT-001"):
        parse_c_rate(text)


def test_quantity_is_split():
    assert split_quantity("400 um") == (400.0, "um")
    assert split_quantity("400") == (400.0, "1")


def test_common_units_do_not_load_pint():
    program = (
        "import sys; from lithiate.units import parse_quantity, convert\n"
        "parse_quantity('1 mA/cm2', 'A/m^2'); parse_quantity('25 degC', 'K'); convert(1.0, 'mAh', 'C')\n"
        "sys.exit('pint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
