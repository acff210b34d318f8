"""The cells: which electrodes, electrolyte and separator, how much of each."""

from __future__ import annotations

import math
from typing import ClassVar

from attrs import field, frozen

from lithiate.core.anode import Anode
from lithiate.core.fields import quantity
from lithiate.core.materials import Cathode
from lithiate.errors import SpecError

DISC_AREA = math.pi * (6.0e-3) ** 2
"""Area of a 12 mm disc [m2]: the usual electrode of a 2032 coin cell, assumed where nothing is stated."""
FLOODED = 3.5e-4
"""Electrolyte of a flooded cell [m3/m2]: 40 uL on a 12 mm disc (assumed)."""
COIN_CELL_PRESSURE = 3.0e5
"""Stack pressure of a coin cell [Pa]: 0.1-0.5 MPa by the spring, assumed where nothing is stated."""


@frozen(kw_only=True)
class LithiumCell:
    """What all cells have in common.

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
    electrolyte_volume: float = quantity("m", FLOODED)
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


@frozen(kw_only=True)
class FullCell(LithiumCell):
    """A cathode against a lithium electrode, or against a surface without lithium (anode-free).

    Parameters
    ----------
    anode : Anode or str
        The counter electrode.
    cathode : Cathode or str
        The working electrode: a description, or a name of the library; default NCM811.
    cathode_loading : str or float, kg/m2
        Active material per area; default 2 mg/cm2 (assumed).
    electrolyte_to_cathode_ratio : str or float, m3/kg
        Electrolyte per active material, in place of `electrolyte_volume`; the volume used is in that field.
    electrolyte_volume : str or float, m3/m2
        Default: flooded, 35 uL/cm2.
    anode_free : bool
        Take of `anode` the part without lithium: the host, copper for a lithium foil. All lithium is the cathode's.
    """

    kind = "full"

    anode: Anode | str = field(kw_only=False)
    cathode: Cathode | str = "NCM811"
    cathode_loading: float = quantity("kg/m^2", 0.02)
    electrolyte: str = "LiPF6-EC-DEC"
    electrolyte_to_cathode_ratio: float | None = quantity("m^3/kg", None)
    anode_free: bool = False

    def __attrs_post_init__(self) -> None:
        ratio = self.electrolyte_to_cathode_ratio
        if ratio is not None and self.electrolyte_volume not in (FLOODED, ratio * self.cathode_loading):
            raise SpecError(
                "give either 'electrolyte_volume' or 'electrolyte_to_cathode_ratio'",
                code="LI-SPEC-002",
                where=self.kind,
                got="both",
            )
        if ratio is not None:
            object.__setattr__(self, "electrolyte_volume", ratio * self.cathode_loading)


Cell = SymmetricCell | PlatingCell | FullCell
