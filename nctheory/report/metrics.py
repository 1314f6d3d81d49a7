"""Collapse metrics as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nctheory.errors import printable
from nctheory.report.rows import Rows
from nctheory.terminal.grid import grid

# name: what it is, its range, its value at collapse.  M: class means, centred where [PHD20] does.
MEANINGS = {
    "nc1": ("tr(Sigma_W pinv(Sigma_B)) / K", ">= 0", "0"),
    "nc1_global_mean": ("nc1 with Sigma_B around the mean of all samples", ">= 0", "0"),
    "nc1_samples": ("nc1 with classes weighted by their samples", ">= 0", "0"),
    "within": ("tr Sigma_W, mean squared distance to the own class mean", ">= 0", "0"),
    "between": ("tr Sigma_B, classes alike", ">= 0", "> 0"),
    "between_samples": ("tr Sigma_B, classes weighted by their samples", ">= 0", "> 0"),
    "trace_ratio": ("within / between", ">= 0", "0"),
    "cluster_variation": ("within, as the rank bounds call it", ">= 0", "0"),
    "relative_variation": ("within / variance of all samples", "0..1", "0"),
    "cdnv": ("variance over squared distance, mean over pairs of classes", ">= 0", "0"),
    "cdnv_unbiased": ("cdnv with variances divided by n - 1", ">= 0", "0"),
    "nc2_norms": ("std / mean of |mu_c - g|", ">= 0", "0"),
    "nc2_angles": ("mean of |cos + 1/(K-1)| over pairs of centred means", "0..2", "0"),
    "nc2_angles_std": ("std of these cosines", "0..1", "0"),
    "nc2_uniformity": ("mean over pairs of log 1/distance of the centred means' directions",
                       ">= -log 2", "log((K-1)/(2K))/2"),
    "nc2_uniformity_std": ("std over pairs of these logarithms", ">= 0", "0"),
    "nc2_etf": ("distance of the centred Gram matrix to the simplex I - J/K", "0..1.42", "0"),
    "nc2_frame": ("distance of the Gram matrix to the orthogonal frame I", "0..1.42",
                  "0 if an orthogonal frame"),
    "dnc1": ("nc1, as deep neural collapse calls it", ">= 0", "0"),
    "dnc2": ("nc2_frame, as deep neural collapse calls it", "0..1.42", "0"),
    "dnc2_condition": ("largest / smallest singular value of M", ">= 1", "1"),
    "dnc2_activated": ("dnc2 of sigma(M)", "0..1.42", "0"),
    "dnc3": ("share of the weight outside the span of sigma(M)", "0..1", "0"),
    "triangular": ("distance of the Gram matrix to that of T(r), K = r(r-1)/2", "0..1.42",
                   "0 if triangular, not DNC"),
    "rank": ("numerical rank of M: singular values above 10^-3 of the largest", "0..min(K, d)",
             "K, or K-1 if a simplex"),
    "stable_rank": ("|M|_F^2 / |M|^2", "1..rank", "as rank"),
    "effective_rank": ("exp of the entropy of M's singular values", "1..min(K, d)", "as rank"),
    "negativity": ("share of M below 0: what a ReLU would cut", "0..1", "0 if nonnegative"),
    "largest_cosine": ("max over pairs of cos(mu_c, mu_c')", "-1..1", "-1/(K-1) if a simplex"),
    "one_vs_rest": ("least distance of mu_c/|mu_c| to the hull of the others", "0..K/(K-1)",
                    "largest: K/(K-1) if a simplex"),
    "minority_cosine": ("mean cosine of centred means of classes below mean size", "-1..1",
                        "-1/(K-1); 1 is minority collapse"),
    "nc0": ("|sum of W's rows|^2 / (K |W|^2)", "0..1", "0, or 1/K if a frame"),
    "nc3": ("| W/|W| - M/|M| |^2, centred means", "0..4", "0"),
    "nc3_sample_mean": ("nc3 with the means centred at the mean of all samples", "0..4", "0"),
    "nc3_frobenius": ("root of nc3", "0..2", "0"),
    "nc3_product": ("| W M^T/|W M^T| - (I - J/K)/sqrt(K-1) |", "0..2", "0"),
    "nc3_cosine": ("1 - mean cos of W's rows with the centred means", "0..2", "0"),
    "minority_weight_cosine": ("minority_cosine of W's rows", "-1..1",
                               "-1/(K-1); 1 is minority collapse"),
    "nc4": ("share of samples classified unlike by W and by the nearest mean", "0..1", "0"),
    "nc4_agreement": ("1 - nc4", "0..1", "1"),
    "weight_rank": ("numerical rank of W, as rank", "0..", "as rank"),
    "weight_stable_rank": ("|W|_F^2 / |W|^2", "1..weight_rank", "as rank"),
    "weight_effective_rank": ("exp of the entropy of W's singular values", "1..",
                              "as rank"),
    "layer_balance": ("|A - B| / max(|A|, |B|), A = V^T V of the next weight V, B = W W^T",
                      "0..1.42", "0"),
    "test_nc1": ("nc1 of test samples around the train means", ">= 0", "0"),
    "test_strong": ("within of test samples around the train means / between", ">= 0", "0"),
    "test_weak": ("the same to the nearest train mean", "0..test_strong", "0"),
    "test_train_ratio": ("within of the test set / within of the train set", ">= 0",
                         "1 without a gap"),
    "test_nearest_mean_error": ("share of test samples nearest to another class's mean", "0..1",
                                "0"),
}


def explanations() -> Rows:
    """What each name of the report means."""
    table = grid({"metric": "left", "meaning": "left", "range": "left", "at collapse": "left"})
    for name, words in MEANINGS.items():
        table.add_row(name, *words)
    return Rows([dict(zip(("metric", "meaning", "range", "at_collapse"), (name, *words),
                          strict=True)) for name, words in MEANINGS.items()], table,
                "\nSigma_W, Sigma_B: covariance within and between classes; g: mean of the class "
                "means.  Distances\nare between matrices of Frobenius norm 1.  Nothing is "
                "clipped: rounding leaves about 10^-16 of what is\nsubtracted, and never a "
                "negative sign where the range has none.\n")


def elsewhere_rows(records: Sequence[Mapping[str, Any]]) -> Rows:
    """Measures of another package: a line a measure and layer."""
    table = grid({"layer": "left", "measure": "left", "value": "right", "ours": "left",
                  "relation": "left"}, least=("relation",))
    for row in records:
        table.add_row(*(_number(row[name]) if name == "value" else row[name]
                        for name in ("layer", "measure", "value", "ours", "relation")))
    return Rows(list(map(dict, records)), table)


def rows(found: Mapping[str, Any]) -> Rows:
    """A record a layer; as text a line a metric and a column a layer, notes below."""
    layers = found["layers"]
    table = grid({"metric": "left", **{layer["layer"]: "right" for layer in layers}})
    names = list(dict.fromkeys(name for layer in layers for name in layer
                               if name not in ("layer", "notes")))
    for name in names:
        values = [layer.get(name) for layer in layers]
        if any(value is not None for value in values):
            table.add_row(name, *map(_number, values))
    notes = dict.fromkeys(note for layer in layers for note in layer["notes"])
    return Rows(layers, table,
                "".join(f"{printable(line)}\n" for line in (_order(found), *notes)),
                before={name: value for name, value in found.items() if name != "layers"},
                name="layers")


def _order(found: Mapping[str, Any]) -> str:
    """Which row of a weight belongs to which class."""
    labels = [str(label) for label in found["labels"]]
    named = labels if len(labels) <= 12 else [*labels[:3], "...", labels[-1]]
    return f"classes, and rows of a weight, in the order {', '.join(named)}"


def _number(value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
