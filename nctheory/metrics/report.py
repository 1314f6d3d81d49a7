"""All metrics of a feature set as one plain dictionary, a layer each: what JSON output prints.

A metric that is not defined on a layer (no classifier, one class, equal class means, ...) is
None (null in JSON), and where the cause lies in the data the layer's `notes` say so in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any

import numpy as np

from nctheory import activations, limits
from nctheory.activations import Activation
from nctheory.errors import InputError, require
from nctheory.metrics import (
    classifier,
    generalisation,
    geometry,
    spectrum,
    triangular,
    variability,
)
from nctheory.metrics.files import LabelledFeatures, Layer
from nctheory.metrics.moments import LEAST, MOST, Moments
from nctheory.tabular import Tabular

# The key in the report and what computes it; the function's docstring is the definition.
OF_MOMENTS: dict[str, Callable[[Moments], float]] = {
    "nc1": variability.nc1,
    "nc1_global_mean": lambda m: variability.nc1(m, "global-mean"),
    "nc1_samples": lambda m: variability.nc1(m, "samples"),
    "within": variability.within,
    "between": variability.between,
    "between_samples": lambda m: variability.between(m, "samples"),
    "trace_ratio": variability.trace_ratio,
    "cluster_variation": variability.within,
    "relative_variation": variability.relative_variation,
    "cdnv": variability.cdnv,
    "cdnv_unbiased": lambda m: variability.cdnv(m, unbiased=True),
    "nc2_norms": geometry.nc2_norms,
    "nc2_angles": geometry.nc2_angles,
    "nc2_angles_std": geometry.nc2_angles_std,
    "nc2_uniformity": geometry.nc2_uniformity,
    "nc2_uniformity_std": geometry.nc2_uniformity_std,
    "nc2_etf": geometry.nc2_etf,
    "nc2_frame": geometry.nc2_frame,
    "dnc1": variability.nc1,
    "dnc2": geometry.nc2_frame,
    "dnc2_condition": lambda m: geometry.condition_of(m.singular_values, m.means.shape),
    "triangular": lambda m: triangular.triangular_distance(geometry.gram(m.means)),
    "rank": lambda m: spectrum.counted(m.singular_values, m.means.shape),
    "stable_rank": lambda m: spectrum.spread(m.singular_values),
}


class Report(dict[str, Any], Tabular):
    """What `report` finds; a notebook shows its layers as a table."""

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The layer."""
        return ("layer",)

    def records(self) -> list[dict[str, Any]]:
        """A record a layer."""
        return list(self["layers"])


def report(features: LabelledFeatures, activation: str = "linear") -> Report:
    r"""Every metric of every layer.

    Parameters
    ----------
    features : LabelledFeatures
        From `load`, `assemble` or built by hand.
    activation : str
        A word of `nctheory.activations`: "linear", "relu", "tanh", "leaky:a=1/10".
        What is applied to the features before the layer's weight acts. Give "relu" for features
        saved before the activation: `dnc2_activated` and `dnc3` then use sigma(M_l), as
        [SLM24].

    Returns
    -------
    Report
        {"labels": [...], "counts": [...], "layers": [{"layer": name, "samples": N, "classes":
        K, "width": d, metric: number or None, ..., "notes": [sentence, ...]}, ...]}

    Examples
    --------
    >>> from nctheory.metrics import assemble
    >>> import numpy as np
    >>> labels = np.array([0, 0, 1, 1, 2, 2])
    >>> frame = assemble({"features": np.eye(3)[labels], "labels": labels})
    >>> layer = report(frame)["layers"][0]
    >>> layer["nc1"], round(layer["nc2_etf"], 12), layer["triangular"] is None, layer["nc3"]
    (0.0, 0.0, False, None)
    """
    require(isinstance(features, LabelledFeatures), "features",
            "be what nctheory.metrics.load or assemble returns", features)
    sigma = activations.get(activation)
    layers = [(layer, _moments(layer, features.labels)) for layer in features.layers]
    first = layers[0][1]
    return Report(
        labels=first.labels.tolist(),
        counts=first.counts.tolist(),
        layers=[_layer(layer, m, features, sigma) for layer, m in layers])


def _moments(layer: Layer, labels: Any) -> Moments:
    """The moments, of what is neither too large nor out of the range of squares."""
    m = Moments.of(layer.features, labels)
    limits.affordable("classes", m.classes, memory=48 * m.classes**2)  # Gram matrices
    largest = float(np.abs(m.means).max())
    require(largest == 0 or LEAST < largest < MOST, layer.name,
            f"have class means with a largest entry between {LEAST:g} and {MOST:g}", largest)
    return m


