"""Count how often the analysis of spectra finds what the twin did: ``python docs/measure_impedance_round_trip.py``.

Fresh symmetric cells, whose film and charge transfer make two arcs above 10 Hz, get 0.5 % of |Z| of noise, go through a
vendor's text layout, are read and analysed by the default settings. The truth stands in the numbers of the twin's own
model. Seeds are 0 upwards, fixed before the first run. Writes ``docs/impedance_round_trip.json``, from which
`docs/generate.py` makes the tables of verification.md; `tests/verification/test_impedance_round_trip.py` judges the
same counts.
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from attrs import frozen

from lithiate.analysis.arrhenius import FORMS, fit_arrhenius
from lithiate.analysis.impedance import analyse_impedance
from lithiate.analysis.impedance_result import ImpedanceResult
from lithiate.analysis.kinetics import analyse_kinetics
from lithiate.constants import FARADAY, GAS_CONSTANT, REFERENCE_TEMPERATURE
from lithiate.core.cell import SymmetricCell
from lithiate.core.estimate import Estimate
from lithiate.core.experiments import Impedance, ImpedanceTemperature
from lithiate.core.measurement import ImpedanceSpectra, PolarisationCurve, Provenance, Specimen
from lithiate.readers import read
from lithiate.twin import Instrument, ParameterSet, Solution, load_parameters, solve
from lithiate.twin import impedance as twin
from lithiate.twin.equations import right_hand_side
from lithiate.twin.lithium_cell import new_scratch
from lithiate.twin.spectra import _at_temperature
from lithiate.twin.states import OUT_VOLTAGE, OUTPUTS, PER_ELECTRODE, Q_TOP, SALT_CELLS, STATES, Drive
from lithiate.writers import write

RESULT = Path(__file__).with_name("impedance_round_trip.json")
CASES = 400
SERIES = 200
NOISE = 0.005
LAYOUTS = (".DTA", ".mpt")
ANODES = ("Li foil", "WN/Mo2N@HCN/Li")
ELECTROLYTES = {"ether": "LiTFSI-DOL-DME-LiNO3", "carbonate": "LiPF6-EC-DEC"}

RESISTANCES = (10e-4, 200e-4)
"""Least and largest resistance of either arc, both electrodes together [ohm m2]."""
RATIOS = (10.0, 1000.0)
"""Of the time constants."""
FASTEST, SLOWEST = 3e5, 20.0
"""Frequencies between which both arcs peak [Hz]."""
TEMPERATURES = (273.15, 323.15)
AREAS = (0.5e-4, 2e-4)
DRAWN = ("film_resistance", "native_film_resistance", "exchange_current_density")
CAPACITIES = ("double_layer_capacitance", "film_capacitance")

WARM = tuple(273.15 + 12.0 * k for k in range(6))
"""Temperatures of a series [K]."""
ENERGIES = (52.95e3, 60.38e3)
"""Of film and charge transfer, and the other way round in every other series [J/mol]."""

WINDOW, ROWS = 0.2, 121
"""Of a sweep: largest voltage an electrode [V], and rows."""
CURRENT_NOISE = 0.01
NARROW = 0.1
"""Width of an interval, by the value, below which the value must be within 5 %."""
COVER, CLOSED = 2e6, 1e9
"""Lithium of a deposit that covers a surface [C/m2], and film over what it leaves [ohm m2]."""

NAMES = ("ohmic_resistance", "interfacial_resistance", "sei_resistance", "charge_transfer_resistance")
Row = dict[str, Any]


@frozen
class Truth:
    """What the twin's model of a cell holds: resistances by name [ohm m2], peaks of the two arcs [Hz]."""

    resistances: dict[str, float]
    peaks: tuple[float, float]


def truth_of(solution: Solution, temperature: float) -> Truth:
    """Return the resistances of a fresh cell of two like electrodes, all of them native film beside charge transfer."""
    model = _at_temperature(solution, temperature)
    numbers, faces, layers = np.empty((2, twin.NUMBERS)), np.empty(4), np.empty((6, SALT_CELLS))
    ohmic = twin.cell_at_rest(solution.initial_state, model.electrodes, model.cell, numbers, faces, layers)
    assert not numbers[:, [twin.TOP_AREA, twin.INTERIOR_SHARE]].any()
    film, transfer = (
        float((numbers[:, k] / numbers[:, twin.BARE_AREA]).sum()) for k in (twin.NATIVE_FILM, twin.TRANSFER)
    )
    values = (float(ohmic), film + transfer, film, transfer)
    fast = solution.parameters["film_capacitance"] * numbers[0, twin.FRESH_FILM]
    slow = solution.parameters["double_layer_capacitance"] * numbers[0, twin.TRANSFER]
    return Truth(dict(zip(NAMES, values, strict=True)), (_peak(fast), _peak(slow)))


