"""POST /api/v1/gradient: arrays over HTTP, held against numpy bit for bit."""
import contextlib
import http.client
import io
import itertools
import json
import os
import subprocess
import threading

import numpy as np
import pytest

from daemon import DEADLINE_S, FREED_IS_FREE, eventually

TARGET = "/api/v1/gradient"
JSON, NPY = "application/json", "application/x-npy"


class Client:
    """One connection that is kept alive."""

    def __init__(self, d):
        self.conn = http.client.HTTPConnection(*d.http_address, timeout=4 * DEADLINE_S)
        self.conn.connect()
        self.sock = self.conn.sock

    def post(self, body, type=JSON, query="", accept=None):
        """(status, content type, body)"""
        headers = {"Content-Type": type, **({"Accept": accept} if accept else {})}
        self.conn.request("POST", TARGET + query, body=body, headers=headers)
        r = self.conn.getresponse()
        answer = r.read()
        assert self.conn.sock is self.sock, "the connection was not kept"
        return r.status, r.headers["Content-Type"].split(";")[0], answer

    def json(self, **ask):
        status, type, answer = self.post(json.dumps(ask))
        assert (status, type) == (200, JSON), answer
        answer = json.loads(answer)
        assert answer["status"] == "success"
        return answer

    def npy(self, f, query="", **more):
        status, type, answer = self.post(file_of(f, **more), NPY, query)
        assert (status, type) == (200, NPY), answer
        return np.load(io.BytesIO(answer))

    def refused(self, *args, **more):
        status, _, answer = self.post(*args, **more)
        return status, json.loads(answer)["error"]


@pytest.fixture
def client(nablad):
    c = Client(nablad())
    yield c
    c.conn.close()


def file_of(f, version=None):
    out = io.BytesIO()
    np.lib.format.write_array(out, np.asanyarray(f), version=version)
    return out.getvalue()


def as_lists(f):
    """What Python's json makes of an array; NaN is null."""
    if f.ndim == 0:
        return None if np.isnan(f) else f.item()
    return [as_lists(x) for x in f]


def as_array(lists, like):
    """The way back, into a shape that empty lists and no axes do not tell."""
    flat = []

    def walk(x):
        if isinstance(x, list):
            for y in x:
                walk(y)
        else:
            flat.append(np.nan if x is None else float(x))
    walk(lists)
    return np.array(flat, dtype=float).reshape(like.shape)


def gradients(f, spacing, axes, edge_order):
    """numpy 2's answer, one array an axis. numpy 1 takes a Python number for a double where single
    elements are subtracted, which a second axis avoids."""
    steps = spacing if len(spacing) == len(axes) else [*spacing, *[1.0] * len(axes)][:1] * len(axes)
    with np.errstate(all="ignore"):
        return [np.gradient(f[..., None], h, axis=a % f.ndim, edge_order=edge_order)[..., 0]
                for a, h in zip(axes, steps)]


def same_bits(got, want):
    if got.dtype != want.dtype or got.shape != want.shape:
        return False
    if want.dtype.kind not in "fc":
        return got.tobytes() == want.tobytes()
    got, want = (a.astype(a.dtype.newbyteorder("=")) for a in (got, want))
    nan = np.isnan(want)
    return np.array_equal(nan, np.isnan(got)) and \
        np.where(nan, 0, got).tobytes() == np.where(nan, 0, want).tobytes()


def random_case(random):
    """An array, and arguments of numpy.gradient."""
    ndim = int(random.integers(1, 5))
    shape = tuple(random.integers(3, 7, ndim))
    f = random.choice([random.standard_normal(shape), random.integers(-9, 9, shape) / 8.0,
                       random.standard_normal(shape) * 10.0 ** random.integers(-300, 300)])
    if random.random() < 0.3:
        f[tuple(random.integers(0, n) for n in shape)] = np.nan
    axes = list(random.permutation(ndim)[:random.integers(1, ndim + 1)])
    axes = [int(a) - (ndim if random.random() < 0.5 else 0) for a in axes]
    spacing = []
    if random.random() < 0.3:
        spacing = [float(random.uniform(-2, 2))]
    elif random.random() < 0.8:
        spacing = [float(random.uniform(0.1, 2)) if random.random() < 0.4
                   else np.cumsum(random.uniform(0.1, 1, shape[a])) for a in axes]
    return f, axes, spacing, int(random.integers(1, 3))


