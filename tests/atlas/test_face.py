"""Faces: log P is smooth on them."""

import numpy as np
import pytest

from nctheory.atlas import face, search
from nctheory.atlas.simplify import entry_orbits, split, symmetrised
from nctheory.atlas.symmetry import network_symmetry
from nctheory.constructions import stored


def floats(chain):
    return [m.astype(float) for m in chain.matrices]


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
