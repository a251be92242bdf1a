"""libnabla against numpy.gradient: thousands of random calls, compared to the bit.

The rules are numpy 2's: numpy 1 follows them once it is told to (NEP 50's promotion). What numpy gets
wrong, and libnabla does not, is held against exact rational arithmetic instead. NaNs are compared as
NaNs: which bits they have is the processor's business.
"""
import ctypes
import itertools
import os
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from libnabla import (ACCURATE, BUILD, COMPLEX, DTYPES, EAXIS, ECOUNT, EDTYPE, EINVAL, ELENGTH, ELIMIT, ERANGE,
                      ESMALL, FLOATS, INTEGERS, LIBRARY, NUMPY, OK, SANITIZER, Array, Fault, Steps, as_array,
                      assert_same, call, gradient_dtype, nabla, numpy_gradient, vector)

# ---- random arrays

def values(rng, dtype, shape):
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array(rng.integers(info.min, info.max, shape, dtype, endpoint=True))
    if dtype.kind == "c":
        part = "f4" if dtype.itemsize == 8 else "f8"
        with np.errstate(all="ignore"):
            return np.array(values(rng, part, shape) + 1j * values(rng, part, shape), dtype)
    if rng.random() < 0.2:
        return np.array(rng.integers(-9, 9, shape), dtype)
    v = rng.standard_normal(shape) * 10.0 ** rng.integers(-3, 4)
    if rng.random() < 0.1 and dtype.itemsize >= 4:
        v *= 1e30
    with np.errstate(all="ignore"):
        v = np.array(v, dtype)
    if dtype.itemsize > 8:
        v += (rng.standard_normal(shape) * 1e-17).astype(dtype)
    return sprinkled(rng, v)


def sprinkled(rng, v):
    if v.ndim and rng.random() < 0.3:
        hit = rng.random(v.shape) < 0.05
        v[hit] = rng.choice(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0]), v.shape).astype(v.dtype)[hit]
    return v


def laid_out(rng, a):
    """The same array with other strides; not written to unless by the one who asked."""
    how = rng.integers(0, 6)
    if how == 0 or a.ndim == 0:
        return a
    if how == 1:
        return np.asfortranarray(a)
    if how == 2:  # axes in any order in memory
        order = rng.permutation(a.ndim)
        return np.ascontiguousarray(a.transpose(order)).transpose(np.argsort(order))
    if how == 3:
        flip = tuple(slice(None, None, -1) if rng.random() < 0.5 else slice(None) for _ in a.shape)
        return np.ascontiguousarray(a[flip])[flip]
    room = np.zeros([2 * n + 3 for n in a.shape], a.dtype)  # every other element, from somewhere
    view = room[tuple(slice(1, 1 + 2 * n, 2) for n in a.shape)]
    view[...] = a
    return view


def broadcast(rng, a):
    k = rng.integers(0, a.ndim)
    return np.broadcast_to(a[(slice(None),) * k + (slice(0, 1),)], a.shape)


def shape_of(rng, axes_min):
    ndim = rng.integers(0, 5)
    if ndim and rng.random() < 0.15:  # a run of many blocks
        return tuple(rng.permutation([int(rng.integers(250, 800))] + [int(rng.integers(axes_min, 7))] * min(ndim - 1, 2)))
    return tuple(int(n) for n in rng.integers(axes_min, 9, ndim))


COORDINATE_TYPES = ["float64"] * 6 + ["float32"] * 3 + ["float16", "longdouble", "int8", "int32", "int64", "uint8",
                                                      "uint64", "timedelta64[s]"]


def coordinates(rng, n):
    dtype = np.dtype(str(rng.choice(COORDINATE_TYPES)))
    if rng.random() < 0.4:  # with equal steps, as far as the type goes
        x = np.arange(n) * float(rng.choice([1, 0.5, 0.1, 3, -2])) + float(rng.choice([0, 1, 0.3]))
    else:
        x = np.cumsum(rng.random(n) * 10 + (0 if rng.random() < 0.1 else 1))
    if dtype.kind == "f":
        x = x.astype(dtype)
        return sprinkled(rng, x) if rng.random() < 0.1 else strided(rng, x)
    return strided(rng, np.abs(x).astype("i8").astype(dtype))


