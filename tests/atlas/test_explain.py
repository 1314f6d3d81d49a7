"""What was found, explained: symmetry, names, simplification, pages and pictures."""

import itertools
import math
import shutil

import mpmath
import numpy as np
import pytest

from nctheory import Orthogonal, Problem, Triangular
from nctheory.atlas import face, search, simplify
from nctheory.atlas.algebraic import minimum, polynomial
from nctheory.atlas.explain import explain
from nctheory.atlas.rounding import short_kernel
from nctheory.atlas.simplify import (
    entry_orbits,
    explain_stored,
    length,
    merged,
    simplified,
    split,
    symmetrised,
)
from nctheory.atlas.structure import chain_name, describe, layers, section
from nctheory.atlas.symmetry import automorphisms, class_symmetry, levels, network_symmetry
from nctheory.constructions import Chain, stored
from nctheory.graphs import subset_incidence
from nctheory.integers import as_integers

RNG = np.random.default_rng(3)


def floats(chain):
    return [m.astype(float) for m in chain.matrices]


def triangular(r, s=3):
    return Triangular(vertices=r, subset=s).unit_factors(3)[0][:-1]


def polygon(n):
    """Rank 3: the columns on a circle, nonnegative."""
    turns = 2 * math.pi / n * np.subtract.outer(np.arange(n), np.arange(n))
    return [np.eye(n), 1 + np.cos(turns), np.eye(n)]


# --- symmetry ---

