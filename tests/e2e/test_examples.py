"""config/examples/: each runs, on ports of its own, and takes a line on every listener."""
import pickle
import re
import struct

import pytest
import yaml

from daemon import ROOT, host_port

EXAMPLES = sorted((ROOT / "config" / "examples").glob("*.yaml"))

LINES = {"auto": "seen value=1\n", "influx": "seen value=1\n", "graphite": "seen 1\n",
         "json": '{"metric":"seen","value":1}\n', "statsd": "seen:1|c\n"}


def send_pickle(d, nth):
    body, before = pickle.dumps([("seen", (-1, 1))]), d.lines_total()
    with d.connect(nth) as sock:
        sock.sendall(struct.pack("!L", len(body)) + body)
    d.wait_lines(1, before)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: p.name)
def test_an_example_runs(nablad, example):
    text = re.sub(r"((?:\d+\.){3}\d+|\[::1\]):\d+", r"\1:0", example.read_text())
    config = yaml.safe_load(text)
    if "state" in config:
        config["state"]["directory"] = "state"
    if "rules" in config:
        files = config["rules"] if isinstance(config["rules"], list) else [config["rules"]]
        config["rules"] = [str(example.parent / name) for name in files]
    config.setdefault("http", {})["listen"] = "127.0.0.1:0"
    d = nablad(yaml.safe_dump(config))
    seen = {"tcp": 0, "udp": 0}
    for listener in config.get("ingest", {}).get("listeners", []):
        format, over = listener.get("format", "auto"), listener["protocol"]
        if format == "pickle":
            send_pickle(d, seen[over])
        else:
            (d.send if over == "tcp" else d.send_udp)(LINES[format], nth=seen[over])
        seen[over] += 1
    assert d.rejected() == 0
    if sum(seen.values()):
        assert d.rate("seen")
