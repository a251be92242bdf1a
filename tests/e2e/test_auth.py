"""Who may do what by HTTP: users, tokens, rights; guessing; what is never told."""
import concurrent.futures
import gzip
import hashlib
import signal

import pytest
import yaml

from daemon import ROOT, eventually
from doors import basic, bcrypt, bearer, web_yml

TOKENS = {"reader": ["read"], "writer": ["write"], "chief": ["admin"], "nothing": []}


def token(name):
    return f"token-of-{name}-0123456789"


def config(folder, http=None, **web):
    return yaml.safe_dump({"http": {**web_yml(folder, web), **(http or {})}})


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()


def all_kinds(folder):
    """Users and tokens of every right, one token in a file."""
    (folder / "chief.token").write_text(token("chief") + "\n")
    tokens = [{"name": n, "sha256": digest(token(n)), "rights": r} for n, r in TOKENS.items() if n != "chief"]
    tokens.append({"name": "chief", "token_file": "chief.token", "rights": TOKENS["chief"]})
    return {"basic_auth_users": {"alice": bcrypt("wonder"), "bob": bcrypt("builder")},
            "rights": {"bob": ["read"]}, "bearer_tokens": tokens}


# path: (method, body, the rights of which any will do); "any": whoever is somebody
ROUTES = {
    "/api/v1/rates": ("GET", None, "read"),
    "/api/v1/points": ("GET", None, "read"),
    "/api/v1/series?match[]=m": ("GET", None, "read"),
    "/api/v1/series/rules?match[]=m": ("GET", None, "read"),
    "/api/v1/labels": ("GET", None, "read"),
    "/api/v1/label/job/values": ("GET", None, "read"),
    "/api/v1/query?query=m": ("GET", None, "read"),
    "/api/v1/query_range?query=m&start=0&end=1&step=1": ("GET", None, "read"),
    "/api/v1/query_exemplars?query=m": ("GET", None, "read"),
    "/api/v1/metadata": ("GET", None, "read"),
    "/api/v1/status/buildinfo": ("GET", None, "read"),
    "/api/v1/rules": ("GET", None, "read"),
    "/api/v1/rules/series?group=g&name=n": ("GET", None, "read"),
    "/api/v1/alerts": ("GET", None, "read"),
    "/api/v1/notifications": ("GET", None, "read"),
    "/api/v1/status": ("GET", None, "read"),
    "/api/v1/stream": ("HEAD", None, "read"),
    "/api/v1/gradient": ("POST", b'{"f":[1,2]}', "read"),
    "/api/v1/write": ("POST", b"", "write"),
    "/api/v1/lines": ("POST", b"m 1 1\n", "write"),
    "/write": ("POST", b"m value=1 1\n", "write"),
    "/api/v2/write": ("POST", b"m value=1 1\n", "write"),
    "/query?q=SHOW+DATABASES": ("GET", None, "read write"),
    "/ping": ("GET", None, "any"),
    "/health": ("GET", None, "any"),
    "/metrics": ("GET", None, "read"),
    "/federate?match[]=m": ("GET", None, "read"),
    "/-/healthy": ("GET", None, "any"),
    "/-/ready": ("GET", None, "any"),
    "/-/reload": ("POST", None, "admin"),
    "/page/app.js": ("GET", None, "read"),
    "/": ("GET", None, "read"),
    "/there/is/nothing": ("GET", None, "any"),
}


def of_openapi(path, method):
    """What docs/openapi.yaml says of it; None for what is not there."""
    api = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text())
    path = path.split("?")[0].replace("/job/", "/{name}/").replace("/app.js", "/{name}")
    return api["paths"].get(path, {}).get({"HEAD": "get"}.get(method, method.lower()))


def test_openapi_says_who_may_do_what():
    """scripts/lint-documents holds it to the table of routes, this to what is asked below."""
    for path, (method, _, wanted) in ROUTES.items():
        if path != "/there/is/nothing":
            rights = "read write admin" if wanted == "any" else wanted
            assert set(of_openapi(path, method)["x-rights"]) == set(rights.split()), path


