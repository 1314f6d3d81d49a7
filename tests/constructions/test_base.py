"""Every construction against the forward pass of its explicit matrices, and its laws."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import (
    DirectSum,
    Features,
    InputError,
    Orthogonal,
    Problem,
    Triangular,
    TriangularMixture,
    activations,
    construct,
    graphs,
    losses,
    network,
)
from nctheory.constructions import Rook
from tests.constructions.samples import points_of_a_square

CONSTRUCTIONS = [
    Orthogonal(classes=5),
    Triangular(vertices=4, subset=2),
    Triangular(vertices=5, subset=2),
    Triangular(vertices=5, subset=3),
    Triangular(vertices=6, subset=3),
    TriangularMixture(vertices=6, weights_by_subset={2: Fraction(1, 3), 4: 2}),
    points_of_a_square(),
    Features(features=graphs.subset_incidence(5, 2, 3), name="johnson",
             rows=graphs.subset_incidence(5, 2, 3).T * 2 - 1),
    Rook(side=3),
    Rook(side=4, height=1, width=2),
    *map(construct, ("paley:q=5", "petersen", "clebsch")),
    DirectSum([Triangular(vertices=4, subset=2), Orthogonal(classes=2)]),
    DirectSum([Triangular(vertices=5, subset=3), Triangular(vertices=4, subset=2),
               points_of_a_square(), Orthogonal(classes=1)]),
]
LAYERS = [1, 2, 3, 4, 7]
CELLS = [pytest.param(construction, L, id=f"{construction.label}-{L}")
         for construction in CONSTRUCTIONS for L in LAYERS if L >= construction.least_layers]


def unequal(classes, layers, **more):
    decays = tuple(1e-3 * (1 + i % 3) for i in range(layers + 1))
    return Problem(classes=classes, layers=layers, weight_decay=decays, **more)


@pytest.mark.parametrize("construction, layers", CELLS)
@pytest.mark.parametrize("samples", [1, 3])
def test_closed_form_is_the_forward_pass(construction, layers, samples):
    problem = unequal(construction.classes, layers, samples=samples)
    weights = construction.weights(problem)
    assert network.loss(weights, problem) == pytest.approx(construction.loss(problem), rel=1e-12)


@pytest.mark.parametrize("construction, layers", CELLS)
def test_weights_have_the_problem_s_shapes_and_padding_changes_nothing(construction, layers):
    needed = construction.required_width(layers)
    problem = unequal(construction.classes, layers, width=needed + 3, samples=2)
    weights = construction.weights(problem)
    d, K = needed + 3, construction.classes
    assert [w.shape for w in weights] == [(d, 2 * K)] + [(d, d)] * (layers - 1) + [(K, d)]
    assert network.loss(weights, problem) == pytest.approx(construction.loss(problem), rel=1e-12)
    narrow = unequal(K, layers, width=needed - 1)
    with pytest.raises(InputError, match=f"width must be at least {needed} for"):
        construction.weights(narrow)


@pytest.mark.parametrize("construction, layers", CELLS)
def test_weights_are_balanced_and_ranks_are_those_of_the_forward_pass(construction, layers):
    problem = unequal(construction.classes, layers)
    weights = construction.weights(problem)
    if not isinstance(construction, DirectSum):
        shares = [lam * np.sum(w**2) for lam, w in zip(problem.decays, weights, strict=True)]
        assert shares == pytest.approx([shares[0]] * len(shares), rel=1e-12)
    features, _ = network.forward(weights, problem)
    means = [network.class_means(H, problem) for H in features]

    def rank(matrix):  # padded floats: a zero singular value is rounding of the largest
        s = np.linalg.svd(matrix, compute_uv=False)
        return int(np.sum(s > 1e-10 * s[0]))

    ranks = construction.ranks(layers)
    assert tuple(map(rank, means)) == ranks.before
    assert tuple(rank(np.maximum(M, 0)) for M in means[1:]) == ranks.after


@pytest.mark.parametrize("construction, layers", CELLS)
def test_no_other_scale_of_the_factors_is_better(construction, layers):
    """The optimal scale is a minimum: random rescalings of single factors only raise the loss."""
    problem = unequal(construction.classes, layers, samples=2)
    weights = construction.weights(problem)
    least = network.loss(weights, problem)
    for index in range(layers + 1):
        for factor in (0.97, 1.02):
            other = [factor * w if i == index else w for i, w in enumerate(weights)]
            assert network.loss(other, problem) > least


BLOCKS = [c for c in CONSTRUCTIONS if not isinstance(c, DirectSum)]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.label)
@pytest.mark.parametrize("layers", [2, 3, 5])
def test_exact_factors_are_those_of_the_shapes(block, layers):
    first, *rest = block.shapes(layers)
    norms = [np.linalg.norm(first, "nuc")] * 2 + [np.sum(w**2) for w in rest]
    factors = block.factors(layers)
    assert [float(f) for f in factors] == pytest.approx(norms, rel=1e-12)
    assert float(block.representation_cost(layers).expression) == pytest.approx(
        math.prod(norms), rel=1e-11)
    outputs = first
    for weight in rest:
        outputs = weight @ np.maximum(outputs, 0)
    assert outputs == pytest.approx(np.eye(block.classes), abs=1e-12)
    assert block.hidden_sizes(layers)[1:] == tuple(len(m) for m in [first, *rest][:-1])


@pytest.mark.parametrize("construction, layers", CELLS)
def test_cost_lies_in_its_bounds_and_the_comparison_agrees(construction, layers):
    low, high = construction.cost_bounds(layers)
    assert low <= high and (high - low) / high < Fraction(1, 2**50)
    assert construction.cost(layers) == pytest.approx(float(low), rel=1e-13)
    sign = construction.compare_with_dnc(layers)
    if high < construction.classes:
        assert sign == -1
    if low > construction.classes:
        assert sign == 1


@pytest.mark.parametrize("r, s, L, loss", [  # the same, triangular
    (5, 2, 4, 0.0894709), (5, 3, 4, 0.0811362), (5, 3, 3, 0.0731797)])
def test_reference_losses_of_triangular(r, s, L, loss):
    assert Triangular(vertices=r, subset=s).loss(Problem(classes=10, layers=L)) == pytest.approx(
        loss, abs=5e-8)


def test_dnc_is_beaten_with_two_layers_by_a_forward_pass():
    """THEORY.md: 0.022108468 against 0.022386931 at K = 15, L = 2, lam = 0.001."""
    problem = Problem(classes=15, layers=2, weight_decay=0.001)
    triangular = Triangular(vertices=6, subset=3).weights(problem)
    dnc = Orthogonal(classes=15).weights(problem)
    assert network.loss(triangular, problem) == pytest.approx(0.022108468, abs=5e-10)
    assert network.loss(dnc, problem) == pytest.approx(0.022386931, abs=5e-10)


# --- laws ---

small_blocks = st.one_of(
    st.builds(Orthogonal, classes=st.integers(1, 6)),
    st.sampled_from([Triangular(vertices=r, subset=s) for r in (4, 5, 6)
                     for s in range(2, r - 1)]))
problems = st.builds(
    lambda L, n, seed: dict(layers=L, samples=n, weight_decay=tuple(
        np.random.default_rng(seed).uniform(1e-5, 2e-2, L + 1))),
    st.integers(2, 7), st.integers(1, 5), st.integers(0, 2**32))


@given(small_blocks, problems)
def test_loss_depends_on_decays_and_samples_through_kappa_alone(block, sizes):
    """n samples a class are n^(1/(L+1)) of lam; only the geometric mean of the decays counts."""
    if block.classes == 1:
        return
    problem = Problem(classes=block.classes, **sizes)
    L = problem.layers
    decay = math.exp(problem.log_decay) * problem.samples ** (1 / (L + 1))
    reference = Problem(classes=block.classes, layers=L, weight_decay=decay)
    assert block.loss(problem) == pytest.approx(block.loss(reference), rel=1e-12)


@given(small_blocks, small_blocks, st.integers(2, 30))
def test_cost_of_a_sum_is_the_sum_of_costs(a, b, layers):
    both = DirectSum([a, b])
    assert both.cost(layers) == pytest.approx(a.cost(layers) + b.cost(layers), rel=1e-14)


@given(small_blocks, small_blocks, problems)
def test_a_sum_loses_nothing_against_one_common_scale(a, b, sizes):
    """Each block's own z_b: at most f*(kappa) of the summed cost."""
    both = DirectSum([a, b])
    problem = Problem(classes=both.classes, **sizes)
    L = problem.layers
    kappa = losses.kappa((L + 1) * both.log_cost(L), problem.samples, L, problem.log_decay)
    assert both.loss(problem) <= losses.minimal_loss(kappa, L) * (1 + 1e-13)


