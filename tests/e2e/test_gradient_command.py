"""nabla gradient: files in, files out, held against numpy bit for bit."""
import io
import itertools
import os
import re
import resource
import signal
import stat
import subprocess

import numpy as np
import pytest

import daemon
from daemon import eventually

MIB = 1 << 20
SANITIZED = re.search(b"__[at]san_init", daemon.NABLA.read_bytes()) is not None  # its shadow memory knows no limits
FLOATS = ["<f2", "<f4", ">f4", "<f8", ">f8", "<g", "<c8", ">c16"]
INTEGERS = ["i1", "<i2", ">i2", "<i4", "<i8", ">u8", "u1", "<u2"]


def expected(f, *spacing, axes=None, edge_order=1):
    """numpy 2's answer, a list with one array an axis. numpy 1 takes a Python number for a double where
    single elements are subtracted, which a second axis avoids; it also misreads big-endian times."""
    f = f.astype(f.dtype.newbyteorder("="))
    axes = list(range(f.ndim)) if axes is None else axes
    if len(spacing) == 1:
        spacing = spacing * len(axes)
    steps = spacing or (1.0,) * len(axes)
    with np.errstate(all="ignore"):
        return [np.gradient(f[..., None], step, axis=axis % f.ndim, edge_order=edge_order)[..., 0]
                for axis, step in zip(axes, steps)]


def expected_at(f, x, axis, edge_order):
    """numpy 2's answer at coordinates of float32, with which numpy 1 computes in doubles at the ends."""
    f, x = np.moveaxis(f, axis, 0).astype(float), x.astype(np.float32)
    d, two = np.diff(x), np.float32(2)
    out = np.empty_like(f)
    if (d == d[0]).all():
        out = np.gradient(f, float(d[0]), axis=0)
        if edge_order == 2:
            w = [float(np.float32(w) / d[0]) for w in (-1.5, 2, -0.5)]
            out[0] = w[0] * f[0] + w[1] * f[1] + w[2] * f[2]
            out[-1] = -w[2] * f[-3] + -w[1] * f[-2] + -w[0] * f[-1]
        return np.moveaxis(out, 0, axis)
    column = (slice(None),) + (None,) * (f.ndim - 1)
    d1, d2 = d[:-1][column], d[1:][column]
    a, b, c = -d2 / (d1 * (d1 + d2)), (d2 - d1) / (d1 * d2), d1 / (d2 * (d1 + d2))
    out[1:-1] = a * f[:-2] + b * f[1:-1] + c * f[2:]
    out[0], out[-1] = (f[1] - f[0]) / float(d[0]), (f[-1] - f[-2]) / float(d[-1])
    if edge_order == 2:
        d1, d2 = d[0], d[1]
        a, b, c = -(two * d1 + d2) / (d1 * (d1 + d2)), (d1 + d2) / (d1 * d2), -d1 / (d2 * (d1 + d2))
        out[0] = float(a) * f[0] + float(b) * f[1] + float(c) * f[2]
        d1, d2 = d[-2], d[-1]
        a, b, c = d2 / (d1 * (d1 + d2)), -(d2 + d1) / (d1 * d2), (two * d2 + d1) / (d2 * (d1 + d2))
        out[-1] = float(a) * f[-3] + float(b) * f[-2] + float(c) * f[-1]
    return np.moveaxis(out, 0, axis)


def same_bits(got, want):
    """NaNs are equal whatever their sign."""
    got, want = (a.astype(a.dtype.newbyteorder("=")) for a in (got, want))
    if got.dtype != want.dtype or got.shape != want.shape:
        return False
    if got.dtype.kind in "fc":
        got, want = (np.ascontiguousarray(a).view(a.real.dtype) if a.ndim else a for a in (got, want))
        nan = np.isnan(want)
        if got.dtype == np.longdouble:  # its padding is anything
            return bool(np.all((got == want) | (np.isnan(got) & nan)))
        got, want = np.where(np.isnan(got), 0, got), np.where(nan, 0, want)
        return np.array_equal(np.isnan(want), np.isnan(got)) and got.tobytes() == want.tobytes()
    return got.tobytes() == want.tobytes()


