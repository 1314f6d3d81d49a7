"""Kernels against the NumPy reference, and against their own source run as Python."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from nctheory import losses
from nctheory.errors import InputError
from nctheory.losses import LOSSES
from nctheory.losses.cross_entropy import CrossEntropy, softmax
from nctheory.network import fit, forward, gradient, loss
from nctheory.problem import Problem
from nctheory.solver import kernels
from nctheory.solver import program as program_module
from nctheory.solver.descent import TABLES
from nctheory.solver.polar import polynomials
from nctheory.solver.program import Program
from nctheory.solver.starts import starting_point
from nctheory.specs import Kind

LEAKY = "leaky:a=1/10"
PROBLEMS = [
    Problem(classes=3, layers=layers, samples=samples, loss=kind, activation=activation,
            weight_decay=tuple(0.01 * (i + 1) for i in range(layers + 1)))
    for layers, samples in ((1, 2), (2, (3, 1, 7)), (4, 1)) for kind in ("mse", "ce")
    for activation in ("relu", "linear")
] + [Problem(classes=3, layers=layers, samples=(3, 1, 7), loss=kind, activation=LEAKY,
             weight_decay=0.02) for layers, kind in ((2, "mse"), (4, "ce"))]
RATE, INERTIA = 0.3, 0.8

# Orthogonal factors multiply a change by up to 1000 in each step (`nctheory.solver.polar`).
ROUNDING = {"muon": 1e-9}


def prepared(problem, interleaved, tables, width=11, dtype="float64"):
    program = Program(problem, width, tables, interleaved, dtype)
    work = program.new_work()
    starts = [starting_point(problem, width, seed, "gaussian", 1.0, 0.0)
              for seed in range(program.runs)]
    for run, start in enumerate(starts):
        program.write(work, program.parameters, run, start)
    return program, work, starts


def descend(module, program, work, table, steps, nesterov=0.0, decoupled=True):
    numbers = np.array([RATE, INERTIA, nesterov, 0.1, program.leak, decoupled,
                        *program.problem.decays])
    losses = program.losses
    fit = work[losses.offset:losses.offset + losses.row_stride]
    diverged = np.full(program.lanes, -1)
    module.descend(work, getattr(program, table), numbers, fit, 0, steps, diverged,
                   program.many)
    return diverged


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("problem", PROBLEMS, ids=str)
def test_descent_takes_the_reference_steps(problem, interleaved):
    program, work, starts = prepared(problem, interleaved, ("descent",))
    assert descend(kernels, program, work, "descent", 20).max() == -1
    for run, p in enumerate(starts):
        for _ in range(20):
            p = [a - RATE * g for a, g in zip(p, gradient(p, problem), strict=True)]
        for found, wanted in zip(program.read(work, program.parameters, run), p, strict=True):
            assert_allclose(found, wanted, rtol=0, atol=1e-14)


class Reference:
    """One factor under each of the optimisers, as their papers write them."""

    def __init__(self, method, decoupled):
        self.method, self.decoupled, self.v, self.m, self.t = method, decoupled, 0.0, 0.0, 0

    def step(self, p, g, decay):
        if not self.decoupled:
            g = g + decay * p
        self.t += 1
        kept = 1 - RATE * decay if self.decoupled else 1
        return kept * p - RATE * getattr(self, self.method)(g)

    def momentum(self, g):
        self.v = INERTIA * self.v + g
        return self.v

    def nesterov(self, g):
        return g + INERTIA * self.momentum(g)

    def adam(self, g):
        self.m = INERTIA * self.m + (1 - INERTIA) * g
        self.v = 0.999 * self.v + 0.001 * g**2
        return (self.m / (1 - INERTIA**self.t)) / (
            np.sqrt(self.v / (1 - 0.999**self.t)) + 1e-8)

    def signgd(self, g):
        return np.sign(g)

    def muon(self, g):
        """By the singular value decomposition; small singular values as the module says."""
        left, s, right = np.linalg.svd(self.momentum(g), full_matrices=False)
        s = s / np.linalg.norm(s)
        for a, b, c in polynomials():
            s = a * s + b * s**3 + c * s**5
        return left * s @ right


@pytest.mark.parametrize("interleaved", [True, False])
@pytest.mark.parametrize("decoupled", [False, True])
@pytest.mark.parametrize("method", ["momentum", "nesterov", "adam", "signgd", "muon"])
@pytest.mark.parametrize("problem", [PROBLEMS[8], PROBLEMS[5]], ids=str)
def test_every_method_takes_the_reference_steps(interleaved, decoupled, method, problem):
    table = TABLES[method]
    program, work, starts = prepared(problem, interleaved, (table,))
    descend(kernels, program, work, table, 8, method == "nesterov", decoupled)
    for run, p in enumerate(starts):
        factors = [Reference(method, decoupled) for _ in p]
        for _ in range(8):
            # The decays' part is taken off: each method brings its own.
            g = [a - decay * b for a, b, decay
                 in zip(gradient(p, problem), p, problem.decays, strict=True)]
            p = [factor.step(*each) for factor, *each
                 in zip(factors, p, g, problem.decays, strict=True)]
        for found, wanted in zip(program.read(work, program.parameters, run), p, strict=True):
            assert_allclose(found, wanted, rtol=0, atol=ROUNDING.get(table, 1e-13))


# torch.optim (2.15, float64) after 4 steps along the gradients of the test, rate 0.3, decay 0.1,
# momentum or first beta 0.8: SGD, SGD(nesterov), Adam, AdamW.  Its Muon is rougher than ours.
PYTORCH = [
    ("momentum", False, (-0.403700009156886, -1.76287578841114, 1.798662905, 0.2293634725)),
    ("nesterov", False, (-0.445337772274439, -1.71087419198832, 1.993084128168, 0.093596074996)),
    ("adam", False, (0.0889880830436196, -1.94323319330221, 1.5031591279069, 0.490492910228699)),
    ("adam", True, (0.0436593247649325, -2.15379528391536, 1.44745682694089, 0.575808004208599)),
]


@pytest.mark.parametrize("method, decoupled, wanted", PYTORCH)
def test_the_reference_is_that_of_pytorch(method, decoupled, wanted):
    p, factor = np.array([1.0, -2.0, 0.5, 0.25]), Reference(method, decoupled)
    for t in range(4):
        g = np.array([np.sin(1.0 + t), 0.5 * np.cos(2.0 * t), -1 / (1 + t), 0.25 * t - 0.3])
        p = factor.step(p, g, 0.1)
    assert_allclose(p, wanted, rtol=1e-13)


def test_orthogonal_factors_make_up_no_rank():
    """A gradient of rank 2 moves the factor by a matrix of rank 2 and of singular values 1."""
    problem = Problem(classes=3, layers=2, weight_decay=1e-3, activation="linear")
    program, work, starts = prepared(problem, True, ("muon",))
    starts[0][-1][2] = starts[0][-1][1]
    program.write(work, program.parameters, 0, starts[0])
    descend(kernels, program, work, "muon", 1)
    after = program.read(work, program.parameters, 0)
    for p, q, g in list(zip(starts[0], after, gradient(starts[0], problem), strict=True))[:-1]:
        p, g = (1 - RATE * 1e-3) * p, g - 1e-3 * p
        left, s, right = np.linalg.svd(g, full_matrices=False)
        rank = int(np.sum(s > 1e-3 * np.linalg.norm(s)))
        assert rank == 2 < len(s)
        assert_allclose((p - q) / RATE, left[:, :rank] @ right[:rank], atol=1e-10)


@pytest.mark.parametrize("problem", [PROBLEMS[i] for i in (4, 7, 10, 13)], ids=str)
@pytest.mark.parametrize("interleaved", [True, False])
def test_compiled_and_python_kernels_agree_to_rounding(python_kernels, problem, interleaved):
    for table in ("descent", "gradient", "momentum", "adam", "sign", "muon", "smooth"):
        program, work, _ = prepared(problem, interleaved, (table,), width=5)
        other = work.copy()
        descend(kernels, program, work, table, 3)
        descend(python_kernels, program, other, table, 3)
        assert_allclose(work, other, rtol=0, atol=ROUNDING.get(table, 1e-14))
        assert np.abs(work).max() > 0.1


# Numba compiles kernels anew for single precision: a layout once each by default.
@pytest.mark.parametrize("table, interleaved", [
    pytest.param(table, interleaved,
                 marks=() if (table, interleaved) in (("adam", True), ("descent", False))
                 else pytest.mark.slow)
    for table in ("descent", "momentum", "adam") for interleaved in (True, False)])
def test_single_precision_takes_the_steps_of_double(python_kernels, table, interleaved):
    problem = PROBLEMS[10]
    ends = []
    for module, dtype in ((kernels, "float64"), (kernels, "float32"),
                          (python_kernels, "float32")):
        program, work, _ = prepared(problem, interleaved, (table,), 17, dtype)
        assert work.dtype == dtype and program.runs == ((16 if dtype == "float32" else 8)
                                                        if interleaved else 1)
        assert descend(module, program, work, table, 5).max() == -1
        ends.append(program.read(work, program.parameters, program.runs % 8))
    for double, single, python in zip(*ends, strict=True):
        # The median: of units without a gradient Adam makes steps from its rounding.
        share = 0.5 if table == "adam" else 1.0
        assert 1e-9 < np.quantile(np.abs(double - single), share) < 1e-5
        assert np.quantile(np.abs(single - python), share) < 1e-5


@pytest.mark.parametrize("rows", [1, 2, 5, 6, 7, 11, 13])
@pytest.mark.parametrize("epilogue", range(5))
@pytest.mark.parametrize("many", [True, None])
def test_every_tile_size_and_epilogue(python_kernels, rows, epilogue, many):
    rng = np.random.default_rng(rows)
    for cols in (1, 3, 4, 6, 10):
        inner = 3
        op = np.zeros(kernels.ROW_LENGTH, np.int64)
        unit = 8 if many else 1
        fields = dict(ROWS=rows, COLS=cols, INNER=inner, EPILOGUE=epilogue, A=0,
                      A_ROW=inner * unit, A_INNER=unit, B=1000, B_INNER=8 * cols, B_COL=8, C=2000,
                      C_ROW=8 * cols, C_COL=8, MASK=4000)
        for name, value in fields.items():
            op[getattr(kernels, name)] = value
        work = rng.standard_normal(6000)
        other = work.copy()
        # The kernel runs whole tables: one product, with keep = 1 - rate * decay.
        numbers = np.array([0.25, 0.0, 0.0, 0.0, 0.3, 1.0, 2.0])
        rest = 0, 1, np.zeros(8, np.int64), many
        kernels.descend(work, op[None], numbers, work[:0], *rest)
        python_kernels.descend(other, op[None], numbers, other[:0], *rest)
        assert_allclose(work, other, rtol=0, atol=1e-14)


@pytest.mark.slow
def test_the_tiles_of_avx2():
    """The reference's steps by the tiles of processors without AVX-512, compiled for them."""
    environment = {**os.environ, "NUMBA_CPU_NAME": "haswell",
                   "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+sse4.2"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", __file__, "-k",
         "descent_takes or every_tile or (every_method and adam) or tiles_are_small"],
        env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout and "skipped" not in done.stdout


