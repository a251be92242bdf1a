"""The page that nablad serves, as bytes: what a browser is sent, how large it is, what builds it. What a person
sees is tests/web's."""
import gzip
import json
import re
import subprocess

import pytest

import daemon

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
GZIP = {"Accept-Encoding": "gzip"}
MOST_BYTES = 150 * 1024  # of all files together, packed
HAS_PAGE = "NABLA_WEB:BOOL=ON\n" in (daemon.BUILD / "CMakeCache.txt").read_text()

needs_page = pytest.mark.skipif(not HAS_PAGE, reason="built with NABLA_WEB=OFF: there is no page")


def fetch(d, path, **headers):
    connection = d.http_connection()
    connection.request("GET", path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers, body


def files_of(document):
    return re.findall(r'(?:src|href)="(/page/[^"]+)"', document)


@needs_page
def test_a_browser_gets_the_page_and_its_files(nablad):
    d = nablad()
    status, headers, body = fetch(d, "/?view=series&match=a", **BROWSER)
    assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
    document = body.decode()
    files = files_of(document)
    assert {f.rsplit(".")[-1] for f in files} == {"js", "css", "svg"}
    total = len(fetch(d, "/", **BROWSER, **GZIP)[2])
    for path in files:
        status, headers, packed = fetch(d, path, **GZIP)
        assert status == 200 and headers["Content-Encoding"] == "gzip", path
        _, plain_headers, plain = fetch(d, path)
        assert "Content-Encoding" not in plain_headers and gzip.decompress(packed) == plain, path
        assert fetch(d, path, If_None_Match=headers["ETag"])[::2] == (304, b""), path
        total += len(packed)
    assert total <= MOST_BYTES, total


@needs_page
def test_nothing_in_the_page_runs_inline_or_comes_from_elsewhere(nablad):
    d = nablad()
    _, headers, body = fetch(d, "/", **BROWSER)
    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    document = body.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", document)
    for path in files_of(document):
        text = fetch(d, path)[2].decode()
        assert "innerHTML" not in text and "insertAdjacentHTML" not in text, path


def test_without_the_page_a_browser_gets_the_list_of_links(nablad):
    status, headers, body = fetch(nablad(), "/", **({} if HAS_PAGE else BROWSER))
    assert status == 200 and headers["Content-Type"].startswith("text/html")
    assert b'href="/api/v1/rates' in body and not files_of(body.decode())


def configure(folder, *options):
    return subprocess.run(["cmake", "-S", daemon.ROOT, "-B", folder, "-G", "Ninja", "-DNABLA_TESTS=OFF", *options],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_without_node_the_page_can_be_left_out(tmp_path):
    without = ("-DNABLA_NODE=", "-DNABLA_NPM=")  # as if there were none
    refused = configure(tmp_path / "on", *without)
    assert refused.returncode != 0 and "-DNABLA_WEB=OFF" in refused.stderr
    done = configure(tmp_path / "off", *without, "-DNABLA_WEB=OFF")
    assert done.returncode == 0, done.stderr
    built = subprocess.run(["ninja", "-C", tmp_path / "off", "src/http/CMakeFiles/nabla_http.dir/__/__/web/page_none.c.o"],
                           capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert built.returncode == 0, built.stdout


def test_the_lock_file_names_no_place():
    lock = json.loads((daemon.ROOT / "src" / "web" / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
