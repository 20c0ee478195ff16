#!/bin/sh
# From a fresh Debian 12 to a result, as root or as a user with sudo:
#   sh cmake/bootstrap.sh demo    packages, build, the diagnosis of the sample incident
#   sh cmake/bootstrap.sh test    packages, build, all tests
#   sh cmake/bootstrap.sh build   packages, build
set -eu
cd "$(dirname -- "$0")/.."

BUILD_PACKAGES="cmake ninja-build gcc libc6-dev pkg-config libglib2.0-dev libjson-glib-dev libsqlite3-dev wireshark-dev tshark \
    zlib1g-dev libzstd-dev liblz4-dev \
    asciidoctor file dpkg-dev"
# from the second line on: package, GUI tests, fuzzers, toa.html, toa.dll, batch
TEST_PACKAGES="python3 wireshark-common util-linux iproute2 \
    man-db lintian dpkg-dev \
    wireshark xvfb openbox xdotool imagemagick fonts-dejavu-core g++ qtbase5-dev \
    clang libclang-rt-14-dev \
    lld wasi-libc libclang-rt-14-dev-wasm32 tcl make nodejs chromium \
    gcc-mingw-w64-x86-64 wine64 yamllint \
    parallel openssh-client openssh-server \
    zstd lz4"

say() { printf '\n== %s\n' "$*"; }

missing_packages() { # prints those of "$@" that are not installed
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) || state=none
        [ "$state" = installed ] || printf '%s ' "$package"
    done
}

install_packages() {
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "This system has no apt-get. Install what Debian calls: $*" >&2
        echo "(a compiler, CMake 3.25 or newer, Ninja, GLib and Wireshark 4.0 or newer with development files," >&2
        echo "tshark), then: cmake --preset release && cmake --build --preset release" >&2
        exit 2
    fi
    missing=$(missing_packages "$@")
    [ -n "$missing" ] || return 0
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Missing packages, and neither root nor sudo to install them: $missing" >&2
            exit 2
        fi
    fi
    say "Installing packages: $missing"
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
}

build() { # $1 preset, then options
    say "Building (preset $*)"
    cmake --preset "$@"
    cmake --build --preset "$1"
}

# Root's tshark must become another user to load the plugin (see the launcher). Asked before anything is built.
check_root() {
    [ "$(id -u)" -eq 0 ] || return 0
    unshare --user --map-user=1000 --map-group=1000 true 2>/dev/null && return 0
    nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    for capability in dac_read_search dac_override; do
        # shellcheck disable=SC2086 # a list of words
        $nobody --inh-caps="+$capability" --ambient-caps="+$capability" head -c 1 cmake/bootstrap.sh >/dev/null 2>&1 && return 0
    done
    # shellcheck disable=SC2086
    $nobody head -c 1 cmake/bootstrap.sh >/dev/null 2>&1 && return 0
    echo "Here root can neither make a user namespace nor hand on the right to read $(pwd)." >&2
    echo "Move the clone to where all may read it, for example /opt/toa, or run this as an ordinary user." >&2
    exit 2
}

check_loaded() { # Wireshark skips plugins it does not like without failing
    if ! "$1" -G plugins 2>/dev/null | grep -q '^toa\.so'; then
        echo "tshark does not load the plugin. What it says:" >&2
        "$1" -G plugins >/dev/null || true
        exit 2
    fi
}

case "${1:-}" in
demo)
    check_root
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES
    build release -DBUILD_TESTING=OFF
    check_loaded build/release/tshark
    sh cmake/demo.sh build/release/tshark
    ;;
test)
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES $TEST_PACKAGES
    build dev
    check_loaded build/dev/tshark
    say "Tests"
    ctest --preset dev -j 2
    ;;
build)
    check_root
    # shellcheck disable=SC2086
    install_packages $BUILD_PACKAGES
    build release -DBUILD_TESTING=ON
    check_loaded build/release/tshark
    ;;
*)
    sed -n '2,5s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