@settings(max_examples=25)
@given(st.lists(small_blocks, min_size=2, max_size=3), problems, st.randoms())
def test_relabelling_classes_changes_nothing(blocks, sizes, random):
    shuffled = blocks[:]
    random.shuffle(shuffled)
    one, other = DirectSum(blocks), DirectSum(shuffled)
    problem = Problem(classes=one.classes, **sizes)
    assert one.loss(problem) == pytest.approx(other.loss(problem), rel=1e-13)
    order = np.random.default_rng(0).permutation(one.classes)
    weights = one.weights(problem)
    columns = (order[:, None] * problem.samples + np.arange(problem.samples)).ravel()
    relabelled = [weights[0][:, columns], *weights[1:-1], weights[-1][order]]
    assert network.loss(relabelled, problem) == pytest.approx(one.loss(problem), rel=1e-12)


@given(small_blocks, problems, st.integers(0, 40))
def test_zero_test_agrees_with_the_loss(block, sizes, more):
    problem = Problem(classes=block.classes + more + 2, **sizes)
    part, = block.parts(losses.get("mse"), activations.homogeneous("relu"))
    kappa = part.kappa(problem)
    critical = (1 / problem.layers) * (1 - 1 / problem.layers) ** (
        (problem.layers - 1) / (problem.layers + 1))
    if abs(kappa / critical - 1) > 1e-12:
        assert part.is_zero(problem) == (kappa > critical)