def strided(rng, x):
    if rng.random() < 0.3:
        return np.ascontiguousarray(x[::-1])[::-1]
    return x


def spacing_of(rng, n):
    how = rng.integers(0, 4)
    if how == 0:
        return None
    if how == 1:
        return float(rng.choice([0.1, 0.7, 1 / 3, 2.0, -0.25, np.pi, 1e-3, 0.3]))
    return coordinates(rng, n)


def spacings_of(rng, f, axes):
    chosen = range(f.ndim) if axes is None else [a % f.ndim for a in axes]
    how = rng.integers(0, 4)
    if how == 0:
        return []
    if how == 1:
        return [float(rng.choice([0.1, 0.7, 2.0, -3.0]))]
    return [spacing_of(rng, f.shape[a]) for a in chosen]


def axes_of(rng, ndim):
    if rng.random() < 0.4:
        return None
    chosen = rng.permutation(ndim)[:rng.integers(0, ndim + 1)]
    return [int(a) - (ndim if rng.random() < 0.3 else 0) for a in chosen]


def outputs_for(rng, f, count):
    """Of any layout; now and then the components of one array of vectors."""
    dtype = gradient_dtype(f)
    if count and rng.random() < 0.2:
        room = np.full(f.shape + (count,), 77, dtype)
        return [room[..., k] for k in range(count)]
    return [laid_out(rng, np.full(f.shape, 77, dtype)) for _ in range(count)]


CASES = 400


@pytest.mark.parametrize("dtype", [d for d in DTYPES if d not in ("bool", "datetime64", "timedelta64")])
@pytest.mark.parametrize("seed", range(2))
def test_random_cases_equal_numpy(dtype, seed):
    for case in range(CASES):
        key = (DTYPES.index(dtype), seed, case)
        rng = np.random.default_rng(key)
        edge_order = int(rng.integers(1, 3))
        f = values(rng, dtype, shape_of(rng, edge_order + 1))
        f = broadcast(rng, f) if f.ndim and rng.random() < 0.1 else laid_out(rng, f)
        axes = axes_of(rng, f.ndim)
        spacings = spacings_of(rng, f, axes)
        out = outputs_for(rng, f, f.ndim if axes is None else len(axes))
        what = ("seed", key, f.shape, f.strides, axes, spacings, edge_order)
        before = f.copy()
        status, got, fault = call(f, spacings, axes, edge_order, out=out)
        assert status == OK, (what, fault.message)
        want = numpy_gradient(f, spacings, axes, edge_order)
        assert len(got) == len(want), what
        for g, w in zip(got, want):
            assert_same(g, w, what)
        assert_same(f, before, what) if f.dtype.kind in "fc" else np.testing.assert_array_equal(f, before)


# ---- sizes that are cut into pieces, and shared by threads

LARGE = [(140_001,), (131_073,), (3000, 40), (40, 3000), (5, 4097), (60, 50, 60)]


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64"])
@pytest.mark.parametrize("shape", LARGE, ids=str)
def test_large_arrays_equal_numpy(dtype, shape):
    rng = np.random.default_rng(len(shape) + DTYPES.index(dtype))
    f = values(rng, dtype, shape)
    uneven = [np.cumsum(1 + rng.random(n)).astype(str(rng.choice(["float32", "float64"]))) for n in shape]
    for spacings, edge_order in itertools.product(([], [0.1], uneven), (1, 2)):
        want = numpy_gradient(f, spacings, None, edge_order)
        for threads in (1, 2, 5):
            status, got, _ = call(f, spacings, None, edge_order, threads=threads)
            assert status == OK
            for g, w in zip(got, want):
                assert_same(g, w, (spacings, edge_order, threads))


def with_layout(f, how):
    """A copy of f as C or Fortran order has it, or with gaps after its rows or between its elements."""
    if how in "CF":
        return np.array(f, order=how)
    room = np.zeros((*f.shape[:-1], f.shape[-1] * 2 + 8), f.dtype)
    view = room[..., :f.shape[-1]] if how == "rows" else room[..., :f.shape[-1] * 2:2]
    view[...] = f
    return view


