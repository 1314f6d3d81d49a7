"""Gradient descent without decay, along the logarithm of the loss, to margins that stand still.

The gradient of log(loss) points where that of the loss does, and softmax weights give it without
underflow for logits of any size.  A step changes the parameters by a share eta of their norm;
eta halves where the loss would rise, so that late, on the kinks of the margin, steps get small.
All runs of a batch are stepped at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from nctheory import activations, limits
from nctheory.activations import PiecewiseLinear
from nctheory.errors import choice, integer, require

Array = NDArray[np.float64]
Start = Literal["gaussian", "spectral"]

LARGEST_STEP = 0.02
SMALLEST_STEP = 1e-6
FLAT = 0.9  # DNC: the K-1 singular values of centred logits are that near to each other


@dataclass(frozen=True, eq=False)
class Descent:
    """What runs became.

    Attributes
    ----------
    logits : ndarray, shape (B, K, K)
        At the end, scaled to least margin 1.
    log_margins : ndarray, shape (B,)
        log of the least margin over the geometric mean of the squared norms of the factors to
        the power (L+1)/2: what `nctheory.margins.log_margin` is for constructions.
    movement : ndarray, shape (B,)
        By how much `log_margins` grew in the last tenth of the steps.
    """

    layers: int
    logits: Array
    log_margins: Array
    movement: Array

    @property
    def singular_values(self) -> Array:
        """Of the centred logits of least margin 1 (B x K)."""
        centred = self.logits - self.logits.mean(axis=1, keepdims=True)
        return np.asarray(np.linalg.svd(centred, compute_uv=False))

    def ranks(self, tolerance: float = 0.05) -> NDArray[np.int64]:
        """Singular values above that share of the largest (B,)."""
        s = self.singular_values
        return np.asarray((s > tolerance * s[:, :1]).sum(axis=1))

    def is_dnc(self) -> NDArray[np.bool_]:
        """Whether the K-1 singular values are alike (B,)."""
        s = self.singular_values
        return np.asarray(s[:, -2] > FLAT * s[:, 0])


def descend(classes: int, layers: int, width: int, *, runs: int = 16, steps: int = 2000,
            start: Start = "gaussian", scale: float = 0.3, activation: str = "linear",
            seed: int = 0) -> Descent:
    """Train without decay on one sample a class.

    Parameters
    ----------
    classes, layers, width : int
        K >= 2, L >= 1, d.
    runs, steps : int
    start : "gaussian" or "spectral"
        Independent entries of variance scale^2 / d; or aligned factors, with the singular values
        of outputs drawn as |N(0, 1)| along random orthogonal vectors of mean 0 (linear).
    scale : float
        Of the start; in "spectral" the outputs are of size scale^(L+1).
    activation : str
        A word of `nctheory.activations`.
    seed : int

    Examples
    --------
    >>> found = descend(3, 1, 6, runs=4, steps=1000)
    >>> found.is_dnc().tolist(), bool(abs(found.log_margins + np.log(2)).max() < 1e-3)
    ([True, True, True, True], True)
    """
    K, L, d = integer("classes", classes, 2), integer("layers", layers, 1), integer("width", width,
                                                                                    1)
    limits.affordable("steps", steps, work=12.0 * runs * steps * (L + 1) * d * d * max(d, K))
    rng = np.random.default_rng(integer("seed", seed, 0))
    sigma = activations.homogeneous(activation)
    choice("start", start, ("gaussian", "spectral"))
    if start == "spectral":
        require(sigma.linear and d >= K - 1, "start", "be gaussian with ReLU or width < K - 1",
                start)
        factors = _spectral(K, L, d, runs, scale, rng)
    else:
        shapes = [(d, K), *[(d, d)] * (L - 1), (K, d)]
        factors = [rng.standard_normal((runs, *shape)) * scale / np.sqrt(d) for shape in shapes]
    return _run(factors, steps, sigma)


def _spectral(K: int, L: int, d: int, runs: int, scale: float,
              rng: np.random.Generator) -> list[Array]:
    """Aligned factors whose outputs are symmetric with eigenvectors of mean 0."""
    basis = np.linalg.qr(np.concatenate([np.ones((runs, K, 1)),
                                         rng.standard_normal((runs, K, K - 1))], axis=2))[0]
    vectors = basis[:, :, 1:]
    t = np.abs(rng.standard_normal((runs, K - 1)))
    x = scale * t ** (1 / (L + 1))
    first, middle = np.zeros((runs, d, K)), np.zeros((runs, d, d))
    first[:, : K - 1] = x[:, :, None] * np.swapaxes(vectors, 1, 2)
    index = np.arange(K - 1)
    middle[:, index, index] = x
    return [first, *(middle.copy() for _ in range(L - 1)), np.swapaxes(first, 1, 2).copy()]


def _run(factors: list[Array], steps: int, sigma: PiecewiseLinear) -> Descent:
    layers = len(factors) - 1
    eta = np.full(len(factors[0]), LARGEST_STEP)
    value, slopes = _gradient(factors, sigma)
    before = _log_margins(factors, sigma)
    for step in range(steps):
        norm = np.sqrt(sum((f**2).sum(axis=(1, 2)) for f in factors))
        size = np.sqrt(sum((g**2).sum(axis=(1, 2)) for g in slopes))
        length = (eta * norm / np.maximum(size, 1e-300))[:, None, None]
        tried = [f - length * g for f, g in zip(factors, slopes, strict=True)]
        new_value, new_slopes = _gradient(tried, sigma)
        better = new_value < value
        value = np.where(better, new_value, value)
        keep = better[:, None, None]
        factors = [np.where(keep, t, f) for t, f in zip(tried, factors, strict=True)]
        slopes = [np.where(keep, t, g) for t, g in zip(new_slopes, slopes, strict=True)]
        # Steps of one size zigzag over the kinks of the margin while norms grow: they shrink to 0.
        largest = LARGEST_STEP * (1 - step / steps)
        eta = np.clip(np.where(better, 1.02 * eta, 0.5 * eta), SMALLEST_STEP, largest)
        if step == steps - 1 - steps // 10:
            before = _log_margins(factors, sigma)
    Z = _forward(factors, sigma)[-1]
    after = _log_margins(factors, sigma)
    least = np.maximum(_gaps(Z).min(axis=(1, 2)), 1e-300)
    return Descent(layers, Z / least[:, None, None], after, after - before)


def _forward(factors: list[Array], sigma: PiecewiseLinear) -> list[Array]:
    """[H_1, H_2, ..., H_L, Z]."""
    found = [factors[0]]
    for layer, W in enumerate(factors[1:]):
        found.append(W @ (sigma(found[-1]) if layer else found[-1]))
    return found


def _gradient(factors: list[Array], sigma: PiecewiseLinear) -> tuple[Array, list[Array]]:
    """log(loss) (B,), and its gradients."""
    features = _forward(factors, sigma)
    value, back = log_loss(features[-1])
    slopes: list[Array] = []
    for layer in range(len(factors) - 1, 0, -1):
        H = features[layer - 1]
        active = sigma(H) if layer > 1 else H
        slopes.append(back @ np.swapaxes(active, 1, 2))
        back = np.swapaxes(factors[layer], 1, 2) @ back
        if layer > 1:
            back = back * sigma.slope(H)
    return value, [back, *slopes[::-1]]


def log_loss(Z: Array) -> tuple[Array, Array]:
    """log of the mean cross-entropy of logits (B x K x K), and its gradient.

    Examples
    --------
    The loss itself, about e^-1000, is no float:

    >>> value, slope = log_loss(1000 * np.eye(3)[None])
    >>> value.round(6).tolist(), bool(np.allclose(slope[0].sum(axis=0), 0))
    ([-999.306853], True)
    """
    K = Z.shape[-1]
    own = np.eye(K, dtype=bool)
    excess = np.where(own, -np.inf, Z - np.diagonal(Z, axis1=1, axis2=2)[:, None, :])
    top = excess.max(axis=1)
    q = np.exp(excess - top[:, None, :])
    total = q.sum(axis=1)
    a = top + np.log(total)  # each sample's loss is log(1 + e^a)
    single = np.logaddexp(0, np.maximum(a, -30))
    logs = np.where(a < -30, a, np.log(single))
    peak = logs.max(axis=1, keepdims=True)
    weight = np.exp(logs - peak)
    value = peak[:, 0] + np.log(weight.mean(axis=1))
    rate = np.where(a < -30, 1.0, 1 / (1 + np.exp(-np.maximum(a, -30))) / single)
    weight = weight / weight.sum(axis=1, keepdims=True) * rate
    slope = weight[:, None, :] * q / total[:, None, :]
    return value, np.where(own, -weight[:, None, :], slope)


def _gaps(Z: Array) -> Array:
    """Margins (B x K x K), infinite on the diagonal."""
    K = Z.shape[-1]
    own = np.diagonal(Z, axis1=1, axis2=2)[:, None, :]
    return np.asarray(np.where(np.eye(K, dtype=bool), np.inf, own - Z))


def _log_margins(factors: list[Array], sigma: PiecewiseLinear) -> Array:
    least = np.maximum(_gaps(_forward(factors, sigma)[-1]).min(axis=(1, 2)), 1e-300)
    norms = sum(np.log((f**2).sum(axis=(1, 2))) for f in factors)
    return np.asarray(np.log(least) - norms / 2)
