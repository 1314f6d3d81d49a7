"""What the commands share: ranges of integers, output to a file or the terminal."""

from __future__ import annotations

import sys
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


RANGE = IntegerRange()

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
