"""Every theorem is proved, within 3 s, and the runner notices when one is not."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy
from click.testing import CliRunner

from nctheory.certify import Certificate, checker
from proofs import THEOREMS, Theorem, prove, theorem
from proofs.__main__ import main


def test_a_theorem_a_file():
    """Every file but the two that are none is a theorem, of the file's name."""
    files = {path.stem for path in Path(theorem.__file__).parent.glob("[!_]*.py")} - {"theorem"}
    assert {name.replace("-", "_") for name in THEOREMS} == files
    assert all(made.name == name for name, made in THEOREMS.items())


@pytest.mark.parametrize("name", THEOREMS)
def test_theorem(name):
    outcome = prove(THEOREMS[name])
    assert outcome.proved, [step.text for step, holds in outcome.steps if not holds]
    assert all(text for text in (outcome.theorem.statement, outcome.theorem.latex,
                                 outcome.theorem.domain, outcome.theorem.source))


x, y = sympy.symbols("x y", positive=True)

FALSE_STEPS = {
    "identity": theorem.identity("", (x + y)**2, x**2 + y**2),
    "identity with symbolic exponent": theorem.identity("", x**y * x, x**(y + 2)),
    "identity of logarithms": theorem.identity("", sympy.log(x) + 1, sympy.log(x)),
    "negative coefficient": theorem.positive("", x - 1),
    "no constant coefficient": theorem.positive("", x),
    "a shift too small": theorem.positive("", x**2 - 4, {x: 2 + y}),
    "a case": theorem.decided("", lambda: [True, False]),
    "no case at all": theorem.decided("", lambda: []),
    "limit": theorem.limit("", 1 / x, x, sympy.oo, 1),
    "no certificate": theorem.certified("", lambda: []),
    "false certificate": theorem.certified("", lambda: [Certificate(
        "cell", {"r": 4, "s": 2, "L": 3}, "square-root elimination",
        {"a": 0, "b": 1, "d": 2, "c": 3}, "below")]),
}


@pytest.mark.parametrize("step", FALSE_STEPS.values(), ids=FALSE_STEPS)
def test_false_steps_fail(step):
    """A proof that cannot fail proves nothing."""
    made = Theorem("false", "s", "l", "d", "t", lambda: iter([step]))
    assert not prove(made).proved


def test_a_theorem_without_steps_is_not_proved():
    assert not prove(Theorem("empty", "s", "l", "d", "t", lambda: iter(()))).proved


def test_true_steps_hold():
    for step in (theorem.identity("", (x + y)**2, x**2 + 2 * x * y + y**2),
                 theorem.identity("", x**y * x, x**(y + 1)),
                 theorem.positive("", x**2 - 4, {x: 3 + y}),
                 theorem.positive("", x * y, strict=False)):
        assert prove(Theorem("true", "s", "l", "d", "t", lambda step=step: iter([step]))).proved


def test_report_and_certificates(tmp_path):
    run = CliRunner().invoke(main, ["gk25-theorem-1", "--output", str(tmp_path)])
    assert run.exit_code == 0 and "verified" in run.output and "LaTeX" in run.output
    content = (tmp_path / "gk25-theorem-1.json").read_bytes()
    assert all(result.verified for result in checker.check_file(content))
    assert json.loads(content)["format"] == checker.FORMAT


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
