"""`solve`: same numbers whatever the batch, resuming, divergence, refusals, known minima."""

import itertools
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from nctheory.constructions import Orthogonal, Triangular
from nctheory.errors import InputError
from nctheory.network import gradient, loss, pack
from nctheory.problem import Problem
from nctheory.solver import METHODS, solve
from nctheory.solver.descent import Descent
from nctheory.solver.outcome import ranks
from nctheory.solver.result import family_losses
from nctheory.solver.starts import starting_point

TEN = Problem(classes=10, layers=4)
SMALL = Problem(classes=4, layers=3, weight_decay=0.005)


def packed(result, i):
    return pack(result.parameters(i))


@pytest.mark.parametrize("method", METHODS)
def test_a_run_depends_on_its_seed_only(method):
    settings = dict(width=9, method=method, steps=300, learning_rate=0.1)
    batch = solve(SMALL, seeds=range(11), threads=2, **settings)
    for i in (0, 7, 10):
        alone = solve(SMALL, seeds=[i], threads=1, **settings)
        assert_array_equal(packed(alone, 0), packed(batch, i))


@pytest.mark.parametrize("width", [9, 140])
def test_descent_is_the_papers_descent(width):
    """Both memory layouts, and the trace, against the reference."""
    result = solve(SMALL, width, seeds=[3, 5], steps=20, trace_every=8)
    assert result.trace_steps.tolist() == [0, 8, 16, 20]
    p = starting_point(SMALL, width, 5, "gaussian", 1.0, 0.0)
    for step in range(21):
        if step in result.trace_steps:
            point = list(result.trace_steps).index(step)
            assert_allclose(result.trace["loss"][1, point], loss(p, SMALL), rtol=1e-12)
            assert_allclose(result.trace["gradient_norm"][1, point],
                            np.linalg.norm(pack(gradient(p, SMALL))), rtol=1e-10)
        if step < 20:
            p = [a - 0.5 * g for a, g in zip(p, gradient(p, SMALL), strict=True)]
    assert_allclose(packed(result, 1), pack(p), rtol=0, atol=1e-13)


def test_ranks_along_the_way():
    result = solve(SMALL, 9, seeds=[3, 5], steps=400, trace_every=200)
    assert result.trace_ranks.shape == (2, 3, 3, 2)
    start = starting_point(SMALL, 9, 5, "gaussian", 1.0, 0.0)
    assert_array_equal(result.trace_ranks[1, 0], ranks(start, SMALL))
    assert_array_equal(result.trace_ranks[:, -1], result.ranks)
    assert_array_equal(result.trace["step"], [[0, 200, 400]] * 2)
    assert (solve(SMALL, 9, seeds=[3], steps=400).trace_ranks == -1).all()
    newton = solve(SMALL, 9, seeds=[3, 5], method="quasi-newton", smoothing=0.2)
    trace = newton.trace  # the start, widths 0.2, 0.1, 0.03, 0.01, the end
    assert trace["loss"].shape == (2, 6) and np.isfinite(trace["loss"]).all()
    assert_allclose(trace["loss"][1, 0], loss(start, SMALL), rtol=1e-12)
    assert_allclose(trace["loss"][:, -1], newton.loss, rtol=1e-12)
    assert_allclose(trace["fit"] + trace["regularisation"], trace["loss"], rtol=1e-12)
    assert trace["gradient_norm"][:, -1].max() < 1e-8 < trace["gradient_norm"][:, 0].min()
    assert_array_equal(trace["step"][:, -1], newton.steps)
    assert_array_equal(newton.trace_ranks[:, -1], newton.ranks)


def test_excess_over_the_closed_forms():
    """Orthogonal frames reach their closed form, and descent from them stays there."""
    problem = Problem(classes=4, layers=3, weight_decay=0.005)
    frame = Orthogonal(classes=4)
    result = solve(problem, 9, seeds=[0], steps=1, init=frame.weights(problem))
    assert_allclose(result.excess["dnc"], 0, atol=1e-14)
    assert_array_equal(result.excess["dnc"], result.excess["best"])
    wide = solve(TEN, 30, seeds=[0], steps=1, init=Triangular(vertices=5, subset=3).weights(TEN))
    assert set(wide.excess) == {"arc", "dnc", "triangular", "best"}
    assert_allclose(wide.excess["best"], 0, atol=1e-4)
    assert_allclose(wide.excess["dnc"], 0.0811362 - 0.0991799, atol=1e-4)
    uneven = Problem(classes=2, layers=2, samples=(1, 2))
    assert solve(uneven, 4, seeds=[0], steps=1).excess == {}
    linear = Problem(classes=10, layers=2, samples=5, weight_decay=2.0**-10, loss="ce",
                     activation="linear")
    found = family_losses(linear)  # values of [GK25]
    assert_allclose([found["dnc"], found["pairs"]], [0.0906622, 0.0800127], atol=5e-8)


