"""The package as a whole: public names, versions, the layering."""

import configparser
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nctheory

ROOT = Path(__file__).parent.parent


def test_every_public_name_resolves():
    for name in nctheory.__all__:
        assert getattr(nctheory, name) is not None


def test_type_checkers_see_the_lazy_names():
    source = Path(nctheory.__file__).read_text()
    block = source[source.index("if TYPE_CHECKING:"):source.index("_HOME")]
    declared = set(re.findall(r"import (\w+) as \1", block))
    assert declared == {*nctheory.__all__, *nctheory.APART} - {"__version__"}


@pytest.mark.parametrize("name", ["sweep.Plan", "sweep.run_plan", "sweep.Store", "report.draw",
                                  "report.write_page", "strategies.problems"])
def test_modules_are_there_after_import_nctheory(name):
    """AttributeError before, unless something else had imported them."""
    code = f"import nctheory; print(nctheory.{name}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                          check=True)
    assert done.stdout.strip() == name.split(".")[1]


def test_one_version():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["metadata"]["version"] == "attr: nctheory.__version__"
    assert f"\nversion: {nctheory.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {nctheory.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_type_checkers_find_an_editable_install():
    """Setuptools' import hook hides the package from mypy; a plain path does not."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["editable_wheel"]["mode"] == "compat"
