"""The compiled heart: many networks trained at once, all steps inside one call.

A network's arithmetic is a table of operations (an int64 row each, written by program.py) on
one flat work array, and `descend` interprets it: no allocation, no Python between the steps,
one compilation for all shapes of a layout.  Everything is in units of one AVX-512 register: 8
lanes of double precision, or 16 of single precision, as the work array is.

* Seed innermost (small networks): entry (i, j) of a matrix is a register, a lane a run.
* One run (larger networks): a register is neighbours in a row; rows are padded to registers.

`many` is True for the first layout and None for the second: a type of its own each, so that
Numba compiles the tiles of a layout when it is first used.

Two functions are machine-level, `tile` (the register-blocked matrix product) and
`transpose_block`: their meaning is their Python body, their speed the LLVM instructions emitted
below it.  All others are plain loops.  With NUMBA_DISABLE_JIT=1 the whole file runs as Python
and gives the same numbers up to rounding.  No fast-math flag lets a nan or an infinity be
assumed away.  The functions between a kernel and its tiles are inlined, because Numba would
compile the tiles again for each of them.
"""

from __future__ import annotations

import math
from typing import Any

import llvmlite.binding  # type: ignore[import-untyped]
import numpy as np
from llvmlite import ir
from numba import config, njit
from numba.core import types
from numba.extending import intrinsic, overload

from nctheory.compiled import cached

REGISTER = 64  # bytes


# Kinds of operation.
(PRODUCT, TRANSPOSE, MSE, CROSS_ENTROPY, SMOOTH, STEP, DECAY, MOMENTUM, ADAM, SIGN, ACCUMULATE,
 NORMALISE, BLEND) = range(13)

# Columns of an operation's row; the kinds other than PRODUCT use the same names as they need.
#  A product is C[rows x cols] = A[rows x inner] B[inner x cols];
# offsets and strides are in numbers, and cols counts registers.
CODE, ROWS, COLS, INNER, EPILOGUE, FACTOR = range(6)
A, A_ROW, A_INNER, B, B_INNER, B_COL, C, C_ROW, C_COL, MASK = range(6, 16)
ROW_LENGTH = 16
X_BITS, Y_BITS = B_INNER, B_COL  # of BLEND: its weights, the bits of doubles

# What becomes of a finished entry s of a product.
STORE = 0  # C = s
SIGMA = 1  # C = max(s, leak s): leaky ReLU, of slope leak in [0, 1) below 0
GATE = 2  # C = s where MASK > 0, else leak s
SCALE = 3  # C = s MASK
UPDATE = 4  # C = keep C + rate s

# Numbers of a run, before the factors' weight decays.
RATE, INERTIA, NESTEROV, SMOOTHING, LEAK, DECOUPLED, DECAYS = range(7)

# Loss of one column, beyond which a run counts as diverged.
BLOW_UP = 1e12

# Adam's second moment keeps this share in a step; what is added to its root.
SECOND, EPSILON = 0.999, 1e-8

# What Numba compiles for: this machine, or what NUMBA_CPU_FEATURES says.
_wanted: str | None = getattr(config, "CPU_FEATURES", None)
_features = (_wanted.split(",") if _wanted else
             [f"+{name}" for name, has in llvmlite.binding.get_host_cpu_features().items() if has])
# Sums kept in registers: 25 of AVX-512's 32; elsewhere 6, as each takes two or more registers.
TILE_ROWS, TILE_COLS = (5, 5) if "+avx512f" in _features else (2, 3)
_FUSED = "+fma" in _features or "+neon" in _features


# ---- the register-blocked product ----------------------------------------------------------

