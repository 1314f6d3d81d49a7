"""The theorems of [GK25] on the deep linear model as checks over parameters of one's choice.

Each check returns what was measured, with `holds` and the margin or the counterexamples: exact
where it compares costs, in floats where it compares losses, observed where it minimises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from nctheory import network
from nctheory.constructions import Construction, Orthogonal, Pairs
from nctheory.cross_entropy import direct
from nctheory.cross_entropy.direct import RANK_TOLERANCE
from nctheory.errors import InputError, integer, require
from nctheory.metrics.spectrum import counted, numerical_rank
from nctheory.problem import Problem

Array = NDArray[np.float64]

LINEAR = ("ce", "linear")


def linear_problem(classes: int, layers: int, samples: int | Sequence[int],
                   weight_decay: float, width: int | None = None) -> Problem:
    """The cross-entropy problem of the linear model; `samples` a class, or one number each."""
    sizes = samples if isinstance(samples, int) else tuple(samples)
    return Problem(classes=classes, layers=layers, samples=sizes, weight_decay=weight_decay,
                   width=width, loss="ce", activation="linear")


# --- Theorem 1: pairs against deep neural collapse ---

class PairsCheck(NamedTuple):
    """`margin`: the least 1 - loss(pairs)/loss(DNC) met where Theorem 1 applies and zero is not
    optimal; `counterexamples`: the problems where it was not positive."""

    holds: bool
    margin: float
    cells: int
    counterexamples: list[Problem]


def theorem_1(classes: Iterable[int], layers: Iterable[int], decays: Iterable[float],
              samples: int = 1) -> PairsCheck:
    """Theorem 1: where K = 2m has m 2^(2/(L+1)) < 2m - 1, pairs beat DNC at every weight decay.

    Odd K are checked by their own exact condition.

    Examples
    --------
    >>> theorem_1(range(4, 9), range(2, 5), [1e-6, 1e-3, 1e-2]).holds
    True
    """
    margins, bad, cells = [], [], 0
    decays = list(decays)
    for K in classes:
        for L in layers:
            pairs, dnc = Pairs(classes=K), Orthogonal(classes=K)
            if pairs.compare_with_dnc(L) != -1:
                continue
            for decay in decays:
                problem = linear_problem(K, L, samples, decay)
                if pairs.scale(problem) == 0:
                    continue
                cells += 1
                margins.append(1 - pairs.loss(problem) / dnc.loss(problem))
                if margins[-1] <= 0:
                    bad.append(problem)
    return PairsCheck(not bad, min(margins, default=math.inf), cells, bad)


def crossings(one: Construction, other: Construction, layers: int, samples: int = 1, *,
              least: float = 1e-12) -> list[float]:
    """Weight decays at which the two constructions have equal losses, neither zero, in increasing
    order: where exactly Theorem 1 stops.

    A scan of a hundred weight decays a decade from `least` up to where both are zero, each
    change of order refined.

    Examples
    --------
    K = 4, L = 2: DNC below this weight decay, pairs from there to where zero wins.

    >>> dnc, pairs = Orthogonal(classes=4), Pairs(classes=4)
    >>> [round(decay, 4) for decay in crossings(dnc, pairs, 2)]
    [0.0118]
    """
    require(one.classes == other.classes, "other", f"have {one.classes} classes", other.classes)
    K = one.classes

    def difference(log_decay: float) -> float:
        problem = linear_problem(K, layers, samples, math.exp(log_decay))
        return one.loss(problem) - other.loss(problem)

    grid = np.linspace(math.log(least), math.log(10.0), 1301)
    values = np.array([difference(x) for x in grid])
    # Where both are zero the difference is exactly 0: no change of order there.
    return [math.exp(brentq(difference, a, b, xtol=1e-14))
            for a, b, u, v in zip(grid, grid[1:], values, values[1:], strict=False) if u * v < 0]


# --- Theorem 2: rank decides as the number of layers grows ---

def is_diagonally_superior(logits: Array) -> bool:
    """Whether each column's own entry is its strict maximum."""
    own = np.diagonal(logits)
    return bool((np.where(np.eye(len(logits), dtype=bool), -np.inf, logits) < own).all())


