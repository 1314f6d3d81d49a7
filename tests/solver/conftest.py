"""Kernels compiled, and the same file as plain Python."""

import importlib.util
import sys

import numba
import pytest

from nctheory.solver import kernels


@pytest.fixture(scope="session")
def python_kernels():
    """The kernels' own source, loaded with the compiler off."""
    before = numba.config.DISABLE_JIT
    numba.config.DISABLE_JIT = True
    try:
        spec = importlib.util.spec_from_file_location("python_kernels", kernels.__file__)
        module = importlib.util.module_from_spec(spec)
        sys.modules["python_kernels"] = module
        spec.loader.exec_module(module)
    finally:
        numba.config.DISABLE_JIT = before
    return module
