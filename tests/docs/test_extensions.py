"""What the documentation does to docstrings and formulas."""

import sys
from pathlib import Path

import pytest

pytest.importorskip("pybtex")
pytest.importorskip("sphinx")
sys.path.insert(0, str(Path(__file__).parent.parent.parent / "docs"))

from _extensions.docstrings import prose, rewrite  # noqa: E402
from _extensions.mathml import mathml  # noqa: E402


@pytest.mark.parametrize("text, made", [
    ("|W_l|_F^2 and H_1*", r"\|W_l\|_F^2 and H_1\*"),
    ("M_ of `solve` is ``code``", r"M\_ of ``solve`` is ``code``"),
    ("* a point", "* a point"),
    ("[GK25, Theorem 7], [SLM24]", ":cite:`GK25` (Theorem 7), :cite:`SLM24`"),
    ("the cells [k10]", "the cells [k10]")])
def test_prose(text, made):
    assert prose(text) == made


def test_formulas_and_doctests_stay_as_they_stand():
    lines = ["The cost is", "", "    P = |B|_*^2 r^(L-3)", "", "Examples", "--------",
             ">>> 2 * 3", "6"]
    assert rewrite(lines) == ["The cost is", "", "::", "", "    P = |B|_*^2 r^(L-3)", "",
                              "Examples", "--------", ">>> 2 * 3", "6"]


def test_mathml_has_what_the_formulas_use():
    made = mathml(r"\bigl(\tfrac r4 \tbinom rs\bigr) \iff \texttt{root}", True)
    assert made.count("<mfrac") == 2  # the binomial is one without a line
    assert "\\" not in made
