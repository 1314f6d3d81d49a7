"""Neural collapse metrics on arrays: features (N x d, a row a sample), labels, classifiers.

`Moments.of(features, labels)` (or `Moments.stream(batches)`) reads the data once; the metrics
are functions of the moments. `load` reads files and `report` computes everything, layer by
layer.
"""

from nctheory.metrics.balance import balancedness, layer_balance, negativity
from nctheory.metrics.classifier import (
    dnc3,
    nc0,
    nc3,
    nc3_cosine,
    nc3_frobenius,
    nc3_product,
    nc4,
)
from nctheory.metrics.crowded import by_size, largest_cosine, minority_cosine, one_vs_rest
from nctheory.metrics.files import LabelledFeatures, Layer, assemble, load, save
from nctheory.metrics.generalisation import (
    linear_probe,
    nearest_mean_error,
    ratio,
    strong,
    strong_nc1,
    weak,
)
from nctheory.metrics.geometry import (
    centred_means,
    condition,
    gram,
    gram_distance,
    least_frame_distance,
    nc2_angles,
    nc2_angles_std,
    nc2_etf,
    nc2_frame,
    nc2_norms,
)
from nctheory.metrics.history import collapse_time, collapse_times
from nctheory.metrics.moments import Accumulator, Moments
from nctheory.metrics.regression import nrc1, nrc2, nrc3
from nctheory.metrics.report import report
from nctheory.metrics.spectrum import (
    STRUCTURE,
    Rank,
    distance_to_rank,
    effective_rank,
    gap_rank,
    numerical_rank,
    stable_rank,
)
from nctheory.metrics.structures import Recognition
from nctheory.metrics.triangular import triangular_distance, triangular_gram
from nctheory.metrics.variability import (
    between,
    cdnv,
    nc1,
    relative_variation,
    trace_ratio,
    within,
)

__all__ = [
    "Accumulator", "LabelledFeatures", "Layer", "Moments", "Rank", "Recognition", "STRUCTURE",
    "assemble", "balancedness", "between", "by_size", "cdnv", "centred_means", "collapse_time",
    "collapse_times", "condition", "distance_to_rank", "dnc3", "effective_rank", "gap_rank",
    "gram", "gram_distance", "largest_cosine", "layer_balance", "least_frame_distance",
    "linear_probe", "load", "minority_cosine", "nc0", "nc1", "nc2_angles", "nc2_angles_std",
    "nc2_etf", "nc2_frame", "nc2_norms", "nc3", "nc3_cosine", "nc3_frobenius", "nc3_product",
    "nc4", "nearest_mean_error", "negativity", "nrc1", "nrc2", "nrc3", "numerical_rank",
    "one_vs_rest", "ratio", "relative_variation", "report", "save", "stable_rank", "strong",
    "strong_nc1", "trace_ratio", "triangular_distance", "triangular_gram", "weak", "within",
]