def least_rank(classes: int) -> int:
    """q_K, the least rank of a diagonally superior K x K matrix: 1 for K = 2, else 2.

    For K >= 3 points on a circle have it; rank 1 does not do, since the entries x_j y_c of a
    column are largest where x is largest or smallest, whatever c.
    """
    return 1 if integer("classes", classes, 2) == 2 else 2


class Depth(NamedTuple):
    """Theorem 2: for all L >= `layers` and every weight decay, `scale` times the diagonally
    superior matrix is better than the other.  Up to `tail` each L was decided by itself (in
    floats), beyond it by one inequality for all."""

    layers: int
    scale: float
    tail: int


def theorem_2(superior: ArrayLike, other: ArrayLike,
              sizes: int | Sequence[int] = 1) -> Depth:
    r"""Theorem 2: from some L_0 on the smaller rank has the smaller loss, at its best scale.

    Let X (`other`) have rank p and M (`superior`) be diagonally superior of rank q < p, D =
    diag(sqrt n_c).  With gamma the largest ratio of a margin x_cc - x_jc of X to that of M, the
    fit of alpha gamma M is no worse than that of alpha X for any alpha > 0, and the regularisation
    is smaller, whatever the weight decay, if

        \sum_{i<=q} a_i^t < \sum_{i<=p} b_i^t,     t = 2/(L+1),

    a_i and b_i the singular values of gamma M D and of X D.  The left side is at most q a_1^t, the
    right one at least p (geometric mean of b)^t: so it holds for all L from a computed one on,
    and the finitely many below are tried (the constants are ours).

    Parameters
    ----------
    superior, other : (K, K) array-likes
        Class-mean logits, column c for class c.
    sizes : int or K ints
        n_c, samples a class.

    Raises
    ------
    InputError
        Where `superior` is not diagonally superior, has no smaller rank than `other`, or `other`
        has no positive margin (zero is better then).

    References
    ----------
    [GK25] Theorem 2, and Theorem A1 for unequal classes.

    Examples
    --------
    >>> from nctheory import Circle
    >>> theorem_2(Circle(classes=10).matrix(), np.eye(10) - 0.1).layers
    4
    """
    M, X = np.asarray(superior, np.float64), np.asarray(other, np.float64)
    require(M.ndim == 2 and M.shape[0] == M.shape[1] == len(X) and X.shape == M.shape, "other",
            "be a K x K matrix like superior", X.shape)
    require(is_diagonally_superior(M), "superior", "be diagonally superior", M.tolist())
    off = ~np.eye(len(M), dtype=bool)
    scale = float(((np.diagonal(X) - X)[off] / (np.diagonal(M) - M)[off]).max())
    require(scale > 0, "other", "have a positive margin", X.tolist())
    roots = np.sqrt(np.broadcast_to(sizes, len(M)))
    a, b = _positive(scale * M * roots), _positive(X * roots)
    require(len(a) < len(b), "superior", f"have a rank below {len(b)}, that of other", len(a))
    gain = math.log(len(b) / len(a))
    excess = math.log(a[0]) - float(np.log(b).mean())
    layers = tail = max(1, math.floor(2 * max(excess, 0.0) / gain))  # L + 1 > 2 excess / gain
    while layers > 1 and np.sum(a ** (2 / layers)) < np.sum(b ** (2 / layers)):
        layers -= 1  # at L = layers - 1 it holds, too
    return Depth(layers, scale, tail)


def _positive(matrix: Array) -> Array:
    """The singular values that are more than rounding, in decreasing order."""
    s = np.linalg.svd(matrix, compute_uv=False)
    return np.asarray(s[:counted(s, matrix.shape, RANK_TOLERANCE)])


# --- Theorem 3: singular values as the number of layers grows ---

class Spectrum(NamedTuple):
    """The best logits found with L layers: loss, rank, singular values over |Z|_F, and whether
    they are diagonally superior."""

    layers: int
    weight_decay: float
    loss: float
    rank: int
    relative: tuple[float, ...]
    norm: float
    superior: bool


