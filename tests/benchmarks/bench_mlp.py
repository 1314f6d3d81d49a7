"""MLP epochs a second on scikit-learn's digits: ours, PyTorch, scikit-learn's MLPClassifier.

Same architecture, batch, optimiser (Adam) and loss (cross-entropy), interleaved in one process:

    python tests/benchmarks/bench_mlp.py [threads]
"""

import contextlib
import sys
import time
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from nctheory.trained.network import Architecture
from nctheory.trained.training import Recipe, Training

HIDDEN = {"small": (128, 128, 128), "wide": (512, 512, 512)}


def ours(dtype):
    def build(x, y, hidden, batch):
        training = Training(x, y, Architecture((64, *hidden, 10)), Recipe(
            epochs=10**6, batch=batch, optimiser="adam", rate=1e-3, weight_decay=1e-4,
            dtype=dtype))
        return lambda epochs: training.run(until=training.epoch + epochs)
    return build


def scikit(x, y, hidden, batch):
    model = MLPClassifier(hidden, batch_size=batch, alpha=1e-4, warm_start=True, max_iter=1,
                          n_iter_no_change=10**6)

    def run(epochs):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.set_params(max_iter=epochs).fit(x, y)
    return run


def torch_loop(dtype):
    def build(x, y, hidden, batch):
        import torch
        sizes = (64, *hidden, 10)
        layers = []
        for a, b in zip(sizes, sizes[1:]):
            layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1]).to(getattr(torch, dtype))
        optimiser = torch.optim.Adam(model.parameters(), 1e-3, weight_decay=1e-4, fused=True)
        criterion = torch.nn.CrossEntropyLoss()
        x = torch.tensor(x, dtype=getattr(torch, dtype))
        y = torch.tensor(y)

        def run(epochs):
            for _ in range(epochs):
                order = torch.randperm(len(x))
                for start in range(0, len(x), batch):  # no DataLoader: it would only slow this
                    rows = order[start:start + batch]
                    optimiser.zero_grad()
                    criterion(model(x[rows]), y[rows]).backward()
                    optimiser.step()
        return run
    return build


def main():
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    data = load_digits()
    x, y = data.data / 16, data.target
    rivals = {"ours (float32)": ours("float32"), "ours (float64)": ours("float64"),
              "scikit-learn (float64)": scikit}
    with contextlib.suppress(ImportError):
        import torch
        torch.set_num_threads(threads)
        rivals |= {f"PyTorch {torch.__version__} ({t})": torch_loop(t)
                   for t in ("float32", "float64")}
    with threadpool_limits(threads):
        for size, hidden in HIDDEN.items():
            for batch in (64, 512):
                runs = {name: build(x, y, hidden, batch) for name, build in rivals.items()}
                epochs = 4 if size == "small" else 1
                times = {name: [] for name in runs}
                for turn in range(6):
                    for name, run in runs.items():
                        start = time.perf_counter()
                        run(epochs)
                        if turn:  # the first is warm-up (compilation)
                            times[name].append((time.perf_counter() - start) / epochs)
                best = {name: np.median(t) for name, t in times.items()}
                print(f"64-{'-'.join(map(str, hidden))}-10, batch {batch}, {threads} thread(s)")
                for name, t in best.items():
                    print(f"  {name:28s} {1 / t:8.1f} epochs/s   ours (float32) is "
                          f"{t / best['ours (float32)']:5.2f} x as fast")


if __name__ == "__main__":
    main()