def test_every_route_by_every_right(nablad, tmp_path):
    d = nablad(config(tmp_path, **all_kinds(tmp_path)))
    for path, (method, body, wanted) in ROUTES.items():
        told = (of_openapi(path, method) or {"responses": ["401", "403", "404"]})["responses"]
        for name, rights in TOKENS.items():
            status, headers, _ = d.get(path, method=method, data=body, headers={
                "Content-Type": "application/json", **bearer(token(name))})
            may = bool(rights) and (wanted == "any" or set(rights) & set(wanted.split()))
            assert (status == 403) != bool(may), (path, name, status)
            assert status != 401 and "WWW-Authenticate" not in headers
            assert str(status) in told, (path, name, status)
        status, headers, answer = d.get(path, method=method, data=body)
        assert status == 401, path
        assert headers.get_all("WWW-Authenticate") == [
            'Basic realm="nablad", charset="UTF-8"', 'Bearer realm="nablad"']
        assert method == "HEAD" or answer["errorType"] == "unauthorized"
    d.headers = bearer(token("chief"))
    assert d.get("/metrics")[0] == 403
    d.headers = bearer(token("reader"))
    assert d.metric("nablad_auth_total", outcome="missing") == len(ROUTES)


def test_all_routes_are_in_the_table(nablad):
    d = nablad()
    asked = {l["handler"] for n, l, _ in d.metrics() if n == "nablad_http_requests_total"} - {"other"}
    assert asked == {p.split("?")[0].replace("/job/", "/NAME/").replace("/app.js", "/NAME") for p in ROUTES} - {"/there/is/nothing"}


@pytest.mark.parametrize("shown,status", [
    (basic("alice", "wonder"), 200),
    (basic("alice", "wrong"), 401),
    (basic("alice", ""), 401),
    (basic("alice", "wonder\0"), 401),
    (basic("nobody", "wonder"), 401),
    (basic("", ""), 401),
    (basic("a" * 300, "b" * 300), 401),
    (basic("bob", "builder"), 200),
    (bearer(token("reader")), 200),
    ({"Authorization": f"Token {token('reader')}"}, 200),
    ({"Authorization": f"bearer {token('reader')}"}, 200),
    (bearer(token("reader") + "x"), 401),
    (bearer(token("reader")[:-1]), 401),
    (bearer(""), 401),
    ({"Authorization": "Basic !!!"}, 401),
    ({"Authorization": "Basic YWxpY2U"}, 401),
    ({"Authorization": "Digest username=alice"}, 401),
    ({"Authorization": "Basic"}, 401),
])
def test_what_is_shown(nablad, tmp_path, shown, status):
    d = nablad(config(tmp_path, **all_kinds(tmp_path)))
    got, headers, _ = d.get("/api/v1/rates", headers=shown)
    assert got == status
    assert ("WWW-Authenticate" in headers) == (status == 401)


def test_a_body_that_is_not_let_in_leaves_nothing(nablad, tmp_path):
    d = nablad(config(tmp_path, http={"auth_failures": 1000}, **all_kinds(tmp_path)))
    body = b"".join(b"m,i=%d value=1 1\n" % i for i in range(20000))
    for shown in ({}, basic("alice", "wrong"), basic("bob", "builder"), bearer("not a token of anybody")):
        for headers in ({}, {"Expect": "100-continue"}):
            assert d.get("/write", method="POST", data=body, headers={**shown, **headers})[0] in (401, 403)
    d.headers = basic("alice", "wonder")
    assert d.metric("nablad_series") == 0 and d.lines_total() == 0
    assert d.get("/write", method="POST", data=body)[0] == 204
    assert d.metric("nablad_series") == 20000


LINES = b"".join(b"m,i=%d value=1 1\n" % i for i in range(20000))


