# shellcheck shell=bash
# scripts/soak.sh -- ./dev soak: series come and go for an hour, and memory, descriptors and lag stay.

main() {
    need build test
    build release
    NABLA_BUILD=$PWD/build/release /usr/bin/python3 tests/faults/soak.py "$@"
}