@pytest.mark.parametrize("layout", ["C", "F", "rows", "elements"])
@pytest.mark.parametrize("shape", [(1_100_001,), (900, 1203), (9, 300, 401)], ids=str)
def test_outputs_that_no_cache_holds_equal_numpy(shape, layout):
    """They go past the caches, whatever the layout."""
    rng = np.random.default_rng(len(shape))
    f = with_layout(rng.standard_normal(shape), layout)
    uneven = [np.cumsum(1 + rng.random(n)) for n in shape]
    for spacings, edge_order, threads in itertools.product(([0.3], uneven), (1, 2), (1, 2)):
        out = [np.empty_like(f) for _ in shape]
        status, got, _ = call(f, spacings, None, edge_order, out=out, threads=threads)
        assert status == OK
        for g, w in zip(got, numpy_gradient(f, spacings, None, edge_order)):
            assert_same(g, w, (spacings, edge_order, threads))


@pytest.mark.parametrize("shape", [(2_500_000,), (1300, 1301), (130, 120, 110)], ids=str)
def test_threads_do_not_show(shape):
    f = np.random.default_rng(5).standard_normal(shape)
    one = call(f, [0.1], threads=1)[1]
    for threads in (2, 3):
        for g, w in zip(call(f, [0.1], threads=threads)[1], one):
            assert_same(g, w, threads)


# ---- what numpy has not: steps, float32 from small integers

@pytest.mark.parametrize("dtype", ["int32", "uint64", "float16", "float32", "float64", "longdouble"])
def test_steps_are_differences_of_coordinates(dtype):
    for case in range(200):
        rng = np.random.default_rng((case, DTYPES.index(dtype)))
        n = int(rng.integers(3, 700))
        x = (np.cumsum(rng.random(n) * 9 + 1) if case % 3 else np.arange(n)).astype(dtype)
        d = np.diff(x.astype(float) if dtype in INTEGERS else x)
        if dtype in INTEGERS and case % 2:
            d = d.astype(dtype)
        f, order = values(rng, str(rng.choice(FLOATS + COMPLEX)), (n,)), int(rng.integers(1, 3))
        status, got, fault = call(f, [Steps(strided(rng, d))], edge_order=order)
        assert status == OK, fault.message
        assert_same(got[0], numpy_gradient(f, [x], None, order)[0], (case, f.dtype, order))


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "uint16"])
def test_float32_of_small_integers(dtype):
    for case in range(100):
        rng = np.random.default_rng((7, case))
        f = laid_out(rng, values(rng, dtype, (int(rng.integers(3, 300)), int(rng.integers(3, 9)))))
        spacings, order = spacings_of(rng, f, None), int(rng.integers(1, 3))
        out = [np.empty(f.shape, "f4") for _ in range(2)]
        status, got, fault = call(f, spacings, edge_order=order, out=out)
        assert status == OK, fault.message
        for g, w in zip(got, numpy_gradient(f.astype("f4"), spacings, None, order)):
            assert_same(g, w, (case, spacings, order))


# ---- times

NAT = np.iinfo("i8").min


def exact_slopes(t, d, order):
    """Of integer times t with steps d: rational, truncated by way of the nearest double; NaT kept."""
    def cut(q):
        return int(float(q)) if q is not None and abs(float(q)) < 2**63 else NAT

    def secant(i):
        return Fraction(int(t[i + 1]) - int(t[i])) / Fraction(float(d[i]))

    def at(i, place):
        if NAT in (int(v) for v in t[i - 1:i + 2]):
            return None
        d1, d2, s1, s2 = Fraction(float(d[i - 1])), Fraction(float(d[i])), secant(i - 1), secant(i)
        return {0: s1 + (s1 - s2) * d1 / (d1 + d2), 1: (d2 * s1 + d1 * s2) / (d1 + d2),
                2: s2 + (s2 - s1) * d2 / (d1 + d2)}[place]

    def pair(i):
        return None if NAT in (int(t[i]), int(t[i + 1])) else secant(i)

    n = len(t)
    inner = [at(i, 1) for i in range(1, n - 1)]
    ends = (pair(0), pair(n - 2)) if order == 1 else (at(1, 0), at(n - 2, 2))
    return [cut(q) for q in [ends[0], *inner, ends[1]]]


