"""Hypothesis strategies: a researcher's lemma, property-tested in five lines.

    from hypothesis import given
    from nctheory import strategies as ncs

    @given(ncs.triangulars(), ncs.layers(4))
    def test_my_lemma(construction, L):
        assert construction.compare_with_dnc(L) == -1

Needs Hypothesis (`pip install hypothesis`), which nctheory itself does not.  Examples shrink
towards few classes, few layers and weight decay 1/2.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from nctheory import activations
from nctheory.activations import ACTIVATIONS
from nctheory.constructions import FAMILIES, DirectSum, Orthogonal, Triangular, construct
from nctheory.constructions.base import ExactFit
from nctheory.errors import InputError
from nctheory.graphs import from_spec
from nctheory.losses import LOSSES
from nctheory.problem import Problem
from nctheory.specs import examples

try:
    from hypothesis import strategies as st
except ImportError:
    raise InputError("nctheory.strategies needs Hypothesis: pip install hypothesis, "
                     "got no such module") from None

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from nctheory.graphs.named import NamedGraph


# Words of every registered loss, and of every activation that the model is defined for.
LOSS_WORDS = examples(LOSSES)
ACTIVATION_WORDS = [word for word in examples(ACTIVATIONS) if activations.get(word).homogeneous]


def classes(least: int = 2, most: int = 30) -> SearchStrategy[int]:
    """K."""
    return st.integers(least, most)


def layers(least: int = 1, most: int = 8) -> SearchStrategy[int]:
    """L."""
    return st.integers(least, most)


def samples(most: int = 5) -> SearchStrategy[int]:
    """n, samples a class."""
    return st.integers(1, most)


def decays(least: int = 1, most: int = 20) -> SearchStrategy[Fraction]:
    """Weight decays lam = m / 2^e, exact as fractions and as floats: e from `least` to `most`,
    m = 1..15."""
    return st.builds(lambda e, m: Fraction(m, 2**e), st.integers(least, most),
                     st.integers(1, 15))


@st.composite
def problems(draw: DrawFn, /, *, equal_decays: bool = False, **fixed: Any) -> Problem:
    """Problems of every kind; keyword arguments of `Problem` fix what should not vary."""
    given = dict(fixed)
    given.setdefault("classes", draw(classes(most=8)))
    given.setdefault("layers", draw(layers(most=5)))
    given.setdefault("samples", draw(samples(3)))
    given.setdefault("loss", draw(st.sampled_from(LOSS_WORDS)))
    given.setdefault("activation", draw(st.sampled_from(ACTIVATION_WORDS)))
    if "weight_decay" not in given:
        count = given["layers"] + 1
        drawn = [float(draw(decays())) for _ in range(1 if equal_decays else count)]
        given["weight_decay"] = drawn[0] if equal_decays else tuple(drawn)
    return Problem(**given)


@st.composite
def triangulars(draw: DrawFn, /, least: int = 4, most: int = 12) -> Triangular:
    """Members of the triangular family with `least` to `most` vertices."""
    r = draw(st.integers(least, most))
    return Triangular(vertices=r, subset=draw(st.integers(2, r - 2)))


def orthogonals(least: int = 1, most: int = 12) -> SearchStrategy[Orthogonal]:
    """Deep neural collapse."""
    return st.builds(lambda K: Orthogonal(classes=K), st.integers(least, most))


def direct_sums(most_blocks: int = 3) -> SearchStrategy[DirectSum]:
    """Direct sums of triangular blocks and DNC."""
    block = st.one_of(orthogonals(), triangulars(most=7))
    return st.lists(block, min_size=1, max_size=most_blocks).map(
        lambda blocks: DirectSum(tuple(blocks)))


def constructions() -> SearchStrategy[ExactFit]:
    """Exact fits: the examples of every family of the registry, blocks and direct sums."""
    members = [made for made in map(construct, examples(FAMILIES)) if isinstance(made, ExactFit)]
    return st.one_of(orthogonals(2), triangulars(most=7), st.sampled_from(members),
                     direct_sums())


def graphs() -> SearchStrategy[NamedGraph]:
    """Small graphs of the named families, and complements of strongly regular ones."""
    small = st.integers(3, 7)
    spec = st.one_of(
        st.builds("triangular:r={}".format, small),
        st.builds("johnson:n={},k=2".format, small),
        st.builds("kneser:n={},k=2".format, st.integers(5, 7)),
        st.builds("hamming:m=2,q={}".format, st.integers(2, 5)),
        st.builds("rook:m={},n={}".format, small, small),
        st.builds("multipartite:sizes={}x{}".format, small, small),
        st.sampled_from(["paley:q=5", "paley:q=13", "paley:q=17"]),
        st.builds("complement:triangular:r={}".format, st.integers(5, 7)))
    return spec.map(from_spec)


@st.composite
def parameters(draw: DrawFn, /, problem: Problem, width: int | None = None,
               scale: float = 1.0) -> list[np.ndarray]:
    """[H_1, W_1, ..., W_L] of a problem: independent normal entries times `scale`, some of the
    matrices zero or of rank one, so that kinks and degenerate points occur."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    K, L = problem.classes, problem.layers
    d = width or problem.width or draw(st.integers(1, K + 2))
    shapes = [(d, sum(problem.class_sizes)), *[(d, d)] * (L - 1), (K, d)]
    made = []
    for rows, columns in shapes:
        kind = draw(st.sampled_from(["full", "full", "rank one", "zero"]))
        if kind == "rank one":
            matrix = np.outer(rng.normal(size=rows), rng.normal(size=columns))
        else:
            matrix = rng.normal(size=(rows, columns)) * (kind == "full")
        made.append(scale * matrix)
    return made


__all__ = ["classes", "constructions", "decays", "direct_sums", "graphs", "layers",
           "orthogonals", "parameters", "problems", "samples", "triangulars"]
