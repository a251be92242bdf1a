# shellcheck shell=bash
# scripts/faults.sh -- ./dev faults: what fails while nablad works, at length: memory, disks, sockets, descriptors,
# clocks, kill -9. Prints a table; docs/operations.md has one.

main() {
    need build test
    build release
    NABLA_BUILD=$PWD/build/release /usr/bin/python3 tests/faults/main.py "$@"
}
