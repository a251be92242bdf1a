"""All that rules can ask for, at once: two threads that take samples, queries, event streams, scrapers, reloads, and
series that fall silent and end. As long as the samples last; ThreadSanitizer's build is where it says most.
"""
import random
import threading

import pytest

import daemon
from test_trust import S, T0, ask_points, scrape

SENDERS, SERIES, SAMPLES, BITE = 4, 12, 1500, 300  # samples of each sender; lines of a bite
RULES = """
  - match: 'steady'
    per: 1m
    min_dt: 100ms
    resolution: 0.1
    max_rate: 500
    trend: {trend}
    limits: [-18, 40]
    keep: 10m
    extremes: true
    late: {late}
    max_gap: 1h
  - {{match: 'fleeting', trend: 1m, keep: 1m, extremes: true, late: {{reorder: 20ms}},
     on_silence: {on_silence}, stale_after: 20ms, expire_after: 60ms, max_gap: 1h}}
  - {{match: 'count', kind: counter, wrap: 32, max_rate: 1e9, keep: 1m, trend: 1m, max_gap: 1h}}
"""
ONE = {"trend": "2m", "late": "{reorder: 5ms}", "on_silence": "zero"}
OTHER = {"trend": "'off'", "late": "insert", "on_silence": "stale"}
HEAD = "ingest: {threads: 2}\nlimits: {keep_memory: 256KiB}\nseries:"


def config(rules):
    return HEAD + RULES.format(**rules)


def samples(number):
    """One sender's lines: twins, late ones, overflows, each series shared by two senders, one of which has spikes."""
    draw = random.Random(number)
    for k in range(SAMPLES):
        t = T0 + k * S + draw.choice([0, 0, 0, 1, 50_000_000, -3 * S])
        v = 20 + k % 7 / 10 + (1000 if k % 97 == 0 and number % 2 else 0)
        tag = f"n={(number // 2 * SERIES + k) % (SERIES * SENDERS // 2)}"
        yield f"steady,{tag} value={v} {t}\n"
        yield f"fleeting,{tag} value={v} {t}\n"
        yield f"count,{tag} value={(k * 90_000_000) % 2**32}i {t}\n"


class Busy:
    """Threads that do things again and again until they are told to end; what one raised is raised by end()."""

    def __init__(self, *works):
        self.over, self.faults, self.rounds = threading.Event(), [], [0] * len(works)
        self.threads = [threading.Thread(target=self._run, args=x) for x in enumerate(works)]
        for thread in self.threads:
            thread.start()

    def _run(self, number, work):
        try:
            while not self.over.is_set() or self.rounds[number] < 3:
                work()
                self.rounds[number] += 1
        except Exception as fault:  # noqa: BLE001 (raised again by end)
            self.faults.append(fault)

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join(4 * daemon.DEADLINE_S)
            assert not thread.is_alive()
        if self.faults:
            raise self.faults[0]


def send_all(d, number, busy):
    """A bite at a time, over one connection or many; before each, every other thread has had a turn."""
    text = list(samples(number))
    with d.connect() as sock:
        for bite, k in enumerate(range(0, len(text), BITE)):
            daemon.eventually(lambda: busy.faults or min(busy.rounds) > bite, "a turn of the others")
            if number % 2:
                sock.sendall("".join(text[k:k + BITE]).encode())
            else:
                d.send("".join(text[k:k + BITE]), wait=False)


@pytest.mark.parametrize("first, second", [(ONE, OTHER), (OTHER, ONE)], ids=["begin-with-all", "begin-with-few"])
def test_rules_under_every_thread(nablad, first, second):
    d = nablad(config(first))
    files = [daemon.config_yaml(config(x)) for x in (second, first)]

    def reload():
        files.append(files.pop(0))
        d.config.write_text(files[-1])
        assert d.get("/-/reload", method="POST")[0] == 200

    def points():
        ask_points(d, **{"match[]": ["steady", "fleeting"], "max_points": 50})

    scrapers = [f"127.0.0.{k}" for k in range(2, 8)]

    def scrapes():
        scrapers.append(scrapers.pop(0))
        scrape(d, scrapers[0])

    with d.stream("steady") as stream:
        busy = Busy(reload, points, scrapes, lambda: d.rates("count"), lambda: d.rates("fleeting"))
        senders = [threading.Thread(target=send_all, args=(d, n, busy)) for n in range(SENDERS)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join(4 * daemon.DEADLINE_S)
            assert not thread.is_alive()
        d.wait_lines(3 * SAMPLES * SENDERS)
        busy.end()
        assert stream.points()
    assert d.metric("nablad_samples_total") == 3 * SAMPLES * SENDERS
    assert d.metric("nablad_kept_bytes") <= 256 << 10
    assert d.metric("nablad_scrapers_replaced_total") > 0
    daemon.eventually(lambda: not d.rates("fleeting"), "the end of the fleeting")
    for event in ("merged", "held", "spike", "counter_wrap", "staled", "expired", "late_inserted"):
        assert d.happened(event) > 0, event
    assert len(d.rates("steady")) == SERIES * SENDERS // 2
