"""Figures: their data are the library's numbers, their files repeat, grey readers see them."""

import csv
import math

import numpy as np
import pytest
from scipy.stats import binomtest

import nctheory
from nctheory.errors import InputError
from nctheory.report.figures import KINDS, STYLE, draw, make_figure, wilson
from nctheory.report.source import Source
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
    "decays": Plan("thresholds", grid={"classes": [10, 15], "layers": [3, 4],
                                       "weight_decay": {"log": [1e-4, 1e-2, 20]}}),
    "statistics": Plan("solve", fixed={"classes": 3, "layers": 3, "steps": 200}, grid={
        "weight_decay": [1e-3, 1e-2], "width": [4, 6], "seed": range(4)}),
    "run": Plan("solve", fixed={"classes": 6, "layers": 4, "width": 8, "steps": 100},
                grid={"seed": range(2)}, keep=("trace", "means", "singular_values")),
}
SOURCES = {"threshold-map": "thresholds", "cost-curves": "thresholds", "loss-ratio": "loss",
           "decay-curves": "decays", "rank": "statistics", "dnc-probability": "statistics",
           "singular-values": "run", "matrices": "run", "loss-curves": "run",
           "collapse": "training"}


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    for name, plan in PLANS.items():
        run_plan(plan, folder / f"{name}.db", executor="inline")
    # As `nctheory.torch.Recorder.track` writes it: NC1 = 1/step, ten times that on test.
    lines = [f"{step},{layer},{1 / step},{10 / step},features" for step in (1, 10, 100)
             for layer in ("fc1", "fc2")]
    (folder / "training.csv").write_text("step,layer,nc1,test_nc1,note\n" + "\n".join(lines))
    return folder


