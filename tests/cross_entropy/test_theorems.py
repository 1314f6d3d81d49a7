"""[GK25]'s theorems on the linear and the ReLU model, checked on grids."""

import numpy as np
import pytest

from nctheory import Circle, InputError, Orthogonal, Pairs, Problem, network
from nctheory.cross_entropy import theorems
from nctheory.cross_entropy.theorems import linear_problem


def dnc(K):
    return Orthogonal(classes=K)


def test_theorem_1_on_a_grid():
    check = theorems.theorem_1(range(4, 25), range(2, 9), 10.0 ** np.arange(-9, 1.0, 0.5), 3)
    assert check.holds and check.cells > 1000 and check.margin > 0


def test_theorem_1_stops_at_four_classes_and_two_layers():
    """There the weight decay decides; an exact minimum on either side of the crossing agrees."""
    decay, = theorems.crossings(dnc(4), Pairs(classes=4), 2)
    for factor, better in ((0.99, dnc(4)), (1.01, Pairs(classes=4))):
        problem = linear_problem(4, 2, 1, factor * decay)
        assert better.loss(problem) == min(c.loss(problem) for c in (dnc(4), Pairs(classes=4)))
    assert theorems.crossings(dnc(6), Pairs(classes=6), 2) == []


@pytest.mark.parametrize("K", [5, 8, 12])
def test_theorem_2_against_collapse(K):
    """L_0 is sharp where all margins of the other are equal: the cost decides as lam -> 0."""
    circle = Circle(classes=K)
    depth = theorems.theorem_2(circle.matrix(), np.eye(K) - 1 / K)
    assert depth.scale == pytest.approx(1 / circle.margins().least)
    for L in (depth.layers - 1, depth.layers, depth.layers + 5):
        problem = linear_problem(K, L, 1, 1e-200)
        assert (circle.loss(problem) < dnc(K).loss(problem)) == (L >= depth.layers)


def test_theorem_2_for_all_larger_numbers_of_layers():
    """Beyond `tail` the inequality holds by itself: tried far out, where a search ends early."""
    M, X = np.diag([300.0, 1, 1]) - 0.4, np.diag([1.0, 2, 3])
    M[2] = -M[0] - M[1]  # rank 2, and diagonally superior
    assert theorems.is_diagonally_superior(M)
    depth = theorems.theorem_2(M, X)
    a, b = (np.linalg.svd(A, compute_uv=False) for A in (depth.scale * M, X))
    for L in (depth.layers, depth.tail, depth.tail + 1, 10 * depth.tail, 10**6):
        t = 2 / (L + 1)
        assert np.sum(a[:2]**t) < np.sum(b**t)
    t = 2 / depth.layers  # L_0 - 1
    assert np.sum(a[:2]**t) >= np.sum(b**t)


def test_theorem_2_refuses_what_it_does_not_say():
    pairs, six = Pairs(classes=6).matrix(), np.eye(6) - 1 / 6
    with pytest.raises(InputError, match="rank below 3, that of other, got 5"):
        theorems.theorem_2(six, pairs)
    with pytest.raises(InputError, match="superior must be diagonally superior"):
        theorems.theorem_2(-six, six)
    with pytest.raises(InputError, match="other must have a positive margin"):
        theorems.theorem_2(pairs, -six)


def test_least_rank():
    assert [theorems.least_rank(K) for K in (2, 3, 10)] == [1, 2, 2]
    assert theorems.is_diagonally_superior(Circle(classes=7).matrix())
    for seed in range(200):  # never of rank 1 for K = 3
        x, y = np.random.default_rng(seed).standard_normal((2, 3))
        assert not theorems.is_diagonally_superior(np.outer(x, y))


def test_theorem_3_low_rank_as_layers_grow():
    found = theorems.spectra(5, (1, 2, 3, 6, 12, 20), lambda L: 1e-2 / L**2, starts=8,
                             ranks=(2, 3, 4))
    assert [f.rank for f in found] == [4, 3, 2, 2, 2, 2] and found[-1].norm > 10
    check = theorems.theorem_3_low_rank(found)
    assert check.holds and check.low_from == 3 and check.counterexamples == []
    assert check.rates[2:] == (np.inf,) * 3 and abs(check.rates[0]) < 0.05


def spectrum(L, *relative, norm=1.0, decay=1e-3, superior=True):
    rank = sum(s > 1e-6 for s in relative)
    return theorems.Spectrum(L, decay, 0.1, rank, relative, norm, superior)


