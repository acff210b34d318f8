"""The cells: which electrodes, electrolyte and separator, how much of each."""

from __future__ import annotations

import math

from attrs import field, frozen

from lithiate.core.anode import Anode
from lithiate.core.protocol import positive, to_si

DISC_AREA = math.pi * (6.0e-3) ** 2
"""Area of a 12 mm disc [m2]: the usual electrode of a 2032 coin cell, assumed where nothing is stated."""


def _area(value: str | float) -> float:
    return to_si(value, "m^2")


def _volume_per_area(value: str | float) -> float:
    return to_si(value, "m")


@frozen(kw_only=True)
class SymmetricCell:
    """Two like electrodes, a separator between them, and electrolyte.

    Parameters
    ----------
    anode : Anode or str
        A description, or a name or file that the library resolves.
    electrolyte, separator : str
        Names of the library.
    area : str or float, m2
        Electrode area; default a 12 mm disc (assumed).
    electrolyte_volume : str or float, m3/m2
        Electrolyte per electrode area; default 35 uL/cm2, that is 40 uL in a coin cell (assumed).
    """

    anode: Anode | str = field(kw_only=False)
    electrolyte: str = "LiTFSI-DOL-DME-LiNO3"
    separator: str = "Celgard 2400"
    area: float = field(default=DISC_AREA, converter=_area, validator=positive)
    electrolyte_volume: float = field(default=3.5e-4, converter=_volume_per_area, validator=positive)
