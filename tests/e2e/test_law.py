"""The law of the stream: the final points of a series, the last word on each time, are
numpy.gradient(values, times, edge_order) of all its samples, whatever order they came in.

Random irregular series, shuffled within the window, with duplicates and corrections, go over a real
socket; the points come back over a real event stream. They are held against numpy, to a few ulp
scaled by |v| / dt, and against exact rational arithmetic, which they must meet as well as numpy does.
"""
import calendar
import http.client
import json
import math
import random
import threading
import time
import urllib.parse
from fractions import Fraction

import numpy
import pytest

SAMPLES = 2000
BASE_NS = 1_700_000_000_123_456_789
ULPS = 16  # of |v| / dt, allowed between nabla and numpy
WORST_ULPS = 2.5  # of |v| / dt, nabla from the exact rate; numpy's weights reach as far
EPSILON = numpy.finfo(float).eps

CONFIG = """
defaults: {{edge_order: {order}, stale_after: 3s, expire_after: 1h, max_gap: 10h}}
"""


class Listener(threading.Thread):
    """Reads an event stream; keeps the last word on each (series, time) and counts what came."""

    def __init__(self, base, selector):
        super().__init__(daemon=True)
        self.last, self.heard, self.lost = {}, 0, 0
        at = urllib.parse.urlsplit(base)
        self.connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
        self.connection.request("GET", "/api/v1/stream?" + urllib.parse.urlencode({"match[]": selector}))
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200

    def run(self):
        event = None
        for raw in self.answer:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                event = line[7:]
            elif line.startswith("data: ") and event == "point":
                point = json.loads(line[6:])
                self.last[point["metric"]["__name__"], nanoseconds(point["time"])] = point
                self.heard += 1
            elif line.startswith("data: ") and event == "lost":
                self.lost += json.loads(line[6:])["lost"]


def nanoseconds(text):
    whole, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) * 10**9 + int(fraction)


def irregular_times(rng):
    """Steps of 2 ms to 8 s that are multiples of 1/512 s, so that numpy's own times are exact."""
    t = BASE_NS + rng.randrange(10**9)
    for _ in range(SAMPLES):
        yield t
        t += 1_953_125 * int(2 ** rng.uniform(0, 12))


def any_times(rng):
    """Steps of 0.1 ms to 10 s, to the nanosecond: here numpy's float seconds are already rounded."""
    t = BASE_NS + rng.randrange(10**9)
    for _ in range(SAMPLES):
        yield t
        t += 1 + int(10 ** rng.uniform(5, 10))


def regular_times(rng):
    return range(BASE_NS, BASE_NS + SAMPLES * 250_000_000, 250_000_000)


KINDS = {
    "smooth": (irregular_times, lambda rng, i: 20 + 5 * math.sin(i / 40)),
    "noise": (irregular_times, lambda rng, i: rng.gauss(0, 1)),
    "offset": (irregular_times, lambda rng, i: 1e9 + rng.random()),
    "tiny": (irregular_times, lambda rng, i: rng.random() * 1e-200),
    "constant": (irregular_times, lambda rng, i: 0.1),
    "nanoseconds": (any_times, lambda rng, i: 20 + 5 * math.sin(i / 40)),
    "uniform": (regular_times, lambda rng, i: 20 + 5 * math.sin(i / 40)),
}


def shuffled(rng, samples):
    """Some samples arrive one or two places late."""
    order = sorted(range(len(samples)), key=lambda i: i + (rng.choice([1.5, 2.5]) if rng.random() < 0.2 else 0))
    return [samples[i] for i in order]


def arrivals(rng, samples):
    """What is sent: shuffled, some again, some wrong first and corrected after."""
    sent = []
    for t, v in shuffled(rng, samples):
        if rng.random() < 0.05:
            sent.append((t, v + 1))
        sent.append((t, v))
        if rng.random() < 0.1:
            sent.append(sent[-1])
    return sent


def taken(sent):
    """The samples that the window takes: newer than the third newest, or a new value in it."""
    kept, newest = {}, []
    for t, v in sent:
        if len(newest) and t < newest[0] and t not in newest:
            continue
        kept[t] = v
        newest = sorted(set(newest) | {t})[-3:]
    return sorted(kept.items())


def send(d, listener, name, sent):
    """In pieces, so that the listener keeps up: a slow one would lose points, by contract."""
    lines = [f"{name} value={v!r} {t}\n" for t, v in sent]
    for at in range(0, len(lines), 400):
        d.send("".join(lines[at:at + 400]))
        wait_until_heard(d, listener)


def wait_until_heard(d, listener):
    deadline = time.monotonic() + 30
    while listener.heard + listener.lost < d.metric("nablad_points_total"):
        assert time.monotonic() < deadline, "points were derived that the stream did not bring"
        time.sleep(0.005)


