"""A chain in small integers: rounded, or, from the plane on, with its zeros kept exactly.

At a minimum log P is smooth along the face where the zeros of the M_l stay zeros (kinks), and has
a slope across it: rounding costs first order across, second along.  Where layer 2 has two
neurons, zeros are cheap to keep: M_2 is rounded, then W_1, H_1 is adj(W_1) M_2, and the rows of
later factors are taken from the integer vectors orthogonal to the signals that they are zero on.
With more neurons these integers soon have more digits than plain rounding needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray
from sympy.polys.domains import ZZ
from sympy.polys.matrices import DomainMatrix

from nctheory.atlas.face import Orbits, kinks
from nctheory.atlas.search import Factors, evaluate
from nctheory.integers import Integers, as_integers

Matrix = NDArray[np.float64]
Labels = NDArray[np.int64]

# The largest entry of a factor runs through these.
TOPS = (*range(1, 200), *(int(200 * 1.1**k) for k in range(120)))


def split(factors: Any) -> Factors:
    """M_2 = W_1 H_1 with W_1 symmetric, so that the neurons of layer 2 name the rows of H_1.

    Balanced, |W_1|^2 = |H_1|^2 = |M_2|_*, and moved by the permutations that move M_2.
    """
    first, second, *rest = factors
    u, s, vt = np.linalg.svd(np.asarray(second @ first, dtype=np.float64), full_matrices=False)
    root = np.sqrt(np.where(s > 1e-6 * s[0], s, 0.0))
    return [(u * root) @ vt, (u * root) @ u.T, *rest]


def rounded_integers(factors: Factors, orbits: Orbits, room: float) -> list[Integers] | None:
    """Factor after factor in the smallest integers that keep log P within `room` of now, of which
    each may use an equal part; None where no integers of 7 digits do."""
    done: list[Any] = [*factors]
    limit = evaluate(factors)
    for index, (factor, orbit) in enumerate(zip(factors, orbits, strict=True)):
        limit += room / len(factors)
        found = _first(([*done[:index], f, *done[index + 1:]] for f in _rounded(factor, orbit)),
                       limit)
        if found is None:
            return None
        done = found
    return done


def integers_from_the_plane(factors: Factors, orbits: Orbits, room: float,
                            ) -> list[Integers] | None:
    """The same with all zeros kept, where layer 2 has two neurons (and None elsewhere)."""
    if len(factors[1]) != 2:
        return None
    zeros, limit, share = kinks(factors), evaluate(factors), room / (len(factors) + 1)

    def completed(some: list[Any]) -> list[Any]:
        """With the factors not yet rounded, moved so that their zeros are zeros again."""
        out = [*some]
        for index in range(len(some), len(factors)):
            out.append(_rows(factors[index], orbits[index], zeros[index],
                             _signal(out).astype(np.float64), _projected))
        return out

    means = list(_rounded(np.where(zeros[1], 0, factors[1] @ factors[0]), orbits[0]))
    at = _first_place((completed(split([M, np.eye(2)])) for M in means), limit + share)
    if at is None:
        return None
    mean, root = means[at], split([means[at], np.eye(2)])[1]
    stages: list[Callable[[list[Any]], Iterable[list[Any]]]] = [
        lambda _: ([_adjugate(W) @ mean, W] for W in _rounded(root, orbits[1]))]
    for index in range(2, len(factors)):
        stages.append(lambda done, i=index: (  # type: ignore[misc]
            [*done, W] for W in _lattice(factors[i], orbits[i], zeros[i], _signal(done))))
    done: list[Any] = []
    for count, stage in enumerate(stages, start=2):
        options = list(stage(done))
        place = _first_place(map(completed, options), limit + count * share)
        if place is None:
            return None
        done = options[place]
    return done


def _first(options: Iterable[list[Any]], limit: float) -> list[Any] | None:
    """The first chain of no more than this log P."""
    return next((o for o in options if evaluate(_floats(o)) <= limit), None)


def _first_place(options: Iterable[list[Any]], limit: float) -> int | None:
    return next((i for i, o in enumerate(options) if evaluate(_floats(o)) <= limit), None)


def _floats(factors: Iterable[Any]) -> Factors:
    return [np.asarray(f, dtype=np.float64) for f in factors]


def _signal(factors: list[Any]) -> Any:
    """sigma(M_l) of the layer that these factors make."""
    signal = factors[0]
    for factor in factors[1:]:
        signal = np.maximum(factor @ signal, 0)
    return signal


def _rounded(matrix: Matrix, orbit: Labels) -> Iterable[Integers]:
    counts = np.bincount(orbit.ravel())
    values = np.bincount(orbit.ravel(), weights=matrix.ravel()) / counts
    values /= np.abs(values).max()
    for top in TOPS:
        yield as_integers(np.rint(top * values)[orbit])


def _adjugate(matrix: Integers) -> Integers:
    (a, b), (c, d) = matrix
    return as_integers([[d, -b], [-c, a]])


def _rows(factor: Matrix, orbit: Labels, zeros: NDArray[np.bool_], signal: Any,
          choose: Callable[[Matrix, Any], Any]) -> Any:
    """The factor with one row an orbit replaced by choose(row, equations), the others moved
    along."""
    values = np.zeros(int(orbit.max()) + 1, dtype=signal.dtype)
    seen: set[int] = set()
    for row, labels, zero in zip(factor, orbit, zeros, strict=True):
        names, places = np.unique(labels, return_inverse=True)
        if int(names[0]) not in seen:
            seen.add(int(names[0]))
            # Entries of one orbit within the row are one unknown.
            sums = np.zeros((len(names), signal.shape[1]), dtype=signal.dtype)
            np.add.at(sums, places, signal)
            mean = np.bincount(places, weights=row) / np.bincount(places)
            values[names] = choose(mean, sums[:, zero].T)
    return values[orbit]


def _projected(row: Matrix, equations: Matrix) -> Matrix:
    """The nearest vector that solves the equations."""
    if len(equations) == 0:
        return row
    return np.asarray(row - np.linalg.pinv(equations, rcond=1e-9) @ (equations @ row))


def _lattice(factor: Matrix, orbit: Labels, zeros: NDArray[np.bool_], signal: Integers,
             ) -> Iterable[Integers]:
    """Integer factors that keep the zeros, near multiples of the given one."""
    bases: dict[str, tuple[Integers, Matrix]] = {}

    def nearest(row: Matrix, equations: Integers) -> Integers:
        key = str((len(row), equations.tolist()))
        if key not in bases:
            basis = short_kernel(equations, len(row))
            bases[key] = basis, np.linalg.pinv(basis.astype(np.float64))
        basis, inverse = bases[key]
        return np.asarray((as_integers([np.rint(inverse.T @ row)]) @ basis)[0])

    unit = factor / np.abs(factor).max()
    for top in TOPS:
        yield _rows(top * unit, orbit, zeros, signal, nearest)


def short_kernel(equations: Integers, columns: int) -> Integers:
    """A reduced basis (rows) of integer vectors x with equations x = 0.

    >>> short_kernel(as_integers([[2, 3, 0]]), 3).tolist()
    [[0, 0, 1], [-3, 2, 0]]
    """
    if len(equations) == 0:
        return as_integers(np.eye(columns, dtype=int))
    kernel = [v * sympy.ilcm(1, *(e.q for e in v)) for v in sympy.Matrix(equations).nullspace()]
    rows = [[ZZ(int(e / sympy.igcd(0, *v))) for e in v] for v in kernel]
    if len(rows) < 2:
        return as_integers(rows or np.zeros((1, columns), dtype=int))
    reduced = DomainMatrix(rows, (len(rows), columns), ZZ).lll()
    return as_integers(reduced.to_Matrix().tolist())
