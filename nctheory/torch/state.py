"""The weights of a PyTorch model or checkpoint: what they say without data, and its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory import metrics
from nctheory.errors import InputError, require, show
from nctheory.files import open_regular
from nctheory.metrics import Moments
from nctheory.metrics.arrays import plain
from nctheory.tabular import Tabular, library
from nctheory.trained.head import Head, head_of_network

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class State(Tabular):
    """The weight matrices of a model, first to last.

    Attributes
    ----------
    weights : dict of str to array
        By the names of their modules.  The kernel of a convolution is the matrix (out x rest).
    biases : dict of str to array
        Of those that have one.
    """

    weights: dict[str, Array]
    biases: dict[str, Array]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The layer."""
        return ("layer",)

    def records(self) -> list[dict[str, Any]]:
        """Ranks and negativity of each weight, NC0 of the last, balance with the next one.

        "negativity" is `nctheory.metrics.negativity` of the weight itself: 0 for a nonnegative
        one, after which a ReLU does nothing to nonnegative features.  That of features needs
        data: `Recorder.report`, `Head.negativity`.
        """
        found = []
        items = list(self.weights.items())
        for i, (name, w) in enumerate(items):
            following = items[i + 1][1] if i + 1 < len(items) else None
            chained = following is not None and following.shape[1] == len(w)
            rank = metrics.gap_rank(w)
            found.append({
                "layer": name, "shape": list(w.shape), "rank": rank.rank, "gap": rank.gap,
                "rank_by_gap": rank.by_gap, "stable_rank": metrics.stable_rank(w),
                "effective_rank": metrics.effective_rank(w),
                "norm": float(np.linalg.norm(w)), "negativity": metrics.negativity(w),
                "layer_balance": metrics.layer_balance(w, following)
                if chained and following is not None else None,
                "nc0": metrics.nc0(w) if following is None else None})
        return found

    def head(self, means: Moments | Any, *, layers: int,
             weight_decay: float | Sequence[float], **settings: Any) -> Head:
        """The last `layers` weights behind class means, to be compared (`nctheory.trained.Head`).

        Biases are left out: the model of the theory has none, so a head that leans on them is
        not what is compared.

        Parameters
        ----------
        means : Moments, or array (K x d)
            Of what the first of these layers reads: `recorder.moments(name)`.
        settings :
            loss, activation, feature_decay, samples, as `Head.of` has them.
        """
        return Head.of(means, head_of_network(list(self.weights.values()), layers),
                       weight_decay=weight_decay, **settings)


def from_state(model: Any) -> State:
    """The weights of a module, of a state dict, or of a .pt, .pth or .safetensors file.

    A .pt file is read with weights_only=True: it may hold tensors, and nothing that runs.  A
    checkpoint that keeps the state dict under "state_dict", "model" or "model_state_dict" is
    searched for it.

    Raises
    ------
    InputError
        For a file that cannot be read so, and where there is no weight matrix.
    """
    state: Any = model
    if isinstance(model, (str, Path)):
        state = _read(Path(model))
    elif hasattr(model, "state_dict"):
        state = model.state_dict()
    require(isinstance(state, Mapping), "model", "be a module, a state dict, or a file of one",
            type(model).__name__)
    for key in ("state_dict", "model_state_dict", "model"):
        if isinstance(state.get(key), Mapping):
            state = state[key]
    weights, biases = {}, {}
    for key, value in state.items():
        name, _, kind = str(key).rpartition(".")
        if kind == "weight" and getattr(value, "ndim", 0) >= 2:
            weights[name] = _matrix(key, value)
        elif kind == "bias":
            biases[name] = np.asarray(plain(value), np.float64)
    require(bool(weights), "model", 'have weight matrices, "NAME.weight"',
            list(map(str, state))[:5])
    return State(weights, {name: bias for name, bias in biases.items() if name in weights})


def _matrix(key: str, value: Any) -> Array:
    matrix = np.asarray(plain(value), np.float64)
    require(bool(np.isfinite(matrix).all()), key, "be finite", "NaN or infinity")
    return matrix.reshape(len(matrix), -1)


def _read(path: Path) -> Any:
    kind = path.suffix
    require(kind in (".pt", ".pth", ".safetensors"), "model",
            "end in .pt, .pth or .safetensors", str(path))
    try:
        open_regular(path).close()
        if kind == ".safetensors":
            return library("safetensors.torch", "safetensors").load_file(path)
        return library("torch", "torch").load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except OSError as error:
        reason = error.strerror or "it cannot be read"
    except Exception:  # whatever a damaged or unsafe file makes the readers raise
        reason = "it is damaged, or holds more than tensors (nothing is ever unpickled)"
    raise InputError(f"model must be a file of tensors, got {show(str(path))}: {reason}")
