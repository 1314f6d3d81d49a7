"""What to cite: the one bibliography (refs.bib), and which of its keys a text names as [KEY]."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path

from nctheory import __version__
from nctheory.constructions import Construction, DirectSum, construct
from nctheory.errors import InputError, require

BIBLIOGRAPHY = Path(__file__).with_name("refs.bib")

TOOL = f"""@software{{nctheory,
  author        = {{{{The nctheory developers}}}},
  title         = {{nctheory: certified threshold tables, closed-form losses and solvers for the
                   theory of deep neural collapse}},
  version       = {{{__version__}}},
  year          = {{2026}},
}}
"""


@cache
def bibliography() -> dict[str, str]:
    """The entries of refs.bib, as BibTeX, by key.

    Examples
    --------
    >>> bibliography()["GK25"].splitlines()[0]
    '@inproceedings{GK25,'
    """
    text = BIBLIOGRAPHY.read_text(encoding="utf-8")
    entries = re.finditer(r"^@\w+\{(\w+),\n.*?^\}\n", text, re.MULTILINE | re.DOTALL)
    return {entry[1]: entry[0] for entry in entries}


def keys(text: str) -> list[str]:
    """The keys that a text cites, in their order: [KEY], or [KEY, Theorem 1].

    Examples
    --------
    >>> keys("[GK25, Theorem 1], see also [SLM24]; H_1[0, 1] is no citation")
    ['GK25', 'SLM24']
    """
    return list(dict.fromkeys(re.findall(r"\[([A-Z][A-Za-z]*[0-9]{2})\b[^\]]*\]", text)))


def cited(name: str) -> list[str]:
    """The keys behind a name: of the bibliography itself, or of a construction's docstring.

    Raises
    ------
    InputError
        Where `name` is no key and names no construction.

    Examples
    --------
    >>> cited("triangular:r=5,s=3"), cited("PHD20")
    (['SLM24'], ['PHD20'])
    """
    if name in bibliography():
        return [name]
    try:
        made = construct(name)
    except InputError:
        require(False, "name", f"be a key of the bibliography ({', '.join(bibliography())}) or a "
                "construction such as triangular:r=5,s=3", name)
        raise
    return cited_by(made)


def cited_by(construction: Construction) -> list[str]:
    """The keys in the docstrings of a construction's blocks."""
    blocks = construction.blocks if isinstance(construction, DirectSum) else (construction,)
    return list(dict.fromkeys(key for block in blocks
                              for key in keys(inspect.getdoc(type(block)) or "")))


def cite(*names: str) -> str:
    """BibTeX: of nctheory, and of the papers behind each name; see `cited`."""
    found = dict.fromkeys(key for name in names for key in cited(name))
    return "\n".join([TOOL, *(bibliography()[key] for key in found)])


def cell_entry(classes: int, layers: int, digest: str) -> str:
    """BibTeX for a cell of the atlas, with the hash of its certificate."""
    return f"""@misc{{nctheory-atlas-{classes}-{layers},
  author = {{{{The nctheory developers}}}},
  title  = {{Atlas of neural collapse: {classes} classes, {layers} layers}},
  note   = {{nctheory {__version__}, cells/{classes}-{layers}.html, certificate {digest[:16]}}},
  year   = {{2026}},
}}
"""
