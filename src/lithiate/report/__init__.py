"""The report: one HTML page with figures, tables and their origin, that works without a network."""

from __future__ import annotations

from lithiate.report.build import build_report

__all__ = ["build_report"]
