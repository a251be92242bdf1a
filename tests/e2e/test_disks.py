"""Disks that stand still, are full, or can only be read: samples come in, it is said and counted, and all goes on by
itself when the disk does. Full and read-only are a file system's own, in a mount namespace of nablad's."""
import pathlib
import subprocess
import sys
import threading
import time

import pytest
import yaml

from daemon import BUILD, NABLAD, eventually

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from preloaded import LIBRARY, Faults  # noqa: E402

HAS_SANITIZER = "NABLA_SANITIZE:STRING=\n" not in (BUILD / "CMakeCache.txt").read_text()
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


@pytest.mark.skipif(HAS_SANITIZER, reason="a sanitizer has a malloc of its own")
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
    left = f"/proc/{d.proc.pid}/root{disk.folder}/left"
    with open(left, "wb", buffering=0) as f, pytest.raises(OSError):
        while True:
            f.write(bytes(4096))
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


def _can_write(folder):
    try:
        (folder / "x").write_bytes(b"")
    except OSError:
        return False
    return True


# -- files that are not what they should be: the other ones are in test_state.py -------------------------


def test_a_state_of_a_later_version_is_set_aside(nablad, tmp_path):
    text = yaml.safe_dump({"state": {"directory": str(tmp_path / "state"), "interval": "100ms"}})
    d = nablad(text)
    d.send(LINE.format("old", 1))
    d.stop()
    path = tmp_path / "state" / "state.mdb"
    data = path.read_bytes().replace(b"NABLAST\0\1\0\0\0", b"NABLAST\0\2\0\0\0")
    path.write_bytes(data)
    d = nablad(text)
    assert "later nablad" in d.events("state_damaged")[0]["why"] and d.metric("nablad_state_damaged") >= 1
    expect_ingest(d, "new")
    assert d.wait_event("state_set_aside")["file"] == "state.mdb.newer"
    assert path.with_name("state.mdb.newer").read_bytes() == data


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
