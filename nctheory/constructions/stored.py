"""The chains and partial fits that the library keeps as data: read, listed, written.

A folder holds chains/KK.json and partial/KK.json, a list by layers for each number of classes:
`PACKAGE` the package's own, which only its authors write, `user_folder()` what was found or
submitted here.  Reading, without a folder, joins both.  The exact trace and the ranks of a chain
stand in its entry: they take long to compute, and tests compute all of the package's again.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from nctheory import integers
from nctheory.activations import PiecewiseLinear
from nctheory.constructions.chain import Chain
from nctheory.constructions.factors import Ranks
from nctheory.constructions.partial import PartialFit
from nctheory.errors import InputError, integer, show
from nctheory.files import replacing
from nctheory.integers import Integers
from nctheory.losses import Loss

PACKAGE = Path(__file__).with_name("data")
CHAINS, PARTIAL = "chains", "partial"
LARGEST_PARTIAL = 64  # as many as chains are stored for


def user_folder() -> Path:
    """Where searches and submissions keep what they find: the environment's NCTHEORY_DATA, or
    "nctheory" where the system keeps a user's data."""
    given = os.environ.get("NCTHEORY_DATA")
    if given:
        return Path(given)
    home = Path.home()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "nctheory"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "nctheory"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "nctheory"


# --- chains ---

def chains(classes: int, folder: Path | None = None) -> tuple[Chain, ...]:
    """The chains that a folder holds for so many classes, by layers; without one, all known.

    Of several with as many layers the cheapest has the plain name; the others, of less rank and
    so better for more layers, have theirs with the rank.
    """
    return _chains(classes, _folders(folder))


@lru_cache(maxsize=None)
def _chains(classes: int, folders: tuple[Path, ...]) -> tuple[Chain, ...]:
    found = sorted(map(load, _entries(folders, CHAINS, classes)),
                   key=lambda one: one.least_layers)
    plain: dict[int, Chain] = {}
    for one in sorted(found, key=lambda one: -one.log_cost(one.least_layers)):
        plain[one.least_layers] = one
    return tuple(one if one is plain[one.least_layers]
                 else replace(one, name=f"{one.name}, rank {one.projected[1]}") for one in found)


def chain_sizes() -> tuple[int, ...]:
    """The numbers of classes that chains are known for."""
    return _sizes(_folders(None))


@lru_cache(maxsize=None)
def _sizes(folders: tuple[Path, ...]) -> tuple[int, ...]:
    return tuple(sorted({int(path.stem) for folder in folders
                         for path in (folder / CHAINS).glob("*.json")}))


def chain(classes: int, layers: int) -> Chain:
    """The chain that was found for K classes and L layers.

    Raises
    ------
    InputError
        Where none is known for exactly these.

    Examples
    --------
    >>> chain(3, 4).compare_with_dnc(4)
    -1
    """
    K, L = integer("classes", classes, 1), integer("layers", layers, 1)
    found = [one for one in chains(K) if one.least_layers == L]
    if found:
        return min(found, key=lambda one: one.log_cost(L))
    known = ", ".join(str(one.least_layers) for one in chains(K)) or "none"
    raise InputError(f"layers must be one of the atlas's for K = {K} ({known}), got {show(L)}")


def best_chain(classes: int, layers: int, loss: Loss,
               activation: PiecewiseLinear) -> Chain | None:
    """The cheapest chain of so many classes for L layers, or None (chains are of the ReLU)."""
    if activation.leak or classes not in chain_sizes():
        return None
    fitting = [one for one in chains(classes) if one.least_layers <= layers]
    return min(fitting, key=lambda one: one.log_cost(layers), default=None)


def write_chain(chain: Chain, name: str, folder: Path, instead: Chain | None = None, *,
                by: str = "") -> None:
    """Put a chain into its file, `instead` of one of its own or of all that it dominates, with
    today's date and `by` what it was found."""
    kept = [entry for entry in _entries((folder,), CHAINS, chain.classes)
            if not (dominates(chain, load(entry)) if instead is None
                    else entry["matrices"] == _plain(instead.matrices))]
    today = datetime.now(UTC).date().isoformat()
    entries = [*kept, {"name": name, "found": today, "by": by, **dump(chain)}]
    _rewrite(folder, CHAINS, chain.classes, sorted(entries, key=lambda e: len(e["matrices"])))
    _chains.cache_clear()
    _sizes.cache_clear()


def dominates(one: Chain, other: Chain) -> bool:
    """Whether it costs no more for every number of layers that the other has chains of."""
    L = other.least_layers
    return (one.least_layers <= L and one.log_cost(L) <= other.log_cost(L)
            and one.projected[1] <= other.projected[1])


