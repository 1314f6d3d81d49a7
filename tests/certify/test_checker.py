"""The checker: it verifies what is true, refuses every tampering, survives hostile files."""

import ast
import copy
import itertools
import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
import sympy
from flint import arb, ctx, fmpz

from nctheory import Triangular, losses
from nctheory.certify import (
    UNIFORM,
    cell,
    chain,
    checker,
    compare,
    cost,
    minimal_loss,
    partial_fit,
    threshold,
    thresholds,
    to_json,
)
from nctheory.certify.maker import equal_scale, family, identity, polynomial
from nctheory.constructions import Orthogonal

SAMPLES = {
    "cell": [cell(6, 3, 2), cell(4, 2, 2), cell(4, 2, 3), cell(7, 4, 5), cell(5, 3, 2)],
    "threshold": [threshold(11, 3), threshold(9, 3), threshold(5, 4)],
    "chain": [chain(3, 4), chain(7, 3), chain(12, 5)],
    "cost": [cost(4, 5), cost(2, 3), cost(15, 2), cost(11, 3)],
    "partial fit": [partial_fit(5, 2), partial_fit(4, 3), partial_fit(8, 2)],
    "minimal loss": [minimal_loss(Orthogonal(classes=10), 4),
                     minimal_loss(Triangular(vertices=5, subset=3), 3, samples=3),
                     minimal_loss(Orthogonal(classes=4), 1, weight_decay="1/100"),
                     minimal_loss(Orthogonal(classes=4), 2, weight_decay="1/3")],
    "cross-entropy": [compare("pairs", "dnc", 10, 2, samples=5, weight_decay="1/1024"),
                      compare("pairs", "dnc", 4, 2), compare("dnc", "pairs", 7, 3),
                      compare("relu pairs", "dnc", 15, 4, weight_decay="1/100000"),
                      compare("pairs", "dnc", 6, 2, weight_decay="2")],
    "identity": [identity("(x + 1)**2/(x + 1)", "x + 1")],
    "polynomial": [polynomial("u**2 + 3*u*t + 1"), polynomial("u*t", strict=False)],
    "triangular family": [family("5+u+t", "3+u", "3+", "below"), family("4+u", "2", "3", "above"),
                          family("6+2*u", "3+u", "2", "below")],
    "equal scale": [equal_scale("pairs", "4+u", "3+", "below"),
                    equal_scale("relu pairs", "4", "2+", "above")],
}


def plain(certificates):
    return json.loads(to_json(certificates))["certificates"]


def test_every_kind_of_claim_is_verified_and_shown():
    assert set(SAMPLES) == set(checker.CLAIMS)
    for claim, certificates in SAMPLES.items():
        results = list(checker.check_file(to_json(certificates).encode()))
        assert len(results) == len(certificates)
        for result in results:
            assert result.verified, (claim, result)
            assert result.statement.isprintable()


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_theorems_are_verified(name):
    certificates = UNIFORM[name]()
    assert all(result.verified for result in checker.check_file(to_json(certificates).encode()))


