"""Disks that stand still, are full, or can only be read: samples come in, it is said and counted, and all goes on by
itself when the disk does. Full and read-only are a file system's own, in a mount namespace of nablad's."""
import pathlib
import signal
import subprocess
import sys
import threading
import time

import pytest
import yaml

from alert_peers import hook
from daemon import NABLAD, eventually, is_sanitized

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from preloaded import LIBRARY, Faults  # noqa: E402

LINE = "m,by={} value={} 1700000000000000000\n"


def config(folder):
    return yaml.safe_dump({"state": {"directory": str(folder), "interval": "100ms", "journal": True}})


def write(d, by):
    """By HTTP, which is answered when it is in the journal. Returns the status and what the answer says."""
    status, _, body = d.get("/write", method="POST", data=LINE.format(by, 1))
    return status, body


def expect_ingest(d, by):
    d.send(LINE.format(by + "-tcp", 1))
    d.send_udp(LINE.format(by + "-udp", 1))
    assert {r["metric"]["by"] for r in d.rates(f'm{{by=~"{by}-.*"}}')} == {by + "-tcp", by + "-udp"}


@pytest.mark.skipif(is_sanitized(), reason="a sanitizer has a malloc of its own")
def test_a_disk_that_stands_still(nablad, tmp_path):
    """The slowest there is: nothing waits for it but the request that asked for its word, and the snapshot."""
    assert LIBRARY.exists(), "not built"
    faults = Faults(tmp_path / "page")
    d = nablad(config(tmp_path / "state"), env=faults.env)
    assert write(d, "before")[0] == 204
    before = d.metric("nablad_journal_sync_seconds_total")
    faults.disk_stands(True)
    try:
        answers = []
        waits = threading.Thread(target=lambda: answers.append(write(d, "waits")))
        waits.start()
        eventually(lambda: d.rates('m{by="waits"}'), "its sample")
        syncs, snapshots = d.metric("nablad_journal_syncs_total"), d.metric("nablad_state_snapshots_total")
        for n in range(20):
            expect_ingest(d, f"while{n}")
            assert d.get("/-/reload", method="POST")[0] == 200
        assert d.metric("nablad_journal_syncs_total") == syncs
        assert d.metric("nablad_state_snapshots_total") <= snapshots + 1
        assert waits.is_alive() and not answers
    finally:
        faults.disk_stands(False)
    waits.join()
    assert answers[0][0] == 204
    assert d.metric("nablad_journal_sync_seconds_total") > before
    eventually(lambda: d.metric("nablad_state_snapshots_total") > snapshots + 1, "snapshots")
    assert d.metric("nablad_state_failures_total") == 0 and d.metric("nablad_journal_failures_total") == 0


class Disk:
    """A tmpfs that only nablad sees, at folder. Where none may be mounted there is none: see can_be."""

    def __init__(self, folder, options):
        self.folder, self.options = folder, options
        folder.mkdir()

    def command(self):
        mount = f'mount -t tmpfs -o {self.options} none "{self.folder}" && exec "$0" "$@"'
        return ["unshare", "-m", "sh", "-c", mount, str(NABLAD)]

    def remount(self, d, options):
        subprocess.run(["nsenter", "-t", str(d.proc.pid), "-m", "mount", "-o", f"remount,{options}",
                        str(self.folder)], check=True, timeout=60)

    def seen_by(self, d):
        return pathlib.Path(f"/proc/{d.proc.pid}/root{self.folder}")

    def fill(self, d):
        with open(self.seen_by(d) / "left", "wb", buffering=0) as f, pytest.raises(OSError):
            while True:
                f.write(bytes(4096))

    def copy(self, d, name, to):
        """While nablad stands still: what it is about to write is then not in the file, or all of it."""
        d.proc.send_signal(signal.SIGSTOP)
        eventually(lambda: pathlib.Path(f"/proc/{d.proc.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T",
                   "its standstill")
        to.write_bytes((self.seen_by(d) / name).read_bytes())
        d.proc.send_signal(signal.SIGCONT)
        return to

    @staticmethod
    def can_be(folder):
        return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", str(folder)], timeout=60,
                              capture_output=True).returncode == 0


