"""PEC (SBT, ACT) csv: some 45 lines of keys and values, then a table that may hold several cells and tests."""

from __future__ import annotations

from lithiate.readers.choices import Habits
from lithiate.readers.vendor_text import Dialect, reader_of, words

DIALECT = Dialect(
    name="pec",
    title="PEC csv",
    names=(words("test"), words("cell"), words("totaltime"), words("voltage")),
    columns={
        "time": words("totaltime"),
        "voltage": words("voltage"),
        "current": words("current"),
        "cycle": words("cycle"),
        "step_type": words("instructionname"),
        "step": words("step"),
        "clock": words("realtime"),
    },
    header={
        "details.test": r"^Test:,[ \t]*(.*)$",
        "details.regime": r"^TestRegime Name:,[ \t]*(.*)$",
        "details.test_name": r"^Test Description:,[ \t]*(.*)$",
        "start": r"^Start Time:,[ \t]*(.*)$",
    },
    identity_columns={"cell_id": words("cellid"), "channel": words("rack shelf position")},
    split_by=words("test cell"),
    habits=Habits(date_order="month", signed=True),
)

READER = reader_of(DIALECT)
