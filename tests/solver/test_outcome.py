"""Labels, ranks and stationarity on points whose structure is known by construction."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.linalg import block_diag

from nctheory import metrics
from nctheory.constructions import FAMILIES, Family, Orthogonal, register
from nctheory.network import forward, gradient, loss, pack, unpack
from nctheory.problem import Problem
from nctheory.solver import finish, solve
from nctheory.solver.kinks import kink_jacobian
from nctheory.solver.landscape import curvature, polish
from nctheory.solver.outcome import feature_units, outcome
from nctheory.solver.sigma import leak
from nctheory.solver.stationarity import clarke


def frames(problem, z):
    """Orthogonal frames at output scale z."""
    return [z ** (1 / (problem.layers + 1)) * np.eye(problem.classes)] * (problem.layers + 1)


def triangular(r, s, layers, decay):
    """The triangular family (THEORY.md section 3) with its scale optimal: all factors equal."""
    edges = list(itertools.combinations(range(r), 2))
    b = np.array([[float(v in e) for e in edges] for v in range(r)])
    v = np.array([[0.5 if i in chosen else -0.5 for i in range(r)]
                  for chosen in itertools.combinations(range(r), s)])
    left, values, right = np.linalg.svd(b, full_matrices=False)
    factors = [np.sqrt(values)[:, None] * right, left * np.sqrt(values),
               *[np.eye(r)] * (layers - 3), v, np.linalg.pinv(np.maximum(v @ b, 0))]
    cost = np.prod([np.sum(f * f) for f in factors]) ** (1 / (layers + 1))
    z = 1.0
    for _ in range(200):
        z = 1 - decay * cost * z ** (-(layers - 1) / (layers + 1))
    norm = np.sqrt(cost) * z ** (1 / (layers + 1))
    return [norm * f / np.linalg.norm(f) for f in factors]


TRIANGLE = Problem(classes=10, layers=4, weight_decay=0.004)


def scrambled(parameters, problem, seed=0):
    """Another order of classes and of hidden units, and a rotation of H_1."""
    rng = np.random.default_rng(seed)
    p = [x.copy() for x in parameters]
    q, _ = np.linalg.qr(rng.standard_normal((p[0].shape[0],) * 2))
    p[0], p[1] = q @ p[0], p[1] @ q.T
    for l in range(1, problem.layers):
        order = rng.permutation(p[l].shape[0])
        p[l], p[l + 1] = p[l][order], p[l + 1][:, order]
    order = rng.permutation(problem.classes)
    p[0], p[-1] = p[0][:, order], p[-1][order]
    return p


def test_known_structures_are_recognised_under_permutations_and_rotations():
    for seed in range(3):
        found = outcome(scrambled(triangular(5, 3, 4, 0.004), TRIANGLE, seed), TRIANGLE)
        assert found.label == "triangular" and found.distances["triangular"] < 1e-12
        assert found.ranks.tolist() == [[5, 5], [5, 5], [5, 5], [5, 10]]
        assert found.balancedness < 1e-12 and found.dnc3.max() < 1e-12
        frame = outcome(scrambled(frames(TRIANGLE, 0.8), TRIANGLE, seed), TRIANGLE)
        assert frame.label == "dnc" and frame.distances["dnc"] < 1e-12
        assert (frame.ranks == 10).all() and frame.dnc2_activated[1:].max() < 1e-12


def test_a_direct_sum_is_recognised():
    """Ten classes as edges of K_5 and two apart, each part at a scale of its own."""
    problem = Problem(classes=12, layers=4)
    sums = [block_diag(a, b * np.eye(2)) for a, b in zip(
        triangular(5, 3, 4, 0.004), (0.7, 1.1, 0.9, 1.3, 0.8), strict=True)]
    found = outcome(scrambled(sums, problem), problem)
    assert found.label == "direct sum" and found.distances["direct sum"] < 1e-12
    assert "triangular" not in found.distances
    assert found.ranks[:, 0].tolist() == [7, 7, 7, 7]
    # Orthogonal classes are no sum, and random ones nothing in particular.
    frame = outcome(frames(problem, 0.8), problem)
    assert frame.label == "dnc" and "direct sum" not in frame.distances
    rng = np.random.default_rng(0)
    noise = [rng.random(s) for s in ((5, 12), (5, 5), (5, 5), (5, 5), (12, 5))]
    assert outcome(noise, problem).label == "other low rank"


@pytest.mark.parametrize("count", [6, 7])
def test_pairs(count):
    problem = Problem(classes=count, layers=2, loss="ce", activation="linear")
    block = np.kron(np.eye(count // 2), [[1.0, -1.0], [-1.0, 1.0]])
    z = np.eye(count)
    z[:2 * (count // 2), :2 * (count // 2)] = block
    left, values, right = np.linalg.svd(z)
    root = np.cbrt(values)
    p = [root[:, None] * right, np.diag(root), left * root]
    found = outcome(scrambled(p, problem), problem)
    # An odd one out has half the norm of a paired class: its Gram entry is 1, not 2.
    assert found.label == "pairs" and found.distances["pairs"] < 1e-12


def test_simplex_zero_and_dropped_classes():
    problem = Problem(classes=4, layers=2, loss="ce")
    simplex = 4 * np.eye(4) - 1
    shifted = [simplex + 1, np.eye(4), simplex]
    assert outcome(shifted, problem).label == "dnc"
    zero = [np.zeros((4, 4))] * 4
    three = Problem(classes=4, layers=3)
    assert outcome(zero, three).label == "zero"
    kept = [np.diag([1.0, 1, 1, 0])] * 4
    found = outcome(kept, three)
    assert found.label == "dropped classes" and found.survivors.tolist() == [0, 1, 2]


SETS = Path(__file__).parents[1] / "data" / "solver_runs.npz"


def test_stored_runs_keep_their_labels():
    """64 end points of every kind; labels as found by the recognisers before they moved."""
    with np.load(SETS) as file:
        rows = json.loads(str(file["rows"]))
        sets = [[file[f"{i}_{k}"] for k in range(row["layers"] + 1)]
                for i, row in enumerate(rows)]
    wanted = [row.pop("label") for row in rows]
    assert set(wanted) == {"dnc", "triangular", "direct sum", "pairs", "zero",
                           "dropped classes", "other low rank", "other"}
    assert [outcome(parameters, Problem(**row)).label
            for parameters, row in zip(sets, rows, strict=True)] == wanted


def test_one_name_is_one_number():
    """What `metrics` says of the features of a run is what the run's outcome says."""
    problem = Problem(classes=3, layers=3, samples=(2, 3, 4))
    rng = np.random.default_rng(0)
    p = [rng.standard_normal(s) for s in ((5, 9), (5, 5), (5, 5), (3, 5))]
    found, (features, _) = outcome(p, problem), forward(p, problem)
    report = metrics.report(metrics.assemble(
        {f"features_{l}": h.T for l, h in enumerate(features, start=1)}
        | {f"weight_{l}": p[l] for l in range(1, 4)}
        | {"labels": np.repeat(range(3), (2, 3, 4))}), activation="relu")["layers"]
    for l, layer in enumerate(report):
        assert found.dnc1[l] == layer["dnc1"] == layer["nc1"]
        assert found.trace_ratio[l] == layer["trace_ratio"]
        assert found.dnc2[l] == pytest.approx(layer["dnc2"], rel=1e-12)
        assert found.ranks[l, 0] == layer["rank"]
        if l:  # sigma is not applied to H_1
            assert found.dnc2_activated[l] == pytest.approx(layer["dnc2_activated"], rel=1e-12)
            assert found.dnc3[l] == pytest.approx(layer["dnc3"], rel=1e-12)


