"""What an experiment is, and what running it gives: tables, a verdict, a sentence, a figure."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from nctheory import __version__, files
from nctheory.errors import integer, require
from nctheory.files import folder
from nctheory.reproduce.kept import Parameters, Progress, Tables, keeping_in, packed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Verdict = Literal["value", "trend", "no match"]


class Finding(NamedTuple):
    """How measurements compare with what the paper states.

    value: its numbers (or a theorem's, or a closed form's) are met; trend: the direction is, and
    numbers are either not known to us or not met; no match: neither, or not in every part.
    """

    verdict: Verdict
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A figure or an observation of a paper, to be measured again.

    Attributes
    ----------
    name : str
        As in `nctheory.reproduce.EXPERIMENTS`; file names use it.
    source : str
        The paper, and the figure.
    claim : str
        What the paper states, as far as we know it.
    quick, full : mappings
        The sizes: parameters of `measure`.
    measure : (parameters, seed, progress) -> tables
    judge : (tables, parameters) -> Finding
        Computed from the tables alone.
    draw : (figure, tables, parameters) -> None
    size : (width, height) of the figure in inches.
    """

    name: str
    source: str
    claim: str
    quick: Parameters
    full: Parameters
    measure: Callable[[Parameters, int, Progress | None], Tables]
    judge: Callable[[Tables, Parameters], Finding]
    draw: Callable[[Any, Tables, Parameters], None]
    size: tuple[float, float] = (6.5, 2.6)

    def run(self, quick: bool = False, seed: int = 0,
            progress: Progress | None = None, keep: str | Path | None = None,
            data: str | None = None) -> Reproduction:
        """Measure; equal seeds give equal tables.

        `data` stands in for the data of an experiment that trains on some: what
        `nctheory.trained.dataset` takes. `InputError` where an experiment has none.

        On one BLAS thread: the matrices are small, and several threads may add in another
        order, so that the tables would depend on the machine's cores.  Batches of runs that are
        done, or begun, are kept in the folder `keep`, and taken up from there.
        """
        parameters = dict(self.quick if quick else self.full)
        if data is not None:
            require("data" in parameters, "data", f"not be given for {self.name}, which trains "
                    "an unconstrained features model", data)
            parameters["data"] = data
        for name in parameters.get("data", "").split(",") if "data" in parameters else ():
            from nctheory.trained.data import dataset

            dataset(name)  # what is missing is said before anything is computed
        with keeping_in(keep), threadpool_limits(1, user_api="blas"):
            tables = self.measure(parameters, integer("seed", seed, 0), progress)
        return Reproduction(self, parameters, seed, tables)


@dataclass(frozen=True, eq=False)
class Reproduction:
    """The outcome of one experiment."""

    experiment: Experiment
    parameters: Parameters
    seed: int
    tables: Tables

    @cached_property
    def finding(self) -> Finding:
        """What the experiment's criterion says of the tables."""
        return self.experiment.judge(self.tables, self.parameters)

    @property
    def verdict(self) -> Verdict:
        """Whether the paper's finding was found again."""
        return self.finding.verdict

    @property
    def sentence(self) -> str:
        """The finding in one sentence, with its numbers."""
        return self.finding.sentence

    @property
    def text(self) -> str:
        """What the paper states, what was run and what came out."""
        return (f"{self.experiment.source}: {self.verdict}\nThe paper: {self.experiment.claim}.\n"
                f"Here: {self.sentence}")

    def write_csv(self, table: str, file: TextIO) -> None:
        """One table: what made it in comment lines, a line of column names, the rows."""
        for key, value in (("nctheory", __version__), ("experiment", self.experiment.name),
                           ("source", self.experiment.source), ("seed", self.seed),
                           ("parameters", json.dumps(dict(self.parameters)))):
            file.write(f"# {key}: {value}\n")
        writer = csv.writer(file, lineterminator="\n")
        rows = self.tables[table]
        writer.writerow(rows[0]._fields)
        writer.writerows(rows)

    def figure(self) -> Figure:
        """The figure, in the style of all; `InputError` where matplotlib is not installed."""
        from nctheory.report.figures import style

        with style(self.experiment.size):
            from matplotlib.figure import Figure

            figure = Figure()
            self.experiment.draw(figure, self.tables, self.parameters)
        return figure

    def record(self) -> bytes:
        """All of it as compressed JSON, equal outcomes as equal bytes; `read_record` reads it.

        Floats have ten digits: verdict, sentence and figure follow from the tables as before.
        """
        text = files.envelope(
            experiment=self.experiment.name, source=self.experiment.source,
            claim=self.experiment.claim, parameters=dict(self.parameters), seed=self.seed,
            verdict=self.verdict, sentence=self.sentence, tables=packed(self.tables, 10))
        buffer = io.BytesIO()
        # The name within says whose it is: `nctheory.files.check_target`.
        with gzip.GzipFile(f"nctheory-{self.experiment.name}.json", "wb", 9, buffer, 0) as file:
            file.write(text.encode())
        return buffer.getvalue()

    def write(self, directory: str | Path, *, force: bool = False) -> list[Path]:
        """Write NAME-TABLE.csv of each table, NAME.png, .pdf, .json.gz (`record`), .txt; paths.

        Raises
        ------
        InputError
            Where matplotlib is not installed, or the directory cannot be written; nothing is
            written then.  Where a file is not ours (see `nctheory.files.check_target`).
        """
        from nctheory.report.figures import style

        figure = self.figure()
        directory = folder(directory, "directory")
        name, written = self.experiment.name, []
        for table in self.tables:
            written.append(directory / f"{name}-{table}.csv")
            text = io.StringIO()
            self.write_csv(table, text)
            files.write(written[-1], text.getvalue(), force=force)
        with style():
            for suffix in (".png", ".pdf"):
                written.append(directory / (name + suffix))
                files.write_figure(written[-1], figure, force=force)
        written += [directory / f"{name}.json.gz", directory / f"{name}.txt"]
        files.write(written[-2], self.record(), force=force)
        files.check_target(written[-1], force=force, begins=f"{self.experiment.source}: ".encode())
        files.write(written[-1], self.text + "\n", force=True)
        return written
