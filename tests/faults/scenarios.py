"""What is done to nablad under load, and what must hold: each scenario goes on until so much has gone wrong, not for
so long, and returns (how often, how much that was acknowledged was lost). Seeds are fixed.

./dev test runs the short ones (tests/e2e/test_faults.py), ./dev faults the long ones (main.py)."""
import collections
import contextlib
import random
import resource
import signal
import socket
import time

from daemon import eventually

# kind of call: one of so many fails; how many failures are enough, in short and in long
Failing = collections.namedtuple("Failing", "every short long")
FAILING = {
    "malloc": Failing(200, 100, 20_000),
    "read": Failing(20, 100, 20_000),
    "write": Failing(20, 100, 20_000),
    "accept": Failing(10, 30, 5_000),
    "disk": Failing(4, 40, 2_000),
    "sync": Failing(2, 3, 300),
    "open": Failing(3, 30, 5_000),
}
SLICES = 4    # each of its own seed
SLICE_S = 30  # at most, of the long ones


def failing(world, kind, long):
    """malloc, read, write, of sockets and of files, accept, fsync, open: calls fail by chance. At length each slice
    also ends when it has had its time, however slow the machine is."""
    many = FAILING[kind].long if long else FAILING[kind].short
    world.load.wait_acked(5)
    for seed in range(1, SLICES + 1):
        began = time.monotonic()
        world.faults.set(seed=seed, **{kind: FAILING[kind].every})
        enough = many * seed // SLICES
        eventually(lambda: world.faults.failed()[kind] >= enough or world.daemon.proc.poll() is not None
                   or (long and time.monotonic() > began + SLICE_S), f"{enough} failed calls")
    return world.faults.failed()[kind], world.recover()


def limit(world, what, to):
    """The soft limit of nablad's: raised again, it is as it was."""
    _, hard = resource.prlimit(world.daemon.proc.pid, what)
    resource.prlimit(world.daemon.proc.pid, what, (hard if to is None else to, hard))


def descriptors(world, rounds):
    """As many connections as there are descriptors, and more; then they go."""
    d = world.daemon
    for _ in range(rounds):
        world.load.wait_acked(5)
        limit(world, resource.RLIMIT_NOFILE, int(d.metric("process_open_fds")) + 20)
        try:
            with contextlib.ExitStack() as held:
                for n in range(100):
                    with contextlib.suppress(OSError):
                        held.enter_context(socket.create_connection(
                            d.http_address if n % 4 == 0 else d.tcp, timeout=1))
                eventually(lambda: "oo many open files" in d.log(), "a want of descriptors")
        finally:
            limit(world, resource.RLIMIT_NOFILE, None)
    return rounds, world.recover()


def virtual_bytes(d):
    with open(f"/proc/{d.proc.pid}/statm") as f:
        return int(f.read().split()[0]) * resource.getpagesize()


def memory(world, rounds):
    """New series until there is no memory for more; then there is again."""
    d = world.daemon
    for n in range(rounds):
        world.load.wait_acked(5)
        refused = d.rejected("no_memory")
        limit(world, resource.RLIMIT_AS, virtual_bytes(d) + 2**20)

        def full():
            with contextlib.suppress(OSError):
                d.send("".join(f"full,round={n},t={time.monotonic_ns()},n={i} value=1\n" for i in range(2000)),
                       wait=False)
            return metric_now(d, "no_memory") > refused
        eventually(full, "a full memory")
        limit(world, resource.RLIMIT_AS, None)
    return rounds, world.recover()


def metric_now(d, reason):
    """Without memory there may be no answer, either."""
    with contextlib.suppress(OSError, AssertionError):
        return d.rejected(reason)
    return 0