def test_json_equals_numpy(client):
    random = np.random.default_rng(1)
    for n in range(300):
        f, axes, spacing, edge_order = random_case(random)
        ask = {"f": as_lists(f), "axis": axes, "edge_order": edge_order,
               "spacing": [h if isinstance(h, float) else list(h) for h in spacing]}
        if len(spacing) == 1 and len(axes) > 1:
            ask["spacing"] = spacing[0]
        data = client.json(**ask)["data"]
        want = gradients(f, spacing, axes, edge_order)
        got = [data] if len(axes) == 1 else data
        assert len(got) == len(want)
        for g, w in zip(got, want):
            assert np.shape(g) == w.shape
            assert same_bits(as_array(g, w), np.where(np.isfinite(w), w, np.nan)), (n, ask)


def test_numbers_are_read_exactly(client):
    """Differences of neighbours to the last bit, of the hardest spellings."""
    texts = ["9007199254740993", "1.00000000000000011102230246251565404", "5e-324", "-0.0",
             "2.2250738585072011e-308", "123456789012345678901234567890", "0.1", "1E+2"]
    status, _, answer = client.post('{"f":[%s]}' % ",".join(texts))
    want = np.gradient(np.array([float(t) for t in texts]))
    assert status == 200 and same_bits(as_array(json.loads(answer)["data"], want), want)


def test_shapes_of_answers(client):
    f = [[1, 2, 6], [3, 4, 5]]
    assert client.json(f=f) == {"status": "success", "data": [
        [[2, 2, -1], [2, 2, -1]], [[1, 2.5, 4], [1, 1, 1]]]}
    assert client.json(f=f, axis=1)["data"] == [[1, 2.5, 4], [1, 1, 1]]
    assert client.json(f=f, axis=[1])["data"] == [[1, 2.5, 4], [1, 1, 1]]
    assert client.json(f=f, axis=[])["data"] == client.json(f=7)["data"] == []
    assert client.json(f=[[], []], axis=0)["data"] == [[], []]
    deep = np.arange(4.0).reshape((2,) + (1,) * 30 + (2,))
    assert client.json(f=deep.tolist(), axis=31)["data"] == np.gradient(deep, axis=31).tolist()


def test_what_is_not_finite_is_null_and_told(client):
    answer = client.json(f=[0, 1, None, 3, 4], spacing=0.5)
    assert answer["data"] == [2, None, 2, None, 2] and "2 of 5" in answer["why"]
    assert client.json(f=[0, 1], spacing=0)["data"] == [None, None]
    assert "why" not in client.json(f=[0, 1])


def test_float32(client):
    f = np.random.default_rng(2).standard_normal((5, 6)).astype("f4")
    got = client.json(f=as_lists(f.astype(float)), dtype="float32", axis=[0, 1], spacing=[0.3, 0.7])
    for g, w in zip(got["data"], gradients(f, [0.3, 0.7], [0, 1], 1)):
        assert same_bits(np.array(g, dtype="f4"), w)


def test_accurate_mode_differentiates_a_constant_to_zero(client):
    x = list(np.cumsum(np.random.default_rng(3).uniform(0.1, 1, 50)))
    assert any(client.json(f=[0.1] * 50, spacing=[x])["data"])
    assert not any(client.json(f=[0.1] * 50, spacing=[x], mode="accurate")["data"])


# -- .npy -----------------------------------------------------------------------------------------


def query_of(axes, spacing, edge_order):
    parts = ["axis=" + ",".join(map(str, axes)), f"edge_order={edge_order}"]
    parts += ["spacing=" + ",".join(map(repr, [h] if isinstance(h, float) else map(float, h)))
              for h in spacing]
    return "?" + "&".join(parts).replace("e+", "e%2B")


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8", ">f8", "<g", "<c8", ">c16", "i1", ">i2",
                                   "<u4", "<i8", ">u8"])
def test_npy_equals_numpy(client, dtype):
    random = np.random.default_rng(4)
    for n in range(25):
        f, axes, spacing, edge_order = random_case(random)
        f = np.where(np.isnan(f), 0, f) % 100
        f = f.astype(dtype, order=random.choice(["C", "F"]))
        if f.dtype.name in ("float16", "float32", "complex64"):  # numpy 1 narrows the ends' weights
            spacing = [h if isinstance(h, float) else float(h[0]) for h in spacing]
        got = client.npy(f, query_of(axes, spacing, edge_order))
        want = gradients(f.astype(f.dtype.newbyteorder("=")), spacing, axes, edge_order)
        if len(axes) == 1:
            got, (want,) = got.astype(got.dtype.newbyteorder("=")), want
            assert got.flags.f_contiguous == f.flags.f_contiguous or f.ndim == 1
        else:
            got, want = got.astype(got.dtype.newbyteorder("=")), np.stack(want)
        if want.dtype == np.longdouble:  # its padding is anything
            assert got.dtype == want.dtype and np.array_equal(got, want)
        else:
            assert same_bits(got, want), (n, f.shape, axes, spacing, edge_order)


