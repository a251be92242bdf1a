"""/metrics as Prometheus reads it: its own checker, and the real one scraping and asked back."""
import subprocess

from daemon import DEADLINE_S, eventually
from peers import prometheus, scrape_proxy

T0 = 1_700_000_000

ODD = (
    f"temperature;site=plant-03;sensor=s17 21.3 {T0}\n"
    f"temperature;site=plant-03;sensor=s17 21.4 {T0 + 1}\n"
    f"temperature;site=plant-03;sensor=s17 21.61 {T0 + 2.5}\n"
    + "".join(f'{{"metric":"9 lives.é","labels":{{"a-b":"x","a.b":"y","q":"\\"\\\\"}},'
              f'"time":{T0 + t},"value":{t * t}}}\n' for t in range(3))
)


def promtool(text):
    return subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                          text=True, timeout=DEADLINE_S)


def test_promtool_accepts_an_empty_daemon(nablad):
    done = promtool(nablad().get("/metrics")[2])
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_promtool_accepts_every_kind_of_name(nablad):
    d = nablad()
    d.send(ODD)
    for query in ("", "?timestamps=1"):
        text = d.get("/metrics" + query)[2]
        done = promtool(text)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), text
        assert 'temperature_per_second{sensor="s17",site="plant-03"} ' in text


def test_timestamps_when_asked(nablad):
    d = nablad()
    d.send(ODD)
    line = [l for l in d.get("/metrics?timestamps=1")[2].splitlines()
            if l.startswith("temperature_per_second{")][0]
    assert line.split()[-1] == str((T0 + 1) * 1000)


def test_every_own_metric_has_help_and_type_and_a_proper_name(nablad):
    text = nablad().get("/metrics")[2].splitlines()
    helps = {l.split()[2] for l in text if l.startswith("# HELP")}
    types = {l.split()[2]: l.split()[3] for l in text if l.startswith("# TYPE")}
    names = {l.split("{")[0].split()[0] for l in text if not l.startswith("#")}
    assert names == helps == set(types)
    assert all(name.startswith(("nablad_", "process_")) for name in names)
    for name, type_ in types.items():
        assert type_ in ("counter", "gauge")
        assert name.endswith("_total") == (type_ == "counter"), name
    assert {"nablad_samples_total", "nablad_rejected_total", "nablad_series",
            "nablad_listener_bytes_total", "nablad_udp_kernel_drops_total", "nablad_loop_lag_seconds",
            "nablad_http_requests_total", "nablad_build_info"} <= names


def test_each_family_is_in_one_piece(nablad):
    """Spellings that become the same name share one family."""
    d = nablad()
    d.send("".join(f"{name} {t} {T0 + t}\n" for t in range(3)
                   for name in ("a.b", "z", "a_b;k=v", "a-b;k=w", "z;k=v")))
    names = [l.split("{")[0].split()[0] for l in d.get("/metrics")[2].splitlines()
             if not l.startswith("#")]
    runs = [n for n, before in zip(names, [None] + names) if n != before]
    assert len(runs) == len(set(runs)), "a family in two pieces"


def test_warming_series_are_not_exposed(nablad):
    d = nablad()
    d.send(f"a 1 {T0}\nb 1 {T0}\nb 2 {T0 + 1}\n")
    assert not [m for m in d.metrics() if m[0].endswith("_per_second")]


def test_prometheus_scrapes_and_agrees(nablad, tmp_path, free_port):
    """Both exposition formats; what it says is what /api/v1/rates says; stale series leave."""
    d = nablad("""
        defaults: {stale_after: 1h, expire_after: 2h}
        series:
          - {match: '{life="short"}', stale_after: 3s, expire_after: 1h, max_gap: 1h}
        """)
    folder = tmp_path / "prometheus"
    folder.mkdir()
    with scrape_proxy(d.http_address) as by_accept, \
            scrape_proxy(d.http_address, accept="text/plain;version=0.0.4") as text, \
            prometheus(folder, free_port(), {"open": by_accept.server_address,
                                             "text": text.server_address}) as p:
        d.send(ODD)
        n = [0]

        def short_lived():  # keeps it alive until it was seen
            n[0] += 1
            d.send(f"brief;life=short {n[0]} {T0 + n[0]}\n")
            return len(p.query("brief_per_second")) == 2

        eventually(short_lived, "the short-lived series in Prometheus")
        want = d.rate('temperature{sensor="s17"}')["rate"]["value"]

        def both(query):  # a scrape of a busy machine may have been too late: then it is the next one
            found = p.query(query)
            return sorted(labels["job"] for labels, _ in found) == ["open", "text"] and found

        found = eventually(lambda: both('temperature_per_second{site="plant-03",sensor="s17"}'),
                           "the rate in Prometheus")
        assert [value for _, value in found] == [want, want]
        eventually(lambda: p.targets() == {"open": ("up", ""), "text": ("up", "")}, "healthy targets")
        eventually(lambda: both('{__name__=~"_9_lives.*",q="\\"\\\\"}'), "the oddly named")
        eventually(lambda: p.query('nablad_samples_total{job="open"}'), "nablad's own")
        d.wait_state("brief", "stale")
        eventually(lambda: p.query("brief_per_second") == [] and both("temperature_per_second"),
                   "the stale series' leave")
    assert all(t.startswith("application/openmetrics-text") for t in by_accept.types)
    assert all(t.startswith("text/plain") for t in text.types) and by_accept.types and text.types
