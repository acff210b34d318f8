"""LANDT (LANHE, LAND) exports: csv of LANDdt 7.4, the older text, tables with Chinese names."""

from __future__ import annotations

from lithiate.readers.choices import Habits
from lithiate.readers.vendor_text import Dialect, reader_of, words

DIALECT = Dialect(
    name="landt",
    title="LANDT export",
    names=(
        words("channelindex rec# record 记录序号 记录号"),
        words("testtime test 测试时间"),
        words("current amps 电流"),
        words("voltage volts 电压"),
    ),
    # What tells these names from those of Maccor and Neware.
    mark=r"date_time_iso_string|DPt-Time|TestTime/|电流/|测试时间/",
    columns={
        "time": words("testtime test 测试时间"),
        "voltage": words("voltage volts 电压"),
        "current": words("current amps 电流"),
        "cycle": words("cycleindex cycle-index cyc# 循环序号 循环号"),
        "step_type": words("stepname state status mode 状态 工步状态 工步类型"),
        "step": words("stepindex step-index step 工步序号 工步号"),
        "clock": words("datetimeisostring dpt-time datetime sys-time 系统时间 绝对时间"),
    },
    capacities=words("chargecapacityah dischargecapacityah"),
    step_time=words("steptime 工步时间"),
    header={
        "identity.cell_id": r"^cell id:[ \t]*([^,\n]*)",
        "details.cell_model": r"^cell model:[ \t]*([^,\n]*)",
        "details.test_name": r"^test:[ \t]*([^,\n]*)",
    },
    habits=Habits(date_order="month"),
)
"""``channel_index`` of the csv is the number of the record, and no channel; its "ISO" date has the month first."""

READER = reader_of(DIALECT)
