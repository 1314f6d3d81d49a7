"""What a sweep can compute: the registry of tasks, and the batch that a worker works through.

A task is a function of keyword parameters to plain data (and arrays).  Its signature is the
schema of plans: names, types, defaults.  A task may take one parameter as a list and answer for
each value of it, where computing them together saves time; the numbers do not depend on that.
"""

from __future__ import annotations

import importlib.util
import inspect
import io
import itertools
import json
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, cast, get_args, get_type_hints

from nctheory import __version__
from nctheory.errors import InputError, choice, integer, require
from nctheory.limits import LAYERS

LARGEST_SEED = 2**63 - 1  # SQLite's integers
# Sizes beyond which a single point would not come to an end.
LARGEST_TABLE = 10**5
LARGEST_CLASSES = 10**9


def thresholds(classes: list[int], *, layers: int, samples: int = 1,
               weight_decay: float | None = None, loss: str = "mse", activation: str = "relu",
               library: str | None = None) -> list[dict[str, Any]]:
    """Threshold cells: the best construction of the library against deep neural collapse.

    `library` names families, separated by commas; by default all of them.
    """
    from nctheory.thresholds import threshold_table

    table = threshold_table(classes, [layers], samples=samples, weight_decay=weight_decay,
                            loss=loss, activation=activation,
                            library=library.split(",") if library else None)
    rows = {row.classes: row for row in table.rows}
    return [{
        "construction": row.construction.label,
        "cost": row.cost,
        "dnc_cost": row.dnc_cost,
        "ratio": row.ratio,
        "minimal_loss": row.loss,
        "dnc_loss": row.dnc_loss,
        "loss_ratio": row.loss_ratio,
        "verdict": row.verdict,
        "certified": row.certified,
        "evidence": row.evidence,
        **_least_and_last(row.ranks),
    } for row in (rows[K] for K in classes)]


def loss(*, construction: str, layers: int, samples: int = 1,
         weight_decay: float | tuple[float, ...] = 0.004, loss: str = "mse",
         activation: str = "relu") -> dict[str, Any]:
    """Closed-form cost and loss of one construction, and of deep neural collapse beside it."""
    from nctheory.constructions import Orthogonal, construct
    from nctheory.problem import Problem

    made = construct(construction)
    dnc, model = Orthogonal(classes=made.classes), (layers, loss, activation)
    problem = Problem(classes=made.classes, layers=layers, samples=samples,
                      weight_decay=weight_decay, loss=loss, activation=activation)
    found, against = made.loss(problem), dnc.loss(problem)
    cost, dnc_cost = made.cost(*model), dnc.cost(*model)
    comparison = made.compare_with_dnc(*model)
    return {
        "classes": made.classes,
        "cost": cost,
        "dnc_cost": dnc_cost,
        "ratio": cost / dnc_cost,
        "minimal_loss": found,
        "dnc_loss": against,
        "loss_ratio": found / against,
        "beats_dnc": None if comparison is None else comparison < 0,
        **_least_and_last(made.ranks(*model)),
    }


def _least_and_last(ranks: Any) -> dict[str, int]:
    """Least rank of M_1..M_L; rank of sigma(M_L), or of M_1 where L = 1."""
    return {"least_rank": min(ranks.before), "last_rank": (ranks.after or ranks.before)[-1]}


