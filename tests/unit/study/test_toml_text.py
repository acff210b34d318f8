"""TOML that is written is read back as it was."""

from __future__ import annotations

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lithiate.study.toml_text import toml_text

texts = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12)
plain = st.one_of(texts, st.booleans(), st.integers(-(2**62), 2**62), st.floats(allow_nan=False, allow_infinity=False))
values = st.recursive(
    plain | st.lists(plain, max_size=3), lambda inner: st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(texts, values | st.lists(st.dictionaries(texts, values, max_size=3), max_size=3), max_size=4))
def test_round_trip(document):
    assert tomllib.loads(toml_text(document)) == document


def test_none_is_left_out():
    assert tomllib.loads(toml_text({"a": None, "b": {"c": None, "d": 1}})) == {"b": {"d": 1}}


def test_infinity_and_foreign_types_are_refused():
    with pytest.raises(ValueError, match="not a finite number"):
        toml_text({"a": math.inf})
    with pytest.raises(TypeError, match="object has no place"):
        toml_text({"a": object()})
