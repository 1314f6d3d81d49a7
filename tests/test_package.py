"""The package as a whole: public names, versions, the layering."""

import configparser
import re
from pathlib import Path

import nctheory

ROOT = Path(__file__).parent.parent


def test_every_public_name_resolves():
    for name in nctheory.__all__:
        assert getattr(nctheory, name) is not None


def test_type_checkers_see_the_lazy_names():
    source = Path(nctheory.__file__).read_text()
    block = source[source.index("if TYPE_CHECKING:"):source.index("_HOME")]
    declared = set(re.findall(r"import (\w+) as \1", block))
    assert declared == set(nctheory.__all__) - {"__version__"}


def test_one_version():
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    assert setup["metadata"]["version"] == "attr: nctheory.__version__"
    assert f"\nversion: {nctheory.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {nctheory.__version__}" in (ROOT / "CHANGELOG.md").read_text()
