"""The table by itself: threads, the pauses of its growth, more keys than it may hold, crafted keys."""
from programs import SENDER, SERVER, Nablad, Rounds, median, run_tool, run_tools_at_once, send
from rows import Row


def threads(bench):
    series = bench.many // 10
    rounds = max(1, bench.lines // series)
    one, two, apart = [], [], []
    for _ in range(2 * bench.runs - 1):
        one.append(run_tool(bench.build, "bench_table", "threads", series, rounds, 1))
        two.append(run_tool(bench.build, "bench_table", "threads", series, rounds, 2))
        apart += run_tools_at_once(bench.build, 2, "bench_table", "threads", series, rounds, 1)
    assert {r["points"] for r in one + two + apart} == {series * rounds}, (one, two, apart)
    a, b, c = (median([r["lines"] / r["seconds"] / 1e6 for r in rs]) for rs in (one, two, apart))
    yield Row(f"two threads from memory, {series:,} series: speed in that of one", b / a, "",
              least=1.7, raw=f"{b:.2f} and {a:.2f} million lines a second, the same points; two processes that"
                             f" share nothing reach {2 * c / a:.2f} times one here")


def pauses(bench):
    runs = [run_tool(bench.build, "bench_table", "pauses", bench.many) for _ in range(bench.runs)]
    worst, wall = max(runs, key=lambda r: r["worst_cpu_ms"]), max(r["worst_ms"] for r in runs)
    yield Row(f"growing to {bench.many:,} series: the longest batch", worst["worst_cpu_ms"],
              "ms of CPU", most=10,
              raw=f"at {worst['worst_at']:,} series; {wall:.2f} ms by the clock, which others here can stop")


def flood(bench):
    """Ten times as many keys as the table may hold, round by round with those that it knows."""
    known, strangers, clock = bench.many, 9, Rounds(2 * 9 + 2)
    with Nablad(bench.build, limits={"max_series": known}) as d:
        to = f"tcp:{d.ports['tcp']}"
        send(bench.build, to, series=known, rounds=2, start=clock.take(2))
        d.settled_cpu()
        before, refused_cpu = d.resident(), 0
        for n in range(1, strangers + 1):
            cpu = d.settled_cpu()
            send(bench.build, to, series=known, first=n * known, rounds=1, start=clock.take(1))
            refused_cpu += d.settled_cpu() - cpu
            send(bench.build, to, series=known, rounds=1, start=clock.take(1))
        d.settled_cpu()
        grown = d.resident() - before
        refused = d.metric("nablad_rejected_total", reason="series_limit")
    points = d.stop()["points"]
    raw = f"{strangers * known:,} unknown keys against {known:,} known series"
    yield Row("flood: unknown keys that were refused and not counted", strangers * known - refused, "",
              most=0, raw=raw)
    yield Row("flood: rates that known series lost", known * (strangers + 1) - points, "", most=0,
              raw=f"{points:,} rates derived")
    yield Row("flood: growth of resident memory", grown / 2**20, "MiB", most=16)
    yield Row("flood: CPU a refused line", refused_cpu / (strangers * known) * 1e6, "us")


def crafted(bench):
    """Keys that would all meet in one 512th of an index that hashed them without a secret."""
    series, rounds = bench.many // 10, 4
    figures = {"crafted": [], "influx": []}
    for seed in range(1, bench.runs + 1):
        for fmt, costs in figures.items():
            with Nablad(bench.build, SERVER) as d:
                send(bench.build, f"tcp:{d.ports['tcp']}", cpus=SENDER, series=series, rounds=rounds,
                     seed=seed, format=fmt, step=1 if fmt == "crafted" else 512, start=Rounds(rounds).take(rounds))
                costs.append(d.settled_cpu() / (series * rounds) * 1e6)
            assert d.stop()["series"] == series
    plain, crafty = median(figures["influx"]), median(figures["crafted"])
    yield Row(f"{series:,} crafted keys: CPU a line in that of others", crafty / plain, "", most=1.1,
              raw=f"{crafty:.3f} us, others {plain:.3f} us")
