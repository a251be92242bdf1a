# shellcheck shell=bash
# scripts/bench.sh -- ./dev bench: figures of the release build, as ratios in one run.

main() {
    need build bench
    case " $* " in
    *" --peers "* | *" peers "*) need peers ;;
    *" --callgrind "*) need callgrind ;;
    esac
    build release
    /usr/bin/python3 tests/bench/bench.py "$@"
}
