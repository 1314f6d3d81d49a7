"""Anyone's matrices: verified exactly, and compared with the best known construction."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from nctheory import integers
from nctheory.atlas.store import write
from nctheory.atlas.table import atlas
from nctheory.constructions import Block, Chain, DirectSum, Features, stored
from nctheory.constructions.factors import Matrix
from nctheory.errors import InputError, require
from nctheory.exact import decide
from nctheory.files import read_npz

IMPROVES = "improves the cell"
TIE = "no improvement: equal to the best known"
WORSE = "no improvement"
REFUSED = "refused"


@dataclass(frozen=True)
class Verdict:
    """What became of a submission.

    `error`, where the file holds a W_L, is max |W_L sigma(M_L) - I| over the given matrices;
    the cost is always that of the exact fit, W_L replaced by the pseudo-inverse.
    """

    verdict: str
    reason: str
    classes: int | None = None
    layers: int | None = None
    cost: float | None = None
    known: float | None = None
    error: float | None = None

    @property
    def improves(self) -> bool:
        """Whether the cell is improved, decided exactly."""
        return self.verdict == IMPROVES


def submit(path: str | Path, layers: int | None = None) -> Verdict:
    """Verify an .npz file exactly and say whether it improves a cell of the atlas.

    Parameters
    ----------
    path : path
        Of a file with the arrays H_1, W_1, ..., W_{L-1} and perhaps W_L (without it W_L is the
        pseudo-inverse), or with `features` and `rows` (see `Features`).  Floats stand for the
        exact rationals that they are.
    layers : int, optional
        L; by default the number of weight matrices, and 4 for features and rows.

    Returns
    -------
    Verdict
        Also for files that are refused: nothing about their content raises.

    Raises
    ------
    InputError
        Where the file cannot be read.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     np.savez(folder + "/frame.npz", H_1=np.eye(4), W_1=np.eye(4), W_2=np.eye(4))
    ...     submit(folder + "/frame.npz").verdict
    'no improvement: equal to the best known'
    """
    arrays = read_npz(path)
    try:
        block, L, error = _block(arrays, layers)
        verdict = _judge(block, L)
    except InputError as refusal:
        return Verdict(REFUSED, str(refusal))
    known = atlas([max(block.classes, 2)], [L])[0].cost
    reason = f"{block.label}: c = {block.cost(L):.6f}, best known {known:.6f}"
    if error:
        reason += (f"; the given W_L is off by {error:.3g} and was replaced by the exact "
                   "pseudo-inverse")
    return Verdict(verdict, reason, block.classes, L, block.cost(L), known, error)


def keep(path: str | Path, verdict: Verdict, folder: Path | None = None) -> Path | None:
    """Put a chain that improves its cell into a folder, by default the user's, as integers.

    Returns
    -------
    Path or None
        The folder; None where the verdict is another, or the file has features and rows, which
        are no chain.
    """
    folder = stored.user_folder() if folder is None else folder
    if not verdict.improves:
        return None
    block = _block(read_npz(path), verdict.layers)[0]
    if not isinstance(block, Chain):
        return None
    write(block, folder, f"submission {Path(path).name}")
    return folder


def _block(arrays: dict[str, Matrix], layers: int | None) -> tuple[Block, int, float | None]:
    if {"features", "rows"} <= set(arrays):
        made = Features(features=arrays["features"], rows=arrays["rows"], name="submission")
        return made, layers or 4, None
    matrices = _factors(arrays)
    count = len(matrices) - 1
    whole = count >= 3 if layers is None else count == layers
    error = _fit_error(matrices) if whole else None
    # A last layer of K rows that fits roughly is W_L, not a hidden layer.
    if error is not None and error < 0.5:
        return _chain(matrices[:-1]), layers or count, error
    return _chain(matrices), layers or count + 1, None


def _factors(arrays: dict[str, Matrix]) -> list[Matrix]:
    """[H_1, W_1, W_2, ...] of a file that holds these and no more."""
    count = sum(name.startswith("W") for name in arrays)
    names = ["H_1", *(f"W_{i}" for i in range(1, count + 1))]
    require(set(names) == set(arrays) and count >= 1, "file",
            "hold H_1, W_1, W_2, ... (or features and rows)", sorted(arrays))
    for name in names:
        require(arrays[name].ndim == 2 and np.issubdtype(arrays[name].dtype, np.number)
                and np.isrealobj(arrays[name]) and bool(np.all(np.isfinite(arrays[name]))),
                name, "be a matrix of finite real numbers", arrays[name])
    return [arrays[name] for name in names]


def _chain(matrices: list[Matrix]) -> Chain:
    """The chain, after its exact fit was computed (an `InputError` where it has none)."""
    chain = Chain(matrices=matrices, name="submission")
    require(chain.inverse_trace > 0, "matrices", "separate the classes", chain.classes)
    return chain


def _fit_error(matrices: list[Matrix]) -> float | None:
    """max |Z - I| of given matrices, computed exactly; None where Z is not K x K."""
    if len(matrices[-1]) != matrices[0].shape[1]:
        return None
    try:
        mean = integers.forward([integers.fractions(matrix) for matrix in matrices])[-1]
    except ValueError:  # shapes that do not fit: the chain's own refusal names them
        return None
    difference = mean - np.eye(len(mean), dtype=int)
    return float(max(abs(value) for value in difference.flat))


def _judge(block: Block, layers: int) -> str:
    """Against the best known construction, by rational bounds."""
    best = atlas([max(block.classes, 2)], [layers])[0].construction
    assert isinstance(best, Block | DirectSum)

    def difference(bits: int) -> tuple[Fraction, Fraction]:
        (low, high), (below, above) = (made.cost_bounds(layers, bits) for made in (block, best))
        return low - above, high - below

    return {-1: IMPROVES, 1: WORSE}.get(decide(difference, 0) or 0, TIE)