def tile(work: Any, op: Any, top: int, left: int, height: int, width: int,
         keep: float, rate: float, leak: float, many: bool | None) -> None:
    """One tile (height x width registers at row `top`, column `left`) of the product `op`."""
    rows, cols = top + np.arange(height), left + np.arange(width)
    inner, lane = np.arange(op[INNER]), np.arange(REGISTER // work.itemsize)
    a = work[op[A] + np.add.outer(rows * op[A_ROW], inner * op[A_INNER])[..., None]
             + (0 if many is None else lane)]
    b = work[op[B] + np.add.outer(inner * op[B_INNER], cols * op[B_COL])[..., None] + lane]
    total = np.sum(a[:, :, None, :] * b[None], axis=1)
    at = np.add.outer(rows * op[C_ROW], cols * op[C_COL])[..., None] + lane
    if op[EPILOGUE] == SIGMA:
        total = np.maximum(total, leak * total)
    elif op[EPILOGUE] == GATE:
        total = np.where(work[op[MASK] + at] > 0, total, leak * total)
    elif op[EPILOGUE] == SCALE:
        total = total * work[op[MASK] + at]
    elif op[EPILOGUE] == UPDATE:
        total = keep * work[op[C] + at] + rate * total
    work[op[C] + at] = total


_INT = ir.IntType(64)


class _Emitter:
    """LLVM instructions for the tiles of one product."""

    def __init__(self, builder: Any, work: Any, op: Any = None) -> None:
        self.builder, self.work = builder, work
        self.number = work.type.pointee
        self.bytes = 4 if isinstance(self.number, ir.FloatType) else 8
        self.lanes = REGISTER // self.bytes
        self.register = ir.VectorType(self.number, self.lanes)
        self.zero = ir.Constant(self.register, [0.0] * self.lanes)
        self.op = [builder.load(builder.gep(op, [ir.Constant(_INT, i)]))
                   for i in range(ROW_LENGTH) if op is not None]

    def address(self, offset: Any, *terms: tuple[Any, Any]) -> Any:
        """offset + sum of count * stride."""
        for count, stride in terms:
            if isinstance(count, int):
                count = ir.Constant(_INT, count)
            offset = self.builder.add(offset, self.builder.mul(count, stride))
        return offset

    def pointer(self, offset: Any) -> Any:
        return self.builder.bitcast(self.builder.gep(self.work, [offset]),
                                    self.register.as_pointer())

    def load(self, offset: Any) -> Any:
        value = self.builder.load(self.pointer(offset))
        value.align = self.bytes
        return value

    def store(self, value: Any, offset: Any) -> None:
        self.builder.store(value, self.pointer(offset)).align = self.bytes

    def splat(self, scalar: Any) -> Any:
        nothing = ir.Constant(self.register, ir.Undefined)
        first = self.builder.insert_element(nothing, scalar, ir.Constant(ir.IntType(32), 0))
        return self.shuffle(first, nothing, [0] * self.lanes)

    def shuffle(self, a: Any, b: Any, lanes: list[int]) -> Any:
        """Entries of a and b, numbered one after the other, in a new order."""
        order = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), lanes)
        return self.builder.shuffle_vector(a, b, order)

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        if not _FUSED:
            return self.builder.fadd(self.builder.fmul(a, b), c)
        kind = ir.FunctionType(self.register, [self.register] * 3)
        name = f"llvm.fma.v{self.lanes}f{8 * self.bytes}"
        function = self.builder.module.globals.get(name)
        if function is None:
            function = ir.Function(self.builder.module, kind, name)
        return self.builder.call(function, [a, b, c])

    def sums(self, top: Any, left: Any, height: int, width: int, splat: bool) -> list[Any]:
        """The loop over the inner index, with height x width sums held in registers."""
        builder, op = self.builder, self.op
        rows = [self.address(op[A], (top, op[A_ROW]), (r, op[A_ROW])) for r in range(height)]
        cols = [self.address(op[B], (left, op[B_COL]), (c, op[B_COL])) for c in range(width)]
        before, loop = builder.block, builder.append_basic_block("inner")
        after = builder.append_basic_block("summed")
        builder.branch(loop)
        builder.position_at_end(loop)
        p = builder.phi(_INT)
        sums = [[builder.phi(self.register) for _ in cols] for _ in rows]
        b = [self.load(self.address(col, (p, op[B_INNER]))) for col in cols]
        finished = []
        for row, held in zip(rows, sums, strict=True):
            at = self.address(row, (p, op[A_INNER]))
            a = (self.splat(builder.load(builder.gep(self.work, [at]))) if splat
                 else self.load(at))
            finished.append([self.fma(a, y, s) for y, s in zip(b, held, strict=True)])
        following = builder.add(p, ir.Constant(_INT, 1))
        builder.cbranch(builder.icmp_signed("<", following, op[INNER]), loop, after)
        p.add_incoming(ir.Constant(_INT, 0), before)
        p.add_incoming(following, loop)
        for held, new in zip(sums, finished, strict=True):
            for old, s in zip(held, new, strict=True):
                old.add_incoming(self.zero, before)
                old.add_incoming(s, loop)
        builder.position_at_end(after)
        return finished

    def finish(self, kind: int, s: Any, at: Any, keep: Any, rate: Any, leak: Any) -> Any:
        """What is stored for the finished entry s, as `tile` says."""
        builder = self.builder
        leaked = builder.fmul(self.splat(leak), s) if kind in (SIGMA, GATE) else None
        if kind == SIGMA:  # unordered: a nan stays a nan
            return builder.select(builder.fcmp_unordered(">", s, leaked), s, leaked)
        if kind in (GATE, SCALE):
            mask = self.load(self.address(self.op[MASK], (1, at)))
            if kind == SCALE:
                return builder.fmul(s, mask)
            return builder.select(builder.fcmp_ordered(">", mask, self.zero), s, leaked)
        if kind == UPDATE:
            old = self.load(self.address(self.op[C], (1, at)))
            return self.fma(self.splat(keep), old, builder.fmul(self.splat(rate), s))
        return s

    def tile(self, top: Any, left: Any, height: int, width: int, splat: bool,
             keep: Any, rate: Any, leak: Any, done: Any) -> None:
        builder, op = self.builder, self.op
        sums = self.sums(top, left, height, width, splat)
        corner = self.address(ir.Constant(_INT, 0), (top, op[C_ROW]), (left, op[C_COL]))
        cases = [builder.append_basic_block(f"epilogue{kind}") for kind in range(5)]
        switch = builder.switch(op[EPILOGUE], done)
        for kind, block in enumerate(cases):
            switch.add_case(ir.Constant(_INT, kind), block)
            builder.position_at_end(block)
            for r, row in enumerate(sums):
                for c, s in enumerate(row):
                    at = self.address(corner, (r, op[C_ROW]), (c, op[C_COL]))
                    self.store(self.finish(kind, s, at, keep, rate, leak),
                               self.address(op[C], (1, at)))
            builder.branch(done)


