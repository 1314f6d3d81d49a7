"""The reference model: gradients against complex steps, products against differences."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nctheory.errors import InputError
from nctheory.network import (
    class_means,
    collapse,
    expand,
    fit,
    forward,
    gradient,
    hessian_vector_product,
    loss,
    pack,
    targets,
    unpack,
)
from nctheory.problem import Problem

PROBLEMS = [
    Problem(classes=3, layers=layers, samples=samples, loss=kind, activation=activation,
            weight_decay=tuple(0.1 + 0.03 * i for i in range(layers + 1)))
    for layers in (1, 2, 4) for samples in (1, 2, (3, 1, 2))
    for kind in ("mse", "ce") for activation in ("relu", "linear")
]


def shapes(problem, hidden=(5, 4, 6, 5)):
    """Hidden widths that differ from layer to layer."""
    sizes = [sum(problem.class_sizes), *hidden[:problem.layers], problem.classes]
    return [(sizes[i + 1], sizes[i]) for i in range(problem.layers + 1)]


def draw(problem, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes(problem)]


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_gradient_against_complex_steps_and_differences(problem):
    start, like = pack(draw(problem)), shapes(problem)
    g = pack(gradient(unpack(start, like), problem))
    step = 1e-30
    complex_step = [
        loss(unpack(start + 1j * step * e, like), problem).imag / step
        for e in np.eye(start.size)
    ]
    assert_allclose(g, complex_step, rtol=1e-12, atol=1e-14)
    v = np.random.default_rng(1).standard_normal(start.size)
    ahead, behind = (loss(unpack(start + h * v, like), problem) for h in (1e-6, -1e-6))
    assert_allclose((ahead - behind) / 2e-6, g @ v, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_hessian_product_against_complex_steps_of_the_gradient(problem):
    start, like = pack(draw(problem)), shapes(problem)
    v = np.random.default_rng(1).standard_normal(start.size)
    w = np.random.default_rng(2).standard_normal(start.size)
    product = pack(hessian_vector_product(unpack(start, like), unpack(v, like), problem))
    step = 1e-30
    moved = pack(gradient(unpack(start + 1j * step * v, like), problem)).imag / step
    assert_allclose(product, moved, rtol=1e-11, atol=1e-13)
    other = pack(hessian_vector_product(unpack(start, like), unpack(w, like), problem))
    assert_allclose(product @ w, other @ v, rtol=1e-10)


@pytest.mark.parametrize("kind", ["mse", "ce"])
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_the_collapsed_problem_is_the_problem_on_collapsed_features(kind, activation):
    problem = Problem(classes=3, layers=3, samples=4, loss=kind, activation=activation,
                      weight_decay=(0.1, 0.2, 0.3, 0.4))
    small = collapse(problem)
    parameters = draw(small)
    large = expand(parameters, problem)
    assert_allclose(loss(large, problem), loss(parameters, small), rtol=1e-14)
    gradients, reduced = gradient(large, problem), gradient(parameters, small)
    # A critical point of one is a critical point of the other.
    assert_allclose(gradients[0], np.repeat(reduced[0], 4, axis=1) / 4, rtol=1e-12, atol=1e-15)
    for a, b in zip(gradients[1:], reduced[1:], strict=True):
        assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_forward_of_explicit_matrices_and_class_means():
    problem = Problem(classes=2, layers=3, samples=(2, 1))
    h = np.array([[1.0, 2.0, -1.0]])
    weights = [[[-1.0], [1.0]], np.eye(2), [[1.0, 0.0], [0.0, 2.0]]]
    features, outputs = forward([h, *weights], problem)
    assert features[1].tolist() == [[-1, -2, 1], [1, 2, -1]]
    assert features[2].tolist() == [[0, 0, 1], [1, 2, 0]]
    assert outputs.tolist() == [[0, 0, 1], [2, 4, 0]]
    assert class_means(outputs, problem).tolist() == [[0, 1], [3, 0]]


def test_cross_entropy_keeps_small_and_large_losses():
    problem = Problem(classes=3, layers=1, loss="ce")
    # log(1 + 2 exp(-alpha)), by its series and by its asymptote
    assert_allclose(fit(80 * targets(problem), problem), 2 * np.exp(-80.0), rtol=1e-14)
    assert_allclose(fit(-800 * targets(problem), problem), 800 + np.log(2), rtol=1e-14)


@pytest.mark.parametrize(("parameters", "message"), [
    ([np.eye(2)] * 2, "parameters must be the 3 matrices"),
    ([np.ones((2, 3)), np.eye(2), np.eye(2)], "H_1 must have N = 2 columns"),
    ([np.eye(2), np.ones((2, 3)), np.eye(2)], "W_1 must have 2 columns"),
    ([np.eye(2), np.eye(2), np.ones((3, 2))], "W_2 must have K = 2 rows"),
    ([np.eye(2), np.eye(2) * np.nan, np.eye(2)], r"parameters\[1\] must be finite"),
])
def test_shapes_that_do_not_chain_are_refused(parameters, message):
    with pytest.raises(InputError, match=message):
        forward(parameters, Problem(classes=2, layers=2))
