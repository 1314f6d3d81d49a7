"""The atlas in pictures: its phase diagram, and a construction, a panel a layer.

Rank 2: rays in the plane.  Rank 3: the cone's section, a polygon with points.  Edges of a graph:
the graph.  Otherwise the matrix of sigma(M_l).  Lines are where neurons of the next layer are 0,
full where some look to either side.  Colours are orbits of classes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from nctheory.atlas.explain import Explanation
from nctheory.atlas.structure import Layer, same_angles, section
from nctheory.atlas.table import Cell
from nctheory.files import check_figure, write_figure
from nctheory.report.figures import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Matrix = NDArray[np.float64]

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
LINE = "0.25"
WIDTH = 3.2  # of a panel, in inches
COLUMNS = 4
ALIKE = 0.05  # difference of inner products, of the largest
LABELLED = 24  # classes, in a matrix


@contextmanager
def _styled() -> Iterator[Figure]:
    """An empty figure, while the library's style holds."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context([STYLE, {"axes.grid": False}]):
        yield Figure()


def draw_phases(cells: Sequence[Cell], path: Path, *,
                force: bool = False) -> None:
    """Draw the best known c/K and the least rank over K and L into a PNG, PDF or SVG file.

    Raises
    ------
    InputError
        Where the file cannot be written, or matplotlib is missing.
    """
    check_figure(path, name="figure", force=force)
    classes = sorted({cell.classes for cell in cells})
    layers = sorted({cell.layers for cell in cells})
    ratio, rank = (np.zeros((len(layers), len(classes))) for _ in range(2))
    for cell in cells:
        at = layers.index(cell.layers), classes.index(cell.classes)
        ratio[at], rank[at] = cell.cost / cell.classes, min(cell.ranks.before)
    extent = (classes[0] - 0.5, classes[-1] + 0.5, layers[0] - 0.5, layers[-1] + 0.5)
    with _styled() as figure:
        figure.set_size_inches(11, 4.5)
        for axes, values, title in zip(figure.subplots(1, 2), (ratio, rank),
                                       ("best known c/K", "least rank of a layer"), strict=True):
            image = axes.imshow(values, origin="lower", aspect="auto", extent=extent,
                                cmap="viridis")
            figure.colorbar(image, ax=axes)
            axes.set(title=title, xlabel="classes K", ylabel="layers L")
        write_figure(path, figure, name="figure", force=force)


def draw(explanation: Explanation, path: Path, *, force: bool = False) -> None:
    """Draw the hidden layers into a PNG, PDF or SVG file; layers that repeat share a panel.

    Raises
    ------
    InputError
        Where the file cannot be written, or matplotlib is missing.
    """
    check_figure(path, name="figure", force=force)
    runs = _runs(explanation.layers)
    columns = min(len(runs), COLUMNS)
    rows = math.ceil(len(runs) / columns)
    with _styled() as figure:
        figure.set_size_inches(WIDTH * columns, (WIDTH + 0.35) * rows)
        grid = figure.subplots(rows, columns, squeeze=False).ravel()
        for axes, run in zip(grid, runs, strict=False):
            _panel(axes, explanation, run)
        for axes in grid[len(runs):]:
            axes.set_axis_off()
        cell = explanation.cell
        figure.suptitle(f"$K={cell.classes}$, $L={cell.layers}$:  $c/K="
                        f"{cell.cost / cell.classes:.4f}$", fontsize=10)
        write_figure(path, figure, name="figure", force=force)


def _runs(layers: Sequence[Layer]) -> list[list[Layer]]:
    """Layers that look alike together."""
    runs: list[list[Layer]] = []
    for layer in layers:
        if runs and same_angles(runs[-1][0].signal, layer.signal, ALIKE):
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return runs


def _panel(axes: Axes, explanation: Explanation, run: list[Layer]) -> None:
    layer = run[-1]  # whose neurons the next layer reads
    first, last = run[0].number, layer.number
    number = f"layer {first}" if first == last else f"layers {first} to {last}"
    axes.set_title(f"{number}: {_wrapped(run[0])}", fontsize=8)
    colours = _by_orbit(explanation.class_orbits, explanation.cell.classes)
    rank = layer.ranks[1]
    if last < explanation.cell.layers and rank == 2:
        _draw_plane(axes, layer.signal, colours, _lines(explanation, last))
    elif last < explanation.cell.layers and rank == 3:
        _draw_section(axes, layer.signal, colours, _lines(explanation, last))
    elif layer.graph is not None:
        _draw_graph(axes, layer.graph, colours)
    else:
        _draw_matrix(axes, explanation.table(layer), explanation.class_orbits)


