r"""The minimal loss of a collapsed solution, as NumPy ufuncs of kappa and the number of layers.

For mean squared error, a construction whose representation cost is P reaches at output scale z
the loss

    loss(z) = 1/2 (1-z)^2 + 1/2 (L+1) kappa z^(2/(L+1)),   kappa = lam_eff (n P)^(1/(L+1)),

so that kappa and L decide its optimal scale z* and its minimal loss f*.

In terms of the deficit delta = 1 - z the larger stationary point solves

    delta (1-delta)^q = kappa,   q = (L-1)/(L+1),   0 <= delta <= 1/L,

and the loss there is f* = 1/2 delta (L+1 - L delta): neither cancels, however small kappa is.
Zero output, of loss 1/2, takes over at kappa_c, where delta reaches 1/L.

All of it is ours; the ingredients (a geometric mean of the factors, the nuclear norm of a pair)
are standard.

Every function here is a `numpy.ufunc`: its arguments go by position and broadcast, out= and
where= work, and the interpreter lock is released while it runs.  All arithmetic is float64:
integers and narrower floats are converted, wider ones (longdouble, complex) are refused with a
TypeError.  Where an argument is outside its domain (kappa < 0, layers < 1 or not an integer,
NaN) the result is NaN, perhaps with a warning of NumPy's; where all are inside, it never is.
Results are bit for bit the same on every machine and for every shape and stride (but for
`kappa`, which needs exp and log).
"""

from __future__ import annotations

import ctypes
import inspect
import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import cfunc, types
from numba.extending import intrinsic, register_jitable
from numpy._core._multiarray_umath import _UFUNC_API  # type: ignore[import-not-found]

from nctheory.compiled import cached

Function = TypeVar("Function", bound=Callable[..., Any])

_BELOW_ONE = 1 - 2.0**-53


def _inlined(function: Function) -> Function:
    """`function`, to be compiled into each of its callers: only then can loops become SIMD."""
    register_jitable(error_model="numpy", forceinline=True)(function)
    return function


@_inlined
def _artanh(s: float) -> float:
    """artanh(s) for |s| <= 1/3, by its Taylor series to s^31, in short independent chains."""
    w = s * s
    w2 = w * w
    w4 = w2 * w2
    a = 1 + w * (1 / 3) + w2 * (1 / 5 + w * (1 / 7))
    b = 1 / 9 + w * (1 / 11) + w2 * (1 / 13 + w * (1 / 15))
    c = 1 / 17 + w * (1 / 19) + w2 * (1 / 21 + w * (1 / 23))
    d = 1 / 25 + w * (1 / 27) + w2 * (1 / 29 + w * (1 / 31))
    return s * (a + w4 * b + (w4 * w4) * (c + w4 * d))


@_inlined
def _exp(x: float) -> float:
    """exp(x) for |x| <= 1/4, by its Taylor series to x^12."""
    x2 = x * x
    x4 = x2 * x2
    a = 1 / 2 + x * (1 / 6) + x2 * (1 / 24 + x * (1 / 120))
    b = 1 / 720 + x * (1 / 5040) + x2 * (1 / 40320 + x * (1 / 362880))
    c = 1 / 3628800 + x * (1 / 39916800) + x2 * (1 / 479001600)
    return 1 + (x + x2 * (a + x4 * b + (x4 * x4) * c))


@_inlined
def _valid_layers(layers: float) -> bool:
    return 1.0 <= layers < math.inf and np.floor(layers) == layers


@_inlined
def _critical(layers: float) -> float:
    """kappa_c: (1 - 1/L)^q / L, with log(1 - 1/L) = -2 artanh(1/(2L-1))."""
    q = (layers - 1) / (layers + 1)
    return _exp(-2 * q * _artanh(1 / (2 * layers - 1))) / layers


@_inlined
def _improved(ratio: float, kappa: float, q: float) -> float:
    """One Halley step for log(ratio) + q log(1 - delta) = 0, where delta = kappa ratio."""
    delta = kappa * ratio
    z = 1 - delta
    common = 1 / ((ratio + 1) * (1 + z))
    half = _artanh((ratio - 1) * (1 + z) * common) - q * _artanh(delta * (ratio + 1) * common)
    slope = z - q * delta
    bend = z * z + q * (delta * delta)
    return ratio - ratio * (2 * half * slope * z) / (slope * slope + half * bend)


