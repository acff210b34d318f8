"""Write the generated parts of the documents: ``python docs/generate.py``.

A document holds ``<!-- generated: NAME -->`` and ``<!-- end of NAME -->``; what stands between them is replaced by the
table of that name. `tests/unit/test_docs.py` fails when a table is out of date.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

from attrs import Factory, fields

import lithiate
from lithiate.analysis.change_points import NULL_ALARMS, NULL_SCORES, NULL_SIZES
from lithiate.analysis.circuits.library import LIBRARY, USUAL
from lithiate.analysis.coded_warnings import WARNINGS
from lithiate.analysis.critical_current import CriticalCurrentSettings
from lithiate.analysis.full_cell_result import FullCellSettings
from lithiate.analysis.impedance_result import ImpedanceSettings
from lithiate.analysis.kinetics_result import KineticsSettings
from lithiate.analysis.plating_result import PlatingSettings
from lithiate.analysis.symmetric_result import SymmetricSettings
from lithiate.core.techniques import QUANTITIES
from lithiate.errors import CATALOGUE
from lithiate.formulas.elements import ELEMENTS, ElementParameter
from lithiate.library import list_names, load_cathode, load_electrolyte, window_stoichiometries
from lithiate.twin.parameters import Parameter, load_parameters
from lithiate.units import convert

DOCS = Path(__file__).resolve().parent
TESTS = DOCS.parent / "tests"
SOURCES = Path(lithiate.__file__).resolve().parent

_WARNING = re.compile(r"(?P<code>LI-W-[A-Z]+(?:-\d{3})?) (?P<text>.+)", re.DOTALL)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def quantities_table() -> str:
    """Return the fixed words of the results with their units."""
    rows = [(f"`{q.name}`", f"`{q.si_unit}`", f"`{q.unit}`", q.description) for q in QUANTITIES.values()]
    return table(("quantity", "SI unit", "printed unit", "definition"), rows)


def parameters_table() -> str:
    """Return the parameters of the set "nominal", one table a scope, numbers in printed units."""
    parameters = load_parameters("nominal").parameters.values()
    parts = []
    for scope in dict.fromkeys(parameter.scope for parameter in parameters):
        rows = [_parameter_row(parameter) for parameter in parameters if parameter.scope == scope]
        heads = ("parameter", "value", "unit", "range", "prior", "status", "what it is", "source")
        parts.append(f"### Scope `{scope}`\n\n{table(heads, rows)}")
    return "\n\n".join(parts)


def _parameter_row(parameter: Parameter) -> tuple[str, ...]:
    def printed(value: float) -> str:
        return f"{convert(value, parameter.si_unit, parameter.unit):.6g}"

    spread = f"{parameter.spread:g}" if parameter.distribution == "lognormal" else printed(parameter.spread)
    return (
        f"`{parameter.name}`",
        printed(parameter.value),
        f"`{parameter.unit}`",
        f"{printed(parameter.low)} to {printed(parameter.high)}",
        f"{parameter.distribution}, {spread}",
        parameter.status,
        parameter.meaning,
        parameter.source,
    )


def settings_table(settings: type) -> str:
    """Return the settings of an analysis with their defaults; voltages in V."""
    defaults = [
        entry.default.factory() if isinstance(entry.default, Factory) else entry.default for entry in fields(settings)
    ]
    rows = [(f"`{entry.name}`", f"`{default}`") for entry, default in zip(fields(settings), defaults, strict=True)]
    return table(("setting", "default"), rows)


def errors_table() -> str:
    """Return the catalogue of error codes."""
    return table(("code", "meaning"), [(f"`{code}`", text) for code, text in CATALOGUE.items()])


def warnings_table() -> str:
    """Return the codes of warnings: those with a catalogue by what they mean, the others by what they say."""
    rows = [(f"`{code}`", "analysis", text) for code, text in WARNINGS.items()]
    rows += [(f"`{code}`", part, f"“{text}”") for code, part, text in sorted(set(_written_warnings()))]
    return table(("code", "part", "meaning, or “text”"), rows)


def closures_table() -> str:
    """Return the closures with their alternatives."""
    from lithiate.twin.closures import CLOSURES

    rows = [(f"`{name}`", f"`{other}`", words) for name, others in CLOSURES.items() for other, words in others.items()]
    return table(("closure", "alternative", "what it says"), rows)


def mechanisms_table() -> str:
    """Return the mechanisms that can be switched off."""
    from lithiate.twin.closures import MECHANISMS

    return table(("name", "what is switched off"), ((f"`{name}`", m.meaning) for name, m in MECHANISMS.items()))


def cathodes_table() -> str:
    """Return the cathodes of the library, numbers in printed units."""
    heads = ("cathode", "window / V", "x at the cut-offs", "capacity / mAh/g", "1 C / mA/g", "D/R² / 1/s", "potential")
    rows = []
    for name in list_names("cathodes"):
        cathode = load_cathode(name)
        charged, discharged = window_stoichiometries(cathode)
        capacity, nominal = (
            convert(value, "C/kg", "mAh/g")
            for value in (cathode.capacity * (discharged - charged), cathode.nominal_capacity)
        )
        window = " to ".join(f"{volts:g}" for volts in cathode.voltage_window)
        rate = f"{cathode.diffusivity / cathode.particle_radius**2:.1e}"
        source = cathode.sources["open_circuit_potential"].source
        cells = (window, f"{charged:.3f}, {discharged:.3f}", f"{capacity:.0f}", f"{nominal:.0f}", rate, source)
        rows.append((f"`{name}`", *cells))
    return table(heads, rows)


def electrolytes_table() -> str:
    """Return the electrolytes of the library, numbers in printed units."""
    heads = (
        "electrolyte",
        "family",
        "κ / mS/cm",
        "D / m²/s",
        "t+",
        "1 + dln f/dln c",
        "measured set",
        "additive",
        "source",
    )
    rows = []
    for name in list_names("electrolytes"):
        entry = load_electrolyte(name)
        numbers = (entry.transference_number, entry.thermodynamic_factor)
        rows.append(
            (
                f"`{name}`",
                entry.family,
                f"{convert(entry.conductivity, 'S/m', 'mS/cm'):.3g}",
                f"{entry.diffusivity:.2e}",
                *(f"{number:.3g}" for number in numbers),
                "yes" if entry.measured_set else "no",
                entry.additive or "none",
                entry.sources["diffusivity"].source,
            )
        )
    return table(heads, rows)


def robustness_table(section: str) -> str:
    """Return headline numbers by choice, from what `measure_robustness.py` measured."""
    content = json.loads((DOCS / "robustness.json").read_text(encoding="utf-8"))[section]
    anodes = list(next(iter(content.values())))

    def cell(numbers: dict[str, float | None]) -> str:
        onset = numbers["hysteresis_onset_time"]
        return f"{numbers['voltage_hysteresis']:.2f} mV, " + ("> 1400 h" if onset is None else f"{onset:.0f} h")

    rows = [(choice, *(cell(found[anode]) for anode in anodes)) for choice, found in content.items()]
    return table(("choice", *anodes), rows)


def single_particle_table() -> str:
    """Return what uniform reaction costs by loading and C-rate, from what `measure_single_particle.py` measured."""

    def millivolts(value: float | None) -> str:
        return "salt runs out" if value is None else f"{value:.2g}"

    rows = [
        (
            f"{row['loading']:g}",
            f"{row['c_rate']:g}",
            *(millivolts(row[name]) for name in ("estimate", "largest", "rms")),
            f"{100 * (row['capacity_single_particle'] - row['capacity_porous_electrode']):.2f}",
        )
        for row in json.loads((DOCS / "single_particle.json").read_text(encoding="utf-8"))
    ]
    heads = ("loading / mg/cm²", "C-rate", "estimate / mV", "largest / mV", "rms / mV", "capacity / % of 1 C")
    return table(heads, rows)


def elements_table() -> str:
    """Return the elements of circuits as they are declared."""
    usual = fields(ElementParameter).limits.default

    def row(parameter: ElementParameter) -> str:
        low, high = parameter.limits
        words = f"{parameter.symbol} = `{parameter.name}`" + (f", {parameter.unit}" if parameter.unit != "1" else "")
        return words if parameter.limits == usual else f"{words}, {low:g} to {high:g}"

    rows = [
        (f"`{e.symbol}`", e.title, f"`{e.formula}`", "; ".join(map(row, e.parameters)), e.source or "definition")
        for e in ELEMENTS.values()
    ]
    return table(("element", "what it is", "impedance", "parameters", "source"), rows)


def null_scores_table() -> str:
    """Return the scores of the null model of shorts, by number of blocks and rate of false alarms."""
    rows = [(f"{size}", *(f"{score:g}" for score in row)) for size, row in zip(NULL_SIZES, NULL_SCORES, strict=True)]
    return table(("blocks", *(f"{rate:g} in 1000 blocks" for rate in NULL_ALARMS)), rows)


def short_detection_table() -> str:
    """Return what `measure_short_detection.py` found, and told in vain."""
    content = json.loads((DOCS / "short_detection.json").read_text(encoding="utf-8"))
    rows = [
        (
            name,
            f"{row['found']} of {row['of']}",
            f"{row['interval holds it']}",
            f"{row['median error of the onset / h']}",
        )
        for name, row in content["found"].items()
    ]
    for key, words in (("false_alarms", "none, scatter to 3 %"), ("false_alarms_harsh", "none, scatter to 15 %")):
        quiet = content[key]
        told = ", ".join(f"{quiet[kind]} {kind}" for kind in ("hard", "soft", "fall", "noise"))
        rows.append((words, f"false alarms in {quiet['hours']:,.0f} h: {told}", "", ""))
    return table(("what was put in, and its fall", "found", "interval holds it", "median error of the onset / h"), rows)


def circuit_library_table() -> str:
    """Return the circuits of the library; those that are tried unless others are asked for are marked."""
    rows = [
        (
            f"**{named.name}**" if named.name in USUAL else named.name,
            f"`{named.text}`",
            named.title,
            "; ".join(f"`{label}`: {meaning}" for label, meaning in named.meaning),
        )
        for named in LIBRARY
    ]
    return table(("name", "circuit", "what it is", "its parts"), rows)


def circuit_intervals_table() -> str:
    """Return what intervals of the slower arc's resistance held, by `measure_circuit_fits.py`."""
    content = json.loads((DOCS / "circuit_fits.json").read_text(encoding="utf-8"))["intervals"]
    rows = []
    for name, row in content.items():
        bound = row["median_squared_error_over_bound"].values()
        rows.append((
            name,
            f"{row['held']} of {row['spectra']}",
            f"{row['held_80']}",
            f"{row['held_by_covariance']}",
            f"{row['flagged']}",
            f"{row['open']}",
            f"{100.0 * row['median_width']:.0f} %",
            f"{row['within_10_percent']}",
            f"{min(bound):.2f} to {max(bound):.2f}",
        ))  # fmt: skip
    heads = ("arcs", "95 % interval holds", "80 %", "95 % by covariance", "a part flagged", "open", "median width",
             "within 10 %", "median squared error over that of the bound")  # fmt: skip
    return table(heads, rows)


