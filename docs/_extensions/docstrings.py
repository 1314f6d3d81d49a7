"""Our docstrings are plain text, formulas as one types them; here they become reStructuredText.

What stands indented between paragraphs is shown as it stands; elsewhere the signs *, |, _ and `
mean themselves, [KEY] cites the bibliography, and `name` is code.
"""

from __future__ import annotations

import re
from typing import Any

import pybtex.plugin
from pybtex.style.formatting.unsrt import Style
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx

from nctheory.citations import bibliography

CITED = re.compile(r"\[([A-Z][A-Za-z]*[0-9]{2})(?:, ([^\]]*))?\]")
CODE = re.compile(r"(``?[^`]+``?)")


def prose(text: str) -> str:
    """A line of prose, its signs escaped."""
    parts = CODE.split(text)
    return "".join(f"``{part.strip('`')}``" if place % 2 else _escaped(part)
                   for place, part in enumerate(parts))


def _escaped(text: str) -> str:
    bullet, text = ("* ", text[2:]) if text.startswith("* ") else ("", text)
    text = re.sub(r"([\\*|`])|_(?![A-Za-z0-9])", lambda sign: "\\" + sign[0], text)

    def cite(found: re.Match[str]) -> str:
        if found[1] not in bibliography():
            return found[0]
        return f":cite:`{found[1]}`" + (f" ({found[2]})" if found[2] else "")

    return bullet + CITED.sub(cite, text)


def rewrite(lines: list[str]) -> list[str]:
    """A whole docstring: prose is escaped, doctests stay, what is indented stays as it stands."""
    made: list[str] = []
    literal: int | None = None  # the indentation that a block shown as it stands goes beyond
    doctest = False
    depth = 0  # of the last line of prose
    for number, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        blank = not line.strip()
        if doctest and not blank or line.lstrip().startswith(">>>"):
            doctest = True
            made.append(line)
            continue
        doctest = False
        if blank:
            made.append(line)
            continue
        if literal is not None and indent <= literal:
            literal = None
            if made and made[-1].strip():
                made.append("")
        if literal is None and indent > depth and made and not made[-1].strip():
            literal = depth
            made += [" " * depth + "::", ""]
        if literal is not None or _rule(line):
            made.append(line)
            continue
        following = lines[number + 1] if number + 1 < len(lines) else ""
        made.append(line if _rule(following) else " " * indent + prose(line.strip()))
        depth = indent
    return made


def _rule(line: str) -> bool:
    return bool(re.fullmatch(r"\s*-{3,}\s*", line))


def _process(app: Sphinx, what: str, name: str, target: Any, options: Any,
             lines: list[str]) -> None:
    if what == "module":  # indented as written: common indentation means something there
        lines[:] = [*(target.__doc__ or "").splitlines(), ""]
    lines[:] = rewrite(lines)


class _Keys(BaseLabelStyle):  # type: ignore[misc]
    """The label of a paper is its key."""

    def format_labels(self, entries: Any) -> Any:
        for entry in entries:
            yield entry.key


class _Style(Style):  # type: ignore[misc]
    default_label_style = _Keys


def setup(app: Sphinx) -> dict[str, bool]:
    pybtex.plugin.register_plugin("pybtex.style.formatting", "keys", _Style)
    app.connect("autodoc-process-docstring", _process, priority=400)  # before numpydoc
    return {"parallel_read_safe": True, "parallel_write_safe": True}
