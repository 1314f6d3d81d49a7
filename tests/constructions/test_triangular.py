"""The triangular family: closed forms for symbolic r, s, and against explicit matrices."""

import math
from fractions import Fraction
from itertools import combinations

import mpmath
import numpy as np
import pytest
import sympy
from sympy.polys.matrices import DomainMatrix

from nctheory import (
    InputError,
    Problem,
    Triangular,
    TriangularMixture,
    activations,
    losses,
    network,
    optimal_mixture,
    threshold_table,
)
from nctheory.constructions.triangular import (
    cut_spectrum,
    incidence_spectrum,
    inverse_trace,
    mixture_gap,
    subset_spectrum,
    threshold_signs,
)

CASES = [(r, s) for r in range(4, 9) for s in range(2, r - 1)]

RELU = losses.get("mse"), activations.homogeneous("relu")


def explicit(r, s):
    """B, V_s and the Gram matrix G_s, straight from their definitions."""
    edges = list(combinations(range(r), 2))
    B = np.array([[v in e for e in edges] for v in range(r)], dtype=float)
    V = np.array([[0.5 if v in S else -0.5 for v in range(r)]
                  for S in combinations(range(r), s)])
    inside = np.array([[set(e) <= set(S) for e in edges] for S in combinations(range(r), s)])
    return B, V, inside.T.astype(int) @ inside.astype(int)


# THEORY.md section 3: reference values of c/K, computed there by a forward pass.
@pytest.mark.parametrize("r, s, L, ratio", [
    (4, 2, 3, 1.0561), (4, 2, 4, 0.9633), (5, 2, 3, 1.0444), (5, 3, 3, 0.9234),
    (5, 3, 4, 0.8168), (6, 3, 3, 0.8636), (7, 4, 4, 0.6843), (8, 4, 5, 0.5544)])
def test_reference_costs(r, s, L, ratio):
    construction = Triangular(vertices=r, subset=s)
    assert construction.cost(L) / construction.classes == pytest.approx(ratio, abs=5e-5)


@pytest.mark.parametrize("r, s", CASES)
def test_spectra_are_those_of_explicit_matrices(r, s):
    B, V, G = explicit(r, s)
    K = r * (r - 1) // 2
    multiplicities = [1, r - 1, K - r]

    def expected(values):
        return sorted(v for v, m in zip(values, multiplicities, strict=False)
                      for _ in range(m))

    assert np.linalg.eigvalsh(B @ B.T) == pytest.approx(
        sorted(t for t, m in incidence_spectrum(r).items() for _ in range(m)))
    values, denominator = subset_spectrum(r, s)
    assert np.linalg.eigvalsh(G) == pytest.approx(
        expected(v * math.comb(r, s) / denominator for v in values))
    cuts = expected([a / b * math.comb(r, s) / 4 for a, b in cut_spectrum(r, s)])
    gram = np.linalg.eigvalsh((V @ B).T @ (V @ B))
    assert gram == pytest.approx([0] * (K - r) + cuts, abs=1e-9 * gram.max())


