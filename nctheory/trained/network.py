r"""A multilayer perceptron in plain NumPy: forward pass, loss, gradient.

    z_1 = x,   z_{l+1} = sigma(W_l z_l + b_l)  (l < L),   output = W_L z_L + b_L

With a head of h layers the network is a backbone of L - h layers under a deep unconstrained
features model: the features H = W_{L-h} z_{L-h} + b_{L-h} that the head reads are not activated,
the head has no biases, and its regulariser may penalise H (`feature_penalty`).

Samples are rows. All parameters live in one flat vector, float64 or float32, of which the
weights and biases are views: an optimiser updates one vector, a checkpoint stores one. The matrix
products dominate and are the BLAS library's; the element-wise work between them is fused in the
kernels below.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from nctheory import activations, limits, losses
from nctheory.activations import PiecewiseLinear, Tanh
from nctheory.compiled import cached
from nctheory.errors import integer, require
from nctheory.losses.cross_entropy import CrossEntropy
from nctheory.losses.mse import MeanSquaredError

Array = NDArray[np.floating[Any]]
DTYPES = ("float64", "float32")
Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Architecture:
    """Widths and functions of a multilayer perceptron.

    Parameters
    ----------
    widths : sequence of int
        (d_1, ..., d_{L+1}): the width of the input, of the hidden layers, and K.
    activation : str
        sigma, a word of `nctheory.activations`: "relu", "linear", "tanh", "leaky:a=1/10".
    loss : str
        A word of `nctheory.losses`: "ce": -log softmax(output)_label, also with label smoothing;
        "mse": 1/2 |output - e_label|^2.
    bias : bool
        Whether there are b_l. They are never decayed.
    head : int
        h, the layers of the model that reads the features; 0 for a plain perceptron.
    """

    widths: tuple[int, ...]
    activation: str = "relu"
    loss: str = "ce"
    bias: bool = True
    head: int = 0

    def __post_init__(self) -> None:
        widths = tuple(integer(f"widths[{i}]", w, 1) for i, w in enumerate(self.widths))
        object.__setattr__(self, "widths", widths)
        require(len(widths) >= 2, "widths", "name at least the input and the classes", widths)
        limits.affordable("widths", widths,  # parameters, gradient, velocity
                          memory=24 * self.entries)
        object.__setattr__(self, "activation", activations.get(self.activation).word)
        object.__setattr__(self, "loss", losses.get(self.loss).word)
        integer("head", self.head, 0, self.layers - 1)

    @property
    def layers(self) -> int:
        """L, the number of weight matrices."""
        return len(self.widths) - 1

    @property
    def entries(self) -> int:
        """Of all weight matrices."""
        return sum(a * b for a, b in itertools.pairwise(self.widths))

    @property
    def backbone(self) -> int:
        """L - h, the number of weight matrices below the head."""
        return self.layers - self.head

    def activated(self, l: int) -> bool:
        """Whether sigma follows the l-th weight, counted from 1."""
        return l not in (self.backbone, self.layers)


class Network:
    """Parameters of an `Architecture`, with buffers so that a step allocates nothing.

    Attributes
    ----------
    parameters, gradient : array, shape (P,)
        All weights and biases, and the gradient the last `backward` left.
    weights, biases : lists of arrays, (d_{l+1} x d_l) and (d_{l+1},)
        Views into `parameters`.
    weight_gradients, bias_gradients :
        The same views into `gradient`.
    feature_penalty : float
        p: every sample's loss has 1/2 p |h|^2 added, h the features that the head reads.
    """

    def __init__(self, architecture: Architecture, parameters: Array | None = None,
                 feature_penalty: float = 0.0, dtype: str = "float64") -> None:
        self.architecture, self.feature_penalty = architecture, feature_penalty
        shapes = list(zip(architecture.widths[1:], architecture.widths, strict=False))
        biased = architecture.backbone if architecture.bias else 0
        size = sum(o * i for o, i in shapes) + sum(architecture.widths[1:biased + 1])
        if parameters is None:
            parameters = np.zeros(size, dtype)
        require(parameters.shape == (size,), "parameters", f"be {size} numbers",
                parameters.shape)
        self.parameters = parameters
        self.gradient = np.zeros_like(parameters)
        self.weights, self.biases = _views(parameters, shapes, biased)
        self.weight_gradients, self.bias_gradients = _views(self.gradient, shapes, biased)
        self._buffers: tuple[list[Array], list[Array]] = ([], [])

    @classmethod
    def initialised(cls, architecture: Architecture, rng: np.random.Generator,
                    dtype: str = "float64") -> Network:
        """Normal weights of variance gain/d_l, gain 2/(1 + a^2) for leaky ReLU of slope a, else
        1, and zero biases."""
        network = cls(architecture, dtype=dtype)
        a = _leak(architecture.activation)
        gain = 1.0 if a is None else 2 / (1 + a * a)
        for w in network.weights:
            w[:] = rng.normal(0, math.sqrt(gain / w.shape[1]), w.shape)
        return network

    def forward(self, x: Array) -> list[Array]:
        """[z_1, ..., z_L, output]: what each weight reads, then the output.

        Buffers are reused by the next call with as many rows or fewer: copy what must stay.
        """
        outputs = [x]
        for l, buffer in enumerate(self._reserve(len(x))[0]):
            z = buffer[:len(x)]
            np.matmul(outputs[-1], self.weights[l].T, out=z)
            if l < len(self.biases):
                z += self.biases[l]
            if self.architecture.activated(l + 1):
                _activate(self.architecture.activation, z)
            outputs.append(z)
        return outputs

    def backward(self, x: Array, labels: Codes) -> float:
        """Mean loss over the rows; its gradient (no weight decay) is left in `gradient`."""
        return self.deltas(x, labels)[0]

    def deltas(self, x: Array, labels: Codes) -> tuple[float, list[Array], list[Array]]:
        """Mean loss, the z_l, and delta_l / N with delta_l = d loss_i / d(W_l z_l), i a row.

        A penalty on the features counts as a part of loss_i.

        (1/N) sum_i delta_i z_i^T is what `weight_gradients` then holds.
        """
        outputs = self.forward(x)
        reserved = self._reserve(len(x))[1]
        found = [buffer[:len(x)] for buffer in reserved]
        loss = _output_delta(self.architecture.loss, outputs[-1], labels, found[-1])
        for l in reversed(range(self.architecture.layers)):
            np.matmul(found[l].T, outputs[l], out=self.weight_gradients[l])
            if l < len(self.biases):
                np.sum(found[l], axis=0, out=self.bias_gradients[l])
            if l:
                np.matmul(found[l], self.weights[l], out=found[l - 1])
                if self.architecture.activated(l):
                    _times_derivative(self.architecture.activation, found[l - 1], outputs[l])
                else:
                    loss += self._penalise(outputs[l], found[l - 1])
        return loss, outputs[:-1], found

    def _penalise(self, features: Array, delta: Array) -> float:
        """Mean of 1/2 p |h|^2 over the rows h; its gradient is added to `delta`."""
        share = self.feature_penalty / len(features)
        delta += share * features
        return 0.5 * share * float(np.vdot(features, features))

    def objective(self, x: Array, labels: Codes, decays: Array) -> float:
        """Mean loss + 1/2 sum_l lam_l |W_l|_F^2; its gradient is left in `gradient`."""
        loss = self.backward(x, labels)
        for w, g, decay in zip(self.weights, self.weight_gradients, decays, strict=True):
            loss += 0.5 * float(decay) * float(np.vdot(w, w))
            g += float(decay) * w
        return loss

    def features(self, x: Array) -> list[Array]:
        """Copies of z_2, ..., z_L: what each weight after the first reads (z_1 is the input)."""
        return [z.copy() for z in self.forward(x)[1:-1]]

    def predict(self, x: Array) -> Codes:
        """The class of the largest output."""
        return np.asarray(np.argmax(self.forward(x)[-1], axis=1))

    def _reserve(self, rows: int) -> tuple[list[Array], list[Array]]:
        if not self._buffers[0] or len(self._buffers[0][0]) < rows:
            widths = self.architecture.widths[1:]
            kind = self.parameters.dtype
            self._buffers = ([np.empty((rows, w), kind) for w in widths],
                             [np.empty((rows, w), kind) for w in widths])
        return self._buffers


def _views(vector: Array, shapes: list[tuple[int, int]],
           biased: int) -> tuple[list[Array], list[Array]]:
    """Weights first, then biases (of the first `biased` layers): what decays is a prefix."""
    weights, biases, start = [], [], 0
    for out, into in shapes:
        weights.append(vector[start:start + out * into].reshape(out, into))
        start += out * into
    for out, _ in shapes[:biased]:
        biases.append(vector[start:start + out])
        start += out
    return weights, biases


def _leak(name: str) -> float | None:
    """a where sigma(x) = max(x, a x); None for other activations."""
    sigma = activations.get(name)
    return float(sigma.leak) if isinstance(sigma, PiecewiseLinear) else None


def _activate(name: str, z: Array) -> None:
    a = _leak(name)
    if a is None:
        z[:] = activations.get(name)(z)
    elif a < 1:
        np.maximum(z, a * z if a else 0, out=z)


def _times_derivative(name: str, delta: Array, z: Array) -> None:
    """delta *= sigma'(x), written through z = sigma(x); at a kink the slope from the left."""
    a, known = _leak(name), isinstance(activations.get(name), Tanh)
    if a is None:
        require(known, "activation", "have a derivative that its value gives", name)
        times_one_minus_square(delta, z)
    elif a < 1:
        times_leak(delta, z, a)