def solve(seed: list[int], *, classes: int, layers: int, samples: int = 1, width: int = 30,
          weight_decay: float | tuple[float, ...] = 0.004, loss: str = "mse",
          activation: str = "relu", method: str = "gd", learning_rate: float = 0.5,
          momentum: float = 0.9, decay: str = "coupled", steps: int | None = None,
          tol: float | None = None,
          init: str = "gaussian", scale: float = 1.0, trace_every: int | None = None,
          collapsed: bool = False, keep: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Runs of the solver, one a seed: end loss, ranks, and what each became."""
    from nctheory import losses
    from nctheory.constructions import Orthogonal
    from nctheory.problem import Problem
    from nctheory.solver import solve as run

    problem = Problem(classes=classes, layers=layers, samples=samples, width=width,
                      weight_decay=weight_decay, loss=loss, activation=activation)
    result = run(problem, width, seed, method=cast(Any, method), learning_rate=learning_rate,
                 momentum=momentum, decay=cast(Any, decay), steps=steps, tol=tol, init=init,
                 scale=scale, trace_every=trace_every, collapsed=collapsed, threads=1)
    centred = losses.get(loss).centred
    dnc = None if centred else Orthogonal(classes=classes).loss(problem)
    rows = []
    for i in range(len(seed)):
        sound = result.sound(i)
        rows.append({
            "end_loss": float(result.loss[i]) if sound else None,
            "dnc_loss": dnc,
            "label": str(result.label[i]),
            "is_dnc": bool(result.label[i] == "dnc"),
            "stationarity": float(result.stationarity[i]) if sound else None,
            "ranks_before": result.ranks[i, :, 0].tolist() if sound else None,
            "ranks_after": result.ranks[i, :, 1].tolist() if sound else None,
            "mean_rank": float(result.ranks[i, 1:, 0].mean()) if sound and layers > 1 else None,
            "steps_done": int(result.steps[i]),
            "diverged_at": int(result.diverged[i]) if result.diverged[i] >= 0 else None,
            **(_solve_arrays(result, i, keep) if sound else {}),
        })
    return rows


def _solve_arrays(result: Any, i: int, keep: Sequence[str]) -> dict[str, Any]:
    import numpy as np

    arrays: dict[str, Any] = {}
    if "trace" in keep:
        arrays["trace_steps"] = result.trace_steps
        arrays |= {f"trace_{name}": values[i] for name, values in result.trace.items()}
    if {"means", "singular_values"} & set(keep):
        means = np.array(result.means(i))
        if "means" in keep:
            arrays["means"] = means
        if "singular_values" in keep:
            arrays["singular_values"] = np.linalg.svd(means, compute_uv=False)
    if "weights" in keep:
        arrays |= {f"weights_{l}": w for l, w in enumerate(result.parameters(i))}
    return arrays


def ranks(seed: list[int], *, classes: int, layers: int, width: int = 30,
          weight_decay: float = 0.004, loss: str = "mse", activation: str = "relu",
          method: str = "quasi-newton") -> list[dict[str, Any]]:
    """The rank bounds at solver end points: the margin of every statement that applies."""
    from nctheory.metrics import numerical_rank
    from nctheory.problem import Problem
    from nctheory.rank_bounds import Witness, verify
    from nctheory.solver import solve as run

    problem = Problem(classes=classes, layers=layers, width=width, weight_decay=weight_decay,
                      loss=loss, activation=activation)
    result = run(problem, width, seed, method=cast(Any, method), threads=1)
    rows: list[dict[str, Any]] = []
    for i in range(len(seed)):
        if not result.sound(i):
            rows.append({"holds": None, "label": str(result.label[i])})
            continue
        found = verify([Witness(result.parameters(i), problem, f"solver, seed {seed[i]}")])
        applied = [v for v in found if v.points]
        rows.append({
            "holds": all(v.counterexample is None for v in applied),
            "label": str(result.label[i]),
            "end_loss": float(result.loss[i]),
            "rank_of_last_means": numerical_rank(result.means(i)[-1]),
            **{"margin_" + v.statement.name.replace("-", "_"): float(v.least_margin)
               for v in applied}})
    return rows


def train(*, seed: int, hidden_layers: int = 2, width: int = 64, activation: str = "relu",
          loss: str = "ce", epochs: int = 100, batch: int = 64, optimiser: str = "sgd",
          rate: float = 0.05, momentum: float = 0.9, weight_decay: float = 5e-4,
          schedule: str = "constant", polish: int = 0,
          keep: Sequence[str] = ()) -> dict[str, Any]:
    """A perceptron on digits: accuracy, collapse of its last features, ranks and their bound.

    `polish` iterations of full-batch L-BFGS follow the recipe, towards a critical point.
    """
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from nctheory.metrics import Moments, nc1, nc2_etf, strong_nc1
    from nctheory.trained import Architecture, Recipe, digits, fit, rank_bounds

    with threadpool_limits(1, user_api="blas"):  # more may add in another order
        split = digits(seed)
        training = fit(split, Architecture((64, *[width] * hidden_layers, 10), activation, loss),
                       Recipe(epochs=epochs, batch=batch, optimiser=optimiser, rate=rate,
                              momentum=momentum, weight_decay=weight_decay, schedule=schedule,
                              seed=seed))
        if polish:
            training.polish(polish)
        network, bounds = training.network, rank_bounds(training)
        inside, outside = (network.features(x)[-1] for x in (split.x, split.x_test))
        on_train = Moments.of(inside, split.labels)
        on_test = Moments.of(outside, split.labels_test)
        result: dict[str, Any] = {
            "objective": training.objective(),
            "train_accuracy": float(np.mean(network.predict(split.x) == split.labels)),
            "test_accuracy": float(np.mean(network.predict(split.x_test) == split.labels_test)),
            "nc1": nc1(on_train),
            "test_nc1": strong_nc1(on_train, on_test),
            "nc2_etf": nc2_etf(on_train),
            "ranks": [b.rank for b in bounds],
            "mean_rank": float(np.mean([b.rank for b in bounds[1:-1]])) if bounds[2:] else None,
            "distances_to_rank": [float(b.distance) for b in bounds],
            "rank_bounds": [b.bounds["moment"] for b in bounds],
            "bounds_hold": all(b.holds for b in bounds),
        }
    if "trace" in keep:
        result["trace_loss"] = np.array(training.losses)
        result["trace_steps"] = np.arange(1, len(training.losses) + 1)
    if "weights" in keep:
        result |= {f"weights_{l}": w.copy() for l, w in enumerate(network.weights, start=1)}
    if "singular_values" in keep:
        result |= {f"singular_values_{b.layer}": b.singular_values for b in bounds}
    return result


CLAIMS = ("threshold", "pairs", "relu pairs")


def certify(*, classes: int, layers: int, claim: str = "threshold", samples: int = 1,
            weight_decay: float = 0.001) -> dict[str, Any]:
    """A certificate, made and verified by the independent checker.

    "threshold": whether a direct sum of this library beats DNC (MSE; samples and weight decay do
    not matter).  "pairs", "relu pairs": their least cross-entropy loss against that of DNC.
    """
    from nctheory.certify import check_file, compare, threshold, to_json

    made = (threshold(classes, layers) if claim == "threshold" else
            compare(claim, "dnc", classes, layers, samples=samples,
                    weight_decay=repr(weight_decay)))
    text = to_json([made])
    verified, = check_file(text.encode())
    return {"verdict": made.verdict, "verified": verified.verified,
            "statement": verified.statement, "reason": verified.reason, "certificate": text}


@dataclass(frozen=True)
class Parameter:
    """A parameter of a task: the kinds of value it takes, and its default if it has one."""

    name: str
    kinds: tuple[Any, ...]
    default: Any = None
    required: bool = False

    def fit(self, value: Any) -> Any:
        """`value` as plain data of this parameter's kind; an `InputError` where it is none."""
        for kind in self.kinds:
            fitted = _fit(value, kind)
            if fitted is not _MISFIT:
                return fitted
        words = " or ".join(_KINDS[kind] for kind in self.kinds)
        require(False, self.name, f"be {words}", value)


_MISFIT = object()
_KINDS = {int: "an integer", float: "a finite number", bool: "true or false", str: "text",
          type(None): "left out", tuple[float, ...]: "a list of numbers"}


def _fit(value: Any, kind: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()  # a NumPy scalar
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:
            return _MISFIT
        return number if abs(number) < float("inf") else _MISFIT
    if kind == tuple[float, ...] and isinstance(value, list | tuple):
        numbers = [_fit(item, float) for item in value]
        return _MISFIT if _MISFIT in numbers else numbers
    if kind in (int, bool, str, type(None)) and type(value) is kind:
        return value
    return _MISFIT


@dataclass(frozen=True)
class Task:
    """A function that plans may ask for.

    `together` names the parameter that the function takes as a list (`whole`: most of the work is
    common to all its values, so that batches had better not cut them), `keep` the arrays that it
    can leave, `needs` the module it works with: a task whose module is absent is not offered.
    `check` refuses parameters before any work, each by itself.
    """

    function: Callable[..., Any]
    check: Callable[[Mapping[str, Any]], object]
    together: str | None = None
    whole: bool = False
    keep: tuple[str, ...] = ()
    needs: str | None = None

    @cached_property
    def parameters(self) -> dict[str, Parameter]:
        """The schema, read off the function's signature."""
        hints = get_type_hints(self.function)
        found = {}
        for name, item in inspect.signature(self.function).parameters.items():
            if name == "keep":
                continue
            hint = get_args(hints[name])[0] if name == self.together else hints[name]
            kinds = get_args(hint) if not isinstance(hint, type) else ()
            required = item.default is item.empty and name != "seed"
            default = None if required else 0 if name == "seed" else item.default
            found[name] = Parameter(name, kinds or (hint,), default, required)
        return found

    def common(self, parameters: Mapping[str, Any]) -> list[Any]:
        """What points computed together have in common."""
        return [parameters[name] for name in self.parameters if name != self.together]

    @property
    def available(self) -> bool:
        """Whether the module that the task works with is part of this installation."""
        return self.needs is None or importlib.util.find_spec(self.needs) is not None

    def __call__(self, group: Sequence[Mapping[str, Any]],
                 keep: Sequence[str]) -> list[dict[str, Any]]:
        """The results for parameters that differ in `together` alone."""
        extra = {"keep": keep} if self.keep else {}
        if self.together is None:
            return [self.function(**parameters, **extra) for parameters in group]
        common = {k: v for k, v in group[0].items() if k != self.together}
        values = [parameters[self.together] for parameters in group]
        results: list[dict[str, Any]] = self.function(values, **common, **extra)
        return results


def _check_problem(parameters: Mapping[str, Any]) -> None:
    from nctheory.problem import Problem

    names = ("classes", "layers", "samples", "width", "weight_decay", "loss", "activation")
    given = {name: parameters[name] for name in names if parameters.get(name) is not None}
    if isinstance(given.get("weight_decay"), list):
        given["layers"] = max(1, len(given["weight_decay"]) - 1)
    Problem(**given)
    integer("layers", given["layers"], 1, LAYERS)
    seed = parameters.get("seed", 0)
    require(0 <= seed <= LARGEST_SEED, "seed", f"be an integer from 0 to {LARGEST_SEED}", seed)


def _check_thresholds(parameters: Mapping[str, Any]) -> None:
    from nctheory.constructions import FAMILIES

    integer("classes", parameters["classes"], 2, LARGEST_TABLE)
    for name in (parameters.get("library") or "dnc").split(","):
        choice("library", name, tuple(FAMILIES))
    _check_problem(parameters)


def _check_loss(parameters: Mapping[str, Any]) -> None:
    from nctheory.constructions import construct

    text = parameters["construction"]
    # A plan reads no files: it may come from anywhere, and files change under their name.
    require("file" not in text, "construction", "be one of a registered family, not of a file",
            text)
    require(construct(text).classes <= LARGEST_CLASSES, "construction",
            f"have at most {LARGEST_CLASSES} classes", text)
    _check_problem({"classes": 2} | {k: v for k, v in parameters.items()
                                     if k != "construction"})


def _check_solve(parameters: Mapping[str, Any]) -> None:
    from nctheory.solver import METHODS
    from nctheory.solver.starts import STARTS

    choice("method", parameters["method"], METHODS)
    choice("init", parameters.get("init", "gaussian"), STARTS)
    _check_problem(parameters)


def _check_train(parameters: Mapping[str, Any]) -> None:
    from nctheory.trained import Architecture, Recipe

    integer("hidden_layers", parameters["hidden_layers"], 1, LAYERS)
    integer("width", parameters["width"], 1)
    integer("polish", parameters["polish"], 0)
    Architecture((64, parameters["width"], 10), parameters["activation"], parameters["loss"])
    recipe = Recipe(**{name: parameters[name] for name in (
        "epochs", "batch", "optimiser", "rate", "momentum", "weight_decay", "schedule", "seed")})
    recipe.decays(1)
    integer("seed", parameters["seed"], 0, LARGEST_SEED)


def _check_certify(parameters: Mapping[str, Any]) -> None:
    choice("claim", parameters["claim"], CLAIMS)
    _check_thresholds(parameters)


TASKS: dict[str, Task] = {
    "thresholds": Task(thresholds, _check_thresholds, together="classes", whole=True),
    "loss": Task(loss, _check_loss),
    "solve": Task(solve, _check_solve, together="seed",
                  keep=("trace", "means", "singular_values", "weights")),
    "ranks": Task(ranks, _check_solve, together="seed"),
    "train": Task(train, _check_train, keep=("trace", "weights", "singular_values"),
                  needs="sklearn"),
    "certify": Task(certify, _check_certify),
}


def offered() -> tuple[str, ...]:
    """Names of the tasks that this installation can carry out."""
    return tuple(name for name, task in TASKS.items() if task.available)


# --- batches: what executors carry to workers and back ---

class Batch(NamedTuple):
    """Points for one worker: parameters each, in an order that keeps groups together."""

    task: str
    version: str
    keep: tuple[str, ...]
    points: list[dict[str, Any]]


class Outcome(NamedTuple):
    """One finished point: its result as JSON and arrays as .npz bytes, or an error."""

    result: str | None
    error: str | None
    arrays: bytes | None
    seconds: float


def run_batch(batch: Batch) -> list[Outcome]:
    """Work through a batch; a point that raises yields its traceback, never ends the batch."""
    if batch.version != __version__:
        raise InputError(f"workers must run nctheory {batch.version}, got {__version__}")
    task = TASKS[batch.task]
    return [outcome for group in _groups(task, batch.points)
            for outcome in _attempt(task, group, batch.keep)]


def _groups(task: Task, points: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    if task.together is None:
        return ([point] for point in points)
    return (list(group) for _, group in itertools.groupby(points, key=task.common))


def _attempt(task: Task, group: list[dict[str, Any]], keep: Sequence[str]) -> list[Outcome]:
    started = time.perf_counter()
    try:
        results = task(group, keep)
        packed = [_pack(result) for result in results]
    except Exception:  # whatever a task raises is the point's result
        if len(group) > 1:  # find the culprit: the others are sound
            return [outcome for point in group for outcome in _attempt(task, [point], keep)]
        return [Outcome(None, traceback.format_exc(), None, time.perf_counter() - started)]
    seconds = (time.perf_counter() - started) / len(group)
    return [Outcome(text, None, arrays, seconds) for text, arrays in packed]


_encode = json.JSONEncoder(allow_nan=False).encode


def _pack(result: Mapping[str, Any]) -> tuple[str, bytes | None]:
    """JSON of the plain entries (no NaN passes), compressed .npz of the arrays."""
    import numpy as np

    arrays: dict[str, Any] = {k: v for k, v in result.items() if isinstance(v, np.ndarray)}
    text = _encode({k: v for k, v in result.items() if k not in arrays})
    if not arrays:
        return text, None
    buffer = io.BytesIO()  # for a column of the store: `files.write_npz` is for files
    np.savez_compressed(buffer, **arrays)
    return text, buffer.getvalue()
