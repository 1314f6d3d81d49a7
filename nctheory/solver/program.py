"""Writes the tables of operations for one problem, and lays its matrices out in memory.

Features are stored "by samples" (N x width) as well as by width, so that every product's right
operand is contiguous along its columns.  Where 8 runs are interleaved any index may be the
contiguous one and transposing is free; otherwise it is a copy, small beside the products.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nctheory import losses
from nctheory.errors import require
from nctheory.losses.cross_entropy import CrossEntropy
from nctheory.losses.mse import MeanSquaredError
from nctheory.network import Parameters, labels
from nctheory.problem import Problem
from nctheory.solver import kernels
from nctheory.solver.kernels import LANES
from nctheory.solver.sigma import leak

Array = NDArray[np.float64]

# Eight runs are interleaved while a group's parameters stay within a second-level cache.
INTERLEAVED_BYTES = 2**20


@dataclass(frozen=True)
class Slot:
    """A matrix in the work array: where it starts, how far apart its rows and columns are."""

    offset: int
    rows: int
    cols: int
    row_stride: int
    col_stride: int

    @property
    def T(self) -> Slot:
        """The transpose, in the same memory."""
        return Slot(self.offset, self.cols, self.rows, self.col_stride, self.row_stride)

    @property
    def size(self) -> int:
        """Doubles from the first entry to the end of the last row, padding included."""
        return max(self.rows * self.row_stride, self.cols * self.col_stride)


def _padded(count: int) -> int:
    return -(-count // LANES) * LANES


class Program:
    """Tables and memory layout of one group: 8 interleaved runs, or 1 run.

    Attributes
    ----------
    descent, gradient, momentum, smooth : (operations x ROW_LENGTH) int64 arrays
        One step of gradient descent in place; the gradient, left in `gradients`; the gradient
        and a step with momentum; the gradient of the smoothed loss (one run only).
    """

    def __init__(self, problem: Problem, width: int, tables: tuple[str, ...],
                 interleaved: bool | None = None) -> None:
        self.problem, self.width, self.leak = problem, width, leak(problem)
        K, d, N = problem.classes, width, sum(problem.class_sizes)
        entries = d * N + (problem.layers - 1) * d * d + K * d
        if interleaved is None:
            interleaved = entries * LANES * 8 <= INTERLEAVED_BYTES
        self.interleaved = interleaved
        self.runs = LANES if interleaved else 1
        self.size = 0
        self._table: list[list[int]] = []

        self.parameters = [self._by_samples(N, d)]
        self.parameters += [self._slot(d, d) for _ in range(problem.layers - 1)]
        self.parameters += [self._slot(K, d)]
        self.parameter_size = self.size
        self.gradients, self.velocities = self._another(), self._another()
        self.outputs, self.target = self._slot(K, N), self._slot(K, N)
        self.column_weight, self.losses = self._slot(1, N), self._slot(3, N)
        self.shifts: list[Slot] = []

        for name in tables:
            setattr(self, name, self._write(name))

    descent: NDArray[np.int64]
    gradient: NDArray[np.int64]
    momentum: NDArray[np.int64]
    smooth: NDArray[np.int64]

    # -- memory ------------------------------------------------------------------------------

    def _slot(self, rows: int, cols: int) -> Slot:
        if self.interleaved:
            new = Slot(self.size, rows, cols, cols * LANES, LANES)
        else:
            stride = _padded(cols)
            if stride >= 64 and stride % 32 == 0:
                stride += LANES  # rows a power of two apart would share few lines of cache
            new = Slot(self.size, rows, cols, stride, 1)
        self.size += new.size if self.interleaved else _padded(rows) * new.row_stride
        return new

    def _by_samples(self, rows: int, cols: int) -> Slot:
        """rows x cols, laid out like the transpose of a cols x rows slot of a layer."""
        return self._slot(cols, rows).T if self.interleaved else self._slot(rows, cols)

    def _another(self) -> list[Slot]:
        """Slots laid out like the parameters."""
        base, self.size = self.size, self.size + self.parameter_size
        return [Slot(base + p.offset, p.rows, p.cols, p.row_stride, p.col_stride)
                for p in self.parameters]

    def new_work(self) -> Array:
        """A zeroed work array, on a cache line, with the target filled in."""
        buffer = np.zeros(self.size + LANES)
        skip = (-buffer.ctypes.data % 64) // 8
        work = buffer[skip:skip + self.size]
        wanted = self._target(self.problem)[1][:, labels(self.problem)]
        for run in range(self.runs):
            self.view(work, self.target, run)[:] = wanted
            self.view(work, self.column_weight, run)[:] = 1 / wanted.shape[1]
        return work

    def view(self, work: Array, slot: Slot, run: int = 0) -> Array:
        """The matrix in `slot` of one run of the group, as a view."""
        return np.ndarray((slot.rows, slot.cols), np.float64, work, (slot.offset + run) * 8,
                          (slot.row_stride * 8, slot.col_stride * 8))

    def write(self, work: Array, slots: list[Slot], run: int, matrices: Parameters) -> None:
        """Put [H_1, W_1, ..., W_L] (or what is shaped like it) into `slots`."""
        for slot, matrix in zip(slots, [matrices[0].T, *matrices[1:]], strict=True):
            self.view(work, slot, run)[:] = matrix

    def read(self, work: Array, slots: list[Slot], run: int) -> Parameters:
        """The inverse of `write`, as copies."""
        head, *weights = (self.view(work, slot, run) for slot in slots)
        return [head.T.copy(), *(weight.copy() for weight in weights)]

    @staticmethod
    def _target(problem: Problem) -> tuple[int, Array]:
        """The operation that takes the loss's gradient, and what it compares each class with."""
        loss = losses.get(problem.loss)
        if isinstance(loss, CrossEntropy):
            return kernels.CROSS_ENTROPY, loss.targets(problem.classes)
        require(type(loss) is MeanSquaredError, "loss",
                "be one that the solver has a kernel for (mse, or a cross-entropy)", problem.loss)
        return kernels.MSE, np.eye(problem.classes)

    # -- operations --------------------------------------------------------------------------

    def _add(self, code: int, **fields: int) -> None:
        row = [0] * kernels.ROW_LENGTH
        row[kernels.CODE] = code
        for name, value in fields.items():
            row[getattr(kernels, name.upper())] = int(value)
        self._table.append(row)

    def _product(self, c: Slot, a: Slot, b: Slot, epilogue: int = kernels.STORE,
                 mask: Slot | None = None, factor: int = 0) -> None:
        """C = A B, finished as `epilogue` says; a mask is laid out as C is."""
        unit = 1 if self.interleaved else LANES
        self._add(
            kernels.PRODUCT, rows=a.rows, cols=-(-b.cols // unit), inner=a.cols,
            epilogue=epilogue, splat=not self.interleaved, factor=factor,
            a=a.offset, a_row=a.row_stride, a_inner=a.col_stride,
            b=b.offset, b_inner=b.row_stride, b_col=b.col_stride * unit,
            c=c.offset, c_row=c.row_stride, c_col=c.col_stride * unit,
            mask=mask.offset if mask else 0)

    def _transposed(self, slot: Slot) -> Slot:
        """The transpose, contiguous along its columns where one run needs that."""
        if self.interleaved:
            return slot.T
        new = self._slot(slot.cols, slot.rows)
        self._add(kernels.TRANSPOSE, rows=slot.rows, inner=slot.cols, a=slot.offset,
                  a_row=slot.row_stride, c=new.offset, c_row=new.row_stride)
        return new

    def _entrywise(self, code: int, c: Slot, a: Slot, b: Slot | None = None,
                   mask: Slot | None = None, factor: int = 0) -> None:
        """An operation on whole matrices of one layout."""
        self._add(code, rows=1, cols=c.size, c=c.offset, a=a.offset, factor=factor,
                  b=b.offset if b else 0, mask=mask.offset if mask else 0)

    def _residual(self) -> None:
        """Outputs become d fit / dZ."""
        self._add(self._target(self.problem)[0], rows=self.problem.classes,
                  cols=self.losses.row_stride, a=self.outputs.offset, b=self.target.offset,
                  c=self.losses.offset,
                  mask=self.column_weight.offset)

    def _settle(self, index: int, a: Slot, b: Slot) -> None:
        """A factor's gradient is A B: apply it in place, or store it."""
        if self._in_place:
            self._product(self.parameters[index], a, b, kernels.UPDATE, factor=index)
        else:
            self._product(self.gradients[index], a, b)

    def _settle_entrywise(self, index: int, source: Slot) -> None:
        """A factor's gradient is `source`, laid out as the factor is."""
        if self._in_place:
            self._entrywise(kernels.STEP, self.parameters[index], source, factor=index)
        else:
            self._entrywise(kernels.DECAY, self.gradients[index], source,
                            self.parameters[index], factor=index)

    # -- tables ------------------------------------------------------------------------------

    def _write(self, name: str) -> NDArray[np.int64]:
        self._table, self._in_place = [], name == "descent"
        linear = self.leak == 1
        self._smoothing = name == "smooth" and not linear
        settled = self._linear_chain() if linear else self._layer_by_layer()
        if not self._in_place:
            for index in range(self.problem.layers + 1):
                if index != settled:
                    self._entrywise(kernels.DECAY, self.gradients[index],
                                    self.gradients[index], self.parameters[index],
                                    factor=index)
        if name == "momentum":
            for p, g, v in zip(self.parameters, self.gradients, self.velocities, strict=True):
                self._entrywise(kernels.MOMENTUM, p, g, v)
        return np.array(self._table, dtype=np.int64)

    def _layer_by_layer(self) -> int:
        """Forward and backward through the layers; the factor settled last is H_1."""
        head, *weights = self.parameters
        d, N = self.width, head.rows
        by_samples, slopes = [head], [head]
        x = self._transposed(head)
        for weight in weights[:-1]:
            h = self._slot(d, N)
            if self._smoothing:
                self._product(h, weight, x)
                x, slope, shift = self._slot(d, N), self._slot(d, N), self._slot(d, N)
                self._entrywise(kernels.SMOOTH, x, h, slope, shift)
                self.shifts.append(shift)
                slopes.append(self._transposed(slope))
            else:
                self._product(h, weight, x, kernels.SIGMA)
                x = h
            by_samples.append(self._transposed(x))
        self._product(self.outputs, weights[-1], x)
        self._residual()
        delta = self._transposed(self.outputs)
        backs = [self._by_samples(N, d), self._by_samples(N, d)]
        for l in reversed(range(len(weights))):
            back = backs[l % 2]
            if l == 0:
                self._product(back, delta, weights[l])
            elif self._smoothing:
                self._product(back, delta, weights[l], kernels.SCALE, slopes[l])
            else:
                self._product(back, delta, weights[l], kernels.GATE, by_samples[l])
            self._settle(l + 1, delta.T, by_samples[l])
            delta = back
        self._settle_entrywise(0, delta)
        return 0

    def _linear_chain(self) -> int:
        """The linear network multiplied in its cheap order: every product has K rows.

        With A_l = W_L ... W_l and Q_l = R (W_{l-1} ... W_1 H_1)^T, R = d fit / dZ, the gradient
        is A_{l+1}^T Q_l for W_l and A_1^T R for H_1.
        """
        head, *weights = self.parameters
        K, d = self.problem.classes, self.width
        left = [weights[-1]]
        for weight in reversed(weights[:-1]):
            left.insert(0, self._slot(K, d))
            self._product(left[0], left[1], weight)
        self._product(self.outputs, left[0], self._transposed(head))
        self._residual()
        right = self._by_samples(d, K)
        self._product(right, head.T, self._transposed(self.outputs))
        self._settle(0, self.outputs.T, left[0])
        for l, weight in enumerate(weights[:-1]):
            q, following = self._transposed(right), self._by_samples(d, K)
            self._product(following, weight, right)
            self._settle(l + 1, left[l + 1].T, q)
            right = following
        self._settle_entrywise(len(weights), self._transposed(right))
        return len(weights)
