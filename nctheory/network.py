"""The deep unconstrained features model in plain NumPy: the reference for every fast kernel.

Parameters are always the list [H_1, W_1, ..., W_L]; features [H_1, ..., H_L] are before sigma.
Shapes are read off the arrays, so hidden widths may differ from layer to layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nctheory import activations, losses
from nctheory.errors import InputError, require
from nctheory.problem import Problem

Array = NDArray[Any]
Parameters = list[Array]


def labels(problem: Problem) -> NDArray[np.int64]:
    """The class of each of the N columns, class by class.

    >>> labels(Problem(classes=3, layers=2, samples=(2, 1, 1)))
    array([0, 0, 1, 2])
    """
    return np.repeat(np.arange(problem.classes), problem.class_sizes)


def targets(problem: Problem) -> NDArray[np.float64]:
    """Y (K x N): its class's unit vector in each column; I_K kron 1_n^T for equal sizes."""
    return np.eye(problem.classes)[:, labels(problem)]


def check_parameters(parameters: Sequence[ArrayLike], problem: Problem) -> Parameters:
    """`parameters` as float64 (or complex) matrices that chain to K x N outputs.

    Raises
    ------
    InputError
        Where the number of matrices or a shape does not fit, or an entry is not finite.
    """
    name = "parameters"
    require(len(parameters) == problem.layers + 1, name,
            f"be the {problem.layers + 1} matrices H_1, W_1, ..., W_{problem.layers}",
            len(parameters))
    rows = None
    matrices = []
    for index, item in enumerate(parameters):
        matrix = np.asarray(item)
        if matrix.dtype != np.complex128:
            matrix = matrix.astype(np.float64)
        require(matrix.ndim == 2, f"{name}[{index}]", "be a matrix", matrix.shape)
        require(bool(np.isfinite(matrix).all()), f"{name}[{index}]", "be finite", "nan or inf")
        if index == 0:
            columns = sum(problem.class_sizes)
            require(matrix.shape[1] == columns, "H_1", f"have N = {columns} columns",
                    matrix.shape)
        else:
            require(matrix.shape[1] == rows, f"W_{index}",
                    f"have {rows} columns, one for each row of the matrix before", matrix.shape)
        rows = matrix.shape[0]
        matrices.append(matrix)
    require(rows == problem.classes, f"W_{problem.layers}",
            f"have K = {problem.classes} rows", matrices[-1].shape)
    return matrices


def activate(features: Array, problem: Problem) -> Array:
    """sigma(H), entry by entry.  Complex entries go by their real part (for complex steps)."""
    return activations.get(problem.activation)(features)


def slope(features: Array, problem: Problem) -> Array:
    """sigma'(H), with the slope from the left at a kink (a pre-activation exactly 0)."""
    return activations.get(problem.activation).slope(features)


def forward(parameters: Sequence[ArrayLike], problem: Problem) -> tuple[list[Array], Array]:
    """Run the network: ([H_1, ..., H_L], Z), features before sigma and outputs Z (K x N).

    H_2 = W_1 H_1 (no sigma on H_1), H_{l+1} = W_l sigma(H_l), Z = W_L sigma(H_L).

    Examples
    --------
    >>> problem = Problem(classes=3, layers=3)
    >>> features, outputs = forward([np.eye(3)] * 4, problem)
    >>> len(features), outputs.diagonal().tolist()
    (3, [1.0, 1.0, 1.0])
    """
    parameters = check_parameters(parameters, problem)
    inputs = _inputs(parameters, problem)
    features = [parameters[0]] + [
        weight @ x for weight, x in zip(parameters[1:-1], inputs, strict=False)
    ]
    return features, parameters[-1] @ inputs[-1]


def _inputs(parameters: Parameters, problem: Problem) -> list[Array]:
    """[X_1, ..., X_L], what W_l multiplies: X_1 = H_1, X_l = sigma(W_{l-1} X_{l-1})."""
    inputs = [parameters[0]]
    for weight in parameters[1:-1]:
        inputs.append(activate(weight @ inputs[-1], problem))
    return inputs


