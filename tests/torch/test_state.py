"""States: weights from modules and files, nothing unpickled, and heads that are compared."""

import pickle

import numpy as np
import pytest

from nctheory import InputError, Problem, construct, metrics

torch = pytest.importorskip("torch")

from nctheory.torch import Recorder, from_state  # noqa: E402

nn = torch.nn


def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(),
                         nn.Linear(16, 8, bias=False), nn.ReLU(), nn.Linear(8, 3))


def test_records_are_the_metrics_of_the_weights():
    m = model()
    records = {r["layer"]: r for r in from_state(m).records()}
    assert list(records) == ["0", "3", "5"]  # no batch normalisation: it has no matrix
    assert records["0"]["shape"] == [4, 9]
    a, b = (m[i].weight.detach().double().numpy() for i in (3, 5))
    assert records["3"]["layer_balance"] == metrics.layer_balance(a, b)
    assert records["0"]["layer_balance"] is None  # what follows reads 16 numbers, not 4
    assert records["5"]["nc0"] == metrics.nc0(b) and records["3"]["nc0"] is None
    assert records["3"]["rank"] == metrics.numerical_rank(a)
    assert "<table" in from_state(m)._repr_html_()


@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"model": s, "epoch": 3},
                                  lambda s: {"state_dict": s}])
def test_files_and_checkpoints(tmp_path, wrap):
    m = model()
    torch.save(wrap(m.state_dict()), tmp_path / "m.pt")
    found = from_state(tmp_path / "m.pt")
    for name, w in from_state(m).weights.items():
        assert np.array_equal(found.weights[name], w)
    assert list(found.biases) == ["0", "5"]


def test_safetensors_with_bfloat16(tmp_path):
    save = pytest.importorskip("safetensors.torch").save_file
    m = model().to(torch.bfloat16)
    save(m.state_dict(), tmp_path / "m.safetensors")
    found = from_state(tmp_path / "m.safetensors").weights
    assert np.array_equal(found["5"], m[5].weight.detach().float().numpy())


class Harm:
    def __reduce__(self):
        return (open, ("harm", "w"))


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.pt").write_bytes(pickle.dumps(Harm()))
    torch.save({"weight": Harm()}, tmp_path / "n.pt")
    for name in ("m.pt", "n.pt"):
        with pytest.raises(InputError, match="holds more than tensors .nothing is ever unpick"):
            from_state(tmp_path / name)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("what, message", [
    ("missing.pt", "No such file"), ("m.bin", "must end in .pt, .pth or .safetensors"),
    ({"a.bias": np.zeros(2)}, "must have weight matrices"),
    (3, "must be a module, a state dict, or a file"),
    ({"a.weight": np.full((2, 2), np.nan)}, "a.weight must be finite")])
def test_what_is_no_state(what, message):
    with pytest.raises(InputError, match=message):
        from_state(what)


def test_a_head_with_a_constructions_weights_has_its_cost():
    """Recorded, exported and compared: the triangular construction as a torch model."""
    made, problem = construct("triangular:r=5,s=3"), Problem(classes=10, layers=3)
    first, *weights = made.weights(problem)
    layers = [nn.Identity()]
    for w in weights:
        layers += [nn.Linear(w.shape[1], w.shape[0], bias=False), nn.ReLU()]
        layers[-2].weight.data = torch.tensor(w)
    # sigma follows W_2, ..., not W_1 x features: H_2 = W_1 H_1 is activated next.
    net = nn.Sequential(*layers[:-1])
    recorder = Recorder(net).read([(torch.tensor(first.T), torch.arange(10))])
    head = from_state(net).head(recorder.moments("1"), layers=3, weight_decay=0.004, loss="mse")
    assert head.cost == pytest.approx(made.cost(3))
    comparison = head.compare()
    assert comparison.label == "triangular" and comparison.cost < comparison.dnc_cost
    assert "the head (triangular) costs 0.923 c(DNC)" in str(comparison)
    with pytest.raises(InputError, match="layers must be an integer between 1 and 3, got 4"):
        from_state(net).head(recorder.moments("1"), layers=4, weight_decay=0.004)


def test_layers_of_a_head_must_follow_each_other():
    with pytest.raises(InputError, match=r"follow each other in the head, got weights of shapes"):
        from_state(model()).head(np.eye(3), layers=3, weight_decay=0.1)
