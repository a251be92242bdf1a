# shellcheck shell=bash
# scripts/format.sh -- ./dev format: .clang-format decides how C looks.

main() {
    need format
    c_files | xargs -r clang-format -i
}
