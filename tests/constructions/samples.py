"""Constructions that several files test with."""

import numpy as np

from nctheory import Features


def points_of_a_square():
    """Four classes at the corners of a square in the cone: rank 3, algebraic singular values."""
    F = np.array([[1, 1, 2, 2], [1, 2, 1, 2], [1, 1, 1, 1]])
    V = np.array([[-2, -2, 7], [-2, 2, -1], [2, -2, -1], [2, 2, -7]])
    return Features(features=F, rows=V, name="square")
