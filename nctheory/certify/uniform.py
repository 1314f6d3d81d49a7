"""The uniform theorems, each as the certificates that prove it.  See proofs/ for the arguments.

Parameters are polynomials in u, t >= 0: s = 3+u, r = 5+u+t are all 3 <= s <= r-2.
"""

from __future__ import annotations

from collections.abc import Callable

from nctheory.certify.format import Certificate
from nctheory.certify.maker import cell, equal_scale, family, threshold

LAST_EXCEPTION = 73  # with two layers, r >= 74 follows one rule


def two_layer_range(r: int) -> range:
    """The s with P < K^3 for L = 2, exactly (ours).

    From r = 74 on these are the s with 8 <= s <= r-8; below, integers decided cell by cell.

    >>> two_layer_range(6), list(two_layer_range(7)), two_layer_range(80)
    (range(3, 4), [], range(8, 73))
    """
    if r in (4, 5, 7, 9):
        return range(0)
    least = (3 if r < 8 else 4 if r < 10 else 5 if r < 12 else 6 if r < 20 else 7 if r < 69
             else 8)
    gap = 6 if r == 20 else 7 if 69 <= r < 74 else least
    return range(least, r - gap + 1)


def _two_layers() -> list[Certificate]:
    made = [family("16+u+t", "8+u", "2", "below")]
    made += [family(f"{r}+u", str(s), "2", "above")
             for s, r in ((2, 8), (3, 8), (4, 9), (5, 12), (6, 20), (7, 69))]
    made += [family(f"{r}+u", f"{r - gap}+u", "2", "above")
             for gap, r in ((2, 5), (3, 7), (4, 9), (5, 12), (6, 21), (7, 74))]
    # What is left of r <= 73: s or r-s at most 7, and not covered above.
    made += [cell(r, s, 2) for r in range(4, LAST_EXCEPTION + 1) for s in range(2, r - 1)
             if min(s, r - s) <= 7]
    return made


def _relu_pairs() -> list[Certificate]:
    below = (("14+u", "4+"), ("10+u", "5+"), ("8+u", "6+"), ("6+u", "8+"))
    above = (("4+u", "2"), ("4+u", "3"), ("6", "4"), ("8", "4"), ("10", "4"), ("12", "4"),
             ("6", "5"), ("8", "5"), ("6", "6"), ("6", "7"), ("4", "2+"))
    return [equal_scale("relu pairs", K, L, verdict)
            for verdict, cases in (("below", below), ("above", above)) for K, L in cases]


UNIFORM: dict[str, Callable[[], list[Certificate]]] = {
    # P < K^(L+1) for all 3 <= s <= r-2, L >= 3, for all 2 <= s <= r-2, L >= 4; not s = 2, L = 3
    "triangular-thresholds": lambda: [family("5+u+t", "3+u", "3+", "below"),
                                      family("4+u+t", "2+u", "4+", "below"),
                                      family("4+u", "2", "3", "above")],
    "two-layer-thresholds": _two_layers,
    # a block of 6 (L >= 4), of 10 (L >= 3), of 15 (L >= 2) classes, and none before
    "slm24-theorem-5": lambda: [family("5", "3", "3+", "below"), family("4", "2", "4+", "below"),
                                cell(6, 3, 2), threshold(5, 4), threshold(9, 3),
                                threshold(14, 2)],
    "gk25-theorem-1": lambda: [equal_scale("pairs", "4+u", "3+", "below"),
                               equal_scale("pairs", "6+u", "2+", "below"),
                               equal_scale("pairs", "4", "2", "above"),
                               equal_scale("pairs", "4+u", "1", "above")],
    "gk25-theorem-7": _relu_pairs,
}
