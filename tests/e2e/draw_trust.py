#!/usr/bin/python3
"""Draws the pictures of docs/trust.md into the folder that it is called in: what each key does to a signal of
tests/data. What is drawn are nablad's own answers: points of --replay where these tell all, else the replies of a
daemon that gets the same lines. test_docs.py draws them again and compares.
"""
import json
import math
import pathlib
import subprocess
import tempfile

import daemon
from sketch import Curve, Panel, sketch
from test_trust import DATA, S, T0, ask_points, nanoseconds, signal

NAN = math.nan


def minutes(ns):
    return (ns - T0) / 60 / S


def seconds(ns):
    return (ns - T0) / S


def plot(at, style="plain", name="as it came", x=minutes):
    return Curve(name, [(x(t), v) for t, v in at], style)


def replayed(name, rules):
    """[(ns, point)]: nablad's last word on each time."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder) / "rules.yaml"
        config.write_text(f"series: [{{match: {name}, {rules}}}]")
        done = subprocess.run([daemon.NABLAD, "--config", config, "--replay", DATA / f"{name}.lines"],
                              check=True, capture_output=True, text=True)
    points = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted({nanoseconds(p["time"]): p for p in points if p["metric"]["__name__"] == name}.items())


def rate(name, rules, style, legend, unit=1):
    return Curve(legend, [(minutes(t), p["rate"] / unit) for t, p in replayed(name, rules)], style)


def lines(name, at):
    return "".join(f"{name} value={v!r} {t}\n" for t, v in at)


# ---- from --replay

def min_dt():
    return sketch("minutes", [
        Panel("inlet [°C]", [plot(signal("twins"), "marks", "two readings, 1 ms apart")]),
        Panel("rate [K/s]", [rate("twins", "min_dt: off", "without", "without")]),
        Panel("rate [K/min]", [rate("twins", "per: 1m, min_dt: 100ms", "with", "min_dt: 100ms")], (-0.3, 0.5))])


def max_rate():
    return sketch("minutes", [
        Panel("boiler [°C]", [plot(signal("spikes"))]),
        Panel("rate [K/s]", [rate("spikes", "max_rate: off", "without", "without")]),
        Panel("rate [K/s]", [rate("spikes", "max_rate: 0.3", "with", "max_rate: 0.3")])])


def wrap():
    at = [(t, v / 1e9) for t, v in signal("counter")]
    return sketch("minutes", [
        Panel("packets [1e9]", [plot(at)], height=90),
        Panel("rate [1e6/s]", [rate("counter", "kind: gauge", "without", "kind: gauge", unit=1e6)], height=90),
        Panel("rate [1/s]", [rate("counter", "kind: counter", "without", "kind: counter"),
                             rate("counter", "kind: counter, wrap: 32, max_rate: 2000", "with",
                                  "wrap: 32, max_rate: 2000")], (0, 1200))])


def late():
    rules = {"insert": "late: insert", "drop": "late: drop", "reorder": "late: {reorder: 1h}"}
    rows = [[(minutes(t), len(rules) - 1 - i) for t, _ in replayed("outage", f"{r}, stale_after: 2h, expire_after: 3h")]
            for i, r in enumerate(rules.values())]
    came = [(k / 6, minutes(t)) for k, (t, _) in enumerate(signal("outage"))]
    return sketch("minutes", [
        Panel("time of the sample [minutes], as they came", [Curve("", came, "marks")], height=110),
        Panel("samples that have a rate", [Curve("", row, "marks" if i < 2 else "kept") for i, row in enumerate(rows)],
              rows=tuple(reversed(rules)), height=80)])


def on_nan():
    def curve(rule, style):
        known = dict(replayed("wave", f"on_nan: {rule}"))
        at = [t for t, v in signal("wave") if not (rule == "skip" and math.isnan(v))]
        return Curve(f"on_nan: {rule}", [(seconds(t), known[t]["rate"] if t in known else NAN) for t in at], style)
    return sketch("seconds", [
        Panel("float [cm]", [plot(signal("wave"), "marks", "three readings are NaN", seconds)]),
        *[Panel("rate [cm/s]", [curve(rule, "with")], height=80) for rule in ("skip", "break", "propagate")]], (0, 120))


# ---- from a daemon's replies

RULES = """
series:
  - {match: heating, per: 1m, resolution: 0.1, trend: 2m, keep: 1d, max_gap: 1h}
  - {match: spikes, keep: 1d, max_gap: 1h}
  - {match: first, edge_order: 1}
  - {match: second, edge_order: 2}
  - {match: far, per: 1m, max_gap: 4h}
  - {match: near, per: 1m, max_gap: 10m}
  - {match: boiler, trend: 2m, limits: [50], max_gap: 1h}
  - {match: stale, stale_after: 300ms, on_silence: stale, max_gap: 1h}
  - {match: zero, stale_after: 300ms, on_silence: zero, max_gap: 1h}
  - {match: hold, stale_after: 300ms, on_silence: hold, max_gap: 1h}
"""


def kept(d, name, at, **params):
    """{column: numbers} of a series' recent points, when the last final one is there."""
    last = at[-2][0] / 1e9
    series = daemon.eventually(lambda: (lambda x: x and x[0]["points"] and
                                        abs(x[0]["points"][-1][0] - last) < 1e-3 and x[0])(
        ask_points(d, **{"match[]": name, **params})))
    columns = dict(zip(series["columns"], zip(*series["points"])))
    columns["time"] = [(t - T0 / S) / 60 for t in columns["time"]]
    return columns


