"""The one family of errors that lithiate raises.

Every message says what is wrong, where, what was got, what was expected, and the nearest match where there is one.
Every error carries a stable code (``LI-READ-012``); ``docs/errors.md`` is the catalogue, generated from `CATALOGUE`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

CATALOGUE: dict[str, str] = {
    "LI-GEN-001": "The operation was cancelled.",
    "LI-UNIT-001": "A quantity could not be parsed, or its unit is not known.",
    "LI-UNIT-002": "A quantity has the wrong dimension.",
    "LI-UNIT-003": "A ratio could not be parsed.",
    "LI-SPEC-001": "A file is not valid TOML.",
    "LI-SPEC-002": "A study, an anode or a sidecar has faults; each is listed with its key and line.",
    "LI-SPEC-003": "A file that was named does not exist or cannot be read.",
    "LI-LIB-001": "A name is not in the library.",
    "LI-LIB-002": "The points of a curve make no function.",
    "LI-READ-001": "The file is empty.",
    "LI-READ-002": "The content is of no format that lithiate knows.",
    "LI-READ-003": "The file is damaged.",
    "LI-READ-004": "A required column is missing.",
    "LI-READ-005": "A unit of a column is not known.",
    "LI-READ-006": "A cell of the table is not a number.",
    "LI-READ-007": "Times decrease or are not finite.",
    "LI-READ-008": "Values are missing or not finite.",
    "LI-READ-009": "The record is too short.",
    "LI-READ-010": "Values are not plausible.",
    "LI-READ-011": "A setting given for a reader is not known.",
    "LI-READ-012": "The files are not of one cell.",
    "LI-READ-013": "A value is stated twice, and differently.",
    "LI-READ-014": "The file accompanies a record and holds none itself.",
    "LI-READ-015": "A program that reads this format is not installed.",
    "LI-WRITE-001": "The target cannot be written.",
    "LI-WRITE-002": "The format of the target is not known.",
    "LI-DATA-001": "Arrays of a measurement do not fit together.",
    "LI-ANA-001": "The analysis does not apply to this measurement.",
    "LI-ANA-002": "The string of a circuit cannot be read.",
    "LI-TWIN-001": "A parameter or a condition is outside the range of validity of the twin.",
    "LI-TWIN-002": "The integrator could not go on.",
    "LI-TWIN-003": "A parameter set is faulty.",
    "LI-TWIN-004": "A closure or a mechanism is not known.",
    "LI-STUDY-001": "Some tasks of a study failed.",
    "LI-STUDY-002": "The output folder is in use by another run.",
}


def nearest_match(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice most like `word`, or None when nothing is alike (case is ignored)."""
    table = {choice.lower(): choice for choice in choices}
    found = difflib.get_close_matches(word.lower(), list(table), n=1, cutoff=0.5)
    return table[found[0]] if found else None


class LithiateError(Exception):
    """Base of all errors of lithiate.

    Parameters
    ----------
    what : str
        What is wrong, one sentence.
    code : str
        A key of `CATALOGUE`.
    where : str, optional
        ``file:line``, a dotted key, or a name.
    got, expected, nearest : object, optional
        What was found, what would have been right, the most similar valid word.
    """

    def __init__(
        self,
        what: str,
        *,
        code: str,
        where: str | None = None,
        got: object = None,
        expected: object = None,
        nearest: str | None = None,
    ) -> None:
        if code not in CATALOGUE:
            raise KeyError(code)
        self.what, self.code, self.where = what, code, where
        self.got, self.expected, self.nearest = got, expected, nearest
        super().__init__(self._text())

    def _text(self) -> str:
        text = self.what if self.where is None else f"{self.where}: {self.what}"
        if self.got is not None:
            text += f"; got {self.got!r}" if isinstance(self.got, str) else f"; got {self.got}"
        if self.expected is not None:
            text += f"; expected {self.expected}"
        if self.nearest is not None:
            text += f"; did you mean {self.nearest!r}?"
        return f"{text} [{self.code}]"


class UnitError(LithiateError):
    """A quantity, a unit or a ratio is wrong."""


class SpecError(LithiateError):
    """A study, an anode file or a sidecar is wrong."""


class LibraryError(LithiateError):
    """A name is not in the library."""


class ReadError(LithiateError):
    """A file could not be read as a measurement."""


class WriteError(LithiateError):
    """A result or a measurement could not be written."""


class DataError(LithiateError):
    """The arrays of a measurement do not fit together."""


class AnalysisError(LithiateError):
    """An analysis does not apply to the measurement that it was given."""


class SimulationError(LithiateError):
    """The twin cannot simulate what was asked."""


class StudyError(LithiateError):
    """A study could not be run as a whole."""


class Cancelled(LithiateError):  # noqa: N818 - the name is part of the public contract
    """A long call was cancelled through its `progress` callable."""

    def __init__(self, what: str = "cancelled") -> None:
        super().__init__(what, code="LI-GEN-001")
