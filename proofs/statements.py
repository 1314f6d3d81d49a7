"""What the four papers and we state, a line a statement, and what is known of each.

The one source of `python -m proofs` and of the theorems' page in the documentation.  A statement
that a file here proves has the status that follows from the file; the others have theirs here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from proofs.theorem import Theorem


@dataclass(frozen=True)
class Statement:
    """Where it stands, what it says, its proof or, without one, its status and where to look."""

    where: str
    text: str
    proof: str = ""
    status: str = ""
    see: str = ""


PAPERS = (
    Statement("[SLM24] Theorem 5", "DNC is not optimal for K >= 6, L >= 4 and K >= 10, L = 3 "
              "(ours: K >= 15, L = 2)", "slm24-theorem-5"),
    Statement("[SLM24] Theorem 5, other half", "no solution with DNC1 and DNC2 costs less than K",
              "slm24-theorem-5-converse"),
    Statement("[SLM24] abstract, Fig 5", "low rank beats DNC beyond two layers: K >= 3 for L >= "
              "4, K >= 7 for L = 3", "chains-beat-dnc"),
    Statement("[SLM24] abstract", "low rank beats DNC beyond two layers: K = 3..6 at L = 3, for "
              "exact fits", "",
              "open", "`nctheory refute three-layers-below-7-classes`"),
    Statement("[SLM24] Figs 2, 3, 5, 6", "what gradient descent finds: losses, ranks, how often "
              "DNC",
              "", "observed", "`nctheory reproduce slm24-fig2` (fig3, fig5, fig6)"),
    Statement("[GK25] Lemma 1", "at a critical point all factors share their singular values", "",
              "cited", "taken from the paper"),
    Statement("[GK25] Theorem 1", "linear model: pairs beat DNC for K >= 4, L >= 3 and K >= 6, "
              "L = 2", "gk25-theorem-1"),
    Statement("[GK25] Theorem 2", "linear model: a diagonally superior matrix of lower rank wins "
              "for all L >= L_0", "", "observed", "`nctheory.cross_entropy.theorems.theorem_2`: "
              "one inequality from some L on, floats below it"),
    Statement("[GK25] Theorem 3 (i)", "1/lam = o(L): all singular values vanish faster than "
              "exponentially", "gk25-theorem-3-i"),
    Statement("[GK25] Theorem 3 (ii)", "lam = o(1/L): all but q_K singular values fall "
              "exponentially", "", "observed", "`nctheory.cross_entropy.theorems."
              "theorem_3_low_rank`"),
    Statement("[GK25] Theorem 4 (i)", "where DNC is critical: two roots", "gk25-theorem-4"),
    Statement("[GK25] Theorem 4 (ii)", "the diverging root has a positive semi-definite Hessian",
              "", "observed", "not derived; `nctheory.cross_entropy.theorems.curvature`"),
    Statement("[GK25] Theorem 5, dimensions", "with the dimensions L (rho d - C), the ratio of "
              "DNC's to rank rho's rises with d to (K-1)/rho; corrected by us: C = rho(rho+1)/2 "
              "is a bound for every output", "gk25-theorem-5"),
    Statement("[GK25] Theorem 5, start", "the ratio starts below 1", "", "refuted",
              "with C = rho(rho+1)/2 it starts at 1 or more: `python -m proofs gk25-theorem-5`"),
    Statement("[GK25] Theorem 6", "norms of the two Hessians keep a constant ratio as lam "
              "-> 0", "",
              "observed", "`nctheory.cross_entropy.theorems`"),
    Statement("[GK25] Theorem 7", "ReLU: pairs cost less than DNC's lower bound, exactly where "
              "(claimed: K >= 10, L >= 5 and K >= 16, L = 4; ours: K >= 14 for L = 4, ...)",
              "gk25-theorem-7"),
    Statement("[GK25] A1, A2, A3", "the same with classes of unequal size", "", "observed",
              "`nctheory.cross_entropy.imbalanced`"),
    Statement("[GK25] Fig 6", "its line, 0.147061, is a lower bound of DNC's loss with ReLU; "
              "below it: the edge code, 0.138391 in closed form (ours), and some runs of descent",
              "", "observed", "`nctheory reproduce gk25-fig6`"),
    Statement("[GK25] Figs 1, 2, 5", "what gradient descent finds", "", "observed",
              "`nctheory reproduce gk25-fig1` (fig2, fig5)"),
    Statement("[GKT26] abstract", "no decay: depth alone favours low rank (ours: where, for each "
              "K, L and rank; pairs as in [GK25] Theorem 1)", "", "certified",
              "`nctheory margins --starts 8`: that DNC is beaten, not what is best"),
    Statement("[GKT26] abstract", "depth shrinks DNC's basin, width works the other way", "",
              "observed", "`nctheory reproduce gkt26-basins`"),
    Statement("[ZCML26] abstract", "NC0 vanishes with coupled decay, not with AdamW or sign "
              "descent (ours: it does with Muon)", "", "observed",
              "`nctheory reproduce zcml26-optimisers`"),
    Statement("[HBN22]", "collapse on the train set, not on the test set; cascades; worse "
              "transfer",
              "", "observed", "`nctheory reproduce --list`"),
    Statement("[Z24]", "weights are near rank K where features vary little and decay is large: a "
              "version with explicit constants (ours)", "z24-rank-bound"),
    Statement("[Z24]", "the bound with the paper's constants", "", "observed",
              "`nctheory reproduce rank-against-weight-decay`"))


def table(theorems: Mapping[str, Theorem]) -> Iterator[Statement]:
    """The papers' statements, then every theorem of ours that none of these names."""
    named = {statement.proof for statement in PAPERS}
    yield from PAPERS
    for name, theorem in theorems.items():
        if name not in named:
            yield Statement("ours", theorem.statement, name)


def status(statement: Statement, theorems: Mapping[str, Theorem]) -> str:
    """The status word, with what a proof cites."""
    if not statement.proof:
        return statement.status
    cited = cited_by(statement.proof, theorems)
    return f"derived, with cited: {'; '.join(cited)}" if cited else "derived"


def cited_by(name: str, theorems: Mapping[str, Theorem]) -> list[str]:
    """What a theorem takes unproved, the theorems that it rests on included."""
    theorem = theorems[name]
    cited = [*theorem.cited, *(lemma for below in theorem.rests_on
                               for lemma in cited_by(below, theorems))]
    return list(dict.fromkeys(cited))
