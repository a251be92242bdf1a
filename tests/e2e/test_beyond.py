"""libnabla beyond numpy, from outside: weights against rational arithmetic, boundaries against padded
arrays, companions against numpy's own functions, and every number that docs/numerics.md shows."""
import ctypes
import math
import os
import pathlib
import random
import subprocess
from fractions import Fraction

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("NABLA_BUILD", ROOT / "build" / "release")).resolve()
LIBRARY = BUILD / "src" / "numeric" / "libnabla.so.0"
SANITIZED = "NABLA_SANITIZE:STRING=\n" not in (BUILD / "CMakeCache.txt").read_text()
RUNTIME = "libtsan.so" if "NABLA_SANITIZE:STRING=thread" in (BUILD / "CMakeCache.txt").read_text() else "libasan.so"
# Python is not compiled with a sanitizer, whose runtime must come first: see the last test
AGAIN = "NABLA_AGAIN" in os.environ
nabla = None if SANITIZED and not AGAIN else ctypes.CDLL(LIBRARY)

DTYPES = {"int32": 3, "int64": 4, "float16": 9, "float32": 10, "float64": 11}
UNIT, STEP, COORDINATES, STEPS = range(4)
ONE_SIDED, PERIODIC, REFLECT = range(3)
PROPAGATE, SKIP, BREAK = range(3)


class Array(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("dtype", ctypes.c_int), ("ndim", ctypes.c_int),
                ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.POINTER(ctypes.c_int64))]


class Spacing(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("step", ctypes.c_double), ("data", ctypes.c_void_p),
                ("dtype", ctypes.c_int), ("n", ctypes.c_int64), ("stride", ctypes.c_int64)]


class Options(ctypes.Structure):
    _fields_ = [("order", ctypes.c_int), ("accuracy", ctypes.c_int), ("spacing", Spacing),
                ("before", ctypes.c_int), ("after", ctypes.c_int), ("period", ctypes.c_double),
                ("nan", ctypes.c_int), ("halo_before", ctypes.c_int64), ("halo_after", ctypes.c_int64)]


class Fault(ctypes.Structure):
    _fields_ = [("argument", ctypes.c_int), ("index", ctypes.c_int64), ("message", ctypes.c_char * 192)]


def view(a):
    ints = ctypes.c_int64 * max(a.ndim, 1)
    return Array(a.ctypes.data, DTYPES[a.dtype.name], a.ndim, ints(*a.shape), ints(*a.strides))


def coordinates(x, kind=COORDINATES):
    return Spacing(kind, 0, x.ctypes.data, DTYPES[x.dtype.name], len(x), x.strides[0])


def call(function, *arguments):
    fault = Fault()
    status = function(*arguments, ctypes.byref(fault))
    assert status == 0, fault.message.decode()


def room():
    size = ctypes.c_size_t(nabla.nabla_derivative_workspace())
    return ctypes.create_string_buffer(size.value + 64), size


def derivative(f, axis=0, **options):
    out = np.full(f.shape, 1e99)
    call(nabla.nabla_derivative, ctypes.byref(view(f)), axis, ctypes.byref(Options(**options)),
         ctypes.byref(view(out)), *room())
    return out


# ---- weights, exactly

def exact_weights(nodes, order, point):
    """The order-th derivative, at point, of each Lagrange polynomial; all Fractions."""
    weights = []
    for i, xi in enumerate(nodes):
        poly = [Fraction(1)]  # in powers of (x - point)
        for j, xj in enumerate(nodes):
            if j != i:
                up, down = [Fraction(0)] + poly, [(point - xj) * c for c in poly] + [Fraction(0)]
                poly = [(u + d) / (xi - xj) for u, d in zip(up, down)]
        weights.append(poly[order] * math.factorial(order))
    return weights


def weights(nodes, order, point):
    n = len(nodes)
    out = (ctypes.c_double * n)()
    status = nabla.nabla_weights((ctypes.c_double * n)(*nodes), ctypes.c_size_t(n), order,
                                 ctypes.c_double(point), out)
    assert status == 0
    return list(out)


