# shellcheck shell=bash
# scripts/run.sh -- ./dev run: builds nablad, starts it and says how to use it.
#
#     nablad ──its log──► this script: holds it back until event=ready, so that the addresses are
#        ▲                known (port 0 works, too), says how to use them, then passes it on
#        └──readings── scripts/demo-feed, with --demo

config=config/nablad.yaml
demo=no
daemon='' feeder='' log='' ready=no
tcp='' udp='' http=''
held=()

options() {
    while [ $# -gt 0 ]; do
        case $1 in
        --demo) demo=yes ;;
        --config)
            [ $# -gt 1 ] || die "--config needs a file"
            config=$2
            shift
            ;;
        *) die "run does not know $1; see ./dev help" ;;
        esac
        shift
    done
    [ -r "$config" ] || die "cannot read $config"
}

# setsid: Ctrl-C in the terminal reaches this script alone, which then ends the daemon in order.
start_daemon() {
    exec {log}< <(exec setsid "$1" --config "$config" 2>&1)
    daemon=$!
    trap 'kill -TERM "$daemon" 2>/dev/null || true' INT TERM HUP
    trap 'stop_feeder; kill -TERM "$daemon" 2>/dev/null || true' EXIT
}

stop_feeder() {
    [ -n "$feeder" ] || return 0
    kill "$feeder" 2>/dev/null || true
    wait "$feeder" 2>/dev/null || true
}

# Remembers the first listener of each kind.
learn() {
    local listener=${1#*listener=}
    listener=${listener%% *}
    case $listener in
    tcp://*) tcp=${tcp:-${listener#*://}} ;;
    udp://*) udp=${udp:-${listener#*://}} ;;
    http://*) http=${http:-$listener} ;;
    esac
}

read_until_ready() {
    local line
    while read -r -u "$log" line; do
        held+=("$line")
        case $line in
        *event=listening*) learn "$line" ;;
        *event=ready*)
            ready=yes
            return
            ;;
        esac
    done
}

explain_failure() {
    printf '%s\n' "${held[@]}" >&2
    case ${held[*]} in
    *"ddress already in use"* | *EADDRINUSE*)
        say "dev: nablad did not start: one of its ports is in use, perhaps by another nablad." \
            "Stop that, or use other ports: ./dev run --config FILE"
        ;;
    *) say "dev: nablad did not start; its log is above" ;;
    esac
}

guide() {
    echo
    echo "nablad is running on $config. Ctrl-C stops it."
    echo
    echo "  send     Influx, Graphite or JSON lines, TCP ${tcp:-off}, UDP ${udp:-off}"
    echo "  look     $http/"
    echo "           $http/api/v1/rates"
    echo "           $http/metrics"
    [ -z "$tcp" ] || guide_paste
    echo
}

guide_paste() {
    local host=${tcp%:*}
    host=${host//[\[\]]/}
    echo
    echo "Paste into another terminal: 1, 4, 9, one a second, is a rate of about 4 a second at the 4."
    echo
    echo "  for v in 1 4 9; do echo \"try,from=terminal value=\$v\"; sleep 1; done >/dev/tcp/$host/${tcp##*:}"
    echo "  curl -sG $http/api/v1/rates --data-urlencode 'match[]=try'"
    [ "$demo" = no ] || echo "  curl -sG $http/api/v1/rates --data-urlencode 'match[]={source=\"demo\"}'"
}

main() {
    options "$@"
    need build run
    local nablad="${NABLA_BUILD:-build/release}/src/daemon/nablad"
    [ -n "${NABLA_BUILD:-}" ] || build release nablad nabla
    start_daemon "$nablad"
    read_until_ready
    if [ "$ready" = no ]; then
        explain_failure
        exit 1
    fi
    guide
    if [ "$demo" = yes ]; then
        [ -n "$tcp" ] || die "--demo needs a TCP listener in $config"
        scripts/demo-feed "$tcp" &
        feeder=$!
    fi
    printf '%s\n' "${held[@]}"
    pass_on
}

# A trapped signal can end a read early; the log's end is the daemon's.
pass_on() {
    local line status=0
    while read -r -u "$log" line || kill -0 "$daemon" 2>/dev/null; do
        printf '%s\n' "$line"
    done
    wait "$daemon" || status=$?
    exit "$status"
}
