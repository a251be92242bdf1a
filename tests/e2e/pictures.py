"""Do two pictures show the same data? Of those that gnuplot drew the letters may differ: fonts do. Those of
sketch.py have the same letters, too.

    curves(svg)    [[(x, y), ...], ...]: the corners of each line that is data, in the picture's units
    marks(svg)     [(x, y), ...]: the points that are marked
    pixels(png)    rows of bytes, three a pixel
"""
import re
import struct
import zlib

PLOT = re.compile(r'<g id="gnuplot_plot_\w+"\s*>.*?\n(.*?)</g>\s*</g>', re.DOTALL)
PATH = re.compile(r"<path[^>]* d='([^']*)'")
POINT = re.compile(r"([ML])?\s*(-?[\d.]+),(-?[\d.]+)")

LETTERS = re.compile(r"<text[^>]*>([^<]*)</text>")
PATH_OF_SKETCH = re.compile(r"<path class=\"\w+\"(?: clip-path=\"[^\"]*\")? d=\"([^\"]*)\"")
NUMBER = re.compile(r"-?\d+\.?\d*")
MARK = re.compile(r"<use xlink:href='#gpPt\d+' transform='translate\((-?[\d.]+),(-?[\d.]+)\)")


def marks(svg):
    return [(float(x), float(y)) for x, y in MARK.findall(svg)]


def curves(svg):
    out = []
    for path in (p for body in PLOT.findall(svg) for p in PATH.findall(body)):
        for command, x, y in POINT.findall(path):
            if command == "M" or not out:
                out.append([])
            out[-1].append((float(x), float(y)))
    return out


def chunks(png):
    at = 8
    while at < len(png):
        n, kind = struct.unpack(">I4s", png[at:at + 8])
        yield kind, png[at + 8:at + 8 + n]
        at += n + 12


def paeth(a, b, c):
    return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]


def unfilter(kind, line, above, size):
    for i, byte in enumerate(line):
        a, b, c = (line[i - size] if i >= size else 0), above[i], (above[i - size] if i >= size else 0)
        line[i] = (byte + (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255
    return line


def pixels(png):
    """Of eight bits a colour, without a palette and not interlaced, which is what cairo writes."""
    parts = list(chunks(png))
    width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", parts[0][1])
    assert png[:4] == b"\x89PNG" and (depth, interlaced) == (8, 0) and colour in (2, 6)
    size = 3 if colour == 2 else 4
    data = zlib.decompress(b"".join(body for kind, body in parts if kind == b"IDAT"))
    row, rows, above = width * size + 1, [], bytes(width * size)
    for i in range(height):
        above = unfilter(data[i * row], bytearray(data[i * row + 1:(i + 1) * row]), above, size)
        rows.append(bytes(b for k, b in enumerate(above) if k % size < 3))
    return rows


def same_curves(a, b):
    a, b = [marks(a), *curves(a)], [marks(b), *curves(b)]
    assert len(a) > 1 and list(map(len, a)) == list(map(len, b)), "other lines"
    far = max(abs(p - q) for one, two in zip(a, b) for u, v in zip(one, two) for p, q in zip(u, v))
    assert far < 0.1, f"a point is {far} away"


def same_pixels(a, b):
    """But for the letters: they are a small part of an image's picture."""
    a, b = b"".join(pixels(a)), b"".join(pixels(b))
    assert len(a) == len(b), "other sizes"
    other = sum(max(abs(p - q) for p, q in zip(a[i:i + 3], b[i:i + 3])) > 8 for i in range(0, len(a), 3))
    assert other < len(a) / 3 * 0.03, f"{other} of {len(a) // 3} pixels differ"


def same_sketch(a, b):
    assert LETTERS.findall(a) == LETTERS.findall(b), "other words"
    a, b = ([list(map(float, NUMBER.findall(d))) for d in PATH_OF_SKETCH.findall(x)] for x in (a, b))
    assert len(a) > 1 and list(map(len, a)) == list(map(len, b)), "other lines"
    far = max(abs(p - q) for one, two in zip(a, b) for p, q in zip(one, two))
    assert far < 0.2, f"a point is {far} away"


def same_picture(drawn, kept):
    assert drawn.exists(), f"no command of the page draws {drawn.name}"
    assert kept.exists(), f"{kept} is missing"
    assert kept.stat().st_size <= 40 << 10, f"{kept} is larger than 40 KiB"
    if "gnuplot" not in kept.read_text(errors="ignore") and kept.suffix == ".svg":
        same_sketch(drawn.read_text(), kept.read_text())
    elif kept.suffix == ".svg":
        same_curves(drawn.read_text(), kept.read_text())
    else:
        same_pixels(drawn.read_bytes(), kept.read_bytes())
