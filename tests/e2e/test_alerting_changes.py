"""Rules that go, and very many alerts at once: whoever was told is told the rest, and nobody else waits."""
import pytest
import yaml

from alert_peers import hook
from daemon import eventually
from test_alerting import COLD_CHAIN, NS, T0, config, reload, send

OTHER = {"groups": [{"name": "cold-chain", "rules": [{
    "alert": "Other", "match": "temperature", "when": "value > 1000"}]}]}


def stateful(folder, rules=COLD_CHAIN, **alerting):
    return yaml.safe_dump({**yaml.safe_load(config(folder, rules, **alerting)),
                           "state": {"directory": str(folder / "state")}})


def gone(d):
    return [(e["group"], e["name"], e["resolved"]) for e in d.events("alert_rule_gone")]


@pytest.mark.parametrize("how", ["reload", "restart"])
def test_a_rule_that_goes_ends_its_alerts(nablad, tmp_path, how):
    with hook() as h:
        d = nablad(stateful(tmp_path, webhooks=[{"url": h.url}]))
        send(d, "a", [-10])
        send(d, "b", [-20])
        eventually(lambda: h.told() == {"a": ["firing"]}, "its beginning")
        text = stateful(tmp_path, OTHER, webhooks=[{"url": h.url}])
        if how == "reload":
            reload(d, text)
        else:
            d.stop()
            d = nablad(text)
        eventually(lambda: h.told() == {"a": ["firing", "resolved"]}, "its end")
        assert gone(d) == [("cold-chain", "FreezerWarm", "1")]
        first, last = h.bodies()[0]["alerts"][0], h.bodies()[-1]["alerts"][0]
        for key in ("labels", "annotations", "startsAt", "fingerprint"):
            assert first[key] == last[key]  # in the words of the rule that it had
        assert d.metric("nablad_alerts_resolved_total") == 1
        assert d.metric("nablad_alerts", state="firing") == 0


@pytest.mark.slow
def test_a_rule_that_holds_for_all(nablad, tmp_path):
    """Thousands fire at once while more lines come; then they end, while their target is away for a restart of nablad.
    At full size, with figures: ./dev bench ingest --only told, storm."""
    n, rules = 3000, [
        {"alert": "All", "match": "temperature", "when": "value > -15"},
        {"alert": "Hot", "match": "temperature", "when": "value > 1000", "annotations": {"at": "{{ $value }}"}}]

    def round_of(value, at):
        return "".join(f"temperature,room=r{i} value={value} {(T0 + at) * NS}\n" for i in range(n))

    groups = {"groups": [{"name": "g", "rules": rules}]}
    with hook() as h:
        d = nablad(stateful(tmp_path, groups, webhooks=[{"url": h.url}]))
        d.send(round_of(-10, 0))
        for at in range(1, 6):
            d.send(round_of(-10, at))
            assert d.get("/-/healthy")[0] == 200
            d.send(f"temperature,room=probe{at} value=2000 {(T0 + at) * NS}\n")
        eventually(lambda: sum(map(len, h.told().values())) == n + 10, "all of them")
        told = {}
        for body in h.bodies():
            for a in body["alerts"]:
                told.setdefault(a["labels"]["alertname"], []).append(a["labels"]["room"])
        assert sorted(told["Hot"]) == [f"probe{at}" for at in range(1, 6)]
        assert len(told["All"]) == len(set(told["All"])) == n + 5
        assert d.metric("nablad_alerts", state="firing") == n + 10
        port = h.server_address[1]
    d.send(round_of(-20, 9))
    eventually(lambda: d.metric("nablad_alerts_resolved_total") == n, "the ends")
    d.stop()
    d = nablad(stateful(tmp_path, groups, webhooks=[{"url": f"http://127.0.0.1:{port}/alerts"}]))
    assert d.events("alerts_restored")[0]["resolved"] == str(n)
    with hook(port) as h:
        eventually(lambda: len(h.told()) == n, "their ends, when it is back")
        assert all(s == ["resolved"] for s in h.told().values())


def test_news_pass_what_is_told_again(nablad, tmp_path):
    """While all are told again all the time, one that begins is told, too."""
    with hook() as h:
        d = nablad(config(tmp_path, {"groups": [{"name": "g", "rules": [
            {"alert": "All", "match": "temperature", "when": "value > -15"}]}]},
            webhooks=[{"url": h.url}], repeat="1s"))
        d.send("".join(f"temperature,room=r{i} value=-10 {T0 * NS}\n" for i in range(200)))
        eventually(lambda: len(h.told()) == 200 and all(len(s) > 2 for s in h.told().values()),
                   "all of them, again and again")
        send(d, "new", [3])
        eventually(lambda: "new" in h.told(), "the new one")
        assert set(h.told()["r7"]) == {"firing"}
