# shellcheck shell=bash
# scripts/lint.sh -- ./dev lint: what a machine can see without running anything. Goes through all
# of its steps and fails at the end, so that one run tells everything.

faults=()

# step NAME COMMAND... : silent when all is well.
step() {
    local name=$1 out
    shift
    printf '%-14s' "$name" >&2
    if out=$("$@" 2>&1); then
        say ok
    else
        say FAILED
        printf '%s\n' "$out" | sed 's/^/    /' >&2
        faults+=("$name")
    fi
}

layout() { c_files | xargs -r clang-format --dry-run -Werror; }

shell_scripts() { shellcheck -x dev .ci/run scripts/*.sh scripts/node-packages cmake/debian/p* tests/boot/*.sh; }

# Left out, and why: uninitvar, uninitStructMember (it does not follow what a callee writes through a
# pointer; the compiler and UBSan do), memleak and invalidFunctionArg (it takes mmap(..., -1, 0) for
# a mistake and its pages for malloc's; LeakSanitizer knows better), readdirCalled (each DIR has one
# thread), normalCheckLevelMaxBranches (no fault, a remark on its own patience).
cppcheck_all() {
    local left_out=(uninitvar uninitStructMember memleak invalidFunctionArg readdirCalled
        normalCheckLevelMaxBranches)
    cppcheck --quiet --error-exitcode=1 --std=c11 -j2 --inline-suppr -D_GNU_SOURCE \
        -DNABLA_VERSION='"0"' --enable=warning,performance,portability --library=posix \
        "${left_out[@]/#/--suppress=}" src
}

# One process a file, two at a time; the compile commands are those of the dev build.
tidy() {
    find src -name '*.c' | sort |
        xargs -r -P2 -n4 clang-tidy -p build/dev --quiet --extra-arg=-Wno-everything \
            --warnings-as-errors='*' 2>/dev/null
}

man_pages() {
    local pages
    mapfile -t pages < <(find docs -name '*.[1-8]')
    [ ${#pages[@]} -gt 0 ] || { echo "no man page in docs"; return 1; }
    mandoc -T lint -W warning "${pages[@]}"
}

python_files() { # compiled in memory: a lint leaves no __pycache__
    grep -rlE '^#!/usr/bin/python3' scripts | cat - <(find tests -name '*.py') |
        xargs -r -n1 /usr/bin/python3 -c 'import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "exec")'
}

page_types() {
    scripts/node-packages src/web build/web && node build/web/node_modules/typescript/bin/tsc -p src/web
}

main() {
    need build lint
    cmake --preset dev >/dev/null # the compile commands of the files as they are now
    step layout layout
    step rooms scripts/lint-includes
    step sizes scripts/lint-sizes
    step documents scripts/lint-documents
    step man man_pages
    step shell shell_scripts
    step python python_files
    step types page_types
    step cppcheck cppcheck_all
    step clang-tidy tidy
    [ "${1:-}" != --analyzer ] || step analyzer scripts/lint-analyzer build/dev
    [ ${#faults[@]} = 0 ] || die "lint failed: ${faults[*]}"
}
