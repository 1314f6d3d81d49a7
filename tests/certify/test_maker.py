"""The makers: against the tables, the float losses, and high precision."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nctheory import InputError, Problem, Triangular, threshold_table
from nctheory.certify import chain, compare, cost, minimal_loss, threshold, to_json
from nctheory.constructions import FAMILIES, Chain, Family, Features, Orthogonal, Rook, stored
from nctheory.thresholds import BEATEN


def test_thresholds_are_those_of_the_table():
    for row in threshold_table(range(3, 40), range(2, 6), library=["triangular"]).rows:
        made = threshold(row.classes, row.layers)
        assert (made.verdict == "beaten") == (row.verdict == BEATEN)
    for row in threshold_table(range(3, 40), range(2, 6)).rows:
        made = [threshold(row.classes, row.layers)]
        if row.layers >= 4 or row.layers == 3 and row.classes >= 7:
            made.append(chain(row.classes, row.layers))
        assert any(c.verdict == "beaten" for c in made) == (row.verdict == BEATEN)


@pytest.mark.parametrize("construction", [Orthogonal(classes=10), Orthogonal(classes=2),
                                          Triangular(vertices=5, subset=3),
                                          Triangular(vertices=12, subset=6)])
@pytest.mark.parametrize("layers", [2, 3, 7, 30])
@pytest.mark.parametrize("decay", ["1/1000000000", "1/1000", "1/100"])
def test_minimal_loss_encloses_the_float(construction, layers, decay):
    problem = Problem(classes=construction.classes, layers=layers, samples=3,
                      weight_decay=float(Fraction(decay)))
    made = minimal_loss(construction, layers, samples=3, weight_decay=decay)
    low, high = made.parameters["low"], made.parameters["high"]
    assert high - low < Fraction(1, 2**97)
    assert construction.loss(problem) == pytest.approx(float(low), rel=1e-14)


def test_next_to_the_critical_weight_decay():
    """L = 2: kappa_c^3 = 1/16, so K = 1, n = 1 is critical at lam^3 = 1/16."""
    root = Fraction(int(mpmath.floor(mpmath.mpf(2) ** 60 / mpmath.cbrt(16))), 2**60)
    one = Orthogonal(classes=1)
    assert minimal_loss(one, 2, weight_decay=root - Fraction(1, 2**30)).verdict == "enclosed"
    assert minimal_loss(one, 2, weight_decay=root + Fraction(1, 2**30)).verdict == "zero"


@pytest.mark.parametrize("call", [
    lambda: minimal_loss(Orthogonal(classes=3), 2, weight_decay="x"),
    lambda: minimal_loss(Triangular(vertices=5, subset=3), 1),
    lambda: compare("pairs", "dnc", 10, 2, weight_decay=float("nan")),
    lambda: compare("relu pairs", "dnc", 3, 4),
    lambda: compare("pairs", "pairs", 10, 2),
])
def test_refusals(call):
    with pytest.raises(InputError, match="must"):
        call()


def parabola(classes):
    x = np.arange(classes)
    return Features(features=[x**0, x, x**2], name="parabola",
                    rows=np.stack([1 - 2 * x**2, 4 * x, -2 * x**0], axis=1))


@pytest.mark.parametrize("build, classes, layers, wins", [
    (parabola, 8, 20, "parabola m=3 rows=8"),
    (parabola, 9, 30, "parabola m=3 rows=9"),
    (lambda classes: Rook(side=4) if classes == 16 else None, 16, 6, "rook n=4 s=2 t=2"),
    (lambda classes: chain_of(5, 6) if classes == 5 else None, 7, 6, "a chain + DNC 2")])
def test_what_a_registered_family_wins_is_certified(build, classes, layers, wins, monkeypatch,
                                                    run, tmp_path):
    """Without rivals; features, a block of another kind, and a direct sum: by the checker."""
    def best(classes, layers, loss, activation):
        return build(classes) if classes >= 3 and layers >= 6 else None

    for name in FAMILIES.keys() - {"dnc"}:
        monkeypatch.delitem(FAMILIES, name)
    monkeypatch.setitem(FAMILIES, "mine", Family(build, {"K": ("classes", int)}, best=best))
    row = threshold_table([classes], [layers]).rows[0]
    assert (row.construction.label, row.verdict) == (wins, BEATEN)
    made = cost(classes, layers)
    # Factors are rounded to seven digits of their largest entries: the parabola's differ widely.
    assert float(made.parameters["bound"]) == pytest.approx(row.cost, rel=2e-5)
    file = tmp_path / "mine.json"
    file.write_text(to_json([made]))
    code, out, _ = run("check", str(file))
    assert code == 0 and out.startswith(f"verified      K={classes}, L={layers}: cost ")


def chain_of(classes, layers):
    return Chain(matrices=stored.chain(classes, layers).matrices, name="a chain")
