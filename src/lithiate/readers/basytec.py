"""BaSyTec's text export: lines with ``~``, the last of which names the columns."""

from __future__ import annotations

from lithiate.readers.choices import Habits
from lithiate.readers.vendor_text import Dialect, reader_of, words

DIALECT = Dialect(
    name="basytec",
    title="BaSyTec text export",
    names=(words("time zeit"), words("u"), words("i")),
    mark=r"^~Resultfile from Basytec",
    columns={
        "time": words("time zeit"),
        "voltage": words("u"),
        "current": words("i"),
        "cycle": words("cyc-count"),
        "step_type": words("command"),
        "step": words("line"),
    },
    header={
        "identity.channel": r"^~Testchannel:[ \t]*(.*)$",
        "identity.cell_id": r"^~Battery:[ \t]*(.*)$",
        "details.test_name": r"^~Name of Test:[ \t]*(.*)$",
        "details.procedure": r"^~Testplan:[ \t]*(.*)$",
        "start": r"^~Start of Test:[ \t]*(.*)$",
    },
    habits=Habits(date_order="day", signed=True),
)

READER = reader_of(DIALECT)
