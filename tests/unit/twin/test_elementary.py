"""The twin's own exponential against NumPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lithiate.twin.elementary import exponential


@pytest.mark.parametrize("span", [1e-9, 1e-3, 0.4, 5.0, 50.0, 690.0])
def test_exponential_is_exact_to_rounding(span):
    points = np.linspace(-span, span, 2001)
    found = np.array([exponential(x) for x in points])
    np.testing.assert_allclose(found, np.exp(points), rtol=3 * np.finfo(float).eps)


def test_exponential_at_its_edges():
    assert exponential(0.0) == 1.0
    assert exponential(1e6) == exponential(700.0)
    assert exponential(-math.inf) == pytest.approx(math.exp(-700.0), rel=1e-15)
    assert math.isnan(exponential(math.nan))
