"""What nablad says of itself in one answer, whom it told, and how far series are from an alert."""
import json
import re
import socket
import time
from urllib.parse import urlencode

import pytest
import yaml

from alert_peers import hook
from daemon import DEADLINE_S, ROOT, eventually
from doors import basic, bearer, web_yml
from test_auth import all_kinds, token

RULES = {"groups": [{"name": "g", "rules": [
    {"alert": "High", "match": "t", "when": "value > 100", "for": "0s"},
    {"alert": "Fast", "match": "t", "when": "rate > 30/min"},
    {"alert": "Slow", "match": "t", "when": "value > 100", "for": "1h"},
    {"alert": "Both", "match": "t", "when": "rate > 2/s and (value > 10)"},
    {"alert": "Exact", "match": "t", "when": "value == 1 or value == 2"},
]}]}


def alerting(folder, **more):
    (folder / "rules.yaml").write_text(yaml.safe_dump(RULES))
    return yaml.safe_dump({"rules": "../rules.yaml", "defaults": {"per": "1m"}, **more})


def status(d):
    return d.data("/api/v1/status")


def refused(d, cause):
    """What is told of a cause; None: nothing."""
    return next((r for r in status(d)["refused"] if r["cause"] == cause), None)


def listener(d, scheme):
    return next(l for l in status(d)["listeners"] if l["name"].startswith(scheme))


def near(d, name, **params):
    return d.data("/api/v1/rules/series", {"group": "g", "name": name, **params})


def rooms(answer):
    return [s["metric"]["room"] for s in answer["series"]]


# -- status -----------------------------------------------------------------------------------------


def test_what_comes_in_by_listener_and_format(nablad):
    d = nablad()
    d.send('a,x=1 value=1 1\n' 'b 2 2\nc;x=1 3 3\n' '{"metric":"j","value":4}\n' 's:5|g\n'
           '  m value=1 \n')  # the last is not as plain as the first
    d.send_udp("u 1\n")
    tcp, udp = listener(d, "tcp"), listener(d, "udp")
    assert {f: n["lines"] for f, n in tcp["formats"].items()} == {"influx": 2, "graphite": 2, "json": 1, "statsd": 1}
    assert tcp["lines"] == 6 and udp["lines"] == 1 and udp["datagrams"] == 1
    assert udp["formats"]["graphite"]["lines"] == 1
    eventually(lambda: status(d)["totals"]["lines_per_second"] is not None, "a rate")
    s = status(d)
    assert s["totals"]["lines"] == 7 and s["ready"] is True and s["uptime"] > 0
    assert s["series"]["count"] == 7 and s["series"]["max"] == 1000000
    assert 0 < s["series"]["label_bytes"] < s["series"]["max_label_bytes"]
    assert {"main", "http", "ingest-0"} <= {l["name"] for l in s["loops"]}
    assert s["process"]["resident_bytes"] > 0 and s["state"]["kept"] is False and s["journal"]["kept"] is False


def test_a_formats_name_is_its_own(nablad):
    d = nablad("ingest: {listeners: [{address: '127.0.0.1:0', protocol: tcp, format: influx}], max_line: 1KiB}")
    d.send("m value=1\n" + "long" * 600 + "\n")
    assert listener(d, "tcp")["formats"]["influx"]["lines"] == 2
    auto = nablad("ingest: {max_line: 1KiB}")
    auto.send("m value=1\n" + "long" * 600 + "\n")
    assert {f: n["lines"] for f, n in listener(auto, "tcp")["formats"].items()} == {"influx": 1, "unknown": 1}


def test_rates_come_with_the_seconds(nablad):
    d = nablad()

    def seen():
        d.send("m 1\n" * 50)
        s = status(d)
        return (s["totals"]["lines_per_second"] or 0) > 0 and sum(s["history"]["lines_per_second"]) > 0 and s
    s = eventually(seen, "lines in the history")
    h = s["history"]
    rows = [name for name in h if name != "time"]
    assert {len(h[name]) for name in rows} == {len(h["time"])} and h["time"] == sorted(h["time"])
    assert listener(d, "tcp")["lines_per_second"] > 0
    assert listener(d, "tcp")["formats"]["graphite"]["lines_per_second"] > 0


