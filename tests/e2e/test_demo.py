"""./dev run as a newcomer meets it, and the feeder behind --demo."""
import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import urllib.parse

import pytest

from daemon import BUILD, ROOT, config_yaml, eventually, host_port
from peers import fetch


class DevRun:
    """./dev run on a configuration with free ports; what it prints is in .text()."""

    def __init__(self, folder, *args, config="{}"):
        self.config = folder / "nablad.yaml"
        self.config.write_text(config_yaml(config))
        self.out = folder / "out"
        with open(self.out, "wb") as out:
            self.proc = subprocess.Popen(
                [str(ROOT / "dev"), "run", "--config", str(self.config), *args], cwd=folder,
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                env={**os.environ, "NABLA_BUILD": str(BUILD)})

    def text(self):
        return self.out.read_text()

    def wait_guide(self):
        """Past event=ready, the guide stands above it."""
        eventually(lambda: "event=ready" in self.text(), "the daemon")
        return self.text()

    def url(self):
        return re.search(r"(http://[0-9.:]+)/api/v1/rates", self.text())[1]

    def stop(self, by=signal.SIGINT):
        os.killpg(self.proc.pid, by)  # Ctrl-C reaches the whole group
        return self.proc.wait(60)


@pytest.fixture
def dev_run(tmp_path):
    started = []

    def start(*args, **more):
        folder = tmp_path / f"run-{len(started)}"
        folder.mkdir()
        started.append(DevRun(folder, *args, **more))
        return started[-1]
    yield start
    for run in started:
        if run.proc.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                run.stop()
        if run.proc.poll() is None:
            os.killpg(run.proc.pid, signal.SIGKILL)
            run.proc.wait()


def rates(url, selector):
    query = urllib.parse.quote(selector)
    return json.loads(fetch(f"{url}/api/v1/rates?match[]={query}"))["data"]


def test_run_prints_what_to_paste_and_it_works(dev_run):
    run = dev_run()
    text = run.wait_guide()
    guide, log = text.split("time=", 1)
    assert "Ctrl-C" in guide and "/metrics" in guide and "event=listening" in log
    send, ask = [l.strip() for l in guide.splitlines() if l.strip().startswith(("for ", "curl "))]
    subprocess.run(["bash", "-c", send], check=True, timeout=60)

    def asked():
        return subprocess.run(["bash", "-c", ask], check=True, timeout=60, capture_output=True,
                              text=True).stdout
    eventually(lambda: '"order":2' in asked().replace(" ", ""), "a rate")
    assert run.stop() == 0
    assert "event=stopped" in run.text()


def test_run_ends_on_sigterm(dev_run):
    run = dev_run()
    run.wait_guide()
    run.proc.terminate()
    assert run.proc.wait(60) == 0
    with pytest.raises(OSError):
        fetch(run.url() + "/-/healthy")


def test_run_tells_that_a_port_is_in_use(dev_run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        run = dev_run(config=f"http: {{listen: '127.0.0.1:{taken.getsockname()[1]}'}}")
        assert run.proc.wait(60) == 1
    assert "in use" in run.text().splitlines()[-1]


def test_run_refuses_options_it_does_not_know(dev_run):
    run = dev_run("--dmeo")
    assert run.proc.wait(60) == 1 and "--dmeo" in run.text()


def test_demo_shows_real_rates(dev_run):
    run = dev_run("--demo")
    run.wait_guide()
    url = run.url()

    def cpu():
        return [r["rate"]["value"] for r in rates(url, '{__name__="cpu_seconds_total"}') if r["rate"]]

    def whole():  # not some of the modes, the others' third sample being still on its way
        seconds = cpu()
        return 0.5 * os.cpu_count() < sum(seconds) < 1.5 * os.cpu_count() + 1 and seconds

    seconds = eventually(whole, "CPU seconds of all processors")
    assert all(value >= 0 for value in seconds)
    names = {r["metric"]["__name__"] for r in rates(url, '{source="demo"}')}
    assert {"load", "memory_bytes", "cpu_seconds_total", "network_bytes_total"} <= names
    assert b'nablad_rejected_total{reason="syntax"} 0' in fetch(url + "/metrics")
    (feeder,) = children(run.proc.pid, "demo-feed")
    assert run.stop() == 0
    eventually(lambda: not os.path.exists(f"/proc/{feeder}"), "the feeder's end")


def children(pid, name):
    """Process ids below pid whose command line holds name."""
    below = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(p) for p in below if name.encode() in pathlib.Path(f"/proc/{p}/cmdline").read_bytes()]


def test_the_feeder_survives_a_restart(nablad, free_port):
    port = free_port()
    config = f'ingest: {{listeners: [{{address: "127.0.0.1:{port}", protocol: tcp}}]}}'
    first = nablad(config)
    feeder = subprocess.Popen([ROOT / "scripts" / "demo-feed", f"127.0.0.1:{port}"])
    try:
        eventually(lambda: first.rates("load"), "readings")
        first.stop()
        second = nablad(config)
        assert host_port(second.listeners[0])[1] == port
        eventually(lambda: second.rates("load"), "readings after the restart")
    finally:
        feeder.terminate()
        assert feeder.wait(30) == 0