def _slopes(inputs: list[Array], problem: Problem) -> list[Array]:
    """sigma' at H_2, ..., H_L: sigma(H) > 0 exactly where H > 0."""
    return [slope(x, problem) for x in inputs[1:]]


def fit(outputs: Array, problem: Problem) -> Any:
    """The mean over samples of the problem's loss of their outputs (see `nctheory.losses`)."""
    return losses.get(problem.loss).fit(outputs, labels(problem))


def regularisation(parameters: Sequence[Array], problem: Problem) -> Any:
    """1/2 lam_H |H_1|_F^2 + 1/2 sum_l lam_l |W_l|_F^2."""
    return sum(decay * np.sum(matrix * matrix)
               for decay, matrix in zip(problem.decays, parameters, strict=True)) / 2


def loss(parameters: Sequence[ArrayLike], problem: Problem) -> Any:
    """fit + regularisation, the function that is minimised.

    Examples
    --------
    The optimal orthogonal frame for K = 2, L = 1 and lam = 1/4 has z = 1/2: loss 3/8.

    >>> problem = Problem(classes=2, layers=1, weight_decay=0.25)
    >>> round(float(loss([0.5**0.5 * np.eye(2)] * 2, problem)), 12)
    0.375
    """
    parameters = check_parameters(parameters, problem)
    _, outputs = forward(parameters, problem)
    return fit(outputs, problem) + regularisation(parameters, problem)


def output_gradient(outputs: Array, problem: Problem) -> Array:
    """d fit / d Z (K x N)."""
    return losses.get(problem.loss).gradient(outputs, labels(problem))


def gradient(parameters: Sequence[ArrayLike], problem: Problem,
             slopes: Sequence[Array] | None = None) -> Parameters:
    """The gradient of `loss`, a matrix for each of [H_1, W_1, ..., W_L].

    `slopes`, one matrix for each of H_2, ..., H_L, replaces sigma' in the chain rule: at a kink
    (a pre-activation exactly 0) any value between its two slopes is allowed there; that from the
    left is the default.
    """
    parameters = check_parameters(parameters, problem)
    inputs = _inputs(parameters, problem)
    slopes = _slopes(inputs, problem) if slopes is None else slopes
    upstream = output_gradient(parameters[-1] @ inputs[-1], problem)
    gradients = []
    for layer in range(problem.layers, 0, -1):
        weight, x = parameters[layer], inputs[layer - 1]
        gradients.append(upstream @ x.T + problem.decays[layer] * weight)
        upstream = weight.T @ upstream
        if layer > 1:
            upstream = upstream * slopes[layer - 2]
    gradients.append(upstream + problem.decays[0] * parameters[0])
    return gradients[::-1]


def hessian_vector_product(parameters: Sequence[ArrayLike], direction: Sequence[ArrayLike],
                           problem: Problem,
                           slopes: Sequence[Array] | None = None) -> Parameters:
    """d/dt gradient(parameters + t direction) at t = 0, away from kinks.

    The exact derivative of the backward pass (sigma'' = 0), at about twice its cost.  With
    `slopes` (as in `gradient`) it is the Hessian of the Lagrangian of a point held on its
    kinks, whose multipliers they are: of use on directions that keep the kinks.  Stacks of
    directions (a leading axis) give stacks of products.

    Examples
    --------
    >>> problem = Problem(classes=2, layers=1, weight_decay=0.25)
    >>> start = [np.zeros((2, 2))] * 2
    >>> hessian_vector_product(start, [np.eye(2)] * 2, problem)[0].round(3).tolist()
    [[-0.25, 0.0], [0.0, -0.25]]
    """
    parameters = check_parameters(parameters, problem)
    moves = [np.asarray(matrix) for matrix in direction]
    require([a.shape for a in parameters] == [a.shape[-2:] for a in moves], "direction",
            "have the shapes of parameters", [a.shape for a in moves])
    inputs = _inputs(parameters, problem)
    slopes = _slopes(inputs, problem) if slopes is None else slopes
    moved = [moves[0]]
    for layer in range(1, problem.layers):
        change = moves[layer] @ inputs[layer - 1] + parameters[layer] @ moved[-1]
        moved.append(change * slopes[layer - 1])
    outputs = parameters[-1] @ inputs[-1]
    upstream = output_gradient(outputs, problem)
    dup = output_hessian(outputs, moves[-1] @ inputs[-1] + parameters[-1] @ moved[-1],
                         problem)
    products = []
    for layer in range(problem.layers, 0, -1):
        weight, dweight = parameters[layer], moves[layer]
        x, dx = inputs[layer - 1], moved[layer - 1]
        products.append(dup @ x.T + upstream @ dx.swapaxes(-1, -2)
                        + problem.decays[layer] * dweight)
        dup = dweight.swapaxes(-1, -2) @ upstream + weight.T @ dup
        upstream = weight.T @ upstream
        if layer > 1:
            upstream, dup = upstream * slopes[layer - 2], dup * slopes[layer - 2]
    products.append(dup + problem.decays[0] * moves[0])
    return products[::-1]