def test_weights_are_those_of_rational_arithmetic():
    chance = random.Random(1)
    for _ in range(300):
        n = chance.randrange(1, 12)
        scale = 2.0 ** chance.randrange(-60, 60)
        nodes = [scale * x for x in chance.sample(range(-500, 500), n)]
        if chance.random() < 0.5:
            nodes.sort()
        point, order = scale * chance.randrange(-500, 500), chance.randrange(n)
        want = exact_weights([Fraction(x) for x in nodes], order, Fraction(point))
        largest = max(abs(w) for w in want) or Fraction(1)
        for got, exact in zip(weights(nodes, order, point), want):
            assert abs(Fraction(got) - exact) <= largest * Fraction(1, 10**11), (nodes, order, point)


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("accuracy", [2, 4, 6])
def test_uneven_derivatives_are_those_of_rational_arithmetic(order, accuracy):
    chance = random.Random(order * 10 + accuracy)
    sided, n = order + accuracy, 23
    x = np.cumsum([chance.uniform(0.5, 1.5) for _ in range(n)])
    f = np.array([chance.uniform(-1, 1) for _ in range(n)])
    got = derivative(f, order=order, accuracy=accuracy, spacing=coordinates(x))
    radius = sided // 2
    for i in range(n):
        if i < radius:
            window = range(sided)
        elif i + radius >= n:
            window = range(n - sided, n)
        else:
            window = range(i - radius, i + radius + 1)
        w = exact_weights([Fraction(x[j]) for j in window], order, Fraction(x[i]))
        terms = [a * Fraction(f[j]) for a, j in zip(w, window)]
        assert abs(Fraction(got[i]) - sum(terms)) <= sum(map(abs, terms)) * Fraction(1, 10**13)


# ---- against numpy

@pytest.mark.parametrize("h", [1.0, 0.1, -3.7, 1e-9])
def test_the_default_is_numpys_inside_to_the_bit(h):
    f = np.random.default_rng(2).normal(size=(40, 30))
    for axis in (0, 1):
        got = np.moveaxis(derivative(f, axis, spacing=Spacing(STEP, h)), axis, 0)
        want = np.moveaxis(np.gradient(f, h, axis=axis, edge_order=2), axis, 0)
        assert np.array_equal(got[1:-1], want[1:-1])
        assert np.allclose(got, want, rtol=1e-13, atol=1e-13 / abs(h))


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("accuracy", [2, 4, 6])
@pytest.mark.parametrize("boundary,mode", [(PERIODIC, "wrap"), (REFLECT, "reflect")])
def test_boundaries_are_those_of_a_padded_array(order, accuracy, boundary, mode):
    f = np.random.default_rng(3).normal(size=(3, 12))
    padded = np.pad(f, ((0, 0), (11, 11)), mode=mode)
    got = derivative(f, 1, order=order, accuracy=accuracy, before=boundary, after=boundary)
    assert np.array_equal(got, derivative(padded, 1, order=order, accuracy=accuracy)[:, 11:-11])


def test_gaps_are_filled_as_numpy_interpolates():
    chance = np.random.default_rng(4)
    x = np.cumsum(chance.uniform(0.1, 3, 200))
    f = np.where(chance.random((5, 200)) < 0.5, np.nan, chance.normal(size=(5, 200)))
    out = np.empty_like(f)
    call(nabla.nabla_interpolate_gaps, ctypes.byref(view(f)), 1, ctypes.byref(coordinates(x)), 1,
         ctypes.c_int64(0), ctypes.byref(view(out)))
    for line, filled in zip(f, out):
        valid = ~np.isnan(line)
        assert np.allclose(filled, np.interp(x, x[valid], line[valid]), rtol=1e-13, atol=1e-13)
        assert np.array_equal(filled[valid], line[valid])


