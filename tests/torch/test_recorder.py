"""Recorder: what hooks gather is what the metrics of the saved arrays are."""

import warnings

import numpy as np
import pytest

from nctheory import InputError, metrics

torch = pytest.importorskip("torch")

from nctheory.torch import Recorder, TrainingModeWarning  # noqa: E402

nn = torch.nn


def small(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Dropout(dropout),
                         nn.Linear(8, 5), nn.ReLU(), nn.Linear(5, 3))


def loader(seed=0, samples=60, size=7):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(samples) % 3)
    x = torch.tensor(rng.normal(size=(samples, 6)) + 2 * np.eye(6)[labels],
                     dtype=torch.float32)
    y = torch.tensor(labels)
    return [(x[a:a + size], y[a:a + size]) for a in range(0, samples, size)]


def saved_by_hand(model, train, test):
    """Detach, convert and assemble, as one had to."""
    arrays = {}
    for prefix, batches in (("", train), ("test_", test)):
        x, y = (torch.cat(parts) for parts in zip(*batches))
        arrays[prefix + "labels"] = y.numpy()
        index = 0
        for module in model:
            if isinstance(module, nn.Linear):
                index += 1
                arrays[f"{prefix}features_{index}"] = x.detach().clone().numpy()
                if not prefix:
                    arrays[f"weight_{index}"] = module.weight.detach().numpy()
                    arrays[f"bias_{index}"] = module.bias.detach().numpy()
            x = module(x)
    return metrics.assemble(arrays)


def assert_same_numbers(found, wanted):
    for a, b in zip(found["layers"], wanted["layers"], strict=True):
        for key in b:
            if key in ("layer", "notes"):
                continue
            same = a[key] == b[key] or a[key] == pytest.approx(b[key], rel=1e-9, abs=1e-12)
            assert same, key


def test_five_lines_give_what_saved_arrays_give():
    model, train, test = small(), loader(), loader(1, 30)
    recorder = Recorder(model)
    recorder.read(train)
    recorder.read(test, "test")
    recorder.decide(train)
    found = recorder.report()
    assert [layer["layer"] for layer in found["layers"]] == ["0", "3", "5"]
    assert_same_numbers(found, metrics.report(saved_by_hand(model.eval(), train, test)))
    text = str(found)
    assert "test_train_ratio" in text and "nc1" in text


def test_a_loop_of_ones_own_needs_no_second_pass():
    """Hooks and one line after each forward pass; the model keeps training, with gradients."""
    model, train = small(), loader()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.0)
    with Recorder(model) as recorder:
        for x, y in train:
            nn.functional.cross_entropy(model(x), y).backward()
            optimiser.step()
            recorder.update(y)
    wanted = Recorder(small()).read(train)
    for name in recorder.layers:
        assert np.array_equal(recorder.moments(name).means, wanted.moments(name).means)
    assert model.training and not model[0]._forward_pre_hooks


def test_outputs_before_an_activation_in_place_are_kept():
    """The first module's output is overwritten by ReLU(inplace=True)."""
    model, train = small(), loader()
    recorder = Recorder(model, ["0"])
    assert recorder.weight("0")[0].shape == (8, 6)  # Linear: what it reads
    named = nn.Sequential()
    named.add_module("wrapped", nn.Sequential(model[0]))
    named.add_module("relu", nn.ReLU(inplace=True))
    recorder = Recorder(named, ["wrapped", "relu"]).read(train)
    x = torch.cat([x for x, _ in train])
    before = model[0](x).detach().numpy()
    labels = torch.cat([y for _, y in train])
    for name, wanted in (("wrapped", before), ("relu", np.maximum(before, 0))):
        m = metrics.Moments.of(wanted, labels)
        np.testing.assert_allclose(recorder.moments(name).means, m.means, rtol=1e-5)
    assert recorder.report()["layers"][0]["nc3"] is None


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_other_types(dtype):
    model = small().to(dtype)
    train = [(x.to(dtype), y) for x, y in loader()]
    recorder = Recorder(model).read(train)
    with torch.no_grad():
        last = torch.cat([model[:5](x) for x, _ in train])
    m = metrics.Moments.of(last, torch.cat([y for _, y in train]))
    np.testing.assert_allclose(recorder.moments("5").means, m.means, rtol=1e-12)


def test_images_and_tokens_are_a_row_a_label():
    conv = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))
    x, y = torch.randn(10, 1, 8, 8), torch.arange(10) % 2
    recorder = Recorder(conv, ["0", "3"]).read([(x, y)])
    assert recorder.moments("0").width == recorder.moments("3").width == 4 * 36
    tokens = nn.Linear(6, 3)
    model = nn.Sequential(tokens)
    recorder = Recorder(model).read([(torch.randn(4, 5, 6), torch.arange(20).reshape(4, 5) % 3)])
    assert recorder.moments("0").samples == 20 and recorder.moments("0").width == 6


