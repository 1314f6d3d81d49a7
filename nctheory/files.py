"""Files: arrays read without trust, and writing that is whole or does not happen.

What a command may write over is one rule, in `check_target`.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import shutil
import stat
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from nctheory import __version__
from nctheory.errors import InputError, require, show

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Array = NDArray[Any]  # of whatever dtype the file has

# An archive may unpack to this many bytes, or to so many times its own size if that is more:
# what np.savez wrote always may, a zip bomb may not.
MOST_BYTES = 2**30
MOST_GROWTH = 20

_OURS = f"nctheory {__version__}"
# Endings of figures, and what the files say of themselves.
FIGURES: dict[str, dict[str, str | None]] = {
    ".png": {"Software": _OURS}, ".pdf": {"CreationDate": None, "Creator": _OURS},
    ".svg": {"Date": None, "Creator": _OURS}}
_END = 4096  # how much of either end of a file is searched for a mark
_MARKS = (b"nctheory", b'{\n "version": "')  # any format's, and the envelope's beginning
_DATABASE = b"SQLite format 3\0"


# --- reading ---

def read_npz(path: str | Path, *, name: str = "file", kind: str = "a readable .npz file",
             need: Collection[str] | None = None) -> dict[str, Array]:
    """The arrays of an .npz file by name; nothing is ever unpickled.

    Headers are read before anything is allocated, so that a small file cannot claim a large
    array.  Devices and pipes are refused without being waited for.

    Parameters
    ----------
    name, kind : str
        Errors say that `name` must be `kind`.
    need : collection of str, optional
        The arrays to read, all of which must be there; by default all that there are.

    Raises
    ------
    InputError
        Where the file is missing, no regular file, no archive, damaged, unpacks to more than
        2^30 bytes and 20 times its own size, or holds Python objects.

    Examples
    --------
    >>> import tempfile, numpy as np
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_npz(f"{folder}/a.npz", {"x": np.arange(3)})
    ...     read_npz(f"{folder}/a.npz")
    {'x': array([0, 1, 2])}
    """
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            members = {item.filename.removesuffix(".npy"): item for item in archive.infolist()
                       if item.filename.endswith(".npy")}
            missing = sorted(set(need or ()) - set(members))
            _demand(not missing, f"it has no array {', '.join(missing)}, but "
                    f"{', '.join(sorted(members)) or 'none'}")
            chosen = {key: members[key] for key in (members if need is None else need)}
            unpacked, size = sum(i.file_size for i in chosen.values()), os.path.getsize(path)
            _demand(unpacked <= max(MOST_BYTES, MOST_GROWTH * size),
                    f"it would unpack from {size} bytes to {unpacked}")
            return {key: _member(archive, item, key) for key, item in chosen.items()}
    except _Refused as refusal:
        reason = str(refusal)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
    except Exception:  # whatever a damaged archive makes zipfile and NumPy raise
        reason = "it is no archive of arrays, or damaged"
    raise InputError(f"{name} must be {kind}, got {show(str(path))}: {reason}")


class _Refused(Exception):
    """Why a file is not read, on the way to the one place that says so."""


def _demand(condition: bool, reason: str) -> None:
    if not condition:
        raise _Refused(reason)


def _member(archive: zipfile.ZipFile, item: zipfile.ZipInfo, name: str) -> Array:
    from numpy.lib import format as npy

    headers = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
    with archive.open(item) as member:
        version = npy.read_magic(member)
        _demand(version in headers, f"the array {show(name)} is in format {version}")
        shape, _, dtype = headers[version](member)
        _demand(not dtype.hasobject, f"the array {show(name)} holds Python objects, and arrays "
                "are never unpickled")
        claimed = dtype.itemsize * math.prod(shape)
        _demand(claimed <= item.file_size, f"the array {show(name)} claims the shape {shape}, "
                f"and has {item.file_size} bytes")
    with archive.open(item) as member:
        array: Array = npy.read_array(member, allow_pickle=False)
        return array


def map_npy(path: str | Path) -> Array:
    """The array of an .npy file as a memory map; an `InputError` for what is none."""
    import numpy as np

    try:
        open_regular(path).close()
        return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except Exception:  # whatever a damaged header makes NumPy raise; its words advise pickles
        raise InputError(f"path must be a plain .npy array, got {show(str(path))}: it cannot be "
                         "read; arrays are never unpickled") from None


def open_regular(path: str | Path) -> BinaryIO:
    """A regular file opened for reading; an `OSError` for devices and pipes, without waiting."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)
                         | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is no regular file")
    return os.fdopen(descriptor, "rb")


# --- writing ---

