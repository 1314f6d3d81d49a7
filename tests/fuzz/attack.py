"""One attack on the command line: files, arguments, and what may come of it.

Each runs in a forked child of a process that has loaded the library already, in a folder of
its own, with limits on processor time, memory and waiting.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CPU = 25  # seconds
MEMORY = 4 * 2**30  # bytes of address space, beyond what the parent has
WAIT = 100  # seconds until it counts as blocked: the machine may be busy

FIFO = b"\0fifo"  # the content that stands for a named pipe
FOLDER = b"\0folder"


@dataclass(frozen=True)
class Attack:
    """What is run, and what must hold after.

    Attributes
    ----------
    arguments : tuple of str
        After "nctheory".
    files : mapping
        Name -> content, made before.
    keeps : tuple of str
        Files that must not change; a missing one must not appear.
    status : tuple of int
        The exit statuses allowed.
    says : str
        What standard output or error must hold.
    cpu : float
        Seconds of a processor that it may take.
    """

    arguments: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    keeps: tuple[str, ...] = ()
    status: tuple[int, ...] = (0, 1, 2)
    says: str = ""
    cpu: float = CPU

    def __str__(self) -> str:
        return "nctheory " + " ".join(a if len(a) < 60 else a[:57] + "..."
                                      for a in self.arguments)


@dataclass(frozen=True)
class Outcome:
    """How an attack ended: what went wrong (in words, "" for nothing), and what it wrote."""

    fault: str
    status: int | None
    out: str
    err: str
    seconds: float


def run(attack: Attack) -> Outcome:
    """Carry out an attack and judge it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in attack.files.items():
            _make(folder / file, content)
        started = time.monotonic()
        status, out, err = _fork(attack.arguments, folder, attack.cpu)
        seconds = time.monotonic() - started
        fault = _fault(attack, status, out, err) or _changed(attack, folder)
    return Outcome(fault, status, out, err, seconds)


def _make(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if content == FIFO:
        os.mkfifo(path)
    elif content == FOLDER:
        path.mkdir()
    else:
        path.write_bytes(content)


def _fault(attack: Attack, status: int | None, out: str, err: str) -> str:
    """What is wrong, in a few words."""
    if status is None:
        return f"blocked for {WAIT * attack.cpu / CPU:.0f} s"
    if status in (-signal.SIGXCPU, -signal.SIGKILL):
        return "too much processor time"
    if "MemoryError" in err or "Unable to allocate" in err:
        return "too much memory"
    if "Traceback (most recent call last)" in err:
        return "traceback: " + err.strip().splitlines()[-1][:160]
    if "Warning" in err:
        return "warning: " + next(line for line in err.splitlines() if "Warning" in line)[-160:]
    if status not in attack.status:
        return f"status {status}: {(err or out)[-160:].strip()}"
    if status == 2 and err.count("\n") != 1:
        return f"a refusal of {err.count(chr(10))} lines"
    if attack.says not in out + err:
        return f"does not say {attack.says!r}: {(out + err)[-300:]!r}"
    if any(ord(c) < 32 and c not in "\n\t\r" for c in out + err):
        return "control characters reach the terminal"
    return ""


def _changed(attack: Attack, folder: Path) -> str:
    for name in attack.keeps:
        path, before = folder / name, attack.files.get(name)
        if before is None:
            if path.exists():
                return f"{name} appeared"
        elif not (path.is_file() and path.read_bytes() == before):
            return f"{name} was changed"
    return ""


def _fork(arguments: tuple[str, ...], folder: Path, cpu: float) -> tuple[int | None, str, str]:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            _child(arguments, folder, (out.fileno(), err.fileno()), int(cpu))
        status = _wait(child, WAIT * cpu / CPU)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read(10**7).decode(errors="replace"))
    return status, texts[0], texts[1]


def _child(arguments: tuple[str, ...], folder: Path, streams: tuple[int, int],
           cpu: int) -> None:
    """Become `nctheory ARGUMENTS`; never returns."""
    status = 1
    try:
        os.setsid()
        os.chdir(folder)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for number, stream in enumerate(streams, start=1):
            os.dup2(stream, number)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu + 2))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        warnings.resetwarnings()
        warnings.simplefilter("default")
        sys.argv = ["nctheory", *arguments]
        from nctheory import cli

        cli.main()
    except SystemExit as stop:
        status = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:  # noqa: B036  (the child ends here, whatever it was)
        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)


def _wait(child: int, seconds: float) -> int | None:
    """The exit status (negative: the signal); None where it had to be ended."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while time.monotonic() < deadline:
        found, code = os.waitpid(child, os.WNOHANG)
        if found:
            _end_group(child)
            return os.waitstatus_to_exitcode(code)
        time.sleep(pause)
        pause = min(0.1, 2 * pause)
    _end_group(child)
    os.waitpid(child, 0)
    return None


def _end_group(child: int) -> None:
    try:
        os.killpg(child, signal.SIGKILL)  # the workers that it started, too
    except (ProcessLookupError, PermissionError):
        pass
