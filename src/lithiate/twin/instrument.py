"""The only door out of the twin: when an instrument samples, and what it records."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.experiments import Experiment, Nucleation
from lithiate.core.fields import count, quantity

SWEEP_POINTS = 400


@frozen
class Sampling:
    """When the instrument records within a step: by time, and by voltage where it moves.

    Parameters
    ----------
    points : int
        Samples of each step, beside more at its start, where `interval` is 0.
    interval : float, s
        Between samples, after the first `dense_duration`; 0 for `points` in each step.
    dense_interval, dense_duration : float, s
        Shorter interval at the start of each step, where the voltage moves; 0 for a fifth of the interval during one.
    voltage_step : float, V
        Above 0: a sample also whenever the voltage has moved by this since the last one. It is looked for at
        `dense_interval` all through the step, and samples between that are neither due nor moved are left out.
    """

    points: int = count(30)
    interval: float = quantity("s", 0.0, zero=True)
    dense_interval: float = quantity("s", 0.0, zero=True)
    dense_duration: float = quantity("s", 0.0, zero=True)
    voltage_step: float = quantity("V", 0.0, zero=True)

    @classmethod
    def default(cls, experiment: Experiment) -> Sampling:
        """Return the usual sampling: 30 points a step and more at its start; 1 s and 5 s for a nucleation test."""
        if isinstance(experiment, Nucleation):
            return cls(interval=5.0, dense_interval=1.0, dense_duration=min(600.0, experiment.half_cycle_duration))
        return cls()

    def offsets(self, action: str, duration: float, *, first: bool) -> NDArray[np.float64]:
        """Return the times of the samples since the start of a step [s], its end included.

        The first step begins with a sample at 0; later ones do not, since the end of the last one stands there. A sweep
        is sampled evenly.
        """
        interval = self.interval or duration / self.points
        dense = self.dense_interval or interval / 5.0
        dense_duration = self.dense_duration or interval
        if self.voltage_step > 0.0:
            dense_duration = duration
        if action == "sweep":
            even = duration / SWEEP_POINTS if self.interval == 0.0 else self.interval
            times = even * np.arange(1, round(duration / even) + 1)
        else:
            close = np.arange(1, round(dense_duration / dense) + 1) * dense
            times = np.concatenate([close, dense_duration + interval * np.arange(1, int(duration / interval) + 2)])
        times = np.append(times[times < duration * (1.0 - 1e-9)], duration)
        # A real instrument logs the first point some milliseconds after the current has been switched.
        return np.concatenate([[0.0] if first else [1e-3 * dense], times])

    def thin(
        self, time: NDArray[np.float64], voltage: NDArray[np.float64], rows: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the rows (n, ...) that an instrument with a voltage step keeps; all of them without one."""
        if self.voltage_step <= 0.0 or len(rows) < 3:
            return rows
        interval = self.interval or (time[-1] - time[0]) / self.points
        kept = [0]
        for k in range(1, len(rows) - 1):
            moved = abs(voltage[k] - voltage[kept[-1]]) >= self.voltage_step
            if moved or time[k] - time[kept[-1]] >= interval * (1.0 - 1e-9):
                kept.append(k)
        return rows[[*kept, len(rows) - 1]]


@frozen
class Instrument:
    """What an instrument does to a voltage: noise and resolution; the default adds neither.

    Parameters
    ----------
    voltage_noise : float, V
        Standard deviation of white noise.
    voltage_resolution : float, V
        Step of the converter; 0 for none.
    impedance_noise : float, 1
        Standard deviation of real and imaginary part of an impedance, over its modulus.
    """

    voltage_noise: float = quantity("V", 0.0, zero=True)
    voltage_resolution: float = quantity("V", 0.0, zero=True)
    impedance_noise: float = quantity("1", 0.0, zero=True)

    def record(self, voltage: NDArray[np.float64], seed: int, *, channel: int = 0) -> NDArray[np.float64]:
        """Return the voltage [V] as the instrument records it; each channel has its own noise."""
        recorded = voltage
        if self.voltage_noise > 0.0:
            recorded = recorded + self.voltage_noise * np.random.default_rng([seed, 3 + channel]).standard_normal(
                voltage.size
            )
        if self.voltage_resolution > 0.0:
            recorded = np.round(recorded / self.voltage_resolution) * self.voltage_resolution
        return recorded

    def spectrum(self, impedance: NDArray[np.complex128], seed: int, number: int) -> NDArray[np.complex128]:
        """Return the impedances (n,) of the spectrum `number` as the instrument records them."""
        if self.impedance_noise <= 0.0:
            return impedance
        draws = np.random.default_rng([seed, 5, number]).standard_normal((2, impedance.size))
        noise = self.impedance_noise * np.abs(impedance) * (draws[0] + 1j * draws[1])
        return np.asarray(impedance + noise)
