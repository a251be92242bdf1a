"""Graphite's pickle protocol: what Python writes in every protocol, what carbon's own relay sends, and what
nablad refuses to have to do with."""
import os
import pickle
import pickletools
import random
import socket
import struct

import pytest

from daemon import DEADLINE_S, eventually
from peers import running

T0 = 1_700_000_000

LISTENER = """
ingest:
  listeners:
    - {address: 127.0.0.1:0, protocol: tcp, format: pickle}
    - {address: 127.0.0.1:0, protocol: tcp, format: graphite}
"""
FRAME_MAX = 1 << 20


def frame(body):
    return struct.pack("!L", len(body)) + body


def dumps(points, protocol, pickler=pickle.dumps):
    return frame(pickler(points, protocol=protocol))


def plain_python(points, protocol):
    """As the pickler that is written in Python does it: unlike the C one it numbers its memo otherwise."""
    return pickle._dumps(points, protocol=protocol)


def without_memo(points, protocol):
    return pickletools.optimize(pickle.dumps(points, protocol=protocol))


def send(d, *frames):
    with d.connect() as sock:
        for f in frames:
            sock.sendall(f)


def windows(d, pattern):
    return {r["metric"]["__name__"]: [(w["time"], w["value"]) for w in r["window"]]
            for r in d.rates('{__name__=~"%s"}' % pattern, time="unix")}


@pytest.mark.parametrize("pickler", [pickle.dumps, plain_python, without_memo])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_every_protocol(nablad, protocol, pickler):
    """Strings, ints, longs, floats; tuples and lists; the same objects again and again. Beside it, the same
    points as plaintext: both are the same."""
    d = nablad(LISTENER)
    rng = random.Random(protocol)
    shared = "plant.é.shared"
    points, lines = [], []
    for i in range(3):
        point = (T0 + i, rng.choice([i * i, 1.5 * i, -(2 ** 40) * i, 2 ** 60 + i, True]))
        for path in ("plant.p3.s17", shared, "plant.€.😀", "x;site=a"):
            points.append(rng.choice([tuple, list])((path, point if i % 2 else list(point))))
            lines.append("%s %s %d\n" % (path.replace("plant", "line").replace("x;", "y;"),
                                         point[1] if type(point[1]) is int else float(point[1]), point[0]))
    send(d, dumps(points, protocol, pickler), dumps(tuple(points[:0]), protocol, pickler))
    d.wait_lines(12)
    d.send("".join(lines), nth=1)
    got, want = windows(d, "plant.*|x"), windows(d, "line.*|y")
    assert len(got) == 4
    assert got == {k.replace("line", "plant").replace("y", "x"): v for k, v in want.items()}
    assert d.rejected() == 0


def test_frames_may_be_cut_anywhere(nablad):
    d = nablad(LISTENER)
    stream = b"".join(dumps([("a.b", (T0 + i, i * i))], i % 6) for i in range(60))
    rng = random.Random(1)
    with d.connect() as sock:
        while stream:
            n = rng.choice([1, 2, 3, 5, 40, 400])
            sock.sendall(stream[:n])
            stream = stream[n:]
    d.wait_lines(60)
    assert windows(d, "a.b")["a.b"][-1] == (T0 + 59, 59 * 59)