def _layer(layer: Layer, m: Moments, features: LabelledFeatures,
           sigma: Activation) -> dict[str, Any]:
    values: dict[str, Any] = {"layer": layer.name, "samples": m.samples, "classes": m.classes,
                              "width": m.width}
    notes = list(remarks(m))
    if (layer is features.layers[-1] and layer.weight is not None
            and layer.weight.shape[0] != m.classes):
        notes.append(f"the weight of the last layer has {layer.weight.shape[0]} rows for "
                     f"{m.classes} classes: without one row a class NC3 and NC4 are not defined")
    for key, metric in (_of_means(m, sigma) | _of_classifier(layer, m, sigma)
                        | _of_test(layer, m, features)).items():
        try:
            values[key] = metric() if metric else None
            require(values[key] is None or math.isfinite(values[key]), key,
                    "be a finite number", values[key])
        except InputError as error:
            values[key] = None
            notes.append(f"{key} is not defined here: {error}")
    return {**values, "notes": notes}


Metric = Callable[[], float]


def _of_means(m: Moments, sigma: Activation) -> dict[str, Metric | None]:
    table: dict[str, Metric | None] = {key: partial(f, m) for key, f in OF_MOMENTS.items()}
    if triangular.vertices(m.classes) is None:  # no such geometry for this K: not worth a note
        table["triangular"] = None
    table["dnc2_activated"] = lambda: geometry.gram_distance(
        geometry.gram(sigma(m.means)), np.eye(m.classes))
    return table


def _of_classifier(layer: Layer, m: Moments, sigma: Activation) -> dict[str, Metric | None]:
    table: dict[str, Metric | None] = dict.fromkeys(
        ("nc3", "nc3_sample_mean", "nc3_frobenius", "nc3_product", "nc4", "nc4_agreement", "dnc3",
         "weight_rank", "weight_stable_rank"))
    if layer.weight is None:
        return table
    weight = classifier.check_weight(layer.weight, m.width)
    values = cache(lambda: np.linalg.svd(weight, compute_uv=False))
    table |= {
        "dnc3": lambda: classifier.dnc3(sigma(m.means), weight),
        "weight_rank": lambda: spectrum.counted(values(), weight.shape),
        "weight_stable_rank": lambda: spectrum.spread(values()),
    }
    if len(weight) == m.classes:  # a row a class: the layer is read by a classifier
        misses = cache(partial(classifier.nc4, layer.features, m.means, weight, layer.bias))
        table |= {
            "nc3": lambda: classifier.nc3(m, weight),
            "nc3_sample_mean": lambda: classifier.nc3_sample_mean(m, weight),
            "nc3_frobenius": lambda: classifier.nc3_frobenius(m, weight),
            "nc3_product": lambda: classifier.nc3_product(m, weight),
            "nc4": misses,
            "nc4_agreement": lambda: 1 - misses(),
        }
    return table


def _of_test(layer: Layer, m: Moments, features: LabelledFeatures) -> dict[str, Metric | None]:
    x, y = layer.test_features, features.test_labels
    if x is None or y is None:
        return dict.fromkeys(("test_nc1", "test_strong", "test_weak", "test_train_ratio",
                              "test_nearest_mean_error"))
    test = Moments.of(x, y)
    test.around(m)  # labels and widths that do not fit are an error, not a note
    return {
        "test_nc1": lambda: generalisation.strong_nc1(m, test),
        "test_strong": lambda: generalisation.strong(m, test),
        "test_weak": lambda: generalisation.weak(m, x),
        "test_train_ratio": lambda: generalisation.ratio(m, test),
        "test_nearest_mean_error": lambda: generalisation.nearest_mean_error(m, x, y),
    }


def remarks(m: Moments) -> Iterator[str]:
    """What about the data makes a metric mean less than its name suggests, a sentence each."""
    single = m.labels[m.counts == 1]
    if len(single):
        yield (f"{len(single)} of {m.classes} classes have one sample (first: {single[0]!s}): "
               "their within-class variance is 0 by definition, which makes NC1 and CDNV "
               "smaller")
    if m.classes > m.width:
        frame = geometry.least_frame_distance(m.classes, m.width)
        simplex = geometry.least_frame_distance(m.classes - 1, m.width)
        yield (f"K = {m.classes} classes in d = {m.width} dimensions: no orthogonal frame "
               f"exists, nc2_frame >= {frame:.6g}; the simplex needs d >= K-1, "
               f"nc2_etf is at least {simplex:.6g}")
    if m.classes >= 2:
        try:
            rank = len(variability.between_directions(m)[1])
        except InputError:
            return  # equal class means: every metric that needs them says so itself
        if rank < min(m.classes - 1, m.width):
            yield (f"the between-class scatter is singular: rank {rank}, generic means would "
                   f"give {min(m.classes - 1, m.width)}; NC1 does not see variation outside "
                   "its range (trace_ratio does)")
