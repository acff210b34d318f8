"""PyBaMM's own half cells (lithium metal against a porous cathode), driven half cycle by half cycle.

Both are PyBaMM's published models with `{"working electrode": "positive"}`, as the version installed has them; nothing
in them is changed but what stands here: the current is an input, and the cut-offs end a half cycle without ending the
test. What their equations are (read in the sources of 26.10):

Both: j = 2 j0 sinh(F eta/2RT) at both electrodes, a = 3 eps_s/R, Fick's law in the particles, salt
    eps dc/dt = d/dx(eps^b D(c) dc/dx) + (1 - t+) a j/F with the flux (1 - t+) i/F at the lithium, isothermal, no
    contact resistance, no film; U(x) of the set plus asymptotes that matter within 1e-3 of x = 0 and 1 alone.
DFN: i_e = eps^b kappa(c) (2 RT/F (1 - t+) TDF d ln c/dx - d phi_e/dx), Ohm's law in the solid with
    sigma (1 - eps)^b, charge transfer where it happens.
SPMe ("composite", Marquis et al. 2019): one particle with the mean current. V = U(c_surf) + <eta>_cathode - eta_Li
    + 2 RT/F (1 - t+) TDF (<ln c>_cathode - ln c_Li) - i (L_s/kappa_s + L_p/(3 kappa_p) + L_p/(3 sigma)), where <> is
    the mean over the cathode's thickness (eta = 2RT/F asinh(j/2 j0(c(x), c_surf)) is averaged, not j0), and kappa(c),
    t+, TDF are taken at *one* concentration, the mean of c over separator and cathode (by thickness, not by pores);
    lithiate takes kappa(c(x)). Only the salt's diffusion uses D(c(x)). It is an ODE system: potentials are explicit.
Signs: PyBaMM's current is positive on discharge; here, as in lithiate, positive is charging.
"""

from __future__ import annotations

import os

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pybamm
from numpy.typing import NDArray

HALF_CELL = {"working electrode": "positive"}
KINDS = {"SPMe": pybamm.lithium_ion.SPMe, "DFN": pybamm.lithium_ion.DFN}
CURRENT = "Current function [A]"
DEPLETED = 1.0
"""Lowest salt concentration at which a half cycle goes on [mol/m3]; below, PyBaMM's equations go on with a floor."""
pybamm.settings.max_y_value = 1e99


@dataclass
class HalfCycle:
    """What a half cycle gave: charge passed [C/m2] and voltage [V] at even steps of time, and why it ended.

    `watched` holds further variables, (points of the variable, times).
    """

    charge: NDArray[np.float64]
    voltage: NDArray[np.float64]
    ended_by: str
    watched: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    @property
    def capacity(self) -> float:
        """Charge per area that the half cycle took [C/m2]."""
        return float(self.charge[-1])


