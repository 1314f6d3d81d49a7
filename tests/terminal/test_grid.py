"""Grids: as wide as they need, or as the terminal is, and never a broken row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory.terminal.grid import grid, render, span
from nctheory.terminal.screen import SCREEN, Screen

COLUMNS = {"K": "right", "construction": "left", "cost": "right", "verdict": "left"}
ROWS = [("10", "triangular r=5 s=3", "9.4086", "beaten"),
        ("100", "triangular r=14 s=8 + triangular r=4 s=2 + DNC 3", "77.1", "not beaten")]


def made(rows=ROWS, **options):
    table = grid(COLUMNS, **options)
    for row in rows:
        table.add_row(*row)
    return table


def test_a_file_gets_all_columns_whole():
    text = render(made())
    for row in ROWS:
        line, = (line for line in text.splitlines() if line.split()[0] == row[0])
        assert all(cell in line for cell in row)
    assert "\x1b" not in text


def test_columns_go_by_priority():
    """Without the long row, 2 + 18 + 6 + 7 characters, 3 x 3 between and 1 before are 43."""
    rows, order = ROWS[:1], ("cost",)
    assert render(made(rows, least=order), Screen(43)) == render(made(rows))
    text = render(made(rows, least=order), Screen(36))
    assert "9.4086" not in text and "beaten" in text
    assert text.endswith("(no room for: cost)\n")
    text = render(made(rows), Screen(36))  # by default from the right
    assert "9.4086" in text and "beaten" not in text and "verdict" in text.splitlines()[-1]


def test_long_text_wraps_in_its_column():
    text = render(made(), Screen(60))
    assert "no room" not in text
    body = [line for line in text.splitlines()[2:] if line.strip()]
    assert len(body) > len(ROWS)
    start = text.splitlines()[0].index("construction")
    assert all(line[:start].strip() in ("", "10", "100") for line in body)
    words = "".join(line[start:].split("   ")[0].strip() for line in body)
    assert ROWS[1][1].replace(" ", "") in words.replace(" ", "")


@given(st.integers(20, 140), st.lists(st.tuples(*[st.text("ab ", max_size=40)] * 4), max_size=4))
def test_no_line_is_wider_than_the_terminal(width, rows):
    text = render(made([tuple(cell[:6] if i == 0 else cell for i, cell in enumerate(row))
                        for row in rows]), Screen(width))
    assert max(map(len, text.splitlines())) <= width


def test_colour_is_for_terminals():
    table = grid({"a": "left"})
    table.add_row("x", colour="green")
    assert "\x1b" not in render(table)
    assert "\x1b" in render(table, Screen(80, colour=True))


def test_the_screen_is_the_command_lines_affair():
    token = SCREEN.set(Screen(36))
    try:
        assert "no room" in render(made(ROWS[:1]))
    finally:
        SCREEN.reset(token)
    assert "no room" not in render(made(ROWS[:1]))


@pytest.mark.parametrize("ranks, text", [([5, 5, 4], "5 5 4"), ([5, 5], "5"), ([3], "3")])
def test_span(ranks, text):
    assert span(ranks) == text
