"""What is too large to be asked for; estimates are made before the work."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from nctheory.errors import InputError, require, show

LAYERS = 10**4  # L: exact costs are numbers of so many digits
VALUES = 10**6  # of one range
CELLS = 10**5  # pairs (K, L) with a search or a solution each
WORK = 10**12  # elementary operations: a quarter of an hour or more
TRAINING = 10**14  # of training, which may be stopped and resumed: hours
MEMORY = 2**32  # bytes


def affordable(name: str, value: object, *, work: float = 0, memory: float = 0,
               most: float = WORK) -> None:
    """Refuse what would need more than `most` operations or `MEMORY` bytes, by an estimate.

    Raises
    ------
    InputError
        With the bound and the estimate.

    Examples
    --------
    >>> affordable("width", 30, memory=8 * 30**2)
    >>> affordable("width", 10**6, memory=8 * 10**12)
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: width must need at most 4.3 GB of memory, got 1000000, for
    about 8e+03 GB
    """
    if work > most:
        raise InputError(f"{name} must need at most {most:.0e} operations, got {show(value)}, for "
                         f"about {_short(work)}")
    if memory > MEMORY:
        raise InputError(f"{name} must need at most {MEMORY / 1e9:.1f} GB of memory, got "
                         f"{show(value)}, for about {_short(memory, 1e9)} GB")


def _short(number: float, unit: float = 1) -> str:
    return f"{number / unit:.3g}" if number < 10**300 else "1e+300 and more"


def few(name: str, values: Iterable[int]) -> list[int]:
    """The values, of which there may be `VALUES`; an endless range is not run through."""
    found = list(islice(values, VALUES + 1))
    if len(found) > VALUES:
        raise InputError(f"{name} must be at most {VALUES} numbers, got more")
    return found


def cells(classes: Iterable[int], layers: Iterable[int]) -> tuple[list[int], list[int]]:
    """Both as lists, of which there may be `CELLS` pairs.

    Examples
    --------
    >>> cells(range(3, 5), range(2, 10**9))
    Traceback (most recent call last):
    ...
    nctheory.errors.InputError: layers must be at most 1000000 numbers, got more
    """
    K, L = few("classes", classes), few("layers", layers)
    require(len(K) * len(L) <= CELLS, "classes and layers",
            f"be at most {CELLS} cells", len(K) * len(L))
    return K, L
