"""What stands before a Graphite server sends to nablad as it is: carbon-c-relay and collectd, with
configuration files such as people have; and the templates that make labels of their dotted names."""
import socket
import time

import pytest

from daemon import DEADLINE_S, eventually
from peers import collectd, running

T0 = 1_700_000_000

LISTENERS = """
ingest:
  listeners:
    - {address: 127.0.0.1:0, protocol: tcp, format: graphite}
    - {address: 127.0.0.1:0, protocol: udp, format: graphite}
"""

RELAY = """
# a relay as its documentation has it: rewrites, drops, sends to nablad
listen type linemode 127.0.0.1:{own} proto tcp;
cluster nablad
  forward {host}:{port}{proto}
  ;
rewrite ^servers\\.([^.]+)\\.(.+)$
  into hosts.\\1.\\2
  ;
match ^secret\\.
  send to blackhole
  stop
  ;
match *
  send to nablad
  stop
  ;
"""


@pytest.mark.parametrize("proto", ["tcp", "udp"])
def test_carbon_c_relay(nablad, tmp_path, free_port, proto):
    d = nablad(LISTENERS)
    folder, port = tmp_path / "relay", free_port()
    folder.mkdir()
    host, to = d.tcp if proto == "tcp" else d.udp
    (folder / "relay.conf").write_text(
        RELAY.format(own=port, host=host, port=to, proto=" proto udp" if proto == "udp" else ""))
    argv = ["carbon-c-relay", "-f", "relay.conf", "-s", "-c", "-_:#;="]
    with running(argv, folder) as relay:
        def connected():
            assert relay.poll() is None, (folder / "carbon-c-relay.log").read_text()
            try:
                return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_S)
            except OSError:
                return None
        with eventually(connected, "carbon-c-relay") as sock:
            for i in range(5):
                sock.sendall(f"servers.web1.load {i * i} {T0 + i}\n"
                             f"disk.used;host=a;mount=var {3 * i} {T0 + i}\n"
                             f"secret.key 1 {T0 + i}\n".encode())
            d.wait_lines(10)
    assert d.rate('{__name__="hosts.web1.load"}')["rate"]["value"] == 6
    assert d.rate('{__name__="disk.used",host="a",mount="var"}')["rate"]["value"] == 3
    assert len(d.rates()) == 2 and d.rejected() == 0


TEMPLATES = """
graphite:
  templates:
    - 'collectd.*.load.load.*   .host.measurement..field'
    - 'collectd.*.*.*           .host.measurement.measurement'
"""


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_collectd_through_templates(nablad, tmp_path, protocol):
    d = nablad(LISTENERS + TEMPLATES)
    folder = tmp_path / "collectd"
    folder.mkdir()
    with collectd(folder, d.tcp if protocol == "tcp" else d.udp, protocol):
        eventually(lambda: d.rates('load_shortterm{host="plant-03"}', state="ok"), "collectd's load")
        eventually(lambda: d.rates('{__name__=~"memory_memory-.*",host="plant-03"}', state="ok"),
                   "collectd's memory")
    assert {r["metric"]["__name__"] for r in d.rates('{__name__=~"load.*"}')} == {
        "load_shortterm", "load_midterm", "load_longterm"}
    eventually(lambda: d.rejected() == d.rejected("not_finite"), "nothing else refused")


def test_a_template_makes_labels_of_a_path(nablad):
    d = nablad(LISTENERS + "graphite: {templates: ["
               "'plant.*.temperature.*  .site.measurement.sensor'] }")
    d.send("".join(f"plant.p3.temperature.s17 {i * i} {T0 + i}\n" for i in range(3)))
    r = d.rate('temperature{site="p3",sensor="s17"}')
    assert r["metric"] == {"__name__": "temperature", "site": "p3", "sensor": "s17"}
    assert r["rate"]["value"] == 2


def test_a_reload_holds_for_names_that_come_after_it(nablad):
    """Known paths stay with their series until it is forgotten, as the documentation says."""
    d = nablad(LISTENERS + "defaults: {stale_after: 100ms, expire_after: 200ms}")
    with d.connect() as sock:
        sock.sendall(b"a.b 1\n")
        d.wait_lines(1)
        d.config.write_text(d.config.read_text() + "graphite: {templates: ['measurement.host']}\n")
        assert d.get("/-/reload", method="POST")[0] == 200
        sock.sendall(b"c.d 1\n")
        d.wait_lines(2)
        assert d.rate('c{host="d"}')

        def reborn():
            sock.sendall(b"c.d 1\n")
            time.sleep(0)
            return d.rates('a{host="b"}') or d.happened("expired") and sock.sendall(b"a.b 1\n")
        eventually(reborn, "a.b born again by the template")
        d.config.write_text(d.config.read_text().replace("measurement.host", "measurement.host."))
        assert d.get("/-/reload", method="POST")[0] == 200
        sock.sendall(b"e.f 1\n")
        eventually(lambda: d.rates('{__name__="e.f"}'), "a path that no template matches")


def test_births_while_templates_are_replaced(nablad):
    d = nablad(LISTENERS.replace("ingest:", "ingest:\n  threads: 4"))
    text = d.config.read_text()
    with d.connect() as one, d.connect() as two:
        for i in range(20):
            d.config.write_text(text + "graphite: {templates: ['measurement.host%d x=y']}\n" % (i % 3))
            for sock, name in ((one, "a"), (two, "b")):
                sock.sendall("".join(f"{name}{i}.{k} 1\n" for k in range(500)).encode())
            assert d.get("/-/reload", method="POST")[0] == 200
        d.wait_lines(20_000)
    assert d.rejected() == 0 and d.metric("nablad_series") == 20_000
