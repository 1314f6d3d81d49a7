"""Pages made from the code when the site is built, so that they cannot drift from it.

Into docs/auto: a page for each theorem of proofs/, each module, the experiments and the
commands.  Into the site: the atlas, and the second checker that runs in the browser.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import shutil
from pathlib import Path
from types import ModuleType

import click
import matplotlib
from _extensions.pictures import picture
from sphinx.application import Sphinx

import nctheory
from nctheory.citations import keys
from nctheory.cli import COMMANDS, cli
from nctheory.files import write_figure
from nctheory.report.atlas_site import write_site
from nctheory.reproduce import EXPERIMENTS, read_record
from proofs import THEOREMS, Proof, prove
from proofs.__main__ import in_full
from proofs.statements import status, table

HERE = Path(__file__).parent.parent
AUTO = HERE / "auto"
RECORDS = HERE / "experiments"
MOST_CLASSES, MOST_LAYERS = 24, 8  # of the atlas beside the documentation
HIDDEN = {"__main__", "cli", "commands"}  # the command line has a page of its own


def _write(path: Path, text: str) -> None:
    """Only what changed, so that Sphinx reads only that again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


# --- theorems ---

def _cites(text: str) -> str:
    """[KEY] as a link to the bibliography; signs that Markdown would take mean themselves."""
    text = re.sub(r"([*|<$])|_(?![A-Za-z0-9])", lambda sign: "\\" + sign[0], text)
    return re.sub(r"\[([A-Z][A-Za-z]*[0-9]{2})\]", r"{cite}`\1`", text)


def _page_status(outcome: Proof) -> str:
    """The words of the table of statements, and what was run for them."""
    words = dict.fromkeys(status(statement, THEOREMS) for statement in table(THEOREMS)
                          if statement.proof == outcome.theorem.name)
    certificates = (f", {outcome.verified} of {len(outcome.certificates)} certificates accepted "
                    "by the independent checker" if outcome.certificates else "")
    word = _cites("; ".join(words)) if outcome.proved else "**NOT VERIFIED**"
    return f"{word} ({len(outcome.steps)} steps: {outcome.method}{certificates})"


def theorem_page(outcome: Proof, drawn: str | None) -> str:
    """Statement, hypotheses, status, picture, proof, command and citation of one theorem."""
    theorem = outcome.theorem
    papers = keys(" ".join([theorem.source, *theorem.cited]))
    printed = re.sub(r"; [0-9.]+ s$", "", in_full(outcome), flags=re.MULTILINE)
    return "\n".join([
        f"# {theorem.name}", "", _cites(theorem.statement), "", "$$", theorem.latex, "$$", "",
        "Hypotheses", f": {_cites(theorem.domain)}", "",
        "Status", f": {_page_status(outcome)}", "",
        "Source", f": {_cites(theorem.source)}", "",
        *(["Rests on", ": " + ", ".join(f"[{name}]({name}.md)" for name in theorem.rests_on), ""]
          if theorem.rests_on else []),
        *([f"![{theorem.name}: the threshold and its two sides]({drawn})", ""] if drawn else []),
        "## The derivation", "", f"As `python -m proofs {theorem.name}` prints it:", "",
        "```text", printed, "```", "",
        "## Check and cite", "", "```sh", f"python -m proofs {theorem.name}",
        *([f"python -m proofs {theorem.name} --output certificates",
           f"nctheory check certificates/{theorem.name}.json"] if outcome.certificates else []),
        " ".join(["nctheory cite", *papers]), "```", ""])


def theorems() -> None:
    """Every statement of the papers and of ours with its status, and a page a theorem."""
    lines = ["# Theorems", "", "What the papers and we state, and what is known of it. A theorem "
             "is a file of `proofs/`: a statement, and steps that a computer checks one by one. "
             "They were run when this page was made.", "",
             "| where | statement | status | see |", "| --- | --- | --- | --- |"]
    folder = AUTO / "theorems"
    folder.mkdir(parents=True, exist_ok=True)
    for theorem in THEOREMS.values():
        _write(folder / f"{theorem.name}.md",
               theorem_page(prove(theorem), picture(theorem.name, folder)))
    for statement in table(THEOREMS):
        see = (f"[{statement.proof}]({statement.proof}.md)" if statement.proof
               else _cites(statement.see))
        lines.append(f"| {_cites(statement.where)} | {_cites(statement.text)} | "
                     f"{status(statement, THEOREMS).partition(':')[0]} | {see} |")
    toctree = ["", "```{toctree}", ":hidden:", "", *THEOREMS, "```", ""]
    _write(folder / "index.md", "\n".join(lines + toctree))


# --- reference ---

def _modules() -> list[str]:
    return [module.name for module in pkgutil.walk_packages(nctheory.__path__, "nctheory.")
            if module.name.split(".")[1] not in HIDDEN]