def circuit_choice_table() -> str:
    """Return which circuits were preferred, by `measure_circuit_fits.py`."""
    content = json.loads((DOCS / "circuit_fits.json").read_text(encoding="utf-8"))["choice"]
    rows = []
    for name, row in content.items():
        truth = name.rsplit(", ", 1)[0]
        others = ", ".join(f"{count} {each}" for each, count in row["preferred"].items() if each != truth)
        rows.append((
            name,
            f"{row['preferred'].get(truth, 0)} of {row['of']}",
            others,
            f"{row['lowest'].get(truth, 0)}",
            ", ".join(f"{count}" for count in row["exact_at_evidence"].values()),
        ))  # fmt: skip
    heads = ("made of, noise", "preferred", "others preferred", "lowest criterion alone", "evidence 0, 2, 4, 6, 8, 10")
    return table(heads, rows)


def close_arcs_table() -> str:
    """Return what becomes of two arcs that are close, by `measure_circuit_fits.py`."""
    content = json.loads((DOCS / "circuit_fits.json").read_text(encoding="utf-8"))["close_arcs"]
    fates = [fate for fate in next(iter(content.values())) if fate != "of"]
    rows = [(name, *(str(row[fate]) for fate in fates)) for name, row in content.items()]
    return table(("ratio of time constants, noise", *fates), rows)


