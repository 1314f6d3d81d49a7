"""Feature sets on disk: .npz, .safetensors, or a directory of .npy files (read as memory maps).

The names of the arrays, in all three:

    labels                      N integers or strings
    features                    N x d, one layer;  or  features_1 .. features_L, a layer each
    weight, bias                what acts on the last layer given;  or  weight_1 .. weight_L
    test_features, test_labels  (test_features_1 .. test_features_L)   a test set
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError, require, show
from nctheory.files import map_npy, open_regular, read_npz, write_npz
from nctheory.metrics.arrays import Matrix, check_labels, check_pair
from nctheory.specs import near

AnyArray = NDArray[Any]
PLAIN = "an .npz archive of plain arrays (nothing is ever unpickled)"
NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
ARRAY = re.compile(r"(features|test_features|weight|bias)(?:_(\d+))?")


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer's features, the classifier that acts on them if any, and the test features."""

    name: str
    features: Matrix
    weight: AnyArray | None = None
    bias: AnyArray | None = None
    test_features: AnyArray | None = None


@dataclass(frozen=True, eq=False)
class LabelledFeatures:
    """Labels and the layers, first to last."""

    labels: AnyArray
    layers: list[Layer] = field(default_factory=list)
    test_labels: AnyArray | None = None


def load(path: str | Path) -> LabelledFeatures:
    """Read a feature set; nothing is ever unpickled.

    Raises
    ------
    InputError
        For a file that does not exist or is of another kind, arrays of Python objects (they
        would need unpickling), and missing or misshapen arrays (the message lists what the file
        has).
    """
    path = Path(path)
    if path.is_dir():
        return assemble({f.stem: map_npy(f) for f in sorted(path.glob("*.npy"))}, str(path))
    require(path.is_file(), "path", "be a file, or a directory of .npy files", str(path))
    if path.suffix == ".npz":
        return assemble(read_npz(path, name="path", kind=PLAIN), str(path))
    if path.suffix == ".safetensors":
        return assemble(_safetensors(path), str(path))
    raise InputError("path must end in .npz or .safetensors or be a directory of .npy files, "
                     f"got {str(path)!r}")


def assemble(arrays: Mapping[str, AnyArray], source: str = "arrays") -> LabelledFeatures:
    """A feature set from named arrays (the names are in the module's table).

    Raises
    ------
    InputError
        For arrays that are missing or do not fit; the message lists what there is.
    """
    held = ", ".join(f"{k} {v.shape}" for k, v in arrays.items()) or "no array"

    def need(name: str) -> AnyArray:
        if name not in arrays:
            raise InputError(f"{source} must hold an array {name!r}; it has: {held}")
        return arrays[name]

    suffixes = _suffixes(arrays)
    if "features" in arrays and suffixes != [""]:
        raise InputError(f"{source} must hold either 'features' or numbered layers; "
                         f"it has: {held}")
    need("features" + suffixes[0])
    _check_names(arrays, suffixes, source)
    labels = numbered(check_labels(need("labels")))
    layers = []
    for suffix in suffixes:
        # A plain weight and bias belong to the last layer.
        last = suffix == suffixes[-1]
        features, _ = check_pair(need("features" + suffix), labels)
        layers.append(Layer(
            "features" + suffix, features,
            weight=arrays.get("weight" + suffix, arrays.get("weight") if last else None),
            bias=arrays.get("bias" + suffix, arrays.get("bias") if last else None),
            test_features=arrays.get("test_features" + suffix)))
    test_labels = arrays.get("test_labels")
    for layer in layers:
        require(layer.bias is None or layer.weight is not None, "bias",
                "have a weight of the same layer", layer.name)
        if layer.test_features is not None:
            check_pair(layer.test_features, need("test_labels"))
    if test_labels is not None:
        test_labels = numbered(check_labels(test_labels, "test_labels"))
    return LabelledFeatures(labels, layers, test_labels)


def numbered(labels: AnyArray) -> AnyArray:
    """Labels that are whole numbers written as text, as integers: "10" comes after "9".

    Other texts stay, in alphabetical order wherever classes are in order.

    Examples
    --------
    >>> import numpy as np
    >>> numbered(np.array(["9", "10"])), numbered(np.array(["9", "ten"]))
    (array([ 9, 10]), array(['9', 'ten'], dtype='<U3'))
    """
    if labels.dtype.kind != "U":
        return labels
    known, code = np.unique(labels, return_inverse=True)
    if not all(NUMBER.fullmatch(text) for text in known.tolist()):
        return labels
    numbers = np.array([int(text) for text in known.tolist()])
    require(len(np.unique(numbers)) == len(known), "labels",
            "write each number in one way", known[:3].tolist())
    return numbers[code]


def _check_names(arrays: Mapping[str, AnyArray], suffixes: list[str], source: str) -> None:
    """Refuse arrays that nothing would read: misspelt, or of a layer that is not there."""
    kinds = ("features", "test_features", "weight", "bias")
    read = {"labels", *(kind + suffix for kind in kinds for suffix in suffixes)}
    # A plain one is of the last layer.
    read |= {kind for kind in ("weight", "bias") if kind + suffixes[-1] not in arrays}
    if any("test_features" + suffix in arrays for suffix in suffixes):
        read.add("test_labels")
    for name in arrays:
        if name not in read:
            raise InputError(
                f"{source} must hold arrays that are read ({', '.join(sorted(read))}), got "
                f"{show(name)}{near(name, read)}")


def _suffixes(arrays: Mapping[str, AnyArray]) -> list[str]:
    """What follows "features" in the names of the layers, first to last; "" for a single one."""
    numbers = sorted(int(m[2]) for m in map(ARRAY.fullmatch, arrays)
                     if m and m[1] == "features" and m[2])
    return [f"_{i}" for i in numbers] or [""]


def save(path: str | Path, **arrays: AnyArray) -> None:
    """Write named arrays as an .npz that `load` reads."""
    write_npz(path, arrays)


def _safetensors(path: Path) -> dict[str, AnyArray]:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise InputError("reading .safetensors needs the safetensors package: "
                         "pip install nctheory[safetensors]") from None
    try:
        return dict(load_file(path))
    except (SafetensorError, AttributeError, KeyError, TypeError, ValueError) as error:
        _check_kinds(path)
        raise InputError(f"{path} must be a .safetensors file, got one that cannot be read "
                         f"({error})") from None


def _check_kinds(path: Path) -> None:
    """Say which array is of a kind that NumPy has not: bfloat16 and float8."""
    try:
        with open_regular(path) as file:
            size = int.from_bytes(file.read(8), "little")
            head = json.loads(file.read(min(size, 10**7)))
        kinds = {name: str(entry["dtype"]) for name, entry in head.items()
                 if name != "__metadata__"}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return  # no such file: the caller says so
    for name, kind in kinds.items():
        require(re.fullmatch("BOOL|[UI](8|16|32|64)|F(16|32|64)", kind) is not None, name,
                "be of a kind that NumPy has (save it as float32)", kind)
