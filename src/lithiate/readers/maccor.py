"""Maccor's text exports (``.001`` ... ``.999``, ``.txt``, ``.csv``); the raw files of the same endings are binary."""

from __future__ import annotations

from lithiate.readers.choices import Habits
from lithiate.readers.vendor_text import Dialect, reader_of, words

DIALECT = Dialect(
    name="maccor",
    title="Maccor text export",
    names=(
        words("rec# rec"),
        words("test testtime"),
        words("amps current"),
        words("volts voltage"),
    ),
    columns={
        "time": words("test testtime"),
        "voltage": words("volts voltage"),
        "current": words("amps current"),
        "cycle": words("cyc# cyclec cycle"),
        "step_type": words("state md"),
        "step": words("step"),
        "clock": words("dpttime"),
    },
    units={"voltage": "V", "current": "A"},
    header={
        # The labels of the first line run into each other: each is the end of the one before.
        "day": r"Date of Test:\s*(\S+)",
        "details.test_name": r"(?:Filename:|^Name:)\s*([^\t\n]*?)\s*(?:Procedure:|$|\t)",
        "details.procedure": r"Procedure:?[ \t]+(.*?)\s*(?:Comment/Barcode:|$)",
        "details.tester": r"^Tester\s+(.+)$",
        "details.stored_capacity": r"^SCap\s+(.+)$",
        "identity.cell_id": r"Comment/Barcode:\s*(.+)$",
        "identity.channel": r"^Channel:\s*(\S+)",
        "start": r"^Started\s+(.+)$",
    },
    habits=Habits(date_order="month", magnitudes=True, time_by_clock=True),
)
"""Three dialects: MIMS text (``Rec#`` ... ``Amps Volts State``; the unit of time in its name, or text of days and
hours), "data" text (``Rec`` ... ``Current [A] Md``; ``TestTime`` in minutes, and a current without sign), csv
(``Rec,Cycle C`` ...; no column tells the direction)."""

READER = reader_of(DIALECT)