def round_trip_table() -> str:
    """Return counts and errors of records with known answers, from what `measure_round_trip.py` measured."""
    content = json.loads((DOCS / "round_trip.json").read_text(encoding="utf-8"))
    forms = {"onset": ("onset", "h", "%"), "nucleation": ("nucleation overpotential", "mV", "mV")}
    forms["efficiency"] = ("efficiency by reservoir", "1", "1")
    rows = []
    for name, (words, unit, of_error) in forms.items():
        for anode, numbers in content[name].items():
            low, high = numbers["truth"]
            truth = f"{low:.5g}" if low == high else f"{low:.5g} to {high:.5g}"
            width = (
                "–" if numbers["median_width"] is None else f"{numbers['median_width']:.2g} {unit}".removesuffix(" 1")
            )
            error = f"{numbers['worst_error']:.2g} {of_error}".removesuffix(" 1")
            held = f"{numbers['covered']} of {numbers['with_value']}"
            rows.append((words, anode, f"{truth} {unit}".removesuffix(" 1"), held, str(numbers["open"]), error, width))
    heads = ("quantity", "anode", "truth", "intervals that hold it", "open above", "largest error", "median width")
    return table(heads, rows)


def kinetics_bias_table() -> str:
    """Return what each estimator makes of 1 mA/cm2, from what `measure_kinetics.py` measured."""
    rows = [
        (
            f"{row['series']:g}",
            "none" if row["limit"] is None else f"{row['limit']:g}",
            *(_bias(row["median"][name]) for name in ("butler-volmer", "tafel", "linear")),
            f"{100 * row['largest_error']:.1f} %",
        )
        for row in json.loads((DOCS / "kinetics.json").read_text(encoding="utf-8"))["biases"]
    ]
    heads = ("R / Ω cm²", "limit / mA/cm²", "joint fit", "Tafel", "linear", "largest error of the joint fit")
    return table(heads, rows)


