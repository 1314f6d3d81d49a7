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