@pytest.mark.skipif("NUMBA_CPU_FEATURES" not in os.environ, reason="run by the test above")
def test_tiles_are_small():
    assert (kernels.TILE_ROWS, kernels.TILE_COLS) == (2, 3) and kernels._FUSED


class Smoothed(CrossEntropy):
    """Targets 0.9 e_c + 0.1/K, the fit in one formula."""

    word = "smoothed for a test"

    def targets(self, classes):
        return 0.9 * np.eye(classes) + 0.1 / classes

    def fit(self, outputs, labels):
        wanted = self.targets(len(outputs))[:, labels]
        return -np.mean(np.sum(wanted * np.log(softmax(outputs)), axis=0))


@pytest.mark.parametrize("interleaved", [True, False])
def test_other_targets_of_cross_entropy(monkeypatch, interleaved):
    """The kernel's loss and gradient for smoothed labels: the reference's, and differences."""
    monkeypatch.setitem(LOSSES, Smoothed.word, Kind(Smoothed))
    problem = Problem(classes=3, layers=3, samples=(3, 1, 2), loss=Smoothed.word)
    program, work, starts = prepared(problem, interleaved, ("gradient",), width=5)
    descend(kernels, program, work, "gradient", 1)
    value = program.view(work, program.losses)[0].sum()
    assert_allclose(value, fit(forward(starts[0], problem)[1], problem), rtol=1e-13)
    found = program.read(work, program.gradients, 0)
    for one, other in zip(found, gradient(starts[0], problem), strict=True):
        assert_allclose(one, other, rtol=0, atol=1e-15)
    for index, entry in ((0, (1, 2)), (2, (3, 1)), (3, (2, 1))):
        sides = []
        for h in (1e-6, -1e-6):
            moved = [p.copy() for p in starts[0]]
            moved[index][entry] += h
            sides.append(loss(moved, problem))
        assert_allclose((sides[0] - sides[1]) / 2e-6, found[index][entry], atol=1e-9)
    losses.get.cache_clear()