@pytest.mark.parametrize("r", range(4, 9))
def test_gram_matrix_is_singular_exactly_outside_2_to_r_minus_2(r):
    for s in range(0, r + 1):
        rank = DomainMatrix.from_list(explicit(r, s)[2].tolist(), sympy.QQ).rank()
        assert (rank == r * (r - 1) // 2) == (2 <= s <= r - 2)


def test_singularity_for_all_r_and_s():
    """The eigenvalues C(s,2) C(r-2,s-2), (s-1) C(r-3,s-2), C(r-4,s-2) are those stated, and
    with binomials zero outside their range all three are positive iff 2 <= s <= r-2."""
    for r in range(4, 60):
        for s in range(0, r + 1):
            def choose(n, k):
                return math.comb(n, k) if 0 <= k <= n else 0

            product = (choose(s, 2) * choose(r - 2, s - 2) * (s - 1) * choose(r - 3, s - 2)
                       * choose(r - 4, s - 2))
            assert (product > 0) == (2 <= s <= r - 2)
            if 2 <= s <= r - 2:
                values, denominator = subset_spectrum(r, s)
                assert [Fraction(v, denominator) * choose(r, s) for v in values] == [
                    choose(s, 2) * choose(r - 2, s - 2), (s - 1) * choose(r - 3, s - 2),
                    choose(r - 4, s - 2)]


def test_closed_form_of_the_inverse_trace_for_symbolic_r_and_s():
    """C(r,s) tr(G_s^-1) from the three eigenvalues of G_s, and as THEORY.md states it."""
    r, s = sympy.symbols("r s", positive=True)
    K, c2 = r * (r - 1) / 2, s * (s - 1) / 2
    numerator, denominator = inverse_trace(r, s)
    values, over = subset_spectrum(r, s)
    from_spectrum = sum(m * over / v for m, v in zip((1, r - 1, K - r), values, strict=True))
    stated = K / c2 * (1 / c2 + (r - 1) * (r - 2) / ((s - 1) * (r - s))
                       + r * (r - 2) * (r - 3)**2 / (2 * (r - s) * (r - s - 1)))
    assert sympy.simplify(numerator / denominator - from_spectrum) == 0
    assert sympy.simplify(numerator / denominator - stated) == 0


def test_nuclear_norm_of_the_incidence_matrix_for_symbolic_r():
    r = sympy.Symbol("r", positive=True)
    norm = sum(m * sympy.sqrt(theta) for theta, m in incidence_spectrum(r).items())
    stated = (r - 1) * (r**2 - 3 * r + 4 + sympy.sqrt(8 * (r - 1) * (r - 2)))
    difference = sympy.expand((norm**2 - stated).subs(r, r + 2))
    assert sympy.simplify(sympy.powsimp(difference, force=True)) == 0


def test_subset_eigenvalues_follow_from_the_triangular_graph():
    """G_s = C(r-2,s-2) I + C(r-3,s-3) A + C(r-4,s-4) (J-I-A) on the eigenspaces of T(r)."""
    for r in range(4, 30):
        K = r * (r - 1) // 2
        for s in range(2, r - 1):
            x, y, z = (math.comb(r - i, s - i) if s >= i else 0 for i in (2, 3, 4))
            spaces = [(2 * (r - 2), K - 1 - 2 * (r - 2)), (r - 4, 3 - r), (-2, 1)]
            values, denominator = subset_spectrum(r, s)
            assert [Fraction(v, denominator) * math.comb(r, s) for v in values] == [
                x + y * a + z * other for a, other in spaces]


@pytest.mark.parametrize("r, s", CASES)
def test_the_two_layer_cost_of_explicit_matrices(r, s):
    """P(2) = |V B|_*^2 tr(G_s^-1), and 3250 < 15^3 for r = 6, s = 3 (THEORY.md section 3)."""
    B, V, G = explicit(r, s)
    P = np.linalg.norm(V @ B, "nuc")**2 * np.trace(np.linalg.inv(G))
    construction = Triangular(vertices=r, subset=s)
    assert float(construction.representation_cost(2).expression) == pytest.approx(P, rel=1e-12)
    if (r, s) == (6, 3):
        assert construction.representation_cost(2).expression == 3250
        assert construction.ranks(2).before == (5, 5)
    if (r, s) == (4, 2):
        assert construction.compare_with_dnc(2) == 0  # a tie at K = 6: P = 216 = 6^3


def test_threshold_signs_are_the_general_comparison():
    for r in range(4, 14):
        for s in range(2, r - 1):
            construction = Triangular(vertices=r, subset=s)
            assert threshold_signs(r, s, 8) == [construction.compare_with_dnc(L)
                                                for L in range(3, 9)]


@pytest.mark.parametrize("layers", [2, 3, 6])
def test_best_subset_is_the_cheapest(layers):
    for r in range(4, 25):
        costs = {s: Triangular(vertices=r, subset=s).log_cost(layers) for s in range(2, r - 1)}
        assert Triangular.best(r * (r - 1) // 2, layers, *RELU).subset == min(costs, key=costs.get)
    assert Triangular.best(11, 3, *RELU) is None
    assert Triangular.best(3, 3, *RELU) is None
    assert Triangular.best(10, 1, *RELU) is None


def test_costs_stay_exact_and_finite_for_large_parameters():
    """K near 10^6 and L = 1000, against 50 digits."""
    construction = Triangular.best(1414 * 1413 // 2, 1000, *RELU)
    r, s = construction.vertices, construction.subset
    with mpmath.workdps(50):
        numerator, denominator = inverse_trace(mpmath.mpf(r), mpmath.mpf(s))
        norm = mpmath.sqrt(2 * (r - 1)) + (r - 1) * mpmath.sqrt(r - 2)
        log_p = (2 * mpmath.log(norm) + 997 * mpmath.log(r) + mpmath.log(mpmath.mpf(r) / 4)
                 + mpmath.log(numerator / denominator))
        expected = mpmath.exp(log_p / 1001)
    assert construction.cost(1000) == pytest.approx(float(expected), rel=1e-13)
    low, high = construction.cost_bounds(1000)
    assert low <= Fraction(str(mpmath.nstr(expected, 40))) <= high
    assert construction.compare_with_dnc(1000) == -1


@pytest.mark.parametrize("r", [4, 5, 6, 7, 12, 25, 60])
def test_a_single_size_is_the_optimal_mixture(r):
    """Exact: the duality gap is 0 at a single s (a finding of ours, for every r tried)."""
    construction, gap = optimal_mixture(r)
    assert gap == 0
    assert construction == Triangular.best(r * (r - 1) // 2, 3, *RELU)


def test_a_true_mixture_is_optimal_where_sizes_are_restricted():
    construction, gap = optimal_mixture(7, sizes=[2, 3, 5])
    assert set(construction.shares) == {3, 5}
    assert 0 <= gap < 1e-6
    singles = [Triangular(vertices=7, subset=s).cost(4) for s in (2, 3, 5)]
    assert construction.cost(4) < min(singles)
    # The gap bounds every other mixture on a grid of the simplex.
    f = construction.inverse_gram_trace
    for i in range(11):
        for j in range(11 - i):
            shares = {s: Fraction(w, 10) for s, w in ((2, i), (3, j), (5, 10 - i - j)) if w}
            other = TriangularMixture(vertices=7, weights_by_subset=shares).inverse_gram_trace
            assert other >= f * (1 - gap)
            assert mixture_gap(7, shares, (2, 3, 5)) >= 1 - f / other


def test_a_mixture_of_one_size_is_that_size():
    one = TriangularMixture(vertices=6, weights_by_subset={3: 5})
    pure = Triangular(vertices=6, subset=3)
    assert one.inverse_gram_trace == pure.inverse_gram_trace
    assert one.representation_cost(2) == pure.representation_cost(2)


@pytest.mark.parametrize("arguments, message", [
    (dict(vertices=3, subset=2), "vertices must be an integer at least 4, got 3"),
    (dict(vertices=6, subset=5), "subset must be an integer between 2 and 4, got 5"),
    (dict(vertices=6, subset=1), "subset must be an integer between 2 and 4, got 1"),
    (dict(vertices=6.0, subset=2), "vertices must be an integer at least 4, got 6.0")])
def test_bad_parameters_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Triangular(**arguments)


def test_bad_mixtures_are_named():
    with pytest.raises(InputError, match="weights_by_subset must name at least one size"):
        TriangularMixture(vertices=5, weights_by_subset={})
    with pytest.raises(InputError, match=r"weights_by_subset\[2\] must be greater than 0"):
        TriangularMixture(vertices=5, weights_by_subset={2: -1, 3: 1})


def test_explicit_matrices_beyond_memory_are_refused():
    with pytest.raises(InputError, match="at most 100000000 matrix entries"):
        Triangular(vertices=40, subset=20).shapes(4)


# --- leaky ReLU ---

LEAKS = [Fraction(0), Fraction(1, 10), Fraction(1, 3), Fraction(9, 10)]


@pytest.mark.parametrize("r, s", CASES)
def test_leaky_spectrum_is_that_of_the_explicit_marks(r, s):
    B, V, _ = explicit(r, s)
    for a in LEAKS:
        marks = np.where(V @ B > 0, V @ B, float(a) * (V @ B))
        values, denominator = subset_spectrum(r, s, a)
        expected = sorted(np.linalg.eigvalsh(marks.T @ marks))
        found = sorted(float(value / denominator) * math.comb(r, s) for value, m in zip(
            values, (1, r - 1, r * (r - 3) // 2), strict=True) for _ in range(m))
        assert found == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("loss", ["mse", "ce", "smoothed:epsilon=1/10"])
@pytest.mark.parametrize("a", ["1/10", "1/3"])
@pytest.mark.parametrize("layers", [2, 3, 5])
def test_leaky_closed_form_is_the_forward_pass(loss, a, layers):
    for made in (Triangular(vertices=5, subset=3), Triangular(vertices=6, subset=4),
                 TriangularMixture(vertices=5, weights_by_subset={2: 1, 3: 2})):
        problem = Problem(classes=made.classes, layers=layers, samples=2, weight_decay=1e-4,
                          loss=loss, activation=f"leaky:a={a}")
        weights = made.weights(problem)
        assert network.loss(weights, problem) == pytest.approx(made.loss(problem), rel=1e-12)


def test_leaky_thresholds_rise_with_the_leak():
    """Ours: with slope a the least K of triangular sums at L = 4 is 6 for a <= 1/5, 10 at 3/10;
    the verdicts are exact, the thresholds those of this scan."""
    least = [threshold_table(range(3, 30), [4], activation=f"leaky:a={a}",
                             library=["triangular"]).least_classes()[4]
             for a in ("0", "1/10", "1/5", "3/10")]
    assert least == [6, 6, 6, 10]


def test_a_leak_that_loses_the_constant_vector_is_refused():
    # s(s-1) = a (r-s)(r-s-1): r = 6, s = 2, a = 1/6.
    with pytest.raises(InputError, match="leave sigma"):
        Triangular(vertices=6, subset=2).cost(3, activation="leaky:a=1/6")
    with pytest.raises(InputError, match="activation must leave"):
        Triangular(vertices=5, subset=3).cost(3, activation="linear")