def test_ranks_do_not_depend_on_units():
    """H_1 twelve decades smaller, W_3 as much larger, decays accordingly: the same problem."""
    plain = Problem(classes=4, layers=3)
    p = frames(plain, 0.8)
    t = 1e-12
    scaled = Problem(classes=4, layers=3, weight_decay=(0.004 / t**2, 0.004, 0.004, 0.004 * t**2))
    q = [p[0] * t, p[1], p[2], p[3] / t]
    assert_allclose(loss(q, scaled), loss(p, plain), rtol=1e-14)
    assert_allclose(feature_units(scaled), [t] * 3, rtol=1e-12)
    assert_array_equal(outcome(q, scaled).ranks, outcome(p, plain).ranks)
    assert (outcome([1e-9 * x for x in p], plain).ranks == 0).all()


def test_measures_that_are_not_defined_are_nan():
    found = outcome([np.zeros((4, 4))] * 4, Problem(classes=4, layers=3))
    for values in (found.dnc1, found.trace_ratio, found.dnc2, found.dnc2_activated, found.dnc3):
        assert np.isnan(values).all()
    assert found.balancedness == 0 and found.label == "zero"


def test_a_recogniser_of_ones_own():
    problem = Problem(classes=2, layers=1)

    def equal_norms(means, active, outputs, problem):
        sizes = np.linalg.norm(means[0], axis=0)
        return float(sizes.std())

    found = outcome([np.eye(2), 0.9 * np.eye(2)], problem,
                    {"even": equal_norms, "absent": lambda *_: None})
    assert (found.label, found.distances) == ("even", {"even": 0.0})
    register("even", Family(Orthogonal, {"K": ("classes", int)}, recognise=equal_norms))
    try:
        found = outcome([np.eye(2), np.diag([0.9, 0.6])], problem)
    finally:
        del FAMILIES["even"]
    assert found.label == "even" and found.distances["dnc"] > 0.1


