# shellcheck shell=bash
# scripts/fuzz.sh -- ./dev fuzz: libFuzzer on each target for its share of the time.
#
#     tests/fuzz/corpus/X    seeds, kept in the repository and replayed by ./dev test
#     build/fuzz/corpus/X    what runs on this machine have found to be worth keeping
#     build/fuzz/new/X       the least of that which reaches code that the seeds do not
#     build/fuzz/finds/X     inputs that broke the target, minimised: a bug each

minutes=''
only=''

options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --minutes)
            [ $# -gt 1 ] || die "--minutes needs a number"
            minutes=$2
            shift
            ;;
        -*) die "fuzz does not know $1; see ./dev help" ;;
        *) only=$1 ;;
        esac
        shift
    done
    case ${minutes:-1} in *[!0-9]* | 0) die "--minutes takes a whole number" ;; esac
}

targets() {
    local file
    for file in tests/fuzz/fuzz_*.c; do
        file=${file##*/fuzz_}
        [ -n "$only" ] && [ "$only" != "${file%.c}" ] || echo "${file%.c}"
    done
}

# fuzz_one NAME SECONDS: false if an input broke the target.
fuzz_one() {
    local name=$1 seconds=$2 status=0 dict=()
    local program=build/fuzz/tests/fuzz/fuzz_$1 seeds=tests/fuzz/corpus/$1
    local kept=build/fuzz/corpus/$1 new=build/fuzz/new/$1 raw=build/fuzz/raw/$1
    rm -rf "$raw" "$new"
    mkdir -p "$kept" "$new" "$raw"
    [ ! -f "tests/fuzz/$name.dict" ] || dict=("-dict=tests/fuzz/$name.dict")
    say "== $name, $seconds s"
    "$program" "-max_total_time=$seconds" "${dict[@]}" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 "-artifact_prefix=$raw/" "$kept" "$seeds" >"build/fuzz/$name.log" 2>&1 ||
        status=$?
    grep -E 'stat::(number_of_executed|average_exec|new_units)' "build/fuzz/$name.log" >&2 || true
    cp "$seeds"/* "$new"/
    "$program" -merge=1 "$new" "$kept" >/dev/null 2>&1 || true
    tell_new "$new" "$seeds"
    [ "$status" = 0 ] || minimise "$program" "$name" "$raw"
    return "$status"
}

# Leaves in NEW what is not a seed.
tell_new() {
    local new=$1 seeds=$2 seed n
    for seed in "$seeds"/*; do
        rm -f "$new/${seed##*/}"
    done
    n=$(find "$new" -type f | wc -l)
    [ "$n" = 0 ] || say "$n inputs reach code that no seed reaches: $new (seeds are in $seeds)"
}

minimise() {
    local program=$1 name=$2 raw=$3 input finds=build/fuzz/finds/$2 least
    mkdir -p "$finds"
    for input in "$raw"/*; do
        [ -f "$input" ] || continue
        least=$finds/${input##*/}
        cp "$input" "$least"
        "$program" -minimize_crash=1 -max_total_time=20 "-exact_artifact_path=$least" "$input" \
            >/dev/null 2>&1 || true
        say "FOUND: $program $least"
    done
    tail -n 40 "build/fuzz/$name.log" >&2
}

main() {
    options "$@"
    need build fuzz
    local names name seconds broken=()
    mapfile -t names < <(targets)
    [ ${#names[@]} -gt 0 ] || die "no fuzz target ${only:-at all}; they are: $(only='' targets | xargs)"
    build fuzz "${names[@]/#/fuzz_}"
    seconds=$((${minutes:-${#names[@]}} * 60 / ${#names[@]}))
    for name in "${names[@]}"; do
        fuzz_one "$name" "$seconds" || broken+=("$name")
    done
    [ ${#broken[@]} = 0 ] || die "inputs that break ${broken[*]}: build/fuzz/finds"
    say "${#names[@]} targets fuzzed, nothing broke"
}
