"""Threshold tables: for which K, L and weight decay deep neural collapse (DNC) is beaten."""

from __future__ import annotations

from nctheory.thresholds.library import Library
from nctheory.thresholds.rows import (
    BEATEN,
    NOT_BEATEN,
    OPTIMAL,
    UNDECIDED,
    VERDICTS,
    ZERO,
    ZERO_OPTIMAL,
    Row,
    Table,
)
from nctheory.thresholds.table import threshold_table

__all__ = ["BEATEN", "NOT_BEATEN", "OPTIMAL", "UNDECIDED", "VERDICTS", "ZERO", "ZERO_OPTIMAL",
           "Library", "Row", "Table", "threshold_table"]