class Case:
    """Saves arrays, runs the command, loads what it wrote."""

    def __init__(self, nabla, folder):
        self.nabla, self.folder, self.number = nabla, folder, itertools.count()

    def save(self, array, name=None, **more):
        path = self.folder / (name or f"{next(self.number)}.npy")
        with open(path, "wb") as f:
            np.lib.format.write_array(f, np.asanyarray(array), **more)
        return path

    def run(self, f, *args, axes=None, outputs=None, **more):
        """The gradients of f: one array an axis."""
        path = f if isinstance(f, os.PathLike) else self.save(f)
        out = self.folder / f"out{next(self.number)}.npy"
        if axes is not None:
            args += ("--axis", ",".join(map(str, axes)))
        done = self.nabla("gradient", path, "-o", out, *args, **more)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
        n = outputs or (len(axes) if axes is not None else np.load(path, mmap_mode="r").ndim)
        ndim = np.load(path, mmap_mode="r").ndim
        order = [a % ndim for a in (range(ndim) if axes is None else axes)]
        names = [out] if n == 1 else [f"{str(out)[:-4]}.{a}.npy" for a in order]
        got = [np.load(name) for name in names]
        for name in names:
            os.remove(name)
        return got


@pytest.fixture
def case(nabla, tmp_path):
    return Case(nabla, tmp_path)


def is_one_error(text):
    return re.fullmatch(r"nabla: error: [^\n]+\n", text) is not None


def values(random, dtype, shape):
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        limit = np.iinfo(dtype)
        return random.integers(limit.min, limit.max, shape, dtype.newbyteorder("="),
                               endpoint=True).astype(dtype)
    f = random.normal(size=shape)
    if dtype.kind == "c":
        f = f + 1j * random.normal(size=shape)
    return f.astype(dtype)


# -- the same bits as numpy -------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", FLOATS + INTEGERS)
def test_every_dtype_shape_and_order(case, dtype):
    random = np.random.default_rng(1)
    for n, shape in enumerate([(7,), (3,), (4, 5), (3, 4, 5), (2, 3, 4, 3), (1, 6)]):
        f = values(random, dtype, shape)
        if n % 2:
            f = np.asfortranarray(f)
        axes = [a for a in range(f.ndim) if f.shape[a] > 2][::-1]
        for edge_order in (1, 2):
            got = case.run(f, "--edge-order", edge_order, "-s", "0.7", axes=axes)
            for one, want in zip(got, expected(f, 0.7, axes=axes, edge_order=edge_order)):
                assert same_bits(one, want), (dtype, shape, edge_order, one, want)


def test_result_has_the_inputs_byte_order_and_layout(case):
    f = np.asfortranarray(np.arange(12, dtype=">f4").reshape(3, 4))
    got = case.run(f, axes=[0])[0]
    assert got.dtype == np.dtype(">f4") and got.flags.f_contiguous
    assert case.run(np.arange(5, dtype=">i4"))[0].dtype == np.dtype("<f8")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_format_versions(case, version):
    f = np.arange(10.0) ** 2
    assert same_bits(case.run(case.save(f, version=version))[0], np.gradient(f))


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<i8", "u1", "<u2", "<m8[s]", ">m8[s]"])
@pytest.mark.parametrize("even", [False, True])
def test_coordinates(case, dtype, even):
    random = np.random.default_rng(2)
    f = random.normal(size=(6, 5))
    x = np.arange(6) * 3 if even else np.array([1, 2, 4, 8, 9, 11])
    x, y = x.astype(dtype), np.array([0.1, 0.2, 0.4, 0.5, 0.9])
    for edge_order in (1, 2):
        got = case.run(f, "-s", case.save(x), "-s", case.save(y), "--edge-order", edge_order)
        native = x.astype(x.dtype.newbyteorder("="))
        wants = expected(f, native, y, edge_order=edge_order)
        if dtype == "<f4":
            wants[0] = expected_at(f, x, 0, edge_order)
        for one, want in zip(got, wants):
            assert same_bits(one, want)
        mixed = case.run(f, "-s", "0.25", "-s", case.save(y), "--edge-order", edge_order)
        for one, want in zip(mixed, expected(f, 0.25, y, edge_order=edge_order)):
            assert same_bits(one, want)


