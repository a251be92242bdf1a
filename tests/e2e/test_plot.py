"""What nabla gradient --plot draws: the numbers, under the names and units that they have."""
import re

import numpy as np
import pytest

from pictures import curves, marks, pixels, same_curves


@pytest.fixture
def plot(nabla, tmp_path):
    """plot(text of a table, options...) -> the SVG."""
    def run(text, *args):
        (tmp_path / "a.csv").write_text(text)
        done = nabla("gradient", "a.csv", "--plot", "a.svg", *args)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        return (tmp_path / "a.svg").read_text()
    return run


def words(svg):
    return [w.strip() for w in re.findall(r"<text>(.*?)</text>", svg)]


def over_time(step, n=9):
    t = np.datetime64("2024-03-01T06:00:00") + np.arange(n) * np.timedelta64(step, "s")
    return "time,level\n" + "".join(f"{at}Z,{i * i}\n" for i, at in enumerate(t))


def test_it_is_the_data(plot):
    x, y = np.array([0, 1, 3, 4, 8.0]), np.array([2, 1, 7, -3, 5.0])
    lines = curves(plot("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y))))
    for line, want in zip(lines, (y, np.gradient(y, x)), strict=True):
        across, down = np.array(line).T
        for got, data in ((across, x), (-down, want)):
            assert np.allclose((got - got[0]) / np.ptp(got), (data - data[0]) / np.ptp(data), atol=1e-4)


@pytest.mark.parametrize("text, args, names", [
    ("y\n1\n2\n4\n", (), {"y", "gradient", "element"}),
    ("y\n1\n2\n4\n", ("-s", "2"), {"y", "gradient"}),
    ("day,loss\n1,2\n2,3\n4,5\n", (), {"loss", "gradient, per day", "day"}),
    ("day,loss\n1,2\n2,3\n4,5\n5,5\n", ("--order", "2"), {"second derivative, per day\u00b2"}),
    ("day,loss\n1,2\n2,3\n4,5\n5,5\n6,6\n", ("--order", "3"), {"third derivative, per day\u00b3"}),
    ("day,loss\n1,2\n2,3\n4,5\n5,5\n6,6\n7,7\n", ("--order", "4"), {"fourth derivative, per day\u2074"}),
    ("day,loss\n1,2\n2,3\n4,5\n", ("--repeat", "2"), {"second derivative, per day\u00b2"}),
    ("day,loss\n1,2\n2,3\n4,5\n", ("--repeat", "5"), {"derivative of order 5"}),
    (over_time(60), (), {"level", "gradient, per second", "time (from 2024-03-01, UTC)", "06:04"}),
    ("it's <x>,y\n1,2\n2,3\n", (), {"gradient, per it\u2019s &lt;x>"})], ids=map(str, range(10)))
def test_names_and_units(plot, text, args, names):
    assert names <= set(words(plot(text, *args)))


@pytest.mark.parametrize("step, tick", [
    (0.05, r"06:00:00\.\d"), (1, r"06:00:0\d"), (15, r"06:0\d:\d\d"), (600, r"0[67]:\d\d"),
    (7200, r"\d\d:00"), (86400, r"03-\d\d"), (7 * 86400, r"0[3-5]-\d\d"), (400 * 86400, r"20[23]\d-\d\d-\d\d")])
def test_ticks_of_time_are_few_and_fit(plot, step, tick):
    text = over_time(step) if step >= 1 else "time,y\n" + "".join(
        f"2024-03-01T06:00:{i * step:05.2f}Z,{i * i}\n" for i in range(9))
    ticks = [w for w in words(plot(text)) if re.fullmatch(tick, w)]
    assert 2 <= len(ticks) <= 9 and len(set(ticks)) == len(ticks)


def test_a_missing_value_is_a_gap(plot):
    svg = plot("x,y\n0,0\n1,1\n2,4\n3,\n4,16\n5,25\n6,36\n", "--nan", "break")
    assert [len(line) for line in curves(svg)] == [3, 3, 3, 3]
    assert len(marks(svg)) == 12


def test_many_points_are_not_marked(plot):
    assert not marks(plot("y\n" + "".join(f"{i}\n" for i in range(500))))


def test_nothing_but_missing_values(nabla, tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n1,\n2,\n3,4\n")
    done = nabla("gradient", "a.csv", "--plot", "a.svg")
    assert (done.returncode, done.stderr) == (
        1, "nabla: error: --plot a.svg: there is no number to draw: all are missing\n")
    assert not (tmp_path / "a.svg").exists()


def test_the_ground_is_white(plot, nabla, tmp_path):
    assert "fill='#ffffff'" in plot("y\n1\n2\n").lower().replace('"', "'")
    np.save(tmp_path / "a.npy", np.eye(5))
    assert nabla("gradient", "a.npy", "--plot", "a.png").returncode == 0
    rows = pixels((tmp_path / "a.png").read_bytes())
    assert rows[0][:3] == rows[-1][-3:] == b"\xff\xff\xff"
    assert len({row[40 * 3:] for row in rows}) > 5


def test_other_data_is_another_picture(plot):
    """What the pages' pictures are held against sees a change of a percent."""
    a, b = plot("y\n0\n1\n4\n10\n"), plot("y\n0\n1\n4.1\n10\n")
    same_curves(a, a)
    with pytest.raises(AssertionError):
        same_curves(a, b)
