"""No cell worse than its neighbour: the table against its lemmas, the closure against the data."""

import math
import shutil
from fractions import Fraction

import numpy as np
import pytest

from nctheory.atlas import closure
from nctheory.atlas.table import atlas
from nctheory.constructions import Chain, stored
from nctheory.constructions.base import DirectSum

NEAR = 1e-9  # floats decide where logs differ by more; bounds of 200 bits where they do not


@pytest.fixture(scope="module")
def cells():
    return {(cell.classes, cell.layers): cell for cell in atlas(range(2, 65), range(2, 31))}


def at_most(one, other, factor, degree):
    """Whether c of one <= (factor)^(1/degree) c of the other, exactly where floats are near."""
    gap = math.log(one.cost) - math.log(other.cost) - math.log(factor) / degree
    if abs(gap) > NEAR:
        return gap < 0
    high = one.construction.cost_bounds(one.layers, 200)[1]
    low = other.construction.cost_bounds(other.layers, 200)[0]
    return high**degree <= factor * low**degree


def test_every_cell_is_at_most_what_deletion_leaves_of_its_neighbour(cells):
    """P(K) (K+1)^2 <= P(K+1) K^2, proved in `python -m proofs deletion-lemma`."""
    worse = [(K, L) for (K, L), cell in cells.items() if (K + 1, L) in cells
             and not at_most(cell, cells[K + 1, L], Fraction(K, K + 1)**2, L + 1)]
    assert worse == []


def test_no_cell_is_worse_than_its_neighbour_with_a_layer_less(cells):
    """A projection more multiplies a block's P by its rank r; where r <= c, c does not rise."""
    def inherits(cell):
        made = cell.construction
        blocks = made.blocks if isinstance(made, DirectSum) else (made,)
        return all(min(block.ranks(cell.layers).after) <= block.cost(cell.layers) + NEAR
                   for block in blocks)

    below = {at: cells[at[0], at[1] - 1] for at in cells if at[1] > 2}
    proved = {at for at, one in below.items() if inherits(one)}
    assert len(proved) > 0.9 * len(below)
    assert [at for at in proved if cells[at].cost > below[at].cost * (1 + NEAR)] == []


def test_deletion_finds_the_cheapest_class_and_its_cost():
    """Float costs of the candidates against exact ones, and against all single deletions."""
    chain = stored.chain(7, 3)
    source = closure.Source(chain, chain.projected[1], known=True)
    whole, fewer, fewest = list(closure._lightened(source))[:3]
    assert whole.log_cost(5) == pytest.approx(chain.log_cost(5), rel=1e-12)
    first, *rest = chain.matrices
    every = [Chain(matrices=[np.delete(first, i, axis=1), *rest]).log_cost(3) for i in range(7)]
    assert fewer.chain().log_cost(3) <= min(every) + 1e-12
    for found in (fewer, fewest):
        assert found.log_cost(3) == pytest.approx(found.chain().log_cost(3), rel=1e-12)
    assert fewer.log_cost(3) <= (whole.log_cost(3) + math.log(6 / 7) / 2)


def test_a_rank_that_rounding_raised_is_lowered():
    """Three points in the plane, of rank 2 in layer 2, one zero rounded below zero."""
    plane = np.array([[10**8, 10**8, 0], [-1, 10**8, 10**8]], dtype=object)
    rows = np.array([[1, -1], [-1, 1], [1, 2], [2, 1]], dtype=object)
    lift = np.array([[1, 0], [0, 1], [1, 1], [2, 1]], dtype=object)
    chain = Chain(matrices=[plane, lift, rows @ np.array([[1, 0, 0, 0], [0, 1, 0, 0]])])
    assert chain.projected[1] == 3
    lower = closure._of_low_rank(chain)
    assert lower.projected[1] == 2
    assert lower.log_cost(3) <= chain.log_cost(3) + 1e-4  # less: H_1 and W_1 are balanced anew
    more = 3 * math.log(3 / 2) / 7
    assert lower.log_cost(6) < chain.log_cost(6) - more + 1e-4


def test_the_stored_chains_are_closed(tmp_path):
    assert list(closure.close(range(3, 9), range(2, 9), tmp_path)) == []


def test_what_was_taken_away_is_found_again(tmp_path, monkeypatch):
    """Without the chains of 6 classes those of 7 give some back, once."""
    shutil.copytree(stored.PACKAGE / "chains", tmp_path / "chains")
    (tmp_path / "chains" / "06.json").unlink()
    monkeypatch.setattr(stored, "PACKAGE", tmp_path)
    found = list(closure.close(range(3, 8), range(2, 7), tmp_path))
    assert found and all(one.chain.classes == 6 for one in found)
    assert list(closure.close(range(3, 8), range(2, 7), tmp_path)) == []
