"""What people and programs read: terminal tables, JSON, CSV, LaTeX, HTML and figures.

    draw, make_figure, KINDS   figures, into axes of one's own or into files
    Source                     what they are drawn from
    write_page                 a store as one HTML page
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nctheory.report.figures import KINDS as KINDS
    from nctheory.report.figures import draw as draw
    from nctheory.report.figures import make_figure as make_figure
    from nctheory.report.page import write_page as write_page
    from nctheory.report.source import Source as Source

# Imported on use: a table on the terminal needs no figures.
_HOME = {"KINDS": "figures", "Source": "source", "draw": "figures", "make_figure": "figures",
         "write_page": "page"}

__all__ = ["KINDS", "Source", "draw", "make_figure", "write_page"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nctheory.report' has no attribute '{name}'")
    return getattr(importlib.import_module(f"nctheory.report.{_HOME[name]}"), name)