def test_npy_keeps_the_byte_order_of_floats(client):
    f = np.arange(6.0).reshape(2, 3)
    assert client.npy(f.astype(">f8"), "?axis=0").dtype == ">f8"
    assert client.npy(f.astype(">f4")).dtype == ">f4"
    assert client.npy(f.astype(">i4"), "?axis=1").dtype == "<f8"


def test_npy_versions_and_shapes(client):
    f = np.arange(12.0).reshape(3, 4)
    for version in ((1, 0), (2, 0), (3, 0)):
        assert same_bits(client.npy(f, version=version), np.stack(np.gradient(f)))
    assert client.npy(f, "?axis=").shape == (0, 3, 4)
    assert client.npy(np.float64(3)).shape == (0,)
    assert client.npy(np.zeros((3, 0)), "?axis=0").shape == (3, 0)
    assert same_bits(client.npy(f, "?axis=1&axis=0"), np.stack(np.gradient(f, axis=(1, 0))))


def test_npy_whose_elements_are_not_aligned(client):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (5,), }"
    for blanks in range(17):
        text = header + b" " * blanks + b"\n"
        file = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
        status, _, answer = client.post(file + np.arange(5.0).tobytes(), NPY)
        assert status == 200 and list(np.load(io.BytesIO(answer))) == [1] * 5


def test_npy_of_times(client):
    t = np.array(["2024-01-01", "2024-01-02", "2024-01-05"], "M8[D]")
    got = client.npy(t)
    assert got.dtype == "m8[D]" and got.tolist() == np.gradient(t).tolist()


def test_either_form_can_be_asked_for(client):
    f = np.arange(6.0).reshape(2, 3) ** 2
    status, type, answer = client.post(json.dumps({"f": f.tolist()}), accept=NPY)
    assert (status, type) == (200, NPY)
    assert same_bits(np.load(io.BytesIO(answer)), np.stack(np.gradient(f)))
    status, type, answer = client.post(file_of(f), NPY, accept="application/json, text/plain")
    assert (status, type) == (200, JSON)
    assert json.loads(answer)["data"] == [g.tolist() for g in np.gradient(f)]
    _, type, _ = client.post(file_of(f), NPY, accept="*/*")
    assert type == NPY
    status, why = client.refused(file_of(f + 0j), NPY, accept=JSON)
    assert status == 406 and "complex128" in why


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("ask, why", [
    ({}, "f is missing"),
    ({"f": [[1, 2], [3]]}, "f is ragged: f[1] has 1 element, f[0] has 2"),
    ({"f": [1, 2], "axis": 1}, "axis 1 is out of bounds"),
    ({"f": [[1, 2], [3, 4]], "axis": [0, -2]}, "axis 0 is named twice"),
    ({"f": [[1, 2], [3, 4]], "spacing": [1, 2, 3]}, "3 spacings for 2 axes"),
    ({"f": [1, 2], "spacing": [[1, 2, 3]]}, "spacing 0 has 3 coordinates for an axis of 2"),
    ({"f": [1, 2], "edge_order": 2}, "axis 0 has 2 elements; edge_order 2 needs at least 3"),
    ({"f": [1, 2], "edge": 2}, 'there is no key "edge"'),
    ({"f": [1, "2"]}, "in f[1]: a number"),
])
def test_bad_json(client, ask, why):
    status, error = client.refused(json.dumps(ask))
    assert status == 400 and why in error
    assert client.json(f=[1, 2])["data"] == [1, 1]  # on the same connection


@pytest.mark.parametrize("f, why", [
    (np.array([True, False]), "f is bool"),
    (np.array(["a", "b"]), "it holds text"),
    (np.zeros(2, "f4,f4"), "it holds structures"),
    (np.zeros((2, 1)), "axis 1 has 1 elements"),
])
def test_bad_npy(client, f, why):
    status, error = client.refused(file_of(f), NPY)
    assert status == 400 and why in error


def test_every_cut_of_a_npy_file_is_refused(client):
    file = file_of(np.arange(3.0))
    for n in range(len(file)):
        assert client.refused(file[:n], NPY)[0] == 400


def test_a_hostile_shape_takes_no_memory(nablad):
    d = nablad(env=FREED_IS_FREE)
    client = Client(d)
    before = d.metric("process_resident_memory_bytes")
    for shape in ("(1152921504606846976,)", "(1000000000, 0)", "(4294967296, 4294967296, 0)"):
        text = b"{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n" % shape.encode()
        file = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
        assert client.refused(file, NPY, query="?axis=0", accept=JSON)[0] in (400, 413)
    assert d.metric("process_resident_memory_bytes") < before + 64 * 2**20


