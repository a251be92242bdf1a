"""Alerts told to others: Debian's Alertmanager and webhooks, over restarts and outages of either side."""
import pathlib
import socket
import time

import pytest
import yaml

from alert_peers import alertmanager, hook
from daemon import DEADLINE_S, config_yaml, eventually

DATA = pathlib.Path(__file__).parent.parent / "data"
NS = 10**9
T0 = 1700000000

COLD_CHAIN = {"groups": [{"name": "cold-chain", "rules": [{
    "alert": "FreezerWarm", "match": 'temperature{room=~".+"}', "when": "value > -15",
    "clear": "value < -16", "for": "200ms", "labels": {"severity": "page"},
    "annotations": {"summary": "{{ $labels.room }} is at {{ $value }}"}}]}]}


def config(folder, rules=COLD_CHAIN, **alerting):
    """Targets have a minute for an answer, so that a slow machine makes no retry."""
    for peer in alerting.get("webhooks", []) + alerting.get("alertmanagers", []):
        peer.setdefault("timeout", "1m")
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    return yaml.safe_dump({"rules": str(folder / "rules.yaml"), "alerting": alerting})


def reload(d, text):
    d.config.write_text(config_yaml(text))
    assert d.get("/-/reload", method="POST")[0] == 200


class Freezer:
    """The recording of a door that does not close, and is closed: at first cold, from `warm` on about the limit,
    with a reading above it at `warm`, cold again at the end. It crosses the limit again and again in between."""

    def __init__(self):
        self.lines = (DATA / "freezer.lines").read_text().splitlines(keepends=True)
        self.values = [float(text.split("value=")[1].split()[0]) for text in self.lines]
        self.warm = next(i for i, v in enumerate(self.values) if i > 200 and v > -15)
        crossings = sum((a > -15) != (b > -15) for a, b in zip(self.values, self.values[1:]))
        assert crossings > 50 and max(self.values[:60]) < -16 and max(self.values[-60:]) < -16

    def send(self, d, rooms, first, end):
        for at in range(first, end, 20):
            for room in rooms:
                d.send("".join(text.replace("freezer", f"temperature,room={room}")
                               for text in self.lines[at:min(at + 20, end)]))


def send(d, room, values, first=0):
    d.send("".join(f"temperature,room={room} value={v} {(T0 + (first + i) * 10) * NS}\n"
                   for i, v in enumerate(values)))


def once(told):
    """Each fired once and was resolved once, however often that was said."""
    return all(len([s for i, s in enumerate(all) if i == 0 or all[i - 1] != s]) <= 2
               for all in told.values())


def test_a_freezer_alerts_once(nablad, tmp_path, free_port):
    freezer = Freezer()
    with hook() as behind, hook() as direct, \
            alertmanager(tmp_path, free_port(), behind.url) as manager:
        # four times resend without a word, and Alertmanager takes an alert for over
        d = nablad(config(tmp_path, resend="5s", external_url="http://nabla.example",
                          alertmanagers=[{"url": manager.url}], webhooks=[{"url": direct.url}]))
        freezer.send(d, "ab", 0, freezer.warm + 1)  # the clock decides, too: `for` passes while it is warm
        eventually(lambda: set(behind.told()) == {"a", "b"}, "both freezers")
        eventually(lambda: direct.told() == {"a": ["firing"], "b": ["firing"]}, "both, told directly")
        active = manager.alerts()
        assert {a["labels"]["room"] for a in active} == {"a", "b"}
        assert all(a["generatorURL"].startswith("http://nabla.example/") for a in active)
        eventually(manager.remembers, "what Alertmanager told, on its disk")
        manager.kill()
        freezer.send(d, "ab", freezer.warm + 1, 380)
        eventually(lambda: d.metric("nablad_notifications_up", kind="alertmanager") == 0,
                   "the outage")
        manager.start()
        eventually(lambda: len(manager.alerts()) == 2, "both, after the outage")
        manager.kill()
        freezer.send(d, "ab", 380, len(freezer.lines))
        eventually(lambda: direct.told() == {room: ["firing", "resolved"] for room in "ab"},
                   "the end")
        manager.start()
        eventually(lambda: all(s[-1] == "resolved" for s in behind.told().values()),
                   "the end, from Alertmanager")
        assert once(behind.told())
        assert len({a["startsAt"] for b in behind.bodies() for a in b["alerts"]
                    if a["labels"]["room"] == "a"}) == 1
        assert any(len(b["alerts"]) == 2 for b in behind.bodies())  # grouped
        assert d.metric("nablad_alerts_fired_total") == 2
        assert d.metric("nablad_notifications_total", kind="alertmanager", outcome="refused") == 0
        # what Alertmanager says of an alert and what nablad says itself are the same
        theirs = [a for b in behind.bodies() for a in b["alerts"]][-1]
        ours = next(a for b in direct.bodies() for a in b["alerts"]
                    if a["fingerprint"] == theirs["fingerprint"])
        assert set(ours) == set(theirs) and ours["labels"] == theirs["labels"]
        assert set(direct.bodies()[0]) == set(behind.bodies()[0])


