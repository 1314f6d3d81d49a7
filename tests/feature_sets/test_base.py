"""Every family of feature sets: as many classes as asked, exact ranks and spectra."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, integers
from nctheory.feature_sets import FAMILIES, FeatureSet, members
from nctheory.feature_sets.cyclic import cyclic
from nctheory.feature_sets.designs import affine_plane, projective_plane
from nctheory.feature_sets.edges import edges, near_regular
from nctheory.feature_sets.hamming import hamming
from nctheory.feature_sets.johnson import johnson
from nctheory.feature_sets.orbits import orbits
from nctheory.feature_sets.polygons import polygon, rings
from nctheory.feature_sets.polytopes import half_cube, lines_27
from nctheory.feature_sets.simplex import simplex, thinned
from nctheory.feature_sets.split import split

CLASSES = st.integers(3, 64)


@settings(max_examples=30, deadline=None)
@given(CLASSES, st.sampled_from(sorted(FAMILIES)))
def test_members_have_the_classes_asked_for(K, family):
    """Nonnegative and pairwise not parallel they are by `FeatureSet`'s own check."""
    for found in FAMILIES[family](K):
        assert found.classes == K and found.matrix.min() >= 0
        assert np.linalg.matrix_rank(found.floats) == found.rank or found.rank > 8


@settings(max_examples=10, deadline=None)
@given(CLASSES)
def test_every_number_of_classes_has_low_ranks(K):
    assert {2, 3} <= {found.rank for found in members(K) if len(found.matrix) <= 4}


@pytest.mark.parametrize("found", [
    *(johnson(v, k) for v, k in ((4, 3), (6, 3), (7, 2), (5, 1))), hamming(2, 3), hamming(3, 3),
    hamming(5, 2), orbits(4, [(1,), (2, 1)]), orbits(5, [(1, 1), (2, 1, 1), (1,)]),
    projective_plane(3), affine_plane(3), affine_plane(3, "points"), half_cube(5), lines_27(),
    orbits(3, [(1,), (1, 1)])], ids=lambda found: found.name)
def test_stated_spectra_are_those_of_the_matrix(found):
    values = np.linalg.eigvalsh((found.matrix @ found.matrix.T).astype(float))
    stated = np.repeat([float(v) for v in found.gram], list(found.gram.values()))
    assert found.rank == len(stated) == integers.rank(found.matrix)
    expected = np.append(np.zeros(len(values) - len(stated)), np.sort(stated))
    assert values == pytest.approx(expected, abs=1e-9 * values.max())


def test_members_are_different_geometries():
    """T(4) is also an edge set, a plane, an orbit and a split hypergraph: it is named once."""
    names = [found.name for found in members(6)]
    assert "T(4)" in names and "AG(2,2)" not in names and len(set(names)) == len(names)


@pytest.mark.parametrize("make, message", [
    (lambda: FeatureSet("x", [[1, -1]]), "matrix.*must be nonnegative"),
    (lambda: FeatureSet("x", [[1, 0]]), "must have a positive entry"),
    (lambda: FeatureSet("x", [[1, 2], [2, 4]]), "no two parallel columns"),
    (lambda: FeatureSet("x", [1, 2]), "matrix must be a non-empty matrix"),
    (lambda: johnson(4, 4), "k must be an integer between 1 and 3, got 4"),
    (lambda: hamming(1, 3), "m must be an integer at least 2"),
    (lambda: edges(nx.empty_graph(3), "x"), "graph must be an undirected networkx.Graph with ed"),
    (lambda: edges(nx.path_graph(3), "x", loop=0), "loop must be positive"),
    (lambda: near_regular(4, 7), "size must be an integer between 1 and 6"),
    (lambda: simplex(1, 3), "r must be an integer at least 2"),
    (lambda: simplex(2, 3, (-1, 0)), "bend must be nonnegative"),
    (lambda: thinned(simplex(2, 3), 5), "classes must be an integer between 1 and 4"),
    (lambda: orbits(3, [(1, 1, 1, 1)]), "shape must have 1 to 3 entries"),
    (lambda: orbits(3, [(1,), (2,)]), "no two parallel columns"),
    (lambda: split(2, 1, [((), ())]), "type must have at most 2 and 1 entries, and one at le"),
    (lambda: split(2, 1, [((0,), ())]), "entry must be an integer at least 1"),
    (lambda: split(2, 1, []), "types must be at least one"),
    (lambda: polygon(2), "corners must be an integer at least 3"),
    (lambda: polygon(5, 2), "radius must be above 0 and at most 1"),
    (lambda: rings(5, 0), "inner must be an integer at least 1"),
    (lambda: cyclic(5, 4), "r must be an integer between 2 and 4"),
    (lambda: projective_plane(4), "p must be one of"),
    (lambda: affine_plane(3, "planes"), "classes must be one of 'lines', 'points'"),
    (lambda: half_cube(2), "m must be an integer between 3 and 12")])
def test_bad_parameters_are_named(make, message):
    with pytest.raises(InputError, match=message):
        make()
