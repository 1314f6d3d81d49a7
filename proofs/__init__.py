"""Theorems that run: `python -m proofs` checks them all, `python -m proofs NAME` shows one.

A theorem is a file of its name, which defines THEOREM; each file here is found by itself.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from proofs.theorem import Proof, Step, Theorem, prove

THEOREMS: dict[str, Theorem] = {
    module.name.replace("_", "-"): import_module(f"proofs.{module.name}").THEOREM
    for module in pkgutil.iter_modules(__path__)
    if module.name != "__main__"
    and hasattr(import_module(f"proofs.{module.name}"), "THEOREM")}

__all__ = ["THEOREMS", "Proof", "Step", "Theorem", "prove"]
