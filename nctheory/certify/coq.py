"""Certificates as files for the Coq proof assistant: real numbers, no axioms but theirs.

Costs are defined from the eigenvalues of the Gram matrices; every theorem ends with what
`Print Assumptions` says.  Cells are decided by integers within Coq (`decider.v`, proved sound);
uniform theorems by the expanded polynomials, which Coq's `ring` checks.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import TYPE_CHECKING

from nctheory.certify.format import Certificate
from nctheory.certify.maker import bound, coefficients_positive
from nctheory.errors import InputError

if TYPE_CHECKING:
    import sympy


def to_coq(certificates: Iterable[Certificate]) -> str:
    """One self-contained Coq file that proves all the claims, and prints their assumptions.

    Raises
    ------
    InputError
        Where a claim has no Coq proof here: cells, and uniform claims about the triangular
        family and about pairs at equal scale, have one.
    """
    certificates = list(certificates)
    parts, theorems = [_source("prelude.v")], []
    if any(made.claim in ("cell", "threshold") for made in certificates):
        parts.append(_source("decider.v"))
    for i, made in enumerate(certificates, start=1):
        name = f"claim_{i}"
        proof = _PROOFS.get(made.claim)
        if proof is None:
            raise InputError(f"claim must be one of {', '.join(_PROOFS)} for Coq, "
                             f"got {made.claim}")
        parts.append(proof(name, made))
        theorems.append(name)
    # What Coq has checked, in its own words, and what it rests on.
    parts += [f"Check {name}." for name in theorems]
    parts += [f"Print Assumptions {name}." for name in theorems[-3:]]
    return "\n".join(parts) + "\n"


def _source(name: str) -> str:
    return files("nctheory.certify").joinpath(name).read_text(encoding="utf-8")


def _cell(r: int, s: int, L: int, verdict: str) -> tuple[str, str]:
    """Statement and proof term of one cell."""
    left, right = (f"P2 {r} {s}" if L == 2 else f"P {r} {s} {L}"), f"P_DNC {r} {L}"
    if verdict == "equal":
        if L > 2:
            raise InputError(f"claim must be no tie for Coq, got r={r}, s={s}, L={L}")
        statement, ways = f"{left} = {right}", ["equal"]
    else:
        statement = _order(left, right, verdict == "below")
        ways = ["below"] if verdict == "below" else ["above", "above_too"]
    if L > 2:
        return statement, (f"apply (decide_{verdict}_sound {r} {s} {L}); "
                           "[lia | vm_compute; reflexivity]")
    tries = " | ".join(f"apply (decide2_{way}_sound {r} {s}); vm_compute; reflexivity"
                       for way in ways)
    return statement, f"first [{tries}]"


def _prove_cell(name: str, made: Certificate) -> str:
    given = made.parameters
    statement, proof = _cell(given["r"], given["s"], given["L"], made.verdict)
    return f"Theorem {name} : {statement}.\nProof. {proof}. Qed."


def _prove_threshold(name: str, made: Certificate) -> str:
    L = made.parameters["L"]
    verdict = "below" if made.verdict == "beaten" else "above"
    cells = [_cell(block["r"], block["s"], L, verdict) for block in made.data]
    note = f"(* K = {made.parameters['K']}, L = {L}: {made.verdict} *)"
    if not cells:  # no block has so few classes
        return f"{note}\nTheorem {name} : True.\nProof. exact I. Qed."
    statement = " /\\ ".join(statement for statement, _ in cells)
    proof = ". ".join(["repeat split"] * (len(cells) > 1) + [proof for _, proof in cells])
    return f"{note}\nTheorem {name} : {statement}.\nProof. {proof}. Qed."


def _prove_family(name: str, made: Certificate) -> str:
    import sympy

    r, s, u, t = sympy.symbols("r s u t")
    given = made.parameters
    onwards, L = given["L"].endswith("+"), int(given["L"].removesuffix("+"))
    # In the prelude |M_2|_*^2 is a multiple of a + 2 sqrt(d), which belongs to P's factor.
    n, m, a, b, d = bound(r, s, L)
    multiple = r - 1 if L > 2 else (r - 1)**2
    n, m = sympy.fraction(sympy.factor(n / m / multiple))
    a, d = sympy.cancel(a / multiple), sympy.cancel(b**2 * d / (2 * multiple)**2)
    at = {r: sympy.sympify(given["r"]), s: sympy.sympify(given["s"])}
    if sympy.expand(m.subs(at, simultaneous=True)).subs({u: 0, t: 0}) < 0:
        n, m = -n, -m
    gap = n - m * a
    square = gap**2 - 4 * m**2 * d

    def expanded(expression: sympy.Expr) -> str:
        return _expanded(expression.subs(at, simultaneous=True))

    R, S = (_text(at[symbol]) for symbol in (r, s))
    factor, lemma = ((f"factor r s {L}", made.verdict) if L > 2 else
                     ("factor2 r s", f"{made.verdict}2"))
    below = made.verdict == "below"
    conditions = [m, gap, square] if below else [m, -square]
    if L == 2 and not below and not coefficients_positive(
            (-square).subs(at, simultaneous=True)):
        lemma, conditions = "above2_gap", [m, -gap]
    lines = [
        f"Definition {name}_n r s := {_text(n)}.",
        f"Definition {name}_m r s := {_text(m)}.",
        f"Lemma {name}_bound : forall r s, 2 <= s -> s + 2 <= r ->",
        f"  P_DNC r {L} * {name}_m r s = {factor} * {name}_n r s.",
        "Proof. intros r s Hs Hr. unfold P_DNC, factor, factor2. rewrite T_closed by assumption.",
        f"unfold K, num, den, {name}_n, {name}_m. simpl Nat.sub. simpl Nat.add. field.",
        "repeat split; lra. Qed.",
        f"Lemma {name}_base : forall u t, 0 <= u -> 0 <= t ->",
        f"  {_order(_cost(R, S, str(L)), f'P_DNC ({R}) {L}', below)}.",
        f"Proof. intros u t Hu Ht. apply {lemma} with (n := {name}_n ({R}) ({S}))",
        f"  (m := {name}_m ({R}) ({S})); try lra; try (apply {name}_bound; lra);",
        f"  unfold a2, d2, {name}_n, {name}_m.",
        *(f"expand_to ({expanded(condition)})." for condition in conditions),
        "Qed."]
    lines += _for_all(name, at, L, onwards, below)
    return "\n".join(lines)


def _for_all(name: str, at: dict[sympy.Symbol, sympy.Expr], L: int, onwards: bool,
             below: bool) -> list[str]:
    """The theorem itself, from its base case: for r and s where these determine u and t."""
    import sympy

    r, s, u, t = sympy.symbols("r s u t")
    free, values, R, S = _quantified(at)
    hidden = list(values)
    arguments = {v: _text(values.get(v, sympy.Integer(0))) for v in (u, t)}
    binders = " ".join(map(str, free)) + (" (L : nat)" if onwards else "")
    quantifier = f"forall {binders.strip()}, " if binders.strip() else ""
    hypotheses = [f"0 <= {arguments[v]}" for v in hidden]
    hypotheses += [f"({L} <= L)%nat"] * onwards
    layers = "L" if onwards else str(L)
    goal = _order(_cost(_text(R), _text(S), layers), f"P_DNC ({_text(R)}) {layers}", below)
    lines = [f"Theorem {name} : {quantifier}" + " -> ".join([*hypotheses, goal]) + ".",
             "Proof. intros.",
             f"assert (B := {name}_base ({arguments[u]}) ({arguments[t]}) ltac:(lra) ltac:(lra))."]
    for x, shown in ((r, R), (s, S)):
        substituted = _text(at[x])
        for v in hidden:
            substituted = substituted.replace(str(v), f"({arguments[v]})")
        if at[x] != shown:
            lines.append(f"replace ({substituted}) with ({_text(shown)}) in B by ring.")
    if onwards:
        lines.append(f"match goal with H : ({L} <= L)%nat |- _ => induction H end.")
        lines.append("assumption. apply layer; try lra; try lia; assumption. Qed.")
    else:
        lines.append("assumption. Qed.")
    return lines


def _quantified(at: dict[sympy.Symbol, sympy.Expr]) -> tuple[
        list[sympy.Symbol], dict[sympy.Symbol, sympy.Expr], sympy.Expr, sympy.Expr]:
    """What the theorem is for all of, u and t in these terms, and r and s: in r and s
    themselves where they determine u and t, else in u and t."""
    import sympy

    r, s, u, t = sympy.symbols("r s u t")
    free = [x for x in (r, s) if not at[x].is_number]
    hidden = [v for v in (u, t) if any(at[x].has(v) for x in free)]
    inverse = sympy.solve([at[x] - x for x in free], hidden, dict=True)
    if free and len(inverse) == 1 and set(inverse[0]) == set(hidden):
        R, S = (x if x in free else at[x] for x in (r, s))
        return free, {v: inverse[0][v] for v in hidden}, R, S
    return hidden, {v: v for v in hidden}, at[r], at[s]


def _prove_equal_scale(name: str, made: Certificate) -> str:
    import sympy

    given = made.parameters
    onwards, L = given["L"].endswith("+"), int(given["L"].removesuffix("+"))
    K = sympy.sympify(given["K"])
    k = f"({_text(K)})"
    # Each side is a constant part at L times a growth to the power of the layers beyond.
    if given["structure"] == "pairs":
        exponents = {"(L + 1)%nat": f"({L} + 1 + (L - {L}))%nat"}
        sides = [("4 * {k}^({L} + 1)", 4 * K**(L + 1), f"{k}"),
                 ("(2 * {k} - 2)^({L} + 1)", (2 * K - 2)**(L + 1), f"(2 * {k} - 2)")]
    else:
        exponents = {f"(L {x})%nat": f"({L} {x} + (L - {L}))%nat" for x in ("- 2", "- 1", "+ 1")}
        sides = [("(2 * {k} + 4)^({L} - 2) * (2 * {k})^3", (2 * K + 4)**(L - 2) * (2 * K)**3,
                  f"(2 * {k} + 4)"),
                 ("4^({L} - 1) * ({k} - 1)^({L} + 1)", 4**(L - 1) * (K - 1)**(L + 1),
                  f"(4 * ({k} - 1))")]
    if made.verdict == "above":
        sides.reverse()
    (left, small, g), (right, large, h) = sides
    at_L, at_any = ([side.format(k=k, L=layers) for side in (left, right)]
                    for layers in (str(L), "L"))
    lines = [f"Lemma {name}_base : forall u, 0 <= u -> {at_L[0]} < {at_L[1]}.",
             "Proof. intros u Hu. simpl Nat.sub. simpl Nat.add. apply Rminus_gt_0_lt.",
             f"expand_to ({_expanded(large - small)}). Qed.",
             f"Lemma {name}_positive : forall u, 0 <= u -> 0 < {at_L[0]}.",
             "Proof. intros u Hu. simpl Nat.sub. simpl Nat.add.",
             f"expand_to ({_expanded(small)}). Qed."]
    if not onwards:
        return "\n".join([*lines, f"Theorem {name} : forall u, 0 <= u -> {at_L[0]} < {at_L[1]}.",
                          f"Proof. exact {name}_base. Qed."])
    lines += [f"Theorem {name} : forall u (L : nat), 0 <= u -> ({L} <= L)%nat ->",
              f"  {at_any[0]} < {at_any[1]}.",
              "Proof. intros u L Hu HL.",
              f"assert (G := growth _ _ {g} {h} (L - {L}) ({name}_positive u Hu) "
              f"({name}_base u Hu) ltac:(lra) ltac:(lra)).",
              *(f"replace {old} with {new} by lia." for old, new in exponents.items()),
              "rewrite !pow_add. rewrite ?Rpow_mult_distr in G.",
              "eapply Rle_lt_trans; [|eapply Rlt_le_trans; [exact G|]]; apply Req_le; simpl; "
              "ring.",
              "Qed."]
    return "\n".join(lines)


def _cost(r: str, s: str, layers: str) -> str:
    return f"P2 ({r}) ({s})" if layers == "2" else f"P ({r}) ({s}) {layers}"


def _order(left: str, right: str, below: bool) -> str:
    return f"{left} < {right}" if below else f"{right} < {left}"


def _text(expression: sympy.Expr) -> str:
    return str(expression).replace("**", "^")


def _expanded(expression: sympy.Expr) -> str:
    """A sum with its constant first, every coefficient positive: what the tactic `pos` needs."""
    import sympy

    names = [sympy.Dummy(), *sorted(expression.free_symbols, key=str)]
    ring = sympy.ring(names, sympy.QQ)[0]
    terms = sorted(ring.from_expr(expression).terms(), key=lambda term: sum(term[0]))
    if not terms or any(c <= 0 for _, c in terms) or any(terms[0][0]):
        raise InputError("claim must have positive coefficients for Coq, got others")
    return " + ".join(
        " * ".join([str(c), *(f"{name}^{e}" for name, e in zip(names, powers, strict=True) if e)])
        for powers, c in terms)


_PROOFS = {"cell": _prove_cell, "threshold": _prove_threshold,
           "triangular family": _prove_family, "equal scale": _prove_equal_scale}
