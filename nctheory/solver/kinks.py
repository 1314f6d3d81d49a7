"""Pre-activations that are 0, as equations on the parameters."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nctheory.network import Array, Parameters, activate, forward, pack
from nctheory.problem import Problem


def kink_jacobian(parameters: Parameters, problem: Problem, kinks: Sequence[Array],
                  slopes: Sequence[Array]) -> Array:
    """Gradients of the kink pre-activations (a row each), with the given slopes of sigma at
    H_2, ..., H_L.  On the tangent space, where all kinks are kept, the slopes at kinks do not
    matter."""
    features, _ = forward(parameters, problem)
    inputs = [features[0], *(activate(h, problem) for h in features[1:])]
    stacks = []
    for layer, kink in enumerate(kinks, start=2):
        unit, column = np.nonzero(kink)
        gradients = [np.zeros((unit.size, *p.shape)) for p in parameters]
        back = np.zeros((unit.size, kink.shape[0]))
        back[np.arange(unit.size), unit] = 1.0
        for l in range(layer - 1, 0, -1):
            gradients[l] = back[:, :, None] * inputs[l - 1].T[column][:, None, :]
            back = back @ parameters[l]
            if l > 1:
                back = back * slopes[l - 2].T[column]
        gradients[0][np.arange(unit.size), :, column] = back
        stacks.append(pack(gradients))
    return np.concatenate(stacks)
