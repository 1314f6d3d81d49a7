"""Logits of every construction: against forward passes; exact comparisons."""

import math
from fractions import Fraction

import numpy as np
import pytest

from nctheory import (
    DirectSum,
    Features,
    Groups,
    InputError,
    Orthogonal,
    Pairs,
    Problem,
    Triangular,
    TriangularMixture,
    construct,
    losses,
    network,
)
from nctheory.losses.margins import Margins

LINEAR = [Orthogonal(classes=2), Orthogonal(classes=7), *(Pairs(classes=K) for K in range(3, 8)),
          Groups(sizes=(3, 3)), Groups(sizes=(4, 2, 1, 1)), Groups(sizes=(5, 3, 2))]
RELU = [Orthogonal(classes=2), Orthogonal(classes=7), *(Pairs(classes=K) for K in range(4, 10)),
        Triangular(vertices=5, subset=3), Triangular(vertices=6, subset=3),
        TriangularMixture(vertices=5, weights_by_subset={2: 1, 3: Fraction(1, 2)}),
        Features(features=np.array([[1, 1, 2, 2], [1, 2, 1, 2], [1, 1, 1, 1]]),
                 rows=np.array([[-2, -2, 7], [-2, 2, -1], [2, -2, -1], [2, 2, -7]])),
        DirectSum([Triangular(vertices=5, subset=3), Orthogonal(classes=2)]),
        DirectSum([Triangular(vertices=4, subset=2)] * 2)]


def least_layers(construction, activation):
    if activation == "linear" or isinstance(construction, Orthogonal):
        return 1
    return 2


CELLS = [pytest.param(construction, activation, L, id=f"{construction.label}-{activation}-{L}")
         for activation, members in (("linear", LINEAR), ("relu", RELU))
         for construction in members for L in (1, 2, 3, 6)
         if L >= least_layers(construction, activation)]


def outputs_of(construction):
    return construction.outputs(losses.get("ce"))


def problem_of(construction, activation, layers, **more):
    decays = tuple(1e-3 * (1 + i % 3) for i in range(layers + 1))
    return Problem(classes=construction.classes, layers=layers, weight_decay=decays, loss="ce",
                   activation=activation, **more)


@pytest.mark.parametrize("construction, activation, layers", CELLS)
@pytest.mark.parametrize("samples", [1, 3])
def test_closed_form_is_the_forward_pass(construction, activation, layers, samples):
    problem = problem_of(construction, activation, layers, samples=samples)
    weights = construction.weights(problem)
    assert network.loss(weights, problem) == pytest.approx(construction.loss(problem), rel=1e-12)
    shares = [decay * np.sum(w * w) for decay, w in zip(problem.decays, weights, strict=True)]
    assert shares == pytest.approx([shares[0]] * len(shares), rel=1e-12)
    # The optimal scale: rescaling any factor only raises the loss.
    for factor in (0.98, 1.02):
        other = [factor * w if i == layers else w for i, w in enumerate(weights)]
        assert network.loss(other, problem) > network.loss(weights, problem)


@pytest.mark.parametrize("construction, activation, layers", CELLS)
def test_outputs_are_the_logits_and_ranks_those_of_the_forward_pass(construction, activation,
                                                                    layers):
    problem = problem_of(construction, activation, layers)
    model = layers, "ce", activation
    features, outputs = network.forward(construction.weights(problem), problem)
    scale = construction.scale(problem)
    assert outputs == pytest.approx(scale * outputs_of(construction).matrix(), abs=1e-11 * scale)

    def rank(matrix):
        s = np.linalg.svd(matrix, compute_uv=False)
        return int(np.sum(s > 1e-9 * s[0]))

    ranks = construction.ranks(*model)
    assert tuple(map(rank, features)) == ranks.before
    assert tuple(rank(network.activate(M, problem)) for M in features[1:]) == ranks.after
    assert len(features[0]) == construction.required_width(*model)


