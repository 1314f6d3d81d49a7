"""What notebooks and other libraries get of results: HTML, pandas, xarray."""

from html.parser import HTMLParser

import numpy as np
import pytest

import nctheory
from nctheory import InputError, Problem, metrics, threshold_table
from nctheory.atlas.table import atlas
from nctheory.cross_entropy.phases import phase_diagram
from nctheory.solver import solve
from nctheory.tabular import MOST_ROWS, Tabular, to_html


class Cells(HTMLParser):
    """The cells of a table, row by row; an AssertionError for tags that do not match."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.rows[-1].append(data)


@pytest.fixture(scope="module")
def features():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 5)
    return np.eye(3)[labels] + 0.1 * rng.normal(size=(15, 3)), labels


@pytest.fixture(scope="module")
def things(features):
    x, labels = features
    return {
        "table": threshold_table([9, 10], [3, 4]),
        "row": threshold_table([10], [3]).rows[0],
        "result": solve(Problem(classes=3, layers=2), 4, range(3), steps=5),
        "problem": Problem(classes=3, layers=2),
        "cell": atlas([10], [3])[0],
        "metrics": metrics.report(metrics.assemble({"features": x, "labels": labels})),
        "phases": phase_diagram(classes=4, layers=(2, 3), weight_decay=(1e-3, 1.0)),
    }


NAMES = ["table", "row", "result", "problem", "cell", "metrics", "phases"]


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_show_a_table(things, name):
    assert isinstance(things[name], Tabular)
    rows = Cells(things[name]._repr_html_()).rows
    assert len(rows) == len(things[name].records()) + 1
    assert len(rows[0]) > 1


def test_html_is_escaped_and_cut():
    text = to_html([{"a<b": "<script>"}])
    assert "<script>" not in text and Cells(text).rows == [["a<b"], ["<script>"]]
    long = to_html([{"K": i} for i in range(MOST_ROWS + 5)])
    assert f"{MOST_ROWS} of {MOST_ROWS + 5} rows" in long and long.count("<tr>") == MOST_ROWS + 1


@pytest.mark.parametrize("name", NAMES)
def test_pandas_holds_the_records(things, name):
    pytest.importorskip("pandas")
    frame = things[name].to_pandas()
    assert len(frame) == len(things[name].records())
    assert set(frame.columns) >= {key for key, value in things[name].records()[0].items()
                                  if not isinstance(value, dict)}


def test_xarray_has_the_dimensions(things):
    pytest.importorskip("xarray")
    table = things["table"].to_xarray()
    assert dict(table.sizes) == {"classes": 2, "layers": 2}
    row = things["row"]
    assert float(table.ratio.sel(classes=10, layers=3)) == row.ratio
    result = things["result"]
    assert result.to_xarray().loss.sel(seed=2) == result.loss[2]
    diagram = things["phases"]
    assert dict(diagram.to_xarray().sizes) == {"layers": 2, "weight_decay": 2}
    assert np.array_equal(diagram.to_xarray().minimal_loss, diagram.loss)


def test_a_missing_library_names_the_extra(things, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(InputError, match=r"pip install nctheory\[xarray\]"):
        things["table"].to_pandas()


class Tensor:
    """As PyTorch's: NumPy may not look where there is a gradient or bfloat16."""

    def __init__(self, values, dtype="torch.float32", gradient=True):
        self.values, self.dtype, self.gradient = np.asarray(values), dtype, gradient

    @property
    def shape(self):
        return self.values.shape

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows):
        return Tensor(self.values[rows], self.dtype, self.gradient)

    def __array__(self, *_, **__):
        raise RuntimeError("Can't call numpy() on Tensor that requires grad")

    def detach(self):
        return Tensor(self.values, self.dtype, False)

    def cpu(self):
        return self

    def float(self):
        return Tensor(self.values, "torch.float32", self.gradient)

    def numpy(self):
        if self.gradient or self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values


@pytest.mark.parametrize("dtype", ["torch.float32", "torch.bfloat16"])
def test_tensors_are_read(features, dtype):
    """A traceback of torch's, before."""
    x, labels = features
    plain = metrics.nc1(metrics.Moments.of(x, labels))
    assert metrics.nc1(metrics.Moments.of(Tensor(x, dtype), Tensor(labels, "torch.int64"))) == (
        plain)
    weight, bias = np.eye(3), np.zeros(3)
    wanted = metrics.report(metrics.assemble(
        {"features": x, "labels": labels, "weight": weight, "bias": bias}))
    assert wanted == metrics.report(metrics.assemble(
        {"features": Tensor(x, dtype), "labels": Tensor(labels, "torch.int64"),
         "weight": Tensor(weight, dtype), "bias": Tensor(bias, dtype)}))


@pytest.mark.parametrize("call, message", [
    (lambda: metrics.report({}), "features must be what nctheory.metrics.load or assemble"),
    (lambda: threshold_table(3, 4), "classes must be a range or a list of integers, got 3"),
    (lambda: nctheory.solve(Problem(classes=3, layers=2), seeds=3), "seeds must be integers")])
def test_what_was_a_traceback_is_a_refusal(call, message):
    with pytest.raises(InputError, match=message):
        call()
