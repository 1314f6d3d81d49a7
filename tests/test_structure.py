"""The house: no circle of imports, one contract without escapes, a docstring a public name."""

import ast
import configparser
import importlib
import inspect
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parent.parent
LONGEST = 60


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(path): path for path in sorted((ROOT / "nctheory").rglob("*.py"))}
TREES = {name: ast.parse(path.read_text()) for name, path in FILES.items()}


def run_on_import(statements):
    """The statements that importing the file runs: not those of functions or type checkers."""
    for node in statements:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from run_on_import(node.orelse)
        elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node
            for part in ("body", "orelse", "finalbody", "handlers"):
                yield from run_on_import(getattr(node, part, []))


def imported(tree, files):
    """The files that importing this one imports: `from package import file` is the file."""
    for node in run_on_import(tree.body):
        if isinstance(node, ast.Import):
            names = [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [(f"{node.module}.{alias.name}", node.module) for alias in node.names]
        else:
            continue
        yield from (full if full in files else home for full, home in names
                    if full in files or home in files)


def circles(trees):
    graph = nx.DiGraph([(name, other) for name, tree in trees.items()
                        for other in imported(tree, trees)])
    return [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]


def test_no_circle_between_files():
    assert circles(TREES) == []


@pytest.mark.parametrize("back, found", [
    ("from package import one", True),
    ("import package.one", True),
    ("from package.one import name", True),
    ("if TYPE_CHECKING:\n    from package import one", False),
    ("def later():\n    from package import one", False),
    ("try:\n    import numpy\nexcept ImportError:\n    from package import one", True)])
def test_circles_are_found(back, found):
    trees = {"package": ast.parse(""), "package.one": ast.parse("from package.two import name"),
             "package.two": ast.parse(back)}
    assert circles(trees) == ([["package.one", "package.two"]] if found else [])


def contract():
    settings = configparser.ConfigParser()
    settings.read(ROOT / "setup.cfg")
    return settings["importlinter:contract:layers"]["layers"].split()


def test_the_contract_has_no_escape_and_forgets_no_file():
    """":" would let neighbours import each other; a file that no layer names is not checked."""
    layers = contract()
    assert ":" not in layers
    rooms = {name for name in FILES if name.count(".") == 1 and not name.endswith("__main__")}
    assert rooms - set(layers) == set()


# --- functions and names ---

def functions(tree):
    return [node for node in ast.walk(tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def statement_lines(function):
    """Lines from the first statement after the docstring to the last one."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_functions_are_short():
    long = [f"{name}.{function.name}: {statement_lines(function)} lines"
            for name, tree in TREES.items() for function in functions(tree)
            if statement_lines(function) > LONGEST]
    assert long == []


def documented(holder, name):
    """Whether a name has a docstring, of its own or of the method that it overrides."""
    homes = holder.__mro__ if inspect.isclass(holder) else [holder]
    return any(inspect.getdoc(vars(home)[name]) for home in homes if name in vars(home))


def public_names(holder, tree, prefix=""):
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and (
                not node.name.startswith("_")):
            yield holder, node.name, prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from public_names(vars(holder)[node.name], node, f"{prefix}{node.name}.")


def test_public_names_have_docstrings():
    bare = [f"{module}.{label}" for module, tree in TREES.items()
            if not module.endswith("__main__")
            for holder, name, label in public_names(importlib.import_module(module), tree)
            if not documented(holder, name)]
    assert "\n".join(bare) == ""


def test_files_say_what_they_are():
    assert [name for name, tree in TREES.items() if not ast.get_docstring(tree)] == []


# --- tests mirror the package ---

# What has no test file of its name, and where it is tested.
ELSEWHERE = {
    # Only whole runs show what the parts of a solver or an experiment do.
    "solver": "solver/test_solve.py", "reproduce": "reproduce/test_dufm.py",
    # The same laws for every entry of a registry.
    "losses.base": "losses/test_losses.py", "losses.mse": "losses/test_losses.py",
    "constructions.factors": "constructions/test_base.py",
    "constructions.lifted": "constructions/test_base.py",
    "feature_sets.hamming": "feature_sets/test_base.py",
    "feature_sets.johnson": "feature_sets/test_base.py",
    "feature_sets.orbits": "feature_sets/test_base.py",
    "feature_sets.polygons": "feature_sets/test_base.py",
    "feature_sets.split": "feature_sets/test_base.py",
    "graphs.sporadic": "graphs/test_named.py",
    # Files of data, by those who write and read them.
    "atlas.store": "atlas/test_discover.py", "constructions.stored": "constructions/test_chain.py",
    "trained.data": "trained/test_training.py", "trained.fitting": "trained/test_training.py",
    "sweep.export": "sweep/test_store.py",
    # One report of all metrics.
    "metrics.structures": "solver/test_outcome.py",
    "metrics.files": "metrics/test_files_and_report.py",
    "metrics.report": "metrics/test_files_and_report.py",
    "metrics.crowded": "metrics/test_new_measures.py",
    "metrics.history": "metrics/test_new_measures.py",
    "metrics.regression": "metrics/test_new_measures.py",
    # What is printed, by the commands that print it, and commands where their work is.
    "report.rows": "commands/test_options.py", "report.table": "commands/test_tables.py",
    "report.graph": "commands/test_tables.py", "report.runs": "commands/test_solve.py",
    "report.ranks": "commands/test_solve.py", "report.source": "report/test_figures.py",
    "report.metrics": "metrics/test_files_and_report.py",
    "report.phases": "cross_entropy/test_phases.py",
    "report.margins": "margins/test_table.py", "commands.margins": "margins/test_table.py",
    "report.norms": "test_norms.py",
    "report.atlas_pages": "report/test_atlas_site.py",
    "report.atlas_pictures": "report/test_atlas.py", "terminal.screen": "terminal/test_grid.py",
    "commands.atlas": "atlas/test_table.py", "commands.cite": "test_citations.py",
    "commands.report": "commands/test_sweep.py", "commands.verify_ranks": "commands/test_solve.py",
    "limits": "fuzz/test_fuzz.py",
}


def behaves(tree):
    """Whether a module has public functions, or classes with methods."""
    return any(not node.name.startswith("_") and (not isinstance(node, ast.ClassDef)
               or any(isinstance(item, ast.FunctionDef) for item in node.body))
               for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef)))


def own_tests(module):
    """tests/folder/test_file.py for nctheory.folder.file."""
    *folders, file = module.split(".")[1:]
    return Path(*folders, f"test_{file}.py")


def test_every_module_with_behaviour_has_a_test_file_of_its_name():
    missing = [name for name, path in FILES.items()
               if path.name not in ("__init__.py", "__main__.py") and behaves(TREES[name])
               and not (ROOT / "tests" / own_tests(name)).exists()
               and not {name.partition(".")[2], name.split(".")[1]} & set(ELSEWHERE)]
    assert missing == []


@pytest.mark.parametrize("name", ELSEWHERE)
def test_exceptions_are_modules_with_tests_elsewhere(name):
    assert f"nctheory.{name}" in FILES and (ROOT / "tests" / ELSEWHERE[name]).exists()
