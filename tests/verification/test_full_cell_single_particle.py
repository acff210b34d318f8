"""What uniform reaction costs: the estimate that chooses the model of the cathode, against runs of both models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
ROWS = json.loads((DOCS / "single_particle.json").read_text(encoding="utf-8"))
THRESHOLD = 5.0


def judged(row):
    """Hold an estimate to the largest difference: within a factor of 3, nearer on the side that is not safe."""
    if row["estimate"] is None:
        return row["largest"] > THRESHOLD
    return row["largest"] / 1.6 <= row["estimate"] <= 3.0 * row["largest"]


def test_the_estimate_is_neither_blind_nor_alarmist():
    """Wherever uniform reaction costs 1 mV or more. Below that both are small."""
    matter = [row for row in ROWS if row["largest"] >= 1.0]
    assert len(matter) >= 8
    assert [row for row in matter if not judged(row)] == []
    for row in ROWS:
        if row["largest"] < 1.0:
            assert row["estimate"] < THRESHOLD


def test_no_voltage_is_off_by_more_than_twice_the_threshold_where_one_particle_is_taken():
    for row in ROWS:
        if row["estimate"] is not None and row["estimate"] < THRESHOLD:
            assert row["largest"] < 2.0 * THRESHOLD, row


@pytest.mark.slow
@pytest.mark.parametrize(("loading", "rate"), [(10, 5.0), (20, 1.0)])
def test_the_table_is_what_the_twin_gives(loading, rate, monkeypatch):
    monkeypatch.setattr(sys, "path", [str(DOCS), *sys.path])
    from measure_single_particle import compare

    (expected,) = [row for row in ROWS if row["loading"] == loading and row["c_rate"] == rate]
    found = compare(loading, rate)
    for name in ("estimate", "largest", "rms", "capacity_single_particle", "capacity_porous_electrode"):
        assert found[name] == pytest.approx(expected[name], rel=0.05), name
