"""The deep linear model as a problem in its K x K logits alone, and its best minima by rank.

With class-mean logits Z, class sizes n_c, N = sum n_c and D = diag(sqrt n_c), the least
regularisation of any factors with outputs Z is 1/2 lam_eff (L+1) sum_i s_i^(2/(L+1)), s_i the
singular values of Z D ([GK25] section 3 for equal sizes; lam_eff the geometric mean of the
decays, by the inequality of arithmetic and geometric means).  No sample of a class gains by
having features of its own.  So the model's global problem is

    minimise  sum_c n_c/N (log sum_j e^(Z_jc) - Z_cc) + 1/2 lam_eff (L+1) |Z D|_p^p,  p = 2/(L+1).

The quasi-norm is not smooth where a singular value vanishes; on matrices Z D = A B of exactly
rank r it is.  So each rank is minimised by itself, from many random codes at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory import losses
from nctheory.cross_entropy.descent import descend
from nctheory.errors import integer, require
from nctheory.metrics.spectrum import counted
from nctheory.problem import Problem

Array = NDArray[np.float64]

# A singular value this small relative to the largest is rounding; its power would not be small.
ROUNDING = 1e-14
RANK_TOLERANCE = 1e-6  # of minima: they end at exact ranks, up to what descent leaves
POLISHED = 4


def shares(problem: Problem) -> Array:
    """n_c / N."""
    sizes = np.array(problem.class_sizes, dtype=np.float64)
    return np.asarray(sizes / sizes.sum())


def fit(logits: ArrayLike, problem: Problem) -> Any:
    """The cross-entropy of class-mean logits (..., K, K), column c for class c.

    Stable for logits of any size: nothing is lost where the fit is far below 1.

    Examples
    --------
    >>> problem = Problem(classes=3, layers=2, loss="ce", activation="linear")
    >>> print(fit(1000 * np.eye(3), problem), fit(np.zeros((3, 3)), problem).round(6))
    0.0 1.098612
    """
    Z = _square(logits, problem)
    excess = Z - np.diagonal(Z, axis1=-2, axis2=-1)[..., None, :]
    own = np.eye(problem.classes, dtype=bool)
    others = np.where(own, -np.inf, excess)
    top = others.max(axis=-2)
    rest = top + np.log(np.exp(others - top[..., None, :]).sum(axis=-2))
    return np.logaddexp(0.0, rest) @ shares(problem)


def probabilities(logits: ArrayLike, problem: Problem) -> Array:
    """softmax of each column (..., K, K)."""
    Z = _square(logits, problem)
    powers = np.exp(Z - Z.max(axis=-2, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-2, keepdims=True))


def fit_gradient(logits: ArrayLike, problem: Problem) -> Array:
    """d fit / dZ = (softmax(Z) - I) diag(n_c / N), with small diagonal entries kept exact."""
    p = probabilities(logits, problem)
    own = np.eye(problem.classes, dtype=bool)
    others = np.where(own, 0.0, p)
    return np.asarray(np.where(own, -others.sum(axis=-2)[..., None, :], p) * shares(problem))


def loss(logits: ArrayLike, problem: Problem) -> Any:
    """The least loss of all parameters of the linear model with class-mean logits (..., K, K).

    Examples
    --------
    >>> from nctheory import Pairs
    >>> problem = Problem(classes=10, layers=2, samples=5, weight_decay=2**-10, loss="ce",
    ...                   activation="linear")
    >>> pairs = Pairs(classes=10)
    >>> print(loss(pairs.scale(problem) * pairs.matrix(), problem).round(7))
    0.0800127
    """
    Z = _square(logits, problem)
    s = np.linalg.svd(Z * np.sqrt(problem.class_sizes), compute_uv=False)
    s = np.where(s > ROUNDING * s[..., :1], s, 0.0)
    return fit(Z, problem) + _strength(problem) * (s ** (2 / (problem.layers + 1))).sum(axis=-1)


def _strength(problem: Problem) -> float:
    """1/2 lam_eff (L+1)."""
    return 0.5 * math.exp(problem.log_decay) * (problem.layers + 1)


def check_linear(problem: Problem) -> None:
    """An `InputError` where `problem` is not the linear model with cross-entropy."""
    require(problem.loss == "ce" and problem.activation == "linear", "problem",
            "be that of the linear model with cross-entropy",
            (problem.loss, problem.activation))


def _square(logits: ArrayLike, problem: Problem) -> Array:
    check_linear(problem)
    Z = np.asarray(logits, dtype=np.float64)
    K = problem.classes
    require(Z.shape[-2:] == (K, K), "logits", f"be {K} x {K} matrices", Z.shape)
    return Z


@dataclass(frozen=True)
class Minimum:
    """Logits found for one rank: `loss`, `logits` (K x K), `gradient` (its largest entry)."""

    problem: Problem
    loss: float
    logits: Array
    gradient: float

    @cached_property
    def singular_values(self) -> Array:
        """Of Z D, in decreasing order."""
        return np.asarray(np.linalg.svd(
            self.logits * np.sqrt(self.problem.class_sizes), compute_uv=False), np.float64)

    @property
    def rank(self) -> int:
        """Of Z D, by the one rule of `nctheory.metrics.spectrum`, at `RANK_TOLERANCE`."""
        return counted(self.singular_values, self.logits.shape, RANK_TOLERANCE)

    @property
    def weights(self) -> list[Array]:
        """[H_1, W_1, ..., W_L], aligned and balanced, with these logits and this loss."""
        return factors(self.logits, self.problem)


def factors(logits: ArrayLike, problem: Problem) -> list[Array]:
    """The best parameters [H_1, W_1, ..., W_L] of the linear model with these class-mean logits.

    All factors have the singular values s_i^(1/(L+1)), times (lam_eff / lam_i)^(1/2) each.
    """
    Z = _square(logits, problem)
    sizes = np.array(problem.class_sizes)
    u, s, vt = np.linalg.svd(Z * np.sqrt(sizes))
    rank = max(counted(s, Z.shape, ROUNDING), 1)
    roots = s[:rank] ** (1 / (problem.layers + 1))
    balance = [math.exp((problem.log_decay - math.log(decay)) / 2) for decay in problem.decays]
    width = rank if problem.width is None else problem.width
    require(width >= rank, "width", f"be at least the rank {rank} of the logits", width)
    H = np.zeros((width, int(sizes.sum())))
    H[:rank] = np.repeat(roots[:, None] * vt[:rank] / np.sqrt(sizes), sizes, axis=1)
    matrices = [H]
    for _ in range(problem.layers - 1):
        matrices.append(np.zeros((width, width)))
        matrices[-1][:rank, :rank] = np.diag(roots)
    matrices.append(np.zeros((problem.classes, width)))
    matrices[-1][:, :rank] = u[:, :rank] * roots
    return [b * matrix for b, matrix in zip(balance, matrices, strict=True)]


def minimise(problem: Problem, *, ranks: Iterable[int] | None = None, starts: int = 64,
             seed: int = 0) -> list[Minimum]:
    """The best logits found for each rank, by increasing loss.

    Parameters
    ----------
    problem : Problem
        Cross-entropy, linear; class sizes may differ.
    ranks : iterable of int, optional
        Ranks of Z to try, by default 2..K-1: centred logits have no more, and those of rank 1
        are not diagonally superior for K >= 3 (K = 2: rank 1).
    starts : int
        Random codes of each rank.
    seed : int
        The same seed gives the same result.

    Returns
    -------
    list of Minimum
        One for each rank; a run may end at a lower rank than it was given.  What is found is
        observed, not proved to be global.

    Examples
    --------
    >>> problem = Problem(classes=6, layers=2, samples=5, weight_decay=2**-10, loss="ce",
    ...                   activation="linear")
    >>> best = minimise(problem, starts=16)[0]
    >>> from nctheory import Pairs
    >>> best.rank, bool(np.isclose(best.loss, Pairs(classes=6).loss(problem)))
    (3, True)
    """
    K = problem.classes
    starts = integer("starts", starts, 1)
    tried = (range(min(2, K - 1), K) if ranks is None
             else [integer("ranks", r, 1, K) for r in ranks])
    found = [_best_of_rank(problem, r, starts, np.random.default_rng([seed, r])) for r in tried]
    return sorted(found, key=lambda minimum: minimum.loss)


def _best_of_rank(problem: Problem, rank: int, starts: int,
                  rng: np.random.Generator) -> Minimum:
    K = problem.classes
    roots = np.sqrt(problem.class_sizes)

    def objective(x: Array) -> tuple[Array, Array]:
        return _objective(x, problem, rank)

    rough = descend(objective, _starts(problem, rank, starts, rng), iterations=150,
                    tolerance=1e-6)
    chosen = np.argsort(rough.values)[:POLISHED]
    end = descend(objective, rough.points[chosen], iterations=3000)
    best = int(np.argmin(end.values))
    A, B = end.points[best].reshape(2, K, rank)
    logits = A @ B.T / roots
    return Minimum(problem, float(loss(logits, problem)), logits, float(end.gradients[best]))


def _starts(problem: Problem, rank: int, starts: int, rng: np.random.Generator) -> Array:
    """Random codes u_1..u_K on the sphere, slightly different for rows and columns, at a scale
    between a half and twice that of deep neural collapse."""
    K = problem.classes
    sizes = np.array(problem.class_sizes)
    kappa = math.exp(problem.log_decay + math.log(sizes.mean()) / (problem.layers + 1)) * (K - 1)
    scale = float(losses.collapse_scale(kappa, problem.layers, K)) or 1.0
    codes = rng.standard_normal((starts, K, rank))
    codes /= np.linalg.norm(codes, axis=2, keepdims=True)
    size = np.sqrt(scale * rng.uniform(0.5, 4.0, (starts, 1, 1)))
    noise = 0.1 * rng.standard_normal((2, starts, K, rank))
    A, B = size * (codes + noise[0]), size * (codes + noise[1]) * np.sqrt(sizes)[:, None]
    return np.stack([A, B], axis=1).reshape(starts, -1)


def _objective(x: Array, problem: Problem, rank: int) -> tuple[Array, Array]:
    """Loss and gradient in (A, B), Z D = A B^T, for a batch."""
    K, p = problem.classes, 2 / (problem.layers + 1)
    A, B = np.moveaxis(x.reshape(len(x), 2, K, rank), 1, 0)
    roots = np.sqrt(problem.class_sizes)
    Z = A @ np.swapaxes(B, 1, 2) / roots
    slope = fit_gradient(Z, problem) / roots
    (qa, ra), (qb, rb) = np.linalg.qr(A), np.linalg.qr(B)
    u, s, vt = np.linalg.svd(ra @ np.swapaxes(rb, 1, 2))
    s = np.maximum(s, 1e-12)
    strength = _strength(problem)
    value = fit(Z, problem) + strength * (s**p).sum(axis=1)
    u, v = qa @ u, qb @ np.swapaxes(vt, 1, 2)
    slope = slope + (u * (strength * p * s ** (p - 1))[:, None]) @ np.swapaxes(v, 1, 2)
    dA, dB = slope @ B, np.swapaxes(slope, 1, 2) @ A
    return value, np.stack([dA, dB], axis=1).reshape(len(x), -1)
