"""Experiments of the papers, measured again: tables, a figure, a sentence and a verdict each."""

from __future__ import annotations

import gzip
import importlib
import json
from pathlib import Path

from nctheory.errors import InputError, choice
from nctheory.files import open_regular
from nctheory.reproduce.kept import unpacked
from nctheory.reproduce.reproduction import Experiment, Finding, Reproduction

__all__ = ["EXPERIMENTS", "Experiment", "Finding", "Reproduction", "experiment",
           "read_record"]

# Where each experiment lives; a module is imported only when one of its experiments is asked for.
EXPERIMENTS = {
    "slm24-fig1": "slm24:FIGURE_1",
    "slm24-fig2": "slm24:FIGURE_2",
    "slm24-fig3": "slm24_trends:FIGURE_3",
    "slm24-fig5": "slm24_few:FIGURE_5",
    "slm24-fig6": "slm24:FIGURE_6",
    "gk25-fig1": "gk25:FIGURE_1",
    "gk25-fig2": "gk25_trends:FIGURE_2",
    "gk25-fig5": "gk25_trends:FIGURE_5",
    "gk25-fig6": "gk25_relu:FIGURE_6",
    "train-collapse-without-test-collapse": "hbn22:COLLAPSE",
    "cascading-collapse": "hbn22:CASCADE",
    "longer-training-worse-transfer": "hbn22:TRANSFER",
    "rank-against-weight-decay": "z24:RANK",
    "slm24-end-to-end": "end_to_end:SQUARED",
    "gk25-end-to-end": "end_to_end:ENTROPY",
    "gkt26-basins": "gkt26:BASINS",
    "zcml26-optimisers": "zcml26:OPTIMISERS",
}


def experiment(name: str) -> Experiment:
    """The experiment of this name.

    Raises
    ------
    InputError
        Where there is none.

    Examples
    --------
    >>> experiment("slm24-fig2").source
    '[SLM24] Fig 2'
    """
    module, _, attribute = EXPERIMENTS[choice("name", name, tuple(EXPERIMENTS))].partition(":")
    found: Experiment = getattr(importlib.import_module(f"nctheory.reproduce.{module}"),
                                attribute)
    return found


def read_record(path: str | Path) -> Reproduction:
    """The outcome in a NAME.json.gz, judged and drawn anew from its tables.

    Raises
    ------
    InputError
        Where the file cannot be read, or is no record of an experiment.
    """
    try:
        with open_regular(path) as file:
            found = json.loads(gzip.decompress(file.read()))
        return Reproduction(experiment(found["experiment"]), found["parameters"], found["seed"],
                            unpacked(found["tables"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"path must be a record of an experiment, got {path}: {error}") from None
