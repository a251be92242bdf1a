"""nablad against a small model of it, driven by random interleavings of samples, reloads, questions,
silence, expiry and restarts.

The model keeps every sample of every run and derives in rational arithmetic; nablad keeps five and
derives in doubles. After each step, every answer about every series is compared. Values are multiples
of 1/8 and times whole nanoseconds, so that what differs by more than rounding is a fault.

NABLA_EXAMPLES=500 tries longer; a failure prints the steps that lead to it, made as short as they go.
"""
import dataclasses
import itertools
import os
from fractions import Fraction

import pytest
import yaml
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.stateful import run_state_machine_as_test

import remote_write
from daemon import SANITIZER, Daemon, config_yaml, eventually

NS = 10**9
T0 = 1_700_000_000 * NS  # whole milliseconds, all of them: remote write has no finer times
MAX_GAP = 60 * NS
NAMES = ["a", "b", "a_total"]  # the last is a counter
HOW_LONG = {"stale_after": "10h", "expire_after": "20h"}


@dataclasses.dataclass
class Manner:
    edge_order: int = 1
    on_nan: str = "skip"


@dataclasses.dataclass
class Series:
    counter: bool
    run: list = dataclasses.field(default_factory=list)   # [[t, v]], times increasing
    past: list = dataclasses.field(default_factory=list)  # runs that are over
    over: bool = False   # the run ended; its window is still shown
    broken: bool = False  # by a NaN: the window tells what comes again, and is shown once it is stale
    silent: bool = False
    resets: int = 0

    def window(self):
        return self.run[-3:]

    def shown(self):
        return [] if self.broken and not self.silent else self.window()

    def falls(self):
        return sum(b[1] < a[1] for a, b in zip(self.run, self.run[1:]))

    def end(self):
        """The last point of the run goes out."""
        if not self.over and self.run:
            self.past.append(self.run)
        self.over = True

    def begin(self, t, v):
        self.end()
        self.run, self.over, self.broken, self.silent = [[t, v]], False, False, False


def increase(a, b, counter):
    """What a sample adds to the one before it: all of it, after a counter's reset."""
    return b[1] if counter and b[1] < a[1] else b[1] - a[1]


def slopes(three, counter):
    (t0, _), (t1, _), (t2, _) = three
    hs, hd = Fraction(t1 - t0, NS), Fraction(t2 - t1, NS)
    return (hs, hd, increase(three[0], three[1], counter) / hs,
            increase(three[1], three[2], counter) / hd)


def central(three, counter):
    hs, hd, s1, s2 = slopes(three, counter)
    return (hd * s1 + hs * s2) / (hs + hd)


def acceleration(three, counter):
    hs, hd, s1, s2 = slopes(three, counter)
    return 2 * (s2 - s1) / (hs + hd)


def edge(window, order, counter):
    if len(window) == 2:
        return increase(*window, counter) / Fraction(window[1][0] - window[0][0], NS)
    hs, hd, s1, s2 = slopes(window, counter)
    return s2 if order == 1 else s2 + (s2 - s1) * hd / (hs + hd)


