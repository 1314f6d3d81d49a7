"""A whole training run: checkpoints, and features left for the metrics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import integer
from nctheory.files import check_target, folder, write_npz
from nctheory.trained.data import Split, dataset
from nctheory.trained.network import Architecture
from nctheory.trained.training import Recipe, Training


def fit(split: Split, architecture: Architecture, recipe: Recipe, *,
        checkpoint: str | Path | None = None, every: int = 10,
        progress: Callable[[Training], object] | None = None,
        tell: Callable[[str], object] | None = None) -> Training:
    """Train on the train set of `split`, to the recipe's last epoch.

    Parameters
    ----------
    checkpoint : path, optional
        Resumed from where it exists, and written every `every` epochs and at the end. A run
        that was stopped and resumed ends with the same numbers as one that was not; one that
        is complete goes on where the recipe now has more epochs (a constant schedule only).
    progress : callable, optional
        Called with the training after each epoch.
    tell : callable, optional
        Gets a sentence where a checkpoint is resumed.

    Examples
    --------
    >>> from nctheory.trained import Architecture, Recipe, digits
    >>> training = fit(digits(), Architecture((64, 32, 10)), Recipe(epochs=3))
    >>> training.epoch, training.losses[-1] < training.losses[0]
    (3, True)
    """
    integer("every", every, 1)
    training = Training(split.x, split.labels, architecture, recipe)
    if checkpoint is not None and Path(checkpoint).exists():
        training.restore(checkpoint)
        if tell is not None:
            tell(f"resuming {checkpoint}: {training.epoch} of {recipe.epochs} epochs are done")

    def after(t: Training) -> None:
        if progress is not None:
            progress(t)
        if checkpoint is not None and (t.epoch % every == 0 or t.epoch == recipe.epochs):
            t.save(checkpoint)

    return training.run(on_epoch=after)


def train(data: str, output: str | Path, *, hidden: tuple[int, ...] = (128, 128),
          activation: str = "relu", loss: str = "ce", bias: bool = True, head: int = 0,
          recipe: Recipe | None = None, progress: Callable[[Training], object] | None = None,
          tell: Callable[[str], object] | None = None, force: bool = False) -> dict[str, Any]:
    """Train on "digits", "mnist" or a feature file; everything is left in directory `output`.

    Writes checkpoint.npz (resumed from where it is already there) and features.npz (for
    `nctheory.metrics.load`); `nctheory train` is this function.

    Returns
    -------
    dict
        Epochs, last mean loss, accuracies on train and test, and the paths written.

    Raises
    ------
    InputError
        For data that cannot be read, an output that is no directory, a checkpoint of other
        settings in it, or a features.npz that nctheory did not write (unless `force`).
    """
    recipe = recipe or Recipe()
    split = dataset(data, recipe.seed)
    output = folder(output)
    widths = (split.x.shape[1], *hidden, split.classes)
    architecture = Architecture(widths, activation, loss, bias, head)
    checkpoint, features = output / "checkpoint.npz", output / "features.npz"
    check_target(features, force=force)
    training = fit(split, architecture, recipe, checkpoint=checkpoint, progress=progress,
                   tell=tell)
    write_npz(features, feature_arrays(training, split), force=force)
    predict = training.network.predict
    return {
        "epochs": training.epoch,
        "loss": training.losses[-1],
        "train_accuracy": float(np.mean(predict(split.x) == split.labels)),
        "test_accuracy": float(np.mean(predict(split.x_test) == split.labels_test)),
        "checkpoint": str(checkpoint),
        "features": str(features),
    }


def feature_arrays(training: Training, split: Split) -> dict[str, NDArray[Any]]:
    """The trained network's hidden features under the names that `nctheory.metrics.load` reads.

    features_l is the l-th hidden layer after the activation (z_{l+1}; a head's features have
    none); weight_l, bias_l are what reads it (W_{l+1}, b_{l+1}); labels carry the names of the
    classes.
    """
    network = training.network
    arrays: dict[str, NDArray[Any]] = {
        "labels": split.names[split.labels], "test_labels": split.names[split.labels_test]}
    for prefix, x in (("features", split.x), ("test_features", split.x_test)):
        for l, z in enumerate(network.features(np.ascontiguousarray(x)), start=1):
            arrays[f"{prefix}_{l}"] = z
    for l in range(1, training.architecture.layers):
        arrays[f"weight_{l}"] = network.weights[l]
        if l < len(network.biases):
            arrays[f"bias_{l}"] = network.biases[l]
    return arrays
