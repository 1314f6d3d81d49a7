"""The Coq files compile, where Coq is installed, and rest on the axioms of its reals alone."""

import re
import shutil
import subprocess
from importlib.resources import files

import pytest

from nctheory import InputError
from nctheory.certify import UNIFORM, cell, compare, minimal_loss, threshold, thresholds
from nctheory.certify.coq import to_coq
from nctheory.constructions import Orthogonal

REAL_AXIOMS = {"ClassicalDedekindReals.sig_not_dec", "ClassicalDedekindReals.sig_forall_dec",
               "FunctionalExtensionality.functional_extensionality_dep"}

needs_coq = pytest.mark.skipif(shutil.which("coqc") is None,
                               reason="coqc is not installed (Debian: coq, libcoq-interval)")


def compile_coq(source, folder, name="claims"):
    path = folder / f"{name}.v"
    path.write_text(source)
    return subprocess.run(["coqc", "-q", path.name], cwd=folder, capture_output=True, text=True,
                          timeout=1500)


def checked(source, folder):
    run = compile_coq(source, folder)
    assert run.returncode == 0, run.stderr
    axioms = set(re.findall(r"^(\w+(?:\.\w+)+)\s*:", run.stdout, re.MULTILINE))
    return run.stdout, axioms - {"Closed"}


@needs_coq
def test_cells_by_the_decider(tmp_path):
    out, axioms = checked(to_coq([cell(5, 3, 3), cell(4, 2, 3), cell(9, 4, 6), threshold(11, 3),
                                  threshold(9, 3), threshold(3, 4), cell(6, 3, 2), cell(4, 2, 2),
                                  cell(9, 2, 2), cell(9, 4, 2)])
                          + "Check decide_below_sound. Print Assumptions decide_below_sound.\n"
                          + "Print Assumptions decide_below.\n", tmp_path)
    assert axioms == REAL_AXIOMS
    assert "P 5 3 3 < P_DNC 5 3" in out and "P_DNC 4 3 < P 4 2 3" in out
    assert "P2 6 3 < P_DNC 6 2" in out and "P2 4 2 = P_DNC 4 2" in out
    # The decider computes in integers, without any axiom.
    assert out.rstrip().endswith("Closed under the global context")


RULES = files("nctheory.certify").joinpath("rules.v").read_text(encoding="utf-8")


@needs_coq
def test_the_checkers_rules_are_sound(tmp_path):
    out, axioms = checked(RULES, tmp_path)
    assert out.count("Axioms:") == RULES.count("Print Assumptions") == 7
    assert axioms == REAL_AXIOMS


@needs_coq
@pytest.mark.parametrize("old, new", [
    ("<? 0 then 1 else", "<? 0 then -1 else"),
    ("(a * C = A * c)%Z -> (b * b * d * C * C", "(b * b * d * C * C"),
    ("0 <=? fst t", "-1 <=? fst t"),
    ("P * Q ^ (L - 1) < T ^ (2 * L)", "P * Q ^ (L - 1) < 2 * T ^ (2 * L)"),
    ("low <= f L below", "low <= f L above"),
    ("INR k ^ (length ws + 2) ->", "INR k ^ (length ws + 3) ->"),
    ("(0 < k)%nat -> ws <> [] ->", "(0 < k)%nat ->"),
])
def test_false_rules_do_not_compile(tmp_path, old, new):
    assert old in RULES
    assert compile_coq(RULES.replace(old, new), tmp_path).returncode != 0


@needs_coq
def test_a_false_cell_does_not_compile(tmp_path):
    source = to_coq([cell(5, 3, 3)]).replace("P 5 3 3 < P_DNC 5 3", "P_DNC 5 3 < P 5 3 3")
    assert compile_coq(source, tmp_path).returncode != 0
    source = to_coq([cell(5, 3, 3)]).replace("5 3 3", "4 2 3").replace("P_DNC 5", "P_DNC 4")
    assert compile_coq(source, tmp_path).returncode != 0


@needs_coq
def test_pairs_for_all_sizes(tmp_path):
    out, axioms = checked(to_coq(UNIFORM["gk25-theorem-1"]()), tmp_path)
    assert axioms <= REAL_AXIOMS
    assert "4 * (u + 4) ^ (L + 1) < (2 * (u + 4) - 2) ^ (L + 1)" in out


@needs_coq
@pytest.mark.slow
@pytest.mark.parametrize("name, statement", [
    ("triangular-thresholds", "P r s L < P_DNC r L"),
    ("two-layer-thresholds", "P2 r s < P_DNC r 2"),
    ("gk25-theorem-7", "(2 * (u + 14) + 4) ^ (L - 2)"),
])
def test_uniform_theorems(name, statement, tmp_path):
    out, axioms = checked(to_coq(UNIFORM[name]()), tmp_path)
    assert statement in " ".join(out.split()) and axioms <= REAL_AXIOMS


@needs_coq
@pytest.mark.slow
def test_the_whole_table(tmp_path):
    checked(to_coq(thresholds(range(3, 21), range(3, 6))), tmp_path)


@needs_coq
@pytest.mark.slow
def test_interval_arithmetic_says_the_same(tmp_path):
    """A cell by the `interval` tactic instead, from the same definitions."""
    from importlib.resources import files

    prelude = files("nctheory.certify").joinpath("prelude.v").read_text()
    run = compile_coq("From Interval Require Import Tactic.\n", tmp_path, "probe")
    if run.returncode != 0:
        pytest.skip("Coq's interval library is not installed (Debian: libcoq-interval)")
    unfolded = "unfold P, P_DNC, T, eigenvalue, far, touch, same, K"
    run = compile_coq("From Interval Require Import Tactic.\n" + prelude
                      + f"Theorem c : P 5 3 3 < P_DNC 5 3. Proof. {unfolded}. interval. Qed.\n",
                      tmp_path)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("made", [
    lambda: minimal_loss(Orthogonal(classes=3), 2),
    lambda: compare("pairs", "dnc", 10, 3),
])
def test_claims_without_a_coq_proof_are_refused(made):
    with pytest.raises(InputError, match="for Coq"):
        to_coq([made()])


def test_every_claim_is_stated():
    text = to_coq([cell(5, 3, 3), threshold(11, 3)])
    assert text.count("Theorem claim_") == 2 and "Check claim_2." in text
