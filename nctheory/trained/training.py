"""Minibatch training: optimiser, schedule, checkpoints that resume to the same numbers.

The objective is (1/N) sum loss_i + 1/2 sum_l lam_l |W_l|_F^2 + 1/2 lam_H |H|_F^2, H the features
that a head reads (d x N, all samples). Weight decay is part of the gradient ("coupled"), so that
critical points are those of the theory; or it shrinks the weights apart from the step
("decoupled", as AdamW has it), which [ZCML26] find to prevent collapse. The steps are those of
the solver.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from nctheory import limits
from nctheory.errors import InputError, choice, integer, positive, require, show
from nctheory.files import read_npz, write_npz
from nctheory.solver.descent import DECAYS
from nctheory.solver.kernels import adam_step, momentum_step, sign_step
from nctheory.trained.network import DTYPES, Architecture, Array, Codes, Network

OPTIMISERS = ("adam", "sgd", "signgd")
SCHEDULES = ("constant", "cosine", "steps")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    epochs : int
        Passes over the data in all (a schedule needs to know its end).
    batch : int
        Rows a step; the last batch of an epoch may be smaller.
    optimiser : {"sgd", "adam", "signgd"}
        "sgd": v <- momentum v + g, w <- w - rate v.
        "adam": Kingma and Ba 2015, beta 0.9 and 0.999.
        "signgd": w <- w - rate sign(g).
    rate : float
        Learning rate before the schedule.
    momentum : float
        In [0, 1), for "sgd".
    weight_decay : float or sequence of L floats
        lam >= 0 for all weights, or lam_l each. Biases are not decayed.
    decay : {"coupled", "decoupled"}
        Coupled: g is that of the loss plus lam w.  Decoupled: g is that of the loss, and w is
        multiplied by 1 - rate lam besides; with "adam" that is AdamW.
    feature_decay : float
        lam_H >= 0; needs a head.
    schedule : {"constant", "cosine", "steps"}
        "cosine": rate (1 + cos(pi t)) / 2 at the part t of all epochs.  "steps": a tenth from
        1/3, a hundredth from 2/3 of the epochs [PHD20].
    seed : int
        Of the initial weights and the order of samples. The same seed gives the same bits on
        one machine; another number of BLAS threads may add the products of wide layers in
        another order (seen at width 512, not at 128).
    dtype : {"float64", "float32"}
        Of parameters, data and products; "float32" is about twice as fast.
    """

    epochs: int = 100
    batch: int = 64
    optimiser: str = "sgd"
    rate: float = 0.05
    momentum: float = 0.9
    weight_decay: float | tuple[float, ...] = 5e-4
    decay: str = "coupled"
    feature_decay: float = 0.0
    schedule: str = "constant"
    seed: int = 0
    dtype: str = "float64"

    def __post_init__(self) -> None:
        integer("epochs", self.epochs, 1)
        integer("batch", self.batch, 1)
        integer("seed", self.seed, 0)
        choice("optimiser", self.optimiser, OPTIMISERS)
        choice("schedule", self.schedule, SCHEDULES)
        choice("decay", self.decay, DECAYS)
        choice("dtype", self.dtype, DTYPES)
        positive("rate", self.rate)
        require(0 <= self.momentum < 1, "momentum", "be in [0, 1)", self.momentum)
        require(0 <= self.feature_decay < math.inf, "feature_decay", "be a finite number >= 0",
                self.feature_decay)
        if isinstance(self.weight_decay, Iterable):
            object.__setattr__(self, "weight_decay", tuple(map(float, self.weight_decay)))

    def decays(self, layers: int) -> Array:
        """lam_1, ..., lam_L."""
        values = np.atleast_1d(np.asarray(self.weight_decay, np.float64))
        require(values.shape in ((1,), (layers,)) and bool((values >= 0).all())
                and bool(np.isfinite(values).all()), "weight_decay",
                f"be one finite number >= 0, or {layers} of them", self.weight_decay)
        return np.broadcast_to(values, (layers,)).copy()

    def rate_at(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 0."""
        done = epoch / self.epochs
        if self.schedule == "cosine":
            return self.rate * (1 + math.cos(math.pi * done)) / 2
        return self.rate * (0.1 ** int(3 * done) if self.schedule == "steps" else 1.0)


class Training:
    """A network, the data it learns, and where its training stands.

    Parameters
    ----------
    x : array, shape (N, d_1)
        Kept in the recipe's dtype.
    labels : integer array, shape (N,)
        Class numbers 0 .. K-1.
    architecture : Architecture
    recipe : Recipe

    Attributes
    ----------
    network : Network
    epoch : int
        Epochs done.
    losses : list of float
        For each epoch the mean over its samples of the loss (with the penalty on the features,
        before weight decay) as they were met.
    """

    def __init__(self, x: Array, labels: Codes, architecture: Architecture,
                 recipe: Recipe) -> None:
        self.x: Array = np.ascontiguousarray(x, recipe.dtype)
        require(self.x.ndim == 2 and self.x.shape[1] == architecture.widths[0], "x",
                f"be a matrix with widths[0] = {architecture.widths[0]} columns", self.x.shape)
        require(bool(np.isfinite(self.x).all()), "x", "be finite", "NaN or infinity")
        self.labels = np.ascontiguousarray(labels, np.int64)
        classes = architecture.widths[-1]
        require(self.labels.shape == (len(self.x),), "labels", "be one a row of x",
                self.labels.shape)
        require(bool((self.labels >= 0).all() and (self.labels < classes).all()), "labels",
                f"be class numbers 0 .. {classes - 1}", np.unique(self.labels)[[0, -1]])
        require(not recipe.feature_decay or architecture.head > 0, "feature_decay",
                "be 0 without a head, for nothing else says which layer's features are meant",
                recipe.feature_decay)
        limits.affordable("epochs", recipe.epochs, most=limits.TRAINING,
                          work=6 * recipe.epochs * len(self.x) * architecture.entries)
        self.architecture, self.recipe = architecture, recipe
        self.rng = np.random.default_rng(recipe.seed)
        self.network = Network.initialised(architecture, self.rng, recipe.dtype)
        self.network.feature_penalty = recipe.feature_decay * len(self.x)
        self.decays = recipe.decays(architecture.layers)
        self._first = np.zeros_like(self.network.parameters)
        self._second = np.zeros_like(self.network.parameters)
        self._parts = list(self._of_equal_decay())
        self.steps = 0
        self.losses: list[float] = []
        batch = min(recipe.batch, len(self.x))
        self._x = np.empty((batch, self.x.shape[1]), recipe.dtype)
        self._labels = np.empty(batch, np.int64)

    @property
    def epoch(self) -> int:
        """Epochs done."""
        return len(self.losses)

    def run(self, until: int | None = None,
            on_epoch: Callable[[Training], None] | None = None) -> Training:
        """Train until `until` epochs are done (all, by default), calling `on_epoch` after each.

        Raises
        ------
        InputError
            Where the loss is no longer finite: the learning rate is too large.
        """
        end = self.recipe.epochs if until is None else integer("until", until, 0,
                                                               self.recipe.epochs)
        while self.epoch < end:
            with np.errstate(over="ignore", invalid="ignore"):  # the check below reports it
                self.losses.append(self._one_epoch(self.recipe.rate_at(self.epoch)))
            require(math.isfinite(self.losses[-1]), "rate", "be small enough for the loss to "
                    f"stay finite (it was not in epoch {self.epoch})", self.recipe.rate)
            if on_epoch:
                on_epoch(self)
        return self

    def _one_epoch(self, rate: float) -> float:
        order = self.rng.permutation(len(self.x))
        total = 0.0
        for start in range(0, len(order), len(self._x)):
            rows = order[start:start + len(self._x)]
            x, labels = self._x[:len(rows)], self._labels[:len(rows)]
            np.take(self.x, rows, axis=0, out=x, mode="clip")
            np.take(self.labels, rows, out=labels, mode="clip")
            total += self.network.backward(x, labels) * len(rows)
            self._step(rate)
        return total / len(order)

    def _step(self, rate: float) -> None:
        self.steps += 1
        kind, apart = self.recipe.optimiser, self.recipe.decay == "decoupled"
        for decay, w, g, first, second in self._parts:
            pull, keep = (0.0, 1 - rate * decay) if apart else (decay, 1.0)
            if kind == "sgd":
                momentum_step(w, g, first, rate, self.recipe.momentum, 0.0, pull, keep)
            elif kind == "adam":
                adam_step(w, g, first, second, rate, 0.9, self.steps, pull, keep)
            else:
                sign_step(w, g, rate, pull, keep)

    def _of_equal_decay(self) -> Iterator[tuple[float, Array, Array, Array, Array]]:
        """Runs of parameters with one decay: it, views of them, of gradient and averages."""
        vectors = (self.network.parameters, self.network.gradient, self._first, self._second)
        sizes = [w.size for w in self.network.weights]
        sizes.append(len(self.network.parameters) - sum(sizes))
        start = 0
        for decay, group in groupby(zip([*map(float, self.decays), 0.0], sizes, strict=True),
                                    key=itemgetter(0)):
            end = start + sum(size for _, size in group)
            first, second, third, fourth = (v[start:end] for v in vectors)
            yield decay, first, second, third, fourth
            start = end

    def objective(self) -> float:
        """Mean loss over the data + decay, at the parameters; the gradient stays in network."""
        return self.network.objective(self.x, self.labels, self.decays)

    def polish(self, iterations: int = 1000) -> float:
        """Full-batch L-BFGS (SciPy) from here on, towards a critical point; the gradient norm.

        Leaves epoch, schedule and optimiser state alone.
        """
        def fun(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            self.network.parameters[:] = parameters
            value = self.objective()
            return value, self.network.gradient.astype(np.float64)

        result = minimize(fun, self.network.parameters.astype(np.float64), jac=True,
                          method="L-BFGS-B", options={
                              "maxiter": iterations, "maxfun": 2 * iterations, "maxcor": 20,
                              "ftol": 0.0, "gtol": 1e-12})
        self.network.parameters[:] = result.x
        self.objective()
        return float(np.linalg.norm(self.network.gradient))

    def save(self, path: str | Path) -> None:
        """Write a checkpoint: a run that is killed meanwhile leaves the former one whole."""
        write_npz(path, {
            "parameters": self.network.parameters, "first": self._first, "second": self._second,
            "losses": np.array(self.losses), "steps": self.steps,
            "settings": np.array(self._settings()),
            "rng": np.array(json.dumps(self.rng.bit_generator.state))},
            name="checkpoint", force=True)

    def restore(self, path: str | Path) -> Training:
        """Continue from a checkpoint of the same data, architecture and recipe.

        What follows has the numbers of a run that was never stopped. The recipe may name other
        epochs than the one saved where the schedule is "constant": the others depend on their
        end.

        Raises
        ------
        InputError
            Where the file is no checkpoint, one of other settings or other data, or one that
            has more epochs behind it than the recipe.
        """
        saved = read_npz(path, name="checkpoint", kind="a file written by Training.save",
                         need=_SAVED)
        self._agree(json.loads(str(saved["settings"])), Path(path))
        require(len(saved["losses"]) <= self.recipe.epochs, "epochs",
                f"be at least the {len(saved['losses'])} that {path} has", self.recipe.epochs)
        self.network.parameters[:] = saved["parameters"]
        self._first[:], self._second[:] = saved["first"], saved["second"]
        self.losses = [float(v) for v in saved["losses"]]
        self.steps = int(saved["steps"])
        self.rng.bit_generator.state = json.loads(str(saved["rng"]))
        return self

    def _agree(self, saved: Any, path: Path) -> None:
        """`InputError` naming the first setting in which the checkpoint is of another run."""
        require(isinstance(saved, dict), "checkpoint", "be of this version's Training.save",
                str(path))
        asked = json.loads(self._settings())
        for key in sorted(set(asked) | set(saved)):
            if key == "epochs" and self.recipe.schedule == "constant":
                continue
            if asked.get(key) != saved.get(key):
                raise InputError(f"{key} must be that of the checkpoint {path}, "
                                 f"{show(saved.get(key))}, got {show(asked.get(key))}; for "
                                 "another run choose another output")

    def _settings(self) -> str:
        return json.dumps({**asdict(self.architecture), **asdict(self.recipe),
                           "data": self._fingerprint})

    @cached_property
    def _fingerprint(self) -> str:
        """Of the data, so that other data of equal shape are not taken for these."""
        return hashlib.sha256(self.x.tobytes() + self.labels.tobytes()).hexdigest()[:16]


_SAVED = ("parameters", "first", "second", "losses", "steps", "settings", "rng")
