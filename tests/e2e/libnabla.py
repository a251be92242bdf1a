"""libnabla by way of ctypes, and numpy 2's answers to hold it against.

nabla is the library that NABLA_BUILD names, or None where a sanitizer's runtime has to be in the process
first: under_the_sanitizer() starts such a one.
"""
import contextlib
import ctypes
import os
import pathlib
import re
import subprocess

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NABLA_BUILD", ROOT / "build" / "release"))
LIBRARY = BUILD / "src" / "numeric" / "libnabla.so.0"
SANITIZER = re.search("NABLA_SANITIZE:STRING=(.*)", (BUILD / "CMakeCache.txt").read_text())[1]

OK, ENOMEM, EINVAL, EORDER, ERANGE, ELIMIT, EIO, EAXIS, ECOUNT, ELENGTH, ESMALL, EDTYPE = range(12)
DTYPES = "bool int8 int16 int32 int64 uint8 uint16 uint32 uint64 float16 float32 float64 longdouble " \
         "complex64 complex128 datetime64 timedelta64".split()
FLOATS, COMPLEX = ["float16", "float32", "float64", "longdouble"], ["complex64", "complex128"]
INTEGERS = [d for d in DTYPES if "int" in d]
UNIT, STEP, COORDINATES, STEPS = range(4)
NUMPY, ACCURATE = range(2)
ONE_SIDED, PERIODIC, REFLECT = range(3)
PROPAGATE, SKIP, BREAK = range(3)


class Fault(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_int), ("index", ctypes.c_int64), ("message", ctypes.c_char * 192)]


class Array(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int), ("ndim", ctypes.c_int),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64))]


class Spacing(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("step", ctypes.c_double), ("data", ctypes.c_void_p),
                ("dtype", ctypes.c_int), ("n", ctypes.c_int64), ("stride", ctypes.c_int64)]


class Options(ctypes.Structure):
    _fields_ = [("spacing", ctypes.POINTER(Spacing)), ("spacing_n", ctypes.c_int),
                ("axes", ctypes.POINTER(ctypes.c_int)), ("axes_n", ctypes.c_int),
                ("edge_order", ctypes.c_int), ("mode", ctypes.c_int), ("threads", ctypes.c_int),
                ("later", ctypes.c_char * 256)]  # fields of a later version are zero


class DerivativeOptions(ctypes.Structure):
    _fields_ = [("order", ctypes.c_int), ("accuracy", ctypes.c_int), ("spacing", Spacing),
                ("before", ctypes.c_int), ("after", ctypes.c_int), ("period", ctypes.c_double),
                ("nan", ctypes.c_int), ("halo_before", ctypes.c_int64), ("halo_after", ctypes.c_int64),
                ("threads", ctypes.c_int)]


class Halo(ctypes.Structure):
    _fields_ = [("before", ctypes.c_int64), ("after", ctypes.c_int64), ("uneven", ctypes.c_int)]


class Field(ctypes.Structure):
    _fields_ = [("gradient", ctypes.POINTER(Array)), ("gradient_n", ctypes.c_int),
                ("magnitude", ctypes.POINTER(Array)), ("laplacian", ctypes.POINTER(Array))]


nabla = None if SANITIZER and "NABLA_AGAIN" not in os.environ else ctypes.CDLL(LIBRARY)


def under_the_sanitizer(file):
    """Python is not compiled with it: its runtime has to be there first, in a process of its own."""
    runtime = "libtsan.so" if "thread" in SANITIZER else "libasan.so"
    found = subprocess.run(["cc", f"-print-file-name={runtime}"], capture_output=True, text=True, check=True)
    env = {**os.environ, "LD_PRELOAD": found.stdout.strip(), "NABLA_AGAIN": "1",
           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                           "--noconftest", file], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def name_of(dtype):
    dtype = np.dtype(dtype)
    return "longdouble" if dtype == np.longdouble else dtype.name.split("[")[0]


def vector(ctype, values):
    return (ctype * max(len(values), 1))(*values)


def as_array(a):
    return Array(a.ctypes.data, DTYPES.index(name_of(a.dtype)), a.ndim,
                 vector(ctypes.c_int64, a.shape), vector(ctypes.c_int64, a.strides))


class Steps:
    """Marks a vector as steps, where a bare one is coordinates."""

    def __init__(self, d):
        self.d = d


def as_spacing(s):
    if s is None:
        return Spacing(UNIT)
    if isinstance(s, float):
        return Spacing(STEP, s)
    kind, s = (STEPS, s.d) if isinstance(s, Steps) else (COORDINATES, s)
    return Spacing(kind, 0.0, s.ctypes.data, DTYPES.index(name_of(s.dtype)), len(s),
                   s.strides[0] if s.strides[0] != s.itemsize else 0)


def gradient_dtype(f):
    if name_of(f.dtype) in INTEGERS:
        return np.dtype(float)
    return np.dtype(f.dtype.str.replace("M8", "m8"))


def call(f, spacings=(), axes=None, edge_order=1, mode=NUMPY, out=None, threads=0):
    """(status, outputs, fault)"""
    count = f.ndim if axes is None else len(axes)
    if out is None:
        out = [np.empty(f.shape, gradient_dtype(f)) for _ in range(count)]
    fault = Fault(-2, -2, b"untouched")
    options = Options(vector(Spacing, [as_spacing(s) for s in spacings]), len(spacings),
                      None if axes is None else vector(ctypes.c_int, axes), 0 if axes is None else len(axes),
                      edge_order, mode, threads)
    status = nabla.nabla_gradient(ctypes.byref(as_array(f)), ctypes.byref(options),
                                  vector(Array, [as_array(o) for o in out]), len(out), None,
                                  ctypes.c_size_t(0), ctypes.byref(fault))
    return status, out, fault


@contextlib.contextmanager
def numpy_2():
    promotion = getattr(np, "_set_promotion_state", None)
    before = np._get_promotion_state() if promotion else None
    if promotion:
        promotion("weak")
    try:
        with np.errstate(all="ignore"):
            yield
    finally:
        if promotion:
            promotion(before)


def numpy_gradient(f, spacings, axes, edge_order):
    """A tuple, one gradient an axis. Steps are given to numpy as the coordinates they came from."""
    given = [1.0 if s is None else s for s in spacings]
    with numpy_2():
        got = np.gradient(f, *given, axis=None if axes is None else tuple(axes), edge_order=edge_order)
    return tuple(got) if isinstance(got, (list, tuple)) else (got,)


def parts(a):
    return np.ascontiguousarray(a).reshape(-1).view(a.real.dtype) if a.dtype.kind == "c" else a


def assert_same(got, want, what):
    assert got.dtype == want.dtype and got.shape == want.shape, what
    if got.dtype.kind == "m":
        assert (got.view("i8") == want.view("i8")).all(), (what, got, want)
        return
    a, b = parts(got), parts(want)
    same = (np.isnan(a) & np.isnan(b)) | ((a == b) & (np.signbit(a) == np.signbit(b)))
    assert same.all(), (what, a[~same][:4], b[~same][:4], np.argwhere(~same)[:4])
