"""Unequal classes: [GK25, Theorems A1-A3], and what they rest on."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, Orthogonal, Pairs
from nctheory.cross_entropy import direct, imbalanced
from nctheory.cross_entropy.theorems import linear_problem

RATIOS = (1, 2, 10, 100, 10**4, 10**6)


def dnc(K):
    return Orthogonal(classes=K)


# The paper's generalised DNC is Z*_lam, not the SEL matrix: at these numbers the verdict differs.
SIZES, DECAY = (100, 100, 1, 1), 1e-2


def test_generalised_collapse_is_the_one_layer_minimiser_not_sel():
    problem = linear_problem(4, 2, SIZES, DECAY)
    found = imbalanced.generalised_collapse(SIZES, DECAY)
    losses = [imbalanced.frame_loss(frame, problem) for frame in (
        imbalanced.sel_matrix(4), Pairs(classes=4).matrix(), found.logits)]
    assert losses == pytest.approx([0.40595, 0.36916, 0.36604], abs=1e-5)
    # Minimal in the convex problem of one layer: its subgradient condition, by the SVD.
    one = linear_problem(4, 1, SIZES, DECAY)
    roots = np.sqrt(SIZES)
    slope = direct.fit_gradient(found.logits, one) / roots
    u, s, vt = np.linalg.svd(found.logits * roots)
    rank = found.rank
    assert u[:, :rank].T @ slope @ vt[:rank].T == pytest.approx(-DECAY * np.eye(rank), abs=1e-6)
    assert np.linalg.svd(slope, compute_uv=False)[0] <= DECAY * (1 + 1e-4)


@pytest.mark.parametrize("K", [3, 5])
def test_for_equal_classes_generalised_collapse_is_dnc(K):
    problem = linear_problem(K, 1, 2, 1e-2)
    found = imbalanced.generalised_collapse((2,) * K, 1e-2)
    alpha = dnc(K).scale(problem)
    centred = found.logits - found.logits.mean(axis=0)
    assert centred == pytest.approx(alpha * imbalanced.sel_matrix(K), abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=4, max_size=7), st.integers(0, 9),
       st.floats(-6, -0.5))
def test_a1_the_smaller_rank_wins_from_its_depth_on(sizes, seed, log_decay):
    """For any matrix of larger rank, any sizes and weight decay (also equal: Theorem 2)."""
    K = len(sizes)
    other = np.random.default_rng(seed).normal(size=(K, K)) + 2 * np.eye(K)
    pairs = Pairs(classes=K).matrix()
    depth = imbalanced.theorem_a1(sizes, pairs, other)
    assert 1 <= depth.layers <= depth.tail
    for L in {depth.layers, depth.tail, 2 * depth.tail}:
        problem = linear_problem(K, L, sizes, 10.0**log_decay)
        low, high = (imbalanced.frame_loss(frame, problem) for frame in (pairs, other))
        assert low < high or high >= np.log(K) * (1 - 1e-12)


def test_a2_on_unequal_classes():
    check = imbalanced.theorem_a2_low_rank((9, 3, 1, 1), (2, 4, 8, 16), lambda L: 1e-3 / L**2,
                                           starts=4)
    assert check.holds and check.superior_from == 2 and check.low_from is not None
    check = imbalanced.theorem_a2_vanishing((9, 3, 1), (1, 16, 40),
                                            lambda L: 0.2 / L**0.5, starts=2)
    assert check.holds and check.zero_from == 40


def test_a3_holds_below_the_weight_decay_of_minority_collapse():
    check = imbalanced.theorem_a3(SIZES, (1, 2, 8), (1e-8, DECAY))
    assert check.holds and check.limit == 2 and check.counterexamples == []
    assert check.rank[DECAY] == 2 and check.depth[DECAY] is None  # no larger than that of pairs
    assert check.rank[1e-8] == 3 and check.depth[1e-8] == 2
    by_depth = {cell.layers: cell for cell in check.cells if cell.weight_decay == 1e-8}
    assert by_depth[1].collapse < by_depth[1].pairs and by_depth[2].pairs < by_depth[2].collapse
    equal = imbalanced.theorem_a3((1,) * 6, (2,), (1e-3,))
    assert equal.holds and equal.limit == 2  # Theorem 1: K = 6, L = 2


def test_losses_over_the_scale():
    equal = linear_problem(6, 4, 2, 1e-4)
    assert imbalanced.frame_loss(Pairs(classes=6).matrix(), equal) == pytest.approx(
        Pairs(classes=6).loss(equal), rel=1e-12)


@pytest.mark.parametrize("large, small, ratio", [(2, 2, 9), (4, 2, 100), (2, 6, 3), (4, 4, 1)])
def test_step_spectra_are_those_of_the_matrices(large, small, ratio):
    K = large + small
    roots = np.sqrt([ratio] * large + [1] * small)
    for logits, spectrum in zip((imbalanced.sel_matrix(K), Pairs(classes=K).matrix()),
                                imbalanced.step_spectra(large, small, ratio), strict=True):
        squares = np.linalg.svd(logits * roots, compute_uv=False) ** 2
        stated = [float(theta) for theta, m in spectrum.items() for _ in range(m)]
        assert squares[squares > 1e-9] == pytest.approx(sorted(stated, reverse=True))


def test_the_limit_of_a3_on_a_grid():
    """Theorem 1's range whatever the imbalance; K = 4, L = 2 only for strong imbalance."""
    grid = [(large, small, ratio, L) for large in (2, 4, 8) for small in (2, 4, 10)
            for ratio in RATIOS for L in (2, 3, 7)]
    check = imbalanced.pairs_beat_sel(grid)
    assert not check.holds and check.margin < 0
    assert check.counterexamples == [(2, 2, ratio, 2) for ratio in (1, 2, 10)]
    check = imbalanced.pairs_beat_sel([cell for cell in grid if cell not in check.counterexamples])
    assert check.holds and check.margin > 0


