# shellcheck shell=bash
# scripts/boot.sh -- ./dev boot: a whole Debian with systemd is started, the packages are installed in it, and
# tests/boot/inside.sh sees that the services do what docs/operations.md says.
#
# The machine is a directory, build/boot/machine, that debootstrap makes once. Each run lays a file system in memory
# over it, has no network but its own loopback, and ends with it. Only root may start one.

machine=build/boot/machine

# What nablad and nabla want, by their packages' own word, is installed beforehand: inside there is no network.
wanted() {
    dpkg-deb --field "$1" Depends | tr ',' '\n' | sed 's/ *(.*//; s/^ *//'
}

make_machine() {
    local file extra=systemd,systemd-sysv,dbus,curl,openssl,libcap2-bin
    for file in build/package/nabla{,d}_*.deb; do
        extra+=,$(wanted "$file" | paste -sd,)
    done
    say "== debootstrap $machine"
    as_root rm -rf "$machine" "$machine.new"
    mkdir -p build/boot
    as_root debootstrap --variant=minbase --include="$extra" bookworm "$machine.new" >build/boot/debootstrap.log 2>&1 ||
        { tail -5 build/boot/debootstrap.log >&2; die "debootstrap failed"; }
    as_root mv "$machine.new" "$machine"
}

# Its unit runs the tests when the machine is up, and puts the machine out, whatever came of them.
prepare() {
    rm -rf build/boot/out
    mkdir -p build/boot/out build/boot/in
    rm -f build/boot/in/*
    cp build/package/nabla{,d}_*.deb tests/boot/inside.sh build/boot/in/
    echo '127.0.0.1 localhost' | as_root tee "$machine/etc/hosts" >/dev/null
    as_root tee "$machine/etc/systemd/system/tests.service" >/dev/null <<'END'
[Unit]
Description=tests of nablad
After=multi-user.target
[Service]
Type=oneshot
ExecStart=/bin/bash /in/inside.sh
StandardOutput=file:/out/said
StandardError=file:/out/errors
ExecStopPost=/bin/systemctl --no-block poweroff
END
    as_root ln -sf /etc/systemd/system/tests.service "$machine/etc/systemd/system/default.target.wants/tests.service"
}

main() {
    [ $# = 0 ] || die "boot takes no arguments"
    need build package boot
    "$PWD/dev" package >/dev/null
    [ -d "$machine" ] || make_machine
    as_root mkdir -p "$machine/etc/systemd/system/default.target.wants"
    prepare
    say "== boot $machine"
    as_root timeout 900 systemd-nspawn --quiet --register=no --keep-unit --volatile=overlay --private-network --boot \
        --bind-ro="$PWD/build/boot/in:/in" --bind="$PWD/build/boot/out:/out" --directory="$machine" \
        </dev/null >build/boot/console.log 2>&1 || say "the machine ended with $?; build/boot/console.log"
    cat build/boot/out/errors >&2
    cat build/boot/out/said || die "the machine did not come up; build/boot/console.log"
    grep -q '^1\.\.' build/boot/out/said || die "the tests did not come to their end"
    ! grep -q '^not ok' build/boot/out/said
}
