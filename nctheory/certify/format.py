"""Certificates as values and as files: JSON in which every number is a string."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

from nctheory import __version__

# Not imported from the checker: maker and checker share no code.
FORMAT = "nctheory certificates 1"
# What a certificate may speak of: see SPECIFICATION.md.
LARGEST_CLASSES, LARGEST_LAYERS = 10**6, 1000


@dataclass(frozen=True)
class Certificate:
    """A claim, its parameters, how it is decided, the witnesses, and what holds."""

    claim: str
    parameters: Mapping[str, Any]
    method: str
    data: Any
    verdict: str


def plain(value: Any) -> Any:
    """`value` with integers and fractions as strings, "-12" and "3/4"; floats are refused."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | Fraction) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    raise TypeError(f"a certificate holds words, integers and fractions, not {value!r}")


def to_json(certificates: Iterable[Certificate]) -> str:
    """The certificate file, a certificate a line."""
    lines = ",\n  ".join(json.dumps(plain(asdict(c))) for c in certificates)
    versions = json.dumps({"nctheory": __version__, "python": platform.python_version()})
    return (f'{{"format": {json.dumps(FORMAT)},\n "versions": {versions},\n'
            f' "certificates": [\n  {lines}]}}\n')