@pytest.mark.parametrize("construction", LINEAR, ids=lambda c: c.label)
def test_geometry_is_stated_consistently(construction):
    """Spectrum and margins are those of the matrix; the least margin is 1."""
    logits = outputs_of(construction)
    squares = np.linalg.svd(logits.matrix(), compute_uv=False) ** 2
    spectrum = [float(theta) for theta, m in logits.spectrum().items() for _ in range(m)]
    assert sorted(squares[squares > 1e-12]) == pytest.approx(sorted(spectrum), rel=1e-12)
    margins, plain = logits.margins(), Margins.of(logits.matrix())
    assert margins.classes == logits.classes and margins.shares.sum() == pytest.approx(1)
    assert plain.least == pytest.approx(1)
    for b in (0.0, 0.3, 2.0, 9.0):
        assert margins.fit(b) == pytest.approx(plain.fit(b), rel=1e-13)
        assert margins.slope(b) == pytest.approx(plain.slope(b), rel=1e-13)


def test_triangular_features_beat_the_bound_for_collapse_before_pairs_do():
    """Ours: with ReLU and cross-entropy K = 10, L = 4 (8.138 < 9) and K = 15, L = 3."""
    for r, s, L, cost in ((5, 3, 4, 8.13816), (6, 3, 3, 12.90314)):
        logits = Triangular(vertices=r, subset=s)
        assert logits.cost(L, "ce", "relu") == pytest.approx(cost, abs=5e-6)
        assert logits.compare_with_dnc(L, "ce", "relu") == -1
        assert Pairs(classes=logits.classes).compare_with_dnc(L, "ce", "relu") == 1


def test_zero_is_said_where_it_is_optimal():
    for construction in (Orthogonal(classes=6), Pairs(classes=6), Groups(sizes=(3, 3))):
        problem = Problem(classes=6, layers=3, weight_decay=0.2, loss="ce", activation="linear")
        assert construction.is_zero(problem) is None and construction.scale(problem) == 0
        assert construction.loss(problem) == math.log(6)
        weights = construction.weights(problem)
        assert not any(w.any() for w in weights)
        assert network.loss(weights, problem) == pytest.approx(math.log(6), rel=1e-15)


@pytest.mark.parametrize("make, message", [
    (lambda: Pairs(classes=2), "classes must be an integer at least 3"),
    (lambda: Groups(sizes=(3,)), "sizes must be at least two groups"),
    (lambda: Groups(sizes=(3, 0)), r"sizes\[1\] must be an integer at least 1"),
    (lambda: Pairs(classes=10).loss(Problem(classes=10, layers=2)), "loss must be 'ce'"),
    (lambda: Pairs(classes=3).loss(Problem(classes=3, layers=2, loss="ce")),
     "classes must be at least 4 for pairs with ReLU"),
    (lambda: Pairs(classes=4).loss(Problem(classes=4, layers=1, loss="ce")),
     "layers must be an integer between 2 and 10000"),
    (lambda: Groups(sizes=(2, 2)).loss(Problem(classes=4, layers=2, loss="ce")),
     "activation must be 'linear' for groups 2x2"),
    (lambda: Pairs(classes=4).loss(Problem(classes=5, layers=2, loss="ce")),
     "classes must be 4 for pairs 4, got 5"),
    (lambda: Pairs(classes=4).loss(Problem(classes=4, layers=2, loss="ce", samples=(1, 1, 1, 2),
                                           activation="linear")), "samples must be one number"),
    (lambda: Orthogonal(classes=1).cost(2, "ce"), "classes must be at least 2 for cross-entropy"),
    (lambda: Triangular(vertices=5, subset=3).loss(Problem(
        classes=10, layers=3, loss="ce", activation="linear")), "activation must leave sigma"),
    (lambda: Triangular(vertices=5, subset=3).loss(Problem(
        classes=10, layers=3, activation="linear")), "activation must leave sigma"),
    (lambda: construct("pairs:K=4+dnc:K=1"), "blocks must be constructions")])
def test_refusals(make, message):
    with pytest.raises(InputError, match=message):
        make()


def test_construct_reads_them():
    assert construct("pairs:K=10") == Pairs(classes=10)
    assert construct("groups:sizes=2/3/3") == Groups(sizes=(3, 3, 2))