def spectra(classes: int, layers: Iterable[int], decay: Callable[[int], float], *,
            samples: int | Sequence[int] = 1, ranks: Iterable[int] | None = None, starts: int = 32,
            seed: int = 0) -> list[Spectrum]:
    """Theorem 3: singular values of the best solution found, for weight decays lam_L.

    Where zero is better than all that was found, norm and rank are 0.

    Examples
    --------
    >>> [found.rank for found in spectra(5, [1, 12], lambda L: 1e-3 / L**2, starts=8)]
    [4, 2]
    """
    tried = None if ranks is None else list(ranks)
    found = []
    for L in layers:
        problem = linear_problem(classes, L, samples, decay(L))
        best = direct.minimise(problem, ranks=tried, starts=starts, seed=seed)[0]
        zero = best.loss >= math.log(classes)
        s = np.zeros(classes) if zero else best.singular_values
        norm = float(np.linalg.norm(s))
        relative = s / norm if norm else s
        found.append(Spectrum(L, decay(L), math.log(classes) if zero else best.loss,
                              counted(s, best.logits.shape, RANK_TOLERANCE),
                              tuple(relative.tolist()),
                              norm, not zero and is_diagonally_superior(best.logits)))
    return found


class RankCheck(NamedTuple):
    """Theorem 3 at small weight decay: `rates[i]` is the rate a of e^(-a L) fitted to the (i+1)-th
    singular value of Z / |Z|_F where it is not zero, infinite where it is zero throughout the
    later half of the layers.  `margin` is the least rate beyond the first q_K values;
    `low_from` the least L from which on the rank is at most q_K, `superior_from` that from which
    on Z is diagonally superior, None where there is none."""

    holds: bool
    margin: float
    rates: tuple[float, ...]
    low_from: int | None
    superior_from: int | None
    counterexamples: list[Spectrum]


