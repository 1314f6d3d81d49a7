"""Measure a training run of your own by layer: rank, DNC1-3 and singular values of class means.

    python measure_my_run.py epoch_0010.npz epoch_0100.npz epoch_0350.npz

Each file is one moment of the run, made by whatever trained it, with these arrays for the layers
l = 1, 2, ... of interest (for [SLM24] and [GK25]: the layers of the head):

    features_l   (N x d)     what enters layer l's activation, a row a sample
    weight_l     (d' x d)    the weight that reads the activated features
    labels       (N,)

With PyTorch, for a head of Linear layers with ReLU between, h being what the backbone gives:

    arrays = {"labels": labels.numpy()}
    for l, layer in enumerate(head, start=1):     # head: a list of torch.nn.Linear
        arrays[f"features_{l}"] = h.detach().numpy()
        arrays[f"weight_{l}"] = layer.weight.detach().numpy()
        h = layer(torch.relu(h) if l > 1 else h)
    numpy.savez(f"epoch_{epoch:04d}.npz", **arrays)

DNC1 is tr Sigma_W / tr Sigma_B, DNC2 the distance of the Gram matrix of the class means to I
(before and after the activation), DNC3 the share of the weight outside the span of the activated
class means. A network with deep neural collapse has all of them near 0 and rank K; a low-rank
structure has DNC1 near 0 and a lower rank.
"""

import argparse

import numpy as np

from nctheory.metrics import Moments, load, report

COLUMNS = {"rank": "rank", "trace_ratio": "DNC1", "dnc2": "DNC2", "dnc2_activated": "DNC2 act.",
           "dnc3": "DNC3"}


def main() -> None:
    parser = argparse.ArgumentParser(description="DNC1-3 and ranks of a run, layer by layer.")
    parser.add_argument("files", nargs="+", help="one .npz a moment of the run, in order")
    parser.add_argument("--activation", default="relu", help="what follows the features")
    arguments = parser.parse_args()
    for path in arguments.files:
        features = load(path)
        print(f"\n{path}\n{'layer':<14}" + "".join(f"{name:>11}" for name in COLUMNS.values())
              + "  singular values / largest")
        for layer, found in zip(features.layers, report(features, arguments.activation)["layers"],
                                strict=True):
            cells = [found[key] for key in COLUMNS]
            values = np.linalg.svd(Moments.of(layer.features, features.labels).means,
                                   compute_uv=False)
            print(f"{layer.name:<14}"
                  + "".join(f"{'-' if cell is None else format(cell, '.3g'):>11}"
                            for cell in cells)
                  + "  " + " ".join(f"{value:.2g}" for value in values / values[0]))


if __name__ == "__main__":
    main()
