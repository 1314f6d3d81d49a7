"""What a batch of runs has reached, as plain arrays, and how that is kept on disk."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import numpy as np
from numpy.typing import NDArray

from nctheory.errors import InputError
from nctheory.files import read_npz, write_npz
from nctheory.network import Parameters, pack

TRACED = ("loss", "fit", "regularisation", "gradient_norm", "step")
MESSAGE = 300  # longest text kept of an error


@dataclass
class State:
    """Runs are rows.  A row belongs to one worker; `lock` guards whole-array copies."""

    parameters: NDArray[np.float64]  # runs x entries, packed as [H_1, W_1, ..., W_L]
    averages: NDArray[np.float64]  # averages of gradients kept x runs x entries
    slopes: NDArray[np.float64]  # multipliers of the kinks; empty for descent
    steps: NDArray[np.int64]  # steps (or evaluations) done
    finished: NDArray[np.bool_]
    diverged: NDArray[np.int64]  # the step at which a run blew up, or -1
    trace: NDArray[np.float64]  # runs x points x len(TRACED); nan where not reached
    ranks: NDArray[np.int64]  # runs x points x L x 2; -1 where not measured
    failed: NDArray[np.str_]  # why a run failed, or ""
    lock: Lock = field(default_factory=Lock)
    cancelled: Event = field(default_factory=Event)

    ARRAYS = ("parameters", "averages", "slopes", "steps", "finished", "diverged", "trace",
              "ranks", "failed")

    @classmethod
    def fresh(cls, starts: list[Parameters], points: int, averages: int,
              slopes: int) -> State:
        """The state before the first step, one run a start."""
        packed = np.array([pack(start) for start in starts])
        runs, layers = len(starts), len(starts[0]) - 1
        return cls(packed, np.zeros((averages, *packed.shape)),
                   np.full((runs, slopes), 0.5), np.zeros(runs, np.int64),
                   np.zeros(runs, bool), np.full(runs, -1, np.int64),
                   np.full((runs, points, len(TRACED)), np.nan),
                   np.full((runs, points, layers, 2), -1), np.zeros(runs, f"U{MESSAGE}"))

    def fail(self, row: int, error: Exception) -> None:
        """End a run with a message in place of a result."""
        with self.lock:
            self.failed[row] = f"{type(error).__name__}: {error}"[:MESSAGE]
            self.finished[row] = True

    def save(self, path: Path, settings: dict[str, object]) -> None:
        """Write a checkpoint: whole, or not at all."""
        with self.lock:
            arrays = {name: getattr(self, name).copy() for name in self.ARRAYS}
        write_npz(path, {"settings": np.array(json.dumps(settings)), **arrays},
                  name="checkpoint", force=True)  # `load` has looked at what was there

    def load(self, path: Path, settings: dict[str, object]) -> None:
        """Take up a checkpoint of the same batch.

        Raises
        ------
        InputError
            If the file cannot be read, or was written for other settings.
        """
        arrays = read_npz(path, name="checkpoint", kind="a file written by solve",
                          need=("settings", *self.ARRAYS))
        found = json.loads(str(arrays.pop("settings")))
        different = [key for key in settings if found.get(key) != settings[key]]
        if different or any(arrays[name].shape != getattr(self, name).shape
                            for name in self.ARRAYS):
            raise InputError("checkpoint must be of the same problem and settings, got one "
                             f"that differs in {', '.join(different) or 'its sizes'}")
        for name, array in arrays.items():
            getattr(self, name)[:] = array