def times(rng, n, unit, start):
    t = start + np.cumsum(rng.integers(-10**6 if rng.random() < 0.3 else 1, 10**9, n))
    if rng.random() < 0.3:
        t[rng.random(n) < 0.1] = NAT
    return t.astype("i8").view(f"M8[{unit}]" if rng.random() < 0.5 else f"m8[{unit}]")


@pytest.mark.parametrize("start", [0, 1_700_000_000, 1_706_745_600_123_456_789])
def test_times_with_one_step(start):
    """numpy's, but for edge_order 2, where it multiplies counts by weights; and exactly so."""
    for case in range(300):
        rng = np.random.default_rng((start % 1000, case))
        t = laid_out(rng, times(rng, int(rng.integers(3, 400)), "ns", start))
        h = float(rng.choice([1.0, 2.0, 0.5, 1e-3, 3.0, -7.0]))
        status, got, fault = call(t, [h])
        assert status == OK, fault.message
        assert_same(got[0], numpy_gradient(t, [h], None, 1)[0], (case, h))
        status, got, _ = call(t, [h], edge_order=2)
        ends = got[0].view("i8")[[0, -1]].tolist()
        assert ends == [exact_slopes(t.view("i8")[:3], [h, h], 2)[0], exact_slopes(t.view("i8")[-3:], [h, h], 2)[2]]


@pytest.mark.parametrize("start", [0, 1_706_745_600_123_456_789])
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("mode", [NUMPY, ACCURATE])
def test_times_with_coordinates_are_exact(start, order, mode):
    """numpy rounds three products of counts: for a slope of 1 near 2024 it says 64, -64."""
    for case in range(100):
        rng = np.random.default_rng((start % 1000, case))
        n = int(rng.integers(3, 400))
        t, x = times(rng, n, "ns", start), np.cumsum(rng.integers(1, 50, n)).astype(float)
        status, got, fault = call(t, [x], edge_order=order, mode=mode)
        assert status == OK, fault.message
        assert got[0].view("i8").tolist() == exact_slopes(t.view("i8"), np.diff(x), order), (case, t, x)


def test_straight_time_lines_keep_their_slope():
    x = np.array([0.0, 1, 3, 4, 9, 11])
    t = (1_706_745_600_123_456_789 + 3 * x.astype("i8")).view("M8[ns]")
    for order in (1, 2):
        assert call(t, [x], edge_order=order)[1][0].view("i8").tolist() == [3] * 6
        want = [6, 9, 12] if order == 1 else [3, 9, 15]
        assert call(t[:3].copy(), [0.5], edge_order=order)[1][0].view("i8").tolist() == want
    assert call(t, [0.0])[1][0].view("i8").tolist() == [NAT] * 6


def test_instants_as_coordinates_are_differenced_as_integers():
    """numpy refuses datetime64 coordinates; as doubles these would coincide."""
    x = (1_706_745_600_123_456_789 + np.array([0, 1, 3, 6, 10])).view("M8[ns]")
    f = np.array([0.0, 1, 3, 6, 10])
    for mode, order in itertools.product((NUMPY, ACCURATE), (1, 2)):
        got = call(f, [x], edge_order=order, mode=mode)[1][0]
        np.testing.assert_allclose(got, 1, rtol=1e-15)
    for dtype in ("i8", "u8", "m8[ns]"):
        assert call(f, [x.view(dtype)], mode=ACCURATE)[1][0].tolist() == [1] * 5
    x[2] = "NaT"
    assert np.isnan(call(f, [x], mode=ACCURATE)[1][0]).tolist() == [False, True, True, True, False]
    assert np.isnan(call(f, [(x - x[0])])[1][0]).tolist() == [False, True, True, True, False]


# ---- accurate mode

