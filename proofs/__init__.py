"""Theorems that run: `python -m proofs` checks them all, `python -m proofs NAME` shows one."""

from __future__ import annotations

from proofs import crossentropy, mse, trained, triangular
from proofs.theorem import Outcome, Step, Theorem, prove

THEOREMS = {theorem.name: theorem
            for module in (mse, triangular, crossentropy, trained)
            for theorem in module.THEOREMS}

__all__ = ["THEOREMS", "Outcome", "Step", "Theorem", "prove"]
