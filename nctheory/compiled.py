"""Compiled functions, kept between runs where there is a folder for that."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])


class UncachedWarning(RuntimeWarning):
    """Compiled functions cannot be kept: every run compiles them anew."""


def cached(compiler: Callable[..., Any], *arguments: Any,
           **options: Any) -> Callable[[Function], Function]:
    """The decorator `compiler(*arguments, cache=True, **options)` of Numba.

    Numba keeps what it compiles beside the source, else below the user's home.  Where neither
    can be written, as in many containers, it refuses to compile at all; then this compiles
    without a cache, and warns once (`UncachedWarning`).
    """
    def decorate(function: Function) -> Function:
        try:
            made: Function = compiler(*arguments, cache=True, **options)(function)
        except RuntimeError as error:
            if "no locator" not in str(error):
                raise
            warnings.warn(
                "compiled functions cannot be kept, and every run compiles them anew: neither "
                "the package's folder nor your home can be written (NUMBA_CACHE_DIR=FOLDER "
                "names another one)", UncachedWarning, stacklevel=1)
            made = compiler(*arguments, **options)(function)
        return made
    return decorate
