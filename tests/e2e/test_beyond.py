"""libnabla beyond numpy, from outside: weights against rational arithmetic, boundaries against padded
arrays, companions against numpy's own functions, and every number that docs/numerics.md shows."""
import ctypes
import math
import random
from fractions import Fraction

import numpy as np
import pytest

from libnabla import (BREAK, COORDINATES, NUMPY, ONE_SIDED, PERIODIC, PROPAGATE, REFLECT, ROOT, SKIP, STEP,
                      UNIT, Array, DerivativeOptions, Fault, Field, Halo, Options, Spacing, as_array, as_spacing,
                      assert_same, nabla, numpy_2, numpy_gradient, under_the_sanitizer, vector)

view, coordinates = as_array, as_spacing


def call(function, *arguments):
    fault = Fault()
    status = function(*arguments, ctypes.byref(fault))
    assert status == 0, fault.message.decode()


def room(threads=1):
    nabla.nabla_field_workspace.restype = ctypes.c_size_t
    size = nabla.nabla_field_workspace() * threads
    memory = np.empty(size // 16 + 1, np.longdouble)  # aligned as malloc aligns
    return memory.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(size)


def derivative(f, axis=0, **options):
    out = np.full(f.shape, 1e99)
    call(nabla.nabla_derivative, ctypes.byref(view(f)), axis, ctypes.byref(DerivativeOptions(**options)),
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
         ctypes.c_int64(0), 1, ctypes.byref(view(out)))
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
        call(nabla.nabla_rolling_mean, ctypes.byref(view(f)), 0, ctypes.c_int64(window), policy, 1,
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
    call(nabla.nabla_magnitude, three, 3, 1, ctypes.byref(view(out)))
    assert np.allclose(out, np.sqrt(sum(p * p for p in parts)), rtol=1e-15, atol=0)
    x = np.cumsum(chance.uniform(0.5, 1.5, 15))
    spacings = [Spacing(STEP, 0.5), coordinates(x), Spacing(UNIT)]
    options = vector(DerivativeOptions, [DerivativeOptions(spacing=s, accuracy=4) for s in spacings])
    call(nabla.nabla_divergence, three, None, 0, options, 3, ctypes.byref(view(out)), *room())
    each = [derivative(parts[k], k, spacing=spacings[k], accuracy=4) for k in range(3)]
    assert np.array_equal(out, each[0] + each[1] + each[2])
    call(nabla.nabla_laplacian, ctypes.byref(view(parts[0])), None, 0, options, 3,
         ctypes.byref(view(out)), *room())
    each = [derivative(parts[0], k, order=2, spacing=spacings[k], accuracy=4) for k in range(3)]
    assert np.array_equal(out, each[0] + each[1] + each[2])


# ---- several results of one sweep

def field(f, spacings=(), edge_order=1, halos=None, shape=None, threads=1, mode=NUMPY, laplacian=False):
    """Gradients along all axes, their magnitude, and the Laplacian."""
    shape = f.shape if shape is None else shape
    dtype = f.dtype if f.dtype.kind == "f" else np.dtype(float)
    gradients = [np.empty(shape, dtype) for _ in range(f.ndim)]
    length, second = np.empty(shape), np.empty(shape) if laplacian else None
    options = Options(vector(Spacing, [as_spacing(s) for s in spacings]), len(spacings), None, 0, edge_order, mode,
                      threads)
    wanted = Field(vector(Array, [view(g) for g in gradients]), f.ndim, ctypes.pointer(view(length)),
                   ctypes.pointer(view(second)) if laplacian else None)
    call(nabla.nabla_gradient_field, ctypes.byref(view(f)), ctypes.byref(options), halos, ctypes.byref(wanted),
         *room(threads))
    return gradients, length, second


@pytest.mark.parametrize("dtype", ["float64", "float32", "uint8", "int32"])
@pytest.mark.parametrize("edge_order", [1, 2])
def test_a_sweep_gives_numpys_bits(dtype, edge_order):
    chance = np.random.default_rng(7)
    for _ in range(20):
        shape = tuple(chance.integers(3, 44, size=3)) if chance.random() < 0.5 else tuple(chance.integers(3, 300, size=2))
        f = (chance.normal(size=shape) * 100).astype(dtype)
        f = f.T if chance.random() < 0.3 else f
        spacings = [[0.7, np.cumsum(chance.uniform(0.5, 1.5, n)), np.arange(n) * 0.5][chance.integers(3)]
                    for n in f.shape]
        gradients, length, _ = field(f, spacings, edge_order)
        want = numpy_gradient(f, spacings, None, edge_order)
        for got, expected in zip(gradients, want):
            assert_same(got, expected, (f.shape, spacings))
        wide = [w.astype(float) for w in want]
        assert np.array_equal(length, np.sqrt(sum(w**2 for w in wide)))


def test_magnitudes_are_within_an_ulp_of_hypot():
    chance = np.random.default_rng(8)
    for scale in (1.0, 1e-160, 1e160, 1e-310):
        a, b = chance.normal(size=(2, 50000)) * scale
        out = np.empty_like(a)
        call(nabla.nabla_magnitude, vector(Array, [view(a), view(b)]), 2, 1, ctypes.byref(view(out)))
        want = np.hypot(a, b)
        assert (np.abs(out - want) <= 2 * np.spacing(want)).all(), scale


@pytest.mark.parametrize("edge_order", [1, 2])
def test_pieces_with_halos_are_cut_from_the_whole(edge_order):
    chance = np.random.default_rng(9)
    x = np.cumsum(np.where(np.arange(400) < 200, 1.0, 1.25))  # a piece is even where the whole is not
    f = chance.normal(size=(400, 90))
    want = np.gradient(f, x, 0.5, edge_order=edge_order)
    for low, high in ((0, 100), (100, 101), (101, 300), (300, 399), (399, 400)):
        first, last = max(low - 3, 0), min(high + 3, 400)
        halos = vector(Halo, [Halo(low - first, last - high, 1), Halo()])
        gradients, length, _ = field(f[first:last], [x[first:last], 0.5], edge_order, halos, (high - low, 90))
        for got, whole in zip(gradients, want):
            assert_same(got, np.ascontiguousarray(whole[low:high]), (low, high))
        assert np.array_equal(length, np.sqrt(want[0]**2 + want[1]**2)[low:high])


def test_evenness_is_numpys():
    even = nabla.nabla_spacing_is_even
    for x, n, want in ((np.arange(9.), 9, 1), (np.linspace(0, 1, 1001), 1001, 0), (np.array([1., 2, np.nan]), 3, 0),
                       (0.1, 5, 1), (None, 5, 1), (np.array([0, 3, 6], np.int64), 3, 1), (np.arange(8.), 9, 0)):
        assert even(ctypes.byref(as_spacing(x)), ctypes.c_int64(n)) == want


def test_the_divergence_is_the_sum_of_numpys_gradients():
    chance = np.random.default_rng(10)
    for dtype in ("float64", "float32"):
        parts = [chance.normal(size=(60, 70, 20)).astype(dtype) for _ in range(3)]
        spacings = [0.3, np.cumsum(chance.uniform(0.5, 1.5, 70)), 2.0]
        options = Options(vector(Spacing, [as_spacing(s) for s in spacings]), 3)
        out = np.empty((60, 70, 20), dtype)
        call(nabla.nabla_gradient_divergence, vector(Array, [view(p) for p in parts]), ctypes.byref(options), None,
             ctypes.byref(view(out)), *room())
        with numpy_2():
            each = [np.gradient(p, s, axis=k) for k, (p, s) in enumerate(zip(parts, spacings))]
        assert np.array_equal(out, (each[0] + each[1]) + each[2])


def test_the_laplacian_beside_the_gradient_is_the_laplacian():
    chance = np.random.default_rng(11)
    f, x = chance.normal(size=(300, 200)), np.cumsum(chance.uniform(0.5, 1.5, 200))
    _, _, second = field(f, [0.25, x], laplacian=True)
    each = [derivative(f, 0, order=2, spacing=Spacing(STEP, 0.25)), derivative(f, 1, order=2, spacing=coordinates(x))]
    assert np.array_equal(second, each[0] + each[1])


def test_a_gradient_of_a_gradient_spoils_the_ends():
    x = np.linspace(0, 1, 65)
    f, h = np.exp(x), x[1]
    twice = np.gradient(np.gradient(f, h), h)
    second = derivative(f, order=2, spacing=Spacing(STEP, h))
    assert np.abs(second - f).max() < 30 * h**2
    assert np.abs(twice - f)[[0, -1]].min() > 0.4  # the error at the ends does not even shrink with the step
    assert np.abs(twice - f)[[1, -2]].min() > 0.2


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
                got = np.gradient(np.gradient(f)) if name == "gradient twice" else \
                    derivative(f, **options_of(name, rows))
                assert np.allclose(got, numbers, rtol=1e-13, atol=1e-13, equal_nan=True), name
                checked += 1
    assert checked >= 10


if nabla is None:  # one test here stands for all of them there
    for name in [name for name in globals() if name.startswith("test_")]:
        del globals()[name]

    def test_all_of_this_under_the_sanitizer():
        under_the_sanitizer(__file__)
