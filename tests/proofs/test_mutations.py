"""Mutants of every theorem are refused: a step or a certificate less, a constant or the statement
changed.  A constant on a line that ends in ": free" is a witness: others may prove the same."""

import ast
import dataclasses
import re
import sys
import types
from functools import cache
from pathlib import Path

import pytest

from nctheory.certify import check_file, to_json
from proofs import THEOREMS, prove, theorem

DIRECTORY = Path(theorem.__file__).parent
SAMPLE = 12  # constants of all theorems, in the default suite
SLOW = {"balanced-cuts-optimal", "three-classes-regularised", "three-classes-two-layers",
        "two-layer-thresholds", "single-size-optimal"}
EACH = pytest.mark.parametrize("name", [
    pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in THEOREMS])


@cache
def steps(name):
    return list(THEOREMS[name].steps())


def hollow(step):
    """The step, taken for granted: what refuses a mutant of the rest is what is missing."""
    return theorem.Step(step.text, step.kind, lambda: True)


def refused(made):
    """Whether a mutant is not proved; an error on the way counts, too."""
    try:
        return not prove(made, stop=True).proved
    except Exception:
        return True


@EACH
def test_a_step_less(name):
    kept = [hollow(step) for step in steps(name)]
    assert prove(dataclasses.replace(THEOREMS[name], steps=lambda: iter(kept))).proved
    survivors = [step.name for i, step in enumerate(kept) if not refused(dataclasses.replace(
        THEOREMS[name], steps=lambda i=i: iter(kept[:i] + kept[i + 1:])))]
    assert not survivors


@EACH
def test_a_certificate_less(name):
    survivors = []
    for step in steps(name):
        made = list(step.certificates())
        assert step.complete(made)
        survivors += [(step.name, i) for i in range(len(made))
                      if step.complete(made[:i] + made[i + 1:])]
    assert not survivors


@EACH
def test_a_certificate_changed(name):
    """Another verdict is refused by the checker, or is not what the step needs."""
    survivors = []
    for step in steps(name):
        made = list(step.certificates())
        for i, certificate in enumerate(made[:20]):
            other = dataclasses.replace(certificate, verdict={
                "below": "above", "above": "below", "equal": "below", "positive": "equal",
                "beaten": "not beaten", "not beaten": "beaten"}.get(certificate.verdict, "false"))
            verified = next(check_file(to_json([other]).encode())).verified
            if verified and step.complete([*made[:i], other, *made[i + 1:]]):
                survivors.append((step.name, i))
    assert not survivors


RELATIONS = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}


def statements(statement):
    """The statement with each number one larger, and each relation turned."""
    for match in re.finditer(r"\d+", statement):
        yield (statement[:match.start()] + str(int(match.group()) + 1)
               + statement[match.end():])
    for match in re.finditer(r"<=|>=|<|>", statement):
        yield (statement[:match.start()] + RELATIONS[match.group()]
               + statement[match.end():])


@EACH
def test_the_statement_changed(name):
    kept = [hollow(step) for step in steps(name)]
    survivors = [other for other in statements(THEOREMS[name].statement)
                 if not refused(dataclasses.replace(THEOREMS[name], statement=other,
                                                    steps=lambda: iter(kept)))]
    assert not survivors


def constants(name):
    """The places of the integers in a theorem's file, from its proof on."""
    path = DIRECTORY / f"{name.replace('-', '_')}.py"
    lines = path.read_text(encoding="utf-8").splitlines()
    tree = ast.parse("\n".join(lines))
    skipped = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
               for part in ast.walk(node)}
    return tree, [node for node in ast.walk(tree)
                  if isinstance(node, ast.Constant) and type(node.value) is int
                  and id(node) not in skipped
                  and not lines[node.lineno - 1].endswith(": free")]


def with_constant(name, index):
    """The theorem of the file with one integer changed by one."""
    tree, found = constants(name)
    found[index].value += 1
    module = types.ModuleType("mutant")
    sys.modules["mutant"] = module
    exec(compile(tree, f"<{name}>", "exec"), module.__dict__)
    return module.THEOREM, found[index].lineno


def survives(name, index):
    try:
        made, line = with_constant(name, index)
    except Exception:
        return None
    return None if refused(made) else line


def test_constants_sampled():
    """A few of each theorem; `test_constants` takes all."""
    names = [name for name in THEOREMS if name not in SLOW]
    survivors = []
    for number in range(SAMPLE):
        name = names[number % len(names)]
        index = (number * 7919) % len(constants(name)[1])
        if (line := survives(name, index)) is not None:
            survivors.append((name, line))
    assert not survivors


@pytest.mark.hunt
@pytest.mark.parametrize("name", THEOREMS)
def test_constants(name):
    survivors = [line for index in range(len(constants(name)[1]))
                 if (line := survives(name, index)) is not None]
    assert not survivors
