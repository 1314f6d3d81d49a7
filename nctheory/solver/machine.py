"""What the machine has: processors, and whether a batch fits into its memory."""

from __future__ import annotations

import os

from nctheory import limits
from nctheory.errors import InputError
from nctheory.solver.methods import Method
from nctheory.solver.program import Program
from nctheory.solver.starts import shapes
from nctheory.solver.state import TRACED

STEP = 10**4  # operations' worth of time in a step of the smallest network


def processors() -> int:
    """Processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_sizes(method: Method, runs: int) -> None:
    """Refuse networks of which even one is too large, and runs that would take days, before
    anything is allocated."""
    problem, width = method.problem, method.width
    K, L = problem.classes, problem.layers
    N = K * problem.samples if isinstance(problem.samples, int) else sum(problem.samples)
    limits.affordable("classes, samples, width and layers", (K, problem.samples, width, L),
                      memory=8 * (2 * (width + K) * N + K * (K + width) + L * width**2))
    limits.affordable("steps", method.steps, most=limits.TRAINING,
                      work=runs * method.steps * (STEP + 6 * N * width * (L * width + K)))


def check_memory(program: Program, method: Method, runs: int, threads: int) -> None:
    """Refuse a batch that would not fit, with the figure."""
    entries = sum(a * b for a, b in shapes(method.problem, method.width))
    # A run's entries stand in its start, its state (with averages), and its result.
    needed = 8 * ((3 + method.averages) * runs * entries
                  + threads * (program.size + 25 * program.parameter_size)
                  + runs * method.points * (len(TRACED) + 2 * method.problem.layers)
                  + threads * method.dense_memory())
    available = available_memory()
    if needed > available:
        raise InputError(
            f"seeds x width must fit into memory: {runs} runs of {entries} numbers need "
            f"{needed / 1e9:.1f} GB, and {available / 1e9:.1f} GB are available")


def available_memory() -> float:
    """Bytes free for use; infinite where the system does not say."""
    try:
        with open("/proc/meminfo") as file:
            for line in file:
                if line.startswith("MemAvailable:"):
                    return float(line.split()[1]) * 1024
        return float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    except (OSError, ValueError, AttributeError):
        return float("inf")
