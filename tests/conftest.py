"""Settings that all tests share."""

import os
import sqlite3
import sys
from contextlib import closing

import pytest
from hypothesis import settings

# Two workers share two cores: more BLAS threads only get in each other's way.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# What a user has found is no part of what is tested, and tests add nothing to it.
os.environ["NCTHEORY_DATA"] = os.path.join(os.devnull, "nctheory")

# A first call may compile a kernel, and machines differ: time is measured in benchmarks only.
settings.register_profile("nctheory", deadline=None)
settings.load_profile("nctheory")


@pytest.fixture
def rewrite():
    """Change points of a store by SQL as its writer would, with their checksums."""
    from nctheory.sweep.store import _checksum

    def call(path, sql, *values):
        with closing(sqlite3.connect(path)) as db, db:
            db.execute(sql, values)
            for number, *stored in db.execute("SELECT id, key, result, error, kept, arrays "
                                              "FROM points").fetchall():
                db.execute("UPDATE points SET checksum = ? WHERE id = ?",
                           (_checksum(*stored), number))
    return call


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `nctheory ARGUMENTS` in this process: (exit status, stdout, stderr)."""
    from nctheory import cli

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["nctheory", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        captured = capsys.readouterr()
        return stop.value.code or 0, captured.out, captured.err
    return call