@pytest.mark.parametrize("order", "<>")
def test_times(case, order):
    f = np.array(["2024-01-01", "2024-01-03", "NaT", "2024-01-09", "2024-01-10", "2024-01-20"],
                 f"{order}M8[s]")
    for axis in ([0],):
        got = case.run(f, axes=axis)[0]
        assert got.dtype == np.dtype(f"{order}m8[s]")
        assert same_bits(got, np.gradient(f.astype("<M8[s]")))
    spans = np.array([1, 4, 9, 16], f"{order}m8[25s]")
    assert same_bits(case.run(spans)[0], np.array([3, 4, 6, 7], "<m8[25s]"))


def test_instants_as_coordinates_are_exact(case):
    start = np.datetime64("2024-01-01", "ns").astype(np.int64)
    t = start + np.array([0, 1, 3, 4], np.int64)  # a double would round each to 256 ns
    got = case.run(np.array([0.0, 1, 3, 4]), "-s", case.save(t.astype("M8[ns]")))
    assert np.allclose(got[0], 1, rtol=1e-15, atol=0)


@pytest.mark.parametrize("shape, fortran, axes", [
    ((1_500_001,), False, None),
    ((2000, 801), False, None),
    ((2000, 801), True, [1]),
    ((3, 900_000), False, None),    # rows longer than a box
    ((900_000, 3), False, [0]),
    ((5, 70, 60, 61), False, None),
    ((3, 4, 200_000), False, None),
    ((4, 3, 5, 90_000), False, [0, 3]),
    ((1, 2, 3, 1, 150_000), False, [1, 2, 4]),
])
@pytest.mark.parametrize("edge_order", [1, 2])
def test_box_by_box(case, shape, fortran, axes, edge_order):
    if edge_order == 2 and min(shape[a] for a in (axes or range(len(shape)))) < 3:
        axes = [a for a in axes if shape[a] > 2]
    f = np.random.default_rng(3).normal(size=shape)
    f = np.asfortranarray(f) if fortran else f
    wants = expected(f, 0.3, axes=axes, edge_order=edge_order)
    for threads in (1, 3):
        got = case.run(f, "-s", "0.3", "--edge-order", edge_order, "--threads", threads, axes=axes)
        for one, want in zip(got, wants):
            assert same_bits(one, want)