@pytest.mark.parametrize("window", [1, 2, 5, 8])
def test_rolling_means_are_means_of_windows(window):
    chance = np.random.default_rng(5)
    f = np.where(chance.random(300) < 0.1, np.nan, chance.normal(size=300)).astype(np.float32)
    for policy, mean in ((PROPAGATE, np.mean), (SKIP, np.nanmean)):
        out = np.empty(300)
        call(nabla.nabla_rolling_mean, ctypes.byref(view(f)), 0, ctypes.c_int64(window), policy,
             ctypes.byref(view(out)))
        for i in range(300):
            part = f[max(i - window // 2, 0):i + (window - 1) // 2 + 1].astype(float)
            want = np.nan if np.isnan(part).all() else mean(part)
            assert np.isclose(out[i], want, rtol=1e-13, atol=1e-15, equal_nan=True)


def test_magnitude_divergence_laplacian():
    chance = np.random.default_rng(6)
    parts = [chance.normal(size=(14, 15, 16)) for _ in range(3)]
    out = np.empty((14, 15, 16))
    three = (Array * 3)(*map(view, parts))
    call(nabla.nabla_magnitude, three, 3, ctypes.byref(view(out)))
    assert np.allclose(out, np.sqrt(sum(p * p for p in parts)), rtol=1e-15, atol=0)
    x = np.cumsum(chance.uniform(0.5, 1.5, 15))
    spacings = [Spacing(STEP, 0.5), coordinates(x), Spacing(UNIT)]
    options = (Options * 3)(*[Options(spacing=s, accuracy=4) for s in spacings])
    call(nabla.nabla_divergence, three, None, 0, options, 3, ctypes.byref(view(out)), *room())
    each = [derivative(parts[k], k, spacing=spacings[k], accuracy=4) for k in range(3)]
    assert np.array_equal(out, each[0] + each[1] + each[2])
    call(nabla.nabla_laplacian, ctypes.byref(view(parts[0])), None, 0, options, 3,
         ctypes.byref(view(out)), *room())
    each = [derivative(parts[0], k, order=2, spacing=spacings[k], accuracy=4) for k in range(3)]
    assert np.array_equal(out, each[0] + each[1] + each[2])


# ---- the page

def documented():
    """Each text block of the page as {first words of a line: its numbers}."""
    blocks = (ROOT / "docs" / "numerics.md").read_text().split("```text\n")[1:]
    for block in blocks:
        rows = {}
        for line in block.split("```")[0].strip().splitlines():
            name, numbers = line.split("  ", 1)
            rows[name.strip()] = [float(Fraction(n)) if n != "NaN" else math.nan
                                  for n in numbers.split()]
        yield rows


def options_of(name, rows):
    """What a line of the page was computed with, by its words."""
    words, options = set(name.split()), {}
    options["nan"] = SKIP if "skip" in words else BREAK if "break" in words else PROPAGATE
    options["before"] = PERIODIC if "periodic" in words else REFLECT if "reflect" in words else ONE_SIDED
    options["after"] = options["before"]
    options["order"] = 2 if "second" in words else 1
    if "x" in rows:
        options["spacing"] = coordinates(rows["x"])
    return options


def test_every_number_of_the_page():
    checked = 0
    for rows in documented():
        if "nodes" in rows:
            got = weights(rows["nodes"], 1, 0.0)
            assert np.allclose(got, rows["weights"], rtol=1e-15, atol=1e-16)
            checked += 1
            continue
        rows = {name: np.array(numbers) for name, numbers in rows.items()}
        f = rows["f"]
        for name, numbers in rows.items():
            if name not in ("f", "x"):
                got = derivative(f, **options_of(name, rows))
                assert np.allclose(got, numbers, rtol=1e-13, atol=1e-13, equal_nan=True), name
                checked += 1
    assert checked >= 10


if nabla is None:  # here nothing can run but the second process, in which all of this does
    for name in [name for name in globals() if name.startswith("test_")]:
        del globals()[name]

    def test_all_of_this_under_the_sanitizer():
        runtime = subprocess.run(["cc", f"-print-file-name={RUNTIME}"], capture_output=True, text=True,
                                 check=True).stdout.strip()
        env = {**os.environ, "LD_PRELOAD": runtime, "ASAN_OPTIONS": "detect_leaks=0", "NABLA_AGAIN": "1"}
        done = subprocess.run(["/usr/bin/python3", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider",
                               "--noconftest", __file__], env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
