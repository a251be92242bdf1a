"""nabla gradient beyond numpy: orders, boundaries, missing values, what comes before and after, from
.npy, tables and pipes; and every combination that is refused, with the option that says why."""
import io
import itertools
import math
import os

import numpy as np
import pytest

from test_gradient_command import Case, is_one_error, same_bits


@pytest.fixture
def case(nabla, tmp_path):
    return Case(nabla, tmp_path)


def close(got, want, tolerance=1e-9):
    return np.allclose(got, want, rtol=tolerance, atol=tolerance, equal_nan=True)


# -- what is computed

X = np.linspace(0, 2, 41)
ROUND = np.arange(40) / 40 * 2 * np.pi


@pytest.mark.parametrize("order", [1, 2, 3, 4])
@pytest.mark.parametrize("accuracy", [2, 4, 6])
@pytest.mark.parametrize("even", [True, False])
def test_order_and_accuracy_are_exact_on_polynomials(case, order, accuracy, even):
    x = X if even else X + 0.01 * np.sin(7 * X)
    p = np.polynomial.Polynomial(np.arange(1, order + accuracy + 1) / 7.0)
    spacing = 0.05 if even else case.save(x)
    got = case.run(p(x), "--order", order, "--accuracy", accuracy, "-s", spacing)[0]
    assert close(got, p.deriv(order)(x), 1e-6 if order < 4 else 1e-3)


def test_boundaries(case):
    f = np.sin(ROUND)
    step = ROUND[1]
    padded = np.pad(f, 1, "wrap")
    got = case.run(f, "--boundary", "periodic", "-s", repr(float(step)))[0]
    assert close(got, (padded[2:] - padded[:-2]) / (2 * step))
    got = case.run(f, "--boundary", "periodic:6.283185307179586", "-s", case.save(ROUND))[0]
    assert close(got, (padded[2:] - padded[:-2]) / (2 * step))
    padded = np.pad(f, 1, "reflect")
    assert close(case.run(f, "--boundary", "reflect")[0], (padded[2:] - padded[:-2]) / 2)
    mixed = case.run(f, "--boundary", "reflect,one-sided")[0]
    want = np.gradient(f, edge_order=2)
    want[0] = 0
    assert close(mixed, want)
    for order in (1, 2):
        assert same_bits(case.run(f, "--boundary", f"one-sided:{order}")[0],
                         np.gradient(f, edge_order=order))


def test_each_axis_has_its_own_boundary(case):
    f = np.random.default_rng(1).normal(size=(20, 30))
    got = case.run(f, "--boundary", "periodic", "--boundary", "one-sided:2")
    padded = np.pad(f, ((1, 1), (0, 0)), "wrap")
    assert close(got[0], (padded[2:] - padded[:-2]) / 2)
    assert same_bits(got[1], np.gradient(f, axis=1, edge_order=2))


def test_missing_values(case):
    f = np.array([0, 1, 4, np.nan, 16, 25, 36])
    assert close(case.run(f, "--nan", "skip")[0], 2.0 * np.arange(7))
    assert close(case.run(f, "--nan", "break")[0], [0, 2, 4, np.nan, 8, 10, 12])
    assert same_bits(case.run(f, "--nan", "propagate")[0], np.gradient(f))


@pytest.mark.parametrize("fill, filled", [
    ("linear", [np.nan, 1, 2, 3, 4, 5, 6, 7, np.nan]),
    ("linear:1", [np.nan, 1, 2, 3, np.nan, np.nan, 6, 7, np.nan]),
    ("extend", [1, 1, 2, 3, 4, 5, 6, 7, 7]),
    ("extend:2", [1, 1, 2, 3, 4, 5, 6, 7, 7]),
])
def test_fill(case, fill, filled):
    f = np.array([np.nan, 1, np.nan, 3, np.nan, np.nan, 6, 7, np.nan])
    assert same_bits(case.run(f, "--fill", fill)[0], np.gradient(np.array(filled)))


def test_fill_follows_the_coordinate(case):
    x = np.array([0.0, 1, 4, 5])
    f = np.array([0, 10, np.nan, 50])
    want = np.gradient(np.interp(x, x[[0, 1, 3]], f[[0, 1, 3]]), x)
    assert same_bits(case.run(f, "--fill", "linear", "-s", case.save(x))[0], want)


