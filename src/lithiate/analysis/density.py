"""Density of charge over the voltage by Gaussian kernels, and how noise of the voltage enters it."""

from __future__ import annotations

import math

import numpy as np
from attrs import evolve, frozen

from lithiate.analysis.robust import FloatArray, IntArray

NOISE_SHARE = 0.02
"""Noise of a mean density that the bandwidth aims at."""

CELLS_PER_BANDWIDTH = 8

SMALLEST_SHARE = 1e-3
"""The bandwidth is at least this share of the window."""

SAMPLE = 100_000
"""Rows looked at to find the noise; more rows do not change the answer."""

_REACH = 5.0
_NODES, _SHARES = np.polynomial.hermite_e.hermegauss(5)


@frozen(eq=False)
class Density:
    """Charge per voltage on even cells, smoothed by a kernel of standard deviation h.

    Parameters
    ----------
    voltage : (m,) float64, V
        Centres of the cells.
    spacing, bandwidth, noise : float, V
    cells : (m,) float64, C
        Charge of each cell, not smoothed; the sum is the charge of the rows.
    halved : (m,) float64, C, or None
        The same from every other row, where the distance of the rows sets the bandwidth.
    smooth, extrapolated : (m,) float64, C/V
        The density, and the same extrapolated to a kernel without width and a voltage without noise.
    squares : (m,) float64, C2
        Sum of the squared charges that the rows of each cell stand for.
    """

    voltage: FloatArray
    spacing: float
    bandwidth: float
    noise: float
    cells: FloatArray
    halved: FloatArray | None
    smooth: FloatArray
    extrapolated: FloatArray
    squares: FloatArray

    def at_bandwidth(self, bandwidth: float) -> Density:
        """Return the density of the same charge by another kernel."""
        if bandwidth == self.bandwidth:
            return self
        smooth, extrapolated = _smoothed(self.cells, self.spacing, bandwidth, self.noise)
        return evolve(self, bandwidth=bandwidth, smooth=smooth, extrapolated=extrapolated)

    def of_every_other_row(self) -> Density | None:
        """Return the density that every other row gives, or None where the rows lie close."""
        if self.halved is None:
            return None
        smooth, extrapolated = _smoothed(self.halved, self.spacing, self.bandwidth, self.noise)
        return evolve(self, cells=self.halved, smooth=smooth, extrapolated=extrapolated)

    def deviations(self) -> FloatArray:
        """Return the standard deviation that noise gives the density in every cell [C/V]."""
        kernel = self._spread_of(_offsets(self.bandwidth, self.spacing), 0, extrapolated=False)
        return np.sqrt(_convolved(self.squares, kernel))

    def deviation_at(self, cell: int, order: int) -> float:
        """Return the standard deviation of the extrapolated density (order 0) or of its slope (1) in one cell.

        ``sum_i q_i^2 Var K(v - V_i - e)`` over normal e, by Gauss-Hermite quadrature.
        """
        reach = _offsets(self.bandwidth, self.spacing).size // 2
        low, high = max(0, cell - reach), min(self.squares.size, cell + reach + 1)
        offsets = np.asarray((cell - np.arange(low, high)) * self.spacing, dtype=np.float64)
        return math.sqrt(float(self.squares[low:high] @ self._spread_of(offsets, order, extrapolated=True)))

    def _spread_of(self, offsets: FloatArray, order: int, *, extrapolated: bool) -> FloatArray:
        shares = np.asarray(_SHARES / _SHARES.sum(), dtype=np.float64)
        values = np.array(
            [
                _response(offsets - node * self.noise, self.bandwidth, self.noise, order, extrapolated=extrapolated)
                for node in _NODES
            ]
        )
        return np.asarray(np.maximum(shares @ values**2 - (shares @ values) ** 2, 0.0), dtype=np.float64)


def charge_density(charge: FloatArray, voltage: FloatArray, noise: float, step: float) -> Density:
    """Return the density of charge over the voltage; the bandwidth as `differentiate_capacity` tells.

    Parameters
    ----------
    charge : (n,) float64, C
        Passed before each row, never decreasing.
    voltage : (n,) float64, V
    noise : float, V
        Standard deviation from row to row.
    step : float, V
        Of a rounded voltage, or 0.
    """
    passed = np.diff(charge)
    low, window = float(voltage.min()), float(np.ptp(voltage))
    bandwidth, sparse = _bandwidth(passed, voltage, noise, step, window)
    count = max(2, math.ceil(CELLS_PER_BANDWIDTH * window / bandwidth)) if bandwidth > 0.0 else 2
    spacing = window / count if window > 0.0 else 1.0
    place = (voltage - low) / spacing
    cells = _spread(passed, place, count)
    kept = np.unique(np.append(np.arange(0, charge.size, 2), charge.size - 1))
    stands_for = 0.5 * (np.append(passed, 0.0) + np.insert(passed, 0, 0.0))
    cell = np.minimum(place.astype(np.int64), count - 1)
    smooth, extrapolated = _smoothed(cells, spacing, bandwidth, noise)
    return Density(
        voltage=np.asarray(low + (np.arange(count) + 0.5) * spacing, dtype=np.float64),
        spacing=spacing,
        bandwidth=bandwidth,
        noise=noise,
        cells=cells,
        halved=_spread(np.diff(charge[kept]), place[kept], count) if sparse else None,
        smooth=smooth,
        extrapolated=extrapolated,
        squares=np.asarray(np.bincount(cell, weights=stands_for**2, minlength=count), dtype=np.float64),
    )


