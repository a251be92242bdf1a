"""Lines in over TCP and UDP: formats, pinned listeners, cuts, limits, and what bad lines cost."""
import socket
import time

import pytest

from daemon import eventually

T0 = 1_700_000_000
NS = 1_000_000_000

MIXED = (
    "# a comment\n"
    f"temperature,site=plant-03,sensor=s17 value=21.437,humidity=40i {T0 * NS}\r\n"
    "\n"
    f"plant-03.temperature.s17;site=plant-03 21.437 {T0}.25\n"
    '{"metric":"temperature","labels":{"site":"plant-03","sensor":"s18"},'
    f'"time":{T0}.25,"value":21.437}}\n'
    f'{{"metric":"rfc","time":"2023-11-14T22:13:20.5Z","value":-1e3}}\n'
)
MIXED_SERIES = {
    ("temperature", "s17"): ("2023-11-14T22:13:20.000000000Z", 21.437),
    ("temperature_humidity", "s17"): ("2023-11-14T22:13:20.000000000Z", 40),
    ("plant-03.temperature.s17", None): ("2023-11-14T22:13:20.250000000Z", 21.437),
    ("temperature", "s18"): ("2023-11-14T22:13:20.250000000Z", 21.437),
    ("rfc", None): ("2023-11-14T22:13:20.500000000Z", -1000),
}


def newest(d):
    """{(name, sensor): (time, value)} of every series."""
    return {(r["metric"]["__name__"], r["metric"].get("sensor")):
            (r["window"][-1]["time"], r["window"][-1]["value"]) for r in d.rates()}


def value(d, selector):
    return d.rate(selector)["window"][-1]["value"]


# -- formats ------------------------------------------------------------------------------------


def test_formats_mixed_on_one_connection(nablad):
    d = nablad()
    d.send(MIXED)
    assert newest(d) == MIXED_SERIES
    assert d.lines_total() == 4
    assert d.metric("nablad_samples_total") == 5
    assert d.rejected() == 0


def test_cut_after_every_byte(nablad):
    """Each byte in a write of its own."""
    d = nablad()
    with d.connect() as sock:
        for n in range(len(MIXED)):
            sock.sendall(MIXED[n : n + 1].encode())
    d.wait_lines(4)
    assert newest(d) == MIXED_SERIES and d.rejected() == 0


def test_cut_once_at_any_byte(nablad):
    """At every byte a connection is left waiting for the rest: all of them at once."""
    d = nablad()
    text = MIXED.encode()
    socks = [d.connect() for _ in range(1, len(text))]
    for cut, sock in enumerate(socks, 1):
        sock.sendall(text[:cut])
    eventually(lambda: d.metric("nablad_listener_bytes_total", listener="tcp://%s:%d" % d.tcp)
               == sum(range(1, len(text))), "the first halves")
    for cut, sock in enumerate(socks, 1):
        sock.sendall(text[cut:])
        sock.close()
    d.wait_lines(4 * len(socks))
    assert newest(d) == MIXED_SERIES and d.rejected() == 0


def test_no_timestamp_is_the_arrival_time(nablad):
    d = nablad()
    before = time.time()
    d.send('a value=1\nb 2\n{"metric":"c","value":3}\n')
    after = time.time()
    for name in "abc":
        assert before - 0.01 <= float(d.rate(name, time="unix")["window"][0]["time"]) <= after + 0.01


@pytest.mark.parametrize("text, want", [
    ("1i", 1), ("-7i", -7), ("18446744073709551615u", 18446744073709551615), ("1.5", 1.5),
    ("1e3", 1000), ("-.5", -0.5), ("t", 1), ("T", 1), ("true", 1), ("True", 1), ("TRUE", 1),
    ("f", 0), ("F", 0), ("false", 0), ("False", 0), ("FALSE", 0),
])
def test_influx_field_values(nablad, text, want):
    d = nablad()
    d.send(f"m value={text} {T0 * NS}\n")
    assert float(value(d, "m")) == float(want)


