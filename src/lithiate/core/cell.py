"""The cells: which electrodes, electrolyte and separator, how much of each."""

from __future__ import annotations

import math
from typing import ClassVar

from attrs import field, frozen

from lithiate.core.anode import Anode
from lithiate.core.fields import quantity

DISC_AREA = math.pi * (6.0e-3) ** 2
"""Area of a 12 mm disc [m2]: the usual electrode of a 2032 coin cell, assumed where nothing is stated."""
COIN_CELL_PRESSURE = 3.0e5
"""Stack pressure of a coin cell [Pa]: 0.1-0.5 MPa by the spring, assumed where nothing is stated."""


@frozen(kw_only=True)
class LithiumCell:
    """What all cells without a cathode have in common.

    Parameters
    ----------
    electrolyte, separator : str
        Names of the library.
    area : str or float, m2
        Electrode area; default a 12 mm disc (assumed).
    electrolyte_volume : str or float, m3/m2
        Electrolyte per electrode area; default 35 uL/cm2, that is 40 uL in a coin cell (assumed).
    stack_pressure : str or float, Pa
        Default 0.3 MPa, as a coin cell's spring makes it (assumed).
    reference_electrode : bool
        Whether a lithium reference stands in the separator: the potential of the working electrode is then recorded.
    """

    kind: ClassVar[str]

    electrolyte: str = "LiTFSI-DOL-DME-LiNO3"
    separator: str = "Celgard 2400"
    area: float = quantity("m^2", DISC_AREA)
    electrolyte_volume: float = quantity("m", 3.5e-4)
    stack_pressure: float = quantity("Pa", COIN_CELL_PRESSURE)
    reference_electrode: bool = False


@frozen(kw_only=True)
class SymmetricCell(LithiumCell):
    """Two like electrodes, a separator between them, and electrolyte.

    Parameters
    ----------
    anode : Anode or str
        A description, or a name or file that the library resolves.
    """

    kind = "symmetric"

    anode: Anode | str = field(kw_only=False)


@frozen(kw_only=True)
class PlatingCell(LithiumCell):
    """A surface without lithium against a lithium electrode: Li||Cu, Li||host.

    Parameters
    ----------
    anode : Anode or str
        The working electrode: a current collector, or a host. Of an anode that holds lithium the part without it is
        taken: the host of an infused anode, copper for a lithium foil.
    counter : Anode or str
        The electrode that gives the lithium; default a lithium foil.
    """

    kind = "plating"

    anode: Anode | str = field(kw_only=False)
    counter: Anode | str = "Li foil"


Cell = SymmetricCell | PlatingCell
