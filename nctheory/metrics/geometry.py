r"""NC2 and DNC2: the geometry of the class means.

Two Gram matrices occur. With mu_c the class means and g the mean of the class means,

    raw      G_cc' = <mu_c, mu_c'>             (a DUFM without bias: orthogonal frame,
    triangular) centred  G_cc' = <mu_c - g, mu_c' - g>     ([PHD20]: simplex equiangular tight
    frame)

and a distance to a geometry T compares directions only: | G/|G|_F - T/|T|_F |_F, in [0, sqrt 2]
as both are positive semi-definite.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.spatial.distance import pdist

from nctheory.errors import InputError, require
from nctheory.metrics.moments import Array, Moments
from nctheory.metrics.spectrum import counted
from nctheory.metrics.variability import between_directions, between_factor, rounding


def gram(means: Array) -> Array:
    """The K x K matrix of inner products of the rows."""
    return np.asarray(means @ means.T)


def gram_distance(g: Array, target: Array) -> float:
    """| G/|G|_F - T/|T|_F |_F, both scaled to Frobenius norm 1.

    Raises `InputError` for G = 0.

    Examples
    --------
    >>> gram_distance(7 * np.eye(4), np.eye(4))
    0.0
    """
    largest = float(np.abs(g).max())
    require(largest > 0, "class means", "not all be zero (after centring)", "a zero Gram matrix")
    g = g / largest  # squares of 1e200 would overflow
    size = float(np.linalg.norm(g))
    return float(np.linalg.norm(g / size - target / np.linalg.norm(target)))


def centred_means(m: Moments) -> Array:
    """mu_c - g, g the mean of the class means; `InputError` where all mu_c are equal."""
    between_directions(m)
    return np.asarray(between_factor(m) * math.sqrt(m.classes))


def _cosines(m: Moments) -> Array:
    means = centred_means(m)
    norms = np.linalg.norm(means, axis=1)
    if norms.min() <= rounding(m):
        raise InputError("class means must differ from their centre to have an angle, got the "
                         f"centre for class {m.labels[np.argmin(norms)]!s}")
    unit = means / norms[:, None]
    return np.asarray(gram(unit)[np.triu_indices(m.classes, 1)])


def nc2_norms(m: Moments) -> float:
    """Equal norms [PHD20]: std / mean over classes of |mu_c - g| (std divides by K)."""
    norms = np.linalg.norm(centred_means(m), axis=1)
    return float(norms.std() / norms.mean())


def nc2_angles(m: Moments) -> float:
    """Maximal equal angles [PHD20]: mean over pairs of |cos(mu_c - g, mu_c' - g) + 1/(K-1)|."""
    return float(np.mean(np.abs(_cosines(m) + 1 / (m.classes - 1))))


def nc2_angles_std(m: Moments) -> float:
    """Equal angles, whatever they are [PHD20]: std over pairs of cos(mu_c - g, mu_c' - g)."""
    return float(np.std(_cosines(m)))


def nc2_uniformity(m: Moments) -> float:
    """Hyperspherical uniformity: mean over pairs of log 1/|u_c - u_c'|, u_c = (mu_c - g)/|.|.

    The logarithmic energy of the directions of the centred means, the less the more uniform;
    the simplex has log sqrt((K-1)/(2K)), the least for d >= K-1.
    """
    return float(np.mean(_energies(m)))


def nc2_uniformity_std(m: Moments) -> float:
    """Std over pairs of the energies whose mean is `nc2_uniformity`; 0 for the simplex."""
    return float(np.std(_energies(m)))


def _energies(m: Moments) -> Array:
    means = centred_means(m)
    norms = np.linalg.norm(means, axis=1)
    require(bool(norms.min() > rounding(m)), "class means",
            "differ from their centre to have a direction", float(norms.min()))
    unit = means / norms[:, None]
    distances = pdist(unit)
    require(bool(distances.min() > 0), "class means",
            "differ in direction to have a finite energy", 0.0)
    return np.asarray(-np.log(distances))


def nc2_etf(m: Moments) -> float:
    """Distance of the centred Gram matrix to the simplex equiangular tight frame I - J/K."""
    k = m.classes
    return gram_distance(gram(centred_means(m)), np.eye(k) - 1 / k)


def nc2_frame(m: Moments) -> float:
    """Distance of the raw Gram matrix to I, the orthogonal frame; DNC2 of [SLM24]."""
    return gram_distance(gram(m.means), np.eye(m.classes))


def least_frame_distance(classes: int, rank: int) -> float:
    """The least Frobenius distance of a Gram matrix of rank at most `rank` to a flat spectrum.

    The target has `classes` equal eigenvalues, both have norm 1: sqrt(2 - 2
    sqrt(rank/classes)), 0 as soon as rank >= classes. With K vectors in d < K dimensions no
    orthogonal frame exists (for the simplex: d < K-1), and this is how near one can come.

    Examples
    --------
    >>> round(least_frame_distance(10, 5), 4), least_frame_distance(4, 6)
    (0.7654, 0.0)
    """
    return math.sqrt(2 - 2 * math.sqrt(min(rank, classes) / classes))


def condition(means: Array) -> float:
    """Largest over smallest singular value of the K x d class means: 1 for an orthogonal frame.

    Raises `InputError` where the smallest of the K is 0 or rounding (always so for K > d).
    """
    values = np.asarray(np.linalg.svd(means, compute_uv=False), np.float64)
    return condition_of(values, means.shape)


def condition_of(values: Array, shape: tuple[int, ...]) -> float:
    """`condition` of a matrix of this shape with these singular values."""
    whole = counted(values, shape, tolerance=0) == shape[0]
    require(whole, "class means", "be linearly independent for a finite condition "
            "number", f"{shape} of lower rank")
    return float(values[0] / values[-1])
