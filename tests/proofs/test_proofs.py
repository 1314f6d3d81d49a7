"""Every theorem is proved, and the runner notices when one is not."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from nctheory.certify import Certificate, cell, checker
from proofs import THEOREMS, Theorem, cover, orthant, prove, statements, theorem
from proofs.__main__ import main


def test_a_theorem_a_file():
    """Every file but the helpers is a theorem, of the file's name."""
    files = {path.stem for path in Path(theorem.__file__).parent.glob("[!_]*.py")}
    helpers = {"theorem", "statements", "cover", "orthant", "pairs", "cuts"}
    assert {name.replace("-", "_") for name in THEOREMS} == files - helpers
    assert all(made.name == name for name, made in THEOREMS.items())


@pytest.mark.parametrize("name", THEOREMS)
def test_theorem(name):
    outcome = prove(THEOREMS[name])
    assert outcome.proved, ([step.text for step, holds in outcome.steps if not holds],
                            outcome.gaps)
    assert all(text for text in (outcome.theorem.statement, outcome.theorem.latex,
                                 outcome.theorem.domain, outcome.theorem.source))
    assert all(other in THEOREMS for other in outcome.theorem.rests_on)


x, y = sympy.symbols("x y", positive=True)

FALSE_STEPS = {
    "identity": theorem.identity("step", (x + y)**2, x**2 + y**2),
    "identity with symbolic exponent": theorem.identity("step", x**y * x, x**(y + 2)),
    "identity of logarithms": theorem.identity("step", sympy.log(x) + 1, sympy.log(x)),
    "negative coefficient": theorem.positive("step", x - 1),
    "no constant coefficient": theorem.positive("step", x),
    "a shift too small": theorem.positive("step", x**2 - 4, {x: 2 + y}),
    "a case": theorem.decided("step", lambda: [True, False]),
    "no case at all": theorem.decided("step", lambda: []),
    "limit": theorem.limit("step", 1 / x, x, sympy.oo, 1),
    "no certificate": theorem.certified("step", lambda: [], lambda made: True),
    "not all certificates": theorem.certified("step", lambda: [cell(5, 3, 3)],
                                              lambda made: len(made) == 2),
    "false certificate": theorem.certified("step", lambda: [Certificate(
        "cell", {"r": 4, "s": 2, "L": 3}, "square-root elimination",
        {"a": 0, "b": 1, "d": 2, "c": 3}, "below")], lambda made: True),
    "never nonnegative": orthant.nonnegative("step: ", x**2 - 3 * x * y + y**2, (x, y)),
}


def made_of(*steps, statement="words only"):
    return Theorem("name", statement, "l", "d", "t", lambda: iter(steps), ("step",))


@pytest.mark.parametrize("step", FALSE_STEPS.values(), ids=FALSE_STEPS)
def test_false_steps_fail(step):
    """A proof that cannot fail proves nothing."""
    outcome = prove(made_of(step))
    assert not outcome.proved and not outcome.gaps


TRUE_STEPS = {
    "identity": theorem.identity("step: `x^2`", (x + y)**2, x**2 + 2 * x * y + y**2),
    "symbolic exponent": theorem.identity("step", x**y * x, x**(y + 1)),
    "positive": theorem.positive("step", x**2 - 4, {x: 3 + y}),
    "nonnegative": theorem.positive("step", x * y, strict=False),
    "at integers alone": orthant.nonnegative("step: ", x**2 - x, (x,)),
    "in the domain alone": orthant.nonnegative("step: ", x - 3, (x,), x - 3),
}


@pytest.mark.parametrize("step", TRUE_STEPS.values(), ids=TRUE_STEPS)
def test_true_steps_hold(step):
    assert prove(made_of(step, statement=" ".join(step.shows) or "words only")).proved


@pytest.mark.parametrize("made, gap", [
    (made_of(), "needed 1, found 0"),
    (made_of(TRUE_STEPS["positive"], TRUE_STEPS["positive"]), "needed 1, found 2"),
    (made_of(TRUE_STEPS["positive"], theorem.limit("other", x, x, 0, 0)), "'other': needed 0"),
    (made_of(TRUE_STEPS["positive"], statement="P < 3"), "shown by no step: P < 3"),
    (made_of(TRUE_STEPS["identity"]), "shown, but not in the statement: x^2")])
def test_what_is_missing_is_said(made, gap):
    outcome = prove(made)
    assert not outcome.proved and any(gap in found for found in outcome.gaps)


def test_a_theorem_without_steps_is_not_proved():
    assert not prove(Theorem("empty", "s", "l", "d", "t", lambda: iter(()), ())).proved


def test_what_lies_outside_of_the_domain_is_dropped_only_as_a_whole():
    """A negative constant beside a domain that has still to be cut is no proof."""
    ring, a, b = sympy.ring("a b", sympy.QQ)
    parts = list(orthant.cut(ring(-1), a - 2))
    assert any(c < 0 for part in parts for c in part.coeffs())
    assert list(orthant.cut(ring(-1), ring(-2))) == []


