"""Passwords, tokens and web.yml of the tests, made by crypt(3); certificates are pki.py's."""
import base64
import pathlib
import warnings

import yaml

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt  # in Debian 12's Python


def bcrypt(password, cost=4):
    return crypt.crypt(password, crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=2 ** cost))


def basic(user, password):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def web_yml(folder, text):
    """Writes web.yml, given as what it holds; returns the section http of nablad.yaml."""
    path = pathlib.Path(folder) / "web.yml"
    path.write_text(yaml.safe_dump(text, sort_keys=False))
    return {"web_config": str(path)}


def https_config(folder, pki, name="server", http=None, more=None, **tls):
    """nablad.yaml for HTTPS with the pair NAME of pki; tls: more of tls_server_config, more: of web.yml."""
    cert, key = map(str, pki.pair(name))
    web = {"tls_server_config": {"cert_file": cert, "key_file": key, **tls}, **(more or {})}
    return yaml.safe_dump({"http": {**web_yml(folder, web), **(http or {})}})


def mutual(pki):
    return {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": str(pki.ca)}