@pytest.mark.parametrize("path,body,headers,wanted", [
    ("/write", b"m,i=1 value=1 1", {}, 1),
    ("/write", LINES, {}, 20000),
    ("/write", LINES, {"Expect": "100-continue"}, 20000),
    ("/write", [LINES[:100], LINES[100:]], {}, 20000),  # in chunks
    ("/api/v2/write", gzip.compress(LINES), {"Content-Encoding": "gzip"}, 20000),
    ("/api/v1/gradient", b'{"f": [1, 2, 4]}', {"Content-Type": "application/json"}, [1, 1.5, 2]),
    ("/api/v1/labels", b"limit=1", {"Content-Type": "application/x-www-form-urlencoded"}, ["__name__"]),
], ids=["a line", "lines", "expect", "chunks", "gzip", "gradient", "form"])
def test_a_body_behind_a_new_password_is_read(nablad, tmp_path, path, body, headers, wanted):
    """While the password is verified its request is suspended: what follows its headers must not be lost."""
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder"), "bob": bcrypt("builder")}))
    if "write" not in path:
        d.get("/write", method="POST", data=b"m,a=b value=1 1", headers=basic("bob", "builder"))
    d.headers = basic("alice", "wonder")
    status, _, answer = d.get(path, method="POST", data=body, headers=headers)
    assert status in (200, 204), answer
    got = answer.get("f", answer.get("data")) if answer else d.metric("nablad_series")
    assert got == wanted
    assert d.metric("nablad_auth_passwords_verified_total") >= 1


def test_a_large_body_behind_a_wrong_password_is_refused_at_once(nablad, tmp_path):
    """More of it than would be skipped: who sends it is told before it comes."""
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder")}))
    shown = "".join(f"{n}: {v}\r\n" for n, v in basic("alice", "wrong").items())
    answer = d.raw(f"POST /write HTTP/1.1\r\nHost: a\r\n{shown}Content-Length: 9000000\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 401 ")


def test_one_bcrypt_for_many_requests(nablad, tmp_path):
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder", 8)}))
    d.headers = basic("alice", "wonder")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        assert {r[0] for r in pool.map(lambda _: d.get("/api/v1/rates"), range(40))} == {200}
    assert d.metric("nablad_auth_passwords_verified_total") == 1


def test_guessing_is_slowed_down(nablad, tmp_path):
    d = nablad(config(tmp_path, http={"auth_failures": 3}, **all_kinds(tmp_path)))
    tries = [basic("alice", "x"), bearer("y" * 20), {"Authorization": "Nonsense"}]
    assert [d.get("/metrics", headers=t)[0] for t in tries] == [401] * 3
    for shown in (basic("alice", "wonder"), basic("alice", "z"), bearer(token("reader"))):
        status, headers, body = d.get("/metrics", headers=shown)
        assert status == 429 and body["errorType"] == "too_many_requests"
        assert 1 <= int(headers["Retry-After"]) <= 20
    assert d.get("/metrics")[0] == 401  # nothing shown, nothing guessed
    d.headers = basic("alice", "wonder")
    eventually(lambda: d.get("/metrics")[0] == 200, "a failure forgiven", timeout=120)
    assert d.metric("nablad_limited_total", limit="http.auth_failures") >= 3
    assert d.metric("nablad_auth_total", outcome="wrong") == 3


def test_too_many_passwords_at_once(nablad, tmp_path):
    d = nablad(config(tmp_path, http={"auth_failures": 100000, "max_connections": 200, "request_timeout": "5m"},
                      basic_auth_users={"alice": bcrypt("wonder", 10)}, bearer_tokens=[
                          {"name": "reader", "sha256": digest(token("reader")), "rights": ["read"]}]))
    def guess(i):
        return d.get("/metrics", headers=basic("alice", f"guess {i}"))[0]
    with concurrent.futures.ThreadPoolExecutor(120) as pool:
        all_ = list(pool.map(guess, range(120)))
        assert d.get("/-/healthy", headers=bearer(token("reader")))[0] == 200  # served meanwhile
    assert set(all_) == {401, 503} and all_.count(401) >= 64
    d.headers = bearer(token("reader"))
    assert d.metric("nablad_limited_total", limit="AUTH_WAITING_MAX") == all_.count(503)


def test_anonymous_may_read(nablad, tmp_path):
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder")}, anonymous=["read"]))
    assert d.get("/metrics")[0] == 200
    assert d.get("/write", method="POST", data=b"m value=1 1\n")[0] == 401
    assert d.get("/write", method="POST", data=b"m value=1 1\n", headers=basic("alice", "wonder"))[0] == 204
    assert d.get("/metrics", headers=basic("alice", "wrong"))[0] == 401