def test_fewer_units_than_classes():
    """No orthogonal frame fits: a run ends at a rank below K, and says so."""
    result = solve(SMALL, 3, seeds=range(4), method="quasi-newton")
    assert result.stationarity.max() <= 1e-8 and result.ranks.max() <= 3
    assert "dnc" not in result.label and result.excess["dnc"].min() > 0


def test_runs_stop_early_one_by_one():
    result = solve(SMALL, 9, seeds=range(8), steps=4000, trace_every=100, tol=2e-2)
    assert len(set(result.steps)) > 1 and result.steps.min() < 4000
    for i in range(8):
        norms = result.trace["gradient_norm"][i]
        last = np.flatnonzero(np.isfinite(norms))[-1]
        assert result.steps[i] == 4000 or norms[last] <= 2e-2
        assert np.all(norms[:last] > 2e-2)
        assert_allclose(result.trace["loss"][i, last], result.loss[i], rtol=1e-12)


@pytest.mark.parametrize(("width", "rate"), [(9, 2.5), (140, 0.9)])
def test_one_run_diverges_and_the_others_go_on(width, rate):
    steady = solve(SMALL, width, seeds=range(3), steps=50)
    wild = [np.full(p.shape, 30.0) for p in steady.parameters(0)]
    bad = solve(SMALL, width, seeds=range(3), steps=50, init=wild, noise=1.0)
    assert (bad.diverged >= 0).all() and (bad.diverged < 50).all()
    assert "smaller learning_rate" in bad.advice(0) and bad.label[0] == "diverged"
    assert np.isnan(bad.loss).all() and (bad.ranks == -1).all()
    # At this rate some seeds blow up and some do not.
    mixed = solve(SMALL, width, seeds=range(16), steps=50, learning_rate=rate, scale=1.6)
    calm = solve(SMALL, width, seeds=range(16), steps=50, learning_rate=0.1, scale=1.6)
    assert (calm.diverged == -1).all() and steady.advice(0) == ""
    fine = np.flatnonzero(mixed.diverged < 0)
    assert 0 < fine.size < 16
    for i in fine[:2]:
        alone = solve(SMALL, width, seeds=[i], steps=50, learning_rate=rate, scale=1.6)
        assert_array_equal(packed(alone, 0), packed(mixed, i))


@pytest.mark.parametrize("method, norm", [("signgd", np.inf), ("muon", 2)])
@pytest.mark.parametrize("width", [9, 140])
def test_decoupled_decay_is_a_budget(method, norm, width):
    """(1 - eta lam) p - eta u with |u| <= 1 stays in |p| <= 1/lam, and is pressed into it."""
    problem = Problem(classes=4, layers=3, weight_decay=0.8)
    found = solve(problem, width, [0, 1], method=method, decay="decoupled", momentum=0.5,
                  learning_rate=0.02, steps=300, scale=10.0)
    for i in range(2):
        sizes = [np.abs(p).max() if norm == np.inf else np.linalg.norm(p, norm)
                 for p in found.parameters(i)]
        assert max(sizes) <= 1.01 / 0.8
        start = starting_point(problem, width, i, "gaussian", 10.0, 0.0)
        assert max(np.abs(p).max() if norm == np.inf else np.linalg.norm(p, norm)
                   for p in start) > 2 / 0.8


def test_coupled_and_decoupled_decay_are_one_for_plain_descent_only():
    def end(method, decay):
        return packed(solve(SMALL, 9, [0], steps=20, method=method, decay=decay,
                            learning_rate=0.05), 0)

    for method in METHODS[:-1]:
        same = np.abs(end(method, "coupled") - end(method, "decoupled")).max()
        assert (same == 0) == (method == "gd"), method


@pytest.mark.parametrize("width", [9, 140])
def test_single_precision_ends_where_double_does(width):
    settings = dict(seeds=range(3), steps=200, learning_rate=0.1, trace_every=100)
    single = solve(SMALL, width, dtype="float32", **settings)
    double = solve(SMALL, width, **settings)
    assert packed(single, 0).dtype == np.float64
    assert_allclose(single.loss, double.loss, rtol=1e-5)
    assert_allclose(single.trace["loss"], double.trace["loss"], rtol=1e-5)
    assert np.abs(packed(single, 0) - packed(double, 0)).max() > 1e-9
    alone = solve(SMALL, width, dtype="float32", threads=1, **{**settings, "seeds": [2]})
    assert_array_equal(packed(alone, 0), packed(single, 2))