def _wrapped(layer: Layer) -> str:
    """The layer's name as a title, K_5 in mathematical type."""
    if layer.ranks[1] == layer.signal.shape[1] and layer.graph is None:
        return f"{layer.neurons} neurons, rank {layer.ranks[0]} \u2192 {layer.ranks[1]}"
    name = layer.name if len(layer.name) < 34 else layer.name.replace(" + ", "\n+ ", 1)
    return re.sub(r"K_\{?([\d,]+)\}?", r"$K_{\1}$", name)


def _by_orbit(orbits: Sequence[Sequence[int]], count: int) -> list[str]:
    """A colour each, by orbit; the orbits beyond the palette share its last."""
    colours = [""] * count
    for index, orbit in enumerate(orbits):
        for i in orbit:
            colours[i] = COLOURS[min(index, len(COLOURS) - 1)]
    return colours


def _lines(explanation: Explanation, layer: int) -> list[tuple[Matrix, str]]:
    """Where neurons of the next layer (rows of W_layer) are 0 between the classes, once each:
    a full line where neurons look to both sides of it, a dashed one where they do to one."""
    signal = explanation.layers[layer - 2].signal
    found: list[tuple[Matrix, str]] = []
    for row in explanation.factors[layer]:
        # Only what the row does to the signals counts.
        values = row @ signal
        size = float(np.abs(values).max())
        if size < 1e-9 or values.min() > -1e-3 * size:
            continue
        unit = values / np.linalg.norm(values)
        for index, (other, _) in enumerate(found):
            opposite = other @ signal / np.linalg.norm(other @ signal) + unit
            if np.abs(opposite).max() < 1e-2:
                found[index] = other, "-"
                break
            if np.abs(opposite - 2 * unit).max() < 1e-2:
                break
        else:
            found.append((row, "--"))
    return found


# --- panels ---

def _draw_plane(axes: Axes, signal: Matrix, colours: list[str],
                lines: list[tuple[Matrix, str]]) -> None:
    """The classes as points of the plane, and the lines of the next layer."""
    basis = np.eye(2) if len(signal) == 2 else _plane(signal)
    if basis[:, 0] @ signal[:, 0] < basis[:, 1] @ signal[:, 0]:
        basis = basis[:, ::-1]  # class 1 below the diagonal, in every layer
    points = basis.T @ signal
    reach = 1.12 * float(np.linalg.norm(points, axis=0).max())
    for row, dashes in lines:
        x, y = basis.T @ row
        sides = [np.array(side) for side in ((-y, x), (y, -x))]
        side = max(sides, key=lambda end: float(min(end)))
        end = reach * side / np.linalg.norm(side)
        axes.plot([0, end[0]], [0, end[1]], color=LINE, lw=1, ls=dashes, marker="", zorder=1)
    for k, (x, y) in enumerate(points.T):
        axes.plot([0, x], [0, y], color="0.75", lw=0.8, ls="-", marker="", zorder=0)
        _label(axes, x, y, k, colours[k])
    axes.set(xlim=(-0.06 * reach, reach), ylim=(-0.06 * reach, reach), aspect="equal",
             xticks=[], yticks=[])
    axes.spines["left"].set_position("zero")
    axes.spines["bottom"].set_position("zero")


def _plane(signal: Matrix) -> Matrix:
    """Two orthonormal directions that put the cone between the axes."""
    basis = np.linalg.svd(signal, full_matrices=False)[0][:, :2]
    points = basis.T @ signal
    mean = (points / np.linalg.norm(points, axis=0)).sum(axis=1)
    angles = np.arctan2(points[1], points[0]) - math.atan2(mean[1], mean[0])
    angles = (angles + math.pi) % (2 * math.pi) - math.pi
    turn = math.pi / 4 - math.atan2(mean[1], mean[0]) - (angles.max() + angles.min()) / 2
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    return np.asarray(basis @ rotation.T)


def _draw_section(axes: Axes, signal: Matrix, colours: list[str],
                  lines: list[tuple[Matrix, str]]) -> None:
    """The rays of a cone of rank 3 cut by a plane, and the lines of the next layer."""
    points, axis, basis = section(signal)
    turn, hull = _upright(points)
    points, basis = points @ turn, basis @ turn
    axes.fill(*points[hull].T, facecolor="0.95", edgecolor="0.6", lw=0.8, zorder=0)
    low, high = points.min(axis=0), points.max(axis=0)
    middle, reach = (low + high) / 2, 0.62 * float((high - low).max())
    for row, dashes in lines:
        normal, offset = basis.T @ row, float(row @ axis)
        size = float(np.linalg.norm(normal))
        if size < 1e-9:
            continue
        foot = middle - normal * (offset + normal @ middle) / size**2
        along = 3 * reach * np.array([-normal[1], normal[0]]) / size
        axes.plot(*np.column_stack([foot - along, foot + along]), color=LINE, lw=0.9,
                  ls=dashes, marker="", zorder=1)
    for k, (x, y) in enumerate(points):
        _label(axes, x, y, k, colours[k])
    axes.set(xlim=(middle[0] - reach, middle[0] + reach),
             ylim=(middle[1] - reach, middle[1] + reach), aspect="equal")
    axes.set_axis_off()