@pytest.mark.parametrize("domain, boxes, hole", [
    (((2, None), (3, None)), [((2, None), (3, 3)), ((2, None), (4, None))], None),
    (((2, None), (3, None)), [((2, None), (3, 3)), ((3, None), (4, None))], (2, 4)),
    (((2, 5),), [((2, 3),), ((5, None),)], (4,)), (((0, None),), [], (0,))])
def test_cover(domain, boxes, hole):
    assert cover.uncovered(domain, boxes) == hole


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 5),
                          st.integers(0, 5)), max_size=6))
def test_cover_against_every_point(corners):
    boxes = [((a, a + b), (c, c + d)) for a, b, c, d in corners]
    hole = cover.uncovered(((1, 4), (0, 6)), boxes)
    free = [(x, y) for x in range(1, 5) for y in range(7)
            if not any(cover.inside((x, y), box) for box in boxes)]
    assert hole in free if free else hole is None


def test_boxes_of_affine_maps():
    u, t = sympy.symbols("u t")
    assert cover.pair(3 + u, 2 + t) == ((3, None), (2, None))
    assert cover.pair(sympy.Integer(3), 2 + t) == ((3, 3), (2, None))
    for first, second in ((u, u), (2 * u, t), (u + t, u), (u**2, t)):
        with pytest.raises(ValueError, match="not a box"):
            cover.pair(first, second)


def test_report_and_certificates(tmp_path):
    run = CliRunner().invoke(main, ["gk25-theorem-1", "--output", str(tmp_path)])
    assert run.exit_code == 0 and "verified" in run.output and "LaTeX" in run.output
    assert "least K = 6" in run.output  # the threshold that isolated roots gave
    content = (tmp_path / "gk25-theorem-1.json").read_bytes()
    assert all(result.verified for result in checker.check_file(content))
    assert json.loads(content)["format"] == checker.FORMAT


def test_statements():
    """Every theorem stands in the table once, and statuses follow from what proofs cite."""
    rows = list(statements.table(THEOREMS))
    assert sorted(row.proof for row in rows if row.proof) == sorted(THEOREMS)
    assert all((not row.proof) != (not row.status) for row in rows)
    words = {row.where: statements.status(row, THEOREMS) for row in rows}
    assert words["[GK25] Theorem 4 (ii)"] == words["[GK25] Theorem 6"] == "observed"
    assert words["[GK25] Theorem 3 (ii)"] == "observed"
    assert words["[GK25] Theorem 5, start"] == "refuted"
    assert words["[GK25] Theorem 3 (i)"].startswith("derived, with cited: [GK25] Lemma 1")
    assert statements.cited_by("three-classes-two-layers", THEOREMS) == []


def test_unknown_theorem():
    run = CliRunner().invoke(main, ["fermat"])
    assert run.exit_code == 2 and "name must be one of" in run.output


def test_the_two_roots_of_gk25_theorem_4_numerically():
    """R rises to its maximum at q + W((K-1) q e^-q) and falls: independent of the derivation."""
    from scipy.special import lambertw

    for K in (3, 10, 100):
        for L in (2, 3, 7):
            q = (L - 1) / (L + 1)
            alpha = np.linspace(1e-3, 30, 400_001)
            R = alpha**q / (np.exp(alpha) + K - 1)
            top = q + lambertw((K - 1) * q * np.exp(-q)).real
            assert abs(alpha[np.argmax(R)] - top) < 1e-3
            assert abs(R.max() - q * top**(q - 1) * np.exp(-top)) < 1e-9
            rises = np.diff(R) > 0
            assert rises[: np.argmax(R)].all() and not rises[np.argmax(R):].any()


def test_the_sum_of_gk25_theorem_7_with_a_single_class():
    """Odd K from 15 on for L = 4, by forward passes: output of odd pairs, norms by Hölder."""
    K, L = 15, 4
    even, m = K - 1, (K - 1) // 2
    X = np.kron(np.eye(m), [[1.0, -1.0], [-1.0, 1.0]])
    Y = np.ones((even, even))
    blocks = [X + Y, *[X + 2 / even * Y] * (L - 2), X]
    out = blocks[0]
    for W in blocks[1:]:
        out = W @ np.maximum(out, 0)
    scale = out[0, 0]
    nuclear = np.linalg.svd(blocks[0], compute_uv=False).sum()
    P = nuclear**2 * np.prod([np.sum(W**2) for W in blocks[1:]]) / scale**2
    exact = Fraction((2 * even + 4)**(L - 2) * (2 * even)**3, 4**(L - 1))
    assert np.allclose(out / scale, X) and abs(P / float(exact) - 1) < 1e-12
    # One common scale of the output: costs of a direct sum add.
    assert P**(1 / (L + 1)) + 1 < K - 1
    assert (Fraction(12 * 2 + 4)**2 * 24**3 / 64) > 11**5  # and not from K = 13
