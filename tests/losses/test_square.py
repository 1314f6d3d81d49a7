"""The loss ufuncs against exact and 50-digit arithmetic, compiled and in pure Python."""

import functools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nctheory import Problem, losses
from nctheory.losses import square

NAMES = ["optimal_scale", "minimal_loss", "critical_kappa", "zero_is_optimal", "kappa"]
LAYERS = [1, 2, 3, 4, 5, 8, 20, 100, 1000]


@pytest.fixture(params=["compiled", "python"])
def form(request):
    """name -> the ufunc, or its scalar body applied to each element without Numba."""
    if request.param == "compiled":
        return functools.partial(getattr, losses)
    return lambda name: np.vectorize(getattr(square, "_" + name))


# Reference: the larger root of 1 - z = kappa z^(-q), bracketed, and the loss itself there.

@functools.cache
def reference(kappa, layers):
    """(z*, f*) to 50 digits beyond those that 1 - z loses."""
    digits = 60 + max(0, round(-math.log10(kappa)))
    with mpmath.workdps(digits):
        strength, q = mpmath.mpf(kappa), mpmath.mpf(layers - 1) / (layers + 1)
        margin = mpmath.mpf(10) ** (8 - digits)
        z, step = mpmath.mpf(1), mpmath.mpf(1)
        while abs(step) > margin:  # Newton decreases to the root, where there is one
            step = (strength * z**-q - (1 - z)) / (1 - strength * q * z ** (-q - 1))
            z -= step
            if z <= 0 or step < -margin:
                return mpmath.mpf(0), mpmath.mpf(1) / 2
        assert all(sign * (1 - y - strength * y**-q) > 0
                   for sign, y in ((1, z - margin), (-1, z + margin)))
        value = (1 - z)**2 / 2 + (layers + 1) * strength * z**(1 - q) / 2
        return (z, value) if 2 * value < 1 else (mpmath.mpf(0), mpmath.mpf(1) / 2)


def around(kappa):
    """`kappa` times 1 +- 10^-k, and its float64 neighbours."""
    yield from (kappa * (1 + sign * 10.0**-k) for k in range(1, 16) for sign in (1, -1))
    below = above = kappa
    for _ in range(2):
        below, above = math.nextafter(below, 0), math.nextafter(above, 1)
        yield from (below, above)


@pytest.mark.parametrize("layers", LAYERS)
def test_scale_and_loss_agree_with_50_digits(form, layers):
    critical = losses.critical_kappa(layers)
    kappas = np.array([*10.0 ** np.linspace(-300, 1, 44), *around(critical),
                       *critical * np.linspace(0.02, 0.99, 33)])
    scales, values = form("optimal_scale")(kappas, layers), form("minimal_loss")(kappas, layers)
    for kappa, scale, value in np.stack([kappas, scales, values], axis=1).tolist():
        exact_scale, exact_value = reference(kappa, layers)
        assert abs(value - exact_value) <= 5e-16 * exact_value, kappa
        # z* jumps at kappa_c: next to it see test_zero_is_optimal_is_decided_exactly.
        if abs(kappa - critical) > 2 * math.ulp(critical):
            assert abs(scale - exact_scale) <= 5e-16 * exact_scale, kappa


def exactly_zero(kappa, layers):
    """kappa^(L+1) >= (L-1)^(L-1) / L^(2L), in integers."""
    top, bottom = kappa.as_integer_ratio()
    return (top ** (layers + 1) * layers ** (2 * layers)
            >= (layers - 1) ** (layers - 1) * bottom ** (layers + 1))


def test_zero_is_optimal_is_decided_exactly(form):
    """But for at most one float64 next to kappa_c, for each L; that is what is documented."""
    zero, critical = form("zero_is_optimal"), form("critical_kappa")
    for layers in (*range(1, 201), *range(250, 1001, 50)):
        middle = float(critical(layers))
        near = middle + np.arange(-4, 5) * math.ulp(middle)
        mistakes = sum(exactly_zero(kappa, layers) != claim for kappa, claim in zip(
            near.tolist(), zero(near, layers), strict=True))
        assert mistakes <= 1
    assert exactly_zero(float(critical(1)), 1) and critical(1) == 1


def test_critical_kappa_is_right_to_one_ulp(form):
    layers = np.array([*range(1, 1001), 10**4, 10**6, 10**9])
    for number, value in zip(layers.tolist(), form("critical_kappa")(layers), strict=True):
        with mpmath.workdps(50):
            exact = (mpmath.mpf(number - 1) / number) ** (
                mpmath.mpf(number - 1) / (number + 1)) / number
            assert abs(float(value) - exact) < math.ulp(value)


def test_zero_scale_and_loss_one_half_agree(form):
    layers = np.array(LAYERS)[:, None]
    critical = losses.critical_kappa(layers)
    kappas = critical * (1 + np.arange(-40, 41) * 2.0**-53)
    scales, values = form("optimal_scale")(kappas, layers), form("minimal_loss")(kappas, layers)
    zero = form("zero_is_optimal")(kappas, layers)
    assert np.array_equal(zero, kappas >= critical)
    assert np.array_equal(zero, scales == 0)
    assert (values[zero] == 0.5).all() and (values <= 0.5).all()
    # The other minimum at kappa_c is (L-1)/L; from below z* tends to it.
    ends = form("optimal_scale")(np.nextafter(critical, 0), layers)
    assert ends == pytest.approx((layers - 1) / layers, rel=1e-14, abs=2.0**-53)


