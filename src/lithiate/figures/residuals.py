"""Figures of residuals of impedance spectra: what a Kramers-Kronig check or a fit leaves."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from lithiate.analysis.kramers_kronig_result import KramersKronigCheck
from lithiate.figures.style import COLOURS, new_figure, shared_legend


def plot_residuals(
    frequency: NDArray[np.float64],
    residual: NDArray[np.complex128],
    *,
    noise: NDArray[np.float64] | None = None,
    offending: NDArray[np.bool_] | None = None,
    broken_below: float | None = None,
    broken_above: float | None = None,
) -> Figure:
    """Return real and imaginary residuals [% of |Z|] against the frequency, offending rows ringed.

    Parameters
    ----------
    frequency : (n,) float64, Hz
    residual : (n,) complex128
        Over |Z|.
    noise : (n,) float64, optional
        Standard deviation over |Z|; the band is twice that to either side.
    offending : (n,) bool, optional
    broken_below, broken_above : float, Hz, optional
        The part of the frequencies below, or above, is shaded.
    """
    figure, (panel,) = new_figure(height=3.0)
    order = np.argsort(frequency)
    if noise is not None:
        band = 200.0 * noise[order]
        label = "± 2 standard deviations of noise"
        panel.fill_between(frequency[order], -band, band, color="#dddddd", lw=0, label=label)
    panel.axhline(0.0, color="#888888", lw=0.7)
    parts = (("real", residual.real, COLOURS[0], "o"), ("imaginary", residual.imag, COLOURS[1], "s"))
    for name, values, colour, marker in parts:
        panel.plot(
            frequency[order], 100.0 * values[order], color=colour, marker=marker, ms=3, lw=0.6, label=f"{name} part"
        )
    if offending is not None and offending.any():
        both = np.concatenate([residual.real[offending], residual.imag[offending]])
        places = np.tile(frequency[offending], 2)
        panel.plot(places, 100.0 * both, color="#000000", ls="", marker="o", mfc="none", ms=8, label="offending row")
    panel.set_xscale("log")
    low, high = float(frequency.min()) / 1.5, float(frequency.max()) * 1.5
    for start, end, at, side in ((low, broken_below, 0.01, "left"), (broken_above, high, 0.99, "right")):
        if start is not None and end is not None:
            panel.axvspan(start, end, color="#f6d7c8", zorder=0.5)
            text = "breaks Kramers–Kronig"
            panel.annotate(text, (at, 0.03), xycoords="axes fraction", ha=side, fontsize=7.5)
    panel.set_xlim(low, high)
    panel.set(xlabel="Frequency / Hz", ylabel="Residual / % of |Z|")
    shared_legend(figure, panel)
    return figure


def plot_kramers_kronig(check: KramersKronigCheck) -> Figure:
    """Return the residuals of a Kramers-Kronig check, with its noise and what it found."""
    return plot_residuals(
        check.frequency,
        check.residual,
        noise=check.noise,
        offending=check.offending,
        broken_below=check.broken_below,
        broken_above=check.broken_above,
    )
