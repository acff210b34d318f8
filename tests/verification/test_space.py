"""Order of the salt grid in space, and Sand's law in a long cell, on grids finer than the one that ships."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FINER = (1, 2, 4)
FINEST = 16


@pytest.fixture(scope="module")
def grids():
    """Results by refinement, each from a process of its own without the compiler."""
    script = Path(__file__).with_name("salt_on_finer_grids.py")
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    found = {}
    for finer in (*FINER, FINEST):
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(script), str(finer)], env=environment, capture_output=True, text=True, timeout=240
        )
        assert done.returncode == 0, done.stderr
        found[finer] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("time", ["2", "5", "10"])
@pytest.mark.parametrize("face", [0, 1])
def test_second_order_in_space(grids, time, face, record_property):
    """Concentrations at the faces, through dead layers and separator: the error falls with the square of the width."""
    exact = grids[FINEST]["short"][time][face]
    errors = np.array([abs(grids[finer]["short"][time][face] - exact) for finer in FINER])
    slope = -np.polyfit(np.log(FINER), np.log(errors), 1)[0]
    record_property("errors", errors.tolist())
    assert slope == pytest.approx(2.0, abs=0.3), errors


def test_shipped_grid_is_within_two_per_cent_of_the_finest(grids):
    """At 2 mA/cm2 through dead layers of 4 um: what the salt grid costs, from 5 s on."""
    for time in ("5", "10", "100", "100000"):
        np.testing.assert_allclose(grids[1]["short"][time], grids[FINEST]["short"][time], rtol=0.02)


def test_sand_in_a_long_cell(grids):
    """c/c_0 = 1 - sqrt(t/t_Sand) at the face that plates, t_Sand = pi D_eff eps (c_0 F/(2 i (1 - t+)))^2."""
    long = grids[FINEST]["long"]
    np.testing.assert_allclose(long["face"], 1.0 - np.sqrt(long["share"]), atol=0.01)
