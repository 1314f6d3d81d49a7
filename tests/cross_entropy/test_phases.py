"""Phase diagrams as data against single cells, and as figures; runs of the solver counted."""

import math

import numpy as np
import pytest

from nctheory import InputError, Orthogonal, Pairs, Problem, solve
from nctheory.cross_entropy.phases import phase_diagram


def cell_losses(diagram, **fixed):
    for i, row in enumerate(diagram.values[0]):
        for j, column in enumerate(diagram.values[1]):
            cell = {diagram.axes[0]: row, diagram.axes[1]: column, **fixed}
            yield (i, j), Problem(**cell, loss="ce", activation="linear")


def test_classes_against_layers():
    diagram = phase_diagram(classes=range(3, 9), layers=(1, 2, 3, 5, 12), weight_decay=1e-4)
    assert diagram.axes == ("classes", "layers")
    for cell, problem in cell_losses(diagram, weight_decay=1e-4):
        K = problem.classes
        assert diagram.loss[cell] <= min(Orthogonal(classes=K).loss(problem),
                                         Pairs(classes=K).loss(problem)) * (1 + 1e-15)
    names = np.array(diagram.names)[diagram.best]
    assert (names[:, 0] == "DNC").all()  # L = 1
    assert (names[-1, 1], names[-1, -1]) == ("pairs", "circle")
    assert (diagram.ranks[names == "circle"] == 2).all()


def test_layers_against_decay_reaches_zero():
    diagram = phase_diagram(classes=6, layers=(2, 4), weight_decay=np.logspace(-5, 0, 11))
    names = np.array(diagram.names)[diagram.best]
    assert (names[:, -1] == "zero").all() and (names[:, 0] != "zero").all()
    assert diagram.loss[0, -1] == math.log(6) and diagram.ranks[0, -1] == 0
    assert (np.diff(diagram.loss, axis=1) >= 0).all()


def test_width_against_decay_lets_in_what_fits():
    diagram = phase_diagram(classes=10, layers=2, weight_decay=(1e-3, 1e-2),
                            width=(1, 2, 4, 5, 9))
    assert diagram.axes == ("weight_decay", "width")
    names = np.array(diagram.names)[diagram.best][0]
    assert names.tolist() == ["none fits", "circle", "edgecode", "pairs", "pairs"]
    assert (diagram.ranks <= np.array([1, 2, 4, 5, 9])).all()


@pytest.mark.parametrize("arguments, message", [
    (dict(classes=4, layers=2, weight_decay=1e-3), "exactly two of classes.*got 0: none"),
    (dict(classes=[4], layers=[2], weight_decay=[1e-3]), "got 3: classes, layers, weight_decay"),
    (dict(classes=[], layers=[2], weight_decay=1e-3), "must not be empty"),
    (dict(classes=[1], layers=[2], weight_decay=1e-3), "classes must be an integer at least 2")])
def test_refusals(arguments, message):
    with pytest.raises(InputError, match=message):
        phase_diagram(**arguments)


def test_figure(tmp_path):
    pytest.importorskip("matplotlib")
    from nctheory.report.phases import figure

    diagram = phase_diagram(classes=6, layers=(2, 4, 9), weight_decay=np.logspace(-5, 0, 6))
    drawn = figure(diagram)
    axes, = drawn.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        r"weight decay $\lambda$", "layers $L$")
    assert list(axes.get_yticks()) == [2, 4, 9]  # there is no layer 1.5
    assert axes.get_xscale() == "log" and axes.get_yscale() == "linear"
    legend, = drawn.legends
    assert [text.get_text() for text in legend.get_texts()] == list(diagram.names)
    low, high = sorted(axes.get_xlim())
    assert low < 1e-5 and high > 1
    drawn.savefig(tmp_path / "phases.png")
    assert (tmp_path / "phases.png").stat().st_size > 1000


@pytest.mark.slow
def test_gk25_linear_model_reaches_pairs_from_random_starts():
    """(10, 2, 5, 2^-10), d = 70: 0.0800127 with rank 5 in most of 20 runs (THEORY.md)."""
    problem = Problem(classes=10, layers=2, samples=5, width=70, weight_decay=2**-10, loss="ce",
                      activation="linear")
    runs = solve(problem, seeds=range(20), method="quasi-newton")
    reached = np.abs(runs.loss - 0.0800127) < 1e-7
    assert reached.sum() > 10 and (runs.ranks[reached][:, -1, 0] == 5).all()


def test_direct_minimisation_agrees_with_the_solver():
    """The same minimum from K x K logits as from all factors."""
    from nctheory.cross_entropy.direct import minimise

    problem = Problem(classes=6, layers=3, samples=2, width=10, weight_decay=1e-3, loss="ce",
                      activation="linear")
    batch = solve(problem, seeds=range(6), method="quasi-newton", collapsed=True)
    best = minimise(problem, starts=16, ranks=(2, 3, 5))[0]
    assert best.loss <= batch.loss.min() * (1 + 1e-9)
    assert np.abs(batch.loss / best.loss - 1).min() < 1e-8
