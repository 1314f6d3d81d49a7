"""Pictures as files: one style, and refused before any work where they cannot be made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nctheory.errors import InputError, require, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE = Path(__file__).with_name("paper.mplstyle")
# What a file may end in, and the metadata with which the same figure is the same file.
FORMATS: dict[str, dict[str, Any]] = {
    ".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}


def require_drawable(path: Path, name: str = "figure") -> None:
    """Refuse, before the work for it, a picture that could not be written.

    Raises
    ------
    InputError
        Where matplotlib is missing, the ending is unknown, or the file cannot be written.

    Examples
    --------
    >>> require_drawable(Path("phases.exe"))
    Traceback (most recent call last):
    nctheory.errors.InputError: figure must end in .png, .pdf, .svg, got 'phases.exe'
    """
    require(path.suffix in FORMATS, name, f"end in {', '.join(FORMATS)}", str(path))
    require(not path.is_dir() and os.access(path if path.exists() else path.parent, os.W_OK),
            name, "be a writable file", str(path))
    if find_spec("matplotlib") is None:
        raise InputError("figures need the extra 'plot' (matplotlib is missing)")


@contextmanager
def drawing(path: Path, name: str = "figure",
            settings: dict[str, Any] | None = None) -> Iterator[Figure]:
    """An empty figure in the library's style, which becomes the file.

    Parameters
    ----------
    path : path
        Of a PNG, PDF or SVG file.
    name : str
        What a refusal calls it.
    settings : dict, optional
        Matplotlib's settings beside those of the style.

    Raises
    ------
    InputError
        Where `require_drawable` refuses, or writing fails.
    """
    require_drawable(path, name)
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context([STYLE, settings or {}]):
        figure = Figure()
        yield figure
        try:
            figure.savefig(path, metadata=FORMATS[path.suffix])
        except OSError as error:
            raise InputError(f"{name} must be a writable file, got {show(str(path))}: "
                             f"{error.strerror}") from None
