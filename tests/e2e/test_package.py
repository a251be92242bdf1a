"""The Debian packages of `./dev package`: what they say of themselves, that dpkg installs and purges them, and that
what they install works from where they put it. dpkg works in a root of its own; nothing of this machine changes."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml

import daemon

pytestmark = pytest.mark.slow

NAMES = ["libnabla-dev", "libnabla0", "nabla", "nablad"]
MADE = daemon.ROOT / "build" / "package"

PROGRAM = """
#include <nabla/nabla.h>
#include <stdio.h>
int main(void)
{
    double f[3] = {1, 4, 9}, df[3];
    if (nabla_gradient_1d(f, 3, 1.0, 1, df) != NABLA_OK)
        return 1;
    printf("%g %g %g", df[0], df[1], df[2]);
    return 0;
}
"""


def run(*argv, **more):
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=1800,
                          stdin=subprocess.DEVNULL, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def packages():
    """Name -> file; ./dev test has built them already, then they are only packed."""
    paths = run(daemon.ROOT / "dev", "package").split()
    found = {pathlib.Path(path).name.split("_")[0]: daemon.ROOT / path for path in paths}
    assert sorted(found) == NAMES
    return found


class Root:
    """An empty machine: dpkg's lists, and nothing on it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "var/lib/dpkg/info").mkdir(parents=True)
        (folder / "var/lib/dpkg/updates").mkdir()
        for name in ("status", "available"):
            (folder / "var/lib/dpkg" / name).touch()

    def dpkg(self, *args):
        # its maintainer scripts run outside of it, and are told by DPKG_ROOT where it is
        return run("fakeroot", "dpkg", f"--root={self.folder}", f"--log={self.folder}/dpkg.log", "--force-depends",
                   "--force-not-root", "--force-script-chrootless", *args)

    def files(self):
        return {str(p.relative_to(self.folder)) for p in self.folder.rglob("*")
                if not p.is_dir() and not p.is_relative_to(self.folder / "var/lib/dpkg")} - {"dpkg.log"}


@pytest.fixture(scope="module")
def root(packages, tmp_path_factory):
    root = Root(tmp_path_factory.mktemp("root"))
    root.dpkg("--install", *packages.values())
    return root


def field(package, name):
    return run("dpkg-deb", "--field", package, name).strip()


@pytest.mark.parametrize("name", NAMES)
def test_it_says_what_it_is_and_wants(packages, name):
    assert field(packages[name], "Version") == "0.1.0-1"
    assert field(packages[name], "Description").count("\n") >= 1, "a summary, and what it is"
    for wanted in field(packages[name], "Depends").split(", "):
        if wanted and not wanted.startswith("libnabla0"):
            assert run("dpkg-query", "-W", "-f", "${db:Status-Status}", wanted.split()[0]) == "installed"


def test_a_library_is_wanted_for_each_part(packages):
    wanted = {w.split()[0] for w in field(packages["nablad"], "Depends").split(", ")}
    assert {"libc6", "libuv1", "libmicrohttpd12", "liblmdb0", "libgnutls30", "libsystemd0"} <= wanted
    assert field(packages["libnabla-dev"], "Depends") == "libnabla0 (= 0.1.0-1)"
    assert "libnabla0" not in field(packages["nabla"], "Depends"), "the command brings its own"


def test_each_file_is_in_one_package_and_where_debian_wants_it(root):
    files = root.files()
    assert {"usr/sbin/nablad", "usr/bin/nabla", "etc/nabla/nablad.yaml", "usr/include/nabla/nabla.h",
            "usr/lib/systemd/system/nablad.service", "usr/share/man/man8/nablad.8.gz",
            "usr/share/man/man1/nabla-gradient.1.gz", "usr/share/man/man5/nablad.yaml.5.gz",
            "usr/share/man/man3/nabla_gradient.3.gz"} <= files
    for name in NAMES:
        assert {f"usr/share/doc/{name}/copyright", f"usr/share/doc/{name}/changelog.gz"} <= files
    assert not [f for f in files if not re.match(r"usr/(s?bin|include|lib|share)/|etc/nabla/", f)]


def test_the_unit_names_what_is_there(root):
    service = (root.folder / "usr/lib/systemd/system/nablad.service").read_text()
    for path in re.findall(r"^ExecStart=(\S+) --config (\S+)$", service, re.M)[0]:
        assert (root.folder / path.lstrip("/")).is_file()
    installed = yaml.safe_load((root.folder / "etc/nabla/nablad.yaml").read_text())
    assert installed["state"]["directory"] == "/var/lib/nablad"
    assert "StateDirectory=nablad" in service


def test_the_installed_daemon_works_with_the_installed_configuration(root, nablad, tmp_path):
    config = root.folder / "etc/nabla/nablad.yaml"
    run(root.folder / "usr/bin/nabla", "check", "config", config)
    mine = tmp_path / "nablad.yaml"
    mine.write_text(re.sub(r":(2|9)207\b", ":0", config.read_text()).replace("/var/lib/nablad", str(tmp_path / "state")))
    d = nablad(command=["sh", "-c", 'exec "$0" --config "$1"', root.folder / "usr/sbin/nablad", mine])
    d.send("".join(f"level value={k * k} 170000000{k}000000000\n" for k in range(3)))
    daemon.eventually(lambda: d.rates("level"), "the series")
    assert d.rates("level")[0]["rate"]["value"] == 2
    assert "/app.js" in d.get("/", headers={"Accept": "text/html"})[2], "the page is in it"
    d.stop()
    assert (tmp_path / "state").is_dir(), "its own configuration was read"


def test_the_installed_command_works(root, tmp_path):
    (tmp_path / "squares.csv").write_text("x,y\n0,0\n1,1\n2,4\n")
    out = run(root.folder / "usr/bin/nabla", "gradient", "squares.csv", "--x", "x", "--y", "y", cwd=tmp_path)
    assert "2" in out.split("\n")[2]


def test_a_program_builds_with_what_is_installed(root, tmp_path):
    (tmp_path / "program.c").write_text(PROGRAM)
    folder = next((root.folder / "usr/lib").rglob("pkgconfig"))
    env = {**os.environ, "PKG_CONFIG_LIBDIR": str(folder), "PKG_CONFIG_SYSROOT_DIR": str(root.folder)}
    flags = run("pkg-config", "--cflags", "--libs", "nabla", env=env).split()
    run("cc", "-Wall", "-Werror", tmp_path / "program.c", "-o", tmp_path / "program", *flags)
    assert run(tmp_path / "program", env={"LD_LIBRARY_PATH": str(folder.parent)}) == "3 4 5"


def test_an_edited_configuration_stays_and_a_purge_leaves_nothing(packages, tmp_path):
    root = Root(tmp_path / "root")
    root.dpkg("--install", packages["nablad"])
    config = root.folder / "etc/nabla/nablad.yaml"
    config.write_text("# mine\n")
    state = root.folder / "var/lib/nablad"
    state.mkdir()
    root.dpkg("--install", packages["nablad"])
    assert config.read_text() == "# mine\n"
    root.dpkg("--remove", "nablad")
    assert root.files() == {"etc/nabla/nablad.yaml"} and state.is_dir()
    root.dpkg("--purge", "nablad")
    assert root.files() == set() and not state.exists()
    shutil.rmtree(root.folder)
