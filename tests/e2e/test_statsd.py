"""statsd: what clients of it send, over UDP and TCP, and that a counter is the sum of all that was sent."""
import random
import threading

import numpy
import pytest
import statsd

T0 = 1_700_000_000

LISTENERS = """
ingest:
  threads: %d
  listeners:
    - {address: 127.0.0.1:0, protocol: tcp, format: %s}
    - {address: 127.0.0.1:0, protocol: udp, format: %s}
"""


def listeners(format="statsd", threads=1):
    return LISTENERS % (threads, format, format)


def value(d, selector):
    """What the one series stands at."""
    return d.rate(selector)["window"][-1]["value"]


@pytest.mark.parametrize("format", ["statsd", "auto"])
@pytest.mark.parametrize("threads", [1, 4])
def test_a_counter_is_the_sum_of_what_was_sent(nablad, format, threads):
    """Four senders at once, two of them over UDP, all to the same few counters in several spellings."""
    d = nablad(listeners(format, threads))
    spellings = ["#room:%s,floor:1", "#floor:1,room:%s", "c:x|#room:%s,floor:1"]
    sent = {room: [] for room in "ab"}
    lock = threading.Lock()

    def lines(seed):
        rng = random.Random(seed)
        for _ in range(2500):
            room, v, rate = rng.choice("ab"), rng.randrange(-3, 30), rng.choice([1, 0.5, 0.125])
            with lock:
                sent[room].append(v / rate)
            sampled = "" if rate == 1 else f"|@{rate}"
            yield f"visits:{v}|c{sampled}|{rng.choice(spellings) % room}"

    def by_tcp(seed):
        with d.connect() as sock:
            for line in lines(seed):
                sock.sendall(line.encode() + b"\n")

    senders = [threading.Thread(target=by_tcp, args=(seed,)) for seed in range(2)]
    for t in senders:
        t.start()
    before = 0
    for seed in (2, 3):
        every = list(lines(seed))
        for i in range(0, len(every), 25):
            d.send_udp("\n".join(every[i:i + 25]), wait=False)
            if i % 500 == 0:  # what the kernel drops nobody can add
                d.wait_lines(before + i)
        before += len(every)
    for t in senders:
        t.join()
    d.wait_lines(10_000)
    assert d.metric("nablad_udp_kernel_drops_total") == 0
    for room, values in sent.items():
        assert value(d, '{room="%s"}' % room) == numpy.sum(values)
    assert len(d.rates()) == 2 and d.rejected() == 0
    assert d.happened("replaced") == d.happened("late_inserted") == 0


def test_its_rate_is_that_of_the_sum(nablad):
    """With times of the sender's, several increments to each: numpy.gradient of the running sum."""
    d = nablad(listeners())
    rng = numpy.random.default_rng(1)
    times = T0 + numpy.cumsum(rng.integers(1, 9, 60))
    steps = rng.integers(0, 50, (60, 3))
    with d.stream() as stream:
        d.send("".join(f"n:{v}|c|T{t}\n" for t, three in zip(times, steps) for v in three))
        stream.wait_points(58)
        d.wait_lines(180)
        rates = {}
        stream.wait_points(int(d.metric("nablad_points_total")))
        for p in stream.points():
            rates[p["time"]] = p["rate"]
    want = numpy.gradient(numpy.cumsum(steps.sum(axis=1)), times)
    assert len(rates) == 59
    numpy.testing.assert_allclose([rates[t] for t in sorted(rates)], want[:-1], rtol=1e-12)
    assert d.happened("replaced") == 0


def test_gauges_timers_and_what_is_refused(nablad):
    d = nablad(listeners())
    d.send_udp("level:20|g\nlevel:+1.5|g\nlevel:-0.25|g|#\n"
               "wait:320|ms|@0.1\nwait:80:100|h\nsize:7|d|#unit:B,big\n"
               "users:ann|s\n_e{5,4}:title|text|#a\n_sc|disk|0\n"
               "bad:x|c\nbad:1|c|@0\nbad:1\n")
    assert value(d, "level") == 21.25
    assert value(d, "wait_count") == 12 and value(d, "wait_sum") == 3380
    assert value(d, 'size_sum{unit="B",big="true"}') == 7
    assert len(d.rates()) == 5
    assert {r: d.rejected(r) for r in ("statsd_set", "statsd_event", "bad_value", "syntax")} == {
        "statsd_set": 1, "statsd_event": 2, "bad_value": 2, "syntax": 1}


@pytest.mark.parametrize("over", ["udp", "tcp"])
def test_a_client_of_others(nablad, over):
    """python3-statsd, as it is."""
    d = nablad(listeners())
    if over == "udp":
        client = statsd.StatsClient(*d.udp, prefix="app")
    else:
        client = statsd.TCPStatsClient(*d.tcp, prefix="app")
    for i in range(10):
        client.incr("visits")
        client.incr("visits", 4)
        client.decr("visits", 2)
        client.gauge("level", 10 * i)
        client.gauge("level", 5, delta=True)
        client.timing("wait", 120)
    client.gauge("level", -7)  # which it sends as 0, then -7
    with client.pipeline() as pipe:
        pipe.incr("visits", 100)
        pipe.timing("wait", 80)
    client.set("users", "ann")
    d.wait_lines(65)
    client.close()
    name = '{__name__="app.%s"}'
    assert value(d, name % "visits") == 130
    assert value(d, name % "level") == -7
    assert value(d, name % "wait_count") == 11 and value(d, name % "wait_sum") == 1280
    assert d.rejected() == d.rejected("statsd_set") == 1


def test_a_reload_with_other_rules_keeps_the_sum(nablad):
    d = nablad(listeners())
    d.send("n:1|c\nn:2|c\n")
    for rule in ("{min_dt: 1s, trend: 10s}", "{late: {reorder: 100ms}}", "{}"):
        d.config.write_text(d.config.read_text().split("defaults:")[0] + f"defaults: {rule}\n")
        assert d.get("/-/reload", method="POST")[0] == 200
        d.send("n:3|c\nn:4|c\n")
    d.send("n:0|c\n")
    assert value(d, "n") == 24


def test_large_gauges_are_exact(nablad):
    """Integers that no double holds; a step from one, as far as sums of doubles and their rests reach."""
    d = nablad(listeners())
    gauges = {"edge": 2**53 + 1, "large": 2**60 + 7, "most": 2**64 - 1}
    d.send("".join(f"{k}:{v}|g\n" for k, v in gauges.items()) + f"twice:1:{2**61 + 5}|g\n" + f"float:{2**60}.0|g\n")
    assert {k: value(d, k) for k in gauges} == gauges
    assert value(d, "twice") == 2**61 + 5 and value(d, "float") == 2**60
    d.send("large:+3|g\n")
    assert value(d, "large") == 2**60 + 10
    d.send("large:+1:+1|g\nlarge:7|g\n")
    assert value(d, "large") == 7
