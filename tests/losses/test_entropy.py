"""The cross-entropy ufuncs against 50 digits, compiled and in Python; their lemma."""

import functools
import math

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from nctheory.losses import entropy

CLASSES = [2, 3, 4, 9, 10, 10**6, 10**6 + 1]
LAYERS = [1, 2, 6, 200]


@pytest.fixture(params=["compiled", "python"])
def form(request):
    """name -> the ufunc, or its scalar body applied element by element without Numba."""
    if request.param == "compiled":
        return functools.partial(getattr, entropy)
    return lambda name: np.vectorize(getattr(entropy, "_" + name))


def exact_fit(b, K, kind):
    u = mpmath.exp(-b)
    one, pair = mpmath.log1p((K - 1) * u), mpmath.log1p((K - 2) * u + u * u)
    if kind == "collapse":
        return one
    return pair if K % 2 == 0 else ((K - 1) * pair + one) / K


def exact_slope(b, K, kind):
    u = mpmath.exp(-b)
    one = (K - 1) * u / (1 + (K - 1) * u)
    pair = ((K - 2) * u + 2 * u * u) / (1 + (K - 2) * u + u * u)
    if kind == "collapse":
        return one
    return pair if K % 2 == 0 else ((K - 1) * pair + one) / K


@functools.cache
def reference(kappa, L, K, kind):
    """(scale, loss) to 50 digits: the sign of -g' b^q - kappa on a fine grid, then bisection.

    The grid makes no use of the number of critical scales; the least loss of all minima and of
    zero is returned.
    """
    with mpmath.workdps(50):
        q, strength = mpmath.mpf(L - 1) / (L + 1), mpmath.mpf(kappa)

        def excess(b):
            return exact_slope(b, K, kind) * b**q - strength

        best = mpmath.mpf(0), mpmath.log(K)
        grid = [mpmath.mpf(10) ** (mpmath.mpf(i) / 10) for i in range(-80, 31)]
        for low, high in zip(grid, grid[1:], strict=False):
            if excess(low) > 0 > excess(high):
                for _ in range(170):
                    middle = (low + high) / 2
                    low, high = (middle, high) if excess(middle) > 0 else (low, middle)
                loss = exact_fit(low, K, kind) + (L + 1) * strength / 2 * low ** (1 - q)
                best = min(best, (low, loss), key=lambda pair: pair[1])
        return best


@pytest.mark.parametrize("kind", ["collapse", "pairs"])
@pytest.mark.parametrize("K", CLASSES)
def test_scale_and_loss_agree_with_50_digits(form, kind, K):
    for L in LAYERS:
        for kappa in (1e-300, 1e-9, 1e-3, 0.03, 0.3):
            scale, loss = reference(kappa, L, K, kind)
            assert abs(form(kind + "_loss")(kappa, L, K) - loss) <= 1e-14 * loss
            assert abs(form(kind + "_scale")(kappa, L, K) - scale) <= 1e-13 * scale


@pytest.mark.parametrize("kind", ["collapse", "pairs"])
@pytest.mark.parametrize("K", CLASSES)
def test_fit_is_stable_up_to_logits_of_a_thousand(form, kind, K):
    scales = np.array([0.0, 1e-12, 0.1, 1.0, 10.0, 300.0, 700.0, 1000.0])
    for scale, value in zip(scales, form(kind + "_fit")(scales, K), strict=True):
        with mpmath.workdps(50):
            exact = exact_fit(mpmath.mpf(scale), K, kind)
            # Below 1e-307 float64 itself has fewer digits.
            assert abs(value - exact) <= max(1e-14 * exact, mpmath.mpf(5e-323))


def test_known_losses():
    """THEORY.md section 4: (K, L, n, lam) with kappa = lam n^(1/(L+1)) c."""
    def kappa(c, L, n, lam):
        return c * lam * n ** (1 / (L + 1))

    def pairs(K, L):
        return K / 2 * 4 ** (1 / (L + 1))

    for K, L, n, lam, collapse, paired in (
            (10, 2, 5, 2**-10, 0.0906622, 0.0800127), (4, 2, 1, 1e-3, 0.0188949, 0.0192415),
            (10, 6, 1, 1e-4, 0.0063994, 0.0043636)):
        assert entropy.collapse_loss(kappa(K - 1, L, n, lam), L, K) == pytest.approx(
            collapse, abs=5e-8)
        assert entropy.pairs_loss(kappa(pairs(K, L), L, n, lam), L, K) == pytest.approx(
            paired, abs=5e-8)