def test_influx_escapes_and_quotes(nablad):
    d = nablad()
    d.send(f'my\\ room\\,2,the\\ tag=a\\,b\\=c text="a, b = \\"c\\" \\\\",value=4 {T0 * NS}\n')
    (r,) = d.rates()
    assert r["metric"] == {"__name__": "my room,2", "the tag": "a,b=c"}
    assert d.rejected("string_value") == 1 and d.metric("nablad_samples_total") == 1


def test_labels_in_another_order_are_the_same_series(nablad):
    d = nablad()
    d.send(f"m,a=1,b=2 value=1 {T0 * NS}\n"
           f"m,b=2,a=1 value=2 {(T0 + 1) * NS}\n"
           f"m;b=2;a=1 4 {T0 + 2}\n"
           f'{{"labels":{{"b":"2","a":"1"}},"value":8,"metric":"m","time":{T0 + 3}}}\n')
    (r,) = d.rates()
    assert [s["value"] for s in r["window"]] == [2, 4, 8]


@pytest.mark.parametrize("precision, unit", [("ns", NS), ("us", 10**6), ("ms", 10**3), ("s", 1)])
def test_precision_of_a_listener(nablad, precision, unit):
    d = nablad(f'ingest: {{listeners: [{{address: "127.0.0.1:0", protocol: tcp,'
               f' precision: {precision}}}]}}')
    d.send(f"m value=1 {T0 * unit}\nm value=2 {(T0 + 2) * unit}\n")
    r = d.rate("m", time="unix")
    assert [s["time"] for s in r["window"]] == [T0, T0 + 2] and r["edge"]["value"] == 0.5


FORMATS = {"influx": f"m value=1 {T0 * NS}\n", "graphite": f"m 1 {T0}\n",
           "json": f'{{"metric":"m","value":1,"time":{T0}}}\n'}


@pytest.mark.parametrize("pinned", FORMATS)
def test_pinned_listener_takes_its_format_alone(nablad, pinned):
    d = nablad(f'ingest: {{listeners: [{{address: "127.0.0.1:0", protocol: tcp,'
               f' format: {pinned}}}]}}')
    d.send("".join(FORMATS.values()))
    assert d.lines_total() == 3 and d.metric("nablad_samples_total") == 1
    assert d.rejected() == 2
    assert newest(d) == {("m", None): ("2023-11-14T22:13:20.000000000Z", 1)}


def test_a_pinned_listener_reads_what_would_pass_for_another_format(nablad):
    """'a b=1 5' has Influx' shape; to a Graphite listener it is a bad value."""
    d = nablad('ingest: {listeners: [{address: "127.0.0.1:0", protocol: tcp, format: graphite}]}')
    d.send("a b=1 5\n")
    assert d.rejected() == 1 and d.metric("nablad_series") == 0


def test_many_listeners(nablad):
    """Each is bound, named, and counts for itself."""
    entry = '{{address: "{}:0", protocol: {}}}'
    each = [entry.format(host, protocol) for protocol in ("tcp", "udp")
            for host in ("127.0.0.1", "127.0.0.2", "::1".join("[]"), "127.0.0.1")]
    d = nablad(f"ingest: {{listeners: [{', '.join(each)}]}}")
    ports = [l for l in d.listeners if not l.startswith("http")]
    assert len(set(ports)) == 8
    for n in range(4):
        d.send(f"tcp{n} {n} {T0}\n", nth=n)
        d.send_udp(f"udp{n} {n} {T0}\n", nth=n)
    assert d.metric("nablad_series") == 8
    for listener in ports:
        assert d.metric("nablad_listener_lines_total", listener=listener) == 1


def test_several_ingest_threads(nablad):
    d = nablad("ingest: {threads: 3}")
    before = d.lines_total()
    for n in range(12):  # so that each thread very likely gets some
        with d.connect() as sock:
            sock.sendall("".join(f"t{n},k={k} value={k} {T0 * NS}\n" for k in range(50)).encode())
    d.wait_lines(600, before)
    assert d.metric("nablad_series") == 600 and d.rejected() == 0


# -- UDP ----------------------------------------------------------------------------------------