def output_hessian(outputs: Array, change: Array, problem: Problem) -> Array:
    """The derivative of `output_gradient` along `change`."""
    return losses.get(problem.loss).hessian(outputs, change)


def class_means(features: Array, problem: Problem) -> Array:
    """M (d x K), the mean of each class's columns of `features` (d x N).

    >>> class_means(np.array([[1.0, 3.0, 5.0]]), Problem(classes=2, layers=1, samples=(2, 1)))
    array([[2., 5.]])
    """
    require(features.shape[-1] == sum(problem.class_sizes), "features",
            f"have N = {sum(problem.class_sizes)} columns", features.shape)
    starts = np.cumsum((0,) + problem.class_sizes[:-1])
    sums = np.add.reduceat(features, starts, axis=-1)
    return np.asarray(sums / np.array(problem.class_sizes))


def collapse(problem: Problem) -> Problem:
    """The n = 1 problem that a balanced problem becomes on collapsed features.

    With H_1 = M_1 kron 1_n^T the fit is unchanged and |H_1|_F^2 = n |M_1|_F^2, so the loss is
    that of one sample a class with lam_H' = n lam_H.  No minimum is lost: for fixed weights the
    loss is a sum over samples, and giving every sample of a class the column of its best one
    cannot raise it (ours).

    Raises
    ------
    InputError
        Where class sizes differ.

    Examples
    --------
    >>> collapse(Problem(classes=4, layers=2, samples=5, weight_decay=0.01)).decays
    (0.05, 0.01, 0.01)
    """
    n = problem.balanced_samples
    head, *tail = problem.decays
    return replace(problem, samples=1, weight_decay=(n * head, *tail))


def expand(parameters: Sequence[ArrayLike], problem: Problem) -> Parameters:
    """Parameters of `collapse(problem)` as parameters of `problem`: H_1 = M_1 kron 1_n^T."""
    small = check_parameters(parameters, collapse(problem))
    return [np.repeat(small[0], problem.balanced_samples, axis=1), *small[1:]]


def pack(parameters: Sequence[Array]) -> Array:
    """One flat vector of all entries, matrix after matrix, row by row; stacks stay stacks."""
    return np.concatenate([m.reshape(*m.shape[:-2], -1) for m in parameters], axis=-1)


def unpack(vector: Array, like: Sequence[tuple[int, ...]]) -> Parameters:
    """The inverse of `pack` for matrices of the shapes `like`.

    >>> unpack(np.arange(4.0), [(1, 2), (2, 1)])[1].tolist()
    [[2.0], [3.0]]
    """
    sizes = [rows * columns for rows, columns in like]
    if vector.shape[-1] != sum(sizes):
        raise InputError(f"vector must have {sum(sizes)} entries, got {vector.shape[-1]}")
    pieces = np.split(vector, np.cumsum(sizes)[:-1], axis=-1)
    return [piece.reshape(*vector.shape[:-1], *shape)
            for piece, shape in zip(pieces, like, strict=True)]
