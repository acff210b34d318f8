"""Novonix (U)HPC csv: sections in brackets, times in hours, in older files every line within quotes."""

from __future__ import annotations

from lithiate.readers.choices import Habits
from lithiate.readers.vendor_text import Dialect, reader_of, words

DIALECT = Dialect(
    name="novonix",
    title="Novonix csv",
    names=(words("runtime"), words("potential"), words("current")),
    mark=r"Novonix|^\"?\[Data\]",
    columns={
        "time": words("runtime"),
        "voltage": words("potential"),
        "current": words("current"),
        "cycle": words("cyclenumber"),
        "step_type": words("steptype"),
        "step": words("stepnumber"),
        "clock": words("dateandtime"),
    },
    header={
        "identity.channel": r"^Channel:[ \t]*(.*)$",
        "identity.cell_id": r"^CellID:[ \t]*(.*)$",
        "details.test_name": r"^Cell:[ \t]*(.*)$",
        "details.serial_number": r"^Serial Number:[ \t]*(.*)$",
        "details.description": r"^Description:[ \t]*(.*)$",
        "details.stored_mass": r"^(Mass .*)$",
        "details.stored_area": r"^(Area .*)$",
        "details.stored_capacity": r"^(Capacity .*)$",
        "start": r"^Started:[ \t]*(.*)$",
    },
    # The codes of step types differ from version to version; 0 is open circuit in all. The current has a sign.
    habits=Habits(signed=True, rest_words=frozenset({"0"})),
)
"""Masses and areas of 1.000 in the header are defaults; none of them is used."""

READER = reader_of(DIALECT)
