"""The landscape around a point: critical or not, curving down or not, where polish leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse.linalg import LinearOperator, eigsh

from nctheory.errors import require
from nctheory.metrics.spectrum import counted
from nctheory.network import (
    Array,
    Parameters,
    check_parameters,
    hessian_vector_product,
    loss,
    pack,
    unpack,
)
from nctheory.problem import Problem
from nctheory.solver.kinks import kink_jacobian
from nctheory.solver.outcome import EndPoint, outcome
from nctheory.solver.solve import solve
from nctheory.solver.stationarity import KINK_TOLERANCE, clarke

# Kinks hold to 1e-8: of their gradients' singular values, what is smaller is not there.
DEPENDENT = 1e-9


@dataclass(frozen=True)
class LeastCurvature:
    """
    Attributes
    ----------
    eigenvalue : float
        Smallest eigenvalue of the Hessian; at kinks, of the Hessian of the Lagrangian on the
        tangent space of the piece on which all kinks stay kinks.
    direction : [H_1, W_1, ..., W_L]
        A unit eigenvector: where the eigenvalue is negative, a way down (an escape direction).
    stationarity : float
        Of the point; the eigenvalue speaks of a minimum or a saddle only where this is small.
    kinks : int
        Pre-activations counted as kinks.
    """

    eigenvalue: float
    direction: Parameters
    stationarity: float
    kinks: int


def curvature(parameters: Sequence[ArrayLike], problem: Problem,
              kink_tolerance: float = KINK_TOLERANCE) -> LeastCurvature:
    """The smallest eigenvalue of the Hessian by Lanczos, and its direction.

    Where no pre-activation is a kink this is the Hessian of the loss.  At kinks the loss is
    smooth along the set where they stay kinks; its second derivative there is that of the
    loss with each kink's slope fixed at its multiplier, restricted to directions that
    keep the kinks to first order.  A negative value proves a saddle (up to `stationarity`); a
    nonnegative one does not prove a minimum where multipliers are 0 or 1.

    Examples
    --------
    The zero network is a strict minimum of its own: all curvature is weight decay.

    >>> problem = Problem(classes=2, layers=3, activation="linear", weight_decay=0.1)
    >>> round(curvature([np.zeros((2, 2))] * 4, problem).eigenvalue, 10)
    0.1
    """
    parameters = check_parameters(parameters, problem)
    like = [p.shape for p in parameters]
    point = clarke(parameters, problem, kink_tolerance, enough=1e-8)
    size = sum(p.size for p in parameters)
    normal = np.zeros((size, 0))
    if point.kink_count:
        jacobian = kink_jacobian(parameters, problem, point.kinks, point.slopes)
        left, values, _ = np.linalg.svd(jacobian.T, full_matrices=False)
        normal = left[:, :counted(values, jacobian.shape, DEPENDENT)]
    # Shifted up along the normals, so that the least eigenvalue belongs to a tangent direction.
    ceiling = 10.0 + 10.0 * sum(float(np.linalg.norm(p, 2)) for p in parameters)

    def apply(vector: Array) -> Array:
        along = normal.T @ vector
        tangent = vector - normal @ along
        product = pack(hessian_vector_product(parameters, unpack(tangent, like), problem,
                                              point.slopes))
        return np.asarray(product - normal @ (normal.T @ product) + ceiling * (normal @ along))

    operator = LinearOperator((size, size), matvec=apply, dtype=float)
    start = np.random.default_rng(0).standard_normal(size)
    values, vectors = eigsh(operator, k=1, which="SA", v0=start, tol=1e-8, maxiter=20 * size)
    return LeastCurvature(float(values[0]), unpack(vectors[:, 0], like), point.value,
                          point.kink_count)


@dataclass(frozen=True)
class Polish:
    """Where L-BFGS leads from a point: losses and outcomes before and after."""

    parameters: Parameters
    before: float
    after: float
    start: EndPoint
    end: EndPoint
    stationarity: float

    @property
    def gain(self) -> float:
        """How far below the start: positive where the start was no local minimum."""
        return self.before - self.after

    @property
    def ranks_changed(self) -> bool:
        """Whether any rank of class means differs between start and end."""
        return bool((self.start.ranks != self.end.ranks).any())


def polish(parameters: Sequence[ArrayLike], problem: Problem, noise: float = 0.0,
           seed: int = 0) -> Polish:
    """Descend from a given point, a construction for instance, to a stationary one nearby.

    The point is padded with zero units to one width; without noise these stay zero.

    Raises
    ------
    InputError
        Where the shapes do not chain, or noise is negative.
    """
    require(noise >= 0, "noise", "be at least 0", noise)
    parameters = check_parameters(parameters, problem)
    width = max(p.shape[0] for p in parameters[:-1])
    end = solve(problem, width, [seed], method="quasi-newton", init=parameters, noise=noise)
    return Polish(end.parameters(0), float(loss(parameters, problem)), float(end.loss[0]),
                  outcome(parameters, problem), end.outcome(0), float(end.stationarity[0]))
