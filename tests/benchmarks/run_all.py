"""Run the benchmarks of the solver and of sweeps, and write one table: docs/benchmarks.md.

    python tests/benchmarks/run_all.py

Rivals that are not installed are left out.  What a benchmark prints is a row a line.
"""

import os
import platform
import subprocess
import sys
from pathlib import Path

import llvmlite.binding

import nctheory

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "benchmarks.md"
BENCHMARKS = [
    ("bench_solver.py", "--threads", "1", "--rounds", "3"),
    ("bench_solver.py", "--threads", "2", "--rounds", "3"),
    ("bench_methods.py", "20"),
    ("bench_solver.py", "--threads", "1", "--rounds", "5", "--quasi-newton"),
]


def instructions():
    features = llvmlite.binding.get_host_cpu_features()
    wanted = os.environ.get("NUMBA_CPU_FEATURES", "")
    return wanted or ", ".join(name for name in ("avx512f", "avx2", "fma", "neon")
                               if features.get(name))


def rows():
    for name, *options in BENCHMARKS:
        done = subprocess.run([sys.executable, str(HERE / name), *options], text=True,
                              capture_output=True, check=False)
        lines = done.stdout.splitlines()
        if done.returncode:
            lines.append(f"failed: {done.stderr.splitlines()[-1]}")
        for line in lines:
            yield f"| `{' '.join([name, *options])}` | {line.strip()} |"


def main():
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    text = ["# Benchmarks", "",
            f"nctheory {nctheory.__version__} on {platform.machine()} "
            f"({llvmlite.binding.get_host_cpu_name()}: {instructions()}), {os.cpu_count()} "
            f"processors, load {load} when it began; Python {platform.python_version()}.",
            "Ratios are against the rival named, in the same process; written by",
            "`python tests/benchmarks/run_all.py`.", "", "| benchmark | result |",
            "| --- | --- |", *rows()]
    PAGE.write_text("\n".join(text) + "\n", encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
