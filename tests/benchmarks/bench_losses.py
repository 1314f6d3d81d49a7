"""f* of many mixed points: the ufunc on one and two threads, NumPy's Newton, SciPy's brentq.

    python tests/benchmarks/bench_losses.py

All in one process, in turns, the best turn counting; errors against 50-digit arithmetic on a
sample of the same points.  Import times are those of fresh processes, with and without a cache.
"""

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

import mpmath
import numpy as np
from scipy.optimize import brentq

from nctheory.losses import minimal_loss

POINTS, BRENTQ_POINTS, SAMPLE, TURNS = 10**6, 5000, 1000, 60


def newton(kappa, layers, block=2**14):
    """As a careful user would write it: monotone from z = 1, a block in cache at a time."""
    result = np.empty_like(kappa)
    for start in range(0, kappa.size, block):
        k, depth = kappa[start:start + block], layers[start:start + block]
        q, lowest = (depth - 1) / (depth + 1), (depth - 1) / depth
        z = np.ones_like(k)
        for _ in range(50):
            term = k * z**-q
            step = (term - (1 - z)) / (1 - q * term / z)
            z = np.maximum(z - step, lowest)
            if np.abs(step).max() < 1e-15 or (np.abs(step) < 1e-15)[z > lowest].all():
                break
        loss = 0.5 * (1 - z)**2 + 0.5 * (depth + 1) * k * z ** (2 / (depth + 1))
        result[start:start + block] = np.minimum(loss, 0.5)
    return result


def one_by_brentq(kappa, layers):
    q, lowest = (layers - 1) / (layers + 1), (layers - 1) / layers
    if 1 - lowest <= kappa * lowest**-q:
        return 0.5
    z = brentq(lambda z: 1 - z - kappa * z**-q, lowest, 1, xtol=1e-300, rtol=1e-15)
    return 0.5 * (1 - z)**2 + 0.5 * (layers + 1) * kappa * z ** (2 / (layers + 1))


def exact(kappa, layers):
    """50 digits, by bisection in z."""
    with mpmath.workdps(60):
        k, depth = mpmath.mpf(kappa), mpmath.mpf(layers)
        q, low, high = (depth - 1) / (depth + 1), (depth - 1) / depth, mpmath.mpf(1)
        if 1 - low <= k * low**-q:
            return mpmath.mpf(1) / 2
        for _ in range(190):
            z = (low + high) / 2
            low, high = (z, high) if 1 - z > k * z**-q else (low, z)
        return (1 - z)**2 / 2 + (depth + 1) * k * z ** (2 / (depth + 1)) / 2


def import_seconds(cache):
    """Of `nctheory.losses` beyond NumPy's own import."""
    code = ("import time, numpy; start = time.perf_counter(); import nctheory.losses; "
            "print(time.perf_counter() - start)")
    run = subprocess.run([sys.executable, "-c", code], text=True, check=True,
                         stdout=subprocess.PIPE, env={**os.environ, "NUMBA_CACHE_DIR": cache})
    return float(run.stdout)


def main():
    rng = np.random.default_rng(0)
    kappa = np.exp(rng.uniform(np.log(1e-6), np.log(0.3), POINTS))
    layers = rng.integers(2, 51, POINTS)
    depth = layers.astype(float)
    out = np.empty(POINTS)
    halves = np.s_[:POINTS // 2], np.s_[POINTS // 2:]
    few = np.s_[:BRENTQ_POINTS]

    with ThreadPoolExecutor(2) as pool:
        def on_two_threads():
            list(pool.map(lambda half: minimal_loss(kappa[half], depth[half], out=out[half]),
                          halves))
            return out

        rivals = {
            "ufunc, 1 thread": lambda: minimal_loss(kappa, depth, out=out),
            "ufunc, 2 threads": on_two_threads,
            "ufunc, 1 thread, integer L": lambda: minimal_loss(kappa, layers, out=out),
            "ufunc, 1 thread, one L": lambda: minimal_loss(kappa, 4, out=out),
            "ufunc, 1 thread, strided": lambda: minimal_loss(kappa[::-1], depth[::-1], out=out),
            "NumPy Newton, 1 thread": lambda: newton(kappa, depth),
            "SciPy brentq": lambda: np.array(
                [one_by_brentq(*point) for point in zip(kappa[few], depth[few])]),
        }
        best = dict.fromkeys(rivals, np.inf)
        for turn in range(TURNS):
            for name, rival in rivals.items():
                if name.startswith("ufunc") or turn < 4:
                    start = time.perf_counter()
                    rival()
                    best[name] = min(best[name], time.perf_counter() - start)

        rates = {name: (BRENTQ_POINTS if name == "SciPy brentq" else POINTS) / seconds
                 for name, seconds in best.items()}
        answers = {name: np.copy(rivals[name]()[:SAMPLE]) for name in (
            "ufunc, 1 thread", "ufunc, 2 threads", "NumPy Newton, 1 thread", "SciPy brentq")}

    truth = [exact(*point) for point in zip(kappa[:SAMPLE].tolist(), depth.tolist())]
    print(f"f* of {POINTS} points, 1e-6 < kappa < 0.3, 2 <= L <= 50; {os.cpu_count()} cores")
    for name, rate in rates.items():
        line = f"{name:28} {rate:9.3g} points/s {rates['ufunc, 1 thread'] / rate:8.2f}"
        if name in answers:
            with mpmath.workdps(60):
                worst = max(abs(mpmath.mpf(value) / f - 1)
                            for value, f in zip(answers[name].tolist(), truth))
            line += f"   largest relative error {float(worst):.1e}"
        print(line)
    print("(third column: times slower than the ufunc on one thread)")

    with tempfile.TemporaryDirectory() as cache:
        cold, *warm = (import_seconds(cache) for _ in range(4))
    print(f"import nctheory.losses: {cold:.2f} s compiling, {min(warm):.2f} s from the cache")


if __name__ == "__main__":
    main()