def expect_failing(d, says):
    eventually(lambda: d.metric("nablad_state_failures_total") >= 2, "failures")
    assert says in d.wait_event("state_not_saved")["why"]
    status, body = write(d, "refused")
    assert status == 503 and "the journal cannot be written" in body["error"]
    assert says in d.wait_event("journal_failed")["why"]
    assert d.metric("nablad_journal_failures_total") >= 1
    assert d.metric("nablad_journal_refused_total", reason="failed") >= 1
    expect_ingest(d, "while")


def expect_works(d):
    d.wait_event("state_saved_again")
    eventually(lambda: write(d, "after")[0] == 204, "an answer")
    d.wait_event("journal_works")
    expect_ingest(d, "after")


def test_a_full_disk(nablad, tmp_path):
    if not Disk.can_be(tmp_path):
        pytest.skip("no file system may be mounted here")
    disk = Disk(tmp_path / "state", "size=256k")
    d = nablad(config(disk.folder), command=disk.command())
    eventually(lambda: d.metric("nablad_state_snapshots_total") >= 1, "a state.mdb, which then stays")
    disk.fill(d)
    at = int(time.time()) * 10**9
    d.send("".join(f"many,i={i},where=somewhere value=1 {at}\n" for i in range(5000)))
    expect_failing(d, "No space left on device")
    disk.remount(d, "size=64m")
    expect_works(d)
    assert len(d.rates("many", limit=0)) == 5000


def test_a_disk_that_can_only_be_read(nablad, tmp_path):
    mounts = Disk.can_be(tmp_path)
    disk = Disk(tmp_path / "state", "ro")
    if not mounts:
        disk.folder.chmod(0o500)
        assert not _can_write(disk.folder), "root, and yet nothing may be mounted: there is no such disk here"
    d = nablad(config(disk.folder), command=disk.command() if mounts else None)
    expect_failing(d, "Read-only file system" if mounts else "Permission denied")
    if mounts:
        disk.remount(d, "rw")
    else:
        disk.folder.chmod(0o700)
    expect_works(d)


# -- alerts, whose file is another one than that of series -----------------------------------------------

RULES = {"groups": [{"name": "g", "rules": [{"alert": "High", "match": "level", "when": "value > 5"}]}]}


def alerting_config(folder, rules, url):
    rules.write_text(yaml.safe_dump(RULES))
    return yaml.safe_dump({"rules": str(rules), "state": {"directory": str(folder), "interval": "100ms"},
                           "alerting": {"webhooks": [{"url": url, "timeout": "1m"}]}})  # no retry on a slow machine


def set_levels(d, at_s, tanks, value):
    d.send("".join(f"level,tank={t} value={value} {1700000000 + at_s}000000000\n" for t in tanks))


def expect_alerts_go_on(d, h, says):
    """They fire and end, it is told of, and said that it is not saved."""
    assert says in d.wait_event("alerts_not_saved")["why"]
    set_levels(d, 1, ["while", "over"], 9)
    eventually(lambda: h.told("tank").get("while") and h.told("tank").get("over"), "a word of both")
    set_levels(d, 2, ["over"], 1)
    eventually(lambda: h.told("tank")["over"] == ["firing", "resolved"], "its end")
    failures = d.metric("nablad_state_failures_total")
    eventually(lambda: d.metric("nablad_state_failures_total") > failures, "another try")


def firing_in(nabla, file):
    dumped = nabla("state", "dump", file)
    assert dumped.returncode == 0, dumped.stderr
    return sum('"phase":"firing"' in line for line in dumped.stdout.splitlines())


@pytest.mark.parametrize("options, says, room", [
    ("size=256k", "No space left on device", "size=64m"), ("ro", "Read-only file system", "rw")], ids=["full", "ro"])