def check_target(path: str | Path, *, name: str = "output", force: bool = False,
                 sources: Iterable[str | Path] = (), begins: bytes = b"") -> None:
    """Refuse to write over what is not ours; the one rule of every --output.

    Never over a source, a store (or any other SQLite file), or what is no regular file.  Over a
    file of content that nctheory did not write only with `force`.  Ours is a file that holds the
    word "nctheory" within 4 KiB of its beginning or end, where every format with room for it
    has it, or the head of our JSON; and, as CSV and plain tables have no such room, a file that
    begins as what is to replace it (`begins`).

    Raises
    ------
    InputError
        Where the file must not be written over, or could not be written.
    """
    path = Path(path)
    wanted = f"{name} must be a writable file, got {show(str(path))}"
    try:
        if not path.parent.is_dir():
            raise InputError(f"{wanted}: there is no such folder")
        if not path.exists():
            require(os.access(path.parent, os.W_OK), name, "be in a writable folder", str(path))
            return
        if not path.is_file():
            raise InputError(f"{wanted}: it is no regular file")
        for source in map(Path, sources):
            if source.exists() and source.samefile(path):
                raise InputError(f"{name} must not be the source, got {show(str(path))}")
        if not os.access(path.resolve().parent, os.W_OK) or not os.access(path, os.W_OK):
            raise InputError(f"{wanted}: permission denied")
        first, last = _ends(path)
    except OSError as error:
        raise InputError(f"{wanted}: {error.strerror}") from None
    if first.startswith(_DATABASE):
        raise InputError(f"{name} must not be a store, got {show(str(path))}")
    ours = (not first or any(mark in first + last for mark in _MARKS)
            or bool(begins) and first.startswith(begins))
    if not (force or ours):
        raise InputError(f"{name} must be a new file, or one that nctheory wrote (--force "
                         f"replaces any), got {show(str(path))}")


def _ends(path: Path) -> tuple[bytes, bytes]:
    with open_regular(path) as file:
        first = file.read(_END)
        file.seek(max(0, path.stat().st_size - _END))
        return first, file.read(_END)


@contextmanager
def replacing(path: str | Path, name: str = "output") -> Iterator[Path]:
    """A new file to write, which takes the place of `path` when the block ends well.

    Whoever reads meanwhile, or after a kill or a full disk, sees the old file or the new one,
    whole.  The new one has the same ending (libraries go by it) and the old one's permissions.

    Raises
    ------
    InputError
        Where the file cannot be written: "`name` must be a writable file".
    """
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.part{target.suffix}")
    try:
        yield part
        if target.exists():
            shutil.copymode(target, part)
        with open(part, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    except OSError as error:
        raise InputError(f"{name} must be a writable file, got {show(str(path))}: "
                         f"{error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def write(path: str | Path, content: str | bytes, *, name: str = "output", force: bool = False,
          sources: Iterable[str | Path] = ()) -> None:
    """Write text (UTF-8) or bytes, whole or not at all, over what `check_target` lets it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(f"{folder}/a.csv", "classes,layers\\n3,2\\n")
    ...     write(f"{folder}/a.csv", "classes,layers\\n3,4\\n")
    ...     write(f"{folder}/a.csv", "my own notes\\n")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: output must be a new file, or one that nctheory wrote ...
    """
    data = content.encode() if isinstance(content, str) else content
    check_target(path, name=name, force=force, sources=sources, begins=head(data))
    with replacing(path, name) as part:
        part.write_bytes(data)


def head(data: bytes) -> bytes:
    """The first lines of a text, as far as the first one with a word of three letters."""
    found = re.match(rb"(?:[^\n]*\n)*?[^\n]*[A-Za-z]{3}[^\n]*\n", data[:_END])
    return found[0] if found else b""


def write_npz(path: str | Path, arrays: Mapping[str, Any], *, name: str = "output",
              force: bool = False) -> None:
    """Write named arrays as an .npz with our mark, whole or not at all; see `check_target`."""
    import numpy as np

    check_target(path, name=name, force=force)
    with replacing(path, name) as part:
        with open(part, "wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        with zipfile.ZipFile(part, "a") as archive:
            archive.comment = _OURS.encode()


def check_figure(path: str | Path, *, name: str = "output", force: bool = False,
                 sources: Iterable[str | Path] = ()) -> None:
    """Refuse a figure's file, before the work for it: its ending, `check_target`, Matplotlib."""
    require(Path(path).suffix in FIGURES, name,
            f"end in {', '.join(FIGURES)}", str(path))
    check_target(path, name=name, force=force, sources=sources)
    check_matplotlib()


def check_matplotlib() -> None:
    """An `InputError` that says how to install Matplotlib, where it is missing."""
    if find_spec("matplotlib") is None:
        raise InputError("figures need the extra 'plot' (matplotlib is missing): "
                         "pip install nctheory[plot]")


def write_figure(path: str | Path, figure: Figure, *, name: str = "output", force: bool = False,
                 **settings: Any) -> None:
    """Save a Matplotlib figure with our mark and without a date: equal figures, equal files."""
    check_figure(path, name=name, force=force)
    from matplotlib import rc_context

    with replacing(path, name) as part, rc_context({"svg.hashsalt": "nctheory"}):
        figure.savefig(part, metadata=FIGURES[Path(path).suffix], **settings)


def folder(path: str | Path, name: str = "output") -> Path:
    """The folder, made if need be; an `InputError` where files cannot be made in it."""
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        probe = path / ".nctheory"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise InputError(f"{name} must be a directory for new files, got {show(str(path))} "
                         f"({error.strerror})") from None
    return path


def envelope(**fields: Any) -> str:
    """The JSON of every command: {"version": ..., and the fields}, on lines of their own.

    >>> print(envelope(rows=[]), end="")
    {
     "version": "...",
     "rows": []
    }
    """
    return json.dumps({"version": __version__, **fields}, indent=1) + "\n"