def load(entry: Mapping[str, Any]) -> Chain:
    """A chain from its JSON entry, with what was recognised in it, where that has a name."""
    matrices = [integers.as_integers(matrix) for matrix in entry["matrices"]]
    found = f" ({entry['name']})" if entry.get("name") else ""
    numerator, denominator = (int(text, 16) for text in entry["inverse_trace"])
    return Chain(matrices=matrices,
                 name=f"chain K={matrices[0].shape[1]} L={len(matrices)}{found}",
                 known_trace=Fraction(numerator, denominator),
                 known_ranks=Ranks(*map(tuple, entry["ranks"])),
                 found=entry.get("found", ""), by=entry.get("by", ""))


def dump(chain: Chain) -> dict[str, Any]:
    """The JSON entry of a chain."""
    trace = chain.inverse_trace
    return {"inverse_trace": [f"{trace.numerator:x}", f"{trace.denominator:x}"],
            "ranks": [list(side) for side in chain.base_ranks],
            "matrices": _plain(chain.matrices)}


# --- partial fits ---

def partial_fits(classes: int, folder: Path | None = None) -> tuple[PartialFit, ...]:
    """The partial fits that a folder holds for so many classes, by layers; without one, all."""
    return _partial_fits(classes, _folders(folder))


@lru_cache(maxsize=None)
def _partial_fits(classes: int, folders: tuple[Path, ...]) -> tuple[PartialFit, ...]:
    return tuple(PartialFit(matrices=[integers.as_integers(matrix) for matrix in entry],
                            name=f"partial fit K={classes} L={len(entry) - 1}")
                 for entry in _entries(folders, PARTIAL, classes))


def partial_fit(classes: int, layers: int) -> PartialFit:
    """The stored partial fit of least c / (tau K) for K classes and L layers.

    Raises
    ------
    InputError
        Where none is stored.

    Examples
    --------
    >>> partial_fit(6, 2).ratio_power < 1
    True
    """
    fits = [fit for fit in partial_fits(integer("classes", classes, 2)) if fit.layers == layers]
    if not fits:
        raise InputError("partial fit must be one that is stored (nctheory atlas partial), "
                         f"got K = {classes}, L = {layers}")
    return min(fits, key=lambda fit: fit.ratio_power)


@lru_cache(maxsize=4096)
def _least_ratio(classes: int, layers: int) -> PartialFit | None:
    """The one of least c / (tau K) with at most so many classes."""
    fits = [fit for K in range(2, classes + 1) for fit in partial_fits(K) if fit.layers == layers]
    return min(fits, key=lambda fit: fit.ratio_power, default=None)


def best_partial_fit(classes: int, layers: int, loss: Loss,
                     activation: PiecewiseLinear) -> PartialFit | None:
    """The partial fit of least c / (tau K) with at most so many classes, the others at zero;
    None where there is none (partial fits are of MSE and ReLU), and beyond 64 classes."""
    if loss.centred or activation.leak or classes > LARGEST_PARTIAL:
        return None
    found = _least_ratio(classes, layers)
    return None if found is None else found.padded(classes)


def write_partial_fits(fits: Iterable[PartialFit], classes: int, folder: Path) -> None:
    """Replace the partial fits that a folder holds for so many classes."""
    ordered = sorted(fits, key=lambda fit: (fit.layers, fit.ratio_power))
    _rewrite(folder, PARTIAL, classes, [_plain(fit.matrices) for fit in ordered])
    _partial_fits.cache_clear()
    _least_ratio.cache_clear()


# --- files ---

def _plain(matrices: Sequence[Integers]) -> list[list[list[int]]]:
    return [[[int(v) for v in row] for row in matrix] for matrix in matrices]


def _path(folder: Path, kind: str, classes: int) -> Path:
    return folder / kind / f"{classes:02d}.json"


def _folders(folder: Path | None) -> tuple[Path, ...]:
    return (PACKAGE, user_folder()) if folder is None else (folder,)


def _entries(folders: Iterable[Path], kind: str, classes: int) -> list[Any]:
    paths = (_path(folder, kind, classes) for folder in folders)
    return [entry for path in paths if path.exists()
            for entry in json.loads(path.read_text(encoding="utf-8"))]


def _rewrite(folder: Path, kind: str, classes: int, entries: Iterable[Any]) -> None:
    """A JSON list, an entry a line; whoever reads meanwhile, or after a kill, sees old or new."""
    lines = ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
    path = _path(folder, kind, classes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as fresh:
        fresh.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
