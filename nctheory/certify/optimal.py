r"""Where no exact fit costs less than DNC: the case list of K = 3, L = 2 as a certificate.

R > 0 has off-diagonals x = r_12, y = r_13, z = r_23; A = 1-x^2, B = 1-y^2, G = 1-z^2 and D = det
R.  A case gives a matrix C for R of some signs, and says why f_+.C f_+ <= f.R^-1 f, support by
support of f_+ (f_i = t_i there, -t_i elsewhere), and det C >= 1: as sums of weight * square^2.
What the names mean, and the arguments: proofs/three_classes_two_layers.py.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from nctheory.certify.format import Certificate
from nctheory.errors import InputError

Terms = list[list[str]]
SUPPORTS = ("1", "2", "3", "12", "13", "23", "123")
PAIRS = ((1, 2), (1, 3), (2, 3))


def optimal(classes: int, layers: int) -> Certificate:
    """No exact fit costs less than DNC, by the determinant criterion.

    Raises
    ------
    InputError
        For all but K = 3, L = 2: nothing else is proved.

    >>> made = optimal(3, 2)
    >>> made.verdict, len(made.data["cases"])
    ('dnc optimal', 6)
    """
    if (classes, layers) != (3, 2):
        raise InputError("classes and layers must be 3 and 2, where DNC is proved to be optimal, "
                         f"got K = {classes}, L = {layers}")
    cases = {"no positive": _no_positive(), "inverse M-matrix": _inverse(), "hub": _hub(),
             "two positive": _two_positive(), "apart": _apart(), "one positive": _one_positive()}
    return Certificate("optimal", {"K": classes, "L": layers}, "determinant criterion",
                       {"cases": cases, "tree": _tree()}, "dnc optimal")


# --- all R, by signs ---

def _tree() -> Any:
    """Every R comes to a case, its classes in some order."""
    def signs(known: tuple[bool, ...]) -> Any:
        if len(known) == 3:
            return _signed(known)
        return _split("xyz"[len(known)], signs((*known, True)), signs((*known, False)))

    return signs(())


def _signed(positive: tuple[bool, ...]) -> Any:
    """The cases of one pattern: whether r_12, r_13, r_23 > 0."""
    if not any(positive):
        return _leaf("no positive", 1, 2, 3)
    if all(positive):
        return _split("x*y - z", _leaf("hub", 1, 2, 3), _split(
            "x*z - y", _leaf("hub", 2, 1, 3), _split(
                "y*z - x", _leaf("hub", 3, 1, 2), _leaf("inverse M-matrix", 1, 2, 3))))
    # The class in both of the positive (or both of the other) pairs.
    alone = positive.index(sum(positive) == 1)
    c = 3 - alone  # not in the pair `alone`
    a, b = PAIRS[alone]
    if sum(positive) == 2:
        return _split(f"{_r(c, a)} - {_r(c, b)}", _leaf("two positive", c, a, b),
                      _leaf("two positive", c, b, a))
    return _split(f"{_r(a, c)} - {_r(a, b)}*{_r(b, c)}", _leaf("one positive", a, b, c), _split(
        f"{_r(b, c)} - {_r(a, b)}*{_r(a, c)}", _leaf("one positive", b, a, c),
        _leaf("apart", a, b, c)))


def _split(value: str, positive: Any, otherwise: Any) -> dict[str, Any]:
    return {"split": value, "positive": positive, "otherwise": otherwise}


def _leaf(case: str, *classes: int) -> dict[str, Any]:
    return {"case": case, "classes": list(classes)}


def _r(i: int, j: int) -> str:
    return "xyz"[PAIRS.index((min(i, j), max(i, j)))]


# --- squares ---

def _squares(u1: str, u2: str, Au3: str) -> Terms:
    """u.R^-1 u, of u_1, u_2 and A u_3."""
    return [["1", u1], ["1/A", f"{u2} - x*({u1})"],
            ["1/(A*D)", f"{Au3} - (y - x*z)*({u1}) + (x*y - z)*({u2})"]]


def _outside(support: str, i: int) -> str:
    """-f_i where it is negative, else 0."""
    return "0" if str(i) in support else f"t{i}"


def _case(given: Mapping[str, tuple[str, str]], matrix: tuple[str, ...], minors: list[Terms],
          determinant: Terms, forms: Mapping[str, Terms], *, facts: Mapping[
              str, tuple[str, Terms]] | None = None, root: str = "") -> dict[str, Any]:
    over, entries = _common(matrix)
    return {"given": [{"name": name, "value": value, "sign": sign}
                      for name, (value, sign) in given.items()],
            "roots": [{"name": "s", "square": root}] if root else [],
            "facts": [{"name": name, "value": value, "sum": _sum(terms)}
                      for name, (value, terms) in (facts or {}).items()],
            "matrix": {"over": over, **dict(zip(("11", "12", "13", "22", "23", "33"), entries,
                                                strict=True))},
            "minors": dict(zip("12", map(_sum, minors), strict=True)),
            "determinant": _sum(determinant),
            "forms": {support: _sum(terms) for support, terms in forms.items()}}


def _sum(terms: Terms) -> dict[str, Any]:
    """The terms over one denominator."""
    over, weights = _common([weight for weight, _ in terms])
    return {"over": over, "terms": [[weight, square] for weight, (_, square) in zip(
        weights, terms, strict=True)]}


def _common(values: Sequence[str]) -> tuple[str, list[str]]:
    """Quotients of polynomials over their least common denominator."""
    import sympy

    found = re.findall(r"[A-Za-z]\w*", " ".join(values))
    names = {name: sympy.Symbol(name) for name in found}
    quotients = [sympy.fraction(sympy.together(sympy.sympify(value, names))) for value in values]
    over = sympy.lcm_list([q for _, q in quotients]) if quotients else sympy.Integer(1)
    return str(sympy.factor(over)), [str(p * sympy.cancel(over / q)) for p, q in quotients]


def _crossing(support: str, weights: Mapping[tuple[int, int], str]) -> Terms:
    """2 sum weight_ij t_i t_j over pairs of i in the support, j not in it."""
    return [[f"2*{weight}*t{i}*t{j}", "1"] for (i, j), weight in weights.items()
            if (str(i) in support) != (str(j) in support)]


# --- the cases ---

def _no_positive() -> dict[str, Any]:
    """x, y, z <= 0: C = I.  With u = f - R p, p = f_+: f.R^-1 f - |p|^2 = u.R^-1 u + |p|^2 - p.R
    p."""
    less = {(1, 2): "mx", (1, 3): "my", (2, 3): "mz"}

    def form(support: str) -> Terms:
        p = [f"t{i}" if str(i) in support else "0" for i in (1, 2, 3)]
        u = [f"-{_outside(support, i)} - {rest}" for i, rest in (
            (1, f"x*{p[1]} - y*{p[2]}"), (2, f"x*{p[0]} - z*{p[2]}"),
            (3, f"y*{p[0]} - z*{p[1]}"))]
        return [*_squares(u[0], u[1], f"A*({u[2]})"), *(
            [f"2*{name}*t{i}*t{j}", "1"] for (i, j), name in less.items()
            if str(i) in support and str(j) in support)]

    return _case({"mx": ("-x", "nonnegative"), "my": ("-y", "nonnegative"),
                  "mz": ("-z", "nonnegative")}, ("1", "0", "0", "1", "0", "1"),
                 [[["1", "1"]], [["1", "1"]]], [], {s: form(s) for s in SUPPORTS})


def _inverse() -> dict[str, Any]:
    """No off-diagonal of R^-1 is positive: C = R^-1."""
    weights = {(1, 2): "p/D", (1, 3): "q/D", (2, 3): "r/D"}

    def form(support: str) -> Terms:
        n = [_outside(support, i) for i in (1, 2, 3)]
        return [*_squares(n[0], n[1], f"A*{n[2]}"), *_crossing(support, weights)]

    return _case({"p": ("x - y*z", "nonnegative"), "q": ("y - x*z", "nonnegative"),
                  "r": ("z - x*y", "nonnegative")},
                 ("G/D", "(y*z - x)/D", "(x*z - y)/D", "B/D", "(x*y - z)/D", "A/D"),
                 [[["G/D", "1"]], [["1/D", "1"]]],
                 [["1/D", "x"], ["A/D", "y"], ["1/D", "x*y - z"]], {s: form(s) for s in SUPPORTS})


def _hub() -> dict[str, Any]:
    """x, y > 0 <= z < x y: C = R'^-1, R' = R + (xy-z) h h^T with h = (0, sqrt(x/y),
    sqrt(y/x)), so that R'_23 = x y."""
    weights = {(1, 2): "x_*y_/e", (1, 3): "x_*y_/k"}

    def form(support: str) -> Terms:
        n = [_outside(support, i) for i in (1, 2, 3)]
        f1, f2, f3 = (f"t{i}" if str(i) in support else f"(-t{i})" for i in (1, 2, 3))
        raised = ["m/(D*(x_*y_*D + m*(x_*x_*B + y_*y_*A + 2*x_*y_*m)))",  # h.R^-1 f
                  f"x*((y*z - x)*{f1} + B*{f2} + m*{f3}) + y*((x*z - y)*{f1} + m*{f2} + A*{f3})"]
        return [raised, ["1", n[0]], ["y_/e", f"{n[1]} - x*{n[0]}"],
                ["x_/k", f"{n[2]} - y*{n[0]}"], *_crossing(support, weights)]

    return _case({"x_": ("x", "positive"), "y_": ("y", "positive"), "z_": ("z", "nonnegative"),
                  "m": ("x*y - z", "positive")},
                 ("1 + x*x*y/e + y*y*x/k", "-x*y/e", "-x*y/k", "y/e", "0", "x/k"),
                 [[["1", "1"], ["y_/e", "x"], ["x_/k", "y"]],
                  [["y_/e", "1"], ["x_*y_/(e*k)", "y"]]],
                 [["z_*(y_*y_ + x_*k)/(e*k)", "1"]], {s: form(s) for s in SUPPORTS},
                 facts={"e": ("y - x*z", [["y_*A + x_*m", "1"]]),
                        "k": ("x - y*z", [["x_*B + y_*m", "1"]])})


