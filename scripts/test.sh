# shellcheck shell=bash
# scripts/test.sh -- ./dev test: every test there is, and one line that counts them.
#
#     plain    unit tests and fuzz corpora on dev (assertions on), end to end and the page in a browser
#              on release, then the unit tests and the short end-to-end ones again on asan
#     --quick  dev and release only
#     --asan   everything on asan; --tsan everything on tsan
#     --coverage   everything once, and how much of src/ it reached; less than 90 % of the lines fails
#     --valgrind   the unit tests and fuzz corpora under valgrind's memcheck
#
# FILTER goes to ctest -R, to pytest -k and to tests/web/run.mjs. The results come as JUnit files, which
# scripts/count-tests adds up: test cases, not programs.

mode=all
filter=''
results=()
failed=no

options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --quick | --asan | --tsan | --coverage | --valgrind) mode=${1#--} ;;
        -*) die "test does not know $1; see ./dev help" ;;
        *) filter=$1 ;;
        esac
        shift
    done
}

# A report's text on standard error ends the daemon or the test that wrote it.
sanitizer_options() {
    # not detect_stack_use_after_return: gcc 12 puts 64-byte vectors into its frames misaligned
    export ASAN_OPTIONS=strict_string_checks=1
    export UBSAN_OPTIONS=print_stacktrace=1
    [ "$mode" != tsan ] || export CK_TIMEOUT_MULTIPLIER=10
    export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/scripts/tsan.supp
}

# unit PRESET: Check's programs and the replayed fuzz corpora.
unit() {
    local out=$PWD/build/$1/ctest.xml
    say "== unit tests and fuzz corpora, $1"
    rm -f "$out"
    ctest --test-dir "build/$1" -j2 --output-on-failure --output-junit "$out" \
        --test-output-size-passed 100000 --test-output-size-failed 100000 \
        ${filter:+-R "$filter"} >&2 || failed=yes
    results+=("$out")
}

# e2e PRESET [PYTEST ARGS]: exit status 5 is "no test matches", which only the sum may judge.
e2e() {
    local preset=$1 status=0 out=$PWD/build/$1/pytest.xml
    shift
    say "== end to end, $preset"
    rm -f "$out"
    NABLA_BUILD=$PWD/build/$preset /usr/bin/python3 -m pytest tests/e2e -q -n 2 \
        -p no:cacheprovider --junitxml "$out" ${filter:+-k "$filter"} "$@" \
        >&2 </dev/null || status=$?
    [ "$status" = 0 ] || [ "$status" = 5 ] || failed=yes
    results+=("$out")
}

# The page that a release serves, in Debian's Chromium; all of it by `./dev test web`.
web() {
    local out=$PWD/build/$1/web.xml
    say "== the page in a browser, $1"
    rm -f "$out"
    scripts/node-packages tests/web build/web-tests
    NABLA_BUILD=$PWD/build/$1 node tests/web/run.mjs --junit "$out" ${filter:+"$filter"} >&2 </dev/null ||
        failed=yes
    results+=("$out")
}

# The two left out link an installed libnabla.a with another build's flags, which know no gcov.
covered() {
    lcov -q --zerocounters -d build/coverage
    unit coverage
    e2e coverage --deselect 'tests/e2e/test_arrays.py::test_a_program_finds_it_by_pkg_config[True]' \
        --deselect 'tests/e2e/test_arrays.py::test_a_program_finds_it_by_cmake[nabla_static]'
    scripts/coverage build/coverage 90 || failed=yes
}

# Check's programs, not forking, so that valgrind sees to their end what they leave behind. Left to asan
# are those whose loops run millions of times (arrays, every number, every character), an hour here.
memcheck() {
    local program name
    for program in build/dev/tests/unit/unit_*; do
        name=${program##*/unit_}
        case $name in numeric_* | base_number* | base_time_text | base_utf8 | cli_gradient_*) continue ;; esac
        [ -z "$filter" ] || [[ $name =~ $filter ]] || continue
        say "== valgrind $name"
        CK_FORK=no CK_DEFAULT_TIMEOUT=0 valgrind -q --error-exitcode=9 --leak-check=full \
            --errors-for-leak-kinds=definite "$program" >"build/dev/valgrind.log" 2>&1 || {
            failed=yes
            cat build/dev/valgrind.log >&2
        }
    done
}

main() {
    options "$@"
    sanitizer_options
    need build run test package browser
    [ "$mode" = quick ] || need sanitize
    case $mode in
    asan | tsan)
        build "$mode"
        unit "$mode"
        e2e "$mode"
        ;;
    coverage)
        need coverage
        build coverage
        covered
        ;;
    valgrind)
        need callgrind
        build dev
        memcheck
        [ "$failed" = no ]
        return
        ;;
    *)
        build dev
        build release
        build package
        unit dev
        e2e release
        web release
        ;;
    esac
    if [ "$mode" = all ]; then
        build asan
        unit asan
        e2e asan -m "not slow"
    fi
    scripts/count-tests "${results[@]}" || failed=yes
    [ "$failed" = no ]
}
