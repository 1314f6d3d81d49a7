"""The perceptron against a plain re-statement, finite differences and high precision."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nctheory import InputError
from nctheory.activations import ACTIVATIONS
from nctheory.losses import LOSSES
from nctheory.trained import Architecture, Network
from nctheory.trained.network import KERNELS

# Every example of both registries: an activation or a loss without a kernel fails here.
WORDS = [[word for kind in registry.values() for word in kind.examples]
         for registry in (ACTIVATIONS, LOSSES)]
CASES = list(itertools.product(*WORDS, (True, False), (0, 1, 2)))


def problem(activation="relu", loss="ce", bias=True, head=0, rows=7, seed=0):
    rng = np.random.default_rng(seed)
    network = Network.initialised(Architecture((5, 6, 4, 3), activation, loss, bias, head), rng)
    network.feature_penalty = 0.7 if head else 0.0
    for b in network.biases:
        b[:] = 0.3 * rng.standard_normal(b.shape)
    return network, rng.standard_normal((rows, 5)), rng.integers(0, 3, rows)


def plain_loss(network, x, labels, decays=(0, 0, 0)):
    """One sample at a time, one formula a line."""
    act = {"relu": lambda a: np.where(a > 0, a, 0), "tanh": np.tanh, "linear": lambda a: a,
           "leaky:a=1/10": lambda a: np.where(a > 0, a, a / 10)}
    smoothing = {"ce": 0, "mse": None}.get(network.architecture.loss, 0.1)
    head, total = network.architecture.head, 0
    for row, label in zip(x, labels):
        z = row
        for l, w in enumerate(network.weights):
            z = w @ z + (network.biases[l] if l < len(network.biases) else 0)
            if head and l == 2 - head:
                total += network.feature_penalty / 2 * np.sum(z**2)
            elif l < len(network.weights) - 1:
                z = act[network.architecture.activation](z)
        if smoothing is not None:
            for k, v in enumerate(z):
                share = smoothing / len(z) + (1 - smoothing) * (k == label)
                total -= share * math.log(math.exp(v) / sum(math.exp(v) for v in z))
        else:
            total += sum((v - (k == label)) ** 2 for k, v in enumerate(z)) / 2
    return total / len(x) + sum(d / 2 * np.sum(w**2) for d, w in zip(decays, network.weights))


@pytest.mark.parametrize("activation, loss, bias, head", CASES)
def test_loss_and_gradient(activation, loss, bias, head):
    network, x, labels = problem(activation, loss, bias, head)
    assert len(network.biases) == (3 - head) * bias
    decays = np.array([0.1, 0.02, 0.3])
    value = network.objective(x, labels, decays)
    gradient = network.gradient.copy()
    assert value == pytest.approx(plain_loss(network, x, labels, decays), rel=1e-13)
    for i in range(len(gradient)):
        kept, step = network.parameters[i], 1e-6
        network.parameters[i] = kept + step
        above = plain_loss(network, x, labels, decays)
        network.parameters[i] = kept - step
        below = plain_loss(network, x, labels, decays)
        network.parameters[i] = kept
        assert gradient[i] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8)


@settings(max_examples=20, deadline=None)
@given(activation=st.sampled_from(WORDS[0]), loss=st.sampled_from(WORDS[1]),
       head=st.integers(0, 2), order=st.permutations(range(3)), seed=st.integers(0, 99))
def test_loss_and_gradient_do_not_know_the_names_of_classes(activation, loss, head, order, seed):
    """Classes renamed and the output rows with them: the same loss, the gradient's rows moved."""
    network, x, labels = problem(activation, loss, True, head, seed=seed)
    value, gradient = network.backward(x, labels), [g.copy() for g in network.weight_gradients]
    for rows in [network.weights[-1], *([] if head else [network.biases[-1]])]:
        rows[:] = rows[list(order)]
    assert network.backward(x, np.argsort(order)[labels]) == pytest.approx(value, rel=1e-12)
    for l, (g, moved) in enumerate(zip(gradient, network.weight_gradients)):
        np.testing.assert_allclose(moved, g[list(order)] if l == 2 else g, rtol=1e-9, atol=1e-14)


