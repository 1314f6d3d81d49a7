"""Random attacks: any command, with options out of its own declarations and spoilt files."""

from __future__ import annotations

import random
from collections.abc import Iterator

import click

from tests.fuzz import formats
from tests.fuzz.attack import FIFO, FOLDER, Attack

INTEGERS = ("0", "-1", "1", "2", "3", "4", "7", "100000000", "9" * 30, "7" * 5000, "1.5", "nan",
            "", "three")
FLOATS = ("0", "-1", "1e-300", "1e300", "nan", "inf", "0.004", "0.5", "1e-9", "x", "9" * 400)
RANGES = ("3", "2:4", "4:2", "0:3", "3:100000000", "1:1", "3:", ":", "-3:3", "9" * 30, "5:5")
TEXTS = ("", "x", "dnc", "triangular,pairs", "mse", "ce", "relu", "linear", "leaky:a=1/10",
         "leaky:a=1/0", "gaussian", "\x1b[31m", "=1+1", "../x", "1,2,3", "0:1", "64,64", "8")
SPECS = ("dnc:K=4", "triangular:r=4,s=2", "triangular:r=5,s=3+dnc:K=1", "pairs:K=6",
         "circle:K=7", "groups:sizes=3/3/2", "atlas:K=5,L=4", "cell:r=5,s=3,L=3",
         "threshold:K=11,L=3", "minimal-loss:K=4,L=3", "petersen", "cycle:n=7",
         "triangular:r=5", "paley:q=13", "kneser:n=5,k=2")
# Runs of these take as long as one asks, so they get small settings beside the random ones.
SMALL = {"solve": ("--classes", "3", "--layers", "2", "--width", "4", "--seeds", "0:1",
                   "--steps", "20"),
         "verify-ranks": ("--classes", "3:3", "--layers", "2:2", "--seeds", "1"),
         "train": ("--epochs", "1", "--hidden", "4"), "refute": ("--examples", "3"),
         "atlas": ("--classes", "3:5", "--layers", "2:3"),
         "thresholds": ("--classes", "3:6", "--layers", "2:3"),
         "phases": ("--classes", "3:4", "--layers", "2:3", "--weight-decay", "0.001"),
         "certify": ("--classes", "3:4", "--layers", "3"),
         "atlas search": ("--classes", "3:3", "--layers", "3:3", "--seconds", "0.1"),
         "atlas partial": ("--classes", "3:4", "--layers", "2:2"),
         "atlas relax": ("--classes", "3:3", "--layers", "2:2", "--weight-decay", "0.01"),
         "atlas paths": ("--classes", "3:4", "--layers", "2:3"),
         "atlas explain": ("--classes", "3:3", "--layers", "2:2"),
         "atlas close": ("--classes", "3:5", "--layers", "2:3", "--data", "chains")}
ARGUMENTS = {"cost": ("dnc:K=4",), "certify": ("thresholds",), "check": ("a.json",),
             "sweep": ("a.toml", "--store", "b.db"), "refute": ("two-layers-below-15-classes",),
             "atlas site": ("site",), "atlas submit": ("a.npz",), "atlas gauge": ("a.npz",)}
LOOPS = {"--steps", "--epochs", "--examples"}  # of small models, minutes of them are allowed
# Not attacked: the first takes minutes by design, the others write into the package by default.
LEFT_OUT = {"reproduce"}
WRITES = {"--store", "--data", "--seconds"}


def attacks(seed: int) -> Iterator[Attack]:
    """Random attacks without end; a seed gives the same ones."""
    choose = random.Random(seed)
    commands = dict(_commands())
    while True:
        name = choose.choice(sorted(commands))
        yield _attack(name, commands[name], choose)


def extremes() -> Iterator[Attack]:
    """Each integer of each command as large as can be told: it runs, or is refused in a line."""
    files = {"a.npz": formats.npz(features=np_eye(4), rows=np_eye(4)), "a.toml": formats.LOSS_PLAN,
             "a.json": certificate()}
    for name, command in _commands():
        for parameter in command.params:
            if not parameter.type.name.startswith(("integer", "a:b", "int[")):
                continue
            for value in _large(parameter):
                small = SMALL.get(name, ()) if parameter.opts[0] not in LOOPS else ()
                yield Attack((*name.split(), *ARGUMENTS.get(name, ()), *small,
                              *_with(parameter, value)), files)


def _large(parameter: click.Parameter) -> Iterator[str]:
    for value in ("100000000", "9" * 30):
        yield value
        if parameter.type.name.startswith("a:b"):
            yield f"3:{value}"


