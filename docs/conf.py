"""Sphinx's settings: `sphinx-build -W docs docs/_build`, offline; the result needs no network."""

import os
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
os.environ["PYTHONPATH"] = str(HERE.parent)  # for the commands that tutorials run

import nctheory  # noqa: E402

project = "nctheory"
author = "The nctheory developers"
copyright = author
version = release = nctheory.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "numpydoc",
    "sphinx_gallery.gen_gallery",
    "sphinxcontrib.bibtex",
    "_extensions.mathml",
    "_extensions.docstrings",
    "_extensions.generated",
]
exclude_patterns = ["_build", "_extensions", "tutorials/*.rst"]

html_theme = "pydata_sphinx_theme"
html_title = f"nctheory {release}"
html_static_path = ["_static"]
html_css_files = ["nctheory.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
html_sidebars = {"check": [], "index": []}
html_theme_options = {
    "show_prev_next": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_end": [],
}

myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

add_module_names = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # numpydoc prints the types that the docstring gives
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

bibtex_bibfiles = ["../nctheory/refs.bib"]
bibtex_default_style = "keys"
bibtex_reference_style = "label"

sphinx_gallery_conf = {
    "examples_dirs": "tutorials",
    "gallery_dirs": "auto/tutorials",
    "filename_pattern": r"/\d_",
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "download_all_examples": False,
    "matplotlib_animations": False,
    "abort_on_example_error": True,
    "plot_gallery": "True",
    "capture_repr": (),
    "show_api_usage": False,
    "write_computation_times": False,
}
# The notebooks of tutorials are downloads; nothing on a page asks for them.
suppress_warnings = ["config.cache"]
warnings.filterwarnings("ignore", message=".*FigureCanvasAgg is non-interactive.*")
