"""`nctheory certify` and `nctheory check`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from nctheory.commands.options import classes_option, layers_option, output_option, write
from nctheory.errors import InputError, require, show
from nctheory.files import open_regular
from nctheory.specs import Argument, Arguments, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nctheory.certify import Certificate
    from nctheory.constructions import Orthogonal, Triangular


@click.command()
@click.argument("claim")
@classes_option("3:20")
@layers_option("3:5")
@click.option("--format", "format_", type=click.Choice(["json", "coq"]), default="json",
              show_default=True)
@output_option
def certify(claim: str, classes: Sequence[int], layers: Sequence[int], format_: str,
            output: Path | None) -> None:
    """Certificates for CLAIM: a table, a claim, or a theorem.

    \b
    thresholds                                with --classes, --layers: by sums of
                                              triangular and DNC blocks alone
    atlas                                     with --classes, --layers
    triangular:r=5,s=3                        this construction, with --layers
    cell:r=5,s=3,L=3                          the same for one L
    threshold:K=11,L=3                        one cell of `thresholds`
    cost:K=12,L=6                             one cell of the atlas: what it costs
    chain:K=3,L=4                             DNC beaten by integer matrices
    partial-fit:K=5,L=2                       DNC and zero beaten for some decays
    optimal:K=3,L=2                           no exact fit costs less than DNC
    minimal-loss:r=5,s=3,L=4,decay=1/250      f* in rational bounds (K=.. for DNC)
    cross-entropy:first=pairs,second=dnc,K=10,L=2,n=5,decay=1/1024
    triangular-thresholds, two-layer-thresholds, slm24-theorem-5, gk25-theorem-1,
    gk25-theorem-7                            for all sizes at once

    \b
    Example: nctheory certify thresholds --output certs.json
    """
    from nctheory.certify import to_json
    from nctheory.terminal.progress import waiting

    with waiting("certificates"):
        made = _made(claim, classes, layers)
    if format_ == "coq":
        from nctheory.certify.coq import to_coq

        write(to_coq(made), output)
    else:
        write(to_json(made), output)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--budget", type=click.IntRange(min=1), default=None,
              help="Units of work to spend on the file, about a product of two words each "
                   "(default: 10^9, and 200 a byte).")
def check(file: Path, budget: int | None) -> None:
    """Verify a certificate FILE, a line a claim.

    Plain, or compressed by gzip.  Exit status 0: all verified, 1: some claim is not, 2: not a
    certificate file.

    \b
    Example: nctheory check certs.json
    """
    from nctheory.certify import checker

    try:  # a pipe would be waited for
        open_regular(file).close()
    except OSError as error:
        raise InputError(f"file must be a readable file, got {show(str(file))}: "
                         f"{error.strerror}") from None
    limit = [] if budget is None else ["--budget", str(budget)]
    sys.exit(checker.main([*limit, "--", str(file)]))


def _needs(*keys: str) -> dict[str, Argument]:
    return {key: Argument() for key in keys}


_OPTIONAL = Argument(optional=True)
_WORD = Argument(str, optional=True)
_SETTING = {"n": _OPTIONAL, "decay": _WORD}

CLAIMS: dict[str, Arguments] = {
    "thresholds": {},
    "cell": _needs("r", "s", "L"),
    "threshold": _needs("K", "L"),
    "atlas": {},
    "cost": _needs("K", "L"),
    "chain": _needs("K", "L"),
    "partial-fit": _needs("K", "L"),
    "optimal": _needs("K", "L"),
    "minimal-loss": {"K": _OPTIONAL, "r": _OPTIONAL, "s": _OPTIONAL, **_needs("L"), **_SETTING},
    "cross-entropy": {"first": _WORD, "second": _WORD, **_needs("K", "L"), **_SETTING},
}


def _made(claim: str, classes: Sequence[int], layers: Sequence[int]) -> list[Certificate]:
    from nctheory.certify import UNIFORM, cell, costs, thresholds

    tables = {"thresholds": thresholds, "atlas": costs}
    if claim in tables:
        return list(tables[claim](classes, layers))
    if claim in UNIFORM:
        return list(UNIFORM[claim]())
    if claim.startswith("triangular:"):  # as nctheory cost names it
        given = parse("construction", claim, {"triangular": _needs("r", "s")})[1]
        return [cell(given["r"], given["s"], L) for L in layers]
    return [_single(claim)]


def _single(claim: str) -> Certificate:
    from nctheory import certify as makers

    name, given = parse("claim", claim, {**CLAIMS, **{known: {} for known in makers.UNIFORM}})
    plain: dict[str, Callable[..., Certificate]] = {
        "cell": makers.cell, "threshold": makers.threshold, "chain": makers.chain,
        "cost": makers.cost, "partial-fit": makers.partial_fit, "optimal": makers.optimal}
    if name in plain:
        return plain[name](*given.values())
    if name == "minimal-loss":
        return makers.minimal_loss(_whose_loss(claim, given), given["L"],
                                   samples=given.get("n", 1),
                                   weight_decay=given.get("decay", "1/250"))
    if name == "cross-entropy":
        return makers.compare(given.get("first", "pairs"), given.get("second", "dnc"),
                              given["K"], given["L"], samples=given.get("n", 1),
                              weight_decay=given.get("decay", "1/1000"))
    raise InputError(f"claim must be written as {name}, got {show(claim)}")


def _whose_loss(claim: str, given: dict[str, int]) -> Orthogonal | Triangular:
    """DNC for K, a member of the triangular family for r and s."""
    from nctheory.constructions import Orthogonal, Triangular

    letters = given.keys() & {"K", "r", "s"}
    require(letters in ({"K"}, {"r", "s"}), "claim",
            "be minimal-loss:K=..,L=.. or minimal-loss:r=..,s=..,L=.. [,n=..,decay=p/q]", claim)
    if "K" in given:
        return Orthogonal(classes=given["K"])
    return Triangular(vertices=given["r"], subset=given["s"])
