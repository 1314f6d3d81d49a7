"""Reading arrays without trust, and writing that is whole or does not happen."""

import io
import os
import signal
import sqlite3
import struct
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError, files
from nctheory.sweep.store import Store

FIFO = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


# --- reading ---

def archive(path, **members):
    """An .npz of raw member contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(f"{name}.npy", content)
    return path


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def claiming(shape, dtype="<f8"):
    """A header without the data that it claims."""
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    text += b" " * (64 - (len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def test_what_is_written_is_read(tmp_path):
    arrays = {"x": np.arange(6.0).reshape(2, 3), "f": np.asfortranarray(np.eye(3)),
              "words": np.array(["a", "bc"]), "empty": np.zeros((0, 4)), "zero": np.array(1)}
    files.write_npz(tmp_path / "a.npz", arrays)
    found = files.read_npz(tmp_path / "a.npz")
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype
    with np.load(tmp_path / "a.npz") as others:  # NumPy reads it too
        np.testing.assert_array_equal(others["x"], arrays["x"])
    assert list(files.read_npz(tmp_path / "a.npz", need=["x"])) == ["x"]


def refused(path, reason, **options):
    with pytest.raises(InputError, match=f"file must be .*{reason}") as error:
        files.read_npz(path, **options)
    assert "allow_pickle" not in str(error.value) and "\n" not in str(error.value)


def test_what_is_no_archive_is_refused(tmp_path):
    refused(tmp_path / "absent.npz", "No such file")
    refused(tmp_path, "(no regular file|directory)")
    (tmp_path / "a.npz").write_bytes(npy(np.eye(2)))
    refused(tmp_path / "a.npz", "no archive of arrays, or damaged")
    refused(archive(tmp_path / "b.npz", x=b"no array"), "damaged")
    refused(archive(tmp_path / "c.npz", x=npy(np.eye(2))), "no array y, but x", need=["y"])


def test_python_objects_are_never_made(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([{}]), y=np.eye(2))
    refused(tmp_path / "a.npz", "'x' holds Python objects.*never unpickled")
    assert "y" in files.read_npz(tmp_path / "a.npz", need=["y"])


@pytest.mark.parametrize("shape", [(10**12,), (2**40, 2**40), (3, 10**9), (-1,), (True, 4)])
def test_claimed_shapes_allocate_nothing(tmp_path, shape):
    refused(archive(tmp_path / "a.npz", x=claiming(shape) + bytes(64)), "claims|damaged")


def test_zip_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 10**5)
    path = archive(tmp_path / "bomb.npz", x=claiming((10**6,)) + bytes(8 * 10**6))
    refused(path, r"would unpack from \d+ bytes to 80")
    np.savez(tmp_path / "large.npz", x=np.zeros(10**5))  # not packed: its size is its own
    assert files.read_npz(tmp_path / "large.npz")["x"].shape == (10**5,)


@FIFO
def test_pipes_and_devices_do_not_block(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    refused(tmp_path / "pipe.npz", "no regular file")
    refused("/dev/zero", "no regular file")
    with pytest.raises(InputError, match="plain .npy array"):
        files.map_npy(tmp_path / "pipe.npz")


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_one_clear_error_or_harmless(tmp_path_factory, data):
    """Any byte changed, or the end cut off: either nothing is wrong with an array, or InputError
    (the checksums of zip archives see to the rest)."""
    path = tmp_path_factory.mktemp("damaged") / "a.npz"
    good = {"x": np.arange(12).reshape(3, 4), "y": np.array(["u", "v"])}
    np.savez_compressed(path, **good)
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    try:
        found = files.read_npz(path)
    except InputError as error:
        assert "allow_pickle" not in str(error)
    else:
        for name in found.keys() & good.keys():
            np.testing.assert_array_equal(found[name], good[name])


# --- writing ---

def test_an_output_is_never_a_source_a_store_or_a_thing(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("nctheory\n")
    (tmp_path / "link.csv").symlink_to(source)
    for path in (source, tmp_path / "link.csv"):
        with pytest.raises(InputError, match="output must not be the source"):
            files.write(path, "x", sources=[source], force=True)
    Store(tmp_path / "s.db", writable=True).close()
    with pytest.raises(InputError, match="output must not be a store"):
        files.write(tmp_path / "s.db", "x", force=True)
    sqlite3.connect(tmp_path / "s.db").execute("SELECT * FROM points").fetchall()  # it lives
    for path in (tmp_path, "/dev/null"):
        with pytest.raises(InputError, match="output must be a writable file.*no regular file"):
            files.write(path, "x", force=True)
    assert os.path.exists("/dev/null")
    with pytest.raises(InputError, match="no such folder"):
        files.write(tmp_path / "none" / "x", "x")


@FIFO
def test_an_output_is_no_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="no regular file"):
        files.write(tmp_path / "pipe", "x", force=True)


@pytest.mark.parametrize("old, new, ours", [
    ("", "anything\n", True),
    ("classes,layers\n3,2\n", "classes,layers\n4,2\n", True),
    ("classes,layers\n3,2\n", "seed,loss\n0,0.5\n", False),
    ("classes,layers\n3,2\n", "classes,layers,cost\n3,2,1\n", False),
    (files.envelope(rows=[1]), files.envelope(rows=[2]), True),
    ('{\n "version": "0.0.9",\n', files.envelope(rows=[2]), True),  # an earlier nctheory's
    ('{\n "name": "mine"\n}\n', files.envelope(rows=[2]), False),
    ("% nctheory 0.1.0\n", "% nctheory 0.2.0, samples 2\n", True),
    ("my notes\n", "K  L  cost\n", False)])
def test_only_ours_is_replaced_without_force(tmp_path, old, new, ours):
    path = tmp_path / "out"
    path.write_text(old)
    if not ours:
        with pytest.raises(InputError, match="a new file, or one that nctheory wrote .--force"):
            files.write(path, new)
        assert path.read_text() == old
    files.write(path, new, force=not ours)
    assert path.read_text() == new
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("ending", files.FIGURES)
def test_figures_are_known_as_ours(tmp_path, ending):
    figure = pytest.importorskip("matplotlib.figure")
    drawn = figure.Figure()
    drawn.subplots(2, 2)[0, 0].plot(range(3))
    mine, theirs = tmp_path / f"mine{ending}", tmp_path / f"theirs{ending}"
    drawn.savefig(theirs)
    files.write_figure(mine, drawn)
    first = mine.read_bytes()
    files.write_figure(mine, drawn)
    assert mine.read_bytes() == first  # no dates
    with pytest.raises(InputError, match="nctheory wrote"):
        files.write_figure(theirs, drawn)
    files.write_figure(theirs, drawn, force=True)
    with pytest.raises(InputError, match="output must end in .png"):
        files.write_figure(tmp_path / "a.exe", drawn)


def test_archives_are_known_as_ours(tmp_path):
    files.write_npz(tmp_path / "a.npz", {"x": np.eye(2)})
    files.write_npz(tmp_path / "a.npz", {"x": np.eye(3)})
    np.savez(tmp_path / "b.npz", x=np.eye(2))
    with pytest.raises(InputError, match="nctheory wrote"):
        files.write_npz(tmp_path / "b.npz", {"x": np.eye(3)})


def test_permissions_and_links_stay(tmp_path):
    (tmp_path / "a").write_text("")
    os.chmod(tmp_path / "a", 0o640)
    (tmp_path / "link").symlink_to(tmp_path / "a")
    files.write(tmp_path / "link", "new\n")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "a").read_text() == "new\n"
    assert os.stat(tmp_path / "a").st_mode & 0o777 == 0o640


@pytest.mark.parametrize("stop", [KeyboardInterrupt, ValueError, MemoryError])
def test_a_failure_leaves_the_old_file_alone(tmp_path, stop):
    (tmp_path / "a").write_text("old")
    with pytest.raises(stop), files.replacing(tmp_path / "a") as part:
        part.write_text("half")
        raise stop
    assert (tmp_path / "a").read_text() == "old" and os.listdir(tmp_path) == ["a"]


def test_a_full_disk_is_one_error(tmp_path):
    (tmp_path / "a").write_text("old")
    with (pytest.raises(InputError, match="output must be a writable file, .*No space left"),
          files.replacing(tmp_path / "a") as part):
        part.write_text("half")
        raise OSError(28, "No space left on device")
    assert (tmp_path / "a").read_text() == "old"


KILLED = """
import sys
from nctheory import files
with files.replacing(sys.argv[1]) as part, open(part, "w") as file:
    file.write("half" * 10000)
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_kill_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_text("old")
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path / "a")],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"writing\n"
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (tmp_path / "a").read_text() == "old"


def test_the_new_file_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *given, name=name, real=real: (
            calls.append(name) or real(*given)))
    files.write(tmp_path / "a", "text\n")
    assert calls == ["fsync", "replace"]


def test_readers_see_one_whole_file(tmp_path):
    """A writer in another process against a reader here."""
    path = tmp_path / "a"
    files.write(path, "0" * 10**6)
    code = ("import sys\nfrom nctheory import files\n"
            "for i in range(20): files.write(sys.argv[1], str(i % 10) * 10**6, force=True)")
    process = subprocess.Popen([sys.executable, "-c", code, str(path)])
    while process.poll() is None:
        text = path.read_text()
        assert len(text) == 10**6 and len(set(text)) == 1
        time.sleep(0.001)
    assert process.returncode == 0 and path.read_text() == "9" * 10**6


def test_a_folder_is_one_for_new_files(tmp_path):
    assert files.folder(tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="output must be a directory for new files"):
        files.folder(tmp_path / "file")
