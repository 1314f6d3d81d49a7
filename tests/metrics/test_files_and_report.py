"""Reading feature sets, refusing what must not be read, and the report."""

import itertools
import json
import math
import sys

import numpy as np
import pytest

from nctheory import InputError, metrics
from nctheory.metrics import assemble, load, report
from nctheory.report.metrics import rows as as_rows
from tests.metrics.naive_metrics import sample


@pytest.fixture
def arrays():
    x, labels = sample(0)
    x_test, test_labels = sample(0, noise=0.5)
    rng = np.random.default_rng(0)
    return {"features_2": x, "features_10": x @ rng.standard_normal((6, 5)), "labels": labels,
            "weight": rng.standard_normal((4, 5)), "bias": rng.standard_normal(4),
            "weight_2": rng.standard_normal((5, 6)), "test_features_10": x_test[:, :5],
            "test_labels": test_labels}


def assert_json(result):
    """Standard JSON: no NaN, no infinity, no NumPy scalars."""
    return json.loads(json.dumps(result, allow_nan=False))


def test_npz_and_directory_of_npy_give_the_same_report(tmp_path, arrays):
    metrics.save(tmp_path / "set.npz", **arrays)
    (tmp_path / "set").mkdir()
    for name, array in arrays.items():
        np.save(tmp_path / "set" / f"{name}.npy", array)
    mapped = metrics.load(tmp_path / "set")
    assert isinstance(mapped.layers[0].features, np.memmap)
    one, other = metrics.report(metrics.load(tmp_path / "set.npz")), metrics.report(mapped)
    assert assert_json(one) == assert_json(other)
    # Layers in numerical order, not "10" before "2"; the plain weight belongs to the last.
    assert [layer["layer"] for layer in one["layers"]] == ["features_2", "features_10"]
    assert one["layers"][0]["nc3"] is None and one["layers"][0]["dnc3"] is not None
    assert one["layers"][1]["nc3"] is not None


def test_safetensors_gives_the_same_report(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy")
    x, labels = sample(0)
    arrays = {"features": x.astype(np.float32),
              "labels": np.unique(labels, return_inverse=True)[1]}
    safetensors.save_file(arrays, tmp_path / "a.safetensors")
    metrics.save(tmp_path / "a.npz", **arrays)
    assert metrics.report(metrics.load(tmp_path / "a.safetensors")) == metrics.report(
        metrics.load(tmp_path / "a.npz"))
    (tmp_path / "broken.safetensors").write_bytes(b"\x00" * 20)
    with pytest.raises(InputError, match="must be a .safetensors file"):
        metrics.load(tmp_path / "broken.safetensors")


def test_missing_safetensors_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "safetensors", None)
    (tmp_path / "a.safetensors").write_bytes(b"")
    with pytest.raises(InputError, match=r"pip install nctheory\[safetensors\]"):
        metrics.load(tmp_path / "a.safetensors")


def test_report_holds_the_metrics(arrays):
    feature_set = metrics.assemble(arrays)
    last = metrics.report(feature_set)["layers"][1]
    x, labels = arrays["features_10"], arrays["labels"]
    m = metrics.Moments.of(x, labels)
    t = metrics.Moments.of(arrays["test_features_10"], arrays["test_labels"])
    assert last["nc1"] == last["dnc1"] == metrics.nc1(m)
    assert last["dnc2"] == last["nc2_frame"] == metrics.nc2_frame(m)
    assert last["nc3"] == metrics.nc3(m, arrays["weight"])
    assert last["nc4"] == metrics.nc4(x, m.means, arrays["weight"], arrays["bias"])
    assert last["nc4_agreement"] == 1 - last["nc4"]
    assert last["test_train_ratio"] == metrics.ratio(m, t)
    relu = metrics.report(feature_set, activation="relu")["layers"][1]
    active = np.maximum(m.means, 0)
    assert relu["dnc2_activated"] == metrics.gram_distance(active @ active.T, np.eye(4))
    assert relu["dnc3"] == metrics.dnc3(active, arrays["weight"]) and relu["nc1"] == last["nc1"]