def test_standard_library_alone():
    """The checker's source imports only the standard library, and runs without the rest."""
    tree = ast.parse(Path(checker.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_as_a_program_of_its_own(tmp_path):
    path = tmp_path / "certificates.json"
    path.write_text(to_json(thresholds(range(3, 12), [2, 3])))
    run = subprocess.run([sys.executable, "-I", "-S", checker.__file__, str(path)],
                         capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.count("verified ") == 18
    assert "K=10, L=3: DNC beaten" in run.stdout and "K=9, L=3: DNC not beaten" in run.stdout


def test_logarithms_enclose_those_of_arb():
    rng = random.Random(1)
    ctx.prec = 300
    try:
        for _ in range(3000):
            n = rng.randrange(1, 1 << rng.randrange(1, 500))
            low, high = checker.log(n)
            true = arb(fmpz(n)).log() * arb(2) ** checker.PLACES
            assert low <= true and true <= high and high - low < 6
    finally:
        ctx.prec = 53
        checker._Budget.left = checker.BUDGET


@pytest.mark.parametrize("size, seed", [(1, 0), (2, 1), (5, 2), (9, 3)])
def test_trace_of_the_inverse(size, seed):
    rng = random.Random(seed)
    factor = [[rng.randrange(-10**9, 10**9) for _ in range(size)] for _ in range(size + 2)]
    gram = checker.product(checker.transpose(factor), factor)
    upper, lower = checker.trace_of_inverse(gram)
    exact = sympy.Matrix(gram)
    assert lower == exact.det() and sympy.Rational(upper, lower) == exact.inv().trace()


def chain_of(matrices, K, L, trace):
    return {"claim": "chain", "parameters": {"K": str(K), "L": str(L)},
            "method": "integer matrices", "verdict": "beaten",
            "data": {"matrices": [[list(map(str, row)) for row in m] for m in matrices],
                     "inverse trace": str(trace)}}


@pytest.mark.parametrize("matrices, K, L, trace, reason", [
    ([[[1, -1]], [[1], [-1]]], 2, 2, 2, "do not cost less"),  # a tie, P = 8 = 2^3
    ([[[1, -1]], [[1], [1]]], 2, 2, 2, "do not separate"),
    ([[[1, -1]], [[1, 0], [-1, 0]]], 2, 2, 2, "do not fit"),
    ([[[1, -1]], [[1], [-1, 0]]], 2, 2, 2, "not a matrix"),
    ([[[1, -1]], [[0], [0]]], 2, 2, 2, "do not separate"),
    ([[[1, 0], [0, 1]]], 2, 2, 2, "2..L layers"), ([], 2, 2, 2, "2..L layers"),
    ([[[1, -1]], [[1], [-1]]], 3, 1, 2, "out of range"),
])
def test_chains_that_show_nothing(matrices, K, L, trace, reason):
    result = checker.check(chain_of(matrices, K, L, trace))
    assert not result.verified and reason in result.reason


# --- tampering ---

def leaves(value, path=()):
    """The paths of all strings in a certificate, and of all values in it."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in pairs:
            yield from leaves(item, (*path, key))
    else:
        yield path, value


def put(certificate, path, value):
    changed = copy.deepcopy(certificate)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


WORDS = ["below", "above", "equal", "beaten", "not beaten", "zero", "enclosed", "true", "dnc",
         "positive", "nonnegative", "pairs", "relu pairs", *checker.CLAIMS, "shifted coefficients",
         "shifted coefficients, induction in L", "square-root elimination", ""]


def mutations(text):
    try:
        number = Fraction(text)
    except ValueError:
        yield from (word for word in WORDS if word != text)
        for old, new in (("u", "t"), ("2", "3"), ("3", "2"), ("+", "-"), ("*", "+"), ("-", "+")):
            if old in text:
                yield text.replace(old, new, 1)
        yield text + "+1"
        return
    step = Fraction(1, number.denominator)
    yield from map(str, (number + step, number - step, -number, 2 * number, number + 1, 0,
                         10 * number + 7))


def true(certificate):
    """Whether a claim holds, decided without the checker."""
    claim, given, verdict = (certificate[key] for key in ("claim", "parameters", "verdict"))
    if claim == "cell":
        return cell(int(given["r"]), int(given["s"]), int(given["L"])).verdict == verdict
    if claim == "threshold":
        return threshold(int(given["K"]), int(given["L"])).verdict == verdict
    if claim == "cost":  # every larger bound is reached, too
        return verdict == "reached" and Fraction(given["bound"]) >= Fraction(
            cost(int(given["K"]), int(given["L"])).parameters["bound"]) - Fraction(1, 10**8)
    if claim == "partial fit":  # what proofs/partial_fits_beat_dnc.py shows by another route
        K, L = int(given["K"]), int(given["L"])
        return verdict == "beaten" and (K >= 5 and L == 2 or K >= 4 and L == 3)
    if claim == "chain":  # what proofs/chains_beat_dnc.py shows by another route
        K, L = int(given["K"]), int(given["L"])
        return verdict == "beaten" and (K >= 3 and L >= 4 or K >= 7 and L == 3)
    if claim == "minimal loss":
        return true_loss(given, verdict)
    if claim == "cross-entropy":
        return compare(given["first"], given["second"], int(given["K"]), int(given["L"]),
                       samples=int(given["n"]), weight_decay=given["decay"]).verdict == verdict
    if claim == "identity":
        return sympy.cancel(sympy.sympify(given["left"]) - sympy.sympify(given["right"])) == 0
    if claim == "polynomial":
        expression = sympy.sympify(given["polynomial"], {"true": sympy.Symbol("true")})
        names = sorted(expression.free_symbols, key=str)
        values = [expression.subs(dict(zip(names, numbers, strict=True)))
                  for numbers in itertools.product(range(4), repeat=len(names))]
        return all(v > 0 if verdict == "positive" else v >= 0 for v in values)
    expected = {"below": -1, "above": 1}[verdict]
    onwards = given["L"].endswith("+")
    first = int(given["L"].removesuffix("+"))
    for L in range(first, first + (4 if onwards else 1)):
        for u in range(5):
            for t in range(5):
                at = {"u": u, "t": t}
                if claim == "equal scale":
                    K = int(sympy.sympify(given["K"]).subs(at))
                    left, right = 4 * Fraction(K, 2) ** (L + 1), (K - 1) ** (L + 1)
                    if given["structure"] == "relu pairs":
                        left = (Fraction(K + 2, 2)) ** (L - 2) * 2 * K**3
                    if (left > right) - (left < right) != expected:
                        return False
                else:
                    r, s = (int(sympy.sympify(given[name]).subs(at)) for name in "rs")
                    if Triangular(vertices=r, subset=s).compare_with_dnc(L) != expected:
                        return False
    return True


def true_loss(given, verdict):
    L, mp = int(given["L"]), mpmath.mp
    construction = given["construction"]
    with mp.workdps(60):
        if "K" in construction:
            P = mp.mpf(construction["K"]) ** (L + 1)
        else:
            block = Triangular(vertices=int(construction["r"]), subset=int(construction["s"]))
            P = mp.mpf(str(block.representation_cost(L).expression.evalf(60)))
        decay = Fraction(given["decay"])
        kappa = (mp.mpf(decay.numerator) / decay.denominator
                 * mp.root(int(given["n"]) * P, L + 1))
        low, high = (Fraction(given[name]) for name in ("low", "high"))
        critical = (mp.mpf(1) / L) * (mp.mpf(L - 1) / L) ** (mp.mpf(L - 1) / (L + 1))
        if kappa >= critical:
            return verdict == "zero" and low == high == Fraction(1, 2)
        start = 1 - float(losses.optimal_scale(float(kappa), L))
        t = mp.findroot(lambda t: t**(L + 1) * (1 - t)**(L - 1) - kappa**(L + 1), start)
        loss = t * (L + 1 - L * t) / 2
        tiny = mp.mpf(10) ** -45
        return (verdict == "enclosed" and mp.mpf(low.numerator) / low.denominator <= loss + tiny
                and mp.mpf(high.numerator) / high.denominator >= loss - tiny)


@pytest.mark.parametrize("claim", SAMPLES)
def test_every_change_is_refused_or_remains_true(claim):
    changes = refused = 0
    for certificate in plain(SAMPLES[claim]):
        for path, text in leaves(certificate):
            for other in mutations(text):
                if other == text:
                    continue
                changed = put(certificate, path, other)
                changes += 1
                if checker.check(changed).verified:
                    assert true(changed), (path, text, other)
                else:
                    refused += 1
    checker._Budget.left = checker.BUDGET
    # Witnesses may become weaker and stay sufficient; most changes must be noticed.
    assert changes > 20 and refused > 0.6 * changes, (changes, refused)


@pytest.mark.parametrize("claim", SAMPLES)
def test_wrong_verdicts_are_refused(claim):
    for certificate in plain(SAMPLES[claim]):
        weaker = {"positive": "nonnegative"}.get(certificate["verdict"])
        for word in WORDS:
            if word not in (certificate["verdict"], weaker):
                assert not checker.check({**certificate, "verdict": word}).verified


@pytest.mark.parametrize("claim", SAMPLES)
@pytest.mark.parametrize("junk", [None, True, [], {}, "", "1", "-1", "0", "1/0", "1/1", "1/2/3",
                                  "01", "+1", " 1", "1e9", "0x10", "٣", "9" * 3999, "9" * 10**6,
                                  "u**64", [[]], {"K": "2"}, {"K": {}}, "\ud800"],
                         ids=lambda junk: ascii(junk)[:12])
def test_junk_in_any_place_is_refused(claim, junk):
    """Every value of a certificate, inner ones included, replaced by junk: a clear verdict."""
    def nodes(value, path=()):
        if path:
            yield path
        if isinstance(value, dict | list):
            pairs = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in pairs:
                yield from nodes(item, (*path, key))

    for certificate in plain(SAMPLES[claim][:2]):
        for path in nodes(certificate):
            changed = put(certificate, path, junk)
            result = checker.check(changed)
            assert isinstance(result, checker.Result) and result.statement.isprintable()
            if result.verified:
                assert true(changed)
            else:
                assert result.reason and len(result.reason) < 300
            checker._Budget.left = checker.BUDGET


VALID = to_json([cell(5, 3, 3)])


@pytest.mark.parametrize("content", [
    b"", b"{}", b"[]", b"null", b"\xff\xfe", b"\x00", b"7", VALID[:-20].encode(),
    VALID.replace('"5"', "5").encode(), VALID.replace('"5"', "5.0").encode(),
    VALID.replace('"5"', "NaN").encode(), VALID.replace('"5"', "1" * 10**5).encode(),
    VALID.replace("certificates 1", "certificates 2").encode(),
    VALID.replace('"method"', '"claim"').encode(),  # a member twice
    VALID.replace('"versions"', '"version"').encode(),
    json.dumps({"format": checker.FORMAT, "versions": {}, "certificates": []}).encode(),
    b"[" * 10**6, b'{"a":' * 10**5, b"[" * 10**5 + b"]" * 10**5,
], ids=lambda content: ascii(content[:25]))
def test_not_a_certificate_file(content, tmp_path, capsys):
    with pytest.raises(checker.NotACertificateFile):
        checker.check_file(content)
    path = tmp_path / "file.json"
    path.write_bytes(content)
    assert checker.main([str(path)]) == 2
    assert "not a certificate file" in capsys.readouterr().err


@pytest.mark.parametrize("expression", [
    "(" * 5000 + "x" + ")" * 5000, "-" * 19000 + "x", "x+" * 9000 + "x", "2**2**2**2**64",
    "((((9**64)**64)**64)**64)**64", "(a+b+c+d+e+f+g)**64*(a+b+c+d+e+f+g)**64", "x**(0-1)",
    "__import__('os')", "x.y", "x if x else y", "1or 2", "lambda: x", "x**10**10", "1/0",
    "x/(x-x)",
    "9" * 19000, "x" * 19000 + "**2", "a" + "*(1+a+b)" * 2000,
])
def test_hostile_expressions_cost_bounded_work(expression):
    checker._Budget.left = 10**6
    for certificate in (
            {"claim": "identity", "parameters": {"left": expression, "right": "x"},
             "method": "expansion", "data": {}, "verdict": "true"},
            {"claim": "polynomial", "parameters": {"polynomial": expression},
             "method": "shifted coefficients", "data": {}, "verdict": "positive"}):
        result = checker.check(certificate)
        assert not result.verified and result.reason
    checker._Budget.left = checker.BUDGET


@pytest.mark.parametrize("r, s", [("(u + 12)/2 + t", "3"), ("u/2 + 5", "3"),
                                  ("5 + u - t", "3"), ("5 + u", "1"),
                                  ("5", "4"), ("u", "2"), ("1/u + 5", "3")])
def test_only_polynomials_inside_the_domain_stand_for_r_and_s(r, s):
    """Nothing may be cleared of denominators or cancelled: that would be another claim."""
    for certificate in plain([family("5+u+t", "3+u", "3+", "below"),
                              family("5+u", "3", "3", "below")]):
        changed = put(put(certificate, ("parameters", "r"), r), ("parameters", "s"), s)
        result = checker.check(changed)
        assert not result.verified, result


@pytest.mark.parametrize("depth", [50, 400, 900, 960, 985])
def test_deep_nesting_inside_a_claim(depth):
    nested = "[" * depth + "]" * depth
    content = VALID.replace('"r": "5"', f'"r": {nested}').encode()
    try:
        (result,) = checker.check_file(content)
    except checker.NotACertificateFile:
        return
    assert not result.verified and "not an integer" in checker.line(result)


def test_the_budget_ends_a_file_of_heavy_claims(monkeypatch):
    monkeypatch.setattr(checker, "BUDGET", 10**5)
    monkeypatch.setattr(checker, "BUDGET_PER_BYTE", 0)
    heavy = to_json([identity("(a + b + c)**20", "(c + b + a)**20")] * 50)
    results = list(checker.check_file(heavy.encode()))
    assert not results[-1].verified and "work limit" in results[-1].reason
