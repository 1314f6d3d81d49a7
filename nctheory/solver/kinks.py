"""Pre-activations that are 0, as equations on the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nctheory.network import Array, Parameters, activate, forward, pack
from nctheory.problem import Problem


def kink_jacobian(parameters: Parameters, problem: Problem, kinks: Sequence[Array]) -> Array:
    """Gradients of the kink pre-activations (a row each), all other kinks held at 0."""
    features, _ = forward(parameters, problem)
    inputs = [features[0], *(activate(h, problem) for h in features[1:])]
    rows = []
    for layer, kink in enumerate(kinks, start=2):
        for i, c in np.argwhere(kink):
            gradients = [np.zeros(p.shape) for p in parameters]
            back = np.zeros(len(features[layer - 1]))
            back[i] = 1.0
            for l in range(layer - 1, 0, -1):
                gradients[l] = np.outer(back, inputs[l - 1][:, c])
                back = parameters[l].T @ back
                if l > 1:
                    back = back * ((features[l - 1][:, c] > 0) & ~kinks[l - 2][:, c])
            gradients[0][:, c] = back
            rows.append(pack(gradients))
    return np.array(rows).reshape(len(rows), sum(p.size for p in parameters))
