"""From one file format to another: read everything that a file holds, write it, and lose nothing on the way."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from lithiate.core.measurement import Measurement
from lithiate.errors import WriteError
from lithiate.readers import read_all
from lithiate.writers import Format, format_of, write
from lithiate.writers.sidecar import write_sidecar


def convert(
    source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    target: str | os.PathLike[str],
    *,
    area: str | float | None = None,
    cell: str | None = None,
    cathode_mass: str | float | None = None,
    settings: Mapping[str, str] | None = None,
    technique: str | None = None,
) -> tuple[Path, ...]:
    """Read the files of one cell and write them in another format; return the files that were written.

    Parameters
    ----------
    source : path, or sequence of paths
        As for `lithiate.read`.
    target : path
        Its suffixes say the format: ``.bdf.csv``, ``.bdf.parquet``, ``.parquet`` (lithiate's own) and those of
        `lithiate.writers.FORMATS`.
    area, cell, cathode_mass, settings, technique
        As for `lithiate.read`.

    Notes
    -----
    A format without a place for area, cell, conditions, warnings and origin gets a sidecar ``TARGET.toml`` with them,
    which is read with the file: a record comes back bit for bit. Where the source holds several techniques the target
    takes the first that its format holds; the others go to ``NAME-TECHNIQUE.parquet`` beside it.

    Raises
    ------
    ReadError
        As `lithiate.read` does.
    WriteError
        ``LI-WRITE-002`` when the suffix means no format, or the format cannot hold the record; ``LI-WRITE-001`` when a
        target cannot be written, or is what is read, or a file that lithiate did not write.
    """
    path = Path(target)
    chosen = format_of(path)
    _refuse_to_overwrite(source, path)
    records = read_all(source, area=area, cell=cell, cathode_mass=cathode_mass, settings=settings, technique=technique)
    if technique is not None:
        records = tuple(record for record in records if record.technique == technique) or records
    main = next((record for record in records if record.technique in chosen.techniques), records[0])
    written = list(_written(main, path, chosen))
    for record in records:
        if record is not main:
            beside = path.with_name(f"{path.name.removesuffix(chosen.suffix)}-{record.technique}.parquet")
            written.extend(write(record, beside))
    return tuple(written)


def _refuse_to_overwrite(source: str | os.PathLike[str] | Sequence[str | os.PathLike[str]], target: Path) -> None:
    """Refuse a target that is read, or that somebody else wrote: only what lithiate wrote has a sidecar beside it."""
    if not target.exists():
        return
    named = [source] if isinstance(source, str | os.PathLike) else source
    read = [path for path in map(Path, named) if path.exists() and _is_or_holds(path, target)]
    own = any(target.with_name(name).is_file() for name in (f"{target.name}.toml", f"{target.stem}.json"))
    if read or not own:
        raise WriteError(
            "the target is a file that is read, and would be lost" if read else "the target exists already",
            code="LI-WRITE-001",
            where=str(target),
            got=str(read[0]) if read else "a file that lithiate did not write",
            expected="another name",
        )


def _is_or_holds(path: Path, target: Path) -> bool:
    return path.samefile(target) or (path.is_dir() and target.resolve().is_relative_to(path.resolve()))


def _written(record: Measurement, path: Path, chosen: Format) -> tuple[Path, ...]:
    files = write(record, path, format=chosen.name)
    return files if chosen.complete else (*files, write_sidecar(record, path))