def _with(parameter: click.Parameter, value: str) -> tuple[str, ...]:
    if isinstance(parameter, click.Argument):  # of `atlas show`
        return (value, "3") if parameter.name == "classes" else ("3", value)
    return parameter.opts[0], value


def _commands() -> Iterator[tuple[str, click.Command]]:
    from nctheory import cli

    context = click.Context(cli.cli)
    for name in cli.cli.list_commands(context):
        command = cli.cli.get_command(context, name)
        assert command is not None
        if name in LEFT_OUT:
            continue
        if isinstance(command, click.Group):
            for inner in command.commands:
                yield f"{name} {inner}", command.commands[inner]
            if not command.invoke_without_command:
                continue
        yield name, command


def _attack(name: str, command: click.Command, choose: random.Random) -> Attack:
    files = _files(choose)
    arguments = [*name.split(), *SMALL.get(name, ())]
    names = [*files, "missing", ".", "/dev/null"]
    for parameter in command.params:
        if isinstance(parameter, click.Argument):
            if choose.random() < 0.97:
                arguments.append(_value(parameter, name, names, choose))
        elif parameter.opts[0] in WRITES and name.startswith("atlas"):
            continue
        elif parameter.required or choose.random() < 0.2:
            arguments.append(parameter.opts[0])
            if not (isinstance(parameter, click.Option) and parameter.is_flag):
                arguments.append(_value(parameter, name, names, choose))
    return Attack(tuple(a.replace("\0", "") for a in arguments), files)


def _value(parameter: click.Parameter, command: str, names: list[str],
           choose: random.Random) -> str:
    if choose.random() < 0.03:
        return choose.choice(INTEGERS + FLOATS + RANGES + TEXTS)
    kind = parameter.type
    if isinstance(kind, click.Path):
        fitting = [n for n in names if n.endswith(_ENDINGS.get(command.split()[0], ("",)))]
        outputs = ("out.csv", "out.pdf", "out.html", "out.npz", "missing/out.csv")
        if isinstance(parameter, click.Option) and choose.random() < 0.7:
            return choose.choice(outputs)
        return choose.choice(fitting if fitting and choose.random() < 0.8 else names)
    if isinstance(kind, click.Choice):
        return str(choose.choice(list(kind.choices)))
    words = kind.name
    if words in ("integer", "integer range"):
        found = choose.choice(INTEGERS)
        return "7" if parameter.opts[0] in LOOPS and found == "100000000" else found
    if words == "float":
        return choose.choice(FLOATS)
    if words.startswith("a:b"):
        return choose.choice(RANGES)
    if isinstance(parameter, click.Argument):
        return choose.choice(SPECS) if choose.random() < 0.8 else _bent(choose)
    return choose.choice(TEXTS + FLOATS)


def _bent(choose: random.Random) -> str:
    text = choose.choice(SPECS)
    at = choose.randrange(len(text))
    return text[:at] + choose.choice(("", "9" * 9, ":", "=", "+", "-", ",", "\x1b", "é")) + (
        text[at + choose.randrange(2):])


_ENDINGS = {"metrics": (".npz",), "store": (".db",), "report": (".db",), "sweep": (".toml",),
            "figure": (".db", ".csv"), "check": (".json",), "train": (".npz",)}


def _files(choose: random.Random) -> dict[str, bytes]:
    """One file of each format, most of them spoilt."""
    sound = {
        "a.npz": formats.features(), "b.npz": formats.npz(H1=np_eye(4), W1=np_eye(4)),
        "a.db": formats.store(choose.choice((formats.LOSS_PLAN, formats.TABLE_PLAN,
                                             formats.SOLVE_PLAN))),
        "a.toml": formats.LOSS_PLAN, "a.json": certificate(),
        "a.csv": b"classes,layers,ratio,verdict\n3,2,1.0,dnc beaten\n4,2,0.9,dnc beaten\n"}
    files = {name: content if choose.random() < 0.3 else formats.spoil(content, choose)
             for name, content in sound.items()}
    if choose.random() < 0.1:
        files[choose.choice(sorted(files))] = choose.choice((FIFO, FOLDER, b""))
    return files


def np_eye(size: int) -> list[list[float]]:
    return [[float(i == j) for j in range(size)] for i in range(size)]


def certificate() -> bytes:
    """A file of three certificates."""
    if not _CERTIFICATE:
        from nctheory.certify import cell, chain, threshold, to_json

        _CERTIFICATE.append(to_json([cell(5, 3, 3), threshold(11, 3), chain(3, 4)]).encode())
    return _CERTIFICATE[0]


_CERTIFICATE: list[bytes] = []
