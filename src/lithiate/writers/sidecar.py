"""The sidecar of a format that has no place for the specimen: a small TOML file that `lithiate.readers` reads."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from lithiate.core.measurement import ImpedanceSpectra, Measurement
from lithiate.core.store import atomic_write_text

_QUANTITIES = {"area": "m^2", "cathode_mass": "kg"}
_WORDS = ("cell", "cell_id", "anode", "electrolyte", "cathode")


def write_sidecar(record: Measurement, path: str | os.PathLike[str]) -> Path:
    """Write ``NAME.SUFFIX.toml`` beside the file `path` with everything that a record has beside its arrays.

    Numbers have all their digits. Raises ``LI-WRITE-001`` when it cannot be written.
    """
    target = Path(path)
    return atomic_write_text(target.with_name(f"{target.name}.toml"), sidecar_text(record))


def sidecar_text(record: Measurement) -> str:
    """Return the text of a record's sidecar."""
    specimen, provenance = record.specimen, record.provenance
    words = {"specimen": specimen.name, **{name: getattr(specimen, name) for name in _WORDS}}
    numbers = {name: getattr(specimen, name) for name in _QUANTITIES}
    stated = {name: value for name, value in words.items() if value is not None}
    stated |= {name: f"{value!r} {_QUANTITIES[name]}" for name, value in numbers.items() if value is not None}
    lines = [f"{name} = {_quoted(value)}" for name, value in stated.items()]
    if isinstance(record, ImpedanceSpectra):
        lines += _of_spectra(record)
    if record.conditions:
        lines += [
            "",
            "[conditions]",
            *(f"{_key(name)} = {float(value)!r}" for name, value in record.conditions.items()),
        ]
    origin: Mapping[str, str | None] = {
        "origin": provenance.origin,
        "source": provenance.source or None,
        "reader": provenance.reader,
        "sha256": provenance.sha256,
        "software": provenance.software,
    }
    lines += [
        "",
        "[provenance]",
        *(f"{name} = {_quoted(value)}" for name, value in origin.items() if value is not None),
    ]
    start, identity = provenance.details.get("start"), provenance.details.get("identity")
    if start is not None:
        lines.append(f"start = {float(start)!r}")
    if identity:
        lines.append("identity = { " + ", ".join(f"{_key(k)} = {_quoted(str(v))}" for k, v in identity.items()) + " }")
    if record.warnings:
        lines += ["warnings = [", *(f"    {_quoted(text)}," for text in record.warnings), "]"]
    return "\n".join(lines) + "\n"


def _of_spectra(record: ImpedanceSpectra) -> list[str]:
    """Return the lines of what is known of each spectrum."""
    known: Mapping[str, list[str]] = {
        "temperature": [] if record.temperature is None else [f'"{float(t)!r} K"' for t in record.temperature],
        "cycle": [] if record.cycle is None else [str(int(cycle)) for cycle in record.cycle],
        "state": [] if record.state is None else [_quoted(word) for word in record.state],
    }
    return [f"{name} = [{', '.join(words)}]" for name, words in known.items() if words]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in escaped) + '"'


def _key(name: str) -> str:
    bare = name.replace("_", "").replace("-", "")
    return name if bare.isascii() and bare.isalnum() else _quoted(name)
