"""The units: right by systemd's own judgement, closed tightly, and nablad works as they confine it."""
import ctypes
import errno
import os
import platform
import re
import shutil
import socket
import subprocess

import pytest

import daemon

UNITS = daemon.ROOT / "systemd"
EXPOSURE_MAX = 1.5


@pytest.fixture
def units(tmp_path):
    """A folder with both units, the service starting the nablad that is tested."""
    for unit in ("nablad.service", "nablad.socket"):
        text = (UNITS / unit).read_text().replace("/usr/sbin/nablad", str(daemon.NABLAD))
        (tmp_path / unit).write_text(text)
    assert str(daemon.NABLAD) in (tmp_path / "nablad.service").read_text()
    return tmp_path


def analyze(*args, cwd):
    return subprocess.run(["systemd-analyze", *args], cwd=cwd, capture_output=True, text=True,
                          timeout=60)


def complaints(units):
    # what it says of other units of this machine is not about ours
    done = analyze("verify", "--man=no", "./nablad.service", "./nablad.socket", cwd=units)
    return [line for line in done.stderr.splitlines() if "nablad" in line], done.returncode


def test_verify_has_nothing_to_say(units):
    assert complaints(units) == ([], 0)


def test_verify_would_have_said_something(units):
    with open(units / "nablad.service", "a") as f:
        f.write("[Service]\nProtectSistem=strict\nWatchdogSec=soon\n")
    said, _ = complaints(units)
    assert len(said) == 2 and "ProtectSistem" in said[0] and "soon" in said[1]


def test_exposure(units):
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX * 10:.0f}",
                   "--no-pager", "./nablad.service", cwd=units)
    overall = re.search(r"Overall exposure level for nablad\.service: ([\d.]+)", done.stdout)
    assert overall, done.stderr
    assert float(overall[1]) <= EXPOSURE_MAX and done.returncode == 0


def test_pages_and_files_that_units_name_are_there():
    text = (UNITS / "nablad.service").read_text() + (UNITS / "nablad.socket").read_text()
    pages = re.findall(r"man:([\w.-]+)\((\d)\)", text)
    assert pages
    for name, section in pages:
        assert (daemon.ROOT / "docs" / "man" / f"{name}.{section}").is_file()


def test_sockets_are_the_listeners_of_the_shipped_configuration():
    import yaml
    conf = yaml.safe_load((daemon.ROOT / "config" / "nablad.yaml").read_text())
    kinds = {"tcp": "ListenStream", "udp": "ListenDatagram"}
    wanted = {(kinds[l["protocol"]], l["address"]) for l in conf["ingest"]["listeners"]}
    wanted.add(("ListenStream", conf["http"]["listen"]))
    text = (UNITS / "nablad.socket").read_text()
    assert set(re.findall(r"^(Listen\w+)=(\S+)$", text, re.M)) == wanted


def test_socket_activation(nablad, free_port):
    ports = {"tcp": free_port(), "http": free_port()}
    activate = shutil.which("systemd-socket-activate")
    assert activate, "systemd is not installed"
    config = f"""
        ingest: {{listeners: [{{address: '127.0.0.1:{ports["tcp"]}', protocol: tcp}}]}}
        http: {{listen: '127.0.0.1:{ports["http"]}'}}"""
    command = [activate, f"--listen=127.0.0.1:{ports['tcp']}",
               f"--listen=127.0.0.1:{ports['http']}", daemon.NABLAD]
    d = nablad(config, command=command, ready=False)

    def connect():
        try:
            return socket.create_connection(("127.0.0.1", ports["tcp"]), timeout=30)
        except ConnectionRefusedError:
            return None

    with daemon.eventually(connect, "the socket") as sock:  # the first connection starts nablad
        d.wait_ready()
        sock.sendall(b"t value=1\n")
        d.wait_lines(1)
    assert d.tcp[1] == ports["tcp"] and d.http_address[1] == ports["http"]
    d.stop()


class Filter(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8),
                ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("n", ctypes.c_uint16), ("filters", ctypes.POINTER(Filter))]


MMAP_MPROTECT = {"x86_64": (9, 10), "aarch64": (222, 226)}
LOAD, JUMP_EQUAL, JUMP_SET, RETURN, AND = 0x20, 0x15, 0x45, 0x06, 0x54
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
PROT_WRITE, PROT_EXEC = 2, 4


def deny_write_execute():
    """What MemoryDenyWriteExecute= does: no mapping that is writable and executable, none that
    becomes executable later. Run between fork and exec."""
    mmap, mprotect = MMAP_MPROTECT[platform.machine()]
    both = PROT_WRITE | PROT_EXEC
    program = [(LOAD, 0, 0, 0),                   # the call's number
               (JUMP_EQUAL, 0, 3, mmap),
               (LOAD, 0, 0, 32),                  # its third argument: the protection
               (AND, 0, 0, both),
               (JUMP_EQUAL, 4, 3, both),
               (JUMP_EQUAL, 0, 2, mprotect),
               (LOAD, 0, 0, 32),
               (JUMP_SET, 1, 0, PROT_EXEC),
               (RETURN, 0, 0, ALLOW),
               (RETURN, 0, 0, REFUSE)]
    filters = (Filter * len(program))(*[Filter(*line) for line in program])
    libc = ctypes.CDLL(None, use_errno=True)
    pr_set_no_new_privs, pr_set_seccomp, mode_filter = 38, 22, 2
    given = Program(len(program), filters)
    if libc.prctl(pr_set_no_new_privs, 1, 0, 0, 0) or libc.prctl(
            pr_set_seccomp, mode_filter, ctypes.byref(given), 0, 0):
        os._exit(125)


CONFINE = """
import os, sys
sys.path.insert(0, {folder!r})
import test_systemd
test_systemd.deny_write_execute()
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.skipif(platform.machine() not in MMAP_MPROTECT, reason="no filter for this machine")
def test_expressions_match_where_no_machine_code_can_be_made(nablad, tmp_path):
    """MemoryDenyWriteExecute= takes PCRE2's compiler away: the interpreter must answer."""
    confine = tmp_path / "confine.py"
    confine.write_text(CONFINE.format(folder=str(daemon.ROOT / "tests" / "e2e")))
    command = ["/usr/bin/python3", confine]
    probe = "import mmap; mmap.mmap(-1, 4096, prot=7)"  # the filter does refuse
    refused = subprocess.run([*command, "/usr/bin/python3", "-c", probe], capture_output=True)
    assert refused.returncode == 1 and b"PermissionError" in refused.stderr
    d = nablad(command=[*command, daemon.NABLAD])
    d.send("t,s=s17 value=1\nt,s=s2 value=1\n")
    assert [r["metric"]["s"] for r in d.rates('t{s=~"s1.*"}')] == ["s17"]
    assert [r["metric"]["s"] for r in d.rates('t{s!~"s1.*"}')] == ["s2"]