def _apart() -> dict[str, Any]:
    """x > 0, xz >= y, xy >= z: C is R_12^-1 and a 1."""
    def form(support: str) -> Terms:
        p = [f"t{i}" if str(i) in support else "0" for i in (1, 2, 3)]
        n = [_outside(support, i) for i in (1, 2, 3)]
        cross = [[f"2*{w}*{p[j]}*{p[2]}/A", "1"] for j, w in ((0, "p"), (1, "q"))
                 if "0" not in (p[j], p[2])]
        return [*_squares(f"-{n[0]} - y*{p[2]}", f"-{n[1]} - z*{p[2]}",
                          f"-A*{n[2]} - (y - x*z)*{p[0]} - (z - x*y)*{p[1]}"),
                *_crossing_12(support), *cross]

    return _case({"x_": ("x", "positive"), "p": ("x*z - y", "nonnegative"),
                  "q": ("x*y - z", "nonnegative")},
                 ("1/A", "-x/A", "0", "1/A", "0", "1"), [[["1/A", "1"]], [["1/A", "1"]]],
                 [["1/A", "x"]], {s: form(s) for s in SUPPORTS})


def _crossing_12(support: str) -> Terms:
    return _crossing(support, {(1, 2): "x_/A"})


def _mixed(kappa: str, beta: str, rest: Mapping[str, Terms]) -> tuple[
        tuple[str, ...], dict[str, Terms]]:
    """C = R_12^-1 with the third class coupled by beta (-1, x), and its forms without it."""
    matrix = ("1/A", "-x/A", f"-({beta})", "1/A", f"x*{beta}", kappa)
    forms = {"12": [["1/(A*D)", "A*t3 + e*t1 - m*t2"]],
             "1": [["1/A", "t2"], ["1/(A*D)", "A*t3 + e*t1 + m*t2"]],
             "2": [["1/A", "t1"], ["1/(A*D)", "A*t3 - e*t1 - m*t2"]]}
    return matrix, {support: [*terms, *_crossing_12(support) * (len(support) == 1)]
                    for support, terms in {**forms, **rest}.items()}


