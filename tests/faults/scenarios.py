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


def killed(world, rounds):
    """kill -9, and a start on what it left: it starts; series, alerts and points that were on the disk are there, and
    the points go out when the sink is back. With a journal all that was acknowledged is promised, and the kill comes at
    any moment; without, what was acknowledged before the last snapshot."""
    chance = random.Random(9)
    alerts = world.folder / "state" / "alerts"
    world.sink.close()
    lost = waiting = 0
    for _ in range(rounds):
        world.load.wait_acked(3)
        eventually(lambda: alerts.exists() and world.told("Written"), "saved alerts")
        eventually(lambda: waiting_points(world) > waiting, "queued points")
        promised = None
        if world.guarded:
            time.sleep(chance.random() / 2)
        else:
            promised = {w: list(acked) for w, acked in world.load.acked.items()}
            world.wait_saved()
        waiting = waiting_points(world)
        world.daemon.proc.kill()
        world.daemon.proc.wait()
        world.load.next_life()
        world.begin()
        assert world.daemon.events("alerts_restored"), world.daemon.log()
        lost += world.load.check(world.daemon, world.load.life - 1, promised)
        eventually(lambda: world.pushed("buffered_points") >= waiting, f"{waiting} points from the disk")
        world.load.start(world.daemon)
    world.sink.open()
    lost += world.recover()
    # what a journal brings back is derived again, and queued again
    sent = len(world.sink.lines) if world.guarded else len(set(world.sink.lines))
    return rounds, lost + max(0, waiting - sent)


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
    "starved": (starved, 3, 200),
    "stopped": (stopped, 6, 300),
    "clock": (clock, 8, 400),
    "killed": (killed, 3, 100),
    "silent": (silent, 2, 50),
}


def run(world, name, long=False):
    if name in FAILING:
        return failing(world, name, long)
    scenario, short, many = OTHERS[name]
    return scenario(world, many if long else short)
