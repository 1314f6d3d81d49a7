"""Agreement with other packages: their published formulas, by explicit loops, on equal arrays.

Written anew from the definitions in github.com/rhubarbwu/neural-collapse (measure.py,
accumulate.py, kernels.py at c3864c2) and github.com/felixsh/nc-toolbox (metrics.py, statistic.py
at a1cbf47), without their libraries.
"""

from itertools import combinations

import numpy as np
import pytest

from nctheory import InputError, metrics
from nctheory.metrics.elsewhere import PACKAGES, elsewhere
from tests.metrics.naive_metrics import sample


def arrays(seed, width=9, classes=5):
    x, names = sample(seed, classes=classes, width=width, largest=20)
    labels = np.unique(names, return_inverse=True)[1]
    rng = np.random.default_rng(seed + 100)
    return x, labels, rng.normal(size=(classes, width)), rng.normal(size=classes)


def simplex_distance(gram):
    k = len(gram)
    return np.linalg.norm(gram / np.linalg.norm(gram) - (np.eye(k) - 1 / k) / np.sqrt(k - 1))


def variation(values):
    return np.std(values) / np.mean(values)


def neural_collapse(x, y, w, b):
    K, d = w.shape
    means = np.array([x[y == c].mean(axis=0) for c in range(K)])
    centred = means - means.mean(axis=0)
    within = sum(np.outer(v - means[c], v - means[c]) for v, c in zip(x, y)) / len(x)
    between = centred.T @ centred / d
    variance = [np.mean(np.sum((x[y == c] - means[c])**2, axis=1)) for c in range(K)]
    unit = centred / np.linalg.norm(centred, axis=1)[:, None]
    rows = w / np.linalg.norm(w, axis=1)[:, None]
    energy = [np.log(1 / np.linalg.norm(unit[i] - unit[j])) for i, j in combinations(range(K), 2)]
    nearest = [min(range(K), key=lambda c: np.sum((v - means[c])**2)) for v in x]
    return {
        "covariance_pinv": np.trace(np.linalg.pinv(between, hermitian=True) @ within) / K,
        "covariance_ratio": np.trace(within) / np.trace(between),
        "variability_cdnv": np.mean([
            (variance[i] + variance[j]) / 2 / np.sum((means[i] - means[j])**2)
            for i, j in combinations(range(K), 2)]),
        "simplex_etf_error": simplex_distance(centred @ centred.T),
        "kernel_stats log_kernel, mean": np.mean(energy),
        "kernel_stats log_kernel, variance": np.var(energy),
        "self_duality_error": simplex_distance(w @ centred.T),
        "similarities cos, mean": np.mean(np.sum(rows * unit, axis=1)),
        "distance_norms, mean": np.mean(np.linalg.norm(rows - unit, axis=1)),
        "clf_ncc_agreement": np.mean(np.argmax(x @ w.T, axis=1) == nearest)}


def nc_toolbox(x, y, w, b):
    K = len(w)
    means = np.array([x[y == c].mean(axis=0) for c in range(K)])
    centred = means - x.mean(axis=0)
    variance = [np.sum((x[y == c] - means[c])**2) / (np.sum(y == c) - 1) for c in range(K)]
    pairs = list(combinations(range(K), 2))
    unit = centred / np.linalg.norm(centred, axis=1)[:, None]
    rows = w / np.linalg.norm(w, axis=1)[:, None]
    logs = np.log(np.linalg.norm(centred, axis=1))
    nearest = [min(range(K), key=lambda c: np.sum((v - means[c])**2)) for v in x]
    return {
        "nc1_cdnv": variation([(variance[i] + variance[j])
                               / (2 * np.sum((means[i] - means[j])**2)) for i, j in pairs]),
        "nc2_equinormness": variation([logs[i] - logs[j] for i, j in pairs]),
        "nc2_equiangularity": variation([unit[i] @ unit[j] + 1 / (K - 1) for i, j in pairs]),
        "gnc2_hypershperical_uniformity": variation(
            [np.log(1 / np.linalg.norm(unit[i] - unit[j])) for i, j in pairs]),
        "nc3_self_duality": np.linalg.norm(w / np.linalg.norm(w)
                                           - centred / np.linalg.norm(centred)),
        "unc3_uniform_duality": variation([rows[i] @ unit[j] for i, j in pairs]),
        "nc4_classifier_agreement": np.mean(np.argmax(x @ w.T + b, axis=1) == nearest)}


@pytest.mark.parametrize("package, theirs", [("neural-collapse", neural_collapse),
                                             ("nc-toolbox", nc_toolbox)])
@pytest.mark.parametrize("seed", range(4))
def test_every_measure_has_their_value(package, theirs, seed):
    x, y, w, b = arrays(seed)
    features = metrics.assemble({"features": x, "labels": y, "weight": w, "bias": b})
    found = {row["measure"]: row["value"] for row in elsewhere(features, package)}
    wanted = theirs(x, y, w, b)
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


@pytest.mark.parametrize("theirs, factor", [
    ("covariance_pinv", 9 / 5), ("covariance_ratio", 9 / 5), ("variability_cdnv", 1),
    ("simplex_etf_error", 1), ("self_duality_error", 1)])
def test_the_factors_of_the_documented_table(theirs, factor):
    """d = 9, K = 5: theirs over the key of ours that the table names."""
    x, y, w, b = arrays(7)
    features = metrics.assemble({"features": x, "labels": y, "weight": w, "bias": b})
    row = next(r for r in elsewhere(features, "neural-collapse") if r["measure"] == theirs)
    ours = metrics.report(features)["layers"][0][row["ours"]]
    assert row["value"] / ours == pytest.approx(factor)


def test_what_is_not_defined_is_none():
    """No weight; and, at collapse, a coefficient of variation 0/0."""
    y = np.arange(8) % 4
    features = metrics.assemble({"features": np.eye(4)[y], "labels": y})
    found = {row["measure"]: row["value"] for row in elsewhere(features, "nc-toolbox")}
    assert found["nc3_self_duality"] is None and found["nc1_cdnv"] is None
    with pytest.raises(InputError, match="package must be one of 'neural-collapse', 'nc-toolbox'"):
        elsewhere(features, "torch")


def test_each_relation_names_a_key_of_the_report():
    y = np.arange(8) % 4
    keys = metrics.report(metrics.assemble({"features": np.eye(4)[y], "labels": y}))["layers"][0]
    for measures in PACKAGES.values():
        assert {m.ours for m in measures} <= keys.keys()
