"""Decimal marks: whether ``1,234`` is one and a bit or a thousand is told by evidence or refused, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from attrs import frozen

from lithiate.errors import ReadError

if TYPE_CHECKING:
    import polars as pl

SETTING = "decimal_mark"
_MARKS = ("comma", "point")

_END = r"(?:[eE][+-]?\d+)?$"
_DECIMALS = {
    # What can only be a decimal mark: a group that thousands never have, a leading zero, an exponent behind it.
    "comma": r"^[+-]?(?:\d*,\d{1,2}|\d*,\d{4,}|(?:0\d*|\d{4,})?,\d+|\d+,)" + _END + r"|^[+-]?\d*,\d*[eE][+-]?\d+$",
    "point": r"^[+-]?(?:\d*\.\d{1,2}|\d*\.\d{4,}|(?:0\d*|\d{4,})?\.\d+|\d+\.)" + _END + r"|^[+-]?\d*\.\d*[eE][+-]?\d+$",
}
_THOUSANDS = {
    "comma": r"^[+-]?[1-9]\d{0,2}(?:(?:,\d{3})+\.\d*|(?:,\d{3}){2,})" + _END,
    "point": r"^[+-]?[1-9]\d{0,2}(?:(?:\.\d{3})+,\d*|(?:\.\d{3}){2,})" + _END,
}
_EITHER = {"comma": r"^[+-]?[1-9]\d{0,2},\d{3}$", "point": r"^[+-]?[1-9]\d{0,2}\.\d{3}$"}
_OTHER = {"comma": "point", "point": "comma"}
_SIGN = {"comma": ",", "point": "."}


@frozen
class _Evidence:
    """What the cells of one column say: sure marks, and cells that read in two ways."""

    marks: frozenset[str]
    either: frozenset[str]


def numbers_with_points(
    columns: Mapping[int, pl.Series],
    wanted: Sequence[int],
    sample: Iterable[str],
    settings: Mapping[str, str],
    where: str,
    *,
    counters: Sequence[int] = (),
    line: Callable[[int], int] | None = None,
    tolerate: bool = False,
) -> tuple[dict[int, pl.Series], str | None]:
    """Return the columns with decimal points and without marks of thousands, and a warning where that was inferred.

    A column says by its own cells what its comma is (``12,5`` and ``0,050`` hold decimals, ``1,234.5`` thousands); a
    column whose cells all read in two ways follows the rest of the file (`sample`: cells of its first rows). Columns of
    whole numbers (`counters`) have the decimal mark of the file.

    Raises
    ------
    ReadError
        ``LI-READ-006`` where nothing decides, or where cells contradict the mark; ``LI-READ-011`` for a setting that is
        neither ``comma`` nor ``point``.
    """
    import polars as pl

    stated = _stated(settings, where)
    texts = {index: columns[index] for index in wanted if columns[index].dtype == pl.String}
    touched = {i: s for i, s in texts.items() if s.str.contains(",", literal=True).any()}
    if not touched and stated != "comma":
        return dict(columns), None
    found = {index: _evidence(series) for index, series in texts.items()}
    of_file = _evidence(pl.Series(list(sample), dtype=pl.String)).marks.union(*(e.marks for e in found.values()))
    changed, inferred = dict(columns), []
    for index, series in texts.items():
        mark = stated or _decided(found[index], of_file, series, where, line)
        if mark is None:
            continue
        if stated is None and _OTHER[mark] in found[index].either:
            inferred.append(f"{series.filter(series.str.contains(_EITHER[_OTHER[mark]]))[0]!r}")
        changed[index] = _plain(series, mark, where, line, tolerate=tolerate)
    marks = {stated} if stated else of_file
    for index in counters if len(marks) == 1 and "comma" in marks else ():
        if columns[index].dtype == pl.String:
            changed[index] = columns[index].str.replace(",", ".", literal=True)
    if not inferred:
        return changed, None
    warning = (
        f"LI-W-DECIMAL cells such as {inferred[0]} were read as thousands, by the other cells of their column "
        f"(--set decimal_mark=comma or point says otherwise)"
    )
    return changed, warning


def _stated(settings: Mapping[str, str], where: str) -> str | None:
    text = settings.get(SETTING)
    if text is not None and text not in _MARKS:
        raise ReadError(
            f"the setting {SETTING!r} is comma or point",
            code="LI-READ-011",
            where=where,
            got=text,
            expected="comma, point",
        )
    return text


def _evidence(series: pl.Series) -> _Evidence:
    def any_of(pattern: str) -> bool:
        return bool(series.str.contains(pattern).any())

    marks = {m for m in _MARKS if any_of(_DECIMALS[m]) or any_of(_THOUSANDS[_OTHER[m]])}
    return _Evidence(frozenset(marks), frozenset(m for m in _MARKS if any_of(_EITHER[m])))


def _decided(
    own: _Evidence, of_file: frozenset[str], series: pl.Series, where: str, line: Callable[[int], int] | None
) -> str | None:
    """Return the decimal mark of a column, None where it has no mark at all."""
    if len(own.marks) == 1:
        return next(iter(own.marks))
    if not own.marks and not own.either:
        return None
    if not own.marks and len(own.either) == 1:
        (seen,) = own.either
        # A point is the rule: it is in doubt only in a file whose other numbers have decimal commas.
        if len(of_file) == 1 and (seen == "comma" or of_file == {"point"}):
            return next(iter(of_file))
        if seen == "point" and "comma" not in of_file:
            return "point"
    # What tells a decimal comma is one, or points that part thousands.
    pattern = "|".join(_EITHER.values() if not own.marks else (_DECIMALS["comma"], _THOUSANDS["point"]))
    row = int(series.str.contains(pattern).fill_null(value=False).arg_true()[0])
    raise ReadError(
        "nothing in the file tells decimals from thousands: this number reads in two ways, a factor of 1000 apart"
        if not own.marks
        else "a column has numbers with decimal commas and numbers with decimal points",
        code="LI-READ-006",
        where=where if line is None else f"{where}:{line(row)}",
        got=f"{series[row]} in {f'row {row + 1} of the table' if line is None else f'line {line(row)}'}",
        expected=f"--set {SETTING}=comma, or --set {SETTING}=point",
    )


def _plain(series: pl.Series, mark: str, where: str, line: Callable[[int], int] | None, *, tolerate: bool) -> pl.Series:
    """Return the texts of a column with decimal points, its marks of thousands left out."""
    import polars as pl

    grouping = _SIGN[_OTHER[mark]]
    grouped = series.str.contains(grouping, literal=True).fill_null(value=False)
    number = series.str.contains(r"^[+-]?[\d.,]+(?:[eE][+-]?\d+)?$").fill_null(value=False)
    decimal = rf"(?:{'[.]' if mark == 'point' else ','}\d*)?"
    fits = series.str.contains(rf"^[+-]?\d{{1,3}}(?:[{grouping}]\d{{3}})+{decimal}$").fill_null(value=False)
    wrong = grouped & number & ~fits
    if wrong.any() and not tolerate:
        row = int(wrong.arg_true()[0])
        raise ReadError(
            f"a number does not fit the decimal {mark} of its column",
            code="LI-READ-006",
            where=where if line is None else f"{where}:{line(row)}",
            got=f"{series[row]} in {f'row {row + 1} of the table' if line is None else f'line {line(row)}'}",
            expected=f"--set {SETTING}={_OTHER[mark]}, or --set tolerate_bad_rows=true, which leaves such rows out",
        )
    ungrouped = pl.select(
        pl.when(grouped & fits).then(series.str.replace_all(grouping, "", literal=True)).otherwise(series)
    )
    plain = ungrouped.to_series().str.replace(",", ".", literal=True)
    return pl.select(pl.when(wrong).then(pl.lit("nan")).otherwise(plain)).to_series()