def test_a_large_frame(nablad):
    d = nablad(LISTENER)
    points = [("many.s%d" % (i % 500), (T0 + i // 500, i)) for i in range(20_000)]
    body = dumps(points, 2)
    assert 256 * 1024 < len(body) < FRAME_MAX
    send(d, body)
    d.wait_lines(20_000)
    assert len(windows(d, "many.*")) == 500
    assert d.rejected() == 0 and d.happened("replaced") == 0


class Evil:
    def __reduce__(self):
        return (os.system, ("touch evil",))


class Plain:
    pass


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_is_more_than_data_is_refused(nablad, protocol):
    d = nablad(LISTENER)
    good = [("a", (T0, 1))]
    for thing in (Evil(), Plain(), print, {1, 2}, {"a": 1}, 1j, bytearray(b"a") if protocol > 2 else {}):
        send(d, dumps([thing, *good], protocol))
    d.wait_lines(7)
    assert d.rejected("pickle_opcode") == 7 and d.rates() == []
    assert not (d.folder / "evil").exists()
    send(d, dumps([("a", (T0, None)), ("b", None), *good, (1, (2, 3)), ("c", ("x", 1))], protocol))
    d.wait_lines(12)
    assert len(d.rates()) == 1
    assert (d.rejected("bad_value"), d.rejected("syntax"), d.rejected("bad_timestamp")) == (1, 2, 1)


def test_a_broken_frame_costs_its_neighbours_nothing(nablad):
    d = nablad(LISTENER)
    deep = []
    for _ in range(20):
        deep = [deep]
    circle = []
    circle.append(circle)
    send(d, frame(b"junk"), frame(b""), dumps(deep, 2), dumps(circle, 2),
         dumps([("a", (T0, 1))], 2))
    d.wait_lines(5)
    assert d.rejected("pickle_limit") == 1 and len(d.rates()) == 1
    assert d.rejected("syntax") + d.rejected("pickle_opcode") == 3


def test_a_frame_too_long_ends_the_connection(nablad):
    d = nablad(LISTENER)
    with d.connect() as sock:
        sock.sendall(dumps([("a", (T0, 1))], 2) + struct.pack("!L", FRAME_MAX + 1) + b"x")
        assert sock.recv(1) == b""
    d.wait_lines(2)
    assert d.rejected("frame_too_long") == 1 and len(d.rates()) == 1
    with d.connect() as sock:  # a line of text: its first bytes are a length, too
        sock.sendall(b"plant.s17 1 2\n")
        assert sock.recv(1) == b""
    assert d.rejected("frame_too_long") == 2
    with d.connect() as sock:
        sock.sendall(dumps([("b", (T0, 1))], 2)[:-1])
    eventually(lambda: d.rejected("unterminated") == 1, "the frame that was cut")


RELAY = """
[relay]
LINE_RECEIVER_INTERFACE = 127.0.0.1
LINE_RECEIVER_PORT = {line}
PICKLE_RECEIVER_INTERFACE = 127.0.0.1
PICKLE_RECEIVER_PORT = {pickle}
RELAY_METHOD = rules
DESTINATIONS = {host}:{port}
DESTINATION_PROTOCOL = pickle
MAX_DATAPOINTS_PER_MESSAGE = 500
MAX_QUEUE_SIZE = 10000
CARBON_METRIC_INTERVAL = 0
USE_FLOW_CONTROL = True
LOG_DIR = {folder}
PID_DIR = {folder}
LOCAL_DATA_DIR = {folder}
STORAGE_DIR = {folder}
CONF_DIR = {folder}
"""


def test_carbons_own_relay(nablad, tmp_path, free_port):
    """carbon-relay takes plaintext and sends pickles on, as between the hosts of a cluster."""
    d = nablad(LISTENER)
    folder, line = tmp_path / "carbon", free_port()
    folder.mkdir()
    host, port = d.tcp
    (folder / "carbon.conf").write_text(RELAY.format(
        line=line, pickle=free_port(), host=host, port=port, folder=folder))
    (folder / "relay-rules.conf").write_text(
        f"[default]\ndefault = true\ndestinations = {host}:{port}\n")
    (folder / "storage-schemas.conf").write_text("[default]\npattern = .*\nretentions = 60s:1d\n")
    argv = ["/usr/bin/carbon-relay", f"--config={folder}/carbon.conf", "--nodaemon", "start"]
    with running(argv, folder) as relay:
        def connected():
            assert relay.poll() is None, (folder / "carbon-relay.log").read_text()
            try:
                return socket.create_connection(("127.0.0.1", line), timeout=DEADLINE_S)
            except OSError:
                return None
        with eventually(connected, "carbon-relay") as sock:
            for i in range(20):
                sock.sendall(f"servers.web1.load {i * i / 2} {T0 + i}\n".encode())
            d.wait_lines(20)
    assert windows(d, "servers.*")["servers.web1.load"][-1] == (T0 + 19, 180.5)
    assert d.rejected() == 0


def newest(d, name):
    """The newest value, as the bytes of the answer have it: Python reads integers exactly."""
    return d.rate(name)["window"][-1]["value"]


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_large_integers_are_exact(nablad, protocol):
    """Those that no double holds, as numbers and as text; what 64 bits do not hold is refused."""
    d = nablad(LISTENER)
    values = {"edge": 2**53 + 1, "long": 2**60 + 7, "minus": -2**62 - 3, "most": 2**63 - 1, "sign": 2**63,
              "all": 2**64 - 1, "least": -2**63, "text": str(2**61 + 5)}
    send(d, dumps([(k, (T0, v)) for k, v in values.items()] + [("more", (T0, 2**64)), ("less", (T0, -2**63 - 1))],
                  protocol))
    eventually(lambda: len(d.rates()) == len(values), "all that 64 bits hold")
    assert {k: newest(d, k) for k in values} == {k: int(v) for k, v in values.items()}
    assert d.rejected("bad_value") == 2