@pytest.mark.parametrize("dtype", ["<f8", ">f8", "<f4", "<i4", "<M8[s]"])
def test_coordinates_that_are_even_for_a_while(case, dtype):
    """numpy judges by all of them; boxes see stretches that are even."""
    n = 1_600_000
    f = np.random.default_rng(4).normal(size=n)
    for odd_at in (0, n // 2, n - 2):
        x = np.arange(n, dtype=np.int64) * 4 % (1 << 23)  # exact in a float32
        x[odd_at + 1:] += 1
        x = x.astype(dtype)
        want = (expected_at(f, x, 0, 2) if dtype == "<f4" else
                expected(f, x.astype(np.int64 if x.dtype.kind == "M" else float), edge_order=2)[0])
        for threads in (1, 2):
            got = case.run(f, "-s", case.save(x, "x.npy"), "--edge-order", "2",
                           "--threads", threads)[0]
            assert same_bits(got, want), odd_at
    even = np.arange(n, dtype=np.int64).astype(dtype)
    assert same_bits(case.run(f, "-s", case.save(even))[0], expected(f, even.astype(float))[0])


def test_coordinates_whose_steps_vanish_when_rounded(case):
    """Nanoseconds of today as int64, in numpy's way: doubles that repeat for a while, or everywhere in a box."""
    n = 1_600_000
    f = np.random.default_rng(4).normal(size=n)
    x = np.arange(n) // 3 + 1_700_000_000_000_000_000
    assert same_bits(case.run(f, "-s", case.save(x))[0], expected(f, x.astype(float))[0])


def test_uneven_along_a_cut_axis_of_several(case):
    f = np.random.default_rng(5).normal(size=(3000, 300))
    x, y = np.arange(3000.0), np.cumsum(np.random.default_rng(6).uniform(1, 2, 300))
    x[2999] += 0.5
    got = case.run(f, "-s", case.save(x), "-s", case.save(y), "--edge-order", "2")
    for one, want in zip(got, expected(f, x, y, edge_order=2)):
        assert same_bits(one, want)


def test_accurate_mode_is_exact_on_constants(case):
    x = np.cumsum(np.random.default_rng(7).uniform(1e-3, 2e-3, 700_000))
    f = np.full(x.shape, 1e8 + 0.1)
    assert np.any(case.run(f, "-s", case.save(x))[0] != 0)
    assert not np.any(case.run(f, "-s", case.save(x), "--mode", "accurate")[0])


def test_nan_and_infinity(case):
    f = np.array([1, 2, np.nan, 4, 5, np.inf, 7, 8])
    assert same_bits(case.run(f)[0], np.gradient(f))


@pytest.mark.parametrize("dtype", ["<f4", "<f8", ">f8", "u1"])
@pytest.mark.parametrize("shape", [(60, 50), (700, 900), (3, 700_000), (4, 3, 40_000)])
def test_magnitude(case, dtype, shape):
    f = values(np.random.default_rng(8), dtype, shape)
    got = case.run(f, "--magnitude", outputs=1)[0]
    parts = [p.astype(float) for p in expected(f)]
    want = np.sqrt(sum(p * p for p in parts))
    assert got.dtype == expected(f)[0].dtype.newbyteorder(f.dtype.byteorder if f.dtype.kind == "f" else "=")
    assert np.allclose(got, want, rtol=1e-7 if got.dtype.itemsize == 4 else 5e-16, atol=0)


def test_empty_axis_that_is_not_asked_for(case):
    got = case.run(np.zeros((0, 3)), axes=[1])[0]
    assert got.shape == (0, 3)


# -- where it reads and writes ----------------------------------------------------------------------

def test_standard_input_and_output(nabla, case):
    f = np.arange(400_000.0) ** 2
    path = case.save(f)
    want = np.gradient(f)
    piped = nabla("gradient", "-", input=path.read_bytes())
    assert (piped.returncode, piped.stderr) == (0, b"")
    assert same_bits(np.load(io.BytesIO(piped.stdout)), want)
    with open(path, "rb") as stdin:
        done = subprocess.run([daemon.NABLA, "gradient", "-"], stdin=stdin, capture_output=True)
    assert done.returncode == 0 and done.stdout == piped.stdout
    done = subprocess.run(["bash", "-c", f"'{daemon.NABLA}' gradient <(cat '{path}')"],
                          capture_output=True)
    assert done.returncode == 0 and done.stdout == piped.stdout


def test_output_names(nabla, case, tmp_path):
    path = case.save(np.arange(24.0).reshape(2, 3, 4))
    for output, names in [("a.npy", ["a.0.npy", "a.2.npy"]), ("b", ["b.0.npy", "b.2.npy"]),
                          (".npy", [".npy.0.npy", ".npy.2.npy"])]:
        before = set(os.listdir(tmp_path))
        assert nabla("gradient", path, "--axis", "-1,0", "-o", output).returncode == 0
        assert sorted(set(os.listdir(tmp_path)) - before) == names
    assert nabla("gradient", path, "--axis", "1", "-o", "c").returncode == 0
    assert np.load(tmp_path / "c").shape == (2, 3, 4)


def test_output_may_be_the_input(nabla, case):
    f = np.arange(10.0) ** 2
    path = case.save(f)
    assert nabla("gradient", path, "-o", path).returncode == 0
    assert same_bits(np.load(path), np.gradient(f))


def test_target_keeps_its_kind(nabla, case, tmp_path):
    f = np.arange(10.0)
    path = case.save(f)
    (tmp_path / "real.npy").write_text("old")
    (tmp_path / "link.npy").symlink_to("real.npy")
    assert nabla("gradient", path, "-o", "link.npy").returncode == 0
    assert (tmp_path / "link.npy").is_symlink()
    assert same_bits(np.load(tmp_path / "real.npy"), np.ones(10))
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", tmp_path / "pipe"], stdout=subprocess.PIPE) as reader:
        assert nabla("gradient", path, "-o", "pipe").returncode == 0
        assert same_bits(np.load(io.BytesIO(reader.stdout.read())), np.ones(10))
    assert stat.S_ISFIFO(os.stat(tmp_path / "pipe").st_mode)


def test_new_files_follow_the_umask(nabla, case, tmp_path):
    path = case.save(np.arange(10.0))
    assert nabla("gradient", path, "-o", "a.npy", umask=0o027).returncode == 0
    assert stat.S_IMODE(os.stat(tmp_path / "a.npy").st_mode) == 0o640


def sparse(path, n, dtype="<f8"):
    """A .npy file of n zeroes that takes no space."""
    with open(path, "wb") as f:
        np.lib.format.write_array_header_1_0(
            f, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (n,)})
        f.truncate(f.tell() + n * np.dtype(dtype).itemsize)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("args", [[], ["--threads", "2"], ["-s", "x.npy"]])
