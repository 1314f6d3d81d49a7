"""`nctheory sweep` and `nctheory store`."""

from __future__ import annotations

import logging
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nctheory import sweep as sweeps
from nctheory.commands.options import forced, left_out, output_option, rows_options, tell
from nctheory.errors import InputError, printable
from nctheory.files import check_target
from nctheory.terminal.progress import duration, progress

if TYPE_CHECKING:
    from nctheory.sweep.run import Progress, Summary

FILE = click.Path(path_type=Path)
PLAN = Path(sweeps.__file__).with_name("example.toml")


def _example(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        click.echo(PLAN.read_text(encoding="utf-8"), nl=False)
        context.exit()


@click.command()
@click.option("--example", is_flag=True, is_eager=True, expose_value=False, callback=_example,
              help="Print a plan with every key explained.")
@click.argument("plan", type=FILE)
@click.option("--store", "path", type=FILE, required=True,
              help="Results go to this file (on a local disk); arrays beside it.")
@click.option("--executor", type=click.Choice(["processes", "inline", "dask"]),
              default="processes", show_default=True)
@click.option("--workers", type=click.IntRange(1), default=None,
              help="Processes; by default one a processor.")
@click.option("--scheduler", default=None, help="Address of a Dask scheduler (executor dask).")
@click.option("--dry-run", is_flag=True, help="Say how many points, how long, how much space.")
@click.option("--retry-failed", is_flag=True, help="Compute points that failed once more.")
@click.option("--log", "log_path", type=FILE, default=None,
              help="Log file; by default STORE.log.")
def sweep(plan: Path, path: Path, executor: str, workers: int | None, scheduler: str | None,
          dry_run: bool, retry_failed: bool, log_path: Path | None) -> None:
    """Compute the points of PLAN that the store does not hold.

    PLAN is a TOML file (see --example).  Ctrl-C, a crash or a full disk lose nothing that is
    finished: the same command goes on. Exit status 1 where a point failed or was lost, 130 after
    Ctrl-C.

    \b
    Example: nctheory sweep --example > plan.toml
             nctheory sweep plan.toml --store results.db
    """
    from nctheory.sweep.plan import Plan
    from nctheory.sweep.run import estimate, run_plan

    made = Plan.read(plan)
    if dry_run:
        found = estimate(made, path, workers)
        click.echo(f"{found.points} points, {found.points - found.missing} of them in the store\n"
                   f"about {duration(found.seconds)} and {found.size / 1e6:.1f} MB for the rest")
        return
    _log_to(log_path or Path(f"{path}.log"))
    with progress("points") as count:
        def counted(state: Progress) -> None:
            count(state.finished, state.points, f"{state.failed} failed")

        summary = run_plan(made, path, executor=executor, workers=workers, scheduler=scheduler,
                           retry_failed=retry_failed, progress=counted)
    click.echo(_words(summary))
    if summary.interrupted:
        click.echo("nctheory: interrupted; what is finished is kept, this goes on from there:\n"
                   f"  nctheory {shlex.join(sys.argv[1:])}", err=True)
        sys.exit(130)
    if summary.lost:
        click.echo(f"nctheory: {summary.lost} points lost, as their worker processes died (too "
                   "little memory?): the same command tries them again", err=True)
    if summary.failed:
        click.echo(f"nctheory: {summary.failed} points failed: see nctheory store show {path} "
                   "--failed; --retry-failed computes them again", err=True)
    if summary.failed or summary.lost:
        sys.exit(1)


def _words(summary: Summary) -> str:
    return (f"{summary.points} points: {summary.found} found in the store, "
            f"{summary.computed} computed ({summary.failed} failed) in "
            f"{duration(summary.seconds)}")


def _log_to(path: Path) -> None:
    check_target(path, name="--log", force=True)  # what is there stays: lines are added
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise InputError(f"log must be a writable file, got {str(path)!r}: "
                         f"{error.strerror}") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("nctheory.sweep")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)


@click.group()
def store() -> None:
    """Look after the file that `nctheory sweep` writes.

    \b
    Example: nctheory store show results.db
    """


def _choice(command: Any) -> Any:
    command = click.option("--version", default=None, help="Points of this nctheory.")(command)
    return click.option("--task", default=None, help="Points of this task.")(command)


