"""Certificates that a test makes, by openssl, in a folder of its own; all are of today, for 127.0.0.1."""
import dataclasses
import pathlib
import subprocess


@dataclasses.dataclass
class Pair:
    cert: pathlib.Path
    key: pathlib.Path


def openssl(*args):
    subprocess.run(["openssl", *map(str, args)], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def authority(folder, name):
    """Whom certificates are signed by."""
    p = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", 2,
            "-subj", f"/CN={name}", "-keyout", p.key, "-out", p.cert)
    return p


def signed(folder, name, by, address="127.0.0.1", purpose=None):
    """A server's or a client's, which `by` vouches for; for one purpose only, if it is named: clientAuth."""
    p = Pair(folder / f"{name}.crt", folder / f"{name}.key")
    openssl("req", "-x509", "-CA", by.cert, "-CAkey", by.key, "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:P-256", "-noenc", "-days", 2, "-subj", f"/CN={name}", "-addext",
            f"subjectAltName=IP:{address}", "-addext", "basicConstraints=critical,CA:false",
            *(("-addext", f"extendedKeyUsage={purpose}") if purpose else ()), "-keyout", p.key, "-out", p.cert)
    return p
