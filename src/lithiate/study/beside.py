"""Which published value a row of results stands beside: the same quantity, at the same cycle or C-rate."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lithiate.library.published import PublishedValue

C_RATE_AGREEMENT = 0.02
"""Share by which a C-rate that was measured may differ from one that was published."""


def is_beside(published: PublishedValue, quantity: str, conditions: Mapping[str, float | str]) -> bool:
    """Return whether a published value is about a quantity under the conditions of a row (SI; C-rates in 1/h).

    A value without a cycle is that of the beginning: the first of several levels, or the fresh cell. A rate test has
    one row for each run of cycles, told by ``rate_order``: which of several runs at one C-rate is meant, the caller
    says.
    """
    if quantity != published.quantity:
        return False
    cycle, rate = published.conditions.get("cycle"), published.conditions.get("c_rate")
    if rate is not None:
        return "rate_order" in conditions and math.isclose(float(conditions["c_rate"]), rate, rel_tol=C_RATE_AGREEMENT)
    # A condition of 0 is the fresh cell, and a row without one stands for the cell as a whole.
    return "rate_order" not in conditions and float(conditions.get("cycle", 0.0)) == (cycle or 0.0)
