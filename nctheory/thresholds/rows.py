"""The rows of a threshold table, and the words for what is known of a cell."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nctheory import losses
from nctheory.constructions import Construction, Ranks
from nctheory.tabular import Record, Tabular

BEATEN = "dnc beaten"
NOT_BEATEN = "not beaten by this library"
OPTIMAL = "dnc optimal"
ZERO_OPTIMAL = "zero optimal"
ZERO = "zero not beaten by this library"
UNDECIDED = "undecided"
VERDICTS = (BEATEN, NOT_BEATEN, OPTIMAL, ZERO_OPTIMAL, ZERO, UNDECIDED)

# What a verdict rests on.  The first two are certified: exact arithmetic decided.
INTEGERS = "integers"
BOUNDS = "rational bounds"
FLOATS = "closed form in floats"
NOTHING = "nothing"
CERTIFIED = (INTEGERS, BOUNDS)


@dataclass(frozen=True)
class Row(Tabular):
    """One cell (K, L): the best construction of the library against DNC.

    `loss`, `dnc_loss` and `loss_ratio` are None in a table without a weight decay, whose
    verdicts then hold for every weight decay at which the zero solution is not optimal.
    `model` are the words of loss and activation.
    """

    classes: int
    layers: int
    construction: Construction
    cost: float
    verdict: str
    evidence: str
    loss: float | None = None
    dnc_loss: float | None = None
    model: tuple[str, str] = ("mse", "relu")

    @property
    def dnc_cost(self) -> int:
        """c of DNC: K under MSE, K - 1 under cross-entropy (with ReLU a lower bound)."""
        return losses.get(self.model[0]).dnc_cost(self.classes)

    @property
    def ratio(self) -> float:
        """Cost over DNC's: below 1 where DNC is beaten."""
        return self.cost / self.dnc_cost

    @property
    def loss_ratio(self) -> float | None:
        """loss / (loss of DNC) at the table's weight decay."""
        if self.loss is None or self.dnc_loss is None:
            return None
        return self.loss / self.dnc_loss

    @property
    def certified(self) -> bool:
        """Whether exact or interval arithmetic decided the verdict."""
        return self.evidence in CERTIFIED

    @cached_property
    def width(self) -> int:
        """The least width d that the construction fits into."""
        return self.construction.required_width(self.layers, *self.model)

    @cached_property
    def ranks(self) -> Ranks:
        """Ranks of M_1..M_L and sigma(M_2)..sigma(M_L) of the construction."""
        return self.construction.ranks(self.layers, *self.model)

    def records(self) -> list[Record]:
        """This row as plain data."""
        return [{
            "classes": self.classes,
            "layers": self.layers,
            "construction": self.construction.label,
            "cost": self.cost,
            "dnc_cost": self.dnc_cost,
            "ratio": self.ratio,
            "loss": self.loss,
            "dnc_loss": self.dnc_loss,
            "loss_ratio": self.loss_ratio,
            "verdict": self.verdict,
            "certified": self.certified,
            "evidence": self.evidence,
            "width": self.width,
            "ranks": {"before": list(self.ranks.before), "after": list(self.ranks.after)},
        }]


@dataclass(frozen=True)
class Table(Tabular):
    """The rows of `threshold_table`, by layers within classes, and what they were made with."""

    classes: tuple[int, ...]
    layers: tuple[int, ...]
    samples: int
    weight_decay: float | None
    rows: tuple[Row, ...]
    loss: str = "mse"
    activation: str = "relu"
    width: int | None = None

    @property
    def dimensions(self) -> tuple[str, ...]:
        """K and L."""
        return "classes", "layers"

    def records(self) -> list[Record]:
        """A record a row, as JSON and CSV have it."""
        return [record for row in self.rows for record in row.records()]

    def least_classes(self) -> dict[int, int | None]:
        """{L: the least K of the table at which DNC is beaten, or None}."""
        return {L: min((row.classes for row in self.rows
                        if row.layers == L and row.verdict == BEATEN), default=None)
                for L in self.layers}

    def least_layers(self) -> dict[int, int | None]:
        """{K: the least L of the table at which DNC is beaten, or None}."""
        return {K: min((row.layers for row in self.rows
                        if row.classes == K and row.verdict == BEATEN), default=None)
                for K in self.classes}
