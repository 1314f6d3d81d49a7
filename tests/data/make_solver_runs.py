"""Writes solver_runs.npz: parameter sets of every kind of end point, and the labels they got.

    python -m tests.data.make_solver_runs

The labels are those of the recognisers as they were when the file was first written (November
2026, by graph isomorphism); later versions must give the same.  Seeds fix everything but the
last digits.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from nctheory import Problem, construct, solve
from nctheory.solver.outcome import outcome

SETS = Path(__file__).with_name("solver_runs.npz")

# A problem, its width, and what is done with it.
TRAINED = (
    (Problem(classes=4, layers=3, weight_decay=0.005), 8, range(6), dict(steps=4000)),
    (Problem(classes=4, layers=3, weight_decay=0.005), 8, range(4),
     dict(method="quasi-newton")),
    (Problem(classes=6, layers=4, weight_decay=0.004), 10, range(6), dict(steps=4000)),
    (Problem(classes=10, layers=4, weight_decay=0.004), 12, range(4),
     dict(method="quasi-newton")),
    (Problem(classes=6, layers=3, samples=2, weight_decay=0.01), 8, range(3), dict(steps=2000)),
    (Problem(classes=4, layers=2, samples=(1, 2, 3, 1), weight_decay=0.01), 6, range(3),
     dict(steps=2000)),
    (Problem(classes=6, layers=2, samples=2, weight_decay=2.0**-10, loss="ce",
             activation="linear"), 8, range(5), dict(method="quasi-newton")),
    (Problem(classes=5, layers=3, weight_decay=0.003, loss="ce"), 8, range(5),
     dict(steps=4000)),
    (Problem(classes=3, layers=4, weight_decay=0.2), 6, range(3), dict(steps=4000)),
    (Problem(classes=5, layers=2, weight_decay=0.07), 6, range(4), dict(steps=3000)),
)
BUILT = (
    ("triangular:r=4,s=2", 4, 8), ("triangular:r=5,s=3", 4, 11), ("triangular:r=5,s=2", 3, 11),
    ("triangular:r=6,s=3", 4, 21), ("triangular:r=4,s=2+dnc:K=2", 4, 9),
    ("triangular:r=5,s=3+dnc:K=1", 4, 12), ("triangular:r=4,s=2+triangular:r=4,s=2", 3, 13),
)


def write() -> None:
    """Train, build, perturb, label and save."""
    found = []
    for problem, width, seeds, settings in TRAINED:
        result = solve(problem, width, seeds, **settings)
        found += [(problem, result.parameters(i)) for i in range(len(result))]
    for name, layers, width in BUILT:
        made = construct(name)
        problem = Problem(classes=made.classes, layers=layers, weight_decay=0.002)
        for seed, noise in enumerate((0.0, 0.03, 0.3)):
            result = solve(problem, width, [seed], steps=1, learning_rate=1e-9,
                           init=made.weights(problem), noise=noise)
            found.append((problem, result.parameters(0)))
    arrays = {f"{i}_{k}": matrix for i, (_, matrices) in enumerate(found)
              for k, matrix in enumerate(matrices)}
    labels = [outcome(matrices, problem).label for problem, matrices in found]
    rows = [{**asdict(problem), "label": label}
            for (problem, _), label in zip(found, labels, strict=True)]
    np.savez_compressed(SETS, rows=np.array(json.dumps(rows)), **arrays)


if __name__ == "__main__":
    write()
