"""Moments: equal however the data is cut, exact at extreme collapse, clear about bad data."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, metrics
from nctheory.metrics import Moments
from nctheory.metrics import moments as module
from tests.metrics.naive_metrics import sample


def assert_equal_moments(a, b, rel):
    assert a.labels.tolist() == b.labels.tolist()
    assert a.counts.tolist() == b.counts.tolist()
    for name in ("means", "scatter", "spreads"):
        one, other = getattr(a, name), getattr(b, name)
        np.testing.assert_allclose(one, other, rtol=rel, atol=rel * np.abs(other).max())


@given(cuts=st.lists(st.integers(1, 200), max_size=5), seed=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_any_cutting_gives_the_same_moments(cuts, seed):
    """Batches may miss classes and bring new ones; a tree of merges is as good as a line."""
    x, labels = sample(seed, classes=12, width=5, largest=40)
    whole = Moments.of(x, labels)
    at = [0, *sorted({c for c in cuts if c < len(x)}), len(x)]
    parts = [(x[a:b], labels[a:b]) for a, b in zip(at, at[1:])]
    assert_equal_moments(Moments.stream(parts), whole, 1e-12)
    backwards = Moments.stream(iter(parts[::-1]))
    assert_equal_moments(backwards, whole, 1e-12)
    half = len(parts) // 2
    if half:
        assert_equal_moments(Moments.stream(parts[:half]) + Moments.stream(parts[half:]),
                             whole, 1e-12)
    assert_equal_moments(Moments.of(x, labels, chunk=3), whole, 1e-12)


def exact(x, labels):
    """Means and trace of the scatter in rational arithmetic, and NC1's within part."""
    spread = Fraction(0)
    for c in set(labels):
        rows = [[Fraction(float(v)) for v in row] for row, l in zip(x, labels) if l == c]
        mean = [sum(column) / len(rows) for column in zip(*rows)]
        spread += sum((v - m) ** 2 for row in rows for v, m in zip(row, mean))
    return spread


@pytest.mark.parametrize("noise, offset, rel", [
    (1e-6, 1, 1e-10), (1e-6, 1e3, 1e-6), (1e-9, 1, 1e-5), (1e-3, 1e6, 1e-5)])
def test_extreme_collapse_against_exact_rationals(noise, offset, rel):
    """Within-class variance 1e-12 .. 1e-18 of the means' squares: X^T X - sum n mu mu^T is
    noise.

    The features are doubles near `offset`, so the means carry an error of about offset * 1e-16;
    its square against noise^2 is what remains.
    """
    x, labels = sample(0, classes=3, width=3, noise=noise, largest=30)
    x = x + offset
    truth = float(exact(x, labels))
    for m in (Moments.of(x, labels), Moments.of(x, labels, chunk=7)):
        assert np.trace(m.scatter) == pytest.approx(truth, rel=rel)
        assert m.spreads.sum() == pytest.approx(truth, rel=rel)
        assert np.linalg.eigvalsh(m.scatter)[0] >= -1e-12 * truth
    naive = np.sum(x**2) - np.sum(Moments.of(x, labels).counts[:, None]
                                  * Moments.of(x, labels).means ** 2)
    assert abs(naive - truth) > 100 * rel * truth  # the usual formula does fail here


def test_chunks_agree_at_extreme_collapse():
    x, labels = sample(3, classes=5, width=8, noise=1e-6, largest=400)
    whole, cut = Moments.of(x, labels), Moments.of(x, labels, chunk=37)
    assert metrics.nc1(cut) == pytest.approx(metrics.nc1(whole), rel=1e-10)


def test_float32_is_accumulated_in_float64():
    """Equal to the same numbers given as float64, to the last digits of float64."""
    x, labels = sample(2, largest=2000)
    x = x.astype(np.float32)
    m = Moments.of(x, labels)
    assert m.means.dtype == m.scatter.dtype == np.float64
    assert_equal_moments(m, Moments.of(x.astype(np.float64), labels), 1e-13)
    assert_equal_moments(Moments.of(x.astype(np.float16), labels),
                         Moments.of(x.astype(np.float16).astype(float), labels), 1e-13)
    assert_equal_moments(Moments.of(np.asfortranarray(x), labels), m, 1e-13)
    assert_equal_moments(Moments.of(x[::2], labels[::2]),
                         Moments.of(x[::2].copy(), labels[::2].copy()), 1e-15)


def test_memory_map(tmp_path):
    x, labels = sample(2, largest=100)
    np.save(tmp_path / "x.npy", x)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert_equal_moments(Moments.of(mapped, labels, chunk=16), Moments.of(x, labels), 1e-13)


