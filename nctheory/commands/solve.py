"""`nctheory solve`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nctheory import limits
from nctheory.commands.options import (
    activation_option,
    classes_option,
    forced,
    integers,
    layers_option,
    loss_option,
    rows_options,
    tell,
    threads_option,
)
from nctheory.errors import InputError, require
from nctheory.files import check_target, write_npz
from nctheory.problem import Problem

if TYPE_CHECKING:
    from nctheory.solver import Result


class Numbers(click.ParamType[Any]):
    """One number, or several with commas between them."""

    def __init__(self, kind: type[int] | type[float]) -> None:
        self.kind = kind
        self.name = f"{kind.__name__}[,..]"

    def convert(self, value: Any, param: Any, ctx: Any) -> Any:
        try:
            numbers = tuple(self.kind(item) for item in str(value).split(","))
        except ValueError:
            self.fail(f"must be a number or numbers with commas, got {value!r}")
        return numbers if len(numbers) > 1 else numbers[0]


@click.command()
@classes_option("10")
@layers_option("4")
@click.option("--samples", type=Numbers(int), default="1", show_default=True,
              help="n, or K numbers: 3,3,1.")
@click.option("--width", type=int, default=30, show_default=True, help="d.")
@click.option("--weight-decay", type=Numbers(float), default="0.004", show_default=True,
              help="One, or lam_H,..,lam_L.")
@loss_option
@activation_option
@click.option("--method", default="gd", show_default=True,
              type=click.Choice(["gd", "momentum", "nesterov", "adam", "signgd", "muon",
                                 "quasi-newton"]))
@click.option("--decay", default="coupled", show_default=True,
              type=click.Choice(["coupled", "decoupled"]),
              help="decoupled: AdamW.")
@click.option("--dtype", default="float64", show_default=True,
              type=click.Choice(["float64", "float32"]), help="Precision of descent.")
@click.option("--learning-rate", type=float, default=0.5, show_default=True)
@click.option("--momentum", type=float, default=0.9, show_default=True)
@click.option("--steps", type=int, default=None,
              help="Default: 1000; quasi-newton: 20000.")
@click.option("--tol", type=float, default=None, help="Gradient norm that stops a run.")
@click.option("--init", default="gaussian", show_default=True,
              help="gaussian, orthogonal, small, or a construction.")
@click.option("--scale", type=float, default=1.0, show_default=True,
              help="Of the start.")
@click.option("--noise", type=float, default=0.0, show_default=True,
              help="Added to a construction.")
@integers("seeds", "0:9", "One run each")
@threads_option
@click.option("--collapsed", is_flag=True,
              help="One sample a class, an equivalent problem.")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=None,
              help="Kept up to date, and gone on from.")
@click.option("--save", type=click.Path(path_type=Path), default=None,
              help="Parameters and traces of all runs (.npz).")
@rows_options
def solve(classes: Sequence[int], layers: Sequence[int], samples: Any, width: int,
          weight_decay: Any, loss: str, activation: str, init: str, seeds: Sequence[int],
          threads: int | None, checkpoint: Path | None, save: Path | None,
          **settings: Any) -> None:
    """Train models from many starts; say what each run became.

    A seed gives the same numbers with any number of threads.  Ctrl-C writes the runs that are
    finished and exits with status 130.

    \b
    Example: nctheory solve --classes 10 --layers 4 --seeds 0:9 --steps 20000
    """
    from nctheory.report.rows import joined
    from nctheory.report.runs import rows
    from nctheory.solver import solve as run
    from nctheory.terminal.progress import progress

    classes, layers = limits.cells(classes, layers)
    _check_files(len(classes) * len(layers), checkpoint, save)
    problems = [Problem(classes=K, layers=L, samples=samples, width=width,
                        weight_decay=weight_decay, loss=loss, activation=activation)
                for K in classes for L in layers]
    told = []
    for problem in problems:
        with progress(f"solving K={problem.classes} L={problem.layers}") as count:
            result = run(problem, width, seeds, **settings, threads=threads,
                         init=_start(init, problem, settings["collapsed"]), progress=count,
                         checkpoint=checkpoint, keep_partial=True)
        parameters = {
            "classes": problem.classes, "layers": problem.layers, "samples": samples,
            "width": width, "weight_decay": weight_decay, "loss": loss,
            "activation": activation, **settings, "init": init,
            "seeds": [seeds[0], seeds[-1]] if isinstance(seeds, range) else list(seeds)}
        if save is not None:
            _save(result, parameters, save)
        told.append(rows(result, parameters))
        if result.interrupted:
            break
    tell(joined(told) if len(problems) > 1 else told[0])
    if result.interrupted:
        print(_how_to_resume(result, checkpoint), file=sys.stderr)
        sys.exit(130)


def _check_files(problems: int, checkpoint: Path | None, save: Path | None) -> None:
    for name, path in (("--checkpoint", checkpoint), ("--save", save)):
        if path is not None:
            require(problems == 1, name, "be for one model (one --classes, one --layers)",
                    str(path))
            # A checkpoint's content is checked on resuming.
            check_target(path, name=name, force=name == "--checkpoint" or forced())


def _start(init: str, problem: Problem, collapsed: bool) -> Any:
    """A word that the solver knows, or the matrices of the construction that `init` names."""
    from nctheory.constructions import FAMILIES, construct
    from nctheory.network import collapse
    from nctheory.solver.starts import STARTS

    if init in STARTS:
        return init
    if init.partition(":")[0] not in FAMILIES:
        raise InputError(f"init must be one of {', '.join(STARTS)} or a construction such as "
                         f"triangular:r=5,s=3, got {init!r}")
    return construct(init).weights(collapse(problem) if collapsed else problem)


def _how_to_resume(result: Result, checkpoint: Path | None) -> str:
    done = f"nctheory: interrupted: {int(result.finished.sum())} of {len(result)} runs finished; "
    if checkpoint is not None:
        return done + f"the same command goes on from {checkpoint}"
    rest = [str(seed) for seed in result.seeds[~result.finished]]
    return done + (f"seeds {rest[0]} to {rest[-1]} hold the rest; --checkpoint FILE would make "
                   "runs resumable")


def _save(result: Result, parameters: dict[str, Any], path: Path) -> None:
    """All finished runs in one .npz: H_1, W_1, ..., W_L are stacks with a run each."""
    import numpy as np

    done = [int(i) for i in np.flatnonzero(result.finished)]
    arrays: dict[str, Any] = {
        name: getattr(result, name)[done]
        for name in ("seeds", "loss", "stationarity", "ranks", "label", "steps", "diverged",
                     "failed")}
    arrays |= {f"trace_{name}": values[done] for name, values in result.trace.items()}
    names = ["H_1", *(f"W_{l}" for l in range(1, result.problem.layers + 1))]
    for k, name in enumerate(names):
        arrays[name] = np.array([result.parameters(i)[k] for i in done])
    write_npz(path, {"parameters": np.array(json.dumps(parameters)),
                     "trace_steps": result.trace_steps, **arrays}, name="--save", force=forced())
