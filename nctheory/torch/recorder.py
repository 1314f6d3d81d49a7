"""Class moments of the layers of a PyTorch model, gathered by hooks while it runs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nctheory import activations
from nctheory.errors import InputError, choice, require
from nctheory.files import read_npz, write_npz
from nctheory.metrics import Accumulator, Moments, nearest_mean_error, weak
from nctheory.metrics.arrays import check_labels, plain
from nctheory.metrics.classifier import nc4
from nctheory.metrics.moments import FIELDS
from nctheory.metrics.report import Report, add_balance, check_moments, of_layer
from nctheory.report.metrics import rows
from nctheory.report.source import Source
from nctheory.specs import near
from nctheory.sweep.export import write_csv
from nctheory.tabular import library

if TYPE_CHECKING:
    import torch

SPLITS = ("train", "test")


class TrainingModeWarning(UserWarning):
    """A model with dropout was measured in training mode: its features are noisy."""


class LayerReport(Report):
    """`nctheory.metrics.report`'s records, printed as the command prints them."""

    def __str__(self) -> str:
        return rows(self).to("text")


class Recorder:
    """Class moments of layers, train against test, without a second pass.

    Parameters
    ----------
    model : torch.nn.Module
        Hooks are added to it, and taken away by `close` or at the end of a `with` block.
    layers : "auto" or sequence of str
        Names of `model.named_modules()`. A Linear layer is recorded by what it READS, with its
        weight (so that NC3 and NC4 are those of its classifier); any other module by what it
        gives.  "auto": every Linear layer.

    Notes
    -----
    Features with more axes than labels are flattened, a row a label: labels may be (N,) for
    images, (N, T) for tokens.  Sums are float64 on the host, whatever the model's type and
    device.  A module that runs several times a forward pass is seen at its last.

    Examples
    --------
    In a loop of one's own, a line after each forward pass:

    >>> recorder = Recorder(model)                  # doctest: +SKIP
    >>> for x, y in loader:                         # doctest: +SKIP
    ...     loss = criterion(model(x), y)
    ...     recorder.update(y)
    """

    def __init__(self, model: torch.nn.Module, layers: str | Sequence[str] = "auto") -> None:
        modules = {name: module for name, module in model.named_modules() if name}
        linear = library("torch", "torch").nn.Linear
        if isinstance(layers, str):
            require(layers == "auto", "layers", 'be "auto" or a list of names', layers)
            layers = [name for name, module in modules.items() if isinstance(module, linear)]
            require(bool(layers), "model", "have a Linear layer, or layers named by you: it has "
                    + (", ".join(modules) or "no modules"), type(model).__name__)
        for name in layers:
            if name not in modules:
                raise InputError(f"layers must be names of modules ({', '.join(modules)}), got "
                                 f"{name!r}{near(name, modules)}")
        self.model, self.layers = model, tuple(layers)
        self._modules = {name: modules[name] for name in self.layers}
        self._seen: dict[str, Any] = {}
        self._totals = {split: {name: Accumulator() for name in self.layers} for split in SPLITS}
        self._samples: dict[str, dict[str, _Share]] = {name: {} for name in self.layers}
        self._hooks = [self._attach(name, isinstance(module, linear))
                       for name, module in self._modules.items()]

    def _attach(self, name: str, reads: bool) -> Any:
        def before(_: Any, inputs: tuple[Any, ...]) -> None:
            self._seen[name] = inputs[0].detach()

        def after(_: Any, inputs: tuple[Any, ...], output: Any) -> None:
            # A copy: an activation that follows may work in place.
            self._seen[name] = output.detach().clone()

        module = self._modules[name]
        return (module.register_forward_pre_hook(before) if reads
                else module.register_forward_hook(after))

    def close(self) -> None:
        """Take the hooks off the model; what was gathered stays."""
        for hook in self._hooks:
            hook.remove()
        self._hooks = []

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self.close()

    # --- gathering ---

    def update(self, labels: Any, split: str = "train") -> None:
        """Add the model's last forward pass, whose samples have these labels.

        Raises
        ------
        InputError
            Where no forward pass came before, or features do not fit the labels; the message
            names the layer.
        """
        choice("split", split, SPLITS)
        self._warn_of_noise()
        y, shape = _labels(labels)
        for name, x in self._features(shape).items():
            self._named(name, partial(self._totals[split][name].add, x, y))
            if split == "test" and self._totals["train"][name].batches:
                self._named(name, partial(self._share_of_test, name, x, y))

    def read(self, loader: Iterable[tuple[Any, Any]], split: str = "train") -> Recorder:
        """Run the model over a loader of (inputs, labels), in evaluation mode, no gradients.

        The test set is read after the train set: what a test sample is near to needs the train
        means.
        """
        self._run(loader, partial(self.update, split=split))
        return self

    def decide(self, loader: Iterable[tuple[Any, Any]]) -> Recorder:
        """NC4, which alone needs the train samples a second time, once their means are known."""
        self._run(loader, self._update_nc4)
        return self

    def _run(self, loader: Iterable[tuple[Any, Any]], take: Callable[[Any], None]) -> None:
        torch = library("torch", "torch")
        place = next((p.device for p in self.model.parameters()), None)
        training = self.model.training
        self.model.eval()
        try:
            with torch.no_grad():
                for x, y in loader:
                    self.model(x if place is None else x.to(place))
                    take(y)
        finally:
            self.model.train(training)

    def _update_nc4(self, labels: Any) -> None:
        _, shape = _labels(labels)
        for name, x in self._features(shape).items():
            weight, bias = self.weight(name)
            m = self.moments(name)
            if weight is not None and weight.shape == m.means.shape:
                self._add(name, "nc4", nc4(x, m.means, weight, bias), len(x))

    def _share_of_test(self, name: str, x: NDArray[Any], y: NDArray[Any]) -> None:
        train = self.moments(name)
        self._add(name, "test_weak", weak(train, x), len(x))
        self._add(name, "test_nearest_mean_error", nearest_mean_error(train, x, y), len(x))

    def _add(self, name: str, key: str, share: float, samples: int) -> None:
        self._samples[name].setdefault(key, _Share()).add(share, samples)

    def _features(self, shape: tuple[int, ...]) -> dict[str, NDArray[Any]]:
        """The last forward pass by layer, a row a label, and forget it."""
        found = {}
        for name in self.layers:
            require(name in self._seen, name, "have run in a forward pass before its labels come",
                    "no features")
            value = self._seen.pop(name)
            require(tuple(value.shape[:len(shape)]) == shape, name,
                    f"give features for labels of shape {shape}", tuple(value.shape))
            found[name] = plain(value.reshape(int(np.prod(shape)), -1))
        return found

    def _named(self, name: str, act: Callable[[], None]) -> None:
        try:
            act()
        except InputError as error:
            raise InputError(f"{name}: {error}") from None

    def _warn_of_noise(self) -> None:
        torch = library("torch", "torch")
        noisy = [name for name, module in self.model.named_modules()
                 if isinstance(module, torch.nn.modules.dropout._DropoutNd)
                 and module.training and module.p > 0]
        if noisy:
            warnings.warn(f"the model is in training mode, and {noisy[0]} drops features at "
                          "random: what is measured has that noise (model.eval() ends it)",
                          TrainingModeWarning, stacklevel=3)

    # --- what was gathered ---

    def moments(self, layer: str, split: str = "train") -> Moments:
        """The moments of a layer; `InputError` where nothing was recorded."""
        choice("layer", layer, self.layers)
        total = self._totals[choice("split", split, SPLITS)][layer]
        require(total.batches > 0, split, "have been recorded, with update or read", "no batch")
        return total.moments()

    def weight(self, layer: str) -> tuple[Any, Any]:
        """The weight and bias that read a layer's features; (None, None) if it is not Linear."""
        module = self._modules[layer]
        linear = isinstance(module, library("torch", "torch").nn.Linear)
        if not linear:
            return None, None
        bias = None if module.bias is None else plain(module.bias)
        return np.asarray(plain(module.weight), np.float64), bias

    def report(self, activation: str = "linear") -> LayerReport:
        """Every metric by layer, train against test; print it, or take its records.

        Parameters
        ----------
        activation : str
            What stands between a layer's features and its weight: "linear" for "auto", where
            features are what the weight reads.
        """
        sigma, found = activations.get(activation), []
        for name in self.layers:
            m = self.moments(name)
            check_moments(name, m)
            test = self.moments(name, "test") if self._totals["test"][name].batches else None
            weight = self.weight(name)[0]
            fits = weight is not None and weight.shape[1] == m.width
            shares = {key: share.value for key, share in self._samples[name].items()}
            if "nc4" in shares:
                shares["nc4_agreement"] = 1 - shares["nc4"]
            found.append(of_layer(
                name, m, sigma, weight=weight if fits else None, test=test,
                samples={key: partial(float, value) for key, value in shares.items()},
                last=name == self.layers[-1]))
        add_balance(found, [self.weight(name)[0] for name in self.layers])
        first = self.moments(self.layers[0])
        return LayerReport(labels=first.labels.tolist(), counts=first.counts.tolist(),
                           layers=found)

    def track(self, path: str | Path, step: float) -> LayerReport:
        """Add the report of this moment of a training to a CSV table, a line a layer.

        What the table has of this step and later ones is replaced: a training that was killed
        and goes on from a checkpoint tracks on.  `nctheory figure collapse` draws it,
        `nctheory.metrics.collapse_times` reads its records.
        """
        require(Path(path).suffix == ".csv", "path", "end in .csv", str(path))
        found = self.report()
        old = Source(path).need("step", "layer") if Path(path).exists() else []
        records = [row for row in old if row["step"] < step]
        records += [{"step": step, **{key: value for key, value in layer.items()
                                      if key != "notes"}} for layer in found["layers"]]
        write_csv(lambda: records, Path(path), force=True)
        return found

    def reset(self) -> Recorder:
        """Forget what was gathered, for the next epoch."""
        for totals in self._totals.values():
            for name in self.layers:
                totals[name] = Accumulator()
        self._samples = {name: {} for name in self.layers}
        return self

    # --- several processes, and files ---

    def include(self, other: Recorder | str | Path) -> Recorder:
        """Add what another process recorded: a recorder of the same layers, or its file."""
        arrays = (other.arrays() if isinstance(other, Recorder)
                  else read_npz(other, name="recorder", kind="a file written by Recorder.save"))
        self._include(arrays)
        return self

    def _include(self, arrays: Mapping[str, Any]) -> None:
        layers = {key.split("|")[1] for key in arrays}
        require(layers <= set(self.layers), "layers", f"be those of this recorder, "
                f"{', '.join(self.layers)}", sorted(layers - set(self.layers)))
        for split in SPLITS:
            for name in self.layers:
                if f"{split}|{name}|batches" not in arrays:
                    continue
                total = self._totals[split][name]
                total.include(Moments(**{f: arrays[f"{split}|{name}|{f}"] for f in FIELDS}))
                total.batches += int(arrays[f"{split}|{name}|batches"])
        for key, value in arrays.items():
            if key.startswith("share|"):
                self._add(*key.split("|")[1:], *map(float, value))  # type: ignore[arg-type]

    def arrays(self) -> dict[str, Any]:
        """All that was gathered, as named arrays."""
        found: dict[str, Any] = {}
        for split in SPLITS:
            for name, total in self._totals[split].items():
                if total.batches:
                    m = total.moments()
                    found |= {f"{split}|{name}|{f}": getattr(m, f) for f in FIELDS}
                    found[f"{split}|{name}|batches"] = np.array(total.batches)
        for name, shares in self._samples.items():
            found |= {f"share|{name}|{key}": np.array([share.value, share.samples])
                      for key, share in shares.items()}
        return found

    def save(self, path: str | Path) -> None:
        """Write all that was gathered, whole or not at all; `include` reads it."""
        write_npz(path, self.arrays(), name="recorder", force=True)

    def gather(self) -> Recorder:
        """In a `torch.distributed` group: every process gets the sum of all."""
        group = library("torch", "torch").distributed
        parts: list[dict[str, Any] | None] = [None] * group.get_world_size()
        group.all_gather_object(parts, self.arrays())
        self.reset()
        for part in parts:
            self._include(part or {})
        return self


class _Share:
    """A share of samples, summed over batches."""

    def __init__(self) -> None:
        self.total, self.samples = 0.0, 0

    def add(self, share: float, samples: float) -> None:
        self.total += share * samples
        self.samples += int(samples)

    @property
    def value(self) -> float:
        return self.total / self.samples


def _labels(labels: Any) -> tuple[NDArray[Any], tuple[int, ...]]:
    """Labels as a vector, and the shape that they came in."""
    y = plain(labels)
    return check_labels(y.reshape(-1)), y.shape
