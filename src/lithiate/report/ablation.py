"""What each mechanism is worth, in tables and bars: nominal value, value without it, change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lithiate.figures.ablation import Bar
from lithiate.report.wording import NOT_STATED, number, quantity_words, with_unit
from lithiate.study.ablation import AblationResults, AblationRow
from lithiate.study.estimates import moment

NOTABLE = 0.01
"""Change over the nominal value below which a change is only named, not listed."""

_FIRST = (
    "voltage_hysteresis",
    "hysteresis_onset_time",
    "time_to_short_circuit",
    "time_to_soft_short",
    "capacity_retention",
    "cycle_life",
    "coulombic_efficiency",
    "specific_capacity",
    "interfacial_resistance",
    "exchange_current_density",
    "nucleation_overpotential",
    "dead_lithium",
    "sei_lithium",
    "electrolyte_left",
)
"""Quantities that are shown, the most telling first; ablation.json has all."""
_MOST_PANELS = 3
_MOST_BARS = 16


def ablation_tables(results: AblationResults | None) -> list[dict[str, Any]]:
    """Return one table for each experiment and anode: a group of lines for each change that moves anything."""
    tables = []
    for experiment, anode, rows in _groups(results):
        groups, idle = [], []
        for label in dict.fromkeys(row.label for row in rows):
            own = [row for row in rows if row.label == label]
            notable = [row for row in own if is_notable(row)]
            lines = [
                {
                    "quantity": quantity_words(row.quantity, row.kind, row.conditions),
                    "nominal": _text(row.nominal, row.nominal_bound, row.unit),
                    "changed": _text(row.changed, row.changed_bound, row.unit),
                    "change": change_text(row),
                }
                for row in notable
            ]
            if lines:
                groups.append({"label": label, "change": own[0].change, "meaning": own[0].meaning, "lines": lines})
            else:
                idle.append(label)
        tables.append({"experiment": experiment, "anode": anode, "groups": groups, "idle": idle})
    return tables


def ablation_panels(results: AblationResults | None) -> Iterator[tuple[str, str, list[tuple[str, list[Bar]]]]]:
    """Yield experiment, anode, and panels of bars: of the quantities that move most changes, at most three."""
    for experiment, anode, rows in _groups(results):
        keys = list(dict.fromkeys(_key(row) for row in rows))
        moved = {key: sum(is_notable(row) for row in rows if _key(row) == key) for key in keys}
        # The order of `_FIRST` stands; quantities that nothing moves make no panel.
        shown = [key for key in keys if moved[key]][:_MOST_PANELS]
        if not shown:
            continue
        table = {(row.label, _key(row)): row for row in rows}
        labels = list(dict.fromkeys(row.label for row in rows if is_notable(row) and _key(row) in shown))
        weight = {label: max((_size(table.get((label, key))) for key in shown), default=0.0) for label in labels}
        labels = sorted(labels, key=lambda label: -weight[label])[:_MOST_BARS]
        yield experiment, anode, [(key, [_bar(table[label, key]) for label in labels]) for key in shown]


def is_notable(row: AblationRow) -> bool:
    """Return whether a change moves a quantity by 1 % or more, or makes an event happen or not happen."""
    if row.changed is None and row.changed_bound is None and moment(row.conditions):
        # A changed cell reports another last cycle, or ended before this one: its cycle life tells.
        return False
    if (row.nominal is None) != (row.changed is None):
        return True
    if row.ratio is not None:
        return abs(row.ratio) >= NOTABLE
    if row.nominal_bound is not None and row.changed_bound is not None:
        return abs(row.changed_bound - row.nominal_bound) >= NOTABLE * row.nominal_bound
    return row.difference is not None and row.difference != 0.0


def change_text(row: AblationRow) -> str:
    """Return the change in % and, for a time, in hours; a bound where one of both is censored."""
    if row.difference is not None:
        percent = "" if row.ratio is None else _percent_text(100.0 * row.ratio) or "0 %"
        if row.unit == "h" or row.ratio is None:
            absolute = f"{row.difference:+.4g} {row.unit}".removesuffix(" 1")
            return f"{absolute} ({percent})" if percent else absolute
        return percent
    if row.nominal is not None and row.changed_bound is not None:
        return f"> {row.changed_bound - row.nominal:+.4g} {row.unit}"
    if row.changed is not None and row.nominal_bound is not None:
        return f"< {row.changed - row.nominal_bound:+.4g} {row.unit}"
    if row.nominal_bound is not None and row.changed_bound is not None and is_notable(row):
        return "both tests ended before it"
    return NOT_STATED


def _groups(results: AblationResults | None) -> Iterator[tuple[str, str, list[AblationRow]]]:
    rows = () if results is None else results.rows
    order = {name: place for place, name in enumerate(_FIRST)}
    shown = sorted((row for row in rows if row.quantity in order), key=lambda row: order[row.quantity])
    for experiment, anode in dict.fromkeys((row.experiment, row.anode) for row in rows):
        own = [row for row in shown if (row.experiment, row.anode) == (experiment, anode)]
        labels = {row.label: place for place, row in enumerate(rows)}
        if own:
            yield experiment, anode, sorted(own, key=lambda row: (labels[row.label], order[row.quantity]))


def _key(row: AblationRow) -> str:
    return quantity_words(row.quantity, row.kind, row.conditions)


def _text(value: float | None, bound: float | None, unit: str) -> str:
    if value is not None:
        return with_unit(number(value), unit)
    return NOT_STATED if bound is None else f"> {with_unit(number(bound), unit)}"


def _size(row: AblationRow | None) -> float:
    """Return how much a change moves a quantity; an event that appears or vanishes counts as all of it."""
    if row is None:
        return 0.0
    return abs(row.ratio) if row.ratio is not None else float(is_notable(row))


def _bar(row: AblationRow) -> Bar:
    percent = None if row.ratio is None else 100.0 * row.ratio
    text = change_text(row) if percent is None else _percent_text(percent)
    return Bar(row.change, row.label, percent, "" if text == NOT_STATED else text)


def _percent_text(percent: float) -> str:
    """Return a change as it fits to a bar: a factor beyond a thousand percent, nothing below half a percent."""
    if abs(percent) < 0.5:
        return ""
    if percent > 1000.0:
        return f"× {number(1.0 + percent / 100.0, 2)}"
    return f"{percent:+.0f} %" if abs(percent) >= 10.0 else f"{percent:+.1f} %"
