"""What a line costs over one TCP connection and one ingest thread, every point derived, HTTP idle."""
from programs import SENDER, SERVER, Nablad, Rounds, median, run_sink, send
from rows import Row


FILLING = 4  # rounds after the first until every window is full


def one_run(bench, series, rounds, seed, fmt="influx"):
    """The first round makes the series, the next fill their windows; those after that are measured."""
    clock = Rounds(1 + FILLING + rounds)
    with Nablad(bench.build, SERVER) as d:
        to, more = f"tcp:{d.ports['tcp']}", {"series": series, "format": fmt, "cpus": SENDER}
        send(bench.build, to, rounds=1, seed=seed, start=clock.take(1), **more)
        born = d.settled_cpu()
        send(bench.build, to, rounds=FILLING, seed=seed, start=clock.take(FILLING), **more)
        filled = d.settled_cpu()
        sent = send(bench.build, to, rounds=rounds, seed=seed, start=clock.take(rounds), **more)
        used = d.settled_cpu() - filled
        resident = d.resident()
    lines = series * (1 + FILLING + rounds)
    t = d.stop()
    # every sample but the newest of a series has its rate
    assert (t["lines"], t["samples"], t["points"], t["series"]) == (lines, lines, lines - series, series), t
    return {"us": used / sent["lines"] * 1e6, "births_cpu": born, "resident": resident / series,
            "lines_s": sent["lines"] / sent["seconds"], "bytes": sent["bytes"] / sent["lines"]}


def sink_us(bench, series, rounds, seed, fmt="influx"):
    counted = run_sink(bench.build, series=series, rounds=rounds, seed=seed, format=fmt,
                       start=Rounds(rounds).take(rounds))
    return counted["cpu_seconds"] / counted["lines"] * 1e6


def measure(bench, series, fmt="influx", beside=None):
    """Medians of several runs; in turns with the sink (or another format), so that a noisy moment
    meets both."""
    rounds = max(1, bench.lines // series)
    ours, others = [], []
    for seed in range(1, bench.runs + 1):
        if beside is None:
            others.append(sink_us(bench, series, rounds, seed))
        else:
            others.append(one_run(bench, series, rounds, seed, beside)["us"])
        ours.append(one_run(bench, series, rounds, seed, fmt))
    figures = {key: median([r[key] for r in ours]) for key in ours[0]}
    return figures, median(others)


def few(bench):
    r, sink = measure(bench, bench.few)
    raw = f"{r['us']:.4f} us a line of {r['bytes']:.0f} bytes, sink {sink:.4f} us"
    yield Row(f"{bench.few:,} series: CPU a line in the sink's", r["us"] / sink, "", most=5.5, raw=raw)
    yield Row(f"{bench.few:,} series: lines a CPU second", 1 / r["us"], "million", least=10,
              raw=f"{r['lines_s'] / 1e6:.2f} million lines a second")


def many(bench):
    r, sink = measure(bench, bench.many)
    raw = f"{r['us']:.4f} us a line of {r['bytes']:.0f} bytes, sink {sink:.4f} us"
    yield Row(f"{bench.many:,} series: CPU a line in the sink's", r["us"] / sink, "", most=8, raw=raw)
    yield Row(f"{bench.many:,} series: lines a CPU second", 1 / r["us"], "million", least=7,
              raw=f"{r['lines_s'] / 1e6:.2f} million lines a second")
    yield Row("resident memory a series, everything in", r["resident"], "bytes", most=200)
    yield Row("first-seen keys a CPU second", bench.many / r["births_cpu"] / 1e6, "million", least=2,
              raw=f"{r['births_cpu']:.2f} s for {bench.many:,}")


def long(bench):
    r, short = measure(bench, bench.few, "long", beside="influx")
    yield Row("17 significant digits: speed in that of short values", 100 * short / r["us"], "%",
              least=60, raw=f"{r['us']:.4f} us a line, short {short:.4f} us")


def graphite(bench):
    r, influx = measure(bench, bench.few, "graphite", beside="influx")
    yield Row("Graphite: speed in that of Influx lines", 100 * influx / r["us"], "%", least=100,
              raw=f"{r['us']:.4f} us a line of {r['bytes']:.0f} bytes, Influx {influx:.4f} us")


def json_lines(bench):
    r, influx = measure(bench, bench.few, "json", beside="influx")
    yield Row("JSON lines a CPU second", 1 / r["us"], "million", least=2,
              raw=f"{r['us']:.4f} us a line of {r['bytes']:.0f} bytes, Influx {influx:.4f} us")