def _two_positive() -> dict[str, Any]:
    """x >= y > 0 >= z: s = sqrt(A B), beta = e/(s (s+m)), kappa = 1/B."""
    matrix, forms = _mixed("1/B", "e/(s*(s + m))", {
        "3": [["1/B", "t1"], ["2*y_*t1*t3/B", "1"], ["1/(B*D)", "B*t2 - k*t1 - m*t3"]],
        "13": [["1/(A*A*B*D)", "A*B*t2 + e*s*t1 - A*m*t3"], ["2*w*t1*t2/(A*D)", "1"]],
        "23": [["1/A", "t1"], ["2*x_*t1*t2/A", "1"], ["1/(A*D)", "e*t1 + m*t2"],
               ["2*e*t1*t3/D", "1"], ["1/(B*D)", "m*t3"],
               ["2*(s*c*A + x_*e*m)*t2*t3/(s*D)", "1"]],
        "123": [["1/(A*A*B*D)", "s*(e*t1 - m*t2) - A*m*t3"],
                ["2*A*c*t2*t3/(s*(s + m))", "1"]]})
    facts = {"e": ("y + x*c", [["y_ + x_*c", "1"]]), "m": ("x*y + c", [["x_*y_ + c", "1"]]),
             "k": ("x + y*c", [["x_ + y_*c", "1"]]),
             "w": ("A*k - e*s", [["d*(x_ + y_)*D*A/(A*k + e*s)", "1"]]),
             "v": ("x*s - y*A", [["A*d*(x_ + y_)/(x_*s + y_*A)", "1"]])}
    return _case({"x_": ("x", "positive"), "y_": ("y", "positive"), "d": ("x - y", "nonnegative"),
                  "c": ("-z", "nonnegative")}, matrix, [[["1/A", "1"]], [["1/A", "1"]]],
                 [["(v*(x_*(s + m) + e) + A*y_*y_*(s + m)**2)/(A*B*(s + m)**2)", "1"]], forms,
                 facts=facts, root="A*B")


