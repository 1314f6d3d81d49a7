"""Certified cells a second, large tables, and start-up times.  One thread.

Run by hand: python tests/benchmarks/bench_thresholds.py
"""

import subprocess
import sys
import time

from nctheory import Triangular, threshold_table
from nctheory.constructions.triangular import threshold_signs


def seconds(work, repeats=3):
    """The best wall-clock time of a few, and the result."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def cells():
    """The integer decision of every cell 4 <= r <= 300, 2 <= s <= r-2, 3 <= L <= 10."""
    def all_cells():
        return sum(sign < 0 for r in range(4, 301) for s in range(2, r - 1)
                   for sign in threshold_signs(r, s, 10))

    def general():
        return sum(Triangular(vertices=r, subset=s).compare_with_dnc(L) == -1
                   for r in range(20, 31) for s in range(2, r - 1) for L in range(3, 11))

    count = sum(8 * (r - 3) for r in range(4, 301))
    few = sum(8 * (r - 3) for r in range(20, 31))
    fast, beaten = seconds(all_cells)
    slow, _ = seconds(general)
    print(f"certified cells, integers in rows:     {count / fast:12,.0f} a second "
          f"({count} cells, DNC beaten in {beaten})")
    print(f"certified cells, general comparison:   {few / slow:12,.0f} a second "
          f"({(count / fast) / (few / slow):.0f} times slower; constructions built anew)")


def tables():
    threshold_table(range(3, 10), [3])  # compile or load the kernels
    for classes, layers, decay in ((30, 8, None), (1000, 50, None), (1000, 50, 1e-4)):
        took, table = seconds(lambda c=classes, m=layers, d=decay: threshold_table(
            range(3, c + 1), range(2, m + 1), weight_decay=d), repeats=1)
        print(f"table K <= {classes}, L <= {layers}, weight decay {decay}: {took:.2f} s, "
              f"{len(table.rows)} rows, all certified: {all(r.certified for r in table.rows)}")


def start_up():
    for what, command in (("import nctheory", ["-c", "import nctheory"]),
                          ("nctheory thresholds", ["-m", "nctheory", "thresholds"]),
                          ("python -c pass", ["-c", "pass"])):
        took, _ = seconds(lambda c=command: subprocess.run(
            [sys.executable, *c], check=True, capture_output=True), repeats=5)
        print(f"{what}: {took:.2f} s warm")


if __name__ == "__main__":
    cells()
    tables()
    start_up()