def drawn(stores, folder, kind, ending=".svg", **options):
    """The rows beside a figure."""
    source, = (path for kept in ("db", "csv") for path in stores.glob(f"{SOURCES[kind]}.{kept}"))
    files = make_figure(kind, Source(source, **options),
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
    from nctheory.report.table import rows as as_rows
    (tmp_path / "command.csv").write_text(as_rows(table).to("csv"))
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
    with pytest.raises(InputError, match=r"several of weight_decay \(0.001, 0.01\)"):
        make_figure("threshold-map", Source(tmp_path / "two.db"), tmp_path / "a.png")
    make_figure("threshold-map", Source(tmp_path / "two.db", {"weight_decay": "0.001"}),
                tmp_path / "a.png")
    assert not math.isnan(float((tmp_path / "a.csv").read_text().split()[1].split(",")[2]))


def runs(learning_rate, seeds, folder):
    """A store of runs with these learning rates."""
    path = folder / "rates.db"
    run_plan(Plan("solve", fixed={"classes": 3, "layers": 2, "width": 4, "steps": 20}, grid={
        "learning_rate": learning_rate, "seed": range(seeds)},
        keep=("trace", "means", "singular_values")), path, executor="inline")
    return Source(path)


def test_ways_to_train_are_told_apart(tmp_path):
    """Runs of two learning rates were one zig-zag line, and half of them were not counted."""
    axes = draw("loss-curves", runs([0.1, 0.5], 3, tmp_path))
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[:2] == [r"$\eta = 0.1$, 3 runs", r"$\eta = 0.5$, 3 runs"]
    curves = [line for line in axes.get_lines() if len(line.get_xdata()) > 2]
    assert len(curves) == 6 and len({line.get_color() for line in curves}) == 2
    assert all(np.all(np.diff(line.get_xdata()) > 0) for line in curves)


@pytest.mark.parametrize("kind", ["singular-values", "matrices"])
def test_what_varies_unseen_is_refused(tmp_path, kind):
    source = runs([0.1, 0.5], 1, tmp_path)
    with pytest.raises(InputError, match=r"several of learning_rate \(0.1, 0.5\)"):
        draw(kind, source)


@pytest.mark.parametrize("name, values", [
    ("learning_rate", [0.1, 0.5]), ("momentum", [0.5, 0.9]), ("scale", [0.5, 1.0]),
    ("init", ["gaussian", "small"]), ("loss", ["mse", "ce"]), ("activation", ["relu", "linear"])])
def test_statistics_are_never_over_parameters(name, values):
    """Each was averaged over before, and nobody was told."""
    shown = {"classes": 3, "layers": 3, "width": 4}
    records = [shown | {"weight_decay": decay, name: value, "mean_rank": 3.0 + i, "seed": 0}
               for i, value in enumerate(values) for decay in (1e-3, 1e-2)]
    lines = draw("rank", Source.of(records)).get_legend_handles_labels()[1]
    assert len(lines) == 2 and lines[0] != lines[1]


@pytest.mark.parametrize("name, values", [
    ("samples", [1, 2]), ("loss", ["mse", "ce"]), ("activation", ["relu", "linear"])])
@pytest.mark.parametrize("kind", ["threshold-map", "cost-curves", "loss-ratio", "decay-curves"])
def test_settings_of_closed_forms_are_never_mixed(kind, name, values):
    """Also where they go in step with an axis, so that each cell has one record."""
    records = [{"classes": 10, "layers": L, "ratio": 0.9, "verdict": "dnc beaten", name: value,
                "construction": "triangular:r=5,s=3", "weight_decay": 10.0**-L,
                "loss_ratio": 0.9} for L, value in zip((3, 4), values, strict=True)]
    with pytest.raises(InputError, match=f"several of .*{name}"):
        draw(kind, Source.of(records))


def test_many_decays_have_a_colour_each_and_stay_on_the_canvas():
    records = [{"construction": f"triangular:r={r},s=2", "layers": L, "weight_decay": decay,
                "loss_ratio": 1 - decay * r} for r in (4, 5, 6) for L in (3, 4)
               for decay in np.geomspace(1e-4, 1e-2, 20)]
    axes = draw("loss-ratio", Source.of(records))
    figure = axes.figure
    figure.canvas.draw()
    box = axes.get_legend().get_window_extent()
    assert box.y1 <= figure.bbox.height and box.x1 <= figure.bbox.width
    lines = [line for line in axes.get_lines() if len(line.get_xdata()) == 3]
    assert len(lines) == 40 and len({tuple(line.get_color()) for line in lines}) == 20
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["$L = 3$", "$L = 4$"]
    assert "lambda" in figure.axes[1].get_ylabel()  # the colour bar


def test_decay_curves_have_the_decay_below(stores):
    axes = draw("decay-curves", stores / "decays.db")
    assert axes.get_xscale() == "log" and "weight decay" in axes.get_xlabel()
    line, = (line for line in axes.get_lines() if line.get_label() == "$K = 10$, $L = 3$")
    table = nctheory.threshold_table([10], [3], weight_decay=line.get_xdata()[7])
    assert line.get_ydata()[7] == table.rows[0].loss_ratio


def test_panels_of_ones_own(stores):
    from matplotlib.figure import Figure

    table = nctheory.threshold_table(range(9, 12), [3, 4])
    axes = Figure().subplots()
    assert draw("threshold-map", table, ax=axes) is axes and axes.get_xlabel()
    left, right = draw("cost-curves", table).ravel()
    assert (left.get_xlabel(), right.get_xlabel()) == ("classes $K$", "layers $L$")
    with pytest.raises(InputError, match="ax must be 1 x 2 axes for this figure, got 1"):
        draw("cost-curves", table, ax=axes)


def test_size_and_letters(stores, tmp_path):
    source = Source(stores / "thresholds.db")
    make_figure("threshold-map", source, tmp_path / "a.svg", size=(4.0, 3.0), font_size=7)
    text = (tmp_path / "a.svg").read_text()
    assert 'width="288pt" height="216pt"' in text  # 72 points an inch
    assert "<text" in text and "layers" in text  # text stays text


def test_collapse_is_drawn_by_layer_train_and_test(stores, tmp_path):
    rows = drawn(stores, tmp_path, "collapse")
    assert [(row["layer"], float(row["nc1"]), float(row["test_nc1"])) for row in rows[:2]] == [
        ("fc1", 1.0, 10.0), ("fc2", 1.0, 10.0)]
    axes = draw("collapse", stores / "training.csv")
    assert [line.get_linestyle() for line in axes.lines] == ["-", "--"] * 2
    np.testing.assert_allclose(axes.lines[1].get_ydata(), [10, 1, 0.1])
