"""The same measures in the normalisations of other packages, so that a paper's number compares.

"neural-collapse" is github.com/rhubarbwu/neural-collapse (R. Wu; the measures of [WP24]) at
commit c3864c2, with its accumulators' defaults: means centred at the mean of the class means,
variances divided by N and n_c. "nc-toolbox" is github.com/felixsh/nc-toolbox at commit a1cbf47:
centred at the mean of all samples, variances divided by n_c - 1, and most measures reduced to a
coefficient of variation, std / mean. The formulas are theirs, the code is not: each is written
from its definition, by way of ours where they differ by a factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial.distance import pdist

from nctheory.errors import InputError, choice
from nctheory.metrics import classifier, geometry, variability
from nctheory.metrics.files import LabelledFeatures, Layer
from nctheory.metrics.moments import Array, Moments


@dataclass(frozen=True)
class Measure:
    """One measure of another package.

    Attributes
    ----------
    name : str
        Its name there.
    ours : str
        The key of `nctheory.metrics.report` that it is nearest to.
    relation : str
        How the two differ, and why.
    value : callable
        Of the moments, the layer, and the classifier's weight.
    """

    name: str
    ours: str
    relation: str
    value: Callable[[Moments, Layer, Array], float]
    weighted: bool = False


def _scale(m: Moments) -> float:
    return m.width / m.classes


def _variation(values: Array) -> float:
    """std / mean."""
    return float(np.std(values) / np.mean(values))


def _around_samples(m: Moments) -> Array:
    return np.asarray(m.means - m.counts @ m.means / m.samples)


def _unit(rows: Array) -> Array:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _pairwise(matrix: Array) -> Array:
    return np.asarray(matrix[np.triu_indices(len(matrix), 1)])


def _log_norms(m: Moments, layer: Layer, w: Array) -> float:
    logs = np.log(np.linalg.norm(_around_samples(m), axis=1))
    return _variation(_pairwise(logs[:, None] - logs))


def _cdnv_pairs(m: Moments) -> Array:
    variances = m.spreads / (m.counts - 1)
    pairs = _pairwise(variances[:, None] + variances)
    return np.asarray(pairs / (2 * pdist(m.means, "sqeuclidean")))


def _cosine_excess(m: Moments, layer: Layer, w: Array) -> float:
    unit = _unit(_around_samples(m))
    return _variation(_pairwise(unit @ unit.T) + 1 / (m.classes - 1))


def _row_distances(m: Moments, layer: Layer, w: Array) -> float:
    return float(np.mean(np.linalg.norm(_unit(w) - _unit(geometry.centred_means(m)), axis=1)))


NEURAL_COLLAPSE = (
    Measure("covariance_pinv", "nc1", "d/K times: Sigma_B is divided by the width d, not by K",
            lambda m, layer, w: _scale(m) * variability.nc1(m)),
    Measure("covariance_ratio", "trace_ratio", "d/K times, for the same reason",
            lambda m, layer, w: _scale(m) * variability.trace_ratio(m)),
    Measure("variability_cdnv", "cdnv", "equal", lambda m, layer, w: variability.cdnv(m)),
    Measure("simplex_etf_error", "nc2_etf", "equal", lambda m, layer, w: geometry.nc2_etf(m)),
    Measure("kernel_stats log_kernel, mean", "nc2_uniformity", "equal",
            lambda m, layer, w: geometry.nc2_uniformity(m)),
    Measure("kernel_stats log_kernel, variance", "nc2_uniformity_std", "its square",
            lambda m, layer, w: geometry.nc2_uniformity_std(m) ** 2),
    Measure("self_duality_error", "nc3_product", "equal",
            lambda m, layer, w: classifier.nc3_product(m, w), weighted=True),
    Measure("similarities cos, mean", "nc3_cosine", "1 - it",
            lambda m, layer, w: 1 - classifier.nc3_cosine(m, w), weighted=True),
    Measure("distance_norms, mean", "nc3_cosine",
            "mean of sqrt(2 - 2 cos) by class: rows are normalised one by one, not as a matrix",
            _row_distances, weighted=True),
    Measure("clf_ncc_agreement", "nc4_agreement", "equal without a bias, which it leaves out",
            lambda m, layer, w: 1 - classifier.nc4(layer.features, m.means, w), weighted=True),
)
NC_TOOLBOX = (
    Measure("nc1_cdnv", "cdnv_unbiased", "std / mean over pairs, not the mean: equal pairs have "
            "0, however large", lambda m, layer, w: _variation(_cdnv_pairs(m))),
    Measure("nc2_equinormness", "nc2_norms", "std / mean of signed differences of logarithms: "
            "depends on the order of the classes", _log_norms),
    Measure("nc2_equiangularity", "nc2_angles", "std / mean of signed cos + 1/(K-1): differences "
            "cancel in the mean, and at collapse it is 0/0", _cosine_excess),
    Measure("gnc2_hypershperical_uniformity", "nc2_uniformity",
            "nc2_uniformity_std / nc2_uniformity, means centred at that of all samples",
            lambda m, layer, w: _variation(-np.log(pdist(_unit(_around_samples(m)))))),
    Measure("nc3_self_duality", "nc3_sample_mean", "its root",
            lambda m, layer, w: classifier.nc3_sample_mean(m, w) ** 0.5, weighted=True),
    Measure("unc3_uniform_duality", "nc3_cosine", "std / mean of cos(w_k, mu_c) over k < c: of "
            "other classes' means, where nc3_cosine is of a class's own",
            lambda m, layer, w: _variation(_pairwise(_unit(w) @ _unit(_around_samples(m)).T)),
            weighted=True),
    Measure("nc4_classifier_agreement", "nc4_agreement", "equal",
            lambda m, layer, w: 1 - classifier.nc4(layer.features, m.means, w, layer.bias),
            weighted=True),
)
PACKAGES = {"neural-collapse": NEURAL_COLLAPSE, "nc-toolbox": NC_TOOLBOX}


def elsewhere(features: LabelledFeatures, package: str) -> list[dict[str, Any]]:
    """A record a measure of that package and layer: its name, our key, the relation, the value.

    None where it is not defined: without a row of the weight for each class, for instance.

    Examples
    --------
    >>> from nctheory.metrics import assemble
    >>> found = elsewhere(assemble({"features": np.eye(3)[[0, 1, 2, 0, 1, 2]],
    ...                             "labels": np.array([0, 1, 2, 0, 1, 2])}), "neural-collapse")
    >>> found[3]["measure"], round(found[3]["value"], 12)
    ('simplex_etf_error', 0.0)
    """
    choice("package", package, tuple(PACKAGES))
    found = []
    for layer in features.layers:
        m = Moments.of(layer.features, features.labels)
        found += [{"layer": layer.name, "measure": measure.name, "ours": measure.ours,
                   "relation": measure.relation, "value": _value(measure, m, layer)}
                  for measure in PACKAGES[package]]
    return found


def _value(measure: Measure, m: Moments, layer: Layer) -> float | None:
    try:
        weight = (classifier.check_weight(layer.weight, m.width, m.classes)
                  if measure.weighted and layer.weight is not None else None)
        if measure.weighted and weight is None:
            return None
        with np.errstate(all="ignore"):
            value = measure.value(m, layer, np.empty((0, 0)) if weight is None else weight)
    except InputError:
        return None
    return float(value) if np.isfinite(value) else None
