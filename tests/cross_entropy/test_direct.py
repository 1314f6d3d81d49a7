"""Direct minimisation over logits: derivatives, the forward pass, known minima, many at once."""

import numpy as np
import pytest

from nctheory import Circle, InputError, Orthogonal, Pairs, Problem, network
from nctheory.cross_entropy import direct

UNEQUAL = Problem(classes=5, layers=3, samples=(1, 2, 3, 1, 2), loss="ce", activation="linear",
                  weight_decay=(1e-2, 2e-2, 3e-2, 1e-2))


def linear(K, L, n=1, decay=1e-3):
    return Problem(classes=K, layers=L, samples=n, weight_decay=decay, loss="ce",
                   activation="linear")


def test_fit_gradient_agrees_with_the_model_and_with_differences():
    Z = np.random.default_rng(0).standard_normal((5, 5))
    columns = network.labels(UNEQUAL)
    assert direct.fit(Z, UNEQUAL) == pytest.approx(
        network.fit(Z[:, columns], UNEQUAL), rel=1e-14)
    gradient = direct.fit_gradient(Z, UNEQUAL)
    for i, j in ((0, 0), (3, 1), (4, 4), (2, 3)):
        step = np.zeros((5, 5))
        step[i, j] = 1e-6
        difference = (direct.fit(Z + step, UNEQUAL) - direct.fit(Z - step, UNEQUAL)) / 2e-6
        assert gradient[i, j] == pytest.approx(difference, abs=1e-9)


def test_stable_for_logits_of_a_thousand():
    problem = linear(4, 2)
    for scale in (30.0, 100.0, 1000.0):
        Z = scale * np.eye(4)
        assert direct.fit(Z, problem) == pytest.approx(np.log1p(3 * np.exp(-scale)), rel=1e-13,
                                                       abs=1e-320)
        assert direct.fit(-Z, problem) == pytest.approx(scale + np.log(3), rel=1e-13)
        gradient = direct.fit_gradient(Z, problem)
        assert gradient[0, 0] == pytest.approx(-3 * np.exp(-scale) / 4, rel=1e-12, abs=1e-320)


def test_factors_realise_the_loss():
    Z = np.random.default_rng(1).standard_normal((5, 5))
    parameters = direct.factors(Z, UNEQUAL)
    assert network.loss(parameters, UNEQUAL) == pytest.approx(direct.loss(Z, UNEQUAL), rel=1e-12)
    outputs = network.forward(parameters, UNEQUAL)[1]
    assert outputs == pytest.approx(Z[:, network.labels(UNEQUAL)], abs=1e-12)


@pytest.mark.parametrize("rank", [1, 3, 5])
def test_objective_gradient(rank):
    x = np.random.default_rng(2).standard_normal((3, 2 * 5 * rank))
    gradient = direct._objective(x, UNEQUAL, rank)[1]
    for e in np.eye(x.shape[1])[::4]:
        up, down = (direct._objective(x + t * e, UNEQUAL, rank)[0] for t in (1e-6, -1e-6))
        assert gradient @ e == pytest.approx((up - down) / 2e-6, abs=1e-7)


@pytest.mark.parametrize("K, L, n, decay, loss, rank", [
    # THEORY.md section 4: the optimum where it is collapse, and where it is pairs.
    (4, 2, 1, 1e-3, 0.0188949, 3), (10, 2, 5, 2**-10, 0.0800127, 5)])
def test_known_minima(K, L, n, decay, loss, rank):
    problem = linear(K, L, n, decay)
    best = direct.minimise(problem, ranks=(rank, 2), starts=24)[0]
    assert best.loss == pytest.approx(loss, abs=5e-8) and best.rank == rank
    assert best.gradient < 1e-8
    known = Orthogonal(classes=K) if rank == K - 1 else Pairs(classes=K)
    assert best.loss == pytest.approx(known.loss(problem), rel=1e-10)
    # A critical point of the whole model, in all its factors.
    gradient = network.gradient(best.weights, problem)
    assert max(np.abs(g).max() for g in gradient) < 1e-6
    assert network.loss(best.weights, problem) == pytest.approx(best.loss, rel=1e-12)


def test_a_rank_3_code_beats_every_family():
    """THEORY.md section 4: (10, 6, 1, 1e-4).  Of rank 2 nothing beats the circle."""
    problem = linear(10, 6, 1, 1e-4)
    three, two = direct.minimise(problem, ranks=(2, 3), starts=24)
    circle, pairs, dnc = (made(classes=10).loss(problem) for made in (Circle, Pairs, Orthogonal))
    assert (three.rank, two.rank) == (3, 2) and three.loss < 0.00346
    assert three.loss < circle < pairs < dnc and two.loss > circle * (1 - 1e-9)


def test_one_layer_is_convex_and_collapse_is_its_minimum():
    """Nuclear norm: every start of full rank ends at the simplex (ours, by symmetry)."""
    problem = linear(5, 1, 2, 0.01)
    best = direct.minimise(problem, starts=8)[0]
    assert best.loss == pytest.approx(Orthogonal(classes=5).loss(problem), rel=1e-10)


def test_same_seed_same_result():
    problem = linear(4, 3)
    one, other = (direct.minimise(problem, ranks=[2], starts=4, seed=7)[0] for _ in range(2))
    assert np.array_equal(one.logits, other.logits)


def test_refusals():
    with pytest.raises(InputError, match="problem must be that of the linear model"):
        direct.fit(np.eye(3), Problem(classes=3, layers=2, loss="ce"))
    with pytest.raises(InputError, match="logits must be 3 x 3 matrices"):
        direct.fit(np.eye(4), linear(3, 2))
    with pytest.raises(InputError, match="ranks must be an integer between 1 and 3"):
        direct.minimise(linear(3, 2), ranks=[4])
    with pytest.raises(InputError, match="width must be at least the rank 3"):
        direct.factors(np.eye(3), Problem(classes=3, layers=2, width=2, loss="ce",
                                          activation="linear"))
