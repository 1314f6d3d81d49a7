"""
Measure my PyTorch network
==========================

Neural collapse of a network that you trained: features out of PyTorch, every metric by name,
layer by layer, train against test.
"""

# %%
# A ``Recorder`` gathers what each Linear layer reads while the model runs, and keeps class moments
# only. Where PyTorch is not installed, this page trains the same perceptron with
# ``nctheory.trained`` and says so; what follows does not differ.

from importlib.util import find_spec

import matplotlib.pyplot as plt
import numpy as np

from nctheory import metrics

rng = np.random.default_rng(0)
centres = rng.normal(size=(6, 20))


def sample(count):
    """Six noisy clusters in twenty dimensions."""
    labels = np.repeat(np.arange(6), count)
    return centres[labels] + 1.2 * rng.normal(size=(len(labels), 20)), labels


(inputs, labels), (test_inputs, test_labels) = sample(60), sample(40)


def with_torch():
    """Train in PyTorch, and record: three lines behind the user's own."""
    import torch

    from nctheory.torch import Recorder

    torch.manual_seed(0)
    sizes = [20, 32, 32, 32]
    layers = []
    for a, b in zip(sizes, sizes[1:], strict=False):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(32, 6))
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-3)
    x, y = torch.tensor(inputs, dtype=torch.float32), torch.tensor(labels)
    for _ in range(600):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(model(x), y).backward()
        optimiser.step()
    test = torch.tensor(test_inputs, dtype=torch.float32), torch.tensor(test_labels)
    recorder = Recorder(model, ["2", "4", "6"])
    recorder.read([(x, y)]).read([test], "test").decide([(x, y)])
    return recorder.report(), recorder.moments("6")


def without_torch():
    """The same with nctheory's own perceptron."""
    from nctheory.trained import Architecture, Recipe, Split, Training, feature_arrays

    names = np.array([str(k) for k in range(6)])
    split = Split(inputs, labels, test_inputs, test_labels, names)
    recipe = Recipe(epochs=600, batch=60, weight_decay=1e-3, schedule="cosine")
    training = Training(inputs, labels, Architecture((20, 32, 32, 32, 6)), recipe).run()
    arrays = feature_arrays(training, split)
    return (metrics.report(metrics.assemble(arrays)),
            metrics.Moments.of(arrays["features_3"], labels))


# %%
# Features after the activation, so that the weight reads them as they are. From a file,
# ``nctheory metrics FILE`` prints the same.

if find_spec("torch"):
    report, moments = with_torch()
    print("trained with PyTorch")
else:
    report, moments = without_torch()
    print("PyTorch is not installed here: trained with nctheory.trained instead")
for layer in report["layers"]:
    print(f"{layer['layer']}: NC1 {layer['nc1']:.4f}  NC2 (simplex) {layer['nc2_etf']:.4f}  "
          f"DNC2 (frame) {layer['dnc2']:.4f}  rank {layer['rank']}")

# %%
# Collapse proceeds through the layers; on the test set it is weaker [HBN22].

figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
depth = [layer["layer"] for layer in report["layers"]]
for key in ("nc1", "nc2_etf", "dnc2"):
    axes.plot(depth, [layer[key] for layer in report["layers"]], "o-", label=key)
axes.set(yscale="log", ylabel="0 is collapse")
axes.legend()

# %%
last = report["layers"][-1]
print({key: value for key, value in last.items()
       if isinstance(value, float) and ("test" in key or "strong" in key or "weak" in key)})

# %%
# The class means' Gram matrix says which geometry it is: a simplex after centring, a frame, or
# another one.

gram = metrics.gram(moments.means)
figure, axes = plt.subplots(figsize=(3.4, 3), layout="constrained")
figure.colorbar(axes.imshow(gram / np.abs(gram).max(), cmap="RdBu", vmin=-1, vmax=1))
axes.set(title="class means, inner products")

# %%
# Data that do not fit into memory go batch by batch: ``Moments.stream(batches)``; halves merge.
# The weights of a saved model, and its head beside the theory: ``nctheory.torch.from_state``.
# What each metric means, and what other packages compute under the same name: the page
# "What the metrics mean".