def test_one_layer_is_soft_thresholding(form):
    kappas = np.array([0.0, 5e-324, 1e-300, 0.1, 1 / 3, 0.75, 1 - 2.0**-53, 1.0, 2.0, np.inf])
    expected = np.maximum(1 - kappas, 0)
    assert np.array_equal(form("optimal_scale")(kappas, 1), expected)
    shrunk = np.minimum(kappas, 1)
    assert form("minimal_loss")(kappas, 1) == pytest.approx(
        shrunk - shrunk**2 / 2, rel=3e-16, abs=0)


def test_published_reference_values(form):
    # THEORY: deep neural collapse (c = K), n = 1, lam = 0.004.
    kappas = form("kappa")([5 * math.log(10), 4 * math.log(10), 5 * math.log(6)], 1, [4, 3, 4],
                           math.log(0.004))
    assert form("minimal_loss")(kappas, [4, 3, 4]) == pytest.approx(
        [0.0991799, 0.0791833, 0.0597077], abs=5e-8)


@pytest.mark.parametrize("log_cost, samples, layers, decays", [
    (5 * math.log(10), 5, 4, (0.004,) * 5),
    (0.0, 1, 1, (1e-3, 1e3)),
    (7001.25, 10**6, 1000, (1e-5,) * 500 + (0.3,) * 501),
    (-3.5, 2, 3, (1e-290, 1e-300, 1e-301, 1e-305)),
    (40.0, 10**9, 20, (1e-250,) * 21),
])
def test_kappa_from_logarithms(form, log_cost, samples, layers, decays):
    log_decay = Problem(classes=2, layers=layers, weight_decay=decays).log_decay
    with mpmath.workdps(50):
        exact = mpmath.exp(mpmath.fsum(map(mpmath.log, decays)) / (layers + 1) + (
            mpmath.log(samples) + mpmath.mpf(log_cost)) / (layers + 1))
    kappa = float(form("kappa")(log_cost, samples, layers, log_decay))
    assert abs(kappa - exact) < 1e-13 * exact
    value = float(form("minimal_loss")(kappa, layers))
    assert abs(value - reference(float(exact), layers)[1]) < 1e-13 * value


# Laws

kappas = st.floats(0, 1.5) | st.floats(1e-300, 1e-3)
depths = st.integers(1, 1000)


@given(kappas, depths, st.floats(0, 1))
def test_no_scale_does_better(kappa, layers, z):
    loss = 0.5 * (1 - z)**2 + 0.5 * (layers + 1) * kappa * z ** (2 / (layers + 1))
    assert losses.minimal_loss(kappa, layers) <= loss * (1 + 1e-14)


@given(kappas, depths)
def test_the_optimal_scale_is_stationary_and_attains_the_loss(kappa, layers):
    z = float(losses.optimal_scale(kappa, layers))
    value = float(losses.minimal_loss(kappa, layers))
    assert value == pytest.approx(
        0.5 * (1 - z)**2 + 0.5 * (layers + 1) * kappa * z ** (2 / (layers + 1)), rel=1e-13)
    if z > 0:
        assert 1 - z == pytest.approx(
            kappa * z ** (-(layers - 1) / (layers + 1)), rel=1e-13, abs=1e-15)
        assert z >= (layers - 1) / layers * (1 - 1e-14)


@given(depths, st.floats(1e-300, 1), st.floats(1e-12, 1))
def test_the_loss_increases_strictly_below_kappa_c(layers, fraction, step):
    low = fraction * float(losses.critical_kappa(layers))
    high = min(low * (1 + step), float(losses.critical_kappa(layers)))
    if layers == 1:  # flat at kappa_c = 1: there f* rounds to 1/2 before
        high = min(high, 1 - 1e-6)
    if high > low * (1 + 1e-13):
        assert losses.minimal_loss(low, layers) < losses.minimal_loss(high, layers)


@given(kappas, kappas, depths)
def test_the_loss_is_concave_in_kappa(one, other, layers):
    # A minimum of functions affine in kappa.
    ends = losses.minimal_loss([one, other], layers)
    assert losses.minimal_loss((one + other) / 2, layers) >= ends.mean() * (1 - 1e-14)


# NumPy's rules

def sample(name, size=999):
    """Arguments in and out of the domain, most in it."""
    rng = np.random.default_rng(7)
    strengths = np.exp(rng.uniform(-8, 0.3, size))
    depth = rng.integers(0, 30, size).astype(float)
    depth[::50] += 0.5
    strengths[::60] *= -1
    if name == "critical_kappa":
        return (depth,)
    if name == "kappa":
        return rng.uniform(-5, 700, size), rng.integers(0, 9, size) * 1.0, depth, -strengths
    return strengths, depth