def _peak(time_constant: float) -> float:
    return float(1.0 / (2.0 * math.pi * time_constant))


def drawn(seed: int, nominal: ParameterSet, family: str) -> tuple[ParameterSet, float, float]:
    """Return parameters, a temperature [K] and an area [m2]: drawn until two arcs stand in the frequencies."""
    draw = np.random.default_rng([seed, 11])
    ending = "_carbonate" if family == "carbonate" else ""
    energies = [nominal[f"{name}_activation_energy{ending}"] for name in ("film", "charge_transfer")]
    while True:
        values = {}
        for name in (*(f"{name}{ending}" for name in DRAWN), *CAPACITIES):
            known = nominal.parameters[name]
            values[name] = float(np.exp(draw.uniform(math.log(known.low), math.log(known.high))))
        temperature, area = float(draw.uniform(*TEMPERATURES)), float(draw.uniform(*AREAS))
        warm = [math.exp(e / GAS_CONSTANT * (1.0 / temperature - 1.0 / REFERENCE_TEMPERATURE)) for e in energies]
        fresh, film, exchange = (values[f"{name}{ending}"] for name in DRAWN)
        film, transfer = film * warm[0], GAS_CONSTANT * temperature / FARADAY / exchange * warm[1]
        fast = _peak(values["film_capacitance"] * fresh * warm[0])
        slow = _peak(values["double_layer_capacitance"] * transfer)
        sizes = all(RESISTANCES[0] <= 2.0 * each <= RESISTANCES[1] for each in (film, transfer))
        if sizes and slow >= SLOWEST and fast <= FASTEST and RATIOS[0] <= fast / slow <= RATIOS[1]:
            return nominal.with_values(values), temperature, area


def through_files(spectra: ImpedanceSpectra, seed: int, folder: Path) -> ImpedanceSpectra:
    """Write each spectrum in the layout of a vendor, its temperature beside it as a person does, and read them."""
    paths = []
    area = spectra.specimen.area
    assert area is not None
    assert spectra.temperature is not None
    for k in range(len(spectra)):
        rows = spectra.rows(k)
        path = folder / f"cell{seed}-{k}{LAYOUTS[seed % len(LAYOUTS)]}"
        one = ImpedanceSpectra(
            specimen=Specimen("cell"),
            provenance=Provenance("simulated"),
            frequency=spectra.frequency[rows],
            impedance=spectra.impedance[rows],
        )
        write(one, path)
        kelvin = float(spectra.temperature[k])
        stated = f'cell = "symmetric"\narea = "{area * 1e4:.9g} cm^2"\ntemperature = "{kelvin!r} K"\n'
        path.with_name(f"{path.name}.toml").write_text(stated, encoding="utf-8")
        paths.append(path)
    found = read(paths if len(paths) > 1 else paths[0])
    assert isinstance(found, ImpedanceSpectra)
    for path in paths:
        path.unlink()
        path.with_name(f"{path.name}.toml").unlink()
    return found


def analysed(spectra: ImpedanceSpectra) -> ImpedanceResult:
    """Return the analysis by the default settings; relaxation times, which touch no resistance, are left out."""
    return analyse_impedance(spectra, relaxation_times=False)


def row_of(seed: int, quantity: str, found: Estimate, truth: float) -> Row:
    """Return what was found beside what is."""
    low, high = found.interval or (None, None)
    return {"seed": seed, "quantity": quantity, "truth": truth, "found": found.value, "low": low, "high": high}


