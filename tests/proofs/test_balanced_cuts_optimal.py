"""C2 of the incidence matrices of complete graphs, exactly, against explicit matrices."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory import InputError, Triangular
from nctheory.graphs import subset_incidence
from proofs.cuts import least_slack, optimal_cuts, slack, squared_gauge


def design(r, shares):
    """B and the Gram matrix of the design, from all cuts of unit length, one by one."""
    B = subset_incidence(r, 1, 2)
    gram = np.zeros((B.shape[1], B.shape[1]))
    for s, share in shares.items():
        cuts = (2 * subset_incidence(r, 1, s).T - 1) / np.sqrt(r)
        marks = np.maximum(cuts @ B, 0)
        gram += float(share) / len(cuts) * marks.T @ marks
    return B, gram


@pytest.mark.parametrize("r", range(4, 9))
def test_the_optimum_is_the_trace_of_explicit_matrices(r):
    gram = design(r, optimal_cuts(r))[1]
    assert np.trace(np.linalg.inv(gram)) == pytest.approx(
        float(squared_gauge(r, optimal_cuts(r))), rel=1e-12)


@pytest.mark.parametrize("r, s", [(5, 3), (6, 3), (9, 5), (12, 6)])
def test_balanced_cuts_are_the_construction_s(r, s):
    trace = Triangular(vertices=r, subset=s).inverse_gram_trace
    assert squared_gauge(r, optimal_cuts(r)) == trace * r / 4


@given(st.integers(4, 7).flatmap(lambda r: st.lists(
    st.floats(-1, 1), min_size=r, max_size=r)), st.data())
def test_slack_of_any_neuron_is_a_sum_over_nested_signs(v, data):
    """tr(G^-1) |v|^2 - |G^-1 phi_v|^2 by matrices and by the formula, for any design."""
    r, v = len(v), np.array(v)
    s = data.draw(st.integers(2, r - 2))
    B, gram = design(r, {s: 1})
    inverse = np.linalg.inv(gram)
    left = np.trace(inverse) * v @ v - np.sum((inverse @ np.maximum(v @ B, 0))**2)
    order = np.argsort(-np.abs(v), kind="stable")
    t = -np.diff(np.append(np.abs(v)[order], 0))
    ups = np.cumsum(v[order] >= 0)
    downs = np.arange(1, r + 1) - ups
    values = np.sort(np.linalg.eigvalsh(gram))[[-1, -2, 0]]
    right = sum(t[k] * t[l] * slack(r, values, *sorted_pair)
                for k in range(r) for l in range(r)
                for sorted_pair in [(ups[min(k, l)], downs[min(k, l)],
                                     ups[max(k, l)], downs[max(k, l)])])
    assert left == pytest.approx(right, rel=1e-9, abs=1e-9 * np.trace(inverse))


def test_other_cuts_are_not_optimal():
    assert least_slack(4, {2: Fraction(1)}) < 0 and least_slack(8, {3: Fraction(1)}) < 0


@pytest.mark.parametrize("r, shares, message", [
    (3, {2: 1}, "vertices must be an integer at least 4"), (5, {6: 1}, "between 0 and 5"),
    (5, {2: Fraction(1, 2)}, "shares must have the sum 1"), (5, {4: 1}, "non-singular")])
def test_bad_designs_are_named(r, shares, message):
    with pytest.raises(InputError, match=message):
        squared_gauge(r, shares)
