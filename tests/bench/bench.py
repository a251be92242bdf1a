#!/usr/bin/python3
"""./dev bench: figures of this machine, of one run.

    bench.py [ingest] ...   lines in, rates out: ingest.py, and its --help
    bench.py arrays ...     gradients beside numpy and a copy: arrays.py, and its --help
    bench.py gradient-file  nabla gradient of a large file beside cp: gradient_file.py, and its --help
    ./dev bench page        the page in a browser: tests/web/bench.mjs
"""
import importlib
import sys


def main():
    argv = sys.argv[1:]
    if argv[:1] in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    what = argv.pop(0) if argv[:1] and not argv[0].startswith("-") else "ingest"
    if what not in ("ingest", "arrays", "gradient-file"):
        print(f"./dev bench: no bench is called {what!r}: ingest, arrays or gradient-file", file=sys.stderr)
        return 2
    return importlib.import_module(what.replace("-", "_")).main(argv)  # each needs packages that the other does not


if __name__ == "__main__":
    sys.exit(main())
