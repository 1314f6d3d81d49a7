"""Certificates a second, made and checked; the integer decider against arb.  One thread.

    python tests/benchmarks/bench_certify.py
"""

from __future__ import annotations

import time
from fractions import Fraction

from flint import arb, ctx, fmpq

from nctheory.certify import cell, check_file, compare, minimal_loss, to_json
from nctheory.constructions import Orthogonal
from nctheory.constructions.triangular import incidence_spectrum, inverse_trace, threshold_signs
from proofs import THEOREMS, prove


def rate(run, count: int, rounds: int = 3) -> float:
    """The best of some rounds: work a second."""
    best = 0.0
    for _ in range(rounds):
        start = time.perf_counter()
        run()
        best = max(best, count / (time.perf_counter() - start))
    return best


def by_arb(r: int, s: int, last: int) -> list[int]:
    """Signs of P - K^(L+1) by ball arithmetic: an independent route; 0 where balls overlap."""
    (theta, m), (eta, k) = incidence_spectrum(r).items()
    upper, lower = inverse_trace(r, s)
    P = (m * arb(theta).sqrt() + k * arb(eta).sqrt())**2 * fmpq(upper, lower) * fmpq(r, 4)
    K = r * (r - 1) // 2
    signs = []
    bound = K**4
    for _ in range(3, last + 1):
        signs.append(-1 if P < bound else 1 if P > bound else 0)
        P, bound = P * r, bound * K
    return signs


def cells() -> None:
    grid = [(r, s) for r in range(4, 101) for s in range(2, r - 1)]
    count = 8 * len(grid)
    ctx.prec = 128
    exact = [threshold_signs(r, s, 10) for r, s in grid]
    assert exact == [by_arb(r, s, 10) for r, s in grid]
    integers = rate(lambda: [threshold_signs(r, s, 10) for r, s in grid], count)
    balls = rate(lambda: [by_arb(r, s, 10) for r, s in grid], count)
    ctx.prec = 53
    print(f"threshold cells, r <= 100, L = 3..10 ({count}): integers {integers:,.0f}/s, "
          f"arb at 128 bits {balls:,.0f}/s, ratio {integers / balls:.1f}; signs agree")
    made = rate(lambda: [cell(r, s, L) for r, s in grid[:500] for L in (3, 5)], 1000, 1)
    text = to_json(cell(r, s, L) for r, s in grid[:500] for L in (3, 5)).encode()
    checked = rate(lambda: all_verified(text), 1000)
    print(f"cell certificates: {made:,.0f} made/s, {checked:,.0f} checked/s")


def all_verified(content: bytes) -> None:
    assert all(result.verified for result in check_file(content))


def losses() -> None:
    given = [(K, L, Fraction(1, d)) for K in range(3, 53) for L in range(2, 12)
             for d in (1000, 200, 50)]

    def make():
        return [minimal_loss(Orthogonal(classes=K), L, weight_decay=lam) for K, L, lam in given]

    content = to_json(make()).encode()
    made, checked = rate(make, len(given)), rate(lambda: all_verified(content), len(given))
    print(f"f* enclosures at 100 bits ({len(given)}): {made:,.0f} made/s, {checked:,.0f} "
          f"checked/s (JSON parsing included)")


def cross_entropy() -> None:
    given = [(K, L, lam) for K in range(4, 41, 2) for L in range(2, 9)
             for lam in ("1/10000", "1/1000", "1/200", "1/50")]

    def make():
        return [compare("pairs", "dnc", K, L, weight_decay=lam) for K, L, lam in given]

    content = to_json(make()).encode()
    made, checked = rate(make, len(given)), rate(lambda: all_verified(content), len(given))
    print(f"cross-entropy comparisons ({len(given)}): {made:,.0f} made/s, {checked:,.0f} "
          f"checked/s, {len(content) / len(given):.0f} bytes each")


def proofs() -> None:
    for theorem in THEOREMS.values():
        outcome = prove(theorem)
        print(f"  {theorem.name:24} {outcome.seconds:5.2f} s  "
              f"{'verified' if outcome.proved else 'NOT VERIFIED'}")


def main() -> None:
    cells()
    losses()
    cross_entropy()
    proofs()


if __name__ == "__main__":
    main()