def _own(module: ModuleType) -> list[str]:
    """The public functions and classes that a module defines, in the order of its lines."""
    def line(name: str) -> int:
        try:
            return inspect.getsourcelines(inspect.unwrap(getattr(module, name)))[1]
        except (OSError, TypeError):  # compiled: at the end
            return 10**9

    return sorted((name for name, value in vars(module).items()
                   if not name.startswith("_")
                   and getattr(value, "__module__", None) == module.__name__
                   and (inspect.isroutine(value) or inspect.isclass(value))
                   and value.__name__ == name), key=line)


def reference() -> None:
    """A page for each module, and the public names with where they live."""
    names = []
    for name in nctheory.__all__:
        home = getattr(getattr(nctheory, name), "__module__", None)
        if home and name != "__version__":
            line = (getattr(nctheory, name).__doc__ or "").strip().splitlines()[0]
            names.append((name, home, line.replace("|", "\\|").replace("*", "\\*")))
    modules = _modules()
    for module in modules:
        own = _own(importlib.import_module(module))
        members = f"   :members: {', '.join(own)}\n" if own else ""
        _write(AUTO / "reference" / f"{module}.rst",
               f"{module}\n{'=' * len(module)}\n\n.. automodule:: {module}\n{members}")
    _write(AUTO / "reference" / "index.md", "\n".join([
        "# Reference", "", "## Names of the package", "",
        "| `nctheory.` | |", "| --- | --- |",
        *(f"| [{name}]({home}.rst) | {line} |" for name, home, line in sorted(names)), "",
        "## Modules", "", "```{toctree}", ":maxdepth: 1", "", *modules, "```", ""]))


def commands() -> None:
    """What `nctheory COMMAND --help` prints, of all commands."""
    lines = ["# Commands", ""]
    context = click.Context(cli, info_name="nctheory")
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        lines += [f"## {name}", "", "```text", command.get_help(inner), "```", ""]
        if isinstance(command, click.Group):
            for part, sub in command.commands.items():
                text = sub.get_help(click.Context(sub, info_name=part, parent=inner))
                lines += [f"### {name} {part}", "", "```text", text, "```", ""]
    _write(AUTO / "commands.md", "\n".join(lines))


# --- experiments ---

def experiments() -> None:
    """What came of every experiment at full size, judged and drawn anew from its record."""
    folder = AUTO / "experiments"
    folder.mkdir(parents=True, exist_ok=True)
    found = {path.name.removesuffix(".json.gz"): read_record(path)
             for path in sorted(RECORDS.glob("*.json.gz"))}
    sections, rows = [], []
    for name, outcome in found.items():
        own = outcome.experiment
        data = outcome.parameters.get("data")
        command = f"nctheory reproduce {own.name}" + (
            f" --data {data}" if data != own.full.get("data") else "")
        rows.append(f"| [{name}](#{name}) | {_cites(own.source)} | {_cites(own.claim)} | "
                    f"{outcome.verdict} |")
        figure = folder / f"{name}.png"
        write_figure(figure, outcome.figure(), force=True)
        sections += [f"## {name}", "", _cites(f"{own.source}: {own.claim}."), "",
                     f"**{outcome.verdict}**. {_cites(outcome.sentence)}", "",
                     f"![{name}]({figure.name})", "", "```sh", command, "```", ""]
    missing = sorted(set(EXPERIMENTS) - {outcome.experiment.name for outcome in found.values()})
    _write(folder / "index.md", "\n".join([
        "# Experiments", "", "What the papers measured, measured again at full size: made from "
        "the records that the commands write (`NAME.json.gz`), whose tables are judged and drawn "
        "anew for this page. *value*: numbers of the paper, of a theorem or of a closed form are "
        "met; *trend*: the direction is, or only that is known to us; *no match*: neither, or not "
        "in every part of what is stated.", "",
        *([f"Not run at full size yet: {', '.join(missing)}.", ""] if missing else []),
        "| experiment | source | what the paper states | verdict |", "| --- | --- | --- | --- |",
        *rows, "", *sections]))


def _generate(app: Sphinx) -> None:
    theorems()
    experiments()
    reference()
    commands()


def _beside(app: Sphinx, error: Exception | None) -> None:
    """What is no page of Sphinx's."""
    if error is None and app.builder.format == "html":
        source = Path(nctheory.__file__).parent / "certify" / "checker.js"
        shutil.copy(source, Path(app.outdir) / "_static" / "checker.js")
        # Browsers without a font for formulas take this one.
        shutil.copy(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf",
                    Path(app.outdir) / "_static")
        site = Path(app.outdir) / "atlas"
        if not site.exists():  # a minute: made anew where the folder is removed
            write_site(site, range(2, MOST_CLASSES + 1), range(1, MOST_LAYERS + 1))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _generate)
    app.connect("build-finished", _beside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
