"""Circle and codes: against forward passes, their exact bounds, and the families they contain."""

import mpmath
import numpy as np
import pytest

from nctheory import Circle, Code, InputError, Orthogonal, Problem, network
from nctheory.constructions.codes import PI, PI_ABOVE, versine_bounds
from nctheory.losses.margins import Margins

OCTAHEDRON = Code(points=np.hstack([np.eye(3), -np.eye(3)]), name="octahedron")
RANDOM = Code(points=np.random.default_rng(3).standard_normal((3, 7)))


@pytest.mark.parametrize("code", [Circle(classes=4), Circle(classes=5), Circle(classes=10),
                                  OCTAHEDRON, RANDOM], ids=lambda code: code.label)
@pytest.mark.parametrize("layers", [1, 2, 5])
def test_closed_form_is_the_forward_pass(code, layers):
    problem = Problem(classes=code.classes, layers=layers, samples=2, loss="ce",
                      activation="linear", weight_decay=tuple(
                          1e-4 * (1 + i % 3) for i in range(layers + 1)))
    weights = code.weights(problem)
    assert network.loss(weights, problem) == pytest.approx(code.loss(problem), rel=1e-12)
    squares = np.linalg.svd(code.matrix(), compute_uv=False) ** 2
    spectrum = [float(theta) for theta, m in code.spectrum().items() for _ in range(m)]
    assert sorted(squares[squares > 1e-12]) == pytest.approx(sorted(spectrum), rel=1e-12)
    margins, plain = code.margins(), Margins.of(code.matrix())
    assert margins.fit(3.0) == pytest.approx(plain.fit(3.0), rel=1e-13)
    assert margins.slope(3.0) == pytest.approx(plain.slope(3.0), rel=1e-13)


def test_simplex_as_a_code_is_collapse():
    frame = np.linalg.svd(np.eye(5) - 1 / 5)[2][:4]
    code, problem = Code(points=frame), Problem(classes=5, layers=3, loss="ce",
                                                activation="linear", weight_decay=1e-3)
    assert code.loss(problem) == pytest.approx(Orthogonal(classes=5).loss(problem), rel=1e-12)
    assert code.cost(3) == pytest.approx(4, rel=1e-12)


@pytest.mark.parametrize("K", [4, 5, 6, 10, 1000])
def test_least_margin_bounds_and_exact_comparison(K):
    low, high = Circle(classes=K).least_margin()
    with mpmath.workdps(70):
        exact = 1 - mpmath.cos(2 * mpmath.pi / K)
        assert mpmath.mpf(PI.numerator) / PI.denominator < mpmath.pi
        assert mpmath.mpf(PI_ABOVE.numerator) / PI_ABOVE.denominator > mpmath.pi
        low, high = (mpmath.mpf(f.numerator) / f.denominator for f in (low, high))
        # Equal to 1e-46: K = 4 and 6 have rational margins on the edge of the interval's width.
        assert low - mpmath.mpf(10) ** -60 <= exact <= high + mpmath.mpf(10) ** -60
        assert high - low < mpmath.mpf(10) ** -46
        for L in range(1, 9):
            c = 2 * (mpmath.mpf(K) / 2 / exact) ** (mpmath.mpf(2) / (L + 1))
            assert Circle(classes=K).cost(L) == pytest.approx(float(c), rel=1e-11)
            sign = Circle(classes=K).compare_with_dnc(L)
            assert sign == (1 if c > K - 1 else -1)


def test_versine_increases():
    assert versine_bounds(PI / 3, PI / 3)[1] > versine_bounds(PI / 3, PI / 3)[0] > 0


def test_circle_wins_for_many_layers():
    """[GK25, Theorem 2/3]: the least rank of diagonally superior logits is 2."""
    problem = Problem(classes=10, layers=30, weight_decay=1e-6, loss="ce", activation="linear")
    assert Circle(classes=10).loss(problem) < min(
        OCTAHEDRON.cost(30), Orthogonal(classes=10).loss(problem))


@pytest.mark.parametrize("make, message", [
    (lambda: Circle(classes=3), "classes must be an integer at least 4"),
    (lambda: Code(points=np.ones((2, 3))), "own entry as its strict maximum"),
    (lambda: Code(points=[1.0, 2.0]), "points must be a matrix"),
    (lambda: Code(points=[[0.0, 1.0]]), "points must have no zero column"),
    (lambda: Code(points=[[np.nan, 1.0]]), "points must be finite")])
def test_refusals(make, message):
    with pytest.raises(InputError, match=message):
        make()
