"""The two checkers, written apart, against each other: on what is made, and on what is mutated."""

import json
import random
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

from nctheory.certify import UNIFORM, checker, to_json
from nctheory.certify.format import FORMAT
from tests.certify.samples import SAMPLES, leaves, plain, put

SECOND = Path(checker.__file__).with_name("checker.js")
pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")

# A file a line, as a JSON string; answers with a line each, of what `words` says in Python.
HARNESS = """
const {checkText} = require(process.argv[1]);
const lines = require("node:fs").readFileSync(0, "utf8").split("\\n").slice(0, -1);
for (const line of lines) {
  let words;
  try {
    words = [...checkText(JSON.parse(line))].map(
      ({verified, reason}) => verified ? "verified" : reason);
  } catch (error) {
    if (error.constructor.name !== "NotACertificateFile") throw error;
    words = ["no file"];
  }
  console.log(JSON.stringify(words));
}
"""


def first(text):
    try:
        return [result.reason or "verified" for result in checker.check_file(text.encode())]
    except (checker.NotACertificateFile, UnicodeEncodeError):
        return ["no file"]


def second(texts):
    run = subprocess.run(["node", "-e", HARNESS, str(SECOND)], check=True, capture_output=True,
                         text=True, input="".join(json.dumps(text) + "\n" for text in texts))
    return [json.loads(line) for line in run.stdout.splitlines()]


def verdict(word):
    return word if word in ("verified", "no file") else "refused"


def disagreements(texts):
    """Where one verifies and the other does not, but for budgets, which are their own."""
    answers = second(texts)
    assert len(answers) == len(texts)
    for text, right in zip(texts, answers, strict=True):
        left = first(text)
        if any("work limit" in word for word in left + right):
            continue
        if list(map(verdict, left)) != list(map(verdict, right)):
            yield text, left, right


def file_of(certificate):
    return json.dumps({"format": FORMAT, "versions": {}, "certificates": [certificate]})


ALL = [certificate for made in SAMPLES.values() for certificate in plain(made)]
WORDS = sorted({word for certificate in ALL for _, word in leaves(certificate)
                if len(word) < 60}
               | {"", "0", "1", "-1", "1/2", "2+", "u", "x**2", "é", "\n1", "01", "1\n"})


def change_of_text(rng, text):
    """Another word in a leaf: a neighbour of a number, an edited expression, any other word."""
    kind = rng.randrange(5)
    try:
        number = Fraction(text)
    except (ValueError, ZeroDivisionError):
        number = None
    if number is not None and kind < 3:
        step = Fraction(rng.choice((1, -1, 1 << rng.randrange(60))), number.denominator)
        return str(rng.choice((number + step, -number, number * 2, number / 3, 1 - number,
                               number * rng.randrange(1, 99) / 64)))
    if kind < 4 and text:
        place = rng.randrange(len(text))
        put_in = rng.choice(("", "u", "t", "2", "0", "+", "-", "*", "/", "(", ")", " ", "**", "1"))
        return text[:place] + put_in + text[place + rng.randrange(2):]
    return rng.choice(WORDS)


def change_of_structure(rng, certificate):
    """A node left out, doubled, exchanged with another's, or replaced."""
    def nodes(value, path=()):
        if path:
            yield path
        if isinstance(value, dict | list):
            for key, item in (value.items() if isinstance(value, dict) else enumerate(value)):
                yield from nodes(item, (*path, key))

    def at(path):
        value = certificate
        for key in path:
            value = value[key]
        return value

    paths = list(nodes(certificate))
    path, other = rng.choice(paths), rng.choice(paths)
    changed = put(certificate, path, rng.choice((at(other), None, [], {}, True, "1", [["1"]])))
    if isinstance(at(path), list) and rng.random() < 0.5:
        items = list(at(path))
        place = rng.randrange(len(items) + 1)
        changed = put(certificate, path, items[:place] + items[max(0, place - 1):] if
                      rng.random() < 0.5 else items[:place] + items[place + 1:])
    return changed


def mutant(rng):
    certificate = rng.choice(ALL)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.75:
            listed = list(leaves(certificate))
            path, text = rng.choice(listed)
            if rng.random() < 0.5:  # the short ones carry the claim
                path, text = rng.choice([leaf for leaf in listed if len(leaf[0]) < 3] or listed)
            if isinstance(text, str):
                certificate = put(certificate, path, change_of_text(rng, text))
        else:
            certificate = change_of_structure(rng, certificate)
            if not isinstance(certificate, dict):
                break
    text = file_of(certificate)
    if rng.random() < 0.1:
        place = rng.randrange(len(text))
        text = text[:place] + rng.choice('"{}[],:\\ 0a\x01é') + text[place + rng.randrange(2):]
    return text


def test_both_verify_what_is_made():
    texts = [to_json(made) for made in SAMPLES.values()]
    texts += [to_json(make()) for make in UNIFORM.values()]
    for left, right in zip(map(first, texts), second(texts), strict=True):
        assert set(left) == set(right) == {"verified"} and len(left) == len(right)


def test_both_say_the_same_of_mutants():
    rng = random.Random(14)
    texts = [mutant(rng) for _ in range(1500)]
    assert list(disagreements(texts)) == []
    kinds = [verdict(first(text)[0]) for text in texts[:300]]
    assert min(kinds.count(kind) for kind in ("verified", "refused", "no file")) > 3


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_both_say_the_same_of_many_mutants(seed):
    rng = random.Random(f"many {seed}")
    assert list(disagreements([mutant(rng) for _ in range(10_000)])) == []


def test_the_program(tmp_path):
    path = tmp_path / "certificates.json"
    path.write_text(to_json(SAMPLES["cell"]))

    def run(*arguments):
        return subprocess.run(["node", str(SECOND), *arguments, str(path)], capture_output=True,
                              text=True)

    assert run().returncode == 0 and run().stdout.count("verified  ") == len(SAMPLES["cell"])
    assert run("--budget", "100").returncode == 1
    path.write_text(path.read_text().replace('"below"', '"above"', 1))
    assert run().returncode == 1 and run().stdout.count("NOT VERIFIED") == 1
    path.write_text(path.read_text()[:-5])
    assert run().returncode == 2


BROWSER = """
const vm = require("node:vm"), fs = require("node:fs"), page = vm.createContext({});
vm.runInContext(fs.readFileSync(process.argv[1], "utf8"), page);
page.text = fs.readFileSync(0, "utf8");
console.log(vm.runInContext("[...nctheoryChecker.checkText(text)].every(r => r.verified)", page));
"""


def test_in_a_bare_page():
    """No module system, no Node: one name is defined, and it verifies."""
    run = subprocess.run(["node", "-e", BROWSER, str(SECOND)], check=True, capture_output=True,
                         text=True, input=to_json(made[0] for made in SAMPLES.values()))
    assert run.stdout.strip() == "true"


def test_no_dependencies():
    """Nothing is loaded but Node's own modules, and those by its command line alone."""
    source = SECOND.read_text(encoding="utf-8")
    assert source.count("require(") == 2 and source.count('require("node:') == 2
    assert "import" not in source.replace("imports", "")
