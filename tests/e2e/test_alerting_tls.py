"""Alerts told over TLS, by name and password: Debian's Alertmanager behind a certificate of the test's own."""
import pytest

from alert_peers import alertmanager, hook
from daemon import eventually
from pki import Pki, client_context
from test_alerting import config, reload, send

HASH = "$2b$04$/hbPdSxshCuK70KYbG9wl.vvWI0P5SrXzUBIsRJMGfDH/OkpP3QhW"  # bcrypt of s3cret


class World:
    """Authorities, an Alertmanager that wants TLS, a client's certificate and a password, and what nablad needs."""

    def __init__(self, folder):
        ours, theirs = Pki(folder, "ours"), Pki(folder, "theirs")
        server, self.client = ours.make("server"), theirs.make("client", use="clientAuth")
        self.ours, self.theirs = str(ours.ca), str(theirs.ca)
        self.context = client_context(ours, self.client)
        self.web = {"basic_auth_users": {"nablad": HASH}, "tls_server_config": {
            "cert_file": str(server.cert), "key_file": str(server.key), "client_ca_file": self.theirs,
            "client_auth_type": "RequireAndVerifyClientCert"}}
        self.password = folder / "password"
        self.password.write_text("s3cret\n")

    def target(self, manager, **other):
        t = {"url": manager.url, "username": "nablad", "password_file": str(self.password), "ca_file": self.ours,
             "cert_file": str(self.client.cert), "key_file": str(self.client.key), **other}
        return {"alertmanagers": [{k: v for k, v in t.items() if v is not None}]}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def manager(world, tmp_path, free_port):
    with hook() as behind, alertmanager(tmp_path, free_port(), behind.url, web=world.web, context=world.context,
                                        user="nablad:s3cret") as m:
        m.behind = behind
        yield m


def sent(d):
    return d.metric("nablad_notifications_total", kind="alertmanager", outcome="sent")


def test_it_is_told(nablad, tmp_path, world, manager):
    d = nablad(config(tmp_path, **world.target(manager)))
    send(d, "a", [-10])
    eventually(lambda: manager.behind.told() == {"a": ["firing"]}, "the alert, through Alertmanager")
    assert [a["labels"]["room"] for a in manager.alerts()] == ["a"]
    assert d.metric("nablad_notifications_up", kind="alertmanager") == 1
    assert d.metric("nablad_notifications_total", outcome="retried") == 0


@pytest.mark.parametrize("wrong, why", [
    ({"ca_file": "theirs"}, "certificate"),
    ({"ca_file": "/nowhere/ca.crt"}, "/nowhere/ca.crt"),
    ({"ca_file": None}, "certificate"),
    ({"cert_file": None, "key_file": None}, ""),
    ({"password": "wr0ng"}, "Unauthorized"),
    ({"password_file": "/nowhere/password"}, "/nowhere/password")],
    ids=["another authority", "no such authority", "the system's authorities", "no certificate", "wrong password",
         "no password"])
def test_what_is_wrong_is_said_and_tried_again(nablad, tmp_path, world, manager, wrong, why):
    wrong = dict(wrong)
    if "password" in wrong:
        world.password.write_text(wrong.pop("password"))
    if wrong.get("ca_file") == "theirs":
        wrong["ca_file"] = world.theirs
    d = nablad(config(tmp_path, **world.target(manager, **wrong)))
    send(d, "a", [-10])
    eventually(lambda: d.metric("nablad_notifications_total", outcome="retried") >= 2, "tries")
    assert d.metric("nablad_notifications_up", kind="alertmanager") == 0
    assert sent(d) == 0 and manager.alerts() == []
    failed = d.events("notify_failed")[0]
    assert why in failed["why"] and failed["alerts"] == "1", failed
    assert "s3cret" not in d.log() and "wr0ng" not in d.log()
    world.password.write_text("s3cret")  # mended, and told without a restart
    reload(d, config(tmp_path, **world.target(manager)))
    eventually(lambda: manager.behind.told() == {"a": ["firing"]}, "the alert, once it is mended")
    assert d.metric("nablad_notifications_up", kind="alertmanager") == 1
    assert len(d.events("notify_works")) == 1


def test_any_certificate_if_one_says_so(nablad, tmp_path, world, manager):
    d = nablad(config(tmp_path, **world.target(manager, ca_file=None, verify=False)))
    send(d, "a", [-10])
    eventually(lambda: manager.behind.told() == {"a": ["firing"]}, "the alert")
