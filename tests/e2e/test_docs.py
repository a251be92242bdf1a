"""Every fenced example of README.md and docs/ is run.

    ```lines          sent over TCP to the page's daemon: every line is taken
    ```console        lines that start with "$ " are run by bash in order; the lines after each are
                      what it prints, … standing for anything within a line, a line "..." for any
                      number of lines; lines right after it that start with "> " belong to it
    ```yaml nablad    a configuration that is checked
    ```TYPE FILE.EXT  FILE.EXT in the folder that the page's commands run in

A page has one daemon; its ports stand where the page says 2207 (TCP and UDP) and 9207 (HTTP). Its C
programs are compiled without a warning against the library as it is installed. A picture that it shows
from images/ must be drawn by one of its commands, under the same name, and show the same data;
NABLA_DRAW=1 keeps what was drawn instead of comparing.
"""
import os
import re
import shutil
import subprocess

import pytest

from daemon import BUILD, NABLA, NABLAD, ROOT
from libnabla import SANITIZER
from pictures import same_picture

PAGES = sorted(p.relative_to(ROOT) for p in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
               if p.exists())
FILE = re.compile(r"\w+ ([\w-]+\.\w+)")
SANITIZED = re.search(b"__[at]san_init", NABLA.read_bytes()) is not None  # its shadow memory knows no limits
IMAGE = re.compile(r"\]\((images/([\w-]+\.(?:svg|png)))\)")
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Commands that change the machine, or that are tested elsewhere: who tests them.
ELSEWHERE = {
    "./dev ": "test_demo.py, and whoever runs this",
    "sudo ": "needs a machine to spare",
    "git clone": "needs a network",
    "cd ": "follows git clone",
    "systemctl ": "needs a running systemd; the units are checked in test_systemd.py",
}


def blocks(page, tag):
    text = (ROOT / page).read_text()
    return [body for info, body in FENCE.findall(text) if info.strip() == tag]