def test_larger_than_its_memory(tmp_path, args):
    """1 GiB in, 1 GiB out, with 64 MiB of its own and a quarter of a GiB resident at any moment."""
    n = 1 << 27
    path = sparse(tmp_path / "large.npy", n)
    with open(path, "r+b") as f:
        f.seek(-8, os.SEEK_END)
        f.write(np.float64(6).tobytes())
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (n,)) if args[:1] == ["-s"] else None
    if x is not None:
        for lo in range(0, n, 1 << 22):
            x[lo:lo + (1 << 22)] = np.arange(lo, lo + (1 << 22))
        x[-1] += 1  # uneven
        del x
    limit = (lambda: resource.setrlimit(resource.RLIMIT_DATA, (64 * MIB, 64 * MIB)))
    if SANITIZED:
        limit = None
    child = subprocess.Popen([daemon.NABLA, "gradient", path, "-o", "out.npy", *args], cwd=tmp_path,
                             preexec_fn=limit, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0, said
    assert usage.ru_maxrss * 1024 < 300 * MIB or SANITIZED, usage.ru_maxrss
    out = np.load(tmp_path / "out.npy", mmap_mode="r")
    assert not np.any(out[:1000]) and out.shape == (n,)
    assert list(out[-3:]) == ([0, 1.0, 3.0] if args[:1] == ["-s"] else [0, 3.0, 6.0])


def start_large(tmp_path, **more):
    """A run that takes seconds, once it has made its output."""
    path = sparse(tmp_path / "large.npy", 1 << 28, "u1")
    child = subprocess.Popen([daemon.NABLA, "gradient", path, "-o", "out.npy"], cwd=tmp_path,
                             stderr=subprocess.PIPE, text=True, **more)
    fds = f"/proc/{child.pid}/fd"

    def has_output():
        assert child.poll() is None, child.stderr.read()
        try:
            return any(os.stat(f"{fds}/{fd}").st_size > 1 << 30 for fd in os.listdir(fds))
        except FileNotFoundError:  # closed between two looks
            return False
    eventually(has_output, "the output")
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_interrupted_leaves_nothing(tmp_path, number):
    status = 0
    while status == 0:  # it was done before the signal came: this machine is busy with others
        (tmp_path / "out.npy").write_text("old")
        child = start_large(tmp_path)
        child.send_signal(number)
        status = child.wait(daemon.DEADLINE_S)
    assert status == -number
    assert sorted(os.listdir(tmp_path)) == ["large.npy", "out.npy"]
    assert (tmp_path / "out.npy").read_text() == "old"


@pytest.mark.parametrize("args", [["-o", "out.npy"], ["--axis", "0,1", "-o", "out.npy"], []])
def test_full_disk_leaves_nothing(case, tmp_path, args):
    path = case.save(np.zeros((500, 500)))
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    args = args or ["--axis", "0"]
    done = subprocess.run([daemon.NABLA, "gradient", path, *args], cwd=tmp_path, env=env,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, MIB)))
    assert done.returncode == 1 and done.stdout == "" and is_one_error(done.stderr), done
    assert os.listdir(tmp_path) == [path.name]