def test_the_command_offers_every_method():
    from nctheory.commands.solve import solve as command

    choices, = (p.type.choices for p in command.params if p.name == "method")
    assert tuple(choices) == METHODS


@pytest.mark.parametrize("method", ["gd", "adam", "quasi-newton"])
def test_resuming_gives_the_same_numbers(tmp_path, method):
    # Long enough for an interruption after the first group to find the second one at work.
    steps = 3000 if method == "quasi-newton" else 100000
    settings = dict(width=9, seeds=range(10), method=method, steps=steps, learning_rate=0.1)
    whole = solve(SMALL, **settings)
    path = tmp_path / "batch.npz"

    def interrupt(done, runs):
        if done < runs:
            raise KeyboardInterrupt

    part = solve(SMALL, **settings, threads=1, checkpoint=path, progress=interrupt,
                 keep_partial=True)
    assert part.interrupted and not part.finished.all() and path.exists()
    assert repr(part).startswith("interrupted Result(10 runs") and "unfinished" in repr(part)
    rest = solve(SMALL, **settings, checkpoint=path)
    assert not rest.interrupted and rest.finished.all()
    for i in range(10):
        assert_array_equal(packed(rest, i), packed(whole, i))
    assert not list(tmp_path.glob("*.partial"))
    with pytest.raises(InputError, match="checkpoint must be of the same problem"):
        solve(SMALL, **{**settings, "steps": 500}, checkpoint=path)


def test_other_starting_matrices_are_not_resumed(tmp_path):
    path = tmp_path / "batch.npz"
    first = [np.eye(4)] * 4
    solve(SMALL, 9, seeds=[0], steps=5, init=first, checkpoint=path)
    solve(SMALL, 9, seeds=[0], steps=5, init=first, checkpoint=path)
    with pytest.raises(InputError, match="differs in init"):
        solve(SMALL, 9, seeds=[0], steps=5, init=[2 * np.eye(4)] * 4, checkpoint=path)


def test_an_unreadable_checkpoint_is_refused(tmp_path):
    path = tmp_path / "bad.npz"
    path.write_bytes(b"PK\x03\x04 not really")
    with pytest.raises(InputError, match="checkpoint must be a file written by solve"):
        solve(SMALL, 9, seeds=[0], checkpoint=path)


def test_ctrl_c_leaves_cleanly():
    timer = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    solve(SMALL, 9, seeds=[0], steps=1)  # compiled before the clock starts
    timer.start()
    try:
        result = solve(Problem(classes=20, layers=5), 100, seeds=range(8), steps=10**6, threads=2,
                       keep_partial=True)
    finally:
        timer.cancel()
    assert result.interrupted and not result.finished.any()
    assert np.isfinite(result.loss).all()


def test_ctrl_c_is_raised_once_the_checkpoint_is_written(tmp_path):
    """So that a user's loop over problems stops; what is done is not lost."""
    def interrupt(done, runs):
        raise KeyboardInterrupt

    path = tmp_path / "batch.npz"
    settings = dict(width=9, seeds=range(10), steps=200, threads=1, checkpoint=path)
    with pytest.raises(KeyboardInterrupt):
        solve(SMALL, **settings, progress=interrupt)
    with np.load(path) as file:
        assert file["finished"][:8].all()
    rest = solve(SMALL, **settings)
    assert rest.finished.all() and not rest.interrupted
    assert repr(rest).startswith("Result(10 runs of gd, width 9, least loss")


def test_one_failing_run_costs_no_other(monkeypatch, tmp_path):
    """Seeds 0..8 in groups of eight; whatever breaks in one, the rest end as alone."""
    look = Descent._look

    def broken(self, state, rows, program, work, step, *rest):
        if 5 in rows and step == 40:
            raise ArithmeticError("out of luck")
        return look(self, state, rows, program, work, step, *rest)

    whole = solve(SMALL, 9, seeds=range(9), steps=60, trace_every=20)
    monkeypatch.setattr(Descent, "_look", broken)
    path = tmp_path / "batch.npz"
    found = solve(SMALL, 9, seeds=range(9), steps=60, trace_every=20, checkpoint=path)
    assert found.failed.tolist() == [""] * 5 + ["ArithmeticError: out of luck"] + [""] * 3
    assert found.label[5] == "failed" and np.isnan(found.loss[5]) and not found.sound(5)
    assert found.advice(5) == "seed 5 failed: ArithmeticError: out of luck"
    assert "1 failed" in repr(found) and found.finished.all()
    for i in {*range(9)} - {5}:
        assert_array_equal(packed(found, i), packed(whole, i))
        assert_array_equal(found.trace["loss"][i], whole.trace["loss"][i])
    again = solve(SMALL, 9, seeds=range(9), steps=60, trace_every=20, checkpoint=path)
    assert again.failed.tolist() == found.failed.tolist()