def divided(f, d, order):
    """Divided differences over the rationals."""
    f, d = [Fraction(v) for v in f], [Fraction(v) for v in d]
    s = [(b - a) / h for a, b, h in zip(f, f[1:], d)]
    inner = [(d[i] * s[i - 1] + d[i - 1] * s[i]) / (d[i - 1] + d[i]) for i in range(1, len(d))]
    ends = (s[0], s[-1]) if order == 1 else (s[0] + (s[0] - s[1]) * d[0] / (d[0] + d[1]),
                                             s[-1] + (s[-1] - s[-2]) * d[-1] / (d[-1] + d[-2]))
    return [ends[0], *inner, ends[1]], [abs(v) for v in s]


@pytest.mark.parametrize("dtype", FLOATS + INTEGERS + COMPLEX)
@pytest.mark.parametrize("order", [1, 2])
def test_accurate_mode_against_rationals(dtype, order):
    """A few roundings of the largest secant near, in the type of the result; a constant gives 0."""
    for case in range(60):
        rng = np.random.default_rng((case, order))
        n = int(rng.integers(3, 40))
        f = (rng.standard_normal(n) * 100).astype(dtype) if dtype not in INTEGERS else values(rng, dtype, (n,))
        x = np.cumsum(1 + rng.random(n) * 5)
        h = None if case % 2 else 0.3
        d = np.diff(x) if h is None else np.full(n - 1, float(np.zeros(1, gradient_dtype(f)).real.dtype.type(h)))
        got = call(f, [x if h is None else h], edge_order=order, mode=ACCURATE)[1][0]
        epsilon = max(np.finfo(got.real.dtype).eps, np.finfo(float).eps)
        for part in ("real", "imag") if f.dtype.kind == "c" else ("real",):
            exact_f = [int(v) if dtype in INTEGERS else Fraction(*v.as_integer_ratio()) for v in getattr(f, part)]
            want, secants = divided(exact_f, [float(v) for v in d], order)
            for g, w in zip(getattr(got, part), want):
                assert abs(Fraction(*g.as_integer_ratio()) - w) <= 8 * Fraction(float(epsilon)) * max(secants)
        constant = np.full(n, f[0])
        assert not call(constant, [x if h is None else h], edge_order=order, mode=ACCURATE)[1][0].any()


def test_accurate_mode_keeps_parts_and_large_integers():
    f = np.array([complex(np.inf, 0), 1, 2, 3])
    assert call(f, [2.0], mode=ACCURATE)[1][0].imag.tolist() == [0] * 4, "numpy: nan beside an infinity"
    big = np.array([2**62, 2**62 + 1, 2**62 + 2], "i8")
    assert call(big, mode=ACCURATE)[1][0].tolist() == [1, 1, 1]
    assert call(big)[1][0].tolist() == [0, 0, 0], "numpy's conversion first"


# ---- errors: numpy's, each with a sentence; nothing is written

F = np.arange(12.0).reshape(3, 4)
X3, X4 = np.array([0.0, 1, 3]), np.array([0.0, 1, 3, 4])
ODD = np.frombuffer(bytearray(12 * 8 + 1), "u1")[1:].view("f8").reshape(3, 4)

SAME = F * 0

