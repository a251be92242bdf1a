"""POST /write with state.journal beside the same without: what waiting for the disk costs."""
import os
import tempfile

from programs import Nablad, median, run_tool
from rows import Row

LOADS = [(lines, connections) for lines in (10, 5000) for connections in (1, 16, 256)]
# of the speed without: half with group commit. A client that waits for each answer waits for the disk each time.
LEAST = 0.5


def posts(bench, d, lines, connections):
    done = run_tool(bench.build, "bench_posts", f"port={d.ports['http']}", f"lines={lines}",
                    f"connections={connections}", f"ms={bench.seconds * 500}")
    return done["requests"] / done["seconds"]


def syncs(d):
    return d.metric("nablad_journal_syncs_total"), d.metric("nablad_journal_sync_seconds_total")


def one_load(bench, plain, kept, lines, connections):
    """In turns, so that a noisy moment meets both."""
    without, with_, waits = [], [], []
    for _ in range(bench.runs):
        without.append(posts(bench, plain, lines, connections))
        before = syncs(kept)
        with_.append(posts(bench, kept, lines, connections))
        after = syncs(kept)
        waits.append((after[1] - before[1]) / max(1, after[0] - before[0]) * 1e6)
    return median(without), median(with_), median(waits)


def journal(bench):
    many = {"limits": {"max_series": 2_000_000}, "http": {"listen": "127.0.0.1:0", "max_connections_per_address": 1024}}
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as folder:
        state = {"directory": os.path.join(folder, "state"), "journal": True}
        with Nablad(bench.build, **many) as plain, Nablad(bench.build, state=state, **many) as kept:
            for lines, connections in LOADS:
                a, b, us = one_load(bench, plain, kept, lines, connections)
                yield Row(f"{connections} connections, {lines:,} lines each: in the speed without", b / a, "",
                          least=LEAST, raw=f"{a:,.0f} requests/s without, {b:,.0f} with, one sync {us:.0f} us")
