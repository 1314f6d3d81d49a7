r"""Weight decay against rank: bounds that hold at every point, measured on a trained network.

Objective (1/N) sum_i loss_i + 1/2 sum_l lam_l |W_l|_F^2; z_i the input of layer l, delta_i =
d loss_i / d(W_l z_i), zbar_c and dbar_c their class means, G_l the gradient. As

    lam_l W_l = G_l - sum_c (n_c/N) dbar_c zbar_c^T - C_l,
    C_l = (1/N) sum_i (delta_i - dbar_c(i)) (z_i - zbar_c(i))^T,

and the sum over classes has rank at most K, the distance of W_l to rank K only sees the gradient
and C_l, the within-class covariance of what comes from above with what comes from below. From
the tightest to the loosest (ours, after the claim of [Z24] for critical points):

    outside    |(I - P) W_l|_F = |(I - P) (G_l - C_l)|_F / lam_l, P a projection of rank <= K
               whose range holds the dbar_c; or from the right, its range holding the zbar_c: the
               lesser of the two
    moment     |G_l - C_l|_F / lam_l
    centred    (sqrt(mean |delta_i - dbar_c(i)|^2) sqrt(V_l) + |G_l|_F) / lam_l
    product    (sqrt(mean |delta_i|^2) sqrt(V_l) + |G_l|_F) / lam_l
    lipschitz  the same with what weights alone say of both factors: V_l is at most
               V_1 prod_{m<l} |W_m|_2^2, and the like for delta from above

with V_l = mean |z_i - zbar_c(i)|^2, the total cluster variation of the layer's input for the
partition into classes. "lipschitz" needs |sigma'| <= 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nctheory.errors import require
from nctheory.metrics.moments import Moments
from nctheory.metrics.spectrum import distance_to_rank, numerical_rank, stable_rank
from nctheory.metrics.variability import between, within
from nctheory.trained.network import Array, Codes, Network
from nctheory.trained.training import Training

BOUNDS = ("outside", "moment", "centred", "product", "lipschitz")


@dataclass(frozen=True, eq=False)
class LayerBound:
    """dist_F(W_l, rank <= K) and its bounds for one layer, and what they are made of.

    Attributes
    ----------
    layer : int
        l, from 1.
    singular_values : array
        Of W_l, falling.
    rank, stable_rank :
        Numerical (singular values above 10^-3 of the largest) and stable rank of W_l.
    cluster_variation, relative_variation : float
        V_l, and its share in the total variance of the layer's input.
    gradient_norm : float
        |G_l|_F.
    distance : float
        dist_F(W_l, rank <= K).
    bounds : mapping
        The bounds of `BOUNDS` by name, each at most the next.
    """

    layer: int
    singular_values: Array
    rank: int
    stable_rank: float
    cluster_variation: float
    relative_variation: float
    gradient_norm: float
    distance: float
    bounds: Mapping[str, float]

    @property
    def holds(self) -> bool:
        """distance <= every bound, up to the rounding of the singular values."""
        return self.distance <= min(self.bounds.values()) + 1e-13 * float(self.singular_values[0])


def rank_bounds(training: Training) -> list[LayerBound]:
    """The bounds of every layer with weight decay, at the present parameters, over all the data.

    Raises
    ------
    InputError
        Where no layer has weight decay: the bounds divide by it.
    """
    require(bool((training.decays > 0).any()), "weight_decay", "be greater than 0 in a layer",
            training.decays)
    require(training.recipe.dtype == "float64", "dtype", "be float64 for bounds that are compared "
            "to their last digits", training.recipe.dtype)
    network, labels = training.network, training.labels
    _, inputs, found = network.deltas(training.x, labels)
    deltas = [delta * len(delta) for delta in found]  # they come divided by N
    from_weights = _lipschitz(network, deltas[-1], inputs, labels)
    return [_of_layer(l, network, inputs[l], deltas[l], labels, float(decay), from_weights[l])
            for l, decay in enumerate(training.decays) if decay > 0]


def _of_layer(l: int, network: Network, z: Array, delta: Array, labels: Codes, decay: float,
              from_weights: float) -> LayerBound:
    w = network.weights[l]
    gradient = network.weight_gradients[l] + decay * w
    norm = float(np.linalg.norm(gradient))
    below, above = Moments.of(z, labels), Moments.of(delta, labels)
    covariance = _centred(delta, above, labels).T @ _centred(z, below, labels) / len(z)
    variation = within(below)
    spread = float(np.sqrt(variation))
    return LayerBound(
        layer=l + 1,
        singular_values=np.asarray(np.linalg.svd(w, compute_uv=False), np.float64),
        rank=numerical_rank(w), stable_rank=stable_rank(w), cluster_variation=variation,
        relative_variation=variation / (variation + between(below, "samples")),
        gradient_norm=norm, distance=distance_to_rank(w, below.classes),
        bounds={
            "outside": min(_outside(w, above.means), _outside(w.T, below.means)),
            "moment": float(np.linalg.norm(gradient - covariance)) / decay,
            "centred": (float(np.sqrt(within(above))) * spread + norm) / decay,
            "product": (_root_mean_square(delta) * spread + norm) / decay,
            "lipschitz": (from_weights + norm) / decay,
        })


def _lipschitz(network: Network, output: Array, inputs: list[Array],
               labels: Codes) -> list[float]:
    """For each layer what bounds sqrt(mean |delta_i|^2) sqrt(V_l), from the spectral norms of
    the other weights, the output's residual and the data's variation."""
    norms = [float(np.linalg.norm(w, 2)) for w in network.weights]
    backbone = network.architecture.backbone
    above = [_root_mean_square(output)]
    below = [float(np.sqrt(within(Moments.of(inputs[0], labels))))]
    for l in reversed(range(1, len(norms))):
        penalty = network.feature_penalty * _root_mean_square(inputs[l]) if l == backbone else 0.0
        above.insert(0, above[0] * norms[l] + penalty)
    for norm in norms[:-1]:
        below.append(below[-1] * norm)
    return [a * b for a, b in zip(above, below, strict=True)]


def _centred(rows: Array, m: Moments, labels: Codes) -> Array:
    return np.asarray(rows - m.means[np.searchsorted(m.labels, labels)])


def _root_mean_square(rows: Array) -> float:
    """sqrt(mean |row|^2)."""
    return float(np.linalg.norm(rows) / np.sqrt(len(rows)))


def _outside(w: Array, spanning: Array) -> float:
    """|(I - P) W|_F, P of rank K: its range holds the K rows of `spanning`."""
    basis = np.linalg.qr(spanning.T)[0]
    return float(np.linalg.norm(w - basis @ (basis.T @ w)))