@pytest.mark.parametrize("sent,cause,text,offset", [
    (b"what is this\n", "bad_value", "what is this", 5),
    (b"m \xffx 1\n", "bad_value", "m \\xffx 1", 2),
    (b"<img src=x onerror=alert(1)> 1x 1\n", None, "<img src=x onerror=alert(1)> 1x 1", None),
    (b'say"it\\ 1x\n', None, 'say\\"it\\\\ 1x', None),
    (b"t nan\n", "not_finite", "t", 0),
    (b"t 1 4000000000\n", "future", "t", 0),
    (b"long" * 200 + b" x\n", "bad_value", ("long" * 200)[:244] + "...", None),
])
def test_examples_of_what_was_refused(nablad, sent, cause, text, offset):
    d = nablad()
    d.send(sent)
    told = status(d)["refused"]
    assert len(told) == 1 and told[0]["count"] == 1, told
    assert cause in (None, told[0]["cause"]) and told[0]["of"] == "line" and told[0]["why"]
    [example] = told[0]["examples"]
    assert example["text"] == text or text.endswith("...") and example["text"].endswith("...")
    assert offset in (None, example["offset"])
    assert example["listener"] in (d.listeners[0], None) and example["sender"] is None
    assert example["time"].startswith("20")


def test_the_newest_examples_are_there_whatever_the_log_says(nablad):
    d = nablad()
    for i in range(30):
        d.send(f"line number {i}\n")
    told = refused(d, "bad_value")
    assert told["count"] == 30
    assert [e["text"] for e in told["examples"]] == [f"line number {i}" for i in (29, 28, 27, 26)]
    assert len(d.events("line_refused")) < 30  # its rate is limited


def test_who_was_refused_at_the_door(nablad):
    d = nablad("ingest: {listeners: [{address: '127.0.0.1:0', protocol: tcp, allow: [10.0.0.0/8]}]}")
    with socket.create_connection(d.tcp, timeout=DEADLINE_S) as sock:
        assert sock.recv(1) == b""
    told = eventually(lambda: refused(d, "network"), "the refusal")
    assert told["of"] == "sender" and told["count"] == 1
    assert told["examples"][0]["sender"] == "127.0.0.1" and told["examples"][0]["listener"] == d.listeners[0]
    assert listener(d, "tcp")["refused"] == {"network": 1}


def test_examples_are_an_administrators(nablad, tmp_path):
    d = nablad(yaml.safe_dump({"http": web_yml(tmp_path, all_kinds(tmp_path))}))
    d.headers = bearer(token("reader"))
    d.send("GET / HTTP/1.1 Authorization: Basic c2VjcmV0\n")
    _, _, seen = d.get("/api/v1/status")
    assert seen["data"]["examples_shown"] is False and "c2VjcmV0" not in json.dumps(seen)
    assert all("examples" not in r for r in seen["data"]["refused"]) and seen["data"]["refused"]
    d.headers = basic("alice", "wonder")  # alice, who has all rights
    _, _, seen = d.get("/api/v1/status")
    assert seen["data"]["examples_shown"] is True and "c2VjcmV0" in json.dumps(seen)


def test_what_is_on_the_disk(nablad, tmp_path):
    d = nablad(yaml.safe_dump({"state": {"directory": str(tmp_path / "state"), "interval": "100ms", "journal": True}}))
    assert d.get("/write", method="POST", data=b"m value=1 1\n")[0] == 204
    s = eventually(lambda: (got := status(d))["state"]["last"] and got, "a snapshot")
    assert s["state"]["kept"] and s["state"]["interval"] == 0.1 and s["state"]["failures"] == 0
    assert s["journal"]["kept"] and s["journal"]["entries"] == 1 and s["journal"]["max_bytes"] == 2**30
    assert listener(d, "http")["formats"]["influx"]["lines"] == 1


