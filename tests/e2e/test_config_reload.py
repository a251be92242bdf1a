"""The configuration: checked before use, read again on SIGHUP and POST, never half."""
import signal
import threading

import pytest

from daemon import ROOT, config_yaml, eventually

T0 = 1_700_000_000
DEFAULT = ROOT / "config" / "nablad.yaml"


def per_minute(d):
    return d.rate("m")["unit"] == "1/min"


def hup(d):
    d.proc.send_signal(signal.SIGHUP)


def post(d):
    assert d.get("/-/reload", method="POST")[0] == 200


@pytest.mark.parametrize("ask", [hup, post])
def test_reload_takes_effect_on_series_that_exist(nablad, ask):
    d = nablad()
    d.send(f"m 0 {T0}\nm 1 {T0 + 1}\nm 2 {T0 + 2}\n")
    assert d.rate("m")["rate"]["value"] == 1 and d.rate("m")["unit"] == "1/s"
    d.config.write_text(config_yaml("{defaults: {per: 1m}, limits: {max_series: 2}}"))
    ask(d)
    eventually(lambda: per_minute(d), "the new configuration")
    assert d.rate("m")["rate"]["value"] == 60
    d.send(f"m2 1 {T0}\nm3 1 {T0}\n")
    assert d.metric("nablad_series") == 2 and d.rejected("series_limit") == 1
    assert d.metric("nablad_config_reloads_total", result="ok") == 1


@pytest.mark.parametrize("ask", ["hup", "post"])
@pytest.mark.parametrize("bad", ["defaults: {per: 1m, edge_order: 3}\n", "defaults: [\n", "", None])
def test_a_bad_file_changes_nothing_and_says_so(nablad, ask, bad):
    d = nablad()
    d.send(f"m 0 {T0}\nm 1 {T0 + 1}\nm 2 {T0 + 2}\n")
    if bad is None:
        d.config.unlink()
    else:
        d.config.write_text(config_yaml("{}") + bad if bad else "")
    if ask == "hup":
        hup(d)
    else:
        status, _, body = d.get("/-/reload", method="POST")
        if bad != "":
            assert status in (400, 500) and body["status"] == "error"
            assert "nablad.yaml" in body["error"]
    if bad == "":  # an empty file is all of the defaults: only listeners differ, and stay
        eventually(lambda: d.metric("nablad_config_reloads_total", result="ok") == 1, "the reload")
    else:
        eventually(lambda: d.metric("nablad_config_reloads_total", result="failed") == 1, "the refusal")
        assert "nablad.yaml" in d.log().split("event=ready")[1]
    assert d.rate("m")["unit"] == "1/s" and d.rate("m")["rate"]["value"] == 1
    d.send(f"m 3 {T0 + 3}\n")


def test_keys_that_need_a_restart_are_named(nablad):
    d = nablad()
    d.config.write_text(config_yaml("{http: {listen: '127.0.0.1:1'}, ingest: {threads: 2}}"))
    hup(d)
    eventually(lambda: "http.listen" in d.log() and "ingest.threads" in d.log(), "the warning")
    assert d.get("/-/healthy")[0] == 200


def test_log_level_by_reload(nablad):
    d = nablad()
    d.config.write_text(config_yaml("log: {level: error}"))
    post(d)
    before = len(d.events("line_refused"))
    d.send("bad\n" * 3)
    assert len(d.events("line_refused")) == before


def test_samples_go_on_through_reloads(nablad):
    d = nablad()
    with d.connect() as sock:
        for n in range(20):
            sock.sendall(f"m {n} {T0 + n}\n".encode() * 50)
            hup(d)
        d.wait_lines(1000)
    assert d.rate("m")["rate"]["value"] == 1
    eventually(lambda: d.metric("nablad_config_reloads_total", result="ok") >= 1, "a reload")


# -- a reload that takes long: of many series each meets many rules ------------------------------


def long_config():
    rules = ", ".join(f"{{match: 'm{{n=~\".*x{i}.*\"}}', per: 1h}}" for i in range(1000))
    return config_yaml(f"{{defaults: {{per: 1h}}, series: [{rules}]}}")


def many_series(d, n=20_000):
    d.send("".join(f"m,n={i} value=1 {T0}000000000\n" for i in range(n)))
    d.config.write_text(long_config())


def test_others_are_answered_during_a_long_reload(nablad):
    d = nablad()
    many_series(d)
    told = []
    asks = [threading.Thread(target=lambda: told.append(d.get("/-/reload", method="POST")[0])) for _ in range(5)]
    for ask in asks:
        ask.start()
    answers = 0
    while d.metric("nablad_config_reloads_total", result="ok") == 0:
        answers += 1
        d.send(f"m,n=1 value={answers} {T0 + answers}000000000\n")
    for ask in asks:
        ask.join()
    assert told == [200] * 5
    assert answers >= 5, "senders and readers waited for the reload"
    assert 1 <= d.metric("nablad_config_reloads_total", result="ok") <= 5


def test_a_stop_in_the_middle_of_a_long_reload(nablad):
    d = nablad()
    many_series(d)
    hup(d)
    hup(d)
    eventually(lambda: d.rates(limit=1)[0]["unit"] == "1/h", "the first series under the new rules")
    d.stop()
    assert len(d.events("stopped")) == 1


# -- --check ------------------------------------------------------------------------------------


def test_check_accepts_the_installed_default(run_nablad, nabla):
    done = run_nablad("--config", DEFAULT, "--check")
    assert done.returncode == 0, done.stderr
    done = nabla("check", "config", DEFAULT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("example", sorted(p.name for p in (ROOT / "config").glob("examples/*.yaml")))
def test_check_accepts_the_examples(nabla, example):
    done = nabla("check", "config", ROOT / "config" / "examples" / example)
    assert done.returncode == 0, done.stderr


BAD = """\
ingest:
  thraeds: 2
http:
  listen: 127.0.0.1:99999
limits:
  max_series: many
  max_future: 10
"""


@pytest.mark.parametrize("program", ["nablad", "nabla"])
def test_check_tells_every_fault_with_its_place(run_nablad, nabla, tmp_path, program):
    file = tmp_path / "bad.yaml"
    file.write_text(BAD)
    done = run_nablad("--config", file, "--check") if program == "nablad" \
        else nabla("check", "config", file)
    assert done.returncode > 0
    told = done.stderr + done.stdout
    for place in ("bad.yaml:2:3:", "bad.yaml:4:11:", "bad.yaml:6:15:", "bad.yaml:7:15:"):
        assert place in told, told
    assert "threads" in told  # what was meant


def test_a_bad_configuration_ends_the_start(run_nablad, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(BAD)
    done = run_nablad("--config", file)
    assert done.returncode > 0 and "bad.yaml:2:3:" in done.stderr


def test_a_file_that_is_not_there(run_nablad, tmp_path):
    done = run_nablad("--config", tmp_path / "no.yaml")
    assert done.returncode > 0 and "no.yaml" in done.stderr
