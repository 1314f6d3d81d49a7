"""Costs of constructions where each factor is measured in another norm than Frobenius's.

Coupled weight decay of plain gradient descent is a budget of Frobenius norms: the cost c.
Decoupled decay with another update bounds another norm of each factor: orthogonalised updates
(Muon) the spectral norm, sign updates the largest entry, normalised rows or columns theirs.  With
L+1 factors, the norms nu(W) scaled so that they are at least |W|_F but for the spectral one,

    P_nu = product of nu(factor)^2 at outputs of least margin (or fit) 1,   c_nu = P_nu^(1/(L+1)),

* "rows": sqrt(number of rows) times the largest norm of a row; "columns" alike,
* "entries": sqrt(number of entries) times the largest entry,

neither changes when all neurons are copied equally often.  So P_nu >= P_F for these three, and
c_nu = c where the factors' rows (columns, entries) are alike.  Costs here are those of a
construction's own matrices, the spectral ones of its blocks at scales of their own: upper bounds
on what its outputs cost.  DNC is measured by its c, the least of any DNC since P_nu >= P_F, which
its matrices attain in rows and columns; in the spectral norm by 1.  Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import activations, losses
from nctheory.constructions import Construction, Orthogonal
from nctheory.constructions.factors import Network, Parallel
from nctheory.errors import choice
from nctheory.tabular import Tabular
from nctheory.thresholds import threshold_table

Array = NDArray[np.float64]


def _lengths(matrix: Array, axis: int) -> float:
    lengths = np.linalg.norm(matrix, axis=axis)
    return float(math.sqrt(len(lengths)) * lengths.max())


NORMS: dict[str, Callable[[Array], float]] = {
    "frobenius": lambda matrix: float(np.linalg.norm(matrix)),
    "spectral": lambda matrix: float(np.linalg.norm(matrix, 2)),
    "rows": lambda matrix: _lengths(matrix, 1),
    "columns": lambda matrix: _lengths(matrix, 0),
    "entries": lambda matrix: float(math.sqrt(matrix.size) * np.abs(matrix).max()),
}


def log_cost(made: Construction, layers: int, norm: str, loss: str | None = None,
             activation: str | None = None) -> float:
    """log c_nu of a construction's own factors.

    Parameters
    ----------
    made : Construction
    layers : int
        L.
    norm : str
        A word of `NORMS`.
    loss, activation : str, optional
        As for `Construction.cost`.

    Examples
    --------
    In the Frobenius norm this construction costs less than DNC's 10, in the spectral norm more
    than DNC's 1, which is the least there is (`python -m proofs spectral-budget`):

    >>> from nctheory import Triangular
    >>> made = Triangular(vertices=5, subset=3)
    >>> [round(math.exp(log_cost(made, 4, norm)), 4) for norm in ("frobenius", "spectral")]
    [8.1681, 1.8882]
    """
    choice("norm", norm, tuple(NORMS))
    chosen = losses.get(made.home[0] if loss is None else loss)
    sigma = activations.homogeneous(made.home[1] if activation is None else activation)
    network = made.network(chosen, sigma)
    margin = math.log(made.outputs(chosen).margins().least) if chosen.centred else 0.0
    return _log_cost(network, layers, norm, chosen.centred) - 2 * margin / (layers + 1)


def _log_cost(network: Network, layers: int, norm: str, whole: bool) -> float:
    if norm == "spectral" and isinstance(network, Parallel) and not whole:
        # Blocks side by side have the largest of their norms, each at scales of its own.
        return max(_log_cost(block, layers, norm, whole) for block in network.blocks)
    matrices, _ = network.unit_factors(layers)
    return 2 * math.fsum(math.log(NORMS[norm](matrix)) for matrix in matrices) / (layers + 1)


@dataclass(frozen=True)
class NormRow:
    """The best of the library in the Frobenius norm, and its cost over DNC's in that norm and in
    the other."""

    construction: Construction
    layers: int
    frobenius: float
    ratio: float


@dataclass(frozen=True)
class NormTable(Tabular):
    """Rows for each K and L in one norm; `proved`: DNC is optimal there by the theorem."""

    norm: str
    rows: tuple[NormRow, ...]
    proved: bool

    @property
    def dimensions(self) -> tuple[str, ...]:
        """K and L."""
        return "classes", "layers"

    def verdict(self, row: NormRow) -> str:
        """ "dnc optimal" by the theorem; else what the floats say of this construction."""
        if self.proved:
            return "dnc optimal"
        return "dnc beaten" if row.ratio < 1 - 1e-9 else "not beaten by this one"

    def records(self) -> list[dict[str, Any]]:
        """A record a row."""
        return [{"classes": row.construction.classes, "layers": row.layers,
                 "construction": row.construction.label, "frobenius_over_dnc": row.frobenius,
                 f"{self.norm}_over_dnc": row.ratio, "verdict": self.verdict(row)}
                for row in self.rows]


def norm_table(classes: Any, layers: Any, norm: str, *, loss: str = "mse",
               activation: str = "relu") -> NormTable:
    """What becomes of the winners of the threshold table when factors are measured in `norm`.

    Examples
    --------
    >>> table = norm_table([10], [4], "spectral")
    >>> [(row.frobenius < 1, row.ratio > 1, table.verdict(row)) for row in table.rows]
    [(True, True, 'dnc optimal')]
    """
    choice("norm", norm, tuple(NORMS))
    found = []
    for row in threshold_table(classes, layers, loss=loss, activation=activation).rows:
        made, L = row.construction, row.layers
        dnc = Orthogonal(classes=made.classes)
        frobenius = log_cost(dnc, L, "frobenius", loss, activation)
        least = log_cost(dnc, L, norm, loss, activation) if norm == "spectral" else frobenius
        found.append(NormRow(
            made, L, math.exp(log_cost(made, L, "frobenius", loss, activation) - frobenius),
            math.exp(log_cost(made, L, norm, loss, activation) - least)))
    # `python -m proofs spectral-budget`; with one layer there is no activation.
    proved = norm == "spectral" and (
        loss == "mse" or (loss == "ce" and activation in ("relu", "linear")))
    return NormTable(norm, tuple(found), proved)
