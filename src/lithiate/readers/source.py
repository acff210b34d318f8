"""The file that is read, and what a reader gives back: the parts that all formats share."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from attrs import define, evolve, field, frozen
from numpy.typing import NDArray

from lithiate.core.measurement import Measurement
from lithiate.errors import ReadError, nearest_match

HEAD_SIZE = 1 << 18
"""Bytes that a reader may look at to recognise its format; preambles of 100 lines and of 13 kB in one line exist."""

COMMON_SETTINGS = ("tolerate_bad_rows", "join_restarts", "invert_current")
"""Settings that every reader of instrument files takes."""

_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")


@define(slots=False)
class Source:
    """A file and its content, read once."""

    path: Path

    @cached_property
    def content(self) -> bytes:
        """All bytes of the file."""
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ReadError(
                "the file cannot be read", code="LI-SPEC-003", where=self.name, got=error.strerror or str(error)
            ) from error

    @property
    def head(self) -> bytes:
        """The first `HEAD_SIZE` bytes."""
        return self.content[:HEAD_SIZE]

    @property
    def name(self) -> str:
        """File name without its folder, for messages and provenance."""
        return self.path.name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the content, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@frozen(eq=False, kw_only=True)
class RawRecord:
    """What a reader found, in SI, before rows are checked.

    Parameters
    ----------
    time, voltage : (n,) float64, s and V
        Not finite where a cell was empty or no number.
    current : (n,) float64 or None, A
    current_density : (n,) float64 or None, A/m2
        In place of `current`, where the file states a density; it needs the electrode area.
    electrode_potential : (n,) float64 or None, V
    vendor_cycle_number : (n,) int64 or None
    row_flags : (n,) uint8 or None
    warnings : tuple of str
    software : str
        Library and version that decoded the file.
    technique : {"cycling", "polarisation"}
        What the file says that it holds.
    conditions : mapping of str to float
        SI numbers by name that the file states for certain.
    simulated : bool
        The file says that lithiate simulated what it holds (`SIMULATED_MARK`).
    start : float or None, s
        Seconds from 1970-01-01 to the file's time zero on the clock of the instrument's computer, whose zone is not
        known: good for putting files of one computer in order.
    identity : mapping of str to str
        What tells one cell from another: ``channel``, ``cell_id``. Files of one cell do not differ in them.
    details : mapping of str to plain value
        What else the vendor stored (technique, name of the test, stored area and masses), kept with the provenance and
        never used.
    line : callable or None
        Gives the line of the file, from 1, of a row of the table, from 0.
    """

    time: NDArray[np.float64]
    voltage: NDArray[np.float64]
    current: NDArray[np.float64] | None = None
    current_density: NDArray[np.float64] | None = None
    electrode_potential: NDArray[np.float64] | None = None
    vendor_cycle_number: NDArray[np.int64] | None = None
    row_flags: NDArray[np.uint8] | None = None
    warnings: tuple[str, ...] = ()
    software: str | None = None
    technique: str = "cycling"
    conditions: Mapping[str, float] = field(factory=dict)
    simulated: bool = False
    start: float | None = None
    identity: Mapping[str, str] = field(factory=dict)
    details: Mapping[str, Any] = field(factory=dict)
    line: Callable[[int], int] | None = None

    def changed(self, warning: str | None = None, **arrays: Any) -> RawRecord:  # noqa: ANN401 - any field
        """Return a copy with other arrays and, where given, one more warning."""
        warnings = self.warnings if warning is None else (*self.warnings, warning)
        return evolve(self, warnings=warnings, **arrays)


@frozen(eq=False, kw_only=True)
class RawSpectra:
    """Impedance spectra that a reader found, in SI.

    Parameters
    ----------
    frequency : (n,) float64, Hz, and impedance : (n,) complex128, ohm
        All spectra, one after the other; a negative imaginary part is capacitive.
    offsets : (m + 1,) int64
        Spectrum k holds the rows ``offsets[k]:offsets[k + 1]``.
    time : (n,) float64 or None, s
    cycle : (m,) int64 or None
        Complete cycles before each spectrum.
    temperature : (m,) float64 or None, K
    state : tuple of m str or None
    areal : bool
        The impedances are those of 1 m2 [ohm m2]; they need the electrode area.
    warnings, software, simulated, start, identity, details
        As in `RawRecord`.
    """

    frequency: NDArray[np.float64]
    impedance: NDArray[np.complex128]
    offsets: NDArray[np.int64]
    time: NDArray[np.float64] | None = None
    cycle: NDArray[np.int64] | None = None
    temperature: NDArray[np.float64] | None = None
    state: tuple[str, ...] | None = None
    areal: bool = False
    warnings: tuple[str, ...] = ()
    software: str | None = None
    simulated: bool = False
    start: float | None = None
    identity: Mapping[str, str] = field(factory=dict)
    details: Mapping[str, Any] = field(factory=dict)


@frozen(eq=False, kw_only=True)
class RawSweep:
    """A polarisation curve without times that a reader found, in SI.

    Parameters
    ----------
    voltage : (n,) float64, V
    current : (n,) float64, A, or A/m2 where `is_density` says so
    is_density, is_overpotential : bool
        The currents are per electrode area; the voltages are overpotentials of one electrode.
    curve : str or None
        Its name among several in the file.
    """

    voltage: NDArray[np.float64]
    current: NDArray[np.float64]
    is_density: bool
    is_overpotential: bool
    curve: str | None = None


Raw = RawRecord | RawSpectra


@frozen
class Reader:
    """One format: how it is called, how it is recognised, how it is read.

    `sniff` looks at the head of the content (and into the file where the head cannot say), never at the file's name.
    `read` gives several parts where a file holds several techniques or tests, in their order in the file.
    """

    name: str
    title: str
    settings: tuple[str, ...]
    sniff: Callable[[bytes, Path], bool]
    read: Callable[[Source, Mapping[str, str]], Raw | tuple[Raw, ...] | RawSweep | Measurement]


class UnknownSettingError(ReadError):
    """A setting (`setting`) that none of the readers knows; `known` are those that they do."""

    def __init__(
        self, setting: str, known: Sequence[str], what: str, where: str | None, more: Sequence[str] = ()
    ) -> None:
        self.setting, self.known = setting, tuple(known)
        expected = ", ".join(known) or "no settings"
        super().__init__(
            what,
            code="LI-READ-011",
            where=where,
            expected=f"{expected}; or of an analysis: {', '.join(more)}" if more else expected,
            nearest=nearest_match(setting, [*known, *more]),
        )


def check_settings(settings: Mapping[str, str], readers: Sequence[Reader], where: str) -> None:
    """Refuse a setting that none of the readers knows (``LI-READ-011``)."""
    known = list(dict.fromkeys(name for reader in readers for name in reader.settings))
    for key in settings:
        if key not in known:
            titles = ", ".join(dict.fromkeys(reader.title for reader in readers))
            raise UnknownSettingError(key, known, f"the setting {key!r} is not known to the reader of {titles}", where)


def flag_setting(settings: Mapping[str, str], key: str, where: str) -> bool:
    """Return a true-or-false setting, False where it is not given."""
    text = str(settings.get(key, "false")).strip().lower()
    if text not in _TRUE + _FALSE:
        raise ReadError(f"the setting {key!r} is true or false", code="LI-READ-011", where=where, got=text)
    return text in _TRUE


def converted_times(factor: float, evidence: str) -> str:
    """Return the warning for times that were divided by the factor of a converter."""
    return (
        f"LI-W-TIME times were divided by {factor:g}, since --set time_unit=s says that the instrument's were seconds, "
        f"and a converter multiplied them: {evidence}"
    )


def converted_times_error(factor: float, evidence: str, where: str) -> ReadError:
    """Return the error for times that a converter seems to have multiplied."""
    return ReadError(
        f"the times are {factor:g} times too large: a converter seems to have multiplied them",
        code="LI-READ-010",
        where=where,
        got=evidence,
        expected="times of the instrument; --set time_unit=s says that those were seconds, and divides",
    )


def chosen_part(
    parts: Sequence[RawRecord], names: Sequence[str], settings: Mapping[str, str], where: str
) -> RawRecord | tuple[RawRecord, ...]:
    """Return the only record of a file, the one that the setting ``part`` (its number, from 1) chooses, or all.

    Raises
    ------
    ReadError
        ``LI-READ-011`` when the setting is no number of a part; the error lists them by `names`.
    """
    wanted = settings.get("part")
    if wanted is None:
        return parts[0] if len(parts) == 1 else tuple(parts)
    numbers = [str(number) for number in range(1, len(parts) + 1)]
    if wanted.strip() in numbers:
        return parts[numbers.index(wanted.strip())]
    raise ReadError(
        "the setting 'part' is the number of a test in the file",
        code="LI-READ-011",
        where=where,
        got=wanted,
        expected="; ".join(f"{number} ({name})" for number, name in zip(numbers, names, strict=True)),
    )
