"""Trained networks without torch: a multilayer perceptron on real data.

`digits`, `mnist` or `from_features` give data, `Training` (or `fit`, with progress and
checkpoints) trains, `rank_bounds` checks weight decay against rank, and `Head` sets the last
layers of any network beside DNC and the best known construction.  Experiments are in
`nctheory.reproduce`.
"""

from nctheory.trained.data import Split, dataset, digits, from_features, mnist
from nctheory.trained.fitting import feature_arrays, fit, train
from nctheory.trained.head import Comparison, Head
from nctheory.trained.network import Architecture, Network
from nctheory.trained.rank_bound import LayerBound, rank_bounds
from nctheory.trained.training import Recipe, Training

__all__ = [
    "Architecture", "Comparison", "Head", "LayerBound", "Network", "Recipe", "Split", "Training",
    "dataset", "digits", "feature_arrays", "fit", "from_features", "mnist", "rank_bounds", "train",
]
