"""Certificates, passwords and web.yml of the tests, made by openssl and crypt(3) in the test's own folder."""
import base64
import pathlib
import shutil
import ssl
import subprocess
import warnings

import yaml

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import crypt  # in Debian 12's Python


def openssl(folder, *args):
    done = subprocess.run(["openssl", *map(str, args)], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Pki:
    """A CA, ca.crt, and what it signs: NAME.crt and NAME.key in folder."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = pathlib.Path(folder), name
        self.folder.mkdir(exist_ok=True)
        openssl(self.folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "10", "-subj", f"/CN=test {name}")

    def path(self, file):
        return self.folder / file

    def make(self, name, use="serverAuth", common="localhost", algorithm=("ec", "ec_paramgen_curve:P-256"), days=5):
        kind, option = algorithm
        openssl(self.folder, "req", "-newkey", kind, "-pkeyopt", option, "-nodes", "-keyout", f"{name}.key",
                "-out", f"{name}.csr", "-subj", f"/CN={common}")
        self.path(f"{name}.ext").write_text(
            f"subjectAltName=DNS:{common},IP:127.0.0.1\nextendedKeyUsage={use}\n")
        openssl(self.folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.crt",
                "-CAkey", f"{self.name}.key", "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext",
                "-out", f"{name}.crt")
        return self.path(f"{name}.crt"), self.path(f"{name}.key")

    def copy(self, name, to):
        """Puts NAME's pair where another was."""
        for end in ("crt", "key"):
            shutil.copy(self.path(f"{name}.{end}"), self.path(f"{to}.{end}"))


RSA = ("rsa", "rsa_keygen_bits:2048")


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


def tls_client(pki, pair=None, **versions):
    """An ssl context that trusts pki's CA, and shows that pair."""
    context = ssl.create_default_context(cafile=str(pki.path(f"{pki.name}.crt")))
    if pair is not None:
        context.load_cert_chain(*map(str, pair))
    for name, version in versions.items():
        setattr(context, name, version)
    return context


def https_config(folder, pki, name="server", http=None, more=None, **tls):
    """nablad.yaml for HTTPS with the pair NAME of pki; tls: more of tls_server_config, more: of web.yml."""
    crt, key = pki.path(f"{name}.crt"), pki.path(f"{name}.key")
    web = {"tls_server_config": {"cert_file": str(crt), "key_file": str(key), **tls}, **(more or {})}
    return yaml.safe_dump({"http": {**web_yml(folder, web), **(http or {})}})


def mutual(pki):
    return {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": str(pki.path("ca.crt"))}
