"""Where runs begin: one generator for each seed, so that no run depends on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from nctheory.errors import choice, nonnegative, positive, require
from nctheory.network import Array, Parameters, check_parameters
from nctheory.problem import Problem

Start = Literal["gaussian", "orthogonal", "small"]
STARTS = get_args(Start)
SMALL = 1e-2


def shapes(problem: Problem, width: int) -> list[tuple[int, int]]:
    """Shapes of [H_1, W_1, ..., W_L] for one width in all layers."""
    hidden = [(width, width)] * (problem.layers - 1)
    return [(width, sum(problem.class_sizes)), *hidden, (problem.classes, width)]


def starting_point(problem: Problem, width: int, seed: int, init: str | Sequence[ArrayLike],
                   scale: float, noise: float) -> Parameters:
    """[H_1, W_1, ..., W_L] of one run.

    "gaussian": entries N(0, scale^2 / width).  "orthogonal": orthonormal rows or columns, times
    scale.  "small": gaussian with 1/100 of its scale.  A list of matrices: these, padded with
    zeros to the width, plus gaussian noise of scale `noise` (0: exactly these).
    """
    scale, noise = positive("scale", scale), nonnegative("noise", noise)
    rng = np.random.default_rng(seed)
    gaussian = [rng.standard_normal(shape) / np.sqrt(width) for shape in shapes(problem, width)]
    if not isinstance(init, str):
        given = check_parameters(init, problem)
        needed = max(matrix.shape[0] for matrix in given[:-1])
        require(needed <= width, "width", f"be at least {needed}, as wide as init", width)
        for matrix, drawn in zip(given, gaussian, strict=True):
            drawn *= noise
            drawn[:matrix.shape[0], :matrix.shape[1]] += matrix
        return gaussian
    choice("init", init, STARTS)
    if init == "orthogonal":
        return [scale * _orthogonal(matrix) for matrix in gaussian]
    return [scale * (SMALL if init == "small" else 1.0) * matrix for matrix in gaussian]


def _orthogonal(matrix: Array) -> Array:
    """The orthogonal factor of a gaussian matrix: uniform over orthonormal frames."""
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    return np.asarray(left @ right)
