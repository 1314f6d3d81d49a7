"""Laws of the tables, on drawn cells: monotone in the decay, the library and the classes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import DirectSum, Orthogonal, Problem, construct
from nctheory import strategies as ncs
from nctheory import threshold_table
from nctheory.constructions import FAMILIES
from nctheory.specs import examples
from nctheory.thresholds import BEATEN

FEW = settings(max_examples=20, deadline=None)
CELLS = st.tuples(st.integers(3, 40), st.integers(2, 9))


@FEW
@given(ncs.constructions(), ncs.decays(), st.integers(2, 6), st.floats(1.01, 3))
def test_the_loss_rises_with_the_decay(construction, decay, L, factor):
    if construction.classes < 2 or L < construction.least_layers:
        return
    low, high = (construction.loss(Problem(classes=construction.classes, layers=L,
                                           weight_decay=float(decay) * t)) for t in (1, factor))
    assert low < high or high == 0.5 >= low


@FEW
@given(CELLS)
def test_a_larger_library_is_no_dearer_and_a_class_more_costs_one_at_most(cell):
    K, L = cell
    part, = threshold_table([K], [L], library=["triangular"]).rows
    both = threshold_table([K, K + 1], [L]).rows
    assert both[0].cost <= part.cost * (1 + 1e-12)
    assert both[1].cost <= both[0].cost + 1 + 1e-9  # a class of its own joins the sum
    assert both[0].verdict == BEATEN or part.verdict != BEATEN


@FEW
@given(CELLS, ncs.decays(6, 16), st.integers(1, 4))
def test_the_verdict_at_a_decay_agrees_with_the_losses(cell, decay, samples):
    K, L = cell
    row, = threshold_table([K], [L], weight_decay=float(decay), samples=samples).rows
    assert row.loss <= row.dnc_loss * (1 + 1e-12)
    assert (row.verdict == BEATEN) <= (row.loss < row.dnc_loss)


@FEW
@given(st.lists(ncs.triangulars(most=6), min_size=1, max_size=3), st.integers(1, 5))
def test_sums_do_not_depend_on_their_order(blocks, rest):
    blocks = [*blocks, Orthogonal(classes=rest)]
    one, other = DirectSum(tuple(blocks)), DirectSum(tuple(blocks[::-1]))
    assert one.cost(4) == pytest.approx(other.cost(4), rel=1e-14)
    assert one.compare_with_dnc(4) == other.compare_with_dnc(4)


@pytest.mark.parametrize("text", examples(FAMILIES))
def test_every_family_states_a_cost_within_its_bounds(text):
    made = construct(text)
    loss, activation = made.home
    L = max(made.least_layers, 2)
    cost = made.cost(L, loss, activation)
    assert 0 < cost < 10 * made.classes
    assert made.ranks(L).before and made.required_width(L) >= 1