@_inlined
def _deficit(kappa: float, layers: float) -> float:
    """delta = 1 - z at the larger stationary point.

    The unknown is ratio = delta / kappa, between 1 and 2^(1/3).  It starts from the Pade form
    (1-delta)^q ~ (L+1 - L delta) / (L+1 - delta), which makes the equation quadratic and the
    ratio right to 0.012; two Halley steps leave rounding errors only.  For L = 1 it is exact.
    """
    # Where zero is optimal any kappa will do, so long as nothing below becomes invalid.
    kappa = min(kappa, _BELOW_ONE / layers)
    share = 1 / (layers + 1)
    q = (layers - 1) * share
    half = 1 + kappa * share
    ratio = 2 / (half + math.sqrt(half * half - 4 * kappa * (layers * share)))
    ratio = _improved(ratio, kappa, q)
    ratio = _improved(ratio, kappa, q)
    return kappa * ratio


@_inlined
def _valid(kappa: float, layers: float) -> bool:
    return kappa >= 0 and _valid_layers(layers)


def _optimal_scale(kappa: float, layers: float) -> float:
    """The output scale z* of least loss, 0 where zero is optimal.

    z* is the larger root of 1 - z = kappa z^(-(L-1)/(L+1)), at least (L-1)/L, for
    kappa < kappa_c(L); for L = 1 it is the soft threshold max(1 - kappa, 0), exactly.

    Parameters
    ----------
    kappa : array_like
        Regularisation times cost (see `kappa`), kappa >= 0.
    layers : array_like
        L, whole numbers >= 1.

    Returns
    -------
    ndarray or float64
        z*, to a relative error of 5e-16; it jumps at kappa_c (see `zero_is_optimal`).

    Notes
    -----
    Ours.

    Examples
    --------
    >>> optimal_scale([0.0, 0.25, 2.0], 1)
    array([1.  , 0.75, 0.  ])
    """
    if not _valid(kappa, layers):
        return math.nan
    scale = 1 - _deficit(kappa, layers)
    return scale if kappa < _critical(layers) else 0.0


def _minimal_loss(kappa: float, layers: float) -> float:
    """The least loss f* = min over z >= 0 of 1/2 (1-z)^2 + 1/2 (L+1) kappa z^(2/(L+1)).

    It increases strictly with kappa from 0 up to 1/2, the loss of zero output, which it reaches
    at kappa_c(L); for kappa -> 0 it is (L+1)/2 kappa.

    Parameters
    ----------
    kappa, layers : array_like
        As for `optimal_scale`.

    Returns
    -------
    ndarray or float64
        f*, to a relative error of 5e-16, and never above 1/2.

    Notes
    -----
    Ours.

    Examples
    --------
    Deep neural collapse (cost c = K) for 10, 10 and 6 classes and lam = 0.004:

    >>> minimal_loss([0.04, 0.04, 0.024], [4, 3, 4]).round(7)
    array([0.0991799, 0.0791833, 0.0597077])
    """
    if not _valid(kappa, layers):
        return math.nan
    delta = _deficit(kappa, layers)
    loss = delta * (0.5 * (layers + 1 - layers * delta))
    return min(loss, 0.5) if kappa < _critical(layers) else 0.5


def _critical_kappa(layers: float) -> float:
    """kappa_c(L) = (1/L) ((L-1)/L)^((L-1)/(L+1)), from which on zero output is optimal.

    Parameters
    ----------
    layers : array_like
        L, whole numbers >= 1.

    Returns
    -------
    ndarray or float64
        kappa_c, to less than one unit in the last place; kappa_c(1) = 1 exactly.

    Notes
    -----
    Ours.  At kappa_c the other minimum, also of loss 1/2, is at z = (L-1)/L.

    Examples
    --------
    >>> critical_kappa([1, 2, 3])
    array([1.        , 0.39685026, 0.27216553])
    """
    return _critical(layers) if _valid_layers(layers) else math.nan


def _zero_is_optimal(kappa: float, layers: float) -> bool:
    """Whether no z > 0 has a loss below 1/2, that of zero output: kappa >= kappa_c(L).

    Parameters
    ----------
    kappa, layers : array_like
        As for `optimal_scale`.

    Returns
    -------
    ndarray of bool or bool
        kappa >= critical_kappa(layers); False where an argument is outside its domain.  The
        comparison is that of real numbers but for, at most, one float64 next to kappa_c.  True
        exactly where `optimal_scale` is 0, and then `minimal_loss` is 1/2.

    Notes
    -----
    Ours.

    Examples
    --------
    >>> zero_is_optimal(0.3, [1, 2, 3])
    array([False, False,  True])
    """
    return _valid(kappa, layers) and kappa >= _critical(layers)


