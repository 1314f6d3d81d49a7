"""One step of each method and precision against plain descent in double precision, in pairs.

    python tests/benchmarks/bench_methods.py [rounds]

CPU time of one thread, the least of the rounds, all methods in turn in one process: ratios hold
on a busy machine too.
"""

import sys
import time

import numpy as np
from bench_solver import sizes

from nctheory.solver import kernels
from nctheory.solver.program import Program
from nctheory.solver.starts import starting_point

SETTINGS = [("descent", "float64"), ("descent", "float32"), ("momentum", "float64"),
            ("sign", "float64"), ("adam", "float64"), ("adam", "float32"), ("muon", "float64")]


def step(problem, width, table, dtype, steps):
    """A function that makes some steps, and says how many seconds of CPU each took a run."""
    program = Program(problem, width, (table,), None, dtype)
    work, losses = program.new_work(), program.losses
    for run in range(program.runs):
        program.write(work, program.parameters, run,
                      starting_point(problem, width, run, "gaussian", 1.0, 0.0))
    numbers = np.array([1e-3, 0.9, 0, 0, program.leak, 1, *problem.decays])
    fit = work[losses.offset:losses.offset + losses.row_stride]

    def run():
        begun = time.thread_time()
        kernels.descend(work, getattr(program, table), numbers, fit, 0, steps,
                        np.full(program.lanes, -1), program.many)
        return (time.thread_time() - begun) / steps / program.runs

    return run


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for name, (problem, width, steps) in sizes().items():
        runs = {setting: step(problem, width, *setting,
                              max(1, steps // (100 if setting[0] == "muon" else 8)))
                for setting in SETTINGS}
        least = dict.fromkeys(SETTINGS, np.inf)
        for _ in range(rounds):
            for setting, run in runs.items():
                least[setting] = min(least[setting], run())
        plain = least["descent", "float64"]
        print(f"a step at {name}: {1e6 * plain:.2f} us a run; of that, "
              + ", ".join(f"{table} {dtype} {seconds / plain:.2f}x"
                          for (table, dtype), seconds in least.items()
                          if seconds != plain), flush=True)


if __name__ == "__main__":
    main()
