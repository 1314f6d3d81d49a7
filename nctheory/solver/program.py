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
from nctheory.solver.polar import polynomials
from nctheory.solver.sigma import leak

Array = NDArray[np.float64]

# Runs are interleaved while a group's parameters stay within a second-level cache.
INTERLEAVED_BYTES = 2**20

# Tables that make a step with a factor's gradient, and the averages of gradients each keeps;
# "descent" does it inside the product that gives the gradient, and keeps none.
AVERAGES = {"momentum": 1, "adam": 2, "sign": 0, "muon": 1}
_STEPS = {"momentum": kernels.MOMENTUM, "adam": kernels.ADAM, "sign": kernels.SIGN}


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
        """Numbers from the first entry to the end of the last row, padding included."""
        return max(self.rows * self.row_stride, self.cols * self.col_stride)


class Program:
    """Tables and memory layout of one group: a run a lane of a register, or 1 run.

    Attributes
    ----------
    descent, momentum, adam, sign, muon : (operations x ROW_LENGTH) int64 arrays
        One step of each method.
    gradient, smooth : the same
        The gradient, left in `gradients`; that of the smoothed loss (one run only).
    many : True or None
        The layout, as the kernels want it.
    averages : list of lists of Slot
        What the methods keep of gradients past: velocities, or Adam's two moments.
    """

    def __init__(self, problem: Problem, width: int, tables: tuple[str, ...],
                 interleaved: bool | None = None, dtype: str = "float64") -> None:
        self.problem, self.width, self.leak = problem, width, leak(problem)
        self.dtype = np.dtype(dtype)
        self.lanes = kernels.REGISTER // self.dtype.itemsize
        K, d, N = problem.classes, width, sum(problem.class_sizes)
        entries = d * N + (problem.layers - 1) * d * d + K * d
        if interleaved is None:
            interleaved = entries * kernels.REGISTER <= INTERLEAVED_BYTES
        self.interleaved = interleaved
        self.runs = self.lanes if interleaved else 1
        self.many = True if interleaved else None
        self.size = 0
        self._table: list[list[int]] = []

        self.parameters = [self._by_samples(N, d)]
        self.parameters += [self._slot(d, d) for _ in range(problem.layers - 1)]
        self.parameters += [self._slot(K, d)]
        self.parameter_size = self.size
        self.gradients = self._another()
        self.averages = [self._another()
                         for _ in range(max(AVERAGES.get(name, 0) for name in tables))]
        self.outputs, self.target = self._slot(K, N), self._slot(K, N)
        self.column_weight, self.losses = self._slot(1, N), self._slot(3, N)
        self.shifts: list[Slot] = []

        self._scratch = self._slot(max(p.rows for p in self.parameters), d)
        for name in tables:
            setattr(self, name, self._write(name))

    gradient: NDArray[np.int64]
    smooth: NDArray[np.int64]

    # -- memory ------------------------------------------------------------------------------

    def _slot(self, rows: int, cols: int) -> Slot:
        if self.interleaved:
            new = Slot(self.size, rows, cols, cols * self.lanes, self.lanes)
        else:
            stride = self._padded(cols)
            if stride >= 64 and stride % 32 == 0:
                stride += self.lanes  # rows a power of two apart would share few lines of cache
            new = Slot(self.size, rows, cols, stride, 1)
        self.size += new.size if self.interleaved else self._padded(rows) * new.row_stride
        return new

    def _padded(self, count: int) -> int:
        return -(-count // self.lanes) * self.lanes

    def _by_samples(self, rows: int, cols: int) -> Slot:
        """rows x cols, laid out like the transpose of a cols x rows slot of a layer."""
        return self._slot(cols, rows).T if self.interleaved else self._slot(rows, cols)

    def _another(self) -> list[Slot]:
        """Slots laid out like the parameters."""
        base = self._take(self.parameter_size)
        return [self._like(base + p.offset, p) for p in self.parameters]

    def _take(self, size: int) -> int:
        """The offset of `size` new numbers, in whole registers."""
        base, self.size = self.size, self.size + self._padded(size)
        return base

    @staticmethod
    def _like(offset: int, slot: Slot) -> Slot:
        """A slot elsewhere, laid out like `slot`."""
        return Slot(offset, slot.rows, slot.cols, slot.row_stride, slot.col_stride)

    def new_work(self) -> Array:
        """A zeroed work array, on a cache line, with the target filled in."""
        buffer = np.zeros(self.size + self.lanes, self.dtype)
        skip = (-buffer.ctypes.data % kernels.REGISTER) // self.dtype.itemsize
        work = buffer[skip:skip + self.size]
        wanted = self._target(self.problem)[1][:, labels(self.problem)]
        for run in range(self.runs):
            self.view(work, self.target, run)[:] = wanted
            self.view(work, self.column_weight, run)[:] = 1 / wanted.shape[1]
        return work

    def view(self, work: Array, slot: Slot, run: int = 0) -> Array:
        """The matrix in `slot` of one run of the group, as a view."""
        size = self.dtype.itemsize
        return np.ndarray((slot.rows, slot.cols), self.dtype, work, (slot.offset + run) * size,
                          (slot.row_stride * size, slot.col_stride * size))

    def write(self, work: Array, slots: list[Slot], run: int, matrices: Parameters) -> None:
        """Put [H_1, W_1, ..., W_L] (or what is shaped like it) into `slots`."""
        for slot, matrix in zip(slots, [matrices[0].T, *matrices[1:]], strict=True):
            self.view(work, slot, run)[:] = matrix

    def read(self, work: Array, slots: list[Slot], run: int) -> Parameters:
        """The inverse of `write`, as copies in double precision."""
        head, *weights = (np.array(self.view(work, slot, run), np.float64) for slot in slots)
        return [head.T.copy(), *weights]

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
        unit = 1 if self.interleaved else self.lanes
        self._add(
            kernels.PRODUCT, rows=a.rows, cols=-(-b.cols // unit), inner=a.cols,
            epilogue=epilogue, factor=factor,
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
        """A factor's gradient is A B: apply it, or store it."""
        if self._name == "descent":
            self._product(self.parameters[index], a, b, kernels.UPDATE, factor=index)
        elif self._name in AVERAGES:
            # One place for all factors, so that it stays in the nearest cache.
            place = self._like(self._scratch.offset, self.parameters[index])
            self._product(place, a, b)
            self._step(index, place)
        else:
            self._product(self.gradients[index], a, b)

    def _settle_entrywise(self, index: int, source: Slot) -> None:
        """A factor's gradient is `source`, laid out as the factor is."""
        if self._name == "descent":
            self._entrywise(kernels.STEP, self.parameters[index], source, factor=index)
        elif self._name in AVERAGES:
            self._step(index, source)
        else:
            self._entrywise(kernels.DECAY, self.gradients[index], source,
                            self.parameters[index], factor=index)

    def _step(self, index: int, gradient: Slot) -> None:
        """A factor moves, now that the gradient of the fit in it is known."""
        if self._name == "muon":
            self._orthogonal_step(index, gradient)
        else:
            first, second, *_ = *(slots[index] for slots in self.averages), None, None
            self._entrywise(_STEPS[self._name], self.parameters[index], gradient, first, second,
                            factor=index)

    def _orthogonal_step(self, index: int, gradient: Slot) -> None:
        """The velocity's orthogonal factor, from products with its Gram matrix on the smaller
        side, times the rate."""
        factor, velocity = self.parameters[index], self.averages[0][index]
        self._entrywise(kernels.ACCUMULATE, velocity, gradient, factor, factor=index)
        start = self._like(self._scratch.offset, factor)
        self._add(kernels.NORMALISE, rows=1, cols=factor.size, c=start.offset,
                  a=velocity.offset)
        wide = factor.rows < factor.cols
        x = self._transposed(start) if wide else start
        gram, square, y = (self._slot(x.cols, x.cols), self._slot(x.cols, x.cols),
                           self._like(self._take(x.size), x))
        for a, b, c in polynomials():
            self._product(gram, x.T, x)
            self._product(square, gram, gram)
            self._blend(gram, b, square, c)
            self._product(y, x, gram)
            self._blend(x, a, y, 1.0)
        self._entrywise(kernels.STEP, factor, self._transposed(x) if wide else x, factor=index)

    def _blend(self, c: Slot, x: float, b: Slot, y: float) -> None:
        """C = x C + y B."""
        bits = np.array([x, y]).view(np.int64)
        self._add(kernels.BLEND, rows=1, cols=c.size, a=c.offset, b=b.offset, c=c.offset,
                  x_bits=bits[0], y_bits=bits[1])

    # -- tables ------------------------------------------------------------------------------

    def _write(self, name: str) -> NDArray[np.int64]:
        self._table, self._name = [], name
        linear = self.leak == 1
        self._smoothing = name == "smooth" and not linear
        settled = self._linear_chain() if linear else self._layer_by_layer()
        if name in ("gradient", "smooth"):
            for index in range(self.problem.layers + 1):
                if index != settled:
                    self._entrywise(kernels.DECAY, self.gradients[index],
                                    self.gradients[index], self.parameters[index],
                                    factor=index)
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