def _bias(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def kinetics_table() -> str:
    """Return counts and errors of sweeps and Arrhenius lines, from what `measure_kinetics.py` measured."""
    content = json.loads((DOCS / "kinetics.json").read_text(encoding="utf-8"))
    rows = []
    for name, scale, unit in (("exchange_current_density", 100.0, "%"), ("activation_energy", 1.0, "kJ/mol")):
        found = content[name]
        known = found["cases"] - found.get("refused", 0)
        errors = (f"{scale * found[key]:.2g} {unit}" for key in ("median_error", "largest_error", "median_width"))
        rows.append((f"`{name}`", f"{found['inside']} of {known}", f"{found['inside_80']} of {known}", *errors))
    for energy, found in content["energies"].items():
        errors = (f"{found[key]:.2g} kJ/mol" for key in ("median_error", "largest_error"))
        rows.append((f"{energy} kJ/mol, five temperatures from 25 to 65 °C, 1 % noise", "", "", *errors, ""))
    heads = ("quantity", "95 % intervals that hold it", "80 %", "median error", "largest error", "median width of 95 %")
    return table(heads, rows)


def kramers_kronig_alarms_table() -> str:
    """Return how many faultless spectra failed, from what `measure_kramers_kronig.py` measured."""
    content = json.loads((DOCS / "kramers_kronig.json").read_text(encoding="utf-8"))
    alarms, seeds = content["false_alarms"], content["seeds"]
    shares = list(next(iter(alarms.values())))
    rows = [(name, *(str(counts[share]) for share in shares)) for name, counts in alarms.items()]
    rows.append((f"all, of {seeds * len(alarms)}", *(str(sum(c[share] for c in alarms.values())) for share in shares)))
    return table((f"failed of {seeds}", *(f"{100.0 * float(share):g} % noise" for share in shares)), rows)


def kramers_kronig_power_table() -> str:
    """Return how much that was wrong was found, from what `measure_kramers_kronig.py` measured."""
    content = json.loads((DOCS / "kramers_kronig.json").read_text(encoding="utf-8"))
    of = f"of {content['power_seeds']}"
    rows = []
    for row in content["drift"]:
        change = (
            f"{100.0 * row['mean_change']:.2g} ± {100.0 * row['spread_of_change']:.1g} %, truth "
            f"{100.0 * row['true_change']:.2g} %"
        )
        what = f"charge transfer grows by {100.0 * row['growth']:g} %"
        rows.append((what, f"{100.0 * row['noise']:g} %", f"{row['flagged']} {of}", f"change {change}"))
    for row in content["outliers"]:
        what = f"one row off by {row['size']:g} standard deviations"
        others = f"{row['others']} right rows named with them"
        rows.append((what, f"{100.0 * row['noise']:g} %", f"{row['named']} {of}", others))
    for row in content["kinks"]:
        what = f"step of Re Z by {100.0 * row['step']:g} %"
        rows.append((what, f"{100.0 * row['noise']:g} %", f"{row['flagged']} {of}", ""))
    return table(("what is wrong", "noise", "found", ""), rows)


def relaxation_times_table() -> str:
    """Return errors of distributions of relaxation times, from what `measure_kramers_kronig.py` measured."""
    content = json.loads((DOCS / "kramers_kronig.json").read_text(encoding="utf-8"))
    rows = [
        (
            f"{row['exponent']:g}",
            f"{100.0 * row['noise']:g} %",
            f"{row['fewer']}, {row['more']} of {content['peak_seeds']}",
            f"{row['place_decades']:.2g}",
            f"{100.0 * row['area']:.2g} %",
            f"{100.0 * row['whole']:.2g} %",
        )
        for row in content["peaks"]
    ]
    heads = ("exponent", "noise", "fewer, more than two peaks", "place / decades", "resistance of an arc", "of both")
    return table(heads, rows)


def impedance_round_trip_table(section: str) -> str:
    """Return counts and errors of spectra with known answers, from what `measure_impedance_round_trip.py` measured."""
    content = json.loads((DOCS / "impedance_round_trip.json").read_text(encoding="utf-8"))[section]
    factor, unit = {"resistances": (1e4, "ohm cm²"), "energies": (1e-3, "kJ/mol")}[section]
    rows = []
    for name, numbers in content.items():
        low, high = (f"{factor * end:.4g}" for end in numbers["truth"])
        rows.append(
            (
                f"`{name}`",
                f"{low} to {high} {unit}",
                f"{numbers['with_value']} of {numbers['cases']}",
                f"{numbers['covered']}",
                f"{numbers['median_error']:.2g} %",
                f"{numbers['median_size_of_error']:.2g} %",
                f"{numbers['largest_error']:.2g} %",
                f"{numbers['median_width']:.2g} %",
            )
        )
    heads = ("quantity", "truth", "with a value", "intervals that hold it", "median error", "median size of the error")
    return table((*heads, "largest error", "median width"), rows)


def exchange_round_trip_table() -> str:
    """Return how exchange currents come back, from what `measure_impedance_round_trip.py` measured."""
    content = json.loads((DOCS / "impedance_round_trip.json").read_text(encoding="utf-8"))["exchange"]
    rows = [
        (
            name,
            f"{numbers['with_value']} of {numbers['cases']}",
            f"{numbers['covered']}",
            f"{numbers['within_5_percent']}",
            f"{numbers['median_size_of_error']:.2g} %",
            f"{numbers['largest_error']:.2g} %",
            f"{numbers['median_width']:.2g} %",
        )
        for name, numbers in content.items()
    ]
    heads = ("sweeps", "with a value", "intervals that hold it", "within 5 %", "median size of the error")
    return table((*heads, "largest error", "median width"), rows)


def misses_table() -> str:
    """Return the tests that are expected to fail, with their reasons."""
    rows = [row for path in sorted(TESTS.rglob("test_*.py")) for row in _expected_failures(path)]
    return table(("test", "file", "reason"), rows) if rows else "None."


def _expected_failures(path: Path) -> Iterator[tuple[str, str, str]]:
    """Yield test, file and reason of every test with an xfail mark, written out or by a name of the module."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {
        ast.unparse(node.targets[0]): _xfail_reason(node.value) for node in tree.body if isinstance(node, ast.Assign)
    }
    for function in tree.body:
        if isinstance(function, ast.FunctionDef):
            marks = [node for decorator in function.decorator_list for node in ast.walk(decorator)]
            reasons = [_xfail_reason(mark) or named.get(ast.unparse(mark)) for mark in marks]
            for reason in dict.fromkeys(filter(None, reasons)):
                yield f"`{function.name}`", f"`{path.relative_to(TESTS.parent).as_posix()}`", reason


def _xfail_reason(node: ast.AST) -> str | None:
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.xfail"):
        return None
    return next((ast.literal_eval(word.value) for word in node.keywords if word.arg == "reason"), "no reason is given")


def _written_warnings() -> Iterator[tuple[str, str, str]]:
    """Yield (code, part of the package, text) of every warning that stands in the sources as text."""
    for path in sorted(SOURCES.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        pieces = {id(piece) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for piece in node.values}
        for node in ast.walk(tree):
            match = None if id(node) in pieces else _WARNING.fullmatch(_template(node))
            if match:
                yield match["code"], path.relative_to(SOURCES).parts[0], match["text"]


def _template(node: ast.AST) -> str:
    """Return a text of the sources with an ellipsis for each value that is put in; empty for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"\{\w+\}", "…", node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return ""


TABLES: dict[str, Callable[[], str]] = {
    "quantities": quantities_table,
    "parameters": parameters_table,
    "settings": partial(settings_table, SymmetricSettings),
    "plating_settings": partial(settings_table, PlatingSettings),
    "kinetics_settings": partial(settings_table, KineticsSettings),
    "critical_current_settings": partial(settings_table, CriticalCurrentSettings),
    "full_cell_settings": partial(settings_table, FullCellSettings),
    "impedance_settings": partial(settings_table, ImpedanceSettings),
    "errors": errors_table,
    "warnings": warnings_table,
    "closures": closures_table,
    "mechanisms": mechanisms_table,
    "robustness_numerical": partial(robustness_table, "numerical"),
    "robustness_definitions": partial(robustness_table, "definitions"),
    "single_particle": single_particle_table,
    "circuit_elements": elements_table,
    "null_scores": null_scores_table,
    "short_detection": short_detection_table,
    "round_trip": round_trip_table,
    "kinetics": kinetics_table,
    "kinetics_bias": kinetics_bias_table,
    "circuit_library": circuit_library_table,
    "circuit_intervals": circuit_intervals_table,
    "circuit_choice": circuit_choice_table,
    "close_arcs": close_arcs_table,
    "kramers_kronig_alarms": kramers_kronig_alarms_table,
    "kramers_kronig_power": kramers_kronig_power_table,
    "relaxation_times": relaxation_times_table,
    "impedance_round_trip": partial(impedance_round_trip_table, "resistances"),
    "energy_round_trip": partial(impedance_round_trip_table, "energies"),
    "exchange_round_trip": exchange_round_trip_table,
    "misses": misses_table,
    "library_cathodes": cathodes_table,
    "library_electrolytes": electrolytes_table,
}
"""Name in the markers -> what writes the table."""


def updated(text: str) -> str:
    """Return a document with its generated tables brought up to date."""

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        return f"<!-- generated: {name} -->\n\n{TABLES[name]()}\n\n<!-- end of {name} -->"

    return re.sub(r"<!-- generated: (?P<name>\w+) -->.*?<!-- end of (?P=name) -->", fill, text, flags=re.DOTALL)


def main() -> None:
    """Bring all documents up to date."""
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if updated(text) != text:
            path.write_text(updated(text), encoding="utf-8")


if __name__ == "__main__":
    main()