class Model:
    def __init__(self):
        self.manner, self.series = Manner(), {}
        self.counts = dict.fromkeys(
            ["duplicate", "replaced", "late_inserted", "gap_restart", "nan_break", "counter_reset",
             "late_dropped", "not_finite"], 0)

    def bump(self, what, by=1):
        self.counts[what] += by

    def take(self, name, t, v):
        s = self.series.get(name)
        if v is None and (s is None or self.manner.on_nan != "break" or s.over or not s.run
                          or t <= s.run[-1][0]):
            self.bump("not_finite")
        elif v is None:
            self.bump("not_finite")
            self.bump("nan_break")
            s.end()
            s.broken = True
        elif s is None:
            self.series[name] = Series(name.endswith("_total"), [[t, v]])
        elif s.over:
            self.reopen(s, t, v)
        else:
            self.arrive(s, t, v)

    def reopen(self, s, t, v):
        if [t, v] in s.window():
            self.bump("duplicate")
        elif not s.silent and t <= s.run[-1][0]:
            self.bump("late_dropped")
        else:
            self.fall(s, t, v)
            s.begin(t, v)

    def fall(self, s, t, v):
        if s.counter and t > s.run[-1][0] and v < s.run[-1][1]:
            self.bump("counter_reset")
            s.resets += 1

    def arrive(self, s, t, v):
        at = {x[0]: x for x in s.window()}
        if t > s.run[-1][0]:
            self.fall(s, t, v)
            if t - s.run[-1][0] > MAX_GAP:
                self.bump("gap_restart")
                s.begin(t, v)
            else:
                s.run.append([t, v])
        elif t in at and at[t][1] == v:
            self.bump("duplicate")
        elif t < s.window()[0][0]:
            self.bump("late_dropped")
        else:
            falls = s.falls()
            if t in at:
                self.bump("replaced")
                at[t][1] = v
            else:
                self.bump("late_inserted")
                s.run.append([t, v])
                s.run.sort()
            more = s.falls() - falls if s.counter else 0
            self.bump("counter_reset", max(more, 0))
            s.resets += more

    def silence(self, name):
        s = self.series[name]
        s.end()
        s.silent = True


def nearly(got, want, scale):
    return abs(Fraction(got) - want) <= Fraction(scale) * Fraction(1, 10**12)


def line(name, t, v):
    """Influx, which has no NaN; then Graphite."""
    if v is None:
        return f"{name} nan {t // NS}.{t % NS:09}\n"
    return f"{name} value={float(v)!r} {t}\n"


# -- the daemon and its model, step by step ----------------------------------------------------------

values = st.integers(-400, 400).map(lambda n: Fraction(n, 8))
steps = st.integers(1, 20_000).map(lambda ms: ms * 10**6)
many = st.lists(st.tuples(st.sampled_from(NAMES), steps, values), min_size=1, max_size=12)