@store.command()
@click.argument("path", type=FILE)
@click.option("--failed", is_flag=True, help="Print the tracebacks of failed points.")
def show(path: Path, failed: bool) -> None:
    """How many points of which task, what varies, what failed.

    \b
    Example: nctheory store show results.db
    """
    from nctheory.sweep.export import varying
    from nctheory.sweep.store import Store
    from nctheory.terminal.grid import grid, render

    with Store(path) as opened:
        counts = opened.counts()
        table = grid({"task": "left", "version": "left", "finished": "right", "failed": "right",
                      "computing time": "right"})
        for entry in counts:
            table.add_row(entry["task"], entry["version"], str(entry["finished"]),
                          str(entry["failed"]), duration(entry["seconds"]))
        click.echo(render(table), nl=False)
        click.echo(f"{len(opened.sweeps())} sweeps, {opened.size() / 1e6:.1f} MB")
        for entry in counts:
            for name, values in varying(opened, entry["task"], entry["version"]).items():
                words = [*map(str, values[:6]), *([".."] * (len(values) > 7)),
                         *map(str, values[6:][-1:])]
                click.echo(f"{entry['task']}: {len(values)} values of {name}: "
                           f"{', '.join(words)}")
        for entry in counts if failed else ():
            for row in opened.rows(entry["task"], entry["version"]):
                if row.error is not None:
                    click.echo(printable(f"\n{row.task} {row.parameters} seed {row.seed}\n"
                                         f"{row.error}"))


@store.command()
@click.argument("path", type=FILE)
@click.option("--forget", is_flag=True,
              help="Remove damaged points, so that the next sweep computes them again.")
def check(path: Path, forget: bool) -> None:
    """Verify every point and array.

    Exit status 1 where something is damaged.

    \b
    Example: nctheory store check results.db --forget
    """
    from nctheory.sweep.store import Store

    with Store(path, writable=forget) as opened:
        damage = opened.check()
        for key, words in damage.items():
            click.echo(f"{key.hex() or 'the file'}: {words}")
        if forget:
            opened.forget(key for key in damage if key)
            click.echo(f"{len(damage)} damaged points forgotten")
            return
    if damage:
        sys.exit(1)
    click.echo("every point and array is as it was written")


@store.command()
@click.argument("path", type=FILE)
def compact(path: Path) -> None:
    """Give back unused space; remove arrays that no point has.

    \b
    Example: nctheory store compact results.db
    """
    from nctheory.sweep.store import Store

    with Store(path, writable=True) as opened:
        click.echo(f"{opened.compact() / 1e6:.1f} MB given back")


@store.command()
@click.argument("path", type=FILE)
@click.argument("other", type=FILE)
def merge(path: Path, other: Path) -> None:
    """Take the points of the store OTHER over into PATH.

    \b
    Example: nctheory store merge results.db other.db
    """
    from nctheory.sweep.store import Store

    with Store(path, writable=True) as opened, Store(other) as source:
        click.echo(f"{opened.merge(source)} points taken over")


@store.command()
@click.argument("path", type=FILE)
@rows_options
@_choice
def ends(path: Path, task: str | None, version: str | None) -> None:
    """How often each end point appears among runs of the solver.

    
    Example: nctheory store ends results.db
    """
    from nctheory.report.rows import Rows
    from nctheory.sweep.ends import end_points
    from nctheory.sweep.export import varying
    from nctheory.sweep.store import Store
    from nctheory.terminal.grid import grid

    with Store(path) as opened:
        chosen = opened.choose(task or "solve", version)
        records = list(end_points(opened, *chosen))
        settings = [name for name in varying(opened, *chosen) if name != "seed"]
    table = grid({**dict.fromkeys(settings, "right"), "loss": "right", "label": "left",
                  "rank M": "left", "runs": "right", "share": "right", "95 %": "left"})
    for end in records:
        table.add_row(*(str(end[name]) for name in settings),
                      "-" if end["loss"] is None else f"{end['loss']:.10f}", end["label"],
                      " ".join(map(str, end["ranks"] or "-")), str(end["runs"]),
                      f"{end['share']:.4%}", f"{end['low']:.4%} to {end['high']:.4%}")
    tell(Rows(records, table))


@store.command("export")
@click.argument("path", type=FILE)
@click.option("--format", "format_", type=click.Choice(["csv", "parquet", "netcdf"]),
              default="csv", show_default=True)
@output_option
@click.option("--times", is_flag=True, help="With the columns finished and seconds.")
@_choice
def export_store(path: Path, format_: str, output: Path | None, times: bool, task: str | None,
                 version: str | None) -> None:
    """Write the points of one task as a table.

    Ordered by their parameters.  Exit status 1 where damaged points are left out.

    \b
    Example: nctheory store export results.db --output results.csv
    """
    from nctheory.sweep.export import export
    from nctheory.sweep.store import Store

    with Store(path) as opened:
        damage = export(opened, output, format_, task, version, times=times, force=forced())
    left_out(damage)
