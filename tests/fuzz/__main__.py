"""Attack the command line: `python -m tests.fuzz --cases 1000 --seed 3`.

First the attacks of the corpus, then each integer of each command as large as can be told, then
so many random ones; faults are printed with what repeats them.  Exit status 1 where there was one.
"""

from __future__ import annotations

import os

# Before NumPy is loaded: forked children must not wait for threads that they have not.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse  # noqa: E402
import importlib  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Iterator  # noqa: E402
from itertools import islice  # noqa: E402

from tests.fuzz.attack import Attack, run  # noqa: E402

PRELOADED = ("nctheory.thresholds", "nctheory.solver", "nctheory.atlas", "nctheory.certify",
             "nctheory.metrics", "nctheory.sweep.run", "nctheory.report.figures",
             "nctheory.report.page", "nctheory.trained", "nctheory.cross_entropy.phases",
             "nctheory.claims", "nctheory.graphs")


def main() -> None:
    """Parse, attack, report."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=200, help="random attacks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1,
                        help="only every so many attacks of the corpus; 0: none")
    parser.add_argument("--first", type=int, default=0, help="attack of the corpus to begin at")
    parser.add_argument("--only", default="", help="only commands with this text")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every attack")
    given = parser.parse_args()
    for module in PRELOADED:
        importlib.import_module(module)
    from nctheory.cli import COMMANDS

    for place in COMMANDS.values():
        importlib.import_module(place.partition(":")[0])
    faults = count = 0
    started = time.monotonic()
    for attack in _attacks(given):
        count += 1
        outcome = run(attack)
        faults += bool(outcome.fault)
        if outcome.fault or given.verbose:
            note = outcome.fault or f"status {outcome.status}"
            print(f"{count}: {attack}\n    {note}  ({outcome.seconds:.1f} s)", flush=True)
            if given.verbose:
                print("    " + (outcome.err or outcome.out)[-300:].strip().replace("\n", "\n    "))
    print(f"{faults} faults in {count} attacks, {time.monotonic() - started:.0f} s")
    sys.exit(1 if faults else 0)


def _attacks(given: argparse.Namespace) -> Iterator[Attack]:
    from tests.fuzz.corpus import corpus
    from tests.fuzz.generate import attacks, extremes

    chosen = [*corpus(), *extremes()][given.first::given.every] if given.every else []
    for attack in [*chosen, *islice(attacks(given.seed), given.cases)]:
        if given.only in str(attack):
            yield attack


main()
