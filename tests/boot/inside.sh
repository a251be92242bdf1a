#!/bin/bash
# inside.sh -- runs in the machine that ./dev boot starts: systemd is process 1, the packages are in /in. Says in TAP
# what holds of nablad.service and nablad.socket, under the systemd that they are written for.
set -u
n=0
HTTP=http://127.0.0.1:9207

# ok SENTENCE COMMAND...: the sentence is true if the command succeeds; what it said is shown if it is not.
ok() {
    local sentence=$1 said
    shift
    n=$((n + 1))
    if said=$("$@" 2>&1); then
        echo "ok $n - $sentence"
    else
        echo "not ok $n - $sentence"
        printf '%s\n' "$said" | tail -20 | sed 's/^/  # /'
        journalctl --unit nablad --lines 15 --output cat --no-pager | tail -15 | sed 's/^/  # /'
    fi
}

# soon COMMAND...: it succeeds within a minute.
soon() {
    local i
    for ((i = 0; i < 600; i++)); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.1
    done
    "$@"
}

not() { ! "$@"; }
# says PATTERN COMMAND...: what the command says has it, and is shown if it has not.
says() {
    local said
    said=$("${@:2}" 2>&1)
    grep -q -- "$1" <<<"$said" || { printf '%s\n' "$said"; return 1; }
}
service() { systemctl show --value --property "$1" nablad.service; }
state() { grep -q "^$1:.*$2" "/proc/$(service MainPID)/status"; }
send() { printf '%s\n' "$@" >/dev/tcp/127.0.0.1/2207; }
rate() { says "\"value\": $2[,}]" curl -fsS "$HTTP/api/v1/rates?name=$1"; }
packages() { DEBIAN_FRONTEND=noninteractive dpkg "$@" >/dev/null; }
logged() { journalctl --sync && says "event=$1" journalctl --unit nablad --output cat; }
another() { local pid; pid=$(service MainPID) && [ "$pid" != 0 ] && [ "$pid" != "$1" ] && curl -fsS $HTTP/-/ready; }

# squares NAME: 1, 4, 9 a second apart; the rate in the middle is 4.
squares() {
    local k now
    now=$(date +%s)
    for k in 1 2 3; do send "$1 value=$((k * k)) $((now - 4 + k))000000000"; done
}

installing() {
    ok "the packages install" packages --install /in/nablad_*.deb /in/nabla_*.deb
    ok "installing starts nothing" not systemctl is-active --quiet nablad
    ok "and enables nothing" not systemctl is-enabled --quiet nablad
    ok "it starts, and says itself when it is ready" systemctl enable --now nablad
    ok "it is active" systemctl is-active --quiet nablad
    ok "HTTP answers at once" curl -fsS $HTTP/-/ready
}

confined() {
    ok "its user is none of the machine's" not says '^root$' ps_user
    ok "it has no capability" state CapEff 0000000000000000
    ok "it can get none" state CapBnd 0000000000000000
    ok "nor new privileges" state NoNewPrivs 1
    ok "its system calls are filtered" state Seccomp 2
    ok "it may not leave a core dump" grep -q 'core file size  *0  *0' "/proc/$(service MainPID)/limits"
    ok "its state is for nobody else" [ "$(stat -c %a /var/lib/private/nablad)" = 700 ]
    ok "systemd-analyze security: at most 1.5" exposed_at_most 1.5
}
ps_user() { stat -c %U "/proc/$(service MainPID)"; }
exposed_at_most() {
    local level
    level=$(systemd-analyze security nablad.service --no-pager | sed -n 's/.*Overall exposure level for nablad.service: \([0-9.]*\).*/\1/p')
    echo "exposure level $level" >&2
    [ -n "$level" ] && awk "BEGIN { exit !($level <= $1) }"
}

living() {
    local pid
    squares level
    ok "samples become rates" soon rate level 4
    ok "systemctl reload is a reload" systemctl reload nablad
    ok "and is logged" soon logged reloaded
    echo 'ingest: {threads: many}' >>/etc/nabla/nablad.yaml
    systemctl reload nablad
    ok "a bad file changes nothing, and is logged" soon logged reload_failed
    ok "nablad goes on" rate level 4
    sed -i '$d' /etc/nabla/nablad.yaml
    ok "a restart keeps the series" systemctl restart nablad
    ok "the series is there" rate level 4
    pid=$(service MainPID)
    soon snapshot
    kill -KILL "$pid"
    ok "systemd starts it again when it was killed" soon another "$pid"
    ok "the series is there, too" rate level 4
    ok "systemctl stop is an orderly end" systemctl stop nablad
    ok "its result is success" [ "$(service Result)" = success ]
}
snapshot() { says '^nablad_state_snapshots_total [1-9]' curl -fsS $HTTP/metrics; }

