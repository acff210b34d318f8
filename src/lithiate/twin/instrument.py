"""The only door out of the twin: when an instrument samples, and what it records."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from lithiate.core.protocol import Experiment, Nucleation


@frozen
class Sampling:
    """When the instrument records within a half cycle.

    Parameters
    ----------
    interval : float, s
        Between samples, after the first `dense_duration`.
    dense_interval, dense_duration : float, s
        Shorter interval at the start of each half cycle, where the voltage moves.
    """

    interval: float
    dense_interval: float
    dense_duration: float

    @classmethod
    def default(cls, experiment: Experiment) -> Sampling:
        """Return the usual sampling: 30 points a half cycle and more at its start; 1 s for a nucleation experiment."""
        if isinstance(experiment, Nucleation):
            return cls(interval=5.0, dense_interval=1.0, dense_duration=min(600.0, experiment.half_cycle_duration))
        interval = experiment.half_cycle_duration / 30.0
        return cls(interval=interval, dense_interval=interval / 5.0, dense_duration=interval)

    def offsets(self, half_cycle: int, duration: float) -> NDArray[np.float64]:
        """Return the times of the samples since the start of a half cycle [s], its end included.

        The first half cycle begins with a sample at 0; later ones do not, since the end of the last one stands there.
        """
        dense = np.arange(1, round(self.dense_duration / self.dense_interval) + 1) * self.dense_interval
        rest = self.dense_duration + self.interval * np.arange(1, int(duration / self.interval) + 2)
        times = np.concatenate([dense, rest])
        times = np.append(times[times < duration * (1.0 - 1e-9)], duration)
        # A real instrument logs the first point some milliseconds after the current has been switched.
        first = [0.0] if half_cycle == 0 else [1e-3 * self.dense_interval]
        return np.concatenate([first, times])


@frozen
class Instrument:
    """What an instrument does to a voltage: noise and resolution; the default adds neither.

    Parameters
    ----------
    voltage_noise : float, V
        Standard deviation of white noise.
    voltage_resolution : float, V
        Step of the converter; 0 for none.
    """

    voltage_noise: float = 0.0
    voltage_resolution: float = 0.0

    def record(self, voltage: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
        """Return the voltage [V] as the instrument records it."""
        recorded = voltage
        if self.voltage_noise > 0.0:
            recorded = recorded + self.voltage_noise * np.random.default_rng([seed, 3]).standard_normal(voltage.size)
        if self.voltage_resolution > 0.0:
            recorded = np.round(recorded / self.voltage_resolution) * self.voltage_resolution
        return recorded
