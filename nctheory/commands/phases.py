"""`nctheory phases`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from nctheory.commands.options import (
    activation_default,
    classes_option,
    forced,
    integers,
    layers_option,
    rows_options,
    tell,
)
from nctheory.files import check_figure, write_figure


class Decays(click.ParamType[tuple[float, ...]]):
    """A weight decay, or "low:high:points", spaced evenly in the logarithm."""

    name = "lam or low:high:points"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        if isinstance(value, tuple):
            return value
        parts = str(value).split(":")
        try:
            if len(parts) == 1:
                return (float(parts[0]),)
            low, high, points = float(parts[0]), float(parts[1]), int(parts[2])
        except (ValueError, IndexError):
            self.fail(f"must be a number or low:high:points, got {value!r}")
        if not (0 < low < high < float("inf") and 2 <= points <= 10_000 and len(parts) == 3):
            self.fail(f"must be low:high:points with 0 < low < high, 2 <= points, got {value!r}")
        ratio = (high / low) ** (1 / (points - 1))
        return tuple(low * ratio**i for i in range(points))


@click.command()
@classes_option("10")
@layers_option("2:8")
@integers("width", None, "d (without it all families fit)")
@click.option("--weight-decay", type=Decays(), default="1e-6:1e-1:26", show_default=True)
@click.option("--samples", type=int, default=1, show_default=True, help="n, samples a class.")
@activation_default("linear")
@click.option("--figure", "picture", type=click.Path(path_type=Path), default=None,
              help="Draw it to this file (.pdf, .png, .svg) as well.")
@rows_options
def phases(classes: Sequence[int], layers: Sequence[int], width: Sequence[int] | None,
           weight_decay: tuple[float, ...], samples: int, activation: str,
           picture: Path | None) -> None:
    """The best known family for cross-entropy.

    Over two of K, L, d and weight decay.

    \b
    Example: nctheory phases --classes 10 --layers 2:8 --figure phases.pdf
    """
    from nctheory.cross_entropy.phases import phase_diagram
    from nctheory.report.phases import figure, rows

    def single(values: Any) -> Any:
        return values[0] if values is not None and len(values) == 1 else values

    if picture is not None:
        check_figure(picture, name="--figure", force=forced())
    diagram = phase_diagram(classes=single(classes), layers=single(layers), width=single(width),
                            weight_decay=single(weight_decay), samples=samples,
                            activation=activation)
    if picture is not None:
        write_figure(picture, figure(diagram), name="--figure", force=forced())
    tell(rows(diagram))
