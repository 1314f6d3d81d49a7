"""Cross-entropy: the ufuncs against SciPy, direct minimisation against training all factors.

Run by hand: python -m tests.benchmarks.bench_cross_entropy.  Rivals are interleaved in one
process, on one thread; figures are medians.
"""

from __future__ import annotations

import os
import statistics
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from scipy.optimize import brentq, minimize_scalar  # noqa: E402

from nctheory import Orthogonal, Pairs, Problem, losses, solve  # noqa: E402
from nctheory.cross_entropy.direct import minimise  # noqa: E402


def seconds(call, repetitions=1):
    start = time.perf_counter()
    for _ in range(repetitions):
        call()
    return (time.perf_counter() - start) / repetitions


def interleaved(calls, rounds=5):
    """Median time of each call."""
    times = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            times[name].append(seconds(call))
    return {name: statistics.median(values) for name, values in times.items()}


def ufuncs():
    K, L, size = 10, 3, 200
    kappas = np.exp(np.random.default_rng(0).uniform(-20, -3, size))
    many = np.tile(kappas, 500)

    def by_brentq():
        for kappa in kappas:
            brentq(lambda b, kappa=kappa: 9 / (np.exp(b) + 9) * b**0.5 - kappa, 2.0, 60.0,
                   xtol=1e-14)

    def by_minimize_scalar():
        for kappa in kappas:
            minimize_scalar(
                lambda b, kappa=kappa: np.log1p(9 * np.exp(-b)) + 2 * kappa * b**0.5,
                bounds=(0.5, 60.0), method="bounded", options={"xatol": 1e-10})

    times = interleaved({
        "collapse_loss": lambda: losses.collapse_loss(many, L, K),
        "pairs_loss": lambda: losses.pairs_loss(many, L, K),
        "brentq": by_brentq, "minimize_scalar": by_minimize_scalar})
    each = {name: t / (len(many) if name.endswith("loss") else size)
            for name, t in times.items()}
    print("optimal scale and loss, microseconds an element (K = 10, L = 3, one thread):")
    for name, t in each.items():
        print(f"  {name:16} {1e6 * t:9.3f}   x{t / each['collapse_loss']:.1f}")


def minimisation():
    for K, L, n, decay in ((6, 2, 5, 2**-10), (10, 2, 5, 2**-10), (10, 4, 1, 1e-3)):
        problem = Problem(classes=K, layers=L, samples=n, weight_decay=decay, loss="ce",
                          activation="linear", width=70)
        found = {}

        def direct(problem=problem, found=found):
            found["direct"] = minimise(problem, starts=32)[0].loss

        def factors(problem=problem, found=found):
            found["factors"] = solve(problem, seeds=range(32), method="quasi-newton",
                                     collapsed=True, threads=1).loss.min()

        times = interleaved({"direct": direct, "factors": factors}, rounds=3)
        known = min(Orthogonal(classes=K).loss(problem), Pairs(classes=K).loss(problem))
        print(f"K = {K}, L = {L}: 32 starts of each rank in Z {times['direct']:.2f} s, 32 runs of "
              f"all factors (d = 70, collapsed) {times['factors']:.2f} s, ratio "
              f"{times['direct'] / times['factors']:.2f}; best {found['direct']:.9f} and "
              f"{found['factors']:.9f}, DNC or pairs {known:.9f}")


def main():
    ufuncs()
    minimisation()


if __name__ == "__main__":
    main()
