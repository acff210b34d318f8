import tomllib

import pytest

from lithiate.core.toml_source import dotted, parse_toml, read_toml
from lithiate.errors import SpecError

TEXT = '''# comment with [brackets] = "and quotes
a = 1
"x y".b = { c = [1,  # ] not the end
  2, { d = "}]" }], e = """
 two "" quotes
""" }
[[experiments]]
name = 'q # [x]'
[experiments.sub]
when = 1979-05-27 07:32:00 # a date
[[experiments]]
name = "b\\""
[[experiments.steps]]
empty = [ ]
[anodes."Li foil"]
inert = true
'''


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_every_key_has_its_line(ends):
    source = parse_toml(TEXT.replace("\n", ends), "f.toml")
    lines = {dotted(location): line for location, line in source.lines.items()}
    assert lines == {
        "a": 2,
        '"x y"': 3,
        '"x y".b': 3,
        '"x y".b.c': 3,
        '"x y".b.c[0]': 3,
        '"x y".b.c[1]': 4,
        '"x y".b.c[2]': 4,
        '"x y".b.c[2].d': 4,
        '"x y".b.e': 4,
        "experiments": 7,
        "experiments[0]": 7,
        "experiments[0].name": 8,
        "experiments[0].sub": 9,
        "experiments[0].sub.when": 10,
        "experiments[1]": 11,
        "experiments[1].name": 12,
        "experiments[1].steps": 13,
        "experiments[1].steps[0]": 13,
        "experiments[1].steps[0].empty": 14,
        "anodes": 15,
        'anodes."Li foil"': 15,
        'anodes."Li foil".inert': 16,
    }


def _locations(value, prefix=()):
    if isinstance(value, dict):
        for key, item in value.items():
            yield (*prefix, key)
            yield from _locations(item, (*prefix, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*prefix, index)
            yield from _locations(item, (*prefix, index))


def test_no_key_of_tomllib_is_left_out():
    assert set(parse_toml(TEXT, "f.toml").lines) == set(_locations(tomllib.loads(TEXT)))


def test_absent_key_has_the_line_of_its_parent():
    source = parse_toml(TEXT, "f.toml")
    assert source.where(("experiments", 1, "nmae")) == "f.toml:11"
    assert source.where(("nothing",)) == "f.toml:1"


def test_invalid_toml_names_the_line(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("a = 1\nb = = 2\n", encoding="utf-8")
    with pytest.raises(SpecError, match=r"bad\.toml:2: not valid TOML.*LI-SPEC-001"):
        read_toml(path)
    path.write_bytes(b'a = 1\nb = "\xff"\n')
    with pytest.raises(SpecError, match=r"bad\.toml:2: the file is not text in UTF-8"):
        read_toml(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(SpecError, match=r"absent\.toml: the file cannot be read.*LI-SPEC-003"):
        read_toml(tmp_path / "absent.toml")