def test_a_datagram_of_several_lines_without_a_final_newline(nablad):
    d = nablad()
    d.send_udp(f"a 1 {T0}\nb 2 {T0}\nc 3 {T0}")
    assert sorted(r["metric"]["__name__"] for r in d.rates()) == ["a", "b", "c"]
    assert d.rejected() == 0
    listener = "udp://%s:%d" % d.udp
    assert d.metric("nablad_listener_datagrams_total", listener=listener) == 1


def test_datagrams_do_not_continue_each_other(nablad):
    d = nablad()
    d.send_udp(f"a 1 {T0}\nb 2", wait=False)
    d.send_udp(f"3 {T0}\n", wait=False)  # would make "b 23 ..." of the last line
    d.wait_lines(3)
    assert {k[0] for k in newest(d)} == {"a", "b", "3"} or d.rejected() > 0
    assert "b" not in {k[0] for k in newest(d)} or value(d, "b") == 2


def test_an_empty_datagram_does_nothing(nablad):
    d = nablad()
    d.send_udp("", wait=False)
    d.send_udp(f"a 1 {T0}\n")
    assert d.lines_total() == 1 and d.rejected() == 0


def test_a_large_datagram(nablad):
    d = nablad()
    text = "".join(f"m,k={k} value={k} {T0 * NS}\n" for k in range(1500))
    assert 40_000 < len(text) < 65_000
    d.send_udp(text)
    assert d.metric("nablad_series") == 1500


# -- bad lines cost themselves alone ------------------------------------------------------------

BAD = [
    ("nothing", "syntax"),
    ("m value=", "bad_value"),
    ("m value=x1", "bad_value"),
    ("m value=1i.5", "bad_value"),
    ("m value=1 notatime", "bad_timestamp"),
    ("m value=1 99999999999999999999", "bad_timestamp"),
    (",a=b value=1", None),
    ("m,a value=1", None),
    ('m text="open', None),
    ("g twelve 5", "bad_value"),
    ("g 12 yesterday", "bad_timestamp"),
    ('{"metric":"j","value":1', "syntax"),
    ('{"metric":"j"}', None),
    ('{"metric":"j","value":"x"}', "bad_value"),
    ('{"metric":"j","value":1,"time":"noon"}', "bad_timestamp"),
    ('{"metric":"","value":1}', "bad_name"),
    ("m,a=1,a=2 value=1", "duplicate_label"),
    ("m," + ",".join(f"l{n}=1" for n in range(70)) + " value=1", "too_many_labels"),
    ("m,a=" + "x" * 5000 + " value=1", "label_too_long"),
    ("n" * 300 + " value=1", "bad_name"),
    (b"m,a=\xff\xfe value=1", "bad_name"),
    (b"m\x00 value=1", None),
]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_bad_lines_between_good_ones(nablad, transport):
    d = nablad()
    send = d.send if transport == "tcp" else d.send_udp
    good = 0
    for n, (bad, reason) in enumerate(BAD):
        bad = bad.encode() if isinstance(bad, str) else bad
        before, before_all = d.rejected(reason) if reason else 0, d.rejected()
        send(b"good,n=%d value=1 %d\n" % (good, T0 * NS) + bad
             + b"\ngood,n=%d value=1 %d\n" % (good + 1, T0 * NS))
        good += 2
        assert d.rejected() == before_all + 1, bad
        if reason:
            assert d.rejected(reason) == before + 1, bad
    assert d.metric("nablad_series") == good


def test_a_refused_line_is_told_with_its_place_and_a_clipped_copy(nablad):
    d = nablad()
    d.send("m value=" + "x" * 1000 + "\n")
    event = d.wait_event("line_refused")
    assert event["reason"] == "bad_value" and int(event["offset"]) == 8
    assert event["listener"] == "tcp://%s:%d" % d.tcp
    assert "m value=xxx" in d.log() and "x" * 900 not in d.log()


def test_control_characters_do_not_reach_the_log(nablad):
    d = nablad()
    d.send(b"bad\x1b[31m\x07 \xff\n")
    d.wait_event("line_refused")
    assert "\x1b" not in d.log() and "\x07" not in d.log()


