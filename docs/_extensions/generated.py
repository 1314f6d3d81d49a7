"""Pages made from the code when the site is built, so that they cannot drift from it.

Into docs/auto: a page for each theorem of proofs/, each module, and the commands.  Into the site:
the atlas, and the second checker that runs in the browser.
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
from sphinx.application import Sphinx

import nctheory
from nctheory.citations import keys
from nctheory.cli import COMMANDS, cli
from nctheory.site import write_site
from proofs import THEOREMS, Outcome, prove

HERE = Path(__file__).parent.parent
AUTO = HERE / "auto"
MOST_CLASSES, MOST_LAYERS = 24, 10  # of the atlas beside the documentation
HIDDEN = {"__main__", "cli", "commands"}  # the command line has a page of its own


def _write(path: Path, text: str) -> None:
    """Only what changed, so that Sphinx reads only that again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


# --- theorems ---

def _cites(text: str) -> str:
    """[KEY] as a link to the bibliography."""
    return re.sub(r"\[([A-Z][A-Za-z]*[0-9]{2})\]", r"{cite}`\1`", text)


def _status(outcome: Outcome) -> str:
    kinds = ", ".join(dict.fromkeys(step.kind for step, _ in outcome.steps))
    certificates = (f"; {outcome.verified} of {len(outcome.certificates)} certificates accepted "
                    "by the independent checker" if outcome.certificates else "")
    word = "derived" if outcome.proved else "NOT VERIFIED"
    return f"**{word}**: {len(outcome.steps)} steps ({kinds}){certificates}"


def theorem_page(outcome: Outcome) -> str:
    """Statement, hypotheses, status, proof, command and citation of one theorem."""
    theorem = outcome.theorem
    steps = "\n".join(f"{'ok   ' if holds else 'FAILS'}  ({step.kind}) {step.text}"
                      for step, holds in outcome.steps)
    papers = keys(theorem.source + " ".join(theorem.cited))
    cite = " ".join(["nctheory cite", *papers])
    return "\n".join([
        f"# {theorem.name}", "", _cites(theorem.statement), "", "$$", theorem.latex, "$$", "",
        "Hypotheses", f": {_cites(theorem.domain)}", "",
        "Status", f": {_status(outcome)}", "",
        "Source", f": {_cites(theorem.source)}", "",
        *(["Taken from elsewhere, or not shown", ": " + "; ".join(map(_cites, theorem.cited)), ""]
          if theorem.cited else []),
        "## The derivation", "", f"As `python -m proofs {theorem.name}` prints it:", "",
        "```text", steps, "```", "",
        "## Check and cite", "", "```sh", f"python -m proofs {theorem.name}",
        *([f"python -m proofs {theorem.name} --output certificates",
           f"nctheory check certificates/{theorem.name}.json"] if outcome.certificates else []),
        cite, "```", ""])


def theorems() -> None:
    """A page a theorem, and the list of them."""
    lines = ["# Theorems", "", "Each is a file of `proofs/`: a statement, and steps that a "
             "computer checks one by one. They were run when this page was made.", "",
             "| theorem | source | steps | verified |", "| --- | --- | --- | --- |"]
    for theorem in THEOREMS.values():
        outcome = prove(theorem)
        _write(AUTO / "theorems" / f"{theorem.name}.md", theorem_page(outcome))
        lines.append(f"| [{theorem.name}]({theorem.name}.md) | {_cites(theorem.source)} | "
                     f"{len(outcome.steps)} | {'yes' if outcome.proved else 'NO'} |")
    toctree = ["", "```{toctree}", ":hidden:", "", *THEOREMS, "```", ""]
    _write(AUTO / "theorems" / "index.md", "\n".join(lines + toctree))


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


def _generate(app: Sphinx) -> None:
    theorems()
    reference()
    commands()


def _beside(app: Sphinx, error: Exception | None) -> None:
    """What is no page of Sphinx's."""
    if error is None and app.builder.format == "html":
        source = Path(nctheory.__file__).parent / "certify" / "checker.js"
        shutil.copy(source, Path(app.outdir) / "_static" / "checker.js")
        site = Path(app.outdir) / "atlas"
        if not site.exists():  # a minute: made anew where the folder is removed
            write_site(site, range(2, MOST_CLASSES + 1), range(1, MOST_LAYERS + 1))


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _generate)
    app.connect("build-finished", _beside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