def test_users_come_and_go_with_a_reload(nablad, tmp_path):
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder")}))
    d.headers = basic("alice", "wonder")
    assert d.get("/metrics")[0] == 200
    web_yml(tmp_path, {"basic_auth_users": {"alice": bcrypt("other"), "carol": bcrypt("sings")}})
    assert d.get("/-/reload", method="POST")[0] == 200
    assert d.get("/metrics")[0] == 401
    d.headers = basic("carol", "sings")
    assert d.get("/metrics")[0] == 200
    web_yml(tmp_path, {"basic_auth_users": {"alice": "not a hash, a password"}})
    d.proc.send_signal(signal.SIGHUP)
    d.wait_event("reload_failed")
    assert "a password" not in d.log() and "web.yml:2:10" in d.log()
    assert d.get("/metrics")[0] == 200


def test_no_secret_is_told(nablad, tmp_path):
    kinds = all_kinds(tmp_path)
    d = nablad(config(tmp_path, **kinds) + "log: {level: debug}\n")
    secrets = ["wonder", token("reader"), token("chief"), digest(token("reader")),
               *kinds["basic_auth_users"].values(), "gu3ss"]
    said = ""
    for shown in (basic("alice", "wonder"), basic("gu3ss", "gu3ss"), bearer(token("chief")),
                  bearer("gu3ss-gu3ss-gu3ss"), bearer(token("reader"))):
        for path in ("/metrics", "/", "/api/v1/status/buildinfo"):
            said += str(d.get(path, headers=shown))
    said += d.log() + open(f"/proc/{d.proc.pid}/cmdline").read()
    assert "event=auth_failed address=127.0.0.1" in said
    assert [s for s in secrets if s in said] == []
    assert "0" in [l.split()[4] for l in open(f"/proc/{d.proc.pid}/limits") if l.startswith("Max core")]


def test_headers_of_every_answer(nablad, tmp_path):
    d = nablad(config(tmp_path, basic_auth_users={"alice": bcrypt("wonder")}, http_server_config={
        "http2": False, "headers": {"X-Frame-Options": "deny", "X-Content-Type-Options": "nosniff",
                                    "Strict-Transport-Security": "max-age=60"}}))
    for headers in (d.get("/")[1], d.get("/metrics", headers=basic("alice", "wonder"))[1]):
        assert headers["X-Frame-Options"] == "deny" and headers["Strict-Transport-Security"] == "max-age=60"
        assert headers.get_all("X-Content-Type-Options") == ["nosniff"]


@pytest.mark.parametrize("http,says", [
    ("{listen: '0.0.0.0:0'}", "nablad.yaml:1:16: http.listen: others than this machine can reach 0.0.0.0"),
    ("{listen: '[::]:0'}", "reach ::"),
    ("{listen: '192.0.2.1:0'}", "or say insecure: true"),
    ("{listen: '0.0.0.0:0', web_config: open.yml}", "open.yml:1:1: http.listen: others than this machine"),
    ("{listen: '0.0.0.0:0', web_config: gone.yml}", "gone.yml: cannot be read"),
    ("{listen: '0.0.0.0:0', insecure: true}", None),
    ("{listen: '0.0.0.0:0', web_config: users.yml}", None),
    ("{listen: '0.0.0.0:0', web_config: read.yml}", None),
    ("{listen: '127.0.0.1:0'}", None),
    ("{listen: '127.1.2.3:0'}", None),
    ("{listen: '[::1]:0'}", None),
])
def test_who_can_be_reached(run_nablad, nabla, tmp_path, http, says):
    (tmp_path / "open.yml").write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    (tmp_path / "users.yml").write_text(f"basic_auth_users: {{alice: {bcrypt('x')}}}\n")
    (tmp_path / "read.yml").write_text("anonymous: [read]\n")
    (tmp_path / "nablad.yaml").write_text(f"http: {http}\n")
    for done in (run_nablad("--check", "--config", "nablad.yaml"), nabla("check", "config", "nablad.yaml")):
        assert done.returncode == (0 if says is None else 2), done.stderr
        assert says is None or says in done.stderr


def test_what_is_open_is_said(nablad):
    d = nablad("http: {listen: '0.0.0.0:0', insecure: true}")
    assert "insecure" in d.wait_event("http_open")["why"]
