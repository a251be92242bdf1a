"""A figure, what was asked of it, and how both are shown."""
import dataclasses
import datetime
import os
import platform
import re


@dataclasses.dataclass
class Row:
    what: str
    figure: float
    unit: str = ""
    most: float = None   # the figure reaches what was asked if it is no more than that,
    least: float = None  # or no less than that; neither: it is shown for information
    raw: str = ""        # what it was made from
    case: str = ""

    def asked(self):
        if self.most is not None:
            return f"<= {number(self.most)}"
        return "" if self.least is None else f">= {number(self.least)}"

    def reached(self):
        if self.most is None and self.least is None:
            return None
        return self.figure <= self.most if self.most is not None else self.figure >= self.least

    def as_dict(self):
        return {"case": self.case, "what": self.what, "figure": self.figure, "unit": self.unit,
                "asked": self.asked(), "reached": self.reached(), "raw": self.raw}


def number(x):
    if x == int(x) and abs(x) < 1e9:
        return f"{int(x):,}"
    return f"{x:.3g}" if abs(x) < 100 else f"{x:,.0f}"


def processor():
    with open("/proc/cpuinfo") as f:
        found = re.search(r"^model name\s*: (.*)$", f.read(), re.M)
    return found[1] if found else platform.machine()


def machine():
    return f"{processor()}, {os.cpu_count()} cores, Linux {platform.release()}"


class Others:
    """How much of the machine others took while a bench ran: more than a few per cent spoil its figures."""

    def __init__(self):
        self.begin = self.now()

    @staticmethod
    def now():
        """CPU seconds that there were, that anything used, and that this process and its children used."""
        with open("/proc/stat") as f:
            ticks = [int(x) for x in f.readline().split()[1:9]]  # user nice system idle iowait irq softirq steal
        tick = os.sysconf("SC_CLK_TCK")
        return sum(ticks) / tick, (sum(ticks) - ticks[3] - ticks[4]) / tick, sum(os.times()[:4])

    def percent(self):
        every, busy, own = (b - a for a, b in zip(self.begin, self.now()))
        return max(0, 100 * (busy - own) / every) if every > 0 else 0


def head(what):
    print(f"{what}; {datetime.date.today()}, {machine()}")


def titles():
    print(f"{'case':<10} {'what':<52} {'asked':>9} {'figure':>9} {'unit':<12} {'':<11} raw")


def show(row):
    judged = {None: "", True: "reached", False: "NOT REACHED"}[row.reached()]
    print(f"{row.case:<10} {row.what:<52} {row.asked():>9} {number(row.figure):>9} {row.unit:<12} "
          f"{judged:<11} {row.raw}", flush=True)


def markdown(found):
    """Rows, as as_dict() has them, as a table for a page."""
    lines = ["| case | what | asked | figure | |", "| --- | --- | --- | --- | --- |"]
    for r in found:
        asked = r["asked"].replace("<=", "at most").replace(">=", "at least")
        judged = {None: "", True: "", False: "not reached; "}[r["reached"]]
        figure = f"{number(r['figure'])} {r['unit']}".strip()
        lines.append(f"| `{r['case']}` | {r['what']} | {asked} | {figure} | {judged}{r['raw']} |")
    return "\n".join(lines) + "\n"
