"""nabla against a nablad that shows a certificate and asks who comes."""
import os

import pytest

from cli_words import is_one_error
from doors import bcrypt, https_config, mutual
from pki import Pki

TOKEN = "cli-token-0123456789"


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    pki = Pki(tmp_path_factory.mktemp("pki"))
    pki.make("server")
    pki.make("client", use="clientAuth", common="nabla")
    return pki


@pytest.fixture
def guarded(nablad, tmp_path, pki):
    """A daemon with a user, a token and a series; files of both secrets."""
    (tmp_path / "token").write_text(TOKEN + "\n")
    (tmp_path / "password").write_text("wonder\nwhat follows is no part of it\n")
    (tmp_path / "wrong").write_text("guess\n")
    d = nablad(https_config(tmp_path, pki, more={
        "basic_auth_users": {"alice": bcrypt("wonder")},
        "bearer_tokens": [{"name": "cli", "token_file": str(tmp_path / "token"), "rights": ["read"]}]}))
    d.headers = {"Authorization": f"Bearer {TOKEN}"}
    d.send("m 1 1\n")
    d.url = "https://localhost:%d" % d.http_address[1]
    return d


def test_by_password_by_token_and_by_the_environment(guarded, nabla, pki):
    trust = ["--url", guarded.url, "--ca-file", pki.ca]
    by_password = ["--user", "alice", "--password-file", "password"]
    environment = {**os.environ, "NABLA_URL": guarded.url, "NABLA_CA_FILE": str(pki.ca),
                   "NABLA_TOKEN_FILE": "token"}
    for done in (nabla("rates", *trust, *by_password), nabla("rates", *trust, "--token-file", "token"),
                 nabla("rates", env=environment), nabla("rates", *by_password, env=environment)):
        assert (done.returncode, done.stderr) == (0, "") and "\nm " in done.stdout
    assert nabla("alerts", *trust, *by_password).returncode == 0
    assert nabla("alerts", env=environment).returncode == 0


@pytest.mark.parametrize("args,status,says", [
    (["--user", "alice", "--password-file", "wrong"], 1, "the right password"),
    ([], 1, "the right password"),
    (["--user", "alice"], 2, "--user and --password-file go together"),
    (["--password-file", "password"], 2, "--user and --password-file go together"),
    (["--user", "alice", "--password-file", "gone"], 2, "gone: No such file or directory"),
    (["--user", "a", "--password-file", "password", "--token-file", "token"], 2, "exclude each other"),
    (["--token-file", "."], 2, "directory"),
    (["--key", "x"], 2, "--key needs --cert"),
    (["--token-file", "token", "--cert", "gone.crt"], 2, "gone.crt"),
])
def test_what_is_wrong_is_one_line_without_a_secret(guarded, nabla, pki, args, status, says):
    for command in ("rates", "alerts"):
        done = nabla(command, "--url", guarded.url, "--ca-file", pki.ca, *args)
        assert done.returncode == status and is_one_error(done.stderr) and says in done.stderr
        assert "wonder" not in done.stderr and TOKEN not in done.stderr


def test_nobody_else_is_trusted(guarded, nabla, pki):
    for args in ([], ["--ca-file", pki.path("client.crt")]):
        done = nabla("rates", "--url", guarded.url, "--token-file", "token", *args)
        assert done.returncode == 1 and "certificate" in done.stderr
    done = nabla("rates", "--url", guarded.url, "--token-file", "token", "--ca-file", "gone.crt")
    assert done.returncode == 2 and is_one_error(done.stderr)


def test_mutual_tls(nablad, nabla, tmp_path, pki):
    d = nablad(https_config(tmp_path, pki, **mutual(pki)))
    args = ["--url", "https://localhost:%d" % d.http_address[1], "--ca-file", pki.ca]
    assert nabla("rates", *args).returncode == 1
    assert nabla("rates", *args, "--cert", pki.path("client.crt"), "--key", pki.path("client.key")).returncode == 0
