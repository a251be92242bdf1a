# shellcheck shell=bash
# scripts/package.sh -- ./dev package: Debian packages in build/package/*.deb, for the Debian that this is.

main() {
    [ $# = 0 ] || die "package takes no arguments"
    need build package
    build package
    rm -f build/package/*.deb
    cpack --config build/package/CPackConfig.cmake -B build/package >build/package/cpack.log 2>&1 ||
        { cat build/package/cpack.log >&2; die "cpack failed"; }
    ls build/package/*.deb
}