def test_full_device(case):
    path = case.save(np.zeros(10))
    for args in ([], ["-o", "/dev/full"]):
        with open("/dev/full", "w") as full:
            done = subprocess.run([daemon.NABLA, "gradient", path, *args], stdout=full,
                                  stderr=subprocess.PIPE, text=True)
        assert done.returncode == 1 and "No space left" in done.stderr, done
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


# -- tables -----------------------------------------------------------------------------------------

def test_table(nabla, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n0,0\n1,1\n2,4\n4,16\n")
    done = nabla("gradient", "a.csv")
    assert (done.returncode, done.stderr) == (0, "")
    want = np.gradient([0.0, 1, 4, 16], [0.0, 1, 2, 4])
    rows = done.stdout.splitlines()
    assert rows[0] == "x,y,gradient" and len(rows) == 5
    assert [float(r.split(",")[2]) for r in rows[1:]] == list(want)
    assert nabla("gradient", "-", input="x,y\n0,0\n1,1\n2,4\n4,16\n").stdout == done.stdout
    assert nabla("gradient", "a.csv", "-o", "b.csv").returncode == 0
    assert (tmp_path / "b.csv").read_text() == done.stdout
    assert nabla("gradient", "a.csv", "-o", "b.npy").returncode == 0
    assert same_bits(np.load(tmp_path / "b.npy"), want)


@pytest.mark.parametrize("text, args, out", [
    ("x\ty\r\n0\t1\r\n1\t3\r\n", [], "x\ty\tgradient\n0\t1\t2\n1\t3\t2\n"),
    ('"a;b";y\n"0";1\n1;3\n', ["--x", "a;b", "--y", "y"], '"a;b";y;gradient\n"0";1;2\n1;3;2\n'),
    ("\ufeffx,y\r\n0,1\r\n1,3\r\n", [], "x,y,gradient\n0,1,2\n1,3,2\n"),
    ('x,"y ""z"""\n 0 , "1"\n1,3', ["--y", 'y "z"', "--x", "x"], 'x,"y ""z""",gradient\n0,"1",2\n1,3,2\n'),
    ("2019,2020\n0,1\n1,3\n", ["--y", "2020"], "2019,2020,gradient\n0,1,2\n1,3,2\n"),
    ("y\n1\n4\n9\n16\n", ["--edge-order", "2"], "y,gradient\n1,2\n4,4\n9,6\n16,8\n"),
    ("a,b,y\n,,1\n,,4\n,,9\n", ["--y", "y", "-s", "0.5"], "y,gradient\n1,6\n4,8\n9,10\n"),
    ("x,y\n0,1\n1,\n2,3\n3,5\n4,7\n", [], "x,y,gradient\n0,1,NaN\n1,,1\n2,3,NaN\n3,5,2\n4,7,2\n"),
    ("x,y\n3,1\n2,2\n1,4\n", ["--magnitude"], "x,y,gradient\n3,1,1\n2,2,1.5\n1,4,2\n"),
    ("t,y\n2024-01-01T00:00:00Z,0\n2024-01-01T00:00:10Z,1\n2024-01-01T01:00:20+01:00,2\n", [],
     "t,y,gradient\n2024-01-01T00:00:00Z,0,0.1\n2024-01-01T00:00:10Z,1,0.1\n"
     "2024-01-01T01:00:20+01:00,2,0.1\n"),
    ("t,y\n2024-01-01T00:00:00.25Z,0\n2024-01-01T00:00:00.5Z,1\n2024-01-01T00:00:01Z,3\n", [],
     "t,y,gradient\n2024-01-01T00:00:00.25Z,0,4\n2024-01-01T00:00:00.5Z,1,4\n"
     "2024-01-01T00:00:01Z,3,4\n"),
])
def test_table_row(nabla, tmp_path, text, args, out):
    (tmp_path / "a.csv").write_text(text, newline="")
    done = nabla("gradient", "a.csv", *args)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", out)


def test_nanoseconds_are_exact(nabla):
    times = [f"2024-01-01T00:00:00.00000000{i}Z" for i in (1, 2, 4, 5)]
    done = nabla("gradient", "-", input="t,y\n" + "".join(f"{t},{t[-2]}\n" for t in times))
    got = [float(r.split(",")[2]) for r in done.stdout.splitlines()[1:]]
    assert np.allclose(got, 1e9, rtol=1e-15, atol=0)


def test_table_against_numpy(nabla, tmp_path):
    random = np.random.default_rng(9)
    x, y = np.cumsum(random.uniform(0.1, 1, 5000)), random.normal(size=5000)
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist())))
    for edge_order in (1, 2):
        done = nabla("gradient", "a.csv", "--edge-order", edge_order)
        got = np.array([float(r.split(",")[2]) for r in done.stdout.splitlines()[1:]])
        assert same_bits(got, np.gradient(y, x, edge_order=edge_order))
    np.save(tmp_path / "x.npy", x.astype(">f8"))
    done = nabla("gradient", "a.csv", "--y", "y", "-s", "x.npy")
    got = np.array([float(r.split(",")[1]) for r in done.stdout.splitlines()[1:]])
    assert same_bits(got, np.gradient(y, x))