def test_dnc1_and_trace_ratio_against_their_definitions():
    problem = Problem(classes=2, layers=1, samples=(1, 3))
    h = np.array([[0.0, 1.0, 2.0, 6.0]])
    # means 0 and 3; Sigma_W = (0 + 4 + 1 + 9)/4, Sigma_B = (1.5^2 + 1.5^2)/2, K = 2
    found = outcome([h, np.ones((2, 1))], problem)
    assert_allclose(found.trace_ratio, [3.5 / 2.25])
    assert_allclose(found.dnc1, [3.5 / 2.25 / 2])


def test_stationarity_without_kinks_is_the_gradient_norm():
    problem = Problem(classes=3, layers=3)
    rng = np.random.default_rng(0)
    p = [rng.random(s) for s in ((4, 3), (4, 4), (4, 4), (3, 4))]
    p[1][2] *= -1
    p[2] -= 0.3
    found = clarke(p, problem)
    assert found.kink_count == 0
    assert_allclose(found.value, np.linalg.norm(pack(gradient(p, problem))), rtol=1e-14)


def test_stationarity_finds_the_slopes_of_a_kink():
    """A one-unit network whose stationary point on a kink is known by hand.

    K = 2, L = 2: the slopes at the kinks of an optimal frame are all 0: its off-diagonal
    pre-activations are exactly 0 and the plain gradient vanishes; turn them to any other
    slopes and it does not, but the search returns."""
    problem = Problem(classes=2, layers=2, weight_decay=0.05)
    # z^(2/3) scale from 1 - z = kappa z^(-1/3), kappa = 2 lam
    z = 1.0
    for _ in range(200):
        z = 1 - 0.1 * z ** (-1 / 3)
    p = frames(problem, z)
    assert_allclose(np.linalg.norm(pack(gradient(p, problem))), 0, atol=1e-12)
    found = clarke(p, problem, guess=[np.full((2, 2), 0.9)])
    assert found.kink_count == 2 and found.value < 1e-7


def test_clarke_search_needs_the_multipliers():
    """On the end of a quasi-Newton run the slopes are strictly inside [0, 1] at some kinks."""
    run = solve(TRIANGLE, 30, seeds=[6], method="quasi-newton")
    cold = clarke(run.parameters(0), TRIANGLE)
    plain = np.linalg.norm(pack(gradient(run.parameters(0), TRIANGLE)))
    assert run.stationarity[0] <= 1e-8 and cold.value <= 1e-5 < 1e-3 < plain


@pytest.mark.parametrize(("kind", "activation"), [
    ("mse", "relu"), ("ce", "relu"), ("mse", "leaky:a=1/10")])