@pytest.mark.parametrize("kind", ["mse", "ce"])
def test_quasi_newton_under_large_decays(kind):
    """A seeded third of a grid on which 197 of 505 calls once crashed: zero is reached.

    Beyond kappa_c the zero network is optimal among exact fits, and every run must end at a
    stationary point, whatever units or layers die on the way.
    """
    rng = np.random.default_rng(1)
    grid = list(itertools.product((2, 3), (1, 2, 3, 4), (1, 2, 6), (0.1, 0.5, 2.0, 1e3, 1e8),
                                  (1, 2)))
    labels = set()
    for K, L, width, decay, samples in rng.permutation(grid)[:80]:
        problem = Problem(classes=int(K), layers=int(L), weight_decay=decay,
                          samples=int(samples), loss=kind)
        result = solve(problem, int(width), range(2), method="quasi-newton", threads=1)
        assert (result.failed == "").all() and result.stationarity.max() <= 1e-7
        labels |= set(result.label)
        if decay >= 2:
            assert set(result.label) == {"zero"}
    assert labels > {"zero"}


@pytest.mark.parametrize("method", METHODS)
def test_extreme_numbers_are_rows_and_not_warnings(method):
    """Warnings are errors in these tests; what overflows is reported as diverged."""
    for decay, rate, scale in itertools.product((1e-300, 1e100, 1e300), (0.5, 1e300),
                                                (1e-200, 1.0, 1e200)):
        result = solve(Problem(classes=3, layers=3, weight_decay=decay), 4, range(2),
                       method=method, learning_rate=rate, scale=scale, steps=30, threads=1)
        assert (result.failed == "").all()
        assert (np.isfinite(result.loss) == (result.diverged < 0)).all()
        assert len(result.label) == 2 and repr(result)
        assert (np.isnan(result.stationarity) == (result.diverged >= 0)).all()


def test_weights_that_grow_behind_dead_units_have_diverged():
    """Outputs stay 0, so no column blows up; the loss is infinite all the same."""
    problem = Problem(classes=2, layers=2, weight_decay=1.0)
    start = [-np.eye(2), np.eye(2), np.eye(2)]
    result = solve(problem, 2, [0], init=start, learning_rate=1e3, steps=200)
    assert result.diverged[0] > 0 and result.label[0] == "diverged"


@pytest.mark.parametrize(("arguments", "message"), [
    (dict(seeds=3), r"seeds must be integers, one a run, such as range\(3\) or \[3\], got 3"),
    (dict(seeds=[1.5]), "seeds must be an integer at least 0, got 1.5"),
    (dict(noise=-1), "noise must be finite and at least 0, got -1"),
    (dict(scale=0), "scale must be a finite number greater than 0"),
    (dict(tol="x"), "tol must be finite and at least 0, got 'x'"),
    (dict(momentum=None), "momentum must be at least 0 and less than 1, got None"),
    (dict(threads=0), "threads must be an integer at least 1"),
    (dict(steps=0), "steps must be an integer at least 1"),
    (dict(width=0), "width must be an integer at least 1"),
    (dict(seeds=[]), "seeds must not be empty"),
    (dict(seeds=[-1]), "seeds must be an integer at least 0"),
    (dict(method="quasi-newton", dtype="float32"), "dtype must be one of"),
    (dict(method="adagrad"), "method must be one of"),
    (dict(init="zero"), "init must be one of"),
    (dict(learning_rate=0), "learning_rate must be a finite number greater than 0"),
    (dict(momentum=1.0), "momentum must be at least 0 and less than 1"),
    (dict(init=[np.eye(4)] * 4, width=3), "width must be at least 4, as wide as init"),
    (dict(smoothing=0.0), "smoothing must be a finite number greater than 0"),
    (dict(width=10**6), "must need at most .* of memory"),
])
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        solve(SMALL, **{"width": 9, "seeds": [0], **arguments})