def test_limits_and_their_counters(nablad):
    d = nablad("gradient: {max_body: 64KiB, max_elements: 100, max_dimensions: 2, max_jobs: 2}")
    client = Client(d)

    def count(outcome):
        return d.metric("nablad_gradient_requests_total", outcome=outcome)

    assert client.json(f=list(range(100)))["data"] == [1] * 100
    assert client.refused(json.dumps({"f": list(range(101))}))[0] == 413
    assert client.refused(file_of(np.zeros((10, 10))), NPY)[0] == 413  # along both axes
    assert client.refused(json.dumps({"f": [[[1]]]}))[0] == 400
    assert client.refused(file_of(np.zeros((1, 1, 1))), NPY)[0] == 400
    assert client.refused(b" " * (64 * 1024 + 1))[0] == 413
    assert (count("ok"), count("too_large"), count("refused")) == (1, 3, 2)
    assert d.metric("nablad_gradient_elements_total") == 100
    assert d.metric("nablad_gradient_seconds_total") > 0
    eventually(lambda: d.metric("nablad_gradient_jobs") == 0, "places are given back")


def test_switched_off(nablad):
    d = nablad("gradient: {max_jobs: 0}")
    status, headers, _ = d.get(TARGET, method="POST", data='{"f":[1,2]}',
                               headers={"Content-Type": JSON})
    assert (status, headers["Retry-After"]) == (503, "1")
    assert d.metric("nablad_gradient_requests_total", outcome="busy") == 1


def test_late(nablad):
    """A large text and 10 ms."""
    client = Client(nablad("gradient: {timeout: 10ms, max_elements: 4194304}"))
    body = '{"f":[' + ",".join(map(repr, np.random.default_rng(5).random(1_000_000))) + "]}"
    status, why = client.refused(body)
    assert (status, why) == (503, "it was not done within gradient.timeout")
    eventually(lambda: client.post('{"f":[1,2]}')[0] == 200, "a small one in time")


# -- the daemon meanwhile -------------------------------------------------------------------------


def test_others_are_answered_while_arrays_are_worked_on(nablad):
    """Four clients with 10 MB each, and lines over UDP: whatever else is asked is answered before any of
    the four has been heard, and no loop stops. (With threads that are held up: unit test http/gradient.)"""
    d = nablad("gradient: {timeout: 10m}")
    number = np.random.default_rng(6).random(500_000)
    body = ('{"f":[' + ",".join(map(repr, number)) + "]}").encode()
    assert len(body) > 9_000_000
    clients = [Client(d).conn for _ in range(4)]
    done = threading.Event()

    def send():
        for n in itertools.count():
            if done.is_set():
                return
            d.send_udp(f"load,n={n % 100} value={n}\n", wait=False)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for c in clients:
            c.putrequest("POST", TARGET)
            c.putheader("Content-Type", JSON)
            c.putheader("Content-Length", str(len(body)))
            c.endheaders()
            c.send(body[:-1])
        eventually(lambda: d.metric("nablad_gradient_jobs") == 4, "four places are taken")
        for c in clients:
            c.send(body[-1:])
        for _ in range(20):
            assert d.get("/-/healthy")[0] == 200
            d.rates("load", limit=3)
        answers = [c.getresponse() for c in clients]
        assert [a.status for a in answers] == [200] * 4
        want = np.gradient(number).tolist()
        assert all(json.loads(a.read())["data"] == want for a in answers)
    finally:
        done.set()
        sender.join()
    for c in clients:
        c.close()
    before = d.lines_total()
    d.send_udp("after value=1 1700000000000000000\n")
    assert d.lines_total() > before


def test_clients_that_go_and_a_stop_in_the_middle(nablad):
    d = nablad()
    body = json.dumps({"f": [0.1] * 400_000}).encode()
    clients = [Client(d) for _ in range(6)]
    for c in clients:
        c.conn.request("POST", TARGET, body=body, headers={"Content-Type": JSON})
    for c in clients[::2]:
        c.conn.close()
    d.stop()
    for c in clients[1::2]:  # one whose body had not come whole is not answered
        with contextlib.suppress(http.client.RemoteDisconnected, ConnectionResetError):
            assert c.conn.getresponse().status in (200, 503)
        c.conn.close()


def test_curl_asks_first(nablad, tmp_path):
    """curl sends Expect: 100-continue with a large body, and takes a refusal for an answer."""
    d = nablad("gradient: {max_body: 1MiB}")
    host, port = d.http_address
    for n, status in ((1000, "200"), (1_000_000, "413")):
        file, out = tmp_path / "f.npy", tmp_path / "out"
        np.save(file, np.arange(float(n)))
        done = subprocess.run(["curl", "-sS", "-o", out, "-w", "%{http_code}", "-H",
                               f"Content-Type: {NPY}", "-H", "Expect: 100-continue",
                               "--data-binary", f"@{file}", f"http://{host}:{port}{TARGET}"],
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert done.stdout == status, (done, os.path.getsize(out))