# The lemma: log(-g') is concave in the scale, for every K, so there are two critical scales at
# most.  With u = e^-b in (0, 1), g'^2-type quotients are positive: polynomials in x >= 0 with
# u = 1/(1+x), and in j >= 0 with K shifted to its least value, have no negative coefficient.

def convexity_numerator(slope, k, least):
    """Numerator of (g'' )^2 - g' g''' (that is, -(log -g')'' g'^2) in shifted variables."""
    u, x, j = sympy.Symbol("u"), sympy.Symbol("x"), sympy.Symbol("j")

    def derivative(f):
        return -u * sympy.diff(f, u)

    quotient = derivative(slope) ** 2 - slope * derivative(derivative(slope))
    top, bottom = sympy.fraction(sympy.factor(quotient))
    shifted = sympy.numer(sympy.together(top.subs({k: least + j, u: 1 / (1 + x)})))
    return sympy.Poly(sympy.expand(shifted), x, j), sympy.Poly(sympy.expand(bottom), u, k)


def test_log_slope_is_concave_for_all_classes():
    u, k = sympy.Symbol("u"), sympy.Symbol("k")  # k = K - 2
    pair = u * (k + 2 * u) / (1 + k * u + u**2)
    one = (k + 1) * u / (1 + (k + 1) * u)
    odd = ((k + 1) * pair + one) / (k + 2)
    for slope, least in ((one, 0), (pair, 2), (odd, 1)):
        top, bottom = convexity_numerator(slope, k, least)
        assert all(c > 0 for c in top.coeffs()) and all(c > 0 for c in bottom.coeffs())
    # K = 2 in a pair is K = 2 alone, at half the scale.
    assert sympy.simplify(pair.subs(k, 0) - 2 * one.subs({k: 0, u: u**2})) == 0


@given(st.floats(1e-12, 2), st.integers(1, 300), st.integers(2, 10**7), st.floats(0, 60),
       st.sampled_from(["collapse", "pairs"]))
def test_no_scale_does_better(kappa, L, K, b, kind):
    fit, least = (getattr(entropy, f"{kind}_{name}") for name in ("fit", "loss"))
    loss = fit(b, K) + (L + 1) / 2 * kappa * b ** (2 / (L + 1))
    assert least(kappa, L, K) <= loss * (1 + 1e-13)


@given(st.floats(1e-300, 2), st.integers(1, 300), st.integers(2, 10**7))
def test_zero_scale_means_the_loss_of_zero(kappa, L, K):
    for kind in ("collapse", "pairs"):
        scale, loss = (getattr(entropy, f"{kind}_{name}")(kappa, L, K)
                       for name in ("scale", "loss"))
        assert (scale == 0) == (loss == math.log(K))


def test_compiled_and_python_forms_agree():
    rng = np.random.default_rng(5)
    kappas, L = np.exp(rng.uniform(-30, 1, 500)), rng.integers(1, 12, 500)
    K = rng.integers(2, 50, 500)
    for name in ("collapse_scale", "collapse_loss", "pairs_scale", "pairs_loss"):
        compiled = getattr(entropy, name)(kappas, L, K)
        python = np.vectorize(getattr(entropy, "_" + name))(kappas, L, K)
        assert compiled == pytest.approx(python, rel=1e-14, abs=1e-300)


@pytest.mark.parametrize("arguments", [
    (-1e-3, 2, 10), (math.nan, 2, 10), (0.1, 0, 10), (0.1, 1.5, 10), (0.1, math.inf, 10),
    (0.1, 2, 1), (0.1, 2, 2.5), (0.1, 2, math.nan)])
def test_outside_the_domain_the_result_is_nan(form, arguments):
    for name in ("collapse_scale", "collapse_loss", "pairs_scale", "pairs_loss"):
        assert np.isnan(form(name)(*arguments))


def test_limits_of_kappa(form):
    for kind in ("collapse", "pairs"):
        assert form(kind + "_loss")(0.0, 3, 10) == 0
        assert form(kind + "_scale")(0.0, 3, 10) == math.inf
        assert form(kind + "_loss")(math.inf, 3, 10) == math.log(10)
        assert form(kind + "_scale")(1e300, 3, 10) == 0
