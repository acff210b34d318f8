"""lithiate's own files: Parquet with a JSON sidecar beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from lithiate.core.measurement import Measurement
from lithiate.core.store import load_measurement, measurement_paths
from lithiate.readers.source import Reader, Source


def sniff(head: bytes, path: Path) -> bool:
    """Recognise a Parquet file that has a sidecar with a schema version, or the sidecar itself."""
    if not (head.startswith(b"PAR1") or head.lstrip().startswith(b"{")):
        return False
    parquet_path, json_path = measurement_paths(path.with_suffix(""))
    if path not in (parquet_path, json_path) or not json_path.is_file():
        return False
    try:
        content = json.loads(json_path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # A sidecar that cannot be parsed is still a sidecar: loading says that it is damaged.
        return path == parquet_path
    return isinstance(content, dict) and "schema_version" in content


def read(source: Source, settings: Mapping[str, str]) -> Measurement:
    """Load the measurement as it was saved."""
    return load_measurement(source.path)


READER = Reader(name="lithiate", title="lithiate's own Parquet and JSON", settings=(), sniff=sniff, read=read)
