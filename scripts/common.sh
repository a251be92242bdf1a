# shellcheck shell=bash
# scripts/common.sh -- what the verbs of ./dev share: packages, builds, messages.

declare -A packages=(
    [build]="cmake ninja-build gcc libc6-dev pkg-config check libuv1-dev libmicrohttpd-dev
        libjansson-dev libxxhash-dev libyaml-dev libpcre2-dev zlib1g-dev libsystemd-dev
        libcurl4-openssl-dev liblmdb-dev libsnappy-dev libgnutls28-dev libcrypt-dev
        libprotobuf-c-dev protobuf-c-compiler nodejs npm"
    [run]="curl python3"
    [test]="mandoc python3-pytest python3-pytest-xdist python3-hypothesis python3-numpy python3-yaml
        python3-statsd carbon-c-relay graphite-carbon prometheus prometheus-node-exporter
        prometheus-alertmanager influxdb-client python3-influxdb collectd-core
        victoria-metrics influxdb socat netcat-openbsd curl openssl gnutls-bin
        systemd gnuplot-nox"
    [sanitize]="libasan8 libubsan1 libtsan2"
    [lint]="clang-format clang-tidy cppcheck shellcheck mandoc python3 python3-yaml"
    [format]="clang-format"
    [fuzz]="clang libclang-rt-14-dev"
    [sockets]="afl++"
    [bench]="python3 python3-numpy python3-yaml openssl"
    [peers]="victoria-metrics influxdb netdata-core collectd-core"
    [callgrind]="valgrind"
    [coverage]="lcov"
    [package]="dpkg-dev file fakeroot"
    [boot]="debootstrap systemd-container"
    [browser]="chromium fonts-dejavu-core"
)

say() { printf '%s\n' "$*" >&2; }
die() {
    say "dev: $*"
    exit 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        die "this needs root or sudo: $*"
    fi
}

# need PURPOSE... : installs the packages that are missing, and asks nobody if none is.
need() {
    local purpose package missing=()
    local -A there=()
    while read -r package; do
        there[$package]=1
    done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
    # a Node that came another way serves as well, and Debian's npm beside it would not install
    if command -v node >/dev/null && command -v npm >/dev/null; then
        there[nodejs]=1 there[npm]=1
    fi
    for purpose in "$@"; do
        for package in ${packages[$purpose]}; do
            [ -n "${there[$package]:-}" ] || missing+=("$package")
        done
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "dev: installing ${missing[*]}"
    as_root apt-get update -qq >&2
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        "${missing[@]}" >&2
}

# build PRESET [TARGET...] : a terminal sees ninja's one line move, a log only what went wrong.
build() {
    local preset=$1 quiet=--quiet
    shift
    [ ! -t 2 ] || quiet=
    if [ ! -f "build/$preset/build.ninja" ]; then
        cmake --preset "$preset" >&2
    fi
    say "== build $preset"
    ninja -C "build/$preset" ${quiet:+"$quiet"} "$@" >&2
}

c_files() {
    local folder
    for folder in src include tests; do
        [ ! -d "$folder" ] || find "$folder" -name '*.[ch]'
    done | sort
}