@pytest.mark.parametrize("seed", range(12))
def test_groups_against_all_permutations(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    colours = rng.integers(0, 2, (n, n))
    colours = colours + colours.T if seed % 2 else colours
    kept = [p for p in itertools.permutations(range(n))
            if np.array_equal(colours[np.ix_(p, p)], colours)]
    group = automorphisms(colours)
    assert group.order == len(kept)
    assert set(group.generators) <= set(kept)
    assert set(group.orbits()) == {tuple(sorted({p[i] for p in kept})) for i in range(n)}


@pytest.mark.parametrize("r", [5, 6, 7])
def test_triangular_chains_have_the_symmetric_group(r):
    factors = triangular(r)
    group = network_symmetry(factors)
    assert class_symmetry(factors).order == group.order == math.factorial(r)
    assert group.name == f"S_{r}"
    assert len(class_symmetry(factors).orbits()) == 1


@pytest.mark.parametrize("n", [5, 7, 8])
def test_polygons_have_the_dihedral_group(n):
    group = class_symmetry(polygon(n))
    assert (group.order, group.name) == (2 * n, "dihedral")


def test_many_classes():
    assert class_symmetry([np.eye(40), np.eye(40)]).order == math.factorial(40)


def test_levels_need_a_gap():
    assert levels(np.array([0.3, 0.1, 0.1001, 0.3002]), 1e-2).tolist() == [2, 1, 1, 2]


# --- names ---

@pytest.mark.parametrize("features, name", [
    (np.eye(4), "frame of 4"),
    (subset_incidence(5, 1, 2), "edges of K_5"),
    (np.column_stack([subset_incidence(4, 1, 2), [2, 0, 0, 0]]), "edges of K_4 + loop"),
    (np.column_stack([subset_incidence(6, 1, 2), np.ones(6)]), "edges of K_6 + 1 within"),
    (subset_incidence(6, 1, 3), "3-subsets of 6"),
    (subset_incidence(5, 1, 2)[:, 1:], "edges of K_5 less an edge"),
    (np.array([[1, 1, 0], [0, 1, 1]]), "3 points in the plane"),
    (np.array([[5, 4, 3, 0], [0, 3, 4, 5]]), "4 points on an arc"),
    (polygon(6)[1], "regular hexagon"),
    (np.column_stack([np.eye(3), [1, 1, 0], [1, 1, 1]]), "frame of 3 + 1 on edges + 1 inside"),
    (np.array([[1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]]), "3 points in the plane + 1 alone"),
])
def test_names(features, name):
    turned = features[:, RNG.permutation(features.shape[1])] * RNG.uniform(1, 1 + 1e-9)
    assert describe(turned.astype(float))[0] == name


def test_a_section_holds_the_rays():
    signal = RNG.random((4, 3)) @ RNG.random((3, 9))
    points, axis, basis = section(signal)
    rays = axis[:, None] + basis @ points.T
    assert rays / np.linalg.norm(rays, axis=0) == pytest.approx(
        signal / np.linalg.norm(signal, axis=0))


def test_layers_of_the_triangular_construction():
    second, third = layers(triangular(5))
    assert second.graph.number_of_edges() == 10 and second.ranks == (5, 5)
    assert third.ranks == (5, 10) and not third.repeats
    assert chain_name(triangular(5)) == "edges of K_5"


# --- simplification ---

@pytest.mark.parametrize("K, L", [(5, 5), (7, 3)])
def test_merging_and_splitting_cost_nothing(K, L):
    factors = floats(stored.chain(K, L))
    double = [*factors]
    double[-1] = np.vstack([factors[-1], 3 * factors[-1][:2]])
    assert search.evaluate(merged(double)) == pytest.approx(search.evaluate(double), rel=1e-12)
    assert len(merged(double)[-1]) == len(factors[-1])
    assert search.evaluate(split(factors)) <= search.evaluate(factors) + 1e-9


def test_the_gradient_of_a_face_by_differences():
    factors = split(floats(stored.chain(7, 3)))
    group = network_symmetry(factors)
    orbits = entry_orbits(factors, group)
    start = symmetrised(factors, group)
    factors = face.polish(start, orbits)  # which brings the kinks to 0
    assert search.evaluate(factors) < search.evaluate(start)
    on = face.Face(factors, orbits, 1e-4)
    y = on.variables(factors)
    assert on.cost(y)[0] == pytest.approx(search.evaluate(on.factors(y)), rel=1e-9)
    steps = 1e-6 * np.eye(len(y))
    slopes = [(on.cost(y + e)[0] - on.cost(y - e)[0]) / 2e-6 for e in steps]
    assert on.cost(y)[1] == pytest.approx(np.array(slopes), abs=1e-7)
    slopes = [(on.kinks(y + e)[0] - on.kinks(y - e)[0]) / 2e-6 for e in steps]
    assert on.kinks(y)[1] == pytest.approx(np.array(slopes).T, abs=1e-7)


def test_a_shaken_triangular_chain_is_made_symmetric_again():
    """At r = 5, s = 3, L = 3 the family is optimal among its neighbours (observed)."""
    factors = triangular(5)
    shaken = search.shaken(factors, np.random.default_rng(0), 1e-3)
    simple = simplified(shaken)
    assert simple.group.order == 120
    assert simple.value == pytest.approx(search.evaluate(factors), abs=1e-9)


def test_deep_neural_collapse_stays_what_it_is():
    frame = Orthogonal(classes=3).scaled(Problem(classes=3, layers=3, weight_decay=1e-6))[:-1]
    simple = simplified(frame)
    assert simple.value == pytest.approx(4 * math.log(3)) and simple.group.order == 6


def test_explaining_never_costs_and_is_kept(tmp_path):
    shutil.copytree(stored.PACKAGE / "chains", tmp_path / "chains")
    before = {(K, c.least_layers): c for K in (3, 4) for c in stored.chains(K, tmp_path)}
    steps = list(explain_stored([3, 4], range(2, 6), store=True, folder=tmp_path))
    assert len(steps) >= 3 and all(step.order >= 2 for step in steps)
    for step in steps:
        K, L = step.chain.classes, step.chain.least_layers
        after = next(c for c in stored.chains(K, tmp_path) if c.least_layers == L)
        fresh = Chain(matrices=after.matrices)
        assert fresh.representation_cost(L).scale == after.representation_cost(L).scale
        assert after.log_cost(L) <= before[K, L].log_cost(L) + simplify.DEARER
        assert length(after) == step.after <= step.before
        assert "(" in after.label
    assert all(len(stored.chains(K, tmp_path)) == sum(k == K for k, _ in before)
               for K in (3, 4))
    # Deeper chains were not asked for.
    for chain in stored.chains(4, tmp_path):
        if chain.least_layers > 5:
            assert (chain.matrices[0] == before[4, chain.least_layers].matrices[0]).all()


def test_short_kernels_are_whole_kernels():
    """Of index 1: the maximal minors of a basis of all integer solutions have no common factor."""
    equations = as_integers([[6, 10, 15, 7], [2, 4, 8, 1]])
    basis = short_kernel(equations, 4)
    assert not (equations @ basis.T).any()
    minors = [int(basis[0][i] * basis[1][j] - basis[0][j] * basis[1][i])
              for i, j in itertools.combinations(range(4), 2)]
    assert math.gcd(*minors) == 1


def test_three_points_of_the_plane_cost_an_algebraic_number():
    """K = 3, L = 4 by hand.  M_2 = M_3 = [[1, t, 0], [0, t, 1]]; W_3 has the rows +-(1, -1) and
    (b, c), (c, b), s = b + c, x = (b - c)^2:  M_2 has the singular values 1, sqrt(1 + 2 t^2), and
    the Gram matrix of sigma(M_4) splits into its symmetric and antisymmetric parts (ours)."""
    def cost(t, s, x):
        trace = 1 / (1 + x) + (1 + s**2 + 2 * s**2 * t**2) / (2 * s**2 * t**2)
        return (1 + mpmath.sqrt(1 + 2 * t**2)) ** 2 * 2 * (4 + s**2 + x) * trace

    with mpmath.workdps(60):
        slopes = [lambda *at, n=n: mpmath.diff(cost, at, n)
                  for n in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
        at = mpmath.findroot(slopes, (0.93, 1.02, 0.38), tol=1e-60)
        expected = cost(*at)
        simple = simplified(floats(stored.chain(3, 4)))
        found = minimum(simple.factors, entry_orbits(simple.factors, simple.group))
        assert abs(found - expected) < mpmath.mpf(10) ** -25
        assert simple.value == pytest.approx(float(mpmath.log(expected)), abs=1e-13)
        coefficients = polynomial(found)
        assert coefficients == (1, -328, 26936, -646816, 714256, -2135552, 8423936, -278528, 4096)


# --- pages ---

def test_an_explanation_says_what_the_construction_is():
    explanation = explain(10, 3)
    assert explanation.layers[0].name == "edges of K_5"
    assert explanation.symmetry.order == 120 and explanation.group_name == "S_5"
    assert [sum(map(len, o)) for o in explanation.neuron_orbits] == [5, 10]
