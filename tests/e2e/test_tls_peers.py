"""HTTPS with others' programs and files: Prometheus, promtool, the example of a web.yml."""
import subprocess

import yaml

from daemon import NABLAD, ROOT, eventually
from doors import basic, bcrypt, bearer, https_config, mutual, web_yml
from peers import prometheus, target
from pki import client_context
from test_tls import pki  # noqa: a fixture


def test_the_example_runs(nablad, tmp_path, pki):
    (tmp_path / "web.yml").write_text((ROOT / "config" / "examples" / "web.yml").read_text())
    for end in ("crt", "key"):
        (tmp_path / f"server.{end}").write_bytes(pki.path(f"server.{end}").read_bytes())
    for name in ("prometheus", "telegraf"):
        (tmp_path / f"{name}.token").write_text(f"{name}-{'x' * 20}\n")
    d = nablad(yaml.safe_dump({"http": {"web_config": str(tmp_path / "web.yml")}}))
    for user, may in (("operator", 200), ("grafana", 403)):
        assert d.get("/-/reload", method="POST", headers=basic(user, "change me"))[0] == may
    status, headers, _ = d.get("/metrics", headers=bearer("prometheus-" + "x" * 20))
    assert status == 200 and headers["X-Frame-Options"] == "deny"
    assert d.get("/write", method="POST", data=b"m value=1\n", headers=bearer("telegraf-" + "x" * 20))[0] == 204


def test_prometheus_reads_the_same_file(tmp_path, pki):
    """What web.yml has of exporter-toolkit's is what promtool takes."""
    web_yml(tmp_path, {"tls_server_config": {
        "cert_file": str(pki.path("server.crt")), "key_file": str(pki.path("server.key")), **mutual(pki),
        "min_version": "TLS12", "max_version": "TLS13", "prefer_server_cipher_suites": True,
        "cipher_suites": ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"], "curve_preferences": ["X25519", "CurveP256"]},
        "http_server_config": {"http2": False, "headers": {"X-Frame-Options": "deny"}},
        "basic_auth_users": {"alice": bcrypt("wonder", 10)}})
    done = subprocess.run(["promtool", "check", "web-config", str(tmp_path / "web.yml")], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    (tmp_path / "nablad.yaml").write_text("http: {web_config: web.yml}\n")
    done = subprocess.run([NABLAD, "--check", "--config", tmp_path / "nablad.yaml"], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr


def test_prometheus_scrapes_by_password_and_by_token_and_writes_by_mutual_tls(nablad, tmp_path, pki, free_port):
    (tmp_path / "token").write_text("scrape-token-0123456789\n")
    (tmp_path / "password").write_text("wonder\n")
    more = {"basic_auth_users": {"alice": bcrypt("wonder", 10)}, "rights": {"alice": ["read"]},
            "bearer_tokens": [{"name": "scraper", "token_file": str(tmp_path / "token"), "rights": ["read"]}]}
    d = nablad(https_config(tmp_path, pki, more=more))
    d.headers = basic("alice", "wonder")
    d.send("m 0 1\nm 1 2\nm 2 3\n")
    other = tmp_path / "mutual"
    other.mkdir()
    taker = nablad(https_config(other, pki, **mutual(pki)))
    taker.tls = client_context(pki, pki.pair("client"))
    trust = {"ca_file": str(pki.ca), "server_name": "localhost"}
    by = {"scheme": "https", "tls_config": trust, **target(d.http_address)}
    jobs = {"password": {**by, "basic_auth": {"username": "alice", "password_file": str(tmp_path / "password")}},
            "token": {**by, "authorization": {"credentials_file": str(tmp_path / "token")}},
            "nothing": by}
    write = {"url": taker.http + "/api/v1/write", "tls_config": {
        **trust, "cert_file": str(pki.path("client.crt")), "key_file": str(pki.path("client.key"))}}
    with prometheus(tmp_path, free_port(), jobs, write) as p:
        eventually(lambda: len(p.targets()) == 3 and all(h != "unknown" for h, _ in p.targets().values()), "scrapes")
        eventually(lambda: p.query('m_per_second{job="password"}') and p.query('m_per_second{job="token"}'), "rates")
        health = p.targets()
        assert health["password"][0] == health["token"][0] == "up" and "401" in health["nothing"][1]
        eventually(lambda: taker.rates('m_per_second{job="token"}'), "what Prometheus writes", timeout=60)
    assert d.metric("nablad_auth_passwords_verified_total") == 1
