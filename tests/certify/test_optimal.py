"""`optimal:K=3,L=2`: by both checkers, against explicit matrices, and after changes."""

import json
import math
import random
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from nctheory.certify import checker, optimal, to_json
from nctheory.errors import InputError
from tests.certify.samples import leaves, plain, put

MADE = optimal(3, 2)
PLAIN = plain([MADE])[0]
CASES, TREE = PLAIN["data"]["cases"], PLAIN["data"]["tree"]


def test_verified_for_these_sizes_alone():
    assert checker.check(PLAIN).verified
    for change in (("parameters", "K", "4"), ("parameters", "L", "3"), ("verdict", "beaten"),
                   ("method", "expansion")):
        assert not checker.check(put(PLAIN, change[:-1], change[-1])).verified
    with pytest.raises(InputError, match="must be 3 and 2"):
        optimal(4, 2)


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
def test_the_second_checker_says_so_too(tmp_path):
    second = Path(checker.__file__).with_name("checker.js")
    wrong = put(PLAIN, ("data", "cases", "no positive", "matrix", "33"), "2")
    for made, status in ((PLAIN, 0), (wrong, 1)):
        path = tmp_path / "certificate.json"
        path.write_text(to_json([MADE]).replace(json.dumps(PLAIN), json.dumps(made)))
        assert subprocess.run(["node", second, path], capture_output=True).returncode == status


# --- against explicit matrices ---

def case_of(R, node=TREE):
    """The leaf that the tree comes to, and R with the classes in its order."""
    x, y, z = R[0, 1], R[0, 2], R[1, 2]
    while "split" in node:
        node = node["positive" if eval(node["split"], {"x": x, "y": y, "z": z}) > 0
                    else "otherwise"]
    order = [int(i) - 1 for i in node["classes"]]
    return CASES[node["case"]], R[np.ix_(order, order)]


def matrix_of(case, R):
    """C in floats, all names put in."""
    x, y, z = R[0, 1], R[0, 2], R[1, 2]
    names = {"x": x, "y": y, "z": z, "A": 1 - x**2, "B": 1 - y**2, "G": 1 - z**2,
             "D": np.linalg.det(R)}
    for kind, key, read in (("given", "value", float), ("roots", "square", math.sqrt),
                            ("facts", "value", float)):
        for entry in case[kind]:
            names[entry["name"]] = read(eval(entry[key], dict(names)))
    value = {name: eval(text, dict(names)) for name, text in case["matrix"].items()}
    return np.array([[value["".join(sorted((i, j)))] for j in "123"] for i in "123"]
                    ) / value["over"]


def test_every_case_is_feasible_with_determinant_at_least_one():
    rng, seen = np.random.default_rng(17), set()
    for _ in range(400):
        X = rng.normal(size=(3, 3)) + rng.choice([0, 1]) * rng.random()
        X /= np.linalg.norm(X, axis=0)
        case, R = case_of(X.T @ X)
        seen.add(id(case))
        C = matrix_of(case, R)
        f = rng.normal(size=(200, 3)) * rng.choice([0, 1], (200, 3), p=[0.2, 0.8])
        plus, inverse = np.maximum(f, 0), np.linalg.inv(R)
        slack = np.einsum("ni,ij,nj->n", f, inverse, f) - np.einsum("ni,ij,nj->n", plus, C, plus)
        assert np.linalg.det(C) > 1 - 1e-9 and np.linalg.eigvalsh(C)[0] > 0
        assert slack.min() > -1e-9 * np.linalg.norm(inverse)
    assert len(seen) == len(CASES)


# --- after changes ---

def changed(text, rng):
    """Another expression, or another number."""
    place = rng.randrange(len(text) + 1)
    return rng.choice((text + " + 1", text + " - x", f"2*({text})", f"-({text})",
                       text[:place] + rng.choice("2xABt-*") + text[place:], "0"))


def test_a_changed_case_is_refused():
    """But for squares of another sign, and a 1 or 0 written in another way."""
    rng, refused, case = random.Random(3), 0, CASES["apart"]
    listed = [path for path, _ in leaves(case) if path[-1] not in ("name", "over")]
    for path in rng.sample(listed, 25):
        value = case
        for key in path:
            value = value[key]
        try:
            checker.check_case(put(case, path, changed(value, rng)), checker.Work())
        except checker.Refused:
            refused += 1
    assert refused >= 20


def test_a_changed_tree_is_refused():
    """Every leaf sent to another case or order, every split turned around or left out."""
    work = checker.Work(10**10)
    needed = {name: [(entry["value"], entry["sign"] == "positive") for entry in case["given"]]
              for name, case in CASES.items()}
    checker.check_tree(TREE, needed, [], work)

    def nodes(node, path=()):
        yield path, node
        for key in ("positive", "otherwise"):
            if key in node:
                yield from nodes(node[key], (*path, key))

    for path, node in nodes(TREE):
        others = ([{**node, "positive": node["otherwise"], "otherwise": node["positive"]},
                   node["otherwise"], {**node, "split": f"-({node['split']})"}]
                  if "split" in node else
                  [{**node, "case": "apart" if node["case"] != "apart" else "hub"},
                   {**node, "classes": ["1", "1", "2"]}])
        for other in others:
            with pytest.raises(checker.Refused):
                checker.check_tree(put(TREE, path, other) if path else other, needed, [], work)
