"""Certificates: claims with witnesses, made by this library, verified by an independent program.

    makers      cell, threshold, thresholds, chain, cost, costs, partial_fit,
                minimal_loss, optimal (MSE); compare (cross-entropy); UNIFORM
    format      to_json: JSON in which integers and fractions are strings, without floats
    checker     the standard library alone, no code in common with the makers
    checker.js  a second one in plain JavaScript, for Node and browsers, written from
                SPECIFICATION.md: each claim, its rules, and why they are sound
    coq         claims as Coq files; rules.v: the checkers' rules in integers proved sound
"""

from __future__ import annotations

from nctheory.certify.checker import NotACertificateFile, Result, check_file
from nctheory.certify.crossentropy import compare
from nctheory.certify.format import Certificate, to_json
from nctheory.certify.maker import (
    cell,
    chain,
    cost,
    costs,
    minimal_loss,
    partial_fit,
    threshold,
    thresholds,
)
from nctheory.certify.optimal import optimal
from nctheory.certify.uniform import UNIFORM

__all__ = [
    "UNIFORM",
    "Certificate",
    "NotACertificateFile",
    "Result",
    "cell",
    "chain",
    "check_file",
    "compare",
    "cost",
    "costs",
    "minimal_loss",
    "optimal",
    "partial_fit",
    "threshold",
    "thresholds",
    "to_json",
]
