"""nabla gradient on a terminal: a bar while it takes long, wiped at the end; none where nobody looks."""
import os
import re
import subprocess

import numpy as np

import daemon


def run_on_terminal(path, *args):
    """What the terminal of standard error was sent."""
    ours, theirs = os.openpty()
    child = subprocess.Popen([daemon.NABLA, "gradient", path, *map(str, args)], stderr=theirs,
                             stdout=subprocess.DEVNULL, cwd=path.parent)
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # the other side is closed
        pass
    os.close(ours)
    assert child.wait(daemon.DEADLINE_S) == 0, said
    return said


def test_bar_appears_moves_and_is_wiped(tmp_path):
    path = tmp_path / "f.npy"
    np.save(path, np.zeros(1 << 21))
    for window in (1, 33, 257, 1025, 4097, 16385, 65537):  # until it takes long enough
        said = run_on_terminal(path, "--smooth", window, "-o", "out.npy")
        if said.count(b"left") >= 2:
            break
    assert re.fullmatch(rb"(\r\[[# ]{40}\] +\d+ %  [\d.]+ GB/s  \d+:\d\d left\x1b\[K)+\r\x1b\[K", said), said
    shown = [int(n) for n in re.findall(rb"(\d+) %", said)]
    assert shown == sorted(shown) and shown[0] < 100


def test_no_bar_where_nobody_looks(tmp_path):
    path = tmp_path / "f.npy"
    np.save(path, np.zeros(1 << 20))
    done = subprocess.run([daemon.NABLA, "gradient", path, "--smooth", "2049", "-o", "out.npy"],
                          cwd=tmp_path, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (0, b"")
