"""./dev bench ingest: what a line costs nablad, and what holds when it is busy.

Each row is a figure of this run, what is asked of it, and whether it was reached. CPU seconds are the
server process's own, from the kernel's accounting; ratios are of runs that took turns. Nothing is
asserted about speed; that every line, sample and rate is there, is.

    bench.py ingest [--only CASE] [--quick] [--peers] [--json FILE]
    bench.py ingest --callgrind [--json FILE] [--compare FILE]      instructions a line

--quick takes a tenth of the series and fewer lines: for a look, not for figures to quote.
"""
import argparse
import dataclasses
import datetime
import json
import os
import sys

import cases_alerts
import cases_answers
import cases_connections
import cases_doors
import cases_journal
import cases_lines
import cases_queries
import cases_table
import cases_udp
import instructions
import peers
import rows

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

CASES = {
    "few": cases_lines.few,
    "many": cases_lines.many,
    "long": cases_lines.long,
    "graphite": cases_lines.graphite,
    "json": cases_lines.json_lines,
    "udp-large": cases_udp.large,
    "udp-small": cases_udp.small,
    "udp-drops": cases_udp.drops,
    "idle": cases_connections.idle,
    "active": cases_connections.active,
    "threads": cases_table.threads,
    "pauses": cases_table.pauses,
    "beside": cases_answers.beside,
    "metrics": cases_answers.metrics,
    "selectors": cases_answers.selectors,
    "queries": cases_queries.queries,
    "relabel": cases_queries.relabel,
    "flood": cases_table.flood,
    "crafted": cases_table.crafted,
    "rules": cases_alerts.rules,
    "told": cases_alerts.told,
    "storm": cases_alerts.storm,
    "journal": cases_journal.journal,
    "doors": cases_doors.cases,
}


@dataclasses.dataclass
class Bench:
    build: str
    few: int = 1000
    many: int = 1_000_000
    lines: int = 4_000_000  # a run
    runs: int = 3           # medians are shown
    seconds: int = 2        # of a load at a rate


def options(argv):
    parser = argparse.ArgumentParser(prog="./dev bench ingest", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[*CASES, "peers"], action="append", metavar="CASE",
                        help="this case; may be given again. " + ", ".join([*CASES, "peers"]))
    parser.add_argument("--quick", action="store_true", help="smaller and shorter: under a minute")
    parser.add_argument("--peers", action="store_true", help="also what the same lines cost others")
    parser.add_argument("--callgrind", action="store_true", help="instructions instead of seconds")
    parser.add_argument("--compare", metavar="FILE", help="with --callgrind: beside what --json wrote")
    parser.add_argument("--build", default=os.environ.get("NABLA_BUILD", os.path.join(ROOT, "build/release")))
    parser.add_argument("--json", metavar="FILE", help="also write the figures there")
    parser.add_argument("--markdown", metavar="FILE", help="also write them there as tables for a page")
    return parser.parse_args(argv)


def run_cases(bench, names):
    rows.head("ingest: one ingest thread, Influx lines unless said otherwise")
    rows.titles()
    found, others = [], rows.Others()
    for name in names:
        for row in CASES[name](bench):
            row.case = name
            rows.show(row)
            found.append(row)
    print(f"meanwhile others took {others.percent():.0f} % of the machine's CPUs")
    return found


def main(argv=None):
    args = options(argv)
    bench = Bench(args.build)
    if args.quick:
        bench = Bench(args.build, many=100_000, lines=1_000_000, runs=1, seconds=1)
    out = {"date": str(datetime.date.today()), "machine": rows.machine(), "quick": args.quick}
    if args.callgrind:
        out["instructions"] = instructions.run(args.build, args.compare)
    else:
        names = [n for n in args.only or CASES if n != "peers"]
        if names:
            out["rows"] = [r.as_dict() for r in run_cases(bench, names)]
        if args.peers or "peers" in (args.only or []):
            out["peers"] = peers.run(bench)
    if args.json:
        with open(args.json, "w") as f:
            json.dump(out, f, indent=1)
    if args.markdown:
        with open(args.markdown, "w") as f:
            f.write("\n".join(of.markdown(out[key]) for key, of in (("rows", rows), ("peers", peers)) if key in out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