def _output_delta(name: str, output: Array, labels: Codes, delta: Array) -> float:
    """The mean loss; delta becomes its derivative in the output."""
    loss, classes = losses.get(name), output.shape[1]
    if isinstance(loss, CrossEntropy):
        smoothing = classes * float(loss.targets(classes)[-1, 0]) if classes > 1 else 0.0
        return float(softmax_delta(output, labels, delta, smoothing))
    require(type(loss) is MeanSquaredError, "loss",
            "be one that networks have a kernel for (mse, or a cross-entropy)", name)
    return float(squared_delta(output, labels, delta))


@cached(numba.njit)
def times_leak(delta: Array, z: Array, leak: float) -> None:
    """delta *= leak where z <= 0."""
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            delta[i, j] = delta[i, j] if z[i, j] > 0 else leak * delta[i, j]


@cached(numba.njit)
def times_one_minus_square(delta: Array, z: Array) -> None:
    """delta *= 1 - z^2."""
    for i in range(z.shape[0]):
        for j in range(z.shape[1]):
            delta[i, j] *= 1 - z[i, j] * z[i, j]


@cached(numba.njit)
def softmax_delta(output: Array, labels: Codes, delta: Array, smoothing: float) -> float:
    """Mean cross-entropy to the targets t = (1 - smoothing) e_label + smoothing/K; delta =
    (softmax(output) - t) / N."""
    rows, classes = output.shape
    loss = 0.0
    for i in range(rows):
        top = output[i].argmax()
        rest = 0.0  # log(1 + rest), not log(total): a loss of 1e-20 keeps all its digits
        for k in range(classes):
            delta[i, k] = math.exp(output[i, k] - output[i, top])
            rest += delta[i, k] if k != top else 0.0
        own = output[i, labels[i]]
        loss += math.log1p(rest) + (output[i, top] - own)
        loss += smoothing * (own - output[i].mean())
        for k in range(classes):
            delta[i, k] = delta[i, k] / ((1 + rest) * rows) - smoothing / (classes * rows)
        delta[i, labels[i]] -= (1 - smoothing) / rows
    return float(loss / rows)


@cached(numba.njit)
def squared_delta(output: Array, labels: Codes, delta: Array) -> float:
    """Mean of 1/2 |output - e_label|^2; delta = (output - e_label) / N."""
    rows, classes = output.shape
    loss = 0.0
    for i in range(rows):
        for k in range(classes):
            error = output[i, k] - (1.0 if k == labels[i] else 0.0)
            loss += 0.5 * error * error
            delta[i, k] = error / rows
    return float(loss / rows)


KERNELS: dict[str, Any] = {
    kernel.__name__: kernel
    for kernel in (times_leak, times_one_minus_square, softmax_delta, squared_delta)
}
