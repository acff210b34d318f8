"""Figures of ablations: how much a quantity changes without each mechanism, and with each other closure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lithiate.figures.style import new_figure

_COLOURS = {"mechanism": "#0072B2", "closure": "#E69F00"}
_NAMES = {"mechanism": "mechanism switched off", "closure": "other closure"}


@frozen
class Bar:
    """The change of one quantity by one change of the twin.

    Parameters
    ----------
    kind : {"mechanism", "closure"}
    label : str
        The change in words.
    percent : float or None
        Change over the nominal value, in %; None where it cannot be told.
    text : str
        What stands at the bar.
    """

    kind: str
    label: str
    percent: float | None
    text: str


def plot_ablation(panels: Sequence[tuple[str, Sequence[Bar]]]) -> Figure:
    """Return horizontal bars, one panel a quantity: `panels` holds (quantity in words, bars), the bars alike in order.

    Changes beyond the shown axis are cut off; their text gives the number.
    """
    labels = [bar.label for bar in panels[0][1]]
    figure, axes = new_figure(1, len(panels), height=1.1 + 0.21 * len(labels))
    for index, (axis, (quantity, bars)) in enumerate(zip(axes, panels, strict=True)):
        _draw(axis, bars)
        axis.set_title(quantity.replace(", ", "\n"), fontsize=8.5)
        axis.set_xlabel("Change / %")
        axis.set_yticks(range(len(labels)), labels if index == 0 else [""] * len(labels), fontsize=7.5)
        axis.set_ylim(len(labels) - 0.4, -0.6)
        axis.grid(visible=False, axis="y")
    kinds = dict.fromkeys(bar.kind for _, bars in panels for bar in bars)
    handles = [axes[0].barh([0], [0], color=_COLOURS[kind], label=_NAMES[kind]) for kind in kinds]
    figure.legend(handles=handles, loc="outside upper center", ncols=2, frameon=False, fontsize=8)
    return figure


def _draw(axis: Axes, bars: Sequence[Bar]) -> None:
    known = np.array([abs(bar.percent) for bar in bars if bar.percent is not None])
    # One change of some hundred percent would press the others into a line.
    limit = max(1.0, min(float(known.max()), 3.0 * float(np.quantile(known, 0.8))) if known.size else 1.0)
    for row, bar in enumerate(bars):
        length = 0.0 if bar.percent is None else float(np.clip(bar.percent, -limit, limit))
        axis.barh([row], [length], height=0.62, color=_COLOURS[bar.kind])
        left = length < 0.0
        axis.annotate(
            bar.text,
            (length, row),
            (-3 if left else 3, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=6.5,
            clip_on=False,
        )
    axis.axvline(0.0, color="#444444", lw=0.7)
    axis.set_xlim(-1.75 * limit, 1.75 * limit)
