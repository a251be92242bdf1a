"""nabla gradient on what it cannot take: one line that names the argument, status 2, nothing written,
and no memory taken for what a file merely claims."""
import os
import resource

import numpy as np
import pytest

from test_gradient_command import MIB, SANITIZED, is_one_error

def npy(dict_text, data=b"", version=1):
    length = len(dict_text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + dict_text.encode() + data


FILES = {
    "f.npy": None,  # a 3 x 4 array
    "big.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4611686018427387904, 4), }"),
    "huge.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (100000000000,), }", b"12345678"),
    "cut.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", b"123456789012345"),
    "head.npy": b"\x93NUMPY\x01\x00\xff\xff{'descr'",
    "long.npy": b"\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr'",
    "python.npy": npy("__import__('os').system('true')"),
    "bool.npy": npy("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", b"\0\1"),
    "object.npy": npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", b"\0" * 16),
    "fields.npy": npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", b"\0" * 16),
    "scalar.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", b"\0" * 8),
    "one.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", b"\0" * 8),
    "complex.npy": npy("{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }", b"\0" * 32),
    "x3.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", b"\0" * 24),
    "empty.csv": b"",
    "a.csv": b"x,y\n0,1\n1,2\n2,4\n",
    "three.csv": b"x,y,z\n0,1,1\n1,2,1\n",
    "bad.csv": b"x,y\n0,1\n1,two\n",
    "short.csv": b"x,y\n0,1\n",
    "ragged.csv": b"x,y\n0,1\n1\n",
    "twice.csv": b"x,y,y\n0,1,1\n1,2,1\n",
    "nameless.csv": b"0,1\n1,2\n2,4\n",
    "quote.csv": b'x,y\n0,"1\n1,2\n',
    "wide.csv": b"x,y\n0,1,2\n1,2,3\n",
    "late.csv": b"t,y\n2024-01-01,1\nsoon,2\n",
    "early.csv": b"t,y\n1601-01-01,1\n2024-01-01,2\n",
    "old.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", b"\0" * 16, 9),
    "binary.csv": bytes(range(256)) * 10,
}


