"""The makers: against the tables, the float losses, and high precision."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nctheory import InputError, Problem, Triangular, threshold_table
from nctheory.certify import cell, chain, compare, cost, minimal_loss, threshold, to_json
from nctheory.certify.uniform import two_layer_range
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


def test_the_two_layer_rule_is_what_integers_say():
    """Far past the last exception; the proof for all r is the uniform theorem."""
    for r in range(4, 120):
        assert [s for s in range(2, r - 1) if cell(r, s, 2).verdict == "below"] == list(
            two_layer_range(r))
        assert all(cell(r, s, 2).verdict != "equal" or (r, s) == (4, 2)
                   for s in range(2, r - 1))


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


def reference(name, K, L, n, lam):
    """min over x >= 0 by mpmath on the formulas of [GK25], another route than the maker's."""
    m, N = K // 2, L + 1

    def F(x):
        x = mpmath.mpf(x)
        pair = mpmath.log(1 + mpmath.exp(-2 * x) + (K - 2) * mpmath.exp(-x))
        single = mpmath.log(1 + (K - 1) * mpmath.exp(-x))
        if name == "dnc":
            return single + lam * N / 2 * (K - 1) * (x * mpmath.sqrt(n)) ** (mpmath.mpf(2) / N)
        fit = pair if K % 2 == 0 else ((K - 1) * pair + single) / K
        t = [2 * x * mpmath.sqrt(n)] * m + [x * mpmath.sqrt(n)] * (K % 2)
        return fit + lam * N / 2 * sum(s ** (mpmath.mpf(2) / N) for s in t)

    values = [(F(x / 20), x / 20) for x in range(1, 900)]
    _, x = min(values)
    step = mpmath.mpf(1) / 20
    for _ in range(60):
        x = min((x - step, x, x + step), key=F)
        step /= 2
    return min(F(x), mpmath.log(K))


@pytest.mark.parametrize("K, L, n, lam", [(10, 2, 5, "1/1024"), (4, 2, 1, "1/1000"),
                                          (10, 6, 1, "1/10000"), (5, 3, 2, "1/2000"),
                                          (7, 2, 1, "1/500"), (6, 1, 1, "1/100")])
def test_cross_entropy_against_mpmath(K, L, n, lam):
    """Values of THEORY: 0.0800127 < 0.0906622, 0.0188949 < 0.0192415, 0.0043636 < 0.0063994."""
    a, b = (reference(name, K, L, n, mpmath.mpf(1) / int(lam[2:])) for name in ("pairs", "dnc"))
    made = compare("pairs", "dnc", K, L, samples=n, weight_decay=lam)
    assert made.verdict == ("below" if a < b else "above")
    bound = float(made.data["bound"])
    assert min(a, b) < bound < max(a, b)


def test_mpmath_interval_exp_is_not_rigorous():
    """Why no certificate uses mpmath.iv: its exp misses the true value at 128 bits and more."""
    import random

    from mpmath import iv, mp, mpf

    rng, missed = random.Random(5), 0
    before = iv.prec
    try:
        with mp.workprec(2000):
            for _ in range(300):
                x = 10 ** rng.uniform(-30, -10)
                iv.prec = 128
                low, high = (mp.make_mpf(end) for end in iv.exp(iv.mpf(-x))._mpi_)
                missed += not low <= mp.exp(mpf(-x)) <= high
    finally:
        iv.prec = before
    assert missed > 0


def test_arb_does_not_fail_there_but_has_its_own_traps():
    from flint import arb, ctx

    ctx.prec = 128
    try:
        x = 1e-25
        wide = (-arb(x)).exp()
        ctx.prec = 2000
        assert wide.contains((-arb(x)).exp())
        ctx.prec = 128
        assert arb(0.1) != arb(1) / 10 and not (arb(0.1) - arb(1) / 10).contains(0)
        third = arb(1) / 3
        assert not (third < third) and not (third >= third)  # undecided, not false
    finally:
        ctx.prec = 53


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