def test_a_loss_without_a_kernel_is_refused(monkeypatch):
    monkeypatch.setattr(program_module, "CrossEntropy", Smoothed)
    with pytest.raises(InputError, match="loss must be one that the solver has a kernel for"):
        Program(Problem(classes=3, layers=2, loss="ce"), 4, ("gradient",)).new_work()


def test_a_nan_is_not_swallowed():
    program, work, starts = prepared(PROBLEMS[8], True, ("descent",))
    starts[3][1][2, 2] = np.nan
    program.write(work, program.parameters, 3, starts[3])
    diverged = descend(kernels, program, work, "descent", 3)
    assert diverged.tolist() == [-1, -1, -1, 0, -1, -1, -1, -1]
    assert np.isfinite(program.view(work, program.parameters[0], 2)).all()


def test_exponential_to_two_ulps():
    x = -np.concatenate([np.linspace(0, 1, 1000), np.linspace(0, 690, 1000)])
    found = np.array([kernels.exponential(v) for v in x])
    assert_allclose(found, np.exp(x), rtol=5e-16)
    assert np.isnan(kernels.exponential(np.nan)) and kernels.exponential(-np.inf) < 1e-300


@pytest.mark.parametrize("activation", ["relu", LEAKY])
def test_smoothed_gradient_and_lbfgs(activation):
    """The kernel's smoothed loss has the kernel's gradient, and L-BFGS makes it vanish."""
    problem = Problem(classes=4, layers=3, weight_decay=0.01, activation=activation)
    program, work, starts = prepared(problem, False, ("smooth",), width=6)
    for slot in program.shifts:
        program.view(work, slot)[:] = 0.5
    ends = np.array([s.offset for s in program.parameters[1:]] + [program.parameter_size])
    losses = program.losses
    fit = work[losses.offset:losses.offset + losses.row_stride]
    numbers = np.array([0, 0, 0, 0.1, program.leak, 1, *problem.decays])
    memory = np.empty((6, 2, program.parameter_size))
    start = program.gradients[0].offset

    def value(budget=1, tolerance=0.0):
        return kernels.minimise(work, program.smooth, numbers, fit, ends, start, memory,
                                tolerance, budget)

    value()
    g = program.read(work, program.gradients, 0)
    for index, entry in ((0, (1, 2)), (1, (3, 3)), (2, (0, 5)), (3, (2, 1))):
        sides = []
        for h in (1e-6, -1e-6):
            moved = [p.copy() for p in starts[0]]
            moved[index][entry] += h
            program.write(work, program.parameters, 0, moved)
            sides.append(value()[0])
        assert_allclose((sides[0] - sides[1]) / 2e-6, g[index][entry], rtol=1e-6, atol=1e-9)
    program.write(work, program.parameters, 0, starts[0])
    before = value()[0]
    after, norm, used = value(5000, 1e-9)
    assert after < before and norm <= 1e-9 and used < 5000
    # Narrow smoothing is close to the loss itself.
    assert abs(after - loss(program.read(work, program.parameters, 0), problem)) < 0.05
