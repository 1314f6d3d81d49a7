"""Partial fits: their closed form against forward passes, what is stored, the search."""

import json
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from nctheory import InputError, Orthogonal, Problem, Triangular, losses, threshold_table
from nctheory.atlas import partial
from nctheory.certify import check_file, partial_fit, to_json
from nctheory.constructions.stored import partial_fits, write_partial_fits
from nctheory.network import loss

CRITICAL = {L: float(losses.critical_kappa(L)) for L in (2, 3, 4)}


KNOWN = [fit for K in range(3, 17) for fit in partial_fits(K)]


def problem(fit, share, samples=1):
    """At that share of the decay at which DNC ceases."""
    decay = share * CRITICAL[fit.layers] / fit.classes / samples**(1 / (fit.layers + 1))
    return Problem(classes=fit.classes, layers=fit.layers, samples=samples, weight_decay=decay)


@pytest.mark.parametrize("fit", KNOWN, ids=lambda fit: fit.label)
def test_stored_fits_beat_dnc_and_zero(fit):
    assert fit.ratio_power < 1
    at = problem(fit, 1.0001)  # where DNC has just ceased
    assert loss(fit.weights(at), at) < 0.5 == Orthogonal(classes=fit.classes).loss(at)
    cost = np.exp(fit.log_cost(fit.layers))
    assert fit.ratio == pytest.approx(cost / float(fit.share * fit.classes))
    onset = fit.onset()
    dnc = Orthogonal(classes=fit.classes)
    if onset:
        for share, sign in ((0.999 * onset, 1), (onset + 0.001 * (1 - onset), -1)):
            at = problem(fit, share)
            assert np.sign(fit.loss(at) - dnc.loss(at)) == sign


def test_intervals_grow_with_the_classes():
    found = partial.intervals(range(4, 17), [2])
    assert [row.classes for row in found] == list(range(4, 17))
    assert all(a.onset >= b.onset and a.end <= b.end
               for a, b in zip(found, found[1:], strict=False))
    assert all(row.certified for row in found)
    assert partial.intervals([3], [2]) == []


@pytest.mark.parametrize("K, L", [(5, 2), (6, 3), (11, 3), (12, 4), (15, 5)])
def test_ends_against_forward_passes(K, L):
    """The classes of `late` at their best, the others at zero: below 1/2 just before the end,
    where nothing the tables know is below it just after."""
    (found,) = partial.intervals([K], [L])
    made = found.late.construction
    for share, sign in ((found.end * (1 - 1e-4), -1), (found.end * (1 + 1e-4), 0)):
        decay = share * float(losses.critical_kappa(L)) / K
        at = Problem(classes=K, layers=L, weight_decay=decay)
        # K losses of K classes are k losses of k, at K/k of the decay.
        first, *rest, last = made.weights(
            replace(at, classes=made.classes, weight_decay=decay * K / made.classes))
        more = K - made.classes
        padded = [np.pad(first, ((0, 0), (0, more))), *rest, np.pad(last, ((0, more), (0, 0)))]
        assert np.sign(loss(padded, at) - 0.5) == sign
        best = threshold_table([K], [L], weight_decay=decay).rows[0]
        assert sign or best.loss == 0.5


def test_blocks_outlast_partial_fits():
    """K = 11, L = 3: the ten edges of K_5, and a class at zero."""
    (found,) = partial.intervals([11], [3])
    assert found.end == pytest.approx(10 / Triangular(vertices=5, subset=3).cost(3))
    assert found.share == pytest.approx(10 / 11)
    fits = [fit for k in range(3, 12) for fit in partial_fits(k) if fit.layers == 3]
    assert found.end > 1.02 / min(fit.ratio for fit in fits)


def test_search_finds_the_hexagon():
    """The best at K = 6, L = 2, is at most the ratio of the hexagon of the proof, 3808/4096."""
    rng = np.random.default_rng(2)
    starts = (partial._start(6, 2, rng) for _ in range(90))
    best = min((fit for fit in starts if fit), key=lambda fit: fit.ratio_power)
    assert best.ratio_power <= Fraction(3808, 4096)
    path = partial.followed(best)
    assert len(path) > 1 and path[-1].onset() < best.onset() - 1e-4


