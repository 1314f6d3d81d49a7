"""Unequal classes: our versions of [GK25, Theorems A1-A3], and what they rest on."""

import numpy as np
import pytest

from nctheory import InputError, Orthogonal, Pairs, Problem
from nctheory.cross_entropy import imbalanced
from nctheory.cross_entropy.theorems import linear_problem

RATIOS = (1, 2, 10, 100, 10**4, 10**6)


def dnc(K):
    return Orthogonal(classes=K)


def test_a1_pairs_beat_generalised_collapse():
    sizes = [(5, 5, 5, 1, 1, 1), (50, 9, 4, 1), (9, 8, 7, 6, 5, 4, 3)]
    check = imbalanced.theorem_a1(sizes, (2, 3, 6), (1e-7, 1e-4, 1e-2))
    assert check.holds and check.margin > 0 and check.cells > 15 and check.counterexamples == []


def test_losses_with_unequal_classes():
    problem = Problem(classes=6, layers=4, samples=(5, 5, 5, 1, 1, 1), weight_decay=1e-4,
                      loss="ce", activation="linear")
    assert imbalanced.imbalanced_loss(Pairs(classes=6), problem) < imbalanced.imbalanced_loss(
        dnc(6), problem)
    equal = linear_problem(6, 4, 2, 1e-4)
    assert imbalanced.imbalanced_loss(Pairs(classes=6), equal) == pytest.approx(
        Pairs(classes=6).loss(equal), rel=1e-12)


@pytest.mark.parametrize("large, small, ratio", [(2, 2, 9), (4, 2, 100), (2, 6, 3), (4, 4, 1)])
def test_step_spectra_are_those_of_the_matrices(large, small, ratio):
    K = large + small
    roots = np.sqrt([ratio] * large + [1] * small)
    for logits, spectrum in zip((dnc(K), Pairs(classes=K)),
                                imbalanced.step_spectra(large, small, ratio), strict=True):
        squares = np.linalg.svd(logits.matrix() * roots, compute_uv=False) ** 2
        stated = [float(theta) for theta, m in spectrum.items() for _ in range(m)]
        assert squares[squares > 1e-9] == pytest.approx(sorted(stated, reverse=True))


def test_a2_on_a_grid():
    """Theorem 1's range whatever the imbalance; K = 4, L = 2 only for strong imbalance."""
    grid = [(large, small, ratio, L) for large in (2, 4, 8) for small in (2, 4, 10)
            for ratio in RATIOS for L in (2, 3, 7)]
    check = imbalanced.theorem_a2(grid)
    assert not check.holds and check.margin < 0
    assert check.counterexamples == [(2, 2, ratio, 2) for ratio in (1, 2, 10)]
    check = imbalanced.theorem_a2([cell for cell in grid if cell not in check.counterexamples])
    assert check.holds and check.margin > 0


@pytest.mark.parametrize("sizes", [(1,) * 5, (100, 1, 1), (7, 5, 3, 2, 1),
                                   (10**4,) * 3 + (1,) * 4])
def test_a3_the_dual_variables_are_positive(sizes):
    check = imbalanced.theorem_a3(sizes)
    assert check.holds and check.margin == pytest.approx(min(sizes) / max(sizes), rel=1e-6)


def test_a3_one_layer_tends_to_the_sel_geometry():
    sizes = imbalanced.step_imbalance(4, 10, 0.5)
    assert sizes == (10, 10, 1, 1)
    check = imbalanced.theorem_a3(sizes, (1e-1, 1e-2, 1e-4, 1e-8))
    assert check.holds and check.distances[-1] < 0.05
    assert check.ranks[-1] == 3 and check.ranks[0] < 3  # minority collapse at large weight decay
    # 1/log(1/lam): from 1e-4 to 1e-8 the distance about halves.
    assert check.distances[-1] == pytest.approx(check.distances[-2] / 2, rel=0.1)
    assert not imbalanced.theorem_a3(sizes, (1e-4, 1e-2)).holds  # the wrong way round


@pytest.mark.parametrize("call, message", [
    (lambda: imbalanced.step_imbalance(4, 10, 0.01), "share must leave classes of both sizes"),
    (lambda: imbalanced.theorem_a2([(3, 2, 1, 3)]), "large must be even, got 3"),
    (lambda: imbalanced.theorem_a3((5,)), "classes must be an integer at least 2")])
def test_refusals(call, message):
    with pytest.raises(InputError, match=message):
        call()