def theorem_3_low_rank(found: Sequence[Spectrum], least: float = 0.01) -> RankCheck:
    """Theorem 3 (ii), lam_L = o(1/L): from some L on Z is diagonally superior, and all but q_K of
    its singular values over |Z|_F fall at least exponentially in L.

    Checked on what `spectra` found: fitted rates beyond the first q_K values are above `least`,
    and the last of the Z found are diagonally superior.
    Minima are observed at ranks one by one, so that a value which falls is either of the size of
    the others or exactly zero.

    Examples
    --------
    >>> found = spectra(5, [1, 4, 8, 12], lambda L: 1e-3 / L**2, starts=8)
    >>> check = theorem_3_low_rank(found)
    >>> check.holds, check.margin, check.low_from
    (True, inf, 4)
    """
    require(len(found) >= 4, "found", "be of at least four numbers of layers", len(found))
    found = sorted(found)
    classes = len(found[0].relative)
    q = least_rank(classes)
    rates = tuple(_rate(found, i) for i in range(classes))
    margin = min(rates[q:])
    low_from = _last_from(found, [f.rank <= q for f in found])
    superior_from = _last_from(found, [f.superior for f in found])
    bad = [f for f in found[len(found) // 2:]
           if f.rank > q and margin <= least or not f.superior]
    return RankCheck(margin > least and superior_from is not None, margin, rates, low_from,
                     superior_from, bad)


def _last_from(found: Sequence[Spectrum], fine: Sequence[bool]) -> int | None:
    """The least L from which on all are fine."""
    last = None
    for spectrum, good in zip(reversed(found), reversed(fine), strict=True):
        if not good:
            break
        last = spectrum.layers
    return last


def _rate(found: Sequence[Spectrum], index: int) -> float:
    values = np.array([spectrum.relative[index] for spectrum in found])
    layers, positive = np.array([spectrum.layers for spectrum in found]), values > RANK_TOLERANCE
    if not positive[len(found) // 2:].any():
        return math.inf
    if positive.sum() < 2:  # nothing to fit: it grew out of zero
        return -math.inf
    return -float(np.polyfit(layers[positive], np.log(values[positive]), 1)[0])


class VanishingCheck(NamedTuple):
    """Theorem 3 at large weight decay: `rates` are 2/(L+1) log 1/s_1 for each L, infinite for
    Z = 0, `bounds` what they are at least; `margin` the least difference; `zero_from` the least L
    from which on zero was the best found, None where it was not."""

    holds: bool
    margin: float
    rates: tuple[float, ...]
    bounds: tuple[float, ...]
    zero_from: int | None
    counterexamples: list[Spectrum]


def theorem_3_vanishing(found: Sequence[Spectrum]) -> VanishingCheck:
    """Theorem 3 (i), 1/lam_L = o(L): all singular values fall faster than exponentially in L.

    In a form with constants (ours): a minimum is no worse than zero, so that
    1/2 lam_L (L+1) sum_i s_i^(2/(L+1)) <= log K, and

        2/(L+1) log 1/s_1 >= log(lam_L (L+1) / (2 log K)),

    which tends to infinity.  What is more, zero is the only minimum from some L on, see
    `zero_is_optimal`.

    Examples
    --------
    >>> found = spectra(4, [1, 4, 16, 40], lambda L: 0.2 / L**0.5, starts=4)
    >>> check = theorem_3_vanishing(found)
    >>> check.holds, check.zero_from
    (True, 40)
    """
    require(len(found) > 0, "found", "not be empty", len(found))
    found = sorted(found)
    rates, bounds = [], []
    for f in found:
        largest = f.norm * f.relative[0]
        rates.append(2 / (f.layers + 1) * -math.log(largest) if largest else math.inf)
        bounds.append(math.log(f.weight_decay * (f.layers + 1)
                               / (2 * math.log(len(f.relative)))))
    gaps = [rate - bound for rate, bound in zip(rates, bounds, strict=True)]
    zero_from = _last_from(found, [f.norm == 0 for f in found])
    bad = [f for f, gap in zip(found, gaps, strict=True) if gap < 0]
    return VanishingCheck(not bad, min(gaps), tuple(rates), tuple(bounds), zero_from, bad)


def zero_is_optimal(problem: Problem) -> bool:
    """Whether zero is shown to be the only global minimum of the linear model (ours).

    With x = 1/2 lam_eff (L+1) and t = sum_i s_i^(2/(L+1)): the fit is convex in Z and at 0 has a
    gradient of spectral norm sqrt(max n_c)/N at most with respect to Z D, and |Z D|_* is at most
    t^((L+1)/2).  So the loss exceeds log K by at least x t - t^((L+1)/2) sqrt(max n_c)/N, and
    where t >= log K / x the regularisation alone does.  Both cover all t > 0 if

        (log K / x)^((L-1)/2) sqrt(max n_c) / N < x,

    in particular for lam_eff (L+1) >= 2 log K.  Sufficient, not necessary.

    Examples
    --------
    >>> [zero_is_optimal(linear_problem(5, 40, 1, decay)) for decay in (0.07, 0.08)]
    [False, True]
    """
    direct.check_linear(problem)
    L, sizes = problem.layers, problem.class_sizes
    log_x = problem.log_decay + math.log((L + 1) / 2)
    left = (L - 1) / 2 * (math.log(math.log(problem.classes)) - log_x)
    return left + math.log(max(sizes)) / 2 - math.log(sum(sizes)) < log_x


# --- Theorems 4, 5, 6: the Hessian at a construction ---

def hessian(parameters: Sequence[Array], problem: Problem) -> Array:
    """The dense Hessian of `network.loss` in all parameters, one product for each column."""
    shapes = [(matrix.shape[0], matrix.shape[1]) for matrix in parameters]
    size = sum(rows * columns for rows, columns in shapes)
    if size > 4000:
        raise InputError(f"parameters must have at most 4000 entries here, got {size}")
    columns = [network.pack(network.hessian_vector_product(
        parameters, network.unpack(unit, shapes), problem)) for unit in np.eye(size)]
    matrix = np.array(columns)
    return np.asarray((matrix + matrix.T) / 2)


@dataclass(frozen=True)
class Curvature:
    """Eigenvalues of the Hessian (increasing) of a construction at one critical scale.

    `nullity` counts those below 1e-9 of the largest in absolute value.
    """

    problem: Problem
    scale: float
    gradient: float
    eigenvalues: Array

    @property
    def nullity(self) -> int:
        """The multiplicity of the eigenvalue zero."""
        e = self.eigenvalues
        return int(np.sum(np.abs(e) < 1e-9 * np.abs(e).max()))

    @property
    def least(self) -> float:
        """The least eigenvalue other than zero."""
        e = self.eigenvalues
        return float(e[np.abs(e) >= 1e-9 * np.abs(e).max()].min())

    @property
    def norms(self) -> dict[str, float]:
        """Frobenius norm, spectral norm and trace."""
        e = self.eigenvalues
        largest = float(np.abs(e).max())  # squares of small weight decays would underflow
        return {"frobenius": largest * float(np.linalg.norm(e / largest)), "spectral": largest,
                "trace": float(e.sum())}


def curvature(logits: Construction, problem: Problem) -> list[Curvature]:
    """Theorem 4: the Hessian at each critical scale of a construction, by increasing scale.

    Deep neural collapse: two scales for small weight decay, and at the larger one a positive
    semi-definite Hessian.

    Examples
    --------
    >>> problem = linear_problem(3, 2, 1, 1e-4)
    >>> [c.least > 0 for c in curvature(Orthogonal(classes=3), problem)]
    [False, True]
    """
    results = []
    for scale in logits.critical_scales(problem):
        parameters = logits.weights_at(problem, scale)
        gradient = max(float(np.abs(g).max()) for g in network.gradient(parameters, problem))
        eigenvalues = np.asarray(np.linalg.eigvalsh(hessian(parameters, problem)), np.float64)
        results.append(Curvature(problem, scale, gradient, eigenvalues))
    return results


def orbit_dimension(parameters: Sequence[Array], problem: Problem) -> int:
    """The dimension of the set that rotations of the hidden spaces make of `parameters`.

    Rank of the tangents (A_(l+1) F_l - F_l A_l), A_l skew-symmetric, A of the outputs and of the
    samples 0: rotations keep outputs and norms.
    """
    # Factors chain as F_0 = H_1, F_1 = W_1, ...; hidden space l lies between F_(l-1) and F_l.
    tangents = []
    for l in range(problem.layers):
        d = parameters[l].shape[0]
        for i in range(d):
            for j in range(i):
                A = np.zeros((d, d))
                A[i, j], A[j, i] = 1.0, -1.0
                move = [np.zeros_like(matrix) for matrix in parameters]
                move[l] = A @ parameters[l]
                move[l + 1] = -parameters[l + 1] @ A
                tangents.append(network.pack(move))
    return numerical_rank(np.array(tangents), 1e-9)


class Dimension(NamedTuple):
    """Theorem 5 at one construction: `orbit` and `nullity` are measured, `least` and `most` are
    the claimed bounds L (rho d - C), C = rho^2 and C = rho (rho + 1) / 2."""

    rank: int
    orbit: int
    nullity: int
    least: int
    most: int


def theorem_5(logits: Construction, problem: Problem) -> Dimension:
    """The dimension of the set of parameters with the outputs and norm of a construction.

    The claim of [GK25, Theorem 5] is L (rho d - C) with C = rho^2 where all singular values are
    equal, as for DNC.  Measured is C = rho (rho + 1) / 2 for every construction, by `orbit` and,
    at critical points, by `nullity` alike: the hidden spaces hold L frames of rho orthonormal
    vectors in R^d, which the factors determine, equal singular values or not (ours).

    Examples
    --------
    >>> theorem_5(Orthogonal(classes=4), linear_problem(4, 2, 1, 1e-3, width=5))
    Dimension(rank=3, orbit=18, nullity=18, least=12, most=18)
    """
    L, last = problem.layers, curvature(logits, problem)[-1]
    parameters = logits.weights_at(problem, last.scale)
    rho, d = logits.ranks(L, *LINEAR).before[0], parameters[0].shape[0]
    return Dimension(rho, orbit_dimension(parameters, problem), last.nullity,
                     L * rho * (d - rho), L * (rho * d - rho * (rho + 1) // 2))


class NormRatios(NamedTuple):
    """|Hessian(one)| / |Hessian(other)| at the diverging scales, in three norms."""

    weight_decay: float
    frobenius: float
    spectral: float
    trace: float


def theorem_6(one: Construction, other: Construction, layers: int, decays: Iterable[float], *,
              width: int | None = None, samples: int = 1) -> list[NormRatios]:
    """Theorem 6: the ratios of three norms of the two Hessians tend to constants as lam -> 0.

    They do so slowly, like 1 / log(1/lam).  Weight decays below 1e-12 are refused: softmax in
    float64 then loses the curvature of the own class's logit.
    """
    K = one.classes
    if width is None:
        width = max(made.required_width(layers, *LINEAR) for made in (one, other))
    rows = []
    for decay in decays:
        require(decay >= 1e-12, "decays", "be at least 1e-12", decay)
        problem = linear_problem(K, layers, samples, decay, width)
        a, b = (curvature(logits, problem)[-1].norms for logits in (one, other))
        rows.append(NormRatios(decay, *(a[name] / b[name] for name in a)))
    return rows
