"""Files to attack with: one sound file of each format, and what spoils them."""

from __future__ import annotations

import io
import random
import sqlite3
import struct
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

LOSS_PLAN = b"""task = "loss"
[fixed]
construction = "dnc:K=6"
[grid]
layers = [3, 4, 5]
"""
SOLVE_PLAN = b"""task = "solve"
keep = ["means"]
[fixed]
classes = 3
layers = 2
width = 4
steps = 5
[grid]
seed = [0, 1]
weight_decay = [0.004, 0.01]
"""
TABLE_PLAN = b"""task = "thresholds"
[grid]
classes = { range = [4, 12] }
layers = [3, 4]
"""


def npz(**arrays: Any) -> bytes:
    """An archive as NumPy writes it."""
    out = io.BytesIO()
    np.savez(out, **{name: np.asarray(array) for name, array in arrays.items()})
    return out.getvalue()


def npy(array: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, np.asarray(array))
    return out.getvalue()


def header(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    """The beginning of an .npy file that claims a shape, and no data."""
    text = repr({"descr": dtype, "fortran_order": False, "shape": shape}).encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def claiming(*names: str, shape: tuple[int, ...]) -> bytes:
    """An archive whose members claim a shape and have no data."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name in names:
            file.writestr(f"{name}.npy", header(shape))
    return out.getvalue()


def bomb(rows: int = 2**15, columns: int = 2**13) -> bytes:
    """Features of many gigabytes, in an archive of a few megabytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        with file.open("features.npy", "w", force_zip64=True) as member:
            member.write(header((rows, columns)))
            for _ in range(rows):
                member.write(bytes(8 * columns))
        file.writestr("labels.npy", npy(np.arange(rows) % 10))
    return out.getvalue()


@cache
def features(classes: int = 4, scale: float = 1.0, dtype: str = "<f8") -> bytes:
    """A small feature file: noisy class means, labels and a head."""
    rng = np.random.default_rng(0)
    labels = np.arange(6 * classes) % classes
    means = rng.normal(size=(classes, 8))
    x = means[labels] + 0.1 * rng.normal(size=(len(labels), 8))
    return npz(features=(x * scale).astype(dtype), labels=labels, weight=means,
               bias=np.zeros(classes))


@cache
def store(plan: bytes) -> bytes:
    """The store of a plan."""
    from nctheory.sweep.plan import Plan
    from nctheory.sweep.run import run_plan

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.toml").write_bytes(plan)
        run_plan(Plan.read(folder / "plan.toml"), folder / "a.db", executor="inline")
        with sqlite3.connect(folder / "a.db") as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()
        return (folder / "a.db").read_bytes()


def digit_changed(content: bytes, before: bytes, after: bytes) -> bytes:
    """One number changed in the bytes, as a failing disk would."""
    assert content.count(before) >= 1 and len(before) == len(after)
    return content.replace(before, after, 1)


def spoil(content: bytes, choose: random.Random) -> bytes:
    """One of the ways in which files go bad."""
    if not content:
        return content
    data = bytearray(content)
    way = choose.randrange(6)
    if way == 0:
        for _ in range(choose.choice((1, 1, 3, 30))):
            data[choose.randrange(len(data))] ^= 1 << choose.randrange(8)
    elif way == 1:
        del data[choose.randrange(len(data)):]
    elif way == 2:
        at = choose.randrange(len(data))
        data[at:at] = choose.randbytes(choose.choice((1, 8, 500)))
    elif way == 3:
        at = choose.randrange(len(data))
        data[at:at + choose.choice((4, 64, 4096))] = b""
    elif way == 4:
        digits = [i for i, byte in enumerate(data) if 48 <= byte <= 57]
        for at in choose.sample(digits, min(len(digits), choose.choice((1, 4)))):
            data[at] = choose.choice(b"0123456789-.e")
    else:
        word = choose.choice((b"NaN", b"1e999", b"-1", b"9" * 5000, b"\x1b[31m", b"\0", b"[[[["))
        at = choose.randrange(len(data))
        data[at:at + len(word)] = word
    return bytes(data)