class Machine(RuleBasedStateMachine):
    daemon = None  # one for all examples, and each has names of its own: a start is dear
    number = itertools.count()

    @initialize()
    def begin(self):
        self.prefix = f"e{next(self.number)}_"
        self.model = Model()
        self.forget()
        self.before = self.counted()

    def counted(self):
        d, found = self.daemon, {}
        metrics = [(n, l, v) for n, l, v in d.metrics()
                   if n in ("nablad_events_total", "nablad_rejected_total")]
        for what in Model().counts:
            found[what] = sum(v for _, l, v in metrics if what in l.values())
        return found

    def send(self, samples):
        for name, t, v in samples:
            self.model.take(name, t, v)
        self.daemon.send("".join(line(self.prefix + n, t, v) for n, t, v in samples))

    def newest(self, name):
        s = self.model.series.get(name)
        return s.run[-1][0] if s else T0

    @rule(batch=many)
    def samples_in_order(self, batch):
        at, out = {n: self.newest(n) for n in NAMES}, []
        for name, step, v in batch:
            at[name] += step
            out.append((name, at[name], abs(v) if name.endswith("_total") else v))
        self.send(out)

    @precondition(lambda self: self.model.series)
    @rule(data=st.data(), v=values, ms=st.integers(-60_000, 1))
    def a_sample_out_of_order(self, data, v, ms):
        name = data.draw(st.sampled_from(sorted(self.model.series)))
        self.send([(name, self.newest(name) + ms * 10**6, v)])

    @precondition(lambda self: self.model.series)
    @rule(data=st.data(), other=st.none() | values)
    def a_time_again(self, data, other):
        """The same sample, or another value for its time: in the window, or before it."""
        name = data.draw(st.sampled_from(sorted(self.model.series)))
        t, v = data.draw(st.sampled_from(self.model.series[name].run))
        self.send([(name, t, v if other is None else other)])

    @precondition(lambda self: self.model.series)
    @rule(data=st.data(), ms=st.integers(-1000, 2000))
    def not_a_number(self, data, ms):
        name = data.draw(st.sampled_from(sorted(self.model.series)))
        self.send([(name, self.newest(name) + ms * 10**6, None)])

    @precondition(lambda self: self.model.series)
    @rule(data=st.data(), v=values, ns=st.sampled_from([0, 10**6, 100 * NS]))
    def a_gap(self, data, v, ns):
        name = data.draw(st.sampled_from(sorted(self.model.series)))
        self.send([(name, self.newest(name) + MAX_GAP + ns, v)])

    @precondition(lambda self: self.model.series)
    @rule(data=st.data(), ms=st.sampled_from([-1, 0, 1]))
    def the_sender_says_that_it_ended(self, data, ms):
        name = data.draw(st.sampled_from(sorted(self.model.series)))
        t = self.newest(name) + ms * 10**6
        told = remote_write.series({"__name__": self.prefix + name},
                                   [(t // 10**6, remote_write.END)])
        assert remote_write.write(self.daemon, told)[0] == 204
        if ms > 0:
            self.model.silence(name)
        elif not self.model.series[name].silent:
            self.model.bump("late_dropped")

    @rule(order=st.sampled_from([1, 2]), on_nan=st.sampled_from(["skip", "break"]))
    def a_reload(self, order, on_nan):
        self.model.manner = Manner(order, on_nan)
        self.daemon.configure(self.model.manner)

    @precondition(lambda self: self.model.series)
    @rule()
    def silence(self):
        staled = self.daemon.happened("staled")
        loud = sum(not s.silent for s in self.model.series.values())
        self.daemon.configure(self.model.manner, stale_after="50ms")
        eventually(lambda: self.daemon.happened("staled") == staled + loud, "silence")
        self.daemon.configure(self.model.manner)
        for name in self.model.series:
            self.model.silence(name)

    @precondition(lambda self: self.model.series)
    @rule()
    def expiry(self):
        self.forget()
        self.model.series.clear()

    def forget(self):
        if self.daemon.metric("nablad_series") > 0:
            self.daemon.configure(self.model.manner, stale_after="20ms", expire_after="50ms")
            eventually(lambda: self.daemon.metric("nablad_series") == 0, "expiry")
        self.daemon.configure(self.model.manner)

    @rule(how=st.sampled_from(["terminate", "kill"]))
    def a_restart(self, how):
        """Killed, it knows what its last snapshot had: all, if one began after the last sample."""
        if how == "kill":
            since = self.daemon.metric("nablad_state_snapshots_total")
            eventually(lambda: self.daemon.metric("nablad_state_snapshots_total") >= since + 2,
                       "a snapshot")
        Machine.daemon = self.daemon.again(how)
        self.before = {what: -n for what, n in self.model.counts.items()}  # these begin at 0

    def rates(self):
        return self.daemon.rates('{__name__=~"%s.*"}' % self.prefix, time="unix", limit=100)

    # -- what must hold after each step

    @invariant()
    def every_answer_is_the_models(self):
        if not hasattr(self, "model"):
            return
        told = {r["metric"]["__name__"][len(self.prefix):]: r for r in self.rates()}
        assert set(told) == set(self.model.series)
        for name, s in self.model.series.items():
            self.same_window(told[name], s)
            self.same_rates(told[name], s)
        self.same_points()
        now = self.counted()
        grown = {what: now[what] - self.before[what] for what in now}
        assert grown == self.model.counts

    def same_window(self, told, s):
        expected = "stale" if s.silent else "warming" if len(s.shown()) < 2 else "ok"
        assert told["state"] == expected
        # in text, the times have all their digits; as doubles, they are near
        assert [x["value"] for x in told["window"]] == [float(v) for _, v in s.shown()]
        assert all(abs(x["time"] - t / NS) < 1e-6 for x, (t, _) in zip(told["window"], s.shown()))
        assert told.get("resets", 0) == s.resets

    def same_rates(self, told, s):
        w = s.shown()
        if len(w) < 2:
            assert told["rate"] is None and told["edge"] is None and told["accel"] is None
            return
        order = self.model.manner.edge_order if len(w) == 3 else 1
        scale = sum(abs(v) for _, v in w) * NS / min(b[0] - a[0] for a, b in zip(w, w[1:])) + 1
        assert nearly(told["edge"]["value"], edge(w, order, s.counter), scale)
        assert told["edge"]["order"] == order
        if len(w) == 3:
            assert nearly(told["rate"]["value"], central(w, s.counter), scale)
            assert nearly(told["accel"], acceleration(w, s.counter), scale**2)
        else:
            assert told["rate"] is None and told["accel"] is None

    def same_points(self):
        """Those that /api/v1/points remembers: one a sample, its two ends apart those of the model."""
        kept = self.daemon.data("/api/v1/points", {
            "match[]": '{__name__=~"%s.*"}' % self.prefix, "limit": 100, "max_points": 100000})
        told = {k["metric"]["__name__"][len(self.prefix):]: k["points"] for k in kept}
        for name, s in self.model.series.items():
            runs = s.past + ([] if s.over else [s.run])
            points = [p for i, run in enumerate(runs)
                      for p in points_of(run, s.counter, over=s.over or i < len(runs) - 1)]
            got = told.get(name, [])
            if not increasing(runs):
                continue  # after a silence a clock may have gone back: what is kept then has no one order
            assert [p[1] for p in got] == [float(v) for v, _, _ in points], name
            for p, (_, rate, scale) in zip(got, points):
                assert rate is None or nearly(p[2], rate, scale)


def increasing(runs):
    times = [t for run in runs for t, _ in run]
    return all(a < b for a, b in zip(times, times[1:]))


def points_of(run, counter, over):
    """[(value, rate or None at an end, scale)]"""
    if len(run) < 2 or (len(run) == 2 and not over):
        return []
    out = [(run[0][1], None, 1)]
    for three in zip(run, run[1:], run[2:]):
        scale = sum(abs(v) for _, v in three) * NS / min(three[1][0] - three[0][0], three[2][0] - three[1][0]) + 1
        out.append((three[1][1], central(three, counter), scale))
    return out + ([(run[-1][1], None, 1)] if over else [])


class Configured(Daemon):
    def again(self, how):
        """The daemon that is started in its place, with the same configuration and state."""
        getattr(self.proc, how)()
        self.proc.wait(30)
        self.stopped = True
        assert not SANITIZER.search(self.log()), self.log()[-8000:]
        text = yaml.safe_load(self.config.read_text())
        return Configured(self.folder, yaml.safe_dump(text))

    def configure(self, manner, **how_long):
        text = yaml.safe_dump({
            "ingest": {"threads": 2},
            "state": {"directory": str(self.folder / "state"), "interval": "100ms"},
            "defaults": {"edge_order": manner.edge_order, "on_nan": manner.on_nan, "max_gap": "60s",
                         "keep": "1d", **HOW_LONG, **how_long},
            "series": [{"match": '{__name__=~".+_total"}', "kind": "counter"}]})
        if self.config.read_text() != config_yaml(text):
            self.config.write_text(config_yaml(text))
            assert self.get("/-/reload", method="POST")[0] == 200


def test_the_daemon_is_its_model(tmp_path):
    state = {"directory": str(tmp_path / "state"), "interval": "100ms"}
    Machine.daemon = Configured(tmp_path, yaml.safe_dump({"ingest": {"threads": 2}, "state": state}))
    try:
        run_state_machine_as_test(Machine, settings=settings(
            max_examples=int(os.environ.get("NABLA_EXAMPLES", "25")), stateful_step_count=20,
            deadline=None, derandomize="NABLA_EXAMPLES" not in os.environ, database=None,
            suppress_health_check=list(HealthCheck), print_blob=True))
    finally:
        Machine.daemon.teardown()
        Machine.daemon = None