def test_newton_has_the_derivatives_of_the_smoothed_loss(kind, activation):
    problem = Problem(classes=3, layers=3, samples=2, loss=kind, activation=activation)
    rng = np.random.default_rng(0)
    p = [0.5 * rng.standard_normal(s) for s in ((4, 6), (5, 4), (6, 5), (3, 6))]
    shifts, width = [rng.uniform(0.1, 1, (5, 6)), rng.uniform(0.1, 1, (6, 6))], 5.0
    like, x = [q.shape for q in p], pack(p)

    def at(v):
        return finish._smoothed(unpack(v, like), shifts, width, problem)

    point = at(x)
    steps = 1e-5 * np.eye(x.size)
    slopes = np.array([(at(x + e).value - at(x - e).value) / 2e-5 for e in steps])
    assert_allclose(point.gradient, slopes, atol=1e-9)
    hessian, derivatives = finish._curvature(point, problem)
    q = np.concatenate([(s + h / width).ravel()
                        for s, h in zip(shifts, point.features, strict=True)])
    kinks = (q > leak(problem)) & (q < 1)
    assert 0 < kinks.sum() < kinks.size
    along = derivatives[:, kinks]
    upstream = np.concatenate([u.ravel() for u in point.upstreams])[kinks]
    hessian = hessian + (along * upstream / width) @ along.T
    dense = np.array([(at(x + e).gradient - at(x - e).gradient) / 2e-5 for e in steps])
    assert_allclose(hessian, dense, atol=1e-9)


def test_gradients_of_pre_activations():
    problem = Problem(classes=3, layers=4, samples=2)
    rng = np.random.default_rng(2)
    p = [rng.standard_normal(s) for s in ((4, 6), (5, 4), (6, 5), (5, 6), (3, 5))]
    like, x = [q.shape for q in p], pack(p)

    def features(v):
        return forward(unpack(v, like), problem)[0][1:]

    h = features(x)
    chosen = [rng.random(a.shape) < 0.3 for a in h]
    found = kink_jacobian(p, problem, chosen, [(a > 0).astype(float) for a in h])
    wanted = [np.concatenate([(a - b)[k] for a, b, k in zip(
        features(x + e), features(x - e), chosen, strict=True)]) / 2e-6
        for e in 1e-6 * np.eye(x.size)]
    assert_allclose(found, np.transpose(wanted), atol=1e-8)


def test_curvature():
    linear = Problem(classes=3, layers=2, weight_decay=0.02, activation="linear")
    # Dense Hessian by differences of gradients, at a point without symmetry.
    rng = np.random.default_rng(1)
    p = [rng.standard_normal(s) for s in ((3, 3), (3, 3), (3, 3))]
    shapes = [x.shape for x in p]
    x = pack(p)

    def at(v):
        return pack(gradient(unpack(v, shapes), linear))

    dense = np.array([(at(x + 1e-5 * e) - at(x - 1e-5 * e)) / 2e-5 for e in np.eye(x.size)])
    values = np.linalg.eigvalsh((dense + dense.T) / 2)
    found = curvature(p, linear)
    assert_allclose(found.eigenvalue, values[0], rtol=1e-6)
    v = pack(found.direction)
    assert_allclose(v @ dense @ v, values[0], rtol=1e-5)


def test_curvature_on_kinks_is_nonnegative_at_a_minimum_and_negative_at_a_saddle():
    problem = Problem(classes=4, layers=3, weight_decay=0.005)
    run = solve(problem, 6, seeds=range(4), method="quasi-newton")
    best = int(np.argmin(run.loss))
    found = curvature(run.parameters(best), problem)
    assert found.kinks > 0 and found.eigenvalue > -1e-6
    # Linear, two classes: keeping one class only is a saddle once the decay is small.
    linear = Problem(classes=2, layers=1, weight_decay=0.01, activation="linear")
    kept = np.diag([np.sqrt(1 - 0.02), 0.0])
    saddle = curvature([kept, kept], linear)
    assert saddle.stationarity < 1e-12 and saddle.eigenvalue < -0.1
    down = [x + 0.1 * d for x, d in zip([kept, kept], saddle.direction, strict=True)]
    assert loss(down, linear) < loss([kept, kept], linear)


def test_polishing_the_triangular_point():
    """Its closed form 0.0811362 is not a local minimum: L-BFGS goes below, ranks unchanged."""
    start = triangular(5, 3, 4, 0.004)
    assert_allclose(loss(start, TRIANGLE), 0.0811362, atol=5e-8)
    found = polish(start, TRIANGLE)
    assert found.after < 0.0809159 and found.gain > 2e-4
    assert found.stationarity < 1e-8 and not found.ranks_changed
    assert found.end.distances["triangular"] < 1e-6
    _, outputs = forward(found.parameters, TRIANGLE)
    assert np.abs(outputs - np.diag(np.diag(outputs))).max() > 1e-4
