"""Thinned lattices."""

from nctheory.feature_sets.simplex import simplex, thinned


def test_a_thinned_lattice_keeps_points_of_the_lattice():
    whole, some = simplex(3, 4), thinned(simplex(3, 4), 11)
    columns = {tuple(v / sum(column) for v in column) for column in whole.matrix.T}
    assert {tuple(v / sum(column) for v in column) for column in some.matrix.T} < columns
    assert some.rank == 3 and some.name == "simplex(3,4)-4"