def commands(block):
    """[(command, expected output)]; a backslash at a line's end joins the next."""
    out = []
    lines = iter(block.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line[2:]
            while command.endswith("\\"):
                command = command[:-1] + " " + next(lines).strip().removeprefix("> ")
            out.append((command, []))
        elif line.startswith("> ") and out and not out[-1][1]:
            out[-1] = (f"{out[-1][0]}\n{line[2:]}", [])
        elif out:
            out[-1][1].append(line)
    return out


def pattern(lines):
    """Expected lines as a regular expression over the whole output."""
    parts = []
    for line in lines:
        parts.append(r"(?:.*\n)*?" if line.strip() == "..."
                     else ".*?".join(map(re.escape, line.rstrip().split("…"))) + r"[ \t]*\n")
    return re.compile("".join(parts))


# nabla with the page's daemon in the place of the default one; what a command says itself comes later
# and wins.
HERE = """#!/bin/bash
case $1 in
rates) set -- rates --url http://127.0.0.1:{http} "${{@:2}}" ;;
send) set -- send --to tcp://127.0.0.1:{port} "${{@:2}}" ;;
esac
exec {nabla} "$@"
"""


PROGRAMS = {
    "nabla": HERE,
    "python3": """#!/bin/bash
exec /usr/bin/python3 "$@"
""",
    "pkg-config": """#!/bin/bash
PKG_CONFIG_PATH={lib}/pkgconfig exec /usr/bin/pkg-config --define-variable=prefix={usr} "$@"
""",
    "cc": """#!/bin/bash
exec /usr/bin/cc -std=c11 -Wall -Wextra -Wshadow -Wconversion -Werror {sanitize} "$@" -Wl,-rpath,{lib}
""",
}


def number(text, old, new):
    """Whole numbers only: a port may stand inside of a result."""
    return re.sub(rf"(?<![\d.]){old}(?!\d)", str(new), text)


def install(usr):
    """libnabla as its users have it: the folder of the library."""
    subprocess.run(["cmake", "--install", BUILD / "src" / "numeric", "--prefix", usr], check=True,
                   capture_output=True)
    return next(usr.rglob("libnabla.so")).parent


class Page:
    def __init__(self, nablad, free_port, folder, text):
        self.port, self.http = free_port(), free_port()
        self.daemon = nablad(f"""
            ingest: {{listeners: [{{address: "127.0.0.1:{self.port}", protocol: tcp}},
                                  {{address: "127.0.0.1:{self.port}", protocol: udp}}]}}
            http: {{listen: "127.0.0.1:{self.http}"}}""")
        self.folder = folder / "page"
        bin_, usr = folder / "bin", folder / "usr"
        for new in (self.folder, bin_):
            new.mkdir()
        words = {"http": self.http, "port": self.port, "nabla": NABLA, "usr": usr,
                 "lib": install(usr) if "pkg-config" in text else "",
                 "sanitize": f"-g -fsanitize={SANITIZER}" if SANITIZER else ""}
        for name, script in PROGRAMS.items():
            (bin_ / name).write_text(script.format(**words))
            (bin_ / name).chmod(0o755)
        self.env = {**os.environ, "NABLA_BUILD": str(BUILD), "PATH": f"{bin_}:{NABLAD.parent}:{os.environ['PATH']}"}

    def here(self, text):
        return number(number(text, 2207, self.port), 9207, self.http)

    def as_written(self, text):
        return number(number(text, self.port, 2207), self.http, 9207)

    def run(self, command, expected):
        if command.startswith(tuple(ELSEWHERE)):
            return
        if SANITIZED:
            command = re.sub(r"ulimit -\w \d+; ", "", command)
        done = subprocess.run(["bash", "-c", self.here(command)], cwd=self.folder, env=self.env,
                              timeout=60, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        got = self.as_written(done.stdout)
        got += "" if got.endswith("\n") or not got else "\n"
        if not pattern(expected).fullmatch(got):
            pytest.fail("\n".join([f"$ {command}", "--- the page says", *expected,
                                   "--- it prints", got]), pytrace=False)
        shown = any(line.strip() not in ("", "...") for line in expected)
        if done.returncode != 0 and not shown:  # a failure is an example only if the page shows it
            pytest.fail(f"$ {command}\nexit status {done.returncode}\n{got}", pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_examples_of_a_page(nablad, free_port, tmp_path, page):
    text = (ROOT / page).read_text()
    runnable = [(info.strip(), body) for info, body in FENCE.findall(text)
                if info.strip() in ("lines", "console") or FILE.fullmatch(info.strip())]
    if not runnable:
        return
    p = Page(nablad, free_port, tmp_path, text)
    for link in ("config", "docs", "tests", "scripts"):
        (p.folder / link).symlink_to(ROOT / link)
    for info, body in runnable:
        if named := FILE.fullmatch(info):
            (p.folder / named[1]).write_text(body)
        elif info == "lines":
            before = p.daemon.rejected()
            p.daemon.send(body)
            assert p.daemon.rejected() == before, body + p.daemon.log()[-2000:]
        else:
            for command, expected in commands(body):
                p.run(command, expected)
    for link, name in IMAGE.findall(text):
        kept = (ROOT / page).parent / link
        if "NABLA_DRAW" in os.environ:
            shutil.copy(p.folder / name, kept)
        try:
            same_picture(p.folder / name, kept)
        except AssertionError as fault:
            pytest.fail(f"{link}: {fault} (NABLA_DRAW=1 keeps what is drawn now)", pytrace=False)


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_configurations_of_a_page(nabla, tmp_path, page):
    for n, body in enumerate(blocks(page, "yaml nablad")):
        file = tmp_path / f"example-{n}.yaml"
        file.write_text(body)
        done = nabla("check", "config", file)
        assert done.returncode == 0, body + done.stderr


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_no_example_goes_untested(page):
    """A shell example under another tag would not be run."""
    for info, body in FENCE.findall((ROOT / page).read_text()):
        assert info.strip() not in ("sh", "bash", "shell"), body
        if info.strip() not in ("console", "text"):
            assert not re.search(r"^\$ ", body, re.MULTILINE), body


def test_no_picture_is_left_over():
    shown = {link.removeprefix("images/") for page in PAGES
             for link, _ in IMAGE.findall((ROOT / page).read_text())}
    assert shown == {p.name for p in (ROOT / "docs" / "images").iterdir()}


def test_there_are_pages():
    assert len(PAGES) >= 5 and any(blocks(p, "console") for p in PAGES)
