"""Formulas as MathML, which browsers draw themselves: no script, no font, no network."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

LOGGER = logging.getLogger(__name__)

# What docutils lacks, in words that it has.
WORDS = {r"\\iff": r"\\Longleftrightarrow", r"\\texttt": r"\\mathtt",
         r"\\[bB]ig+[lr]?(?![a-zA-Z])": "", r"\\tbinom": r"\\binom", r"\\tfrac": r"\\frac",
         r"\\textstyle": "", r"\\dots": r"\\ldots", r"\\binom\s*(\w)(\w)": r"\\binom{\1}{\2}",
         r"\\frac\s*(\w)(\w)": r"\\frac{\1}{\2}"}


def mathml(tex: str, block: bool) -> str:
    """One formula."""
    for pattern, word in WORDS.items():
        tex = re.sub(pattern, word, tex)
    return str(tex2mathml(tex, as_block=block))


def _visit(block: bool) -> Any:
    def visit(self: Any, node: nodes.math) -> None:
        try:
            self.body.append(mathml(node.astext(), block))
        except (MathError, IndexError) as error:  # docutils pops from an empty row at "$^2$"
            LOGGER.warning("formula %r: %s", node.astext(), error, location=node)
        raise nodes.SkipNode

    return visit


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (_visit(False), None), (_visit(True), None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
