"""Optimisers against their formulas, reproducibility, checkpoints, the rank bound, progress."""

import numpy as np
import pytest

from nctheory import InputError, metrics
from nctheory.trained import (
    Architecture,
    Recipe,
    Training,
    digits,
    feature_arrays,
    fit,
    from_features,
    rank_bounds,
    train,
)
from nctheory.trained import training as module


def blobs(samples=60, classes=3, width=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    return rng.standard_normal((classes, width))[labels] + 0.5 * rng.standard_normal(
        (samples, width)), labels


def training(recipe, architecture=None, **data):
    x, labels = blobs(**data)
    return Training(x, labels, architecture or Architecture((4, 8, 8, 3)), recipe)


@pytest.mark.parametrize("optimiser", module.OPTIMISERS)
@pytest.mark.parametrize("schedule", module.SCHEDULES)
def test_steps_follow_the_formulas(optimiser, schedule):
    """Full-batch training re-done with the textbook updates in plain NumPy."""
    recipe = Recipe(epochs=6, batch=1000, optimiser=optimiser, rate=0.1, momentum=0.7,
                    weight_decay=(0.1, 0.0, 0.02), schedule=schedule, seed=3)
    ours, copy = training(recipe), training(recipe)
    w = copy.network.parameters.copy()
    v = m = s = np.zeros_like(w)
    for t in range(6):
        copy.network.parameters[:] = w
        copy.objective()
        g = copy.network.gradient.copy()
        rate = {"constant": 0.1, "cosine": 0.05 * (1 + np.cos(np.pi * t / 6)),
                "steps": [0.1, 0.1, 0.01, 0.01, 0.001, 0.001][t]}[schedule]
        if optimiser == "sgd":
            v = 0.7 * v + g
            w = w - rate * v
        else:
            m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
            w = w - rate * (m / (1 - 0.9**(t + 1))) / (np.sqrt(s / (1 - 0.999**(t + 1))) + 1e-8)
    ours.run()
    np.testing.assert_allclose(ours.network.parameters, w, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("optimiser", module.OPTIMISERS)
def test_kernels_equal_their_python_bodies(optimiser):
    rng = np.random.default_rng(0)
    w, g, decay, first = rng.standard_normal((4, 30))
    second = rng.random(30)
    kernel, more = {"sgd": (module.sgd_step, ([first], [0.1, 0.9])),
                    "adam": (module.adam_step, ([first, second], [0.1, 4]))}[optimiser]
    results = []
    for function in (kernel, kernel.py_func):
        state = [w.copy(), g, decay, *(a.copy() for a in more[0])]
        function(*state, *more[1])
        results.append(np.array(state))
    np.testing.assert_allclose(*results, rtol=1e-13)


def test_a_seed_gives_the_same_numbers_and_another_does_not():
    recipe = Recipe(epochs=5, batch=16)
    one, again = training(recipe).run(), training(recipe).run()
    np.testing.assert_array_equal(one.network.parameters, again.network.parameters)
    other = training(Recipe(epochs=5, batch=16, seed=1)).run()
    assert not np.allclose(one.network.parameters, other.network.parameters)


@pytest.mark.parametrize("optimiser", module.OPTIMISERS)
@pytest.mark.parametrize("stop", [0, 1, 3])
def test_resumed_training_ends_with_the_same_bits(tmp_path, optimiser, stop):
    recipe = Recipe(epochs=6, batch=16, optimiser=optimiser, rate=0.01, schedule="cosine")
    whole = training(recipe).run()
    training(recipe).run(until=stop).save(tmp_path / "c.npz")
    resumed = training(recipe).restore(tmp_path / "c.npz")
    assert resumed.epoch == stop
    resumed.run()
    np.testing.assert_array_equal(resumed.network.parameters, whole.network.parameters)
    assert resumed.losses == whole.losses


def test_a_killed_write_leaves_the_former_checkpoint(tmp_path, monkeypatch):
    recipe = Recipe(epochs=4, batch=16)
    run = training(recipe).run(until=1)
    run.save(tmp_path / "c.npz")
    run.run(until=2)

    def killed(*args, **kwargs):
        raise KeyboardInterrupt
    monkeypatch.setattr("os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        run.save(tmp_path / "c.npz")
    assert training(recipe).restore(tmp_path / "c.npz").epoch == 1


def test_checkpoints_of_other_runs_and_other_files_are_refused(tmp_path):
    path = tmp_path / "c.npz"
    training(Recipe(epochs=2)).save(path)
    with pytest.raises(InputError, match="must have the settings"):
        training(Recipe(epochs=3)).restore(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="checkpoint must be a file written by"):
        training(Recipe(epochs=2)).restore(path)
    np.savez(path, settings=np.array([object()]))
    with pytest.raises(InputError, match="checkpoint must be a file written by"):
        training(Recipe(epochs=2)).restore(path)


def test_fit_resumes_and_its_features_feed_the_metrics(tmp_path):
    epochs = []
    split = digits().first(200)
    architecture, recipe = Architecture((64, 16, 12, 10)), Recipe(epochs=4, batch=50)
    whole = fit(split, architecture, recipe)
    checkpoint = tmp_path / "c.npz"
    Training(split.x, split.labels, architecture, recipe).run(until=2).save(checkpoint)
    resumed = fit(split, architecture, recipe, checkpoint=checkpoint,
                  progress=lambda t: epochs.append(t.epoch))
    np.testing.assert_array_equal(resumed.network.parameters, whole.network.parameters)
    assert epochs == [3, 4]
    metrics.save(tmp_path / "features.npz", **feature_arrays(resumed, split))
    layers = metrics.report(metrics.load(tmp_path / "features.npz"))["layers"]
    assert [layer["width"] for layer in layers] == [16, 12]
    assert layers[1]["nc4"] is not None and layers[0]["nc3"] is None
    # NC4's classifier is the network's own: it must predict as the network does.
    w, b = resumed.network.weights[-1], resumed.network.biases[-1]
    z = resumed.network.features(split.x)[-1]
    np.testing.assert_array_equal(np.argmax(z @ w.T + b, axis=1),
                                  resumed.network.predict(split.x))


def test_train_command_resumes_and_summarises(tmp_path):
    x, labels = blobs()
    metrics.save(tmp_path / "data.npz", features=x, labels=np.array(["b", "a", "c"])[labels])
    recipe = Recipe(epochs=20, batch=16)
    data, output = str(tmp_path / "data.npz"), tmp_path / "out"
    first = train(data, output, hidden=(8,), recipe=recipe)
    assert first["epochs"] == 20 and 0.5 < first["train_accuracy"] <= 1
    assert train(data, output, hidden=(8,), recipe=recipe) == first
    assert metrics.report(metrics.load(first["features"]))["labels"] == ["a", "b", "c"]
    with pytest.raises(InputError, match="must have the settings"):
        train(data, output, hidden=(9,), recipe=recipe)


def test_own_data_is_split_or_taken_as_given():
    x, labels = blobs()
    names = np.array(["b", "a", "c"])[labels]
    split = from_features(metrics.assemble({"features": x, "labels": names}))
    assert len(split.x) == 45 and len(split.x_test) == 15
    assert sorted(split.names[split.labels].tolist() + split.names[split.labels_test].tolist()
                  ) == sorted(names.tolist())
    given = from_features(metrics.assemble({"features": x, "labels": names,
                                            "test_features": x[:5], "test_labels": names[:5]}))
    assert len(given.x) == 60 and given.names[given.labels_test].tolist() == names[:5].tolist()
    coarse = split.relabelled(np.array([7, 3, 7]))
    assert coarse.classes == 2
    np.testing.assert_array_equal(coarse.names[coarse.labels] == 3, split.labels == 1)


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
@pytest.mark.parametrize("loss", ["ce", "mse"])
@pytest.mark.parametrize("epochs", [0, 1, 30])
def test_rank_bound_holds_everywhere(activation, loss, epochs):
    """At initialisation, early and late: with the gradient term it holds at any point."""
    decays = (0.05, 0.01, 0.02)
    run = training(Recipe(epochs=30, batch=16, optimiser="adam", rate=0.01,
                          weight_decay=decays),
                   Architecture((8, 9, 10, 3), activation, loss), width=8).run(until=epochs)
    for b, w, z in zip(rank_bounds(run), run.network.weights,
                       run.network.deltas(run.x, run.labels)[1]):
        assert b.holds
        values = np.linalg.svd(w, compute_uv=False)
        assert b.distance == pytest.approx(np.sqrt(np.sum(values[3:] ** 2)), abs=1e-14)
        means = {c: z[run.labels == c].mean(axis=0) for c in range(3)}
        assert b.cluster_variation == pytest.approx(
            np.mean([np.sum((r - means[c]) ** 2) for r, c in zip(z, run.labels)]), rel=1e-10)


def test_rank_bound_by_hand():
    """One linear layer, two classes of one sample: no variation, the bound is |G|_F / lam."""
    x = np.array([[1.0, 0.0], [-1.0, 0.0]])
    run = Training(x, np.array([0, 1]), Architecture((2, 2), "linear", "mse", bias=False),
                   Recipe(weight_decay=0.5))
    run.network.parameters[:] = [3.0, 0.0, 0.0, 4.0]
    (b,) = rank_bounds(run)
    assert b.cluster_variation == 0 and b.distance == 0  # K = 2 = full rank
    z, w = x, np.diag([3.0, 4.0])
    delta = z @ w.T - np.eye(2)
    gradient = delta.T @ z / 2 + 0.5 * w
    assert b.bound == pytest.approx(np.linalg.norm(gradient) / 0.5, rel=1e-13)
    assert b.backward_norm == pytest.approx(np.sqrt(np.mean(np.sum(delta**2, axis=1))))


def test_polish_reaches_a_critical_point_and_the_bound_is_then_about_variation():
    run = training(Recipe(epochs=1, weight_decay=0.01),
                   Architecture((4, 8, 3), "tanh", "mse"))
    assert run.polish(3000) < 1e-6
    for b in rank_bounds(run):
        assert b.holds
        assert b.bound == pytest.approx(
            b.backward_norm * np.sqrt(b.cluster_variation) / 0.01, rel=1e-3)


@pytest.mark.parametrize("change, message", [
    (dict(epochs=0), "epochs must be an integer at least 1"),
    (dict(batch=0), "batch must be an integer at least 1"),
    (dict(rate=0), "rate must be a finite number greater than 0"),
    (dict(momentum=1), r"momentum must be in \[0, 1\)"),
    (dict(optimiser="lion"), "optimiser must be one of"),
    (dict(schedule="cyclic"), "schedule must be one of"),
    (dict(weight_decay=-1), "weight_decay must be one finite number >= 0, or 3 of them"),
    (dict(weight_decay=(1, 2)), "weight_decay must be one finite number >= 0, or 3 of them"),
    (dict(seed=-1), "seed must be an integer at least 0"),
])
def test_bad_recipes_are_named(change, message):
    with pytest.raises(InputError, match=message):
        training(Recipe(**change))


def test_bad_data_and_divergence_are_named():
    x, labels = blobs()
    architecture, recipe = Architecture((4, 3)), Recipe()
    for bad_x, bad_labels, message in [
            (x[:, :2], labels, r"x must be a matrix with widths\[0\] = 4 columns"),
            (np.where(x > 0, np.nan, x), labels, "x must be finite"),
            (x, labels + 1, r"labels must be class numbers 0 \.\. 2"),
            (x, labels[:5], "labels must be one a row of x")]:
        with pytest.raises(InputError, match=message):
            Training(bad_x, bad_labels, architecture, recipe)
    run = Training(1e3 * x, labels, Architecture((4, 8, 3), loss="mse"), Recipe(rate=1e3))
    with pytest.raises(InputError, match="rate must be small enough for the loss to stay"):
        run.run()
    with pytest.raises(InputError, match="weight_decay must be greater than 0 in every layer"):
        rank_bounds(Training(x, labels, architecture, Recipe(weight_decay=0)))


def test_missing_scikit_learn_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.datasets", None)
    with pytest.raises(InputError, match=r"pip install nctheory\[data\]"):
        digits()