ROWS = [  # what, arguments of call, status, argument, index, words of the sentence
    ("axis too high", dict(axes=[2]), EAXIS, 0, -1, "axis 2 is out of bounds for an array of dimension 2"),
    ("axis too low", dict(axes=[1, -3]), EAXIS, 1, -1, "axis -3"),
    ("axis of a number", dict(f=np.array(1.0), axes=[0]), EAXIS, 0, -1, "dimension 0"),
    ("axis twice", dict(axes=[0, -2]), EAXIS, 1, -1, "axis 0 is named twice: at positions 0 and 1"),
    ("more axes than dimensions", dict(axes=[0, 1, 0]), EAXIS, 2, -1, "twice"),
    ("too many spacings", dict(spacings=[1.0] * 3), ECOUNT, -1, -1, "3 spacings for 2 axes"),
    ("two spacings for one axis", dict(spacings=[1.0] * 2, axes=[0]), ECOUNT, -1, -1, "2 spacings for 1 axes"),
    ("one vector for two axes", dict(spacings=[X3]), ECOUNT, 0, -1, "cannot serve 2 axes"),
    ("one vector for no axis", dict(spacings=[X3], axes=[]), ECOUNT, 0, -1, "cannot serve 0 axes"),
    ("coordinates too few", dict(spacings=[None, X3]), ELENGTH, 1, -1, "spacing 1 has 3 coordinates for an axis of 4"),
    ("steps as many as elements", dict(spacings=[None, Steps(X4)]), ELENGTH, 1, -1, "4 steps for an axis of 4"),
    ("coordinates of one element", dict(f=F[:1], spacings=[X3[:1], None]), ESMALL, 0, -1, "1 elements"),
    ("coordinates of none", dict(f=F[:0], spacings=[X3[:0], None]), ESMALL, 0, -1, "0 elements"),
    ("edge order 3", dict(edge_order=3), EINVAL, -1, -1, "edge_order is 3; it must be 1 or 2"),
    ("edge order -1, which numpy takes for 2", dict(edge_order=-1), EINVAL, -1, -1, "edge_order is -1"),
    ("two elements for edge order 2", dict(f=F[:2], edge_order=2), ESMALL, 0, 0, "axis 0 has 2 elements"),
    ("one element", dict(f=F[:, :1]), ESMALL, 1, 1, "edge_order 1 needs at least 2"),
    ("no element", dict(f=F[:, :0]), ESMALL, 1, 1, "axis 1 has 0 elements"),
    ("bool", dict(f=F > 3, out=[F * 0, F * 0]), EDTYPE, -1, -1, "f is bool, which has no differences"),
    ("bool coordinates", dict(spacings=[X3 > 1, None]), EDTYPE, 0, -1, "spacing 0 is of bool"),
    ("complex coordinates", dict(spacings=[None, X4 + 0j]), EDTYPE, 1, -1, "spacing 1 is of complex128"),
    ("instants as steps", dict(spacings=[Steps(X3[:2].view("M8[s]")), None]), EDTYPE, 0, -1, "datetime64"),
    ("unknown mode", dict(mode=2), EINVAL, -1, -1, "mode is 2"),
    ("threads -1", dict(threads=-1), EINVAL, -1, -1, "threads is -1"),
    ("an output missing", dict(out=[F * 0]), EINVAL, -1, -1, "1 outputs for 2 axes"),
    ("an output too many", dict(axes=[], out=[F * 0]), EINVAL, -1, -1, "1 outputs for 0 axes"),
    ("output of another type", dict(out=[F * 0, F.astype("f4")]), EDTYPE, 1, -1,
     "output 1 is float32; the gradient of float64 is float64"),
    ("output of another shape", dict(out=[F * 0, np.zeros((3, 5))]), ELENGTH, 1, 1, "length 5 along axis 1"),
    ("output of fewer dimensions", dict(out=[F * 0, np.zeros(12)]), ELENGTH, 1, -1, "1 dimensions; f has 2"),
    ("float32 of int32", dict(f=F.astype("i4"), axes=[0], out=[F.astype("f4")]), EDTYPE, 0, -1, "float64"),
    ("output is f", dict(out=[F * 0, F]), EINVAL, 1, -1, "output 1 overlaps f"),
    ("outputs are one", dict(out=[SAME, SAME]), EINVAL, 1, -1, "output 1 overlaps output 0"),
    ("output whose elements are one", dict(axes=[0], out=[np.broadcast_to(np.zeros(4), (3, 4))]), EINVAL, 0, -1,
     "output 0 has elements that share memory"),
    ("misaligned", dict(f=ODD), EINVAL, -1, -1, "f is misaligned"),
    ("misaligned output", dict(out=[F * 0, ODD]), EINVAL, 1, -1, "output 1 is misaligned"),
    ("misaligned coordinates", dict(spacings=[ODD[:, 0], None]), EINVAL, 0, -1, "spacing 0 is misaligned"),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_error(row):
    what, arguments, status, argument, index, words = row
    arguments = {"f": F, **arguments}
    before = [o.copy() for o in arguments.get("out") or []]
    got, out, fault = call(**arguments)
    assert (got, fault.argument, fault.index) == (status, argument, index), fault.message
    assert words in fault.message.decode()
    for o, b in zip(arguments.get("out") or [], before):
        assert_same(o, b, what)


def raw(shape, strides=None, data=F.ctypes.data, dtype="float64", ndim=None):
    f = Array(data, DTYPES.index(dtype) if isinstance(dtype, str) else dtype, len(shape) if ndim is None else ndim,
              vector(ctypes.c_int64, shape), None if strides is None else vector(ctypes.c_int64, strides))
    fault = Fault(-2, -2, b"untouched")
    status = nabla.nabla_gradient(ctypes.byref(f), None, None, 0, None, ctypes.c_size_t(0), ctypes.byref(fault))
    return status, fault.message.decode(), fault.index


@pytest.mark.parametrize("arguments, status, words, index", [
    (dict(shape=[3, -4]), EINVAL, "f has length -4 along axis 1", 1),
    (dict(shape=[2**62, 2]), ERANGE, "f has more elements than memory", 0),
    (dict(shape=[2**40, 2**40, 0]), ERANGE, "f has more elements than memory", 0),
    (dict(shape=[5, 3], strides=[2**62, 8]), ERANGE, "which leaves memory", 0),
    (dict(shape=[5, 3], strides=[-2**63, 8]), ERANGE, "which leaves memory", 0),
    (dict(shape=[5, 3], strides=[24, 4]), EINVAL, "its stride along axis 1 is 4 bytes", 1),
    (dict(shape=[2] * 33), ELIMIT, "f has 33 dimensions; at most 32", -1),
    (dict(shape=[], ndim=-1), EINVAL, "f has -1 dimensions", -1),
    (dict(shape=[3], data=None), EINVAL, "f has no data", -1),
    (dict(shape=[3], dtype=99), EDTYPE, "dtype 99", -1),
    (dict(shape=[3], dtype=-1), EDTYPE, "dtype -1", -1),
], ids=str)
def test_error_of_a_hostile_array(arguments, status, words, index):
    got, message, at = raw(**arguments)
    assert (got, at) == (status, index) and words in message, message


def test_only_selected_axes_are_judged():
    for shape, axis in [((5, 0), 0), ((5, 1), 0), ((1, 5), 1)]:
        status, got, fault = call(np.ones(shape), axes=[axis])
        assert status == OK and not got[0].any(), fault.message


def test_a_fault_is_optional_and_each_status_has_a_text():
    assert nabla.nabla_gradient(ctypes.byref(as_array(F)), None, None, 0, None, ctypes.c_size_t(0), None) == EINVAL
    nabla.nabla_status_text.restype = ctypes.c_char_p
    texts = [nabla.nabla_status_text(s) for s in range(-1, 14)]
    assert len(set(texts)) == 13 and all(texts), "twelve statuses, and one text for all others"


@pytest.mark.parametrize("step", [0.0, float("nan"), float("inf"), 1e-320, 1e308])
def test_odd_steps_are_computed_with(step):
    f = np.array([1.0, 2, 4, 7, 7])
    assert_same(call(f, [step])[1][0], numpy_gradient(f, [np.float64(step)], None, 1)[0], step)
    assert_same(call(f, [step], edge_order=2)[1][0], numpy_gradient(f, [np.float64(step)], None, 2)[0], step)


# ---- lines of doubles

def pointer(a):
    return a.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.parametrize("order", [1, 2])
def test_lines_equal_numpy(order):
    for case in range(500):
        rng = np.random.default_rng(case)
        n = int(rng.integers(order + 1, 60))
        f, df = values(rng, "float64", (n,)), np.empty(n)
        h, x = float(rng.choice([1, 0.1, np.pi])), np.cumsum(rng.random(n) if case % 2 else np.ones(n))
        size, step = ctypes.c_size_t(n), ctypes.c_double(h)
        assert nabla.nabla_gradient_1d(pointer(f), size, step, order, pointer(df)) == OK
        assert_same(df, numpy_gradient(f, [h], None, order)[0], (case, h))
        assert nabla.nabla_gradient_1d_at(pointer(f), pointer(x), size, order, pointer(df)) == OK
        assert_same(df, numpy_gradient(f, [x], None, order)[0], (case, x))


# ---- the library as others get it

def run(*command, **more):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_only_nabla_symbols_are_exported():
    table = [line.split() for line in run("nm", "-D", "--defined-only", LIBRARY).splitlines()]
    names = {row[-1].split("@")[0] for row in table if row[1] != "A"}
    declared = {"nabla_gradient", "nabla_gradient_1d", "nabla_gradient_1d_at", "nabla_gradient_workspace",
                "nabla_check_coordinates", "nabla_weights", "nabla_status_text", "nabla_dtype_size"}
    assert declared <= names
    assert all(n.startswith("nabla_") for n in names), sorted(names)
    if SANITIZER:
        return  # the archive's hidden names are made local only without one
    static = run("nm", "--defined-only", "--extern-only", LIBRARY.parent / "libnabla.a")
    visible = {line.split()[-1] for line in static.splitlines() if len(line.split()) == 3}
    assert {n for n in visible if not n.startswith("nabla_")} == set()


PROGRAM = """
#include <nabla/nabla.h>
#include <stdio.h>
int main(void)
{
    double f[5] = {1, 4, 9, 16, 25}, df[5];
    if (nabla_gradient_1d(f, 5, 1.0, 1, df) != NABLA_OK)
        return 1;
    for (int i = 0; i < 5; i++)
        printf("%g ", df[i]);
    return 0;
}
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    where = tmp_path_factory.mktemp("installed")
    run("cmake", "--install", BUILD / "src" / "numeric", "--prefix", where / "usr")
    (where / "program.c").write_text(PROGRAM)
    return where


@pytest.mark.skipif(bool(SANITIZER), reason="what is installed is never sanitized")
@pytest.mark.parametrize("static", [False, True])
def test_a_program_finds_it_by_pkg_config(installed, static):
    folder = next((installed / "usr").rglob("pkgconfig"))
    env = {**os.environ, "PKG_CONFIG_PATH": str(folder)}
    asked = ["pkg-config", "--define-variable=prefix=" + str(installed / "usr"), "--cflags", "--libs", "nabla"]
    flags = run(*asked, *(["--static"] if static else []), env=env).split()
    if static:
        flags = ["-l:libnabla.a" if f == "-lnabla" else f for f in flags]
    run("cc", "-Wall", "-Werror", installed / "program.c", "-o", installed / "program", *flags)
    assert run(installed / "program", env={"LD_LIBRARY_PATH": str(folder.parent)}) == "3 4 6 8 9 "


@pytest.mark.skipif(bool(SANITIZER), reason="what is installed is never sanitized")
@pytest.mark.parametrize("target", ["nabla", "nabla_static"])
def test_a_program_finds_it_by_cmake(installed, target):
    (installed / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.25)\nproject(program LANGUAGES C)\nfind_package(nabla 0.1 REQUIRED)\n"
        f"add_executable(program program.c)\ntarget_link_libraries(program nabla::{target})\n")
    run("cmake", "-B", installed / target, "-S", installed, f"-DCMAKE_PREFIX_PATH={installed / 'usr'}")
    run("cmake", "--build", installed / target)
    assert run(installed / target / "program") == "3 4 6 8 9 "


def under_the_sanitizer():
    """Python is not compiled with it: its runtime has to be there first, in a process of its own."""
    runtime = run("cc", "-print-file-name=" + ("libtsan.so" if "thread" in SANITIZER else "libasan.so")).strip()
    env = {**os.environ, "LD_PRELOAD": runtime, "NABLA_AGAIN": "1",
           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    run("/usr/bin/python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--noconftest", __file__, env=env)


if nabla is None:  # one test here stands for all of them there
    for test in [name for name in globals() if name.startswith("test_")]:
        del globals()[test]
    test_all_under_the_sanitizer = under_the_sanitizer