@pytest.mark.parametrize("x, labels, undefined, note", [
    (np.eye(3), [5, 5, 5], {"nc1", "cdnv", "nc2_angles", "trace_ratio"}, "at least 2 classes"),
    (np.ones((4, 3)), [0, 0, 1, 1], {"nc1", "cdnv", "nc2_angles", "nc2_etf"},
     "class means that differ"),
    (np.full((10, 512), 0.1), [0] * 3 + [1] * 7, {"nc1", "cdnv", "nc2_norms", "nc2_angles"},
     "class means that differ"),
    (np.zeros((4, 3)), [0, 0, 1, 1], {"nc1", "nc2_frame", "relative_variation"},
     "class means that differ"),
    (np.diag([1.0, 2, 3]), [0, 1, 2], {"cdnv_unbiased"}, "3 of 3 classes have one sample"),
    (np.vstack([np.eye(2), -np.eye(2)]), [0, 1, 2, 3], {"dnc2_condition"},
     "K = 4 classes in d = 2 dimensions: no orthogonal frame exists, nc2_frame >= 0.765367"),
    (np.outer([1.0, 2, 4, 8], [1, 0, 0]), [0, 1, 2, 2], set(),
     "the between-class scatter is singular: rank 1, generic means would give 2"),
])
def test_degenerate_data_gets_a_statement_not_a_nan(x, labels, undefined, note):
    layer = assert_json(metrics.report(metrics.assemble(
        {"features": x, "labels": np.array(labels)})))["layers"][0]
    assert all(layer[key] is None for key in undefined)
    assert any(note in line for line in layer["notes"]), layer["notes"]


def test_one_class_and_no_variance_keep_what_is_defined():
    layer = metrics.report(metrics.assemble(
        {"features": np.eye(3), "labels": np.zeros(3, int)}))["layers"][0]
    assert layer["within"] == pytest.approx(2 / 3) and layer["rank"] == 1
    assert layer["relative_variation"] == 1
    layer = metrics.report(metrics.assemble(
        {"features": np.eye(3)[[0, 0, 1]], "labels": np.array([0, 0, 1])}))["layers"][0]
    assert layer["nc1"] == layer["trace_ratio"] == layer["cdnv"] == 0


class Trap:
    """Unpickling it would leave a trace."""

    def __reduce__(self):
        return exec, ("raise SystemExit('unpickled')",)


def test_pickles_are_never_opened(tmp_path):
    trap = np.array([Trap()], dtype=object)
    np.savez(tmp_path / "object.npz", features=trap, labels=np.array([0]))
    with pytest.raises(InputError, match="'features' holds Python objects.*never unpickled"):
        metrics.load(tmp_path / "object.npz")
    import pickle
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError, match="nothing is ever unpickled"):
        metrics.load(tmp_path / "pickle.npz")
    (tmp_path / "dir").mkdir()
    np.save(tmp_path / "dir" / "features.npy", trap)
    with pytest.raises(InputError, match="never unpickled"):
        metrics.load(tmp_path / "dir")


@pytest.mark.parametrize("change, message", [
    ({"features_2": None, "features_10": None},
     r"must hold an array 'features'; it has: labels \(\d+,\), weight \(4, 5\)"),
    ({"labels": None}, "must hold an array 'labels'; it has: features_2"),
    ({"features": np.eye(3)}, "either 'features' or numbered layers"),
    ({"labels": np.arange(3)}, "labels must be one a row of features, got 3 labels"),
    ({"test_labels": None}, "must hold an array 'test_labels'"),
    ({"weight": np.eye(3)}, r"weight must have 5 columns, one a feature, got \(3, 3\)"),
    ({"weight": np.full((4, 5), np.nan)}, "weight must be finite"),
    ({"weight": np.zeros((4, 5))}, "weight must not be zero"),
    ({"test_labels": np.array(["x"] * 18)}, "test_labels must be classes of the train set"),
])
def test_sets_that_do_not_fit_are_named(arrays, change, message):
    if "test_labels" in change and change["test_labels"] is not None:
        change = {"test_labels": np.full(len(arrays["test_labels"]), "x")}
    arrays = {k: v for k, v in (arrays | change).items() if v is not None}
    with pytest.raises(InputError, match=message):
        metrics.report(metrics.assemble(arrays))


def test_files_of_other_kinds_are_named(tmp_path):
    with pytest.raises(InputError, match="path must be a file, or a directory"):
        metrics.load(tmp_path / "absent.npz")
    (tmp_path / "a.csv").write_text("1,2")
    with pytest.raises(InputError, match="must end in .npz or .safetensors"):
        metrics.load(tmp_path / "a.csv")
    np.save(tmp_path / "a.npy", np.eye(2))
    (tmp_path / "a.npy").rename(tmp_path / "single.npz")
    with pytest.raises(InputError, match="must be an .npz archive of plain arrays"):
        metrics.load(tmp_path / "single.npz")
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 not a zip")
    with pytest.raises(InputError, match="must be an .npz archive"):
        metrics.load(tmp_path / "broken.npz")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="it has: no array"):
        metrics.load(tmp_path / "empty")