def test_processes_merge_and_files_resume(tmp_path):
    train, test = loader(), loader(1, 30)
    whole = Recorder(small()).read(train).read(test, "test")
    one, other = Recorder(small()).read(train[:4]), Recorder(small()).read(train[4:])
    other.save(tmp_path / "half.npz")
    one.include(tmp_path / "half.npz").read(test, "test")
    assert_same_numbers(one.report(), whole.report())
    again = Recorder(small()).include(one)
    assert_same_numbers(again.report(), whole.report())
    assert again.reset().report.__self__ is again
    with pytest.raises(InputError, match="train must have been recorded"):
        again.report()
    with pytest.raises(InputError, match="layers must be those of this recorder, 0, got"):
        Recorder(small(), ["0"]).include(whole)


def gathered(rank, folder):
    import torch.distributed as distributed

    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank,
                                   world_size=2)
    recorder = Recorder(small()).read(loader()[rank::2])
    recorder.gather().save(f"{folder}/{rank}.npz")
    distributed.destroy_process_group()


@pytest.mark.slow
def test_two_processes_gather(tmp_path):
    torch.multiprocessing.spawn(gathered, (str(tmp_path),), nprocs=2)
    whole = Recorder(small()).read(loader())
    for rank in range(2):
        found = Recorder(small()).include(tmp_path / f"{rank}.npz")
        assert_same_numbers(found.report(), whole.report())


def test_a_training_is_tracked_and_a_killed_one_tracks_on(tmp_path):
    from nctheory.report.figures import draw
    from nctheory.report.source import Source

    path = tmp_path / "run.csv"
    for step in (1, 10, 100, 10):  # killed after 100, resumed from a checkpoint of before 10
        found = Recorder(small(step)).read(loader()).read(loader(1), "test").track(path, step)
    records = Source(path).records
    assert [(r["step"], str(r["layer"])) for r in records] == [
        (step, layer) for step in (1, 10) for layer in "035"]
    assert records[-1]["nc1"] == found["layers"][-1]["nc1"]
    times = metrics.collapse_times(records, threshold=1e9)
    assert times["5"]["nc1"] == 1 and times["5"]["nc4"] is None
    assert len(draw("collapse", path).lines) == 6


# --- what is wrong with what was given ---

def test_a_name_that_is_none_comes_with_the_list():
    model = nn.Sequential()
    model.add_module("backbone", nn.Linear(2, 2))
    model.add_module("classifier", nn.Linear(2, 2))
    with pytest.raises(InputError, match=r"names of modules \(backbone, classifier\), got "
                                         r"'clasifier'.*classifier"):
        Recorder(model, ["clasifier"])
    with pytest.raises(InputError, match='layers must be "auto" or a list of names'):
        Recorder(model, "backbone")
    with pytest.raises(InputError, match="model must have a Linear layer"):
        Recorder(nn.Sequential(nn.ReLU()))


def test_dropout_in_training_mode_is_warned_of():
    model = small(dropout=0.5)
    recorder = Recorder(model)
    x, y = loader()[0]
    model(x)
    with pytest.warns(TrainingModeWarning, match="training mode, and 2 drops features"):
        recorder.update(y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        recorder.reset().read(loader())  # evaluation mode
    assert model.training


def test_labels_that_do_not_fit():
    model = small()
    recorder = Recorder(model)
    x, y = loader()[0]
    with pytest.raises(InputError, match="0 must have run in a forward pass before its labels"):
        recorder.update(y)
    model(x)
    with pytest.raises(InputError, match=r"0 must give features for labels of shape \(6,\)"):
        recorder.update(y[:6])
    model(x)
    with pytest.raises(InputError, match="labels must be integers or strings, got dtype"):
        recorder.update(y.double())
    model(x)
    with pytest.raises(InputError, match="split must be one of 'train', 'test'"):
        recorder.update(y, "valid")


def test_test_labels_unknown_to_train():
    recorder = Recorder(small()).read(loader())
    x, y = loader()[0]
    with pytest.raises(InputError, match="^0: test_labels must be classes of the train set"):
        recorder.read([(x, y + 1)], "test")
    # A class that the test set lacks is none.
    only = Recorder(small()).read(loader()).read([(x[y < 2], y[y < 2])], "test")
    assert only.report()["layers"][0]["test_nc1"] > 0


def test_not_a_number_is_named_by_layer():
    recorder = Recorder(small())
    x, y = loader()[0]
    x[2, 1] = float("nan")
    with pytest.raises(InputError, match="features must be finite, got nan in row 2, column 1"):
        recorder.read([(x, y)]).report()
