"""Trained networks without torch: a multilayer perceptron on real data, and what it reproduces.

`digits` or `from_features` give data, `Training` (or `fit`, with progress and checkpoints)
trains, `rank_bounds` checks weight decay against rank, and `REPRODUCTIONS` maps names to
experiments.
"""

from nctheory.trained.collapse_runs import (
    cascading_collapse,
    collapse_on_train_not_test,
    longer_training_worse_transfer,
)
from nctheory.trained.data import Split, digits, from_features
from nctheory.trained.fitting import feature_arrays, fit, train
from nctheory.trained.network import Architecture, Network
from nctheory.trained.rank_bound import LayerBound, rank_bounds
from nctheory.trained.rank_runs import rank_against_weight_decay
from nctheory.trained.reproduction import Reproduction
from nctheory.trained.training import Recipe, Training

REPRODUCTIONS = {
    "train-collapse-without-test-collapse": collapse_on_train_not_test,
    "longer-training-worse-transfer": longer_training_worse_transfer,
    "cascading-collapse": cascading_collapse,
    "rank-against-weight-decay": rank_against_weight_decay,
}

__all__ = [
    "REPRODUCTIONS", "Architecture", "LayerBound", "Network", "Recipe", "Reproduction", "Split",
    "Training", "cascading_collapse", "collapse_on_train_not_test", "digits", "feature_arrays",
    "fit", "from_features", "longer_training_worse_transfer", "rank_against_weight_decay",
    "rank_bounds", "train",
]
