"""What docs/gradients.md says of its examples in words is true, and numpy agrees with their numbers. That
they print these numbers is test_docs.py's."""
import csv
import io
import math
import re

import numpy as np
import pytest

from daemon import ROOT
from pictures import curves
from test_docs import FENCE, FILE, blocks, commands

PAGE = "docs/gradients.md"
TEXT = (ROOT / PAGE).read_text()
SHOWN = dict((command, "\n".join(out)) for block in blocks(PAGE, "console") for command, out in commands(block))
FILES = {FILE.fullmatch(info.strip())[1]: body for info, body in FENCE.findall(TEXT)
         if FILE.fullmatch(info.strip())}


def columns(text):
    """{name: numbers} of a table; an empty cell is NaN."""
    rows = list(csv.reader(io.StringIO(text)))
    return {name: np.array([float(row[i] or "nan") for row in rows[1:]]) for i, name in enumerate(rows[0])}


@pytest.mark.parametrize("command, spacing, edge_order", [
    ("squares.csv", 1, 1), ("squares.csv --edge-order 2", 1, 2), ("squares.csv -s 0.5", 0.5, 1),
    ("looks.csv --edge-order 2", "x", 2), ("gaps.csv", "x", 1)])
def test_tables_are_numpys_to_the_last_bit(command, spacing, edge_order):
    got = columns(SHOWN[f"nabla gradient {command}"])
    at = got["x"] if spacing == "x" else spacing
    want = np.gradient(got["y"], at, edge_order=edge_order)
    assert np.array_equal(got["gradient"], want, equal_nan=True)


def seconds(text):
    return np.array([(np.datetime64(row.split(",")[0].rstrip("Z")) - np.datetime64("2024-03-01")) /
                     np.timedelta64(1, "s") for row in text.splitlines()[1:]])


def test_tank_is_numpys():
    shown = SHOWN["nabla gradient tank.csv"]
    level, slope = (np.array([float(row.split(",")[i]) for row in shown.splitlines()[1:]]) for i in (1, 2))
    assert np.allclose(slope, np.gradient(level, seconds(shown)), rtol=1e-14)
    printed = [float(x) for out in SHOWN.values() for x in out.split() if re.fullmatch(r"0\.00\d{4}", x)]
    assert np.allclose(printed, slope, atol=5e-7) and len(printed) == 6


def test_extremes_of_march():
    march = columns(FILES["march.csv"])
    slope = np.gradient(march["temperature"], march["day"])
    assert (march["day"][slope.argmin()], march["day"][slope.argmax()]) == (5, 10)


def test_a_year_goes_round():
    mean = columns(FILES["months.csv"])["mean"]
    around = np.gradient(np.r_[mean[-1], mean, mean[0]])[1:-1]
    shown = [float(row.split(",")[1]) for row in
             SHOWN["nabla gradient months.csv --boundary periodic | sed -n '2p;13p'"].split()]
    assert np.allclose(shown, around[[0, -1]], atol=1e-14)


def rolling_mean(f, window):
    return np.array([f[max(0, i - window // 2):i + (window - 1) // 2 + 1].mean() for i in range(len(f))])


def test_when_the_loss_is_flat():
    epoch = np.arange(1, 41)
    loss = np.round(0.35 + 1.9 * np.exp(-epoch / 7) + 0.05 * np.sin(3 * epoch * epoch), 4)
    flat = [epoch[np.argmax(np.gradient(f) > -0.01)] for f in (rolling_mean(loss, 9), loss)]
    said = [int(out.split()[-1]) for out in SHOWN.values() if out.startswith("flat")]
    assert said == [flat[0], flat[1], flat[0]]
    assert flat[0] == round(7 * math.log(1.9 / 7 / 0.01))  # of the curve without its wiggles


def test_how_wrong_the_tram_is():
    t = np.arange(91)
    e = np.exp((45 - t) / 8)
    position, speed = np.round(480 / (1 + e) + 4 * np.sin(t * t * 3), 1), 480 * e / 8 / (1 + e) ** 2
    raw, smooth = np.gradient(position) - speed, np.gradient(rolling_mean(position, 9)) - speed
    assert (round(abs(raw).max(), 1), round(abs(smooth).max(), 1), speed.max()) == (3.9, 0.8, 15)
    assert round(raw.std() / smooth.std()) == 6


def test_edges_of_the_image(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(FILES["image.py"], {})
    length = np.hypot(*np.gradient(np.load("image.npy").astype(float)))
    assert length[0].max() <= 1  # the light alone
    assert 19 <= length[69, 30:70].min() <= length[69, 30:70].max() <= 21
    assert 44 <= length[36, 12] < 70


def test_a_zigzag_has_no_gradient():
    assert not np.gradient(np.gradient([1., -1] * 4))[2:-2].any()


@pytest.mark.parametrize("name, lines", [("squares", 2), ("tank", 2), ("march", 2), ("loss", 2),
                                         ("failures", 4), ("tram", 2), ("tram-smooth", 2), ("second", 2)])
def test_a_picture_is_of_its_numbers(name, lines):
    """Values above gradients; gaps in failures.csv cut its values in three."""
    assert len(curves((ROOT / "docs" / "images" / f"{name}.svg").read_text())) == lines


def test_second_bends_at_its_end():
    line = curves((ROOT / "docs" / "images" / "second.svg").read_text())[1]
    want = np.gradient(np.gradient(np.arange(13.0) ** 3))
    y = np.array([p[1] for p in line])
    assert np.allclose((y[0] - y) / (y[0] - y[10]), (want - want[0]) / (want[10] - want[0]), atol=1e-3)


def test_every_program_is_compiled_and_run():
    run = "".join(SHOWN)
    programs = [name for name in FILES if name.endswith(".c")]
    assert len(programs) >= 11
    for name in programs:
        assert f"cc {name} $(pkg-config --cflags --libs nabla)" in run and f"&& ./{name[:-2]}" in run, name


def test_every_section_is_in_the_contents():
    contents = TEXT.split("\n## ")[0]
    for title in re.findall(r"^##+ (.*)$", TEXT, re.MULTILINE):
        anchor = re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
        assert f"(#{anchor})" in TEXT, title
        assert f"(#{anchor})" in contents or title == "A constant that is not flat", title
