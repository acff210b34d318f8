"""dQ/dV and resistances at steps on real files of full and half cells."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.analysis import analyse
from lithiate.analysis.current_steps import find_current_steps
from lithiate.analysis.full_cell import analyse_full_cell
from lithiate.readers import read

pytestmark = pytest.mark.realdata


def test_graphite_shows_its_stages(shared_data):
    """LANDT, Li||graphite at about C/7: three peaks of delithiation near 0.1, 0.14 and 0.22 V (stages of graphite)."""
    result = analyse_full_cell(
        read(shared_data / "cycler" / "landt" / "SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv")
    )
    charge = next(curve for curve in result.differential_capacities if curve.charging)
    assert [peak.voltage for peak in charge.peaks] == pytest.approx([0.10, 0.14, 0.225], abs=0.01)
    assert all(peak.voltage_uncertainty < 1e-3 for peak in charge.peaks)
    assert sum(peak.charge for peak in charge.peaks) == pytest.approx(charge.charge, rel=1e-6)
    # The instrument counts the lithiation before as cycle 1, which is no cycle of a charge and the discharge after it.
    assert result.cycles.vendor_number.tolist() == [2]
    assert result.cycles.number.tolist() == [1]


@pytest.mark.parametrize(
    "name",
    ["neware/SINTEF__G20M7_BTS91.nda.zip", "maccor/PreDiag_000229_000229_truncated.034", "neware/TestFile.nda.zip"],
)
def test_rows_written_by_voltage_or_by_time_keep_their_charge(shared_data, name):
    result = analyse_full_cell(read(shared_data / "cycler" / name))
    assert len(result.differential_capacities) == 2
    for curve in result.differential_capacities:
        column = result.cycles.charge_capacity if curve.charging else result.cycles.discharge_capacity
        area = curve.differential_capacity.sum() * (curve.voltage[1] - curve.voltage[0])
        assert area + curve.other_charge == pytest.approx(float(column[0]), rel=0.01)
        assert 1 <= len(curve.peaks) <= 6


def test_a_pulse_test_of_one_row_a_level_gives_one_resistance(shared_data):
    """Neware v23, 1.7 A pulses of milliseconds on 0.1 A for an hour: up and down tell the same."""
    steps = find_current_steps(read(shared_data / "cycler" / "neware" / "2-1-6_61_07005012.nda.zip"))
    assert len(steps) > 15_000
    rising = steps.current_after > steps.current_before
    up, down = (float(np.median(steps.resistance[rows])) for rows in (rising, ~rising))
    assert up == pytest.approx(down, rel=0.01)
    assert float(np.std(steps.resistance)) < 0.1 * up


def test_steps_of_a_diagnostic_pulse_and_of_rests(shared_data):
    """Maccor .034: a pulse of 4.84 A for 1 s, then slow cycling; the hold in between is no step."""
    steps = find_current_steps(read(shared_data / "cycler" / "maccor" / "PreDiag_000229_000229_truncated.034"))
    assert steps.direction.tolist()[:2] == ["rest to charge", "charge to rest"]
    assert (steps.resistance > 20.0 * steps.uncertainty).all()
    # The longer after the step, the more.
    later = np.array([steps.resistance, steps.resistance_after_ten_seconds, steps.resistance_after_thirty_seconds])
    known = np.isfinite(later).all(axis=0)
    assert known.sum() >= 3
    assert (np.diff(later[:, known], axis=0) > 0.0).all()
    # Not at once after the pulse: the same cell at another current.
    assert steps.resistance[2] == pytest.approx(steps.resistance[0], rel=0.05)


@pytest.mark.parametrize(
    "name",
    [
        "neware/SIM.nda.zip",
        "neware/BTS85-36-6-5-110-20240424.ndax",
        "neware/nw4-120-1-6-53.ndax",
        "neware/neware_uio.csv",
        "arbin/arbin_example.csv",
    ],
)
def test_half_cells_pulses_and_drive_profiles_are_analysed(shared_data, name):
    result = analyse_full_cell(read(shared_data / "cycler" / name))
    assert (result.knee.cycle is None) == (result.knee.reason is not None)
    for curve in result.differential_capacities:
        area = curve.differential_capacity.sum() * (curve.voltage[1] - curve.voltage[0])
        assert area == pytest.approx(curve.charge, rel=1e-9)
    assert len(result.current_steps) > 0


@pytest.mark.parametrize(
    ("name", "cycles"),
    [
        ("biologic/jdb11-1_c3_gcpl_5cycles_2V-3p8V_C-24_data_C09.mpr", 6),
        ("neware/BTS85-36-6-5-110-20240424.ndax", 21),
        ("neware/test.ndax", 1),
    ],
)
def test_cathodes_of_a_wide_window_are_inferred(shared_data, name, cycles):
    """Windows of 2-3.8, 1.4-3.4 and 1.5-4.4 V, which the level of the voltage does not tell."""
    record = read(shared_data / "cycler" / name)
    assert record.specimen.cell == "full"
    assert len(analyse(record).cycles) == cycles


@pytest.mark.parametrize(
    "name",
    [
        "landt/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv",
        "arbin/bs542_004_gr_li_50ua_50mv_1v_191020_Channel_11.xlsx",
        "neware/neware_uio.csv",
    ],
)
def test_half_cells_of_anodes_are_not_taken_for_cathodes(shared_data, name):
    record = read(shared_data / "cycler" / name)
    assert record.specimen.cell is None
    warnings = analyse_full_cell(record).warnings
    assert not any(text.startswith("LI-W-ANA-063") for text in warnings)
    assert any(text.startswith("LI-W-ANA-073") for text in warnings)
