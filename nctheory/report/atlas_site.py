"""The atlas as a site: a map of all cells, and a page with a permanent address for each.

Static files that need no network.  Cells that share a construction share its picture and its
matrices.  Every number comes from the cells, from a certificate, or from the checker's verdict on
it; no statement about completeness is typed.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np

from nctheory.atlas.explain import Explanation
from nctheory.atlas.partial import intervals
from nctheory.atlas.table import Cell, atlas
from nctheory.certify import check_file, cost
from nctheory.certify import to_json as certificate_json
from nctheory.constructions import Block, Chain, DirectSum
from nctheory.errors import require
from nctheory.files import check_matplotlib
from nctheory.report.atlas import rows
from nctheory.report.atlas_pages import HERE, Page, cell_page, map_page
from nctheory.report.atlas_pictures import draw
from nctheory.terminal.progress import Count

MARK = "atlas.json"  # what a folder of ours holds
LARGEST = 20_000  # bytes of a compressed certificate that is part of the site
SHARED = "constructions"


@dataclass(frozen=True)
class Evidence:
    """A cell's certificate, packed, and what the checker says of it."""

    packed: bytes
    bound: str
    verified: bool
    digest: str

    @property
    def kept(self) -> bool:
        """Whether it is small enough for the site."""
        return len(self.packed) <= LARGEST

    def below(self, cost: int) -> bool:
        """Whether it proves that the cell costs less than this."""
        return self.verified and Fraction(self.bound) < cost


@dataclass(frozen=True)
class Drawn:
    """A construction as the cells that have it share it: explained at the least of their L."""

    cell: Cell

    @cached_property
    def explanation(self) -> Explanation:
        """What was recognised in it, for that L."""
        return Explanation(self.cell)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The pieces of a direct sum, or the one that it is."""
        made = self.cell.construction
        if isinstance(made, DirectSum):
            return made.blocks
        return (made,) if isinstance(made, Block) else ()

    @property
    def picture(self) -> str:
        """The file of its picture."""
        return f"{SHARED}/{slug(self.cell.construction.label)}.svg"

    def file(self, block: Block) -> str:
        """The file of a block's matrices, without its ending: a chain's own serve all L."""
        at = "" if isinstance(block, Chain) else f"-at-L-{self.cell.layers}"
        return f"{SHARED}/{slug(block.label)}{at}"

    def write(self, site: Path) -> None:
        """Picture and matrices."""
        picture = site / self.picture
        draw(self.explanation, picture, force=True)
        picture.write_text(smaller(picture.read_text(encoding="utf-8")), encoding="utf-8")
        for block in self.blocks:
            held = matrices(block, self.cell.layers)
            packed = io.BytesIO()
            np.savez_compressed(packed, allow_pickle=False, **held)
            (site / f"{self.file(block)}.npz").write_bytes(packed.getvalue())
            (site / f"{self.file(block)}.json").write_text(json.dumps(
                {name: matrix.tolist() for name, matrix in held.items()}), encoding="utf-8")


def write_site(directory: str | Path, classes: Iterable[int] = range(2, 65),
               layers: Iterable[int] = range(1, 31), progress: Count | None = None) -> Path:
    """Write the site of a part of the atlas into a folder, and return its first page.

    Raises
    ------
    InputError
        Where a range is empty or outside the atlas, the folder holds something else, or
        Matplotlib is missing.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = write_site(folder, [3], [4])
    ...     sorted(path.name for path in (first.parent / "cells").iterdir())
    ['3-4.html', '3-4.json.gz']
    """
    check_matplotlib()
    directory = Path(directory)
    require(not directory.exists() or (directory / MARK).exists()
            or (directory.is_dir() and not any(directory.iterdir())),
            "directory", "be new, empty, or a site of the atlas", str(directory))
    cells = {(cell.classes, cell.layers): cell for cell in atlas(classes, layers)}
    partial = {(found.classes, found.layers): found for found in intervals(
        sorted({K for K, _ in cells}), sorted({L for _, L in cells}))}
    for folder in ("cells", SHARED):
        shutil.rmtree(directory / folder, ignore_errors=True)
        (directory / folder).mkdir(parents=True)
    (directory / MARK).write_text(rows(list(cells.values())).to("json"), encoding="utf-8")
    drawn: dict[str, Drawn] = {}
    pages = []
    for done, (key, cell) in enumerate(sorted(cells.items(), key=lambda item: item[0][::-1])):
        if progress is not None:
            progress(done, len(cells))
        label = cell.construction.label
        if cell.layers > 1 and label not in drawn:
            drawn[label] = Drawn(cell)
            drawn[label].write(directory)
        page = Page(cell, evidence(cell), drawn.get(label), partial.get(key), cells.keys())
        pages.append(page)
        name = "{}-{}".format(*key)
        if page.evidence.kept:
            (directory / "cells" / f"{name}.json.gz").write_bytes(page.evidence.packed)
        (directory / "cells" / f"{name}.html").write_text(cell_page(page), encoding="utf-8")
    for file in ("atlas.css", "atlas.js"):
        shutil.copyfile(HERE / file, directory / file)
    first = directory / "index.html"
    first.write_text(map_page(pages), encoding="utf-8")
    return first


def evidence(cell: Cell) -> Evidence:
    """The certificate of what a cell costs, checked."""
    certificate = cost(cell.classes, cell.layers)
    text = certificate_json([certificate]).encode()
    return Evidence(gzip.compress(text, 9, mtime=0), str(certificate.parameters["bound"]),
                    all(result.verified for result in check_file(text)),
                    hashlib.sha256(text).hexdigest())


# --- what constructions share ---

def slug(label: str) -> str:
    """A label as the name of a file.

    >>> slug("chain K=5 L=4 (quadrilateral + 1 within)")
    'chain-K-5-L-4-quadrilateral-1-within'
    """
    return re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-")


def matrices(block: Block, layers: int) -> dict[str, np.ndarray]:
    """H_1, W_1, ..., as `nctheory atlas submit --layers L` takes them: integers of a chain."""
    factors = ([np.array(matrix.tolist(), dtype=np.int64) for matrix in block.matrices]
               if isinstance(block, Chain) else block.unit_factors(layers)[0][:-1])
    names = ["H_1", *(f"W_{l}" for l in range(1, len(factors)))]
    return dict(zip(names, factors, strict=True))


def smaller(svg: str) -> str:
    """A drawing to a hundredth of a point, without the blanks between its parts.

    >>> smaller('<g>\\n    <path d="M 48.888488 256.6 "/>\\n   </g>')
    '<g><path d="M 48.88 256.6 "/></g>'
    """
    return re.sub(r">\s+<", "><", re.sub(r"(\d\.\d\d)\d+", r"\1", svg))