def test_theorem_3_rates_are_fitted_and_can_fail():
    """On spectra made up: a rate of 0.3 is found; values that stay are a counterexample."""
    fall = [spectrum(L, 1.0, 1.0, 0.5 * np.exp(-0.3 * L)) for L in (2, 4, 8, 16)]
    check = theorems.theorem_3_low_rank(fall)
    assert check.holds and check.margin == pytest.approx(0.3) and check.low_from is None
    inferior = [f._replace(superior=f.layers < 16) for f in fall]
    assert not theorems.theorem_3_low_rank(inferior).holds
    assert theorems.theorem_3_low_rank([f._replace(superior=f.layers > 4) for f in fall]
                                       ).superior_from == 8
    stay = [spectrum(L, 0.6, 0.6, 0.5) for L in (2, 4, 8, 16)]
    check = theorems.theorem_3_low_rank(stay)
    assert not check.holds and check.counterexamples == stay[2:]
    with pytest.raises(InputError, match="found must be of at least four"):
        theorems.theorem_3_low_rank(stay[:3])
    # A minimum with s_1 = 1, lam L = 100, would be worse than zero.
    check = theorems.theorem_3_vanishing([spectrum(9, 1.0, 0.5, 0.0, decay=10.0)])
    assert not check.holds and check.margin == pytest.approx(-np.log(50 / np.log(3)))


def test_theorem_3_vanishing_as_layers_grow():
    found = theorems.spectra(4, (1, 4, 16, 40), lambda L: 0.2 / L**0.5, starts=4)
    check = theorems.theorem_3_vanishing(found)
    assert check.holds and check.zero_from == 40 and 0 < check.margin < np.inf
    assert found[0].norm > 0


@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (5, 2, 1, 1)])
def test_where_zero_is_shown_to_be_optimal_nothing_better_is_found(sizes):
    shown = 0
    for L in (1, 2, 5, 12):
        for decay in (0.02, 0.1, 0.3, 1.0):
            problem = Problem(classes=4, layers=L, samples=sizes, weight_decay=decay, loss="ce",
                              activation="linear")
            if theorems.zero_is_optimal(problem):
                shown += 1
                least = min(m.loss for m in theorems.direct.minimise(problem, starts=4))
                assert least >= np.log(4) * (1 - 1e-9)
    assert 4 <= shown < 16
    with pytest.raises(InputError, match="linear model"):
        theorems.zero_is_optimal(Problem(classes=4, layers=2, loss="ce"))


@pytest.mark.parametrize("K", [3, 4])
def test_theorem_4(K):
    for decay in (1e-2, 1e-3, 1e-4):
        problem = linear_problem(K, 2, 2, decay, width=K)
        small, large = theorems.curvature(dnc(K), problem)
        for point in (small, large):
            alpha = point.scale
            assert point.gradient < 1e-14
            assert decay * 2 ** (1 / 3) == pytest.approx(
                alpha ** (1 / 3) / (np.exp(alpha) + K - 1), rel=1e-10)
        assert small.least < 0 < large.least
    assert dnc(K).critical_scales(linear_problem(K, 2, 2, 0.5)) == []


def test_hessian_is_that_of_the_model():
    problem = linear_problem(3, 2, 1, 1e-2, width=3)
    rng = np.random.default_rng(0)
    parameters = [rng.standard_normal((3, 3)) for _ in range(3)]
    dense = theorems.hessian(parameters, problem)
    shapes = [matrix.shape for matrix in parameters]
    x = network.pack(parameters)
    for i in (0, 11, 26):
        up, down = (network.pack(network.gradient(network.unpack(x + t * np.eye(27)[i], shapes),
                                                  problem)) for t in (1e-6, -1e-6))
        assert dense[i] == pytest.approx((up - down) / 2e-6, abs=1e-8)
    with pytest.raises(InputError, match="at most 4000 entries"):
        theorems.hessian([np.zeros((100, 100))], problem)


@pytest.mark.parametrize("K, d, L", [(3, 3, 1), (3, 4, 2), (4, 5, 2), (4, 4, 3)])
def test_theorem_5_measured(K, d, L):
    """Frames: C = rho (rho + 1)/2 also for equal singular values, unlike the paper's rho^2."""
    constructions = [dnc(K)] + ([Pairs(classes=K)] if K == 4 and L > 1 else [])
    for logits in constructions:
        found = theorems.theorem_5(logits, linear_problem(K, L, 1, 1e-3, width=d))
        assert found.orbit == found.nullity == found.most
        assert found.least < found.most


def test_theorem_6_ratios_settle():
    """The changes of all three ratios shrink as lam -> 0 by a factor of 10."""
    rows = theorems.theorem_6(dnc(4), Pairs(classes=4), 2, 10.0 ** np.arange(-3, -8, -1))
    for name in ("frobenius", "spectral", "trace"):
        changes = np.abs(np.diff([getattr(row, name) for row in rows]))
        assert (np.diff(changes) < 0).all() and changes[-1] < 0.01
    assert all(0.7 < row.frobenius < 0.8 for row in rows)
