"""Figures: their data are the library's numbers, their files repeat, grey readers see them."""

import csv
import math

import numpy as np
import pytest
from scipy.stats import binomtest

import nctheory
from nctheory.errors import InputError
from nctheory.report.figures import KINDS, STYLE, Source, make_figure, wilson
from nctheory.sweep.export import export
from nctheory.sweep.plan import Plan
from nctheory.sweep.run import run_plan
from nctheory.sweep.store import Store

pytest.importorskip("matplotlib")

PLANS = {
    "thresholds": Plan("thresholds", grid={"classes": range(3, 16), "layers": range(2, 5)}),
    "loss": Plan("loss", fixed={"weight_decay": 0.001}, grid={
        "layers": [3, 4], "construction": [f"triangular:r={r},s={s}" for r, s in (
            (4, 2), (5, 2), (5, 3), (6, 3), (6, 4))] + ["dnc:K=10"]}),
    "statistics": Plan("solve", fixed={"classes": 3, "layers": 3, "steps": 200}, grid={
        "weight_decay": [1e-3, 1e-2], "width": [4, 6], "seed": range(4)}),
    "run": Plan("solve", fixed={"classes": 6, "layers": 4, "width": 8, "steps": 100},
                grid={"seed": range(2)}, keep=("trace", "means", "singular_values")),
}
SOURCES = {"threshold-map": "thresholds", "cost-curves": "thresholds", "loss-ratio": "loss",
           "rank": "statistics", "dnc-probability": "statistics", "singular-values": "run",
           "matrices": "run", "loss-curves": "run"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    for name, plan in PLANS.items():
        run_plan(plan, folder / f"{name}.db", executor="inline")
    return folder


def drawn(stores, folder, kind, ending=".svg", **options):
    """The rows beside a figure."""
    files = make_figure(kind, Source(stores / f"{SOURCES[kind]}.db", **options),
                        folder / f"figure{ending}", force=True)
    assert [file.stat().st_size > 100 for file in files] == [True, True]
    return list(csv.DictReader(files[1].read_text().splitlines()))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_in_every_format_and_again_the_same(stores, tmp_path, kind):
    heads = {".png": b"\x89PNG", ".pdf": b"%PDF", ".svg": b"<?xml"}
    for ending, head in heads.items():
        drawn(stores, tmp_path, kind, ending)
        first = (tmp_path / f"figure{ending}").read_bytes()
        assert first.startswith(head)
    drawn(stores, tmp_path, kind, ending)  # .svg, which could carry dates and random names
    assert (tmp_path / f"figure{ending}").read_bytes() == first


def test_thresholds_from_store_and_from_tables(stores, tmp_path):
    rows = drawn(stores, tmp_path, "threshold-map")
    table = nctheory.threshold_table(range(3, 16), range(2, 5))
    wanted = [(row.classes, row.layers, row.ratio, row.verdict) for row in table.rows]
    assert [(int(row["classes"]), int(row["layers"]), float(row["ratio"]), row["verdict"])
            for row in rows] == wanted
    with Store(stores / "thresholds.db") as store:
        export(store, tmp_path / "table.csv", "csv")
    from nctheory.report.table import to_csv
    (tmp_path / "command.csv").write_text(to_csv(table))
    for name in ("table.csv", "command.csv"):
        make_figure("cost-curves", Source(tmp_path / name), tmp_path / "other.png")
        assert (tmp_path / "other.csv").read_text() == (tmp_path / "figure.csv").read_text()


def test_loss_ratio_takes_the_best_cut(stores, tmp_path):
    rows = drawn(stores, tmp_path, "loss-ratio")
    for row in rows:
        r, s, L = (int(row[name]) for name in ("r", "s", "layers"))
        assert s == {4: 2, 5: 3, 6: 3}[r]
        problem = nctheory.Problem(classes=r * (r - 1) // 2, layers=L, weight_decay=0.001)
        dnc = nctheory.Orthogonal(classes=problem.classes).loss(problem)
        made = nctheory.Triangular(vertices=r, subset=s).loss(problem)
        assert float(row["loss_ratio"]) == made / dnc
    assert len(rows) == 6


@pytest.mark.parametrize("successes, trials", [(0, 10), (3, 10), (10, 10), (1, 1), (500, 997)])
def test_wilson_is_scipys(successes, trials):
    wanted = binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx((wanted.low, wanted.high), abs=1e-14)


def test_statistics_are_over_seeds(stores, tmp_path):
    with Store(stores / "statistics.db") as store:
        records = list(store.table())
    ranks = drawn(stores, tmp_path, "rank")
    shares = drawn(stores, tmp_path, "dnc-probability")
    assert len(ranks) == len(shares) == 4
    for rank, share in zip(ranks, shares, strict=True):
        group = [r for r in records if r["weight_decay"] == float(rank["weight_decay"])
                 and r["width"] == int(rank["width"])]
        assert int(rank["runs"]) == len(group) == 4
        values = [r["mean_rank"] for r in group]
        assert float(rank["mean_rank"]) == pytest.approx(np.mean(values), rel=1e-14)
        assert float(rank["standard_error"]) == pytest.approx(
            np.std(values, ddof=1) / 2, abs=1e-14)
        hits = sum(r["label"] == "dnc" for r in group)
        assert (float(share["low"]), float(share["high"])) == wilson(hits, 4)


def test_arrays_of_runs(stores, tmp_path):
    from nctheory.solver import solve
    problem = nctheory.Problem(classes=6, layers=4)
    result = solve(problem, 8, range(2), steps=100)
    values = [float(row["value"]) for row in drawn(stores, tmp_path, "singular-values")
              if row["seed"] == "1" and row["layer"] == "3"]
    assert values == pytest.approx(list(np.linalg.svd(result.means(1)[2])[1]), abs=1e-12)
    cells = [row for row in drawn(stores, tmp_path, "matrices", where={"seed": 1})
             if row["matrix"] == "gram" and row["layer"] == "2"]
    gram = np.array([float(row["value"]) for row in cells]).reshape(6, 6)
    assert np.allclose(gram, result.means(1)[1].T @ result.means(1)[1], atol=1e-12)
    curves = drawn(stores, tmp_path, "loss-curves")
    ends = {row["series"]: float(row["loss"]) for row in curves}
    assert ends["seed 1"] == pytest.approx(result.loss[1], rel=1e-9)
    assert ends["DNC (closed form)"] == nctheory.Orthogonal(classes=6).loss(problem)
    best = nctheory.threshold_table([6], [4], weight_decay=0.004).rows[0]
    assert ends[f"{best.construction.label} (closed form)"] == best.loss < ends[
        "DNC (closed form)"]


def test_grey_and_colour_blind_readers_can_tell_series_and_shades():
    import matplotlib
    from matplotlib import style

    with style.context(STYLE):
        cycle = list(matplotlib.rcParams["axes.prop_cycle"])
        shades = matplotlib.colormaps[matplotlib.rcParams["image.cmap"]](np.linspace(0, 1, 64))
    assert len({(entry["marker"]) for entry in cycle}) == len(cycle)  # colour is never alone
    assert len({(entry["color"], entry["linestyle"]) for entry in cycle}) == len(cycle)
    luminance = shades[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert np.all(np.diff(luminance) > 0)


@pytest.mark.parametrize("kind, source, output, options, message", [
    ("pie", "thresholds", "a.png", {}, "kind must be one of"),
    ("threshold-map", "thresholds", "a.gif", {}, "output must end in .png, .pdf, .svg"),
    ("threshold-map", "thresholds", "none/a.png", {}, "output must be a writable file"),
    ("threshold-map", "loss", "a.png", {}, "source must have records with classes, layers, rat"),
    ("threshold-map", "thresholds", "a.png", {"where": {"depth": 3}}, "where must name one of"),
    ("threshold-map", "thresholds", "a.png", {"where": {"classes": 99}}, "leave at least one"),
    ("loss-ratio", "thresholds", "a.png", {}, "source must have records with construction"),
    ("rank", "run", "a.png", {}, "source must vary weight_decay or width"),
    ("matrices", "statistics", "a.png", {}, "source must be a store whose plan has the array"),
])
def test_refusals(stores, tmp_path, kind, source, output, options, message):
    with pytest.raises(InputError, match=message):
        make_figure(kind, Source(stores / f"{source}.db", **options), tmp_path / output)


def test_tables_have_no_arrays_and_figures_spare_their_source(stores, tmp_path):
    with Store(stores / "run.db") as store:
        export(store, tmp_path / "run.csv", "csv")
    with pytest.raises(InputError, match="source must be a store: a table has no arrays"):
        make_figure("matrices", Source(tmp_path / "run.csv"), tmp_path / "a.png")
    with pytest.raises(InputError, match="output must not put its data over the source"):
        make_figure("matrices", Source(tmp_path / "run.csv"), tmp_path / "run.png")
    with pytest.raises(InputError, match="source must be a readable table"):
        Source(tmp_path / "none.csv")


def test_several_settings_are_never_drawn_as_one(tmp_path):
    plan = Plan("thresholds", grid={"classes": [5, 6], "layers": [3, 4],
                                    "weight_decay": [1e-3, 1e-2]})
    run_plan(plan, tmp_path / "two.db", executor="inline")
    with pytest.raises(InputError, match="where must leave one record for each classes and lay"):
        make_figure("threshold-map", Source(tmp_path / "two.db"), tmp_path / "a.png")
    make_figure("threshold-map", Source(tmp_path / "two.db", {"weight_decay": "0.001"}),
                tmp_path / "a.png")
    assert not math.isnan(float((tmp_path / "a.csv").read_text().split()[1].split(",")[2]))