@intrinsic
def _tile(typing: Any, work: Any, op: Any, top: Any, left: Any, height: Any, width: Any,
          keep: Any, rate: Any, leak: Any, many: Any) -> Any:
    signature = types.void(work, op, *[types.int64] * 4, *[work.dtype] * 3, many)
    splat = isinstance(many, types.NoneType)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        work, op = (context.make_array(kind)(context, builder, value).data
                    for kind, value in zip(signature.args[:2], arguments[:2], strict=True))
        top, left, height, width, keep, rate, leak, _ = arguments[2:]
        emitter = _Emitter(builder, work, op)
        done = builder.append_basic_block("done")
        # One case for each size of tile.
        size = builder.add(builder.mul(height, ir.Constant(_INT, 8)), width)
        switch = builder.switch(size, done)
        for h in range(1, TILE_ROWS + 1):
            for w in range(1, TILE_COLS + 1):
                block = builder.append_basic_block(f"tile{h}x{w}")
                switch.add_case(ir.Constant(_INT, 8 * h + w), block)
                builder.position_at_end(block)
                emitter.tile(top, left, h, w, splat, keep, rate, leak, done)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return signature, emit


@overload(tile, strict=False, inline="always")
def _tile_compiled(work: Any, op: Any, top: Any, left: Any, height: Any, width: Any,
                   keep: Any, rate: Any, leak: Any, many: Any) -> Any:
    return lambda work, op, top, left, height, width, keep, rate, leak, many: (
        _tile(work, op, top, left, height, width, keep, rate, leak, many))  # type: ignore