def test_targets_and_their_queues(nablad, tmp_path):
    d = nablad(yaml.safe_dump({
        "state": {"directory": str(tmp_path / "state")},
        "push": [{"url": "http://127.0.0.1:1/write", "format": "influx"}]}))
    d.send("m 1 1\nm 2 2\nm 3 3\nm 4 4\n")
    told = eventually(lambda: (p := status(d)["push"]) and p[0]["waiting"] > 0 and p[0], "what waits")
    assert "127.0.0.1:1" in told["target"] and told["sent"] == 0 and told["oldest"] is not None


# -- notifications ----------------------------------------------------------------------------------


def test_who_was_told_and_answered_what(nablad, tmp_path):
    with hook() as h:
        h.answer = [(503, {}), (400, {}), (200, {})]
        d = nablad(alerting(tmp_path, alerting={"webhooks": [{"url": h.url + "?key=secret"}]}))
        assert d.data("/api/v1/notifications") == []
        d.send("t;room=a 200\n")
        eventually(lambda: len(d.data("/api/v1/notifications")) == 2, "two answers")
        d.send("t;room=b 200\n")
        eventually(lambda: len(d.data("/api/v1/notifications")) == 3, "a third")
        told = d.data("/api/v1/notifications")
        assert [(n["number"], n["outcome"], n["status"]) for n in told] == [
            (3, "taken", 200), (2, "refused", 400), (1, "failed", 503)]
        for n in told:
            assert n["alert"] == "High" and n["alerts"] == n["firing"] == 1 and n["kind"] == "webhook"
            assert n["said"] == "so it is" and "secret" not in n["target"] and n["target"].startswith(h.url)
        assert [n["number"] for n in d.data("/api/v1/notifications", {"limit": 1})] == [3]
        assert d.get("/api/v1/notifications?limit=none")[0] == 400
        [target] = status(d)["notify"]
        assert target["up"] and (target["sent"], target["refused"], target["retried"]) == (1, 1, 1)


