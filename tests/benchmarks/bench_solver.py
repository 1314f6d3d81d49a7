"""Gradient descent and L-BFGS against PyTorch, JAX and SciPy.  Run by hand:

    python tests/benchmarks/bench_solver.py [--threads 1 2] [--rounds 5] [--sizes A B C D]

Prints microseconds a step a run (medians over interleaved rounds in one process), each rival's
multiple of ours, and our share of the measured peak of fused multiply-adds.  Needs torch and
jax; a rival that is not installed is left out.  Flops are those of the products we do: B's
linear chain is multiplied in its cheap order.  With --quasi-newton: L-BFGS against SciPy's.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

RUNS = 64


def sizes():
    from nctheory.problem import Problem

    return {
        "A": (Problem(classes=10, layers=4), 30, 1000),
        "B": (Problem(classes=10, layers=2, samples=5, weight_decay=2.0**-10, loss="ce",
                      activation="linear"), 70, 400),
        "C": (Problem(classes=15, layers=7, weight_decay=0.003), 64, 200),
        "D": (Problem(classes=45, layers=4, weight_decay=0.001), 128, 60),
    }


def starts(problem, width):
    from nctheory.solver.starts import starting_point

    return [starting_point(problem, width, seed, "gaussian", 1.0, 0.0) for seed in range(RUNS)]


def ours(problem, width, threads):
    from nctheory.solver import solve

    def run(steps):
        result = solve(problem, width, range(RUNS), steps=steps, trace_every=steps,
                       threads=threads)
        return result.solutions, result.seconds

    return run


def torch_loss(torch, problem, y):
    def loss(p):
        x = p[0]
        for w in p[1:-1]:
            x = w @ x
            if problem.activation == "relu":
                x = torch.relu(x)
        z = p[-1] @ x
        n = y.shape[-1]
        if problem.loss == "mse":
            fit = ((z - y) ** 2).sum() / (2 * n)
        else:
            fit = -(torch.log_softmax(z, dim=-2) * y).sum() / n
        return fit + 0.5 * problem.decays[0] * sum((q * q).sum() for q in p)

    return loss


def torch_runs(problem, width, threads, batched):
    import torch

    from nctheory.network import targets

    torch.set_num_threads(threads)
    first = starts(problem, width)
    loss = torch_loss(torch, problem, torch.tensor(targets(problem)))

    def descend(p, steps):
        p = [torch.tensor(q, requires_grad=True) for q in p]
        optimiser = torch.optim.SGD(p, lr=0.5)
        for _ in range(steps):
            optimiser.zero_grad()
            loss(p).backward()
            optimiser.step()
        return [q.detach().numpy() for q in p]

    def run(steps):
        import numpy as np

        begun = time.perf_counter()
        if batched:
            stacked = descend([np.stack(q) for q in zip(*first, strict=True)], steps)
            found = [list(q) for q in zip(*stacked, strict=True)]
            return found, time.perf_counter() - begun
        some = 8  # a run at a time: eight are enough to time
        found = [descend(p, steps) for p in first[:some]]
        return found, (time.perf_counter() - begun) * RUNS / some

    return run


def jax_runs(problem, width):
    import jax
    import jax.numpy as jnp
    import numpy as np

    from nctheory.network import targets

    jax.config.update("jax_enable_x64", True)
    y = jnp.array(targets(problem))

    def loss(p):
        x = p[0]
        for w in p[1:-1]:
            x = w @ x
            if problem.activation == "relu":
                x = jnp.maximum(x, 0)
        z = p[-1] @ x
        if problem.loss == "mse":
            fit = ((z - y) ** 2).sum() / (2 * y.shape[1])
        else:
            fit = -(jax.nn.log_softmax(z, axis=0) * y).sum() / y.shape[1]
        return fit + 0.5 * problem.decays[0] * sum((q * q).sum() for q in p)

    def step(_, p):
        return [q - 0.5 * g for q, g in zip(p, jax.grad(loss)(p), strict=True)]

    descend = jax.jit(jax.vmap(lambda p, n: jax.lax.fori_loop(0, n, step, p),
                               in_axes=(0, None)))
    first = [jnp.array(np.stack(q)) for q in zip(*starts(problem, width), strict=True)]

    def run(steps):
        begun = time.perf_counter()
        found = [np.asarray(q) for q in descend(first, steps)]
        return [list(q) for q in zip(*found, strict=True)], time.perf_counter() - begun

    return run


def peak(threads):
    """GFLOP/s of independent fused multiply-adds, all threads together."""
    from concurrent.futures import ThreadPoolExecutor

    from llvmlite import ir
    from numba import njit, types
    from numba.extending import intrinsic

    register = ir.VectorType(ir.DoubleType(), 8)

    @intrinsic
    def multiply_add(context, count):
        def emit(context, builder, signature, arguments):
            kind = ir.FunctionType(register, [register] * 3)
            fma = ir.Function(builder.module, kind, "llvm.fma.v8f64")
            number, before = ir.IntType(64), builder.block
            loop, after = (builder.append_basic_block() for _ in range(2))
            builder.branch(loop)
            builder.position_at_end(loop)
            i, sums = builder.phi(number), [builder.phi(register) for _ in range(16)]
            x = ir.Constant(register, [0.999] * 8)
            new = [builder.call(fma, [s, x, x]) for s in sums]
            following = builder.add(i, ir.Constant(number, 1))
            i.add_incoming(ir.Constant(number, 0), before)
            i.add_incoming(following, loop)
            for k, (s, t) in enumerate(zip(sums, new, strict=True)):
                s.add_incoming(ir.Constant(register, [float(k)] * 8), before)
                s.add_incoming(t, loop)
            builder.cbranch(builder.icmp_signed("<", following, arguments[0]), loop, after)
            builder.position_at_end(after)
            total = new[0]
            for t in new[1:]:
                total = builder.fadd(total, t)
            return builder.extract_element(total, ir.Constant(ir.IntType(32), 0))

        return types.float64(types.int64), emit

    run = njit(nogil=True)(lambda count: multiply_add(count))
    run(1)
    count, best = 10**7, 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(5):
            begun = time.perf_counter()
            list(pool.map(run, [count] * threads))
            best = max(best, threads * 256 * count / (time.perf_counter() - begun) / 1e9)
    return best


def compare(name, problem, width, steps, threads, rounds, top):
    import numpy as np

    makers = {
        "nctheory": lambda: ours(problem, width, threads),
        "torch eager": lambda: torch_runs(problem, width, threads, False),
        "torch bmm": lambda: torch_runs(problem, width, threads, True),
        "jax vmap": lambda: jax_runs(problem, width),
    }
    rivals = {}
    for rival, make in makers.items():
        try:
            rivals[rival] = make()
        except ImportError as error:
            print(f"  {rival} left out: {error}")
    wanted = None
    for rival, run in rivals.items():  # warm up, and check that all do the same
        found, _ = run(10)
        wanted = wanted or found
        error = max(np.abs(np.asarray(a) - b).max()
                    for f, w in zip(found, wanted, strict=False)
                    for a, b in zip(f, w, strict=True))
        assert error < 1e-11, (rival, error)
    spent = {rival: [] for rival in rivals}
    for _ in range(rounds):
        for rival, run in rivals.items():
            count = steps if rival == "nctheory" else max(4, steps // 20)
            spent[rival].append(run(count)[1] / count / RUNS * 1e6)
    medians = {rival: statistics.median(times) for rival, times in spent.items()}
    us = medians.pop("nctheory")
    K, L, N = problem.classes, problem.layers, sum(problem.class_sizes)
    hidden = K if problem.activation == "linear" else N
    flops = 6 * ((L - 1) * width * width * hidden + K * width * N)
    best = min(spent["nctheory"])
    print(f"  {name}: {us:8.2f} us ({best:.2f} best), {flops / us / 1e3:4.0f} GFLOP/s, "
          f" {flops / us / 10 / top:3.0f} % of peak; "
          + ", ".join(f"{rival} {other / us:.1f}x" for rival, other in medians.items()),
          flush=True)


def quasi_newton(rounds):
    """Time to a gradient of 1e-5 at smoothing widths 0.3 to 0.01: ours against SciPy's."""
    import numpy as np
    from scipy.optimize import minimize

    from nctheory.network import pack, unpack
    from nctheory.solver import kernels, solve
    from nctheory.solver.program import Program
    from nctheory.solver.quasi_newton import SMOOTHING, WIDTHS
    from nctheory.solver.starts import shapes

    problem, width, _ = sizes()["A"]
    widths = (SMOOTHING, *WIDTHS)
    program = Program(problem, width, ("smooth",), False)
    work, like = program.new_work(), shapes(problem, width)
    for slot in program.shifts:
        program.view(work, slot)[:] = 0.5
    ends = np.array([slot.offset for slot in program.parameters[1:]]
                    + [program.parameter_size])
    losses = program.losses
    fit = work[losses.offset:losses.offset + losses.row_stride]
    memory = np.empty((11, 2, program.parameter_size))

    def kernel(e, tolerance, evaluations):
        numbers = np.array([0, 0, 0, e, program.leak, 1, *problem.decays])
        return kernels.minimise(work, program.smooth, numbers, fit, ends,
                                program.gradients[0].offset, memory, tolerance, evaluations)

    def value(x, e):
        program.write(work, program.parameters, 0, unpack(x, like))
        loss, _, _ = kernel(e, 0.0, 1)
        return loss, pack(program.read(work, program.gradients, 0))

    kernel(SMOOTHING, 0.0, 1)  # compiled before the clock starts
    ratios = []
    for seed in range(rounds):
        start = starts(problem, width)[seed]
        program.write(work, program.parameters, 0, start)
        begun = time.thread_time()
        norms = [kernel(e, 1e-5, 60000)[1] for e in widths]
        mine = time.thread_time() - begun
        x = pack(start)
        begun = time.thread_time()
        for e in widths:
            # SciPy stops on the largest entry: 1e-6 of 3300 entries is no smaller a demand.
            x = minimize(value, x, (e,), jac=True, method="L-BFGS-B",
                         options=dict(maxcor=10, gtol=1e-6, ftol=0, maxiter=60000,
                                      maxfun=60000)).x
        theirs = time.thread_time() - begun
        assert max(norms) <= 1e-5
        ratios.append(theirs / mine)
    print(f"smoothed problem at A, {rounds} seeds: SciPy's L-BFGS-B takes "
          f"{statistics.median(ratios):.1f}x of ours in the median, {min(ratios):.1f}x at least")
    solve(problem, width, [0], method="quasi-newton", threads=1)
    seconds, worst = [], 0.0
    for seed in range(4 * rounds):
        begun = time.process_time()
        result = solve(problem, width, [seed], method="quasi-newton", threads=1)
        seconds.append(time.process_time() - begun)
        worst = max(worst, float(result.stationarity[0]))
    print(f"whole method at A, {len(seconds)} seeds: {statistics.median(seconds):.2f} CPU-s in "
          f"the median, {max(seconds):.2f} at most; stationarity {worst:.1e} at most")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", nargs="*", default=["A", "B", "C", "D"])
    parser.add_argument("--quasi-newton", action="store_true")
    options = parser.parse_args()
    if len(options.threads) > 1:  # thread counts are settled when libraries load
        for threads in options.threads:
            subprocess.run([sys.executable, __file__, "--threads", str(threads), "--rounds",
                            str(options.rounds), "--sizes", *options.sizes], check=True)
        return
    threads, = options.threads
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    if options.quasi_newton:
        quasi_newton(options.rounds)
        return
    top = peak(threads)
    print(f"{threads} thread(s), {RUNS} runs, float64; peak {top:.0f} GFLOP/s", flush=True)
    for name in options.sizes:
        compare(name, *sizes()[name], threads, options.rounds, top)


if __name__ == "__main__":
    main()
