"""Claim: a half cycle of a lithium cell costs at most a tenth of the CPU time of PyBaMM's fastest public route.

Both sides integrate the same equations: foil, and the composite with all barriers, its interior, salt and interphase.
`peers/lithium_cell_in_pybamm.py` writes them as a PyBaMM model (https://pybamm.org), for which IDAKLU then has the
exact sparse Jacobian. First the right-hand sides are compared at disturbed states, then both are measured against
SUNDIALS (CVODE at 1e-9 on the twin's right-hand side): the largest difference over the largest value of the reference,
for each state and the voltage. Of PyBaMM's tolerances the cheapest is taken that is at least as accurate as the twin as
shipped.

Both record the voltage at the same times of each half cycle; resets and fatigue between half cycles are the same code.
CPU time of one thread, medians of repetitions that take turns; models are built and code is compiled before.

PyBaMM's routes, all with one model a polarity, built once, solvers used again, states passed as one input vector:
    interpreted   `IDAKLUSolver.solve`, as it comes
    compiled      the same with `options={"compile": True}`: C code, which needs a C compiler on the machine
    core          the compiled solver object within `IDAKLUSolver`, called directly: no public interface, so not what
                  the claim is judged by, but the least that PyBaMM's integrator can take; its ratio is printed beside
    simulation    `Simulation.solve`; an `Experiment` cannot reset states between its steps, so there is none
Favours PyBaMM: four states without equation are left out there, fifteen settings are tried for it and one for the twin,
and it looks for no events (voltage limit, exhaustion, depletion, shorts) at its steps as the twin does. Favours the
twin: its method knows where these equations are stiff, PyBaMM takes any; and the error that counts is the largest of
all states, so that PyBaMM, which steps no coarser than a tolerance of the list, may be more accurate than it need be.

Usage: python benchmarks/lithium_cell_pybamm.py        (with PyBaMM installed beside lithiate; it is no dependency)
"""

from __future__ import annotations

import os

os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lithiate.core.experiments import SymmetricCycling
from lithiate.twin import Sampling
from lithiate.twin.lithium_cell import DEFAULT_TOLERANCE
from lithiate.twin.states import OUT_VOLTAGE, PASSED, PER_ELECTRODE, Q_RESERVOIR, STATES

PROJECT = Path(__file__).resolve().parents[1]
RESULT = PROJECT / "benchmarks/results/lithium_cell_pybamm.json"
ANODES = ("Li foil", "WN/Mo2N@HCN/Li")
CYCLES = 5
ROUNDS = 7
MARKS = (1, 3, 6, 10, 13, 20, 30, -1)
"""Of the sampling times of a half cycle, those at which states are compared."""
RELATIVE_TOLERANCES = (3e-4, 1e-4, 3e-5, 1e-5, 3e-6)
ERROR_WEIGHTS = (0.1, 1.0, 3.0)
"""Absolute tolerance of PyBaMM over its relative tolerance and the twin's own scale of each state."""
UNKNOWN_SCALES = {"overpotential": 0.1, "branch": 10.0, "saturated": 1.0, "rate": 1e-9}
"""Scale of an algebraic unknown [V, A/m2, 1, 1/s], by the first word of its name."""
ROUTES = ("interpreted", "compiled", "core", "simulation")
PUBLIC = ("interpreted", "compiled", "simulation")
LIMIT = 0.1
SAME_EQUATIONS = 1e-9
SAME_SOLUTION = 1e-4