def test_alerts_on_a_disk_that_takes_nothing(nablad, nabla, tmp_path, options, says, room):
    if not Disk.can_be(tmp_path):
        pytest.skip("no file system may be mounted here")
    disk = Disk(tmp_path / "state", options)
    with hook() as h:
        text = alerting_config(disk.folder, tmp_path / "rules.yaml", h.url)
        d = nablad(text, command=disk.command())
        if options != "ro":
            eventually((disk.seen_by(d) / "alerts.mdb").exists, "an alerts.mdb, which then stays")
            disk.fill(d)
        set_levels(d, 0, [f"t{i}" for i in range(2000)], 9)
        expect_alerts_go_on(d, h, says)
        eventually(lambda: len(h.told("tank")) == 2002, "all of them")
        disk.remount(d, room)
        d.wait_event("alerts_saved_again")
        (tmp_path / "copy").mkdir()
        copy = tmp_path / "copy" / "alerts.mdb"
        eventually(lambda: firing_in(nabla, disk.copy(d, "alerts.mdb", copy)) == 2001, "the file")
        assert h.told("tank")["while"] == ["firing"] and h.told("tank")["over"] == ["firing", "resolved"]


def _can_write(folder):
    try:
        (folder / "x").write_bytes(b"")
    except OSError:
        return False
    return True


# -- files that are not what they should be: the other ones are in test_state.py -------------------------


LATER = {"state.mdb": ("state_damaged", "state_set_aside"), "alerts.mdb": ("alerts_not_restored", "alerts_set_aside")}


@pytest.mark.parametrize("name", LATER)
def test_a_file_of_a_later_version_is_set_aside(nablad, nabla, tmp_path, name):
    """It is said, kept as it is under another name, and costs neither the start nor the other file."""
    said, aside = LATER[name]
    text = alerting_config(tmp_path / "state", tmp_path / "rules.yaml", "http://127.0.0.1:9/")
    d = nablad(text)
    set_levels(d, 0, ["old"], 9)
    eventually(lambda: d.data("/api/v1/alerts")["alerts"], "an alert")
    d.stop()
    path = tmp_path / "state" / name
    data = path.read_bytes().replace(b"NABLAST\0\1\0\0\0", b"NABLAST\0\2\0\0\0")
    path.write_bytes(data)
    for verb in ("verify", "dump"):
        refused = nabla("state", verb, path)
        assert refused.returncode == 2 and "is of version 2; this nabla knows up to 1" in refused.stderr
    d = nablad(text)
    assert "is of a later nablad" in d.events(said)[0]["why"] and d.metric("nablad_state_damaged") >= 1
    assert not any(d.events(event) for other in LATER if other != name for event in LATER[other])
    expect_ingest(d, "new")
    assert d.wait_event(aside)["file"] == name + ".newer"
    assert path.with_name(name + ".newer").read_bytes() == data
    if name == "state.mdb":
        assert d.data("/api/v1/alerts")["alerts"] and not d.rates('level{tank="old"}')
    else:
        assert d.rates('level{tank="old"}')
    d.stop()
    d = nablad(text)  # by now all is of this version
    assert not any(d.events(event) for events in LATER.values() for event in events)


@pytest.mark.parametrize("change, event, lost", [
    (lambda data: data + b"torn", "journal_torn", 0),
    (lambda data: data.rstrip(b"\0")[:-10], "journal_torn", 1),
    (lambda data: data.replace(b"by=b1", b"by=xx"), "journal_damaged", 1),
], ids=["more", "less", "inside"])
def test_a_journal_that_is_not_as_it_was(nablad, tmp_path, change, event, lost):
    text = yaml.safe_dump({"state": {"directory": str(tmp_path / "state"), "interval": "1h", "journal": True}})
    d = nablad(text)
    eventually(lambda: d.metric("nablad_state_snapshots_total") == 1, "the first snapshot")
    for n in range(3):
        assert write(d, f"b{n}")[0] == 204
    d.proc.kill()
    d.proc.wait()
    path, = (tmp_path / "state").glob("journal-*")
    data = change(path.read_bytes())
    path.write_bytes(data)
    d = nablad(text)
    assert d.events(event)
    assert len(d.rates("m")) == 3 - lost
    if event == "journal_damaged":
        assert d.metric("nablad_journal_bad_bytes") > 0
        eventually(lambda: list((tmp_path / "state").glob("journal-*.bad")), "the file, kept")
    else:
        assert d.metric("nablad_journal_torn_bytes") > 0
