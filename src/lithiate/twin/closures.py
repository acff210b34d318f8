"""What of the twin can be chosen: alternative closures by name, and mechanisms that can be switched off.

The literature does not decide between the alternatives; a result that hangs on one of them says so by its ablation.
Both work by setting numbers of a run, so that the compiled equations are the same for all.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from attrs import evolve, field, frozen

from lithiate.constants import FARADAY
from lithiate.errors import SimulationError, nearest_match
from lithiate.twin.parameters import ParameterSet

CLOSURES: dict[str, dict[str, str]] = {
    "sei_growth": {
        "transport-limited": "the film that grows at rest slows itself, i ~ 1/(1 + q/q_film) (Peled 1979)",
        "reaction-limited": "it grows at a constant rate",
    },
    "loss": {
        "rate-and-capacity": "losses depend on current and charge of a half cycle, by exponents that are "
        "parameters (Pei 2017, Werres 2023)",
        "per-charge": "a constant share of what is plated and stripped",
    },
    "roughness": {
        "source": "heterogeneity of the surface roughens, at a rate that does not depend on the roughness",
        "amplifying": "protrusions draw current in proportion to their height",
        "random-deposition": "roughness grows with the square root of the charge",
    },
    "charge_transfer": {
        "butler-volmer": "symmetric, transfer coefficients 1/2; adequate below about 0.1 V",
        "marcus-hush": "reorganisation energy bends the rate at large overpotential (Boyle 2020)",
    },
    "site_mixing": {
        "parallel": "lithiophilic sites and carbon carry current side by side, each at its barrier",
        "mean-barrier": "the interior shows one barrier, the mean of both by their shares",
    },
    "fatigue": {
        "amplitude": "sites fatigue with the share of the interior that a half cycle fills, to the power m",
        "charge": "sites fatigue in proportion to the charge that a half cycle puts into the interior",
    },
    "cathode": {
        "automatic": "one particle, and one for each cell of the cathode once uniform reaction costs 5 mV",
        "single-particle": "uniform reaction over the cathode (SPMe, Marquis 2019)",
        "porous-electrode": "reaction where the potentials balance (Doyle, Fuller & Newman 1993)",
    },
    "load_sharing": {
        "load-control": "rigid WN bears its share of the misfit stress",
        "displacement-control": "every site follows the same strain: WN takes nothing off Mo2N",
    },
}
"""Closure -> its alternatives, the default first, with what they say."""

ROUGHNESS_FEEDBACK = {"source": 0.0, "amplifying": 1.0, "random-deposition": -1.0}


@frozen
class Mechanism:
    """A mechanism that can be switched off, by the numbers that this sets in parameters and records (SI)."""

    meaning: str
    parameters: Mapping[str, float] = field(factory=dict)
    electrode: Mapping[str, float] = field(factory=dict)
    cell: Mapping[str, float] = field(factory=dict)
    cathode: Mapping[str, float] = field(factory=dict)


MECHANISMS: dict[str, Mechanism] = {
    "lithiophilic_sites": Mechanism(
        "sites that draw lithium into the host", electrode={"nitride_capture": 0.0, "other_capture": 0.0}
    ),
    "interior_deposition": Mechanism("deposition inside the host", electrode={"area_density": 0.0}),
    "capillary_stabilisation": Mechanism(
        "stabilisation of lithium in wetted cavities",
        electrode={"capillary_potential": 0.0, "unwetted_capillary_potential": 0.0},
    ),
    "nucleation_barriers": Mechanism(
        "barriers to nucleation", electrode={"carbon_barrier": 0.0, "lithiophilic_barrier": 0.0}
    ),
    "surface_potential_heterogeneity": Mechanism(
        "what the width of the surface potential does to barriers and roughness",
        parameters={"surface_potential_transfer": 0.0},
    ),
    "site_fatigue": Mechanism("loss of lithiophilic sites by fatigue", parameters={"fatigue_rate": 0.0}),
    "site_burial": Mechanism("loss of lithiophilic sites under interphase", electrode={"burying_charge": math.inf}),
    "pitting": Mechanism(
        "barrier and area of pits in the bulk", electrode={"pitting_barrier": 0.0, "pitting_area": 0.0}
    ),
    "plating_interphase": Mechanism(
        "interphase on newly plated lithium", electrode={"sei_loss_top": 0.0, "sei_loss_interior": 0.0}
    ),
    "film_growth": Mechanism("growth of the film at rest and always", electrode={"calendar_current": 0.0}),
    "galvanic_corrosion": Mechanism(
        "corrosion of lithium that touches bare carbon or collector", electrode={"galvanic_current": 0.0}
    ),
    "film_resistance_rise": Mechanism(
        "rise of the film resistance with the interphase",
        electrode={"interior_film_doubling": math.inf, "top_film_doubling": math.inf},
    ),
    "dead_lithium": Mechanism("lithium that loses contact while the top strips", electrode={"dead_loss": 0.0}),
    "roughness": Mechanism("roughening of the top", electrode={"roughness_drive": 0.0}),
    "additive_depletion": Mechanism("consumption of the additive", cell={"additive_share": 0.0}),
    "solvent_consumption": Mechanism("consumption of the solvent, and drying", cell={"solvent_consumption": 0.0}),
    "dead_layer_transport": Mechanism(
        "tortuosity of the dead layers", cell={"dead_layer_tortuosity": 1.0, "dead_layer_tortuosity_growth": 0.0}
    ),
    "salt_polarisation": Mechanism("concentration gradients of the salt", cell={"transference": 1.0}),
    "soft_shorts": Mechanism("births of soft shorts", cell={"short_rate": 0.0}),
    "cathode_loss": Mechanism("loss of active material of the cathode", cathode={"cathode_loss_rate": 0.0}),
    "cathode_film_growth": Mechanism("growth of the film on the cathode", cathode={"cathode_film_growth": 0.0}),
    "crosstalk": Mechanism("what side products of the lithium do to the cathode", cathode={"crosstalk": 0.0}),
    "shuttle": Mechanism("leak of side products that shuttle", cathode={"shuttle_rate": 0.0}),
    "area_noise": Mechanism("chance disturbance of the top's area", electrode={"area_noise": 0.0}),
}
"""Name, as a study's `disabled_mechanisms` spells it -> the mechanism."""