watched() {
    local pid
    mkdir -p /run/systemd/system/nablad.service.d
    printf '[Service]\nWatchdogSec=3s\n' >/run/systemd/system/nablad.service.d/watchdog.conf
    systemctl daemon-reload
    systemctl start nablad
    pid=$(service MainPID)
    sleep 5
    ok "its watchdog is fed" [ "$(service MainPID)" = "$pid" ]
    kill -STOP "$pid"
    ok "a nablad that stands still is started anew" soon another "$pid"
    ok "because of the watchdog" says watchdog journalctl --unit nablad --output cat
    rm /run/systemd/system/nablad.service.d/watchdog.conf
    systemctl daemon-reload
    systemctl stop nablad
}

# A client that is connected by systemd's socket while there is no nablad waits, and loses nothing.
by_socket() {
    ok "systemd binds the ports" systemctl start nablad.socket
    squares early
    ok "the first client starts nablad, its lines are there" soon rate early 4
    systemctl restart nablad &
    squares meanwhile
    wait
    ok "who connects while it restarts waits, and is heard" soon rate meanwhile 4
    systemctl stop nablad.socket nablad.service
}

guarded() {
    local folder=/etc/nabla token=0123456789abcdef0123456789abcdef pid
    certificate
    printf %s $token >$folder/scrape.token
    cat >$folder/web.yml <<'END'
tls_server_config: {cert_file: server.crt, key_file: server.key}
bearer_tokens: [{name: all, token_file: scrape.token, rights: [read, write, admin]}]
END
    cat >$folder/nablad.yaml <<'END'
http: {listen: "0.0.0.0:9207", web_config: web.yml}
ingest:
  listeners:
    - {address: "0.0.0.0:2207", protocol: tcp, cert_file: server.crt, key_file: server.key, allow: [127.0.0.0/8]}
state: {directory: /var/lib/nablad, journal: true}
END
    chmod 600 $folder/{server.key,scrape.token,web.yml}
    ok "keys of root alone: it does not start" not systemctl start nablad
    ok "and says which file" soon says 'Permission denied' journalctl --unit nablad --output cat
    systemctl stop nablad
    groupadd --system nabla-keys
    chgrp nabla-keys $folder/{server.key,scrape.token,web.yml}
    chmod 640 $folder/{server.key,scrape.token,web.yml}
    mkdir -p /etc/systemd/system/nablad.service.d
    printf '[Service]\nSupplementaryGroups=nabla-keys\n' >/etc/systemd/system/nablad.service.d/keys.conf
    systemctl daemon-reload
    systemctl reset-failed nablad
    ok "a drop-in's group may read them" systemctl start nablad
    bearer=(-fsS --cacert "$folder/server.crt" -H "Authorization: Bearer $token")
    ok "without a token nobody gets anything" not curl -fsS --cacert $folder/server.crt https://localhost:9207/metrics
    ok "with it one gets it" says nablad_build_info curl "${bearer[@]}" https://localhost:9207/metrics
    ok "a write is acknowledged" write 1
    pid=$(service MainPID)
    kill -KILL "$pid"
    ok "what was acknowledged outlives kill -9" soon says '"value": 1[,}]' curl "${bearer[@]}" "https://localhost:9207/api/v1/rates?name=acknowledged"
    ok "lines come by TLS" nabla send /dev/stdin --to tls://localhost:2207 --ca-file $folder/server.crt <<<"by_tls value=1 1700000000000000000"
    ok "and are there" soon says by_tls curl "${bearer[@]}" "https://localhost:9207/api/v1/rates?name=by_tls"
    certificate
    ok "a new certificate is taken" systemctl reload nablad
    ok "by connections that come" soon curl "${bearer[@]}" https://localhost:9207/-/ready
    ok "the token is in no log" not says $token journalctl --output cat
    ok "nor in the list of processes" not says $token cat /proc/*/cmdline
}
certificate() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout /etc/nabla/server.key \
        -out /etc/nabla/server.crt -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost >/dev/null 2>&1
}
write() {
    curl "${bearer[@]}" --data-binary $'acknowledged value=1 1700000000\nacknowledged value=2 1700000001\nacknowledged value=3 1700000002' \
        "https://localhost:9207/api/v2/write?precision=s"
}

ending() {
    local pid
    pid=$(service MainPID)
    ok "a new version is installed over a running one" packages --install /in/nablad_*.deb
    ok "which is then the new one" soon renewed "$pid"
    ok "systemd found nothing wrong with the units" not says 'nablad.*\(Unknown\|ignoring\|Failed to parse\)' journalctl --output cat
    ok "nothing was forbidden that it tried" not says 'Operation not permitted' journalctl --unit nablad --output cat
    ok "a removal ends it" packages --remove nablad
    ok "it is gone" not systemctl is-active --quiet nablad
    ok "its state is not" [ -d /var/lib/private/nablad ]
    ok "a purge" packages --purge nablad
    ok "takes it" not [ -e /var/lib/private/nablad ]
}
renewed() { local pid; pid=$(service MainPID); [ "$pid" != 0 ] && [ "$pid" != "$1" ] && systemctl is-active --quiet nablad; }

installing
confined
living
watched
by_socket
guarded
ending
echo "1..$n"
