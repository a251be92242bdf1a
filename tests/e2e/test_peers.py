"""Programs that people send with, as Debian has them."""
import subprocess

import pytest

from daemon import DEADLINE_S, eventually
from peers import collectd

T0 = 1_700_000_000


@pytest.mark.parametrize("protocol, tags", [("tcp", False), ("tcp", True), ("udp", False)])
def test_collectd(nablad, tmp_path, protocol, tags):
    d = nablad()
    folder = tmp_path / "collectd"
    folder.mkdir()
    with collectd(folder, d.tcp if protocol == "tcp" else d.udp, protocol, tags):
        def rates():
            return d.rates('{__name__=~"collectd.*load.*"}', state="ok")
        eventually(lambda: any(r["rate"] for r in rates()), "a rate of collectd's load")
    loads = d.rates('{__name__=~"collectd.*load.*"}')
    assert len(loads) == 3  # short, middle and long term
    if tags:
        assert all(r["metric"]["host"] == "plant-03" for r in loads)
    else:
        assert {r["metric"]["__name__"] for r in loads} == {
            f"collectd.plant-03.load.load.{term}term" for term in ("short", "mid", "long")}
    assert d.rates('{__name__=~".*memory.*"}')
    others = {"not_finite"}  # a first CPU reading has no rate yet and comes as nan
    assert d.rejected() == sum(d.rejected(o) for o in others)


@pytest.mark.parametrize("argv", [
    ["socat", "-u", "STDIN", "UDP4-SENDTO:{host}:{port}"],
    ["nc", "-u", "-w1", "-N", "{host}", "{port}"],
])
def test_udp_senders(nablad, argv):
    d = nablad()
    host, port = d.udp
    lines = "".join(f"t,from=udp value={v} {T0 + v}000000000\n" for v in range(3))
    subprocess.run([a.format(host=host, port=port) for a in argv], input=lines, text=True,
                   check=True, timeout=DEADLINE_S)
    d.wait_lines(3)
    assert d.rate('t{from="udp"}')["rate"]["value"] == 1


@pytest.mark.parametrize("argv", [
    ["socat", "-u", "STDIN", "TCP4:{host}:{port}"],
    ["nc", "-N", "{host}", "{port}"],
    ["bash", "-c", "cat >/dev/tcp/{host}/{port}"],
])
def test_tcp_senders(nablad, argv):
    d = nablad()
    host, port = d.tcp
    lines = "".join(f"t,from=tcp value={v} {T0 + v}000000000\n" for v in range(3))
    subprocess.run([a.format(host=host, port=port) for a in argv], input=lines, text=True,
                   check=True, timeout=DEADLINE_S)
    d.wait_lines(3)
    assert d.rate('t{from="tcp"}')["rate"]["value"] == 1


def test_curl_asks(nablad):
    d = nablad()
    d.send(f"t 1 {T0}\n")
    done = subprocess.run(["curl", "-fsS", "--compressed", "-G", d.http + "/api/v1/rates",
                           "--data-urlencode", 'match[]={__name__="t"}'],
                          capture_output=True, text=True, timeout=DEADLINE_S, check=True)
    assert '"warming"' in done.stdout