@pytest.mark.parametrize("sizes", [(1,) * 5, (100, 1, 1), (7, 5, 3, 2, 1),
                                   (10**4,) * 3 + (1,) * 4])
def test_sel_limit_the_dual_variables_are_positive(sizes):
    check = imbalanced.sel_limit(sizes)
    assert check.holds and check.margin == pytest.approx(min(sizes) / max(sizes), rel=1e-6)


def test_sel_limit_one_layer_tends_to_the_sel_geometry():
    sizes = imbalanced.step_imbalance(4, 10, 0.5)
    assert sizes == (10, 10, 1, 1)
    check = imbalanced.sel_limit(sizes, (1e-1, 1e-2, 1e-4, 1e-8))
    assert check.holds and check.distances[-1] < 0.05
    assert check.ranks[-1] == 3 and check.ranks[0] < 3  # minority collapse at large weight decay
    # 1/log(1/lam): from 1e-4 to 1e-8 the distance about halves.
    assert check.distances[-1] == pytest.approx(check.distances[-2] / 2, rel=0.1)
    assert not imbalanced.sel_limit(sizes, (1e-4, 1e-2)).holds  # the wrong way round


@pytest.mark.parametrize("call, message", [
    (lambda: imbalanced.step_imbalance(4, 10, 0.01), "share must leave classes of both sizes"),
    (lambda: imbalanced.pairs_beat_sel([(3, 2, 1, 3)]), "large must be even, got 3"),
    (lambda: imbalanced.sel_limit((5,)), "classes must be an integer at least 2"),
    (lambda: imbalanced.theorem_a3((3, 2, 1, 1), [2], [1e-3]), "sizes must be of two values"),
    (lambda: imbalanced.theorem_a3((2, 1, 1), [2], [1e-3]), "classes must be an integer at")])
def test_refusals(call, message):
    with pytest.raises(InputError, match=message):
        call()