def newest(d, at, names, x):
    """{name: the newest rate as each sample comes}: the same samples for each of the names."""
    edges = {name: [] for name in names}
    for sample in at:
        d.send("".join(lines(name, [sample]) for name in names))
        for name, curve in edges.items():
            edge = d.rate(name)["edge"]
            curve.append((x(sample[0]), edge and edge["value"]))
    return edges


def max_gap(d):
    """The three hours between are left out of the axis."""
    def x(t):
        return minutes(t) if minutes(t) < 60 else minutes(t) - 178
    at = signal("onchange")[20:]
    edges = newest(d, at, ("far", "near"), x)
    far, near = [(t, v) for t, v in edges["far"] if t > 9], edges["near"]
    return sketch("minutes, without 178 of the silent hours", [
        Panel("meter [l]", [plot(at, "marks", x=x)], height=90),
        Panel("newest rate [l/min]", [Curve("max_gap: 10m", near, "with"),
                                      Curve("max_gap: 4h, an average over three hours", far[:1], "marks")])])


def true_heating(times):
    return Curve("as it truly was", [(x, 4 * math.exp(-x / 10)) for x in times], "truth")


def resolution(d):
    at = signal("heating")
    d.send(lines("heating", at))
    got = {k: v[120:240] for k, v in kept(d, "heating", at).items()}
    bars = list(zip(got["time"], got["rate"], got["error"]))[::3]
    return sketch("minutes", [
        Panel("water [°C]", [plot(at[120:240])]),
        Panel("rate [K/min]", [Curve("", [(x, y) for x, y, _ in bars], "marks"),
                               Curve("one standard error", bars, "error"), true_heating(got["time"])],
              (-0.15, 0.9), 150)])


def trend(d):
    at = signal("heating")
    got = {k: v[120:240] for k, v in kept(d, "heating", at).items()}
    return sketch("minutes", [
        Panel("water [°C]", [plot(at[120:240])], height=90),
        Panel("slope [K/min]", [Curve("rate", list(zip(got["time"], got["rate"])), "without"),
                                Curve("trend: 2m", list(zip(got["time"], got["trend"])), "with"),
                                true_heating(got["time"])], height=150)])


def keep(d):
    at = signal("spikes")
    d.send(lines("spikes", at))
    every, few = kept(d, "spikes", at), kept(d, "spikes", at, max_points=36)
    return sketch("minutes", [
        Panel("rate [K/s]", [Curve("every point that is kept", list(zip(every["time"], every["rate"])), "plain"),
                             Curve("max_points=36", list(zip(few["time"], few["rate"])), "kept")], height=150)])


def edge_order(d):
    at = signal("wave")[:20]
    edges = newest(d, at, ("first", "second"), seconds)
    turn = 2 * math.pi / 45
    true = [(k / 4, 3 * turn * math.cos(turn * k / 4)) for k in range(int(4 * seconds(at[-1][0])))]
    return sketch("seconds", [
        Panel("float [cm]", [plot(at, "marks", x=seconds)], height=90),
        Panel("newest rate [cm/s]", [Curve("edge_order: 1", edges["first"], "without"),
                                     Curve("edge_order: 2", edges["second"], "with"),
                                     Curve("as it truly was", true, "truth")], height=150)])


def limits(d):
    at = [x for x in signal("heating") if minutes(x[0]) < 15]
    foretold, reached = [], 10 * math.log(4)
    for k in range(0, len(at) - 6, 6):
        d.send(lines("boiler", at[k:k + 6]))
        t, left = minutes(at[k + 5][0]), d.rate("boiler")["eta"][0]["seconds"]
        foretold.append((t, None if left is None else left / 60))
    return sketch("minutes", [
        Panel("water [°C]", [plot(at), Curve("limits: [50]", [(0, 50), (15, 50)], "truth")], height=90),
        Panel("minutes until 50 °C", [Curve("foretold", foretold, "with"),
                                      Curve("as it came", [(0, reached), (reached, 0)], "truth")])], (0, 15))


def silence(d):
    """A meter that falls silent after 40 s. The time until then is stretched: its stale_after is 300 ms."""
    panels = []
    for name in ("stale", "zero", "hold"):
        curve = []
        for k in range(5):
            d.send(lines(name, [(T0 + 10 * S * k, k * k / 2)]))
            edge = d.rate(name)["edge"]
            curve.append((10 * k, edge and edge["value"]))
        over = daemon.eventually(lambda: next(
            (r for r in d.rates(name) if r["state"] == "stale" or r.get("silent")), None))
        after = over["edge"]["value"] if over.get("silent") else NAN
        curve += [(60, curve[-1][1]), (60, after), (90, after)]
        panels.append(Panel("newest rate [l/s]", [Curve(f"on_silence: {name}", curve, "with")], (-0.05, 0.42), 80))
    came = Curve("the last sample comes at 40 s", [(10 * k, k * k / 2) for k in range(5)], "marks")
    return sketch("seconds; stale_after: 20s", [Panel("meter [l]", [came], height=80), *panels], (0, 90))


REPLAYED = [min_dt, max_rate, wrap, late, on_nan]
LIVE = [resolution, trend, keep, max_gap, edge_order, limits, silence]


def main():
    for picture in REPLAYED:
        pathlib.Path(f"trust-{picture.__name__.replace('_', '-')}.svg").write_text(picture())
    with tempfile.TemporaryDirectory() as folder:
        d = daemon.Daemon(pathlib.Path(folder), RULES)
        try:
            for picture in LIVE:
                pathlib.Path(f"trust-{picture.__name__.replace('_', '-')}.svg").write_text(picture(d))
        finally:
            d.teardown()


if __name__ == "__main__":
    main()