def row_noise(signal: FloatArray) -> float:
    """Return the standard deviation of white noise on a smooth curve, in the signal's unit.

    From differences of the orders 2 to 5, each of which is an upper bound where the curve bends: the smallest counts.
    """
    found = []
    if signal.size > 2 * SAMPLE:
        # Pieces of a long record in their order; the few seams between them are no more than outliers.
        begins = np.linspace(0, signal.size - SAMPLE // 20, 20).astype(np.int64)
        signal = np.concatenate([signal[begin : begin + SAMPLE // 20] for begin in begins])
    difference = np.diff(signal)
    for order in range(2, 6):
        difference = np.diff(difference)
        if difference.size < 3:
            break
        found.append(1.4826 * float(np.median(np.abs(difference))) / math.sqrt(math.comb(2 * order, order)))
    return min(found, default=0.0)


def _smoothed(cells: FloatArray, spacing: float, bandwidth: float, noise: float) -> tuple[FloatArray, FloatArray]:
    """Return the density by the kernel, and extrapolated [C/V]."""
    offsets = _offsets(bandwidth, spacing)
    kernels = [_response(offsets, bandwidth, noise, 0, extrapolated=extrapolated) for extrapolated in (False, True)]
    smooth, sharper = (_convolved(cells, kernel / kernel.sum()) / spacing for kernel in kernels)
    return smooth, sharper


def noise_along(charge: FloatArray, voltage: FloatArray) -> float:
    """Return the standard deviation of white noise of the voltage on a smooth curve over the charge [V].

    As `row_noise` by divided differences, so that rows need not lie evenly: those that an instrument wrote whenever
    the voltage had changed by a step have their noise in the charge.
    """
    moved = np.append(True, np.diff(charge) > 0.0)
    along, across = charge[moved], voltage[moved]
    found = []
    for order in range(2, 6):
        if along.size < order + 4:
            break
        stride = 1 + along.size // SAMPLE
        places, values = (
            np.lib.stride_tricks.sliding_window_view(rows, order + 1)[::stride] for rows in (along, across)
        )
        away = (places[:, :, None] - places[:, None, :]) / (places[:, -1:, None] - places[:, :1, None])
        shares = 1.0 / np.prod(away + np.eye(order + 1), axis=2)
        size = np.sqrt(np.einsum("ij,ij->i", shares, shares))
        found.append(1.4826 * float(np.median(np.abs(np.einsum("ij,ij->i", shares, values)) / size)))
    return min(found, default=0.0)


def _bandwidth(passed: FloatArray, voltage: FloatArray, noise: float, step: float, window: float) -> tuple[float, bool]:
    """Return the bandwidth, and whether the distance of the rows sets it."""
    distance = np.abs(np.diff(voltage))
    order = np.argsort(distance)
    total = np.cumsum(passed[order])
    middle = float(distance[order[min(int(np.searchsorted(total, 0.5 * total[-1])), order.size - 1)]])
    by_noise = (window / voltage.size * noise**2 / (4.0 * math.sqrt(math.pi) * NOISE_SHARE**2)) ** (1.0 / 3.0)
    others = max(by_noise, 2.0 * noise, 0.75 * step, SMALLEST_SHARE * window)
    return max(others, middle), middle > others


def _spread(passed: FloatArray, place: FloatArray, count: int) -> FloatArray:
    """Return the charge of each cell: that between two rows is spread evenly over the way between them."""
    begin, way = place[:-1], np.diff(place)
    parts: IntArray = np.maximum(1, np.ceil(np.abs(way))).astype(np.int64)
    first = np.repeat(np.cumsum(parts) - parts, parts)
    share = (np.arange(first.size) - first + 0.5) / np.repeat(parts, parts)
    middle = np.repeat(begin, parts) + share * np.repeat(way, parts) - 0.5
    amount = np.repeat(passed / parts, parts)
    # Between two centres the charge is shared so that its mean voltage stays.
    middle = np.clip(middle, 0.0, count - 1.0)
    left = np.minimum(middle.astype(np.int64), count - 2)
    to_right = middle - left
    found = np.bincount(left, weights=amount * (1.0 - to_right), minlength=count)
    return np.asarray(found + np.bincount(left + 1, weights=amount * to_right, minlength=count), dtype=np.float64)


def _offsets(bandwidth: float, spacing: float) -> FloatArray:
    reach = math.ceil(_REACH * math.sqrt(2.0) * bandwidth / spacing)
    return np.asarray(np.arange(-reach, reach + 1) * spacing, dtype=np.float64)


def _response(offsets: FloatArray, bandwidth: float, noise: float, order: int, *, extrapolated: bool) -> FloatArray:
    """Return the kernel's derivative of an order; extrapolated, two kernels cancel the bias in h^2 + noise^2."""
    narrow = _gaussian(offsets, bandwidth, order)
    if not extrapolated:
        return narrow
    share = 1.0 + (noise / bandwidth) ** 2
    return (1.0 + share) * narrow - share * _gaussian(offsets, math.sqrt(2.0) * bandwidth, order)


def _gaussian(offsets: FloatArray, width: float, order: int) -> FloatArray:
    scaled = offsets / width
    bell = np.exp(-0.5 * scaled**2) / (math.sqrt(2.0 * math.pi) * width)
    return np.asarray(bell if order == 0 else -scaled / width * bell, dtype=np.float64)


def _convolved(values: FloatArray, kernel: FloatArray) -> FloatArray:
    """Return the convolution of the cells, mirrored at both ends; a symmetric kernel of sum 1 keeps their sum."""
    reach = kernel.size // 2
    return np.convolve(np.pad(values, reach, mode="symmetric"), kernel, mode="valid")
