"""Neural collapse theory: what the optima of deep unconstrained features models look like.

Public names are imported on first use (PEP 562), so that `import nctheory` stays fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from nctheory.errors import InputError as InputError
    from nctheory.problem import Problem as Problem

_HOME = {
    "InputError": "nctheory.errors",
    "Problem": "nctheory.problem",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'nctheory' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