@pytest.mark.parametrize("name", NAMES)
def test_compiled_and_python_forms_agree_to_the_bit(name):
    arguments = sample(name)
    with np.errstate(all="ignore"):
        compiled = getattr(losses, name)(*arguments)
    python = np.vectorize(getattr(square, "_" + name))(*arguments)
    if name == "kappa":  # exp and log are the C library's
        assert np.allclose(compiled, python, rtol=1e-15, atol=0, equal_nan=True)
    else:
        assert np.array_equal(compiled, python, equal_nan=compiled.dtype != bool)


@pytest.mark.parametrize("name", NAMES)
def test_shapes_strides_and_out_change_nothing(name):
    function, arguments = getattr(losses, name), sample(name)
    assert isinstance(function, np.ufunc) and function.__name__ == name
    with np.errstate(all="ignore"):
        expected = function(*arguments)
        spread = [np.repeat(argument, 2)[::-2] for argument in arguments]
        out = np.zeros(2 * expected.size, expected.dtype)[::2]
        assert function(*spread, out=out) is out
        assert np.array_equal(out, expected[::-1], equal_nan=expected.dtype != bool)
        for i in range(0, expected.size, 37):
            one = function(*(argument[i] for argument in arguments))
            assert type(one) is expected.dtype.type
            assert one == expected[i] or np.isnan(expected[i])
        chosen = np.arange(expected.size) % 3 == 0
        out = np.ones_like(expected)
        function(*arguments, out=out, where=chosen)
    assert np.array_equal(out[chosen], expected[chosen], equal_nan=expected.dtype != bool)
    assert (out[~chosen] == 1).all()


def test_broadcasting():
    table = losses.minimal_loss(np.array([[0.01], [0.02]]), np.arange(1, 6))
    assert table.shape == (2, 5)
    assert np.array_equal(table[1], [losses.minimal_loss(0.02, l) for l in range(1, 6)])
    # One kappa or one L for all: other loops, the same numbers.
    many = np.linspace(0.01, 0.6, 57)
    assert np.array_equal(losses.optimal_scale(many, 3), losses.optimal_scale(many, [3] * 57))


@pytest.mark.parametrize("kind", ["bool", "int8", "uint16", "int64", "uint64", "float32"])
def test_everything_is_computed_in_float64(kind):
    for name, result in zip(NAMES, "ddd?d", strict=True):
        function = getattr(losses, name)
        ones = [np.ones(3, kind)] * function.nin
        assert function(*ones).dtype == np.dtype(result)
        assert np.array_equal(function(*ones), function(*(one.astype(float) for one in ones)))
    assert losses.minimal_loss(np.float32(0.1), 4) == losses.minimal_loss(
        float(np.float32(0.1)), 4)


@pytest.mark.parametrize("kind", ["longdouble", "complex128", "object", "U3"])
def test_other_dtypes_are_refused(kind):
    with pytest.raises(TypeError):
        losses.minimal_loss(np.ones(3, kind), 4)


VALID = [0.0, 5e-324, 1e-308, 1e-300, 1e-17, 0.1, 1 / 3, 0.5, 1.0, 10.0, 1e300, math.inf]


@pytest.mark.parametrize("name", ["optimal_scale", "minimal_loss", "zero_is_optimal"])
def test_valid_input_gives_neither_nan_nor_warning(name):
    """Long enough for every loop; a warning would be an error here."""
    strengths, depth = np.meshgrid(VALID, [1, 2, 3, 4, 7, 50, 1000, 10**6, 2.0**53])
    function = getattr(losses, name)
    for result in (function(strengths, depth), function(strengths, depth.T[0][:, None]),
                   *(function(strengths, number) for number in (1, 2, 1000))):
        assert ((0 <= result) & (result <= 1)).all()


@pytest.mark.parametrize("strength, depth", [
    (-1e-300, 3), (-math.inf, 3), (math.nan, 3), (0.1, 0), (0.1, -1), (0.1, -2), (0.1, 0.5),
    (0.1, 1.5), (0.1, math.nan), (0.1, math.inf), (0.1, -math.inf)])
def test_outside_the_domain_the_result_is_nan(form, strength, depth):
    with np.errstate(all="ignore"):
        for size in (1, 40):
            args = np.full(size, strength, float), np.full(size, depth, float)
            assert np.isnan(form("optimal_scale")(*args)).all()
            assert np.isnan(form("minimal_loss")(*args)).all()
            assert not form("zero_is_optimal")(*args).any()
            if strength == 0.1:
                assert np.isnan(form("critical_kappa")(args[1])).all()
                assert np.isnan(form("kappa")(1.0, 1.0, args[1], -5.0)).all()
        for samples in (0, -1, math.nan):
            assert np.isnan(form("kappa")(1.0, samples, 3, -5.0))


def test_kappa_reaches_zero_and_infinity():
    assert losses.kappa(-np.inf, 1, 3, 0.0) == 0
    with np.errstate(over="ignore"):
        assert losses.kappa(1e4, 1, 3, 0.0) == np.inf
    assert losses.minimal_loss(np.inf, 3) == 0.5
