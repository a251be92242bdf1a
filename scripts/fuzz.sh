# shellcheck shell=bash
# scripts/fuzz.sh -- ./dev fuzz: libFuzzer on each target, or, with --sockets, AFL++ on each door of a running nablad.
#
#     --minutes N   in all, which the targets share; a minute for each unless told
#     --each N      minutes for each target instead
#     --jobs N      so many at a time, one unless told
#
#     tests/fuzz/corpus/X    seeds, kept in the repository and replayed by ./dev test
#     build/fuzz/corpus/X    what runs on this machine have found to be worth keeping
#     build/fuzz/new/X       the least of that which reaches code that the seeds do not
#     build/fuzz/finds/X     inputs that broke the target, minimised: a bug each
#
# The same of doors in tests/fuzz/sockets/corpus and build/sockets/{out,finds}.

minutes=''
each=''
jobs=1
only=''
sockets=no

# whole OPTION VALUE: complains unless it is a whole number, 1 or more.
whole() {
    case ${2:-} in '' | *[!0-9]* | 0*) die "$1 takes a whole number" ;; esac
}

options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --minutes | --each | --jobs)
            whole "$1" "${2:-}"
            printf -v "${1#--}" %s "$2"
            shift
            ;;
        --sockets) sockets=yes ;;
        -*) die "fuzz does not know $1; see ./dev help" ;;
        *) only=$1 ;;
        esac
        shift
    done
    [ -z "$minutes" ] || [ -z "$each" ] || die "--minutes is for all, --each for each: which?"
}

# of_which NAME... : the one that was asked for, or all.
of_which() {
    local name
    for name in "$@"; do
        [ -n "$only" ] && [ "$only" != "$name" ] || echo "$name"
    done
}

targets() {
    local file names=()
    for file in tests/fuzz/fuzz_*.c; do
        file=${file##*/fuzz_}
        names+=("${file%.c}")
    done
    of_which "${names[@]}"
}

doors() { of_which lines pickle tls http https durable; }

# seconds_each N: what each of so many has.
seconds_each() {
    if [ -n "$each" ]; then
        echo $((each * 60))
    else
        echo $((${minutes:-$1} * 60 * jobs / (jobs > $1 ? jobs : $1)))
    fi
}

# run_all COMMAND SECONDS NAME... : so many at a time. Each leaves its line in build/fuzz/told/NAME, which begins with
# "broken" if an input broke it.
run_all() {
    local command=$1 seconds=$2 name
    shift 2
    rm -rf build/fuzz/told
    mkdir -p build/fuzz/told
    for name in "$@"; do
        while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n || true; done
        say "== $name, $seconds s"
        "$command" "$name" "$seconds" >"build/fuzz/told/$name" &
    done
    wait
    cat build/fuzz/told/* >&2
    ! grep -q ^broken build/fuzz/told/* || die "broken: inputs are in build/{fuzz,sockets}/finds"
    say "$# fuzzed, nothing broke"
}

# ---- libFuzzer

fuzz_one() {
    local name=$1 seconds=$2 status=0 dict=() how=ok
    local program=build/fuzz/tests/fuzz/fuzz_$1 seeds=tests/fuzz/corpus/$1 log=build/fuzz/$1.log
    local kept=build/fuzz/corpus/$1 new=build/fuzz/new/$1 raw=build/fuzz/raw/$1
    rm -rf "$raw" "$new"
    mkdir -p "$kept" "$new" "$raw"
    [ ! -f "tests/fuzz/$name.dict" ] || dict=("-dict=tests/fuzz/$name.dict")
    "$program" "-max_total_time=$seconds" "${dict[@]}" -timeout=60 -rss_limit_mb=2048 \
        -print_final_stats=1 "-artifact_prefix=$raw/" "$kept" "$seeds" >"$log" 2>&1 || status=$?
    cp "$seeds"/* "$new"/
    "$program" -merge=1 "$new" "$kept" >/dev/null 2>&1 || true
    leave_new "$new" "$seeds"
    [ "$status" = 0 ] || how=broken
    [ "$status" = 0 ] || minimise "$program" "$name" "$raw"
    printf '%-6s %-16s %12s executions, %5s edges, %3s inputs reach what no seed does\n' "$how" \
        "$name" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")" \
        "$(grep -oE 'cov: [0-9]+' "$log" | tail -1 | cut -c 6-)" "$(find "$new" -type f | wc -l)"
}

# Leaves in NEW what is not a seed.
leave_new() {
    local new=$1 seeds=$2 seed
    for seed in "$seeds"/*; do
        rm -f "$new/${seed##*/}"
    done
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

# ---- AFL++

# told NAME: a figure of afl-fuzz.
told() { sed -n "s/^$1 *: //p" "$2/default/fuzzer_stats"; }

fuzz_door() {
    local door=$1 seconds=$2 how=ok out=build/sockets/out/$1 finds=build/sockets/finds/$1 found
    local words=tests/fuzz/sockets/$1.dict
    rm -rf "$out"
    mkdir -p "$out" "$finds" build/sockets/tmp
    NABLA_DOOR=$door TMPDIR=$PWD/build/sockets/tmp AFL_NO_UI=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 \
        AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_DISABLE_TRIM=1 AFL_FAST_CAL=1 \
        afl-fuzz -i "tests/fuzz/sockets/corpus/$door" -o "$out" -x "$words" -V "$seconds" -m none \
        -t 70000 -- build/sockets/tests/fuzz/sockets/fuzz_sockets >"$out/log" 2>&1 || how=broken
    find "$out" \( -path '*/crashes/id*' -o -path '*/hangs/id*' \) -exec cp -t "$finds" {} +
    found=$(($(told saved_crashes "$out") + $(told saved_hangs "$out")))
    [ "$found" = 0 ] || how=broken
    printf '%-6s %-16s %12s executions, %5s edges, %5s inputs kept, %s stable, %s found\n' "$how" \
        "$door" "$(told execs_done "$out")" "$(told edges_found "$out")" \
        "$(told corpus_count "$out")" "$(told stability "$out")" "$found"
}

main() {
    options "$@"
    local names
    if [ "$sockets" = yes ]; then
        mapfile -t names < <(doors)
        [ ${#names[@]} -gt 0 ] || die "no door $only; they are: $(only='' doors | xargs)"
        need build fuzz sockets
        AFL_QUIET=1 AFL_LLVM_ALLOWLIST=$PWD/tests/fuzz/sockets/rooms build sockets fuzz_sockets
        run_all fuzz_door "$(seconds_each ${#names[@]})" "${names[@]}"
        rm -rf build/sockets/tmp
        return
    fi
    mapfile -t names < <(targets)
    [ ${#names[@]} -gt 0 ] || die "no fuzz target $only; they are: $(only='' targets | xargs)"
    need build fuzz
    build fuzz "${names[@]/#/fuzz_}"
    run_all fuzz_one "$(seconds_each ${#names[@]})" "${names[@]}"
}
