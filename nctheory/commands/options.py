"""What the commands share: lists of integers, and rows told in some format."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

import click

from nctheory import files, limits
from nctheory.errors import InputError, show
from nctheory.report.rows import Format, Rows, names
from nctheory.terminal.screen import SCREEN, Screen

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


class Integers(click.ParamType[Sequence[int]]):
    """Numbers and inclusive ranges a:b with commas between them, e.g. "3,5,8:10"; sorted."""

    name = "a:b,.."

    def convert(self, value: Any, param: Any, ctx: Any) -> Sequence[int]:
        if not isinstance(value, str):
            return cast(Sequence[int], value)
        parts = [self._part(part, value) for part in value.split(",")]
        if len(parts) == 1:
            return parts[0]
        return sorted({number for part in parts for number in part})

    def _part(self, text: str, whole: str) -> range:
        first, colon, last = text.partition(":")
        try:
            low = int(first)
            high = int(last) if colon else low
        except ValueError:
            self.fail("must be numbers or ranges a:b of integers, with commas between them, "
                      f"got {show(whole)}")
        if high < low:
            self.fail(f"must have ranges a:b with a <= b, got {show(whole)}")
        if high - low >= limits.VALUES:
            self.fail(f"must be at most {limits.VALUES} numbers, got {show(whole)}")
        return range(low, high + 1)


class Word(click.ParamType[str]):
    """A word of the registry that a module's `get` asks, as that module writes it."""

    def __init__(self, name: str, module: str) -> None:
        self.name, self._module = name, module

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        # Loaded only when a word is to be read: the registries load compiled kernels.
        found: str = importlib.import_module(self._module).get(value).word
        return found


RANGE = Integers()


def integers(name: str, default: str | None, symbol: str) -> Decorator:
    """An option of numbers and ranges; all commands read them alike."""
    return click.option(f"--{name}", type=RANGE, default=default,
                        show_default=default is not None,
                        help=f"{symbol}, e.g. 3,5,8:10.")


def classes_option(default: str) -> Decorator:
    """--classes."""
    return integers("classes", default, "K")


def layers_option(default: str) -> Decorator:
    """--layers."""
    return integers("layers", default, "L")


loss_option: Decorator = click.option(
    "--loss", type=Word("loss", "nctheory.losses"), default="mse", show_default=True,
    help="mse or ce.")


def activation_default(word: str) -> Decorator:
    """The option --activation, with what it is without one."""
    return click.option("--activation", type=Word("activation", "nctheory.activations"),
                        default=word, show_default=True, help="relu, linear or leaky:a=..")


activation_option = activation_default("relu")

threads_option: Decorator = click.option("--threads", type=int, default=None,
                                         help="Default: all processors.")

Command = TypeVar("Command", bound=Callable[..., object])

_FORCE = "nctheory.force"


def forced() -> bool:
    """Whether --force was given to the command that runs."""
    return bool(click.get_current_context().meta.get(_FORCE))


def _remember(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_FORCE] = value


force_option = click.option("--force", is_flag=True, expose_value=False, callback=_remember,
                            help="Replace files not written by nctheory, too.")


def _target(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """What is certain to be refused is refused before the work; and a file is no terminal."""
    if path == Path("-"):
        return None
    if path is not None and not context.resilient_parsing:
        files.check_target(path, name="--output", force=True)
        SCREEN.set(Screen())
    return path


_OUTPUT = "Write to this file; - is standard output."


def output_option(command: Command) -> Command:
    """--output and --force."""
    option = click.option("--output", type=click.Path(path_type=Path), default=None,
                          callback=_target, help=_OUTPUT)
    return option(force_option(command))


def left_out(damage: Mapping[bytes, str]) -> None:
    """Name the damaged points of a store that an output lacks, and end with status 1."""
    if damage:
        some = [f"{key.hex() or 'the file'}: {words}" for key, words in damage.items()]
        more = f"; and {len(some) - 5} more" if len(some) > 5 else ""
        click.echo(f"nctheory: warning: left out what is damaged: {'; '.join(some[:5])}{more} "
                   "(nctheory store check --forget, and a sweep, make it anew)", err=True)
        sys.exit(1)


def write(text: str, output: Path | None) -> None:
    """Print `text`, or write it to the file that --output names (`nctheory.files`)."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        files.write(output, text, name="--output", force=forced())
    except InputError:
        sys.stdout.write(text)  # what was computed is not lost with the refusal
        raise


def rows_options(command: Command) -> Command:
    """--format, --columns, --output and --force, which `tell` obeys."""
    for option in (
            force_option,
            click.option("--output", type=click.Path(path_type=Path), default=None,
                         callback=_keep("output", _target), expose_value=False, help=_OUTPUT),
            click.option("--columns", default=None, callback=_keep("columns"),
                         expose_value=False, metavar="NAME,..",
                         help="These columns alone."),
            click.option("--format", type=click.Choice(get_args(Format)), default="text",
                         callback=_keep("format"), expose_value=False, show_default=True)):
        command = option(command)
    return command


def _keep(name: str, check: Callable[..., Any] | None = None) -> Callable[..., None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:
        context.meta[f"nctheory.{name}"] = (check(context, parameter, value) if check else value)
    return callback


def tell(rows: Rows) -> None:
    """Rows in the --format, with the --columns, to the --output of the command that runs."""
    meta = click.get_current_context().meta
    write(rows.to(meta["nctheory.format"], names(meta["nctheory.columns"])),
          meta["nctheory.output"])
