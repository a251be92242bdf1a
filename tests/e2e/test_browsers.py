"""What a browser does for the pages that it shows, nablad's own and others': with the headers that no page can choose."""
import json

import pytest

from daemon import eventually
from doors import basic, bcrypt
from test_auth import config

TEXT = {"Content-Type": "text/plain;charset=UTF-8"}  # what a form or fetch(..., {mode: "no-cors"}) may send unasked
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

# (what the browser adds, is it nablad's own page or no browser at all); HERE: 127.0.0.1:PORT
ASKED = [
    ({}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "http://HERE"}, True),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "https://nabla.example"}, True),  # behind a proxy of that name
    ({"Sec-Fetch-Site": "none"}, True),
    ({"Origin": "http://HERE"}, True),
    ({"Origin": "https://HERE"}, True),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://HERE"}, False),
    ({"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:3000"}, False),
    ({"Sec-Fetch-Site": ""}, False),
    ({"Origin": "https://evil.example"}, False),
    ({"Origin": "http://127.0.0.1"}, False),
    ({"Origin": "http://127.0.0.1:1"}, False),
    ({"Origin": "http://HERE.evil.example"}, False),
    ({"Origin": "null"}, False),
    ({"Origin": ""}, False),
]
WRITES = {"/write": b"m value=1\n", "/api/v2/write": b"m value=1\n", "/api/v1/lines": b"m 1\n", "/-/reload": None}


def here(d, headers):
    return {k: v.replace("HERE", "%s:%d" % d.http_address) for k, v in headers.items()}


@pytest.mark.parametrize("login", [False, True], ids=["nobody is asked", "a browser that knows the password"])
def test_pages_of_others_write_and_reload_nothing(nablad, tmp_path, login):
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder")}) if login else None)
    d.headers = basic("alice", "wonder") if login else {}
    strange = [h for h, ours in ASKED if not ours]
    for headers in strange:
        for path, body in WRITES.items():
            status, _, answer = d.get(path, method="POST", data=body, headers={**here(d, headers), **TEXT})
            assert status == 403 and "another site" in answer["error"], (headers, path)
        status, *_ = d.get("/api/v1/write", method="POST", data=b"x", headers={**here(d, headers), **FORM})
        assert status == 403
    assert d.lines_total() == 0 and d.metric("nablad_series") == 0 and d.events("reloaded") == []
    assert d.metric("nablad_auth_total", outcome="foreign") == len(strange) * (len(WRITES) + 1)
    said = d.events("foreign_page")[0]
    assert said["address"] == "127.0.0.1" and said["path"] == "/write" and said["origin"] == "https://evil.example"

    ours = [h for h, ours in ASKED if ours]
    for n, headers in enumerate(ours):
        for path, body in WRITES.items():
            assert d.get(path, method="POST", data=body, headers={**here(d, headers), **TEXT})[0] in (200, 204)
        d.wait_event("reloaded", n + 1)
    assert d.lines_total() == len(ours) * 3
    assert d.metric("nablad_auth_total", outcome="foreign") == len(strange) * (len(WRITES) + 1)


def test_a_large_body_of_another_page_is_not_read(nablad):
    d = nablad()
    body = b"".join(b"m,i=%d value=1\n" % i for i in range(10_000))
    for expect in ({}, {"Expect": "100-continue"}):
        headers = {"Sec-Fetch-Site": "cross-site", **TEXT, **expect}
        assert d.get("/write", method="POST", data=body, headers=headers)[0] == 403
    assert d.lines_total() == 0


def test_pages_of_others_may_ask_and_are_told_nothing(nablad):
    """A link to nablad works; what a script of another page asks for, its browser keeps from it."""
    d = nablad()
    d.send("m 1\n")
    strange = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path in ("/", "/metrics", "/api/v1/rates", "/api/v1/status/buildinfo"):
        for headers in (strange, {**strange, "Access-Control-Request-Method": "GET"}):
            status, answered, _ = d.get(path, headers=headers)
            assert status == 200 and not [h for h in answered if h.lower().startswith("access-control")]
    status, answered, _ = d.get("/write", method="OPTIONS", headers={
        **strange, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"})
    assert status in (403, 405) and not [h for h in answered if h.lower().startswith("access-control")]


# -- nablad's own page ------------------------------------------------------------------------------

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Sec-Fetch-Site": "none",
           "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Upgrade-Insecure-Requests": "1"}
OWN = {"Sec-Fetch-Site": "same-origin", "Accept": "*/*"}


def test_the_page_asks_for_a_password_as_browsers_know_it(nablad, tmp_path):
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder"), "carol": bcrypt("sings")},
                      rights={"carol": ["write"]}))
    for path, headers in (("/", BROWSER), ("/page/app.js", OWN), ("/page/app.css", OWN), ("/api/v1/status", OWN)):
        status, answered, _ = d.get(path, headers=headers)
        assert status == 401 and answered["WWW-Authenticate"].startswith("Basic realm="), path
        assert "Location" not in answered
        assert d.get(path, headers={**headers, **basic("carol", "sings")})[0] == 403
        assert d.get(path, headers={**headers, **basic("alice", "wonder")})[0] == 200
    assert d.get("/page/../web.yml", headers=basic("alice", "wonder"))[0] == 404
    assert d.get("/page/%2e%2e%2fweb.yml", headers=basic("alice", "wonder"))[0] == 404


def test_the_page_may_load_nothing_from_elsewhere(nablad):
    d = nablad()
    for headers in (BROWSER, {}):
        _, answered, text = d.get("/", headers=headers)
        policy = dict(part.strip().partition(" ")[::2] for part in answered["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == policy["base-uri"] == "'none'"
        assert {w for words in policy.values() for w in words.split()} <= {"'none'", "'self'", "data:", "blob:"}, policy
        assert "'unsafe" not in answered["Content-Security-Policy"]
        assert answered["X-Content-Type-Options"] == "nosniff" and "http://" not in text.replace("http://www.w3.org", "")


def test_the_status_tells_no_secret(nablad, tmp_path):
    hashed = bcrypt("wonder")
    (tmp_path / "key").write_text("a key that is long enough\n")
    (tmp_path / "password").write_text("pushes-secret\n")
    text = config(tmp_path, basic_auth_users={"alice": hashed},
                  bearer_tokens=[{"name": "t", "token_file": str(tmp_path / "t"), "rights": ["read"]}])
    (tmp_path / "t").write_text("token-0123456789abcdef\n")
    d = nablad(text + f"""
ingest: {{listeners: [{{address: '127.0.0.1:0', protocol: udp, hmac_key_file: '{tmp_path}/key'}}]}}
alerting: {{webhooks: [{{url: 'http://127.0.0.1:9/hook', username: u, password_file: '{tmp_path}/password'}}]}}
push: [{{format: influx, url: 'http://127.0.0.1:9/write?token=query-secret', username: u, password_file: '{tmp_path}/password'}}]
state: {{directory: '{tmp_path}/state'}}
""")
    d.headers = basic("alice", "wonder")
    assert "0" in [line.split()[4] for line in open(f"/proc/{d.proc.pid}/limits") if line.startswith("Max core")]
    assert int(open(f"/proc/{d.proc.pid}/coredump_filter").read(), 16) == 0
    said = "".join(json.dumps(d.get(path)[2]) for path in ("/api/v1/status", "/api/v1/notifications", "/metrics"))
    said += d.log()
    for secret in ("wonder", hashed, "a key that is long", "pushes-secret", "query-secret", "token-0123456789abcdef"):
        assert secret not in said, secret
