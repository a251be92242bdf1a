"""Instructions a line under callgrind: the same on a busy machine, so that two commits can be compared.

    ./dev bench ingest --callgrind --json before.json
    ./dev bench ingest --callgrind --compare before.json

What is counted is in bench_instructions, over bytes that are the same in every run. valgrind knows AVX2
but not AVX-512, so what is counted is the AVX2 way. Misses of caches are not: see the seconds for those.
"""
import json
import os
import re
import subprocess
import tempfile

import rows


def count(program, case):
    """Instructions inside measured(), a line of what it handled."""
    with tempfile.TemporaryDirectory(prefix="nabla-bench-") as folder:
        out = os.path.join(folder, "callgrind.out")
        done = subprocess.run(
            ["valgrind", "--quiet", "--tool=callgrind", "--collect-atstart=no",
             "--toggle-collect=measured", f"--callgrind-out-file={out}", program, case],
            stdout=subprocess.PIPE, text=True, check=True)
        with open(out) as f:
            total = re.search(r"^(?:totals|summary): (\d+)", f.read(), re.M)
    return int(total[1]) / int(done.stdout)


def load(path):
    if path is None:
        return {}
    with open(path) as f:
        return json.load(f)["instructions"]


def run(build, compare):
    program = os.path.join(build, "tests/bench/bench_instructions")
    before = load(compare)
    cases = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    rows.head("ingest: instructions a line, or a number, under callgrind")
    print(f"{'':<34} {'now':>10} {'before':>10} {'change':>8}" if before else f"{'':<34} {'now':>10}")
    found = {}
    for case in cases:
        now = found[case] = count(program, case)
        was = before.get(case)
        change = f" {was:>10.1f} {100 * (now / was - 1):>+7.1f}%" if was else ""
        print(f"{case:<34} {now:>10.1f}{change}", flush=True)
    return found
