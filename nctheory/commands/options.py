"""What the commands share: ranges of integers, output to a file or the terminal."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from nctheory import files
from nctheory.errors import InputError, show
from nctheory.terminal.screen import SCREEN, Screen


class IntegerRange(click.ParamType[range]):
    """"a:b" (inclusive) or a single number, as a Python range."""

    name = "a:b"

    def convert(self, value: Any, param: Any, ctx: Any) -> range:
        if isinstance(value, range):
            return value
        first, colon, last = str(value).partition(":")
        try:
            low = int(first)
            high = int(last) if colon else low
        except ValueError:
            self.fail(f"must be a range a:b of integers, got {show(value)}")
        if high < low:
            self.fail(f"must be a range a:b with a <= b, got {show(value)}")
        return range(low, high + 1)


class Word(click.ParamType[str]):
    """A word of the registry that a module's `get` asks, as that module writes it."""

    def __init__(self, name: str, module: str) -> None:
        self.name, self._module = name, module

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        # Loaded only when a word is to be read: the registries load compiled kernels.
        found: str = importlib.import_module(self._module).get(value).word
        return found


RANGE = IntegerRange()

Decorator = Callable[[Callable[..., None]], Callable[..., None]]

loss_option: Decorator = click.option(
    "--loss", type=Word("loss", "nctheory.losses"), default="mse", show_default=True,
    help="mse or ce.")


def activation_default(word: str) -> Decorator:
    """The option --activation, with what it is without one."""
    return click.option("--activation", type=Word("activation", "nctheory.activations"),
                        default=word, show_default=True, help="relu, linear or leaky:a=..")


activation_option = activation_default("relu")

Command = TypeVar("Command", bound=Callable[..., object])

_FORCE = "nctheory.force"


def forced() -> bool:
    """Whether --force was given to the command that runs."""
    return bool(click.get_current_context().meta.get(_FORCE))


def _remember(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[_FORCE] = value


force_option = click.option("--force", is_flag=True, expose_value=False, callback=_remember,
                            help="Replace files that nctheory did not write, too.")


def _target(context: click.Context, _: click.Parameter, path: Path | None) -> Path | None:
    """What is certain to be refused is refused before the work; and a file is no terminal."""
    if path is not None and not context.resilient_parsing:
        files.check_target(path, name="--output", force=True)
        SCREEN.set(Screen())
    return path


def output_option(command: Command) -> Command:
    """--output and --force."""
    option = click.option("--output", type=click.Path(path_type=Path), default=None,
                          callback=_target, help="Write to this file instead of the terminal.")
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
