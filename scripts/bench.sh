# shellcheck shell=bash
# scripts/bench.sh -- ./dev bench: figures of the release build, as ratios in one run.

main() {
    need build bench
    case " $* " in
    *" --peers "* | *" peers "*) need peers ;;
    *" --callgrind "*) need callgrind ;;
    esac
    build release
    if [ "${1:-}" = page ]; then
        shift
        need browser
        scripts/node-packages tests/web build/web-tests
        NABLA_BUILD=$PWD/build/release node tests/web/bench.mjs "$@"
        return
    fi
    /usr/bin/python3 tests/bench/bench.py "$@"
}