def rolling(f, n):
    return np.array([np.mean(f[max(0, i - n // 2):i + (n - 1) // 2 + 1]) for i in range(len(f))])


@pytest.mark.parametrize("n", [1, 2, 5, 40])
def test_smooth(case, n):
    f = np.random.default_rng(2).normal(size=40)
    assert close(case.run(f, "--smooth", n)[0], np.gradient(rolling(f, n)))


def test_smooth_goes_round_a_period(case):
    f = np.random.default_rng(3).normal(size=30)
    mean = sum(np.roll(f, k) for k in (-1, 0, 1)) / 3
    got = case.run(f, "--smooth", 3, "--boundary", "periodic")[0]
    assert close(got, (np.roll(mean, -1) - np.roll(mean, 1)) / 2)


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f8", "<i4", "<c8", "<g"])
@pytest.mark.parametrize("times", [2, 3])
def test_repeat_has_the_bits_of_numpy_repeated(case, dtype, times):
    f = (np.arange(50.0) ** 3 % 97).astype(dtype)
    x = np.cumsum(np.random.default_rng(4).uniform(1, 2, 50))
    want = f.astype(f.dtype.newbyteorder("="))
    for _ in range(times):
        want = np.gradient(want, 0.5, edge_order=2)
    assert same_bits(case.run(f, "--repeat", times, "-s", "0.5", "--edge-order", 2)[0], want)
    if dtype == "<f8":
        for _ in range(times):
            f = np.gradient(f, x)
        assert same_bits(case.run((np.arange(50.0) ** 3 % 97), "--repeat", times, "-s", case.save(x))[0], f)


def test_laplacian(case):
    x, y = np.mgrid[0:20, 0:15] * 0.1
    got = case.run(x**2 + 3 * y**2 + x * y, "--laplacian", "-s", "0.1", outputs=1)[0]
    assert close(got, 8, 1e-8)
    got = case.run((x**2).astype("<f4"), "--laplacian", outputs=1)[0]
    assert got.dtype == np.float32


def test_magnitude_of_what_is_beyond(case):
    f = np.random.default_rng(5).normal(size=(20, 15))
    padded = [np.pad(f, [(1, 1) if a == b else (0, 0) for b in (0, 1)], "wrap") for a in (0, 1)]
    want = np.hypot((padded[0][2:] - padded[0][:-2]) / 2, (padded[1][:, 2:] - padded[1][:, :-2]) / 2)
    assert close(case.run(f, "--magnitude", "--boundary", "periodic", outputs=1)[0], want)


@pytest.mark.parametrize("dtype, want", [("<f2", "<f4"), ("<f4", "<f4"), (">f4", ">f4"), ("u1", "<f8"),
                                         (">i2", "<f8"), ("<i8", "<f8"), (">f8", ">f8")])
def test_result_dtypes(case, dtype, want):
    f = np.arange(12).astype(dtype)
    for args in (["--order", 2], ["--smooth", 3], ["--boundary", "reflect"]):
        got = case.run(f, *args)[0]
        assert got.dtype == np.dtype(want), args


# -- in little memory

COMBINED = [
    ["--order", 2, "--accuracy", 4], ["--boundary", "periodic", "--boundary", "reflect"],
    ["--nan", "skip", "--smooth", 5], ["--nan", "break", "--accuracy", 6], ["--laplacian", "--nan", "skip"],
    ["--axis", 0, "--fill", "extend:4", "--smooth", 3, "--repeat", 3], ["--magnitude", "--smooth", 9],
    ["--axis", 1, "--fill", "linear", "--boundary", "periodic"],
    ["-s", "x.npy", "-s", "y.npy", "--repeat", 2, "--smooth", 4],
    ["-s", "x.npy", "-s", "y.npy", "--boundary", "periodic:9000", "--boundary", "periodic:5000", "--order", 3],
]


@pytest.mark.parametrize("args", COMBINED, ids=lambda a: " ".join(map(str, a)))
@pytest.mark.parametrize("order", "CF")
def test_bits_do_not_depend_on_memory(nabla, case, tmp_path, args, order):
    random = np.random.default_rng(6)
    f = np.array(random.normal(size=(700, 400)), order=order)
    f[random.random(f.shape) < 0.02] = np.nan
    f = f.astype(">f8" if order == "F" else "<f8")
    path = case.save(f)
    case.save(np.cumsum(random.uniform(1, 2, 700)), "x.npy")
    case.save(np.cumsum(random.integers(1, 9, 400)) + 1_700_000_000_000_000_000, "y.npy")
    results = []
    for number, more in enumerate((["--memory", "1G"], ["--memory", "300k"], ["--memory", "2M", "--threads", 3])):
        before = set(os.listdir(tmp_path))
        done = nabla("gradient", path, *args, *more, "-o", f"r{number}")
        assert (done.returncode, done.stderr) == (0, ""), done
        names = sorted(set(os.listdir(tmp_path)) - before)
        results.append([np.load(tmp_path / name) for name in names])
    assert len(results[0]) in (1, 2)
    for whole, *cut in zip(*results):
        assert all(same_bits(one, whole) for one in cut)


def test_memory_that_is_too_little_says_how_much_it_takes(nabla, case):
    path = case.save(np.zeros((3000, 3000)))
    done = nabla("gradient", path, "--smooth", 2001, "--memory", "8M", "--magnitude", "-o", "o.npy")
    assert done.returncode == 2 and is_one_error(done.stderr), done
    assert "--memory" in done.stderr and "allows it" in done.stderr


# -- tables and pipes

def column(text, number=-1):
    return np.array([float(row.split(",")[number]) for row in text.splitlines()[1:]])


def test_table_beyond_numpy(nabla, tmp_path):
    x = np.cumsum(np.random.default_rng(7).uniform(0.1, 0.3, 60))
    y = x**3
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist())))
    assert close(column(nabla("gradient", "a.csv", "--order", 2).stdout), 6 * x, 1e-7)
    assert close(column(nabla("gradient", "a.csv", "--accuracy", 4).stdout), 3 * x**2, 1e-9)
    want = np.gradient(np.gradient(y, x), x)
    assert same_bits(column(nabla("gradient", "a.csv", "--repeat", 2).stdout), want)


def test_table_with_gaps(nabla):
    text = "y\n1\nnan\n3\nnan\nnan\n6\n7\n"
    for args, want in ((["--fill", "linear"], np.ones(7)), (["--nan", "skip"], np.ones(7)),
                       (["--fill", "linear:1"], np.gradient([1, 2, 3, np.nan, np.nan, 6, 7]))):
        done = nabla("gradient", "-", *args, input=text)
        assert done.returncode == 0 and close(column(done.stdout), want), done


@pytest.mark.parametrize("hours", [range(24), [0, 1, 3, 4, 9, 12, 15, 20, 23]])
def test_a_day_that_comes_round(nabla, hours):
    """Times, per second; the period closes from the last row to the first of the next day."""
    text = "t,y\n" + "".join(f"2024-01-01T{h:02}:00:00Z,{math.sin(2 * math.pi * h / 24)!r}\n" for h in hours)
    done = nabla("gradient", "-", "--boundary", "periodic:86400", input=text)
    hours = np.array(list(hours))
    assert done.returncode == 0, done
    t = np.concatenate([hours[-1:] - 24, hours, hours[:1] + 24]) * 3600.0
    f = np.sin(2 * np.pi * t / 86400)
    want = np.gradient(f, t)[1:-1]
    assert np.max(np.abs(column(done.stdout) - want)) < 1e-10


def test_epoch_times_lose_nothing_beyond_numpy(nabla):
    """Nanoseconds apart, today: the same as nanoseconds apart in 1970."""
    rows = [(1, 1.0), (2, 8.0), (4, 64.0), (5, 125.0), (7, 343.0), (8, 512.0), (9, 729.0)]
    texts = ["t,y\n" + "".join(f"{day}T00:00:00.00000000{n}Z,{y}\n" for n, y in rows)
             for day in ("1970-01-01", "2026-11-21")]
    outs = [column(nabla("gradient", "-", "--order", 2, input=t).stdout) for t in texts]
    assert outs[0].tobytes() == outs[1].tobytes()
    assert close(outs[0], [6e18 * n for n, _ in rows], 1e-9)


def test_pipe_beyond_numpy(nabla, case):
    f = np.random.default_rng(8).normal(size=5000)
    path = case.save(f)
    args = ["--smooth", "7", "--accuracy", "4"]
    want = case.run(path, *args)[0]
    done = nabla("gradient", "-", *args, input=path.read_bytes())
    assert done.returncode == 0 and same_bits(np.load(io.BytesIO(done.stdout)), want)


# -- what is refused

@pytest.mark.parametrize("args, says", [
    (["f.npy", "--order", "0"], "--order 0: 1, 2, 3 or 4"),
    (["f.npy", "--order", "5"], "--order 5"),
    (["f.npy", "--accuracy", "3"], "--accuracy 3: 2, 4 or 6"),
    (["f.npy", "--accuracy", "8"], "--accuracy 8"),
    (["f.npy", "--boundary", "wrap"], "--boundary wrap: one-sided, reflect or periodic"),
    (["f.npy", "--boundary", ""], "--boundary : one-sided"),
    (["f.npy", "--boundary", "one-sided:3"], "--boundary one-sided:3"),
    (["f.npy", "--boundary", "reflect:1"], "--boundary reflect:1"),
    (["f.npy", "--boundary", "periodic:0"], "--boundary periodic:0: a period"),
    (["f.npy", "--boundary", "periodic:-1"], "--boundary periodic:-1"),
    (["f.npy", "--boundary", "periodic:inf"], "--boundary periodic:inf"),
    (["f.npy", "--boundary", "periodic:x"], "--boundary periodic:x"),
    (["f.npy", "--boundary", "periodic,reflect"], "at both ends or at neither"),
    (["f.npy", "--boundary", "reflect,"], "--boundary reflect,"),
    (["f.npy", "--boundary", "one-sided:1,one-sided:2"], "both one-sided ends have one order"),
    (["f.npy", "--boundary", "reflect", "--boundary", "reflect", "--boundary", "reflect"],
     "--boundary is given 3 times for 2 axes"),
    (["f.npy", "--boundary", "periodic:9"], "--boundary periodic:9: with a step"),
    (["v.npy", "--boundary", "periodic", "-s", "x.npy"], "--boundary periodic: coordinates do not tell"),
    (["v.npy", "--boundary", "periodic:5", "-s", "x.npy"], "not longer than the coordinates span"),
    (["v.npy", "--boundary", "periodic:99.5", "-s", "t.npy"], "coordinates are whole numbers"),
    (["v.npy", "--order", "2", "-s", "bad.npy"], "-s bad.npy: coordinates 3 and 4"),
    (["v.npy", "--fill", "linear", "-s", "bad.npy"], "-s bad.npy: coordinates 3 and 4"),
    (["v.npy", "--order", "2", "-s", "0"], "-s 0: a step is finite and not 0"),
    (["v.npy", "--order", "4", "-s", "1e-99"], "-s 1e-99: its power"),
    (["f.npy", "--nan", "drop"], "--nan drop: propagate, skip or break"),
    (["f.npy", "--fill", "cubic"], "--fill cubic: linear or extend"),
    (["v.npy", "--fill", "linear:0"], "--fill linear:0"),
    (["v.npy", "--fill", "linear:"], "--fill linear:"),
    (["v.npy", "--fill", "linear:-1"], "--fill linear:-1"),
    (["f.npy", "--fill", "linear"], "--fill linear: gaps are filled along one axis"),
    (["f.npy", "--smooth", "0"], "--smooth 0"),
    (["f.npy", "--smooth", "1.5"], "--smooth 1.5"),
    (["f.npy", "--smooth", "99"], "--smooth 99: axis 0 of f.npy has 12 elements"),
    (["f.npy", "--smooth", "99999999999999999999"], "--smooth 99999999999999999999"),
    (["f.npy", "--repeat", "0"], "--repeat 0"),
    (["f.npy", "--repeat", "17"], "--repeat 17"),
    (["f.npy", "--repeat", "2", "--magnitude"], "--repeat 2: each axis repeats its own, which --magnitude"),
    (["f.npy", "--repeat", "2", "--laplacian"], "--repeat 2: each axis repeats its own, which --laplacian"),
    (["f.npy", "--laplacian", "--magnitude"], "--laplacian: --magnitude asks for another"),
    (["f.npy", "--laplacian", "--order", "1"], "--order 1: --laplacian is made of second"),
    (["f.npy", "--laplacian", "--mode", "numpy"], "--mode numpy: numpy has no --laplacian"),
    (["f.npy", "--mode", "numpy", "--nan", "skip"], "--mode numpy: numpy has no --nan skip"),
    (["f.npy", "--order", "2", "--edge-order", "1"], "--edge-order 1: with --order 2 the ends"),
    (["f.npy", "--accuracy", "4", "--boundary", "one-sided:2"], "--boundary one-sided 2: with --accuracy 4"),
    (["f.npy", "--edge-order", "1", "--boundary", "one-sided:2"], "--edge-order 1: --boundary one-sided:2"),
    (["f.npy", "--accuracy", "6", "--order", "4", "--axis", "1"], "axis 1 has 9 elements; this derivative needs at least 10"),
    (["c.npy", "--order", "2"], "c.npy holds complex128"),
    (["c.npy", "--smooth", "3"], "--smooth: c.npy holds complex128"),
    (["c.npy", "--fill", "linear"], "--fill: c.npy holds complex128"),
    (["f.npy", "--memory", "0"], "--memory 0"),
    (["f.npy", "--memory", "-1"], "--memory -1"),
    (["f.npy", "--memory", "1T"], "--memory 1T"),
    (["f.npy", "--memory", "1MB"], "--memory 1MB"),
    (["f.npy", "--memory", ""], "--memory"),
    (["f.npy", "--memory", "9223372036854775807G"], "--memory"),
    (["f.npy", "--memory", "10", "--magnitude"], "--memory"),
])
def test_refused(nabla, case, tmp_path, args, says):
    case.save(np.arange(108.0).reshape(12, 9), "f.npy")
    case.save(np.arange(12.0), "v.npy")
    case.save(np.arange(12.0), "x.npy")
    case.save(np.arange(12), "t.npy")
    case.save(np.array([0.0, 1, 2, 3, 3, 5, 6, 7, 8, 9, 10, 11]), "bad.npy")
    case.save(np.arange(12) * 1j, "c.npy")
    before = set(os.listdir(tmp_path))
    done = nabla("gradient", *args, "-o", "out.npy")
    assert done.returncode == 2 and done.stdout == "", done
    assert is_one_error(done.stderr) and says in done.stderr, done.stderr
    assert set(os.listdir(tmp_path)) == before


OPTIONS = [["--order", "2"], ["--accuracy", "4"], ["--boundary", "reflect"], ["--boundary", "periodic"],
           ["--nan", "skip"], ["--nan", "break"], ["--fill", "linear:2"], ["--smooth", "3"],
           ["--repeat", "2"], ["--magnitude"], ["--laplacian"], ["--edge-order", "2"],
           ["--mode", "accurate"], ["-s", "0.5"], ["--threads", "2"]]


def test_every_pair_works_or_says_why_not(nabla, case, tmp_path):
    case.save(np.random.default_rng(9).normal(size=40), "v.npy")
    (tmp_path / "v.csv").write_text("y\n" + "".join(f"{y}\n" for y in np.load(tmp_path / "v.npy").tolist()))
    for a, b in itertools.combinations(OPTIONS, 2):
        args = [*a, *b]
        array = nabla("gradient", "v.npy", *args, "-o", "o.npy")
        table = nabla("gradient", "v.csv", *args, "-o", "t.npy")
        assert array.returncode in (0, 2) and table.returncode == array.returncode, (args, array, table)
        if array.returncode == 2:
            assert is_one_error(array.stderr) and is_one_error(table.stderr), args
        else:
            assert same_bits(np.load(tmp_path / "o.npy"), np.load(tmp_path / "t.npy")), args
