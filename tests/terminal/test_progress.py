"""Progress: a bar on a terminal, a line a minute in a log."""

import io
import sys
import time

import pytest

import nctheory.terminal.progress as module
from nctheory.terminal.progress import _Lines, duration, progress, track, waiting


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_shows_share_and_notes(monkeypatch):
    monkeypatch.setattr(sys, "stderr", out := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with progress("runs") as count:
        count(1, 4, "2 failed")
        count(4, 4, "2 failed")
    text = out.getvalue()
    assert "runs" in text and "100%" in text and "4/4" in text and "2 failed" in text


def test_a_log_gets_a_line_a_minute(capsys):
    now = [0.0]
    count = _Lines("points", lambda: now[0])
    for second in range(0, 181):
        now[0] = second
        count(100 + second, 400, "1 failed")
    lines = capsys.readouterr().err.splitlines()
    # 100 were there before: a point a second remains the measure.
    assert lines == ["points: 160 of 400 (40%), 4 min left, 1 failed",
                     "points: 220 of 400 (55%), 3 min left, 1 failed",
                     "points: 280 of 400 (70%), 2 min left, 1 failed"]


def test_short_work_says_nothing_in_a_log(capsys):
    assert list(track([1, 2, 3], "cells")) == [1, 2, 3]
    assert capsys.readouterr() == ("", "")


def test_stopping_goes_on_to_the_caller():
    with pytest.raises(KeyboardInterrupt), progress("runs"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("seconds, words", [(0.5, "0.5 s"), (119, "119.0 s"), (120, "2 min"),
                                            (7199, "120 min"), (7200, "2.0 h")])
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_waiting_tells_the_time_where_there_is_no_terminal(monkeypatch, capsys):
    monkeypatch.setattr(module, "INTERVAL", 0.05)
    with waiting("explaining"):
        time.sleep(0.3)
    lines = capsys.readouterr().err.splitlines()
    assert lines and all(line.startswith("explaining: 0.") for line in lines)
    time.sleep(0.15)
    assert capsys.readouterr().err == ""  # silent once it is over
