"""All metrics of a feature set as one plain dictionary, a layer each: what JSON output prints.

A metric that is not defined on a layer (no classifier, one class, equal class means, ...) is
None (null in JSON), and where the cause lies in the data the layer's `notes` say so in words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any

import numpy as np

from nctheory import activations, limits
from nctheory.activations import Activation
from nctheory.errors import InputError, require
from nctheory.metrics import (
    balance,
    classifier,
    crowded,
    generalisation,
    geometry,
    spectrum,
    triangular,
    variability,
)
from nctheory.metrics.arrays import check_matrix, whole
from nctheory.metrics.files import LabelledFeatures, Layer
from nctheory.metrics.moments import LEAST, MOST, Array, Moments
from nctheory.tabular import Tabular

Metric = Callable[[], float]

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
    "effective_rank": lambda m: spectrum.perplexity(m.singular_values),
    "negativity": lambda m: balance.negativity(m.means),
    "largest_cosine": crowded.largest_cosine,
    "one_vs_rest": crowded.one_vs_rest,
    "minority_cosine": crowded.minority_cosine,
}
# The same of a weight with a row a class, and of a test set.
OF_CLASSIFIER: dict[str, Callable[[Moments, Array], float]] = {
    "nc0": lambda m, weight: classifier.nc0(weight),
    "nc3": classifier.nc3,
    "nc3_sample_mean": classifier.nc3_sample_mean,
    "nc3_frobenius": classifier.nc3_frobenius,
    "nc3_product": classifier.nc3_product,
    "nc3_cosine": classifier.nc3_cosine,
    "minority_weight_cosine": crowded.minority_cosine,
}
OF_TEST: dict[str, Callable[[Moments, Moments], float]] = {
    "test_nc1": generalisation.strong_nc1,
    "test_strong": generalisation.strong,
    "test_train_ratio": generalisation.ratio,
}
# These need the samples again, once the class means are known.
OF_SAMPLES = ("nc4", "nc4_agreement", "test_weak", "test_nearest_mean_error")


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
    found = Report(
        labels=first.labels.tolist(),
        counts=first.counts.tolist(),
        layers=[_layer(layer, m, features, sigma) for layer, m in layers])
    add_balance(found["layers"], [layer.weight for layer in features.layers])
    return found


def _moments(layer: Layer, labels: Any) -> Moments:
    """The moments, of what is neither too large nor out of the range of squares."""
    m = Moments.of(layer.features, labels)
    check_moments(layer.name, m)
    return m


def check_moments(name: str, m: Moments) -> None:
    """`InputError` for moments that are too large, or out of the range of squares."""
    limits.affordable("classes", m.classes, memory=48 * m.classes**2)  # Gram matrices
    largest = float(np.abs(m.means).max())
    require(largest == 0 or LEAST < largest < MOST, name,
            f"have class means with a largest entry between {LEAST:g} and {MOST:g}", largest)


def _layer(layer: Layer, m: Moments, features: LabelledFeatures,
           sigma: Activation) -> dict[str, Any]:
    test: Moments | None = None
    samples: dict[str, Metric] = {}
    if layer.weight is not None and len(layer.weight) == m.classes:
        misses = cache(partial(classifier.nc4, layer.features, m.means, layer.weight, layer.bias))
        samples |= {"nc4": misses, "nc4_agreement": lambda: 1 - misses()}
    x, y = layer.test_features, features.test_labels
    if x is not None and y is not None:
        test = Moments.of(x, y)
        samples |= {
            "test_weak": lambda: generalisation.weak(m, x),
            "test_nearest_mean_error": lambda: generalisation.nearest_mean_error(m, x, y)}
    return of_layer(layer.name, m, sigma, weight=layer.weight, test=test, samples=samples,
                    last=layer is features.layers[-1])


def of_layer(name: str, m: Moments, sigma: Activation, *, weight: Any = None,
             test: Moments | None = None, samples: Mapping[str, Metric] = MappingProxyType({}),
             last: bool = True) -> dict[str, Any]:
    """Every metric of one layer from its moments, and what `samples` adds by name."""
    values: dict[str, Any] = {"layer": name, "samples": m.samples, "classes": m.classes,
                              "width": m.width}
    notes = list(remarks(m))
    if last and weight is not None and len(weight) != m.classes:
        notes.append(f"the weight of the last layer has {len(weight)} rows for "
                     f"{m.classes} classes: without one row a class NC3 and NC4 are not defined")
    if test is not None:
        test.around(m)  # labels and widths that do not fit are an error, not a note
    table = {**_of_means(m, sigma), **_of_weight(m, weight, sigma), **_of_test(m, test),
             **dict.fromkeys(OF_SAMPLES), **samples}
    for key, metric in table.items():
        try:
            values[key] = metric() if metric else None
            require(values[key] is None or math.isfinite(values[key]), key,
                    "be a finite number", values[key])
        except InputError as error:
            values[key] = None
            notes.append(f"{key} is not defined here: {error}")
    return {**values, "notes": notes}


def add_balance(layers: Sequence[dict[str, Any]], weights: Sequence[Any]) -> None:
    """For each layer whose weight the next one's follows, `layer_balance` of the two."""
    for i, layer in enumerate(layers):
        w, following = weights[i], weights[i + 1] if i + 1 < len(weights) else None
        fits = w is not None and following is not None and following.shape[1] == w.shape[0]
        layer["layer_balance"] = balance.layer_balance(
            whole(check_matrix("weight", w)), whole(check_matrix("weight", following))
        ) if fits else None


def _of_means(m: Moments, sigma: Activation) -> dict[str, Metric | None]:
    table: dict[str, Metric | None] = {key: partial(f, m) for key, f in OF_MOMENTS.items()}
    # No such geometry for this K, or no such classes: not worth a note.
    if triangular.vertices(m.classes) is None:
        table["triangular"] = None
    if m.classes > crowded.MOST_CLASSES or m.classes < 2:
        table["one_vs_rest"] = None
    if len(crowded.minority(m)) < 2:
        table["minority_cosine"] = None
    table["dnc2_activated"] = lambda: geometry.gram_distance(
        geometry.gram(sigma(m.means)), np.eye(m.classes))
    return table


def _of_weight(m: Moments, weight: Any, sigma: Activation) -> dict[str, Metric | None]:
    table: dict[str, Metric | None] = dict.fromkeys(
        (*OF_CLASSIFIER, "dnc3", "weight_rank", "weight_stable_rank", "weight_effective_rank"))
    if weight is None:
        return table
    w = classifier.check_weight(weight, m.width)
    values = cache(lambda: np.linalg.svd(w, compute_uv=False))
    table |= {
        "weight_rank": lambda: spectrum.counted(values(), w.shape),
        "weight_stable_rank": lambda: spectrum.spread(values()),
        "weight_effective_rank": lambda: spectrum.perplexity(values()),
    }
    table["dnc3"] = lambda: classifier.dnc3(sigma(m.means), w)
    if len(w) == m.classes:  # a row a class: the layer is read by a classifier
        table |= {key: partial(f, m, w) for key, f in OF_CLASSIFIER.items()}
        if len(crowded.minority(m)) < 2:
            table["minority_weight_cosine"] = None
    return table


def _of_test(m: Moments, test: Moments | None) -> dict[str, Metric | None]:
    return {key: partial(f, m, test) if test is not None else None
            for key, f in OF_TEST.items()}


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
