"""Line drawings as SVG, small and the same from run to run: panels one below the other over one axis of time.

    sketch("minutes", [Panel("value [degrees]", [Curve("as it came", points, "plain")]), ...]) -> the SVG's text

A curve's style is told by its width, dashes and colour, so that any one of these is enough; the colours are
two that all eyes tell apart (blue and orange of Okabe and Ito), and others where the screen is dark. A value of
None or NaN leaves a gap. What leaves a panel's range is cut off at its frame.
"""
import math
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT, TOP, GAP, BOTTOM = 720, 70, 16, 30, 34, 46

STYLE = """
text{font:13px sans-serif;fill:#24292f}
.ground{fill:#fff}
path{fill:none;stroke:#57606a;stroke-width:1}
.grid{stroke:#d8dee4}
.plain{stroke:#57606a;stroke-width:1.5}
.marks{stroke:#57606a;stroke-width:4.5;stroke-linecap:round}
.without{stroke:#d55e00;stroke-width:1.5;stroke-dasharray:5 3}
.with{stroke:#0072b2;stroke-width:2.5}
.kept{stroke:#0072b2;stroke-width:6;stroke-linecap:round}
.error{stroke:#0072b2;stroke-width:1}
.truth{stroke:#8c959f;stroke-width:2;stroke-dasharray:1 4;stroke-linecap:round}
@media(prefers-color-scheme:dark){
text{fill:#e6edf3}.ground{fill:#0d1117}path,.plain,.marks{stroke:#b1bac4}.grid{stroke:#30363d}
.without{stroke:#e69f00}.with,.kept,.error{stroke:#56b4e9}.truth{stroke:#7d8590}}
"""
DOTS, BARS = ("marks", "kept"), "error"


class Curve(NamedTuple):
    name: str      # in the legend; "" is not named
    points: list   # (x, y); of style error: (x, y, half of the bar's length)
    style: str


class Panel(NamedTuple):
    label: str     # with its unit
    curves: list
    range: tuple = None  # of y; what the curves need if it is left out
    height: int = 120
    rows: tuple = ()     # names of y = 0, 1, ... in the place of numbers


def known(y):
    return y is not None and math.isfinite(y)


def ticks(low, high, most):
    step = 10 ** math.floor(math.log10((high - low) / most))
    step = next(step * k for k in (1, 2, 5, 10) if (high - low) / (step * k) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round((first + k) * step, 10) for k in range(int((high - first * step) / step + 1e-9) + 1)]


def coordinates(x, y):
    return f"{x:.1f},{y:.1f}"


def outline(curve, at):
    """The d of a path: dots, bars, or a line that is interrupted where a value is not known."""
    good = [p for p in curve.points if known(p[1])]
    if curve.style in DOTS:
        return "".join(f"M{coordinates(*at(x, y))}h0" for x, y in good)
    if curve.style == BARS:
        return "".join(f"M{coordinates(*at(x, y - e))}L{coordinates(*at(x, y + e))}" for x, y, e in good)
    parts, pen = [], "M"
    for x, y in curve.points:
        if known(y):
            parts.append(pen + coordinates(*at(x, y)))
        pen = "L" if known(y) else "M"
    return "".join(parts)


def span(panel):
    if panel.range:
        return panel.range
    ys = [y for c in panel.curves for _, y, *_ in c.points if known(y)]
    low, high = (-0.6, len(panel.rows) - 0.4) if panel.rows else (min(ys), max(ys))
    room = 0 if panel.rows else 0.06 * (high - low) or 1
    return low - room, high + room


def legend(panel, top):
    out, x = [], WIDTH - RIGHT
    for c in reversed([c for c in panel.curves if c.name]):
        x -= 7 * len(c.name)
        out.append(f'<text x="{x}" y="{top - 7}">{escape(c.name)}</text>')
        mark = f"M{x - 16},{top - 11}h0" if c.style in DOTS else f"M{x - 28},{top - 11}h22"
        out.append(f'<path class="{c.style}" d="{mark}"/>')
        x -= 40
    return out


def draw(panel, top, number, x_of, grid):
    low, high = span(panel)

    def y_of(y):
        return top + panel.height * (high - y) / (high - low)

    names = dict(enumerate(panel.rows)) or {y: f"{y:g}" for y in ticks(low, high, 5)}
    out = [f'<clipPath id="p{number}"><rect x="{LEFT}" y="{top}" width="{WIDTH - LEFT - RIGHT}" '
           f'height="{panel.height}"/></clipPath>',
           f'<text x="8" y="{top - 7}">{escape(panel.label)}</text>', *legend(panel, top)]
    out += [f'<path class="grid" d="M{x_of(x):.1f},{top}v{panel.height}"/>' for x in grid]
    for y, name in names.items():
        out.append(f'<path class="grid" d="M{LEFT},{y_of(y):.1f}H{WIDTH - RIGHT}"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y_of(y) + 4:.1f}" text-anchor="end">{escape(name)}</text>')
    out.append(f'<path d="M{LEFT},{top}v{panel.height}H{WIDTH - RIGHT}"/>')
    out += [f'<path class="{c.style}" clip-path="url(#p{number})" d="{outline(c, lambda x, y: (x_of(x), y_of(y)))}"/>'
            for c in panel.curves]
    return out


def sketch(x_label, panels, x_range=None):
    xs = [p[0] for panel in panels for c in panel.curves for p in c.points]
    low, high = x_range or (min(xs), max(xs))
    height = TOP + sum(p.height + GAP for p in panels) - GAP + BOTTOM

    def x_of(x):
        return LEFT + (WIDTH - LEFT - RIGHT) * (x - low) / (high - low)

    grid, out, top = ticks(low, high, 9), [], TOP
    for number, panel in enumerate(panels):
        out += draw(panel, top, number, x_of, grid)
        top += panel.height + GAP
    foot = top - GAP + 17
    out += [f'<text x="{x_of(x):.1f}" y="{foot}" text-anchor="middle">{x:g}</text>' for x in grid]
    out.append(f'<text x="{WIDTH - RIGHT}" y="{foot + 19}" text-anchor="end">{escape(x_label)}</text>')
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
                      f'height="{height}">', f"<style>{STYLE}</style>",
                      f'<rect class="ground" width="{WIDTH}" height="{height}"/>', *out, "</svg>", ""])
