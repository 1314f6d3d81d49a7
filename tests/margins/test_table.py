"""The table of margins, and the command that tells it."""

import pytest

from nctheory import InputError
from nctheory.margins import margin_table


def test_table():
    table = margin_table([3, 4, 8], [1, 3, 5])
    verdicts = {(cell.classes, cell.layers): cell.verdict for cell in table.cells}
    assert verdicts[3, 5] == verdicts[8, 1] == "dnc optimal" and verdicts[4, 3] == "dnc beaten"
    assert table.takeovers()[8] == [(1, 7), (3, 4), (5, 2)]
    with pytest.raises(InputError, match="classes"):
        margin_table([2], [1])


def test_relu_beside_it():
    table = margin_table([6], [2, 3], activation="relu")
    assert [cell.verdict for cell in table.cells] == ["not beaten by these", "dnc beaten"]
    assert table.cells[1].best.label == "edgecode r=4"


def test_the_command_tells_and_draws(run, tmp_path):
    status, out, _ = run("margins", "--classes", "4:5", "--layers", "2:3", "--figure",
                         str(tmp_path / "ranks.png"))
    assert status == 0 and "K=4: rank 3 from L=2, rank 2 from L=3" in out
    assert (tmp_path / "ranks.png").stat().st_size > 1000
