"""Edges of the complete graph as a code for cross-entropy: low rank in every layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.factors import Factored, Matrix, Network, Ranks
from nctheory.constructions.logits import Logits
from nctheory.constructions.triangular import OnEdges, incidence_spectrum
from nctheory.exact import Theta
from nctheory.graphs.incidence import subset_incidence
from nctheory.integers import edge_vertices
from nctheory.losses import Loss
from nctheory.losses.margins import Margins


@dataclass(frozen=True, kw_only=True)
class EdgeCode(OnEdges, Logits):
    r"""Classes are the edges of K_r, K = r(r-1)/2, with logits S = B^T B - 4/r J, B the
    vertex-edge incidence matrix: margin 1 to the 2(r-2) edges that share a vertex, 2 to the rest.

    S^T S has the eigenvalue (r-2)^2 [r-1].  With ReLU the features are B >= 0 in every layer, the
    middle weights I_r and W_L = B^T - 2/r J, so

        P(L) = |B|_*^2 r^(L-2) (r-1)(r-2),

    with rank r before and after every ReLU, unlike `Triangular`, whose last ReLU restores rank K.

    Parameters
    ----------
    vertices : int
        r >= 4.

    References
    ----------
    Ours.

    Examples
    --------
    At the sizes of [GK25] Fig 6, below the bound for deep neural collapse, 0.147061:

    >>> from nctheory import Problem
    >>> problem = Problem(classes=10, layers=3, samples=5, weight_decay=2**-9, loss="ce")
    >>> code = EdgeCode(vertices=5)
    >>> f"{code.loss(problem):.6f}", code.ranks(3, activation="relu").after
    ('0.138391', (5, 5))
    >>> [code.compare_with_dnc(L, activation="relu") for L in (3, 2)]
    [-1, 1]
    """

    @property
    def label(self) -> str:
        return f"edgecode r={self.vertices}"

    def matrix(self) -> Matrix:
        B = subset_incidence(self.vertices, 1, 2).astype(float)
        return np.asarray(B.T @ B - 4 / self.vertices)

    def margins(self) -> Margins:
        near = 2 * (self.vertices - 2)
        return Margins(np.ones(1), np.array([[1.0, 2.0]]),
                       np.array([[near, self.classes - 1.0 - near]]))

    def spectrum(self) -> Mapping[Fraction, int]:
        return {Fraction((self.vertices - 2) ** 2): self.vertices - 1}

    def nonlinear(self, activation: PiecewiseLinear) -> Network:
        return EdgeFeatures(self.vertices)  # nonnegative: every (leaky) ReLU leaves them alone

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> EdgeCode | None:
        """The member with so many classes; None where K is not triangular."""
        r = edge_vertices(classes, 4)
        return cls(vertices=r) if r and layers >= 2 and loss.centred else None


@dataclass(frozen=True)
class EdgeFeatures(Factored):
    """The ReLU network of `EdgeCode`: M_2 = ... = M_L = B >= 0."""

    vertices: int

    @property
    def least_layers(self) -> int:
        return 2

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        return {Fraction(theta): m for theta, m in incidence_spectrum(self.vertices).items()}

    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        r = self.vertices
        return (Fraction(r),) * (layers - 2) + (Fraction((r - 1) * (r - 2)),)

    def shapes(self, layers: int) -> list[Matrix]:
        r = self.vertices
        B = subset_incidence(r, 1, 2).astype(float)
        return [B, *[np.eye(r)] * (layers - 2), B.T - 2 / r]

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self.vertices,) * layers

    def layer_ranks(self, layers: int) -> Ranks:
        r = self.vertices
        return Ranks((r,) * self._check_layers(layers), (r,) * (layers - 1))