def starved(world, rounds):
    """No memory at all for a while, in which others knock at every door."""
    d = world.daemon
    for n in range(rounds):
        world.load.wait_acked(5)
        enough = world.faults.failed()["malloc"] + 50
        world.faults.set(malloc=1)
        with contextlib.ExitStack() as held:
            for k in range(40):
                with contextlib.suppress(OSError):
                    held.enter_context(socket.create_connection(d.http_address if k % 4 == 0 else d.tcp, timeout=1))
            eventually(lambda: world.faults.failed()["malloc"] >= enough or d.proc.poll() is not None, "failures")
        world.faults.set()
    return rounds, world.recover()


def stopped(world, rounds):
    """SIGSTOP, a while, SIGCONT."""
    for n in range(rounds):
        world.load.wait_acked(5)
        world.daemon.proc.send_signal(signal.SIGSTOP)
        time.sleep((0.05, 0.3, 1)[n % 3])
        world.daemon.proc.send_signal(signal.SIGCONT)
    return rounds, world.recover()


def clock(world, rounds):
    """The wall clock is set, back and forth; samples bring their own time, or come without one."""
    year = 365 * 86400
    steps = (3600, -3600, year, -year, 0.5, -0.5, 60 * year, -1)
    for n in range(rounds):
        world.faults.step_clock(steps[n % len(steps)])
        world.load.wait_acked(5)
    world.faults.step_clock(0)
    return rounds, world.recover()


def waiting_points(world):
    """At least so many are on the disk: some may have gone out before the sink was closed."""
    queued = world.pushed("queued_points_total")
    return int(queued - world.pushed("sent_points_total"))


def promise(world):
    """What is promised to outlive a kill: with a journal all that was acknowledged (None), without what was before the
    last snapshot."""
    if world.guarded:
        return None
    promised = {w: list(acked) for w, acked in world.load.acked.items()}
    world.wait_saved()
    return promised


def next_life(world, promised):
    """nablad is dead: another begins on what it left. Returns how much that was promised is lost."""
    world.daemon.proc.wait()
    world.load.next_life()
    world.begin()
    assert world.daemon.events("alerts_restored"), world.daemon.log()
    return world.load.check(world.daemon, world.load.life - 1, promised)


def killed(world, rounds):
    """kill -9, and a start on what it left: it starts; series, alerts and points that were on the disk are there, and
    the points go out when the sink is back. With a journal all that was acknowledged is promised, and the kill comes at
    any moment; without, what was acknowledged before the last snapshot."""
    chance = random.Random(9)
    alerts = world.folder / "state" / "alerts.mdb"
    world.sink.close()
    lost = waiting = 0
    for _ in range(rounds):
        world.load.wait_acked(3)
        eventually(lambda: alerts.exists() and world.told("Written"), "saved alerts")
        eventually(lambda: waiting_points(world) > waiting, "queued points")
        promised = promise(world)
        if world.guarded:
            time.sleep(chance.random() / 2)
        waiting = waiting_points(world)
        world.daemon.proc.kill()
        lost += next_life(world, promised)
        eventually(lambda: world.pushed("buffered_points") >= waiting, f"{waiting} points from the disk")
        world.load.start(world.daemon)
    world.sink.open()
    lost += world.recover()
    # what a journal brings back is derived again, and queued again
    sent = len(world.sink.lines) if world.guarded else len(set(world.sink.lines))
    return rounds, lost + max(0, waiting - sent)


def wait_alerts(world):
    """Until there are alerts that the next life can be asked for."""
    eventually(lambda: (world.folder / "state" / "alerts.mdb").exists() and world.told("Written"), "saved alerts")


def unsynced(world):
    """How often who promises was told that the disk does not have it: the journal, or else the snapshot."""
    return world.daemon.metric("nablad_journal_failures_total" if world.guarded else "nablad_state_failures_total")


