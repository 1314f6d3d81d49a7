"""The theorems of [GK25] on the deep linear model as checks over parameters of one's choice.

Each check returns what was measured, with `holds` and the margin or the counterexamples: exact
where it compares costs, in floats where it compares losses, observed where it minimises.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq, minimize_scalar

from nctheory import network
from nctheory.constructions import Logits, Orthogonal, Pairs
from nctheory.cross_entropy import direct
from nctheory.errors import InputError, integer, require
from nctheory.problem import Problem

Array = NDArray[np.float64]


def linear_problem(classes: int, layers: int, samples: int, weight_decay: float,
                   width: int | None = None) -> Problem:
    """The cross-entropy problem of the linear model."""
    return Problem(classes=classes, layers=layers, samples=samples, weight_decay=weight_decay,
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
                if pairs.is_zero(problem):
                    continue
                cells += 1
                margins.append(1 - pairs.loss(problem) / dnc.loss(problem))
                if margins[-1] <= 0:
                    bad.append(problem)
    return PairsCheck(not bad, min(margins, default=math.inf), cells, bad)


def crossings(one: Logits, other: Logits, layers: int, samples: int = 1, *,
              least: float = 1e-12) -> list[float]:
    """Weight decays at which the two constructions have equal losses, neither zero, in increasing
    order: where exactly Theorem 1 stops.

    A scan of a hundred weight decays a decade from `least` up to where both are zero, each
    change of order refined.

    Examples
    --------
    K = 4, L = 2: DNC below this weight decay, pairs from there to where zero wins.

    >>> dnc, pairs = Orthogonal(classes=4).logits(), Pairs(classes=4)
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


def least_layers(better: Logits, worse: Logits, last: int = 1000) -> int | None:
    """Theorem 2: the least L_0 such that `better` costs less than `worse` for all L = L_0..last.

    The cost c decides for small weight decay; it tends to the rank, so that the smaller rank wins
    in the end.  None where it does not by `last`.

    Examples
    --------
    >>> from nctheory import Circle
    >>> least_layers(Circle(classes=10), Pairs(classes=10))
    5
    """
    require(better.classes == worse.classes, "worse", f"have {better.classes} classes",
            worse.classes)
    found = None
    for L in range(last, 0, -1):
        if better.cost(L) >= worse.cost(L):
            break
        found = L
    return found


# --- Theorem 3: singular values as the number of layers grows ---

class Spectrum(NamedTuple):
    """The best logits found with L layers: loss, rank, and singular values over |Z|_F."""

    layers: int
    weight_decay: float
    loss: float
    rank: int
    relative: tuple[float, ...]
    norm: float


def spectra(classes: int, layers: Iterable[int], decay: Callable[[int], float], *,
            samples: int = 1, ranks: Iterable[int] | None = None, starts: int = 32,
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
                              int(np.sum(relative > 1e-6)), tuple(relative.tolist()), norm))
    return found


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


