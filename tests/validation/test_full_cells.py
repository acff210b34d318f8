"""Charge and discharge of a real cell against what its cycler counted itself."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from lithiate.analysis import analyse
from lithiate.readers import read

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def counted(shared_data):
    """Charge [C] of each half cycle, by the counter of the cycler: the sum over the steps of one direction."""
    table = pl.read_parquet(shared_data / "cycler/neware/nw4-120-1-6-53.parquet")
    steps = table.group_by("Step Count", maintain_order=True).agg(
        pl.col("Step Type").first().cast(pl.String), pl.col("Capacity(mAs)").max()
    )
    discharges = np.array(["DChg" in step for step in steps["Step Type"]])
    first = np.flatnonzero(np.diff(discharges.astype(int), prepend=-1))
    return np.add.reduceat(steps["Capacity(mAs)"].to_numpy() / 1e3, first)


def test_charge_and_efficiency_agree_with_the_counter_of_the_cycler(shared_data, counted) -> None:
    """160 cycles to 5 V with holds that end within seconds; rows every 10 s.

    The cell is not a good one (its efficiency is 19 % in the first cycle), which matters nothing here.
    """
    record = read(shared_data / "cycler/neware/nw4-120-1-6-53.ndax", cell="full")
    cycles = analyse(record).cycles
    assert len(cycles) == counted.size // 2 == 160
    assert cycles.complete.all()
    np.testing.assert_allclose(cycles.discharge_capacity, counted[1::2], rtol=1e-3)
    np.testing.assert_allclose(cycles.charge_capacity, counted[::2], atol=3e-4 * counted.max())
    deviation = (cycles.coulombic_efficiency - counted[1::2] / counted[::2]) / cycles.uncertainty
    assert np.sqrt(np.mean(deviation**2)) < 1.5
    assert np.abs(deviation).max() < 4.0
