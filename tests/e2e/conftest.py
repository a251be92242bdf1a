"""Fixtures of the end-to-end tests: the real programs, on loopback, each in a folder of its own.

NABLA_BUILD names the build folder whose programs are tested; build/release if it is not set.
"""
import contextlib
import itertools
import signal
import socket
import subprocess

import pytest

import daemon


def pytest_configure(config):
    # a shell ignores it for what it starts in the background, and so would all that is started here
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow: left out of the shorter run under sanitizers")
    missing = [str(p) for p in (daemon.NABLAD, daemon.NABLA) if not p.exists()]
    if missing and not config.option.collectonly:
        raise pytest.UsageError(f"not built: {', '.join(missing)}")


@pytest.fixture
def nablad(tmp_path):
    """nablad(config_text=None, args=(), env=None) starts a daemon and returns it when it is ready.
    config_text is YAML over daemon.BASE: one TCP, one UDP and the HTTP listener, each on port 0."""
    running = []
    number = itertools.count()

    def start(config_text=None, args=(), env=None, **more):
        folder = tmp_path / f"nablad-{next(number)}"
        folder.mkdir()
        # not ready in the constructor: a daemon that never gets so far must be ended, too
        d = daemon.Daemon(folder, config_text, args, env, ready=False,
                          **{k: v for k, v in more.items() if k != "ready"})
        running.append(d)
        if more.get("ready", True):
            d.wait_ready()
        return d

    yield start
    faults = []
    for d in reversed(running):
        try:
            d.teardown()
        except (AssertionError, subprocess.TimeoutExpired) as fault:
            faults.append(str(fault))
    assert not faults, "\n".join(faults)


@pytest.fixture
def run_nablad(tmp_path):
    """run_nablad(*args) runs nablad to its end: a CompletedProcess."""
    def run(*args, timeout=daemon.DEADLINE_S, **more):
        return subprocess.run([daemon.NABLAD, *map(str, args)], cwd=tmp_path, timeout=timeout,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
    return run


@pytest.fixture
def nabla(tmp_path):
    """nabla(*args, input=None) runs the command to its end: a CompletedProcess."""
    def run(*args, input=None, timeout=daemon.DEADLINE_S, **more):
        if not isinstance(input, (bytes, bytearray)):
            more.setdefault("text", True)
        if input is None:
            more.setdefault("stdin", subprocess.DEVNULL)
        else:
            more["input"] = input
        done = subprocess.run([daemon.NABLA, *map(str, args)], cwd=tmp_path, timeout=timeout,
                              capture_output=True, **more)
        err = done.stderr if isinstance(done.stderr, str) else done.stderr.decode(errors="replace")
        assert not daemon.SANITIZER.search(err), err
        return done
    return run


@pytest.fixture
def free_port():
    """free_port() -> a TCP and UDP port of 127.0.0.1 that nobody uses. Its TCP side is bound, and refuses, until the
    test ends: the kernel gives it to nobody else, and who says SO_REUSEADDR, as servers do, may listen."""
    held = []

    def find():
        while True:
            tcp = socket.socket()
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(("127.0.0.1", 0))
            held.append(tcp)
            port = tcp.getsockname()[1]
            with socket.socket(type=socket.SOCK_DGRAM) as udp, contextlib.suppress(OSError):
                udp.bind(("127.0.0.1", port))
                return port

    yield find
    for tcp in held:
        tcp.close()
