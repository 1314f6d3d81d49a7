"""`nctheory metrics` and `nctheory train`: trained networks, one's own or one trained here."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from nctheory.commands.options import Word, force_option, forced, rows_options, tell
from nctheory.terminal.progress import progress, waiting

if TYPE_CHECKING:
    from nctheory.trained import Training


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--activation", type=Word("activation", "nctheory.activations"),
              default="linear", show_default=True,
              help="What stands between the features and the weight of their layer.")
@click.option("--as", "package", type=click.Choice(["neural-collapse", "nc-toolbox"]),
              help="In the normalisation of another package: rhubarbwu/neural-collapse or "
                   "felixsh/nc-toolbox.")
@click.option("--explain", is_flag=True, help="What each name means, its range and sign.")
@rows_options
def metrics(file: Path | None, activation: str, package: str | None, explain: bool) -> None:
    """Collapse metrics of the features in FILE.

    FILE is .npz, .npy with labels beside it, or safetensors.  Arrays: features or
    features_1..features_L (a row a sample) and labels; optionally weight and bias, test_features
    and test_labels, with _l for layer l.

    \b
    Example: nctheory metrics trained/features.npz --activation relu
    """
    from nctheory.metrics import load, report
    from nctheory.metrics.elsewhere import elsewhere
    from nctheory.report.metrics import elsewhere_rows, explanations, rows

    if explain:
        tell(explanations())
        return
    if file is None:
        raise click.UsageError("FILE must be given, or --explain")
    with waiting("measuring"):
        found = (rows(report(load(file), activation)) if package is None
                 else elsewhere_rows(elsewhere(load(file), package)))
    tell(found)


@click.command()
@click.argument("data", default="digits")
@click.option("--directory", "output", type=click.Path(path_type=Path), default=Path("trained"),
              show_default=True, help="Where to make checkpoint.npz and features.npz.")
@force_option
@click.option("--hidden", default="128,128", show_default=True,
              help="Widths of the hidden layers.")
@click.option("--head", type=int, default=0, show_default=True,
              help="Layers of a head without biases over features without activation, as the "
                   "deep unconstrained features model has it.")
@click.option("--activation", type=Word("activation", "nctheory.activations"), default="relu",
              show_default=True)
@click.option("--loss", type=Word("loss", "nctheory.losses"), default="ce", show_default=True)
@click.option("--epochs", type=int, default=100, show_default=True)
@click.option("--batch", type=int, default=64, show_default=True)
@click.option("--optimiser", type=click.Choice(["sgd", "adam", "signgd"]), default="sgd",
              show_default=True)
@click.option("--decay", type=click.Choice(["coupled", "decoupled"]), default="coupled",
              show_default=True, help="decoupled: weights shrink apart from the step, as AdamW "
                                      "has it.")
@click.option("--dtype", type=click.Choice(["float64", "float32"]), default="float64",
              show_default=True)
@click.option("--learning-rate", "rate", type=float, default=0.05, show_default=True)
@click.option("--momentum", type=float, default=0.9, show_default=True)
@click.option("--weight-decay", default="5e-4", show_default=True,
              help="One number, or one a layer: 0,0,4e-3,4e-3.")
@click.option("--feature-decay", type=float, default=0.0, show_default=True,
              help="lam_H of the penalty 1/2 lam_H |H|^2 on the features that the head reads.")
@click.option("--schedule", type=click.Choice(["constant", "cosine", "steps"]),
              default="constant", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def train(data: str, output: Path, *, hidden: str, weight_decay: str, epochs: int, head: int,
          activation: str, loss: str, **settings: Any) -> None:
    """Train a perceptron on DATA and save its features.

    DATA is digits, mnist, or a feature file.  Stopped at any moment, the same command goes on from
    the checkpoint to the same numbers; with more --epochs (and a constant schedule) it goes on
    from the end.

    \b
    Example: nctheory train digits --epochs 50 --directory trained
    """
    from nctheory.trained import Recipe
    from nctheory.trained import train as run

    decays = _numbers("--weight-decay", weight_decay, float, "5e-4 or 0,0,4e-3,4e-3")
    recipe = Recipe(epochs=epochs, weight_decay=decays[0] if len(decays) == 1 else decays,
                    **settings)
    widths = _numbers("--hidden", hidden, int, "128,128")
    with progress("epochs") as count:
        def counted(training: Training) -> None:
            count(training.epoch, epochs, f"loss {training.losses[-1]:.3g}")

        found = run(data, output, hidden=widths, head=head, activation=activation, loss=loss,
                    recipe=recipe, progress=counted, tell=partial(click.echo, err=True),
                    force=forced())
    click.echo(json.dumps(found, indent=1))


Number = TypeVar("Number", int, float)


def _numbers(option: str, text: str, kind: Callable[[str], Number],
             example: str) -> tuple[Number, ...]:
    try:
        return tuple(kind(part) for part in text.split(",") if part.strip())
    except ValueError:
        raise click.UsageError(f"{option} must be numbers such as {example}, got {text!r}"
                               ) from None
