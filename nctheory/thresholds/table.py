"""Threshold tables: the best construction of a library in each cell, and what is known of it.

Least cost c decides for every weight decay at once (see `nctheory.constructions.base`); at one
weight decay the least loss does.  Floats choose the construction, exact arithmetic the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from nctheory import activations, limits, losses
from nctheory.constructions import FAMILIES, Block, Construction, Orthogonal
from nctheory.errors import InputError, choice, integer, positive
from nctheory.optimality import for_every_decay, optimal
from nctheory.problem import Problem
from nctheory.thresholds.library import Library, Offer, best_sums
from nctheory.thresholds.rows import (
    BEATEN,
    BOUNDS,
    FLOATS,
    INTEGERS,
    NOT_BEATEN,
    NOTHING,
    OPTIMAL,
    UNDECIDED,
    ZERO,
    ZERO_OPTIMAL,
    Row,
    Table,
)


def threshold_table(classes: Iterable[int], layers: Iterable[int], *, samples: int = 1,
                    weight_decay: float | None = None, loss: str = "mse",
                    activation: str = "relu", library: Iterable[str] | None = None,
                    width: int | None = None) -> Table:
    """The best construction of the library for every K and L, and whether it beats DNC.

    Parameters
    ----------
    classes, layers : iterables of int
        K >= 2 and L >= 1.
    samples : int
        n, samples a class; matters only with a weight decay.
    weight_decay : float, optional
        lam, the same for every factor.  Without it the table is about costs, which decide for
        every lam at once; with it, rows carry losses, blocks are chosen by loss, and "zero
        optimal" becomes a possible verdict.
    loss, activation : str
        Words of `nctheory.losses` and `nctheory.activations`.
    library : iterable of str, optional
        Names of the families to use, by default all of the registry; ("triangular",) is the
        library of [SLM24], ("pairs",) that of [GK25].
    width : int, optional
        d of the hidden layers: only constructions that fit are used.  By default any width; the
        column `width` says what the best construction needs (20 rows for 15 classes, but
        4 * 10^12 for 990).

    Returns
    -------
    Table

    Raises
    ------
    InputError
        Where a range is empty or a value is outside its domain.

    Notes
    -----
    "not beaten" is about this library alone: the families in the registry and their direct
    sums.  "dnc optimal" is said only where a theorem says so: L = 1, and K = 2 ([SML23]).

    Examples
    --------
    >>> from nctheory import threshold_table
    >>> table = threshold_table(range(9, 12), [3], library=["triangular"])
    >>> [(row.construction.label, round(row.ratio, 4), row.verdict) for row in table.rows]
    [('DNC 9', 1.0, 'not beaten by this library'),
     ('triangular r=5 s=3', 0.9234, 'dnc beaten'),
     ('triangular r=5 s=3 + DNC 1', 0.9304, 'dnc beaten')]
    """
    names = _names(library)
    K_values = _values("classes", classes, 2)
    L_values = _values("layers", layers, 1)
    n = integer("samples", samples, 1)
    decay = None if weight_decay is None else positive("weight_decay", weight_decay)
    loss, activation = losses.get(loss).word, activations.homogeneous(activation).word
    check_sizes(K_values, L_values)
    rows: dict[tuple[int, int], Row] = {}
    for L in L_values:
        chosen = Library(names, loss, activation, L, width)
        _check_width(chosen, K_values[-1])
        for cell in cells(chosen, K_values, n, decay):
            rows[cell.classes, L] = _row(cell, chosen, n, decay)
    return Table(K_values, L_values, n, decay,
                 tuple(rows[K, L] for K in K_values for L in L_values), loss, activation, width)


def _check_width(library: Library, largest: int) -> None:
    if library.width is None:
        return
    least = Orthogonal(classes=largest).required_width(library.layers, library.loss,
                                                       library.activation)
    integer("width", library.width, least)


def _names(library: Iterable[str] | None) -> tuple[str, ...]:
    if library is None:
        return tuple(FAMILIES)
    if isinstance(library, str):
        raise InputError(f"library must be names of families, got the text {library!r}")
    return tuple(choice("library", name, tuple(FAMILIES)) for name in library)


def _values(name: str, values: Iterable[int], least: int) -> tuple[int, ...]:
    if not isinstance(values, Iterable):
        raise InputError(f"{name} must be a range or a list of integers, got {values!r}")
    most = limits.LAYERS if name == "layers" else None
    numbers = tuple(sorted({integer(name, value, least, most)
                            for value in limits.few(name, values)}))
    if not numbers:
        raise InputError(f"{name} must be a non-empty range, got an empty one")
    return numbers


def check_sizes(K_values: Sequence[int], L_values: Sequence[int]) -> None:
    """Refuse tables whose blocks, sums or rows would never end.

    Up to K there are some 2 sqrt(2 K) blocks; each K asks the families for them, and its
    knapsack goes through all blocks for each place.  Ranks are L numbers a row.
    """
    blocks = 2 * math.isqrt(2 * K_values[-1]) + 100
    limits.affordable(
        "classes and layers", f"{_span(K_values)} and {_span(L_values)}",
        work=len(L_values) * (10**4 * K_values[-1] + blocks * sum(K_values)),
        memory=100 * K_values[-1] + len(K_values) * (
            24 * blocks + len(L_values) * 2000 + 32 * sum(L_values)))


def _span(values: Sequence[int]) -> str:
    return str(values[0]) if len(values) == 1 else f"{values[0]}..{values[-1]}"


@dataclass(frozen=True)
class Cell:
    """What the library has for K classes.

    `choices` are whole constructions, the first of them DNC unless a sum is sure to be better;
    `offers` are those whose comparison with DNC decides the verdict.
    """

    classes: int
    choices: Sequence[Construction]
    offers: Sequence[Offer]


def cells(library: Library, K_values: Sequence[int], samples: int,
          weight_decay: float | None) -> Iterator[Cell]:
    """The cells of one number of layers.

    Under MSE a sum beats DNC iff one of its blocks does, c_b < K_b (f* increases in kappa as
    long as zero is not optimal), so exact decisions about single blocks settle every cell.
    """
    loss = losses.get(library.loss)
    centred, decides = loss.centred, loss.cost_decides
    blocks = library.blocks(K_values[-1])
    decay = None if centred else weight_decay
    sums = best_sums(K_values, library.layers, blocks, samples, decay, library.width)
    for K, made in zip(K_values, sums, strict=True):
        is_dnc = isinstance(made, Orthogonal)
        others = library.others(K)
        if weight_decay is None:  # only what its cost decides
            others = [other for other in others if decides(other.outputs(loss))]
        choices = [*([] if is_dnc else [made]), *others]
        if centred:
            yield Cell(K, [Orthogonal(classes=K), *choices], [*map(library.offer, choices)])
        else:
            offers = [offer for offer in blocks if offer.construction.classes <= K]
            offers += [library.offer(other) for other in others if isinstance(other, Block)]
            yield Cell(K, [made, *choices] if is_dnc else choices, offers)


def _row(cell: Cell, library: Library, samples: int, weight_decay: float | None) -> Row:
    model, L = (library.loss, library.activation), library.layers
    if weight_decay is None:
        costs = [made.cost(L, *model) for made in cell.choices]
        best = cell.choices[costs.index(min(costs))]
        verdict = _by_cost(cell, best, library)
        return Row(cell.classes, L, best, min(costs), *verdict, model=model)
    problem = Problem(classes=cell.classes, layers=L, samples=samples,
                      weight_decay=weight_decay, loss=model[0], activation=model[1])
    return row_at(cell, problem)


def _by_cost(cell: Cell, best: Construction, library: Library) -> tuple[str, str]:
    """The verdict for every weight decay, and what it rests on."""
    theorem = for_every_decay(cell.classes, library.layers, library.loss, library.activation)
    if theorem is not None:
        return OPTIMAL, theorem
    signs = [offer.sign for offer in cell.offers]
    if -1 in signs:
        return BEATEN, cell.offers[signs.index(-1)].evidence
    if None in signs or not isinstance(best, Orthogonal):
        # With ReLU and cross-entropy, between the lower bound for DNC and what I_K attains.
        return UNDECIDED, NOTHING
    return NOT_BEATEN, _weakest(cell.offers)


def row_at(cell: Cell, problem: Problem) -> Row:
    """The row of a cell at one weight decay."""
    L, model = problem.layers, (problem.loss, problem.activation)
    values = [made.loss(problem) for made in cell.choices]
    loss = min(values)
    best = cell.choices[values.index(loss)]
    row = Row(cell.classes, L, best, best.cost(L, *model), UNDECIDED, NOTHING, loss=loss,
              dnc_loss=dnc_bound(problem), model=model)
    verdict, evidence = _by_loss(cell, row, values[0], problem)
    return replace(row, verdict=verdict, evidence=evidence)


def dnc_bound(problem: Problem) -> float:
    """The least loss of DNC; under a centred loss with ReLU the linear model's, a lower bound."""
    return Orthogonal(classes=problem.classes).loss(replace(problem, activation="linear"))


