"""Numbers in words that printed lines and figures share."""

from __future__ import annotations


def short_number(value: float) -> str:
    """Return a number with three digits, without an exponent up to a million."""
    return f"{float(f'{value:.3g}'):g}"


def hertz(frequency: float) -> str:
    """Return a frequency in mHz, Hz, kHz or MHz."""
    for scale, unit in ((1e6, "MHz"), (1e3, "kHz"), (1.0, "Hz")):
        if frequency >= scale:
            return f"{short_number(frequency / scale)} {unit}"
    return f"{short_number(1e3 * frequency)} mHz"