def forgetful(world, rounds):
    """A sync fails, and what it was to make safe is gone; later ones return 0, as if nothing had been. In turns once,
    and every second to fifth; then kill -9. What is acknowledged was synced, and lies before nothing that was not."""
    world.faults.disk_forgets(True)
    lost = 0
    for n in range(rounds):
        world.load.wait_acked(3)
        wait_alerts(world)
        every = 1 if n % 2 == 0 else 2 + n % 4
        before = unsynced(world)
        while unsynced(world) == before:
            enough = world.faults.failed()["sync"] + 1
            world.faults.set(seed=n, most=every == 1, sync=every)
            eventually(lambda: world.faults.failed()["sync"] >= enough, "a failed sync")
        world.load.wait_acked(5)
        promised = promise(world)
        world.daemon.proc.kill()
        lost += next_life(world, promised)
        assert world.daemon.metric("nablad_journal_bad_bytes") == 0, world.daemon.log()
        world.load.start(world.daemon)
    assert world.faults.disk_forgot() > 0
    world.faults.set()
    return world.faults.failed()["sync"], lost + world.recover()


SLOW_S = (0.001, 0.01, 0.1, 1)  # each call


def slow_disk(world, rounds):
    """Each open, write and sync takes its time, more with each round; then kill -9. Ingest and answers do not wait for
    the disk, and the journal's senders get theirs."""
    lost = 0
    for n in range(rounds):
        d = world.daemon
        world.load.wait_acked(3)
        wait_alerts(world)
        world.faults.disk_takes(SLOW_S[n % len(SLOW_S)], world.folder / "state")
        waited, asked, lines = world.faults.disk_waits(), world.load.asked, d.lines_total()
        eventually(lambda: world.faults.disk_waits() >= waited + 10, "slow calls")
        eventually(lambda: world.load.asked >= asked + 20, "answers")
        eventually(lambda: d.lines_total() >= lines + 20_000, "lines")
        world.load.wait_acked(3)
        promised = promise(world)
        d.proc.kill()
        d.proc.wait()
        world.faults.disk_takes(0, world.folder / "state")
        lost += next_life(world, promised)
        world.load.start(world.daemon)
    return world.faults.disk_waits(), lost + world.recover()


def cgroup(world, rounds):
    """New series until the kernel ends nablad, since its cgroup may have no more; then a start on what it left."""
    lost = 0
    for n in range(rounds):
        d = world.daemon
        world.load.wait_acked(3)
        wait_alerts(world)
        promised = promise(world)
        world.group.limit(world.group.usage() + 2**20)

        def ended():
            with contextlib.suppress(OSError):
                d.send("".join(f"full,round={n},t={time.monotonic_ns()},n={i} value=1\n" for i in range(2000)),
                       wait=False)
            return d.proc.poll() is not None
        eventually(ended, "the kernel's end of it")
        assert d.proc.returncode == -signal.SIGKILL, d.log()[-4000:]
        world.group.limit(None)
        lost += next_life(world, promised)
        world.load.start(world.daemon)
    return rounds, lost + world.recover()


def silent(world, rounds):
    """Targets of push and of alerts accept and never answer."""
    for _ in range(rounds):
        world.load.wait_acked(20)
    d = world.daemon
    eventually(lambda: d.metric("nablad_notifications_total", outcome="retried") >= 2, "tries to tell")
    eventually(lambda: d.metric("nablad_push_retried_points_total") > 0, "tries to push")
    return rounds, world.recover()


# name: (scenario, rounds in short, rounds in long)
OTHERS = {
    "descriptors": (descriptors, 2, 100),
    "memory": (memory, 2, 50),
    "cgroup": (cgroup, 2, 30),
    "starved": (starved, 3, 200),
    "stopped": (stopped, 6, 300),
    "clock": (clock, 8, 400),
    "killed": (killed, 3, 100),
    "forgetful": (forgetful, 4, 100),
    "slow-disk": (slow_disk, 4, 40),
    "silent": (silent, 2, 50),
}


def run(world, name, long=False):
    """The scenario, or what is done instead where it cannot be: main.py and test_faults.py say so."""
    if name == "cgroup" and world.group is None:
        name = "memory"
    if name in FAILING:
        return failing(world, name, long)
    scenario, short, many = OTHERS[name]
    return scenario(world, many if long else short)