# -- while it runs -----------------------------------------------------------------------------------

def test_npy_is_not_for_a_terminal(case):
    path = case.save(np.arange(5.0))
    ours, theirs = os.openpty()
    done = subprocess.run([daemon.NABLA, "gradient", path], stdout=theirs, stderr=subprocess.PIPE,
                          text=True)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2 and "not for a terminal" in done.stderr


def test_truncated_while_it_runs(tmp_path):
    child = start_large(tmp_path)
    os.truncate(tmp_path / "large.npy", 4096)
    assert child.wait(daemon.DEADLINE_S) == 1
    assert is_one_error(child.stderr.read())
    assert os.listdir(tmp_path) == ["large.npy"]


def test_progress_on_a_terminal(tmp_path):
    ours, theirs = os.openpty()
    path = sparse(tmp_path / "large.npy", 1 << 28, "u1")
    child = subprocess.Popen([daemon.NABLA, "gradient", path, "-o", "out.npy"], cwd=tmp_path,
                             stderr=theirs)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert child.wait(daemon.DEADLINE_S) == 0
    assert re.fullmatch(rb"(\r\[[# ]{40}\] +\d+ %  [\d.]+ GB/s  \d+:\d\d left\x1b\[K)*(\r\x1b\[K)?", said), said


# -- pictures ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("suffix, begins", [("svg", b"<?xml"), ("png", b"\x89PNG")])
@pytest.mark.parametrize("shape", [(5,), (100_000,), (20, 30), (1500, 700)])
def test_plot(nabla, case, tmp_path, suffix, begins, shape):
    path = case.save(np.random.default_rng(10).normal(size=shape))
    picture = tmp_path / f"it's $(a) picture.{suffix}"
    done = nabla("gradient", path, "--plot", picture)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")
    assert picture.read_bytes().startswith(begins)
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, picture.name])


def test_plot_of_a_table_over_time(nabla, tmp_path):
    (tmp_path / "a.csv").write_text("time,'level\n2024-01-01,1\n2024-01-02,\n2024-01-05,4\n2024-01-06,5\n")
    done = nabla("gradient", "a.csv", "--plot", "a.svg", "-o", "b.csv")
    assert (done.returncode, done.stderr) == (0, "")
    text = (tmp_path / "a.svg").read_text()
    assert "2024-01-0" in text and "\u2019level" in text
    assert (tmp_path / "b.csv").exists()


def test_plot_without_gnuplot(nabla, case, tmp_path):
    path = case.save(np.arange(5.0))
    done = nabla("gradient", path, "--plot", "a.svg", "-o", "b.npy", env={"PATH": str(tmp_path)})
    assert done.returncode == 1 and "gnuplot" in done.stderr and is_one_error(done.stderr)
    assert os.listdir(tmp_path) == [path.name]


def test_plot_of_three_axes(nabla, case):
    done = nabla("gradient", case.save(np.zeros((3, 3, 3))), "--plot", "a.svg")
    assert done.returncode == 2 and "--plot" in done.stderr
