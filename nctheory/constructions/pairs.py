"""Groups of classes that stand against each other: pairs, and larger simplices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from scipy.linalg import block_diag

from nctheory.activations import PiecewiseLinear
from nctheory.constructions.factors import Factored, Matrix, Network, Parallel, Ranks
from nctheory.constructions.logits import Logits
from nctheory.constructions.orthogonal import Orthogonal
from nctheory.errors import InputError, integer, require
from nctheory.exact import Theta
from nctheory.losses import Loss
from nctheory.losses.margins import Margins, pairs


@dataclass(frozen=True, kw_only=True)
class Groups(Logits):
    r"""Direct sum of simplices of k_1, ..., k_p classes, K = sum k_b, for cross-entropy.

    S = blockdiag((k/(k-1)) (I_k - J/k)), a single class being the block [1], less the mean of
    each column.  Margins are 1 between groups and k/(k-1) within one; S has the singular values
    k/(k-1) [k-1 times a group] and, of q single classes, 1 [q-1 times] and sqrt(1 - q/K).  One
    group of all classes is deep neural collapse, twos are `Pairs` (of which the single class of
    an odd K is not centred, as in [GK25], and costs a little more).  Linear model.

    Parameters
    ----------
    sizes : sequence of int
        k_1, ..., k_p >= 1; at least two groups (one is `Orthogonal`).

    References
    ----------
    Ours, between the two constructions of [GK25].

    Examples
    --------
    >>> threes = Groups(sizes=(3, 3, 3))
    >>> threes.classes, threes.spectrum(), threes.compare_with_dnc(3)
    (9, {Fraction(9, 4): 6}, -1)
    """

    sizes: tuple[int, ...]
    classes: int = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = tuple(integer(f"sizes[{i}]", size, 1) for i, size in enumerate(self.sizes))
        require(len(sizes) >= 2, "sizes", "be at least two groups", sizes)
        object.__setattr__(self, "sizes", tuple(sorted(sizes, reverse=True)))
        object.__setattr__(self, "classes", sum(sizes))

    @property
    def label(self) -> str:
        counts = sorted(Counter(self.sizes).items(), reverse=True)
        return "groups " + " + ".join(f"{m}x{k}" if m > 1 else str(k) for k, m in counts)

    def matrix(self) -> Matrix:
        blocks = block_diag(*(np.eye(1) if k == 1 else (k * np.eye(k) - 1) / (k - 1)
                              for k in self.sizes))
        return np.asarray(blocks - blocks.mean(axis=0))

    def margins(self) -> Margins:
        kinds = Counter(self.sizes)
        K = self.classes
        return Margins(np.array([k * m / K for k, m in kinds.items()]),
                       np.array([[1.0, k / max(k - 1, 1)] for k in kinds]),
                       np.array([[K - k, k - 1.0] for k in kinds]))

    def spectrum(self) -> Mapping[Fraction, int]:
        spectrum: Counter[Fraction] = Counter()
        for k in self.sizes:
            if k > 1:
                spectrum[Fraction(k, k - 1) ** 2] += k - 1
        single = self.sizes.count(1)
        if single:
            spectrum[Fraction(1)] += single - 1
            spectrum[1 - Fraction(single, self.classes)] += 1
        return {theta: m for theta, m in spectrum.items() if theta and m}

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Groups | None:
        """Threes, with a rest of one or two classes; None for fewer than six classes."""
        if classes < 6 or not (loss.centred and activation.linear):
            return None
        rest = (classes % 3,) if classes % 3 else ()
        return cls(sizes=(3,) * (classes // 3) + rest)


@dataclass(frozen=True, kw_only=True)
class Pairs(Logits):
    r"""Classes in pairs with logits beta [[1, -1], [-1, 1]]; a last class without a partner has
    the logit beta.

    Linear model: m singular values 2 beta for K = 2m classes (and one beta for K = 2m + 1), so
    c = m 4^(1/(L+1)) (+ 1), and the rank is m (m + 1).

    ReLU model, L >= 2, with X the pair logits and Y = J: features M_l = X + Y >= 0, middle weights
    (X + 2/K Y)/2 and W_L = X/2, so P(L) = (2K)^2 ((K+2)/2)^(L-2) K/2 for even K.  For odd K the
    last class has an axis and scales of its own: c is that of K - 1 classes, plus 1.

    Parameters
    ----------
    classes : int
        K >= 3 (two classes in a pair are deep neural collapse).

    References
    ----------
    [GK25] Theorem 1 and Theorem 7; the ReLU variant for odd K is ours.

    Examples
    --------
    >>> from nctheory import Problem
    >>> problem = Problem(classes=10, layers=2, samples=5, weight_decay=2**-10, loss="ce",
    ...                   activation="linear")
    >>> pairs = Pairs(classes=10)
    >>> f"{pairs.loss(problem):.7f}", pairs.ranks(2).before, pairs.compare_with_dnc(2)
    ('0.0800127', (5, 5), -1)
    """

    classes: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", integer("classes", self.classes, 3))

    @property
    def label(self) -> str:
        return f"pairs {self.classes}"

    @property
    def _count(self) -> tuple[int, int]:
        """The number of pairs, and of classes left over."""
        return divmod(self.classes, 2)

    def matrix(self) -> Matrix:
        m, single = self._count
        return np.asarray(block_diag(np.kron(np.eye(m), [[1.0, -1.0], [-1.0, 1.0]]),
                                     np.eye(single)))

    def margins(self) -> Margins:
        return pairs(self.classes)

    def spectrum(self) -> Mapping[Fraction, int]:
        m, single = self._count
        return {Fraction(4): m} | ({Fraction(1): 1} if single else {})

    def nonlinear(self, activation: PiecewiseLinear) -> Network:
        # Nonnegative features: every (leaky) ReLU leaves them alone.
        if self.classes < 4:
            raise InputError("classes must be at least 4 for pairs with ReLU, "
                             f"got {self.classes}")
        m, single = self._count
        pairs = NonnegativePairs(2 * m)
        return Parallel((pairs, Orthogonal(classes=1))) if single else pairs

    @classmethod
    def best(cls, classes: int, layers: int, loss: Loss,
             activation: PiecewiseLinear) -> Pairs | None:
        """The member of the family; None where it is deep neural collapse or not defined."""
        least = 3 if activation.linear else 4  # with ReLU three classes gain nothing
        return cls(classes=classes) if loss.centred and classes >= least and layers >= 2 else None


@dataclass(frozen=True)
class NonnegativePairs(Factored):
    """The ReLU network of `Pairs` for even K: features X + Y.

    X = blockdiag([[1, -1], [-1, 1]]) and Y = J obey X^2 = 2X, Y^2 = KY, XY = 0, so X + Y >= 0 is a
    fixed point of (X + 2/K Y)/2, and X/2 maps it to X.
    """

    classes: int

    @property
    def least_layers(self) -> int:
        return 2

    def gram_spectrum(self, layers: int) -> Mapping[Theta, int]:
        K = self.classes
        # M_2 = X + Y: X has the eigenvalue 2 [K/2], Y the eigenvalue K.
        return dict(Counter({Fraction(4): K // 2}) + Counter({Fraction(K * K): 1}))

    def squared_norms(self, layers: int) -> tuple[Fraction, ...]:
        m = self.classes // 2
        return (Fraction(m + 1),) * (layers - 2) + (Fraction(m),)

    def shapes(self, layers: int) -> list[Matrix]:
        m = self.classes // 2
        X = np.kron(np.eye(m), [[1.0, -1.0], [-1.0, 1.0]])
        Y = np.ones((2 * m, 2 * m))
        return [X + Y, *[(X + Y / m) / 2] * (layers - 2), X / 2]

    def hidden_sizes(self, layers: int) -> tuple[int, ...]:
        return (self.classes // 2 + 1, *(self.classes,) * (layers - 1))

    def layer_ranks(self, layers: int) -> Ranks:
        rank = self.classes // 2 + 1
        return Ranks((rank,) * self._check_layers(layers), (rank,) * (layers - 1))
