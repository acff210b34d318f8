"""All dialects that tables of text, spreadsheets and Parquet may have, the more particular before the more general."""

from __future__ import annotations

from collections.abc import Sequence

from lithiate.readers import arbin, basytec, landt, maccor, neware_text, novonix, pec
from lithiate.readers.columns import Heading
from lithiate.readers.vendor_text import Dialect

DIALECTS: tuple[Dialect, ...] = (
    arbin.DIALECT,
    pec.DIALECT,
    basytec.DIALECT,
    novonix.DIALECT,
    landt.DIALECT,
    maccor.DIALECT,
    neware_text.DIALECT,
)
ANY = Dialect(name="delimited", title="a table with a time and a voltage")


def dialect_of(headings: Sequence[Heading]) -> Dialect:
    """Return the dialect of a table outside a text, by its names alone; `ANY` where it is nobody's."""
    keys = frozenset(heading.key for heading in headings)
    texts = " ".join(heading.text for heading in headings)
    found = (dialect for dialect in DIALECTS if dialect.fits(keys) and _marked(dialect, texts))
    return next(found, ANY)


def _marked(dialect: Dialect, texts: str) -> bool:
    import re

    return dialect.mark is None or re.search(dialect.mark, texts) is not None
