"""Attacks that once got through, each kept: the first of every fuzz run."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from tests.fuzz import formats
from tests.fuzz.attack import CPU, FIFO, FOLDER, Attack

OK, REFUSED, ANY = (0,), (2,), (0, 1, 2)
HUGE = "9" * 30


def corpus() -> Iterator[Attack]:
    """All of them."""
    yield from _destroyed_data()
    yield from _damaged_stores()
    yield from _sizes()
    yield from _features()
    yield from _tracebacks()
    yield from _misleading()


def _attack(line: str, status: tuple[int, ...] = REFUSED, says: str = "",
            keeps: tuple[str, ...] = (), cpu: float = CPU, **files: bytes) -> Attack:
    """An attack by its command line; files are named with "_" for "."."""
    named = {name.replace("_", "."): content for name, content in files.items()}
    return Attack(tuple(line.split()), named, keeps, status, says, cpu)


def _destroyed_data() -> Iterator[Attack]:
    """A command writes over its source, a store, or what is no file of its own."""
    store, table = formats.store(formats.LOSS_PLAN), formats.store(formats.TABLE_PLAN)
    own = b"name,value\nmine,1\n"
    yield _attack("store export a.db --output a.db", keeps=("a.db",), a_db=store)
    yield _attack("store export x.csv --output x.csv", keeps=("x.csv",), x_csv=store)
    yield _attack("store export a.db --output b.db", keeps=("b.db",), a_db=store, b_db=table)
    yield _attack("store export a.db --output b.db --force", keeps=("b.db",), a_db=store,
                  b_db=table)
    yield _attack("store export a.db --output own.csv", keeps=("own.csv",), a_db=store,
                  own_csv=own)
    yield _attack("store export a.db --output own.csv --force", OK, a_db=store, own_csv=own)
    yield _attack("report b.db --output b.db", keeps=("b.db",), b_db=store)
    yield _attack("report y.html --output y.html", keeps=("y.html",), y_html=store)
    yield _attack("figure threshold-map a.db --output out.pdf", keeps=("out.csv",), a_db=table,
                  out_csv=own)
    yield _attack("figure threshold-map a.csv --output a.pdf", keeps=("a.csv",),
                  a_csv=b"classes,layers,ratio,verdict\n3,2,1.0,x\n")
    for target in ("/dev/null", "pipe", "folder"):
        yield _attack(f"sweep plan.toml --store {target}", plan_toml=formats.LOSS_PLAN,
                      pipe=FIFO, folder=FOLDER)
    yield _attack("thresholds --output own.csv", keeps=("own.csv",), own_csv=own)
    yield _attack("thresholds --output pipe", pipe=FIFO)
    yield _attack("solve --seeds 0:0 --save a.db", keeps=("a.db",), a_db=store)
    yield _attack("solve --seeds 0:0 --checkpoint a.db", keeps=("a.db",), a_db=store)
    yield _attack("sweep plan.toml --store own.csv", keeps=("own.csv",), own_csv=own,
                  plan_toml=formats.LOSS_PLAN)
    yield _attack("sweep plan.toml --store new.db --log a.db", keeps=("a.db",), a_db=store,
                  plan_toml=formats.LOSS_PLAN)


def _damaged_stores() -> Iterator[Attack]:
    store = formats.store(formats.LOSS_PLAN)
    flipped = formats.digit_changed(store, b'"minimal_loss": 0.0477', b'"minimal_loss": 0.0577')
    yield _attack("store export a.db", (1,), "damaged", a_db=flipped)
    yield _attack("store check a.db", (1,), "its result has changed", a_db=flipped)
    yield _attack("report a.db", (1,), "damaged", a_db=flipped)
    yield _attack("store export a.db --format netcdf --output a.nc", OK,
                  a_db=formats.store(formats.SOLVE_PLAN))
    yield _attack("store show .")
    for before, after in ((b'{"classes"', b'{\xff\xfe'), (b'"layers":3', b'"layers":\xff')):
        if before in store:
            yield _attack("store check a.db", (1,), a_db=formats.digit_changed(
                store, before, (after + b" " * 20)[:len(before)]))


def _sizes() -> Iterator[Attack]:
    for line in ("thresholds --classes 3:100000000", "atlas --classes 3:100000000",
                 "atlas search --classes 3:100000000 --seconds 0.001",
                 "atlas partial --classes 3:100000000", "atlas partial --layers 2:100000000",
                 "atlas relax --classes 3:100000000 --weight-decay 0.01",
                 "atlas paths --classes 3:100000000", "atlas explain --classes 3:100000000",
                 "thresholds --classes 100000000", "thresholds --classes 5 --layers 1000000",
                 "atlas --classes 5 --layers 1000000", "atlas show 100000000 3",
                 "atlas show 3 100000000", "thresholds --classes 5 --layers 2:100000000",
                 "cost dnc:K=6 --layers 1000000", "cost triangular:r=5,s=3 --layers 1000000",
                 "cost dnc:K=6 --layers 2:100000000", "certify cell:r=5,s=3,L=1000000",
                 "certify threshold:K=11,L=100000", "certify threshold:K=100000000,L=3",
                 "certify cost:K=11,L=100000", "certify minimal-loss:K=5,L=100000",
                 "certify thresholds --classes 3:100000000",
                 "certify atlas --layers 2:100000000", "certify chain:K=3,L=1000000",
                 "solve --seeds 0:100000000", "solve --classes 100000 --seeds 0:0",
                 "solve --width 1000000 --seeds 0:0", "solve --layers 1000000 --seeds 0:0",
                 "solve --samples 100000000 --seeds 0:0",
                 "verify-ranks --seeds 0:100000000", "verify-ranks --classes 3:1000000",
                 "verify-ranks --width 1000000",
                 "train --hidden 100000000",
                 "phases --classes 2:100000000", "phases --layers 1:100000000",
                 "phases --width 1:100000000", "phases --classes 100000000000",
                 "graph cycle:n=100000000", "graph --table 100000000",
                 "solve --steps 100000000", "train --epochs 100000000",
                 "refute two-layers-below-15-classes --examples 100000000",
                 f"solve --steps {HUGE}", f"train --epochs {HUGE}",
                 f"thresholds --layers {HUGE}", f"thresholds --classes {HUGE}",
                 f"atlas --layers {HUGE}", f"cost dnc:K=6 --layers {HUGE}",
                 f"cost dnc:K={HUGE} --layers {HUGE}", f"certify cell:r=5,s=3,L={HUGE}",
                 f"solve --layers {HUGE}", f"phases --layers {HUGE}"):
        yield _attack(line)
    yield _attack("cost circle:K=1000000 --loss ce --layers 3", (0, 2))
    yield _attack("cost dnc:K=1000000 --layers 1000", OK)
    for line in ("thresholds --classes 1000000 --layers 1000",
                 "thresholds --classes 1000000 --layers 3 --weight-decay 1e-9",
                 "atlas --classes 1000000 --layers 1000"):
        yield _attack(line, OK, cpu=4 * CPU)
    yield _attack("thresholds --classes 3:6 --layers 2:3 --width 100000000", OK)
    yield _attack(f"thresholds --classes 3:6 --layers 2:3 --width {HUGE}", OK)
    yield _attack("cost triangular:r=1415,s=3 --layers 1000", OK)
    yield _attack("metrics bomb.npz", bomb_npz=formats.bomb())
    rng = np.random.default_rng(0)
    yield _attack("metrics a.npz", (0, 2), a_npz=formats.npz(
        features=rng.normal(size=(20000, 4)), labels=np.arange(20000)))


def _features() -> Iterator[Attack]:
    """Feature files that are read wrongly, or not at all."""
    yield _attack("metrics a.npz", says="claims the shape", a_npz=formats.claiming(
        "features", "labels", shape=(10**9, 10**9)))
    for dtype in (">f8", ">f4", "<f2", "<i4", "<f4"):
        yield _attack("metrics a.npz", OK, a_npz=formats.features(dtype=dtype, scale=10.0))
    for scale in (1e-130, 1e100):
        yield _attack("metrics a.npz --format json", OK, "nc2_etf",
                      a_npz=formats.features(scale=scale))
    for scale in (1e-170, 1e-300, 1e145):
        yield _attack("metrics a.npz", REFUSED, "1e-140", a_npz=formats.features(scale=scale))
    yield _attack("metrics a.npz", (0, 2), a_npz=formats.features(scale=1e300))
    x, labels = np.random.default_rng(0).normal(size=(24, 8)), np.arange(24) % 4
    yield _attack("metrics a.npz --format json", (0, 2), a_npz=formats.npz(
        features=x, labels=labels, weight=1e200 * np.ones((4, 8))))
    yield _attack("metrics a.npz", says="row 20, column 3", a_npz=formats.npz(
        features=np.where(np.arange(192).reshape(24, 8) == 163, np.nan, x), labels=labels))
    yield _attack("metrics a.npz", REFUSED, "feature (24", a_npz=formats.npz(
        feature=x, labels=labels))
    yield _attack("metrics a.npz", REFUSED, "wieght", a_npz=formats.npz(
        features=x, labels=labels, wieght=np.ones((4, 8))))
    yield _attack("metrics a.npz", REFUSED, "weight_7", a_npz=formats.npz(
        features_1=x, labels=labels, weight_7=np.ones((4, 8))))
    yield _attack("metrics a.npz", OK, a_npz=formats.npz(
        features=x, labels=np.array(["\x1b[31mred", "b\x07", "c", "d"])[labels]))
    yield _attack("metrics a.npz", OK, "5 rows for 4 classes", a_npz=formats.npz(
        features=x, labels=labels, weight=np.ones((5, 8))))
    yield _attack("metrics pipe.npz", **{"pipe_npz": FIFO})
    rng = np.random.default_rng(1)
    yield _attack("metrics a.npz", OK, a_npz=formats.npz(
        features=rng.normal(size=(990, 30)), labels=np.arange(990)))


def _tracebacks() -> Iterator[Attack]:
    table = b"classes,layers,ratio,verdict\n3,2,1.0,dnc beaten,more\n"
    yield _attack("figure threshold-map a.csv --output out.pdf", a_csv=table)
    yield _attack("figure threshold-map a.csv --output out.pdf", a_csv=b"")
    yield _attack("figure threshold-map a.csv --output out.pdf", a_csv=b"classes\n")
    yield _attack("figure threshold-map pipe.csv --output out.pdf", **{"pipe_csv": FIFO})
    yield Attack(("sweep", "plan.toml", "--store", ""), {"plan.toml": formats.LOSS_PLAN},
                 status=REFUSED)
    yield _attack("sweep pipe --store a.db", pipe=FIFO)
    yield _attack("atlas --classes 3:4 --layers 2 --figure x.exe")
    yield _attack("atlas --classes 3:4 --layers 2 --figure missing/x.pdf")
    yield _attack("train --output taken --epochs 1", taken=b"")
    for value in (1e300, 1e-300, 1e-170):
        yield _attack("atlas submit a.npz", ANY, a_npz=formats.npz(
            H1=np.eye(4) * value, W1=np.eye(4) * value, W2=np.eye(4)))
        yield _attack("atlas submit a.npz", ANY, a_npz=formats.npz(
            features=np.eye(4) * value, rows=np.eye(4)))
        yield _attack("atlas gauge a.npz", ANY, a_npz=formats.npz(features=np.eye(4) * value))
    digits = "7" * 5000
    for line in (f"thresholds --classes {digits}", f"cost dnc:K={digits}",
                 f"certify cell:r={digits},s=3,L=3", f"graph triangular:r={digits}",
                 f"atlas show {digits} 3", f"solve --seeds {digits}"):
        yield _attack(line)
    yield _attack("check a.json", ANY, a_json=b'{"format": ' + digits.encode() + b"}")
    yield _attack("check pipe", (1, 2), pipe=FIFO)
    yield _attack("check a.json", (1, 2), a_json=json.dumps(
        {"polynomial": "a" * 32 + "!"}).encode())
    yield _attack("sweep plan.toml --store a.db --executor inline", ANY,
                  plan_toml=formats.LOSS_PLAN.replace(b"[3, 4, 5]", f"[{digits}]".encode()))
    yield _attack("solve --classes 10 --layers 4 --weight-decay 0.5 --seeds 0:2 "
                  "--method quasi-newton", OK)
    yield _attack("solve --classes 2 --layers 2 --samples 2 --width 2 --seeds 0:1 "
                  "--method quasi-newton", OK)
    yield _attack("solve --classes 3 --layers 2 --weight-decay 1e300 --seeds 0:1", ANY)
    yield _attack("solve --classes 3 --layers 2 --learning-rate 1e300 --seeds 0:1", ANY)
    yield _attack("thresholds --classes 3:6 --layers 2:3 --weight-decay 1e300", OK)
    yield _attack("thresholds --classes 3:6 --layers 2:3 --weight-decay 1e-300", OK)
    yield _attack("verify-ranks --classes 3:3 --layers 3:3 --weight-decay 1e300 --seeds 1", ANY)
    yield _attack("train --rate 1e300 --epochs 2 --hidden 4", ANY)


def _misleading() -> Iterator[Attack]:
    yield _attack("cost dnc:K=5,classes=6", says="once")
    yield _attack("phases --weight-decay nan", says="weight")
    yield _attack("phases --weight-decay inf", says="weight")
    yield _attack("refute --help", OK, "runs")
    yield _attack("cost features:file=a.npz", a_npz=formats.npz(
        features=np.array([{}], dtype=object)))
    formula = formats.store(formats.LOSS_PLAN).replace(b'"dnc:K=6"', b'"=cmd(1)"')
    yield _attack("store export a.db", (1,), a_db=formula)