@njit(error_model="numpy", inline="always")
def product(work: Any, op: Any, keep: float, rate: float, leak: float,
            many: bool | None) -> None:
    """A matrix product, cut into tiles of nearly equal sizes."""
    row_tiles = (op[ROWS] + TILE_ROWS - 1) // TILE_ROWS
    col_tiles = (op[COLS] + TILE_COLS - 1) // TILE_COLS
    height, tall = op[ROWS] // row_tiles, op[ROWS] % row_tiles
    width, wide = op[COLS] // col_tiles, op[COLS] % col_tiles
    top = 0
    for i in range(row_tiles):
        h = height + (i < tall)
        left = 0
        for j in range(col_tiles):
            w = width + (j < wide)
            tile(work, op, top, left, h, w, keep, rate, leak, many)
            left += w
        top += h


# ---- transposition -------------------------------------------------------------------------

def transpose_block(work: Any, a: int, a_row: int, c: int, c_row: int) -> None:
    """The block of whole registers at offset c (row stride c_row) becomes the transpose of that
    at a."""
    lanes = REGISTER // work.itemsize
    i, j = np.ix_(np.arange(lanes), np.arange(lanes))
    work[c + c_row * i + j] = work[a + a_row * j + i]


@intrinsic
def _transpose_block(typing: Any, work: Any, a: Any, a_row: Any, c: Any, c_row: Any) -> Any:
    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        memory = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        a, a_row, c, c_row = arguments[1:]
        emitter = _Emitter(builder, memory)
        lanes = emitter.lanes
        rows = [emitter.load(emitter.address(a, (i, a_row))) for i in range(lanes)]
        # Swap off-diagonal quarters of blocks of 2, then 4, then 8 (and 16).
        for half in (1, 2, 4, 8)[:lanes.bit_length() - 1]:
            low = [j if not j & half else j - half + lanes for j in range(lanes)]
            high = [j + half if not j & half else j + lanes for j in range(lanes)]
            for i in range(lanes):
                if not i & half:
                    pair = rows[i], rows[i + half]
                    rows[i] = emitter.shuffle(*pair, low)
                    rows[i + half] = emitter.shuffle(*pair, high)
        for i, row in enumerate(rows):
            emitter.store(row, emitter.address(c, (i, c_row)))
        return context.get_dummy_value()

    return types.void(work, *[types.int64] * 4), emit


@overload(transpose_block, strict=False)
def _transpose_block_compiled(work: Any, a: Any, a_row: Any, c: Any, c_row: Any) -> Any:
    return lambda work, a, a_row, c, c_row: _transpose_block(  # type: ignore
        work, a, a_row, c, c_row)


@njit(error_model="numpy", inline="always")
def transpose(work: Any, op: Any) -> None:
    """C = A^T for A rows x inner; both slots are padded to whole blocks."""
    lanes = REGISTER // work.itemsize
    for i in range(0, op[ROWS], lanes):
        for j in range(0, op[INNER], lanes):
            transpose_block(work, op[A] + i * op[A_ROW] + j, op[A_ROW],
                            op[C] + j * op[C_ROW] + i, op[C_ROW])


# ---- the other operations: plain loops over contiguous memory -------------------------------

@njit(error_model="numpy")
def squared_error(z: Any, y: Any, weight: Any, scratch: Any, rows: int) -> None:
    """z becomes weight (z - y); scratch[0] the columns' weight (z - y)^2 / 2, summed."""
    n = weight.size
    fit = scratch[:n]
    fit[:] = 0.0
    for i in range(rows):
        zi, yi = z[i * n:(i + 1) * n], y[i * n:(i + 1) * n]
        for c in range(n):
            r = zi[c] - yi[c]
            zi[c] = weight[c] * r
            fit[c] += weight[c] * r * r
    for c in range(n):
        fit[c] *= 0.5


_ROUND = 6755399441055744.0  # 1.5 * 2^52: adding it leaves the nearest integer in the last bits
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@njit(error_model="numpy")
def exponential(x: float) -> float:
    """exp(x) for x <= 0 to about 1 ulp (1e-304 below -700); no branch, so loops vectorise."""
    x = max(np.float64(x), -700.0)
    shifted = x * 1.4426950408889634 + _ROUND
    n = shifted - _ROUND
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    p = 1 / 6227020800
    p = p * r + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    power = (np.float64(shifted).view(np.int64) + 1023) << 52
    return p * np.int64(power).view(np.float64)