def _upright(points: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
    """The turn that lays the longest side of the hull at the bottom, its lower number left, and
    the hull's vertices: neighbouring layers then look alike."""
    from scipy.spatial import ConvexHull

    hull = ConvexHull(points).vertices.astype(np.int64)
    sides = [sorted(side) for side in zip(hull, np.roll(hull, -1), strict=True)]
    lengths = [float(np.linalg.norm(points[a] - points[b])) for a, b in sides]
    longest = [side for side, size in zip(sides, lengths, strict=True)
               if size > 0.98 * max(lengths)]
    left, right = min(longest)
    along = (points[right] - points[left]) / np.linalg.norm(points[right] - points[left])
    up = np.array([-along[1], along[0]])
    if (points.mean(axis=0) - points[left]) @ up < 0:
        up = -up
    return np.column_stack([along, up]), hull


def _label(axes: Axes, x: float, y: float, label: int, colour: str) -> None:
    """A class as a point with its number."""
    axes.plot([x], [y], color=colour, marker="o", ms=11, ls="", mec="white", mew=0.8, zorder=3)
    axes.text(x, y, str(label + 1), color="white", fontsize=6.5, ha="center",
              va="center_baseline", zorder=4, fontweight="bold")


def _draw_graph(axes: Axes, graph: nx.MultiGraph[Any], colours: list[str]) -> None:
    """Neurons as vertices on a circle, classes as edges and loops."""
    from matplotlib.patches import Circle

    places = {v: np.array([math.sin(a), math.cos(a)]) for v, a in zip(
        _round_trip(graph), np.linspace(0, 2 * math.pi, len(graph), endpoint=False),
        strict=True)}
    few = graph.number_of_edges() <= 16
    for u, v, label in graph.edges(keys=True):
        middle = 0.5 * (places[u] + places[v])
        if u == v:
            middle = 1.22 * places[u]
            axes.add_patch(Circle((middle[0], middle[1]), 0.22, fill=False, lw=1.6,
                                  edgecolor=colours[label]))
            middle = 1.44 * places[u]
        else:
            axes.plot(*np.column_stack([places[u], places[v]]), color=colours[label], lw=1.6,
                      ls="-", marker="", zorder=1)
            middle = 0.62 * places[u] + 0.38 * places[v] if np.linalg.norm(
                middle) < 0.2 else middle
        if few:
            axes.text(middle[0], middle[1], str(label + 1), fontsize=7, ha="center",
                      va="center", zorder=4, bbox={"boxstyle": "circle,pad=0.15", "lw": 0.6,
                                                   "fc": "white", "ec": colours[label]})
    for place in places.values():
        axes.plot(*place, color="black", marker="o", ms=6, ls="", zorder=3)
    reach = 1.15 if nx.number_of_selfloops(graph) == 0 else 1.6
    axes.set(xlim=(-reach, reach), ylim=(-1.15, reach), aspect="equal")
    axes.set_axis_off()


def _round_trip(graph: nx.MultiGraph[Any]) -> list[Any]:
    """Vertices with loops first."""
    return sorted(graph, key=lambda v: (not graph.has_edge(v, v), v))


def _draw_matrix(axes: Axes, table: Matrix, orbits: Sequence[Sequence[int]]) -> None:
    """sigma(M_l), classes orbit by orbit."""
    # The root shows small entries, too.
    axes.imshow(np.sqrt(table), cmap="Greys", vmin=0, vmax=1.15, aspect="auto",
                interpolation="nearest")
    classes = [k for orbit in orbits for k in orbit]
    if len(classes) <= LABELLED:
        axes.set_xticks(range(len(classes)), [str(k + 1) for k in classes],
                        fontsize=6 if len(classes) > 12 else 7)
        colours = _by_orbit(orbits, len(classes))
        for tick, k in zip(axes.get_xticklabels(), classes, strict=True):
            tick.set_color(colours[k])
        axes.set_xticks(np.arange(0.5, len(classes) - 1), minor=True)
        axes.set_yticks(np.arange(0.5, len(table) - 1), minor=True)
        axes.grid(which="minor", color="white", lw=0.8)
    else:
        axes.set_xticks([])
    axes.tick_params(which="both", length=0)
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set(visible=True, color="0.6", linewidth=0.6)
    axes.set_xlabel("classes", fontsize=8)
    axes.set_ylabel("neurons", fontsize=8)
