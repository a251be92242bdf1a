"""Certificates of the tests, made by openssl in a folder of their own: good for localhost and 127.0.0.1, from today."""
import pathlib
import shutil
import ssl
import subprocess
import typing

EC = ("ec", "ec_paramgen_curve:P-256")
RSA = ("rsa", "rsa_keygen_bits:2048")


class Pair(typing.NamedTuple):
    cert: pathlib.Path
    key: pathlib.Path


class Pki:
    """An authority, folder/NAME.crt, and those that it vouches for."""

    def __init__(self, folder, name="ca"):
        self.folder, self.name = pathlib.Path(folder), name
        self.folder.mkdir(exist_ok=True)
        self.ca = self.path(f"{name}.crt")
        kind, option = EC
        self.openssl("req", "-x509", "-newkey", kind, "-pkeyopt", option, "-noenc", "-keyout", f"{name}.key",
                     "-out", self.ca, "-days", 10, "-subj", f"/CN=test {name}")

    def openssl(self, *args):
        done = subprocess.run(["openssl", *map(str, args)], cwd=self.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def path(self, file):
        return self.folder / file

    def pair(self, name):
        return Pair(self.path(f"{name}.crt"), self.path(f"{name}.key"))

    def make(self, name, use="serverAuth", common="localhost", algorithm=EC, days=5):
        """Its certificate and its key; made again, they replace those of that name. days=-1: it has ended."""
        kind, option = algorithm
        self.openssl("req", "-newkey", kind, "-pkeyopt", option, "-noenc", "-keyout", f"{name}.key",
                     "-out", f"{name}.csr", "-subj", f"/CN={common}")
        self.path(f"{name}.ext").write_text(
            f"subjectAltName=DNS:{common},IP:127.0.0.1\nextendedKeyUsage={use}\nbasicConstraints=critical,CA:false\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", self.ca, "-CAkey", f"{self.name}.key",
                     "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.crt")
        return self.pair(name)

    def copy(self, name, to):
        """Puts NAME's pair where another was."""
        for one, other in zip(self.pair(name), self.pair(to)):
            shutil.copy(one, other)


def client_context(pki, pair=None, **more):
    """An ssl context that believes pki's authority, and shows that pair; more: its attributes."""
    context = ssl.create_default_context(cafile=str(pki.ca))
    if pair is not None:
        context.load_cert_chain(*map(str, pair))
    for name, value in more.items():
        setattr(context, name, value)
    return context