@njit(error_model="numpy")
def cross_entropy(z: Any, y: Any, weight: Any, scratch: Any, rows: int, measure: bool) -> None:
    """z becomes weight (softmax(z) - y); scratch[0] the columns' weighted losses.

    Without `measure` the logarithm is left out, but a nan still shows in scratch[0].
    """
    n = weight.size
    fit, top, total = scratch[:n], scratch[n:2 * n], scratch[2 * n:3 * n]
    top[:] = z[:n]
    for i in range(1, rows):
        zi = z[i * n:(i + 1) * n]
        for c in range(n):
            top[c] = max(top[c], zi[c])
    fit[:] = 0.0
    total[:] = 0.0
    for i in range(rows):
        zi, yi = z[i * n:(i + 1) * n], y[i * n:(i + 1) * n]
        for c in range(n):
            below = zi[c] - top[c]
            fit[c] -= below * yi[c]
            zi[c] = exponential(below)
            total[c] += zi[c]
    for c in range(n):
        if measure:
            fit[c] += math.log(total[c])
        fit[c] *= weight[c]
        total[c] = weight[c] / total[c]
    for i in range(rows):
        zi, yi = z[i * n:(i + 1) * n], y[i * n:(i + 1) * n]
        for c in range(n):
            zi[c] = zi[c] * total[c] - yi[c] * weight[c]


@njit(error_model="numpy")
def smooth(h: Any, slope: Any, value: Any, shift: Any, width: float, leak: float) -> None:
    """Smoothed leaky ReLU: slope = clip(shift + h/width, leak, 1), value = its integral from 0.

    It is exact for h >= 0 with shift 1, for h <= 0 with shift leak, and at h = 0 its slope is
    shift: a point whose shifts are the multipliers of its kinks is critical for the smoothed
    loss exactly when it is for the loss itself.
    """
    for i in range(h.size):
        q = shift[i] + h[i] / width
        s = min(max(q, leak), 1.0)
        slope[i] = s
        value[i] = width * (0.5 * (s - shift[i]) * (s + shift[i]) + max(q - 1.0, 0.0)
                            + leak * min(q - leak, 0.0))


@njit(error_model="numpy")
def combine(c: Any, a: Any, x: float, b: Any, y: float) -> None:
    """c = x a + y b."""
    for i in range(c.size):
        c[i] = x * a[i] + y * b[i]


# Steps of a factor p with the fit's gradient g: `pull` is the weight decay that joins the
# gradient (coupled), `keep` what the other kind leaves of p (decoupled).

@njit(error_model="numpy")
def momentum_step(p: Any, g: Any, v: Any, rate: float, inertia: float, nesterov: float,
                  pull: float, keep: float) -> None:
    """v becomes inertia v + g; p moves by -rate v, or by -rate (g + inertia v) (Nesterov)."""
    for i in range(p.size):
        pulled = g[i] + pull * p[i]
        v[i] = inertia * v[i] + pulled
        look = pulled + inertia * v[i]
        p[i] = keep * p[i] - rate * (v[i] + nesterov * (look - v[i]))


@njit(error_model="numpy")
def adam_step(p: Any, g: Any, m: Any, v: Any, rate: float, inertia: float, step: int,
              pull: float, keep: float) -> None:
    """m, v: means of g and g^2, of weights inertia and SECOND; p moves by -rate m / sqrt(v),
    each over the sum of its weights (Kingma and Ba 2015); `step` is counted from 1."""
    root = math.sqrt(1.0 - SECOND**step)
    real = p.dtype.type
    scale, small = real(rate * root / (1.0 - inertia**step)), real(EPSILON * root)
    fresh, second, recent = real(1.0 - inertia), real(SECOND), real(1.0 - SECOND)
    for i in range(p.size):
        pulled = g[i] + pull * p[i]
        m[i] = inertia * m[i] + fresh * pulled
        v[i] = second * v[i] + recent * pulled * pulled
        p[i] = keep * p[i] - scale * m[i] / (math.sqrt(v[i]) + small)


@njit(error_model="numpy")
def sign_step(p: Any, g: Any, rate: float, pull: float, keep: float) -> None:
    """p moves by -rate sign(g); a nan stays a nan."""
    one = p.dtype.type(1.0)
    for i in range(p.size):
        pulled = g[i] + pull * p[i]
        sign = one if pulled > 0 else -one if pulled < 0 else pulled
        p[i] = keep * p[i] - rate * sign


