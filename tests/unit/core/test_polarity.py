"""The voltage of a cell rises while it is charged."""

from __future__ import annotations

import numpy as np
import pytest

from lithiate.core.polarity import voltage_follows_current

VOLTAGE = np.array([1.0, 1.5, 1.5, 2.0, 1.9, 2.5, 2.4, 1.6, 1.6, 1.7, 1.0])
CURRENT = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0, -1.0])


@pytest.mark.parametrize(
    ("voltage", "current", "follows"),
    [
        (VOLTAGE, CURRENT, True),
        (VOLTAGE, -CURRENT, False),
        (VOLTAGE, np.abs(CURRENT), False),
        (VOLTAGE, np.zeros(11), False),
        (np.full(11, 3.4), CURRENT, False),
    ],
)
def test_the_voltage_follows_the_current(voltage, current, follows):
    assert voltage_follows_current(voltage, current) is follows
