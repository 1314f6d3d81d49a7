"""The store: one SQLite file of finished points, arrays beside it, written by one process.

A point is committed whole or not at all, and never twice: its key says task, version, seed and
all parameters.  Arrays are compressed .npz files in the folder STORE.arrays, written before the
row that names them.  SQLite's write-ahead log wants a local disk, not a network file system.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nctheory import __version__
from nctheory.errors import InputError, require, show
from nctheory.files import read_npz, replacing
from nctheory.sweep.plan import Point, key_of
from nctheory.sweep.tasks import TASKS, Outcome

if TYPE_CHECKING:
    import numpy as np

FORMAT = 1
APPLICATION = 0x6E637468  # "ncth": what `file` and we know a store by
CHUNK = 500  # keys in one question

_SCHEMA = f"""
CREATE TABLE points (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL UNIQUE,
  task TEXT NOT NULL,
  version TEXT NOT NULL,
  parameters TEXT NOT NULL,  -- canonical JSON, all but the seed
  seed INTEGER,
  result TEXT,               -- JSON; NULL where the point raised
  error TEXT,                -- its traceback then
  kept TEXT NOT NULL,        -- names of the arrays asked for
  arrays BLOB,               -- digest of the .npz file, NULL where there is none
  checksum INTEGER NOT NULL, -- of everything above
  finished TEXT NOT NULL,    -- UTC
  seconds REAL NOT NULL
);
CREATE TABLE sweeps (started TEXT NOT NULL, plan TEXT NOT NULL, environment TEXT NOT NULL);
PRAGMA user_version = {FORMAT};
PRAGMA application_id = {APPLICATION};
"""


class Row(NamedTuple):
    """One finished point as the store holds it."""

    key: bytes
    task: str
    version: str
    parameters: dict[str, Any]
    seed: int | None
    result: dict[str, Any] | None
    error: str | None
    arrays: bytes | None
    finished: str
    seconds: float


# A damaged key may have become text; what is compared and printed is always bytes.
_KEY = "ifnull(CAST(key AS BLOB), x'00')"


class _Stored(NamedTuple):
    """One point as it is on disk: nothing about its columns is sure before `damage`."""

    key: bytes
    task: Any
    version: Any
    parameters: Any
    seed: Any
    result: Any
    error: Any
    kept: Any
    arrays: Any
    checksum: Any
    finished: Any
    seconds: Any

    @classmethod
    def columns(cls) -> str:
        """What SQL is to select."""
        return ", ".join([_KEY, *cls._fields[1:]])

    def damage(self) -> str | None:
        """What has changed since the point was written."""
        try:
            if key_of(self.task, self.version, self.seed, self.parameters) != self.key:
                return "its parameters have changed"
            checksum = _checksum(self.key, self.result, self.error, self.kept, self.arrays)
        except (TypeError, ValueError):
            return "its columns have changed their types"
        return None if checksum == self.checksum else "its result has changed"

    def row(self) -> Row:
        """The point, of which `damage` found none."""
        return Row(self.key, self.task, self.version, json.loads(self.parameters), self.seed,
                   None if self.result is None else json.loads(self.result), self.error,
                   self.arrays, self.finished, self.seconds)


class Store:
    """A store, opened for reading or as its one writer.

    Parameters
    ----------
    path : path
    writable : bool
        Create the file if there is none, and take the writer's place.

    Raises
    ------
    InputError
        Where the file is missing, no store, damaged, not writable, or has a writer already.

    Examples
    --------
    >>> import tempfile
    >>> from nctheory.sweep.plan import Plan
    >>> from nctheory.sweep.run import run_plan
    >>> plan = Plan("loss", fixed={"construction": "dnc:K=6"}, grid={"layers": [3, 4]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     summary = run_plan(plan, f"{folder}/results.db", executor="inline")
    ...     with Store(f"{folder}/results.db") as store:
    ...         [round(row["minimal_loss"], 7) for row in store.table()]
    [0.0477085, 0.0597077]
    """

    def __init__(self, path: str | Path, *, writable: bool = False) -> None:
        self.path = Path(path)
        require(bool(self.path.name), "store", "be a file", str(path))
        self.folder = self.path.with_name(self.path.name + ".arrays")
        self._lock: sqlite3.Connection | None = None
        require(self.path.parent.is_dir(), "store", "be in a folder that exists", str(path))
        require(writable or self.path.is_file(), "store", "be a file that exists", str(path))
        require(not self.path.exists() or self.path.is_file(), "store", "be a regular file",
                str(path))
        with self._clear_errors():
            if not writable:
                self._db = self._open_reader()
                return
            self._lock = self._only_writer()
            try:
                self._db = self._open_writer()
            except BaseException:
                self._lock.close()
                raise

    def _only_writer(self) -> sqlite3.Connection:
        """Hold a lock that ends with this process, however it ends."""
        lock = sqlite3.connect(str(self.path) + ".lock", timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            lock.close()
            if "locked" not in str(error):
                raise
            raise InputError(f"store must have one writer at a time, and {show(str(self.path))} "
                             "is being written by another process") from None
        return lock

    def _open_writer(self) -> sqlite3.Connection:
        if not self.path.exists() or self.path.stat().st_size == 0:
            self._create()
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            self._check_format(db)
            damage = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if damage != "ok":
                raise sqlite3.DatabaseError(damage)
        except BaseException:
            db.close()
            raise
        return db

    def _create(self) -> None:
        """An empty store appears whole: a crash must not leave half of one."""
        new = Path(f"{self.path}.new")
        for left in (new, Path(f"{self.path}-wal"), Path(f"{self.path}-shm")):
            left.unlink(missing_ok=True)  # of a store that is no more
        db = sqlite3.connect(new, isolation_level=None)
        try:
            db.executescript("PRAGMA journal_mode = WAL; BEGIN;" + _SCHEMA + "COMMIT;")
        finally:
            db.close()
        os.replace(new, self.path)

    def _open_reader(self) -> sqlite3.Connection:
        uri = self.path.absolute().as_uri() + "?mode=ro"
        log = Path(f"{self.path}-wal")
        if not os.access(self.path.parent, os.W_OK) and not log.exists():
            uri += "&immutable=1"  # the log's index would have nowhere to be
        db = sqlite3.connect(uri, uri=True, isolation_level=None)
        try:
            self._check_format(db)
        except BaseException:
            db.close()
            raise
        return db

    def _check_format(self, db: sqlite3.Connection) -> None:
        # Damaged text is to be found by its checksum, point by point, not to end the reading.
        db.text_factory = lambda raw: raw.decode(errors="replace")
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        require(application == APPLICATION, "store", "be a store of nctheory", str(self.path))
        require(version == FORMAT, "store", f"have format {FORMAT}", version)

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """SQLite's and the system's errors as one line that names the store."""
        try:
            yield
        except UnicodeDecodeError:  # SQLite's own message quotes what it read
            raise InputError(f"store {show(str(self.path))}: damaged (see nctheory store check)"
                             ) from None
        except (sqlite3.Error, OSError) as error:
            words = error.strerror if isinstance(error, OSError) else str(error)
            raise InputError(f"store {show(str(self.path))}: {words}; what was finished before "
                             "is kept") from None

    def close(self) -> None:
        """Fold the log into the file and let the next writer in."""
        self._db.close()
        if self._lock is not None:
            self._lock.close()  # its file stays: removing it would race with the next writer

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- writing ---

    def missing(self, points: Iterable[Point], task: str, keep: Sequence[str],
                retry_failed: bool = False) -> Iterator[Point]:
        """Those of `points` that are not finished; failed ones count as finished unless asked."""
        empty = self._db.execute("SELECT 1 FROM points LIMIT 1").fetchone() is None
        if empty:
            yield from points
            return
        wanted = set(keep)
        for chunk in _chunks(points, CHUNK):
            marks = ",".join("?" * len(chunk))
            found = self._db.execute("SELECT key, error IS NULL, kept FROM points "
                                     f"WHERE key IN ({marks})", [p.key for p in chunk])
            done = {key for key, sound, kept in found
                    if (wanted <= set(kept.split()) if sound else not retry_failed)}
            yield from (p for p in chunk if p.key not in done)

    def add(self, task: str, keep: Sequence[str],
            finished: Iterable[tuple[Point, Outcome]]) -> None:
        """Commit finished points, all or none of them."""
        with self._clear_errors():
            rows = [self._row(task, keep, point, outcome) for point, outcome in finished]
            with self._transaction():
                self._db.executemany(
                    "INSERT OR REPLACE INTO points (key, task, version, parameters, seed, "
                    "result, error, kept, arrays, checksum, finished, seconds) "
                    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", rows)

    def _row(self, task: str, keep: Sequence[str], point: Point,
             outcome: Outcome) -> tuple[Any, ...]:
        digest = None
        if outcome.arrays is not None:
            digest = blake2b(outcome.arrays, digest_size=16).digest()
            self._write_arrays(point.key, outcome.arrays)
        kept = " ".join(sorted(keep))
        checksum = _checksum(point.key, outcome.result, outcome.error, kept, digest)
        return (point.key, task, __version__, point.parameters, point.seed, outcome.result,
                outcome.error, kept, digest, checksum, _now(), outcome.seconds)

    def _write_arrays(self, key: bytes, content: bytes) -> None:
        path = self.array_path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, "store") as part:
            part.write_bytes(content)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def record_sweep(self, plan: dict[str, Any], environment: dict[str, str]) -> None:
        """Note that a sweep began, for whoever asks later where numbers came from."""
        with self._clear_errors():
            self._db.execute("INSERT INTO sweeps VALUES (?,?,?)",
                             (_now(), json.dumps(plan), json.dumps(environment)))

    # --- reading ---

    def sweeps(self) -> list[dict[str, Any]]:
        """Each sweep's start, plan and environment."""
        with self._clear_errors():
            found = self._db.execute("SELECT * FROM sweeps ORDER BY rowid").fetchall()
        try:
            return [{"started": started, "plan": json.loads(plan),
                     "environment": json.loads(environment)}
                    for started, plan, environment in found]
        except (ValueError, TypeError):
            raise InputError(f"store {show(str(self.path))}: the record of its sweeps is "
                             "damaged") from None

    def counts(self) -> list[dict[str, Any]]:
        """For each task and version: points finished and failed, their seconds."""
        names = ("task", "version", "finished", "failed", "seconds")
        with self._clear_errors():
            return [dict(zip(names, row, strict=True)) for row in self._db.execute(
                # Damaged, a name may be no text, or nothing.
                "SELECT ifnull(CAST(task AS TEXT), '') AS t, "
                "ifnull(CAST(version AS TEXT), '') AS v, "
                "sum(error IS NULL), sum(error IS NOT NULL), sum(seconds) FROM points "
                "GROUP BY t, v ORDER BY t, v")]

    def choose(self, task: str | None = None, version: str | None = None) -> tuple[str, str]:
        """The task and version to read: the only ones, or as named; never a mixture."""
        counts = self.counts()
        require(bool(counts), "store", "hold finished points", str(self.path))
        for name, given in (("task", task), ("version", version)):
            there = sorted({entry[name] for entry in counts})
            if given is None and len(there) > 1:
                raise InputError(f"{name} must be chosen among those of the store: "
                                 f"{', '.join(there)}")
            chosen = there[0] if given is None else given
            require(chosen in there, name, f"be one of {', '.join(there)}", chosen)
            counts = [entry for entry in counts if entry[name] == chosen]
        return counts[0]["task"], counts[0]["version"]

    def rows(self, task: str | None = None, version: str | None = None, *,
             skip: Collection[bytes] = ()) -> Iterator[Row]:
        """The points of one task and version, ordered by their parameters and seed.

        Each is verified as it is read.

        Parameters
        ----------
        skip : collection of bytes
            Keys of damaged points that the caller knows of (from `check`) and does without.

        Raises
        ------
        InputError
            At a damaged point that is not in `skip`.
        """
        task, version = self.choose(task, version)
        names = TASKS[task].parameters if task in TASKS else ()
        order = "".join(f"CASE WHEN json_valid(parameters) THEN json_extract(parameters, "
                        f"'$.\"{name}\"') END, " for name in names if name != "seed")
        with self._clear_errors():
            for stored in map(_Stored._make, self._db.execute(
                    f"SELECT {_Stored.columns()} FROM points "
                    "WHERE task = ? AND version = ? "
                    f"ORDER BY {order} parameters, seed", (task, version))):
                damage = stored.damage()
                if damage is None:
                    yield stored.row()
                elif stored.key not in skip:
                    raise InputError(f"store {show(str(self.path))}: point {stored.key.hex()} "
                                     f"is damaged ({damage}); see nctheory store check")

    def table(self, task: str | None = None, version: str | None = None, *,
              times: bool = False, skip: Collection[bytes] = ()) -> Iterator[dict[str, Any]]:
        """The rows as flat records: parameters, seed, results, error, version.

        Times differ between runs of the same plan and are left out unless asked for; `skip` and
        errors as in `rows`.
        """
        for row in self.rows(task, version, skip=skip):
            record = dict(row.parameters)
            if row.seed is not None:
                record["seed"] = row.seed
            record |= row.result or {}
            record["error"] = None if row.error is None else row.error.splitlines()[-1]
            record["version"] = row.version
            if times:
                record |= {"finished": row.finished, "seconds": row.seconds}
            yield record

    def array_path(self, key: bytes) -> Path:
        """Where the arrays of a point are."""
        name = key.hex()
        return self.folder / name[:2] / f"{name}.npz"

    def arrays(self, row: Row) -> dict[str, np.ndarray[Any, Any]]:
        """The arrays of a point by name; an `InputError` where the file is damaged or gone."""
        if row.arrays is None:
            return {}
        damage = self._array_damage(row.key, row.arrays)
        require(damage is None, "arrays", "be as they were written",
                f"{self.array_path(row.key)}: {damage}")
        return read_npz(self.array_path(row.key), name="arrays")

    def _array_damage(self, key: bytes, digest: bytes) -> str | None:
        try:
            content = self.array_path(key).read_bytes()
        except OSError as error:
            return str(error.strerror)
        if blake2b(content, digest_size=16).digest() != digest:
            return "the content has changed"
        return None

    # --- care ---

    def check(self, *, arrays: bool = True) -> dict[bytes, str]:
        """What is wrong, by the key of the point (b"" for the file as a whole).

        Parameters
        ----------
        arrays : bool
            Read the files of arrays, too.
        """
        found: dict[bytes, str] = {}
        with self._clear_errors():
            damage = [text for text, in self._db.execute("PRAGMA integrity_check(5)")]
            if damage != ["ok"]:
                found[b""] = "; ".join(damage)
            for stored in map(_Stored._make, self._db.execute(
                    f"SELECT {_Stored.columns()} FROM points")):
                words = stored.damage()
                if words is None and arrays and stored.arrays is not None:
                    there = self._array_damage(stored.key, stored.arrays)
                    words = there and f"{self.array_path(stored.key)}: {there}"
                if words:
                    found[stored.key] = words
        return found

    def forget(self, keys: Iterable[bytes]) -> None:
        """Remove points, so that the next sweep computes them again."""
        with self._clear_errors(), self._transaction():
            self._db.executemany(f"DELETE FROM points WHERE {_KEY} = ?",
                                 [(key,) for key in keys])

    def compact(self) -> int:
        """Give unused space back and remove arrays of no point; the bytes freed."""
        before = self.size()
        with self._clear_errors():
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            named = {key.hex() for key, in self._db.execute(
                "SELECT key FROM points WHERE arrays IS NOT NULL")}
            for path in list(self.folder.glob("*/*")):
                if path.suffix == ".part" or path.stem not in named:
                    path.unlink()
        return before - self.size()

    def size(self) -> int:
        """Bytes on disk, arrays included."""
        files = [self.path, Path(f"{self.path}-wal"), *self.folder.glob("*/*")]
        return sum(file.stat().st_size for file in files if file.is_file())

    def merge(self, other: Store) -> int:
        """Take over the points of another store; how many were new.

        A point that finished in one and failed in the other counts as finished.  Where both
        finished with different results nothing is taken over and an `InputError` says so.
        """
        columns = ("key, task, version, parameters, seed, result, error, kept, arrays, "
                   "checksum, finished, seconds")
        added = 0
        damaged = other.check(arrays=False)
        require(not damaged, "store", "be as it was written (see nctheory store check)",
                str(other.path))
        with self._clear_errors(), self._transaction():
            for row in other._db.execute(f"SELECT {columns} FROM points"):
                key, result, kept, digest = row[0], row[5], row[7], row[8]
                mine = self._db.execute("SELECT result, kept FROM points WHERE key = ?",
                                        (key,)).fetchone()
                if mine is not None and mine[0] is not None and result is not None:
                    if mine[0] != result:
                        raise InputError(
                            f"stores must agree where both have a point, and differ at "
                            f"{row[1]} {row[3]} seed {row[4]}: {mine[0]} and {result}")
                    if set(kept.split()) <= set(mine[1].split()):
                        continue
                elif mine is not None and result is None:
                    continue
                if digest is not None:
                    damage = other._array_damage(key, digest)
                    require(damage is None, "arrays", "be as they were written",
                            f"{other.array_path(key)}: {damage}")
                    self._write_arrays(key, other.array_path(key).read_bytes())
                self._db.execute(f"INSERT OR REPLACE INTO points ({columns}) "
                                 f"VALUES ({','.join('?' * 12)})", row)
                added += 1
            self._db.executemany("INSERT INTO sweeps VALUES (?,?,?)",
                                 other._db.execute("SELECT * FROM sweeps").fetchall())
        return added


def _checksum(key: bytes, result: str | None, error: str | None, kept: str,
              arrays: bytes | None) -> int:
    text = f"{result}\0{error}\0{kept}"
    return zlib.crc32(text.encode() + key + (arrays or b""))


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _chunks(items: Iterable[Point], size: int) -> Iterator[list[Point]]:
    chunk: list[Point] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