# --- traps ---

def labelled(labels, seed=0, width=20, **arrays):
    """Noisy class means under these labels."""
    rng = np.random.default_rng(seed)
    names, code = np.unique(labels, return_inverse=True)
    means = rng.normal(size=(len(names), width))
    return {"features": means[code] + 0.1 * rng.normal(size=(len(labels), width)),
            "labels": np.asarray(labels), **arrays}


def test_numbers_as_text_are_in_the_order_of_numbers():
    """Row k of the weight belongs to class k, also where labels are "0" to "11"."""
    numbers = np.arange(48) % 12
    arrays = labelled(numbers, weight=np.random.default_rng(1).normal(size=(12, 20)))
    wanted = report(assemble(arrays))
    found = report(assemble(arrays | {"labels": numbers.astype(str)}))
    assert found == wanted and found["labels"] == list(range(12))
    assert "in the order 0, 1, 2, 3" in as_rows(found).to("text")
    words = report(assemble(arrays | {"labels": np.char.add("c", numbers.astype(str))}))
    assert words["labels"][:3] == ["c0", "c1", "c10"]  # stated, and alphabetical
    with pytest.raises(InputError, match="write each number in one way"):
        assemble(arrays | {"labels": np.array(["1", "01"] * 24)})


def test_a_head_with_more_rows_than_classes_says_so():
    found = report(assemble(labelled(np.arange(24) % 4, weight=np.ones((5, 20)))))
    layer, = found["layers"]
    assert layer["nc3"] is None
    assert any("has 5 rows for 4 classes" in note for note in layer["notes"])


@pytest.mark.parametrize("extra, message", [
    ({"wieght": np.ones((4, 20))}, r"got 'wieght' \(did you mean weight\?\)"),
    ({"weight_7": np.ones((4, 20))}, "got 'weight_7'"),
    ({"test_labels": np.arange(4)}, "got 'test_labels'"),
    ({"bias": np.ones(4)}, "bias must have a weight"),
    ({"epoch": np.ones(4)}, "must hold arrays that are read .*got 'epoch'")])
def test_arrays_that_nothing_reads_are_refused(extra, message):
    with pytest.raises(InputError, match=message):
        assemble(labelled(np.arange(24) % 4, **extra))


def test_metrics_of_shapes_do_not_depend_on_the_scale():
    arrays = labelled(np.arange(40) % 10, weight=np.random.default_rng(1).normal(size=(10, 20)))
    wanted = report(assemble(arrays))["layers"][0]
    for scale in (2.0**330, 2.0**-400):  # 1e99, 1e-120: exact in binary
        found = report(assemble(arrays | {"features": arrays["features"] * scale}))["layers"][0]
        for name in ("nc1", "nc2_etf", "nc2_frame", "nc2_angles", "nc2_uniformity", "triangular",
                     "nc3", "nc3_sample_mean", "nc4", "cdnv", "stable_rank"):
            assert found[name] == pytest.approx(wanted[name], rel=1e-9), (name, scale)
    for scale in (1e-170, 1e145):
        with pytest.raises(InputError, match="between 1e-140 and 1e.140, got"):
            report(assemble(arrays | {"features": arrays["features"] * scale}))
    with pytest.raises(InputError, match="weight must have its largest entry between"):
        report(assemble(arrays | {"weight": arrays["weight"] * 1e200}))


@pytest.mark.parametrize("kind", [">f8", ">f4", "<f2", ">i2"])
def test_other_kinds_of_numbers(kind):
    arrays = labelled(np.arange(24) % 4)
    x = (10 * arrays["features"]).astype(kind)
    found = report(assemble(arrays | {"features": x, "labels": arrays["labels"].astype(">i8")}))
    wanted = report(assemble(arrays | {"features": x.astype(float)}))
    assert found["layers"][0]["nc1"] == pytest.approx(wanted["layers"][0]["nc1"], rel=1e-5)


def test_where_a_nan_is_in_the_file():
    x = np.ones((10_000, 3))
    x[7321, 2] = np.nan
    with pytest.raises(InputError, match="got nan in row 7321, column 2"):
        report(assemble({"features": x, "labels": np.arange(10_000) % 2}))


