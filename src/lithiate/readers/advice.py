"""Binary files of cyclers that only their vendors' programs read: recognised to say which export to make."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lithiate.errors import ReadError
from lithiate.readers.source import RawRecord, Reader, Source

_LANDT = "an export as csv or xlsx, made with LANDdt"
_MACCOR = "an export as text, made with Maccor's MIMS or Export"
_ADVICE = {".cex": ("LANDT", _LANDT), ".ccs": ("LANDT", _LANDT)}
_BEGINNING = 512


def _vendor(path: Path) -> tuple[str, str] | None:
    # The content of these files says nothing to others; only here a name counts, and only for advice.
    suffix = path.suffix.lower()
    return ("Maccor", _MACCOR) if suffix[1:].isdigit() and len(suffix) == 4 else _ADVICE.get(suffix)


def sniff(head: bytes, path: Path) -> bool:
    """Recognise binary content under the endings of raw files."""
    return b"\x00" in head[:_BEGINNING] and _vendor(path) is not None


def read(source: Source, settings: Mapping[str, str]) -> RawRecord:
    """Refuse with advice (``LI-READ-002``)."""
    vendor, advice = _vendor(source.path) or ("unknown", "")
    raise ReadError(
        f"binary content under the ending of a raw file of {vendor}, which only the vendor's program reads",
        code="LI-READ-002",
        where=source.name,
        got=f"content that begins with {source.head[:16]!r}",
        expected=advice,
    )


READER = Reader("raw-file", "raw files of Maccor and LANDT (refused with advice)", (), sniff, read)