def curvature(logits: Logits, problem: Problem) -> list[Curvature]:
    """Theorem 4: the Hessian at each critical scale of a construction, by increasing scale.

    Deep neural collapse: two scales for small weight decay, and at the larger one a positive
    semi-definite Hessian.

    Examples
    --------
    >>> problem = linear_problem(3, 2, 1, 1e-4)
    >>> [c.least > 0 for c in curvature(Orthogonal(classes=3).logits(), problem)]
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
    s = np.linalg.svd(np.array(tangents), compute_uv=False)
    return int(np.sum(s > 1e-9 * s[0]))


class Dimension(NamedTuple):
    """Theorem 5 at one construction: `orbit` and `nullity` are measured, `least` and `most` are
    the claimed bounds L (rho d - C), C = rho^2 and C = rho (rho + 1) / 2."""

    rank: int
    orbit: int
    nullity: int
    least: int
    most: int


def theorem_5(logits: Logits, problem: Problem) -> Dimension:
    """The dimension of the set of parameters with the outputs and norm of a construction.

    The claim of [GK25, Theorem 5] is L (rho d - C) with C = rho^2 where all singular values are
    equal, as for DNC.  Measured is C = rho (rho + 1) / 2 for every construction, by `orbit` and,
    at critical points, by `nullity` alike: the hidden spaces hold L frames of rho orthonormal
    vectors in R^d, which the factors determine, equal singular values or not (ours).

    Examples
    --------
    >>> theorem_5(Orthogonal(classes=4).logits(), linear_problem(4, 2, 1, 1e-3, width=5))
    Dimension(rank=3, orbit=18, nullity=18, least=12, most=18)
    """
    L, last = problem.layers, curvature(logits, problem)[-1]
    parameters = logits.weights_at(problem, last.scale)
    rho, d = logits.ranks(L).before[0], parameters[0].shape[0]
    return Dimension(rho, orbit_dimension(parameters, problem), last.nullity,
                     L * rho * (d - rho), L * (rho * d - rho * (rho + 1) // 2))


class NormRatios(NamedTuple):
    """|Hessian(one)| / |Hessian(other)| at the diverging scales, in three norms."""

    weight_decay: float
    frobenius: float
    spectral: float
    trace: float


def theorem_6(one: Logits, other: Logits, layers: int, decays: Iterable[float], *,
              width: int | None = None, samples: int = 1) -> list[NormRatios]:
    """Theorem 6: the ratios of three norms of the two Hessians tend to constants as lam -> 0.

    They do so slowly, like 1 / log(1/lam).  Weight decays below 1e-12 are refused: softmax in
    float64 then loses the curvature of the own class's logit.
    """
    K = one.classes
    width = max(one.required_width(layers), other.required_width(layers)) if width is None \
        else width
    rows = []
    for decay in decays:
        require(decay >= 1e-12, "decays", "be at least 1e-12", decay)
        problem = linear_problem(K, layers, samples, decay, width)
        a, b = (curvature(logits, problem)[-1].norms for logits in (one, other))
        rows.append(NormRatios(decay, *(a[name] / b[name] for name in a)))
    return rows


# --- Appendix A: unequal classes ---

def step_imbalance(classes: int, ratio: int, share: float, minority: int = 1) -> tuple[int, ...]:
    """(R, rho)-STEP class sizes: a share rho of the classes is smaller by the factor R.

    >>> step_imbalance(4, 10, 0.5)
    (10, 10, 1, 1)
    """
    small = round(share * integer("classes", classes, 2))
    require(0 < small < classes, "share", "leave classes of both sizes", share)
    return (ratio * minority,) * (classes - small) + (minority,) * small


class SelDistance(NamedTuple):
    """The one-layer minimiser against the SEL matrix: `distance` between the two after scaling
    to norm 1."""

    weight_decay: float
    distance: float
    rank: int


def sel_distance(sizes: tuple[int, ...], decays: Iterable[float], *, starts: int = 4,
                 seed: int = 0) -> list[SelDistance]:
    """Theorems A1-A3: with L = 1 the minimiser tends to the SEL geometry as lam -> 0.

    The SEL matrix is I - J/K, its columns repeated n_c times: all margins equal, whatever the
    class sizes (generalised DNC).  The problem is convex, so the minimum found is global.

    Examples
    --------
    >>> far, near = sel_distance((4, 4, 1, 1), [1e-2, 1e-6])
    >>> near.distance < far.distance, near.rank
    (True, 3)
    """
    K = len(sizes)
    roots = np.sqrt(sizes)
    sel = (np.eye(K) - 1 / K) * roots
    sel /= np.linalg.norm(sel)
    rows = []
    for decay in decays:
        problem = replace(linear_problem(K, 1, 1, decay), samples=sizes)
        best = direct.minimise(problem, ranks=[K - 1], starts=starts, seed=seed)[0]
        centred = (best.logits - best.logits.mean(axis=0)) * roots
        distance = np.linalg.norm(centred / np.linalg.norm(centred) - sel)
        rows.append(SelDistance(decay, float(distance), best.rank))
    return rows


def imbalanced_loss(logits: Logits, problem: Problem) -> float:
    """The least loss over the scale of a construction's logits with unequal classes, at most
    log K: a scan over the scale, its best point refined."""
    S = logits.matrix()

    def value(log_scale: float) -> float:
        return float(direct.loss(math.exp(log_scale) * S, problem))

    grid = np.linspace(-10, 7, 400)
    i = min(max(int(np.argmin([value(x) for x in grid])), 1), len(grid) - 2)
    refined = minimize_scalar(value, bounds=(grid[i - 1], grid[i + 1]), method="bounded",
                              options={"xatol": 1e-10})
    return min(math.log(problem.classes), float(refined.fun))