@pytest.mark.parametrize("args, says", [
    ([], "INPUT"),
    (["a.csv", "f.npy"], "INPUT"),
    (["none.npy"], "none.npy: No such file"),
    (["."], ".: Is a directory"),
    (["big.npy"], "big.npy: its shape is larger than any file"),
    (["huge.npy"], "huge.npy: it is shorter than its shape says"),
    (["cut.npy"], "cut.npy: it is shorter"),
    (["head.npy"], "head.npy: it ends within its header"),
    (["long.npy"], "long.npy: its header is longer"),
    (["python.npy"], "python.npy: its header is not the dict"),
    (["bool.npy"], "bool.npy: it holds truth values"),
    (["object.npy"], "object.npy: it holds Python objects"),
    (["fields.npy"], "fields.npy: it holds structures"),
    (["scalar.npy"], "scalar.npy: a single number"),
    (["one.npy"], "one.npy: axis 0 has 1 elements; a gradient of edge order 1 needs at least 2"),
    (["complex.npy", "--edge-order", "2"], "axis 0 has 2 elements; a gradient of edge order 2 needs"),
    (["complex.npy", "--magnitude"], "--magnitude: complex.npy"),
    (["f.npy"], "-o OUTPUT is needed: there are 2 results"),
    (["f.npy", "-o", "no/out.npy"], "no/out.0.npy: No such file"),
    (["f.npy", "--axis", "0", "-o", "."], ".: Is a directory"),
    (["f.npy", "--axis", "0", "-o", "new/"], "new/: Is a directory"),
    (["f.npy", "-o", ""], "-o"),
    (["f.npy", "-o", "out.csv"], "-o out.csv"),
    (["f.npy", "--axis", "2"], "--axis 2: f.npy has 2 axes"),
    (["f.npy", "--axis", "-3"], "--axis -3: f.npy has 2 axes"),
    (["f.npy", "--axis", "0,-2"], "--axis -2: axis 0 is named twice"),
    (["f.npy", "--axis", ""], "--axis"),
    (["f.npy", "--axis", "0,"], "--axis 0,"),
    (["f.npy", "--axis", "1.0"], "--axis 1.0"),
    (["f.npy", "--edge-order", "3"], "--edge-order 3"),
    (["f.npy", "--edge-order", "0"], "--edge-order 0"),
    (["f.npy", "--mode", "fast"], "--mode fast"),
    (["f.npy", "--threads", "0"], "--threads 0"),
    (["f.npy", "--threads", "many"], "--threads many"),
    (["f.npy", "--thread", "2x"], "--threads 2x"),
    (["f.npy", "--axes", "0"], "did you mean --axis?"),
    (["f.npy", "-s", "1", "-s", "1", "-s", "1"], "-s is given 3 times for 2 axes"),
    (["f.npy", "-s", "x3.npy"], "-s x3.npy: coordinates belong to one axis"),
    (["f.npy", "-s", "x3.npy", "-s", "x3.npy"], "-s x3.npy: 3 coordinates for axis 1, which has 4"),
    (["f.npy", "-s", "1x"], "-s 1x: No such file"),
    (["f.npy", "-s", ""], "-s"),
    (["f.npy", "--axis", "0", "-s", "f.npy"], "-s f.npy: coordinates are an array of one axis"),
    (["complex.npy", "-s", "complex.npy"], "-s complex.npy: coordinates are real"),
    (["f.npy", "-s", "cut.npy", "--axis", "0"], "-s cut.npy: it is shorter"),
    (["f.npy", "-s", "a.csv", "--axis", "0"], "-s a.csv: it is not a .npy file"),
    (["f.npy", "--x", "x"], "--x is for a table"),
    (["f.npy", "--plot", "a.gif"], "--plot a.gif"),
    (["f.npy", "--plot", ".svg"], "--plot .svg"),
    (["empty.csv"], "empty.csv: it is empty"),
    (["three.csv"], "--y is needed: the columns are x, y, z"),
    (["a.csv", "--y", "q"], "--y q: the columns are x, y"),
    (["a.csv", "--x", "q"], "--x q: the columns are x, y"),
    (["a.csv", "--x", "x", "-s", "1"], "-s 1: the spacing is column --x x"),
    (["a.csv", "--y", "y", "-s", "1", "-s", "2"], "-s is given 2 times for 1 axis"),
    (["a.csv", "--y", "y", "-s", "one.npy"], "-s one.npy: 1 coordinates for axis 0, which has 3"),
    (["a.csv", "--axis", "1"], "--axis 1: a.csv has 1 axis"),
    (["bad.csv"], "bad.csv:3:3: two is no number"),
    (["short.csv"], "short.csv: axis 0 has 1 elements"),
    (["ragged.csv"], "ragged.csv:3:1: 1 cells where the header has 2"),
    (["binary.csv"], "binary.csv"),
    (["twice.csv", "--x", "x", "--y", "y"], "--y y: more than one column has this name"),
    (["nameless.csv"], "nameless.csv: its first line has numbers"),
    (["quote.csv"], "quote.csv:2:3: a quote is never closed"),
    (["wide.csv"], "wide.csv:2:1: 3 cells where the header has 2"),
    (["late.csv"], "late.csv:3:1: soon is no RFC 3339 time"),
    (["early.csv"], "early.csv:2:1: 1601-01-01 is beyond"),
    (["old.npy"], "old.npy:"),
    (["-", "-s", "-"], "-s -: standard input is the INPUT already"),
    (["\x1b[2J.npy"], "\\x1b[2J.npy"),
])
def test_bad_usage_and_input(nabla, tmp_path, args, says):
    for name, content in FILES.items():
        if content is None:
            np.save(tmp_path / name, np.arange(12.0).reshape(3, 4))
        else:
            (tmp_path / name).write_bytes(content)
    limit = lambda: resource.setrlimit(resource.RLIMIT_DATA, (64 * MIB, 64 * MIB))
    done = nabla("gradient", *args, preexec_fn=None if SANITIZED else limit)
    assert done.returncode == 2 and done.stdout == "", done
    assert is_one_error(done.stderr) and says in done.stderr
    assert set(os.listdir(tmp_path)) == set(FILES)
