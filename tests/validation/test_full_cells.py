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
    """Charge [C] and energy [J] of each half cycle, by the counter of the cycler: sums over the steps of one sign."""
    table = pl.read_parquet(shared_data / "cycler/neware/nw4-120-1-6-53.parquet")
    steps = table.group_by("Step Count", maintain_order=True).agg(
        pl.col("Step Type").first().cast(pl.String), pl.col("Capacity(mAs)").max(), pl.col("Energy(mWs)").max()
    )
    discharges = np.array(["DChg" in step for step in steps["Step Type"]])
    first = np.flatnonzero(np.diff(discharges.astype(int), prepend=-1))
    return tuple(np.add.reduceat(steps[name].to_numpy() / 1e3, first) for name in ("Capacity(mAs)", "Energy(mWs)"))


def test_charges_and_energies_agree_with_the_counter_of_the_cycler(shared_data, counted) -> None:
    """160 cycles to 5 V with holds that end within seconds; rows every 10 s.

    The cell is not a good one (its efficiency is 19 % in the first cycle), which matters nothing here.
    """
    record = read(shared_data / "cycler/neware/nw4-120-1-6-53.ndax", cell="full")
    cycles = analyse(record).cycles
    charge, energy = counted
    assert len(cycles) == charge.size // 2 == 160
    assert cycles.complete.all()
    np.testing.assert_allclose(cycles.discharge_capacity, charge[1::2], rtol=1e-3)
    np.testing.assert_allclose(cycles.discharge_energy, energy[1::2], rtol=1e-2)
    np.testing.assert_allclose(cycles.charge_capacity, charge[::2], atol=3e-4 * charge.max())
    for found, spread, known in (
        (cycles.coulombic_efficiency, cycles.uncertainty, charge[1::2] / charge[::2]),
        (cycles.energy_efficiency, cycles.energy_uncertainty, energy[1::2] / energy[::2]),
    ):
        deviation = (found - known) / spread
        assert np.sqrt(np.mean(deviation**2)) < 1.5
        assert np.abs(deviation).max() < 4.0