def resistances(seed: int) -> list[Row]:
    """Return the four resistances of one drawn cell [ohm m2]."""
    family = tuple(ELECTROLYTES)[(seed // 2) % 2]
    parameters, temperature, area = drawn(seed, load_parameters(), family)
    cell = SymmetricCell(ANODES[(seed // 4) % 2], electrolyte=ELECTROLYTES[family], area=area)
    solution = solve(cell, Impedance(temperature=temperature), parameters=parameters, seed=seed)
    with tempfile.TemporaryDirectory() as name:
        spectra = through_files(solution.impedance_spectra(Instrument(impedance_noise=NOISE)), seed, Path(name))
    result, truth = analysed(spectra), truth_of(solution, temperature)
    more = {"peaks": truth.peaks, "circuit": result.circuit.name if result.circuit else None, "family": family}
    return [{**row_of(seed, name, getattr(result.spectra[0], name), truth.resistances[name]), **more} for name in NAMES]


def energies(seed: int) -> list[Row]:
    """Return activation energies of film and charge transfer of one cell at six temperatures [J/mol]."""
    film, transfer = ENERGIES if seed % 4 < 2 else ENERGIES[::-1]
    draw = np.random.default_rng([seed, 13])
    values = {
        "film_activation_energy_carbonate": film,
        "charge_transfer_activation_energy_carbonate": transfer,
        # At 25 degC 20 to 80 ohm cm2 of film, 15 to 50 of charge transfer, and 20 to 60 times its time constant.
        "native_film_resistance_carbonate": float(np.exp(draw.uniform(math.log(15e-4), math.log(40e-4)))),
        "exchange_current_density_carbonate": float(np.exp(draw.uniform(math.log(10.0), math.log(35.0)))),
        "film_resistance_carbonate": 15e-4,
        "double_layer_capacitance": float(draw.uniform(0.1, 0.3)),
    }
    slow = values["double_layer_capacitance"] * GAS_CONSTANT * REFERENCE_TEMPERATURE / FARADAY
    slow /= values["exchange_current_density_carbonate"]
    values["film_capacitance"] = float(np.clip(slow / 15e-4 / draw.uniform(20.0, 60.0), 0.002, 0.15))
    cell = SymmetricCell("Li foil", electrolyte=ELECTROLYTES["carbonate"], area=1.13e-4)
    test = ImpedanceTemperature(temperatures=WARM)
    solution = solve(cell, test, parameters=load_parameters().with_values(values), seed=seed)
    with tempfile.TemporaryDirectory() as name:
        spectra = through_files(solution.impedance_spectra(Instrument(impedance_noise=NOISE)), seed, Path(name))
    result = analysed(spectra)
    truths = [truth_of(solution, temperature).resistances for temperature in WARM]
    found = {energy.conditions["of"]: energy for energy in result.activation_energies}
    rows = []
    for quantity, put_in in (("sei_resistance", film), ("charge_transfer_resistance", transfer)):
        energy = found.get(quantity)
        known = [getattr(each, quantity).value is not None for each in result.spectra]
        kept = [k for k in range(len(WARM)) if known[k]]
        if energy is None or len(kept) < 3:
            rows.append({"seed": seed, "quantity": quantity, "truth": put_in, "found": None, "low": None, "high": None})
            continue
        # R_ct = RT/(F j0) has T beside j0: by its definition, ln R over 1/(R T), the energy is less by RT.
        truth = fit_arrhenius([WARM[k] for k in kept], [truths[k][quantity] for k in kept]).activation_energy
        points = [getattr(result.spectra[k], quantity) for k in kept]
        of_ratio = fit_arrhenius(
            [WARM[k] for k in kept],
            [point.value for point in points],
            [point.standard_uncertainty for point in points],
            form=FORMS[1],
        )
        row = row_of(seed, quantity, energy, truth)
        rows.append({**row, "put_in": put_in, "over_temperature": of_ratio.activation_energy, "spectra": len(kept)})
    return rows


def exchange_currents(seed: int) -> list[Row]:
    """Return the exchange current density of a foil that a deposit covers, from a sweep at a still surface [A/m2].

    Swept slowly, the twin's surfaces grow and close, and the fit refuses or says so. Here the twin's equations give the
    voltage at each current of a state that stands still: film, charge transfer, separator, salt beside the lithium.
    """
    draw = np.random.default_rng([seed, 17])
    family = tuple(ELECTROLYTES)[(seed // 2) % 2]
    ending, nominal = "_carbonate" if family == "carbonate" else "", load_parameters()
    names = [f"{name}{ending}" for name in ("film_resistance", "exchange_current_density")]
    known = [nominal.parameters[name] for name in names]
    values = [float(np.exp(draw.uniform(math.log(each.low), math.log(each.high)))) for each in known]
    temperature, area = float(draw.uniform(*TEMPERATURES)), float(draw.uniform(*AREAS))
    cell = SymmetricCell("Li foil", electrolyte=ELECTROLYTES[family], area=area)
    parameters = nominal.with_values(dict(zip(names, values, strict=True)))
    solution = solve(cell, Impedance(temperature=temperature), parameters=parameters, seed=seed)
    electrodes, model = solution.model.electrodes.copy(), solution.model
    electrodes["native_film_resistance"] = CLOSED
    state = solution.initial_state.copy()
    state[[Q_TOP, PER_ELECTRODE + Q_TOP]] = COVER
    numbers, faces, layers = np.empty((2, twin.NUMBERS)), np.empty(4), np.empty((6, SALT_CELLS))
    ohmic = twin.cell_at_rest(state, electrodes, model.cell, numbers, faces, layers)
    exchange = float(electrodes["exchange_current_density"][0] * numbers[0, twin.TOP_AREA])
    thermal = GAS_CONSTANT * temperature / FARADAY
    series = ohmic + 2.0 * float(numbers[0, twin.TOP_FILM] / numbers[0, twin.TOP_AREA])
    dense = np.geomspace(1e-3 * exchange, 1e5 * exchange, 4000)
    halves = np.linspace(0.0, 2.0 * WINDOW, ROWS // 2 + 1)[1:]
    # Where rows stand is a matter of taste, so the closed form may choose it; voltages come from the twin.
    at = np.interp(halves, 4.0 * thermal * np.arcsinh(dense / (2.0 * exchange)) + series * dense, dense)
    current = np.concatenate([-at[::-1], [0.0], at])
    slope, out, scratch = np.zeros(STATES), np.zeros(OUTPUTS), new_scratch()
    voltage = np.zeros(current.size)
    for k, density in enumerate(current):
        if density == 0.0:
            continue
        drive = Drive(int(density > 0.0), abs(float(density)), electrodes, model.cell, np.ones(2), np.zeros(2))
        for _ in range(2):
            right_hand_side(state, drive, slope, out, scratch)
        voltage[k] = math.copysign(float(out[OUT_VOLTAGE]), density)
    record = PolarisationCurve(
        specimen=Specimen("cell", cell="symmetric", area=area),
        provenance=Provenance("simulated"),
        conditions={"scan_rate": 1e-3},
        time=(voltage - voltage[0]) / 1e-3,
        voltage=voltage,
        current=current * area * (1.0 + CURRENT_NOISE * draw.standard_normal(current.size)),
    )
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / f"sweep{LAYOUTS[seed % len(LAYOUTS)]}"
        write(record, path)
        found = read(path, area=area, cell="symmetric")
        assert isinstance(found, PolarisationCurve)
    estimate = analyse_kinetics(found, temperature=temperature).exchange_current_density
    share = float(series * exchange / (2.0 * thermal))
    return [
        {**row_of(seed, estimate.quantity, estimate, exchange), "ohmic_share": share, "warnings": estimate.warnings}
    ]


def covered(rows: Iterable[Row]) -> int:
    """Return in how many rows with a value the 95 % interval holds the truth; an open end holds all beyond."""
    return sum(
        row["found"] is not None
        and (row["low"] is None or row["low"] <= row["truth"])
        and (row["high"] is None or row["truth"] <= row["high"])
        for row in rows
    )


def summary(rows: Sequence[Row]) -> dict[str, Any]:
    """Return counts; errors and width in per cent of the truth; the largest error in SI units."""
    known = [row for row in rows if row["found"] is not None]
    errors = [100.0 * (row["found"] / row["truth"] - 1.0) for row in known]
    widths = [
        100.0 * (row["high"] - row["low"]) / row["truth"] for row in known if None not in (row["low"], row["high"])
    ]
    return {
        "cases": len(rows),
        "with_value": len(known),
        "covered": covered(known),
        "truth": [min(row["truth"] for row in rows), max(row["truth"] for row in rows)],
        "median_error": float(np.median(errors)),
        "median_size_of_error": float(np.median(np.abs(errors))),
        "largest_error": float(np.max(np.abs(errors))),
        "median_width": float(np.median(widths)),
        "within_5_percent": sum(abs(error) < 5.0 for error in errors),
        "largest_distance": max(abs(row["found"] - row["truth"]) for row in known),
    }


def by_quantity(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Return the summary of each quantity."""
    names = dict.fromkeys(row["quantity"] for row in rows)
    return {name: summary([row for row in rows if row["quantity"] == name]) for name in names}


def by_share(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    """Return the summary of exchange currents: all, those with a narrow interval, and by R over RT/(F j0) of both."""
    groups = {
        "all": rows,
        "interval narrower than 10 %": [
            row for row in rows if row["found"] is not None and row["high"] - row["low"] < NARROW * row["found"]
        ],
    }
    ends = (0.0, 1.0, 2.0, 4.0, math.inf)
    for low, high in zip(ends[:-1], ends[1:], strict=True):
        words = f"ohmic share {low:g} to {high:g}" if math.isfinite(high) else f"ohmic share above {low:g}"
        groups[words] = [row for row in rows if low <= row["ohmic_share"] < high]
    return {name: summary(group) for name, group in groups.items()}


def each(measure: Callable[[int], list[Row]], seeds: Iterable[int]) -> list[Row]:
    """Return the rows of all seeds, two at a time."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        return [row for rows in pool.map(measure, seeds, chunksize=10) for row in rows]


MEASURES: dict[str, tuple[Callable[[int], list[Row]], int]] = {
    "resistances": (resistances, CASES),
    "energies": (energies, SERIES),
    "exchange": (exchange_currents, CASES),
}


def main(wanted: Sequence[str]) -> None:
    """Measure what is wanted (all by default), print, write."""
    content = json.loads(RESULT.read_text(encoding="utf-8")) if wanted and RESULT.is_file() else {}
    for name in wanted or MEASURES:
        measure, count = MEASURES[name]
        rows = each(measure, range(count))
        content[name] = by_share(rows) if name == "exchange" else by_quantity(rows)
        for quantity, numbers in content[name].items():
            print(name, quantity, numbers)
    RESULT.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