def test_what_a_target_missed_is_told_when_it_is_back(nablad, tmp_path, free_port):
    port = free_port()
    d = nablad(config(tmp_path, webhooks=[{"url": f"http://127.0.0.1:{port}/"}]))
    send(d, "a", [-10])
    eventually(lambda: d.metric("nablad_notifications_total", outcome="retried") >= 1, "a try")
    send(d, "a", [-20], 1)
    eventually(lambda: d.metric("nablad_alerts_resolved_total") == 1, "the end")
    with hook(port) as h:
        eventually(lambda: h.told() == {"a": ["resolved"]}, "what was missed")
        eventually(lambda: d.metric("nablad_notifications_up") == 1, "its gauge")


def test_one_that_never_answers_costs_the_others_nothing(nablad, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as silent, hook() as h:
        d = nablad(config(tmp_path, webhooks=[
            {"url": "http://127.0.0.1:%d/" % silent.getsockname()[1], "timeout": "300ms"},
            {"url": h.url}]))
        send(d, "a", [-10])
        eventually(lambda: h.told() == {"a": ["firing"]}, "the other")
        eventually(lambda: d.metric("nablad_notifications_total", outcome="retried") >= 2, "tries")
        assert d.metric("nablad_notifications_up") == 1  # of two
        send(d, "a", [-20], 1)
        eventually(lambda: h.told() == {"a": ["firing", "resolved"]}, "its end")


@pytest.mark.parametrize("answers, outcomes, asked", [
    ([(400, {}), (200, {})], {"refused": 1, "retried": 0, "sent": 0}, 1),
    ([(503, {"Retry-After": "1"}), (200, {})], {"refused": 0, "retried": 1, "sent": 1}, 2),
    ([(429, {}), (401, {}), (200, {})], {"refused": 0, "retried": 2, "sent": 1}, 3),
    ([(302, {"Location": "/other"}), (200, {})], {"refused": 1, "retried": 0, "sent": 0}, 1)],
    ids=["400", "503", "429 and 401", "302"])
def test_answers(nablad, tmp_path, answers, outcomes, asked):
    with hook() as h:
        h.answer = list(answers)
        d = nablad(config(tmp_path, webhooks=[{"url": h.url + "?key=secret"}]))
        send(d, "a", [-10])

        def counted():
            return {o: d.metric("nablad_notifications_total", outcome=o) for o in outcomes}
        eventually(lambda: counted() == outcomes, f"{outcomes}")
        assert len(h.asked) == asked
        assert h.asked[0][0] == "/alerts?key=secret"
        assert "secret" not in d.log() + str(d.metrics())
        assert ("so it is" in d.log()) == (outcomes["sent"] == 0 or outcomes["retried"] > 0)


def test_targets_change_while_it_runs(nablad, tmp_path):
    (tmp_path / "token").write_text("t0ken\n")
    with hook() as first, hook() as second:
        d = nablad(config(tmp_path, webhooks=[{"url": first.url}]))
        send(d, "a", [-10])
        eventually(lambda: first.told() == {"a": ["firing"]}, "the first")
        reload(d, config(tmp_path, webhooks=[
            {"url": second.url, "bearer_token_file": str(tmp_path / "token")}, {"url": first.url}]))
        eventually(lambda: second.told() == {"a": ["firing"]}, "the second, which knew nothing")
        assert second.asked[0][1]["Authorization"] == "Bearer t0ken"
        reload(d, config(tmp_path, webhooks=[{"url": second.url}]))
        eventually(lambda: len([n for n, *_ in d.metrics() if n == "nablad_notifications_up"]) == 1,
                   "the first's leave")
        send(d, "a", [-20], 1)
        eventually(lambda: second.told() == {"a": ["firing", "resolved"]}, "its end")
        assert first.told() == {"a": ["firing"]}  # neither again, nor once it was gone


@pytest.mark.parametrize("how", ["kill", "terminate"])
def test_a_restart_is_not_seen(nablad, tmp_path, how):
    more = {"state": {"directory": str(tmp_path / "state")}}
    mark = {"name": "mark", "rules": [{"alert": "Marked", "match": "mark", "when": "value > 0", "for": "1h"}]}
    rules = {"groups": COLD_CHAIN["groups"] + [mark]}
    with hook() as h:
        text = yaml.safe_dump(
            {**yaml.safe_load(config(tmp_path, rules, webhooks=[{"url": h.url}])), **more})
        d = nablad(text)
        send(d, "a", [-10])
        send(d, "b", [-10])
        eventually(lambda: h.told() == {"a": ["firing"], "b": ["firing"]}, "both")
        eventually(lambda: d.metric("nablad_notifications_total", outcome="sent") == 2, "its knowing so")
        d.send(f"mark,room=last value=1 {T0 * NS}")
        saved = tmp_path / "state" / "alerts.mdb"
        eventually(lambda: saved.exists() and b"last" in saved.read_bytes(),
                   "all that was before it, on the disk")
        getattr(d.proc, how)()
        d.proc.wait(DEADLINE_S)
        d.stopped = True
        d = nablad(text)
        assert d.events("alerts_restored")[0]["firing"] == "2"
        send(d, "a", [-11], 1)
        send(d, "b", [-20], 1)
        eventually(lambda: h.told() == {"a": ["firing"], "b": ["firing", "resolved"]}, "one end")
        assert d.metric("nablad_alerts_fired_total") == 0
        starts = {a["startsAt"] for b in h.bodies() for a in b["alerts"] if a["labels"]["room"] == "b"}
        assert len(starts) == 1


@pytest.mark.slow
def test_many_series_under_a_rule(nablad, tmp_path):
    n = 3000
    with hook() as h:
        d = nablad(config(tmp_path, webhooks=[{"url": h.url}]))
        for at in range(3):
            d.send("".join(f"temperature,room=r{i} value=-10 {(T0 + at) * NS}\n" for i in range(n)))
        eventually(lambda: len(h.told()) == n, "all of them")
        d.send("".join(f"temperature,room=r{i} value=-20 {(T0 + 9) * NS}\n" for i in range(n)))
        eventually(lambda: sum(map(len, h.told().values())) == 2 * n, "their ends")
        assert all(s == ["firing", "resolved"] for s in h.told().values())
        assert max(len(b["alerts"]) for b in h.bodies()) == 64
        assert {b["status"] for b in h.bodies()} == {"firing", "resolved"}


def test_how_long_it_takes(nablad, tmp_path):
    """From a sample to its notification; reported, not judged."""
    rule = {**COLD_CHAIN["groups"][0]["rules"][0], "for": "0s"}
    took = []
    with hook() as h:
        d = nablad(config(tmp_path, {"groups": [{"name": "g", "rules": [rule]}]},
                          webhooks=[{"url": h.url}]))
        for i in range(20):
            began = time.time()
            send(d, f"r{i}", [-10])
            eventually(lambda: len(h.got) == i + 1, "a notification")
            took.append(h.got[i][0] - began)
    took.sort()
    print(f"sample to notification: median {took[10] * 1e3:.1f} ms, worst {took[-1] * 1e3:.1f} ms")
