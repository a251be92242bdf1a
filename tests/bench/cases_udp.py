"""Datagrams: what is lost, and whether what is lost is known."""
from programs import SENDER, SERVER, Load, Nablad, Rounds, median
from rows import Row


def offer(bench, series, rounds, datagram, rate, **ingest):
    """Sends at a rate; what was sent, what arrived, what the kernel dropped by nablad's own count."""
    clock = Rounds(rounds)
    with Nablad(bench.build, SERVER, ingest=ingest) as d:
        load = Load(bench.build, f"udp:{d.ports['udp']}", SENDER, series=series, rounds=rounds,
                    start=clock.take(rounds), datagram=datagram, rate=rate)
        before = d.cpu()
        sent = load.go().wait()
        used = d.settled_cpu() - before
        received = d.metric("nablad_listener_datagrams_total")
        drops = d.metric("nablad_udp_kernel_drops_total")
    lines = d.stop()["lines"]
    return {"sent": sent["datagrams"], "received": received, "drops": drops, "lines": lines,
            "rate": sent["lines"] / sent["seconds"], "us": used / max(lines, 1) * 1e6}


def lossless(bench, what, datagram, rate, seconds):
    runs = [offer(bench, bench.few, int(rate * seconds) // bench.few, datagram, rate)
            for _ in range(bench.runs)]
    r = runs[-1]
    lost = [int(x["sent"] - x["received"]) for x in runs]
    each = ", ".join(f"{n:,}" for n in lost)
    yield Row(f"{what}: datagrams lost", median(lost), "", most=0,
              raw=f"of {r['sent']:,} a run: {each}; {r['rate'] / 1e6:.2f} million lines a second offered, "
                  f"{r['us']:.3f} us of CPU a line")


def large(bench):
    yield from lossless(bench, "1,400 bytes each, 4 million lines/s", 1400, 4_000_000, bench.seconds)


def small(bench):
    yield from lossless(bench, "one line each, 0.3 million lines/s", 0, 300_000, 1.5 * bench.seconds)


def drops(bench):
    """As fast as the sender goes, into a buffer too small for it."""
    r = offer(bench, bench.few, 1_000_000 * bench.seconds // bench.few, 0, 0, receive_buffer="64KiB")
    lost = r["sent"] - r["received"]
    yield Row("overrun: datagrams lost, less those that nablad counted as dropped", lost - r["drops"],
              "", most=0, raw=f"{r['sent']:,} sent, {lost:,.0f} lost, {r['drops']:,.0f} counted")
