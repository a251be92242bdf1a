"""A nablad with everything that it has to do with: a load, a sink that takes its points, a webhook that hears of
alerts, a state directory, and libfaults.so in front of its libc.

    guarded   HTTPS with passwords, a listener of lines by TLS, a journal: what is acknowledged outlives any kill
    plain     none of these: what is acknowledged outlives a kill once it is in a snapshot
"""
import contextlib
import socket

import yaml

import daemon
import doors
import memory_group
from alert_peers import Hook
from daemon import eventually
from load import NS, SERIES, T0, Load
from pki import Pki
from preloaded import Faults
from push_peers import Sink

RULES = {"groups": [{"name": "g", "rules": [
    {"alert": "Written", "match": "acked", "when": "value > 0"},
    {"alert": "Alarm", "match": "alarm", "when": "value > 0"}]}]}


def point(line):
    """A Graphite line of a rate: (series, seconds)."""
    key, _, t = line.split()
    return key, float(t)


class World:
    """World(folder) is started; close() ends what is left of it."""

    def __init__(self, folder, silent=False, guarded=True, group=None):
        self.folder, self.guarded = folder, guarded
        self.group = group  # of memory, for each life of nablad's; None: the one we are in
        self.faults = Faults(folder / "page")
        self.hook, self.sink, self.load = Hook(), Sink(0), Load()
        self.silent = socket.create_server(("127.0.0.1", 0)) if silent else None
        (folder / "rules.yaml").write_text(yaml.safe_dump(RULES))
        self.doors = self.guard() if guarded else {}
        self.lives, self.daemon = 0, None
        self.begin()
        self.load.start(self.daemon)

    def guard(self):
        """What config() says more of a daemon that lets in only whom it knows."""
        pki = Pki(self.folder / "pki")
        cert, key = map(str, pki.make("server"))
        lines = [{"address": "127.0.0.1:0", "protocol": protocol} for protocol in ("tcp", "udp", "tcp")]
        lines[2].update(cert_file=cert, key_file=key)
        web = {"tls_server_config": {"cert_file": cert, "key_file": key},
               "basic_auth_users": {"alice": doors.bcrypt("wonder")}}
        return {"http": doors.web_yml(self.folder, web), "ingest": {"listeners": lines}}

    def config(self):
        push = [{"url": f"tcp://127.0.0.1:{self.sink.port}", "name": "sink", "format": "graphite",
                 "flush": "50ms", "match": ["acked"]}]
        hooks = [{"url": self.hook.url}]
        if self.silent:  # it accepts and never says a word
            at = "127.0.0.1:%d" % self.silent.getsockname()[1]
            push += [{"url": f"{scheme}://{at}/", "format": "influx", "timeout": "300ms"}
                     for scheme in ("http", "tcp")]
            push[-1]["url"] = f"tcp://{at}"
            hooks += [{"url": f"http://{at}/", "timeout": "300ms"}]
        return yaml.safe_dump({
            "rules": str(self.folder / "rules.yaml"), "alerting": {"webhooks": hooks}, "push": push,
            "state": {"directory": str(self.folder / "state"), "interval": "500ms", "journal": self.guarded},
            "shutdown_timeout": "20s", **self.doors})

    def begin(self):
        """One life of nablad's, on the state of the last."""
        folder = self.folder / f"life-{self.lives}"
        folder.mkdir()
        self.lives += 1
        command = self.group.command(daemon.NABLAD) if self.group else None
        self.daemon = daemon.Daemon(folder, self.config(), env=self.faults.env, command=command, ready=False)
        self.daemon.wait_ready()
        if self.guarded:
            self.daemon.headers = doors.basic("alice", "wonder")

    def close(self):
        self.faults.set()
        self.load.done.set()
        with contextlib.suppress(AssertionError):
            self.load.stop()
        self.daemon.teardown()
        self.sink.close()
        self.hook.close()
        if self.silent:
            self.silent.close()

    # -- what must hold once nothing fails any more ----------------------------------------------------

    def pushed(self, what):
        return self.daemon.metric(f"nablad_push_{what}", target="sink")

    def missing_points(self):
        """Points of acknowledged samples that the sink never got: of all but a series' first and last."""
        got = {point(line) for line in self.sink.lines}
        return sum((f"acked_per_second;n={i};w={w}", float(T0 + n)) not in got
                   for w, acked in self.load.acked.items() for n in acked[1:-1] for i in range(SERIES))

    def told(self, name):
        return any(alert["labels"]["alertname"] == name for body in self.hook.bodies()
                   for alert in body["alerts"])

    def wait_saved(self):
        """All that was acknowledged before is in a snapshot: one that began later is whole."""
        before = self.daemon.metric("nablad_state_snapshots_total")
        eventually(lambda: self.daemon.metric("nablad_state_snapshots_total") >= before + 2, "a snapshot")

    def recover(self):
        """No help but that nothing fails any more: all is as it was. Returns how much that was acknowledged is lost:
        samples, and points that are not counted as dropped."""
        self.faults.set()
        d = self.daemon
        assert d.proc.poll() is None, d.log()[-4000:]
        self.load.wait_acked(10)
        self.load.stop()
        lost = self.load.check(d)
        d.send(f"alarm value=1 {T0 * NS}")
        self.wait_saved()
        eventually(lambda: self.pushed("buffered_points") == 0, "an empty buffer")
        dropped = self.pushed("dropped_points_total")
        eventually(lambda: self.missing_points() <= dropped, "every point at the sink")
        eventually(lambda: self.told("Alarm"), "the alarm")
        assert d.get("/-/reload", method="POST")[0] == 200
        d.stop()
        return lost
