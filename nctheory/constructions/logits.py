"""Constructions given by their logits: outputs that only a centred loss calls right."""

from __future__ import annotations

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.base import Construction
from nctheory.constructions.factors import Aligned, Network
from nctheory.errors import InputError
from nctheory.losses import Loss, Outputs


class Logits(Construction, Outputs):
    r"""Class-mean logits Z = beta S of a collapsed solution under cross-entropy.

    In the linear model S is all: its best factors are aligned and balanced, and
    P^(1/(L+1)) = sum_i s_i^(2/(L+1)), s_i the singular values of S [GK25].  In the ReLU model a
    family also states its factors.
    """

    home = ("ce", "linear")

    def outputs(self, loss: Loss) -> Outputs:
        if not loss.centred:
            raise InputError(f"loss must be 'ce' for {self.label}, got {loss.word!r}")
        return self

    def network(self, loss: Loss, activation: PiecewiseLinear) -> Network:
        self.outputs(loss)
        return Aligned(self) if activation.linear else self.nonlinear(activation)

    def nonlinear(self, activation: PiecewiseLinear) -> Network:
        """The network that makes S through a (leaky) ReLU, where there is one."""
        raise InputError(f"activation must be 'linear' for {self.label}, "
                         f"got {activation.word!r}")