@njit(error_model="numpy")
def accumulate(v: Any, g: Any, p: Any, inertia: float, pull: float) -> None:
    """v becomes inertia v + g."""
    for i in range(v.size):
        v[i] = inertia * v[i] + g[i] + pull * p[i]


@njit(error_model="numpy")
def normalise(c: Any, a: Any, lanes: int) -> None:
    """c = a / |a|_F for each of `lanes` runs; 0 where a is 0."""
    for lane in range(lanes):
        square = 0.0
        for i in range(lane, a.size, lanes):
            square += a[i] * a[i]
        scale = a.dtype.type(1.0 / math.sqrt(square) if square != 0 else 0.0)
        for i in range(lane, a.size, lanes):
            c[i] = scale * a[i]


@njit(error_model="numpy", inline="always")
def interpret(work: Any, table: Any, numbers: Any, measure: bool, step: int,
              many: bool | None) -> None:
    """Run the operations of `table` once, as step number `step` of a run."""
    real = work.dtype.type
    rate, inertia, leak = real(numbers[RATE]), real(numbers[INERTIA]), real(numbers[LEAK])
    for o in range(table.shape[0]):
        op = table[o]
        code, size = op[CODE], op[COLS]
        decay = real(numbers[DECAYS + op[FACTOR]])
        a, c = work[op[A]:op[A] + op[ROWS] * size], work[op[C]:op[C] + op[ROWS] * size]
        b, mask = work[op[B]:op[B] + op[ROWS] * size], work[op[MASK]:op[MASK] + size]
        pull = real(numbers[DECAYS + op[FACTOR]] * (1.0 - numbers[DECOUPLED]))
        keep = real(1.0 - numbers[RATE] * numbers[DECAYS + op[FACTOR]] * numbers[DECOUPLED])
        if code == PRODUCT:
            product(work, op, keep, -rate, leak, many)
        elif code == TRANSPOSE:
            transpose(work, op)
        elif code == MSE:
            squared_error(a, b, mask, work[op[C]:op[C] + 3 * size], op[ROWS])
        elif code == CROSS_ENTROPY:
            cross_entropy(a, b, mask, work[op[C]:op[C] + 3 * size], op[ROWS], measure)
        elif code == SMOOTH:
            smooth(a, b, c, mask, numbers[SMOOTHING], leak)
        elif code == STEP:
            combine(c, c, keep, a, -rate)
        elif code == DECAY:
            combine(c, a, real(1.0), b, decay)
        elif code == MOMENTUM:
            momentum_step(c, a, b, rate, inertia, real(numbers[NESTEROV]), pull, keep)
        elif code == ADAM:
            adam_step(c, a, b, mask, rate, inertia, step, pull, keep)
        elif code == SIGN:
            sign_step(c, a, rate, pull, keep)
        elif code == ACCUMULATE:
            accumulate(c, a, b, inertia, pull)
        elif code == NORMALISE:
            normalise(c, a, 1 if many is None else REGISTER // work.itemsize)
        else:
            combine(c, a, real(np.int64(op[X_BITS]).view(np.float64)), b,
                    real(np.int64(op[Y_BITS]).view(np.float64)))


@cached(njit, nogil=True, error_model="numpy")
def descend(work: Any, table: Any, numbers: Any, fit: Any, first: int, steps: int,
            diverged: Any, many: bool | None) -> None:
    """`steps` steps of one group of runs; `fit` is the slice of `work` the loss op writes.

    diverged[lane] becomes the number of the step at which a column of that run first blew up
    (-1 before); `first` is the number of the first step.  In the one-run layout every lane is
    part of the same run.  The numbers of a run depend on nothing but that run.
    """
    lanes = REGISTER // work.itemsize
    for t in range(steps):
        interpret(work, table, numbers, t == steps - 1, first + t + 1, many)
        for c in range(fit.size):
            if not fit[c] < BLOW_UP and diverged[c % lanes] < 0:
                diverged[c % lanes] = first + t


# ---- L-BFGS --------------------------------------------------------------------------------

@njit(error_model="numpy", fastmath={"reassoc", "contract"})
def dot(a: Any, b: Any) -> float:
    """a . b; the order of summation is left to the compiler."""
    total = 0.0
    for i in range(a.size):
        total += a[i] * b[i]
    return total


@njit(error_model="numpy")
def penalised(fit: Any, x: Any, numbers: Any, ends: Any) -> float:
    """The loss: the columns' fit, and the weight decay of each factor x[..ends[f]]."""
    loss, start = 0.0, 0
    for c in range(fit.size):
        loss += fit[c]
    for f in range(ends.size):
        p = x[start:ends[f]]
        loss += 0.5 * numbers[DECAYS + f] * dot(p, p)
        start = ends[f]
    return loss


@njit(error_model="numpy")
def two_loops(g: Any, pairs: Any, curvature: Any, count: int, d: Any) -> None:
    """d = -H g with the L-BFGS inverse Hessian of the last pairs (s, y); curvature = s . y."""
    m = pairs.shape[0]
    kept = min(count, m)
    weights = np.empty(m)
    combine(d, g, -1.0, g, 0.0)
    for back in range(kept):
        k = (count - 1 - back) % m
        weights[k] = dot(pairs[k, 0], d) / curvature[k]
        combine(d, d, 1.0, pairs[k, 1], -weights[k])
    if kept > 0:
        k = (count - 1) % m
        combine(d, d, curvature[k] / dot(pairs[k, 1], pairs[k, 1]), d, 0.0)
    for forth in range(kept):
        k = (count - kept + forth) % m
        combine(d, d, 1.0, pairs[k, 0], weights[k] - dot(pairs[k, 1], d) / curvature[k])


@cached(njit, nogil=True, error_model="numpy")
def minimise(work: Any, table: Any, numbers: Any, fit: Any, ends: Any, start: int,
             memory: Any, tolerance: float, evaluations: int) -> tuple[float, float, int]:
    """L-BFGS with a weak Wolfe line search: (loss, |gradient|_2, evaluations used).

    One loop over evaluations, not two: each pass interprets the table once, whose code is
    inlined; a second call site would compile all tiles again.  Hence its many branches.

    The parameters are work[:n], their gradient work[start:start + n]; `memory` holds the
    pairs (s, y), and in its last pair the direction and the point a line search starts from.
    Near the end, where losses differ by rounding only, slopes decide (Hager and Zhang).
    """
    n = ends[-1]
    x, g = work[:n], work[start:start + n]
    pairs, d, origin = memory[:-1], memory[-1, 0], memory[-1, 1]
    m = pairs.shape[0]
    curvature = np.empty(m)
    count, searching, trials = 0, False, 0
    before = slope = t = low = high = norm = 0.0
    for used in range(1, evaluations + 1):
        interpret(work, table, numbers, True, 1, None)
        loss = penalised(fit, x, numbers, ends)
        s, y = pairs[count % m, 0], pairs[count % m, 1]
        if searching:
            new_slope = dot(g, d)
            enough = loss <= before + 1e-4 * t * slope or (
                loss <= before + 1e-13 * abs(before) and new_slope <= -0.9998 * slope)
            if enough and new_slope >= 0.9 * slope:
                combine(s, x, 1.0, origin, -1.0)
                combine(y, g, 1.0, y, -1.0)
                curvature[count % m] = dot(s, y)
                count += 1
                searching = False
            elif trials < 40 and used < evaluations:
                low, high = (t, high) if enough else (low, t)
                t = 0.5 * (low + high) if high < np.inf else 2.0 * low
                combine(x, origin, 1.0, d, t)
                trials += 1
            else:  # back to where the search began, and try once without the pairs
                x[:] = origin
                g[:] = y
                loss, searching = before, False
                if count == 0 or used == evaluations:
                    break
                count = 0
        if not searching:
            norm = math.sqrt(dot(g, g))
            if not norm > tolerance or used == evaluations:
                break
            two_loops(g, pairs, curvature, count, d)
            slope = dot(g, d)
            origin[:] = x
            pairs[count % m, 1] = g
            t, low, high = (1.0 if count else min(1.0, 1.0 / norm)), 0.0, np.inf
            before, searching, trials = loss, True, 0
            combine(x, origin, 1.0, d, t)
    return loss, math.sqrt(dot(g, g)), used
