"""The command line: find the command, run it.  Errors are one line and exit status 2."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import warnings
from collections.abc import Callable

import click

from nctheory import __version__
from nctheory.errors import InputError, one_line
from nctheory.specs import near
from nctheory.terminal.screen import SCREEN, Screen

# Where each command lives; a module is imported only when its command is asked for.
COMMANDS = {
    "thresholds": "nctheory.commands.tables:thresholds",
    "cost": "nctheory.commands.tables:cost",
    "graph": "nctheory.commands.tables:graph",
    "phases": "nctheory.commands.phases:phases",
    "margins": "nctheory.commands.margins:margins",
    "metrics": "nctheory.commands.trained:metrics",
    "train": "nctheory.commands.trained:train",
    "solve": "nctheory.commands.solve:solve",
    "reproduce": "nctheory.commands.reproduce:reproduce",
    "verify-ranks": "nctheory.commands.verify_ranks:verify_ranks",
    "certify": "nctheory.commands.certify:certify",
    "check": "nctheory.commands.certify:check",
    "sweep": "nctheory.commands.sweep:sweep",
    "store": "nctheory.commands.sweep:store",
    "refute": "nctheory.commands.refute:refute",
    "figure": "nctheory.commands.report:figure",
    "report": "nctheory.commands.report:report",
    "atlas": "nctheory.commands.atlas:atlas",
    "cite": "nctheory.commands.cite:cite",
}


class LazyGroup(click.Group):
    """A group whose commands are imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            raise click.UsageError(f"No such command {cmd_name!r}{near(cmd_name, COMMANDS)}; "
                                   "nctheory --help lists them")
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nctheory")
def cli() -> None:
    """Neural collapse theory: thresholds, losses, solvers, proofs.

    \b
    Example:    nctheory thresholds --classes 9:11 --layers 3:4
    Completion: eval "$(_NCTHEORY_COMPLETE=bash_source nctheory)"
                (or zsh_source, fish_source) in the shell's startup file
    """


def main() -> None:
    """Run the command line; every refusal is one line on stderr and exit status 2."""
    if sys.stdout.isatty():
        SCREEN.set(Screen(shutil.get_terminal_size().columns, "NO_COLOR" not in os.environ))
    warnings.showwarning = _warner()
    try:
        sys.exit(cli.main(standalone_mode=False))
    except InputError as error:
        _refuse(str(error))
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.ctx.get_help() if error.ctx else "")
        sys.exit(2)
    except click.ClickException as error:
        _refuse(error.format_message())
    except (click.Abort, KeyboardInterrupt):
        print("nctheory: interrupted", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:  # the reader (head, less) has gone: nobody to tell
        os._exit(0)


def _warner() -> Callable[..., None]:
    """Shows a warning as one line, without the place in our source; each once.

    Python's own memory of them is lost whenever a library changes the filters.
    """
    told: set[str] = set()

    def show(message: Warning | str, *_: object, **__: object) -> None:
        line = one_line(str(message))
        if line not in told:
            told.add(line)
            print(f"nctheory: warning: {line}", file=sys.stderr)

    return show


def _refuse(message: str) -> None:
    print("nctheory: error: " + one_line(message), file=sys.stderr)
    sys.exit(2)
