"""`nctheory solve`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nctheory.commands.options import (
    RANGE,
    activation_option,
    forced,
    loss_option,
    output_option,
    write,
)
from nctheory.errors import InputError
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
@click.option("--classes", type=int, default=10, show_default=True, help="K.")
@click.option("--layers", type=int, default=4, show_default=True, help="L.")
@click.option("--samples", type=Numbers(int), default="1", show_default=True,
              help="n, samples a class; K numbers with commas for unequal classes.")
@click.option("--width", type=int, default=30, show_default=True, help="d.")
@click.option("--weight-decay", type=Numbers(float), default="0.004", show_default=True,
              help="lam of every factor, or lam_H,lam_1,..,lam_L.")
@loss_option
@activation_option
@click.option("--method", default="gd", show_default=True,
              type=click.Choice(["gd", "momentum", "nesterov", "quasi-newton"]))
@click.option("--learning-rate", type=float, default=0.5, show_default=True)
@click.option("--momentum", type=float, default=0.9, show_default=True)
@click.option("--steps", type=int, default=None,
              help="Default: 1000, or at most 20000 evaluations of quasi-newton.")
@click.option("--tol", type=float, default=None, help="Gradient norm at which a run stops.")
@click.option("--init", default="gaussian", show_default=True,
              help="gaussian, orthogonal, small, or a construction: triangular:r=5,s=3.")
@click.option("--scale", type=float, default=1.0, show_default=True,
              help="Of a random start: gaussian entries have variance scale^2 / width.")
@click.option("--noise", type=float, default=0.0, show_default=True,
              help="Added to a construction.")
@click.option("--seeds", type=RANGE, default="0:9", show_default=True,
              help="One run each, a:b inclusive.")
@click.option("--threads", type=int, default=None, help="Default: all processors.")
@click.option("--collapsed", is_flag=True,
              help="Solve the equivalent problem with one sample a class.")
@click.option("--checkpoint", type=click.Path(path_type=Path), default=None,
              help="Kept up to date; the same command goes on from it.")
@click.option("--save", type=click.Path(path_type=Path), default=None,
              help="Parameters, traces and measures of all runs as .npz.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text")
@output_option
def solve(classes: int, layers: int, samples: Any, width: int, weight_decay: Any, loss: str,
          activation: str, method: str, learning_rate: float, momentum: float, steps: int | None,
          tol: float | None, init: str, scale: float, noise: float, seeds: range,
          threads: int | None, collapsed: bool, checkpoint: Path | None, save: Path | None,
          format_: str, output: Path | None) -> None:
    """Train one model from many random starts and say what each run became.

    A seed gives the same numbers whatever the number of threads.  Ctrl-C writes the runs that
    are finished and exits with status 130.
    """
    from nctheory.report.runs import to_json, to_text
    from nctheory.solver import solve as run
    from nctheory.terminal.progress import progress

    if checkpoint is not None:  # its content is checked on resuming
        check_target(checkpoint, name="--checkpoint", force=True)
    if save is not None:
        check_target(save, name="--save", force=forced())
    problem = Problem(classes=classes, layers=layers, samples=samples, width=width,
                      weight_decay=weight_decay, loss=loss, activation=activation)
    settings: dict[str, Any] = {
        "method": method, "learning_rate": learning_rate, "momentum": momentum, "steps": steps,
        "tol": tol, "scale": scale, "noise": noise, "collapsed": collapsed}
    with progress("solving") as count:
        result = run(problem, width, seeds, **settings, init=_start(init, problem, collapsed),
                     threads=threads, checkpoint=checkpoint, progress=count,
                     keep_partial=True)
    parameters = {
        "classes": classes, "layers": layers, "samples": samples, "width": width,
        "weight_decay": weight_decay, "loss": loss, "activation": activation,
        **settings, "init": init, "seeds": [seeds[0], seeds[-1]]}
    if save is not None:
        _save(result, parameters, save)
    write(to_json(result, parameters) if format_ == "json" else to_text(result), output)
    if result.interrupted:
        print(_how_to_resume(result, checkpoint), file=sys.stderr)
        sys.exit(130)


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