def test_why_nobody_answered(nablad, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and nobody listens
        web = web_yml(tmp_path, all_kinds(tmp_path))
        d = nablad(alerting(tmp_path, http=web, alerting={
            "webhooks": [{"url": f"http://127.0.0.1:{closed.getsockname()[1]}/x"}]}))
        d.headers = bearer(token("reader"))
        d.send("t;room=a 200\n")
        told = eventually(lambda: d.data("/api/v1/notifications"), "an attempt")[-1]
        assert told["outcome"] == "failed" and told["status"] == 0 and told["said"]  # our words: whoever may read


def test_a_targets_words_are_an_administrators(nablad, tmp_path):
    with hook() as h:
        d = nablad(alerting(tmp_path, http=web_yml(tmp_path, all_kinds(tmp_path)),
                            alerting={"webhooks": [{"url": h.url}]}))
        d.headers = bearer(token("reader"))
        d.send("t;room=a 200\n")
        told = eventually(lambda: d.data("/api/v1/notifications"), "an answer")[0]
        assert told["outcome"] == "taken" and told["said"] is None
        d.headers = basic("alice", "wonder")
        assert d.data("/api/v1/notifications")[0]["said"] == "so it is"


# -- how far from an alert --------------------------------------------------------------------------


def lines(room, values, seconds=10):
    """One sample each so many seconds, the newest now."""
    now = time.time_ns()
    return "".join(f"t,room={room} value={v} {now - (len(values) - 1 - i) * seconds * 10**9}\n"
                   for i, v in enumerate(values))


def test_how_far_each_series_is(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send(lines("climbs", [50, 60, 70]) + lines("falls", [90, 80, 70.5]) + lines("over", [110, 120, 130])
           + lines("rests", [99, 99, 99]) + lines("alone", [80]))
    eventually(lambda: near(d, "High")["firing"] == 1, "the alert")
    answer = near(d, "High")
    assert rooms(answer) == ["over", "rests", "alone", "falls", "climbs"]
    assert answer["total"] == 5 and answer["pending"] == answer["unknown"] == 0 and answer["distances"] is True
    of = {s["metric"]["room"]: s for s in answer["series"]}
    assert of["over"]["state"] == "firing" and of["over"]["firedAt"] and of["over"]["activeAt"]
    assert of["over"]["distance"] == -30 and of["over"]["eta"] == 0
    assert of["climbs"] | {"age": 0} == {
        "metric": {"__name__": "t", "room": "climbs"}, "state": "inactive", "noData": False, "activeAt": None,
        "firedAt": None, "seriesState": "ok", "age": 0, "unit": None, "value": 70, "threshold": 100, "distance": 30,
        "eta": of["climbs"]["eta"], "approaching": True}
    assert 0 <= of["climbs"]["eta"] <= 30.001  # 1 a second, less what has passed
    assert of["falls"]["approaching"] is False and of["falls"]["eta"] is None
    assert of["rests"]["approaching"] is False
    assert of["alone"]["approaching"] is None and of["alone"]["distance"] == 20
    assert rooms(near(d, "High", sort="-value")) == ["over", "rests", "alone", "falls", "climbs"]
    assert rooms(near(d, "High", sort="value")) == ["over", "climbs", "falls", "alone", "rests"]
    assert rooms(near(d, "High", sort="eta"))[:2] == ["over", "climbs"]


def test_rates_are_in_the_series_unit(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send(lines("steady", [0, 2, 4]) + lines("faster", [0, 1, 4]))
    answer = near(d, "Fast")
    of = {s["metric"]["room"]: s for s in answer["series"]}
    assert of["steady"]["unit"] == "1/min" and of["steady"]["threshold"] == pytest.approx(30)
    assert of["steady"]["value"] == pytest.approx(12) and of["steady"]["distance"] == pytest.approx(18)
    assert of["faster"]["eta"] == pytest.approx(15)  # 0.2/s in the middle, faster by 0.02/s a second, to 0.5/s
    assert of["faster"]["approaching"] is True and of["steady"]["approaching"] is not True


def test_pending_is_between(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send(lines("over", [110, 120, 130]) + lines("under", [1, 2, 3]))
    answer = eventually(lambda: (a := near(d, "Slow"))["pending"] == 1 and a, "the alert")
    assert [s["state"] for s in answer["series"]] == ["pending", "inactive"]
    assert answer["series"][0]["activeAt"] and answer["series"][0]["firedAt"] is None


def test_of_several_comparisons_one_decides(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send(lines("fires", [0, 40, 80]) + lines("rests", [50, 50, 50]) + lines("slow", [30, 40, 50])
           + lines("faster", [20, 25, 40]) + lines("low", [-50, -20, 7]) + lines("alone", [5]))
    answer = eventually(lambda: (a := near(d, "Both"))["firing"] == 1 and a["total"] == 6 and a, "the alert")
    of = {s["metric"]["room"]: s for s in answer["series"]}
    assert answer["distances"] is True and answer["total"] == 6 and answer["unknown"] == 1
    told = {room: (s["comparison"], s["unit"], s["distance"]) for room, s in of.items()}
    per_min, near_to = "1/min", pytest.approx
    assert told == {  # the rates of the rows are per minute, whatever the rule is written in
        "fires": ("rate > 2/s", per_min, near_to(-120)), "rests": ("rate > 2/s", per_min, near_to(120)),
        "slow": ("rate > 2/s", per_min, near_to(60)), "faster": ("rate > 2/s", per_min, near_to(60)),
        "low": ("value > 10", None, near_to(3)), "alone": ("rate > 2/s", per_min, None)}
    assert of["fires"]["eta"] == 0 and of["low"]["threshold"] == 10 and of["low"]["value"] == 7
    assert of["faster"]["eta"] == pytest.approx(10)  # 1/s in the middle, faster by 0.1/s a second
    assert rooms(answer)[0] == "fires" and rooms(answer)[-1] == "alone"  # when it is there, not how many of what
    assert rooms(answer).index("low") < rooms(answer).index("faster") < rooms(answer).index("slow")
    assert rooms(answer).index("slow") < rooms(answer).index("rests")  # neither comes there: half of the way, all of it
    assert "comparison" not in near(d, "High")["series"][0]


def test_what_is_equal_or_not_has_no_distance(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send(lines("a", [110, 120, 130]) + lines("b", [1, 2, 3]))
    answer = near(d, "Exact")
    assert answer["distances"] is False and answer["unknown"] == answer["total"] == 2
    assert all(s["distance"] is None and s["eta"] is None for s in answer["series"])


def test_pages_of_a_rule_end_somewhere(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send("".join(f"t,room={i:04} value={i / 100}\n" for i in range(3000)))
    whole = near(d, "High", limit=3000)
    assert rooms(whole) == [f"{i:04}" for i in reversed(range(3000))] and whole["total"] == 3000
    assert len(near(d, "High")["series"]) == 50
    for offset, limit in [(0, 1), (1, 64), (100, 70), (2999, 50), (3000, 5), (9000, 1000), (5, 0)]:
        page = near(d, "High", offset=offset, limit=limit)
        assert rooms(page) == rooms(whole)[offset:offset + limit] and page["total"] == 3000
    for bad in ("offset=1&limit=10000", "limit=10001", "limit=-1", "offset=x", "limit=", "sort=name"):
        code, _, answer = d.get("/api/v1/rules/series?group=g&name=High&" + bad)
        assert code == 400 and bad.split("=")[0] in answer["error"] or "offset" in answer["error"], bad


@pytest.mark.parametrize("query,code", [
    ("group=g&name=High&match=t", 200), ("group=g&name=High&file=FILE", 200),
    ("group=g&name=High&match=u", 404), ("group=g&name=High&file=other.yaml", 404), ("group=g&name=Lows", 404),
    ("group=h&name=High", 404), ("name=High", 400), ("group=g", 400)])
def test_which_rule(nablad, tmp_path, query, code):
    d = nablad(alerting(tmp_path))
    d.send(lines("a", [1, 2, 3]))
    file = d.data("/api/v1/rules")["groups"][0]["file"]
    told, _, answer = d.get("/api/v1/rules/series?" + query.replace("FILE", file))
    assert told == code, answer
    assert code != 200 or rooms(answer["data"]) == ["a"]


# -- how a series stands under its rules ------------------------------------------------------------


def standing(d, match, **params):
    """(rule, state) of the only series that matches."""
    [one] = d.data("/api/v1/series/rules", {"match[]": match, **params})
    return [(r["name"], r["state"]) for r in one["rules"]]


def test_a_series_stands_under_its_rules(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send(lines("over", [110, 120, 130]) + lines("under", [1, 2, 3]) + "other value=1\n")
    eventually(lambda: near(d, "High")["firing"] == 1, "the alert")
    assert standing(d, 't{room="over"}') == [
        ("High", "firing"), ("Fast", "firing"), ("Slow", "pending"), ("Both", "inactive"), ("Exact", "inactive")]
    assert {state for _, state in standing(d, 't{room="under"}')} == {"inactive"}
    assert standing(d, "other") == []
    [one] = d.data("/api/v1/series/rules", {"match[]": 't{room="over"}'})
    high, _, slow, both, _ = one["rules"]
    assert one["metric"] == {"__name__": "t", "room": "over"}
    assert high["activeAt"] and high["firedAt"] and slow["activeAt"] and slow["firedAt"] is None and slow["duration"] == 3600
    assert (high["value"], high["threshold"], high["distance"]) == (130, 100, -30)
    assert both["comparison"] == "rate > 2/s" and "comparison" not in high
    same = near(d, "High")["series"][0]  # and what the rule says of it
    assert {k: high[k] for k in same if k not in ("metric", "age")} == {k: same[k] for k in same if k not in ("metric", "age")}
    assert set(high) - set(same) == {"group", "file", "name", "query", "match", "duration"}
    assert (high["group"], high["query"], high["match"]) == ("g", "value > 100", "t")
    d.send(lines("over", [5]))
    eventually(lambda: {s for _, s in standing(d, 't{room="over"}')} == {"inactive"}, "the end of its alerts")


def test_without_rules_there_are_none(nablad):
    d = nablad()
    d.send("t,room=a value=1\nt,room=b value=1\n")
    assert d.data("/api/v1/series/rules", {"match[]": "none"}) == []
    assert [s["rules"] for s in d.data("/api/v1/series/rules", {"match[]": "t"})] == [[], []]
    assert len(d.data("/api/v1/series/rules", {"match[]": "t", "limit": 1})) == 1
    assert d.get("/api/v1/series/rules")[0] == 400


def test_the_answer_is_of_one_series_however_many_alerts_there_are(nablad, tmp_path):
    d = nablad(alerting(tmp_path))
    d.send("".join(f"t,room={i:05} value=200\n" for i in range(4000)) + "t value=200\nt,room=00007,floor=1 value=1\n")
    eventually(lambda: near(d, "High", limit=0)["firing"] == 4001, "all alerts")
    for match, state in [('t{room="00007"}', "firing"), ("t", "firing"), ('t{room="00007",floor="1"}', "inactive")]:
        answer = d.get("/api/v1/series/rules?" + urlencode({"match[]": match, "exact": 1}))[2]
        assert len(answer["data"]) == 1 and len(json.dumps(answer)) < 4000
        assert answer["data"][0]["rules"][0]["state"] == state


# -- series whose labels are all of another's, and more ---------------------------------------------


def test_exact_is_one_series(nablad):
    d = nablad("defaults: {keep: 1h}")
    more = "".join(f"t,room=a,floor={i} value=1\n" for i in range(100))
    d.send(more + "t value=2\nt,room=a value=3\nu,room=a value=4\n")
    metric = {"__name__": "t", "room": "a"}
    for path in ("/api/v1/rates", "/api/v1/points", "/api/v1/series/rules"):
        assert len(d.data(path, {"match[]": 't{room="a"}'})) == 101
        assert [s["metric"] for s in d.data(path, {"match[]": 't{room="a"}', "exact": 1})] == [metric], path
        assert [s["metric"] for s in d.data(path, {"exact": 1, "match[]": ["t", '{room="a"}']})] == [{"__name__": "t"}], path
        assert d.get(path + "?match[]=t&exact=yes")[0] == 400
    assert len(d.data("/api/v1/rates", {"match[]": 't{room="a",floor=~".*"}', "exact": 1})) == 101
    assert d.data("/api/v1/rates", {"match[]": "v", "exact": 1}) == []


# -- what the page says of it -----------------------------------------------------------------------


def test_what_to_do_is_what_the_documentation_says():
    words = (ROOT / "src/web/daemon/words.ts").read_text()
    said = {cause: text.encode().decode("unicode_escape") for cause, text in re.findall(r"^    (\w+): '(.*)',$", words, re.M)}
    page = (ROOT / "docs/operations.md").read_text()
    reasons = page[page.index("### Reasons of"):page.index("### Events of")]
    wanted = {cause: cells[2].replace("`", "").replace("'", "\u2019")
              for cells in (re.split(r" \| ?", line.strip("| ")) for line in reasons.splitlines() if line.startswith("| `"))
              for cause in re.findall(r"`(\w+)`", cells[0]) if len(cells) > 2}
    assert len(wanted) > 10
    assert {cause: text for cause, text in said.items() if cause in wanted} == wanted
    header = (ROOT / "src/base/cause.h").read_text()
    known = set(re.findall(r'X\(\w+, "(\w+)"', header))
    assert set(said) <= known
    assert set(re.findall(r"`(\w+)`", " ".join(l.split("|")[1] for l in reasons.splitlines() if l.startswith("| `")))) == \
        set(re.findall(r'X\(\w+, "(\w+)"', header[:header.index("EVENT_LIST(X)")]))