def _one_positive() -> dict[str, Any]:
    """x > 0 >= y, z; y > xz: s = sqrt(A (e^2 + c^2 A)), beta = e/(A+s), kappa = 1."""
    matrix, forms = _mixed("1", "e/(A + s)", {
        "3": [["1/B", "t1 + y*t3"], ["1/(B*D)", "B*t2 - k*t1 - m*t3"]],
        "13": [["1/(B*D*s*s)", "B*s*t2 + e*m*t1 - m*s*t3"], ["1/(B*s*s)", "y*(s*t3 - e*t1)"],
               ["2*w*t1*t2/(s*D)", "1"]],
        "23": [["1/A", "t1"], ["2*x_*t1*t2/A", "1"], ["1/(A*D)", "e*t1 + m*t2"],
               ["2*e*t1*t3/D", "1"], ["1/D", "e*t3"], ["A/D", "c*t3"],
               ["2*(c*A*A + x_*e*s)*t2*t3/(A*D)", "1"]],
        "123": [["1/(A*D)", "e*t1 - m*t2 - s*t3"], ["2*A*c*t2*t3/(A + s)", "1"]]})
    facts = {"m": ("x*y + c", [["c*A + x_*e", "1"]]),
             "k": ("x + y*c", [["x_*G + c*e", "1"]]),
             "u": ("1 + z", [["G/(1 + c)", "1"]]),
             "a": ("x + y", [["x_*u + e", "1"]]),
             "w": ("k*s - e*m", [["D*(m*m*(x_ + n)*a + A*k*k*n*n)/(B*(k*s + e*m))", "1"]])}
    return _case({"x_": ("x", "positive"), "n": ("-y", "nonnegative"),
                  "c": ("-z", "nonnegative"), "e": ("y - x*z", "positive")}, matrix,
                 [[["1/A", "1"]], [["1/A", "1"]]],
                 [["(A*(x_*x_ + n*(x_*c + e)) + 2*x_*x_*s)/(A + s)**2", "1"]], forms,
                 facts=facts, root="A*(e*e + c*c*A)")