def test_deltas_are_the_gradient_in_outer_products():
    """(1/N) sum_i delta_i z_i^T is the weight gradient: what the rank bound rests on."""
    network, x, labels = problem("tanh")
    loss, inputs, deltas = network.deltas(x, labels)
    assert loss == pytest.approx(plain_loss(network, x, labels), rel=1e-13)
    for l in range(3):
        np.testing.assert_allclose(network.weight_gradients[l], deltas[l].T @ inputs[l],
                                   rtol=1e-12)
    np.testing.assert_array_equal(inputs[0], x)


def test_cross_entropy_does_not_overflow():
    """Against 50 digits, where exp overflows and where softmax is 1 to 16 digits."""
    kernel = KERNELS["softmax_delta"]
    for row in ([1000.0, 990.0, -3000.0], [-800.0, -800.0, -801.0], [40.0, 0.0, 0.0]):
        for label, smoothing in itertools.product(range(3), (0.0, 0.25)):
            delta = np.empty((1, 3))
            value = kernel(np.array([row]), np.array([label]), delta,
                           smoothing)
            with mpmath.workdps(50):
                total = mpmath.fsum(mpmath.exp(v) for v in row)
                wanted = [(1 - smoothing) * (k == label) + mpmath.mpf(smoothing) / 3
                          for k in range(3)]
                exact = mpmath.log(total) - mpmath.fsum(
                    t * v for t, v in zip(wanted, row))
                softmax = [float(mpmath.exp(v) / total - t) for v, t in zip(row, wanted)]
            assert value == pytest.approx(float(exact), rel=1e-13)
            assert delta[0] == pytest.approx(softmax, rel=1e-13, abs=2e-16)


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_equal_their_python_bodies(name):
    rng = np.random.default_rng(0)
    labels, output = rng.integers(0, 4, 9), rng.standard_normal((9, 4))
    results = []
    for kernel in (KERNELS[name], KERNELS[name].py_func):
        delta = np.ones((9, 4))
        arguments = {"times_one_minus_square": (delta, output),
                     "times_leak": (delta, output, 0.3),
                     "softmax_delta": (output, labels, delta, 0.2),
                     "squared_delta": (output, labels, delta)}[name]
        results.append((kernel(*arguments), delta))
    assert results[0][0] == results[1][0] or results[0][0] == pytest.approx(results[1][0])
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-14)


def test_buffers_do_not_leak_between_calls():
    """A smaller batch after a larger one, and features that are copies."""
    network, x, labels = problem()
    features = network.features(x)
    kept = [f.copy() for f in features]
    network.forward(x[:2] + 1)
    for f, k in zip(features, kept):
        np.testing.assert_array_equal(f, k)
    assert network.backward(x[:3], labels[:3]) == pytest.approx(
        plain_loss(network, x[:3], labels[:3]), rel=1e-13)
    np.testing.assert_array_equal(network.predict(x), network.forward(x)[-1].argmax(axis=1))


@pytest.mark.parametrize("arguments, message", [
    (dict(widths=(5,)), "widths must name at least the input and the classes"),
    (dict(widths=(5, 0)), r"widths\[1\] must be an integer at least 1, got 0"),
    (dict(widths=(5, 2), activation="gelu"), "activation must be one of"),
    (dict(widths=(5, 2), activation="identity"), "activation must be one of .*linear"),
    (dict(widths=(5, 2), loss="hinge"), "loss must be one of"),
    (dict(widths=(5, 4, 2), head=2), "head must be an integer between 0 and 1, got 2"),
])
def test_bad_architecture_is_named(arguments, message):
    with pytest.raises(InputError, match=message):
        Architecture(**arguments)
