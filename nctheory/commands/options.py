"""What the commands share: ranges of integers, output to a file or the terminal."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


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
            self.fail(f"must be a range a:b of integers, got {value!r}")
        if high < low:
            self.fail(f"must be a range a:b with a <= b, got {value!r}")
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

output_option = click.option("--output", type=click.Path(path_type=Path), default=None,
                             help="Write to this file instead of the terminal.")


def write(text: str, output: Path | None) -> None:
    """Print `text`, or write it to the file that --output names."""
    if output is None:
        sys.stdout.write(text)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--output must be a writable file, got {str(output)!r}: "
                               f"{error.strerror}") from None


def check_writable(path: Path | None, option: str) -> None:
    """Refuse a file that cannot be written, before the work for it is done."""
    if path is not None and (path.is_dir() or not os.access(path.parent, os.W_OK)):
        raise click.UsageError(f"{option} must be a writable file, got {str(path)!r}")
