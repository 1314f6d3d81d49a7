"""One metric pass over N = 10^6, d = 512, K = 100 (float32 on disk) against a bare X^T X.

The rivals read the same memory map in the same chunks and only multiply: in float32, and in
float64 (what an accumulation to 1e-10 needs).

    python tests/benchmarks/bench_metrics.py [rows] [directory]
"""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nctheory import metrics
from nctheory.metrics.moments import CHUNK, Moments

WIDTH, CLASSES = 512, 100


def make(path, rows):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, CLASSES, rows)
    means = rng.standard_normal((CLASSES, WIDTH), np.float32)
    x = np.lib.format.open_memmap(path, "w+", np.float32, (rows, WIDTH))
    for start in range(0, rows, 50_000):
        block = slice(start, min(start + 50_000, rows))
        noise = rng.standard_normal((block.stop - block.start, WIDTH), np.float32)
        x[block] = means[labels[block]] + np.float32(0.1) * noise
    x.flush()
    return labels


def bare(x, dtype):
    total = np.zeros((WIDTH, WIDTH), dtype)
    for start in range(0, len(x), CHUNK):
        block = np.asarray(x[start:start + CHUNK], dtype)
        total += block.T @ block
    return total


def read(x):
    return sum(float(x[start:start + CHUNK].sum()) for start in range(0, len(x), CHUNK))


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10**6
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        path = Path(folder) / "x.npy"
        labels = make(path, rows)
        x = np.load(path, mmap_mode="r")
        Moments.of(x[:10], labels[:10])  # compile
        tasks = {
            "read only": lambda: read(x),
            "bare X^T X float32": lambda: bare(x, np.float32),
            "bare X^T X float64": lambda: bare(x, np.float64),
            "moments (ours)": lambda: Moments.of(x, labels),
        }
        times = {name: [] for name in tasks}
        for _ in range(2):
            for name, task in tasks.items():
                start = time.perf_counter()
                result = task()
                times[name].append(time.perf_counter() - start)
        start = time.perf_counter()
        for metric in (metrics.nc1, metrics.cdnv, metrics.nc2_etf, metrics.nc2_frame):
            metric(result)
        from_moments = time.perf_counter() - start
        start = time.perf_counter()
        weight = np.random.default_rng(1).standard_normal((CLASSES, WIDTH))
        metrics.nc4(x, result.means, weight)
        second = time.perf_counter() - start
        ours = min(times["moments (ours)"])
        threads = os.environ.get("OPENBLAS_NUM_THREADS") or os.environ.get("OMP_NUM_THREADS")
        print(f"N = {rows}, d = {WIDTH}, K = {CLASSES}, BLAS threads {threads or 'default'}")
        for name, values in times.items():
            least = min(values)
            print(f"  {name:22s} {least:7.2f} s   ours / this = {ours / least:5.2f}")
        print(f"  NC1, CDNV, NC2 from the moments {from_moments:.3f} s; NC4 (second pass) "
              f"{second:.2f} s")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"  peak resident memory {peak:.2f} GB, mapped file pages included")


if __name__ == "__main__":
    main()