def test_search_stores_and_resumes(tmp_path):
    for _ in range(2):
        list(partial.seek([5], [2], seconds=0.3, folder=tmp_path))
    kept = [fit for fit in partial_fits(5, tmp_path) + partial_fits(5) if fit.layers == 2]
    write_partial_fits(kept[-1:], 5, tmp_path)
    (again,) = partial.seek([5], [2], seconds=0.1, folder=tmp_path)
    assert again.late.ratio <= kept[-1].ratio


def test_certificates_are_checked():
    made = partial_fit(7, 2)
    assert _check(made).verified
    few = replace(made, parameters={"K": 3, "L": 2})  # the matrices have four classes
    assert not _check(few).verified
    frame = [[1, 0], [0, 1]]
    tie = replace(made, parameters={"K": 2, "L": 2}, data={"matrices": [frame] * 3})
    assert "beaten" in _check(tie).reason
    with pytest.raises(InputError, match="K = 3"):
        partial_fit(3, 2)


@pytest.mark.parametrize("K, L, ratio", [(4, 2, 0.9961), (5, 2, 0.9456), (4, 3, 0.98),
                                         (5, 3, 0.9183)])
def test_few_classes(K, L, ratio):
    """P |Z|^(2(L-1)) / (tr Z)^(2L) by a forward pass in integers, and the certificate."""
    first, second, *rest = min((fit for fit in partial_fits(K) if fit.layers == L),
                               key=lambda fit: fit.ratio_power).matrices
    signal = second @ first
    for factor in rest:
        signal = factor @ np.maximum(signal, 0)
    P = math.prod(int((m * m).sum()) for m in (first, second, *rest))
    both = P * int((signal**2).sum())**(L - 1), int(np.trace(signal))**(2 * L)
    assert Fraction(*both) < Fraction(ratio)
    assert _check(partial_fit(K, L)).verified


def _check(certificate):
    (result,) = check_file(to_json([certificate]).encode())
    return result


def test_command(run):
    status, text, _ = run("atlas", "partial", "--classes", "3:6", "--layers", "2")
    assert status == 0 and "partial fit K=5 L=2" in text
    rows = json.loads(run("atlas", "partial", "--classes", "6", "--layers", "2:3",
                          "--format", "json")[1])["rows"]
    assert [row["layers"] for row in rows] == [2, 3] and rows[0]["to"] > 1 > rows[0]["from"]
    assert run("atlas", "partial", "--classes", "6:x")[0] == 2


@pytest.mark.parametrize("K, L, share", [(6, 2, 0.95), (10, 4, 0.3), (11, 3, 0.9), (3, 2, 0.5)])
def test_training_never_loses(K, L, share):
    at = Problem(classes=K, layers=L, weight_decay=share * CRITICAL[L] / K)
    found = partial.relax(at)
    assert found.stationarity < 1e-9
    assert found.loss <= found.closed_form * (1 + 1e-12) <= found.dnc * (1 + 1e-11)
    if K > 3:
        assert found.loss < found.closed_form * (1 - 1e-6) and found.share < 1
    else:
        assert found.loss == pytest.approx(found.dnc, rel=1e-12)


def test_training_command(run):
    row, = json.loads(run("atlas", "relax", "--classes", "10", "--layers", "4", "--weight-decay",
                          "0.004", "--format", "json")[1])["rows"]
    # THEORY: DNC 0.0991799, triangular 0.0811362, a solution below it 0.0809158.
    assert row["dnc"] == pytest.approx(0.0991799, abs=1e-7)
    assert row["loss"] < 0.0809158 < row["closed_form"] < 0.0811363
    status, out, err = run("atlas", "relax", "--weight-decay", "-1")
    assert status == 2 and not out and err.count("\n") == 1
