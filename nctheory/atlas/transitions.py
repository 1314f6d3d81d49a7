r"""One layer from features to features: the cheapest W with sigma(W F) = F'.

Row by row it is a least distance problem,

    min |w|^2   subject to   w F = F'_i where F'_i > 0,   w F <= 0 where F'_i = 0,

a projection onto a polyhedron, solved by nonnegative least squares ([LH74, chapter 23]).  The
first layers cost a nuclear norm, |M_2|_*^2 with sigma(M_2) = F: convex as well,
|M|_* = min over X > 0 of (tr(M X^-1 M^T) + tr X)/2, and for given X the same problem.

References
----------
[LH74] C. L. Lawson, R. J. Hanson, Solving Least Squares Problems, Prentice-Hall 1974.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from nctheory.metrics.spectrum import counted

Matrix = NDArray[np.float64]

TOLERANCE = 1e-9


def transition(source: Matrix, target: Matrix) -> Matrix | None:
    """The W of least |W|_F with sigma(W F) = F', or None where there is none.

    Examples
    --------
    A frame is kept by the identity, and made of nothing that has lost a class:

    >>> transition(np.eye(2), np.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> transition(np.array([[1.0, 0.5]]), np.eye(2)) is None
    True
    """
    u, s, vt = np.linalg.svd(source, full_matrices=False)
    rank = counted(s, source.shape, 1e-10)
    columns = s[:rank, None] * vt[:rank]
    rows = []
    for row in target:
        found = _least(columns, row)
        if found is None:
            return None
        rows.append(found)
    return np.asarray(np.array(rows) @ u[:, :rank].T)


def _least(columns: Matrix, row: Matrix) -> Matrix | None:
    on = row > 0
    size = TOLERANCE * float(np.linalg.norm(row) + 1)
    u, s, vt = np.linalg.svd(columns[:, on].T, full_matrices=True)
    rank = counted(s, vt.shape, 1e-10)
    start = vt[:rank].T @ (u[:, :rank].T @ row[on] / s[:rank])
    if np.abs(start @ columns[:, on] - row[on]).max(initial=0) > size:
        return None
    free = vt[rank:]
    above = start @ columns[:, ~on]
    if above.max(initial=-1) <= size:
        return np.asarray(start)
    below = -(free @ columns[:, ~on]).T  # below z >= above
    fixed = np.linalg.norm(below, axis=1) <= TOLERANCE * np.linalg.norm(columns)
    if above[fixed].max(initial=-1) > size:
        return None
    below, above = below[~fixed], above[~fixed]
    # The dual of min |z|^2 with below z >= above: |(below^T; above^T) u - (0, .., 0, 1)|.
    goal = np.append(np.zeros(len(free)), 1.0)
    system = np.vstack([below.T, above])
    residual = system @ nnls(system, goal)[0] - goal
    if abs(residual[-1]) < 1e-12 or np.linalg.norm(residual) < 1e-6:
        return None
    w = start - (residual[:-1] / residual[-1]) @ free
    return np.asarray(w) if (w @ columns[:, ~on]).max() <= 100 * size else None


def first_means(target: Matrix, rounds: int = 30) -> Matrix:
    """The M_2 of least nuclear norm with sigma(M_2) = F (iteratively reweighted).

    Below |F|_* only where F has zeros that may as well be negative:

    >>> F = np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]])
    >>> round(float(np.linalg.norm(first_means(F), "nuc") / np.linalg.norm(F, "nuc")), 3)
    0.983
    """
    best = mean = target
    for count in range(rounds if (target == 0).any() else 0):
        # X = (M^T M)^(1/2) + epsilon, and the rows of W X^(1/2).
        _, s, vt = np.linalg.svd(mean)
        values = np.append(s, np.zeros(len(vt) - len(s))) + s[0] * 10 ** (-1 - count / 6)
        root = (vt.T * np.sqrt(values)) @ vt
        weights = transition(root, target)
        if weights is None:
            break
        mean = weights @ root
        if np.linalg.norm(mean, "nuc") < np.linalg.norm(best, "nuc"):
            best = mean
    return best
