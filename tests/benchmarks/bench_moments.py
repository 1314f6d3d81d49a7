"""Streamed class moments against one X^T X of the same block, interleaved in one process.

    python tests/benchmarks/bench_moments.py [width] [blocks] [classes]

A slice of the whole: N is blocks x 4096, made anew block by block, so memory is that of one.
"""

import resource
import sys
import time

import numpy as np

from nctheory.metrics import Accumulator


def main():
    width, blocks, classes = (int(a) for a in (*sys.argv[1:], *("4096", "6", "100")[
        len(sys.argv) - 1:]))
    rng = np.random.default_rng(0)
    total, ours, plain = Accumulator(), [], []
    for _ in range(blocks):
        x = rng.standard_normal((4096, width), np.float32)
        y = rng.integers(0, classes, 4096)
        start = time.perf_counter()
        total.add(x, y)
        middle = time.perf_counter()
        wide = x.astype(np.float64)
        wide.T @ wide
        ours.append(middle - start)
        plain.append(time.perf_counter() - middle)
    m = total.moments()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{m.samples} x {width}, {classes} classes: moments {np.median(ours):.2f} s a block, "
          f"X^T X {np.median(plain):.2f} s, ratio {np.median(ours) / np.median(plain):.2f}; "
          f"peak {peak:.2f} GB")
    print(f"10^7 samples at this speed: {np.median(ours) * 1e7 / 4096 / 3600:.2f} h")


if __name__ == "__main__":
    main()
