"""Count how often the analyses find what the twin did: ``python docs/measure_round_trip.py`` (some minutes).

Each record gets the noise, the resolution and the errors of an instrument, goes through a vendor's text layout, is read
and analysed. The truth is the noise-free record at full resolution under the same definition. Five anodes, 30 seeds
each, fixed before the first run. Prints the table and writes ``docs/round_trip.json``, from which `docs/generate.py`
makes the table of verification.md; `tests/verification/test_round_trip.py` judges the same counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from attrs import evolve

from lithiate.analysis import analyse
from lithiate.core.cell import PlatingCell, SymmetricCell
from lithiate.core.experiments import Nucleation, PlatingEfficiency, SymmetricCycling
from lithiate.core.measurement import CyclingRecord
from lithiate.readers import read
from lithiate.twin import Instrument, Sampling, draw_ensemble, load_parameters, solve
from lithiate.writers import write

ANODES = ("WN/Mo2N@HCN/Li", "WN@HCN/Li", "Mo2N@HCN/Li", "HCN/Li", "Li foil")
SEEDS = range(30)
CELLS = 3
"""Simulations of an anode that its seeds share: seed s belongs to simulation s mod 3."""

INSTRUMENT = Instrument(voltage_noise="0.2 mV", voltage_resolution="0.1 mV")
CURRENT_ACCURACY, CURRENT_NOISE, CURRENT_RESOLUTION = 1e-3, 5e-7, 1e-7
"""Limits of the relative error; standard deviation [A]; step [A]."""

GRID = 60.0
"""Time between rows of a cycler that logs by time and at the end of stripping only [s]."""

LAYOUTS = (".neware.csv", ".mpt")
RESULT = Path(__file__).with_name("round_trip.json")

LONG: dict[str, tuple[str, str]] = {
    # The composite outlasts 2400 h at 1 mA/cm2, so it is tested at 3.
    "WN/Mo2N@HCN/Li": ("3 mA/cm^2", "900 h"),
    "WN@HCN/Li": ("1 mA/cm^2", "800 h"),
    "Mo2N@HCN/Li": ("1 mA/cm^2", "950 h"),
    "HCN/Li": ("1 mA/cm^2", "450 h"),
    "Li foil": ("1 mA/cm^2", "350 h"),
}
"""Current density and length of the test that an onset is looked for in; 1 mAh/cm2 each half cycle."""

Row = dict[str, Any]


def through_a_file(record: CyclingRecord, seed: int, folder: Path, *, cell: str) -> CyclingRecord:
    """Write a record in the layout of a vendor, read it, and return it."""
    path = folder / f"{cell}{LAYOUTS[seed % len(LAYOUTS)]}"
    write(record, path)
    area = record.specimen.area
    assert area is not None
    found = read(path, area=area, cell=cell)
    assert isinstance(found, CyclingRecord)
    return found


def recorded(record: CyclingRecord, seed: int) -> CyclingRecord:
    """Return a record with the noise and the resolution of the voltage."""
    return evolve(record, voltage=INSTRUMENT.record(record.voltage, seed))


def onsets(anode: str, folder: Path, seeds: Sequence[int] = SEEDS) -> list[Row]:
    """Return onsets of the rise of the hysteresis [h] as found and as they are, one row a seed."""
    current, duration = LONG[anode]
    test = SymmetricCycling(current_density=current, areal_capacity="1 mAh/cm^2", duration=duration)
    rows = []
    for cell in sorted({seed % CELLS for seed in seeds}):
        fine = solve(SymmetricCell(anode), test, seed=cell, sampling=Sampling(points=180)).record()
        truth = analyse(fine).hysteresis_onset_time.to("h")
        plain = solve(SymmetricCell(anode), test, seed=cell).record()
        for seed in (s for s in seeds if s % CELLS == cell):
            found = analyse(through_a_file(recorded(plain, seed), seed, folder, cell="symmetric")).hysteresis_onset_time
            rows.append({"anode": anode, "seed": seed, "truth": truth, "found": found.to("h"), **_ends(found, 3600.0)})
    return rows


def nucleations(anode: str, folder: Path, seeds: Sequence[int] = SEEDS) -> list[Row]:
    """Return nucleation overpotentials [mV] of cells with drawn parameters as found and as they are."""
    test = Nucleation(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2")
    fine = Sampling(interval=1.0, dense_interval=0.05, dense_duration=600.0)
    members = draw_ensemble(load_parameters(), CELLS, 0)
    rows = []
    for cell in sorted({seed % CELLS for seed in seeds}):
        settings: dict[str, Any] = {"parameters": members[cell], "seed": cell}
        whole = solve(SymmetricCell(anode), test, sampling=fine, **settings).record()
        truth = analyse(whole, kind="nucleation").nucleation_overpotential.to("mV")
        plain = solve(SymmetricCell(anode), test, **settings).record()
        for seed in (s for s in seeds if s % CELLS == cell):
            record = through_a_file(recorded(plain, seed), seed, folder, cell="symmetric")
            found = analyse(record, kind="nucleation").nucleation_overpotential
            rows.append({"anode": anode, "seed": seed, "truth": truth, "found": found.to("mV"), **_ends(found, 1e-3)})
    return rows


def efficiencies(anode: str, folder: Path, seeds: Sequence[int] = SEEDS) -> list[Row]:
    """Return coulombic efficiencies by reservoir as found by channels that are off, and as they are."""
    test = PlatingEfficiency(
        current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", method="reservoir", rest_after_plating="10 min"
    )
    fine = solve(PlatingCell(anode), test, sampling=Sampling(interval=5.0)).record()
    truth = analyse(fine).coulombic_efficiency.value
    rows = []
    for seed in seeds:
        record = _by_time(fine, seed) if seed % 3 == 2 else fine
        record = through_a_file(recorded(_off(record, anode, seed), seed), seed, folder, cell="plating")
        found = analyse(record, current_accuracy=CURRENT_ACCURACY).coulombic_efficiency
        rows.append({"anode": anode, "seed": seed, "truth": truth, "found": found.value, **_ends(found, 1.0)})
    return rows


def _ends(found: Any, unit: float) -> Row:  # noqa: ANN401 - an Estimate
    low, high = found.interval or (None, None)
    return {"low": None if low is None else low / unit, "high": None if high is None else high / unit}


def _off(record: CyclingRecord, anode: str, seed: int) -> CyclingRecord:
    """Return what a channel records whose current is off, each sign by its own error within the stated limits."""
    draw = np.random.default_rng([seed, ANODES.index(anode)])
    negative, positive = draw.uniform(-CURRENT_ACCURACY, CURRENT_ACCURACY, 2)
    assert record.current is not None
    flowing = record.current != 0.0
    current = record.current * (1.0 + np.where(record.current < 0.0, negative, positive))
    current = current + np.where(flowing, draw.normal(0.0, CURRENT_NOISE, current.size), 0.0)
    return evolve(record, current=np.round(current / CURRENT_RESOLUTION) * CURRENT_RESOLUTION)


def _by_time(record: CyclingRecord, seed: int) -> CyclingRecord:
    """Return the rows that a cycler keeps which logs at a fixed interval and where the voltage reaches a cut-off."""
    assert record.current is not None
    phase = float(np.random.default_rng([seed, 7]).uniform(0.0, GRID))
    at = np.arange(phase, float(record.time[-1]), GRID)
    # The row that stands at each instant or last before it.
    rows = np.searchsorted(record.time, at, side="right") - 1
    ends = np.flatnonzero((record.current[:-1] > 0.0) & (record.current[1:] <= 0.0))
    rows = np.unique(np.concatenate([rows, ends, [record.time.size - 1]]))
    columns = {name: getattr(record, name)[rows] for name in ("time", "voltage", "current", "row_flags")}
    return evolve(record, **columns)


def covered(rows: Sequence[Row]) -> int:
    """Return in how many rows the 95 % interval holds the truth; an open end holds everything beyond."""
    return sum(
        row["found"] is not None
        and (row["low"] is None or row["low"] <= row["truth"])
        and (row["high"] is None or row["truth"] <= row["high"])
        for row in rows
    )


def each_anode(measure: Callable[[str, Path], list[Row]]) -> list[Row]:
    """Return the rows of all anodes, two at a time."""
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(max_workers=2) as pool:
        folders = [Path(name) / str(k) for k in range(len(ANODES))]
        return [row for rows in pool.map(measure, ANODES, folders) for row in rows]


MEASURES: dict[str, Callable[..., list[Row]]] = {
    "onset": onsets,
    "nucleation": nucleations,
    "efficiency": efficiencies,
}


def summary(name: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts over all anodes and for each: intervals that hold the truth, the worst error, the median width."""
    known = [row for row in rows if row["found"] is not None and row["truth"] is not None]
    errors = [row["found"] - row["truth"] for row in known]
    if name == "onset":
        errors = [100.0 * error / row["truth"] for error, row in zip(errors, known, strict=True)]
    widths = [row["high"] - row["low"] for row in known if None not in (row["low"], row["high"])]
    return {
        "records": len(rows),
        "with_value": len(known),
        "covered": covered(known),
        "open": sum(row["high"] is None for row in known),
        "truth": [min(row["truth"] for row in known), max(row["truth"] for row in known)],
        "mean_error": float(np.mean(errors)),
        "worst_error": float(np.max(np.abs(errors))),
        "median_width": float(np.median(widths)) if widths else None,
    }


def main(wanted: Sequence[str]) -> None:
    """Measure what is wanted (all by default), print, write."""
    content = json.loads(RESULT.read_text(encoding="utf-8")) if wanted and RESULT.is_file() else {}
    for name in wanted or MEASURES:
        rows = each_anode(partial(MEASURES[name]))
        by_anode = {anode: summary(name, [row for row in rows if row["anode"] == anode]) for anode in ANODES}
        content[name] = {"all": summary(name, rows), **by_anode}
        for anode, numbers in content[name].items():
            print(name, anode, numbers)
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
