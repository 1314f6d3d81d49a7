r"""Weight decay against rank: a bound that holds at every point, measured on a trained network.

Objective (1/N) sum_i loss_i + 1/2 sum_l lam_l |W_l|_F^2; z_i the input of layer l, delta_i =
d loss_i / d(W_l z_i), zbar_c its class means over the classes, G_l the gradient. From

    lam_l W_l = G_l - (1/N) sum_i delta_i z_i^T,

and because sum_i delta_i zbar_c(i)^T has rank at most K, Cauchy and Schwarz give (ours, after
the claim of [Z24] for critical points):

    dist_F(W_l, rank <= K) <= (1/lam_l) ( sqrt(mean |delta_i|^2) sqrt(mean |z_i - zbar_c(i)|^2)
                                          + |G_l|_F ).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nctheory.errors import require
from nctheory.metrics.moments import Moments
from nctheory.metrics.spectrum import distance_to_rank, numerical_rank, stable_rank
from nctheory.metrics.variability import within
from nctheory.trained.network import Array
from nctheory.trained.training import Training


@dataclass(frozen=True, eq=False)
class LayerBound:
    """Both sides of the bound for one layer, and what they are made of.

    Attributes
    ----------
    layer : int
        l, from 1.
    singular_values : array
        Of W_l, falling.
    rank, stable_rank :
        Numerical (singular values above 10^-3 of the largest) and stable rank of W_l.
    cluster_variation : float
        mean |z_i - zbar_c(i)|^2 of the layer's input.
    backward_norm, gradient_norm : float
        sqrt(mean |delta_i|^2) and |G_l|_F.
    distance, bound : float
        dist_F(W_l, rank <= K) and the right-hand side above.
    """

    layer: int
    singular_values: Array
    rank: int
    stable_rank: float
    cluster_variation: float
    backward_norm: float
    gradient_norm: float
    distance: float
    bound: float

    @property
    def holds(self) -> bool:
        """distance <= bound, up to the rounding of the singular values."""
        return self.distance <= self.bound + 1e-13 * float(self.singular_values[0])


def rank_bounds(training: Training) -> list[LayerBound]:
    """The bound for every layer, at the network's present parameters and over all its data.

    Raises
    ------
    InputError
        Where a layer has no weight decay: the bound divides by it.
    """
    require(bool((training.decays > 0).all()), "weight_decay",
            "be greater than 0 in every layer", training.decays)
    network, samples = training.network, len(training.x)
    _, inputs, deltas = network.deltas(training.x, training.labels)
    bounds = []
    for l, (w, z, delta, decay) in enumerate(
            zip(network.weights, inputs, deltas, training.decays, strict=True)):
        gradient = float(np.linalg.norm(network.weight_gradients[l] + decay * w))
        variation = within(Moments.of(z, training.labels))
        # deltas come divided by N: sqrt(mean |delta_i|^2) = sqrt(N) |deltas|_F.
        backward = float(np.sqrt(samples) * np.linalg.norm(delta))
        classes = len(np.unique(training.labels))
        bounds.append(LayerBound(
            layer=l + 1,
            singular_values=np.asarray(np.linalg.svd(w, compute_uv=False), np.float64),
            rank=numerical_rank(w), stable_rank=stable_rank(w), cluster_variation=variation,
            backward_norm=backward, gradient_norm=gradient,
            distance=distance_to_rank(w, classes),
            bound=(backward * float(np.sqrt(variation)) + gradient) / float(decay)))
    return bounds