@cache
def bench_of_tests() -> Any:  # noqa: ANN401 - a class of the tests
    """Return the bench of the tests, which drives the twin half cycle by half cycle."""
    path = PROJECT / "tests/verification/conftest.py"
    specification = importlib.util.spec_from_file_location("bench_of_tests", path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module.Bench


def new_cell(anode: str) -> Any:  # noqa: ANN401
    """Return a bench with a fresh cell at 1 mA/cm2 and 1 mAh/cm2."""
    return bench_of_tests()(anode, experiment())


def experiment() -> SymmetricCycling:
    """Return the experiment."""
    return SymmetricCycling(current_density="1 mA/cm^2", areal_capacity="1 mAh/cm^2", cycles=CYCLES)


def sampling_times() -> NDArray[np.float64]:
    """Return the times of a half cycle at which both record the voltage [s]."""
    made = experiment()
    return Sampling.default(made).offsets("plate", made.half_cycle_duration, first=False)


class Trace:
    """States at the marks and voltages at all times."""

    def __init__(self) -> None:
        self.states: list[NDArray[np.float64]] = []
        self.voltages: list[NDArray[np.float64]] = []

    def error(self, reference: Trace) -> float:
        """Return the largest difference from a reference, over the largest value of each state and of the voltage.

        A state that is zero throughout counts against the areal capacity; the charge passed is no state of PyBaMM's.
        """
        found, expected = np.array(self.states), np.array(reference.states)
        found[:, PASSED] = expected[:, PASSED] = 0.0
        size = np.abs(expected).max(axis=0)
        of_states = np.abs(found - expected).max(axis=0) / np.where(size > 1e-12, size, experiment().areal_capacity)
        voltage, other = np.concatenate(self.voltages), np.concatenate(reference.voltages)
        return float(max(of_states.max(), np.abs(voltage - other).max() / np.abs(other).max()))


def reference_trace(anode: str) -> Trace:
    """Integrate by SUNDIALS."""
    from sksundae import cvode

    cell, trace, times = new_cell(anode), Trace(), sampling_times()
    for k in range(2 * CYCLES):
        plating = k % 2
        cell.begin()
        run = cvode.CVODE(slopes(cell, plating), rtol=1e-9, atol=1e-10 * cell.scale, max_num_steps=100_000)
        found = run.solve(np.concatenate([[0.0], times]), cell.y)
        assert found.success, found.message
        keep(trace, cell, plating, np.ascontiguousarray(found.y[1:]))
        cell.fatigue(plating)
    return trace


def slopes(cell: Any, plating: int) -> Callable[..., None]:  # noqa: ANN401
    """Return the right-hand side in the form that SUNDIALS calls."""

    def fill(_t: float, y: NDArray[np.float64], dy: NDArray[np.float64]) -> None:
        dy[:] = cell.evaluate(y.copy(), plating)[0]

    return fill


def keep(trace: Trace, cell: Any, plating: int, states: NDArray[np.float64]) -> None:  # noqa: ANN401
    """Keep the states of a half cycle at all sampling times (n, STATES), and go on from the last."""
    trace.states += [states[i] for i in MARKS]
    trace.voltages.append(np.array([cell.evaluate(y, plating)[1][OUT_VOLTAGE] for y in states]))
    cell.y = states[-1].copy()


def trace_of_twin(anode: str) -> Trace:
    """Integrate by the twin as shipped; states in between come from runs that end there."""
    cell, trace, times = new_cell(anode), Trace(), sampling_times()
    for k in range(2 * CYCLES):
        plating = k % 2
        cell.begin()
        for i in MARKS[:-1]:
            y = cell.y.copy()
            cell.advance(y, plating, times[i], guess=cell.guess.copy())
            trace.states.append(y)
        _, samples, _ = cell.advance(cell.y, plating, cell.duration, times)
        trace.states.append(cell.y.copy())
        trace.voltages.append(samples[:, 1 + OUT_VOLTAGE])
        cell.fatigue(plating)
    return trace


class Twin:
    """Our side of the clock."""

    def __init__(self, anode: str) -> None:
        self.cell, self.times = new_cell(anode), sampling_times()
        self.fresh = self.cell.y.copy()
        self.steps = 0

    def run(self) -> float:
        """Run all half cycles; return the CPU time of one [s]."""
        cell = self.cell
        cell.y = self.fresh.copy()
        cell.exposure[:], cell.intact[:] = 0.0, 1.0
        self.steps = 0
        start = time.process_time()
        for k in range(2 * CYCLES):
            cell.begin()
            self.steps += cell.advance(cell.y, k % 2, cell.duration, self.times)[2]
            cell.fatigue(k % 2)
        return (time.process_time() - start) / (2 * CYCLES)


class Peer:
    """PyBaMM's side: one route at one tolerance."""

    def __init__(self, cell: Any, models: list[Any], route: str, setting: tuple[float, float], *, states: bool) -> None:  # noqa: ANN401
        import pybamm

        self.cell, self.models, self.route, self.states = cell, models, route, states
        self.fresh, self.times = cell.model.initial_state.copy(), sampling_times()
        self.span = np.array([0.0, cell.duration])
        relative, weight = setting
        self.solvers, self.steps = [], 0
        for built in models:
            unknowns = [UNKNOWN_SCALES[name.split()[0]] for name in built.unknowns]
            self.solvers.append(
                pybamm.IDAKLUSolver(
                    rtol=relative,
                    atol=relative * weight * np.append(cell.scale[kept()], unknowns),
                    output_variables=None if states else ["Voltage [V]"],
                    options={"compile": route in ("compiled", "core")},
                )
            )
        self.simulations = [
            pybamm.Simulation(self._raw(k), solver=self.solvers[k]) if route == "simulation" else None for k in (0, 1)
        ]
        self.guesses = [np.array(built.guesses) for built in models]
        self.known = [False, False]

    def _raw(self, plating: int) -> Any:  # noqa: ANN401
        from peers.lithium_cell_in_pybamm import build

        cell = self.cell
        return build(cell.model, plating, cell.current, cell.losses, discretised=False).model

    def run(self, trace: Trace | None = None) -> float:
        """Run all half cycles; return the CPU time of one [s]."""
        cell = self.cell
        cell.y = self.fresh.copy()
        cell.exposure[:], cell.intact[:] = 0.0, 1.0
        self.steps = 0
        start = time.process_time()
        for k in range(2 * CYCLES):
            plating = k % 2
            cell.begin()
            solve = self._directly if self.route == "core" and self.known[plating] else self._publicly
            found = solve(plating)
            if trace is not None:
                full = np.zeros((len(self.times), STATES))
                full[:, kept()] = found[-len(self.times) :, : len(kept())]
                keep(trace, cell, plating, full)
            cell.fatigue(plating)
        return (time.process_time() - start) / (2 * CYCLES)

    def _publicly(self, plating: int) -> NDArray[np.float64]:
        """Solve a half cycle by a public route; return the states at all times (n, unknowns) where wanted."""
        from peers.lithium_cell_in_pybamm import inputs

        solver, cell = self.solvers[plating], self.cell
        given = inputs(cell.y, self.guesses[plating], cell.intact)
        simulation = self.simulations[plating]
        if simulation is not None:
            solution = simulation.solve(self.span, t_interp=self.times, inputs=given)
        else:
            solution = solver.solve(self.models[plating].model, self.span, t_interp=self.times, inputs=given)
        assert solution.termination == "final time", solution.termination
        self.known[plating] = True
        self.steps += solution.solver_statistics.number_of_steps
        if not self.states:
            assert len(solution["Voltage [V]"].data) >= len(self.times)
            return self._end(np.asarray(solution.y_event).ravel())
        return self._end(np.asarray(solution.y).T)

    def _directly(self, plating: int) -> NDArray[np.float64]:
        """Solve a half cycle by the compiled object that `IDAKLUSolver` holds; the rest as `_publicly`."""
        from peers.lithium_cell_in_pybamm import inputs

        cell = self.cell
        given = inputs(cell.y, self.guesses[plating], cell.intact)["given"].T
        start = given[:, :-2]
        made = (
            self.solvers[plating]._setup["solver"].solve(self.span, self.times, start, np.zeros_like(start), given)[0]
        )
        assert made.flag >= 0, made.flag
        self.steps += made.stats.number_of_steps
        if not self.states:
            assert len(made.y) >= len(self.times)
            return self._end(np.asarray(made.y_term))
        return self._end(np.asarray(made.y).reshape(-1, start.shape[1]))

    def _end(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take the end of a half cycle as the cell's state."""
        self.cell.y[kept()] = found[..., : len(kept())].reshape(-1, len(kept()))[-1]
        return found


def kept() -> list[int]:
    """Return the states of the twin that the PyBaMM model has."""
    from peers.lithium_cell_in_pybamm import KEPT

    return KEPT


def difference_of_equations(anode: str, models: list[Any]) -> float:
    """Return the largest relative difference of derivatives and voltage, at disturbed states of a half-filled cell."""
    import pybamm
    from peers.lithium_cell_in_pybamm import inputs

    cell, draws, worst = new_cell(anode), np.random.default_rng(1), 0.0
    for k in range(3):
        cell.begin()
        cell.advance(cell.y, k % 2, cell.duration if k < 2 else 0.6 * cell.duration)
        cell.fatigue(k % 2)
    solvers = [pybamm.IDAKLUSolver(rtol=1e-8, atol=1e-10) for _ in models]
    for _ in range(5):
        y = cell.y * (1.0 + 0.02 * draws.standard_normal(STATES))
        for offset in (0, PER_ELECTRODE):  # a reservoir never holds more than at the start
            y[offset + Q_RESERVOIR] = cell.y[offset + Q_RESERVOIR] * (1.0 - 1e-4 * draws.random())
        for plating, (built, solver) in enumerate(zip(models, solvers, strict=True)):
            given = inputs(y, built.guesses, cell.intact)
            # the first step of PyBaMM's solver finds its unknowns; Newton's method then makes them exact
            found = np.asarray(solver.solve(built.model, np.array([0.0, 1e-6]), inputs=given).y)[:, 0].copy()
            n, p = len(kept()), given["given"]
            for _ in range(5):
                slope = built.model.jac_algebraic_eval(0.0, found, p).full()
                found[n:] -= np.linalg.solve(
                    slope[:, n - found.size :], built.model.algebraic_eval(0.0, found, p).full()[:, 0]
                )
            rates = built.model.rhs_eval(0.0, found, p).full()[:, 0]
            made = pybamm.Solution(np.array([0.0, 1.0]), np.column_stack([found, found]), built.model, given)
            derivatives, out = cell.evaluate(y, plating)
            expected = derivatives[kept()]
            # A closed branch carries nothing in the twin and some 1e-15 A/m2 of rounding in PyBaMM: a rate counts
            # against at least 1e-4 of what would change its state by its scale in a half cycle.
            size = np.maximum(np.abs(expected), 1e-4 * cell.scale[kept()] / cell.duration)
            worst = max(worst, float(np.max(np.abs(rates - expected) / size)))
            voltage = float(np.ravel(made["Voltage [V]"].data)[0])
            worst = max(worst, abs(voltage - float(out[OUT_VOLTAGE])) / abs(float(out[OUT_VOLTAGE])))
    return worst


def settings_by_cost(anode: str, models: list[Any], reference: Trace) -> list[dict[str, float]]:
    """Return what PyBaMM's solver costs and how accurate it is, a row for each of its settings."""
    rows = []
    for setting in ((r, w) for w in ERROR_WEIGHTS for r in RELATIVE_TOLERANCES):
        trace = Trace()
        Peer(new_cell(anode), models, "core", setting, states=True).run(trace)
        peer = Peer(new_cell(anode), models, "core", setting, states=False)
        peer.run()
        seconds = statistics.median(peer.run() for _ in range(3))
        rows.append(
            {
                "relative_tolerance": setting[0],
                "error_weight": setting[1],
                "error": trace.error(reference),
                "seconds_of_core": seconds,
                "steps": peer.steps / (2 * CYCLES),
            }
        )
    return rows


def compare(anode: str) -> dict[str, Any]:
    """Return the comparison for one anode."""
    from peers.lithium_cell_in_pybamm import build

    cell = new_cell(anode)
    start = time.process_time()
    models = [build(cell.model, plating, cell.current, cell.losses) for plating in (0, 1)]
    building = time.process_time() - start
    twin = Twin(anode)
    start = time.process_time()
    twin.run()
    warming = time.process_time() - start
    equations = difference_of_equations(anode, models)
    reference = reference_trace(anode)
    tight = Trace()
    Peer(new_cell(anode), models, "compiled", (1e-7, 0.1), states=True).run(tight)
    ours = trace_of_twin(anode).error(reference)
    rows = settings_by_cost(anode, models, reference)
    good = [row for row in rows if row["error"] <= ours]
    chosen = min(good or [min(rows, key=lambda row: row["error"])], key=lambda row: row["seconds_of_core"])
    setting = (chosen["relative_tolerance"], chosen["error_weight"])
    peers, setups = {}, {}
    for route in ROUTES:
        peers[route] = Peer(new_cell(anode), models, route, setting, states=False)
        start = time.perf_counter()
        peers[route].run()
        setups[route] = time.perf_counter() - start
    mine: list[float] = []
    theirs: dict[str, list[float]] = {route: [] for route in ROUTES}
    for _ in range(ROUNDS):
        for route in ROUTES:
            theirs[route].append(peers[route].run())
        mine.append(twin.run())
    medians = {route: statistics.median(theirs[route]) for route in ROUTES}
    fastest = min(PUBLIC, key=lambda route: medians[route])
    return {
        "anode": anode,
        "difference_of_equations": equations,
        "difference_of_solutions_at_tight_tolerance": tight.error(reference),
        "lithiate_error": ours,
        "pybamm_error": chosen["error"],
        "pybamm_reaches_it": bool(good),
        "pybamm_setting": chosen,
        "pybamm_settings": rows,
        "lithiate_seconds": mine,
        "lithiate_steps": twin.steps / (2 * CYCLES),
        "pybamm_seconds": theirs,
        "pybamm_building_seconds": building,
        "pybamm_first_run_seconds": setups,
        "lithiate_first_run_seconds": warming,
        "fastest_public_route": fastest,
        "ratios": {route: statistics.median(mine) / medians[route] for route in ROUTES},
    }


def report(found: dict[str, Any]) -> None:
    """Print one comparison."""
    milliseconds = {route: 1e3 * statistics.median(times) for route, times in found["pybamm_seconds"].items()}
    print(
        f"{found['anode']}: equations agree to {found['difference_of_equations']:.1e}, solutions at tight tolerance to "
        f"{found['difference_of_solutions_at_tight_tolerance']:.1e}\n"
        f"  lithiate {1e3 * statistics.median(found['lithiate_seconds']):.3f} ms a half cycle, error "
        f"{found['lithiate_error']:.1e}; PyBaMM {found['pybamm_error']:.1e} at relative tolerance "
        f"{found['pybamm_setting']['relative_tolerance']:g}{'' if found['pybamm_reaches_it'] else ', its best'}"
    )
    for route in ROUTES:
        note = ", its fastest public route" if route == found["fastest_public_route"] else ""
        note = ", below its interface" if route == "core" else note
        ratio = found["ratios"][route]
        print(f"  PyBaMM {route}: {milliseconds[route]:.3f} ms, {1 / ratio:.1f} x ours (ratio {ratio:.4f}){note}")


def main() -> int:
    """Run the comparison; 0 when the limit holds, 1 when it does not, 2 without PyBaMM or SUNDIALS."""
    missing = [name for name in ("pybamm", "sksundae", "pytest") if importlib.util.find_spec(name) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}; no comparison", file=sys.stderr)
        return 2
    import pybamm

    found = [compare(anode) for anode in ANODES]
    agree = all(
        row["difference_of_equations"] <= SAME_EQUATIONS
        and row["difference_of_solutions_at_tight_tolerance"] <= SAME_SOLUTION
        for row in found
    )
    holds = agree and all(row["ratios"][row["fastest_public_route"]] <= LIMIT for row in found)
    result = {
        "claim": f"a half cycle costs at most {LIMIT} x the CPU time of PyBaMM's fastest public route, as accurately",
        "pybamm": pybamm.__version__,
        "half_cycles": 2 * CYCLES,
        "samples_of_half_cycle": len(sampling_times()),
        "lithiate_tolerance": DEFAULT_TOLERANCE,
        "load_average": os.getloadavg(),
        "anodes": found,
        "same_equations": agree,
        "holds": holds,
        "holds_below_the_interface": agree and all(row["ratios"]["core"] <= LIMIT for row in found),
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for row in found:
        report(row)
    print(f"limit {LIMIT} of the fastest public route: {'holds' if holds else 'does not hold'}")
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