def test_kinds_that_numpy_has_not(tmp_path):
    pytest.importorskip("safetensors")
    if "ml_dtypes" in sys.modules:  # JAX brings bfloat16 to NumPy, and the file is read
        pytest.skip("NumPy knows bfloat16 here")
    head = json.dumps({"features": {"dtype": "BF16", "shape": [1, 2], "data_offsets": [0, 4]},
                       "labels": {"dtype": "I64", "shape": [1], "data_offsets": [4, 12]}})
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(head).to_bytes(8, "little") + head.encode() + bytes(12))
    with pytest.raises(InputError, match="features must be of a kind that NumPy has .*'BF16'"):
        load(path)
    raw = np.zeros((4, 2), dtype="V2")  # what an archive makes of bfloat16
    with pytest.raises(InputError, match="features must hold real numbers .*bfloat16"):
        assemble({"features": raw, "labels": np.arange(4)})


def test_many_classes_in_a_triangular_number():
    found = report(assemble(labelled(np.arange(300), width=40)))["layers"][0]
    assert 0 < found["triangular"] < math.sqrt(2)


def test_centring_at_the_mean_of_all_samples():
    """Against the definition, with classes of unequal size; equal sizes give nc3."""
    rng = np.random.default_rng(2)
    weight = rng.normal(size=(3, 20))
    arrays = labelled([0] * 5 + [1] * 2 + [2] * 9, weight=weight)
    x, y = arrays["features"], arrays["labels"]
    means = np.array([x[y == k].mean(axis=0) for k in range(3)]) - x.mean(axis=0)
    wanted = np.sum((weight / np.linalg.norm(weight) - means / np.linalg.norm(means)) ** 2)
    layer = report(assemble(arrays))["layers"][0]
    assert layer["nc3_sample_mean"] == pytest.approx(wanted, rel=1e-12)
    assert layer["nc3_sample_mean"] != pytest.approx(layer["nc3"], rel=1e-3)
    layer = report(assemble(labelled(np.arange(30) % 3, weight=weight)))["layers"][0]
    assert layer["nc3_sample_mean"] == pytest.approx(layer["nc3"], rel=1e-9)


def test_hyperspherical_uniformity_of_the_simplex_and_by_definition():
    K = 5
    simplex = {"features": np.eye(K), "labels": np.arange(K)}
    layer = report(assemble(simplex))["layers"][0]
    assert layer["nc2_uniformity"] == pytest.approx(math.log((K - 1) / (2 * K)) / 2, abs=1e-12)
    assert layer["nc2_uniformity_std"] == pytest.approx(0, abs=1e-12)
    x = np.random.default_rng(3).normal(size=(K, 4))
    units = [v / np.linalg.norm(v) for v in x - x.mean(axis=0)]
    energies = [-math.log(np.linalg.norm(a - b)) for a, b in itertools.combinations(units, 2)]
    layer = report(assemble({"features": x, "labels": np.arange(K)}))["layers"][0]
    assert layer["nc2_uniformity"] == pytest.approx(np.mean(energies), rel=1e-12)
    assert layer["nc2_uniformity_std"] == pytest.approx(np.std(energies), rel=1e-12)


def test_every_name_of_the_report_is_explained(arrays):
    from nctheory.report.metrics import MEANINGS

    layers = metrics.report(metrics.assemble(arrays))["layers"]
    names = {name for layer in layers for name in layer}
    assert names - {"layer", "samples", "classes", "width", "notes"} == set(MEANINGS)


@pytest.mark.parametrize("sizes, most", [((4, 4, 4), 4), ((3, 4, 5), 6)])
def test_each_matrix_is_decomposed_once(monkeypatch, sizes, most):
    """Sigma_B by each convention that differs, the means, sigma of them, the weight."""
    rng, labels = np.random.default_rng(0), np.repeat(np.arange(3), sizes)
    saved = {"features": rng.standard_normal((12, 5)), "labels": labels,
             "weight": rng.standard_normal((3, 5)),
             "test_features": rng.standard_normal((12, 5)), "test_labels": labels}
    calls, plain = [], np.linalg.svd
    monkeypatch.setattr(np.linalg, "svd", lambda *a, **k: calls.append(1) or plain(*a, **k))
    layer, = report(assemble(saved))["layers"]
    assert len(calls) == most and not layer["notes"]
