"""`nctheory metrics` and `nctheory train` from the command line."""

import json

import numpy as np
import pytest


@pytest.fixture
def frame(tmp_path):
    """Three classes on an orthogonal frame, two samples each, in a file."""
    labels = np.array(["a", "a", "b", "b", "c", "c"])
    path = tmp_path / "frame.npz"
    np.savez(path, features=np.eye(3)[[0, 0, 1, 1, 2, 2]], labels=labels)
    return path


def test_metrics_of_an_ideal_frame(run, frame):
    status, out, _ = run("metrics", str(frame), "--format", "json")
    layer = json.loads(out)["layers"][0]
    assert status == 0
    for name in ("nc1", "nc2_norms", "nc2_angles", "cdnv", "nc2_frame"):
        assert layer[name] == pytest.approx(0, abs=1e-12), name
    assert layer["rank"] == 3
    assert run("metrics", str(frame))[1].splitlines()[0].split() == ["metric", "features"]


def test_metrics_as_another_package_has_them(run, frame):
    """d = K = 3: their factors are 1, and the frame is their simplex once centred."""
    status, out, _ = run("metrics", str(frame), "--as", "neural-collapse", "--format", "json")
    rows = {row["measure"]: row for row in json.loads(out)["rows"]}
    assert status == 0
    assert rows["simplex_etf_error"]["value"] == pytest.approx(0, abs=1e-12)
    assert rows["self_duality_error"]["value"] is None  # no weight in the file
    assert "covariance_pinv" in run("metrics", str(frame), "--as", "neural-collapse")[1]
    assert run("metrics", str(frame), "--as", "other")[0] == 2


def test_train_in_single_precision_with_decoupled_decay(run, tmp_path):
    status, out, _ = run("train", "digits", "--hidden", "16", "--epochs", "2", "--optimiser",
                         "adam", "--decay", "decoupled", "--dtype", "float32",
                         "--learning-rate", "1e-3", "--directory", str(tmp_path / "run"))
    assert status == 0 and json.loads(out)["train_accuracy"] > 0.2
    with np.load(tmp_path / "run" / "features.npz") as saved:
        assert saved["features_1"].dtype == np.float32


def test_train_resumes_and_its_features_are_read(run, tmp_path):
    common = ["train", "digits", "--hidden", "16", "--seed", "3"]
    run(*common, "--epochs", "4", "--directory", str(tmp_path / "straight"))
    status, out, _ = run(*common, "--epochs", "4", "--directory", str(tmp_path / "straight"))
    assert status == 0 and json.loads(out)["epochs"] == 4
    features = tmp_path / "straight" / "features.npz"
    layer = json.loads(run("metrics", str(features), "--format", "json")[1])["layers"][0]
    assert layer["classes"] == 10 and layer["test_nc1"] > 0


def test_train_takes_a_head_and_says_that_it_goes_on(run, tmp_path):
    command = ["train", "digits", "--hidden", "16,12,12", "--head", "3", "--loss", "mse",
               "--weight-decay", "0,1e-3,1e-3,1e-3", "--feature-decay", "1e-4",
               "--directory", str(tmp_path / "run")]
    status, out, err = run(*command, "--epochs", "3")
    assert (status, err) == (0, "") and json.loads(out)["epochs"] == 3
    status, out, err = run(*command, "--epochs", "5")
    assert (status, json.loads(out)["epochs"]) == (0, 5)
    assert err == f"resuming {tmp_path / 'run' / 'checkpoint.npz'}: 3 of 5 epochs are done\n"
    with np.load(tmp_path / "run" / "features.npz") as saved:
        assert saved["features_1"].min() < 0 <= saved["features_2"].min()
        assert not [name for name in saved if name.startswith("bias")]


@pytest.mark.parametrize("arrays, message", [
    (dict(features=np.eye(2)), "labels"),
    (dict(other=np.eye(2)), "other"),
    (dict(features=np.array([[1, np.nan], [0, 1]]), labels=[0, 1]), "finite"),
    (dict(features=np.eye(3), labels=[0, 1]), "labels"),
    (dict(features=np.array([{}, {}]), labels=[0, 1]), "never unpickled")])
def test_bad_files_are_refused_in_one_line(run, tmp_path, arrays, message):
    path = tmp_path / "bad.npz"
    np.savez(path, **arrays)
    status, out, err = run("metrics", str(path))
    assert (status, out) == (2, "") and err.count("\n") == 1 and message in err


@pytest.mark.parametrize("arguments", [
    ["metrics", "nowhere.npz"], ["train", "--hidden", "a,b"], ["train", "--epochs", "0"],
    ["train", "nowhere.npz"], ["train", "--learning-rate", "-1"],
    ["train", "--weight-decay", "1,x"],
    ["train", "--weight-decay", "1,2"], ["train", "--feature-decay", "1"],
    ["train", "--head", "3"], ["train", "--directory", "file"]])
def test_bad_arguments_are_refused_in_one_line(run, tmp_path, arguments, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and err.count("\n") == 1