def test_zero_test_is_exact_at_the_bound():
    """L = 1: zero is optimal iff lam^2 n K^2 >= 1, an equality for K = 4, n = 4, lam = 1/8."""
    frame = Orthogonal(classes=4)
    at = dict(classes=4, layers=1, samples=4)
    assert frame.is_zero(Problem(weight_decay=0.125, **at))
    assert not frame.is_zero(Problem(weight_decay=math.nextafter(0.125, 0), **at))


def test_blocks_that_die_leave_the_others():
    """At this decay the DNC class is zero, the triangular block is not."""
    both = DirectSum([Triangular(vertices=6, subset=3), Orthogonal(classes=1)])
    problem = Problem(classes=16, layers=4, weight_decay=0.0145)
    weights = both.weights(problem)
    _, outputs = network.forward(weights, problem)
    assert outputs[15, 15] == 0 and outputs[0, 0] > 0.5
    assert network.loss(weights, problem) == pytest.approx(both.loss(problem), rel=1e-12)
    assert both.loss(problem) < 0.5


def test_a_sum_whose_blocks_disagree_is_decided_by_rational_bounds():
    better, worse = Triangular(vertices=6, subset=3), Triangular(vertices=4, subset=2)
    assert (better.compare_with_dnc(3), worse.compare_with_dnc(3)) == (-1, 1)
    assert DirectSum([better, worse]).compare_with_dnc(3) == -1
    assert DirectSum([better, *[worse] * 7]).compare_with_dnc(3) == 1


def test_constructions_refuse_problems_that_are_not_theirs():
    frame = Orthogonal(classes=4)
    with pytest.raises(InputError, match="classes must be 4 for DNC 4, got 5"):
        frame.loss(Problem(classes=5, layers=3))
    with pytest.raises(InputError, match="samples must be one number here"):
        frame.loss(Problem(classes=4, layers=3, samples=(1, 2, 3, 4)))
    with pytest.raises(InputError, match="layers must be an integer between 2 and 10000, got 1"):
        Triangular(vertices=4, subset=2).cost(1)
    with pytest.raises(InputError, match="blocks must be at least one construction"):
        DirectSum([])
