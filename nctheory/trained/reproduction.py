"""What every reproduction returns: a table, a figure, one sentence that the table supports."""

from __future__ import annotations

import csv
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TextIO

from nctheory.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arguments = ParamSpec("Arguments")
Progress = Callable[[int, int], None]  # (runs done, runs in all), called in the parent process


def on_one_thread(
        experiment: Callable[Arguments, Reproduction]) -> Callable[Arguments, Reproduction]:
    """Run an experiment with one BLAS thread.

    Its matrices are small: more threads gain little, lose much on a busy machine, and may add
    in another order, so that the table would depend on the machine's cores.
    """
    @functools.wraps(experiment)
    def limited(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Reproduction:
        try:
            from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
        except ImportError:
            raise InputError("reproductions need scikit-learn and threadpoolctl: "
                             "pip install nctheory[data]") from None
        with threadpool_limits(1, user_api="blas"):
            return experiment(*args, **kwargs)

    return limited


@dataclass(frozen=True, eq=False)
class Reproduction:
    """The outcome of one experiment.

    Attributes
    ----------
    name : str
        As in `REPRODUCTIONS`; file names use it.
    source : str
        The paper whose observation is tried on other data.
    rows : list of named tuples
        The measured table; its columns are the tuples' fields.
    shown : bool
        Whether the data show the paper's effect, by the criterion the sentence states.
    sentence : str
        What was found, computed from the rows.
    """

    name: str
    source: str
    rows: Sequence[Any]
    shown: bool
    sentence: str
    draw: Callable[[Any], None]

    def figure(self) -> Figure:
        """The figure; `InputError` where matplotlib is not installed."""
        try:
            from matplotlib.figure import Figure
        except ImportError:
            raise InputError("figures need matplotlib: pip install nctheory[plot]") from None
        figure = Figure(figsize=(6, 4), layout="constrained")
        self.draw(figure)
        return figure

    def write_csv(self, file: TextIO) -> None:
        """The table with a header line."""
        writer = csv.writer(file)
        writer.writerow(self.rows[0]._fields)
        writer.writerows(self.rows)

    def write(self, directory: str | Path, suffix: str = ".pdf") -> list[Path]:
        """Write NAME.csv, the figure NAME`suffix` and NAME.txt (the sentence); their paths."""
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        table, image, text = (directory / (self.name + end) for end in (".csv", suffix, ".txt"))
        figure = self.figure()  # first: without matplotlib nothing is half written
        with open(table, "w", newline="", encoding="utf-8") as file:
            self.write_csv(file)
        figure.savefig(image)
        text.write_text(self.sentence + "\n", encoding="utf-8")
        return [table, image, text]
