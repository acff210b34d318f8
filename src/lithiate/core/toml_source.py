"""TOML files that remember where each key stands, so that a fault can name its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import field, frozen

from lithiate.errors import SpecError

Location = tuple[str | int, ...]
"""Path of keys and indices into a document, such as ``("experiments", 0, "name")``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]*")
_STRINGS = (
    re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}', re.DOTALL),
    re.compile(r"'''.*?'{3,5}", re.DOTALL),
    re.compile(r'"(?:[^"\\\n]|\\.)*"'),
    re.compile(r"'[^'\n]*'"),
)


@frozen
class TomlSource:
    """The content of a TOML file and the line of each of its keys.

    Parameters
    ----------
    path : str
        Name of the file as the user gave it; stands in messages.
    data : mapping
        The document.
    lines : mapping of Location to int
        Lines count from 1.
    """

    path: str
    data: Mapping[str, Any]
    lines: Mapping[Location, int] = field(repr=False)

    def line(self, location: Sequence[str | int]) -> int:
        """Return the line of a key or an array's item; a key that is absent has the line of its nearest parent."""
        path = tuple(location)
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, location: Sequence[str | int] = ()) -> str:
        """Return ``file:line`` of a location."""
        return f"{self.path}:{self.line(location)}"


def dotted(location: Sequence[str | int]) -> str:
    """Return a location as text: ``experiments[0].name``, keys that are not bare in quotes.

    Examples
    --------
    >>> dotted(("anodes", 1, "Li foil", "thickness"))
    'anodes[1]."Li foil".thickness'
    """
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += ("." if text else "") + (part if _BARE_KEY.fullmatch(part) else f'"{part}"')
    return text


def read_toml(path: str | Path) -> TomlSource:
    """Read a TOML file.

    Raises
    ------
    SpecError
        ``LI-SPEC-003`` when the file cannot be read, ``LI-SPEC-001`` when it is not valid TOML in UTF-8.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise SpecError(
            "the file cannot be read", code="LI-SPEC-003", where=str(path), got=error.strerror or str(error)
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(
            "the file is not text in UTF-8", code="LI-SPEC-001", where=f"{path}:{line}", got=f"byte {error.start}"
        ) from None
    return parse_toml(text, str(path))


def parse_toml(text: str, path: str) -> TomlSource:
    """Parse TOML text; `path` is the name that stands in messages.

    Raises
    ------
    SpecError
        ``LI-SPEC-001`` when the text is not valid TOML.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"at line (\d+)", str(error))
        where = f"{path}:{line.group(1) if line else text.count(chr(10)) + 1}"
        raise SpecError("not valid TOML", code="LI-SPEC-001", where=where, got=str(error)) from None
    # tomllib reads CR LF as one line end as well.
    return TomlSource(path, data, _Scanner(text.replace("\r\n", "\n")).scan())


class _Scanner:
    """Walks through text that tomllib has accepted, and notes where keys and items of arrays start."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0
        self.lines: dict[Location, int] = {}
        self._counts: dict[Location, int] = {}

    def scan(self) -> dict[Location, int]:
        table: Location = ()
        self._blank()
        while self.position < len(self.text):
            start = self.position
            if self._accept("[["):
                table = self._array_item(self._key())
                self._note(table, start)
                self._accept("]]")
            elif self._accept("["):
                table = self._resolve(self._key())
                self._note(table, start)
                self._accept("]")
            else:
                self._pair(table)
            self._blank()
        return self.lines

    def _note(self, location: Location, position: int) -> None:
        # Parents that have no line of their own get the line where they first appear.
        for depth in range(1, len(location) + 1):
            self.lines.setdefault(location[:depth], self.text.count("\n", 0, position) + 1)

    def _array_item(self, keys: Location) -> Location:
        parent = (*self._resolve(keys[:-1]), keys[-1])
        index = self._counts.get(parent, 0)
        self._counts[parent] = index + 1
        return (*parent, index)

    def _resolve(self, keys: Location) -> Location:
        """Put the index of the last item behind every key that is an array of tables."""
        location: Location = ()
        for key in keys:
            location = (*location, key)
            if location in self._counts:
                location = (*location, self._counts[location] - 1)
        return location

    def _pair(self, table: Location) -> None:
        start = self.position
        location = (*table, *self._key())
        self._note(location, start)
        self._blank()
        self._accept("=")
        self._blank()
        self._value(location)

    def _key(self) -> Location:
        parts: list[str] = []
        while True:
            self._blank()
            quoted = self._string()
            if quoted is None:
                bare = _BARE_KEY.match(self.text, self.position)
                quoted = "" if bare is None else bare.group()
                self.position += len(quoted)
            else:
                # tomllib resolves the escapes of a quoted key.
                quoted = next(iter(tomllib.loads(f"{quoted} = 0")))
            parts.append(quoted)
            self._blank()
            if not self._accept("."):
                return tuple(parts)

    def _value(self, location: Location) -> None:
        if self._string() is not None:
            return
        if self._accept("["):
            index = 0
            while not self._closes("]"):
                self._note((*location, index), self.position)
                self._value((*location, index))
                index += 1
        elif self._accept("{"):
            while not self._closes("}"):
                self._pair(location)
        else:
            scalar = _SCALAR.match(self.text, self.position)
            self.position += len(scalar.group()) if scalar else 0

    def _closes(self, bracket: str) -> bool:
        """Step over blanks and a comma; tell whether the array or the inline table ends here."""
        self._blank()
        self._accept(",")
        self._blank()
        return self._accept(bracket)

    def _string(self) -> str | None:
        for pattern in _STRINGS:
            match = pattern.match(self.text, self.position)
            if match:
                self.position = match.end()
                return match.group()
        return None

    def _blank(self) -> None:
        match = _BLANK.match(self.text, self.position)
        self.position = match.end() if match else self.position

    def _accept(self, token: str) -> bool:
        found = self.text.startswith(token, self.position)
        self.position += len(token) if found else 0
        return found