@pytest.mark.parametrize(("problem", "width", "seeds"), [
    # At deep neural collapse, where slopes of kinks end at 0 and 1.
    (SMALL, 12, [3, 6, 13]),
    # Kinks that depend on each other, and long valleys: L-BFGS alone takes 20000 evaluations.
    (Problem(classes=10, layers=4), 30, [1, 11, 12]),
    # Few samples share many units; cross-entropy; unequal classes.
    (Problem(classes=4, layers=3, samples=(1, 3, 2, 2), loss="ce", weight_decay=0.01), 8,
     range(4)),
])
def test_quasi_newton_where_kinks_are_degenerate(problem, width, seeds):
    result = solve(problem, width, seeds, method="quasi-newton")
    assert result.stationarity.max() <= 1e-8 and result.finished.all()


def test_the_problem_is_checked_first():
    with pytest.raises(InputError, match="problem must be an nctheory.Problem, got 10"):
        solve(10, 4)


def test_quasi_newton_finds_stationary_points_on_kinks():
    problem = Problem(classes=10, layers=4)
    result = solve(problem, 30, seeds=[0, 6, 7], method="quasi-newton")
    assert result.stationarity.max() <= 1e-8
    # The plain gradient does not vanish there: the minima sit on kinks.
    plain = [np.linalg.norm(pack(gradient(result.parameters(i), problem))) for i in range(3)]
    assert min(plain) > 1e-3
    descent = solve(problem, 30, seeds=[0, 6, 7], steps=20000)
    assert result.loss.min() < descent.loss.min()


def test_leaky_relu_between_relu_and_linear():
    """a = 0 and a = 1 are ReLU and the linear network, to the last bit; between, quasi-Newton
    ends at stationary points on kinks, with slopes in [a, 1]."""
    problem = Problem(classes=4, layers=3, weight_decay=0.005)
    for same, a in (("relu", "0"), ("linear", "1")):
        for method in ("gd", "quasi-newton"):
            pair = [solve(replace(problem, activation=name), 8, range(2), method=method, steps=300)
                    for name in (same, f"leaky:a={a}")]
            assert_array_equal(packed(pair[0], 1), packed(pair[1], 1))
    leaky = Problem(classes=6, layers=4, activation="leaky:a=1/10")
    result = solve(leaky, 10, range(4), method="quasi-newton")
    assert result.stationarity.max() <= 1e-8
    slopes = np.concatenate([s[k] for i in range(4) for s, k in zip(
        result.stationary(i).slopes, result.stationary(i).kinks, strict=True)])
    assert slopes.size and slopes.min() >= 0.1 and slopes.max() <= 1
    plain = [np.linalg.norm(pack(gradient(result.parameters(i), leaky))) for i in range(4)]
    assert min(plain) > 1e-3  # the plain gradient does not vanish on kinks
    descent = solve(leaky, 10, range(4), steps=4000)
    assert result.loss.min() <= descent.loss.min() + 1e-9


def test_the_linear_cross_entropy_minimum_is_that_of_the_paper():
    """[GK25] Theorem 1: pairs beat orthogonal frames; loss 0.0800127 at these parameters."""
    problem = Problem(classes=10, layers=2, samples=5, weight_decay=2.0**-10, loss="ce",
                      activation="linear")
    full = solve(problem, 20, seeds=range(6), method="quasi-newton")
    assert_allclose(full.loss.min(), 0.0800127, atol=5e-8)
    assert full.label[full.loss.argmin()] == "pairs" and full.stationarity.max() < 1e-8
    small = solve(problem, 20, seeds=range(6), method="quasi-newton", collapsed=True)
    assert_allclose(small.loss.min(), full.loss.min(), atol=1e-10)
    assert small.parameters(0)[0].shape == (20, 50) and small.stationarity.max() < 1e-8


def test_initial_points():
    for name, size in (("gaussian", 1.0), ("small", 1e-2), ("orthogonal", 1.0)):
        p = starting_point(SMALL, 40, 0, name, 2.0, 0.0)
        if name == "orthogonal":
            assert_allclose(p[1] @ p[1].T, 4 * np.eye(40), atol=1e-12)
        else:
            assert_allclose(p[1].std(), 2 * size / np.sqrt(40), rtol=0.1)
    given = [np.eye(4)] * 4
    p = starting_point(SMALL, 6, 0, given, 1.0, 0.0)
    assert p[1].shape == (6, 6) and p[1].sum() == 4
    q = starting_point(SMALL, 6, 1, given, 1.0, 0.1)
    assert 0 < np.abs(q[1] - p[1]).max() < 0.3
