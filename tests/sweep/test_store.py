"""The store: one writer, clear errors for everything that can befall a file, nothing lost."""

import csv
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from nctheory.errors import InputError
from nctheory.sweep.export import dataset, export, frame
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.store import Store
from nctheory.sweep.tasks import TASKS

LOSS = Plan("loss", fixed={"construction": "triangular:r=5,s=3"},
            grid={"layers": [3, 4, 12], "weight_decay": [1e-4, 1e-3]})
SOLVE = Plan("solve", fixed={"classes": 3, "layers": 2, "width": 4, "steps": 20},
             grid={"seed": range(4)}, keep=("means",))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "results.db"


def filled(path, plan=LOSS):
    run_plan(plan, path, executor="inline")
    return path


def exported(path):
    with Store(path) as store:
        export(store, path.with_suffix(".csv"), "csv")
    return path.with_suffix(".csv").read_bytes()


def test_csv_holds_parameters_and_results_in_order(path):
    rows = list(csv.DictReader(exported(filled(path)).decode().splitlines()))
    assert [(int(row["layers"]), float(row["weight_decay"])) for row in rows] == [
        (L, lam) for L in (3, 4, 12) for lam in (1e-4, 1e-3)]  # as numbers: 12 is last
    with Store(path) as store:
        losses = [record["minimal_loss"] for record in store.table()]
    assert [float(row["minimal_loss"]) for row in rows] == losses
    assert "seconds" not in rows[0] and rows[0]["version"] == "0.1.0"


def test_other_formats_hold_the_same(path):
    pandas, parquet = pytest.importorskip("pandas"), pytest.importorskip("pyarrow.parquet")
    pytest.importorskip("xarray")
    with Store(filled(path)) as store:
        table = frame(store.table())
        export(store, path.with_suffix(".parquet"), "parquet")
        export(store, path.with_suffix(".nc"), "netcdf")
        cube = dataset(store.table(), TASKS["loss"].parameters)
    read = parquet.read_table(path.with_suffix(".parquet")).to_pandas()
    pandas.testing.assert_frame_equal(read[["layers", "ratio"]], table[["layers", "ratio"]])
    assert dict(cube.sizes) == {"layers": 3, "weight_decay": 2}
    wanted = table[(table.layers == 12) & (table.weight_decay == 1e-3)].minimal_loss.item()
    assert cube.minimal_loss.sel(layers=12, weight_decay=1e-3).item() == wanted
    assert cube.attrs["construction"] == "triangular:r=5,s=3"


def test_lists(path):
    with Store(filled(path, SOLVE)) as store:
        record = next(store.table())
    assert record["loss"] == "mse" and isinstance(record["end_loss"], float)
    rows = list(csv.DictReader(exported(path).decode().splitlines()))
    assert [int(r) for r in rows[0]["ranks_before"].split()] == record["ranks_before"]


