"""What real cyclers record: the step of their voltage, and rows by time and by change of the voltage.

A cycler writes a row after a fixed interval, or earlier when the voltage has moved by dV. Within a step, the rows that
come early have moved by just that dV; the interval is the most frequent one of the others.
"""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.measurement import RowFlag
from lithiate.readers import read

pytestmark = pytest.mark.realdata

# File: step of the voltage [V], interval [s], dV [V]; read off from the files. None: no such rule shows.
FACTS = {
    "cycler/neware/neware_uio.csv": (1e-4, 60.0, 10e-3),
    "cycler/neware/TestFile.nda.zip": (None, 10.0, 5e-3),
    "cycler/neware/nda_v22.nda.zip": (3e-4, 30.0, None),
    "cycler/landt/SINTEF__LiGrR2032__2024-04-30__25degC__Landt.csv": (1e-4, 10.0, 5e-3),
    "cycler/maccor/maccor_002.txt": (1e-4, 30.0, 10e-3),
    "cycler/biologic/Sample_data_biologic_CA1.txt": (39.3e-6, 0.1, None),
    "lithium_symmetric/tegdme_soft_short/*03_GCPL_C05.txt": (19.08e-6, 10.0, 10e-3),
    "lithium_symmetric/gel_polymer/*.csv": (1e-4, 60.0, 5e-3),
}


@pytest.mark.parametrize("name", FACTS)
def test_resolution_and_sampling(shared_data, name) -> None:
    resolution, interval, change = FACTS[name]
    (path,) = shared_data.glob(name)
    record = read(path, settings={"time_unit": "min"} if "maccor" in name else None)
    steps = np.diff(np.unique(record.voltage))
    if resolution is not None:
        assert np.quantile(steps[steps > 1e-6], 0.05) == pytest.approx(resolution, rel=0.01)
    times, moved = np.diff(record.time), np.abs(np.diff(record.voltage))
    within = (record.row_flags[1:] & RowFlag.REST) == 0
    if record.current is not None:
        within &= np.sign(record.current[1:]) == np.sign(record.current[:-1])
    regular = within & (np.abs(times / interval - 1.0) < 0.02)
    early = within & (times < 0.9 * interval)
    late = within & (times > 1.1 * interval)
    assert regular.sum() > 20
    assert late.sum() < 0.02 * within.sum()
    if change is not None:
        assert early.sum() > 50
        # A step may end early too, so it is the most frequent change that lies at dV.
        bins, counts = np.unique(np.rint(moved[early] / 0.5e-3), return_counts=True)
        assert bins[counts.argmax()] * 0.5e-3 == pytest.approx(change, rel=1e-9)
        assert counts.max() > 0.2 * early.sum()


def test_neware_has_two_triggers_that_do_not_reset_each_other(shared_data) -> None:
    """Rows stand on the grid of the interval since the start of the step, and each time that dV has passed besides."""
    record = read(shared_data / "cycler/neware/nw4-120-1-6-53.ndax")
    # Steps at full current only: in constant-voltage steps it is the current that moves.
    full = np.where(np.abs(record.current) > 0.998 * np.abs(record.current).max(), np.sign(record.current), 0.0)
    starts = np.diff(full, prepend=0.0) != 0
    step = np.cumsum(starts) - 1
    since = record.time - record.time[starts][step]
    on_grid = np.abs(since - 10.0 * np.rint(since / 10.0)) < 0.05
    ends = np.append(starts[1:], True)  # written because the step ended, wherever the voltage was
    moved = np.flatnonzero((full != 0.0) & (~on_grid | starts) & ~ends)
    same = (np.diff(step[moved]) == 0) & (since[moved[:-1]] > 0.0)  # the first dV counts from before the jump
    change = np.abs(np.diff(record.voltage[moved]))[same]
    assert np.count_nonzero(same) > 100
    assert np.median(change) == pytest.approx(0.100, abs=0.001)
    assert np.mean(np.abs(change - 0.100) < 0.002) > 0.8


def test_biologic_counts_its_interval_from_the_last_row(shared_data) -> None:
    (path,) = shared_data.glob("lithium_symmetric/tegdme_soft_short/*03_GCPL_C05.txt")
    record = read(path)
    times, moved = np.diff(record.time), np.abs(np.diff(record.voltage))
    early = times < 9.9
    after = np.flatnonzero(early[:-1] & (moved[1:] < 9e-3)) + 1  # little has moved since a row that came early
    assert after.size > 100
    assert np.median(times[after]) == pytest.approx(10.0, abs=0.001)