def exact_gradient(samples, order):
    """numpy.gradient's formulas over the rationals, times in seconds from the first sample."""
    t = [Fraction(t - samples[0][0], 10**9) for t, _ in samples]
    v = [Fraction(v) for _, v in samples]
    s = [(v[i + 1] - v[i]) / (t[i + 1] - t[i]) for i in range(len(t) - 1)]
    h = [t[i + 1] - t[i] for i in range(len(t) - 1)]
    inner = [(h[i] * s[i - 1] + h[i - 1] * s[i]) / (h[i] + h[i - 1]) for i in range(1, len(h))]
    first, last = s[0], s[-1]
    if order == 2:
        first = s[0] - (s[1] - s[0]) * h[0] / (h[0] + h[1])
        last = s[-1] + (s[-1] - s[-2]) * h[-1] / (h[-1] + h[-2])
    return [first] + inner + [last]


def scales(samples):
    """|v| / dt around each sample: what a rounding of a value does to a rate there."""
    t = [t for t, _ in samples]
    steps = [(b - a) / 1e9 for a, b in zip(t, t[1:])]
    values = [abs(v) for _, v in samples]
    return [max(values[max(0, i - 2):i + 3]) / min(steps[max(0, i - 2):i + 2]) for i in range(len(t))]


def rounding_of_times(samples, t):
    """How far numpy may be off because its times, floats of seconds, are: 0 where they are exact."""
    if all(Fraction(x) == Fraction(ns - samples[0][0], 10**9) for x, (ns, _) in zip(t, samples)):
        return [0.0] * len(t)
    v = [v for _, v in samples]
    steps = numpy.diff(t)
    slopes = [abs(b - a) / dt for a, b, dt in zip(v, v[1:], steps)]
    return [max(slopes[max(0, i - 2):i + 2]) * numpy.spacing(t[-1]) / min(steps[max(0, i - 2):i + 2])
            for i in range(len(t))]


def check(samples, points, order):
    t = numpy.array([(t - samples[0][0]) / 1e9 for t, _ in samples])
    v = numpy.array([v for _, v in samples])
    theirs = numpy.gradient(v, t, edge_order=order)
    assert sorted(points) == [t for t, _ in samples], "one point a sample"
    ours = [points[t]["rate"] for t, _ in samples]
    exact, scale = exact_gradient(samples, order), scales(samples)
    for a, b, s, r in zip(ours, theirs, scale, rounding_of_times(samples, t)):
        assert abs(a - b) <= ULPS * (EPSILON * s + r), f"{abs(a - b) / s / EPSILON} ulp from numpy"
    our_error = [float(abs(Fraction(a) - e)) / s for a, e, s in zip(ours, exact, scale)]
    their_error = [float(abs(Fraction(float(b)) - e)) / s for b, e, s in zip(theirs, exact, scale)]
    assert sum(our_error) <= sum(their_error), "on the whole nearer to the truth than numpy"
    assert max(our_error) <= max(max(their_error), WORST_ULPS * EPSILON), "and never far from it"
    assert [points[t]["order"] for t, _ in samples[1:-1]] == [2] * (len(samples) - 2)
    assert points[samples[0][0]]["order"] == points[samples[-1][0]]["order"] == order
    return max(our_error) / EPSILON, max(their_error) / EPSILON


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("seed", [1, 2, None])
def test_points_are_numpy_gradient(nablad, order, seed):
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    print("seed", seed)
    d = nablad(CONFIG.format(order=order))
    listener = Listener(d.http, '{__name__=~"law_.*"}')
    listener.start()
    want = {}
    for kind, (times, value) in KINDS.items():
        rng = random.Random(f"{seed} {kind}")
        samples = [(t, value(rng, i)) for i, t in enumerate(times(rng))]
        sent = arrivals(rng, samples)
        want[kind] = taken(sent)
        assert len(want[kind]) > SAMPLES * 0.95
        send(d, listener, "law_" + kind, sent)
    deadline = time.monotonic() + 60
    while d.metric("nablad_events_total", event="staled") < len(KINDS):  # the last points come with it
        assert time.monotonic() < deadline
        time.sleep(0.1)
    wait_until_heard(d, listener)
    assert listener.lost == 0
    for kind, samples in want.items():
        points = {t: p for (name, t), p in listener.last.items() if name == "law_" + kind}
        ours, theirs = check(samples, points, order)
        print(f"{kind}: largest error {ours:.2f} ulp of |v|/dt, numpy's {theirs:.2f}")
    for cause in ("duplicate", "replaced", "late_inserted"):
        assert d.metric("nablad_events_total", event=cause) > 100
    constant = [p["rate"] for (name, _), p in listener.last.items() if name == "law_constant"]
    assert set(constant) == {0.0}, "a constant's rate is exactly 0, once its corrections are in"
