# shellcheck shell=bash
# scripts/pictures.sh -- ./dev pictures: draws the pictures of the page that docs/page.md shows.

main() {
    need build browser
    build release
    scripts/node-packages tests/web build/web-tests
    mkdir -p docs/pictures
    NABLA_BUILD=$PWD/build/release node tests/web/pictures.mjs docs/pictures
}