def test_one_writer_many_readers(path):
    filled(path)
    with Store(path, writable=True):
        with pytest.raises(InputError, match="one writer at a time"):
            Store(path, writable=True)
        other = subprocess.run(
            [sys.executable, "-c", "import sys; from nctheory.sweep.store import Store\n"
             "store = Store(sys.argv[1]); print(len(list(store.rows())))\n"
             "Store(sys.argv[1], writable=True)", str(path)], capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
        assert other.stdout == "6\n" and "one writer at a time" in other.stderr
    Store(path, writable=True).close()


def test_tasks_are_not_mixed(path):
    filled(filled(path), SOLVE)
    with Store(path) as store:
        with pytest.raises(InputError, match="task must be chosen among .* loss, solve"):
            store.choose()
        with pytest.raises(InputError, match="task must be one of loss, solve"):
            store.choose("train")
        assert len(list(store.rows("loss"))) == 6 and len(list(store.rows("solve"))) == 4


@pytest.mark.parametrize("content", [
    b"no database at all" * 100, b"SQLite format 3\0" + b"x" * 99], ids=["text", "header alone"])
@pytest.mark.parametrize("writable", [False, True])
def test_files_that_are_no_store(path, content, writable):
    path.write_bytes(content)
    with pytest.raises(InputError, match="store .*file is not a database"):
        Store(path, writable=writable)
    assert path.read_bytes() == content
    with closing(sqlite3.connect(path.with_name("foreign.db"))) as foreign:
        foreign.execute("CREATE TABLE notes (text)")
    with pytest.raises(InputError, match="store must be a store of nctheory"):
        Store(path.with_name("foreign.db"), writable=writable)


def test_missing_places(tmp_path):
    with pytest.raises(InputError, match="store must be a file that exists"):
        Store(tmp_path / "none.db")
    with pytest.raises(InputError, match="store must be in a folder that exists"):
        Store(tmp_path / "none" / "none.db", writable=True)
    with pytest.raises(InputError, match="store must hold finished points"):
        Store(tmp_path / "new.db", writable=True).choose()


def test_a_truncated_store_is_refused_before_anything_is_written(path):
    plan = Plan("loss", fixed=LOSS.fixed | {"layers": 3}, grid={"samples": range(1, 400)})
    run_plan(plan, path, executor="inline")
    whole = path.read_bytes()
    path.write_bytes(whole[:len(whole) // 2])
    with pytest.raises(InputError, match="store .*malformed|store .*Page|store .*page"):
        run_plan(plan, path, executor="inline")
    assert path.read_bytes() == whole[:len(whole) // 2]
    path.write_bytes(whole)
    assert run_plan(plan, path, executor="inline").found == 399


def test_changed_results_are_found_forgotten_and_computed_again(path):
    before = exported(filled(path))
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE points SET result = replace(result, '\"cost\": 9', '\"cost\": 8') "
                   "WHERE id = 2")
        db.execute("UPDATE points SET parameters = replace(parameters, ':12,', ':13,') "
                   "WHERE id = 5")
    with Store(path, writable=True) as store:
        damage = store.check()
        assert sorted(damage.values()) == ["its parameters have changed",
                                           "its result has changed"]
        store.forget(damage)
    assert run_plan(LOSS, path, executor="inline").computed == 2
    assert exported(path) == before


def test_damaged_and_missing_arrays(path):
    before = exported(filled(path, SOLVE))
    with Store(path) as store:
        rows = list(store.rows())
        files = [store.array_path(row.key) for row in rows]
        files[0].write_bytes(files[0].read_bytes()[:100])
        files[1].unlink()
        assert set(store.check()) == {rows[0].key, rows[1].key}
        for row in rows[:2]:
            with pytest.raises(InputError, match="arrays must be as they were written"):
                store.arrays(row)
        assert store.arrays(rows[2])["means"].shape == (2, 4, 3)
    with Store(path, writable=True) as store:
        store.forget(store.check())
    assert run_plan(SOLVE, path, executor="inline").computed == 2
    with Store(path) as store:
        assert store.check() == {} and exported(path) == before


def test_what_is_damaged_is_not_read(path):
    """One digit changed: the point is named, the others are read where one asks for them."""
    filled(path)
    with Store(path) as store:
        key, *others = [row.key for row in store.rows()]
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE points SET result = replace(result, '\"cost\": ', '\"cost\": 1') "
                   "WHERE key = ?", (key,))
    with Store(path) as store:
        with pytest.raises(InputError, match=f"point {key.hex()} is damaged .its result"):
            list(store.rows())
        damage = store.check()
        assert damage == {key: "its result has changed"}
        assert [row.key for row in store.rows(skip=damage)] == others
        assert export(store, path.with_name("rest.csv"), "csv") == damage
    assert len(path.with_name("rest.csv").read_text().splitlines()) == 1 + len(others)
    with Store(path.with_name("other.db"), writable=True) as other, Store(path) as store:
        with pytest.raises(InputError, match="store must be as it was written"):
            other.merge(store)


@pytest.mark.parametrize("change", [
    "key = 'text'", "key = 7", "task = 3", "version = x'ff'", "parameters = NULL",
    "parameters = x'80'", "parameters = '[' || parameters", "seed = 'a'", "result = 1.5",
    "result = CAST(x'7bff' AS TEXT)", "kept = x'00'", "arrays = 5", "checksum = 'none'"])
def test_whatever_a_column_becomes_is_found(path, change):
    filled(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, ' NOT NULL', '') "
                   "WHERE name = 'points'")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE points SET {change} WHERE id = 2")
    with Store(path, writable=True) as store:
        damage = store.check()
        assert len([key for key in damage if key]) == 1
        store.forget(key for key in damage if key)
        assert not [key for key in store.check() if key]
    assert run_plan(LOSS, path, executor="inline").computed == 1


def test_compact_removes_what_belongs_to_no_point(path):
    filled(path, SOLVE)
    with Store(path, writable=True) as store:
        row, *others = store.rows()
        store.forget([row.key])
        (store.folder / "ab").mkdir(exist_ok=True)
        (store.folder / "ab" / "half.part").write_bytes(b"x" * 10_000)
        assert store.compact() > 10_000
        assert not store.array_path(row.key).exists() and store.check() == {}
        assert all(store.arrays(other) for other in others)


def test_merge(tmp_path):
    one, two, whole = (tmp_path / f"{name}.db" for name in ("one", "two", "whole"))
    plans = [Plan("solve", fixed=SOLVE.fixed, grid={"seed": seeds}, keep=("means",))
             for seeds in (range(3), range(2, 5), range(5))]
    for path, plan in zip((one, two, whole), plans, strict=True):
        filled(path, plan)
    with Store(one, writable=True) as store, Store(two) as other:
        assert store.merge(other) == 2
        assert store.check() == {} and len(store.sweeps()) == 2
        assert store.merge(other) == 0
    assert exported(one) == exported(whole)


def test_merge_refuses_contradictions_and_prefers_results_to_failures(tmp_path, rewrite):
    one, two = tmp_path / "one.db", tmp_path / "two.db"
    filled(one)
    filled(two)
    rewrite(two, "UPDATE points SET result = '{}' WHERE id = 6")
    before = exported(one)
    with Store(one, writable=True) as store, Store(two) as other:
        with pytest.raises(InputError, match="stores must agree where both have a point"):
            store.merge(other)
    assert exported(one) == before
    rewrite(two, "UPDATE points SET result = NULL, error = 'E' WHERE id = 6")
    with Store(one, writable=True) as store, Store(two) as other:
        assert store.merge(other) == 0
    with Store(two, writable=True) as store, Store(one) as other:
        assert store.merge(other) == 1
    assert exported(two) == before
