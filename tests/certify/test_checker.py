"""The checker: it verifies what is true, refuses every tampering, survives hostile files."""

import ast
import gzip
import io
import itertools
import json
import math
import os
import random
import re
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from pathlib import Path

import mpmath
import pytest
import sympy
from flint import arb, ctx, fmpz
from hypothesis import given
from hypothesis import strategies as st

from nctheory import Triangular, losses
from nctheory.certify import cell, chain, checker, compare, cost, threshold, thresholds, to_json
from nctheory.certify.maker import family, identity
from tests.certify.samples import SAMPLES, leaves, plain, put

WORK = checker.Work(10**15)


def test_every_kind_of_claim_is_verified_and_shown():
    assert {*SAMPLES, "optimal"} == set(checker.CLAIMS)  # that has test_optimal.py
    for claim, certificates in SAMPLES.items():
        results = list(checker.check_file(to_json(certificates).encode()))
        assert len(results) == len(certificates)
        for result in results:
            assert result.verified, (claim, result)
            assert result.statement.isprintable()


def test_standard_library_alone():
    """The checker's source imports only the standard library, and runs without the rest."""
    tree = ast.parse(Path(checker.__file__).read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_makers_and_checker_share_no_code():
    """No module that makes certificates imports from the checker, or the checker from them."""
    makers = [path for path in Path(checker.__file__).parent.glob("*.py")
              if path.name not in ("checker.py", "__init__.py")]
    assert len(makers) >= 5
    for path in makers:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert "checker" not in [node.module.rpartition(".")[2],
                                         *(alias.name for alias in node.names)], path.name


def test_as_a_program_of_its_own(tmp_path):
    path = tmp_path / "certificates.json"
    path.write_text(to_json(thresholds(range(3, 12), [2, 3])))
    run = subprocess.run([sys.executable, "-I", "-S", checker.__file__, str(path)],
                         capture_output=True, text=True)
    assert run.returncode == 0 and run.stdout.count("verified ") == 18
    assert "K=10, L=3, sums of triangular and DNC blocks alone: DNC beaten" in run.stdout
    # Not "DNC not beaten": a chain of the atlas beats it in this cell.
    assert ("K=9, L=3, sums of triangular and DNC blocks alone: DNC not beaten"
            in run.stdout)


def test_logarithms_enclose_those_of_arb():
    rng = random.Random(1)
    ctx.prec = 300
    try:
        for _ in range(3000):
            n = rng.randrange(1, 1 << rng.randrange(1, 500))
            low, high = checker.log(n, WORK)
            true = arb(fmpz(n)).log() * arb(2) ** checker.PLACES
            assert low <= true and true <= high and high - low < 6
    finally:
        ctx.prec = 53


@given(st.integers(0, 10**60), st.integers(1, 600), st.integers(-1, 1))
def test_integer_roots(base, degree, near):
    number = max(0, base ** min(degree, 40) + near)
    root = WORK.root(number, degree)
    assert root**degree <= number < (root + 1) ** degree


@pytest.mark.parametrize("size, seed", [(1, 0), (2, 1), (5, 2), (9, 3)])
def test_trace_of_the_inverse(size, seed):
    rng = random.Random(seed)
    factor = [[rng.randrange(-10**9, 10**9) for _ in range(size)] for _ in range(size + 2)]
    gram = checker.product(checker.transpose(factor), factor, WORK)
    upper, lower = checker.trace_of_inverse(gram, WORK)
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


def true(certificate):  # noqa: C901  a case a claim
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
        return verdict == "beaten" and (K >= 4 and L in (2, 3))
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
            result = checker.check(changed, checker.Work(10**7))
            assert isinstance(result, checker.Result) and result.statement.isprintable()
            if result.verified:
                assert true(changed)
            else:
                assert result.reason and len(result.reason) < 300


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
        list(checker.check_file(content))
    path = tmp_path / "file.json"
    path.write_bytes(content)
    assert checker.main([str(path)]) == 2
    assert "not a certificate file" in capsys.readouterr().err


def identity_of(left, right="x"):
    return {"claim": "identity", "parameters": {"left": left, "right": right},
            "method": "expansion", "data": {}, "verdict": "true"}


def polynomial_of(text):
    return {"claim": "polynomial", "parameters": {"polynomial": text},
            "method": "shifted coefficients", "data": {}, "verdict": "positive"}


@pytest.mark.parametrize("expression", [
    "(" * 5000 + "x" + ")" * 5000, "-" * 19000 + "y", "x+" * 9000 + "x", "2**2**2**2**64",
    "((((9**64)**64)**64)**64)**64", "(a+b+c+d+e+f+g)**64*(a+b+c+d+e+f+g)**64", "x**(0-1)",
    "__import__('os')", "x.y", "x if x else y", "1or 2", "lambda: x", "x**10**10", "1/0",
    "x/(x-x)", "", " ", "x**", "x**-1", "(x", "x)", "()", "x y", "2x", "+x", "x//2", "٣", "x\ty",
    "9" * 19000, "x" * 19000 + "**2", "a" + "*(1+a+b)" * 2000,
])
def test_hostile_expressions_cost_bounded_work(expression):
    for certificate in (identity_of(expression), polynomial_of(expression)):
        result = checker.check(certificate, checker.Work(10**6))
        assert not result.verified and result.reason


@given(st.text("ab19 +-*/()", max_size=12))
def test_expressions_are_read_as_python_reads_them(text):
    """Where both read one, the values agree; what Python cannot read, the checker refuses."""
    try:
        p, q = checker.parse(text, checker.Work(10**6))
    except checker.Refused:
        return
    a, b = Fraction(2, 3), Fraction(-5, 7)

    def at(polynomial):
        return sum((c * math.prod({"a": a, "b": b}.get(name, 11) ** e for name, e in m)
                    for m, c in polynomial.terms.items()), Fraction(0))

    names = {name for poly in (p, q) for m in poly.terms for name, _ in m}
    values = {name: {"a": a, "b": b}.get(name, Fraction(11)) for name in names}
    if at(q) != 0:
        exact = re.sub(r"(?<![A-Za-z0-9*])([0-9]+)(?![A-Za-z0-9])", r"Fraction(\1)",
                       text.strip(" "))
        known = {"a": a, "b": b, **values, "Fraction": Fraction}
        for name in set(re.findall("[a-b][a-b0-9]*", text)):
            known.setdefault(name, Fraction(11))
        try:
            expected = eval(exact, known)  # noqa: S307
        except ZeroDivisionError:
            return
        assert at(p) / at(q) == expected


def long_product(n):
    return "*".join(f"a{i}" for i in range(n))


def roots(count, layers):
    """A cross-entropy claim with that many roots of degree L+1."""
    return {"claim": "cross-entropy", "method": "Gibbs lines", "verdict": "below",
            "parameters": {"first": "pairs", "second": "dnc", "K": "4", "L": str(layers),
                           "n": "1", "decay": "1/1000"},
            "data": {"point": "2", "bound": "1000",
                     "pieces": {"points": [f"{i}/7919" for i in range(1, count + 1)],
                                "weights": [[["4", "0", "0"]]] * count, "denominator": "4"}}}


def norms(count, digits):
    """A chain of 1 x 1 matrices, whose norms make one long product."""
    return {"claim": "chain", "parameters": {"K": "2", "L": "1000"}, "method": "integer matrices",
            "verdict": "beaten", "data": {"inverse trace": "1", "matrices": [
                [["1", "-1"]], *[[["9" * digits]]] * count]}}


def denominators(count, digits):
    """Blocks whose roots have denominators without common factors."""
    first = 10**digits
    return {"claim": "cost", "parameters": {"K": str(count), "L": "1", "bound": "1"},
            "method": "direct sum", "verdict": "reached", "data": {"blocks": [
                {"construction": {"K": "1"}, "root": f"{first + 2 * i}/{first + 2 * i - 1}"}
                for i in range(1, count + 1)]}}


ATTACKS = {  # by name: what is larger by a factor, and how the work grows with it at least
    "long monomials": (lambda n: identity_of(f"({long_product(20 * n)} + 1)**8", "0"), 1),
    "a sum of names": (lambda n: polynomial_of(f"-{'-'.join(long_product(150 * n).split('*'))}"),
                       2),
    "one over sums": (lambda n: identity_of("+".join(f"1/(x+{i})" for i in range(10 * n))), 2),
    "roots": (lambda n: roots(40 * n, 500), 1),
    "degrees": (lambda n: roots(40, 120 * n), 1),
    "norms": (lambda n: norms(10 * n, 1500), 2),
    "denominators": (lambda n: denominators(20 * n, 1000), 2),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_work_is_counted_and_refused_at_the_budget(name):
    """The charge grows as the true work does, and the budget stops it with a clear word."""
    make, order = ATTACKS[name]
    spent = []
    for n in (2, 4):
        work = checker.Work(10**12)
        result = checker.check(make(n), work)
        assert not result.verified and "limit" not in result.reason
        spent.append(work.budget - work.left)
    assert spent[1] > 0.8 * 2**order * spent[0] > 10**4
    result = checker.check(make(4), checker.Work(spent[0]))
    assert not result.verified
    assert f"the work limit of {spent[0]} units is reached: --budget" in result.reason


def test_a_scanner_does_not_go_back():
    """The old pattern took four times as long for every two letters more, from 32 on a minute."""
    for length in (32, 19_999):
        work = checker.Work(0)
        result = checker.check(polynomial_of("a" * length + "!"), work)
        assert "not an expression" in result.reason and work.left == 0


def test_a_threshold_of_a_million_classes_lists_its_blocks_itself():
    made = {"claim": "threshold", "parameters": {"K": "1000000", "L": "2"},
            "method": "square-root elimination", "data": [], "verdict": "not beaten"}
    tracemalloc.start()
    assert not checker.check(made).verified
    assert tracemalloc.get_traced_memory()[1] < 10**5  # not a list of a million pairs
    tracemalloc.stop()


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


def test_the_budget_is_an_argument():
    made = identity("(a + b + c)**20", "(c + b + a)**20")
    heavy = to_json([made] * 5).encode()
    assert all(result.verified for result in checker.check_file(heavy))
    results = list(checker.check_file(heavy, budget=10**6))
    assert not results[-1].verified and "the work limit of 1000000 units" in results[-1].reason
    assert all(result.verified for result in checker.check_file(heavy, budget=10**9))


# --- long files ---

def test_certificates_are_read_one_by_one(monkeypatch):
    """Verdicts come before the end is read, and memory stays with the longest certificate."""
    monkeypatch.setattr(checker._Reader, "CHUNK", 1 << 12)
    one = json.dumps(plain([cell(5, 3, 3)])[0])
    head = f'{{"format": "{checker.FORMAT}", "versions": {{}}, "certificates": ['
    content = (head + ",\n".join([one] * 2000)).encode()  # and no end
    source = io.BytesIO(content)
    results = checker.check_file(source)
    assert all(next(results).verified for _ in range(50)) and source.tell() < len(content) / 4
    tracemalloc.start()
    with pytest.raises(checker.NotACertificateFile):
        count = 50
        for _ in results:
            count += 1
    assert count == 2000 and tracemalloc.get_traced_memory()[1] < len(content)
    tracemalloc.stop()


@pytest.mark.parametrize("chunk", [1, 100, 1 << 16])
def test_where_the_text_is_cut_does_not_matter(chunk, monkeypatch):
    monkeypatch.setattr(checker._Reader, "CHUNK", chunk)
    content = to_json([cell(5, 3, 3), chain(3, 4), identity("x", "x")]).encode()
    assert [result.verified for result in checker.check_file(content)] == [True] * 3
    spaced = json.dumps(json.loads(content), indent=3).replace(":", " :\r\n").encode()
    assert [result.verified for result in checker.check_file(spaced)] == [True] * 3
    for end in range(0, len(content) - 1, 41):
        with pytest.raises(checker.NotACertificateFile):
            list(checker.check_file(content[:end]))
    with pytest.raises(checker.NotACertificateFile, match="follows"):
        list(checker.check_file(content + b"x"))


def test_gzip(tmp_path, capsys, monkeypatch):
    content = to_json([cell(5, 3, 3), chain(3, 4)]).encode()
    path = tmp_path / "certificates.json.gz"
    path.write_bytes(gzip.compress(content))
    assert checker.main([str(path)]) == 0
    assert capsys.readouterr().out.count("verified") == 2
    path.write_bytes(gzip.compress(content)[:-20])
    assert checker.main([str(path)]) == 2
    assert "not readable" in capsys.readouterr().err
    monkeypatch.setattr(checker, "LARGEST_FILE", 10**6)  # a bomb: 10^7 spaces
    path.write_bytes(gzip.compress(content.replace(b" ", b" " * 10**6, 10)))
    assert checker.main([str(path)]) == 2
    assert "longer than 1000000 characters" in capsys.readouterr().err


def test_what_is_no_regular_file_is_refused(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        assert checker.main([str(path)]) == 2
        assert "not a regular file" in capsys.readouterr().err