def test_around_other_means_is_the_scatter_there():
    (x, labels), (x_test, test_labels) = sample(1), sample(1, noise=1)
    train, test = Moments.of(x, labels), Moments.of(x_test, test_labels)
    around = test.around(train)
    direct = sum(np.outer(r - train.means[list(train.labels).index(c)],
                          r - train.means[list(train.labels).index(c)])
                 for r, c in zip(x_test, test_labels))
    np.testing.assert_allclose(around.scatter, direct, rtol=1e-12)
    assert around.spreads.sum() == pytest.approx(np.trace(direct), rel=1e-12)


def test_labels_need_not_be_zero_to_k():
    x = np.arange(12.0).reshape(6, 2)
    m = Moments.of(x, [1000, -5, 1000, -5, 7, 7])
    assert m.labels.tolist() == [-5, 7, 1000] and m.means[0].tolist() == [4.0, 5.0]


@pytest.mark.parametrize("kernel", [module.add_rows, module.subtract_means])
def test_kernels_equal_their_python_bodies(kernel):
    rng = np.random.default_rng(0)
    x, code = rng.standard_normal((20, 3)), rng.integers(0, 4, 20)
    means, totals, centred, spreads = rng.random((4, 3)), *map(np.zeros, [(4, 3), (20, 3), 4])
    arguments = {"add_rows": [totals], "subtract_means": [means, centred, spreads]}
    compiled, plain = ([a.copy() for a in arguments[kernel.py_func.__name__]] for _ in range(2))
    kernel(x, code, *compiled)
    kernel.py_func(x, code, *plain)
    for one, other in zip(compiled, plain):
        np.testing.assert_allclose(one, other, rtol=1e-14)


@pytest.mark.parametrize("x, labels, message", [
    ([[1, np.nan], [0, 1]], [0, 1], "features must be finite, got nan in row 0, column 1"),
    ([[1, 2], [0, -np.inf]], [0, 1], "features must be finite, got -inf in row 1, column 1"),
    ([[1e200, 2], [-1e200, 1]], [0, 0], "features must be small enough for their squares"),
    ([[1, 2], [0, 1]], [0, 1, 2], "labels must be one a row of features, got 3 labels"),
    ([1, 2], [0, 1], "features must be a matrix"),
    (np.zeros((0, 3)), [], "features must be a matrix, a sample a row, with at least one row"),
    ([[1j]], [0], "features must hold real numbers"),
    ([["a"]], [0], "features must hold real numbers"),
    ([[1.0]], [0.5], "labels must be integers or strings"),
    ([[1.0]], [b"a"], "labels must be integers or strings"),
    ([[1.0]], [[0]], "labels must be a vector"),
    (np.array([[None]]), [0], "features must hold real numbers"),
])
def test_bad_data_is_named(x, labels, message):
    with pytest.raises(InputError, match=message):
        Moments.of(x, labels)


def test_batches_that_do_not_fit_are_named():
    one = Moments.of([[1.0, 2.0]], [0])
    with pytest.raises(InputError, match="have 2 columns in every batch, got 3"):
        one + Moments.of([[1.0, 2.0, 3.0]], [0])
    with pytest.raises(InputError, match="all integers or all strings"):
        one + Moments.of([[1.0, 2.0]], ["0"])
    with pytest.raises(InputError, match="at least one batch, got none"):
        Moments.stream([])
    with pytest.raises(InputError, match="test_labels must be classes of the train set, got 1"):
        Moments.of([[1.0, 2.0]], [1]).around(one)
    with pytest.raises(InputError, match="chunk must be an integer at least 1, got 0"):
        Moments.of([[1.0]], [0], chunk=0)


@pytest.mark.slow
def test_a_million_rows_in_chunks(tmp_path):
    """10^6 x 512 float32 from disk: peak memory below 4 GB, and equal to its halves merged."""
    import resource
    rng = np.random.default_rng(0)
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (10**6, 512))
    labels = rng.integers(0, 100, len(x))
    means = rng.standard_normal((100, 512)).astype(np.float32)
    for start in range(0, len(x), 50_000):
        rows = slice(start, start + 50_000)
        x[rows] = means[labels[rows]] + 0.1 * rng.standard_normal((50_000, 512), np.float32)
    x.flush()
    x = np.load(tmp_path / "x.npy", mmap_mode="r")
    whole = Moments.of(x, labels)
    half = len(x) // 2
    halves = Moments.of(x[:half], labels[:half]), Moments.of(x[half:], labels[half:])
    assert_equal_moments(halves[0] + halves[1], whole, 1e-11)
    assert metrics.within(whole) == pytest.approx(512 * 0.01, rel=1e-2)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 4 * 2**20  # kilobytes