def concerns(name: str, cell_kind: str) -> bool:
    """Return whether a closure or a mechanism can matter in a kind of cell: those of the cathode need one."""
    only_cathode = name == "cathode" or (name in MECHANISMS and bool(MECHANISMS[name].cathode))
    return cell_kind == "full" or not only_cathode


@frozen(kw_only=True)
class Choices:
    """Closures that are used, by name, and mechanisms that are off.

    Parameters
    ----------
    closures : mapping of str to str
        Those that are not the default; `chosen` gives all.
    disabled_mechanisms : tuple of str

    Raises
    ------
    SimulationError
        ``LI-TWIN-004`` for a name that is not known.
    """

    closures: Mapping[str, str] = field(factory=dict)
    disabled_mechanisms: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        for name, alternative in self.closures.items():
            _require(name, CLOSURES, "unknown closure", "closures")
            _require(alternative, CLOSURES[name], "unknown alternative", f"closures.{name}")
        for name in self.disabled_mechanisms:
            _require(name, MECHANISMS, "unknown mechanism", "disabled_mechanisms")

    def chosen(self, closure: str) -> str:
        """Return the alternative of a closure that is used."""
        return self.closures.get(closure, next(iter(CLOSURES[closure])))

    def all_closures(self) -> dict[str, str]:
        """Return every closure with the alternative that is used."""
        return {name: self.chosen(name) for name in CLOSURES}

    def parameters(self, parameters: ParameterSet) -> ParameterSet:
        """Return the parameters with those of disabled mechanisms set, whatever their range."""
        table = dict(parameters.parameters)
        for name in self.disabled_mechanisms:
            for key, value in MECHANISMS[name].parameters.items():
                table[key] = evolve(table[key], value=value)
        return evolve(parameters, parameters=table)


def _require(name: str, known: Mapping[str, object], what: str, where: str) -> None:
    if name not in known:
        raise SimulationError(
            what,
            code="LI-TWIN-004",
            where=where,
            got=name,
            expected=", ".join(known),
            nearest=nearest_match(name, known),
        )


def inverse_reorganisation(choices: Choices, reorganisation_energy: float) -> float:
    """Return F/lambda [1/V] for the charge transfer that is chosen; 0 for Butler-Volmer. Energy in J/mol."""
    return FARADAY / reorganisation_energy if choices.chosen("charge_transfer") == "marcus-hush" else 0.0
