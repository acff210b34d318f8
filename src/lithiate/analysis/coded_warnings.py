"""The coded warnings that analyses put into their results; the text of each names the case at hand."""

from __future__ import annotations

WARNINGS: dict[str, str] = {
    "LI-W-ANA-001": "The electrode area is not known, so areal numbers are null.",
    "LI-W-ANA-002": "There is no usable current column: half cycles and on-time come from the voltage alone.",
    "LI-W-ANA-003": "The kind of cell is not stated.",
    "LI-W-ANA-004": "There are fewer cycles than the definition asks for.",
    "LI-W-ANA-005": "Half cycles that were cut off are left out of the values per cycle.",
    "LI-W-ANA-006": "The record has gaps; cycles that were not recorded are not counted.",
    "LI-W-ANA-007": "The start of a rest cannot be seen without a current column.",
    "LI-W-ANA-008": "The hysteresis fell well below its early level.",
    "LI-W-ANA-009": "The hysteresis was above the threshold when the record ended, for too few cycles to decide.",
    "LI-W-ANA-010": "The interval of an onset is open, or the onset lies within the early cycles.",
    "LI-W-ANA-011": "The voltage collapsed and came back: not a hard short.",
    "LI-W-ANA-012": "The voltage collapsed at the end of the record, for too few half cycles to confirm a hard short.",
    "LI-W-ANA-013": "The hysteresis is below what electrolyte and separator alone allow: a soft short is likely.",
    "LI-W-ANA-014": "A nucleation overpotential of a two-electrode cell belongs to both electrodes.",
    "LI-W-ANA-015": "The nucleation tip is not resolved by the sampling.",
    "LI-W-ANA-016": "There is no nucleation tip above the plateau.",
    "LI-W-ANA-017": "The first half cycle is cut off; its beginning may be missing.",
    "LI-W-ANA-018": "An uncertainty could not be had.",
    "LI-W-ANA-019": "The record goes on after the last half cycle that could be told from noise.",
    "LI-W-ANA-020": "The electrode area is not known: resistances are those of the cell, in ohm.",
    "LI-W-ANA-021": "The spectrum does not resolve two arcs, so interphase and charge transfer have no values apart.",
    "LI-W-ANA-022": "The spectrum begins below the ohmic intercept, which is extrapolated.",
    "LI-W-ANA-023": "The spectrum ends before its arc does, or has none.",
    "LI-W-ANA-024": "The logarithm of a resistance bends over the inverse temperature: no one activation energy.",
    "LI-W-ANA-025": "In a full cell the faster arc counts as the lithium's film; the fit knows time constants alone.",
    "LI-W-ANA-030": "The record of a plating cell begins with stripping: the sign of the current may be reversed.",
    "LI-W-ANA-031": "Stripping ended before the cut-off voltage, so lithium is left on the electrode.",
    "LI-W-ANA-032": "More charge was stripped than plated: a soft short, or lithium that was there before.",
    "LI-W-ANA-033": "The voltage of a plating cell collapsed while current flowed: a soft short is likely.",
    "LI-W-ANA-034": "The reservoir was used up before the final stripping.",
    "LI-W-ANA-035": "There are fewer than three cycles of plating and stripping.",
    "LI-W-ANA-040": "The exchange current density is apparent: electron transfer and film together.",
    "LI-W-ANA-041": "The Tafel region is shorter than the definition asks for.",
    "LI-W-ANA-042": "A kinetic estimator does not fit the polarisation curve.",
    "LI-W-ANA-043": "The ohmic drop is not taken off.",
    "LI-W-ANA-044": "The temperature is not stated; 25 degC is assumed.",
    "LI-W-ANA-045": "There are too few points for a kinetic estimator.",
    "LI-W-ANA-046": "The polarisation curve does not pass through zero where the current does.",
    "LI-W-ANA-047": "A full cell's exchange current density is that of lithium and cathode in one number.",
    "LI-W-ANA-050": "The test ended at a voltage limit, which is no short circuit.",
    "LI-W-ANA-051": "The hysteresis fell suddenly and stayed low: a soft short may have formed.",
    "LI-W-ANA-060": "The cathode's mass is not stated, so specific capacities are null.",
    "LI-W-ANA-061": "The nominal capacity is not known, so C-rates are counted by the largest discharge capacity.",
    "LI-W-ANA-062": "A full cell's record begins with a discharge, which belongs to no cycle.",
    "LI-W-ANA-063": "The mean voltage of charge lies below that of discharge: the sign of the current may be reversed.",
    "LI-W-ANA-064": "A value is over that of a cycle at another rate.",
    "LI-W-ANA-065": "More charge was given back than was taken in.",
    "LI-W-ANA-066": "Cycles with little charge: pulses, or a rate at which the cell gives nothing.",
    "LI-W-ANA-067": "The capacity fell below the threshold of the cycle life and came back.",
    "LI-W-ANA-068": "It cannot be told whether the last discharge reached its end.",
    "LI-W-ANA-069": "The rows of rests are missing from the record.",
    "LI-W-ANA-070": "Rows with current are too short for a half cycle.",
    "LI-W-ANA-071": "Current or voltage has one sign: a cell that was plated one way, without cycles.",
    "LI-W-ANA-072": "The highest early voltage is a spike long after the start, no nucleation tip.",
    "LI-W-ANA-090": "A further record of the cell was read and not analysed.",
    "LI-W-ANA-110": "Impedance spectra could not be tied to the clock of the cycling record as they stand.",
    "LI-W-ANA-111": "The record is too short for soft shorts to be told at a stated rate of false alarms.",
    "LI-W-ANA-112": "Soft shorts were found: sudden falls of the voltage beyond its usual scatter and drift.",
}
"""Code -> what the warning means."""


def coded(code: str, text: str) -> str:
    """Return the warning `text` behind its `code`, which must be one of `WARNINGS`."""
    if code not in WARNINGS:
        raise KeyError(code)
    return f"{code} {text}"