def _by_loss(cell: Cell, row: Row, first: float, problem: Problem) -> tuple[str, str]:
    chosen = losses.get(problem.loss)
    better = [offer for offer in cell.offers if offer.sign == -1]
    zero = _zero(better, cell, problem)
    theorem = _at(problem)
    assert row.loss is not None and row.dnc_loss is not None
    if zero is None and chosen.ordered_by_cost:
        return UNDECIDED, NOTHING
    if zero is None:  # exact bounds show at most that zero is not optimal
        if min(row.loss, row.dnc_loss) >= chosen.zero(cell.classes):
            return ZERO, FLOATS
    elif zero and row.construction.is_zero(problem) is False:
        return BEATEN, INTEGERS  # by a partial fit, where DNC itself is zero
    elif zero:
        return (ZERO, _weakest(better)) if theorem is None else (ZERO_OPTIMAL, theorem)
    if theorem is not None:
        return OPTIMAL, theorem
    return _unless_zero(cell, row, first, better if zero is False else [],
                        chosen.ordered_by_cost)


def _unless_zero(cell: Cell, row: Row, first: float, better: Sequence[Offer],
                 exact: bool) -> tuple[str, str]:
    """The verdict where zero is not optimal, by what is `better` exactly, or else by floats."""
    assert row.loss is not None and row.dnc_loss is not None
    if better:
        return BEATEN, better[0].evidence
    if row.loss < row.dnc_loss:
        return BEATEN, FLOATS
    if row.loss < first or any(offer.sign is None for offer in cell.offers):
        # With ReLU and cross-entropy, between the lower bound for DNC and what I_K attains.
        return UNDECIDED, NOTHING
    return NOT_BEATEN, _weakest(cell.offers) if exact else FLOATS


def _at(problem: Problem) -> str | None:
    """Why DNC, or zero where DNC is zero, is optimal at this weight decay."""
    found = optimal(problem)
    if found is None and (problem.layers == 1 or problem.classes == 2):
        return for_every_decay(problem.classes, problem.layers, problem.loss, problem.activation)
    return found


def _zero(better: Sequence[Offer], cell: Cell, problem: Problem) -> bool | None:
    """Whether zero is optimal for all that the library has: exactly where nothing survives.

    The construction of least cost a class dies last, so it is asked first.
    """
    model = problem.layers, problem.loss, problem.activation
    made = sorted((offer.construction for offer in better),
                  key=lambda made: made.cost(*model) / made.classes)
    parts = [part for construction in made or [cell.choices[0]]
             for part in construction.parts(losses.get(problem.loss),
                                            activations.homogeneous(problem.activation))]
    answer: bool | None = True
    for part in parts:
        zero = part.is_zero(problem)
        if zero is False:
            return False
        answer = None if zero is None else answer
    return answer


def _weakest(offers: Iterable[Offer]) -> str:
    return BOUNDS if any(offer.evidence == BOUNDS for offer in offers) else INTEGERS