def _kappa(log_cost: float, samples: float, layers: float, log_decay: float) -> float:
    """kappa = lam_eff (n P)^(1/(L+1)), from logarithms, since P soon overflows.

    Parameters
    ----------
    log_cost : array_like
        log P, the natural logarithm of the product of the factors' squared norms.
    samples : array_like
        n > 0, samples a class.
    layers : array_like
        L, whole numbers >= 1.
    log_decay : array_like
        log lam_eff = (log lam_H + log lam_1 + ... + log lam_L) / (L+1), as in
        `Problem.log_decay`.

    Returns
    -------
    ndarray or float64
        kappa, to a relative error of about 2^-53 (|log kappa| + 2 |log(n P)| / (L+1) + 2), from
        rounding in the logarithms: below 1e-13 for kappa > 1e-300 and n P < 1e40^(L+1).

    Notes
    -----
    Ours.

    Examples
    --------
    Deep neural collapse has P = K^(L+1):

    >>> from nctheory import Problem
    >>> problem = Problem(classes=10, layers=4, samples=1, weight_decay=0.004)
    >>> strength = kappa(5 * np.log(10), 1, 4, problem.log_decay)
    >>> print(minimal_loss(strength, 4).round(7))
    0.0991799
    """
    if not (samples > 0 and _valid_layers(layers)):
        return math.nan
    return math.exp(log_decay + (log_cost + math.log(samples)) / (layers + 1))


def _typed(typing_context: Any, address: Any, element: Any) -> Any:
    """`address` as a pointer to elements of one type."""
    pointer = types.CPointer(element.dtype)  # type: ignore[no-untyped-call]

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(pointer))

    return pointer(address, element), codegen


_pointer: Any = intrinsic(_typed)


@_inlined
def _item(data: Any, strides: Any, argument: int, i: int) -> float:
    """Element i of one argument; NumPy's strides are in bytes."""
    item: float = _pointer(data[argument], np.float64)[i * strides[argument] // 8]
    return item


_LOOP = "void(CPointer(voidptr), CPointer(intp), CPointer(intp), voidptr)"

# NumPy's C interface: entry 1 of its table is PyUFunc_FromFuncAndData(functions, data, types,
# their number, inputs, outputs, identity, name, doc, unused); the ufunc only borrows all these.
_FromFunction = ctypes.PYFUNCTYPE(
    ctypes.py_object, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int,
    ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int)
_table = ctypes.PYFUNCTYPE(ctypes.POINTER(_FromFunction), ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi))(_UFUNC_API, None)
_NO_IDENTITY = -1
_KEPT: list[object] = []


def _ufunc(body: Callable[..., Any], result: type = np.float64) -> np.ufunc:
    """The ufunc of one scalar function of float64.

    Numba's `vectorize` would call bodies as long as these from a loop that cannot become SIMD,
    compile that loop anew in every process, and refuse where=.  So the loop that NumPy calls is
    written out: it is cached with all that it inlines (which is why both are in one file) and
    becomes SIMD where arrays are contiguous, or `layers`, the second argument, is one number.
    """
    size = np.dtype(result).itemsize
    element = np.uint8 if result is np.bool_ else result

    def one(addresses: Any, shape: Any, strides: Any, _: Any) -> None:
        out = _pointer(addresses[1], element)
        for i in range(shape[0]):
            out[i * strides[1] // size] = body(_item(addresses, strides, 0, i))

    def two(addresses: Any, shape: Any, strides: Any, _: Any) -> None:
        a, b = _pointer(addresses[0], np.float64), _pointer(addresses[1], np.float64)
        out = _pointer(addresses[2], element)
        step_a, step_b, step_out = strides[0] // 8, strides[1] // 8, strides[2] // size
        if step_b == 0:
            fixed = b[0]
            for i in range(shape[0]):
                out[i * step_out] = body(a[i * step_a], fixed)
        else:
            for i in range(shape[0]):
                out[i * step_out] = body(a[i * step_a], b[i * step_b])

    def four(addresses: Any, shape: Any, strides: Any, _: Any) -> None:
        out = _pointer(addresses[4], element)
        for i in range(shape[0]):
            out[i * strides[4] // size] = body(
                _item(addresses, strides, 0, i), _item(addresses, strides, 1, i),
                _item(addresses, strides, 2, i), _item(addresses, strides, 3, i))

    _inlined(body)
    inputs = body.__code__.co_argcount
    loop: Any = cached(cfunc, _LOOP, error_model="numpy")({1: one, 2: two, 4: four}[inputs])
    kinds = [np.float64] * inputs + [result]
    parts = ((ctypes.c_void_p * 1)(loop.address), (ctypes.c_void_p * 1)(None),
             bytes(np.dtype(kind).num for kind in kinds), 1, inputs, 1, _NO_IDENTITY,
             body.__name__.removeprefix("_").encode(), str(inspect.getdoc(body)).encode(), 0)
    _KEPT.append((loop, parts))
    made: np.ufunc = _table[1](*parts)
    return made


optimal_scale = _ufunc(_optimal_scale)
minimal_loss = _ufunc(_minimal_loss)
critical_kappa = _ufunc(_critical_kappa)
zero_is_optimal = _ufunc(_zero_is_optimal, result=np.bool_)
kappa = _ufunc(_kappa)