class HalfCell:
    """One model with one set of parameter values, built once; its state lives on from half cycle to half cycle.

    Parameters
    ----------
    kind : {"SPMe", "DFN"}
    values : pybamm.ParameterValues
    points : (int, int, int)
        Of the grid: separator, cathode, particle; PyBaMM's default is 20 each.
    tolerance : (float, float)
        Relative and absolute, of IDAKLU (PyBaMM scales its states by their size).
    compiled : bool
        Let IDAKLU have the equations as C code.
    window : (float, float), V
        Cut-offs; default those of the values.
    """

    def __init__(
        self,
        kind: str,
        values: pybamm.ParameterValues,
        *,
        points: tuple[int, int, int] = (20, 20, 20),
        tolerance: tuple[float, float] = (1e-7, 1e-9),
        compiled: bool = False,
        window: tuple[float, float] | None = None,
    ) -> None:
        self.kind, self.values, self.points = kind, values.copy(), points
        self.values[CURRENT] = "[input]"
        low, high = window or (float(values["Lower voltage cut-off [V]"]), float(values["Upper voltage cut-off [V]"]))
        model = KINDS[kind](HALF_CELL)
        voltage = model.variables["Voltage [V]"]
        salt = model.variables["Electrolyte concentration [mol.m-3]"]
        # The stepper of PyBaMM goes on after an event of this name only.
        model.events = [
            pybamm.Event("lower voltage [experiment]", voltage - low),
            pybamm.Event("upper voltage [experiment]", high - voltage),
            pybamm.Event("salt depletion", pybamm.min(salt) - DEPLETED),
        ]
        grid = {**model.default_var_pts, **dict(zip(("x_s", "x_p", "r_p"), points, strict=True))}
        simulation = pybamm.Simulation(model, parameter_values=self.values, var_pts=grid)
        simulation.build()
        self.model = simulation.built_model
        self.solver = pybamm.IDAKLUSolver(rtol=tolerance[0], atol=tolerance[1], options={"compile": compiled})
        self.area = float(values["Electrode height [m]"]) * float(values["Electrode width [m]"])
        self.nominal = float(values["Nominal cell capacity [A.h]"])
        self.longest = 3600.0 * float(values.evaluate(pybamm.LithiumIonParameters(HALF_CELL).p.prim.Q_init))
        self.solution: Any = None
        self.steps = 0

    def current_density(self, c_rate: float) -> float:
        """Return the current density of a C-rate [A/m2]: 1 C is the nominal capacity of the set in an hour."""
        return self.nominal * c_rate / self.area

    def advance(self, c_rate: float, times: NDArray[np.float64] | None = None) -> float:
        """Run a half cycle, charge at a C-rate above 0 and discharge below; return its duration [s]."""
        start = 0.0 if self.solution is None else self.solution.t[-1]
        current = -self.nominal * c_rate
        longest = 1.1 * self.longest / abs(current)
        self.solution = self.solver.step(
            self.solution,
            self.model,
            longest,
            inputs={CURRENT: current},
            save=False,
            t_interp=None if times is None else times[times < longest],
        )
        self.steps += self.solution.solver_statistics.number_of_steps
        return float(self.solution.t[-1] - start)

    def half_cycle(self, c_rate: float, samples: int = 4000, watch: Sequence[str] = ()) -> HalfCycle:
        """Run a half cycle and return its voltage over its charge, about `samples` points."""
        per_second = abs(self.nominal * c_rate)
        start = 0.0 if self.solution is None else self.solution.t[-1]
        self.advance(c_rate, np.linspace(0.0, self.longest / per_second, samples))
        found = self.solution
        return HalfCycle(
            charge=(found.t - start) * per_second / self.area,
            voltage=np.asarray(found["Voltage [V]"].data),
            ended_by=found.termination,
            watched={name: np.asarray(found[name].data) for name in watch},
        )


LOCAL = (
    "Positive electrode potential [V]",
    "Positive electrolyte potential [V]",
    "Positive electrode reaction overpotential [V]",
    "Positive electrode open-circuit potential [V]",
)
"""Local potentials in the cathode: phi_s - phi_e - eta - U is zero everywhere in a DFN, on average in an SPMe."""


def imbalance(run: HalfCycle) -> NDArray[np.float64]:
    """Return what a uniform reaction leaves of phi_s - phi_e - eta - U at the cathode's points (points, times) [V]."""
    solid, liquid, eta, equilibrium = (run.watched[name] for name in LOCAL)
    return np.asarray(solid - liquid - eta - equilibrium)


def difference(one: HalfCycle, other: HalfCycle, points: int = 2000) -> tuple[float, float]:
    """Return the rms difference of voltage over the charge that both passed [V], and that of capacity over the other's.

    Compared at equal charge, on an even grid.
    """
    end = min(one.capacity, other.capacity)
    grid = np.linspace(0.0, end, points)
    gap = np.interp(grid, one.charge, one.voltage) - np.interp(grid, other.charge, other.voltage)
    return float(np.sqrt(np.mean(gap**2))), (one.capacity - other.capacity) / other.capacity