def test_the_log_of_bad_lines_is_limited(nablad):
    d = nablad()
    for n in range(200):  # each would have a line of its own in the log
        d.send_udp("nothing\n" * 5, wait=False)
        d.send_udp("m value=x\n", wait=False)
    d.wait_lines(1200)
    assert d.rejected("syntax") == 1000 and d.rejected("bad_value") == 200
    logged = d.events("line_refused")
    assert {e["reason"] for e in logged} == {"syntax", "bad_value"}  # one does not hide the other
    assert len(logged) + d.metric("nablad_log_suppressed_total") <= 400 and len(logged) < 200


def test_over_long_line(nablad):
    """64 KiB are taken, a byte more is not; the next line is read."""
    d = nablad()
    rest = f" value=1 {T0 * NS}"
    def line(total, name):
        head = f"{name} text=\""
        return head + "x" * (total - len(head) - len('",value=1')) + '",value=1'
    d.send(line(65536, "fits") + f"\nafter{rest}\n")
    assert d.rejected("line_too_long") == 0 and len(d.rates("fits")) == 1
    d.send(line(65537, "over") + f"\nafter2{rest}\n")
    assert d.rejected("line_too_long") == 1 and d.rates("over") == []
    d.send("y" * 1_000_000 + f"\nafter3{rest}\n")
    assert d.rejected("line_too_long") == 2
    assert len(d.rates("after")) == len(d.rates("after2")) == len(d.rates("after3")) == 1


def test_max_line_is_configurable(nablad):
    d = nablad("ingest: {max_line: 256}")
    d.send("m,a=" + "x" * 300 + f" value=1\nok 1 {T0}\n")
    assert d.rejected("line_too_long") == 1 and len(d.rates("ok")) == 1


def test_a_client_that_stops_in_mid_line_loses_that_line_alone(nablad):
    d = nablad()
    with d.connect() as other, d.connect() as sock:
        other.sendall(b"other 1")
        sock.sendall(f"whole 1 {T0}\nhalf 2 17000".encode())
        sock.close()
        eventually(lambda: d.rejected("unterminated") == 1, "the half line counted")
        other.sendall(f" {T0}\n".encode())
    eventually(lambda: len(d.rates("other")) == 1, "the other connection's line")
    assert len(d.rates("whole")) == 1 and d.rates("half") == []


def test_a_reset_connection_costs_itself_alone(nablad):
    d = nablad()
    sock = d.connect()
    sock.sendall(f"whole 1 {T0}\nhalf".encode())
    d.wait_lines(1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    sock.close()
    d.send(f"next 1 {T0}\n")
    assert len(d.rates("whole")) == 1 and len(d.rates("next")) == 1


def test_connection_limit(nablad):
    """Those over the limit are closed and counted; a place that is freed is used."""
    d = nablad("ingest: {max_connections: 2}")
    listener = "tcp://%s:%d" % d.tcp
    socks = [d.connect(), d.connect()]
    for n, sock in enumerate(socks):
        sock.sendall(f"m{n} 1 {T0}\n".encode())
    d.wait_lines(2)
    third = d.connect()
    try:
        assert third.recv(1) == b""
    except ConnectionResetError:
        pass
    third.close()
    assert d.metric("nablad_listener_refused_connections_total", listener=listener) == 1
    assert d.metric("nablad_listener_open_connections", listener=listener) == 2
    socks[0].close()
    eventually(lambda: d.metric("nablad_listener_open_connections", listener=listener) == 1, "a place")
    d.send(f"m9 1 {T0}\n")
    socks[1].close()


def test_everything_that_tcp_brings_is_taken(nablad):
    """Faster than it can be taken: the daemon stops reading, and nothing is lost."""
    d = nablad()
    text = "".join(f"m,k={k % 1000} value={k} {T0 * NS + k * 1_000_000}\n" for k in range(300_000))
    d.send(text)
    assert d.lines_total() == 300_000
    assert d.rejected() == 0 and d.metric("nablad_series") == 1000
