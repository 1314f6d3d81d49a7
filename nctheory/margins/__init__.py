"""Depth without decay: margins per norm, codes, and the dynamics that lead to them."""

from __future__ import annotations

from nctheory.margins.codes import SoftmaxCode, softmax_code
from nctheory.margins.margin import compare, limit, log_margin
from nctheory.margins.table import MarginTable, margin_table

__all__ = ["MarginTable", "SoftmaxCode", "compare", "limit", "log_margin", "margin_table",
           "softmax_code"]
