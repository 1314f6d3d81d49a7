"""What was found, explained: symmetry, names, simplification, pages and pictures."""

import shutil

import pytest

from nctheory import InputError
from nctheory.atlas import simplify
from nctheory.atlas.explain import explain
from nctheory.atlas.simplify import explain_stored, length
from nctheory.constructions import Chain, stored


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


def test_an_explanation_says_what_the_construction_is():
    explanation = explain(10, 3)
    assert explanation.layers[0].name == "edges of K_5"
    assert explanation.symmetry.order == 120 and explanation.group_name == "S_5"
    assert [sum(map(len, o)) for o in explanation.neuron_orbits] == [5, 10]


def test_panels_and_sentences_agree():
    """K = 24, L = 10: rounded to integers, layers 2 to 9 are alike and have two names."""
    from nctheory.report.atlas_cell import to_text
    from nctheory.report.atlas_pictures import _runs

    explanation = explain(24, 10)
    assert [[layer.number for layer in run] for run in _runs(explanation.layers)] == [
        list(range(2, 9)), [9], [10]]
    text = to_text(explanation)
    assert "34 neurons tell 24 classes apart" in text and "34 more as good as off" in text
    assert " by 0" not in text
    assert "exact ranks of M_l: 14 4 3" in text and "of M_l: 3 3 3 3 3 3 3 3 3 5;" in text
    for layer, ranks in zip(explanation.layers, explanation.numerical_ranks.after, strict=True):
        assert layer.repeats or f"rank {ranks}" in layer.sentence or ranks == 24


def test_too_many_neurons_are_refused_in_one_line():
    with pytest.raises(InputError, match="has up to 601080394 neurons a layer, got .500, 3."):
        explain(500, 3)
