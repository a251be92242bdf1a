"""Many TCP connections: what an idle one holds, and whether a thousand busy ones cost more than a few."""
import resource
import socket
import time

from programs import SENDER, SERVER, Nablad, Rounds, median, send
from rows import Row

IDLE, LIMIT = 10_000, 20_000


def raise_descriptors(need):
    """For this process and those that it starts; false if the machine does not allow it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < need:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, need), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= need


def available_bytes():
    with open("/proc/meminfo") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("MemAvailable")) * 1024


def idle(bench):
    if not raise_descriptors(IDLE + 200):
        raise SystemExit(f"bench: {IDLE:,} connections need `ulimit -n {IDLE + 200}`")
    start = Rounds(1).take(1)
    with Nablad(bench.build, ingest={"max_connections": LIMIT}) as d:
        d.settled_cpu()
        before, free = d.resident(), available_bytes()
        socks = [socket.create_connection(("127.0.0.1", d.ports["tcp"])) for _ in range(IDLE)]
        for n, sock in enumerate(socks):  # each has spoken once, and half of them began a second line
            sock.sendall(b"idle value=%d %d\n" % (n, start + n) + (b"idle val" if n % 2 else b""))
        used = d.settled_cpu()
        each, everything = (d.resident() - before) / IDLE, (free - available_bytes()) / IDLE
        time.sleep(bench.seconds)
        load = (d.cpu() - used) / bench.seconds
        opened = d.metric("nablad_listener_open_connections", listener=f"tcp://127.0.0.1:{d.ports['tcp']}")
        for sock in socks:
            sock.close()
    assert opened == IDLE, opened
    yield Row(f"{IDLE:,} idle connections: resident bytes each", each, "bytes", most=10240,
              raw=f"with the kernel's own and the clients' ends {everything / 1024:.1f} KiB; "
                  f"{100 * load:.2f} % of a CPU")


def active_us(bench, connections, series, rounds, seed):
    clock = Rounds(rounds + 1)
    with Nablad(bench.build, SERVER, ingest={"max_connections": LIMIT}) as d:
        to = f"tcp:{d.ports['tcp']}"
        more = {"series": series, "seed": seed, "connections": connections, "chunk": 16384,
                "cpus": SENDER}
        send(bench.build, to, rounds=1, start=clock.take(1), **more)
        born = d.settled_cpu()
        sent = send(bench.build, to, rounds=rounds, start=clock.take(rounds), **more)
        used = d.settled_cpu() - born
    lines = series * (rounds + 1)
    assert d.stop()["points"] == lines - series, (d.totals, lines)
    return used / sent["lines"] * 1e6


def active(bench):
    raise_descriptors(2000)
    series = 1000 * (bench.few // 10)  # divides among 16 and among 1,000
    series -= series % 16000
    few, many = [], []
    for seed in range(1, bench.runs + 1):
        few.append(active_us(bench, 16, series, max(1, bench.lines // series), seed))
        many.append(active_us(bench, 1000, series, max(1, bench.lines // series), seed))
    yield Row("1,000 active connections: CPU a line in that of 16", median(many) / median(few), "",
              most=1.0, raw=f"{median(many):.4f} us, 16: {median(few):.4f} us; 16 KiB a write")
