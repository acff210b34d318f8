"""Figure of one impedance spectrum: Nyquist, Bode, residuals of fit and Kramers-Kronig, relaxation times."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from lithiate.analysis.circuits.result import CircuitFit
from lithiate.analysis.impedance_result import ImpedanceResult
from lithiate.analysis.kramers_kronig_result import KramersKronigCheck
from lithiate.analysis.relaxation_times import RelaxationTimes
from lithiate.analysis.robust import BoolArray, FloatArray
from lithiate.core.measurement import ImpedanceSpectra
from lithiate.core.number_text import hertz
from lithiate.figures.relaxation_times import RelaxationTrace, draw_relaxation_times
from lithiate.figures.residuals import draw_kramers_kronig, draw_residuals
from lithiate.figures.style import COLOURS, PlainLogFormatter, mosaic_figure
from lithiate.formulas.circuit import ComplexArray

_MEASURED, _FITTED = "#404040", COLOURS[1]
_OHM_CM2 = 1e4
_LINE_POINTS = 300
# Labels nearer to one another than this share of the panel would touch.
_APART = 0.08


@frozen(eq=False)
class SpectrumView:
    """What a figure shows of one spectrum.

    Parameters
    ----------
    label : str
    frequency : (n,) float64, Hz
        Falling.
    impedance : (n,) complex128, ohm
    area : float or None, m2
        Where it is known, all is drawn in ohm cm2.
    fit : CircuitFit or None
    check : KramersKronigCheck or None
    times : RelaxationTimes or None
        In ohm, as `fit` and `check`.
    """

    label: str
    frequency: FloatArray
    impedance: ComplexArray
    area: float | None = None
    fit: CircuitFit | None = None
    check: KramersKronigCheck | None = None
    times: RelaxationTimes | None = None

    @property
    def factor(self) -> float:
        """From ohm to the unit that is drawn."""
        return 1.0 if self.area is None else self.area * _OHM_CM2

    @property
    def unit(self) -> str:
        """That is drawn."""
        return r"$\Omega$" if self.area is None else r"$\Omega$ cm$^2$"

    @property
    def offending(self) -> BoolArray:
        """Rows that break Kramers-Kronig, (n,)."""
        return np.zeros(self.frequency.shape, dtype=np.bool_) if self.check is None else self.check.offending


def spectrum_view(record: ImpedanceSpectra, result: ImpedanceResult, spectrum: int, label: str) -> SpectrumView:
    """Return what a figure shows of a spectrum (from 0) of a record and of its analysis."""
    rows = record.rows(spectrum)
    order = np.argsort(-record.frequency[rows], kind="stable")
    fitted = None if result.circuit is None else result.circuit.spectra[spectrum]
    return SpectrumView(
        label=label,
        frequency=record.frequency[rows][order],
        impedance=record.impedance[rows][order],
        area=record.specimen.area,
        fit=None if fitted is None else fitted.fit,
        check=result.checks[spectrum],
        times=result.relaxation_times[spectrum] if result.relaxation_times else None,
    )


def plot_spectrum(view: SpectrumView) -> Figure:
    """Return a spectrum as Nyquist and Bode plots with its fit, the residuals in %, and its relaxation times.

    Nyquist axes are equal; full points are the rows nearest to whole decades, with their frequencies. Rows that break
    Kramers-Kronig are ringed. What was not found (no circuit, no check) has no panel.
    """
    residuals = [name for name in ("fit", "check") if getattr(view, name) is not None]
    layout = [["nyquist", "nyquist"], ["size", "phase"]]
    if residuals:
        layout.append([residuals[0], residuals[-1]])
    if view.times is not None:
        layout.append(["times", "times"])
    heights = {"nyquist": 2.7}
    figure, panels = mosaic_figure(layout, [heights.get(row[0], 1.9) for row in layout])
    _draw_nyquist(panels["nyquist"], view)
    panels["nyquist"].set_title(view.label, fontsize=9)
    _draw_bode(panels["size"], panels["phase"], view)
    if view.fit is not None:
        fit = view.fit
        draw_residuals(panels["fit"], fit.frequency, np.asarray(-fit.relative_residuals))
        panels["fit"].set_title(f"Residuals of the fit: {100.0 * fit.root_mean_square:.2g} % in all", fontsize=9)
    if view.check is not None:
        draw_kramers_kronig(panels["check"], view.check)
        panels["check"].set_title(f"Kramers–Kronig residuals: {view.check.verdict}", fontsize=9)
    if view.times is not None:
        draw_relaxation_times(panels["times"], [RelaxationTrace("", view.times, view.unit, view.factor)])
        panels["times"].set_title("Distribution of relaxation times with its resolved peaks", fontsize=9)
    shown = [panels[name] for name in ("nyquist", *residuals)]
    named = {label: handle for panel in shown for handle, label in zip(*panel.get_legend_handles_labels(), strict=True)}
    figure.legend(named.values(), named, loc="outside upper center", ncols=3, frameon=False, fontsize=8)
    return figure


def _line(view: SpectrumView) -> tuple[FloatArray, ComplexArray] | None:
    """Return the fitted circuit over the measured frequencies, closer than the rows."""
    if view.fit is None:
        return None
    grid = np.geomspace(view.frequency[0], view.frequency[-1], _LINE_POINTS)
    return grid, view.fit.circuit.impedance(grid, view.fit.values) * view.factor


def _draw_nyquist(panel: Axes, view: SpectrumView) -> None:
    values = view.impedance * view.factor
    panel.plot(values.real, -values.imag, color=_MEASURED, ls="", marker="o", ms=3.5, mfc="none", mew=0.8, label="data")
    line = _line(view)
    if line is not None and view.fit is not None:
        panel.plot(line[1].real, -line[1].imag, color=_FITTED, label=f"fit of {view.fit.circuit}")
    marked = decade_rows(view.frequency)
    panel.plot(values.real[marked], -values.imag[marked], color=_MEASURED, ls="", marker="o", ms=4.5)
    if view.offending.any():
        ringed = values[view.offending]
        panel.plot(
            ringed.real, -ringed.imag, color="#000000", ls="", marker="o", mfc="none", ms=9, label="offending row"
        )
    panel.set_aspect("equal", adjustable="datalim")
    panel.margins(0.12)
    _label_frequencies(panel, view.frequency[marked], values[marked], values)
    panel.xaxis.set_major_locator(MaxNLocator(5))
    panel.yaxis.set_major_locator(MaxNLocator(6))
    panel.set(xlabel=f"Re Z / {view.unit}", ylabel=f"−Im Z / {view.unit}")


def _label_frequencies(panel: Axes, frequency: FloatArray, values: ComplexArray, drawn: ComplexArray) -> None:
    """Write frequencies above their points where they do not touch one another."""
    apart = _APART * max(float(np.ptp(drawn.real)), float(np.ptp(drawn.imag)))
    written: list[complex] = []
    for its, place in zip(frequency, values, strict=True):
        if all(abs(place - other) > apart for other in written):
            written.append(complex(place))
            panel.annotate(
                hertz(float(f"{its:.2g}")),
                (place.real, -place.imag),
                (0, 6),
                textcoords="offset points",
                ha="center",
                fontsize=7,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 0.5},
            )


def decade_rows(frequency: FloatArray) -> list[int]:
    """Return the row nearest to each whole decade within the frequencies."""
    log = np.log10(frequency)
    decades = range(math.ceil(log.min() - 0.05), math.floor(log.max() + 0.05) + 1)
    return list(dict.fromkeys(int(np.argmin(np.abs(log - decade))) for decade in decades))


def _draw_bode(size: Axes, phase: Axes, view: SpectrumView) -> None:
    values, line = view.impedance * view.factor, _line(view)
    points: dict[str, Any] = {"color": _MEASURED, "ls": "", "marker": "o", "ms": 3.5, "mfc": "none", "mew": 0.8}
    for panel, shown in ((size, np.abs), (phase, _lag)):
        panel.plot(view.frequency, shown(values), **points)
        if line is not None:
            panel.plot(line[0], shown(line[1]), color=_FITTED)
        if view.offending.any():
            ringed = shown(values[view.offending])
            panel.plot(view.frequency[view.offending], ringed, color="#000000", ls="", marker="o", mfc="none", ms=9)
        panel.set_xscale("log")
        panel.set_xlabel("Frequency / Hz")
    size.set_yscale("log")
    size.yaxis.set_major_formatter(PlainLogFormatter())
    size.yaxis.set_minor_formatter(PlainLogFormatter(minor_thresholds=(2.0, 0.5)))
    size.set_ylabel(f"|Z| / {view.unit}")
    phase.set_ylabel("−Phase / °")


def _lag(values: ComplexArray) -> FloatArray:
    return np.asarray(-np.degrees(np.angle(values)), dtype=np.float64)
