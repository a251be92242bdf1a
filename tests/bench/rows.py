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


def head(what):
    print(f"{what}; {datetime.date.today()}, {machine()}")


def titles():
    print(f"{'case':<10} {'what':<52} {'asked':>9} {'figure':>9} {'unit':<12} {'':<11} raw")


def show(row):
    judged = {None: "", True: "reached", False: "NOT REACHED"}[row.reached()]
    print(f"{row.case:<10} {row.what:<52} {row.asked():>9} {number(row.figure):>9} {row.unit:<12} "
          f"{judged:<11} {row.raw}", flush=True)
