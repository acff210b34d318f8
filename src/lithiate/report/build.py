"""Build the report of an output folder: figures, then one self-contained page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lithiate.core.store import atomic_write_text
from lithiate.report.content import report_content
from lithiate.report.folder import read_folder
from lithiate.report.pictures import make_ablation_pictures, make_pictures, zoomable_traces
from lithiate.study.layout import REPORT_HTML

_HERE = Path(__file__).parent


def build_report(folder: Path | str) -> Path:
    """Make ``figures/*.svg`` and ``report.html`` in an output folder, from what lies in it, and return the page.

    The page holds everything it shows; it asks nothing of a network.

    Parameters
    ----------
    folder : Path or str
        What `lithiate.run_study` left.

    Raises
    ------
    SpecError, ReadError
        When results, used values or measurements are missing or damaged.
    WriteError
        ``LI-WRITE-001`` when the folder cannot be written.
    """
    content = read_folder(Path(folder))
    context = report_content(content)
    context |= {"pictures": make_pictures(content), "traces": zoomable_traces(content)}
    context["ablation_pictures"] = make_ablation_pictures(content)
    return atomic_write_text(Path(folder) / REPORT_HTML, _render(context))


def _render(context: dict[str, Any]) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["script_json"] = _script_json
    vendor = {
        "uplot_script": (_HERE / "vendor" / "uPlot.iife.min.js").read_text(encoding="utf-8"),
        "uplot_style": (_HERE / "vendor" / "uPlot.min.css").read_text(encoding="utf-8"),
        "uplot_license": (_HERE / "vendor" / "LICENSE-uPlot.txt").read_text(encoding="utf-8"),
        "style": (_HERE / "templates" / "report.css").read_text(encoding="utf-8"),
        "script": (_HERE / "templates" / "report.js").read_text(encoding="utf-8"),
    }
    return environment.get_template("report.html.j2").render(**context, **vendor)


def _script_json(value: object) -> str:
    """Return JSON that may stand inside a script element: nothing in it ends the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
