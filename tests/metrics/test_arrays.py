"""Arrays of any library give the moments that NumPy's give, and are read a block at a time."""

import numpy as np
import pytest

from nctheory import InputError
from nctheory.metrics import Accumulator, Moments, arrays, linear_probe, nc4, weak
from tests.metrics.naive_metrics import sample

X, NAMES = sample(1, classes=4, width=6, largest=30)
LABELS = np.unique(NAMES, return_inverse=True)[1]


def assert_same(found, wanted, rel=1e-12):
    assert found.labels.tolist() == wanted.labels.tolist()
    for name in ("counts", "means", "scatter", "spreads"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=rel,
                                   atol=rel)


class Foreign:
    """An array that only its own methods can move to NumPy; counts the rows that were moved."""

    moved = []

    def __init__(self, values):
        self.values = values
        self.shape = values.shape

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return type(self)(self.values[rows])


class OnlyDlpack(Foreign):
    def __dlpack__(self, **options):
        self.moved.append(len(self.values))
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


class LikeCupy(Foreign):
    __cuda_array_interface__ = {}

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def get(self):
        self.moved.append(len(self.values))
        return self.values


@pytest.mark.parametrize("kind", [OnlyDlpack, LikeCupy])
def test_devices_are_left_a_block_at_a_time(kind):
    """CuPy and DLPack by stand-ins with their protocols: no device is here to try."""
    kind.moved.clear()
    assert_same(Moments.of(kind(X.copy()), LABELS, chunk=16), Moments.of(X, LABELS, chunk=16))
    assert max(kind.moved) == 16 and sum(kind.moved) == len(X)


def test_memory_maps(tmp_path):
    np.save(tmp_path / "x.npy", X.astype(np.float32))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert_same(Moments.of(mapped, LABELS), Moments.of(X.astype(np.float32), LABELS))


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
def test_torch_tensors_with_a_gradient(dtype):
    torch = pytest.importorskip("torch")
    x = torch.tensor(X).to(getattr(torch, dtype)).requires_grad_()
    wanted = Moments.of(x.detach().double().numpy(), LABELS)
    assert_same(Moments.of(x, torch.tensor(LABELS), chunk=7), wanted)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_jax_arrays(dtype):
    jnp = pytest.importorskip("jax.numpy")
    x = jnp.asarray(X, dtype)
    wanted = Moments.of(np.asarray(x.astype("float32"), np.float64), LABELS)
    assert_same(Moments.of(x, jnp.asarray(LABELS), chunk=7), wanted)


def test_dask_arrays_are_computed_a_chunk_at_a_time():
    dask_array = pytest.importorskip("dask.array")
    computed = []

    def read(block):
        if len(block):  # Dask itself asks what it would be like, of nothing
            computed.append(len(block))
        return block

    lazy = dask_array.from_array(X, chunks=(20, 3)).rechunk((20, -1))
    lazy = lazy.map_blocks(read, dtype=X.dtype, meta=np.empty((0, 0)))
    assert_same(Moments.of(lazy, LABELS, chunk=8), Moments.of(X, LABELS))
    assert sum(computed) == len(X)
    unknown = lazy[dask_array.from_array(X[:, 0]) > 0]
    with pytest.raises(InputError, match="known shape .Dask: compute_chunk_sizes"):
        Moments.of(unknown, LABELS)


def test_every_metric_of_samples_takes_them():
    m, x = Moments.of(X, LABELS), OnlyDlpack(X.copy())
    weight = OnlyDlpack(np.arange(24.0).reshape(4, 6))
    assert nc4(x, m.means, weight) == nc4(X, m.means, weight.values)
    assert weak(m, x) == weak(m, X)
    assert linear_probe(x, LABELS, x, LABELS) == linear_probe(X, LABELS, X, LABELS)
    assert np.asarray(arrays.Rows(x), np.float32).dtype == np.float32


@pytest.mark.parametrize("labels, wrong", [
    (LABELS.astype(float), "labels must be integers or strings, got dtype.'float64'"),
    (LABELS[:-1], "labels must be one a row of features, got"),
    (LABELS[:, None], "labels must be a vector, got")])
def test_bad_labels_are_one_line(labels, wrong):
    with pytest.raises(InputError, match=wrong) as caught:
        Moments.of(X, labels)
    assert "\n" not in str(caught.value)


def test_labels_with_gaps_that_start_anywhere_change_nothing():
    renamed = np.array([3, 1000, 1001, -7])[LABELS]
    a, b = Moments.of(X, LABELS), Moments.of(X, renamed)
    order = np.argsort([3, 1000, 1001, -7])
    assert b.labels.tolist() == [-7, 3, 1000, 1001]
    assert np.array_equal(b.means, a.means[order])


# --- the accumulator ---

def test_small_batches_are_gathered(monkeypatch):
    """A matrix product a block, not a batch."""
    from nctheory.metrics import moments

    sizes = []
    original = moments._of_batch
    monkeypatch.setattr(moments, "_of_batch", lambda x, y, row=0: (
        sizes.append((len(x), row)), original(x, y, row))[1])
    total = Accumulator(chunk=30)
    for start in range(0, len(X), 7):
        total.add(X[start:start + 7], LABELS[start:start + 7])
    assert_same(total.moments(), Moments.of(X, LABELS))
    # 32 rows from the second block on: at least eight a class.
    assert sizes[0] == (35, 0) and sizes[1] == (35, 35)


def test_a_bad_number_is_named_by_its_row_in_the_stream():
    x = X.copy()
    x[11, 2] = np.inf
    total = Accumulator(chunk=5)
    with pytest.raises(InputError, match="must be finite, got inf in row 11, column 2"):
        for i in range(20):
            total.add(x[i:i + 1], LABELS[i:i + 1])
        total.moments()


def batches(x=X, size=5):
    return [(x[a:a + size], LABELS[a:a + size]) for a in range(0, len(x), size)]


def test_a_killed_stream_goes_on(tmp_path):
    path = tmp_path / "moments.npz"

    def broken():
        for i, batch in enumerate(batches()):
            if i == 5:
                raise KeyboardInterrupt
            yield batch

    with pytest.raises(KeyboardInterrupt):
        Moments.stream(broken(), checkpoint=path, every=2)
    assert Accumulator.load(path).batches == 4
    # What the file has is not read again: those batches may even be gone.
    rest = [(x * np.nan if i < 4 else x, y) for i, (x, y) in enumerate(batches())]
    assert_same(Moments.stream(rest, checkpoint=path), Moments.of(X, LABELS))


def test_two_processes_merge(tmp_path):
    one, other = Accumulator(), Accumulator()
    for i, (x, y) in enumerate(batches()):
        (one if i % 3 else other).add(x, y)
    other.save(tmp_path / "other.npz")
    one.include(Accumulator.load(tmp_path / "other.npz").moments())
    assert_same(one.moments(), Moments.of(X, LABELS))


def test_batches_that_do_not_fit():
    total = Accumulator()
    total.add(X, LABELS)
    with pytest.raises(InputError, match="features must have 6 columns in every batch, got 5"):
        total.add(X[:, :5], LABELS)
    with pytest.raises(InputError, match="at least one batch"):
        Accumulator().moments()
