# shellcheck shell=bash
# scripts/bench.sh -- ./dev bench: figures of the release build, as ratios in one run.

main() {
    need build bench
    build release
    /usr/bin/python3 tests/bench/bench.py "$@"
}
