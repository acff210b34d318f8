"""The documents: generated tables are up to date, names and links exist, and every recipe works as it stands."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lithiate.analysis.coded_warnings import WARNINGS
from lithiate.cli import app
from lithiate.core.techniques import KINDS, QUANTITIES, TECHNIQUES
from lithiate.errors import CATALOGUE
from lithiate.readers import READERS
from lithiate.twin.full_states import CATHODE, CATHODE_STATES
from lithiate.twin.lithium_cell import STOP_REASONS
from lithiate.twin.states import CELL, CELL_STATES, ELECTRODE, ELECTRODE_STATES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted((ROOT / "docs").rglob("*.md"))
TEXTS = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in [*DOCUMENTS, ROOT / "README.md"]}
RECIPES = sorted(name for name in TEXTS if name.startswith("docs/how-to/"))

_BLOCK = re.compile(
    r"(?:<!-- (?P<mark>file|not run): (?P<note>[^\n]+) -->\n\n)?```(?P<language>\w+)\n(?P<body>.*?)```\n", re.DOTALL
)
_CODE = re.compile(r"LI-(?:W-)?[A-Z]+(?:-\d{3})?")


@pytest.fixture(scope="module")
def generate():
    """The script that writes the generated tables."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def warning_codes(generate):
    """All codes of warnings in the sources."""
    return set(re.findall(r"LI-W-[A-Z]+(?:-\d{3})?", generate.warnings_table()))


def test_generated_tables_are_up_to_date(generate):
    stale = [path.name for path in DOCUMENTS if generate.updated(text := path.read_text("utf-8")) != text]
    assert stale == [], "run docs/generate.py"


def test_every_table_has_its_place(generate):
    text = "".join(TEXTS.values())
    assert [name for name in generate.TABLES if text.count(f"<!-- generated: {name} -->") != 1] == []
    marked = re.findall(r"<!-- (?:generated:|end of) (\w+) -->", text)
    assert marked[::2] == marked[1::2]


def test_the_catalogue_has_the_warnings_of_every_part(warning_codes):
    assert warning_codes >= {*WARNINGS, "LI-W-STUDY-001", "LI-W-AREA", "LI-W-SIGN", "LI-W-STOP"}


@pytest.mark.parametrize("name", TEXTS)
def test_codes_exist(warning_codes, name):
    known = {*CATALOGUE, *warning_codes}
    prefixes = {code.rsplit("-", 1)[0] for code in known} | {"LI-W"}
    assert {code for code in _CODE.findall(TEXTS[name]) if code not in known | prefixes} == set()


@pytest.mark.parametrize("name", TEXTS)
def test_links_and_paths_exist(name):
    text = TEXTS[name]
    folder = (ROOT / name).parent
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text) if "://" not in link]
    paths = re.findall(r"`((?:src|tests|docs|studies|benchmarks)/[\w./-]+)`", text)
    missing = [link for link in links if not (folder / link).exists()]
    assert missing + [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", TEXTS)
def test_named_tests_exist(name):
    """A test that a document names as ``test_x`` is one of a file that the document names too."""
    text = TEXTS[name]
    files = [ROOT / path for path in re.findall(r"`(tests/[\w./-]+\.py)`", text)]
    known = {
        node.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
    }
    assert set(re.findall(r"`(test_\w+)`", text)) - known == set()


def test_the_glossary_has_every_name():
    text = TEXTS["docs/nomenclature.md"]
    states = [*ELECTRODE_STATES, *CELL_STATES, *CATHODE_STATES]
    names = [*QUANTITIES, *KINDS, *TECHNIQUES, *states, *ELECTRODE.names, *CELL.names, *CATHODE.names]
    assert [name for name in names if f"`{name}`" not in text] == []
    theory = TEXTS["docs/theory/lithium_electrode.md"]
    assert [reason for reason in STOP_REASONS.values() if f"`{reason}`" not in theory] == []


def test_every_setting_of_the_readers_is_explained():
    names = {name for reader in READERS for name in reader.settings}
    assert {name for name in names if f"`{name}" not in TEXTS["docs/how-to/read-a-file.md"]} == set()


def _conditions(results: Path) -> set[str]:
    rows = json.loads(results.read_text(encoding="utf-8"))["results"]
    assert {row["quantity"] for row in rows} <= set(QUANTITIES)
    return {name for row in rows for name in row["conditions"]}


@pytest.mark.parametrize("name", RECIPES)
def test_recipe_works(name, tmp_path, monkeypatch):
    """Run the blocks of a recipe in their order, in a folder of their own; its conditions are in the glossary."""
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {}
    done = []
    for block in _BLOCK.finditer(TEXTS[name]):
        language, body = block["language"], block["body"]
        done.append(block["mark"] or language)
        if block["mark"] == "file":
            Path(block["note"]).parent.mkdir(exist_ok=True)
            Path(block["note"]).write_text(body, encoding="utf-8")
        elif block["mark"] is None and language == "python":
            exec(compile(body, name, "exec"), namespace)  # the documents are ours
        elif block["mark"] is None:
            assert language == "sh", f"a block of {name} is neither run nor says why it is not"
            for line in body.strip().splitlines():
                program, *arguments = shlex.split(line)
                assert program == "lithiate"
                result = CliRunner().invoke(app, arguments)
                assert result.exit_code == 0, f"{line}\n{result.output}\n{result.exception!r}"
    assert "sh" in done or "python" in done
    for results in tmp_path.rglob("results.json"):
        used = _conditions(results)
        assert {word for word in used if f"`{word}`" not in TEXTS["docs/nomenclature.md"]} == set()


def test_no_path_of_a_machine_stands_in_the_documents():
    assert [name for name, text in TEXTS.items() if re.search(r"/(?:work|home|root|tmp|Users)/", text)] == []
